//! Which settings hold secrets, for readers that must forget them at once.

use crate::placeholder::placeholder;

use super::blob;
use super::catalogue::catalogue;
use super::role::Role;
use super::setting::{BlobField, BlobFormat};

/// What may be kept of a setting's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shielded {
    /// All of it.
    Open,
    /// Nothing.
    Secret,
    /// This, with the secrets inside blotted out.
    Redacted(String),
}

/// What may be kept of the text of a setting, by the meaning of its name and by its shape.
///
/// Placeholders stay open: they are no secrets. Key sets with public keys stay open, because keys pinned as text are worth a finding.
pub fn shield(name: &str, text: &str) -> Shielded {
    if text.trim().is_empty() || placeholder(text).is_some_and(|found| found.len() == text.trim().len()) {
        return Shielded::Open;
    }
    let catalogue = catalogue();
    let mut candidates = Vec::new();
    if name.starts_with('-') {
        catalogue.flag(name, &mut candidates);
    } else {
        catalogue.variable(name, &mut candidates);
    }
    for (named, _) in &candidates {
        let convention = catalogue.setting(*named);
        match convention.role {
            Role::Blob if convention.blob == BlobFormat::Json => {
                let keep: Vec<&BlobField> =
                    convention.fields.iter().filter(|field| !field.role.is_secret()).collect();
                return blob::redact(text, &keep).map_or(Shielded::Secret, Shielded::Redacted);
            }
            Role::JwksOrSecret if is_public_key_set(text) => return Shielded::Open,
            role if role.is_secret() => return Shielded::Secret,
            _ => {}
        }
    }
    if text.contains("\"auth-server-url\"")
        && let Some(framework) = catalogue.by_id(super::framework::FrameworkId("keycloak-connect"))
    {
        let fields = framework.settings.iter().flat_map(|setting| &setting.fields);
        let keep: Vec<&BlobField> = fields.filter(|field| !field.role.is_secret()).collect();
        return blob::redact(text, &keep).map_or(Shielded::Secret, Shielded::Redacted);
    }
    if names_a_secret(name)
        || holds_a_password(text)
        || text.contains("-----BEGIN") && text.contains("PRIVATE KEY")
    {
        return Shielded::Secret;
    }
    Shielded::Open
}

pub(super) fn is_public_key_set(text: &str) -> bool {
    let Some(value) = blob::parse(text) else { return false };
    let keys = value.get("keys").and_then(|keys| keys.as_array().cloned()).unwrap_or_else(|| vec![value]);
    keys.iter().all(|key| {
        let kind = key.get("kty").and_then(|kind| kind.as_str());
        kind.is_some_and(|kind| kind != "oct") && key.get("d").is_none()
    })
}

/// Whether a name ends in a word for a secret. Names of files and URLs with secrets do not.
fn names_a_secret(name: &str) -> bool {
    let folded: String = name
        .trim_start_matches('-')
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect();
    const ENDS: [&str; 14] = [
        "SECRET",
        "PASSWORD",
        "PASSWD",
        "PASS",
        "PWD",
        "API_KEY",
        "APIKEY",
        "PRIVATE_KEY",
        "SECRET_KEY",
        "ACCESS_KEY",
        "ENCRYPTION_KEY",
        "SIGNING_KEY",
        "CREDENTIALS",
        "TOKEN",
    ];
    ENDS.iter().any(|end| {
        folded
            .strip_suffix(end)
            .is_some_and(|before| before.is_empty() || before.ends_with('_') || end.len() > 5)
    })
}

/// `scheme://user:password@host`.
fn holds_a_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let authority = &rest[..rest.find(['/', '?', '#', ' ']).unwrap_or(rest.len())];
    let Some((user, _)) = authority.rsplit_once('@') else { return false };
    user.split_once(':').is_some_and(|(_, password)| !password.is_empty() && placeholder(password).is_none())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn secrets_are_known_by_name() {
        for name in [
            "OAUTH2_PROXY_CLIENT_SECRET",
            "--client-secret",
            "KEYCLOAK_SECRET",
            "KC_ADMIN_PASSWORD",
            "DB_PASS",
            "Keycloak__ClientSecret",
            "AUTH_SECRET",
            "GITHUB_TOKEN",
            "STRIPE_API_KEY",
            "PGRST_JWT_SECRET",
        ] {
            assert_eq!(shield(name, "abc"), Shielded::Secret, "{name}");
        }
    }

    #[test]
    fn what_is_no_secret_stays_open() {
        for (name, text) in [
            ("KEYCLOAK_URL", "https://sso.example.com"),
            ("CLIENT_SECRET_FILE", "/secrets/x"),
            ("CLIENT_SECRET", ""),
            ("CLIENT_SECRET", "${X}"),
            ("TOKEN_URL", "https://a.example/token"),
            ("COMPASS", "north"),
            ("PGRST_JWT_SECRET", r#"{"kty":"RSA","n":"x","e":"AQAB"}"#),
            ("DATABASE_URL", "postgres://db.example.com/x"),
            ("DATABASE_URL", "postgres://user:$PASSWORD@db/x"),
        ] {
            assert_eq!(shield(name, text), Shielded::Open, "{name}={text}");
        }
    }

    #[test]
    fn passwords_in_urls_and_keys_are_secrets() {
        assert_eq!(shield("DATABASE_URL", "postgres://user:pw@db/x"), Shielded::Secret);
        assert_eq!(shield("PGRST_JWT_SECRET", r#"{"kty":"oct","k":"x"}"#), Shielded::Secret);
        assert_eq!(shield("ANY", "-----BEGIN RSA PRIVATE KEY-----"), Shielded::Secret);
    }

    #[test]
    fn secrets_inside_a_value_are_blotted_out() {
        let text = r#"{"auth-server-url":"https://sso.example.com","realm":"shop","resource":"web","credentials":{"secret":"abc"}}"#;
        let Shielded::Redacted(kept) = shield("ANY_NAME", text) else { panic!("not redacted") };
        assert!(kept.contains("https://sso.example.com") && kept.contains("web") && !kept.contains("abc"));
        let text = "[{'OAUTH2_CLIENT_ID': 'pgadmin', 'OAUTH2_CLIENT_SECRET': 'abc'}]";
        let Shielded::Redacted(kept) = shield("PGADMIN_CONFIG_OAUTH2_CONFIG", text) else {
            panic!("not redacted")
        };
        assert!(kept.contains("pgadmin") && !kept.contains("abc"));
        assert_eq!(shield("HASURA_GRAPHQL_JWT_SECRET", "not json"), Shielded::Secret);
    }
}
