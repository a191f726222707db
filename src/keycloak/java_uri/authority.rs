//! The authority of a URI: a server (`user@host:port`), or any name that a registry might know.

use super::characters::{
    ALPHA, DIGIT, HEX, PERCENT, REGISTRY_NAME, SCOPE_ID, SERVER, USER_INFO, check_class, check_plain, find,
    is_java_space, scan_class, scan_plain,
};
use super::{JavaUri, NotAUri, UriPart, UriProblem};

/// Bytes of an IPv6 address.
const IPV6_LENGTH: usize = 16;

struct Server<'a> {
    user_info: Option<&'a str>,
    host: &'a str,
    port: Option<u32>,
}

impl JavaUri<'_> {
    pub(super) fn parse_authority(&mut self, start: usize, end: usize) -> Result<(), NotAUri> {
        let text = self.text;
        // For the sake of IPv6 scope ids a bare % is an ordinary character here.
        let server_characters = scan_with_percent(text, start, end) == end;
        let registry_stop = scan_class(text, start, end, REGISTRY_NAME)?;
        let registry_characters = registry_stop == end;
        if server_characters {
            match parse_server(text, start, end) {
                Ok(server) => {
                    self.user_info = server.user_info;
                    self.host = Some(server.host);
                    self.port = server.port;
                }
                Err(_) if registry_characters => {}
                Err(problem) => return Err(problem),
            }
        } else if !registry_characters {
            return Err(NotAUri { problem: UriProblem::Character(UriPart::Authority), at: registry_stop });
        }
        self.authority = Some(&text[start..end]);
        Ok(())
    }
}

fn scan_with_percent(text: &str, start: usize, end: usize) -> usize {
    let mut at = start;
    while at < end {
        let plain = scan_plain(text, at, end, SERVER | PERCENT);
        match text[plain..end].chars().next() {
            Some(c) if !c.is_ascii() && !is_java_space(c) && !c.is_control() => at = plain + c.len_utf8(),
            _ => return plain,
        }
    }
    at
}

fn parse_server(text: &str, start: usize, end: usize) -> Result<Server<'_>, NotAUri> {
    let bytes = text.as_bytes();
    let mut at = start;
    let mut user_info = None;
    let sign = find(text, at, end, |byte| byte == b'@');
    if sign < end {
        check_class(text, at, sign, USER_INFO, UriPart::UserInfo)?;
        user_info = Some(&text[at..sign]);
        at = sign + 1;
    }
    let host_start = at;
    if at < end && bytes[at] == b'[' {
        let address = at + 1;
        let close = find(text, address, end, |byte| byte == b']');
        if close == address || close == end {
            return Err(NotAUri { problem: UriProblem::Ipv6, at });
        }
        parse_ipv6_reference(text, address, close)?;
        at = close + 1;
    } else {
        at = match parse_ipv4_host(text, at, end) {
            Some(stop) => stop,
            None => parse_hostname(text, at, end)?,
        };
    }
    let host = &text[host_start..at];
    let mut port = None;
    if at < end && bytes[at] == b':' {
        at += 1;
        if at < end {
            check_plain(text, at, end, DIGIT, UriPart::Port)?;
            port = Some(
                text[at..end]
                    .parse::<i32>()
                    .map(i32::unsigned_abs)
                    .map_err(|_| NotAUri { problem: UriProblem::Port, at })?,
            );
            at = end;
        }
    }
    if at < end {
        return Err(NotAUri { problem: UriProblem::Character(UriPart::Authority), at });
    }
    Ok(Server { user_info, host, port })
}

/// The end of a dotted quad at `start`. Whatever may follow it but a colon makes it none.
fn parse_ipv4_host(text: &str, start: usize, end: usize) -> Option<usize> {
    let stop = scan_ipv4(text, start, end, false)?;
    (stop == end || text.as_bytes()[stop] == b':').then_some(stop)
}

fn scan_ipv4(text: &str, start: usize, end: usize, whole: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut limit = start;
    while limit < end && (bytes[limit].is_ascii_digit() || bytes[limit] == b'.') {
        limit += 1;
    }
    if limit == start || (whole && limit != end) {
        return None;
    }
    let mut at = start;
    for part in 0..4 {
        if part > 0 {
            if at >= limit || bytes[at] != b'.' {
                return None;
            }
            at += 1;
        }
        let stop = scan_plain(text, at, limit, DIGIT);
        // Leading zeros are fine, as many as there are, while the number fits into Java's int.
        if stop == at || text[at..stop].parse::<i32>().map_or(true, |number| number > 255) {
            return None;
        }
        at = stop;
    }
    (at == limit).then_some(at)
}

fn parse_hostname(text: &str, start: usize, end: usize) -> Result<usize, NotAUri> {
    let bytes = text.as_bytes();
    let mut at = start;
    let mut last_label = None;
    let illegal = |at| NotAUri { problem: UriProblem::Character(UriPart::Host), at };
    loop {
        let stop = scan_plain(text, at, end, ALPHA | DIGIT);
        if stop == at {
            break;
        }
        last_label = Some(at);
        at = stop;
        while at < end && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'-') {
            at += 1;
        }
        if bytes[at - 1] == b'-' {
            return Err(illegal(at - 1));
        }
        if at < end && bytes[at] == b'.' {
            at += 1;
        } else {
            break;
        }
        if at >= end {
            break;
        }
    }
    if at < end && bytes[at] != b':' {
        return Err(illegal(at));
    }
    match last_label {
        None => Err(NotAUri { problem: UriProblem::Missing(UriPart::Host), at: start }),
        // A single label may start with a digit; the last one of several may not.
        Some(label) if label > start && !bytes[label].is_ascii_alphabetic() => Err(illegal(label)),
        Some(_) => Ok(at),
    }
}

fn parse_ipv6_reference(text: &str, start: usize, end: usize) -> Result<(), NotAUri> {
    let percent = find(text, start, end, |byte| byte == b'%');
    let address_end = if percent < end && percent > start {
        if percent + 1 == end {
            return Err(NotAUri { problem: UriProblem::Ipv6, at: percent });
        }
        check_plain(text, percent + 1, end, SCOPE_ID, UriPart::Host)?;
        percent
    } else {
        end
    };
    if ipv6_is_well_formed(&text[start..address_end]) {
        Ok(())
    } else {
        Err(NotAUri { problem: UriProblem::Ipv6, at: start })
    }
}

fn ipv6_is_well_formed(address: &str) -> bool {
    ipv6_length(address).is_some_and(
        |(bytes, compressed)| if compressed { bytes < IPV6_LENGTH } else { bytes == IPV6_LENGTH },
    )
}

/// The bytes that the address spells out, and whether it holds `::`.
fn ipv6_length(address: &str) -> Option<(usize, bool)> {
    let bytes = address.as_bytes();
    let end = bytes.len();
    let (stop, mut length) = scan_hex_sequence(address, 0)?;
    if bytes[stop..].starts_with(b"::") {
        let (tail, tail_length) = scan_after_compression(address, stop + 2)?;
        length += tail_length;
        return (tail == end).then_some((length, true));
    }
    if stop == 0 {
        return None;
    }
    if stop < end {
        if bytes[stop] != b':' || scan_ipv4(address, stop + 1, end, true) != Some(end) {
            return None;
        }
        length += 4;
    }
    Some((length, false))
}

fn scan_after_compression(address: &str, start: usize) -> Option<(usize, usize)> {
    let end = address.len();
    if start == end {
        return Some((start, 0));
    }
    let (stop, mut length) = scan_hex_sequence(address, start)?;
    if stop == start {
        return (scan_ipv4(address, start, end, true) == Some(end)).then_some((end, 4));
    }
    if stop < end && address.as_bytes()[stop] == b':' {
        if scan_ipv4(address, stop + 1, end, true) != Some(end) {
            return None;
        }
        length += 4;
        return Some((end, length));
    }
    Some((stop, length))
}

/// Groups of hexadecimal digits joined by single colons: where they end and how many bytes they are. `start` itself when there are none,
/// `None` when they are malformed.
fn scan_hex_sequence(address: &str, start: usize) -> Option<(usize, usize)> {
    let bytes = address.as_bytes();
    let end = bytes.len();
    let group = |from: usize| scan_plain(address, from, end, HEX);
    let dotted = |at: usize| at < end && bytes[at] == b'.';
    let stop = group(start);
    if stop == start || dotted(stop) {
        return Some((start, 0));
    }
    if stop > start + 4 {
        return None;
    }
    let mut length = 2;
    let mut at = stop;
    while at < end && bytes[at] == b':' && bytes.get(at + 1) != Some(&b':') {
        let next = at + 1;
        let stop = group(next);
        if stop == next {
            return None;
        }
        if dotted(stop) {
            break;
        }
        if stop > next + 4 {
            return None;
        }
        length += 2;
        at = stop;
    }
    Some((at, length))
}
