//! Client scopes, what new clients get of them, and which roles are in whose scope.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Fields;
use super::grants::{Grants, Notes, VIEW_CLIENTS};
use super::roles::Mappings;
use crate::keycloak::api::paths;
use crate::keycloak::api::session::Session;
use crate::keycloak::api::trouble::Trouble;
use crate::snapshot::Fact;

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// The client scopes of a realm and its default lists.
pub(super) struct Listed {
    scopes: Result<Vec<Fields>, Trouble>,
    defaults: Result<Vec<Named>, Trouble>,
    optionals: Result<Vec<Named>, Trouble>,
}

impl Listed {
    /// Whether scopes are shown: the list is empty for those who may not see clients.
    pub(super) fn shows_any(&self) -> bool {
        self.scopes.as_ref().is_ok_and(|scopes| !scopes.is_empty())
    }
}

/// Lists them.
pub(super) async fn list(session: &Session, realm: &str) -> Listed {
    let path = paths::realm(realm);
    let (scopes, defaults, optionals) = (
        format!("{path}/client-scopes"),
        format!("{path}/default-default-client-scopes"),
        format!("{path}/default-optional-client-scopes"),
    );
    let (scopes, defaults, optionals) =
        futures_util::join!(session.get(&scopes), session.get(&defaults), session.get(&optionals));
    Listed { scopes, defaults, optionals }
}

/// A client whose scope does not hold all roles.
pub(super) struct Narrow {
    /// The id that the server knows it by.
    pub(super) id: String,
    /// Its `clientId`.
    pub(super) name: String,
}

/// Puts `clientScopes`, the default lists, `scopeMappings` and `clientScopeMappings` into `body`, as in an export. `sees_clients` tells
/// whether an empty list of scopes can be believed.
pub(super) async fn read(
    session: &Session,
    realm: &str,
    grants: &Grants,
    listed: Listed,
    narrow: &[Narrow],
    sees_clients: bool,
    body: &mut Fields,
) -> Notes {
    let mut notes = Notes::default();
    let what = "the client scopes";
    let scopes = match listed.scopes {
        Ok(scopes) if scopes.is_empty() && !sees_clients => {
            notes.add(grants.hidden(Fact::ClientScopes, what, &[VIEW_CLIENTS]));
            None
        }
        Ok(scopes) => Some(scopes),
        Err(trouble) => {
            notes.add(grants.untold(Fact::ClientScopes, what, &trouble, &[VIEW_CLIENTS]));
            None
        }
    };
    let lists =
        [("defaultDefaultClientScopes", listed.defaults), ("defaultOptionalClientScopes", listed.optionals)];
    for (key, list) in lists {
        match list {
            Ok(names) if names.is_empty() && scopes.is_none() => {}
            Ok(names) => {
                let names: Vec<String> = names.into_iter().map(|named| named.name).collect();
                body.insert(key.to_owned(), json!(names));
            }
            Err(trouble) => {
                notes.add(grants.untold(Fact::ClientScopes, what, &trouble, &[VIEW_CLIENTS]));
            }
        }
    }
    mappings(session, realm, grants, scopes.as_deref().unwrap_or_default(), narrow, body, &mut notes).await;
    if let Some(scopes) = scopes {
        body.insert("clientScopes".to_owned(), scopes.into_iter().map(Value::Object).collect());
    }
    notes
}

enum Holder<'h> {
    Client(&'h str),
    Scope(&'h str),
}

async fn mappings(
    session: &Session,
    realm: &str,
    grants: &Grants,
    scopes: &[Fields],
    narrow: &[Narrow],
    body: &mut Fields,
    notes: &mut Notes,
) {
    let path = paths::realm(realm);
    let text = |fields: &'_ Fields, key: &str| -> Option<String> {
        fields.get(key).and_then(Value::as_str).map(str::to_owned)
    };
    let scopes: Vec<(String, String)> =
        scopes.iter().filter_map(|scope| Some((text(scope, "id")?, text(scope, "name")?))).collect();
    let of_scopes = scopes.iter().map(|(id, name)| ("client-scopes", id, Holder::Scope(name)));
    let of_clients = narrow.iter().map(|client| ("clients", &client.id, Holder::Client(&client.name)));
    let asked = of_scopes.chain(of_clients).map(|(kind, id, holder)| {
        let address = format!("{path}/{kind}/{}/scope-mappings", paths::segment(id));
        async move { (holder, session.get::<Mappings>(&address).await) }
    });
    let mut of_realm: Vec<Value> = Vec::new();
    let mut of_clients: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (holder, found) in join_all(asked).await {
        let (key, name) = match holder {
            Holder::Client(name) => ("client", name),
            Holder::Scope(name) => ("clientScope", name),
        };
        let found = match found {
            Ok(found) => found,
            Err(trouble) => {
                let what = match key {
                    "client" => format!("the roles in the scope of client `{name}`"),
                    _ => format!("the roles in the client scope `{name}`"),
                };
                let what = ("which roles are in whose scope", what.as_str());
                notes.add(grants.untold_of(Fact::ClientScopes, what, &trouble, &[VIEW_CLIENTS]));
                continue;
            }
        };
        let realm_names = found.realm_names();
        if !realm_names.is_empty() {
            of_realm.push(json!({key: name, "roles": realm_names}));
        }
        for (client, names) in found.client_names() {
            of_clients.entry(client.to_owned()).or_default().push(json!({key: name, "roles": names}));
        }
    }
    body.insert("scopeMappings".to_owned(), Value::Array(of_realm));
    body.insert("clientScopeMappings".to_owned(), json!(of_clients));
}
