//! A value of a document together with its place, for readers that walk a tree from the root down.

use std::sync::Arc;

use super::Node;
use crate::locus::{FieldPath, Locus, PartId};

static NOTHING: Node = Node::Null;

/// A value and its place. Terraform's marks for unknown and sensitive values travel along.
#[derive(Debug, Clone)]
pub struct Cursor<'n> {
    node: &'n Node,
    at: Locus,
    unknown: Option<&'n Node>,
    sensitive: Option<&'n Node>,
}

/// A value that has another shape than a reader can use: its place, and a sentence that says what was expected there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShapeFault {
    /// The value.
    pub at: Locus,
    /// What is wrong and what was expected; free of secrets.
    pub message: String,
}

/// What reading a document brought.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// How many things were found: services, realms, clients.
    pub items: usize,
    /// What could not be read; the rest was.
    pub faults: Vec<ShapeFault>,
}

impl<'n> Cursor<'n> {
    /// The root of a document.
    pub fn root(part: PartId, node: &'n Node) -> Self {
        Cursor::new(node, Locus::new(part, FieldPath::root()))
    }

    /// A value at a place.
    pub fn new(node: &'n Node, at: Locus) -> Self {
        Cursor { node, at, unknown: None, sensitive: None }
    }

    /// The same value under Terraform's marks: trees of the value's own shape in which `true` stands for all below it. Where one
    /// of them is not given, that of before stays.
    pub fn marked(self, unknown: Option<&'n Node>, sensitive: Option<&'n Node>) -> Self {
        Cursor { unknown: unknown.or(self.unknown), sensitive: sensitive.or(self.sensitive), ..self }
    }

    /// The value.
    pub fn node(&self) -> &'n Node {
        self.node
    }

    /// Its place.
    pub fn at(&self) -> &Locus {
        &self.at
    }

    /// Whether Terraform does not know the value yet.
    pub fn is_unknown(&self) -> bool {
        self.unknown.is_some_and(is_mark) && self.node.is_null()
    }

    /// Whether Terraform treats the value as sensitive.
    pub fn is_sensitive(&self) -> bool {
        self.sensitive.is_some_and(is_mark)
    }

    /// The value under `key`; none when it is absent or null, unless it is only not known yet.
    pub fn get(&self, key: &str) -> Option<Cursor<'n>> {
        let unknown = mark_under(self.unknown, key);
        let found = self.node.entries().iter().rev().find(|(name, _)| &**name == key);
        let (name, node) = match found {
            Some((name, node)) => (Arc::clone(name), node),
            None if unknown.is_some_and(is_mark) => (Arc::from(key), &NOTHING),
            None => return None,
        };
        if node.is_null() && !unknown.is_some_and(is_mark) {
            return None;
        }
        Some(Cursor { node, at: self.at.key(name), unknown, sensitive: mark_under(self.sensitive, key) })
    }

    /// The value under the first of `keys` that has one.
    pub fn first_of<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> Option<Cursor<'n>> {
        keys.into_iter().find_map(|key| self.get(key))
    }

    /// The value at the end of `keys`, mapping by mapping.
    pub fn dig<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> Option<Cursor<'n>> {
        keys.into_iter().try_fold(self.clone(), |cursor, key| cursor.get(key))
    }

    /// The elements of a sequence; none of anything else.
    pub fn items(&self) -> impl Iterator<Item = Cursor<'n>> + use<'n> {
        let (at, unknown, sensitive) = (self.at.clone(), self.unknown, self.sensitive);
        self.node.items().iter().enumerate().map(move |(index, node)| Cursor {
            node,
            at: at.index(index),
            unknown: mark_at(unknown, index),
            sensitive: mark_at(sensitive, index),
        })
    }

    /// The entries of a mapping that are not null; none of anything else.
    pub fn entries(&self) -> impl Iterator<Item = (&'n Arc<str>, Cursor<'n>)> + use<'n> {
        let (at, unknown, sensitive) = (self.at.clone(), self.unknown, self.sensitive);
        self.node.entries().iter().filter(|(_, node)| !node.is_null()).map(move |(name, node)| {
            let cursor = Cursor {
                node,
                at: at.key(Arc::clone(name)),
                unknown: mark_under(unknown, name),
                sensitive: mark_under(sensitive, name),
            };
            (name, cursor)
        })
    }

    /// The only element of a Terraform block, which is a list of at most one; of a mapping the mapping itself.
    pub fn block(&self) -> Option<Cursor<'n>> {
        match self.node {
            Node::List(_) => self.items().find(|item| !item.node.is_null()),
            _ => Some(self.clone()),
        }
    }

    /// That the value should have been `expected` ("a list of containers").
    pub fn fault(&self, expected: &str) -> ShapeFault {
        ShapeFault {
            at: self.at.clone(),
            message: format!("{expected} was expected here, but {} stands there.", self.node.describe()),
        }
    }
}

fn is_mark(node: &Node) -> bool {
    matches!(node, Node::Bool(true))
}

fn mark_under<'n>(mark: Option<&'n Node>, key: &str) -> Option<&'n Node> {
    mark.and_then(|mark| if is_mark(mark) { Some(mark) } else { mark.get(key) })
}

fn mark_at(mark: Option<&Node>, index: usize) -> Option<&Node> {
    mark.and_then(|mark| if is_mark(mark) { Some(mark) } else { mark.items().get(index) })
}
