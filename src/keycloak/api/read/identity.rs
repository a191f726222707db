//! As whom one is logged in.

use serde_json::Value;

use crate::keycloak::api::settings::{Grant, Login, Source};

/// Who asks: what the token says of its owner, and where the credentials came from. Rights do not follow from it: they are what the
/// answers showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The realm of the account.
    pub realm: String,
    /// The client that logged in.
    pub client: Option<String>,
    /// The user, for a service account `service-account-…`.
    pub user: Option<String>,
    /// How: "client credentials with a secret" …
    pub grant: &'static str,
    /// Where each part of the login came from.
    pub sources: Vec<Source>,
    /// The roles that the token names, `client: role` for those of clients, sorted. Lightweight tokens name none.
    pub roles: Vec<String>,
}

impl Identity {
    pub(super) fn new(login: &Login, claims: &Value) -> Identity {
        let text = |key: &str| claims.get(key).and_then(Value::as_str).map(str::to_owned);
        let named = match &login.grant {
            Grant::ClientCredentials { client, .. }
            | Grant::SignedJwt { client, .. }
            | Grant::Password { client, .. } => Some(client.clone()),
            Grant::Assertion(_) | Grant::Token(_) => None,
        };
        let user = match &login.grant {
            Grant::Password { user, .. } => Some(user.clone()),
            _ => None,
        };
        let issuer = text("iss").and_then(|issuer| issuer.rsplit('/').next().map(str::to_owned));
        Identity {
            realm: match login.grant {
                Grant::Token(_) => issuer.unwrap_or_else(|| login.realm.clone()),
                _ => login.realm.clone(),
            },
            client: text("azp").or(named),
            user: text("preferred_username").or(user),
            grant: login.grant.describe(),
            sources: login.sources.clone(),
            roles: roles(claims),
        }
    }
}

fn roles(claims: &Value) -> Vec<String> {
    let names = |access: &Value| -> Vec<String> {
        let roles = access.get("roles").and_then(Value::as_array).into_iter().flatten();
        roles.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut found = claims.get("realm_access").map(names).unwrap_or_default();
    for (client, access) in claims.get("resource_access").and_then(Value::as_object).into_iter().flatten() {
        found.extend(names(access).into_iter().map(|role| format!("{client}: {role}")));
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn roles_are_told_with_their_client() {
        let claims = json!({
            "realm_access": {"roles": ["offline_access"]},
            "resource_access": {"realm-management": {"roles": ["view-users", "view-clients"]}},
        });
        assert_eq!(
            roles(&claims),
            ["offline_access", "realm-management: view-clients", "realm-management: view-users"]
        );
        assert!(roles(&Value::Null).is_empty());
    }
}
