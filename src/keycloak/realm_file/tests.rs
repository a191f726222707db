#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::document::yaml;
use crate::keycloak::model::{ClientSecret, Completeness, ScopeHolder, attribute};
use crate::known::Known;

fn tagger() -> Tagger {
    Tagger::new().unwrap()
}

fn json(text: &str, layout: Layout) -> Reading {
    let from_text = read_json(text, layout, PartId(0), &tagger()).unwrap();
    let node = crate::document::json::parse(text).unwrap();
    let from_tree = read_node(&node, layout, PartId(0), &tagger()).unwrap();
    assert_eq!(format!("{:?}", from_text.realms), format!("{:?}", from_tree.realms));
    if layout == Layout::Realm && text.starts_with('{') {
        for chunk in [1, 7, 1 << 20] {
            let piecewise = read_piecewise(text.as_bytes(), chunk, PartId(0), &tagger()).unwrap();
            assert_eq!(format!("{piecewise:?}"), format!("{from_text:?}"));
        }
    }
    from_text
}

fn realm(text: &str) -> Realm {
    let mut reading = json(text, Layout::Realm);
    assert_eq!(reading.realms.len(), 1);
    reading.realms.remove(0)
}

fn client(text: &str) -> Client {
    realm(&format!("{{\"realm\": \"shop\", \"clients\": [{text}]}}")).clients.remove(0)
}

fn refusal(text: &str, layout: Layout) -> String {
    assert!(matches!(read_json(text, layout, PartId(0), &tagger()), Err(ReadError::Shape { .. })));
    let node = crate::document::json::parse(text).unwrap();
    let error = read_node(&node, layout, PartId(0), &tagger()).unwrap_err();
    format!("{}: {}", error.path(), error.expected())
}

fn texts(list: &[Text]) -> Vec<&str> {
    list.iter().map(|text| text.text().unwrap()).collect()
}

#[test]
fn a_client_is_read_with_its_places() {
    let realm = realm(
        r#"{"realm": "shop", "enabled": true, "keycloakVersion": "26.7.3", "accessTokenLifespan": 300, "sslRequired": "external",
            "attributes": {"frontendUrl": "https://sso.example.com/", "x": 1},
            "clients": [null, {"clientId": "web", "publicClient": true, "rootUrl": "https://web.example.com", "baseUrl": "/",
              "redirectUris": ["/cb", "https://web.example.com/*"], "webOrigins": ["+"],
              "attributes": {"post.logout.redirect.uris": "+", "pkce.code.challenge.method": "S256", "other": "x"},
              "defaultClientScopes": ["basic", "roles"],
              "protocolMappers": [{"name": "aud", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
                "config": {"included.client.audience": "api", "included.custom.audience": "", "access.token.claim": true}}]}]}"#,
    );
    assert_eq!(realm.name.text(), Some("shop"));
    assert_eq!(realm.frontend_url.as_ref().unwrap().text(), Some("https://sso.example.com/"));
    assert_eq!(realm.access_token_lifespan, Some(Known::Value(300)));
    assert_eq!(realm.keycloak_version.as_ref().unwrap().text(), Some("26.7.3"));
    assert_eq!(realm.complete, Completeness::Additions);
    let client = &realm.clients[0];
    assert_eq!(client.at.path.to_string(), "clients[1]");
    assert_eq!(client.client_id.text(), Some("web"));
    assert_eq!(texts(&client.redirect_uris), ["/cb", "https://web.example.com/*"]);
    assert_eq!(texts(client.web_origins.as_ref().unwrap()), ["+"]);
    assert_eq!(client.attributes.len(), 2);
    assert_eq!(client.attribute(attribute::PKCE_METHOD).unwrap().text(), Some("S256"));
    let mapper = &client.mappers[0];
    assert_eq!(mapper.at.path.to_string(), "clients[1].protocolMappers[0]");
    assert_eq!(mapper.config.len(), 2);
    assert_eq!(mapper.config.get("access.token.claim").unwrap().text(), Some("true"));
    assert_eq!(texts(client.default_scopes.as_ref().unwrap()), ["basic", "roles"]);
    assert!(client.optional_scopes.is_none());
}

#[test]
fn absent_switches_take_the_defaults_of_an_import() {
    let bare = client(r#"{"clientId": "web"}"#);
    assert!(bare.enabled.is_on() && bare.standard_flow.is_on() && bare.full_scope.is_on());
    assert!(
        bare.public_client.is_off() && bare.direct_access_grants.is_off() && bare.service_accounts.is_off()
    );
    assert_eq!(bare.stated, Default::default());
    assert_eq!(bare.protocol.text(), Some("openid-connect"));
    assert_eq!(bare.secret, ClientSecret::Absent);
    assert!(bare.web_origins.is_none());
    let asking = client(r#"{"clientId": "web", "consentRequired": "true"}"#);
    assert!(asking.full_scope.is_off());
    let stated =
        client(r#"{"clientId": "web", "fullScopeAllowed": "false", "publicClient": null, "bearerOnly": 1}"#);
    assert!(stated.full_scope.is_off() && stated.stated.full_scope && !stated.stated.public_client);
    assert!(stated.bearer_only.is_on());
}

#[test]
fn what_kcadm_prints_is_all_there_is_and_a_new_client_gets_what_creating_gives() {
    let mut stored =
        json(r#"[{"id": "1", "clientId": "web", "standardFlowEnabled": true}]"#, Layout::Clients);
    let realm = stored.realms.remove(0);
    assert_eq!(realm.complete, Completeness::ClientsOnly);
    assert!(realm.name.text().is_none());
    let client = &realm.clients[0];
    assert_eq!(client.at.path.to_string(), "[0]");
    assert!(client.enabled.is_off() && client.full_scope.is_off() && client.public_client.is_off());
    let created = json(r#"{"clientId": "web"}"#, Layout::Clients).realms.remove(0).clients.remove(0);
    assert!(
        created.public_client.is_on() && created.direct_access_grants.is_on() && created.full_scope.is_on()
    );
    assert_eq!(created.at.path.to_string(), "");
}

#[test]
fn odd_data_is_survived() {
    let odd = client(
        r#"{"clientId": 7, "redirectUris": null, "webOrigins": "https://a.example", "attributes": null, "protocolMappers": null,
            "enabled": "", "defaultClientScopes": [null, "basic"], "unknown": {"deep": [1, {"x": null}]}}"#,
    );
    assert_eq!(odd.client_id.text(), Some("7"));
    assert!(odd.redirect_uris.is_empty() && odd.attributes.is_empty() && odd.mappers.is_empty());
    assert_eq!(texts(odd.web_origins.as_ref().unwrap()), ["https://a.example"]);
    assert_eq!(texts(odd.default_scopes.as_ref().unwrap()), ["basic"]);
    let attributes = client(
        r#"{"clientId": "a", "attributes": {"access.token.lifespan": 60, "pkce.code.challenge.method": ["S256"],
        "post.logout.redirect.uris": {"odd": 1}}}"#,
    );
    assert_eq!(attributes.attribute(attribute::ACCESS_TOKEN_LIFESPAN).unwrap().text(), Some("60"));
    assert_eq!(attributes.attribute(attribute::PKCE_METHOD).unwrap().text(), Some("S256"));
    assert!(attributes.attribute(attribute::POST_LOGOUT_REDIRECT_URIS).is_none());
    let empty = realm(
        r#"{"realm": "shop", "clients": null, "roles": null, "clientScopes": null, "users": null, "groups": null}"#,
    );
    assert!(empty.clients.is_empty() && empty.client_scopes.is_none());
    assert!(realm(r#"{"realm": "shop", "clientScopes": []}"#).client_scopes.is_some());
}

#[test]
fn placeholders_are_unknown_and_secrets_are_tags() {
    let templated = client(
        r#"{"clientId": "$(env:CLIENT)", "rootUrl": "${ROOT:https://a.example}", "redirectUris": ["https://${HOST}/cb"],
            "publicClient": "$(env:PUBLIC)", "secret": "${env.SECRET:hunter2}"}"#,
    );
    assert_eq!(templated.client_id.why_unknown(), Some("`$(env:CLIENT)` is a placeholder"));
    assert_eq!(templated.dialect, Dialect::ConfigCli);
    assert!(
        templated.public_client.why_unknown().is_some() && templated.redirect_uris[0].why_unknown().is_some()
    );
    assert_eq!(templated.secret, ClientSecret::Placeholder("${env.SECRET:…}".into()));
    assert!(!format!("{templated:?}").contains("hunter2"));
    for (text, expected) in [
        ("\"\"", ClientSecret::Empty),
        ("\"**********\"", ClientSecret::Masked),
        ("\"${vault.web}\"", ClientSecret::Placeholder("${vault.web}".into())),
        ("null", ClientSecret::Absent),
    ] {
        assert_eq!(client(&format!("{{\"clientId\": \"a\", \"secret\": {text}}}")).secret, expected);
    }
    let held = read_json(
        r#"[{"id": "1", "clientId": "a", "secret": "hunter2"}, {"id": "2", "clientId": "b", "secret": "hunter2"},
            {"id": "3", "clientId": "c", "secret": "change-me-in-prod"}]"#,
        Layout::Clients,
        PartId(0),
        &tagger(),
    );
    let realms = held.unwrap().realms;
    assert_eq!(realms[0].clients[0].secret, realms[0].clients[1].secret);
    assert!(matches!(realms[0].clients[2].secret, ClientSecret::Held { says_replace_me: true, .. }));
    assert!(!format!("{realms:?}").contains("hunter2"));
}

#[test]
fn the_servers_own_variables_are_no_placeholders() {
    let built_in = client(
        r#"{"clientId": "account", "rootUrl": "${authBaseUrl}", "protocolMappers": [{"name": "roles",
            "protocolMapper": "oidc-usermodel-client-role-mapper", "config": {"claim.name": "resource_access.${client_id}.roles"}}]}"#,
    );
    assert_eq!(built_in.root_url.unwrap().text(), Some("${authBaseUrl}"));
    assert_eq!(
        built_in.mappers[0].config.get("claim.name").unwrap().text(),
        Some("resource_access.${client_id}.roles")
    );
}

#[test]
fn roles_groups_users_and_scope_mappings() {
    let realm = realm(
        r#"{"realm": "shop", "defaultRole": {"name": "default-roles-shop", "composite": true}, "defaultRoles": ["user"],
            "roles": {"realm": [{"name": "admin", "composites": {"realm": ["user"], "client": {"api": ["write"]}}}],
                      "client": {"api": [{"name": "read"}, {"name": "write"}]}},
            "groups": [{"name": "staff", "realmRoles": ["user"], "clientRoles": {"api": ["read"]},
                        "subGroups": [{"name": "boss", "realmRoles": ["admin"]}]}],
            "users": [{"username": "eva", "email": "eva@example.com", "credentials": [{"value": "hunter2"}], "groups": ["/staff"],
                       "realmRoles": ["user"]},
                      {"username": "service-account-api", "serviceAccountClientId": "api", "clientRoles": {"realm-management": ["view-users"]}}],
            "scopeMappings": [{"clientScope": "offline_access", "roles": ["offline_access"]}, {"client": "web", "roles": ["user"]}],
            "clientScopeMappings": {"api": [{"client": "web", "roles": ["read"]}]}}"#,
    );
    assert_eq!(realm.default_role.as_ref().unwrap().text(), Some("default-roles-shop"));
    assert_eq!(texts(&realm.default_roles), ["user"]);
    assert_eq!(texts(&realm.realm_roles[0].realm_composites), ["user"]);
    assert_eq!(texts(&realm.realm_roles[0].client_composites["api"]), ["write"]);
    assert_eq!(realm.client_roles["api"].len(), 2);
    let boss = &realm.groups[1];
    assert_eq!(boss.path.text(), Some("/staff/boss"));
    assert_eq!(texts(&boss.realm_roles), ["admin", "user"]);
    assert_eq!(texts(&boss.client_roles["api"]), ["read"]);
    assert_eq!(realm.users[1].service_account_of.as_ref().unwrap().text(), Some("api"));
    assert_eq!(realm.scope_mappings.len(), 3);
    assert_eq!(realm.scope_mappings[2].holder, ScopeHolder::Client(Known::Value("web".into())));
    assert_eq!(realm.scope_mappings[2].at.path.to_string(), "clientScopeMappings.api[0]");
    assert!(!format!("{realm:?}").contains("hunter2") && !format!("{realm:?}").contains("eva@example"));
}

#[test]
fn of_persons_only_what_gets_into_the_audience_is_kept() {
    let with = |claim: &str| {
        let mappers = format!(
            r#"[{{"protocolMapper": "oidc-usermodel-attribute-mapper", "config": {{"user.attribute": "email", "claim.name": "{claim}"}}}}]"#
        );
        realm(&format!(
            r#"{{"realm": "shop", "users": [{{"username": "eva", "email": "eva@example.com", "firstName": "Eva",
                  "attributes": {{"phone": ["555"], "odd": {{"a": 1}}, "size": 42, "mixed": [true, null, ["x"]]}}}}],
                "groups": [{{"name": "g", "attributes": {{"phone": ["556"]}}}}], "clients": [{{"clientId": "web", "protocolMappers": {mappers}}}]}}"#
        ))
    };
    let kept = with("aud");
    assert_eq!(kept.users[0].attributes.keys().map(|name| &**name).collect::<Vec<_>>(), ["email"]);
    assert!(kept.groups[0].attributes.is_empty());
    let dropped = format!("{:?}", with("mail"));
    assert!(!dropped.contains("eva@example") && !dropped.contains("555") && !dropped.contains("Eva"));
}

#[test]
fn an_export_is_told_from_additions() {
    let with = |names: &[&str]| {
        let clients: Vec<String> = names.iter().map(|name| format!("{{\"clientId\": \"{name}\"}}")).collect();
        realm(&format!("{{\"realm\": \"shop\", \"clients\": [{}]}}", clients.join(","))).complete
    };
    let stock = ["account", "admin-cli", "broker", "realm-management", "security-admin-console", "web"];
    assert_eq!(with(&stock), Completeness::Export);
    assert_eq!(with(&stock[1..]), Completeness::Additions);
}

#[test]
fn lists_of_realms_and_the_operators_resource() {
    let several = json(r#"[{"realm": "a", "clients": [{"clientId": "x"}]}, {"realm": "b"}]"#, Layout::Realm);
    assert_eq!(several.realms.len(), 2);
    assert_eq!(several.realms[0].clients[0].at.path.to_string(), "[0].clients[0]");
    let node = yaml::parse(
        "apiVersion: k8s.keycloak.org/v2alpha1\nkind: KeycloakRealmImport\nmetadata: {name: shop}\nspec:\n  keycloakCRName: kc\n  realm:\n    \
         realm: shop\n    enabled: true\n    clients:\n      - clientId: web\n        publicClient: perhaps\n",
    )
    .unwrap()
    .remove(0);
    let error = read_node(&node, Layout::RealmImport, PartId(0), &tagger()).unwrap_err();
    assert_eq!(error.path().to_string(), "spec.realm.clients[0].publicClient");
    let node = yaml::parse("spec:\n  realm:\n    realm: {{ .Values.realm }}\n    clients:\n      - clientId: web\n        publicClient: yes\n        redirectUris: ['/x', {{ .uri }}]\n")
        .unwrap()
        .remove(0);
    let realm = read_node(&node, Layout::RealmImport, PartId(3), &tagger()).unwrap().realms.remove(0);
    assert!(realm.name.why_unknown().is_some());
    assert_eq!(realm.clients[0].at.path.to_string(), "spec.realm.clients[0]");
    assert_eq!(realm.clients[0].at.part, PartId(3));
    assert!(realm.clients[0].public_client.is_on());
    assert!(realm.clients[0].redirect_uris[1].why_unknown().is_some());
}

#[test]
fn users_of_a_directory_export() {
    let reading = json(r#"{"realm": "shop", "users": [{"username": "eva"}]}"#, Layout::Users);
    let (name, users) = reading.users.unwrap();
    assert_eq!(name.unwrap().text(), Some("shop"));
    assert_eq!(users.len(), 1);
}

#[test]
fn old_shapes_are_said() {
    let reading = json(
        r#"{"realm": "old", "clientTemplates": [], "applications": [{"name": "x"}], "roles": {"application": {"x": [{"name": "r"}]}},
            "clients": [{"clientId": "web", "clientTemplate": "t", "defaultRoles": ["a"]}]}"#,
        Layout::Realm,
    );
    let places: Vec<String> =
        reading.notes.iter().map(|note| note.at.as_ref().unwrap().path.to_string()).collect();
    assert_eq!(
        places,
        ["clientTemplates", "applications", "clients[0].clientTemplate", "clients[0].defaultRoles"]
    );
    assert_eq!(reading.realms[0].client_roles["x"].len(), 1);
}

#[test]
fn wrong_shapes_are_refused_with_their_place() {
    assert_eq!(refusal(r#"{"realm": "a", "clients": "none"}"#, Layout::Realm), "clients: a list of clients");
    assert_eq!(
        refusal(r#"{"clients": [{"clientId": {"x": "hunter2"}}]}"#, Layout::Realm),
        "clients[0].clientId: a text"
    );
    assert_eq!(refusal(r#"{"clients": [{}, "hunter2"]}"#, Layout::Realm), "clients[1]: a mapping: a client");
    assert_eq!(
        refusal(r#"{"clients": [{"enabled": "hunter2"}]}"#, Layout::Realm),
        "clients[0].enabled: true or false"
    );
    assert_eq!(
        refusal(r#"{"clients": [{"redirectUris": {"a": 1}}]}"#, Layout::Realm),
        "clients[0].redirectUris: a list of texts"
    );
    assert_eq!(refusal("[1]", Layout::Clients), "[0]: a mapping: a client");
    assert_eq!(refusal("true", Layout::Realm), ": a realm or a list of realms");
}

#[test]
fn identity_providers_and_events_are_read_without_what_is_secret_in_them() {
    let realm = realm(
        r#"{"realm": "shop", "eventsEnabled": true, "eventsExpiration": 3600, "enabledEventTypes": ["LOGIN"], "adminEventsEnabled": "false",
            "adminEventsDetailsEnabled": true, "attributes": {"adminEventsExpiration": "60"},
            "identityProviders": [null, {"alias": "google-sa", "providerId": "oidc", "config": {"issuer": "https://accounts.google.com",
                "supportsClientAssertions": "true", "jwksUrl": "", "clientSecret": "hunter2", "other": 1}},
                {"alias": "old", "providerId": "saml", "enabled": false, "config": null}]}"#,
    );
    let events = &realm.events;
    assert_eq!((&events.logins, &events.admin), (&Some(Known::Value(true)), &Some(Known::Value(false))));
    assert_eq!(
        (&events.login_expiration, &events.admin_expiration),
        (&Some(Known::Value(3600)), &Some(Known::Value(60)))
    );
    assert_eq!(texts(&events.login_types), ["LOGIN"]);
    assert_eq!(events.admin_details, Some(Known::Value(true)));
    let [google, old] = realm.identity_providers.as_deref().unwrap() else { panic!("two providers") };
    assert_eq!((google.alias.text(), google.provider.text()), (Some("google-sa"), Some("oidc")));
    assert_eq!(google.at.path.to_string(), "identityProviders[1]");
    assert!(google.enabled.is_on() && old.enabled.is_off());
    assert!(google.switch("supportsClientAssertions").is_on() && google.switch("useJwksUrl").is_off());
    assert_eq!(google.setting("jwksUrl"), None);
    assert!(!format!("{realm:?}").contains("hunter2"));
    assert!(self::realm(r#"{"realm": "shop", "identityProviders": null}"#).identity_providers.is_none());
}

#[test]
fn the_secret_before_the_last_rotation_is_kept_as_a_tag() {
    let by_attribute = client(
        r#"{"clientId": "web", "attributes": {"client.secret.rotated": "hunter2", "client.secret.rotated.expiration.time": "1"}}"#,
    );
    assert!(by_attribute.rotated_secret.is_some());
    assert!(by_attribute.attribute(attribute::ROTATED_SECRET).is_none());
    assert!(client(r#"{"clientId": "web", "rotatedSecret": "hunter2"}"#).rotated_secret.is_some());
    assert!(client(r#"{"clientId": "web", "rotatedSecret": "**********"}"#).rotated_secret.is_none());
    assert!(!format!("{by_attribute:?}").contains("hunter2"));
}

#[test]
fn service_accounts_know_their_place_and_people_none() {
    let realm = realm(
        r#"{"realm": "shop", "users": [{"username": "a"}, {"username": "service-account-b", "serviceAccountClientId": "b"}]}"#,
    );
    assert_eq!(realm.users[0].at, None);
    assert_eq!(realm.users[1].at.as_ref().unwrap().path.to_string(), "users[1]");
}
