//! What stands in for secrets, and which texts only look like secrets.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::cloud_run::secret_names::is_well_known;
use crate::known::Tag;

/// Makes the tags of one run.
///
/// Its key never leaves it. It is drawn at random, so that a tag tells nothing but whether two secrets of this run are equal; or it
/// is one that a person keeps, so that the tags of several snapshots can be compared.
#[derive(Clone)]
pub struct Tagger {
    keyed: Hmac<Sha256>,
    key: u32,
}

/// The length of a key in bytes.
pub const KEY_LENGTH: usize = 32;

impl Tagger {
    /// A tagger with a new key.
    ///
    /// # Errors
    /// When the operating system has no random numbers to give.
    pub fn new() -> std::io::Result<Self> {
        Self::with_key(&new_key()?)
    }

    /// A tagger with a key that someone keeps.
    ///
    /// # Errors
    /// None that a key of this length can bring about.
    pub fn with_key(key: &[u8; KEY_LENGTH]) -> std::io::Result<Self> {
        let keyed = Hmac::new_from_slice(key).map_err(std::io::Error::other)?;
        let named = Sha256::digest(key);
        let number = named.iter().take(4).fold(0, |number, byte| (number << 8) | u32::from(*byte));
        Ok(Tagger { keyed, key: number })
    }

    /// The number by which tags name its key; it tells nothing of the key itself.
    pub fn key(&self) -> u32 {
        self.key
    }

    /// What stands for `secret`: the first 128 bits of its HMAC-SHA256. A text of [`StandIn`] keeps the tag it holds.
    pub fn tag(&self, secret: &str) -> Tag {
        if let Some(known) = StandIn::parse(secret) {
            return known.tag;
        }
        let mut keyed = self.keyed.clone();
        keyed.update(secret.as_bytes());
        let digest = keyed.finalize().into_bytes();
        Tag::new(self.key, digest.iter().take(16).fold(0, |bits, byte| (bits << 8) | u128::from(*byte)))
    }
}

/// A new key.
///
/// # Errors
/// When the operating system has no random numbers to give.
pub fn new_key() -> std::io::Result<[u8; KEY_LENGTH]> {
    let mut key = [0u8; KEY_LENGTH];
    getrandom::fill(&mut key).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(key)
}

/// The text that a snapshot folder holds in place of a secret: `cloakrun-tag.KEY.TAG`, with what else rules may know of it.
///
/// KEY is the number of the key in 8 hexadecimal digits, TAG the tag in 32; behind them, each after a plus, `well-known`,
/// `line-break` and `says-replace-me`. None of its characters ends a word in a URL, a command line or JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandIn {
    /// The tag of the secret, a line break at its end left out.
    pub tag: Tag,
    /// Whether it is one of the passwords that everybody tries first.
    pub well_known: bool,
    /// Whether it ends in a line break.
    pub line_break: bool,
    /// Whether its own text says that it is to be replaced.
    pub says_replace_me: bool,
}

impl StandIn {
    const PREFIX: &str = "cloakrun-tag.";

    /// What stands for `secret`.
    pub fn of(secret: &str, tagger: &Tagger) -> Self {
        StandIn::parse(secret).unwrap_or_else(|| {
            let inner = secret.trim_end_matches(['\n', '\r']);
            StandIn {
                tag: tagger.tag(inner),
                well_known: is_well_known(inner),
                line_break: inner.len() < secret.len(),
                says_replace_me: says_replace_me(inner),
            }
        })
    }

    /// What a text stands for; none when it is no such text.
    pub fn parse(text: &str) -> Option<Self> {
        let (tag, more) = match text.strip_prefix(Self::PREFIX)?.split_once('+') {
            Some((tag, more)) => (tag, more),
            None => (text.strip_prefix(Self::PREFIX)?, ""),
        };
        let (key, bits) = tag.split_once('.').filter(|(key, bits)| key.len() == 8 && bits.len() == 32)?;
        let tag = Tag::new(u32::from_str_radix(key, 16).ok()?, u128::from_str_radix(bits, 16).ok()?);
        let has = |word: &str| more.split('+').any(|known| known == word);
        Some(StandIn {
            tag,
            well_known: has("well-known"),
            line_break: has("line-break"),
            says_replace_me: has("says-replace-me"),
        })
    }
}

impl fmt::Display for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:08x}.{:032x}", Self::PREFIX, self.tag.key(), self.tag.bits())?;
        let words = [
            (self.well_known, "well-known"),
            (self.line_break, "line-break"),
            (self.says_replace_me, "says-replace-me"),
        ];
        words.iter().filter(|(has, _)| *has).try_for_each(|(_, word)| write!(f, "+{word}"))
    }
}

/// Whether a secret ends in a line break, the usual reason for a mismatch.
pub fn ends_in_line_break(secret: &str) -> bool {
    StandIn::parse(secret).map_or(secret.ends_with(['\n', '\r']), |known| known.line_break)
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
    if let Some(known) = StandIn::parse(secret) {
        return known.says_replace_me;
    }
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
    fn a_stand_in_keeps_what_rules_know_of_a_secret() {
        let tagger = Tagger::with_key(&[7; KEY_LENGTH]).unwrap();
        let known = StandIn::of("changeme\n", &tagger);
        assert_eq!(known.tag, tagger.tag("changeme"));
        assert!(known.well_known && known.line_break && known.says_replace_me);
        let text = known.to_string();
        assert!(
            text.starts_with("cloakrun-tag.") && text.ends_with("+well-known+line-break+says-replace-me")
        );
        assert_eq!(StandIn::parse(&text), Some(known));
        assert_eq!(StandIn::of(&text, &Tagger::new().unwrap()), known);
        assert_eq!(Tagger::new().unwrap().tag(&text), known.tag);
        assert!(is_well_known(&text) && ends_in_line_break(&text) && says_replace_me(&text));
        let plain = StandIn::of("6Jq0e7cC1s", &tagger);
        assert_eq!(StandIn::parse(&plain.to_string()), Some(plain));
        assert!(!plain.well_known && !plain.line_break && !plain.says_replace_me);
        for text in [
            "",
            "cloakrun-tag.",
            "cloakrun-tag.1.2",
            "cloakrun-tag.zzzzzzzz.00000000000000000000000000000000",
        ] {
            assert_eq!(StandIn::parse(text), None, "{text}");
        }
    }

    #[test]
    fn tags_under_different_keys_tell_nothing_of_each_other() {
        let (one, other) = (Tagger::new().unwrap(), Tagger::new().unwrap());
        assert_eq!(one.tag("a").same(one.tag("a")), Some(true));
        assert_eq!(one.tag("a").same(one.tag("b")), Some(false));
        assert_eq!(one.tag("a").same(other.tag("a")), None);
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
