//! Values that may be secret or unknown.

use std::fmt;

/// What stands in place of a secret: equal secrets of one run carry equal tags, and nothing else can be learnt from a tag.
///
/// 128 bits of a keyed hash; the key is drawn anew for every run, so tags of two runs cannot be compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag([u8; 16]); // Bytes rather than a u128, whose alignment would cost every `Known` eight bytes.

impl Tag {
    /// The tag with these 128 bits.
    pub const fn new(bits: u128) -> Self {
        Tag(bits.to_be_bytes())
    }

    /// Its 128 bits.
    pub const fn bits(self) -> u128 {
        u128::from_be_bytes(self.0)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tag(…)")
    }
}

/// A value as far as it could be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known<T> {
    /// The value itself.
    Value(T),
    /// A secret; only equality with other secrets of this run is known.
    Secret(Tag),
    /// Something stands there, but not what: a placeholder, a value known after apply, a masked secret.
    Unknown(Box<str>),
}

impl<T> Known<T> {
    /// An unknown value and why it is unknown, as a clause: "`${HOST}` is a placeholder".
    pub fn unknown(why: impl Into<Box<str>>) -> Self {
        Known::Unknown(why.into())
    }

    /// The value, where it is known and no secret.
    pub fn value(&self) -> Option<&T> {
        match self {
            Known::Value(value) => Some(value),
            Known::Secret(_) | Known::Unknown(_) => None,
        }
    }

    /// Why the value is unknown, where it is.
    pub fn why_unknown(&self) -> Option<&str> {
        match self {
            Known::Unknown(why) => Some(why),
            Known::Value(_) | Known::Secret(_) => None,
        }
    }

    /// The same knowledge about `change` of the value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Known::Value(value) => Known::Value(change(value)),
            Known::Secret(tag) => Known::Secret(tag),
            Known::Unknown(why) => Known::Unknown(why),
        }
    }
}

impl Known<bool> {
    /// Whether the switch is known to be on.
    pub fn is_on(&self) -> bool {
        matches!(self, Known::Value(true))
    }

    /// Whether the switch is known to be off.
    pub fn is_off(&self) -> bool {
        matches!(self, Known::Value(false))
    }
}

impl<T: AsRef<str>> Known<T> {
    /// The text, where it is known and no secret.
    pub fn text(&self) -> Option<&str> {
        self.value().map(AsRef::as_ref)
    }
}

impl<T> From<T> for Known<T> {
    fn from(value: T) -> Self {
        Known::Value(value)
    }
}
