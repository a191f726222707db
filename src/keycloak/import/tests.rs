#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::*;
use crate::keycloak::realm_file::{Layout, read_json};
use crate::locus::PartId;
use crate::secrets::Tagger;

fn read(realm: &Value) -> Realm {
    let tagger = Tagger::new().unwrap();
    read_json(&realm.to_string(), Layout::Realm, PartId(0), &tagger).unwrap().realms.remove(0)
}

fn lists(realm: &Realm, version: &str) -> (Vec<String>, Vec<String>) {
    let held = HeldRealm::of(realm, version.parse().unwrap());
    let scopes = held.scopes_of(realm, &realm.clients[0]);
    let names = |list: &[ScopeRef]| {
        list.iter().map(|&scope| held.scope(realm, scope).name.text().unwrap().to_owned()).collect::<Vec<_>>()
    };
    (names(&scopes.default), names(&scopes.optional))
}

#[test]
fn a_file_without_client_scopes_gets_the_built_in_ones_of_the_version() {
    let realm = read(
        &json!({"realm": "shop", "clients": [{"clientId": "app"}], "defaultDefaultClientScopes": ["profile"]}),
    );
    let (default, optional) = lists(&realm, "24.0.5");
    assert_eq!(default, ["acr", "email", "profile", "roles", "web-origins"]);
    assert_eq!(optional, ["address", "microprofile-jwt", "offline_access", "phone"]);
    let (default, optional) = lists(&realm, "26.7.3");
    assert_eq!(default, ["acr", "basic", "email", "profile", "roles", "web-origins"]);
    assert_eq!(optional, ["address", "microprofile-jwt", "offline_access", "organization", "phone"]);
}

#[test]
fn saml_clients_get_saml_scopes() {
    let realm = read(&json!({"realm": "shop", "clients": [{"clientId": "app", "protocol": "saml"}]}));
    assert_eq!(lists(&realm, "24.0.5"), (vec!["role_list".to_owned()], Vec::new()));
}

#[test]
fn a_file_with_client_scopes_gets_nothing_else_but_offline_access() {
    let realm = read(&json!({
        "realm": "shop", "clients": [{"clientId": "app"}],
        "clientScopes": [{"name": "mine", "protocol": "openid-connect"}],
        "defaultDefaultClientScopes": ["mine", "profile"], "defaultOptionalClientScopes": ["phone"]}));
    assert_eq!(lists(&realm, "26.7.3"), (vec!["mine".to_owned()], vec!["offline_access".to_owned()]));
}

#[test]
fn basic_is_added_to_every_client_of_an_older_file() {
    let mut file = json!({
        "realm": "shop", "keycloakVersion": "24.0.5",
        "clients": [{"clientId": "app", "defaultClientScopes": ["mine"], "optionalClientScopes": []}],
        "clientScopes": [{"name": "mine", "protocol": "openid-connect"}]});
    assert_eq!(lists(&read(&file), "26.7.3").0, ["mine", "basic"]);
    assert_eq!(lists(&read(&file), "24.0.5").0, ["mine"]);
    file["clientScopes"].as_array_mut().unwrap().push(json!({"name": "basic", "protocol": "openid-connect"}));
    assert_eq!(lists(&read(&file), "26.7.3").0, ["mine"]);
}

#[test]
fn terraform_adds_to_the_built_in_scopes() {
    let mut realm = read(&json!({
        "realm": "shop", "clients": [{"clientId": "app", "defaultClientScopes": ["mine", "roles", "elsewhere"]}],
        "clientScopes": [{"name": "mine", "protocol": "openid-connect"}]}));
    realm.dialect = Dialect::Terraform;
    realm.clients[0].dialect = Dialect::Terraform;
    let held = HeldRealm::of(&realm, "26.7.3".parse().unwrap());
    let (default, optional) = lists(&realm, "26.7.3");
    assert_eq!(default, ["mine", "roles"]);
    assert_eq!(optional.len(), 5);
    assert_eq!(held.undefined_scopes(), []);
    assert_eq!(
        held.scopes_of(&realm, &realm.clients[0]).unread,
        ["The client scope `elsewhere` is not among what was read."]
    );
}

#[test]
fn origins_are_filled_in_when_none_are_stated() {
    let realm = read(&json!({"realm": "shop", "clients": [
        {"clientId": "app", "redirectUris": ["https://a/x", "/y", "https://a/z", "my:cb", "http://b:1*"]},
        {"clientId": "none", "redirectUris": ["https://a/x"], "webOrigins": []}]}));
    let filled = vec![("https://a".to_owned(), 0), ("http://b:1*".to_owned(), 4)];
    assert_eq!(web_origins(&realm.clients[0]), HeldOrigins::FilledIn(filled));
    assert_eq!(web_origins(&realm.clients[1]), HeldOrigins::Stated(&[]));
}

#[test]
fn built_in_clients_are_told() {
    let realm = read(
        &json!({"realm": "master", "clients": [{"clientId": "shop-realm"}, {"clientId": "account"}, {"clientId": "web"}]}),
    );
    let told: Vec<bool> = realm.clients.iter().map(|client| is_built_in(&realm, client)).collect();
    assert_eq!(told, [true, true, false]);
    let other = read(&json!({"realm": "shop", "clients": [{"clientId": "shop-realm"}]}));
    assert!(!is_built_in(&other, &other.clients[0]));
}
