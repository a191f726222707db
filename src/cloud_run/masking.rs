//! Secrets inside longer texts: passwords in URLs, in connection strings, in JSON and properties that stand in one setting.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::secret_names::{is_about_tokens, is_no_secret, is_secret_name};

/// What stands in a text where a secret was.
pub const MASK: &str = "***";

/// A text without the secrets in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Masked {
    /// There were none.
    Untouched,
    /// The text with [`MASK`] in place of each.
    Changed(String),
}

/// Takes the secrets out of a text; `found` gets each with the name it stood behind, which is empty for the password of a URL.
///
/// Placeholders are no secrets and stay; `is_placeholder` knows them.
pub fn mask(text: &str, is_placeholder: impl Fn(&str) -> bool, mut found: impl FnMut(&str, &str)) -> Masked {
    replace(text, is_placeholder, |name, secret| {
        found(name, secret);
        MASK.to_owned()
    })
}

/// Puts what `stand_in` makes of each secret in its place; it gets the name it stood behind, and the secret.
pub(crate) fn replace(
    text: &str,
    is_placeholder: impl Fn(&str) -> bool,
    mut stand_in: impl FnMut(&str, &str) -> String,
) -> Masked {
    let mut masked = None;
    let mut hide = |name: &str, value: &str| {
        let secret = !is_no_secret(value)
            && value != MASK
            && !is_about_tokens(name, value)
            && !is_placeholder(value)
            && !value.starts_with(['{', '[']);
        secret.then(|| stand_in(name, value))
    };
    if let Some(changed) = mask_user_info(text, &mut hide) {
        masked = Some(changed);
    }
    for pattern in [&*ASSIGNED, &*PAIR, &*ESCAPED, &*FLOW, &*LINE, &*FLAG] {
        let here = masked.as_deref().unwrap_or(text);
        if !pattern.wanted.iter().any(|sign| here.contains(sign)) {
            continue;
        }
        let mut changed = false;
        let replaced = pattern.regex.replace_all(here, |captures: &Captures<'_>| {
            let whole = &captures[0];
            let name = captures.name("name");
            let value = captures.name("value").or_else(|| captures.name("single"));
            match (name, value) {
                (Some(name), Some(value)) if is_secret_name(name.as_str()) => {
                    let Some(shown) = hide(name.as_str(), value.as_str()) else { return whole.to_owned() };
                    changed = true;
                    let start = value.start() - captures.get(0).map_or(0, |all| all.start());
                    format!("{}{shown}{}", &whole[..start], &whole[start + value.len()..])
                }
                _ => whole.to_owned(),
            }
        });
        if changed {
            masked = Some(replaced.into_owned());
        }
    }
    masked.map_or(Masked::Untouched, Masked::Changed)
}

/// JSON that is the value of a setting with a secret's name: every text in it is a secret, except under keys that are known
/// to be public, such as `issuer` and `jwk_url`. None when the text is no JSON object or array.
pub fn mask_json(text: &str, mut found: impl FnMut(&str, &str)) -> Option<String> {
    let trimmed = text.trim_start();
    if !trimmed.starts_with(['{', '[']) {
        return None;
    }
    let mut value: serde_json::Value = serde_json::from_str(trimmed).ok()?;
    mask_value(&mut value, "", &mut found);
    serde_json::to_string(&value).ok()
}

/// Whether a text is a private key, whatever its setting is called.
pub fn is_private_key(text: &str) -> bool {
    text.contains("PRIVATE KEY-----")
}

struct Pattern {
    regex: Regex,
    /// Texts without any of these cannot match.
    wanted: &'static [&'static str],
}

/// `password=…` in the query of a URL, in a connection string, in a command line.
static ASSIGNED: LazyLock<Pattern> = LazyLock::new(|| Pattern {
    regex: Regex::new(r#"(?P<name>[A-Za-z0-9_.\-]+) ?=[ ]?(?P<value>[^&;\s"',]+)"#).expect("a constant"),
    wanted: &["="],
});

/// `"password": "…"`, as in JSON and YAML.
static PAIR: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern {
    regex: Regex::new(
        r#"["']?(?P<name>[A-Za-z0-9_.\-]+)["']?\s*[:=]\s*(?:"(?P<value>(?:[^"\\]|\\.)*)"|'(?P<single>[^']*)')"#,
    )
    .expect("a constant"),
    wanted: &["\"", "'"],
}
});

/// `\"password\": \"…\"`: JSON inside JSON.
static ESCAPED: LazyLock<Pattern> = LazyLock::new(|| Pattern {
    regex: Regex::new(r#"\\"(?P<name>[A-Za-z0-9_.\-]+)\\"\s*:\s*\\"(?P<value>[^"\\]*)"#).expect("a constant"),
    wanted: &["\\\""],
});

/// `{password: …}`: YAML in flow style without quotes.
static FLOW: LazyLock<Pattern> = LazyLock::new(|| Pattern {
    regex: Regex::new(r#"[{,]\s*(?P<name>[A-Za-z0-9_.\-]+):\s+(?P<value>[^\s"',}\]{\[][^,}\]]*)"#)
        .expect("a constant"),
    wanted: &["{"],
});

/// `--password …` among the words of a command.
static FLAG: LazyLock<Pattern> = LazyLock::new(|| Pattern {
    regex: Regex::new(r#"(?:^|\s)(?P<name>--?[A-Za-z][A-Za-z0-9_.\-]*)\s+["']?(?P<value>[^\s"'\-][^\s"']*)"#)
        .expect("a constant"),
    wanted: &[" "],
});

/// `password: …` on a line of its own, as in YAML and properties.
static LINE: LazyLock<Pattern> = LazyLock::new(|| Pattern {
    regex: Regex::new(
        r#"(?m)^[ \t\-]*["']?(?P<name>[A-Za-z0-9_.\-]+)["']?[ \t]*[:=][ \t]*["']?(?P<value>[^\r\n"']+)"#,
    )
    .expect("a constant"),
    wanted: &["\n"],
});

/// What is longer is no user name with a password; without a limit a text full of `://` would cost the square of its length.
const LONGEST_USER_INFO: usize = 4096;

fn mask_user_info(text: &str, hide: &mut impl FnMut(&str, &str) -> Option<String>) -> Option<String> {
    if !text.contains('@') {
        return None;
    }
    let mut masked: Option<String> = None;
    let mut done = 0;
    while let Some(position) = text[done..].find("://") {
        let start = done + position + 3;
        let reach = &text[start..text.floor_char_boundary(start + LONGEST_USER_INFO)];
        let token = &reach[..reach.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(reach.len())];
        let mut next = start;
        if let Some((colon, at)) = password_of(token) {
            let password = &token[colon + 1..at];
            if let Some(shown) = hide("", password) {
                let out = masked.get_or_insert_with(|| text[..done].to_owned());
                out.push_str(&text[done..start + colon + 1]);
                out.push_str(&shown);
                done = start + at;
                continue;
            }
            next = start + at;
        }
        if let Some(out) = &mut masked {
            out.push_str(&text[done..next]);
        }
        done = next;
    }
    if let Some(out) = &mut masked {
        out.push_str(&text[done..]);
    }
    masked
}

/// Where the colon before and the `@` behind the password of `user:password@host/…` stand.
fn password_of(token: &str) -> Option<(usize, usize)> {
    let colon = token.find(':')?;
    if token[..colon].contains(['/', '?', '#', '@']) {
        return None;
    }
    let rest = &token[colon + 1..];
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let at = match rest[..authority].rfind('@') {
        Some(at) => at,
        // A password with a raw slash; digits alone would be a port.
        None if authority == 0 || !rest[..authority].bytes().all(|byte| byte.is_ascii_digit()) => {
            rest.rfind('@')?
        }
        None => return None,
    };
    Some((colon, colon + 1 + at))
}

/// Keys of JSON whose texts are no secrets even inside a setting that is called one.
fn is_public_key_of_json(key: &str) -> bool {
    let small = key.to_ascii_lowercase();
    !is_secret_name(key)
        && (matches!(
            small.as_str(),
            "type"
                | "alg"
                | "kty"
                | "kid"
                | "use"
                | "crv"
                | "n"
                | "e"
                | "x"
                | "y"
                | "x5c"
                | "x5t"
                | "x5t#s256"
                | "key_ops"
                | "header"
                | "name"
                | "realm"
                | "allowed_skew"
                | "claims_format"
                | "claims_namespace"
                | "claims_namespace_path"
        ) || ["issuer", "audience", "url", "uri", "urls", "uris", "client_id", "clientid", "endpoint"]
            .iter()
            .any(|ending| small.ends_with(ending)))
}

fn mask_value(value: &mut serde_json::Value, key: &str, found: &mut impl FnMut(&str, &str)) {
    match value {
        serde_json::Value::Object(entries) => {
            for (key, value) in entries.iter_mut() {
                mask_value(value, key, found);
            }
        }
        serde_json::Value::Array(items) => {
            for item in items {
                mask_value(item, key, found);
            }
        }
        serde_json::Value::String(text) => {
            let public = is_public_key_of_json(key) || text.starts_with("-----BEGIN PUBLIC KEY");
            if !public && !is_no_secret(text) {
                found(key, text);
                MASK.clone_into(text);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use proptest::prelude::*;

    fn masked(text: &str) -> String {
        match mask(text, |value| value.contains("${"), |_, _| {}) {
            Masked::Untouched => text.to_owned(),
            Masked::Changed(changed) => changed,
        }
    }

    #[test]
    fn passwords_in_longer_texts_go_and_the_rest_stays() {
        for (text, expected) in [
            ("postgres://app:s3cret@db:5432/app", "postgres://app:***@db:5432/app"),
            ("postgres://app:s3/cr@et@db:5432/app", "postgres://app:***@db:5432/app"),
            ("redis://:s3cret@cache:6379/0", "redis://:***@cache:6379/0"),
            ("a://u:p1@h,b://u:p2@h", "a://u:***@h,b://u:***@h"),
            ("a://u:p1@h b://u:p2@h/x", "a://u:***@h b://u:***@h/x"),
            (
                "jdbc:postgresql://db/kc?user=kc&password=s3cret&ssl=true",
                "jdbc:postgresql://db/kc?user=kc&password=***&ssl=true",
            ),
            ("Host=db;Username=kc;Password=s3cret;", "Host=db;Username=kc;Password=***;"),
            (
                r#"{"issuer": "https://sso.example.com", "client_secret": "s3\"cret", "n": 1}"#,
                r#"{"issuer": "https://sso.example.com", "client_secret": "***", "n": 1}"#,
            ),
            (
                "issuer: https://sso\nclientSecret: s3 cret\nx: y",
                "issuer: https://sso\nclientSecret: ***\nx: y",
            ),
            ("exec app --client-secret=s3cret --port=80", "exec app --client-secret=*** --port=80"),
            ("exec app --client-secret s3cret --port 80", "exec app --client-secret *** --port 80"),
            (
                "[{'OAUTH2_CLIENT_SECRET': 's3cret', 'ID': 'web'}]",
                "[{'OAUTH2_CLIENT_SECRET': '***', 'ID': 'web'}]",
            ),
            ("{clientId: web, clientSecret: s3 cret, x: y}", "{clientId: web, clientSecret: ***, x: y}"),
            (
                r#"{"config": "{\"client_secret\": \"s3cret\"}"}"#,
                r#"{"config": "{\"client_secret\": \"***\"}"}"#,
            ),
        ] {
            assert_eq!(masked(text), expected);
        }
    }

    #[test]
    fn what_holds_no_secret_stays_as_it_is() {
        for text in [
            "https://sso.example.com/realms/shop",
            "https://app.example.com:8080/x?email=a@b.example",
            "https://user@host/",
            "postgres://app:${PASSWORD}@db/app",
            "https://sso.example.com/auth?response_type=id_token&scope=openid",
            "PASSWORD=true",
            "someone@example.com",
            "max_token=4096",
            "",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn json_in_a_secret_keeps_what_is_public() {
        let text =
            r#"{"type":"RS256","jwk_url":"https://sso/certs","audience":["api","web"],"key":"s3cret"}"#;
        let mut names = Vec::new();
        let masked = mask_json(text, |name, _| names.push(name.to_owned())).unwrap();
        assert_eq!(
            masked,
            r#"{"type":"RS256","jwk_url":"https://sso/certs","audience":["api","web"],"key":"***"}"#
        );
        assert_eq!(names, ["key"]);
        assert_eq!(mask_json(r#"{"web":["s3cret"]}"#, |_, _| {}).unwrap(), r#"{"web":["***"]}"#);
        assert_eq!(mask_json("s3cret", |_, _| {}), None);
        assert_eq!(mask_json("{s3cret", |_, _| {}), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(://|[a-z:@/=&;\"'é\\n ]|password|secret){0,30}") {
            let once = masked(&text);
            prop_assert_eq!(masked(&once), once);
        }
    }
}
