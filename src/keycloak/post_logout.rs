//! Where a client may send a browser after logout: the attribute `post.logout.redirect.uris`.

use super::generation::{Behaviour, PostLogoutPlus};
use super::redirect::{Endpoint, Matcher, Registration, Verdict};
use super::version::Version;

/// The client attribute that holds the entries, joined with `##`.
pub const ATTRIBUTE: &str = "post.logout.redirect.uris";

/// Which URIs a client allows after logout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed<'a> {
    /// None at all: the attribute begins with `-`.
    Nothing,
    /// The redirect URIs: the attribute is absent, blank or empty, or says `+` only.
    RedirectUris,
    /// These entries.
    Entries(Vec<&'a str>),
    /// These entries and the redirect URIs: the attribute holds `+` among others (24.0 and later).
    EntriesAndRedirectUris(Vec<&'a str>),
}

/// The elements of the attribute, split as Java's `split("\\s*##\\s*")` does: blanks around `##` go, blanks at the two outer ends stay, empty
/// elements at the end are dropped.
#[must_use]
pub fn elements(attribute: &str) -> Vec<&str> {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r');
    let mut elements = Vec::new();
    let mut rest = attribute;
    while let Some((front, behind)) = rest.split_once("##") {
        elements.push(front.trim_end_matches(blank));
        rest = behind.trim_start_matches(blank);
    }
    elements.push(rest);
    while elements.last().is_some_and(|last| last.is_empty()) {
        elements.pop();
    }
    elements
}

/// What the attribute allows on a server of this version. A blank attribute counts as absent: servers drop it when it is saved.
#[must_use]
pub fn allowed(attribute: Option<&str>, version: Version) -> Allowed<'_> {
    let elements =
        attribute.filter(|attribute| !attribute.trim().is_empty()).map(elements).unwrap_or_default();
    let others = || elements.iter().copied().filter(|element| *element != "+").collect::<Vec<_>>();
    match (elements.first(), Behaviour::of(version).post_logout_plus) {
        (None, _) => Allowed::RedirectUris,
        (Some(&"-"), _) => Allowed::Nothing,
        (Some(&"+"), PostLogoutPlus::OnlyFirst) => Allowed::RedirectUris,
        (_, PostLogoutPlus::AddsAnywhere) if elements.contains(&"+") => match others() {
            others if others.is_empty() => Allowed::RedirectUris,
            others => Allowed::EntriesAndRedirectUris(others),
        },
        _ => Allowed::Entries(elements),
    }
}

/// The logout rules of one client on one version, prepared to judge many requests.
#[derive(Debug, Clone)]
pub struct PostLogoutMatcher {
    entries: Vec<String>,
    closed: bool,
    matcher: Matcher,
}

impl PostLogoutMatcher {
    /// Prepares the rules. `registration` holds the client's redirect URIs, `attribute` the stored attribute.
    #[must_use]
    pub fn new<S: AsRef<str>>(
        registration: &Registration<'_, S>,
        attribute: Option<&str>,
        version: Version,
    ) -> Self {
        let owned = |entries: Vec<&str>| entries.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let redirect_uris = || registration.registered.iter().map(|entry| entry.as_ref().to_owned());
        let allowed = allowed(attribute, version);
        let closed = allowed == Allowed::Nothing;
        let entries = match allowed {
            Allowed::Nothing => Vec::new(),
            Allowed::RedirectUris => redirect_uris().collect(),
            Allowed::Entries(entries) => owned(entries),
            Allowed::EntriesAndRedirectUris(entries) => {
                owned(entries).into_iter().chain(redirect_uris()).collect()
            }
        };
        let registration = Registration {
            registered: &entries,
            root_url: registration.root_url,
            frontend_url: registration.frontend_url,
            admin_url: registration.admin_url,
            allow_oidc_parameters: registration.allow_oidc_parameters,
        };
        Self { matcher: Matcher::new(&registration, version, Endpoint::Logout), closed, entries }
    }

    /// The entries that count, in the order in which verdicts number them: those of the attribute, then the redirect URIs.
    #[must_use]
    pub fn entries(&self) -> &[String] {
        &self.entries
    }

    /// Whether this and the other matcher, made from the same client, put equal verdicts into the same words.
    pub(crate) fn explains_alike(&self, other: &Self) -> bool {
        self.matcher.explains_alike(&other.matcher)
            && self.entries == other.entries
            && self.closed == other.closed
    }

    /// Judges one `post_logout_redirect_uri`.
    #[must_use]
    pub fn judge<'a>(&self, requested: Option<&'a str>) -> Verdict<'a> {
        self.matcher.judge(requested, true)
    }

    /// One sentence that says why.
    #[must_use]
    pub fn reason(&self, requested: Option<&str>, verdict: &Verdict<'_>) -> String {
        if self.closed && requested.is_some() {
            return format!("The attribute {ATTRIBUTE} begins with -, so nothing is allowed after logout.");
        }
        self.matcher.reason(&self.entries, requested, verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::{Allowed, allowed, elements};
    use crate::keycloak::version::Version;

    #[test]
    fn the_attribute_is_split_as_java_splits() {
        for (attribute, expected) in [
            ("https://a/x ## https://b/y", vec!["https://a/x", "https://b/y"]),
            (" https://a/x## ", vec![" https://a/x"]),
            ("##", vec![]),
            ("## \t##", vec![]),
            ("##https://a/x", vec!["", "https://a/x"]),
            ("a###b", vec!["a", "#b"]),
            ("a####b", vec!["a", "", "b"]),
            ("a#b", vec!["a#b"]),
            ("a\u{a0}##b", vec!["a\u{a0}", "b"]),
        ] {
            assert_eq!(elements(attribute), expected, "{attribute:?}");
        }
    }

    #[test]
    fn plus_and_minus_mean_what_the_version_says() {
        let (old, new) = (Version::new(23, 0, 7), Version::new(24, 0, 5));
        for (attribute, by_old, by_new) in [
            (None, Allowed::RedirectUris, Allowed::RedirectUris),
            (Some(" "), Allowed::RedirectUris, Allowed::RedirectUris),
            (Some("##"), Allowed::RedirectUris, Allowed::RedirectUris),
            (Some("-##+"), Allowed::Nothing, Allowed::Nothing),
            (Some("+"), Allowed::RedirectUris, Allowed::RedirectUris),
            (Some("+##x"), Allowed::RedirectUris, Allowed::EntriesAndRedirectUris(vec!["x"])),
            (Some("x##+"), Allowed::Entries(vec!["x", "+"]), Allowed::EntriesAndRedirectUris(vec!["x"])),
            (Some("x##-"), Allowed::Entries(vec!["x", "-"]), Allowed::Entries(vec!["x", "-"])),
            (Some(" + "), Allowed::Entries(vec![" + "]), Allowed::Entries(vec![" + "])),
        ] {
            assert_eq!(allowed(attribute, old), by_old, "{attribute:?}");
            assert_eq!(allowed(attribute, new), by_new, "{attribute:?}");
        }
    }
}
