#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::cloud_run::model::{Ingress, Service, UrlForm, Workload};
use crate::cloud_run::testing::{any_node, env, push_part, read_text, short, urls};
use crate::keycloak::model::{
    Client, ClientField, ClientSecret, Completeness, Dialect, ScopeHolder, Text, attribute,
};
use crate::known::Known;
use crate::snapshot::Fact;

fn read_one(text: &str) -> (Snapshot, Outcome) {
    let (snapshot, outcome) = read_text(read, text);
    assert_eq!(outcome.faults, []);
    (snapshot, outcome)
}

/// A plan of changes, each an address, its attributes and what is unknown or sensitive in them.
fn plan(changes: &[(&str, &str, &str, &str)]) -> String {
    plan_with(changes, "null")
}

fn plan_with(changes: &[(&str, &str, &str, &str)], configuration: &str) -> String {
    let changes = changes.iter().map(|(address, after, unknown, sensitive)| {
        let kind = address::Address::parse(address).unwrap().kind;
        format!(
            r#"{{"address": {address:?}, "mode": "managed", "type": "{kind}", "change": {{"actions": ["create"],
               "before": null, "after": {after}, "after_unknown": {unknown}, "after_sensitive": {sensitive}}}}}"#
        )
    });
    let changes = changes.collect::<Vec<_>>().join(",");
    format!(
        r#"{{"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": [{changes}],
            "configuration": {configuration}}}"#
    )
}

const SERVICE: &str = r#"{"name": "web", "location": "europe-west1", "project": "shop", "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY",
  "custom_audiences": ["api"], "invoker_iam_disabled": null,
  "scaling": [{"min_instance_count": 1}],
  "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100, "tag": null}],
  "template": [{"service_account": "web@shop.iam.gserviceaccount.com",
    "scaling": [{"max_instance_count": 3, "min_instance_count": 0}],
    "containers": [{"image": "web", "args": ["--client-secret=s3cret"], "ports": [{"container_port": 8080}],
      "env": [
        {"name": "A_SECRET", "value": "", "value_source": [{"secret_key_ref": [{"secret": "web-secret", "version": "latest"}]}]},
        {"name": "DB_URL", "value_source": []},
        {"name": "ISSUER", "value": "https://sso.example.com/realms/shop", "value_source": []},
        {"name": "MARKED", "value": "hidden", "value_source": []},
        {"name": "CLIENT_SECRET", "value": "s3cret", "value_source": []}],
      "startup_probe": [{"http_get": [{"http_headers": []}], "tcp_socket": [], "grpc": []}],
      "volume_mounts": [{"name": "v", "mount_path": "/secrets"}]}],
    "volumes": [{"name": "v", "secret": [{"secret": "cs", "items": [{"path": "cs", "version": "1"}]}]}]}]}"#;

const SERVICE_UNKNOWN: &str = r#"{"uri": true, "urls": true, "traffic_statuses": true,
  "template": [{"containers": [{"env": [{}, {"value": true}, {}, {}, {}],
    "startup_probe": [{"http_get": [{"path": true, "port": true}]}]}]}]}"#;

const SERVICE_SENSITIVE: &str =
    r#"{"template": [{"containers": [{"env": [{}, {}, {}, {"value": true}, {}]}]}]}"#;

fn service(text: &str) -> Service {
    let (mut snapshot, _) = read_one(text);
    assert_eq!(snapshot.services.len(), 1);
    snapshot.services.remove(0)
}

#[test]
fn a_planned_service_keeps_unknown_secret_and_sensitive_apart() {
    let address = "module.shop[\"eu\"].google_cloud_run_v2_service.web";
    let text = plan(&[(address, SERVICE, SERVICE_UNKNOWN, SERVICE_SENSITIVE)]);
    let service = service(&text);
    assert_eq!(service.terraform_address.as_deref(), Some(address));
    assert_eq!(service.ingress, Known::Value(Ingress::Internal));
    assert_eq!(env(&service, "A_SECRET"), "secret web-secret version latest");
    assert_eq!(env(&service, "DB_URL"), "unknown: known after apply");
    assert_eq!(env(&service, "ISSUER"), "https://sso.example.com/realms/shop");
    assert_eq!(env(&service, "MARKED"), "(secret)");
    assert_eq!(env(&service, "CLIENT_SECRET"), "plain secret");
    assert!(!format!("{service:?}").contains("s3cret") && !format!("{service:?}").contains("hidden"));
    assert_eq!(service.containers[0].secret_args[0].name, "--client-secret");
    assert_eq!(short(&service.containers[0].secret_files[0].path), "/secrets/cs");
    assert_eq!(service.min_instances, Some(Known::Value(1)));
    assert_eq!(service.max_instances, Some(Known::Value(3)));
    assert!(urls(&service).is_empty());
    assert_eq!(service.urls_incomplete.as_deref(), Some("`uri` is known after apply"));
    assert_eq!(service.containers[0].probes[0].port, None);
}

#[test]
fn places_are_those_of_the_planned_value() {
    let address = "module.a.google_cloud_run_v2_service.web";
    let (snapshot, _) = read_one(&plan(&[(address, SERVICE, SERVICE_UNKNOWN, "{}")]));
    let at = &snapshot.services[0].containers[0].env[2].at;
    let place = "resource_changes[0].change.after.template[0].containers[0].env[2].value";
    assert_eq!(at.path.to_string(), place);
}

#[test]
fn what_is_deleted_or_deposed_is_left_out() {
    let text = plan(&[("google_cloud_run_v2_service.web", SERVICE, "{}", "{}")]);
    for deletion in ["[\"delete\"]", "[\"forget\"]"] {
        let (snapshot, outcome) = read_one(&text.replace("[\"create\"]", deletion));
        assert_eq!((snapshot.services.len(), outcome.items), (0, 0));
    }
    for kept in ["[\"no-op\"]", "[\"update\"]", "[\"delete\", \"create\"]"] {
        assert_eq!(read_one(&text.replace("[\"create\"]", kept)).0.services.len(), 1, "{kept}");
    }
    let deposed = text.replace("\"mode\"", "\"deposed\": \"abc\", \"mode\"");
    assert_eq!(read_one(&deposed).0.services.len(), 0);
}

#[test]
fn urls_known_before_a_change_stay_while_the_name_does() {
    let before = r#"{"name": "web", "location": "europe-west1", "uri": "https://web-abcdefghij-ew.a.run.app",
        "urls": ["https://web-123456789012.europe-west1.run.app", "https://web-abcdefghij-ew.a.run.app"]}"#;
    let text = plan(&[("google_cloud_run_v2_service.web", SERVICE, SERVICE_UNKNOWN, "{}")]);
    let changed = text.replace("\"before\": null", &format!("\"before\": {before}"));
    let kept = service(&changed);
    assert_eq!(kept.urls.len(), 2);
    assert_eq!(kept.urls[0].at.path.to_string(), "resource_changes[0].change.before.uri");
    assert_eq!((kept.project_number.as_deref(), kept.urls_incomplete), (Some("123456789012"), None));
    let renamed = service(&changed.replace(
        "{\"name\": \"web\", \"location\": \"europe-west1\", \"uri\"",
        "{\"name\": \"old\", \"uri\"",
    ));
    assert!(renamed.urls.is_empty());
}

#[test]
fn a_state_with_nested_modules_is_read() {
    let text = r#"{"format_version": "1.0", "terraform_version": "1.9.0", "values": {"root_module": {
      "resources": [
        {"address": "data.google_project.this", "mode": "data", "type": "google_project", "name": "this",
         "values": {"project_id": "shop", "number": "123456789012"}}],
      "child_modules": [{"address": "module.a", "child_modules": [{"address": "module.a.module.b", "resources": [
        {"address": "module.a.module.b.google_cloud_run_service.old", "mode": "managed", "type": "google_cloud_run_service",
         "name": "old", "sensitive_values": {"template": [{"spec": [{"containers": [{"env": [{"value": true}]}]}]}]},
         "values": {"name": "old", "location": "us-central1", "project": "shop",
           "metadata": [{"annotations": {"run.googleapis.com/ingress": "internal"}, "labels": null}],
           "template": [{"metadata": [{"annotations": {"autoscaling.knative.dev/maxScale": "4"}}],
             "spec": [{"service_account_name": "a@b.iam.gserviceaccount.com", "containers": [{"image": "x",
               "env": [{"name": "KEY_ID", "value": "abc", "value_from": []},
                       {"name": "CS", "value": "", "value_from": [{"secret_key_ref": [{"name": "cs", "key": "5"}]}]}]}]}]}],
           "traffic": [{"percent": 100, "latest_revision": true, "tag": "next", "url": "https://next---old-abcdefghij-uc.a.run.app"}],
           "status": [{"url": "https://old-abcdefghij-uc.a.run.app"}]}},
        {"address": "module.a.module.b.google_cloud_run_v2_job.job", "mode": "managed", "type": "google_cloud_run_v2_job",
         "name": "job", "values": {"name": "job", "location": "us-central1", "project": "shop",
           "template": [{"template": [{"containers": [{"env": [{"name": "A", "value": "b"}]}]}]}]}}]}]}]}}}"#;
    let (snapshot, outcome) = read_one(text);
    assert_eq!(outcome.items, 2);
    let old = &snapshot.services[0];
    assert_eq!(old.ingress, Known::Value(Ingress::Internal));
    assert_eq!(old.max_instances, Some(Known::Value(4)));
    assert_eq!(
        (env(old, "KEY_ID"), env(old, "CS")),
        ("(secret)".to_owned(), "secret cs version 5".to_owned())
    );
    assert_eq!(
        urls(old),
        [
            "https://old-abcdefghij-uc.a.run.app",
            "https://next---old-abcdefghij-uc.a.run.app",
            "https://old-123456789012.us-central1.run.app",
            "https://next---old-123456789012.us-central1.run.app",
        ]
    );
    assert_eq!(old.urls_incomplete, None);
    let place = "values.root_module.child_modules[0].child_modules[0].resources[0].values.name";
    assert_eq!(old.name_at.path.to_string(), place);
    assert_eq!(snapshot.services[1].workload, Workload::Job);
    assert_eq!(env(&snapshot.services[1], "A"), "b");
}

#[test]
fn planned_values_serve_where_there_are_no_changes() {
    let text = format!(
        r#"{{"format_version": "1.2", "planned_values": {{"root_module": {{"resources": [
            {{"address": "google_cloud_run_v2_service.web", "mode": "managed", "type": "google_cloud_run_v2_service",
              "name": "web", "values": {SERVICE}}}]}}}}}}"#
    );
    assert_eq!(service(&text).name.text(), Some("web"));
}

#[test]
fn invokers_are_joined_by_name_region_project_and_module() {
    let member = |role: &str, member: &str, location: &str| {
        format!(
            r#"{{"name": "projects/shop/locations/europe-west1/services/web", "location": "{location}", "project": "shop",
                "role": "{role}", "member": "{member}"}}"#
        )
    };
    let all_users = member("roles/run.invoker", "allUsers", "europe-west1");
    let viewer = member("roles/run.viewer", "user:a@example.com", "europe-west1");
    let elsewhere = member("roles/run.invoker", "allUsers", "us-east1");
    let binding = r#"{"service": "web", "location": "europe-west1", "project": "shop", "role": "roles/run.admin",
        "members": ["group:g@example.com"]}"#;
    let policy = r#"{"name": "web", "location": "europe-west1", "project": "shop",
        "policy_data": "{\"bindings\":[{\"role\":\"roles/run.invoker\",\"members\":[\"user:x@example.com\"]}]}"}"#;
    let (snapshot, _) = read_one(&plan(&[
        ("module.dev.google_cloud_run_v2_service.web", SERVICE, "{}", "{}"),
        ("module.prod.google_cloud_run_v2_service.web", SERVICE, "{}", "{}"),
        ("module.prod.google_cloud_run_v2_service_iam_member.all", &all_users, "{}", "{}"),
        ("module.prod.google_cloud_run_v2_service_iam_member.viewer", &viewer, "{}", "{}"),
        ("module.prod.google_cloud_run_v2_service_iam_member.else", &elsewhere, "{}", "{}"),
        ("module.dev.google_cloud_run_service_iam_binding.b", binding, "{}", "{}"),
        ("module.dev.google_cloud_run_v2_service_iam_policy.p", policy, "{}", "{}"),
    ]));
    let members = |index: usize| -> Vec<String> {
        snapshot.services[index].invoker.members.iter().map(|(member, _)| short(member)).collect()
    };
    assert_eq!(members(1), ["allUsers"]);
    assert_eq!(members(0), ["group:g@example.com", "user:x@example.com"]);
    assert!(snapshot.services[0].invoker.policy_read && !snapshot.services[1].invoker.policy_read);
    let at = &snapshot.services[1].invoker.members[0].1;
    assert_eq!(at.path.to_string(), "resource_changes[2].change.after.member");
}

#[test]
fn an_invoker_of_a_service_known_later_is_found_through_the_configuration() {
    let configuration = r#"{"root_module": {"module_calls": {"web": {
        "expressions": {"id": {"references": ["module.run.id", "module.run"]}},
        "module": {"resources": [
          {"address": "google_cloud_run_v2_service_iam_member.m", "mode": "managed",
           "type": "google_cloud_run_v2_service_iam_member", "name": "m",
           "expressions": {"name": {"references": ["var.id"]}}}]}},
        "run": {"module": {
          "outputs": {"id": {"expression": {"references": ["google_cloud_run_v2_service.web[0].name", "google_cloud_run_v2_service.web[0]", "google_cloud_run_v2_service.web"]}}},
          "resources": []}}}}}"#;
    let changes = [
        ("module.run.google_cloud_run_v2_service.web[0]", SERVICE, "{}", "{}"),
        (
            "module.web.google_cloud_run_v2_service_iam_member.m",
            r#"{"role": "roles/run.invoker", "member": "allUsers"}"#,
            r#"{"name": true}"#,
            "{}",
        ),
    ];
    let (snapshot, _) = read_one(&plan_with(&changes, configuration));
    assert_eq!(snapshot.services[0].invoker.members.len(), 1);
    let (without, _) = read_one(&plan(&changes));
    assert!(without.services[0].invoker.members.is_empty());
    assert_eq!(without.parts[0].missing[0].fact, Fact::InvokerPolicy);
}

#[test]
fn domains_and_secrets_are_joined() {
    let (snapshot, _) = read_one(&plan(&[
        ("google_cloud_run_v2_service.web", SERVICE, "{}", "{}"),
        (
            "google_cloud_run_domain_mapping.d",
            r#"{"name": "app.example.com", "location": "europe-west1", "spec": [{"route_name": "web"}]}"#,
            "{}",
            "{}",
        ),
        ("google_secret_manager_secret.s", r#"{"secret_id": "web-secret", "project": "shop"}"#, "{}", "{}"),
        (
            "google_secret_manager_secret_version.v",
            r#"{"secret": "projects/shop/secrets/web-secret", "secret_data": "s3cret"}"#,
            "{}",
            r#"{"secret_data": true}"#,
        ),
    ]));
    let domain = snapshot.services[0].urls.iter().find(|url| url.form == UrlForm::Custom).unwrap();
    assert_eq!(domain.url, "https://app.example.com");
    assert_eq!(short(&snapshot.secrets[0].name), "web-secret");
    let tag = snapshot.secrets[0].payloads[0].0;
    assert_eq!(snapshot.services[0].containers[0].secret_args[0].tag, tag);
    assert!(!format!("{snapshot:?}").contains("s3cret"));
}

#[test]
fn a_secret_that_holds_the_secret_of_a_client_is_a_clue() {
    let with_reference =
        SERVICE.replace("\"A_SECRET\"", "\"OIDC_CLIENT_SECRET\"").replace("\"ISSUER\"", "\"OIDC_ISSUER\"");
    let (snapshot, _) = read_one(&plan(&[
        ("google_cloud_run_v2_service.web", &with_reference, "{}", "{}"),
        ("google_secret_manager_secret.s", r#"{"secret_id": "web-secret"}"#, "{}", "{}"),
        (
            "google_secret_manager_secret_version.v",
            r#"{"secret": "projects/shop/secrets/web-secret", "secret_data": "of the client"}"#,
            "{}",
            "{}",
        ),
        ("keycloak_openid_client.web", &CLIENT.replace("s3cret", "of the client"), "{}", "{}"),
    ]));
    let links = crate::link::find(&snapshot, &crate::config::Config::default());
    let clues = links.links.iter().flat_map(|link| &link.clues);
    let equal: Vec<_> = clues.filter(|clue| clue.kind == crate::link::ClueKind::EqualSecret).collect();
    assert_eq!(equal.len(), 1);
    assert_eq!(equal[0].text, "`OIDC_CLIENT_SECRET` holds the client's secret");
}

const CLIENT: &str = r#"{"realm_id": "shop", "id": "uuid-web", "client_id": "web", "enabled": true, "access_type": "CONFIDENTIAL",
  "client_secret": "s3cret", "standard_flow_enabled": true, "service_accounts_enabled": true, "full_scope_allowed": false,
  "valid_redirect_uris": ["https://app.example.com/cb", null], "valid_post_logout_redirect_uris": ["https://a/", "https://b/"],
  "web_origins": ["+"], "root_url": "", "pkce_code_challenge_method": "S256", "client_authenticator_type": "client-secret",
  "service_account_user_id": "uuid-user", "extra_config": {"client.use.lightweight.access.token.enabled": "true"}}"#;

fn client(snapshot: &Snapshot) -> &Client {
    snapshot.realms.iter().flat_map(|realm| &realm.clients).next().unwrap()
}

fn shown(text: &Text) -> String {
    match text {
        Known::Value(text) => text.to_string(),
        Known::Secret(_) => "(secret)".to_owned(),
        Known::Unknown(why) => format!("unknown: {why}"),
    }
}

#[test]
fn a_client_is_read_into_its_realm() {
    let unknown = r#"{"valid_redirect_uris": [false, true], "direct_access_grants_enabled": true, "access_token_lifespan": true}"#;
    let realm = r#"{"realm": "shop", "id": "shop", "enabled": true, "access_token_lifespan": "1h5m0s", "ssl_required": "none",
        "attributes": {"frontendUrl": "https://sso.example.com"}, "default_default_client_scopes": ["basic", "roles"]}"#;
    let (snapshot, outcome) = read_one(&plan(&[
        ("keycloak_realm.shop", realm, "{}", "{}"),
        ("keycloak_openid_client.web", CLIENT, unknown, r#"{"client_secret": true}"#),
    ]));
    assert_eq!((outcome.items, snapshot.realms.len()), (1, 1));
    let realm = &snapshot.realms[0];
    assert_eq!((shown(&realm.name).as_str(), realm.complete), ("shop", Completeness::Additions));
    assert_eq!(realm.access_token_lifespan, Some(Known::Value(3900)));
    assert_eq!(realm.default_scopes.as_ref().unwrap().len(), 2);
    let client = client(&snapshot);
    assert_eq!((shown(&client.client_id).as_str(), client.dialect), ("web", Dialect::Terraform));
    assert!(client.public_client.is_off() && client.bearer_only.is_off() && client.standard_flow.is_on());
    assert!(client.direct_access_grants.is_off() && !client.stated.direct_access_grants);
    assert!(client.full_scope.is_off() && client.stated.full_scope);
    let uris: Vec<_> = client.redirect_uris.iter().map(shown).collect();
    assert_eq!(uris, ["https://app.example.com/cb", "unknown: known after apply"]);
    let post_logout = client.attribute(attribute::POST_LOGOUT_REDIRECT_URIS).unwrap();
    assert_eq!(shown(post_logout), "https://a/##https://b/");
    assert_eq!(shown(client.attribute(attribute::PKCE_METHOD).unwrap()), "S256");
    assert_eq!(shown(client.attribute(attribute::LIGHTWEIGHT).unwrap()), "true");
    assert!(client.attribute(attribute::ACCESS_TOKEN_LIFESPAN).is_none() && client.root_url.is_none());
    assert!(matches!(client.secret, ClientSecret::Held { .. }));
    assert!(!format!("{snapshot:?}").contains("s3cret"));
    let at = client.entry(ClientField::RedirectUris, 0);
    assert_eq!(at.path.to_string(), "resource_changes[1].change.after.valid_redirect_uris[0]");
}

#[test]
fn a_client_left_to_the_provider_has_its_defaults() {
    let after = r#"{"realm_id": "shop", "client_id": "api", "access_type": "BEARER-ONLY", "enabled": true}"#;
    let unknown = r#"{"valid_redirect_uris": true, "web_origins": true, "standard_flow_enabled": true, "client_secret": true,
        "valid_post_logout_redirect_uris": true}"#;
    let (snapshot, _) = read_one(&plan(&[("keycloak_openid_client.api", after, unknown, "{}")]));
    let client = client(&snapshot);
    assert!(client.bearer_only.is_on() && client.standard_flow.is_off() && client.full_scope.is_on());
    assert!(client.redirect_uris.is_empty() && client.web_origins.is_none());
    assert_eq!(client.secret, ClientSecret::Absent);
    assert_eq!(snapshot.realms[0].complete, Completeness::ClientsOnly);
}

const MAPPERS: [(&str, &str, &str, &str); 8] = [
    ("keycloak_openid_client.web", CLIENT, "{}", "{}"),
    (
        "keycloak_openid_client_scope.api",
        r#"{"realm_id": "shop", "id": "uuid-scope", "name": "api"}"#,
        "{}",
        "{}",
    ),
    (
        "keycloak_openid_audience_protocol_mapper.aud",
        r#"{"realm_id": "shop", "client_scope_id": "uuid-scope", "name": "aud", "included_client_audience": "api",
            "included_custom_audience": "", "add_to_id_token": false, "add_to_access_token": true}"#,
        "{}",
        "{}",
    ),
    (
        "keycloak_generic_protocol_mapper.g",
        r#"{"realm_id": "shop", "client_id": "uuid-web", "name": "roles", "protocol": "openid-connect",
            "protocol_mapper": "oidc-usermodel-client-role-mapper",
            "config": {"claim.name": "resource_access.${client_id}.roles", "multivalued": "true"}}"#,
        "{}",
        "{}",
    ),
    (
        "keycloak_openid_client_default_scopes.d",
        r#"{"realm_id": "shop", "client_id": "uuid-web", "default_scopes": ["basic", "api"]}"#,
        "{}",
        "{}",
    ),
    (
        "keycloak_role.admin",
        r#"{"realm_id": "shop", "id": "uuid-role", "client_id": "uuid-web", "name": "admin"}"#,
        "{}",
        "{}",
    ),
    (
        "keycloak_openid_hardcoded_role_protocol_mapper.h",
        r#"{"realm_id": "shop", "client_id": "uuid-web", "name": "h", "role_id": "uuid-role"}"#,
        "{}",
        "{}",
    ),
    (
        "keycloak_openid_client_service_account_role.r",
        r#"{"realm_id": "shop", "service_account_user_id": "uuid-user", "client_id": "uuid-web", "role": "admin"}"#,
        "{}",
        "{}",
    ),
];

#[test]
fn mappers_scopes_and_roles_find_what_they_belong_to() {
    let (snapshot, _) = read_one(&plan(&MAPPERS));
    assert_eq!(snapshot.realms.len(), 1);
    let realm = &snapshot.realms[0];
    let scope = &realm.client_scopes.as_ref().unwrap()[0];
    let audience = &scope.mappers[0];
    assert_eq!(shown(&audience.provider), "oidc-audience-mapper");
    assert_eq!(audience.config.get("included.client.audience").map(shown).as_deref(), Some("api"));
    assert_eq!(audience.config.get("id.token.claim").map(shown).as_deref(), Some("false"));
    assert!(audience.config.get("included.custom.audience").is_none());
    let client = &realm.clients[0];
    let claim = client.mappers[0].config.get("claim.name").map(shown);
    assert_eq!(claim.as_deref(), Some("resource_access.${client_id}.roles"));
    assert_eq!(client.mappers[1].config.get("role").map(shown).as_deref(), Some("web.admin"));
    let scopes: Vec<_> = client.default_scopes.as_ref().unwrap().iter().map(shown).collect();
    assert_eq!(scopes, ["basic", "api"]);
    assert_eq!(shown(&realm.client_roles["web"][0].name), "admin");
    let user = &realm.users[0];
    assert_eq!(shown(&user.username), "service-account-web");
    assert_eq!(user.client_roles["web"].iter().map(shown).collect::<Vec<_>>(), ["admin"]);
}

#[test]
fn ids_known_after_apply_are_followed_through_the_configuration() {
    let resource = |kind: &str, name: &str, attributes: &[(&str, &str)]| {
        let expressions: Vec<_> = attributes
            .iter()
            .map(|(key, to)| format!(r#""{key}": {{"references": ["{to}.id", "{to}"]}}"#))
            .collect();
        format!(
            r#"{{"address": "{kind}.{name}", "mode": "managed", "type": "{kind}", "name": "{name}",
                "expressions": {{{}}}}}"#,
            expressions.join(",")
        )
    };
    let resources = [
        resource("keycloak_realm", "r", &[]),
        resource("keycloak_openid_client", "web", &[("realm_id", "keycloak_realm.r")]),
        resource(
            "keycloak_openid_audience_protocol_mapper",
            "m",
            &[("realm_id", "keycloak_realm.r"), ("client_id", "keycloak_openid_client.web[each.key]")],
        ),
    ];
    let configuration = format!(r#"{{"root_module": {{"resources": [{}]}}}}"#, resources.join(","));
    let client = |id: &str| format!(r#"{{"client_id": "{id}", "access_type": "PUBLIC"}}"#);
    let (one, two) = (client("one"), client("two"));
    let mapper = r#"{"name": "aud", "included_custom_audience": "x"}"#;
    let ids = r#"{"realm_id": true, "client_id": true}"#;
    let changes = [
        ("keycloak_realm.r", r#"{"realm": "shop"}"#, r#"{"id": true}"#, "{}"),
        ("keycloak_openid_client.web[\"one\"]", one.as_str(), r#"{"realm_id": true, "id": true}"#, "{}"),
        ("keycloak_openid_client.web[\"two\"]", two.as_str(), r#"{"realm_id": true, "id": true}"#, "{}"),
        ("keycloak_openid_audience_protocol_mapper.m[\"two\"]", mapper, ids, "{}"),
    ];
    let (snapshot, _) = read_one(&plan_with(&changes, &configuration));
    let clients = &snapshot.realms[0].clients;
    assert_eq!(snapshot.realms.len(), 1);
    assert_eq!((clients[0].mappers.len(), clients[1].mappers.len()), (0, 1));
    assert!(snapshot.parts[0].missing.is_empty());

    let (without, _) = read_one(&plan(&changes));
    assert_eq!(without.realms.len(), 1, "the only realm of the plan is the one");
    assert!(without.realms[0].clients.iter().all(|client| client.mappers.is_empty()));
    assert_eq!(without.parts[0].missing[0].fact, Fact::ClientScopes);
}

#[test]
fn realms_of_one_name_in_several_modules_stay_apart() {
    let realm = r#"{"realm": "shop", "id": "shop"}"#;
    let (snapshot, _) = read_one(&plan(&[
        ("module.dev.keycloak_realm.r", realm, "{}", "{}"),
        ("module.prod.keycloak_realm.r", realm, "{}", "{}"),
        ("module.prod.module.web.keycloak_openid_client.web", CLIENT, "{}", "{}"),
    ]));
    let clients: Vec<_> = snapshot.realms.iter().map(|realm| realm.clients.len()).collect();
    assert_eq!(clients, [0, 1]);
}

#[test]
fn scope_mappings_name_their_holder() {
    let mapping = r#"{"realm_id": "shop", "client_scope_id": "uuid-scope", "role_id": "uuid-role"}"#;
    let mut changes = MAPPERS.to_vec();
    changes.push(("keycloak_generic_role_mapper.s", mapping, "{}", "{}"));
    let (snapshot, _) = read_one(&plan(&changes));
    let mapping = &snapshot.realms[0].scope_mappings[0];
    assert_eq!(mapping.holder, ScopeHolder::ClientScope(Known::Value("api".into())));
    assert_eq!(mapping.role_client.as_deref(), Some("web"));
}

#[test]
fn documents_of_terraform_are_recognised() {
    let node = |text: &str| crate::document::yaml::parse(text).unwrap().remove(0);
    assert_eq!(recognises(&node(&plan(&[]))), Some(PartKind::TerraformPlan));
    let state = r#"{"format_version": "1.0", "terraform_version": "1.9.0", "values": {"root_module": {}}}"#;
    assert_eq!(recognises(&node(state)), Some(PartKind::TerraformState));
    let nothing = r#"{"format_version": "1.0", "terraform_version": "1.9.0"}"#;
    assert_eq!(recognises(&node(nothing)), Some(PartKind::TerraformState));
    for other in
        ["{}", "[]", r#"{"values": {}}"#, r#"{"format_version": "1.0"}"#, r#"{"resource_changes": []}"#]
    {
        assert_eq!(recognises(&node(other)), None, "{other}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_tree_panics(
        resources in proptest::collection::vec(
            (
                proptest::sample::select(&[
                    "google_cloud_run_v2_service.a", "google_cloud_run_service.a", "google_cloud_run_v2_job.a",
                    "google_cloud_run_v2_service_iam_policy.a", "google_cloud_run_domain_mapping.a", "keycloak_realm.a",
                    "keycloak_openid_client.a", "keycloak_openid_client_scope.a", "keycloak_role.a",
                    "keycloak_generic_protocol_mapper.a", "keycloak_openid_client_service_account_role.a",
                    "keycloak_openid_client_default_scopes.a", "google_secret_manager_secret_version.a",
                ][..]),
                any_node(
                    &["name", "template", "containers", "env", "value", "value_source", "spec", "metadata", "annotations",
                      "realm_id", "client_id", "id", "config", "default_scopes", "role", "member", "policy_data", "traffic"],
                    &["x", "true", "roles/run.invoker", "https://x"],
                ),
                any_node(&["name", "template", "env", "value", "realm_id", "client_id"], &["x"]),
            ),
            0..6,
        ),
        anything in any_node(
            &["format_version", "resource_changes", "change", "after", "actions", "address", "values", "root_module",
              "configuration", "module_calls", "resources", "child_modules", "references", "expressions"],
            &["create", "keycloak_realm.a", "module.a.keycloak_realm.a"],
        ),
    ) {
        let tagger = Tagger::new().unwrap();
        let text = |text: &str| Node::Text(text.into());
        let map = |entries: Vec<(&str, Node)>| {
            Node::Map(entries.into_iter().map(|(key, node)| (key.into(), node)).collect())
        };
        let changes = resources.into_iter().map(|(address, after, marks)| {
            let change = map(vec![
                ("actions", Node::List(vec![text("create")])),
                ("after", after),
                ("after_unknown", marks.clone()),
                ("after_sensitive", marks),
            ]);
            map(vec![("address", text(address)), ("change", change)])
        });
        let document = map(vec![
            ("format_version", text("1.2")),
            ("resource_changes", Node::List(changes.collect())),
            ("configuration", anything.clone()),
        ]);
        for document in [document, anything] {
            let mut snapshot = Snapshot::default();
            let part = push_part(&mut snapshot);
            recognises(&document);
            read(part, &document, &tagger, &mut snapshot);
        }
    }
}
