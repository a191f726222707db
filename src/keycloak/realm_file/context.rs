//! What all readers of one realm file share: its names, its tags, its remarks.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Unexpected};

use super::lenient::{Scalar, Switch, SwitchSeed, Texts};
use crate::document::json::Names;
use crate::keycloak::model::{ClientSecret, ScopeNames, Text};
use crate::known::Known;
use crate::locus::{Locus, PartId};
use crate::placeholder::placeholder;
use crate::secrets::{Tagger, looks_masked, says_replace_me, without_default};
use crate::snapshot::Note;

/// What all readers of one document share.
pub(super) struct Context<'t> {
    pub(super) part: PartId,
    tagger: &'t Tagger,
    names: RefCell<Names>,
    lists: RefCell<BTreeSet<ScopeNames>>,
    /// The last long texts, which fields of one client often repeat: its root URL is its web origin.
    recent: RefCell<[Option<Arc<str>>; 3]>,
    pub(super) notes: RefCell<Vec<Note>>,
    pub(super) config_cli: Cell<bool>,
}

impl<'t> Context<'t> {
    pub(super) fn new(part: PartId, tagger: &'t Tagger) -> Self {
        Context {
            part,
            tagger,
            names: RefCell::default(),
            lists: RefCell::default(),
            recent: RefCell::default(),
            notes: RefCell::default(),
            config_cli: Cell::new(false),
        }
    }

    /// The one copy of a name that many clients share.
    pub(super) fn name(&self, name: &str) -> Arc<str> {
        self.names.borrow_mut().keep(name)
    }

    /// A text as far as it is known.
    pub(super) fn text(&self, text: &str) -> Text {
        self.known(text, |text| self.recent(text))
    }

    fn recent(&self, text: &str) -> Arc<str> {
        let mut recent = self.recent.borrow_mut();
        if let Some(known) = recent.iter().flatten().find(|known| &***known == text) {
            return Arc::clone(known);
        }
        let kept: Arc<str> = text.into();
        recent.rotate_right(1);
        recent[0] = Some(Arc::clone(&kept));
        kept
    }

    /// A text that many clients share.
    pub(super) fn shared_text(&self, text: &str) -> Text {
        self.known(text, |text| self.name(text))
    }

    /// A text in which Keycloak itself replaces variables, so that those are no placeholders.
    pub(super) fn server_text(&self, text: &str) -> Text {
        if ["${authBaseUrl}", "${authAdminUrl}", "${client_id}"].iter().any(|own| text.contains(own)) {
            return Known::Value(self.name(text));
        }
        self.shared_text_when_short(text)
    }

    fn shared_text_when_short(&self, text: &str) -> Text {
        if text.len() <= 24 { self.shared_text(text) } else { self.text(text) }
    }

    fn known(&self, text: &str, keep: impl FnOnce(&str) -> Arc<str>) -> Text {
        match placeholder(text) {
            None => Known::Value(keep(text)),
            Some(found) => {
                if found.starts_with("$(") {
                    self.config_cli.set(true);
                }
                Known::unknown(format!("`{}` is a placeholder", without_default(found)))
            }
        }
    }

    /// What is known of a client's secret, from its text.
    pub(super) fn secret(&self, text: &str) -> ClientSecret {
        if text.is_empty() {
            return ClientSecret::Empty;
        }
        if looks_masked(text) {
            return ClientSecret::Masked;
        }
        if let Some(found) = placeholder(text) {
            if found.starts_with("$(") {
                self.config_cli.set(true);
            }
            return ClientSecret::Placeholder(without_default(found).into());
        }
        ClientSecret::Held { tag: self.tagger.tag(text), says_replace_me: says_replace_me(text) }
    }

    /// One list for all clients that name the same scopes.
    pub(super) fn scope_names(&self, names: Vec<Text>) -> ScopeNames {
        let mut lists = self.lists.borrow_mut();
        if let Some(list) = lists.get(names.as_slice()) {
            return Arc::clone(list);
        }
        let list: ScopeNames = names.into();
        lists.insert(Arc::clone(&list));
        list
    }

    pub(super) fn note(&self, text: impl Into<String>, at: Option<Locus>) {
        self.notes.borrow_mut().push(Note { text: text.into(), at });
    }

    /// The next value as a text of its own.
    pub(super) fn next_text<'de, A: MapAccess<'de>>(&self, map: &mut A) -> Result<Option<Text>, A::Error> {
        map.next_value_seed(Scalar { loose: false, make: |text: &str| self.text(text) })
    }

    /// The next value as a text that many clients share.
    pub(super) fn next_shared<'de, A: MapAccess<'de>>(&self, map: &mut A) -> Result<Option<Text>, A::Error> {
        map.next_value_seed(Scalar { loose: false, make: |text: &str| self.shared_text(text) })
    }

    /// The next value as a text in which Keycloak replaces its own variables.
    pub(super) fn next_server_text<'de, A: MapAccess<'de>>(
        &self,
        map: &mut A,
    ) -> Result<Option<Text>, A::Error> {
        map.next_value_seed(Scalar { loose: false, make: |text: &str| self.server_text(text) })
    }

    /// The next value as a list of texts of their own.
    pub(super) fn next_texts<'de, A: MapAccess<'de>>(
        &self,
        map: &mut A,
    ) -> Result<Option<Vec<Text>>, A::Error> {
        map.next_value_seed(Texts { make: |text: &str| self.shared_text_when_short(text) })
    }

    /// The next value as a list of names that many share.
    pub(super) fn next_names<'de, A: MapAccess<'de>>(
        &self,
        map: &mut A,
    ) -> Result<Option<Vec<Text>>, A::Error> {
        map.next_value_seed(Texts { make: |text: &str| self.shared_text(text) })
    }

    /// The next value as names of client scopes.
    pub(super) fn next_scopes<'de, A: MapAccess<'de>>(
        &self,
        map: &mut A,
    ) -> Result<Option<ScopeNames>, A::Error> {
        Ok(self.next_names(map)?.map(|names| self.scope_names(names)))
    }

    /// The next value as a switch.
    pub(super) fn next_switch<'de, A: MapAccess<'de>>(
        &self,
        map: &mut A,
    ) -> Result<Option<Known<bool>>, A::Error> {
        map.next_value_seed(KnownSwitch(self))
    }

    /// The next value as a whole number.
    pub(super) fn next_number<'de, A: MapAccess<'de>>(
        &self,
        map: &mut A,
    ) -> Result<Option<Known<i64>>, A::Error> {
        map.next_value_seed(Number(self))
    }
}

struct KnownSwitch<'c, 't>(&'c Context<'t>);

impl<'de> DeserializeSeed<'de> for KnownSwitch<'_, '_> {
    type Value = Option<Known<bool>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match SwitchSeed.deserialize(deserializer)? {
            None => Ok(None),
            Some(Switch::On) => Ok(Some(Known::Value(true))),
            Some(Switch::Off) => Ok(Some(Known::Value(false))),
            Some(Switch::Written(text)) => match self.0.text(&text) {
                Known::Value(_) | Known::Secret(_) => {
                    Err(de::Error::invalid_value(Unexpected::Other("a text"), &SwitchSeed))
                }
                Known::Unknown(why) => Ok(Some(Known::Unknown(why))),
            },
        }
    }
}

struct Number<'c, 't>(&'c Context<'t>);

impl<'de> DeserializeSeed<'de> for Number<'_, '_> {
    type Value = Option<Known<i64>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let read = |text: &str| match text.trim().parse() {
            Ok(number) => Some(Known::Value(number)),
            Err(_) if text.trim().is_empty() => None,
            Err(_) => match self.0.text(text) {
                Known::Unknown(why) => Some(Known::Unknown(why)),
                Known::Value(_) | Known::Secret(_) => {
                    Some(Known::unknown("what stands there is no whole number"))
                }
            },
        };
        Ok(Scalar { loose: false, make: read }.deserialize(deserializer)?.flatten())
    }
}
