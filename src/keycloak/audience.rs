//! Which audiences, roles and subject the tokens of a client carry, and through which mapper each.
//!
//! The rules are Keycloak's (`TokenManager`, `DefaultClientSessionContext`, the mappers of `org.keycloak.protocol.oidc`), checked
//! against answers of real servers 24.0.5, 26.5.5 and 26.7.3 (`tests/data/keycloak/audience_cases.json`).

mod claims;
mod issuing;
pub mod nearest;
mod person;
mod scope;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use self::issuing::Issuing;
use crate::keycloak::import::HeldRealm;
use crate::keycloak::model::{Client, Realm, attribute};
use crate::keycloak::version::Version;
use crate::locus::Locus;

/// How a token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// The browser login: authorization code.
    AuthorizationCode,
    /// The password grant (direct access grants).
    Password,
    /// Client credentials: the service account.
    ClientCredentials,
}

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// Anybody who can log in: has what a new user gets, the default role and the default groups, and perhaps more.
    AnyUser,
    /// The user of the file with this login name.
    User(&'a str),
    /// The client's service account.
    ServiceAccount,
}

/// A request for tokens.
#[derive(Debug, Clone, Copy)]
pub struct TokenRequest<'a> {
    /// The grant.
    pub grant: Grant,
    /// Whose token.
    pub subject: Subject<'a>,
    /// The parameter `scope`, names separated by blanks; `None` when it is left out.
    pub scope: Option<&'a str>,
}

impl<'a> TokenRequest<'a> {
    /// A browser login of anybody, for `openid`.
    pub const LOGIN: TokenRequest<'static> =
        TokenRequest { grant: Grant::AuthorizationCode, subject: Subject::AnyUser, scope: Some("openid") };
    /// Client credentials without a `scope`.
    pub const SERVICE_ACCOUNT: TokenRequest<'static> =
        TokenRequest { grant: Grant::ClientCredentials, subject: Subject::ServiceAccount, scope: None };

    /// A login of this user: in the browser, or by password where the client allows nothing else.
    pub fn of_user(client: &Client, user: Option<&'a str>) -> Self {
        let by_password = client.standard_flow.is_off() && client.direct_access_grants.is_on();
        TokenRequest {
            grant: if by_password { Grant::Password } else { Grant::AuthorizationCode },
            subject: user.map_or(Subject::AnyUser, Subject::User),
            scope: Some("openid"),
        }
    }

    /// The same request with this `scope`.
    pub fn with_scope(self, scope: Option<&'a str>) -> Self {
        TokenRequest { scope, ..self }
    }
}

/// What the token endpoint answers instead of tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The OAuth error code.
    pub error: &'static str,
    /// The description, as servers word it.
    pub description: String,
}

/// Why no tokens could be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTokens {
    /// The server refuses the request.
    #[error("the server answers {} {}: {}", .0.status, .0.error, .0.description)]
    Refused(Refusal),
    /// The user is not in the realm's document.
    #[error("there is no user {0:?} in what was read of the realm")]
    NoSuchUser(String),
}

/// The tokens that a request gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IssuedTokens {
    /// The access token.
    pub access_token: Token,
    /// The ID token; none when the request does not ask for `openid`.
    pub id_token: Option<Token>,
    /// The roles in the access token.
    pub roles: TokenRoles,
    /// The claim `scope`.
    pub scope: String,
    /// What is not defined: servers answer one way or the other. Sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undefined: Vec<String>,
    /// What could not be read and may change the tokens. Sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
}

/// A token, as far as audiences and subject go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Token {
    /// The audiences that are in it for certain, in alphabetical order; empty when there is no `aud` claim.
    pub aud: Vec<String>,
    /// Audiences that may be in it or not, because servers do not define the order of mappers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub perhaps: Vec<String>,
    /// Whether it has a `sub`.
    pub sub: bool,
    /// Where each audience and the subject come from.
    pub via: Vec<Via>,
}

impl Token {
    /// Whether this audience is in the token for certain.
    pub fn has_audience(&self, audience: &str) -> bool {
        self.aud.iter().any(|issued| issued == audience)
    }
}

/// Where a claim of a token comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Via {
    /// `aud` or `sub`.
    pub claim: &'static str,
    /// The audience; for `sub` nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The name of the mapper that writes it; none for what the server writes without a mapper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapper: Option<String>,
    /// The client scope that holds the mapper; none for a mapper of the client itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_scope: Option<String>,
    /// The role through which audience resolving finds the audience, as `client.role`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The whole in words.
    pub how: String,
    /// The mapper's place.
    #[serde(skip)]
    pub at: Option<Locus>,
}

/// Roles in an access token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TokenRoles {
    /// `realm_access.roles`; empty when there is none.
    pub realm: BTreeSet<Arc<str>>,
    /// `resource_access`, by clientId.
    pub client: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
}

/// Whether servers of this version leave disabled and deleted clients out of `aud` and `resource_access` (CVE-2026-93999).
///
/// Fixed in 26.6.8; 26.7.4 does not have it, so that the fix of that line is taken to be 26.7.5, and that of the next 26.8.1.
pub fn leaves_dead_clients_out(version: Version) -> bool {
    let fixed = match (version.major(), version.minor()) {
        (26, 6) => Version::new(26, 6, 8),
        (26, 7) => Version::new(26, 7, 5),
        _ => Version::new(26, 8, 1),
    };
    version >= fixed
}

/// The tokens that `request` gets for `client`.
///
/// # Errors
/// When the server refuses the request, or the user is not in the document.
pub fn issue(
    held: &HeldRealm,
    realm: &Realm,
    client: &Client,
    request: &TokenRequest<'_>,
) -> Result<IssuedTokens, NoTokens> {
    refuse_flow(client, request)?;
    let mut issuing = Issuing::start(held, realm, client, request)?;
    issuing.apply_role_mappers();
    let access_token = issuing.access_token();
    let asks_openid = request.scope.is_some_and(|scope| scope.split(' ').any(|name| name == "openid"));
    let id_token = asks_openid.then(|| issuing.id_token());
    let roles = issuing.token_roles();
    let scope = issuing.scope_claim(asks_openid);
    Ok(IssuedTokens {
        access_token,
        id_token,
        roles,
        scope,
        undefined: issuing.undefined,
        unread: issuing.unread,
    })
}

fn refuse_flow(client: &Client, request: &TokenRequest<'_>) -> Result<(), NoTokens> {
    let refuse = |status, error, description: &str| {
        Err(NoTokens::Refused(Refusal { status, error, description: description.to_owned() }))
    };
    if client.enabled.is_off() {
        return refuse(401, "invalid_client", "Invalid client or Invalid client credentials");
    }
    match request.grant {
        _ if client.bearer_only.is_on() => {
            refuse(400, "invalid_client", "Bearer-only client not allowed to initiate login")
        }
        Grant::AuthorizationCode if client.standard_flow.is_off() => {
            refuse(401, "unauthorized_client", "Client is not allowed to initiate browser login")
        }
        Grant::Password if client.direct_access_grants.is_off() => {
            refuse(400, "unauthorized_client", "Client not allowed for direct access grants")
        }
        Grant::Password if client.consent_required.is_on() => {
            refuse(400, "invalid_client", "Client requires user consent")
        }
        Grant::ClientCredentials if client.public_client.is_on() => {
            refuse(401, "unauthorized_client", "Public client not allowed to retrieve service account")
        }
        Grant::ClientCredentials if client.service_accounts.is_off() => {
            refuse(401, "unauthorized_client", "Client not enabled to retrieve service account")
        }
        _ => Ok(()),
    }
}

/// Whether the client's access tokens are lightweight by its own attribute; a client policy may make them so as well.
pub fn is_lightweight(client: &Client) -> bool {
    let value = client.attribute(attribute::LIGHTWEIGHT).and_then(|value| value.text());
    value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}
