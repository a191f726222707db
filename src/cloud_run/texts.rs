//! What a text of a document is: a value, a placeholder, or a secret that becomes a tag at once.

use std::borrow::Cow;

use super::masking::{MASK, Masked, is_private_key, mask, mask_json};
use super::model::{EnvValue, SecretArg};
use super::secret_names::{is_about_tokens, is_no_secret, is_secret_name, is_well_known};
use crate::document::Node;
use crate::document::cursor::Cursor;
use crate::known::{Known, Tag};
use crate::locus::Locus;
use crate::placeholder::placeholder;
use crate::secrets::{StandIn, Tagger, ends_in_line_break, looks_masked, without_default};

/// Why values that Terraform cannot tell before it has applied are unknown.
pub(crate) const AFTER_APPLY: &str = "known after apply";

/// Reads texts, and makes tags of those that are secrets.
#[derive(Clone, Copy)]
pub(crate) struct Texts<'t> {
    pub(crate) tagger: &'t Tagger,
}

/// The words of a command line with what was hidden in them.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub(crate) words: Vec<(Known<String>, Locus)>,
    pub(crate) secrets: Vec<SecretArg>,
}

impl Texts<'_> {
    /// A text of a field that holds no secret.
    pub(crate) fn text(self, cursor: &Cursor<'_>) -> Known<String> {
        if cursor.is_unknown() {
            return Known::unknown(AFTER_APPLY);
        }
        match cursor.node() {
            Node::Template(source) => Known::Unknown(is_a_placeholder(source)),
            node => match node.scalar() {
                Some(text) if cursor.is_sensitive() && !text.is_empty() => Known::Secret(self.tag(text)),
                Some(text) => known(text),
                None => Known::unknown(format!("{} stands there instead of a text", node.describe())),
            },
        }
    }

    /// A text that may stand there or not; an empty one counts as absent.
    pub(crate) fn text_at(self, cursor: &Cursor<'_>, key: &str) -> Option<Known<String>> {
        cursor.get(key).map(|value| self.text(&value)).filter(|text| text.text() != Some(""))
    }

    /// The name of an image. A placeholder for the project or registry leaves it known, as its last part says what it is.
    pub(crate) fn image(self, cursor: &Cursor<'_>) -> Known<String> {
        match (self.text(cursor), cursor.node()) {
            (Known::Unknown(why), Node::Text(text)) => match text.rsplit_once('/') {
                Some((_, name)) if placeholder(name).is_none() && !cursor.is_sensitive() => {
                    Known::Value(text.to_string())
                }
                _ => Known::Unknown(why),
            },
            (image, _) => image,
        }
    }

    /// A number, written as one or as a text.
    pub(crate) fn number(self, cursor: &Cursor<'_>) -> Known<i64> {
        match self.text(cursor) {
            Known::Value(text) => match text.trim().parse::<i64>() {
                Ok(number) => Known::Value(number),
                Err(_) => Known::unknown(format!("`{text}` is no whole number")),
            },
            Known::Secret(tag) => Known::Secret(tag),
            Known::Unknown(why) => Known::Unknown(why),
        }
    }

    /// A switch, written as a boolean or as a text.
    pub(crate) fn switch(self, cursor: &Cursor<'_>) -> Known<bool> {
        match self.text(cursor) {
            Known::Value(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" => Known::Value(true),
                "false" | "" => Known::Value(false),
                _ => Known::unknown(format!("`{text}` is neither `true` nor `false`")),
            },
            Known::Secret(tag) => Known::Secret(tag),
            Known::Unknown(why) => Known::Unknown(why),
        }
    }

    /// The value of an environment variable.
    pub(crate) fn env_value(self, name: Option<&str>, cursor: &Cursor<'_>) -> EnvValue {
        if cursor.is_unknown() {
            return EnvValue::Literal(Known::unknown(AFTER_APPLY));
        }
        let node = cursor.node();
        let Some(text) = node.scalar() else {
            return EnvValue::Literal(match node {
                Node::Template(source) => Known::Unknown(is_a_placeholder(source)),
                Node::Null => Known::Value(String::new()),
                _ => Known::unknown(format!("{} stands there instead of a text", node.describe())),
            });
        };
        let value = self.setting(name.unwrap_or_default(), text);
        match value {
            EnvValue::Literal(Known::Value(text)) if cursor.is_sensitive() && !text.is_empty() => {
                EnvValue::Literal(Known::Secret(self.tag(&text)))
            }
            other => other,
        }
    }

    /// The value of a setting: a secret when its name or its own shape says so.
    pub(crate) fn setting(self, name: &str, text: &str) -> EnvValue {
        if text.is_empty() {
            return EnvValue::Literal(Known::Value(String::new()));
        }
        let is_key = is_private_key(text) && !text.trim_start().starts_with('{');
        if is_key || StandIn::parse(text).is_some() {
            return self.plain_secret(text);
        }
        if is_secret_name(name) && !is_no_secret(text) && !is_about_tokens(name, text) {
            if looks_masked(text) {
                return EnvValue::Literal(Known::unknown("it is masked"));
            }
            if let Some(masked) = mask_json(text, |_, _| {}) {
                return EnvValue::Literal(Known::Value(masked));
            }
            return match placeholder(text) {
                Some(found) => EnvValue::Literal(Known::Unknown(is_a_placeholder(found))),
                None => self.plain_secret(text),
            };
        }
        EnvValue::Literal(known(&self.without_secrets(text, |_, _| {})))
    }

    /// The words of `command` or `args`: a list, or one text.
    pub(crate) fn words(self, cursor: &Cursor<'_>, into: &mut Words) {
        match cursor.node() {
            Node::List(_) => {
                let mut flag = None;
                for item in cursor.items() {
                    flag = self.word(&item, flag, into);
                }
            }
            _ => {
                self.word(cursor, None, into);
            }
        }
    }

    /// One word behind `flag`, when the word before is a flag whose value is a secret. Returns such a flag.
    fn word(self, cursor: &Cursor<'_>, flag: Option<String>, into: &mut Words) -> Option<String> {
        let at = cursor.at();
        let text = match (cursor.node().scalar(), self.text(cursor)) {
            (Some(text), Known::Value(_) | Known::Secret(_)) => text,
            // A placeholder behind `=` leaves the name of the flag known.
            (Some(text), Known::Unknown(_)) if text.starts_with('-') && text.contains('=') => text,
            (_, unknown) => {
                into.words.push((unknown, at.clone()));
                return None;
            }
        };
        if cursor.is_sensitive() && flag.is_none() {
            into.words.push((Known::Secret(self.tag(text)), at.clone()));
            return None;
        }
        if let Some(name) = flag
            && !text.starts_with('-')
        {
            self.secret_word(name, text, at, into);
            return None;
        }
        if let Some((name, value)) = text.split_once('=')
            && name.starts_with('-')
            && !name.contains(char::is_whitespace)
        {
            if is_secret_name(name) {
                into.words.push((Known::Value(name.to_owned()), at.clone()));
                self.secret_word(name.to_owned(), value, at, into);
            } else {
                let value = self.masked_word(value, at, into);
                let word = match placeholder(&value) {
                    // The flag's name is worth keeping: it says which setting is unknown.
                    Some(found) => {
                        into.words.push((Known::Value(name.to_owned()), at.clone()));
                        Known::Unknown(is_a_placeholder(found))
                    }
                    None => Known::Value(format!("{name}={value}")),
                };
                into.words.push((word, at.clone()));
            }
            return None;
        }
        let word = self.masked_word(text, at, into);
        into.words.push((known(&word), at.clone()));
        (text.starts_with('-') && is_secret_name(text)).then(|| text.to_owned())
    }

    fn secret_word(self, name: String, text: &str, at: &Locus, into: &mut Words) {
        let word = match self.setting(&name, text) {
            EnvValue::PlainSecret { tag, well_known, .. } => {
                into.secrets.push(SecretArg { name, tag, well_known, at: at.clone() });
                Known::Secret(tag)
            }
            EnvValue::Literal(word) => word,
            EnvValue::SecretReference { secret, .. } => secret,
        };
        into.words.push((word, at.clone()));
    }

    fn masked_word<'x>(self, text: &'x str, at: &Locus, into: &mut Words) -> Cow<'x, str> {
        self.without_secrets(text, |name, secret| {
            // The password of a URL has no name: it belongs to a database or a proxy.
            if !name.is_empty() {
                let (tag, well_known) = (self.tag(secret), is_well_known(secret));
                into.secrets.push(SecretArg { name: name.to_owned(), tag, well_known, at: at.clone() });
            }
        })
    }

    fn without_secrets<'x>(self, text: &'x str, found: impl FnMut(&str, &str)) -> Cow<'x, str> {
        let is_placeholder = |value: &str| placeholder(value).is_some();
        let shown = match mask(text, is_placeholder, found) {
            Masked::Untouched => Cow::Borrowed(text),
            Masked::Changed(masked) => Cow::Owned(masked),
        };
        // A private key under a name that does not tell.
        if is_private_key(&shown) { Cow::Borrowed(MASK) } else { shown }
    }

    pub(crate) fn plain_secret(self, text: &str) -> EnvValue {
        EnvValue::PlainSecret {
            tag: self.tag(text),
            well_known: is_well_known(text),
            trailing_newline: ends_in_line_break(text),
        }
    }

    /// What stands for a secret; a line break at its end is no part of it.
    pub(crate) fn tag(self, secret: &str) -> Tag {
        self.tagger.tag(secret.trim_end_matches(['\n', '\r']))
    }
}

/// A text that is no secret: its value, or that it is a placeholder.
pub(crate) fn known(text: &str) -> Known<String> {
    match placeholder(text) {
        Some(found) => Known::Unknown(is_a_placeholder(found)),
        None => Known::Value(text.to_owned()),
    }
}

pub(crate) fn is_a_placeholder(found: &str) -> Box<str> {
    format!("`{}` is a placeholder", without_default(found.trim())).into()
}
