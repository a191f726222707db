//! Roles of the realm and of clients with what they contain, in the shape of an export.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Fields;
use super::grants::{Grants, Notes, VIEW_CLIENTS, VIEW_REALM};
use super::pages::{self, Listing};
use crate::keycloak::api::paths;
use crate::keycloak::api::session::Session;
use crate::keycloak::api::trouble::Trouble;
use crate::snapshot::Fact;

/// `clientId`s by the ids that servers know clients by.
pub(super) type ClientNames = BTreeMap<String, String>;

/// A role as lists name it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Role {
    id: String,
    name: String,
    #[serde(default)]
    composite: bool,
    #[serde(rename = "clientRole", default)]
    of_client: bool,
    #[serde(rename = "containerId", default)]
    container: String,
}

/// Roles that are mapped to something.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Mappings {
    #[serde(rename = "realmMappings", default)]
    realm: Vec<Role>,
    #[serde(rename = "clientMappings", default)]
    clients: BTreeMap<String, OfClient>,
}

#[derive(Debug, Deserialize)]
struct OfClient {
    #[serde(default)]
    mappings: Vec<Role>,
}

impl Mappings {
    /// The names of the realm roles, sorted.
    pub(super) fn realm_names(&self) -> Vec<String> {
        names(&self.realm)
    }

    /// The names of client roles by `clientId`, sorted.
    pub(super) fn client_names(&self) -> BTreeMap<&str, Vec<String>> {
        self.clients.iter().map(|(client, of)| (client.as_str(), names(&of.mappings))).collect()
    }
}

fn names(roles: &[Role]) -> Vec<String> {
    let mut names: Vec<String> = roles.iter().map(|role| role.name.clone()).collect();
    names.sort();
    names
}

/// Lists the roles of the realm itself.
pub(super) async fn list(session: &Session, realm: &str) -> Result<Listing, Trouble> {
    pages::all(session, &format!("{}/roles", paths::realm(realm)), |_| ()).await
}

/// `roles` of a realm: those of the realm and of the clients that `wanted` holds (by their ids), with the roles that they contain.
///
/// Servers list the roles of clients client by client only. The listing from which their console offers roles holds those that the
/// caller may give, so that it is empty for accounts that only read.
pub(super) async fn read(
    session: &Session,
    realm: &str,
    grants: &Grants,
    listed: Result<Listing, Trouble>,
    clients: &ClientNames,
    wanted: &[&String],
    notes: &mut Notes,
) -> Value {
    let path = paths::realm(realm);
    let realm_roles = match listed {
        Ok(listing) => {
            if !listing.is_settled {
                notes.add(grants.moved(Fact::Roles, "the list of realm roles"));
            }
            of_entries(listing.entries)
        }
        Err(trouble) => {
            notes.add(grants.untold(Fact::Roles, "the realm roles", &trouble, &[VIEW_REALM]));
            Vec::new()
        }
    };
    let of_clients = wanted.iter().map(|id| {
        let path = format!("{path}/clients/{}/roles", paths::segment(id));
        async move { (*id, session.get::<Vec<Role>>(&path).await) }
    });
    let (of_clients, of_realm) =
        futures_util::join!(join_all(of_clients), with_composites(session, &path, realm_roles, clients));
    let mut client_roles = Vec::new();
    for (id, roles) in of_clients {
        match roles {
            Ok(roles) => client_roles.extend(roles),
            Err(trouble) => {
                let what = format!("the roles of client `{}`", clients.get(id).map_or("", String::as_str));
                let what = ("the roles of clients", what.as_str());
                notes.add(grants.untold_of(Fact::Roles, what, &trouble, &[VIEW_CLIENTS]));
            }
        }
    }
    let of_clients = with_composites(session, &path, client_roles, clients).await;

    let mut found: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let mut realm_found = Vec::new();
    for (role, outcome) in of_realm.into_iter().chain(of_clients) {
        let contained = match outcome {
            Ok(contained) => contained,
            Err(trouble) => {
                let what = format!("what the role `{}` contains", role.name);
                let what = ("what roles contain", what.as_str());
                notes.add(grants.untold_of(Fact::Roles, what, &trouble, &[VIEW_REALM, VIEW_CLIENTS]));
                None
            }
        };
        let mut fields = Fields::new();
        fields.insert("id".to_owned(), role.id.as_str().into());
        fields.insert("name".to_owned(), role.name.as_str().into());
        fields.insert("composite".to_owned(), role.composite.into());
        if let Some(contained) = contained {
            fields.insert("composites".to_owned(), contained);
        }
        fields.insert("clientRole".to_owned(), role.of_client.into());
        fields.insert("containerId".to_owned(), role.container.as_str().into());
        match role.of_client {
            false => realm_found.push(Value::Object(fields)),
            true => {
                if let Some(client) = clients.get(&role.container) {
                    found.entry(client).or_default().push(Value::Object(fields));
                }
            }
        }
    }
    json!({"realm": realm_found, "client": found})
}

fn of_entries(entries: Vec<Fields>) -> Vec<Role> {
    entries.into_iter().filter_map(|entry| serde_json::from_value(Value::Object(entry)).ok()).collect()
}

type Contained = Result<Option<Value>, Trouble>;

// The roles with `composites` of those that contain others.
async fn with_composites(
    session: &Session,
    path: &str,
    roles: Vec<Role>,
    clients: &ClientNames,
) -> Vec<(Role, Contained)> {
    let each = roles.into_iter().map(|role| async move {
        if !role.composite {
            return (role, Ok(None));
        }
        let address = format!("{path}/roles-by-id/{}/composites", paths::segment(&role.id));
        let contained = session.get::<Vec<Role>>(&address).await;
        (role, contained.map(|contained| Some(composites(&contained, clients))))
    });
    join_all(each).await
}

// Roles of clients that the account does not see have no name to stand under; whoever sees no clients is told so elsewhere.
fn composites(contained: &[Role], clients: &ClientNames) -> Value {
    let mut realm: Vec<&str> = Vec::new();
    let mut client: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for role in contained {
        match (role.of_client, clients.get(&role.container)) {
            (false, _) => realm.push(&role.name),
            (true, Some(holder)) => client.entry(holder).or_default().push(&role.name),
            (true, None) => {}
        }
    }
    realm.sort_unstable();
    client.values_mut().for_each(|names| names.sort_unstable());
    let mut fields = Fields::new();
    if !realm.is_empty() {
        fields.insert("realm".to_owned(), json!(realm));
    }
    if !client.is_empty() {
        fields.insert("client".to_owned(), json!(client));
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_a_role_contains_stands_by_names_as_in_an_export() {
        let contained: Vec<Role> = serde_json::from_value(json!([
            {"id": "1", "name": "writer", "composite": false, "clientRole": true, "containerId": "u1"},
            {"id": "2", "name": "staff", "composite": true, "clientRole": false, "containerId": "shop"},
            {"id": "3", "name": "reader", "composite": false, "clientRole": true, "containerId": "u1"},
            {"id": "4", "name": "unseen", "composite": false, "clientRole": true, "containerId": "u2"},
        ]))
        .unwrap();
        let clients = ClientNames::from([("u1".to_owned(), "api".to_owned())]);
        assert_eq!(
            composites(&contained, &clients),
            json!({"realm": ["staff"], "client": {"api": ["reader", "writer"]}})
        );
    }
}
