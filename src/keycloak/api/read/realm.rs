//! One realm: itself, its clients and all that stands around them.

use serde_json::Value;

use super::grants::{
    Grants, MANAGE_CLIENTS, Notes, VIEW_CLIENTS, VIEW_EVENTS, VIEW_IDENTITY_PROVIDERS, VIEW_REALM, VIEW_USERS,
};
use super::pages::Listing;
use super::roles::ClientNames;
use super::scopes::Narrow;
use super::{Fields, Progress, Step, What, discovery, pages, people, roles, scopes};
use crate::answers::{Object, Resource};
use crate::keycloak::api::paths;
use crate::keycloak::api::session::Session;
use crate::keycloak::api::trouble::Trouble;
use crate::keycloak::version::Version;
use crate::secrets::looks_masked;
use crate::snapshot::Fact;

/// Where a server keeps the secret that was replaced last and is good for a while.
const ROTATED: &str = "client.secret.rotated";
/// From here on role mappings are shown only as far as the caller sees the roles.
const FILTERS_MAPPINGS: Version = Version::new(26, 7, 0);

/// What was read of a realm.
pub(super) struct Read {
    /// The realm and its clients.
    pub(super) objects: Vec<Object>,
    /// What its discovery document answered through each URL.
    pub(super) discovery: Vec<Value>,
}

/// Reads a realm. All that fails is noted on the realm. `versions` are the oldest and the newest that the server can be.
pub(super) async fn read(
    session: &Session,
    realm: &str,
    what: &What,
    versions: (Option<Version>, Option<Version>),
    progress: &dyn Progress,
) -> Read {
    let grants = Grants::new(session, realm);
    let mut notes = Notes::default();
    let path = paths::realm(realm);
    let mut body = settings(session, realm, &path, &grants, &mut notes).await;
    let sees_realm = body.contains_key("sslRequired");

    let frontend = body.get("attributes").and_then(|attributes| attributes.get("frontendUrl"));
    let mut known: Vec<&str> = what.urls.iter().map(String::as_str).collect();
    known.extend(frontend.and_then(Value::as_str));
    let clients_path = format!("{path}/clients");
    let providers_path = format!("{path}/identity-provider/instances");
    let seen = |count| progress.report(Step::Clients { realm: realm.to_owned(), count });
    let (listing, scopes, listed_roles, people, providers, policies, events, discovery) = futures_util::join!(
        pages::all(session, &clients_path, seen),
        scopes::list(session, realm),
        roles::list(session, realm),
        people::list(session, realm),
        session.get::<Value>(&providers_path),
        policies(session, &path, &body),
        events(session, &path, &body),
        discovery::ask(session, realm, &known),
    );
    let sees_clients = sees_clients(&listing, scopes.shows_any(), realm);
    let failed = listing.as_ref().err().filter(|trouble| !trouble.is_forbidden()).cloned();
    let clients = clients(listing, sees_clients, &grants, &mut notes);
    note_providers(providers, &grants, &mut body, &mut notes);
    note(policies, Fact::ClientPolicies, "the client policies", VIEW_REALM, &grants, &mut body, &mut notes);
    note(events, Fact::Events, "which events are kept", VIEW_EVENTS, &grants, &mut body, &mut notes);

    let names: ClientNames =
        clients.iter().filter_map(|client| Some((text(client, "id")?, text(client, "clientId")?))).collect();
    let is_wanted = |name: &String| what.roles_of.as_ref().is_none_or(|wanted| wanted.contains(name));
    let with_roles: Vec<&String> =
        names.iter().filter(|(_, name)| is_wanted(name)).map(|(id, _)| id).collect();
    let narrow: Vec<Narrow> = clients
        .iter()
        .filter(|client| !is_on(client, "fullScopeAllowed") && !is_on(client, "bearerOnly"))
        .filter_map(|client| Some(Narrow { id: text(client, "id")?, name: text(client, "clientId")? }))
        .collect();
    let with_accounts: Vec<String> = clients
        .iter()
        .filter(|client| is_on(client, "serviceAccountsEnabled"))
        .filter_map(|client| text(client, "clientId"))
        .collect();
    let default_groups: Vec<String> = body
        .get("defaultGroups")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|path| path.as_str().map(str::to_owned))
        .collect();
    let filters = versions.1.is_none_or(|newest| newest >= FILTERS_MAPPINGS);
    let asking = people::Asking {
        session,
        realm,
        grants: &grants,
        progress,
        thinning: if filters { people::thinning(sees_realm, sees_clients) } else { Vec::new() },
    };
    let mut of_scopes = Fields::new();
    let mut of_people = Fields::new();
    let mut role_notes = Notes::default();
    let (scope_notes, people_notes, found_roles) = futures_util::join!(
        scopes::read(session, realm, &grants, scopes, &narrow, sees_clients, &mut of_scopes),
        asking.read(people, &with_accounts, &default_groups, &mut of_people),
        roles::read(session, realm, &grants, listed_roles, &names, &with_roles, &mut role_notes),
    );
    body.extend(of_scopes);
    body.insert("roles".to_owned(), found_roles);
    body.extend(of_people);
    notes.extend(scope_notes);
    notes.extend(role_notes);
    notes.extend(people_notes);
    if !sees_clients {
        note_what_hangs_on_clients(failed, &grants, &mut notes);
    }

    let resource = Resource::Realm { server: session.base().to_owned(), realm: realm.to_owned() };
    let mut objects = vec![Object { resource, missing: notes.0, body }];
    objects.extend(clients.into_iter().map(|client| client_object(session, realm, &grants, client)));
    progress.report(Step::Realm { realm: realm.to_owned() });
    Read { objects, discovery }
}

// The realm's own settings; those who may not see them get its name and little else.
async fn settings(session: &Session, realm: &str, path: &str, grants: &Grants, notes: &mut Notes) -> Fields {
    let what = "the settings of the realm";
    match session.get::<Fields>(path).await {
        Ok(body) => {
            if !body.contains_key("sslRequired") {
                notes.add(grants.hidden(Fact::Realms, what, &[VIEW_REALM]));
            }
            body
        }
        Err(trouble) => {
            notes.add(grants.untold(Fact::Realms, what, &trouble, &[VIEW_REALM]));
            Fields::from_iter([("realm".to_owned(), Value::from(realm))])
        }
    }
}

// Whether the list holds all clients. Servers leave out those that the caller may not see, and say nothing of it; who sees client scopes
// or the client that holds the realm's administration sees all.
fn sees_clients(listing: &Result<Listing, Trouble>, shows_scopes: bool, realm: &str) -> bool {
    let Ok(listing) = listing else { return false };
    let own = if realm == "master" { "master-realm" } else { "realm-management" };
    let shows_own = || listing.entries.iter().any(|client| text(client, "clientId").as_deref() == Some(own));
    !listing.entries.is_empty() && (shows_scopes || shows_own())
}

fn clients(
    listing: Result<Listing, Trouble>,
    sees_clients: bool,
    grants: &Grants,
    notes: &mut Notes,
) -> Vec<Fields> {
    let what = "all the clients";
    match listing {
        Ok(listing) => {
            if !sees_clients {
                notes.add(grants.hidden(Fact::Clients, what, &[VIEW_CLIENTS]));
            }
            if !listing.is_settled {
                notes.add(grants.moved(Fact::Clients, "the list of clients"));
            }
            listing.entries
        }
        Err(trouble) => {
            notes.add(grants.untold(Fact::Clients, "the list of clients", &trouble, &[VIEW_CLIENTS]));
            Vec::new()
        }
    }
}

// Without all clients it is not known whose the client roles within roles are, nor which clients have service accounts.
fn note_what_hangs_on_clients(failed: Option<Trouble>, grants: &Grants, notes: &mut Notes) {
    let (within, accounts) = ("the roles of clients within roles", "which service accounts there are");
    match failed {
        Some(trouble) => {
            notes.add(grants.untold(Fact::Roles, within, &trouble, &[]));
            notes.add(grants.untold(Fact::ServiceAccountRoles, accounts, &trouble, &[]));
        }
        None => {
            notes.add(grants.hidden(Fact::Roles, within, &[VIEW_CLIENTS]));
            notes.add(grants.hidden(Fact::ServiceAccountRoles, accounts, &[VIEW_CLIENTS, VIEW_USERS]));
        }
    }
}

fn client_object(session: &Session, realm: &str, grants: &Grants, mut body: Fields) -> Object {
    let name = text(&body, "clientId").unwrap_or_default();
    let rotated = body
        .get_mut("attributes")
        .and_then(Value::as_object_mut)
        .and_then(|attributes| attributes.shift_remove(ROTATED));
    if let Some(rotated) = rotated {
        body.insert("rotatedSecret".to_owned(), rotated);
    }
    let masked = ["secret", "rotatedSecret"]
        .into_iter()
        .any(|key| body.get(key).and_then(Value::as_str).is_some_and(looks_masked));
    let resource =
        Resource::Client { server: session.base().to_owned(), realm: realm.to_owned(), client: name.clone() };
    let mut object = Object::new(resource, body);
    if masked {
        let why = format!("The server shows this account the secret of client `{name}` masked.");
        object.untold(Fact::ClientSecrets, why, Some(&grants.roles(&[MANAGE_CLIENTS])));
    }
    object
}

type Asked = Option<Result<Fields, Trouble>>;

// What the realm itself shows needs no call; who sees the realm sees them there.
async fn policies(session: &Session, path: &str, body: &Fields) -> Asked {
    if body.contains_key("clientPolicies") && body.contains_key("clientProfiles") {
        return None;
    }
    let (policies, profiles) =
        (format!("{path}/client-policies/policies"), format!("{path}/client-policies/profiles"));
    let (policies, profiles) =
        futures_util::join!(session.get::<Value>(&policies), session.get::<Value>(&profiles));
    Some(policies.and_then(|policies| {
        let both = [("clientPolicies".to_owned(), policies), ("clientProfiles".to_owned(), profiles?)];
        Ok(Fields::from_iter(both))
    }))
}

async fn events(session: &Session, path: &str, body: &Fields) -> Asked {
    match body.contains_key("eventsEnabled") {
        true => None,
        false => Some(session.get(&format!("{path}/events/config")).await),
    }
}

fn note(
    asked: Asked,
    fact: Fact,
    what: &str,
    role: &str,
    grants: &Grants,
    body: &mut Fields,
    notes: &mut Notes,
) {
    match asked {
        None => {}
        Some(Ok(found)) => body.extend(found),
        Some(Err(trouble)) => notes.add(grants.untold(fact, what, &trouble, &[role])),
    }
}

fn note_providers(found: Result<Value, Trouble>, grants: &Grants, body: &mut Fields, notes: &mut Notes) {
    match found {
        Ok(found) => {
            body.insert("identityProviders".to_owned(), found);
        }
        // Servers up to 26.2 show them with the realm.
        Err(_) if body.contains_key("identityProviders") => {}
        Err(trouble) => {
            let what = "the identity providers";
            notes.add(grants.untold(Fact::IdentityProviders, what, &trouble, &[VIEW_IDENTITY_PROVIDERS]));
        }
    }
}

fn text(fields: &Fields, key: &str) -> Option<String> {
    fields.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn is_on(fields: &Fields, key: &str) -> bool {
    fields.get(key).and_then(Value::as_bool).unwrap_or(false)
}
