//! Values that are not there yet: what a template, a script or a person still has to fill in.

/// The first placeholder in a value, as it stands there; `None` when the text is the value itself.
///
/// Recognised anywhere in a value are the forms of templates and scripts: `${X}`, `${{ vars.X }}`, `{{ .x }}`, `$(env:X)`, `$(gcloud …)`,
/// `%X%`, `#{X}#`, `<X>`, and hosts such as `your-domain.com`. A bare `$X` counts when it is the whole value or stands between the
/// delimiters of a URL, path or image name, so a `$` inside a password is left alone. Words such as `PLACEHOLDER`, `CHANGE_ME` and
/// `REPLACE_AT_RUNTIME` count in capitals only: the same words in small letters are passwords that work.
/// References that a helper resolves when the container starts (`sm://…`, `vault:…`, `ENC[…]`) count as well.
pub fn placeholder(value: &str) -> Option<&str> {
    let bytes = value.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let found = match bytes[at] {
            b'$' => dollar(value, at),
            b'{' if bytes.get(at + 1) == Some(&b'{') => closed(value, at, "}}"),
            b'#' if bytes.get(at + 1) == Some(&b'{') => {
                closed(value, at, "}#").or_else(|| closed(value, at, "}"))
            }
            b'%' => percent(value, at),
            b'<' => angle(value, at),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        at += 1;
    }
    whole_word(value).or_else(|| resolved_at_start(value)).or_else(|| host_to_fill_in(value))
}

/// Longer placeholders are not looked for, so that a long text full of openings costs no more than its length.
const LONGEST: usize = 512;

/// The start of what follows `at`, as far as a placeholder may reach.
fn reach(value: &str, at: usize) -> &str {
    &value[at..value.floor_char_boundary(at + LONGEST)]
}

/// From `at` to the end of `close`, when `close` follows on the same line.
fn closed<'a>(value: &'a str, at: usize, close: &str) -> Option<&'a str> {
    let rest = reach(value, at);
    let text = &rest[..rest.find(close)? + close.len()];
    (!text.contains('\n')).then_some(text)
}

/// From `at` to the bracket that closes the one behind the `$` there: `${A:-${B}}` is one placeholder.
fn balanced(value: &str, at: usize, open: char, close: char) -> Option<&str> {
    let rest = reach(value, at);
    let mut depth = 0_usize;
    for (index, character) in rest.char_indices() {
        if character == open {
            depth += 1;
        } else if character == close {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return Some(&rest[..=index]);
            }
        } else if character == '\n' {
            return None;
        }
    }
    None
}

fn dollar(value: &str, at: usize) -> Option<&str> {
    let bytes = value.as_bytes();
    let text = match bytes.get(at + 1)? {
        b'{' if bytes.get(at + 2) == Some(&b'{') => return closed(value, at, "}}"),
        b'{' => balanced(value, at, '{', '}')?,
        b'(' => balanced(value, at, '(', ')')?,
        _ => return bare_variable(value, at),
    };
    // `${}` and `$(1)` stand in no template language for a variable.
    let inside = text[2..].trim_start();
    inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_').then_some(text)
}

/// `$NAME` as a shell or `envsubst` reads it.
fn bare_variable(value: &str, at: usize) -> Option<&str> {
    let rest = &value[at + 1..];
    let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let name = &rest[..length];
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    let text = &value[at..at + 1 + length];
    if text.len() == value.len() {
        return names_a_variable(name).then_some(text);
    }
    // Inside something longer only where it fills a whole part of a URL, a path or an image name.
    let shaped =
        value.contains("://") || value.contains('/') || (value.contains('.') && !value.contains(' '));
    let before = at == 0 || is_delimiter(value.as_bytes()[at - 1]);
    let after = value.as_bytes().get(at + 1 + length).is_none_or(|byte| is_delimiter(*byte));
    (shaped && before && after && length > 1 && is_capitals(name)).then_some(text)
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'/' | b':' | b'@' | b'.' | b'-' | b',' | b'?' | b'&' | b'=' | b';' | b'"' | b'\'')
}

fn is_capitals(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// `$ecret` and `$Password1` are passwords people choose; `$ISSUER`, `$keycloak_url` and `$keycloakUrl` are variables people name.
fn names_a_variable(name: &str) -> bool {
    if is_capitals(name) {
        return true;
    }
    let starts_small = name.starts_with(|c: char| c.is_ascii_lowercase());
    let small_with_parts = starts_small && !name.bytes().any(|byte| byte.is_ascii_digit());
    small_with_parts && (name.contains('_') || name.bytes().any(|byte| byte.is_ascii_uppercase()))
}

/// `%NAME%`; two hexadecimal digits between percent signs are an encoded character.
fn percent(value: &str, at: usize) -> Option<&str> {
    let rest = &value[at + 1..];
    let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let name = &rest[..length];
    let encoded =
        name.len() >= 2 && name.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit) && !name.contains('_');
    let named =
        name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_') && is_capitals(name) && length > 1;
    (named && rest.as_bytes().get(length) == Some(&b'%') && !(encoded && length <= 3))
        .then(|| &value[at..at + length + 2])
}

/// `<PROJECT_ID>`, `<your-client-id>`.
fn angle(value: &str, at: usize) -> Option<&str> {
    let rest = &value[at + 1..];
    let length = rest
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b' ' | b'.'))
        .count();
    let named = rest.starts_with(|c: char| c.is_ascii_alphabetic()) && length > 1;
    (named && rest.as_bytes().get(length) == Some(&b'>')).then(|| &value[at..at + length + 2])
}

/// A value that is nothing but a word for "not yet".
fn whole_word(value: &str) -> Option<&str> {
    let text = value.trim();
    let first = text.as_bytes().first()?;
    let capitals_only = || !text.bytes().any(|byte| byte.is_ascii_lowercase());
    let found = match first {
        b'P' => text.starts_with("PLACEHOLDER") || capitals_only() && text.contains("PLACEHOLDER"),
        b'R' => text.starts_with("REPLACE") && capitals_only(),
        b'C' => {
            text.starts_with("CHANGE")
                && capitals_only()
                && (text.contains("ME") || text.contains("THIS") || text.contains("IT"))
        }
        b'Y' => text.starts_with("YOUR_") || text.starts_with("YOUR-"),
        b'S' => text.starts_with("SET_") && capitals_only() && text.contains("ME"),
        b'T' => matches!(text, "TODO" | "TBD") || text.starts_with("TODO_") || text.starts_with("TO_BE_"),
        b'F' => text.starts_with("FIXME") || text.starts_with("FILL_") && capitals_only(),
        b'p' => text.starts_with("placeholder"),
        b'_' => {
            text.len() > 5
                && text.starts_with("__")
                && text.ends_with("__")
                && is_capitals(text)
                && text.bytes().any(|byte| byte.is_ascii_uppercase())
        }
        b'@' => text.len() > 3 && text.ends_with('@') && is_capitals(text.trim_matches('@')),
        _ => false,
    };
    // One of the words also marks a part of a URL: `https://PLACEHOLDER/realms/x`.
    let inside = || {
        text.contains("://")
            && (text.contains("//PLACEHOLDER") || text.contains("//REPLACE") || text.contains("//CHANGE"))
    };
    (found || inside()).then_some(text)
}

/// A reference that a helper inside the container turns into the value: Berglas, vault-env, vals, 1Password, SOPS.
fn resolved_at_start(value: &str) -> Option<&str> {
    ["sm://", "berglas://", "vault:", "ref+", "op://", "ENC[", "arn:aws:secretsmanager:"]
        .iter()
        .any(|start| value.starts_with(start))
        .then_some(value)
}

/// A host that documentation tells the reader to replace.
fn host_to_fill_in(value: &str) -> Option<&str> {
    let host = match value.find("://") {
        Some(at) => {
            let rest = &value[at + 3..];
            &rest[..rest.find(['/', ':', '?', '#']).unwrap_or(rest.len())]
        }
        None if value.contains('.') && !value.contains([' ', '/', '@']) => value,
        None => return None,
    };
    let label_to_fill_in = |label: &str| {
        label.starts_with("your-")
            || matches!(label, "yourdomain" | "your_domain" | "mydomain" | "yourcompany" | "yoursite")
            || label.contains("should-come")
            || label.contains("placeholder")
            || label.contains("-replace-me")
    };
    host.split('.').any(label_to_fill_in).then_some(host)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::placeholder;

    #[test]
    fn whole_references_are_placeholders() {
        for text in [
            "${HOST}",
            "${env.KC_SECRET:fallback}",
            "${KC_URL:-https://sso.example.com}",
            "${{ vars.KEYCLOAK_URL }}",
            "${{secrets.X}}",
            "{{ .Values.issuer }}",
            "{{issuer}}",
            "$(env:ISSUER)",
            "$(file:/run/secret)",
            "$(gcloud run services describe kc --format 'value(status.url)')",
            "$ISSUER",
            "$keycloak_url",
            "$keycloakUrl",
            "$_REGION",
            "%ISSUER_URL%",
            "#{Issuer}#",
            "<PROJECT_ID>",
            "<your-client-id>",
            "__KEYCLOAK_URL__",
            "@ISSUER@",
            "PLACEHOLDER",
            "PLACEHOLDER_SECRET",
            "CHANGE_ME",
            "CHANGEME",
            "CHANGE-ME-NOW",
            "REPLACE_AT_RUNTIME",
            "REPLACE-ME",
            "YOUR_CLIENT_ID",
            "TODO",
            "sm://project/secret",
            "ENC[AES256_GCM,data:abc]",
        ] {
            assert_eq!(placeholder(text), Some(text), "{text}");
        }
    }

    #[test]
    fn the_placeholder_inside_a_longer_value_is_named() {
        for (text, found) in [
            ("https://${HOST}/realms/shop", "${HOST}"),
            ("jdbc:postgresql://$DB_ADDRESS:5432/keycloak", "$DB_ADDRESS"),
            ("europe-docker.pkg.dev/$PROJECT_ID/web/web:latest", "$PROJECT_ID"),
            ("svc-$PROJECT_NUMBER.europe-west1.run.app", "$PROJECT_NUMBER"),
            ("https://%HOST%/cb", "%HOST%"),
            ("https://<host>/cb", "<host>"),
            ("https://web-{{ .number }}.run.app", "{{ .number }}"),
            ("https://your-domain.com/cb", "your-domain.com"),
            (
                "https://sso-should-come-in-deploy-step-uc.a.run.app",
                "sso-should-come-in-deploy-step-uc.a.run.app",
            ),
            ("your-keycloak.example.com", "your-keycloak.example.com"),
            ("https://PLACEHOLDER/realms/x", "https://PLACEHOLDER/realms/x"),
        ] {
            assert_eq!(placeholder(text), Some(found), "{text}");
        }
    }

    #[test]
    fn ordinary_values_and_passwords_are_none() {
        for text in [
            "",
            "https://sso.example.com/realms/shop",
            "pa$$w0rd",
            "$ecret",
            "$Password1",
            "$1",
            "$$",
            "price$",
            "A$B1x",
            "P@$SWORD",
            "x$Y",
            "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
            "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$hash",
            "^/api/.*$",
            "https%3A%2F%2Fexample.com%2Fcb",
            "%AB%CD",
            "100%",
            "a<b",
            "{\"a\":{}}",
            "{a}",
            "{baseUrl}/login/oauth2/code/{registrationId}",
            "change-me-in-prod",
            "changeme",
            "dev-test-secret-change-in-prod",
            "replace",
            "Changed",
            "TODOS",
            "example.com",
            "example@your-mail.test",
            "projects/shop/topics/PLACED",
            "YOURS",
            "${}",
            "$()",
        ] {
            assert_eq!(placeholder(text), None, "{text}");
        }
    }

    #[test]
    fn text_of_any_alphabet_is_survived() {
        for text in ["$é", "%é%", "<é>", "${é", "„$“", "é$X/é", "#{", "{{", "$(", "\u{0}$"] {
            let _ = placeholder(text);
        }
        let _ = placeholder(&"${{".repeat(10_000));
        let _ = placeholder(&"$(é".repeat(10_000));
        assert_eq!(placeholder("https://ä.example/${X}"), Some("${X}"));
    }
}
