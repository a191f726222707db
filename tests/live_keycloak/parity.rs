//! A realm that is read is the realm that its server exports.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloakrun::keycloak::api::Flags;
use cloakrun::keycloak::model::{Realm as ReadRealm, Text};
use cloakrun::keycloak::realm_file::{Layout, read_json};
use cloakrun::locus::PartId;
use cloakrun::secrets::Tagger;
use cloakrun_test_support::keycloak::{Keycloak, Realm};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{clients, login, realm as document, run};

fn ids(realm: &Realm<'_>, path: &str, names: &[&str]) -> Value {
    names.iter().map(|name| realm.get(&format!("{path}/{name}"))).collect()
}

fn post(realm: &Realm<'_>, path: &str, body: &Value) {
    realm.admin(Method::POST, path, Some(body)).expect_success(path);
}

/// A realm with roles within roles, in scopes, in groups and of service accounts.
fn full(server: &Keycloak) -> Realm<'_> {
    let realm = server.realm("full");
    let api = realm.create_client(&json!({
        "clientId": "Api", "publicClient": false, "secret": "s", "serviceAccountsEnabled": true, "standardFlowEnabled": false}));
    let web = realm.create_client(&json!({
        "clientId": "web", "publicClient": true, "fullScopeAllowed": false, "redirectUris": ["https://web.example.com/cb"]}));
    for name in ["reader", "writer"] {
        post(&realm, &format!("/clients/{api}/roles"), &json!({"name": name}));
    }
    let of_api = format!("/clients/{api}/roles");
    for name in ["staff", "odd role é"] {
        post(&realm, "/roles", &json!({"name": name}));
    }
    post(&realm, &format!("{of_api}/writer/composites"), &ids(&realm, &of_api, &["reader"]));
    post(&realm, "/roles/staff/composites", &ids(&realm, &of_api, &["writer"]));
    post(&realm, "/roles/staff/composites", &ids(&realm, "/roles", &["odd%20role%20%C3%A9"]));
    post(&realm, &format!("/clients/{web}/scope-mappings/clients/{api}"), &ids(&realm, &of_api, &["reader"]));
    post(&realm, &format!("/clients/{web}/scope-mappings/realm"), &ids(&realm, "/roles", &["staff"]));
    post(&realm, "/client-scopes", &json!({"name": "gated", "protocol": "openid-connect"}));
    let scopes = realm.get("/client-scopes");
    let gated =
        scopes.as_array().unwrap().iter().find(|scope| scope["name"] == "gated").unwrap()["id"].clone();
    let gated = gated.as_str().unwrap();
    post(
        &realm,
        &format!("/client-scopes/{gated}/scope-mappings/clients/{api}"),
        &ids(&realm, &of_api, &["writer"]),
    );
    post(&realm, "/groups", &json!({"name": "ops"}));
    let ops = realm.get("/groups")[0]["id"].as_str().unwrap().to_owned();
    post(&realm, &format!("/groups/{ops}/children"), &json!({"name": "night"}));
    let night = realm.get("/group-by-path/ops/night")["id"].as_str().unwrap().to_owned();
    post(&realm, &format!("/groups/{ops}/role-mappings/clients/{api}"), &ids(&realm, &of_api, &["reader"]));
    post(&realm, &format!("/groups/{night}/role-mappings/realm"), &ids(&realm, "/roles", &["staff"]));
    let user = realm.get(&format!("/clients/{api}/service-account-user"))["id"].as_str().unwrap().to_owned();
    realm.admin(Method::PUT, &format!("/users/{user}/groups/{night}"), None).expect_success("joining");
    let management = realm.id_of("realm-management");
    let roles = ids(&realm, &format!("/clients/{management}/roles"), &["manage-users"]);
    post(&realm, &format!("/users/{user}/role-mappings/clients/{management}"), &roles);
    realm
}

/// What rules see of a realm, for comparison: everything by name, as sets.
fn seen(realm: &ReadRealm) -> BTreeMap<String, BTreeSet<String>> {
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut put = |key: String, value: String| {
        seen.entry(key).or_default().insert(value);
    };
    let text = |text: &Text| text.text().unwrap().to_owned();
    for scope in realm.client_scopes.iter().flatten() {
        put("client scopes".to_owned(), format!("{} {}", text(&scope.name), scope.mappers.len()));
    }
    for scope in realm.default_scopes.iter().flat_map(|scopes| scopes.iter()) {
        put("defaults".to_owned(), text(scope));
    }
    for scope in realm.optional_scopes.iter().flat_map(|scopes| scopes.iter()) {
        put("optionals".to_owned(), text(scope));
    }
    let of_realm = realm.realm_roles.iter().map(|role| ("realm", role));
    let of_clients =
        realm.client_roles.iter().flat_map(|(client, roles)| roles.iter().map(move |role| (&**client, role)));
    for (holder, role) in of_realm.chain(of_clients) {
        let mut inner: BTreeSet<String> = role.realm_composites.iter().map(text).collect();
        for (client, roles) in &role.client_composites {
            inner.extend(roles.iter().map(|role| format!("{client}.{}", text(role))));
        }
        put(format!("roles of {holder}"), format!("{} {inner:?}", text(&role.name)));
    }
    for mapping in &realm.scope_mappings {
        let roles: BTreeSet<String> = mapping.roles.iter().map(text).collect();
        if !roles.is_empty() {
            put(
                "scope mappings".to_owned(),
                format!("{:?} {:?} {roles:?}", mapping.holder, mapping.role_client),
            );
        }
    }
    for group in &realm.groups {
        let roles: BTreeSet<String> = group.realm_roles.iter().map(text).collect();
        put(
            "groups".to_owned(),
            format!("{} {roles:?} {:?}", text(&group.path), by_client(&group.client_roles)),
        );
    }
    for user in realm.users.iter().filter(|user| user.service_account_of.is_some()) {
        let roles: BTreeSet<String> = user.realm_roles.iter().map(text).collect();
        let of = user.service_account_of.as_ref().map(text);
        put("service accounts".to_owned(), format!("{of:?} {roles:?} {:?}", by_client(&user.client_roles)));
    }
    put("default role".to_owned(), format!("{:?}", realm.default_role.as_ref().map(text)));
    put("enabled".to_owned(), format!("{:?} {:?}", realm.enabled, realm.ssl_required));
    seen
}

// Exports list roles in no order.
fn by_client(roles: &BTreeMap<Arc<str>, Vec<Text>>) -> BTreeSet<String> {
    let names = |(client, roles): (&Arc<str>, &Vec<Text>)| -> Vec<String> {
        roles.iter().map(|role| format!("{client}.{}", role.text().unwrap())).collect()
    };
    roles.iter().flat_map(names).collect()
}

fn read(text: &Value) -> ReadRealm {
    let tagger = Tagger::new().unwrap();
    read_json(&text.to_string(), Layout::Realm, PartId(0), &tagger).unwrap().realms.remove(0)
}

fn what_is_read_is_what_is_exported(version: &str) {
    let realm = full(Keycloak::server(version));
    let secret = realm.service_account(
        "audit",
        &["view-clients", "view-realm", "view-users", "view-events", "view-identity-providers"],
    );
    let flags = Flags {
        url: Some(realm.server().base().to_owned()),
        login_realm: Some(realm.name().to_owned()),
        ..Flags::default()
    };
    let login = login(flags, &[("KEYCLOAK_CLIENT_ID", "audit"), ("KEYCLOAK_CLIENT_SECRET", &secret)]);
    let answers = run(&login).unwrap();
    let own = document(&answers, realm.name());
    assert!(own.missing.is_empty(), "{:?}", own.missing);
    let export = realm
        .admin(Method::POST, "/partial-export?exportClients=true&exportGroupsAndRoles=true", None)
        .expect_success("exporting")
        .json();
    let (own, exported) = (seen(&read(&Value::Object(own.body.clone()))), seen(&read(&export)));
    for (what, expected) in &exported {
        assert_eq!(own.get(what), Some(expected), "{what} on {version}");
    }
    let names: BTreeSet<String> = clients(&answers).into_iter().map(str::to_owned).collect();
    let listed = realm.clients();
    let listed: BTreeSet<String> =
        listed.iter().map(|client| client["clientId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, listed);
    // The account of `Api` has its role, the default role, and the groups `/ops/night` and `/ops`.
    let accounts = &own["service accounts"];
    assert!(
        accounts.iter().any(|account| account.contains("Api") && account.contains("manage-users")),
        "{accounts:?}"
    );
}

#[test]
fn what_is_read_is_what_26_7_3_exports() {
    what_is_read_is_what_is_exported("26.7.3");
}

#[test]
fn what_is_read_is_what_24_0_5_exports() {
    what_is_read_is_what_is_exported("24.0.5");
}
