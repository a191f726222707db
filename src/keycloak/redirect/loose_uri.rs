//! The forgiving URI splitter that servers before 24.0.3 take requests apart with, and put them together again.
//!
//! It is not `java.net.URI`: it takes almost any text, percent-encodes path, query and fragment as it reads them, and, in its template mode,
//! leaves `{name}` alone and refuses to build a text that holds one.

use super::escaping::{self, PATH, QUERY};

/// Why no text comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LooseFault {
    /// The text cannot be split, or holds a placeholder that nothing was given for. The server refuses.
    Illegal,
    /// There is an authority but no host in it. The server answers 500.
    EmptyHost,
    /// The server's own marker for placeholders stands in the text beside a placeholder. It answers 500.
    Marker,
}

/// A text split into pieces; path, query and fragment are percent-encoded.
#[derive(Debug, Clone, Default)]
pub(super) struct LooseUri {
    pub(super) scheme: Option<String>,
    pub(super) opaque: Option<String>,
    pub(super) user_info: Option<String>,
    pub(super) host: Option<String>,
    pub(super) port: Option<i32>,
    pub(super) path: Option<String>,
    pub(super) query: Option<String>,
    pub(super) fragment: Option<String>,
}

impl LooseUri {
    /// Splits `text`; with `template`, `{…}` stays unencoded.
    pub(super) fn parse(text: &str, template: bool) -> Result<Self, LooseFault> {
        let mut uri = Self::default();
        let (scheme, rest) = match text.find([':', '/', '?', '#']) {
            Some(at) if at > 0 && text.as_bytes()[at] == b':' => (Some(&text[..at]), &text[at + 1..]),
            _ => (None, text),
        };
        if let Some(scheme) = scheme {
            uri.scheme = Some(scheme.to_owned());
            if is_opaque(rest) {
                uri.opaque = Some(rest.to_owned());
                return Ok(uri);
            }
        }
        let rest = if let Some(behind) = rest.strip_prefix("//") {
            let end = behind.find(['/', '?', '#']).unwrap_or(behind.len());
            uri.read_authority(&behind[..end])?;
            &behind[end..]
        } else {
            rest
        };
        let (rest, fragment) =
            rest.split_once('#').map_or((rest, None), |(rest, fragment)| (rest, Some(fragment)));
        // A fragment with a line break in it makes the pattern of the server fail.
        if fragment.is_some_and(|fragment| fragment.contains(is_line_end)) {
            return Err(LooseFault::Illegal);
        }
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        if scheme.is_none() && !path.is_empty() && !path.starts_with('/') && path.contains(':') {
            return Err(LooseFault::Illegal);
        }
        if !path.is_empty() {
            uri.path = Some(escaping::encoded(path, PATH, template)?);
        }
        uri.set_query(query, template)?;
        uri.set_fragment(fragment, template)?;
        Ok(uri)
    }

    fn read_authority(&mut self, authority: &str) -> Result<(), LooseFault> {
        let host = match authority.split_once('@') {
            Some((user_info, host)) => {
                self.user_info = Some(user_info.to_owned());
                host
            }
            None => authority,
        };
        if let Some((name, digits)) = host.split_once(':')
            && !name.is_empty()
            && !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
        {
            self.host = Some(name.to_owned());
            self.port = Some(digits.parse().map_err(|_| LooseFault::Illegal)?);
        } else {
            self.host = Some(host.to_owned());
        }
        Ok(())
    }

    pub(super) fn set_query(&mut self, query: Option<&str>, template: bool) -> Result<(), LooseFault> {
        self.query = query
            .filter(|query| !query.is_empty())
            .map(|query| escaping::encoded(query, QUERY, template))
            .transpose()?;
        Ok(())
    }

    pub(super) fn set_fragment(&mut self, fragment: Option<&str>, template: bool) -> Result<(), LooseFault> {
        self.fragment = fragment.map(|fragment| escaping::encoded(fragment, QUERY, template)).transpose()?;
        Ok(())
    }

    pub(super) fn set_path(&mut self, path: &str) -> Result<(), LooseFault> {
        self.path = Some(escaping::encoded(path, PATH, false)?);
        Ok(())
    }

    /// Puts the pieces together. A default port goes unless `keeps_default_port`.
    pub(super) fn build(&self, keeps_default_port: bool) -> Result<String, LooseFault> {
        let pieces = [&self.scheme, &self.user_info, &self.host, &self.path, &self.query, &self.fragment];
        if pieces.into_iter().flatten().any(|piece| escaping::holds_placeholder(piece)) {
            return Err(LooseFault::Illegal);
        }
        let mut text = String::new();
        if let Some(scheme) = &self.scheme {
            text.push_str(&escaping::with_marked_braces(scheme));
            text.push(':');
        }
        if let Some(opaque) = &self.opaque {
            text.push_str(opaque);
        } else if self.user_info.is_some() || self.host.is_some() || self.port.is_some() {
            text.push_str("//");
            if let Some(user_info) = &self.user_info {
                text.push_str(&escaping::with_marked_braces(user_info));
                text.push('@');
            }
            if let Some(host) = &self.host {
                if host.is_empty() {
                    return Err(LooseFault::EmptyHost);
                }
                text.push_str(&escaping::with_marked_braces(host));
            }
            let default_port = match self.scheme.as_deref() {
                Some("http") => Some(80),
                Some("https") => Some(443),
                _ => None,
            };
            if let Some(port) = self.port.filter(|port| keeps_default_port || default_port != Some(*port)) {
                text.push(':');
                text.push_str(&port.to_string());
            }
        }
        if let Some(path) = &self.path {
            if (self.user_info.is_some() || self.host.is_some()) && !path.starts_with('/') {
                text.push('/');
            }
            text.push_str(&escaping::with_marked_braces(path));
        }
        if let Some(query) = &self.query {
            text.push('?');
            text.push_str(&escaping::with_marked_braces(query));
        }
        if let Some(fragment) = &self.fragment {
            text.push('#');
            text.push_str(&escaping::with_marked_braces(fragment));
        }
        Ok(text)
    }
}

/// Whether what follows the colon of a scheme is kept in one piece: it begins with anything but a slash, and no line ends behind that.
fn is_opaque(rest: &str) -> bool {
    let mut characters = rest.chars();
    characters.next().is_some_and(|first| first != '/') && !characters.any(is_line_end)
}

/// What the dot of a Java pattern does not match.
fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// How current servers split a wildcard entry (no `?`, no `#`), to see where its star stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StarPlace {
    /// In a path, as the whole authority, as a port, or in an opaque URI: the entry is a prefix.
    Prefix,
    /// Right behind a host: read as `/*`.
    BehindHost,
}

/// Where the star of a wildcard entry stands, or why splitting it throws.
pub(crate) fn star_place(entry: &str) -> Result<StarPlace, EntryFault> {
    let (scheme, rest) = match entry.find([':', '/']) {
        Some(at) if at > 0 && entry.as_bytes()[at] == b':' => (true, &entry[at + 1..]),
        _ => (false, entry),
    };
    if scheme && is_opaque(rest) {
        return Ok(StarPlace::Prefix);
    }
    let Some(behind) = rest.strip_prefix("//") else {
        return if !scheme && !rest.starts_with('/') && rest.contains(':') {
            Err(EntryFault::Colon)
        } else {
            Ok(StarPlace::Prefix)
        };
    };
    let (authority, path) = behind.find('/').map_or((behind, ""), |at| behind.split_at(at));
    let host = authority.split_once('@').map_or(authority, |(_, host)| host);
    if let Some((name, digits)) = host.split_once(':')
        && !name.is_empty()
        && !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && digits.parse::<i32>().is_err()
    {
        return Err(EntryFault::Port);
    }
    Ok(if path.is_empty() && authority != "*" && !authority.ends_with(":*") {
        StarPlace::BehindHost
    } else {
        StarPlace::Prefix
    })
}

/// Why current servers cannot split a wildcard entry, and answer 500 when they come to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryFault {
    /// It has no scheme and no leading slash but a colon behind its first slash, or begins with a colon.
    Colon,
    /// Its port is larger than 2147483647.
    Port,
}

impl EntryFault {
    /// A clause for messages.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Colon => "it has a colon where a scheme would end, but no scheme",
            Self::Port => "its port is larger than 2147483647",
        }
    }
}
