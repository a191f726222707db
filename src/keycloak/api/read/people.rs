//! The users that are service accounts, with their roles and the groups that they are in.
//!
//! They are found by the name that servers give them, `service-account-` and the `clientId` in lower case, and not by
//! `clients/…/service-account-user`: on several versions that call makes a user where there is none, and this one only reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};

use super::grants::{Grants, Notes, VIEW_CLIENTS, VIEW_REALM, VIEW_USERS};
use super::pages::{self, Listing};
use super::roles::Mappings;
use super::{Fields, Progress, Step};
use crate::keycloak::api::paths;
use crate::keycloak::api::session::Session;
use crate::keycloak::api::trouble::{Kind, Trouble};
use crate::snapshot::Fact;

const PREFIX: &str = "service-account-";

#[derive(Deserialize)]
struct Count {
    count: u64,
}

#[derive(Deserialize)]
struct OfGroup {
    path: String,
}

/// The users that may be service accounts, and whether the realm has groups at all.
pub(super) struct Listed {
    users: Result<Listing, Trouble>,
    groups: Result<Count, Trouble>,
}

/// Lists them.
pub(super) async fn list(session: &Session, realm: &str) -> Listed {
    let path = paths::realm(realm);
    let users = format!("{path}/users?username={PREFIX}&briefRepresentation=false");
    let groups = format!("{path}/groups/count");
    let (users, groups) = futures_util::join!(pages::all(session, &users, |_| ()), session.get(&groups));
    Listed { users, groups }
}

/// What is asked of the service accounts of one realm.
pub(super) struct Asking<'a> {
    pub(super) session: &'a Session,
    pub(super) realm: &'a str,
    pub(super) grants: &'a Grants,
    pub(super) progress: &'a dyn Progress,
    /// Roles that the account lacks without which a server shows fewer role mappings than there are, and tells nothing of it.
    pub(super) thinning: Vec<&'static str>,
}

impl Asking<'_> {
    /// Puts `users` (the service accounts of these clients) and `groups` (those that they are in, and `default_groups`) into `body`,
    /// as in an export.
    pub(super) async fn read(
        &self,
        listed: Listed,
        clients: &[String],
        default_groups: &[String],
        body: &mut Fields,
    ) -> Notes {
        let mut notes = Notes::default();
        let without_groups = listed.groups.as_ref().is_ok_and(|groups| groups.count == 0);
        let users = match listed.users {
            Ok(listing) => {
                if !listing.is_settled {
                    notes.add(self.grants.moved(Fact::ServiceAccountRoles, "the list of service accounts"));
                }
                self.matched(listing.entries, clients, &mut notes)
            }
            Err(trouble) => {
                if !clients.is_empty() {
                    let what = "the roles of service accounts";
                    notes.add(self.grants.untold(Fact::ServiceAccountRoles, what, &trouble, &[VIEW_USERS]));
                }
                Vec::new()
            }
        };
        let count = users.len();
        let done = AtomicUsize::new(0);
        let asked = users.into_iter().map(|(user, client)| {
            let done = &done;
            async move {
                let read = self.one(user, client, without_groups).await;
                let count_read = done.fetch_add(1, Ordering::Relaxed) + 1;
                let realm = self.realm.to_owned();
                self.progress.report(Step::ServiceAccounts { realm, count: count_read, of: count });
                read
            }
        });
        let mut paths: BTreeSet<String> = default_groups.iter().cloned().collect();
        let mut found = Vec::new();
        for (fields, groups, further) in join_all(asked).await {
            notes.extend(further);
            paths.extend(groups);
            found.push(Value::Object(fields));
        }
        if count > 0 && !self.thinning.is_empty() {
            let why = "This server shows an account only those roles of a service account that it may see itself, and does not say that others lack.";
            notes.add(self.grants.thinned(Fact::ServiceAccountRoles, why, &self.thinning));
        }
        body.insert("users".to_owned(), Value::Array(found));
        let groups = self.groups(&paths, &mut notes).await;
        body.insert("groups".to_owned(), Value::Array(groups));
        notes
    }

    // The users that are the service accounts of `clients`, with their client.
    fn matched(&self, users: Vec<Fields>, clients: &[String], notes: &mut Notes) -> Vec<(Fields, String)> {
        let mut by_name: BTreeMap<String, &String> =
            clients.iter().map(|client| (format!("{PREFIX}{}", client.to_lowercase()), client)).collect();
        let all = by_name.len();
        let matched: Vec<(Fields, String)> = users
            .into_iter()
            .filter_map(|user| {
                let client = by_name.remove(user.get("username")?.as_str()?)?;
                Some((user, client.clone()))
            })
            .collect();
        // A single one may not be made yet, which happens at its first login; none at all means that the list leaves them out.
        if matched.is_empty() && all > 0 {
            let why = "The list of users holds no service account, though clients have one; what roles those have is not known.";
            notes.add(self.grants.thinned(Fact::ServiceAccountRoles, why, &[VIEW_USERS]));
        }
        matched
    }

    async fn one(&self, user: Fields, client: String, without_groups: bool) -> (Fields, Vec<String>, Notes) {
        let mut notes = Notes::default();
        let id = user.get("id").and_then(Value::as_str).unwrap_or_default();
        let path = format!("{}/users/{}", paths::realm(self.realm), paths::segment(id));
        let mappings = format!("{path}/role-mappings");
        let (mappings, groups) = futures_util::join!(self.session.get::<Mappings>(&mappings), async {
            match without_groups {
                true => Ok(Vec::new()),
                false => self.session.get::<Vec<OfGroup>>(&format!("{path}/groups")).await,
            }
        });
        let mut fields = Fields::new();
        for key in ["id", "username", "enabled", "email", "firstName", "lastName", "attributes"] {
            if let Some(value) = user.get(key) {
                fields.insert(key.to_owned(), value.clone());
            }
        }
        fields.insert("serviceAccountClientId".to_owned(), client.as_str().into());
        let mut lost = |trouble: &Trouble| {
            let what = format!("the roles of the service account of client `{client}`");
            let what = ("the roles of service accounts", what.as_str());
            notes.add(self.grants.untold_of(Fact::ServiceAccountRoles, what, trouble, &[VIEW_USERS]));
        };
        match mappings {
            Ok(mappings) => {
                fields.insert("realmRoles".to_owned(), json!(mappings.realm_names()));
                fields.insert("clientRoles".to_owned(), json!(mappings.client_names()));
            }
            Err(trouble) => lost(&trouble),
        }
        let groups: Vec<String> = match groups {
            Ok(groups) => groups.into_iter().map(|group| group.path).collect(),
            Err(trouble) => {
                lost(&trouble);
                Vec::new()
            }
        };
        fields.insert("groups".to_owned(), json!(groups));
        (fields, groups, notes)
    }

    // The groups at these paths with all above them, whose roles they have as well: a forest as in an export.
    async fn groups(&self, wanted: &BTreeSet<String>, notes: &mut Notes) -> Vec<Value> {
        let paths: BTreeSet<String> = wanted.iter().flat_map(|path| with_ancestors(path)).collect();
        let realm = paths::realm(self.realm);
        let asked = paths.iter().map(|path| {
            let within: Vec<String> = path.split('/').skip(1).map(paths::segment).collect();
            let address = format!("{realm}/group-by-path/{}", within.join("/"));
            async move { (path.as_str(), self.session.get::<Fields>(&address).await) }
        });
        let mut read: BTreeMap<&str, Fields> = BTreeMap::new();
        for (path, group) in join_all(asked).await {
            match group {
                Ok(mut group) => {
                    group.insert("subGroups".to_owned(), Value::Array(Vec::new()));
                    group.remove("access");
                    read.insert(path, group);
                }
                // Deleted since its member was read.
                Err(trouble) if trouble.kind == Kind::NotFound => {}
                Err(trouble) => {
                    let what = format!("the roles of group `{path}`");
                    let what = ("the roles of groups", what.as_str());
                    notes.add(self.grants.untold_of(Fact::Roles, what, &trouble, &[VIEW_USERS]));
                }
            }
        }
        forest(read)
    }
}

/// Roles that an account needs to see all role mappings, of those that it has not.
pub(super) fn thinning(sees_realm: bool, sees_clients: bool) -> Vec<&'static str> {
    let needed = [(VIEW_REALM, sees_realm), (VIEW_CLIENTS, sees_clients)];
    needed.into_iter().filter(|(_, sees)| !sees).map(|(role, _)| role).collect()
}

// `/a/b` has `/a` above it. A slash within a name is written `~/`.
fn with_ancestors(path: &str) -> Vec<String> {
    let ends = path.match_indices('/').map(|(at, _)| at).filter(|at| *at > 0);
    let ends = ends.filter(|at| !path[..*at].ends_with('~'));
    ends.chain([path.len()]).map(|end| path[..end].to_owned()).collect()
}

// From the deepest upwards, each into the one above it.
fn forest(mut groups: BTreeMap<&str, Fields>) -> Vec<Value> {
    let mut roots = Vec::new();
    let paths: Vec<&str> = groups.keys().copied().collect();
    for path in paths.into_iter().rev() {
        let Some(group) = groups.remove(path) else { continue };
        let ancestors = with_ancestors(path);
        let above = ancestors.iter().rev().skip(1).find(|above| groups.contains_key(above.as_str()));
        let children = above
            .and_then(|above| groups.get_mut(above.as_str()))
            .and_then(|above| above.get_mut("subGroups"));
        match children {
            Some(Value::Array(children)) => children.insert(0, Value::Object(group)),
            _ => roots.insert(0, Value::Object(group)),
        }
    }
    roots
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn groups_stand_within_those_above_them() {
        assert_eq!(with_ancestors("/ops/sub"), ["/ops", "/ops/sub"]);
        assert_eq!(with_ancestors("/a~/b/c"), ["/a~/b", "/a~/b/c"]);
        let group = |name: &str| -> Fields {
            serde_json::from_value(json!({"name": name, "subGroups": []})).unwrap()
        };
        let groups = BTreeMap::from([
            ("/ops", group("ops")),
            ("/ops/a", group("a")),
            ("/ops/b", group("b")),
            ("/x", group("x")),
        ]);
        assert_eq!(
            Value::Array(forest(groups)),
            json!([
                {"name": "ops", "subGroups": [{"name": "a", "subGroups": []}, {"name": "b", "subGroups": []}]},
                {"name": "x", "subGroups": []},
            ])
        );
    }
}
