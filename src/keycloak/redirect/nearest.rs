//! The entry that comes nearest to a refused request, and what exactly differs.

use super::Matcher;
use super::table::Shape;
use crate::keycloak::entry::{DeadReason, Pieces};

/// The entry nearest to a request that no entry matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearest {
    /// The place of the entry in the registered list.
    pub entry: usize,
    /// The entry as the server resolves it.
    pub resolved: String,
    /// What differs, most telling first. Never empty.
    pub differences: Vec<Difference>,
}

/// One thing that differs between a request and an entry. `entry` is what the entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The star of the entry is none, and the entry would match if it were.
    InertStar(DeadReason),
    /// The scheme.
    Scheme {
        /// What the entry says.
        entry: Option<String>,
        /// What the request says.
        requested: Option<String>,
    },
    /// The user-info.
    UserInfo,
    /// The host.
    Host {
        /// What the entry says.
        entry: String,
        /// What the request says.
        requested: String,
    },
    /// Only the case of the host.
    HostCase {
        /// What the entry says.
        entry: String,
        /// What the request says.
        requested: String,
    },
    /// The port; there is no default port to Keycloak.
    Port {
        /// What the entry says.
        entry: Option<String>,
        /// What the request says.
        requested: Option<String>,
    },
    /// The entry names a port of a loopback host, so other ports are refused.
    LoopbackPort {
        /// The port of the entry.
        entry: String,
    },
    /// Only a slash at the end.
    TrailingSlash {
        /// Whether the request has it.
        requested: bool,
    },
    /// Only the case of the path.
    PathCase {
        /// What the entry says.
        entry: String,
        /// What the request says.
        requested: String,
    },
    /// The path.
    Path {
        /// What the entry says.
        entry: String,
        /// What the request says.
        requested: String,
    },
    /// The request has a query that the entry does not say.
    Query {
        /// What the entry says.
        entry: Option<String>,
        /// What the request says.
        requested: Option<String>,
    },
    /// The fragment.
    Fragment {
        /// What the entry says.
        entry: Option<String>,
        /// What the request says.
        requested: Option<String>,
    },
    /// The pieces agree, but the texts do not, or wildcards do not count.
    Spelling,
}

impl Difference {
    /// How far apart it puts request and entry, in arbitrary units.
    fn weight(&self) -> u32 {
        match self {
            Self::HostCase { .. } | Self::TrailingSlash { .. } | Self::PathCase { .. } | Self::Spelling => 10,
            Self::Query { .. } | Self::Fragment { .. } | Self::InertStar(_) => 20,
            Self::Scheme { .. } => 30,
            Self::Port { .. } | Self::LoopbackPort { .. } | Self::UserInfo => 35,
            Self::Path { entry, requested } => 40 + unlikeness(entry, requested) / 4,
            Self::Host { entry, requested } => 80 + unlikeness(entry, requested),
        }
    }

    /// A clause for messages, such as "the host is a.run.app, not b.run.app".
    #[must_use]
    pub fn describe(&self, entry_text: &str) -> String {
        let or_none = |part: &Option<String>| part.clone().unwrap_or_else(|| "none".to_owned());
        match self {
            Self::InertStar(reason) => reason.describe(entry_text),
            Self::Scheme { entry, requested } => {
                format!("its scheme is {}, not {}", or_none(entry), or_none(requested))
            }
            Self::UserInfo => "the user names differ".to_owned(),
            Self::Host { entry, requested } => format!("its host is {entry}, not {requested}"),
            Self::HostCase { entry, requested } => {
                format!("its host is {entry}, not {requested}: upper and lower case differ")
            }
            Self::Port { entry, requested } => {
                format!("its port is {}, not {}", or_none(entry), or_none(requested))
            }
            Self::LoopbackPort { entry } => format!(
                "it names port {entry}, so no other port of this host is accepted; without a port it would accept all"
            ),
            Self::TrailingSlash { requested: true } => "it has no slash at the end".to_owned(),
            Self::TrailingSlash { requested: false } => "it has a slash at the end".to_owned(),
            Self::PathCase { entry, requested } => {
                format!("its path is {entry}, not {requested}: upper and lower case differ")
            }
            Self::Path { entry, requested } => {
                format!("its path is {}, not {}", shown(entry), shown(requested))
            }
            Self::Query { entry, requested } => {
                format!("its query is {}, not {}", or_none(entry), or_none(requested))
            }
            Self::Fragment { entry, requested } => {
                format!("its fragment is {}, not {}", or_none(entry), or_none(requested))
            }
            Self::Spelling => "it is spelled differently".to_owned(),
        }
    }
}

fn shown(path: &str) -> &str {
    if path.is_empty() { "empty" } else { path }
}

/// From 0 (alike) to 100, by what the texts share at both ends.
fn unlikeness(a: &str, b: &str) -> u32 {
    let longer = a.len().max(b.len()).max(1);
    let front = a.bytes().zip(b.bytes()).take_while(|(x, y)| x.eq_ignore_ascii_case(y)).count();
    let shorter = a.len().min(b.len()) - front;
    let back = a
        .bytes()
        .rev()
        .zip(b.bytes().rev())
        .take(shorter)
        .take_while(|(x, y)| x.eq_ignore_ascii_case(y))
        .count();
    u32::try_from(100 - 100 * (front + back) / longer).unwrap_or(100)
}

impl Matcher {
    /// The entry nearest to `requested`, for a request that no entry matches; `None` when there is no entry.
    #[must_use]
    pub fn nearest(&self, requested: &str) -> Option<Nearest> {
        let table = self.table.as_ref()?;
        let request = Pieces::of(requested);
        let candidates = table.entries.iter().map(|entry| {
            let differences = differences(requested, &request, &entry.text, &entry.shape);
            (
                differences.iter().map(Difference::weight).sum::<u32>(),
                entry.registered,
                &entry.text,
                differences,
            )
        });
        let (_, entry, resolved, differences) =
            candidates.min_by(|a, b| a.0.cmp(&b.0).then(a.1.cmp(&b.1)))?;
        Some(Nearest { entry, resolved: resolved.clone(), differences })
    }
}

fn differences(requested: &str, request: &Pieces<'_>, entry: &str, shape: &Shape) -> Vec<Difference> {
    let literal = *shape == Shape::Literal;
    if literal && entry.contains('*') && glob_matches(entry, requested) {
        return vec![Difference::InertStar(inert_star(entry))];
    }
    if let Shape::Prefix(prefix) = shape
        && prefix.contains('*')
        && glob_matches(entry, requested)
    {
        return vec![Difference::InertStar(inert_star(prefix))];
    }
    let prefix = match shape {
        Shape::Prefix(prefix) => Some(prefix.as_str()),
        Shape::Breaks(_) | Shape::Anything => entry.strip_suffix('*'),
        Shape::Literal => None,
    };
    let pieces = Pieces::of(prefix.unwrap_or(entry));
    let mut found = Vec::new();
    let owned = |part: Option<&str>| part.map(str::to_owned);
    if pieces.scheme != request.scheme {
        found.push(Difference::Scheme { entry: owned(pieces.scheme), requested: owned(request.scheme) });
    }
    if pieces.user_info != request.user_info {
        found.push(Difference::UserInfo);
    }
    compare_server(&pieces, request, prefix.is_some(), &mut found);
    compare_path(&pieces, request, prefix.is_some(), &mut found);
    if literal {
        if pieces.query != request.query {
            found.push(Difference::Query { entry: owned(pieces.query), requested: owned(request.query) });
        }
        if pieces.fragment != request.fragment {
            found.push(Difference::Fragment {
                entry: owned(pieces.fragment),
                requested: owned(request.fragment),
            });
        }
    }
    if found.is_empty() {
        found.push(Difference::Spelling);
    }
    found
}

fn compare_server(entry: &Pieces<'_>, request: &Pieces<'_>, is_prefix: bool, found: &mut Vec<Difference>) {
    let (entry_host, request_host) = (entry.host.unwrap_or_default(), request.host.unwrap_or_default());
    // A prefix that ends in its authority may go on there.
    let open_host = is_prefix && entry.path.is_empty() && entry.port.is_none();
    let host_fits = entry_host == request_host || (open_host && request_host.starts_with(entry_host));
    if !host_fits {
        let (entry, requested) = (entry_host.to_owned(), request_host.to_owned());
        found.push(if entry.eq_ignore_ascii_case(&requested) {
            Difference::HostCase { entry, requested }
        } else {
            Difference::Host { entry, requested }
        });
    }
    let open_port = is_prefix && entry.path.is_empty();
    let port_fits = match (entry.port, request.port) {
        (None, _) if open_port => true,
        (Some(port), Some(requested)) if open_port => requested.starts_with(port),
        (port, requested) => port == requested,
    };
    if !port_fits {
        let loopback =
            matches!(entry_host, "localhost" | "127.0.0.1" | "[::1]") && entry.scheme == Some("http");
        found.push(match entry.port {
            Some(port) if loopback && host_fits => Difference::LoopbackPort { entry: port.to_owned() },
            port => Difference::Port {
                entry: port.map(str::to_owned),
                requested: request.port.map(str::to_owned),
            },
        });
    }
}

fn compare_path(entry: &Pieces<'_>, request: &Pieces<'_>, is_prefix: bool, found: &mut Vec<Difference>) {
    if is_prefix && entry.path.is_empty() {
        return;
    }
    let fits = |entry: &str, request: &str| {
        if is_prefix {
            request.starts_with(entry) || entry.strip_suffix('/').is_some_and(|folder| folder == request)
        } else {
            entry == request
        }
    };
    if fits(entry.path, request.path) {
        return;
    }
    let (own, asked) = (entry.path.to_owned(), request.path.to_owned());
    found.push(if fits(&own.to_lowercase(), &asked.to_lowercase()) {
        Difference::PathCase { entry: own, requested: asked }
    } else if !is_prefix && asked.strip_suffix('/') == Some(&own) {
        Difference::TrailingSlash { requested: true }
    } else if !is_prefix && own.strip_suffix('/') == Some(&asked) {
        Difference::TrailingSlash { requested: false }
    } else {
        Difference::Path { entry: own, requested: asked }
    });
}

fn inert_star(entry: &str) -> DeadReason {
    let pieces = Pieces::of(entry);
    if entry.ends_with('*') && entry.contains('?') {
        DeadReason::StarBesideQuery
    } else if entry.ends_with('*') && entry.contains('#') {
        DeadReason::StarBesideFragment
    } else if pieces.authority.is_some_and(|authority| authority.contains('*')) {
        DeadReason::StarInHost
    } else {
        DeadReason::StarInside
    }
}

/// Whether the text matches when every star stands for anything.
fn glob_matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::{glob_matches, unlikeness};

    #[test]
    fn stars_stand_for_anything() {
        assert!(glob_matches("https://*.run.app/*", "https://a.run.app/cb"));
        assert!(glob_matches("/a/*/b", "/a/x/b"));
        assert!(!glob_matches("/a/*/b", "/a/x/c"));
        assert!(!glob_matches("a", "ab"));
    }

    #[test]
    fn likeness_counts_both_ends() {
        assert_eq!(unlikeness("abc", "abc"), 0);
        assert_eq!(unlikeness("abc", "xyz"), 100);
        assert!(unlikeness("shop-1.run.app", "shop-2.run.app") < 10);
    }
}
