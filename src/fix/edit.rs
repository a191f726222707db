//! Edits: what happens to one field, what must stand there before, and how it is taken back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::locus::FieldPath;

/// Where a change is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Target {
    /// A document of a file.
    File {
        /// The path as the person gave it, with `/`.
        path: String,
        /// Which document of the file, counted from zero.
        document: usize,
    },
    /// An object of a live server.
    Live {
        /// The admin API's address of it, or Google's resource name.
        address: String,
    },
}

impl Target {
    /// The path or address that people know it by.
    pub fn name(&self) -> &str {
        match self {
            Target::File { path, .. } => path,
            Target::Live { address } => address,
        }
    }

    /// Whether it is on a server.
    pub fn is_live(&self) -> bool {
        matches!(self, Target::Live { .. })
    }
}

/// A field somewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Spot {
    /// The document or object.
    pub target: Target,
    /// The field in it.
    pub path: FieldPath,
}

/// A value that an edit writes or expects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Datum {
    /// A value that anybody may see.
    Plain(Value),
    /// Whatever stands there when the change is made: so secrets move, which no plan holds.
    CopyOf(Spot),
}

impl Datum {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Datum::Plain(Value::String(text.into()))
    }

    /// A switch.
    pub fn switch(on: bool) -> Self {
        Datum::Plain(Value::Bool(on))
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Datum::Plain(Value::String(text)) => Some(text),
            _ => None,
        }
    }
}

/// How a field holds several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ListForm {
    /// A sequence.
    Array,
    /// One text with `##` between the values, as Keycloak stores `post.logout.redirect.uris`.
    JoinedByHashes,
}

/// What happens to a field. Mappings on the way to it that are absent are made.
///
/// Each edit says what must be there before; where it is not, the edit is refused. Edits of single elements of a list can be made in
/// any order, and leave alone what others added. A switch that stands there as a text (`"true"`) counts as the switch, and an empty
/// text in a mapper's configuration as absent, as servers take them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "edit", rename_all = "kebab-case")]
pub enum Edit {
    /// The field holds `from` and gets `to`.
    Set {
        /// What must stand there.
        from: Datum,
        /// What will.
        to: Datum,
    },
    /// The field is absent and gets a value.
    Create {
        /// The value.
        value: Datum,
    },
    /// The field holds this value and is removed.
    Drop {
        /// What must stand there.
        value: Datum,
    },
    /// The list lacks the item and gets it at its end.
    Insert {
        /// The item.
        item: Datum,
        /// How the field holds its list.
        list: ListForm,
        /// Whether the list may be absent, and is made then.
        makes_list: bool,
    },
    /// The list holds the item and loses it.
    Remove {
        /// The item.
        item: Datum,
        /// How the field holds its list.
        list: ListForm,
        /// Whether a list that is left empty goes too: it was made by the edit that this one takes back.
        takes_list: bool,
    },
    /// The list of protocol mappers has no mapper of this name and gets one. On a server it has an address of its own.
    AddMapper {
        /// The mapper.
        mapper: MapperText,
    },
    /// The list of protocol mappers holds this mapper and loses it. What a server added to its configuration does not count.
    RemoveMapper {
        /// The mapper.
        mapper: MapperText,
    },
}

/// A protocol mapper as documents write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MapperText {
    /// Its name, which no other mapper of the client has.
    pub name: String,
    /// `openid-connect`.
    pub protocol: String,
    /// Its type: `oidc-audience-mapper`.
    pub protocol_mapper: String,
    /// Its configuration.
    pub config: BTreeMap<String, String>,
}

impl Edit {
    /// The edit that takes this one back.
    pub fn inverse(&self) -> Edit {
        match self.clone() {
            Edit::Set { from, to } => Edit::Set { from: to, to: from },
            Edit::Create { value } => Edit::Drop { value },
            Edit::Drop { value } => Edit::Create { value },
            Edit::Insert { item, list, makes_list } => Edit::Remove { item, list, takes_list: makes_list },
            Edit::Remove { item, list, takes_list } => Edit::Insert { item, list, makes_list: takes_list },
            Edit::AddMapper { mapper } => Edit::RemoveMapper { mapper },
            Edit::RemoveMapper { mapper } => Edit::AddMapper { mapper },
        }
    }

    /// The element of a list that the edit is about, where it is about one.
    pub fn element(&self) -> Option<&Datum> {
        match self {
            Edit::Insert { item, .. } | Edit::Remove { item, .. } => Some(item),
            _ => None,
        }
    }

    /// What the field holds afterwards, for edits of the field as a whole; `Some(None)` when nothing.
    pub(super) fn result(&self) -> Option<Option<&Datum>> {
        match self {
            Edit::Set { to, .. } => Some(Some(to)),
            Edit::Create { value } => Some(Some(value)),
            Edit::Drop { .. } => Some(None),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_taken_back_twice_is_the_edit() {
        let mapper = MapperText {
            name: "audience-api".to_owned(),
            protocol: "openid-connect".to_owned(),
            protocol_mapper: "oidc-audience-mapper".to_owned(),
            config: BTreeMap::new(),
        };
        let edits = [
            Edit::Set { from: Datum::text("a"), to: Datum::text("b") },
            Edit::Create { value: Datum::switch(true) },
            Edit::Insert { item: Datum::text("a"), list: ListForm::JoinedByHashes, makes_list: true },
            Edit::AddMapper { mapper },
        ];
        for edit in edits {
            assert_ne!(edit.inverse(), edit);
            assert_eq!(edit.inverse().inverse(), edit);
        }
    }
}
