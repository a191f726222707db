//! Lists that stand in one text: Keycloak joins some with `##`, annotations of Cloud Run hold some as JSON.

use std::fmt;

use serde_json::Value;

use super::Edit;
use crate::locus::FieldPath;

/// How a list is written as one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinedList {
    /// Elements with a separator between them, such as the `##` of Keycloak's `post.logout.redirect.uris`; nothing for no element.
    Separated(&'static str),
    /// A JSON list of texts, such as in `run.googleapis.com/custom-audiences`.
    Json,
}

/// A text that is no list of this kind, or an element that cannot be in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinedListError {
    /// The text is no JSON list of texts.
    NotAList,
    /// The element holds the separator, or is nothing.
    Unfit,
}

impl fmt::Display for JoinedListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            JoinedListError::NotAList => "The text was expected to be a JSON list of texts, and is not.",
            JoinedListError::Unfit => {
                "The element is empty or holds what separates elements, so the list cannot hold it."
            }
        })
    }
}

impl std::error::Error for JoinedListError {}

impl JoinedList {
    /// Keycloak's client attribute `post.logout.redirect.uris`.
    pub const POST_LOGOUT: JoinedList = JoinedList::Separated("##");

    /// The elements of `text`.
    ///
    /// # Errors
    /// When it is no such list.
    pub fn items(self, text: &str) -> Result<Vec<String>, JoinedListError> {
        match self {
            JoinedList::Separated(_) if text.is_empty() => Ok(Vec::new()),
            JoinedList::Separated(separator) => Ok(text.split(separator).map(str::to_owned).collect()),
            JoinedList::Json => serde_json::from_str(text).map_err(|_| JoinedListError::NotAList),
        }
    }

    /// `text` with `item` behind its last element; the text itself when it has it.
    ///
    /// # Errors
    /// When the text is no such list or the element cannot be in one.
    pub fn with(self, text: &str, item: &str) -> Result<String, JoinedListError> {
        let items = self.items(text)?;
        match self {
            JoinedList::Separated(separator) if item.is_empty() || item.contains(separator) => {
                return Err(JoinedListError::Unfit);
            }
            _ if items.iter().any(|one| one == item) => return Ok(text.to_owned()),
            JoinedList::Separated(_) if text.is_empty() => return Ok(item.to_owned()),
            JoinedList::Separated(separator) => return Ok(format!("{text}{separator}{item}")),
            JoinedList::Json => {}
        }
        self.edited(text, |path| Edit::insert(0, path, Value::from(item)))
    }

    /// `text` without `item`; the text itself when it does not have it.
    ///
    /// # Errors
    /// When the text is no such list.
    pub fn without(self, text: &str, item: &str) -> Result<String, JoinedListError> {
        let items = self.items(text)?;
        if !items.iter().any(|one| one == item) {
            return Ok(text.to_owned());
        }
        match self {
            JoinedList::Separated(separator) => {
                let kept: Vec<_> = items.into_iter().filter(|one| one != item).collect();
                Ok(kept.join(separator))
            }
            JoinedList::Json => self.edited(text, |path| Edit::remove(0, path, Value::from(item))),
        }
    }

    // The spacing of the JSON inside the text stays as well.
    fn edited(self, text: &str, edit: impl Fn(FieldPath) -> Edit) -> Result<String, JoinedListError> {
        let edit = edit(FieldPath::root());
        let edited = super::apply(text, super::Format::Json, std::slice::from_ref(&edit));
        edited.map(|edited| edited.text).map_err(|_| JoinedListError::NotAList)
    }

    /// The edit that adds `item` to the list in the text `from` at `path`; none when it has it.
    ///
    /// # Errors
    /// As [`Self::with`].
    pub fn insert(
        self,
        document: usize,
        path: FieldPath,
        from: &str,
        item: &str,
    ) -> Result<Option<Edit>, JoinedListError> {
        Ok(set(document, path, from, self.with(from, item)?))
    }

    /// The edit that takes `item` out of the list in the text `from` at `path`; none when it does not have it.
    ///
    /// # Errors
    /// As [`Self::without`].
    pub fn remove(
        self,
        document: usize,
        path: FieldPath,
        from: &str,
        item: &str,
    ) -> Result<Option<Edit>, JoinedListError> {
        Ok(set(document, path, from, self.without(from, item)?))
    }
}

fn set(document: usize, path: FieldPath, from: &str, to: String) -> Option<Edit> {
    (from != to).then(|| Edit::set(document, path, Value::from(from), Value::from(to)))
}
