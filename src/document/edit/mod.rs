//! Editing the text of a document so that only the lines that must change change.
//!
//! The text is never printed anew. Each edit is turned into a few splices at places that a walk over the text finds, written as the
//! neighbours are written: quotes, indentation, spacing, line ends. Then the result is read again with the readers of this crate and must
//! be the old value with the edits applied to it; otherwise nothing is changed and the [`Refusal`] says why.
//!
//! Why no lossless syntax tree of somebody else: those for YAML know neither templates nor which part of a text an alias shares, those
//! for JSON add in a style of their own, and both hold a tree of the whole text, which for a realm of 100 MB is many times its size.
//! Here memory is the old text, the new text, and what stands around the edits; of YAML in addition one document at a time.

mod block;
mod flow;
mod guard;
mod habits;
mod joined;
mod layout;
mod layout_json;
mod layout_yaml;
mod plan;
mod refusal;
mod render;
mod splice;
#[cfg(test)]
mod tests;
mod value;
mod wanted;

use std::fmt;
use std::ops::Range;

use serde_json::Value;

use super::Format;
use crate::locus::FieldPath;

pub use joined::{JoinedList, JoinedListError};
pub use refusal::{Reason, Refusal};

/// One edit of a file.
///
/// All edits that are given together name places of the text as it is before any of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// The document in the file, counted from zero; zero for JSON.
    pub document: usize,
    /// The field.
    pub path: FieldPath,
    /// What happens to it.
    pub change: Change,
}

/// What happens to a field. Each can be applied twice: the second time there is nothing to do.
#[derive(Clone, PartialEq)]
pub enum Change {
    /// The value `from` becomes `to`.
    Set {
        /// What must stand there.
        from: Value,
        /// What stands there afterwards.
        to: Value,
        /// For an undo: how it was written before. It is used only where the text is still as the edit left it.
        written: Option<Written>,
    },
    /// The list at the path gets `item` behind its last element, unless it has it.
    Insert {
        /// The element.
        item: Value,
    },
    /// The list at the path loses every element that equals `item`.
    Remove {
        /// The element.
        item: Value,
    },
    /// The path's last step, a key that the mapping before it does not have, is added behind the mapping's last entry.
    Create {
        /// Its value.
        value: Value,
    },
    /// The path's last step, a key with the value `from`, is taken out of its mapping.
    Delete {
        /// What must stand there.
        from: Value,
    },
}

/// How a value was written before an edit and is written after it.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    now: String,
    then: String,
}

// Values may be secrets: their kinds are enough for a developer.
impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = value::describe;
        match self {
            Change::Set { from, to, .. } => write!(f, "Set({} to {})", kind(from), kind(to)),
            Change::Insert { item } => write!(f, "Insert({})", kind(item)),
            Change::Remove { item } => write!(f, "Remove({})", kind(item)),
            Change::Create { value } => write!(f, "Create({})", kind(value)),
            Change::Delete { from } => write!(f, "Delete({})", kind(from)),
        }
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Written")
    }
}

impl Edit {
    /// The value at `path` of the document numbered `document`, which is `from`, becomes `to`.
    pub fn set(document: usize, path: FieldPath, from: Value, to: Value) -> Self {
        Edit { document, path, change: Change::Set { from, to, written: None } }
    }

    /// The list at `path` gets `item`, unless it has it.
    pub fn insert(document: usize, path: FieldPath, item: Value) -> Self {
        Edit { document, path, change: Change::Insert { item } }
    }

    /// The list at `path` loses `item`.
    pub fn remove(document: usize, path: FieldPath, item: Value) -> Self {
        Edit { document, path, change: Change::Remove { item } }
    }

    /// The key that `path` ends with is added to its mapping.
    pub fn create(document: usize, path: FieldPath, value: Value) -> Self {
        Edit { document, path, change: Change::Create { value } }
    }

    /// The key that `path` ends with, whose value is `from`, is taken out of its mapping.
    pub fn delete(document: usize, path: FieldPath, from: Value) -> Self {
        Edit { document, path, change: Change::Delete { from } }
    }
}

/// A text with edits applied.
#[derive(Clone, PartialEq)]
pub struct Edited {
    /// The new text.
    pub text: String,
    /// The lines that changed, from the first to the last; outside them both texts are the same byte for byte.
    pub changed: Vec<ChangedLines>,
    /// The edits of the new text that restore the old value. Those of [`Change::Set`] restore its bytes as well; what was removed from
    /// a list or mapping comes back at its end.
    pub undo: Vec<Edit>,
    /// The edits, by their index, for which nothing had to be done.
    pub idle: Vec<usize>,
}

impl fmt::Debug for Edited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Edited { text, changed, undo, idle } = self;
        let mut shown = f.debug_struct("Edited");
        shown.field("bytes", &text.len()).field("changed", changed).field("undo", undo).field("idle", idle);
        shown.finish()
    }
}

/// Lines of the old text and the lines of the new one that stand in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedLines {
    /// Lines of the old text, counted from one, the last one exclusive; empty for lines that are new.
    pub old: Range<usize>,
    /// Lines of the new text; empty for lines that are gone.
    pub new: Range<usize>,
}

/// Applies `edits` to `text`, all of them or none.
///
/// # Errors
/// When one of them cannot be applied, or not so that everything else stays as it is.
pub fn apply(text: &str, format: Format, edits: &[Edit]) -> Result<Edited, Refusal> {
    plan::apply(text, format, edits)
}
