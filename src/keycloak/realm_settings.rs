//! Identity providers and event settings of a realm as they were read.

use crate::keycloak::model::Text;
use crate::known::Known;
use crate::locus::Locus;
use crate::sorted::SortedMap;

/// An identity provider of a realm: whose assertions Keycloak believes.
#[derive(Debug, Clone)]
pub struct IdentityProvider {
    /// The provider's mapping in its document.
    pub at: Locus,
    /// `alias`: the name that clients call it by.
    pub alias: Text,
    /// `providerId`, its type: `oidc`, `keycloak-oidc`, `kubernetes`, `google` …
    pub provider: Text,
    /// `enabled`; absent means on.
    pub enabled: Known<bool>,
    /// The entries of `config` that anything here reads, by name; see [`provider_config`]. Empty ones are left out.
    pub config: SortedMap<&'static str, Text>,
}

/// Names of the entries of an identity provider's `config` that anything here reads.
pub mod provider_config {
    /// The issuer whose tokens it takes.
    pub const ISSUER: &str = "issuer";
    /// Where the keys of that issuer are read.
    pub const JWKS_URL: &str = "jwksUrl";
    /// A pinned key of that issuer.
    pub const PUBLIC_KEY: &str = "publicKeySignatureVerifier";
    /// Whether clients may log in with assertions of that issuer; absent means no.
    pub const SUPPORTS_CLIENT_ASSERTIONS: &str = "supportsClientAssertions";
    /// Whether an assertion may be used twice, and need no `jti`; absent means no.
    pub const SUPPORTS_CLIENT_ASSERTION_REUSE: &str = "supportsClientAssertionReuse";
    /// Whether the keys are read from [`JWKS_URL`]; absent means no.
    pub const USE_JWKS_URL: &str = "useJwksUrl";

    /// All of them, in alphabetical order.
    pub const ALL: [&str; 6] = [
        ISSUER,
        JWKS_URL,
        PUBLIC_KEY,
        SUPPORTS_CLIENT_ASSERTION_REUSE,
        SUPPORTS_CLIENT_ASSERTIONS,
        USE_JWKS_URL,
    ];
}

impl IdentityProvider {
    /// An entry of its configuration, by its name of [`provider_config`]; none when it is absent or empty.
    pub fn setting(&self, name: &str) -> Option<&Text> {
        self.config.get(name)
    }

    /// Whether a switch of its configuration is on; absent ones are off, as servers read them.
    pub fn switch(&self, name: &str) -> Known<bool> {
        match self.config.get(name) {
            None => Known::Value(false),
            Some(Known::Value(text)) => Known::Value(text.eq_ignore_ascii_case("true")),
            Some(Known::Secret(_)) => Known::unknown(format!("`{name}` is secret")),
            Some(Known::Unknown(why)) => Known::Unknown(why.clone()),
        }
    }
}

/// Which events a realm keeps, as far as its document states it; what is absent is off on servers.
#[derive(Debug, Clone, Default)]
pub struct EventSettings {
    /// `eventsEnabled`: whether logins are kept.
    pub logins: Option<Known<bool>>,
    /// `eventsExpiration`: for how many seconds; 0 and absent mean for good.
    pub login_expiration: Option<Known<i64>>,
    /// `enabledEventTypes`: which kinds of them; empty means all.
    pub login_types: Vec<Text>,
    /// `adminEventsEnabled`: whether changes by administrators are kept.
    pub admin: Option<Known<bool>>,
    /// `adminEventsDetailsEnabled`: whether what was changed is kept with them.
    pub admin_details: Option<Known<bool>>,
    /// Realm attribute `adminEventsExpiration`: for how many seconds; 0 and absent mean for good.
    pub admin_expiration: Option<Known<i64>>,
}
