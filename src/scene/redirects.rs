//! Matchers for a client's redirect URIs, prepared when a rule asks for them.

use super::Scene;
use crate::keycloak::model::attribute;
use crate::keycloak::redirect::{Endpoint, Matcher, Registration};
use crate::keycloak::version::Version;
use crate::link::naming::realm_url;
use crate::snapshot::{ClientId, RealmId};

/// Stands for the frontend URL where it is not known; only relative entries of clients without a root URL depend on it.
const FRONTEND_NOT_KNOWN: &str = "https://frontend-url.invalid";

/// What servers of each judged version accept as redirect URIs of a client.
#[derive(Debug)]
pub struct RedirectMatchers {
    /// A matcher for each version that the realm is judged by, oldest first.
    pub by_version: Vec<(Version, Matcher)>,
    /// For each entry that the matchers know its position in `redirectUris`; entries that are not known are left out.
    pub positions: Vec<usize>,
    /// Why entries are not known, as clauses with their positions; when there are any, a refusal is not certain.
    pub unknown: Vec<(usize, String)>,
    /// Whether relative entries depend on the server's frontend URL, which is not known.
    pub needs_frontend_url: bool,
}

impl Scene<'_> {
    /// The URL under which browsers reach a realm's Keycloak, without `/realms/…`, where it is known and the same for every request.
    pub fn frontend_url(&self, id: RealmId) -> Option<&str> {
        match self.server(id).issuer.known() {
            [issuer] => realm_url(issuer).map(|parts| parts.base),
            _ => None,
        }
    }

    /// Matchers for a client's redirect URIs, one a version. They cost time and memory: ask for bound clients, and once.
    pub fn redirect_matchers(&self, id: ClientId) -> RedirectMatchers {
        let client = self.client(id);
        let mut registered = Vec::with_capacity(client.redirect_uris.len());
        let mut positions = Vec::with_capacity(client.redirect_uris.len());
        let mut unknown = Vec::new();
        for (index, entry) in client.redirect_uris.iter().enumerate() {
            match entry.text() {
                Some(text) => {
                    registered.push(text);
                    positions.push(index);
                }
                None => {
                    let why = entry.why_unknown().unwrap_or("it is taken for a secret");
                    unknown.push((index, why.to_owned()));
                }
            }
        }
        let root_url = client.root_url.as_ref().filter(|url| url.text() != Some(""));
        if let Some(why) = root_url.and_then(|url| url.why_unknown()) {
            for (position, entry) in positions.iter().zip(&registered) {
                if entry.starts_with('/') {
                    unknown.push((*position, format!("it is relative to `rootUrl`, and {why}")));
                }
            }
        }
        let frontend = self.frontend_url(id.realm);
        let has_relative = registered.iter().any(|entry| entry.starts_with('/'));
        let registration = Registration {
            registered: &registered,
            root_url: root_url.and_then(|url| url.text()),
            frontend_url: frontend.unwrap_or(FRONTEND_NOT_KNOWN),
            admin_url: None,
            allow_oidc_parameters: client
                .attribute(attribute::ALLOW_OIDC_PARAMETERS)
                .is_some_and(|value| value.text() == Some("true")),
        };
        let by_version = self
            .versions(id.realm)
            .iter()
            .map(|version| (*version, Matcher::new(&registration, *version, Endpoint::Authorization)))
            .collect();
        RedirectMatchers {
            by_version,
            positions,
            unknown,
            needs_frontend_url: has_relative && root_url.is_none() && frontend.is_none(),
        }
    }
}
