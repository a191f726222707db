//! Addresses of the admin API and of what is public of a realm.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands for itself within a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A name as one segment of a path, or as a value of a query.
pub(super) fn segment(name: &str) -> String {
    // A server's router takes a dot or two for a place, however they are encoded.
    utf8_percent_encode(name, SEGMENT).to_string()
}

/// The discovery document of a realm through a base URL.
pub(super) fn discovery(base: &str, realm: &str) -> String {
    format!("{base}/realms/{}/.well-known/openid-configuration", segment(realm))
}

/// The token endpoint of a realm.
pub(super) fn token(base: &str, realm: &str) -> String {
    format!("{base}/realms/{}/protocol/openid-connect/token", segment(realm))
}

/// The admin API of a realm.
pub(super) fn realm(realm: &str) -> String {
    format!("realms/{}", segment(realm))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_one_segment() {
        assert_eq!(realm("my realm/x"), "realms/my%20realm%2Fx");
        assert_eq!(
            discovery("https://sso.example.com", "rälm"),
            "https://sso.example.com/realms/r%C3%A4lm/.well-known/openid-configuration"
        );
    }
}
