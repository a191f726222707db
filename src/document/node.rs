//! One tree for YAML and JSON, without positions: places are named by field and found in the text afterwards.

use std::sync::Arc;

use crate::locus::{FieldPath, Segment};

/// A value of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// `null`, `~` or nothing at all.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number, as it is written; of JSON's fractions the shortest text of the same value.
    Number(Box<str>),
    /// A text.
    Text(Arc<str>),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the document's order; of equal keys all are kept.
    Map(Vec<(Arc<str>, Node)>),
    /// What YAML reads where a template stands unquoted (`{{ .Values.host }}`), and other keys that are no text: its source, roughly.
    Template(Box<str>),
}

impl Node {
    /// The value under `key` of a mapping; the last one of equal keys, as most readers take it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Node::Map(entries) => {
                entries.iter().rev().find(|(name, _)| &**name == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The value at the end of `keys`, mapping by mapping.
    pub fn dig<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> Option<&Node> {
        keys.into_iter().try_fold(self, |node, key| node.get(key))
    }

    /// The value at the end of a path.
    pub fn at(&self, path: &FieldPath) -> Option<&Node> {
        path.segments().into_iter().try_fold(self, |node, segment| match segment {
            Segment::Key(key) => node.get(key),
            Segment::Index(index) => node.items().get(*index as usize),
        })
    }

    /// The elements of a sequence; none of anything else.
    pub fn items(&self) -> &[Node] {
        match self {
            Node::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a mapping; none of anything else.
    pub fn entries(&self) -> &[(Arc<str>, Node)] {
        match self {
            Node::Map(entries) => entries,
            _ => &[],
        }
    }

    /// A text, or a number or boolean as it is written; none of anything else.
    pub fn scalar(&self) -> Option<&str> {
        match self {
            Node::Text(text) => Some(text),
            Node::Number(number) => Some(number),
            Node::Bool(true) => Some("true"),
            Node::Bool(false) => Some("false"),
            _ => None,
        }
    }

    /// Whether it is `null` or nothing.
    pub fn is_null(&self) -> bool {
        matches!(self, Node::Null)
    }

    /// What kind of value it is, for messages: "a list", "a text".
    pub fn describe(&self) -> &'static str {
        match self {
            Node::Null => "nothing",
            Node::Bool(_) => "a boolean",
            Node::Number(_) => "a number",
            Node::Text(_) => "a text",
            Node::List(_) => "a list",
            Node::Map(_) => "a mapping",
            Node::Template(_) => "a template",
        }
    }
}
