//! Symbolic places: which part of the input, and which field of it.
//!
//! Readers and rules name places by field; line and column are found at report time, in the files that have findings only.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One step of a [`FieldPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// The value of a key in a mapping.
    Key(Arc<str>),
    /// An element of a sequence, counted from zero.
    Index(u32),
}

/// The way from the root of a document to one value in it.
///
/// Paths share their beginnings, so that a hundred thousand places cost little more than their last steps.
#[derive(Clone, Default)]
pub struct FieldPath(Option<Arc<Step>>);

struct Step {
    before: FieldPath,
    segment: Segment,
}

impl FieldPath {
    /// The root of a document.
    pub fn root() -> Self {
        FieldPath(None)
    }

    /// The value under `key` of the mapping at this path.
    pub fn key(&self, key: impl Into<Arc<str>>) -> Self {
        self.then(Segment::Key(key.into()))
    }

    /// The element `index`, counted from zero, of the sequence at this path.
    pub fn index(&self, index: usize) -> Self {
        self.then(Segment::Index(u32::try_from(index).unwrap_or(u32::MAX)))
    }

    /// The values under each of `keys` in turn, the last one's path.
    pub fn keys<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> Self {
        keys.into_iter().fold(self.clone(), |path, key| path.key(key))
    }

    fn then(&self, segment: Segment) -> Self {
        FieldPath(Some(Arc::new(Step { before: self.clone(), segment })))
    }

    /// The path without its last step; the root's is the root.
    pub fn parent(&self) -> Self {
        self.0.as_ref().map_or_else(FieldPath::root, |step| step.before.clone())
    }

    /// The steps behind `beginning`, as a path of their own; all of them when the path does not begin with it.
    pub fn below(&self, beginning: &FieldPath) -> Self {
        let steps = self.segments();
        let start = beginning.segments();
        let rest = if steps.starts_with(&start) { &steps[start.len()..] } else { &steps[..] };
        rest.iter().fold(FieldPath::root(), |path, &segment| path.then(segment.clone()))
    }

    /// The last step; none for the root.
    pub fn last(&self) -> Option<&Segment> {
        self.0.as_ref().map(|step| &step.segment)
    }

    /// The steps from the root on.
    pub fn segments(&self) -> Vec<&Segment> {
        let mut steps = Vec::new();
        let mut here = self;
        while let Some(step) = &here.0 {
            steps.push(&step.segment);
            here = &step.before;
        }
        steps.reverse();
        steps
    }
}

impl PartialEq for FieldPath {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for FieldPath {}

impl PartialOrd for FieldPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for FieldPath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.segments().cmp(&other.segments())
    }
}

impl Hash for FieldPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.segments().hash(state);
    }
}

/// As people write it: `clients[3].redirectUris[0]`, `attributes["post.logout.redirect.uris"]`.
impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.segments().into_iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if !is_plain(key) => write!(f, "[{:?}]", &**key)?,
                Segment::Key(key) if position == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$'))
}

/// As a list of keys and positions: `["clients", 3, "redirectUris"]`.
impl Serialize for FieldPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let segments = self.segments();
        let mut list = serializer.serialize_seq(Some(segments.len()))?;
        for segment in segments {
            match segment {
                Segment::Key(key) => list.serialize_element(&**key)?,
                Segment::Index(index) => list.serialize_element(index)?,
            }
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for FieldPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let steps = Vec::<Written>::deserialize(deserializer)?;
        Ok(steps.into_iter().fold(FieldPath::root(), |path, step| match step {
            Written::Key(key) => path.key(key),
            Written::Index(index) => path.then(Segment::Index(index)),
        }))
    }
}

impl JsonSchema for FieldPath {
    fn schema_name() -> Cow<'static, str> {
        "FieldPath".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<Written>::json_schema(generator)
    }
}

/// A step as documents write it.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Written {
    Index(u32),
    Key(String),
}

/// Which part of a snapshot: its index in [`Snapshot::parts`](crate::snapshot::Snapshot::parts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartId(pub u32);

/// One place in what was read: a part of the snapshot and a field in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locus {
    /// The document or live answer that holds the field.
    pub part: PartId,
    /// The field.
    pub path: FieldPath,
}

impl Locus {
    /// The place `path` of `part`.
    pub fn new(part: PartId, path: FieldPath) -> Self {
        Locus { part, path }
    }

    /// The value under `key` of the mapping at this place.
    pub fn key(&self, key: impl Into<Arc<str>>) -> Self {
        Locus { part: self.part, path: self.path.key(key) }
    }

    /// The element `index`, counted from zero, of the sequence at this place.
    pub fn index(&self, index: usize) -> Self {
        Locus { part: self.part, path: self.path.index(index) }
    }

    /// The values under each of `keys` in turn, the last one's place.
    pub fn keys<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> Self {
        Locus { part: self.part, path: self.path.keys(keys) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_people_write_it() {
        let path = FieldPath::root().key("clients").index(3).key("redirectUris").index(0);
        assert_eq!(path.to_string(), "clients[3].redirectUris[0]");
        let dotted = FieldPath::root().key("attributes").key("post.logout.redirect.uris");
        assert_eq!(dotted.to_string(), "attributes[\"post.logout.redirect.uris\"]");
        assert_eq!(FieldPath::root().to_string(), "");
    }

    #[test]
    fn order_is_by_step_from_the_root() {
        let second = FieldPath::root().key("clients").index(2);
        let tenth = FieldPath::root().key("clients").index(10);
        assert!(second < tenth);
        assert!(second < second.key("a"));
    }
}
