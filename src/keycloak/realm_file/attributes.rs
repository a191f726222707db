//! Attributes of users and groups, and which of them are kept.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::context::Context;
use super::lenient::{Fields, Mapping, Scalar};
use crate::keycloak::mapper::audience_attribute;
use crate::keycloak::model::{Realm, Text, User};

/// Drops all attributes of users and groups but those that a mapper of the realm writes into `aud`.
pub(super) fn forget_others(realm: &mut Realm) {
    let of_clients = realm.clients.iter().flat_map(|client| &client.mappers);
    let of_scopes = realm.client_scopes.iter().flatten().flat_map(|scope| &scope.mappers);
    let wanted: BTreeSet<Arc<str>> = of_clients.chain(of_scopes).filter_map(audience_attribute).collect();
    let users = realm.users.iter_mut().map(|user| &mut user.attributes);
    let groups = realm.groups.iter_mut().map(|group| &mut group.attributes);
    for attributes in users.chain(groups).filter(|attributes| !attributes.is_empty()) {
        *attributes =
            std::mem::take(attributes).into_iter().filter(|(name, _)| wanted.contains(name)).collect();
    }
}

/// `attributes` of a user or group.
pub(super) struct AttributeFields<'a, 'c, 't> {
    context: &'c Context<'t>,
    found: &'a mut Vec<(Arc<str>, Box<[Text]>)>,
}

impl<'a, 'c, 't> AttributeFields<'a, 'c, 't> {
    /// The next value of `map` into `found`.
    pub(super) fn next<'de, A: MapAccess<'de>>(
        context: &'c Context<'t>,
        map: &mut A,
        found: &'a mut Vec<(Arc<str>, Box<[Text]>)>,
    ) -> Result<(), A::Error> {
        map.next_value_seed(Mapping(&mut AttributeFields { context, found })).map(drop)
    }
}

impl<'de> Fields<'de> for AttributeFields<'_, '_, '_> {
    const WHAT: &'static str = "attributes";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let values = map.next_value_seed(Values(self.context))?;
        self.found.push((self.context.name(key), values.into()));
        Ok(())
    }
}

/// The values of an attribute: a list of scalars, or one alone. What is neither is passed over, as nobody else reads it.
struct Values<'c, 't>(&'c Context<'t>);

impl<'de> DeserializeSeed<'de> for Values<'_, '_> {
    type Value = Vec<Text>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Text>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_, '_> {
    type Value = Vec<Text>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_unit<E>(self) -> Result<Vec<Text>, E> {
        Ok(Vec::new())
    }

    fn visit_str<E>(self, text: &str) -> Result<Vec<Text>, E> {
        Ok(vec![self.0.text(text)])
    }

    fn visit_bool<E>(self, value: bool) -> Result<Vec<Text>, E> {
        Ok(vec![Text::Value(value.to_string().into())])
    }

    fn visit_i64<E>(self, value: i64) -> Result<Vec<Text>, E> {
        Ok(vec![Text::Value(value.to_string().into())])
    }

    fn visit_u64<E>(self, value: u64) -> Result<Vec<Text>, E> {
        Ok(vec![Text::Value(value.to_string().into())])
    }

    fn visit_f64<E>(self, value: f64) -> Result<Vec<Text>, E> {
        Ok(vec![Text::Value(value.to_string().into())])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Text>, A::Error> {
        let mut values = Vec::new();
        let context = self.0;
        while let Some(value) =
            list.next_element_seed(Scalar { loose: true, make: |text: &str| context.text(text) })?
        {
            values.extend(value);
        }
        Ok(values)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<Text>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Vec::new())
    }
}

impl Realm {
    /// Takes the users of a directory export, which stand in files of their own; of their attributes those stay that a mapper of this
    /// realm writes into `aud`.
    pub(crate) fn join_users(&mut self, users: Vec<User>) {
        self.users.extend(users);
        forget_others(self);
    }
}
