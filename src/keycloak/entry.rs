//! What one registered redirect URI means to a server of a given version: what it lets in, why it can never match, what is dangerous about it.

use super::generation::{
    Behaviour, Folding, LONGEST_STORABLE_ENTRY, Loopback, Matching, ParentAccess, Reserved,
};
use super::java_uri::{JavaUri, NotAUri};
use super::redirect::loose_uri::star_place;
use super::redirect::{EntryFault, cleaned, has_parent_access, is_folded, reserved_parameter};
use super::version::Version;

mod pieces;

pub(crate) use pieces::Pieces;

/// A registered entry as a server of one version takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryFacts {
    /// The entry with the base in front, when it is relative.
    pub resolved: String,
    /// What it lets in.
    pub reach: Reach,
    /// What is dangerous about it, whatever it lets in.
    pub dangers: Vec<Danger>,
    /// Its length as stored, in UTF-16 units.
    pub length: usize,
}

impl EntryFacts {
    /// Whether the server's database holds it; saving a longer one ends in a 500.
    #[must_use]
    pub fn is_storable(&self) -> bool {
        self.length <= LONGEST_STORABLE_ENTRY
    }
}

/// What an entry lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// `*`: every http and https URL.
    Anything,
    /// `https://*`, `http*` and the like: every host.
    AnyHost,
    /// `https://host*`.
    HostWildcard {
        /// The host in front of the star.
        host: String,
        /// Whether the server takes the text for a plain prefix, so that `https://host.evil.tld` matches; else it reads `https://host/*`.
        open: bool,
    },
    /// `https://host:*`: every port, but not none.
    AnyPort {
        /// The host in front of the colon.
        host: String,
        /// Whether the server can be led to another host by what stands where the port should (`https://host:x@y@evil.tld`).
        open: bool,
    },
    /// A custom scheme with a star right behind it (`myapp:*`, `myapp://*`).
    AnyOfScheme,
    /// A star at the end of a path.
    PathWildcard,
    /// Exactly this URI.
    Exact,
    /// Nothing that a browser asks for.
    Nothing(DeadReason),
    /// The server answers 500 to every request that it compares with this entry.
    BreaksLogin(EntryFault),
}

/// Why an entry never matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeadReason {
    /// A star in the host: only a final star is special.
    StarInHost,
    /// A star in the middle of the path: only a final star is special.
    StarInside,
    /// A final star that a `?` in the entry makes literal.
    StarBesideQuery,
    /// A final star that a `#` in the entry makes literal.
    StarBesideFragment,
    /// A fragment, which a redirect URI may not have.
    Fragment,
    /// No scheme and no leading slash: it is not resolved, and only a request of the very same relative text could match.
    RelativeWithoutSlash,
    /// `java.net.URI` refuses every request that would match.
    NotAUri(NotAUri),
    /// The server refuses this parameter in every request.
    ReservedParameter(&'static str),
    /// The server deletes a part of every request that would match (26.7.0).
    Cleaned,
    /// The server lower-cases requests but not entries (up to 22): everything before the first slash at or behind the eighth character, which
    /// is the host of an `http` URL but only the scheme of an `https` one.
    UpperCase,
    /// The server normalizes requests but not entries, and the path has an empty segment or a dot segment (up to 24.0.2).
    NotNormalized,
    /// User-info in a wildcard entry: wildcards do not count for requests that have it.
    UserInfoBesideStar,
    /// A parent-access path in a wildcard entry: wildcards do not count for requests that have it.
    ParentAccessBesideStar,
}

/// What is dangerous about an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Danger {
    /// Its scheme runs or shows what the rest says: `javascript`, `data` or `vbscript`, in any case.
    Scheme,
    /// It has user-info, which readers take for a host.
    UserInfo,
    /// Its path reaches for the parent folder.
    ParentAccess,
    /// It brings this parameter of the protocol along.
    ReservedParameter(&'static str),
    /// A loopback entry without a port on a server that forgives ports by text (before 25.0.6): `http://localhost:1@evil.tld/cb` is accepted
    /// for `http://localhost/cb` (CVE-2024-8883).
    OpenLoopback,
}

/// Examines one entry. `base` is what stands in front of relative entries ([`super::redirect::base_url`]).
#[must_use]
pub fn examine(entry: &str, base: &str, version: Version) -> EntryFacts {
    let resolved = if entry.starts_with('/') { [base, entry].concat() } else { entry.to_owned() };
    if let Some(reach) = plain_reach(&resolved) {
        return EntryFacts { reach, dangers: Vec::new(), length: entry.len(), resolved };
    }
    examine_closely(entry, resolved, &Behaviour::of(version))
}

fn examine_closely(entry: &str, resolved: String, behaviour: &Behaviour) -> EntryFacts {
    EntryFacts {
        reach: reach(&resolved, behaviour),
        dangers: dangers(&resolved, behaviour),
        length: entry.chars().map(char::len_utf16).sum(),
        resolved,
    }
}

/// Whether an entry, resolved, is like most entries: every version takes it for what it says, and stores it.
pub(crate) fn is_plain(resolved: &str) -> bool {
    resolved.len() <= LONGEST_STORABLE_ENTRY && plain_reach(resolved).is_some()
}

/// What the entries that most clients have let in: `https`, a lower-case host name, a path of harmless characters, with or without `/*` at its
/// end. All versions agree on them, and a realm has hundreds of thousands, so they are not taken apart.
fn plain_reach(resolved: &str) -> Option<Reach> {
    let behind = resolved.strip_prefix("https://")?;
    let (front, reach) = match behind.strip_suffix("/*") {
        Some(front) => (front, Reach::PathWildcard),
        None => (behind, Reach::Exact),
    };
    let (host, path) = front.find('/').map_or((front, ""), |at| front.split_at(at));
    let is_plain_label = |label: &str| {
        let inner =
            label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        inner && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_plain_host = host.split('.').all(is_plain_label)
        && host.rsplit('.').next().is_some_and(|last| last.as_bytes()[0].is_ascii_lowercase());
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let last_may_be_empty = reach == Reach::Exact;
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_empty_inside = segment.is_empty() && !(last_may_be_empty && segments.peek().is_none());
        if is_empty_inside || !segment.bytes().all(harmless) {
            return None;
        }
    }
    is_plain_host.then_some(reach)
}

fn reach(text: &str, behaviour: &Behaviour) -> Reach {
    if text == "*" {
        return Reach::Anything;
    }
    let pieces = Pieces::of(text);
    let Some(prefix) = wildcard_prefix(text, behaviour) else {
        return dead_literal(text, &pieces, behaviour).map_or(Reach::Exact, Reach::Nothing);
    };
    if behaviour.splits_wildcard_entries
        && let Err(fault) = star_place(text)
    {
        return Reach::BreaksLogin(fault);
    }
    if is_prefix_of_any_host(prefix) {
        return Reach::AnyHost;
    }
    if let Some(reason) = dead_wildcard(prefix, &pieces, behaviour) {
        return Reach::Nothing(reason);
    }
    if !pieces.path.is_empty() && pieces.authority.is_some() {
        return Reach::PathWildcard;
    }
    match (pieces.authority, pieces.is_web()) {
        (Some(authority), true) => {
            let host = |host: &str| host.to_owned();
            match authority.strip_suffix(":*") {
                Some(front) => Reach::AnyPort { host: host(front), open: user_info_hides_host(behaviour) },
                None => Reach::HostWildcard {
                    host: host(authority.trim_end_matches('*')),
                    open: !behaviour.splits_wildcard_entries,
                },
            }
        }
        (None, _) if !prefix.ends_with([':', '/']) => Reach::PathWildcard,
        _ => Reach::AnyOfScheme,
    }
}

/// What a wildcard entry stands for in front of its star; `None` when its star is literal or missing.
fn wildcard_prefix<'a>(text: &'a str, behaviour: &Behaviour) -> Option<&'a str> {
    let prefix = text.strip_suffix('*')?;
    let literal = text.contains('?') || (behaviour.splits_wildcard_entries && text.contains('#'));
    (!literal).then_some(prefix)
}

/// Whether URLs of every host begin with the prefix.
fn is_prefix_of_any_host(prefix: &str) -> bool {
    "http://".starts_with(prefix) || "https://".starts_with(prefix)
}

fn dead_literal(text: &str, pieces: &Pieces<'_>, behaviour: &Behaviour) -> Option<DeadReason> {
    if text.ends_with('*') && text.contains('?') {
        return Some(DeadReason::StarBesideQuery);
    }
    if text.ends_with('*') && text.contains('#') {
        return Some(DeadReason::StarBesideFragment);
    }
    if pieces.authority.is_some_and(|authority| authority.contains('*')) {
        return Some(DeadReason::StarInHost);
    }
    if let Err(problem) = JavaUri::parse(text) {
        return Some(DeadReason::NotAUri(problem));
    }
    if pieces.path.contains('*') {
        return Some(DeadReason::StarInside);
    }
    if pieces.scheme.is_none() {
        return Some(DeadReason::RelativeWithoutSlash);
    }
    if pieces.fragment.is_some() {
        return Some(DeadReason::Fragment);
    }
    if behaviour.reserved >= Reserved::Query
        && let Some(name) = pieces.query.and_then(reserved_parameter)
    {
        return Some(DeadReason::ReservedParameter(name));
    }
    dead_by_version(text, behaviour)
}

fn dead_wildcard(prefix: &str, pieces: &Pieces<'_>, behaviour: &Behaviour) -> Option<DeadReason> {
    let host_has_star = match pieces.authority {
        Some(authority) if pieces.path.is_empty() => {
            authority.trim_end_matches('*').contains('*') || authority.ends_with("**")
        }
        Some(authority) => authority.contains('*'),
        None => false,
    };
    if host_has_star {
        return Some(DeadReason::StarInHost);
    }
    // A prefix may end in the middle of anything; it is dead when nothing behind it makes a URI.
    if let Err(problem) = JavaUri::parse(prefix)
        && !["x", "1", "/", "::1]"].iter().any(|rest| JavaUri::parse(&[prefix, rest].concat()).is_ok())
    {
        return Some(DeadReason::NotAUri(problem));
    }
    if prefix.contains('*') {
        return Some(DeadReason::StarInside);
    }
    if pieces.scheme.is_none() {
        return Some(DeadReason::RelativeWithoutSlash);
    }
    if prefix.contains('#') {
        return Some(DeadReason::StarBesideFragment);
    }
    if behaviour.matching == Matching::AsWritten {
        if has_user_info_for_good(prefix, pieces, behaviour) {
            return Some(DeadReason::UserInfoBesideStar);
        }
        if has_parent_access_inside(prefix, behaviour) {
            return Some(DeadReason::ParentAccessBesideStar);
        }
    }
    // A request may lack the last slash of the prefix.
    let without_slash =
        || prefix.strip_suffix('/').is_some_and(|cut| dead_by_version(cut, behaviour).is_none());
    dead_by_version(prefix, behaviour)
        .filter(|reason| *reason != DeadReason::NotNormalized || !without_slash())
}

/// Whether every request with this prefix has user-info: its authority must be closed, or else an odd authority could follow.
fn has_user_info_for_good(prefix: &str, pieces: &Pieces<'_>, behaviour: &Behaviour) -> bool {
    let closed = !pieces.path.is_empty() || behaviour.splits_wildcard_entries;
    closed && JavaUri::parse(&[prefix, "x"].concat()).is_ok_and(|uri| uri.user_info.is_some())
}

/// Whether every request with this prefix has a parent-access path: the dots must be closed inside of the prefix.
fn has_parent_access_inside(prefix: &str, behaviour: &Behaviour) -> bool {
    let path = Pieces::of(prefix).path;
    has_parent_access(&[path, "x"].concat(), behaviour.parent_access)
}

fn dead_by_version(text: &str, behaviour: &Behaviour) -> Option<DeadReason> {
    if behaviour.cleans_parameters && cleaned(text).is_some() {
        return Some(DeadReason::Cleaned);
    }
    let Matching::Decoded(rules) = behaviour.matching else {
        return None;
    };
    if rules.folding == Folding::Request && is_folded(text) {
        return Some(DeadReason::UpperCase);
    }
    let open_end = [text, "x"].concat();
    let whole = if JavaUri::parse(text).is_ok() { text } else { &open_end };
    let normal = JavaUri::parse(whole).is_ok_and(|uri| uri.normalized() == whole);
    (!normal).then_some(DeadReason::NotNormalized)
}

/// Whether a request reaches another host by user-info where a wildcard entry expects a port.
fn user_info_hides_host(behaviour: &Behaviour) -> bool {
    match behaviour.matching {
        Matching::AsWritten => !behaviour.odd_authority_stops_wildcards,
        Matching::Decoded(rules) => !rules.strips_for_wildcards,
    }
}

fn is_open_loopback(text: &str, pieces: &Pieces<'_>, behaviour: &Behaviour) -> bool {
    let forgiven_by_text = behaviour.loopback == Loopback::Text
        && ["http://localhost", "http://127.0.0.1"].iter().any(|front| text.starts_with(front));
    if !forgiven_by_text || pieces.user_info.is_some() {
        return false;
    }
    match (wildcard_prefix(text, behaviour), behaviour.matching) {
        (None, _) => pieces.port.is_none(),
        // The user-info of such a request switches wildcards off.
        (Some(_), Matching::AsWritten) => false,
        (Some(_), Matching::Decoded(rules)) => {
            pieces.port.is_none() || (pieces.port == Some("*") && !rules.strips_for_wildcards)
        }
    }
}

fn dangers(text: &str, behaviour: &Behaviour) -> Vec<Danger> {
    let pieces = Pieces::of(text);
    let mut dangers = Vec::new();
    if pieces.scheme.is_some_and(|scheme| {
        ["javascript", "data", "vbscript"].iter().any(|bad| scheme.eq_ignore_ascii_case(bad))
    }) {
        dangers.push(Danger::Scheme);
    }
    if pieces.user_info.is_some() {
        dangers.push(Danger::UserInfo);
    }
    if has_parent_access(pieces.path, ParentAccess::Escaped) {
        dangers.push(Danger::ParentAccess);
    }
    if let Some(name) =
        pieces.query.and_then(reserved_parameter).or_else(|| pieces.fragment.and_then(reserved_parameter))
    {
        dangers.push(Danger::ReservedParameter(name));
    }
    if is_open_loopback(text, &pieces, behaviour) {
        dangers.push(Danger::OpenLoopback);
    }
    dangers
}

impl DeadReason {
    /// A sentence without its end for messages: why the entry never matches, and what its author probably meant.
    #[must_use]
    pub fn describe(&self, entry: &str) -> String {
        match self {
            Self::StarInHost => "a star inside of a host is an ordinary character to Keycloak; only a star at the very end is a wildcard, so each host needs an entry of its own".to_owned(),
            Self::StarInside => "a star in the middle is an ordinary character to Keycloak; only a star at the very end is a wildcard".to_owned(),
            Self::StarBesideQuery => "the ? makes the star an ordinary character; a wildcard needs no query, it lets every query in".to_owned(),
            Self::StarBesideFragment => "the # makes the star an ordinary character; a wildcard needs no fragment, it lets every fragment in".to_owned(),
            Self::Fragment => "a redirect URI with a fragment is never asked for; leave the fragment out".to_owned(),
            Self::RelativeWithoutSlash => {
                let meant = if looks_like_host(entry) { format!("https://{entry}") } else { format!("/{entry}") };
                format!("it has no scheme and no leading slash, so it is compared as it stands; probably {meant} was meant")
            }
            Self::NotAUri(problem) => problem.describe(entry),
            Self::ReservedParameter(name) => format!("the server refuses every redirect URI with the parameter {name}"),
            Self::Cleaned => "the server deletes control characters and their escapes from every request, so none can match it".to_owned(),
            Self::UpperCase => "the server lower-cases the front of every request but not of its entries; write it in lower case".to_owned(),
            Self::NotNormalized => "the server normalizes the path of every request but not of its entries; write it without //, /./ and /../".to_owned(),
            Self::UserInfoBesideStar => "wildcards do not count for a request with a user name in it".to_owned(),
            Self::ParentAccessBesideStar => "wildcards do not count for a request with a path to a parent folder".to_owned(),
        }
    }
}

fn looks_like_host(entry: &str) -> bool {
    let front = entry.split(['/', ':', '*', '?', '#']).next().unwrap_or_default();
    front == "localhost" || (front.contains('.') && !front.starts_with('.') && !front.ends_with('.'))
}

#[cfg(test)]
#[path = "entry/tests.rs"]
mod tests;
