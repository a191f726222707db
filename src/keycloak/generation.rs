//! Which rules the servers of which version follow where redirect URIs, logout and web origins are concerned.
//!
//! Keycloak keeps several lines alive and repairs the same hole in each of them at another patch, so a rule has several "since" versions.
//! Seen on running servers: 21.1.2 to 26.7.3. Read from byte code: 21.0.2, 22.0.0–22.0.4, 23.0.0–23.0.4, 24.0.0–24.0.3, 25.0.5, 26.5.7, 26.6.0–26.6.4, 26.7.1, 26.7.4.
//! Read from release notes and issues only: 26.2.15, 26.2.16, 26.4.11–26.4.14, 26.6.5–26.6.8, 26.8.

use super::version::Version;

/// The rules of one server version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Behaviour {
    /// How a request is made comparable.
    pub matching: Matching,
    /// How the port of a loopback request is forgiven.
    pub loopback: Loopback,
    /// Whether the authorization endpoint removes control characters and their escapes from its parameters (26.7.0). The 26.6 line up to
    /// 26.6.4 does not, and a clean-up of this kind is no security fix that its later patches would carry.
    pub cleans_parameters: bool,
    /// The longest `redirect_uri` that the authorization endpoint looks at, in UTF-16 units; a longer one counts as left out (26.4.0).
    pub parameter_limit: Option<usize>,
    /// Which paths are taken for an attempt to reach the parent folder, which switches wildcards off.
    pub parent_access: ParentAccess,
    /// Whether an authority that Java cannot split into host and port switches wildcards off (CVE-2026-7504).
    pub odd_authority_stops_wildcards: bool,
    /// Whether `https://host*` is read as `https://host/*`, and a `#` in an entry makes its `*` literal. Such servers split every wildcard
    /// entry and answer 500 where that fails.
    pub splits_wildcard_entries: bool,
    /// Where names of protocol parameters are refused.
    pub reserved: Reserved,
    /// What `+` means in the post-logout attribute.
    pub post_logout_plus: PostLogoutPlus,
    /// Whether a request with a foreign `Origin` is refused with 403 before the token endpoint looks at it (26.6.3).
    pub refuses_foreign_origins: bool,
    /// What is checked when a client is saved.
    pub saving: Saving,
}

/// How a request is made comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Matching {
    /// The text is compared as it came (24.0.3 and later).
    AsWritten,
    /// The text is decoded and normalized first.
    Decoded(Decoding),
}

/// What servers before 24.0.3 do to a request before they compare it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decoding {
    /// What is percent-decoded.
    pub scope: DecodingScope,
    /// What is lower-cased.
    pub folding: Folding,
    /// Whether `{name}` is taken for a placeholder (up to 22.0.1).
    pub placeholders: bool,
    /// Whether a request that is no URI is refused at once (22.0.4). Before, it is looked at all the same, and the server breaks when it matches.
    pub refuses_malformed: bool,
    /// Whether the request itself, not decoded, is compared as well, and default ports are kept (21.1.0).
    pub tries_original: bool,
    /// Whether a custom scheme must be spelled out by the entry that matched (21.1.2).
    pub guards_schemes: bool,
    /// Whether wildcards do not see user-info, query and fragment (23.0.3); before, only the query is cut.
    pub strips_for_wildcards: bool,
    /// Whether every relative request is made absolute (23.0.0); before, only one that begins with a slash.
    pub resolves_any_relative: bool,
}

/// What is percent-decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DecodingScope {
    /// Everything but query and fragment.
    AllButQuery,
    /// Everything but user-info, query and fragment.
    AllButUserInfo,
    /// The path only.
    Path,
}

/// What is lower-cased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Folding {
    /// What stands before the path of the request; entries are not, so an entry with upper case in its host matches nothing.
    Request,
    /// Scheme and host of requests and entries.
    SchemeAndHost,
    /// Nothing.
    None,
}

/// How the port of a loopback request is forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loopback {
    /// By text: what begins with `http://localhost` or `http://127.0.0.1` loses everything from its next colon to the next slash, be it a port
    /// or not (CVE-2024-8883).
    Text,
    /// By host: `localhost`, `127.0.0.1` and `[::1]` with scheme `http` lose their port (25.0.6).
    Host,
}

/// Which paths are taken for an attempt to reach the parent folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParentAccess {
    /// `/../`, with slashes and dots escaped or not.
    Plain,
    /// Also `/..;` (CVE-2026-3872).
    Semicolon,
    /// Also doubly escaped dots, and escaped semicolons, tabs, line breaks and zero bytes behind the dots.
    Escaped,
}

/// Where names of protocol parameters (`code`, `state` …) are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reserved {
    /// Nowhere.
    Nowhere,
    /// In the query (CVE-2026-9689).
    Query,
    /// In query and fragment (CVE-2026-18209).
    QueryAndFragment,
}

/// What `+` means in `post.logout.redirect.uris`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PostLogoutPlus {
    /// As first element it means the redirect URIs and nothing else; elsewhere it is literal (up to 23).
    OnlyFirst,
    /// Anywhere it adds the redirect URIs (24).
    AddsAnywhere,
}

/// What is checked when a client is saved through the Admin API or a realm import. Partial import checks nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Saving {
    /// Whether `JavaScript:` is refused like `javascript:`, and post-logout entries are checked like redirect URIs (26.7.0).
    pub strict_schemes: bool,
    /// Whether blank entries are dropped instead of stored or refused (26.7.0).
    pub drops_blank_entries: bool,
}

/// The longest entry that the database holds, in UTF-16 units, on every version: a longer one makes saving fail with 500.
pub const LONGEST_STORABLE_ENTRY: usize = 255;

/// The longest `redirect_uri` parameter, in UTF-16 units, where there is a limit.
const PARAMETER_LIMIT: usize = 4000;

impl Behaviour {
    /// The rules of a version. Versions before 21 are judged like 21.0, versions newer than all we know like the newest.
    #[must_use]
    pub fn of(version: Version) -> Self {
        let splits_wildcard_entries = splits_wildcard_entries(version);
        Self {
            matching: matching(version),
            loopback: if version.is_since(25, 0, 6) { Loopback::Host } else { Loopback::Text },
            cleans_parameters: version.is_since(26, 7, 0),
            parameter_limit: version.is_since(26, 4, 0).then_some(PARAMETER_LIMIT),
            parent_access: parent_access(version),
            odd_authority_stops_wildcards: version.is_on_line_since(26, 2, 16)
                || version.is_on_line_since(26, 4, 12)
                || version.is_since(26, 6, 2),
            splits_wildcard_entries,
            reserved: reserved(version),
            post_logout_plus: if version.is_since(24, 0, 0) {
                PostLogoutPlus::AddsAnywhere
            } else {
                PostLogoutPlus::OnlyFirst
            },
            refuses_foreign_origins: version.is_since(26, 6, 3),
            saving: Saving {
                strict_schemes: version.is_since(26, 7, 0),
                drops_blank_entries: version.is_since(26, 7, 0),
            },
        }
    }
}

fn matching(version: Version) -> Matching {
    if version.is_since(24, 0, 3) {
        return Matching::AsWritten;
    }
    Matching::Decoded(Decoding {
        scope: if version.is_since(23, 0, 4) {
            DecodingScope::Path
        } else if version.is_since(23, 0, 0) {
            DecodingScope::AllButUserInfo
        } else {
            DecodingScope::AllButQuery
        },
        folding: if version.is_since(23, 0, 2) {
            Folding::None
        } else if version.is_since(23, 0, 0) {
            Folding::SchemeAndHost
        } else {
            Folding::Request
        },
        placeholders: !version.is_since(22, 0, 2),
        refuses_malformed: version.is_since(22, 0, 4),
        tries_original: version.is_since(21, 1, 0),
        guards_schemes: version.is_since(21, 1, 2),
        strips_for_wildcards: version.is_since(23, 0, 3),
        resolves_any_relative: version.is_since(23, 0, 0),
    })
}

fn parent_access(version: Version) -> ParentAccess {
    if version.is_since(26, 6, 3) {
        ParentAccess::Escaped
    } else if version.is_on_line_since(26, 2, 15)
        || version.is_on_line_since(26, 4, 11)
        || version.is_on_line_since(26, 5, 7)
        || version.is_since(26, 6, 0)
    {
        ParentAccess::Semicolon
    } else {
        ParentAccess::Plain
    }
}

fn splits_wildcard_entries(version: Version) -> bool {
    version.is_on_line_since(26, 4, 13) || version.is_since(26, 6, 3)
}

fn reserved(version: Version) -> Reserved {
    if version.is_on_line_since(26, 6, 7) || version.is_since(26, 7, 3) {
        Reserved::QueryAndFragment
    } else if version.is_on_line_since(26, 4, 14)
        || version.is_on_line_since(26, 6, 5)
        || version.is_since(26, 7, 0)
    {
        Reserved::Query
    } else {
        Reserved::Nowhere
    }
}

/// A group of versions that decide alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation {
    /// The version that stands for the group.
    pub version: Version,
    /// Which servers belong to it, for readers.
    pub servers: &'static str,
}

/// Every group of versions from 21.1.2 on, in the order in which holes were closed. No two neighbours decide alike.
pub const GENERATIONS: [Generation; 22] = [
    Generation { version: Version::new(21, 1, 2), servers: "21.1.2 to 22.0.1" },
    Generation { version: Version::new(22, 0, 3), servers: "22.0.2, 22.0.3" },
    Generation { version: Version::new(22, 0, 5), servers: "22.0.4, 22.0.5" },
    Generation { version: Version::new(23, 0, 1), servers: "23.0.0, 23.0.1" },
    Generation { version: Version::new(23, 0, 2), servers: "23.0.2" },
    Generation { version: Version::new(23, 0, 3), servers: "23.0.3" },
    Generation { version: Version::new(23, 0, 7), servers: "23.0.4 to 23.0.7" },
    Generation { version: Version::new(24, 0, 2), servers: "24.0.0 to 24.0.2" },
    Generation { version: Version::new(24, 0, 5), servers: "24.0.3 to 25.0.5" },
    Generation { version: Version::new(26, 3, 2), servers: "25.0.6 to 26.2.14, 26.3" },
    Generation { version: Version::new(26, 2, 15), servers: "26.2.15" },
    Generation { version: Version::new(26, 2, 16), servers: "26.2.16 and newer of that line" },
    Generation { version: Version::new(26, 5, 6), servers: "26.4.0 to 26.4.10, 26.5.0 to 26.5.6" },
    Generation { version: Version::new(26, 6, 1), servers: "26.4.11, 26.5.7, 26.6.0, 26.6.1" },
    Generation { version: Version::new(26, 6, 2), servers: "26.4.12, 26.6.2" },
    Generation { version: Version::new(26, 4, 13), servers: "26.4.13" },
    Generation { version: Version::new(26, 4, 14), servers: "26.4.14 and newer of that line" },
    Generation { version: Version::new(26, 6, 4), servers: "26.6.3, 26.6.4" },
    Generation { version: Version::new(26, 6, 6), servers: "26.6.5, 26.6.6" },
    Generation { version: Version::new(26, 6, 8), servers: "26.6.7 and newer of that line" },
    Generation { version: Version::new(26, 7, 0), servers: "26.7.0 to 26.7.2" },
    Generation { version: Version::new(26, 7, 4), servers: "26.7.3 and newer" },
];

/// The version that stands for the oldest servers we judge, for clients whose server is unknown.
#[must_use]
pub const fn oldest() -> Version {
    GENERATIONS[0].version
}

/// The version that stands for the newest servers, for clients whose server is unknown.
#[must_use]
pub const fn newest() -> Version {
    GENERATIONS[GENERATIONS.len() - 1].version
}

#[cfg(test)]
mod tests {
    use super::{Behaviour, GENERATIONS, ParentAccess, Reserved, newest, oldest};
    use crate::keycloak::version::Version;

    /// Every line that Keycloak released from 21.1.2 on, with the patch that its newest known release has.
    const LINES: [(u16, u16, u16); 19] = [
        (22, 0, 5),
        (23, 0, 7),
        (24, 0, 5),
        (25, 0, 6),
        (26, 0, 8),
        (26, 1, 5),
        (26, 2, 16),
        (26, 3, 5),
        (26, 4, 17),
        (26, 5, 7),
        (26, 6, 8),
        (26, 7, 5),
        (26, 8, 1),
        (26, 9, 0),
        (27, 0, 0),
        (27, 1, 3),
        (28, 0, 0),
        (999, 0, 0),
        (26, 2, 40),
    ];

    #[test]
    fn every_released_version_belongs_to_a_listed_generation() {
        for (major, minor, newest_patch) in LINES {
            for patch in 0..=newest_patch {
                let version = Version::new(major, minor, patch);
                let behaviour = Behaviour::of(version);
                assert!(
                    GENERATIONS.iter().any(|generation| Behaviour::of(generation.version) == behaviour),
                    "{version}"
                );
            }
        }
    }

    #[test]
    fn no_two_generations_decide_alike() {
        for (index, generation) in GENERATIONS.iter().enumerate() {
            for other in &GENERATIONS[index + 1..] {
                assert_ne!(
                    Behaviour::of(generation.version),
                    Behaviour::of(other.version),
                    "{} {}",
                    generation.version,
                    other.version
                );
            }
        }
        assert_eq!((oldest(), newest()), (Version::new(21, 1, 2), Version::new(26, 7, 4)));
    }

    #[test]
    fn parallel_lines_get_each_repair_at_their_own_patch() {
        let of = |major, minor, patch| Behaviour::of(Version::new(major, minor, patch));
        assert_eq!(of(26, 2, 14).parent_access, ParentAccess::Plain);
        assert_eq!(of(26, 2, 15).parent_access, ParentAccess::Semicolon);
        assert!(!of(26, 2, 15).odd_authority_stops_wildcards && of(26, 2, 16).odd_authority_stops_wildcards);
        assert_eq!(of(26, 3, 5).parent_access, ParentAccess::Plain);
        assert!(!of(26, 4, 12).splits_wildcard_entries && of(26, 4, 13).splits_wildcard_entries);
        assert_eq!(of(26, 4, 13).reserved, Reserved::Nowhere);
        assert_eq!(of(26, 4, 14).reserved, Reserved::Query);
        assert_eq!(of(26, 4, 14).parent_access, ParentAccess::Semicolon);
        assert_eq!(of(26, 5, 7).parent_access, ParentAccess::Semicolon);
        assert!(!of(26, 5, 7).odd_authority_stops_wildcards);
        assert_eq!(of(26, 6, 4).parent_access, ParentAccess::Escaped);
        assert_eq!(
            (of(26, 6, 4).reserved, of(26, 6, 5).reserved, of(26, 6, 7).reserved),
            (Reserved::Nowhere, Reserved::Query, Reserved::QueryAndFragment)
        );
        assert!(!of(26, 6, 8).cleans_parameters && of(26, 7, 0).cleans_parameters);
        assert_eq!(
            (of(26, 7, 2).reserved, of(26, 7, 3).reserved, of(26, 8, 0).reserved),
            (Reserved::Query, Reserved::QueryAndFragment, Reserved::QueryAndFragment)
        );
        assert_eq!((of(26, 3, 2).parameter_limit, of(26, 4, 0).parameter_limit), (None, Some(4000)));
    }
}
