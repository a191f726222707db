//! Which browser origins a client's tokens may be fetched from: the client field `webOrigins`.

use super::generation::Behaviour;
use super::redirect::{Registration, base_url, origin_of};
use super::version::Version;

/// The origins that a client allows on one version.
#[derive(Debug, Clone)]
pub struct AllowedOrigins {
    refuses_foreign_origins: bool,
    origins: Vec<AllowedOrigin>,
}

/// One allowed origin and the entry that it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedOrigin {
    /// The text that the `Origin` header must equal; `*` allows every origin.
    pub origin: String,
    /// The place of the entry in the client's list.
    pub entry: usize,
    /// For an origin that `+` stands for, the place of the redirect URI that it comes from.
    pub redirect_uri: Option<usize>,
}

/// The answer to one `Origin` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginVerdict<'a> {
    /// The answer carries the headers that let the browser read it.
    Allowed(&'a AllowedOrigin),
    /// The answer carries no such headers, so the browser keeps it from the page.
    Unread {
        /// Whether the token endpoint does not even look at the request and answers 403 "Invalid origin" (26.6.3 and later).
        refused: bool,
    },
}

impl OriginVerdict<'_> {
    /// Whether the origin is allowed.
    #[must_use]
    pub fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

/// The origins that a server fills in when a client is created without `webOrigins`: those of the redirect URIs that begin with a lower-case
/// `http`, as written. An empty list stays empty.
#[must_use]
pub fn filled_in<S: AsRef<str>>(redirect_uris: &[S]) -> Vec<String> {
    let mut origins: Vec<String> = Vec::new();
    for uri in redirect_uris.iter().map(AsRef::as_ref).filter(|uri| uri.starts_with("http")) {
        let origin = origin_of(uri);
        if !origins.iter().any(|known| known == origin) {
            origins.push(origin.to_owned());
        }
    }
    origins
}

impl AllowedOrigins {
    /// Expands the entries; `registration` holds the client's redirect URIs. `+` stands for the origins of the redirect URIs that, with the base in front of relative ones, begin with a
    /// lower-case `http://` or `https://`.
    #[must_use]
    pub fn new<O: AsRef<str>, S: AsRef<str>>(
        web_origins: &[O],
        registration: &Registration<'_, S>,
        version: Version,
    ) -> Self {
        let base = base_url(registration.root_url, registration.frontend_url, registration.admin_url);
        let mut origins = Vec::new();
        for (entry, text) in web_origins.iter().map(AsRef::as_ref).enumerate() {
            if text != "+" {
                origins.push(AllowedOrigin { origin: text.to_owned(), entry, redirect_uri: None });
                continue;
            }
            for (place, uri) in registration.registered.iter().map(AsRef::as_ref).enumerate() {
                let resolved =
                    if uri.starts_with('/') { [base.as_str(), uri].concat() } else { uri.to_owned() };
                if resolved.starts_with("http://") || resolved.starts_with("https://") {
                    origins.push(AllowedOrigin {
                        origin: origin_of(&resolved).to_owned(),
                        entry,
                        redirect_uri: Some(place),
                    });
                }
            }
        }
        Self { refuses_foreign_origins: Behaviour::of(version).refuses_foreign_origins, origins }
    }

    /// The allowed origins, in the order of the entries and redirect URIs.
    #[must_use]
    pub fn origins(&self) -> &[AllowedOrigin] {
        &self.origins
    }

    /// Judges an `Origin` header. `server_origin` is the origin of the URL under which the server received the request (not its configured
    /// hostname): it is never refused, though not allowed either.
    #[must_use]
    pub fn judge(&self, origin: &str, server_origin: &str) -> OriginVerdict<'_> {
        // HTTP takes blanks around a header value away.
        let origin = origin.trim_matches([' ', '\t']);
        match self.origins.iter().find(|allowed| allowed.origin == "*" || allowed.origin == origin) {
            Some(allowed) => OriginVerdict::Allowed(allowed),
            None => {
                OriginVerdict::Unread { refused: self.refuses_foreign_origins && origin != server_origin }
            }
        }
    }

    /// Judges a request without an `Origin` header, which no browser page sends: nothing is refused.
    #[must_use]
    pub fn without_origin(&self) -> OriginVerdict<'_> {
        OriginVerdict::Unread { refused: false }
    }
}
