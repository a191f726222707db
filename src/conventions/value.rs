//! The shape of values: Keycloak's URLs, foreign URLs, lists, seconds.

use super::role::Role;
use super::setting::ListFormat;

/// A URL that names a realm of a Keycloak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeycloakUrl<'a> {
    /// The server's base URL with its path (`/auth` on old servers), without a slash at the end.
    pub server: &'a str,
    /// The realm's name as written, percent sequences and all.
    pub realm: &'a str,
    /// What of the realm it names.
    pub kind: KeycloakUrlKind,
}

/// What of a realm a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeycloakUrlKind {
    /// The realm itself: the issuer.
    Realm,
    /// The realm itself with a slash at the end, which no issuer has.
    RealmWithSlash,
    /// The discovery document.
    Discovery,
    /// The keys.
    Jwks,
    /// The authorization endpoint.
    Authorization,
    /// The token endpoint.
    Token,
    /// The user info endpoint.
    Userinfo,
    /// The end-session endpoint.
    EndSession,
    /// The introspection endpoint.
    Introspection,
    /// The realm in the admin API.
    Admin,
    /// Something else below the realm.
    Other,
}

impl KeycloakUrlKind {
    /// The role that a setting with such a value has, unless a framework says otherwise.
    pub fn role(self) -> Option<Role> {
        match self {
            KeycloakUrlKind::Realm | KeycloakUrlKind::RealmWithSlash => Some(Role::Issuer),
            KeycloakUrlKind::Discovery => Some(Role::DiscoveryUrl),
            KeycloakUrlKind::Jwks => Some(Role::JwksUri),
            KeycloakUrlKind::Authorization => Some(Role::AuthorizationUrl),
            KeycloakUrlKind::Token => Some(Role::TokenUrl),
            KeycloakUrlKind::Userinfo => Some(Role::UserinfoUrl),
            KeycloakUrlKind::EndSession => Some(Role::EndSessionUrl),
            KeycloakUrlKind::Introspection => Some(Role::IntrospectionUrl),
            KeycloakUrlKind::Admin => Some(Role::AdminApiUrl),
            KeycloakUrlKind::Other => None,
        }
    }
}

impl KeycloakUrl<'_> {
    /// The issuer of the realm that the URL names.
    pub fn issuer(&self) -> String {
        format!("{}/realms/{}", self.server, self.realm)
    }
}

/// Reads a URL that names a realm of a Keycloak: `http` or `https`, a host, and a path with `/realms/NAME`.
pub fn keycloak_url(text: &str) -> Option<KeycloakUrl<'_>> {
    let scheme = ["https://", "http://"].iter().find(|scheme| text.starts_with(**scheme))?;
    let after_scheme = &text[scheme.len()..];
    let realms = after_scheme.find("/realms/")?;
    let before = &after_scheme[..realms];
    if before.is_empty() || before.contains(['?', '#']) {
        return None;
    }
    let after = &after_scheme[realms + "/realms/".len()..];
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (realm, rest) = after.split_at(end);
    if realm.is_empty() {
        return None;
    }
    let admin = before.strip_suffix("/admin");
    let server = &text[..scheme.len() + admin.unwrap_or(before).len()];
    let path = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    let kind = match path {
        _ if admin.is_some() => KeycloakUrlKind::Admin,
        "" if rest.is_empty() => KeycloakUrlKind::Realm,
        "/" if rest == "/" => KeycloakUrlKind::RealmWithSlash,
        "/.well-known/openid-configuration" => KeycloakUrlKind::Discovery,
        _ => endpoint(path),
    };
    Some(KeycloakUrl { server, realm, kind })
}

fn endpoint(path: &str) -> KeycloakUrlKind {
    match path.strip_prefix("/protocol/openid-connect/") {
        Some("certs") => KeycloakUrlKind::Jwks,
        Some("auth") => KeycloakUrlKind::Authorization,
        Some("token") => KeycloakUrlKind::Token,
        Some("userinfo") => KeycloakUrlKind::Userinfo,
        Some("logout") => KeycloakUrlKind::EndSession,
        Some("token/introspect") => KeycloakUrlKind::Introspection,
        _ => KeycloakUrlKind::Other,
    }
}

/// What every discovery URL ends with.
pub(super) const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// An absolute `http` or `https` URL, cut into origin and the rest. The rest is empty or begins with `/`, `?` or `#`.
pub fn split_origin(text: &str) -> Option<(&str, &str)> {
    let scheme = ["https://", "http://"]
        .iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))?;
    let end = text[scheme.len()..].find(['/', '?', '#']).map_or(text.len(), |at| at + scheme.len());
    (end > scheme.len()).then(|| text.split_at(end))
}

/// The host of an absolute URL, without user and port.
pub(super) fn host(text: &str) -> Option<&str> {
    let (origin, _) = split_origin(text)?;
    let authority = &origin[origin.find("://")? + 3..];
    let authority = authority.rsplit('@').next()?;
    Some(authority.split(':').next().unwrap_or(authority))
}

/// Whether an audience is one of Google's: a URL of Cloud Run or of an API, or a resource name of IAP.
pub fn is_google_audience(text: &str) -> bool {
    if text.starts_with("/projects/")
        || text.starts_with("//iam.googleapis.com/")
        || text.starts_with("projects/")
    {
        return true;
    }
    let named = host(text).unwrap_or(text);
    [".run.app", ".cloudfunctions.net", ".googleapis.com", ".gateway.dev", ".apps.googleusercontent.com"]
        .iter()
        .any(|end| named.ends_with(end))
}

/// The items of a value, without spaces around them; empty ones are left out.
pub(super) fn items(text: &str, list: Option<ListFormat>) -> Vec<&str> {
    match list {
        None => vec![text],
        Some(format) => text
            .trim_start_matches('[')
            .trim_end_matches(']')
            .split(|c: char| match format {
                ListFormat::Comma => c == ',',
                ListFormat::Space => c.is_ascii_whitespace(),
                ListFormat::CommaOrSpace => c == ',' || c.is_ascii_whitespace(),
            })
            .map(|item| item.trim().trim_matches(['"', '\'']))
            .filter(|item| !item.is_empty())
            .collect(),
    }
}

/// Seconds as people write them: `60`, `60.0`, `60s`, `2m`, `PT60S`, `00:01:00`.
pub fn seconds(text: &str) -> Option<u32> {
    let text = text.trim();
    if let Some(iso) = text.strip_prefix("PT").or_else(|| text.strip_prefix("pt")) {
        return with_unit(&iso.to_ascii_lowercase());
    }
    if let [hours, minutes, rest] = text.split(':').collect::<Vec<_>>()[..] {
        let (hours, minutes, rest) = (hours.parse::<u32>().ok()?, minutes.parse::<u32>().ok()?, whole(rest)?);
        return hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(rest);
    }
    with_unit(text)
}

fn with_unit(text: &str) -> Option<u32> {
    for (unit, factor) in [("ms", 0), ("s", 1), ("m", 60), ("h", 3600)] {
        if let Some(number) = text.strip_suffix(unit) {
            let number = whole(number)?;
            return if factor == 0 { Some(number.div_ceil(1000)) } else { number.checked_mul(factor) };
        }
    }
    whole(text)
}

/// A number without sign; a fraction counts as the next whole one, so that a leeway is never understated.
fn whole(text: &str) -> Option<u32> {
    match text.split_once('.') {
        None => text.parse().ok(),
        Some((number, fraction)) if fraction.bytes().all(|byte| byte.is_ascii_digit()) => {
            let up = u32::from(fraction.bytes().any(|byte| byte != b'0'));
            number.parse::<u32>().ok()?.checked_add(up)
        }
        Some(_) => None,
    }
}

/// Whether a switch is on: `true`, `1`, `yes`, `on`, in any case.
pub fn is_on(text: &str) -> bool {
    ["true", "1", "yes", "on"].iter().any(|on| text.trim().eq_ignore_ascii_case(on))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn keycloak_urls_are_taken_apart() {
        let realm = keycloak_url("https://sso.example.com/realms/shop").unwrap();
        assert_eq!(
            (realm.server, realm.realm, realm.kind),
            ("https://sso.example.com", "shop", KeycloakUrlKind::Realm)
        );
        let old = keycloak_url("https://sso.example.com:8443/auth/realms/shop/protocol/openid-connect/certs")
            .unwrap();
        assert_eq!(old.server, "https://sso.example.com:8443/auth");
        assert_eq!(old.issuer(), "https://sso.example.com:8443/auth/realms/shop");
        assert_eq!(old.kind, KeycloakUrlKind::Jwks);
        for (rest, kind) in [
            ("/", KeycloakUrlKind::RealmWithSlash),
            ("/.well-known/openid-configuration", KeycloakUrlKind::Discovery),
            ("/protocol/openid-connect/auth?client_id=x", KeycloakUrlKind::Authorization),
            ("/protocol/openid-connect/token", KeycloakUrlKind::Token),
            ("/protocol/openid-connect/token/introspect", KeycloakUrlKind::Introspection),
            ("/protocol/openid-connect/logout", KeycloakUrlKind::EndSession),
            ("/legacy-auth/api", KeycloakUrlKind::Other),
            ("//", KeycloakUrlKind::Other),
            ("?x", KeycloakUrlKind::Other),
        ] {
            let text = format!("http://kc/realms/shop{rest}");
            let url = keycloak_url(&text).unwrap();
            assert_eq!((url.realm, url.kind), ("shop", kind), "{text}");
        }
        let admin = keycloak_url("https://kc.example.com/admin/realms/shop/users").unwrap();
        assert_eq!((admin.server, admin.kind), ("https://kc.example.com", KeycloakUrlKind::Admin));
    }

    #[test]
    fn other_texts_are_no_keycloak_urls() {
        for text in [
            "",
            "shop",
            "https://kc",
            "https:///realms/x",
            "https://kc/realms/",
            "https://kc?x=/realms/y",
            "/realms/x",
        ] {
            assert_eq!(keycloak_url(text), None, "{text}");
        }
    }

    #[test]
    fn origins_end_where_the_path_begins() {
        assert_eq!(split_origin("https://a.example/b?c"), Some(("https://a.example", "/b?c")));
        assert_eq!(split_origin("HTTP://a.example"), Some(("HTTP://a.example", "")));
        assert_eq!(split_origin("https://"), None);
        assert_eq!(split_origin("a.example"), None);
        assert_eq!(split_origin("é"), None);
        assert_eq!(host("https://u:p@a.example:8443/b"), Some("a.example"));
    }

    #[test]
    fn seconds_are_read_as_people_write_them() {
        for (text, expected) in [
            ("60", Some(60)),
            ("1.0", Some(1)),
            ("1.5", Some(2)),
            ("90s", Some(90)),
            ("2m", Some(120)),
            ("PT60S", Some(60)),
            ("00:05:00", Some(300)),
            ("500ms", Some(1)),
            ("", None),
            ("-1", None),
            ("soon", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn google_audiences_are_known_by_shape() {
        for text in [
            "https://web-abc-ew.a.run.app",
            "https://run.googleapis.com/",
            "/projects/1/global/backendServices/2",
            "123.apps.googleusercontent.com",
        ] {
            assert!(is_google_audience(text), "{text}");
        }
        for text in ["shop-api", "https://api.example.com", "account"] {
            assert!(!is_google_audience(text), "{text}");
        }
    }
}
