//! Reading what people and old servers write where a realm file has a switch, a text or a list.
//!
//! Keycloak reads its files with Jackson, which takes `"false"` for a switch, `300` for a text and `null` for anything; so do these.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

/// What reads the fields of a mapping one by one.
pub(super) trait Fields<'de> {
    /// What the mapping is, for messages: "a client".
    const WHAT: &'static str;

    /// Reads the value of `key` from `map`, or skips it.
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;
}

/// Reads a mapping into what gathers its fields; false when `null` stands in its place.
pub(super) struct Mapping<'f, F>(pub(super) &'f mut F);

impl<'de, F: Fields<'de>> DeserializeSeed<'de> for Mapping<'_, F> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: Fields<'de>> Visitor<'de> for Mapping<'_, F> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a mapping: {}", F::WHAT)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while let Some(Key(key)) = map.next_key_seed(KeySeed)? {
            self.0.field(&key, &mut map)?;
        }
        Ok(true)
    }
}

/// Reads a list of mappings, each into a fresh `start(index)` that goes to `finish(index, …)`; nulls in it are left out.
pub(super) struct Each<S, E> {
    pub(super) what: &'static str,
    pub(super) start: S,
    pub(super) finish: E,
}

impl<'de, F, S, E> DeserializeSeed<'de> for Each<S, E>
where
    F: Fields<'de>,
    S: FnMut(usize) -> F,
    E: FnMut(usize, F),
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F, S, E> Visitor<'de> for Each<S, E>
where
    F: Fields<'de>,
    S: FnMut(usize) -> F,
    E: FnMut(usize, F),
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of {}", self.what)
    }

    fn visit_unit<X>(self) -> Result<(), X> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        for index in 0.. {
            let mut item = (self.start)(index);
            match list.next_element_seed(Mapping(&mut item))? {
                Some(true) => (self.finish)(index, item),
                Some(false) => {}
                None => break,
            }
        }
        Ok(())
    }
}

/// A scalar as a text: numbers and switches as they are written, `null` as none.
///
/// With `loose`, what is no scalar is none as well, and a list of one text is that text.
#[derive(Clone, Copy)]
pub(super) struct Scalar<M> {
    pub(super) loose: bool,
    pub(super) make: M,
}

impl<'de, T, M: FnOnce(&str) -> T> DeserializeSeed<'de> for Scalar<M> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T, M: FnOnce(&str) -> T> Visitor<'de> for Scalar<M> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<T>, E> {
        Ok(Some((self.make)(text)))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Option<T>, E> {
        Ok(Some((self.make)(if value { "true" } else { "false" })))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Option<T>, E> {
        Ok(Some((self.make)(&value.to_string())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Option<T>, E> {
        Ok(Some((self.make)(&value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Option<T>, E> {
        Ok(Some((self.make)(&value.to_string())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<T>, A::Error> {
        if !self.loose {
            return Err(de::Error::invalid_type(Unexpected::Seq, &self));
        }
        let first = list.next_element_seed(Scalar { loose: true, make: str::to_owned })?.flatten();
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first.map(|text| (self.make)(&text)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<T>, A::Error> {
        if !self.loose {
            return Err(de::Error::invalid_type(Unexpected::Map, &self));
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// A list of texts; one text alone is a list of one, `null` is none, and nulls in it are left out.
pub(super) struct Texts<M> {
    pub(super) make: M,
}

impl<'de, T, M: FnMut(&str) -> T> DeserializeSeed<'de> for Texts<M> {
    type Value = Option<Vec<T>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Vec<T>>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T, M: FnMut(&str) -> T> Visitor<'de> for Texts<M> {
    type Value = Option<Vec<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(mut self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(vec![(self.make)(text)]))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element_seed(Scalar { loose: false, make: &mut self.make })? {
            texts.extend(text);
        }
        texts.shrink_to_fit();
        Ok(Some(texts))
    }
}

/// A switch as its file states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Switch {
    /// `true`, `"true"`, `1`.
    On,
    /// `false`, `"false"`, `0`.
    Off,
    /// Another text: a placeholder, or nonsense that only its reader can tell from one.
    Written(String),
}

/// Reads a switch; `null` and the empty text are none.
pub(super) struct SwitchSeed;

impl<'de> DeserializeSeed<'de> for SwitchSeed {
    type Value = Option<Switch>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Switch>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for SwitchSeed {
    type Value = Option<Switch>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    fn visit_unit<E>(self) -> Result<Option<Switch>, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Option<Switch>, E> {
        Ok(Some(if value { Switch::On } else { Switch::Off }))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Option<Switch>, E> {
        Ok(Some(if value == 0 { Switch::Off } else { Switch::On }))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Option<Switch>, E> {
        Ok(Some(Switch::On))
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<Switch>, E> {
        let text = text.trim();
        Ok(match text {
            "" => None,
            // YAML 1.1, which the Operator and keycloak-config-cli read, has more words for them.
            _ if ["true", "yes", "on"].iter().any(|word| text.eq_ignore_ascii_case(word)) => Some(Switch::On),
            _ if ["false", "no", "off"].iter().any(|word| text.eq_ignore_ascii_case(word)) => {
                Some(Switch::Off)
            }
            _ => Some(Switch::Written(text.to_owned())),
        })
    }
}

struct KeySeed;

struct Key<'de>(Cow<'de, str>);

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(text.to_owned())))
    }
}

/// Steps over the value of a key.
pub(super) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}
