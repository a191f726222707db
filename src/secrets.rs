//! What stands in for secrets, and which texts only look like secrets.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::known::Tag;

/// Makes the tags of one run.
///
/// Its key is drawn at random and never leaves it, so that a tag tells nothing but whether two secrets of this run are equal.
#[derive(Clone)]
pub struct Tagger(Hmac<Sha256>);

impl Tagger {
    /// A tagger with a new key.
    ///
    /// # Errors
    /// When the operating system has no random numbers to give.
    pub fn new() -> std::io::Result<Self> {
        let mut key = [0u8; 32];
        getrandom::fill(&mut key).map_err(|error| std::io::Error::other(error.to_string()))?;
        let keyed = Hmac::new_from_slice(&key).map_err(std::io::Error::other)?;
        Ok(Tagger(keyed))
    }

    /// What stands for `secret`: the first 128 bits of its HMAC-SHA256.
    pub fn tag(&self, secret: &str) -> Tag {
        let mut keyed = self.0.clone();
        keyed.update(secret.as_bytes());
        let digest = keyed.finalize().into_bytes();
        Tag::new(digest.iter().take(16).fold(0, |bits, byte| (bits << 8) | u128::from(*byte)))
    }
}

impl fmt::Debug for Tagger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tagger(…)")
    }
}

/// Whether the text is what an export writes in place of a secret: `**********`.
pub fn looks_masked(text: &str) -> bool {
    text.len() >= 3 && text.bytes().all(|byte| byte == b'*')
}

/// Whether a secret's own text says that it is to be replaced (`change-me-in-prod`, `your-secret-here`); it works all the same.
pub fn says_replace_me(secret: &str) -> bool {
    let letters =
        secret.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let words: String = std::iter::once('-').chain(letters).chain(std::iter::once('-')).collect();
    const SIGNS: [&str; 13] = [
        "-change-me-",
        "changeme",
        "-change-in-prod",
        "-change-this-",
        "-change-it-",
        "-replace-me-",
        "replaceme",
        "-replace-this-",
        "placeholder",
        "-your-secret",
        "yoursecret",
        "-your-client-secret",
        "-to-be-replaced-",
    ];
    SIGNS.iter().any(|sign| words.contains(sign))
}

/// A placeholder as a message may show it: without the default it carries, which may be a secret.
pub fn without_default(placeholder: &str) -> String {
    let Some(inner) = placeholder.strip_prefix("${").filter(|inner| !inner.starts_with('{')) else {
        // keycloak-config-cli writes `$(env:X:-default)`.
        return match placeholder.split_once(":-") {
            Some((name, _)) if placeholder.starts_with("$(") => format!("{name}:-…)"),
            _ => placeholder.to_owned(),
        };
    };
    match inner.split_once(':') {
        Some((name, default)) if default != "}" => format!("${{{name}:…}}"),
        _ => placeholder.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn equal_secrets_of_one_run_carry_equal_tags() {
        let (one, other) = (Tagger::new().unwrap(), Tagger::new().unwrap());
        assert_eq!(one.tag("hunter2"), one.tag("hunter2"));
        assert_ne!(one.tag("hunter2"), one.tag("hunter3"));
        assert_ne!(one.tag("hunter2"), other.tag("hunter2"));
        assert_eq!(format!("{one:?} {:?}", one.tag("hunter2")), "Tagger(…) Tag(…)");
    }

    #[test]
    fn masks_and_notices_are_told_from_secrets() {
        assert!(looks_masked("**********"));
        assert!(!looks_masked("") && !looks_masked("**a***"));
        for notice in [
            "change-me-in-prod",
            "dev-test-secret-change-in-prod",
            "CHANGE_ME",
            "your-client-secret",
            "Replace.Me",
        ] {
            assert!(says_replace_me(notice), "{notice}");
        }
        assert!(!says_replace_me("6Jq0e7cC1s") && !says_replace_me("exchange-mechanism"));
    }

    #[test]
    fn defaults_of_placeholders_are_not_shown() {
        assert_eq!(without_default("${env.SECRET:hunter2}"), "${env.SECRET:…}");
        assert_eq!(without_default("${SECRET:-hunter2}"), "${SECRET:…}");
        assert_eq!(without_default("${env.SECRET:}"), "${env.SECRET:}");
        assert_eq!(without_default("$(env:SECRET:-hunter2)"), "$(env:SECRET:-…)");
        assert_eq!(without_default("$(env:SECRET)"), "$(env:SECRET)");
        assert_eq!(without_default("${vault.key}"), "${vault.key}");
        assert_eq!(without_default("${{ secrets.X }}"), "${{ secrets.X }}");
    }
}
