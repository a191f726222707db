//! Which client scopes and roles are in effect for a request.

use std::collections::BTreeSet;

use super::{NoTokens, Refusal, Subject};
use crate::keycloak::import::{HeldRealm, ScopeRef};
use crate::keycloak::model::{Client, Realm};
use crate::keycloak::roles::{RoleName, RoleSet};
use crate::keycloak::version::Version;

impl HeldRealm {
    /// Whether a user with these roles gets a client scope: one without mapped roles always, else with any of them.
    pub(super) fn admits(&self, scope: ScopeRef, user_roles: &RoleSet) -> bool {
        let mapped = self.mapped_to_scope(scope);
        mapped.is_empty() || !self.roles().expand(mapped.iter().copied()).is_disjoint(user_roles)
    }
}

/// The roles that a subject has before any scope is applied, and whether some of them could not be read.
pub(super) fn roles_of_subject(
    held: &HeldRealm,
    realm: &Realm,
    client_id: &str,
    subject: Subject<'_>,
) -> Result<(RoleSet, bool), NoTokens> {
    let roles = held.roles();
    match subject {
        Subject::AnyUser => Ok(roles.roles_of_new_user(realm)),
        Subject::User(name) => realm
            .user(name)
            .map(|user| roles.roles_of_user(realm, user))
            .ok_or_else(|| NoTokens::NoSuchUser(name.to_owned())),
        Subject::ServiceAccount => Ok(realm
            .service_account(client_id)
            .map_or_else(|| roles.roles_of_new_user(realm), |user| roles.roles_of_user(realm, user))),
    }
}

pub(super) fn roles_in_scope(
    held: &HeldRealm,
    client: &Client,
    client_id: &str,
    scopes: &[ScopeRef],
    user_roles: RoleSet,
    unread: &mut Vec<String>,
) -> RoleSet {
    if let Some(why) = client.full_scope.why_unknown() {
        unread.push(format!("Whether the client has full scope is not known: {why}."));
    }
    if !client.full_scope.is_off() {
        return user_roles;
    }
    let own = held.roles().roles_of_client(client_id).iter();
    let of_client = held.mapped_to_client(client_id).iter();
    let of_scopes = scopes.iter().flat_map(|&scope| held.mapped_to_scope(scope));
    let in_scope = held.roles().expand(own.chain(of_client).chain(of_scopes).copied());
    user_roles.intersection(&in_scope).copied().collect()
}

// As Keycloak's `TokenManager.isValidScope`: every name but `openid` must be one of the scopes in effect, in the same case.
pub(super) fn refuse_scope(
    scope: &str,
    named: &BTreeSet<&str>,
    in_effect: &BTreeSet<&str>,
    version: Version,
) -> Result<(), NoTokens> {
    let has_organizations = version >= Version::new(26, 0, 0);
    let of_organization = |name: &str| {
        has_organizations && name.starts_with("organization:") && in_effect.contains("organization")
    };
    let several_organizations =
        has_organizations && named.iter().filter(|name| name.starts_with("organization")).count() > 1;
    let valid = !several_organizations
        && named.iter().all(|name| *name == "openid" || in_effect.contains(name) || of_organization(name));
    if valid {
        return Ok(());
    }
    let description = format!("Invalid scopes: {scope}");
    Err(NoTokens::Refused(Refusal { status: 400, error: "invalid_scope", description }))
}

/// The client scope and the role that go with offline tokens.
pub(super) const OFFLINE_ACCESS: &str = "offline_access";

// As Keycloak's `UserSessionManager.isOfflineTokenAllowed`: the role must be in effect, whatever the scope admits.
pub(super) fn refuse_offline(held: &HeldRealm, effective: &RoleSet) -> Result<(), NoTokens> {
    let role = held.roles().find(&RoleName::of_realm(OFFLINE_ACCESS));
    if role.is_some_and(|role| effective.contains(&role)) {
        return Ok(());
    }
    let description = "Offline tokens not allowed for the user or client".to_owned();
    Err(NoTokens::Refused(Refusal { status: 400, error: "not_allowed", description }))
}

// Java's `split(" ")`: empty pieces at the end go, others stay; an empty text is one empty piece.
pub(super) fn java_split(scope: &str) -> impl Iterator<Item = &str> {
    let kept = if scope.is_empty() { scope } else { scope.trim_end_matches(' ') };
    let nothing_left = !scope.is_empty() && kept.is_empty();
    kept.split(' ').filter(move |_| !nothing_left)
}
