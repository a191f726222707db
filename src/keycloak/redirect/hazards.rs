//! What makes a request suspicious to the server: parent-access paths, which switch wildcards off, and reserved parameter names, which refuse it.

use crate::keycloak::generation::ParentAccess;

/// The parameters of OpenID Connect responses that a redirect URI may not bring along.
pub const RESERVED_PARAMETERS: [&str; 13] = [
    "code",
    "id_token",
    "access_token",
    "token_type",
    "expires_in",
    "state",
    "iss",
    "error",
    "error_description",
    "session_state",
    "response",
    "kc_action",
    "kc_action_status",
];

/// Whether the raw path holds two dots between a separator and a terminator, escaped or not.
pub(crate) fn has_parent_access(path: &str, rule: ParentAccess) -> bool {
    let bytes = path.as_bytes();
    (0..bytes.len()).any(|at| {
        separator(&bytes[at..]).is_some_and(|length| {
            let first = at + length;
            let second = first + dot(&bytes[first..], rule);
            let end = second + dot(&bytes[second..], rule);
            first < second && second < end && terminates(&bytes[end..], rule)
        })
    })
}

fn starts_with_ignoring_case(bytes: &[u8], start: &[u8]) -> bool {
    bytes.get(..start.len()).is_some_and(|front| front.eq_ignore_ascii_case(start))
}

fn separator(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? {
        b'/' | b'\\' => Some(1),
        b'%' if starts_with_ignoring_case(bytes, b"%2F") || starts_with_ignoring_case(bytes, b"%5C") => {
            Some(3)
        }
        _ => None,
    }
}

/// The length of a dot, zero when there is none.
fn dot(bytes: &[u8], rule: ParentAccess) -> usize {
    match bytes.first() {
        Some(b'.') => 1,
        Some(b'%') if starts_with_ignoring_case(bytes, b"%2E") => 3,
        Some(b'%') if rule == ParentAccess::Escaped && starts_with_ignoring_case(bytes, b"%252E") => 5,
        _ => 0,
    }
}

fn terminates(bytes: &[u8], rule: ParentAccess) -> bool {
    if bytes.is_empty() || separator(bytes).is_some() {
        return true;
    }
    if rule >= ParentAccess::Semicolon && bytes[0] == b';' {
        return true;
    }
    rule == ParentAccess::Escaped
        && [b"%3B", b"%09", b"%0A", b"%0D", b"%00"]
            .iter()
            .any(|escape| starts_with_ignoring_case(bytes, *escape))
}

/// The first reserved parameter that a raw query or fragment names, decoded and in any case.
pub(crate) fn reserved_parameter(part: &str) -> Option<&'static str> {
    part.split('&').find_map(|pair| {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        if name.bytes().all(|byte| byte.is_ascii() && byte != b'%' && byte != b'+') {
            return RESERVED_PARAMETERS.into_iter().find(|reserved| reserved.eq_ignore_ascii_case(name));
        }
        let decoded = form_decoded(name).to_lowercase();
        RESERVED_PARAMETERS.into_iter().find(|reserved| **reserved == decoded)
    })
}

/// Names come from a parsed URI, so every `%` has its two digits; bad UTF-8 cannot make a reserved name.
fn form_decoded(name: &str) -> String {
    let bytes = name.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%')
            .then(|| name.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[at], escape) {
            (_, Some(byte)) => {
                decoded.push(byte);
                at += 3;
            }
            (b'+', None) => {
                decoded.push(b' ');
                at += 1;
            }
            (byte, None) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{has_parent_access, reserved_parameter};
    use crate::keycloak::generation::ParentAccess::{Escaped, Plain, Semicolon};

    #[test]
    fn parent_access_is_seen_escaped_or_not() {
        for path in ["/..", "/../", "/a/../b", "/a/%2e%2E/b", "/a%2f..%5cb", "%5C..", "/.%2e"] {
            assert!(has_parent_access(path, Plain), "{path}");
        }
        for path in
            ["", "/", "/...", "/a..", "..", "../x", "/..a", "/%252e%252e/", "/..;x", "/..%00", "/.%", "/.%2"]
        {
            assert!(!has_parent_access(path, Plain), "{path}");
        }
        assert!(has_parent_access("/..;x", Semicolon) && !has_parent_access("/..%3Bx", Semicolon));
        for path in ["/..%3b", "/..%09x", "/..%0A", "/..%0d", "/..%00", "/%252E%252e/", "/.%252e%2f"] {
            assert!(has_parent_access(path, Escaped), "{path}");
        }
        assert!(!has_parent_access("/..%08", Escaped));
    }

    #[test]
    fn reserved_names_are_seen_in_any_case_and_escaped() {
        for (part, name) in [
            ("code=1", Some("code")),
            ("a=1&STATE", Some("state")),
            ("c%6Fde", Some("code")),
            ("%E2%84%AAc_action=x", Some("kc_action")),
            ("\u{212A}c_action_status", Some("kc_action_status")),
            ("iss=", Some("iss")),
            ("issuer=1", None),
            ("/route?state=1", None),
            ("+code=1", None),
            ("x=code", None),
            ("", None),
            ("=code", None),
        ] {
            assert_eq!(reserved_parameter(part), name, "{part}");
        }
    }
}
