//! A tree as a source for serde, so that one set of visitors reads JSON texts and trees alike.
//!
//! Its errors carry the way to the value that could not be read, and nothing of the value.

use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, Expected, MapAccess, SeqAccess, Unexpected, Visitor};

use super::Node;
use crate::locus::{FieldPath, Segment};

/// A value that is not what its reader can take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShapeError {
    inside_out: Vec<Segment>,
    expected: String,
}

impl ShapeError {
    /// The way from the root of the tree to the value.
    pub fn path(&self) -> FieldPath {
        self.inside_out.iter().rev().fold(FieldPath::root(), |path, segment| match segment {
            Segment::Key(key) => path.key(key.clone()),
            Segment::Index(index) => path.index(*index as usize),
        })
    }

    /// What was expected instead: "a list".
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// The same error in a document in which the tree stands under `key`.
    #[must_use]
    pub fn below(self, key: &str) -> Self {
        self.inside(Segment::Key(key.into()))
    }

    fn inside(mut self, segment: Segment) -> Self {
        self.inside_out.push(segment);
        self
    }
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at `{}`", self.expected, self.path())
    }
}

impl std::error::Error for ShapeError {}

impl de::Error for ShapeError {
    fn custom<T: fmt::Display>(expected: T) -> Self {
        ShapeError { inside_out: Vec::new(), expected: expected.to_string() }
    }

    // What was found may be a secret, so only its kind is told, by whoever looks at the path.
    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(expected)
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(expected)
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = ShapeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        match self {
            Node::Null => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(*value),
            Node::Text(text) => visitor.visit_borrowed_str(text),
            Node::Template(source) => visitor.visit_borrowed_str(source),
            Node::Number(number) => {
                if let Ok(value) = number.parse::<u64>() {
                    visitor.visit_u64(value)
                } else if let Ok(value) = number.parse::<i64>() {
                    visitor.visit_i64(value)
                } else {
                    visitor.visit_borrowed_str(number)
                }
            }
            Node::List(items) => visitor.visit_seq(Items { items: items.iter(), index: 0 }),
            Node::Map(entries) => visitor.visit_map(Entries { entries: entries.iter(), value: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Items<'de> {
    items: std::slice::Iter<'de, Node>,
    index: u32,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = ShapeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, ShapeError> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(item).map(Some).map_err(|error| error.inside(Segment::Index(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Entries<'de> {
    entries: std::slice::Iter<'de, (std::sync::Arc<str>, Node)>,
    value: Option<&'de (std::sync::Arc<str>, Node)>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = ShapeError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ShapeError> {
        self.value = self.entries.next();
        let Some((key, _)) = self.value else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ShapeError> {
        let Some((key, value)) = self.value else { return Err(de::Error::custom("a key")) };
        seed.deserialize(value).map_err(|error| error.inside(Segment::Key(key.clone())))
    }
}
