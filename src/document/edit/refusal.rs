//! Why a text is not edited.

use std::fmt;

use super::super::SyntaxError;
use crate::locus::FieldPath;

/// That no edit was applied, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which of the edits cannot be applied, by its index; none when it is not one alone.
    pub edit: Option<usize>,
    /// The field it was to change.
    pub path: FieldPath,
    /// Why it cannot.
    pub reason: Reason,
}

/// Why an edit cannot be applied. No reason quotes a value, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The text is not of its format.
    Syntax(SyntaxError),
    /// Another value stands there than was expected.
    Moved {
        /// What kind of value was expected.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// There is no such field.
    Missing,
    /// There is something at the path through which it goes on as if it were a list or mapping.
    NotInside {
        /// What stands there.
        found: &'static str,
    },
    /// A key on the path stands more than once in its mapping.
    Ambiguous,
    /// The text of the value is shared: the anchor or alias by its name, with `&` or `*`.
    Shared(String),
    /// The value comes from another mapping through a merge key.
    Merged,
    /// A template or script fills the value in.
    Placeholder,
    /// It would contradict another of the edits, by its index.
    Conflict(usize),
    /// The change cannot be written in this text: the part of the sentence behind "because".
    NotRepresentable(&'static str),
    /// The edited text did not read as it should; the part of the sentence behind "because".
    Guard(&'static str),
}

impl Refusal {
    pub(super) fn new(edit: usize, path: &FieldPath, reason: Reason) -> Self {
        Refusal { edit: Some(edit), path: path.clone(), reason }
    }

    pub(super) fn whole(reason: Reason) -> Self {
        Refusal { edit: None, path: FieldPath::root(), reason }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.to_string();
        match (self.edit, path.as_str()) {
            (None, _) => f.write_str("The file was not changed: ")?,
            (Some(_), "") => f.write_str("The document was not changed: ")?,
            (Some(_), path) => write!(f, "`{path}` was not changed: ")?,
        }
        match &self.reason {
            Reason::Syntax(error) => write!(f, "it cannot be read. {error}"),
            Reason::Moved { expected, found } => {
                write!(f, "{expected} was expected there, but {found} stands there now; read it again and plan anew.")
            }
            Reason::Missing => f.write_str("there is no such field; read it again and plan anew."),
            Reason::NotInside { found } => {
                write!(f, "there is no such field, for {found} stands on the way to it.")
            }
            Reason::Ambiguous => {
                f.write_str("a key on the way to it stands more than once in its mapping; remove the one that is not meant.")
            }
            Reason::Shared(name) => write!(
                f,
                "its text is shared through `{name}`, so that other fields would change with it; edit it by hand."
            ),
            Reason::Merged => f.write_str(
                "its value comes from another mapping through the merge key `<<`; edit it by hand where it stands.",
            ),
            Reason::Placeholder => f.write_str(
                "a template or script fills in what stands there; change the place where it gets the value from.",
            ),
            Reason::Conflict(_) => f.write_str("another edit of the same file changes the same value."),
            Reason::NotRepresentable(why) => write!(f, "it cannot be written in this text, because {why}; edit it by hand."),
            Reason::Guard(why) => write!(f, "the edited text was thrown away, because {why}; edit it by hand."),
        }
    }
}

impl std::error::Error for Refusal {}
