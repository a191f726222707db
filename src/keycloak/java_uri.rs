//! The grammar of `java.net.URI`, which Keycloak parses redirect URIs with.
//!
//! It is RFC 2396 with Java's own deviations: characters outside ASCII are allowed almost everywhere, an authority that does not
//! name a server is kept as *registry-based*, and `scheme:rest` is *opaque*. Java 17 and 25 agree on all of it.

use std::borrow::Cow;

use characters::{ALPHA, PATH, SCHEME, URIC, check_class, check_plain, find, is_java_space};

mod authority;
mod characters;
mod normalize;

/// A string that `java.net.URI` accepts, cut into the pieces that the redirect rules ask for. All pieces are as written, not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JavaUri<'a> {
    text: &'a str,
    /// The scheme, as written.
    pub scheme: Option<&'a str>,
    /// What follows the scheme of an opaque URI (`mailto:x`), up to the fragment. `None` for a hierarchical URI.
    pub opaque: Option<&'a str>,
    /// What stands between `//` and the path. `None` when there is no `//` or nothing behind it.
    pub authority: Option<&'a str>,
    /// The user-info of a server-based authority.
    pub user_info: Option<&'a str>,
    /// The host of a server-based authority, an IPv6 address with its brackets. `None` when the authority is registry-based.
    pub host: Option<&'a str>,
    /// The port of a server-based authority, `None` when there is none (also for `h:`).
    pub port: Option<u32>,
    /// The path, possibly empty. `None` for an opaque URI.
    pub path: Option<&'a str>,
    /// The query without its `?`.
    pub query: Option<&'a str>,
    /// The fragment without its `#`.
    pub fragment: Option<&'a str>,
}

/// Why `java.net.URI` refuses a string, and at which byte of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAUri {
    /// What is wrong.
    pub problem: UriProblem,
    /// The byte of the string where it is.
    pub at: usize,
}

/// What `java.net.URI` finds wrong with a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UriProblem {
    /// A character that may not stand in this part.
    Character(UriPart),
    /// A `%` without two hexadecimal digits behind it.
    Escape,
    /// The part is missing.
    Missing(UriPart),
    /// An IPv6 address that is none.
    Ipv6,
    /// A port that does not fit into 31 bits.
    Port,
}

/// A part of a URI, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UriPart {
    /// `https`
    Scheme,
    /// What follows the colon of an opaque URI.
    SchemeSpecificPart,
    /// `user@host:port`
    Authority,
    /// `user`
    UserInfo,
    /// `host`
    Host,
    /// `port`
    Port,
    /// `/path`
    Path,
    /// `query`
    Query,
    /// `fragment`
    Fragment,
}

impl UriPart {
    /// The name that messages use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheme => "scheme",
            Self::SchemeSpecificPart => "part behind the scheme",
            Self::Authority => "authority",
            Self::UserInfo => "user name",
            Self::Host => "host",
            Self::Port => "port",
            Self::Path => "path",
            Self::Query => "query",
            Self::Fragment => "fragment",
        }
    }
}

impl NotAUri {
    /// A clause for messages, such as "there is a space in its path", given the string that was refused.
    #[must_use]
    pub fn describe(&self, text: &str) -> String {
        match self.problem {
            UriProblem::Character(part) => {
                let what = text
                    .get(self.at..)
                    .and_then(|rest| rest.chars().next())
                    .map_or_else(|| "a character".to_owned(), describe_character);
                format!("{what} is not allowed in its {}", part.name())
            }
            UriProblem::Escape => "a % in it is not followed by two hexadecimal digits".to_owned(),
            UriProblem::Missing(part) => format!("its {} is missing", part.name()),
            UriProblem::Ipv6 => "its IPv6 address is malformed".to_owned(),
            UriProblem::Port => "its port is too large".to_owned(),
        }
    }
}

fn describe_character(character: char) -> String {
    match character {
        ' ' => "a space".to_owned(),
        '\t' => "a tab".to_owned(),
        '\n' | '\r' => "a line break".to_owned(),
        c if c.is_control() || is_java_space(c) => format!("the character U+{:04X}", u32::from(c)),
        c => format!("the character {c}"),
    }
}

impl<'a> JavaUri<'a> {
    /// Parses `text` as `java.net.URI.create` does.
    ///
    /// # Errors
    ///
    /// What Java throws a `URISyntaxException` for.
    pub fn parse(text: &'a str) -> Result<Self, NotAUri> {
        let bytes = text.as_bytes();
        let end = bytes.len();
        let mut uri = Self {
            text,
            scheme: None,
            opaque: None,
            authority: None,
            user_info: None,
            host: None,
            port: None,
            path: None,
            query: None,
            fragment: None,
        };
        let first = find(text, 0, end, |byte| matches!(byte, b':' | b'/' | b'?' | b'#'));
        let mut at = if bytes.get(first) == Some(&b':') {
            if first == 0 {
                return Err(NotAUri { problem: UriProblem::Missing(UriPart::Scheme), at: 0 });
            }
            check_plain(text, 0, 1, ALPHA, UriPart::Scheme)?;
            check_plain(text, 1, first, SCHEME, UriPart::Scheme)?;
            uri.scheme = Some(&text[..first]);
            let rest = first + 1;
            if bytes.get(rest) == Some(&b'/') {
                uri.parse_hierarchical(rest)?
            } else {
                let stop = find(text, rest, end, |byte| byte == b'#');
                if stop <= rest {
                    return Err(NotAUri {
                        problem: UriProblem::Missing(UriPart::SchemeSpecificPart),
                        at: rest,
                    });
                }
                check_class(text, rest, stop, URIC, UriPart::SchemeSpecificPart)?;
                uri.opaque = Some(&text[rest..stop]);
                stop
            }
        } else {
            uri.parse_hierarchical(0)?
        };
        if bytes.get(at) == Some(&b'#') {
            at += 1;
            check_class(text, at, end, URIC, UriPart::Fragment)?;
            uri.fragment = Some(&text[at..]);
        }
        Ok(uri)
    }

    fn parse_hierarchical(&mut self, start: usize) -> Result<usize, NotAUri> {
        let text = self.text;
        let bytes = text.as_bytes();
        let end = bytes.len();
        let mut at = start;
        if bytes.get(at) == Some(&b'/') && bytes.get(at + 1) == Some(&b'/') {
            at += 2;
            let stop = find(text, at, end, |byte| matches!(byte, b'/' | b'?' | b'#'));
            if stop > at {
                self.parse_authority(at, stop)?;
                at = stop;
            } else if stop == end {
                return Err(NotAUri { problem: UriProblem::Missing(UriPart::Authority), at });
            }
        }
        let stop = find(text, at, end, |byte| matches!(byte, b'?' | b'#'));
        check_class(text, at, stop, PATH, UriPart::Path)?;
        self.path = Some(&text[at..stop]);
        at = stop;
        if bytes.get(at) == Some(&b'?') {
            at += 1;
            let stop = find(text, at, end, |byte| byte == b'#');
            check_class(text, at, stop, URIC, UriPart::Query)?;
            self.query = Some(&text[at..stop]);
            at = stop;
        }
        Ok(at)
    }

    /// The string that was parsed.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// Whether an authority is present that does not name a server: host and user-info are unknown then.
    #[must_use]
    pub fn has_registry_authority(&self) -> bool {
        self.authority.is_some() && self.host.is_none()
    }

    /// The string that `java.net.URI.normalize` gives: `//`, `.` and `x/..` leave the path, a leading `..` stays.
    /// A URI whose path needs no change keeps its exact text; another one is put together again, which drops the colon of an empty port.
    #[must_use]
    pub fn normalized(&self) -> Cow<'a, str> {
        let Some(path) = self.path.and_then(normalize::normalized_path) else {
            return Cow::Borrowed(self.text);
        };
        let mut text = String::with_capacity(self.text.len());
        if let Some(scheme) = self.scheme {
            text.push_str(scheme);
            text.push(':');
        }
        if let Some(host) = self.host {
            text.push_str("//");
            if let Some(user_info) = self.user_info {
                text.push_str(user_info);
                text.push('@');
            }
            text.push_str(host);
            if let Some(port) = self.port {
                text.push(':');
                text.push_str(&port.to_string());
            }
        } else if let Some(authority) = self.authority {
            text.push_str("//");
            text.push_str(authority);
        }
        text.push_str(&path);
        if let Some(query) = self.query {
            text.push('?');
            text.push_str(query);
        }
        if let Some(fragment) = self.fragment {
            text.push('#');
            text.push_str(fragment);
        }
        Cow::Owned(text)
    }
}

#[cfg(test)]
mod tests {
    use super::{JavaUri, UriPart, UriProblem};

    fn is_uri(text: &str) -> bool {
        JavaUri::parse(text).is_ok()
    }

    #[test]
    fn each_part_refuses_what_java_refuses() {
        for bad in [
            '\\', '"', '<', '>', '^', '`', '{', '|', '}', ' ', '\u{1}', '\u{7f}', '\u{85}', '\u{a0}',
            '\u{2028}', '\u{3000}',
        ] {
            for text in [
                format!("/a{bad}"),
                format!("/?a{bad}"),
                format!("/#a{bad}"),
                format!("x:a{bad}"),
                format!("//a{bad}"),
            ] {
                assert!(!is_uri(&text), "{text:?}");
            }
        }
        assert!(!is_uri("/a[") && is_uri("/?a[") && is_uri("/#a[]") && !is_uri("/#a#b"));
        assert!(
            is_uri("/ü\u{200b}😀") && is_uri("//ü") && is_uri("/%41") && !is_uri("/%4") && !is_uri("/%zz")
        );
    }

    #[test]
    fn schemes_and_opaque_uris() {
        for text in ["a_b:x", "1a:b", ":x", "x:", "https://", "//"] {
            assert!(!is_uri(text), "{text}");
        }
        for text in ["", "x:y?z", "https:///p", "http://?q", "///", "a/b:c"] {
            assert!(is_uri(text), "{text}");
        }
        let uri = JavaUri::parse("custom:x?code=1#f");
        assert!(uri.is_ok_and(|uri| uri.opaque == Some("x?code=1")
            && uri.query.is_none()
            && uri.fragment == Some("f")));
    }

    #[test]
    fn authorities_are_servers_or_registry_names() {
        for text in [
            "http://h:",
            "http://h:99999",
            "http://[::1]:8",
            "http://[fe80::1%eth0]",
            "http://u@h.example.",
            "http://1.2.3.4",
            "http://9a",
        ] {
            assert!(JavaUri::parse(text).is_ok_and(|uri| uri.host.is_some()), "{text}");
        }
        for text in [
            "http://h_s",
            "http://*",
            "http://a@b@c",
            "http://1.2.3",
            "http://h:abc",
            "http://h:-1",
            "http://ü.example",
            "http://h%41",
            "http://h:2147483648",
        ] {
            assert!(JavaUri::parse(text).is_ok_and(|uri| uri.has_registry_authority()), "{text}");
        }
        for text in ["http://[::1", "http://[v1.a]", "http://[1:2]", "http://h]"] {
            assert!(!is_uri(text), "{text}");
        }
    }

    #[test]
    fn messages_name_character_and_part() {
        let problem = JavaUri::parse("https://a/b c").err();
        assert_eq!(problem.map(|problem| problem.problem), Some(UriProblem::Character(UriPart::Path)));
        assert_eq!(
            problem.map(|problem| problem.describe("https://a/b c")).as_deref(),
            Some("a space is not allowed in its path")
        );
    }

    #[test]
    fn normalizing_takes_dots_and_empty_segments_out() {
        for (text, normal) in [
            ("http://h/a/../b", "http://h/b"),
            ("http://h//a", "http://h/a"),
            ("http://h/a/.", "http://h/a/"),
            ("http://h/a/..", "http://h/"),
            ("http://h/../a", "http://h/../a"),
            ("http://h:/a/./b", "http://h/a/b"),
            ("http://h:080/./", "http://h:80/"),
            ("http://h:080/", "http://h:080/"),
            ("a/../b:c", "./b:c"),
            ("x:a/../b", "x:a/../b"),
        ] {
            assert_eq!(
                JavaUri::parse(text).map(|uri| uri.normalized().into_owned()),
                Ok(normal.to_owned()),
                "{text}"
            );
        }
    }
}
