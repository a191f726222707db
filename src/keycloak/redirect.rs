//! Whether a Keycloak server of a given version accepts a redirect URI for a client, and the exact step that refuses it.
//!
//! A [`Matcher`] is prepared once for a client and a version and judges many requests. It follows the server step by step: the parameter is
//! cleaned and measured, parsed with Java's grammar, searched for reserved parameters, compared with the registered entries (longest first),
//! compared again without its port when it names a loopback host, and last its scheme is checked.

use std::borrow::Cow;

use super::generation::{Behaviour, Decoding, Loopback, Matching, Reserved};
use super::java_uri::JavaUri;
use super::version::Version;

mod cleaning;
mod escaping;
mod hazards;
mod legacy;
pub(crate) mod loose_uri;
mod nearest;
mod reason;
mod resolve;
mod table;
mod verdict;

pub(crate) use cleaning::cleaned;
pub use hazards::RESERVED_PARAMETERS;
pub(crate) use hazards::{has_parent_access, reserved_parameter};
pub(crate) use legacy::is_folded;
pub use loose_uri::EntryFault;
pub use nearest::{Difference, Nearest};
pub use resolve::{base_url, origin_of};
use table::{Cut, Found, Table};
pub use verdict::{Acceptance, Breakage, How, MissingReason, Refusal, Verdict, WildcardsOff};

/// What a server knows about a client and itself when it judges a redirect URI.
#[derive(Debug, Clone, Copy)]
pub struct Registration<'a, S> {
    /// The registered entries, in any order.
    pub registered: &'a [S],
    /// The client's root URL, as stored.
    pub root_url: Option<&'a str>,
    /// The URL that browsers reach the server under.
    pub frontend_url: &'a str,
    /// The URL of the admin console; the frontend URL when it is not set.
    pub admin_url: Option<&'a str>,
    /// Whether the client's attribute `allow.oidc.params.in.redirect.uris`, or the server option of the same meaning, is on.
    pub allow_oidc_parameters: bool,
}

/// Which endpoint asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// The authorization endpoint, with `redirect_uri`.
    Authorization,
    /// The logout endpoint, with `post_logout_redirect_uri`: nothing is cleaned or measured there.
    Logout,
}

/// The registered entries of a client, prepared for one server version.
#[derive(Debug, Clone)]
pub struct Matcher {
    behaviour: Behaviour,
    endpoint: Endpoint,
    allow_oidc_parameters: bool,
    base: String,
    /// `None` when an old server cannot even resolve the entries.
    table: Option<Table>,
    /// What stands in for a parameter that was left out.
    single: Option<String>,
    empty: bool,
}

impl Matcher {
    /// Resolves, sorts and classifies the entries as a server of `version` does.
    #[must_use]
    pub fn new<S: AsRef<str>>(
        registration: &Registration<'_, S>,
        version: Version,
        endpoint: Endpoint,
    ) -> Self {
        let behaviour = Behaviour::of(version);
        let base = base_url(registration.root_url, registration.frontend_url, registration.admin_url);
        let first = registration.registered.first().map(AsRef::as_ref);
        let single =
            first.filter(|first| registration.registered.iter().all(|entry| entry.as_ref() == *first));
        Self {
            behaviour,
            endpoint,
            allow_oidc_parameters: registration.allow_oidc_parameters,
            table: Table::new(registration.registered, &base, &behaviour).ok(),
            base,
            single: single.map(|entry| entry.split_once("/*").map_or(entry, |(front, _)| front).to_owned()),
            empty: registration.registered.is_empty(),
        }
    }

    /// The rules that this matcher follows.
    #[must_use]
    pub fn behaviour(&self) -> &Behaviour {
        &self.behaviour
    }

    /// What stands in front of relative entries.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Judges one request. `requested` is the parameter after form decoding, `None` when it was left out; `required` says whether it may be
    /// (it may when the scope does not hold `openid`).
    #[must_use]
    pub fn judge<'a>(&self, requested: Option<&'a str>, required: bool) -> Verdict<'a> {
        let Some(text) = requested else {
            return self.judge_missing(required, Refusal::Missing);
        };
        if self.endpoint == Endpoint::Logout {
            return self.judge_text(text, required);
        }
        if self.behaviour.cleans_parameters
            && let Some(clean) = cleaned(text)
        {
            return self.judge_measured(&clean, required).into_owned();
        }
        self.judge_measured(text, required)
    }

    fn judge_missing<'a>(&self, required: bool, refusal: impl Fn(MissingReason) -> Refusal) -> Verdict<'a> {
        match (&self.single, required) {
            (_, true) => Verdict::Refused(refusal(MissingReason::Required)),
            (None, false) => Verdict::Refused(refusal(MissingReason::NotOneEntry)),
            (Some(entry), false) => Verdict::Accepted(Acceptance {
                resolved: Cow::Owned(entry.clone()),
                entry: 0,
                how: How::SingleEntry,
            }),
        }
    }

    fn judge_measured<'a>(&self, text: &'a str, required: bool) -> Verdict<'a> {
        if let Some(limit) = self.behaviour.parameter_limit
            && text.len() > limit
        {
            let length = text.chars().map(char::len_utf16).sum();
            if length > limit {
                return self.judge_missing(required, |_| Refusal::TooLong { length, limit });
            }
        }
        self.judge_text(text, required)
    }

    fn judge_text<'a>(&self, text: &'a str, required: bool) -> Verdict<'a> {
        match self.behaviour.matching {
            // 21.0 decodes before it looks whether there is an entry, and takes what it cannot decode for left out.
            Matching::Decoded(rules) if !rules.tries_original => match self.judge_decoded(text, rules) {
                Verdict::Refused(Refusal::Undecodable) if !required => {
                    self.judge_missing(required, Refusal::Missing)
                }
                Verdict::Refused(_) if self.empty => Verdict::Refused(Refusal::NoEntries),
                verdict => verdict,
            },
            _ if self.empty => Verdict::Refused(Refusal::NoEntries),
            Matching::AsWritten => self.judge_as_written(text),
            Matching::Decoded(rules) => self.judge_decoded(text, rules),
        }
    }

    fn judge_as_written<'a>(&self, text: &'a str) -> Verdict<'a> {
        let Some(table) = &self.table else {
            return Verdict::Breaks(Breakage::Unsplit);
        };
        let uri = match JavaUri::parse(text) {
            Ok(uri) => uri,
            Err(problem) => return Verdict::Refused(Refusal::NotAUri(problem)),
        };
        if let Some(refusal) = self.reserved_parameter(&uri) {
            return Verdict::Refused(refusal);
        }
        let off = self.wildcards_off(&uri);
        let cut = cut_as_written(text, off);
        let mut found = table.find(text, cut);
        let mut matched = matched_text(table, found, cut);
        let mut by_loopback = false;
        let portless;
        if found == Found::Nothing
            && let Some(retry) = self.without_loopback_port(text, &uri)
        {
            portless = retry;
            let cut = cut_as_written(&portless, off);
            found = table.find(&portless, cut);
            matched = matched_text(table, found, cut);
            by_loopback = true;
        }
        match found {
            Found::Nothing => {
                let missed = off.filter(|_| table.find(text, cut_as_written(text, None)) != Found::Nothing);
                Verdict::Refused(Refusal::NoEntryMatched { wildcards_off: missed })
            }
            Found::Breaks(rank) => breaks(table, rank),
            Found::Match { rank, wildcard } => {
                let entry = table.entries[rank].registered;
                if !scheme_is_allowed(uri.scheme, matched) {
                    return Verdict::Refused(Refusal::SchemeNotSpelledOut { entry });
                }
                let resolved =
                    if uri.scheme.is_some() { Cow::Borrowed(text) } else { Cow::Owned(self.absolute(text)) };
                Verdict::Accepted(Acceptance { resolved, entry, how: how(wildcard, by_loopback) })
            }
        }
    }

    fn judge_decoded<'a>(&self, text: &'a str, rules: Decoding) -> Verdict<'a> {
        let seen = match legacy::see(text, rules) {
            Ok(seen) => seen,
            Err(legacy::Unseen::Malformed(problem)) => return Verdict::Refused(Refusal::NotAUri(problem)),
            Err(legacy::Unseen::Undecodable) => return Verdict::Refused(Refusal::Undecodable),
            Err(legacy::Unseen::DecodedMalformed) => return Verdict::Refused(Refusal::DecodedNotAUri),
            Err(legacy::Unseen::Breaks(loose_uri::LooseFault::EmptyHost)) => {
                return Verdict::Breaks(Breakage::EmptyHost);
            }
            Err(legacy::Unseen::Breaks(_)) => return Verdict::Breaks(Breakage::Unsplit),
        };
        let Some(table) = &self.table else {
            return Verdict::Breaks(Breakage::Unsplit);
        };
        let stripped = legacy::cut_for_wildcards(&seen.decoded, rules);
        let cut = stripped.as_deref().map_or(Cut::Fails, Cut::At);
        let mut found = table.find(&seen.decoded, cut);
        let mut matched = matched_text(table, found, cut);
        let mut by_loopback = false;
        let (portless, stripped);
        if found == Found::Nothing
            && let Some(retry) = without_port_text(&seen.decoded)
        {
            portless = retry;
            stripped = legacy::cut_for_wildcards(&portless, rules);
            let cut = stripped.as_deref().map_or(Cut::Fails, Cut::At);
            found = table.find(&portless, cut);
            matched = matched_text(table, found, cut);
            by_loopback = true;
        }
        if found == Found::Nothing
            && rules.tries_original
            && let Some(original) = &seen.original
        {
            found = table.find(original, Cut::Off);
            matched = matched_text(table, found, Cut::Off);
            by_loopback = false;
        }
        match found {
            Found::Nothing => Verdict::Refused(Refusal::NoEntryMatched { wildcards_off: None }),
            Found::Breaks(_) => Verdict::Breaks(if legacy::has_empty_host(&seen.decoded) {
                Breakage::EmptyHost
            } else {
                Breakage::Unsplit
            }),
            Found::Match { rank, wildcard } => {
                let result = if rules.tries_original { seen.original } else { Some(seen.decoded) };
                let Some(result) = result else {
                    return Verdict::Breaks(Breakage::MalformedMatch);
                };
                let entry = table.entries[rank].registered;
                if rules.guards_schemes && !scheme_is_allowed(seen.scheme.as_deref(), matched) {
                    return Verdict::Refused(Refusal::SchemeNotSpelledOut { entry });
                }
                let relative =
                    if rules.resolves_any_relative { !seen.absolute } else { result.starts_with('/') };
                let resolved = if relative { Cow::Owned(self.absolute(&result)) } else { result };
                Verdict::Accepted(Acceptance { resolved, entry, how: how(wildcard, by_loopback) })
            }
        }
    }

    fn reserved_parameter(&self, uri: &JavaUri<'_>) -> Option<Refusal> {
        if self.allow_oidc_parameters || self.behaviour.reserved == Reserved::Nowhere {
            return None;
        }
        let found = |part: Option<&str>, in_fragment| {
            part.and_then(reserved_parameter).map(|name| Refusal::ReservedParameter { name, in_fragment })
        };
        found(uri.query, false).or_else(|| {
            found(uri.fragment.filter(|_| self.behaviour.reserved == Reserved::QueryAndFragment), true)
        })
    }

    fn wildcards_off(&self, uri: &JavaUri<'_>) -> Option<WildcardsOff> {
        if uri.user_info.is_some() {
            Some(WildcardsOff::UserInfo)
        } else if self.behaviour.odd_authority_stops_wildcards && uri.has_registry_authority() {
            Some(WildcardsOff::OddAuthority)
        } else if uri.path.is_some_and(|path| has_parent_access(path, self.behaviour.parent_access)) {
            Some(WildcardsOff::ParentAccess)
        } else {
            None
        }
    }

    fn without_loopback_port(&self, text: &str, uri: &JavaUri<'_>) -> Option<String> {
        match self.behaviour.loopback {
            Loopback::Text => without_port_text(text),
            Loopback::Host => without_port(uri),
        }
    }

    fn absolute(&self, relative: &str) -> String {
        let slash = if relative.starts_with('/') { "" } else { "/" };
        [self.base.as_str(), slash, relative].concat()
    }
}

fn matched_text<'t>(table: &'t Table, found: Found, cut: Cut<'_>) -> &'t str {
    match found {
        Found::Match { rank, wildcard } => table.matched_text(rank, wildcard, cut),
        Found::Nothing | Found::Breaks(_) => "",
    }
}

fn how(wildcard: bool, by_loopback: bool) -> How {
    match (by_loopback, wildcard) {
        (true, _) => How::LoopbackPort,
        (false, true) => How::Wildcard,
        (false, false) => How::Exactly,
    }
}

fn breaks<'a>(table: &Table, rank: usize) -> Verdict<'a> {
    let entry = &table.entries[rank];
    Verdict::Breaks(match entry.shape {
        table::Shape::Breaks(fault) => Breakage::Entry { entry: entry.registered, fault },
        _ => Breakage::Unsplit,
    })
}

fn cut_as_written(text: &str, wildcards_off: Option<WildcardsOff>) -> Cut<'_> {
    if wildcards_off.is_some() { Cut::Off } else { Cut::At(without_query_or_fragment(text)) }
}

/// What wildcards see: the text up to its first `?`, or, when it has none, up to its first `#`.
fn without_query_or_fragment(text: &str) -> &str {
    let end = text.find('?').or_else(|| text.find('#')).unwrap_or(text.len());
    &text[..end]
}

fn scheme_is_allowed(scheme: Option<&str>, matched: &str) -> bool {
    scheme.is_none_or(|scheme| {
        scheme.eq_ignore_ascii_case("http")
            || scheme.eq_ignore_ascii_case("https")
            || matched.strip_prefix(scheme).is_some_and(|rest| rest.starts_with(':'))
    })
}

/// The URI without its port when its host is a loopback one, put together again as the server does: a bare `?` goes as well.
fn without_port(uri: &JavaUri<'_>) -> Option<String> {
    let host = uri.host.filter(|host| matches!(*host, "localhost" | "127.0.0.1" | "[::1]"))?;
    if uri.scheme != Some("http") {
        return None;
    }
    let mut text = String::with_capacity(uri.as_str().len());
    text.push_str("http://");
    if let Some(user_info) = uri.user_info {
        text.push_str(user_info);
        text.push('@');
    }
    text.push_str(host);
    text.push_str(uri.path.unwrap_or_default());
    if let Some(query) = uri.query.filter(|query| !query.is_empty()) {
        text.push('?');
        text.push_str(query);
    }
    if let Some(fragment) = uri.fragment {
        text.push('#');
        text.push_str(fragment);
    }
    Some(text)
}

/// The text without everything from its first colon behind `http://localhost` or `http://127.0.0.1` to the next slash.
fn without_port_text(text: &str) -> Option<String> {
    let front = ["http://localhost", "http://127.0.0.1"].into_iter().find(|front| text.starts_with(front))?;
    let colon = front.len() + text[front.len()..].find(':')?;
    let rest = text[colon..].find('/').map_or("", |slash| &text[colon + slash..]);
    Some([&text[..colon], rest].concat())
}

#[cfg(test)]
mod tests;
