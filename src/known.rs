//! Values that may be secret or unknown.

use std::fmt;

/// What stands in place of a secret: equal secrets carry equal tags, and nothing else can be learnt from a tag.
///
/// 128 bits of a keyed hash. The key is drawn anew for every run, unless a snapshot folder has one of its own; tags under different
/// keys tell nothing of each other, see [`Tag::same`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    // Bytes rather than integers, whose alignment would cost every `Known` eight bytes.
    key: [u8; 4],
    bits: [u8; 16],
}

impl Tag {
    /// The tag with these 128 bits under the key of this number.
    pub const fn new(key: u32, bits: u128) -> Self {
        Tag { key: key.to_be_bytes(), bits: bits.to_be_bytes() }
    }

    /// The number of the key under which it was made.
    pub const fn key(self) -> u32 {
        u32::from_be_bytes(self.key)
    }

    /// Its 128 bits.
    pub const fn bits(self) -> u128 {
        u128::from_be_bytes(self.bits)
    }

    /// Whether two secrets are equal; none when their tags were made under different keys.
    pub fn same(self, other: Tag) -> Option<bool> {
        (self.key == other.key).then_some(self.bits == other.bits)
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
