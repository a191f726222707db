//! What a server says about a request, and the step that made it say so.

use std::borrow::Cow;

use super::EntryFault;
use crate::keycloak::java_uri::NotAUri;

/// The answer of one server to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// The server redirects to it.
    Accepted(Acceptance<'a>),
    /// The server shows "Invalid parameter: redirect_uri" with status 400.
    Refused(Refusal),
    /// The server breaks with status 500.
    Breaks(Breakage),
}

impl Verdict<'_> {
    /// Yes, no, or `None` when the server breaks.
    #[must_use]
    pub fn accepted(&self) -> Option<bool> {
        match self {
            Self::Accepted(_) => Some(true),
            Self::Refused(_) => Some(false),
            Self::Breaks(_) => None,
        }
    }

    pub(super) fn into_owned<'b>(self) -> Verdict<'b> {
        match self {
            Self::Accepted(acceptance) => Verdict::Accepted(Acceptance {
                resolved: Cow::Owned(acceptance.resolved.into_owned()),
                ..acceptance
            }),
            Self::Refused(refusal) => Verdict::Refused(refusal),
            Self::Breaks(breakage) => Verdict::Breaks(breakage),
        }
    }
}

/// An accepted request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance<'a> {
    /// The URI that the server stores and redirects to. What a browser gets may still differ: a default port and a bare `?` are dropped,
    /// and characters outside ASCII are encoded. `urn:ietf:wg:oauth:2.0:oob` stands for the server's own page.
    pub resolved: Cow<'a, str>,
    /// The place, in the registered list, of the entry that matched.
    pub entry: usize,
    /// How it matched.
    pub how: How,
}

/// How a request matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The entry says exactly this.
    Exactly,
    /// Through the star at the end of the entry.
    Wildcard,
    /// Only after the port of the loopback host was dropped.
    LoopbackPort,
    /// The parameter was left out, and the client has a single entry.
    SingleEntry,
}

/// The step that refused a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The parameter was left out.
    Missing(MissingReason),
    /// The parameter is longer than the server looks at, in UTF-16 units, and counts as left out.
    TooLong {
        /// Its length.
        length: usize,
        /// The longest that the server looks at.
        limit: usize,
    },
    /// The client has no entry.
    NoEntries,
    /// `java.net.URI` refuses it.
    NotAUri(NotAUri),
    /// It brings a parameter of the protocol along, which is refused even when an entry says so literally.
    ReservedParameter {
        /// The parameter, in lower case.
        name: &'static str,
        /// Whether it stands in the fragment instead of the query.
        in_fragment: bool,
    },
    /// It cannot be percent-decoded, or five rounds of decoding are not enough (up to 24.0.2).
    Undecodable,
    /// What it decodes to is no URI (up to 24.0.2).
    DecodedNotAUri,
    /// No entry matches. See [`super::Matcher::nearest`].
    NoEntryMatched {
        /// Why wildcards did not count, if an entry would have matched otherwise.
        wildcards_off: Option<WildcardsOff>,
    },
    /// An entry matches, but it does not spell out the request's custom scheme.
    SchemeNotSpelledOut {
        /// The place of that entry in the registered list.
        entry: usize,
    },
}

/// Why a request without the parameter is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingReason {
    /// The parameter is required: the scope holds `openid`, or it is a logout.
    Required,
    /// The client does not have exactly one entry that could stand in.
    NotOneEntry,
}

/// Why wildcards do not count for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WildcardsOff {
    /// It has user-info.
    UserInfo,
    /// Java cannot split its authority into host and port.
    OddAuthority,
    /// Its path looks like an attempt to reach the parent folder.
    ParentAccess,
}

/// Why the server breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breakage {
    /// This entry cannot be split.
    Entry {
        /// The place of the entry in the registered list.
        entry: usize,
        /// What is wrong with it.
        fault: EntryFault,
    },
    /// The request has an authority without a host (up to 24.0.2).
    EmptyHost,
    /// The request is no URI, but what it decodes to matches (up to 22.0.3).
    MalformedMatch,
    /// The request cannot be split for a comparison with wildcards, or an entry cannot be lower-cased (some servers before 24.0.3).
    Unsplit,
}
