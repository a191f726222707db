//! The base URI of a request as Keycloak sees it, and URIs built the way its libraries build them.
//!
//! Three parts decide an issuer's text: Quarkus reads the proxy's headers (`ForwardedParser`), RESTEasy builds URIs from templates
//! (`UriBuilder`), and `java.net.URL` is asked whether a realm's frontend URL is one.

use crate::keycloak::java_uri::JavaUri;

/// Headers of a request; names are compared without case, and of several headers of one name the first counts.
#[derive(Debug, Clone, Default)]
pub struct RequestHeaders(Vec<(String, String)>);

impl RequestHeaders {
    /// Headers in the order in which they arrive.
    pub fn new<N: Into<String>, V: Into<String>>(headers: impl IntoIterator<Item = (N, V)>) -> Self {
        RequestHeaders(headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// What Cloud Run's front end hands on for a request to `host`.
    ///
    /// Google documents `X-Forwarded-Proto` and `X-Forwarded-For`; that it sends `Forwarded` as well is known second hand only,
    /// so it is left out.
    pub fn of_cloud_run(host: &str) -> Self {
        RequestHeaders::new([("Host", host), ("X-Forwarded-Proto", "https")])
    }

    /// The value of the first header of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Which headers of a proxy the server believes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProxyHeaders {
    /// None.
    #[default]
    None,
    /// `Forwarded` (RFC 7239).
    Forwarded,
    /// `X-Forwarded-*`.
    XForwarded,
}

/// The server answers 500: a URI could not be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

/// The scheme and authority of a request to a plain HTTP listener, and the path that a proxy prepends.
pub(crate) struct Seen {
    pub(crate) origin: String,
    pub(crate) prefix: String,
}

/// As `ForwardedParser` computes it.
pub(crate) fn seen(headers: &RequestHeaders, believed: ProxyHeaders, honours_prefix: bool) -> Option<Seen> {
    let host = headers.get("Host")?;
    if believed == ProxyHeaders::None {
        return Some(Seen { origin: format!("http://{host}"), prefix: String::new() });
    }
    let mut scheme = "http".to_owned();
    let (mut host, mut port) = host_and_port(host, None);
    let mut prefix = String::new();
    if believed == ProxyHeaders::Forwarded {
        let forwarded = headers.get("Forwarded").unwrap_or_default();
        if let Some(stated) = forwarded_parameter(forwarded, "proto=") {
            scheme = stated.to_owned();
        }
        if let Some(stated) = forwarded_parameter(forwarded, "host=") {
            (host, port) = host_and_port(stated, port);
        }
    } else {
        if let Some(stated) = headers.get("X-Forwarded-Proto") {
            scheme = first_element(stated).to_owned();
            port = None;
        }
        if headers.get("X-Forwarded-Ssl").is_some_and(|value| value.eq_ignore_ascii_case("on")) {
            scheme = "https".to_owned();
            port = None;
        }
        if let Some(stated) = headers.get("X-Forwarded-Host") {
            (host, port) = host_and_port(first_element(stated), port);
        }
        if let Some(stated) = headers.get("X-Forwarded-Port") {
            port = parse_port(first_element(stated)).or(port);
        }
        if let Some(stated) = headers.get("X-Forwarded-Prefix").filter(|_| honours_prefix) {
            prefix = prefix_path(stated);
        }
    }
    let is_default = (scheme == "http" && port == Some(80)) || (scheme == "https" && port == Some(443));
    let port = port.filter(|_| !is_default).map_or_else(String::new, |port| format!(":{port}"));
    Some(Seen { origin: format!("{scheme}://{host}{port}"), prefix })
}

// The pattern `NAME="?([^;,"]+)"?` anywhere in the header, blanks around the value cut.
fn forwarded_parameter<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let mut from = 0;
    while let Some(found) = header.get(from..)?.find(name) {
        let start = from + found + name.len();
        let value = header.get(start..)?;
        let value = value.strip_prefix('"').unwrap_or(value);
        let end = value.find([';', ',', '"']).unwrap_or(value.len());
        if end > 0 {
            return value.get(..end).map(str::trim);
        }
        from = start;
    }
    None
}

fn first_element(list: &str) -> &str {
    list.split_once(',').map_or(list, |(first, _)| first)
}

fn host_and_port(text: &str, default_port: Option<u16>) -> (String, Option<u16>) {
    let colon = text.rfind(':');
    let behind_bracket = text.rfind(']').zip(colon).is_some_and(|(bracket, colon)| colon > bracket);
    let only_colon = text.matches(':').count() == 1 && !text.ends_with(':');
    match colon {
        Some(colon) if behind_bracket || only_colon => {
            let (host, port) = text.split_at(colon);
            (host.to_owned(), parse_port(&port[1..]).or(default_port))
        }
        _ => (text.to_owned(), default_port),
    }
}

// Java's `Integer.parseInt`, then a check of the range.
fn parse_port(text: &str) -> Option<u16> {
    text.strip_prefix('+').unwrap_or(text).parse().ok()
}

fn prefix_path(header: &str) -> String {
    let stripped = header.strip_prefix('/').unwrap_or(header);
    let stripped = if header.len() > 1 { stripped.strip_suffix('/').unwrap_or(stripped) } else { stripped };
    if stripped.is_empty() { String::new() } else { format!("/{stripped}") }
}

/// A URI under construction, as RESTEasy's `UriBuilder` keeps it.
#[derive(Debug, Clone, Default)]
pub(crate) struct UriBuilder {
    scheme: Option<String>,
    opaque: Option<String>,
    user_info: Option<String>,
    host: Option<String>,
    port: Option<u32>,
    authority: Option<String>,
    path: String,
    query: Option<String>,
    fragment: Option<String>,
}

impl UriBuilder {
    /// From a URI that `java.net.URI` parses.
    pub(crate) fn from_uri(text: &str) -> Result<Self, Broken> {
        let uri = JavaUri::parse(text).map_err(|_| Broken)?;
        let owned = |part: Option<&str>| part.filter(|part| !part.is_empty()).map(str::to_owned);
        let server_based = uri.user_info.is_some() || uri.host.is_some() || uri.port.is_some();
        Ok(UriBuilder {
            scheme: uri.scheme.map(str::to_owned),
            opaque: uri.opaque.map(str::to_owned),
            user_info: uri.user_info.map(str::to_owned),
            host: uri.host.map(str::to_owned),
            port: uri.port,
            authority: uri.authority.filter(|_| !server_based).map(str::to_owned),
            path: uri.path.unwrap_or_default().to_owned(),
            query: owned(uri.query),
            fragment: uri.fragment.map(str::to_owned),
        })
    }

    /// From a template; what may not stand in a path, query or fragment is percent-encoded.
    pub(crate) fn from_template(text: &str) -> Result<Self, Broken> {
        let mut builder = UriBuilder::default();
        let first = text.find([':', '/', '?', '#', '{']);
        let scheme = first.filter(|&end| end > 0 && text[end..].starts_with(':')).map(|end| &text[..end]);
        let mut rest = scheme.map_or(text, |scheme| &text[scheme.len() + 1..]);
        builder.scheme = scheme.map(str::to_owned);
        if scheme.is_some() && !rest.is_empty() && !rest.starts_with('/') {
            builder.opaque = Some(rest.to_owned());
            return Ok(builder);
        }
        if let Some((before, fragment)) = rest.split_once('#') {
            builder.fragment = Some(encode(fragment, FRAGMENT));
            rest = before;
        }
        if let Some((before, query)) = rest.split_once('?') {
            builder.query = Some(encode(query, QUERY)).filter(|query| !query.is_empty());
            rest = before;
        }
        if let Some(behind) = rest.strip_prefix("//") {
            let end = behind.find('/').unwrap_or(behind.len());
            builder.set_authority(&behind[..end])?;
            rest = &behind[end..];
        }
        builder.path = encode(rest, PATH);
        let has_parameter = |part: &str| part.split_once('{').is_some_and(|(_, behind)| behind.contains('}'));
        if has_parameter(text) { Err(Broken) } else { Ok(builder) }
    }

    fn set_authority(&mut self, authority: &str) -> Result<(), Broken> {
        let (user, host) = match authority.split_once('@') {
            Some((user, host)) => (Some(user.to_owned()), host),
            None => (None, authority),
        };
        self.user_info = user;
        let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let split = host.rsplit_once(':').filter(|(name, port)| {
            all_digits(port)
                && !name.is_empty()
                && (!name.contains(':') || (name.starts_with('[') && name.ends_with(']')))
        });
        match split {
            Some((name, port)) => {
                let port: i32 = port.parse().map_err(|_| Broken)?;
                self.host = Some(name.to_owned());
                self.port = u32::try_from(port).ok();
            }
            None => self.host = Some(host.to_owned()),
        }
        Ok(())
    }

    /// Replaces the host.
    pub(crate) fn host(&mut self, host: &str) {
        self.host = Some(host.to_owned());
    }

    /// Replaces scheme and port.
    pub(crate) fn scheme_and_port(&mut self, scheme: &str, port: Option<u16>) {
        self.scheme = Some(scheme.to_owned());
        self.port(port);
    }

    /// Replaces the port.
    pub(crate) fn port(&mut self, port: Option<u16>) {
        self.port = port.map(u32::from);
    }

    /// Replaces the path.
    pub(crate) fn replace_path(&mut self, path: &str) {
        self.path = encode(path, PATH);
    }

    /// Appends path segments, with one slash between.
    pub(crate) fn path(&mut self, segment: &str) {
        let segment =
            if self.path.ends_with('/') { segment.strip_prefix('/').unwrap_or(segment) } else { segment };
        if segment.is_empty() {
            return;
        }
        if !self.path.is_empty() && !self.path.ends_with('/') && !segment.starts_with('/') {
            self.path.push('/');
        }
        self.path.push_str(segment);
    }

    /// Drops the scheme's default port, as Keycloak's hostname provider does.
    pub(crate) fn drop_default_port(&mut self) {
        let scheme = self.scheme.as_deref();
        if (scheme == Some("http") && self.port == Some(80))
            || (scheme == Some("https") && self.port == Some(443))
        {
            self.port = None;
        }
    }

    /// The URI, which `java.net.URI` must accept.
    pub(crate) fn build(&self) -> Result<String, Broken> {
        let mut text = String::new();
        if let Some(scheme) = &self.scheme {
            text.push_str(scheme);
            text.push(':');
        }
        if let Some(opaque) = &self.opaque {
            text.push_str(opaque);
        } else if self.user_info.is_some() || self.host.is_some() || self.port.is_some() {
            text.push_str("//");
            if let Some(user) = &self.user_info {
                text.push_str(user);
                text.push('@');
            }
            if let Some(host) = &self.host {
                if host.is_empty() {
                    return Err(Broken);
                }
                text.push_str(host);
            }
            if let Some(port) = self.port {
                text.push_str(&format!(":{port}"));
            }
        } else if let Some(authority) = &self.authority {
            text.push_str("//");
            text.push_str(authority);
        }
        if !self.path.is_empty() {
            if (self.user_info.is_some() || self.host.is_some()) && !self.path.starts_with('/') {
                text.push('/');
            }
            text.push_str(&self.path);
        }
        if let Some(query) = &self.query {
            text.push('?');
            text.push_str(query);
        }
        if let Some(fragment) = &self.fragment {
            text.push('#');
            text.push_str(fragment);
        }
        if JavaUri::parse(&text).is_ok() { Ok(text) } else { Err(Broken) }
    }
}

const PATH: &str = "-._~!$&'()*+,/;=:@";
const QUERY: &str = "-._~!$&'()*+,/;=:@?";
const FRAGMENT: &str = "-._~!$&'()*+,/;=:@?";

// Keeps what is allowed and what is encoded already.
fn encode(text: &str, allowed: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    for (position, character) in text.char_indices() {
        let is_escape = character == '%'
            && bytes.get(position + 1..position + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        if is_escape || character.is_ascii_alphanumeric() || allowed.contains(character) {
            encoded.push(character);
        } else {
            push_encoded(&mut encoded, character);
        }
    }
    encoded
}

/// A value as one segment of a path: everything but letters, digits and what RFC 3986 allows there is percent-encoded, `%` and `/`
/// included.
pub(crate) fn encode_segment(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for character in value.chars() {
        if character.is_ascii_alphanumeric() || "-._~!$&'()*+,:@".contains(character) {
            encoded.push(character);
        } else {
            push_encoded(&mut encoded, character);
        }
    }
    encoded
}

fn push_encoded(into: &mut String, character: char) {
    let mut buffer = [0; 4];
    for byte in character.encode_utf8(&mut buffer).bytes() {
        into.push_str(&format!("%{byte:02X}"));
    }
}

/// Whether `java.net.URL` takes the text for an `http` or `https` URL. It cuts blanks at both ends and a leading `url:`.
pub(crate) fn is_http_url(text: &str) -> bool {
    let trimmed = text.trim_matches(|character: char| character <= ' ');
    let trimmed = match trimmed.get(..4) {
        Some(start) if start.eq_ignore_ascii_case("url:") => &trimmed[4..],
        _ => trimmed,
    };
    let Some(end) = trimmed.find([':', '/']).filter(|&end| trimmed[end..].starts_with(':')) else {
        return false;
    };
    let protocol = &trimmed[..end];
    if !protocol.eq_ignore_ascii_case("http") && !protocol.eq_ignore_ascii_case("https") {
        return false;
    }
    let rest = trimmed[end + 1..].split('#').next().unwrap_or_default();
    match rest.strip_prefix("//") {
        Some(behind) => has_url_authority(behind.split(['/', '?']).next().unwrap_or_default()),
        None => true,
    }
}

fn has_url_authority(authority: &str) -> bool {
    let host = match authority.split_once('@') {
        Some((_, behind)) if behind.contains('@') => return true,
        Some((_, host)) => host,
        None => authority,
    };
    let port = if let Some(bracketed) = host.strip_prefix('[') {
        let Some((address, behind)) = bracketed.split_once(']') else { return false };
        let address = address.split('%').next().unwrap_or_default();
        if address.parse::<std::net::Ipv6Addr>().is_err() {
            return false;
        }
        match behind.strip_prefix(':') {
            Some(port) => port,
            None if behind.is_empty() => "",
            None => return false,
        }
    } else {
        host.split_once(':').map_or("", |(_, port)| port)
    };
    port.is_empty() || port.parse::<i32>().is_ok_and(|port| port >= -1)
}
