//! Which settings hold a secret, by their names and by the shape of the value.

use crate::secrets::StandIn;

/// Whether a setting of this name holds a secret: an environment variable, a flag, a property, a key of JSON.
///
/// The last words of the name decide, so that `OIDC_CLIENT_SECRET` is one and `OIDC_CLIENT_SECRET_FILE`, `TOKEN_URL` and
/// `DB_PASSWORD_SECRET_VERSION` are none.
pub fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    // `DB_PASSWORD_2`, `API_KEY1`
    while words.len() > 1 && words.last().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
        words.pop();
    }
    let Some((last, before)) = words.split_last() else { return false };
    let last = last.trim_end_matches(|c: char| c.is_ascii_digit());
    let before_last = before.last().copied().unwrap_or_default();
    match last {
        "pass" | "pwd" | "passwords" | "passphrases" | "dbpass" | "userpass" | "dbpwd" => true,
        "key" | "keys" => KEYS.contains(&before_last),
        "value" | "base" => {
            matches!(before_last, "secret" | "password" | "token") || before.ends_with(&["secret", "key"])
        }
        "secrets" => matches!(before_last, "client" | "jwt" | "oidc" | "oauth" | "oauth2"),
        // The names of secrets and fields that only point at them end otherwise.
        "secret" | "password" | "passwd" | "passphrase" | "token" | "apikey" | "secretkey" => true,
        _ => JOINED.iter().any(|ending| last.len() > ending.len() && last.ends_with(ending)),
    }
}

/// What makes a `…_KEY` one that must be kept secret: `SOCIAL_AUTH_KEYCLOAK_KEY` is a client id, `…_PUBLIC_KEY` is public.
const KEYS: [&str; 18] = [
    "access",
    "account",
    "api",
    "app",
    "auth",
    "cookie",
    "crypto",
    "encryption",
    "hash",
    "hmac",
    "jwt",
    "master",
    "private",
    "secret",
    "session",
    "shared",
    "signing",
    "storage",
];

/// Endings of names that are written as one word: `clientsecret`, `dbpassword`.
const JOINED: [&str; 7] = ["secret", "password", "passwd", "passphrase", "apikey", "secretkey", "token"];

/// Whether a value of a setting with a secret's name is none all the same: a switch, a lifetime, an address without a
/// password, the name of a secret in Secret Manager, a file.
pub fn is_no_secret(value: &str) -> bool {
    let value = value.trim();
    if value.is_empty() {
        return true;
    }
    let small = value.to_ascii_lowercase();
    if matches!(
        small.as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "none" | "null" | "nil" | "enabled" | "disabled"
    ) {
        return true;
    }
    if small.starts_with("projects/") && small.contains("/secrets/") {
        return true;
    }
    if ["http://", "https://", "file:", "classpath:"].iter().any(|start| small.starts_with(start)) {
        return !value.contains('@') && !value.contains('=');
    }
    // A file, as far as it does not look like base64.
    let path = value.strip_prefix('.').unwrap_or(value);
    path.starts_with('/')
        && path[1..].contains('/')
        && path.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"/._-".contains(&b))
}

/// Whether a value of a setting whose name ends in `TOKEN` is a number or a word about tokens rather than one.
pub(crate) fn is_about_tokens(name: &str, value: &str) -> bool {
    let is_token = words(name).last().is_some_and(|word| word.ends_with("token"));
    let value = value.trim();
    let number = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_token && (number || matches!(value, "id_token" | "access_token" | "refresh_token" | "code"))
}

/// Whether a password is one of those that everybody tries first.
pub fn is_well_known(password: &str) -> bool {
    if let Some(known) = StandIn::parse(password) {
        return known.well_known;
    }
    let password = password.trim().to_ascii_lowercase();
    WELL_KNOWN.contains(&password.as_str())
}

const WELL_KNOWN: [&str; 34] = [
    "12345",
    "123456",
    "12345678",
    "123456789",
    "1234",
    "admin",
    "admin1",
    "admin123",
    "admin@123",
    "adminadmin",
    "administrator",
    "change-me",
    "change_me",
    "changeit",
    "changeme",
    "default",
    "demo",
    "dev",
    "keycloak",
    "letmein",
    "pass",
    "passw0rd",
    "password",
    "password1",
    "password123",
    "postgres",
    "qwerty",
    "root",
    "secret",
    "test",
    "test123",
    "user",
    "welcome",
    "welcome1",
];

/// The words of a name in small letters: `Jwt__SigningKey`, `quarkus.oidc.credentials.client-secret`, `--clientSecret`.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        if !character.is_alphanumeric() {
            push(&mut words, &mut word);
        } else {
            let next_is_small = characters.peek().is_some_and(|next| next.is_lowercase());
            let begins = character.is_uppercase()
                && (before.is_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_uppercase() && next_is_small));
            if begins {
                push(&mut words, &mut word);
            }
            word.extend(character.to_lowercase());
        }
        before = character;
    }
    push(&mut words, &mut word);
    words
}

fn push(words: &mut Vec<String>, word: &mut String) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets() {
        for name in [
            "OIDC_CLIENT_SECRET",
            "SECRET",
            "KC_DB_PASSWORD",
            "KEYCLOAK_ADMIN_PASSWORD",
            "KC_BOOTSTRAP_ADMIN_PASSWORD",
            "KC_BOOTSTRAP_ADMIN_CLIENT_SECRET",
            "DB_PASS",
            "KC_DB_PASS",
            "DB_PASSWORD_2",
            "AAA_API_SECRET_KEY",
            "KEYCLOAK_CLIENT_SECRET_KEY",
            "OP_SECRET_KEY",
            "PROXY_ENCRYPTION_KEY",
            "SECRET_KEY_BASE",
            "AWS_SECRET_ACCESS_KEY",
            "GITHUB_TOKEN",
            "SENDGRID_API_KEY",
            "NEXTAUTH_SECRET",
            "OAUTH2_PROXY_COOKIE_SECRET",
            "QUARKUS_OIDC_CREDENTIALS_CLIENT_SECRET_VALUE",
            "QUARKUS_OIDC_CREDENTIALS_SECRET",
            "SPRING_SECURITY_OAUTH2_CLIENT_REGISTRATION_KEYCLOAK_CLIENTSECRET",
            "Authentication__Schemes__OpenIdConnect__ClientSecret",
            "OIDCClientSecret",
            "OIDCCryptoPassphrase",
            "Jwt__SigningKey",
            "Jwt:Key",
            "--client-secret",
            "--oidc-client-secret",
            "quarkus.oidc.credentials.client-secret",
            "clientSecret",
            "APIKey",
            "OIDC_CLIENT_SECRETS",
            "HASURA_GRAPHQL_JWT_SECRETS",
            "HASURA_GRAPHQL_ADMIN_SECRET",
            "rootpassword",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn names_that_only_sound_like_secrets() {
        for name in [
            "CLIENT_SECRET_FILE",
            "GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET__FILE",
            "HEADSCALE_OIDC_CLIENT_SECRET_PATH",
            "CLIENT_SECRET_NAME",
            "SECRET_ID",
            "TOKEN_URL",
            "OIDC_OP_TOKEN_ENDPOINT",
            "QUARKUS_OIDC_TOKEN_LIFESPAN_GRACE",
            "QUARKUS_OIDC_TOKEN_ISSUER",
            "PASSWORD_GRANT",
            "DB_PASSWORD_SECRET_VERSION",
            "PGRST_JWT_SECRET_IS_BASE64",
            "PGRST_JWT_ROLE_CLAIM_KEY",
            "SOCIAL_AUTH_KEYCLOAK_KEY",
            "KEYCLOAK_REALM_PUBLIC_KEY",
            "OIDC_PUBLIC_KEY",
            "AWS_ACCESS_KEY_ID",
            "MAX_TOKENS",
            "BYPASS",
            "COMPASS_URL",
            "RATE_LIMIT_KEY_PREFIX",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "SECRETS_DIR",
            "PASSWORD_POLICY",
            "KEY",
            "",
            "__",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn values_that_are_no_secrets() {
        for value in [
            "",
            "true",
            "False",
            "projects/123/secrets/web/versions/3",
            "/run/secrets/client-secret",
            "./conf/secret.txt",
            "https://sso.example.com/token",
            "file:/etc/secret",
        ] {
            assert!(is_no_secret(value), "{value}");
        }
        for value in ["s3cret", "/aB3+x/9Q==", "12345", "https://user:pw@host/", "admin", "$ecret"] {
            assert!(!is_no_secret(value), "{value}");
        }
        assert!(is_about_tokens("MAX_AGE_TOKEN", "3600"));
        assert!(!is_about_tokens("DB_PASSWORD", "3600"));
        assert!(is_well_known("Admin") && !is_well_known("correct horse"));
    }
}
