//! A bare typed parse of the same bytes: what serde makes of them and nothing else. The measure that `check` is compared with.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

/// A realm as the plainest program would read it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "they are read, which is what is measured")]
pub(crate) struct Realm {
    /// Its name.
    realm: String,
    /// Its clients.
    clients: Vec<Client>,
}

/// A client as the plainest program would read it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "they are read, which is what is measured")]
pub(crate) struct Client {
    client_id: String,
    root_url: Option<String>,
    base_url: Option<String>,
    admin_url: Option<String>,
    enabled: bool,
    client_authenticator_type: Option<String>,
    secret: Option<String>,
    redirect_uris: Vec<String>,
    web_origins: Vec<String>,
    bearer_only: bool,
    standard_flow_enabled: bool,
    implicit_flow_enabled: bool,
    direct_access_grants_enabled: bool,
    service_accounts_enabled: bool,
    public_client: bool,
    full_scope_allowed: bool,
    protocol: String,
    attributes: BTreeMap<String, String>,
    default_client_scopes: Vec<String>,
    optional_client_scopes: Vec<String>,
}

/// A service as the plainest program would read it.
#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "they are read, which is what is measured")]
pub(crate) struct Service {
    kind: String,
    metadata: Metadata,
    spec: serde_yaml::Value,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "they are read, which is what is measured")]
struct Metadata {
    name: String,
    namespace: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

/// Parses every file of a generated repository; the numbers of clients and services.
pub(crate) fn parse(folder: &Path) -> (usize, usize) {
    let text = fs::read(folder.join("shop-realm.json")).expect("the realm was written");
    let realm: Realm = serde_json::from_slice(&text).expect("the realm is JSON");
    let mut services = 0;
    for entry in fs::read_dir(folder.join("deploy")).expect("the folder was written") {
        let text = fs::read_to_string(entry.expect("an entry").path()).expect("a file");
        for document in serde_yaml::Deserializer::from_str(&text) {
            if Option::<Service>::deserialize(document).expect("a service").is_some() {
                services += 1;
            }
        }
    }
    (realm.clients.len(), services)
}
