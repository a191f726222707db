//! A large realm export, client by client: never more of its text in memory than one of them.

use std::io::Read;

use serde::de::{DeserializeSeed, MapAccess};
use serde_json::de::StrRead;

use super::client::{ClientFields, Defaults};
use super::context::Context;
use super::lenient::{Fields, Mapping};
use super::people::UserFields;
use super::realm::RealmFields;
use super::{Reading, settle};
use crate::document::MAX_DEPTH;
use crate::document::scan::Stop;
use crate::document::window::Window;
use crate::locus::{FieldPath, Locus, PartId};
use crate::secrets::Tagger;

/// Reads a document that is one realm from its JSON text, `chunk` bytes at a time.
///
/// None when it is anything else or broken; only [`read_json`](super::read_json) on the whole text can tell where and why.
pub(super) fn read(source: impl Read, chunk: usize, part: PartId, tagger: &Tagger) -> Option<Reading> {
    let context = Context::new(part, tagger);
    let mut realm = RealmFields::new(&context, Locus::new(part, FieldPath::root()));
    let mut window = Window::new(source, chunk).ok()?;
    window.expect(b'{').ok()?;
    let mut first = true;
    loop {
        if window.peek().ok()? == b'}' {
            window.step();
            break;
        }
        if !std::mem::take(&mut first) {
            window.expect(b',').ok()?;
        }
        let (key, _) = window.key().ok()?;
        window.expect(b':').ok()?;
        match (key.as_str(), window.peek().ok()?) {
            ("clients", b'[') => {
                let at = realm.at.key(context.name("clients"));
                let mut clients = Vec::new();
                each(&mut window, |index, text| {
                    let mut client = ClientFields::new(&context, at.index(index));
                    if parse(text, Mapping(&mut client))? {
                        clients.push(client.finish(Defaults::Import));
                    }
                    Some(())
                })?;
                realm.set_clients(clients);
            }
            ("users", b'[') => {
                let at = realm.at.key(context.name("users"));
                each(&mut window, |index, text| {
                    let mut user = UserFields::new(&context, at.clone(), index);
                    if parse(text, Mapping(&mut user))? {
                        realm.push_user(user.finish());
                    }
                    Some(())
                })?;
            }
            _ => {
                let text = std::str::from_utf8(window.value_bytes(MAX_DEPTH - 1).ok()?).ok()?;
                realm.field(&key, &mut One(text)).ok()?;
            }
        }
    }
    if window.peek() != Err(Stop::End) {
        return None;
    }
    let reading = Reading { realms: vec![realm.finish()], ..Reading::default() };
    Some(settle(reading, context))
}

fn each<R: Read>(window: &mut Window<R>, mut element: impl FnMut(usize, &str) -> Option<()>) -> Option<()> {
    window.expect(b'[').ok()?;
    for index in 0.. {
        if window.peek().ok()? == b']' {
            window.step();
            break;
        }
        if index > 0 {
            window.expect(b',').ok()?;
        }
        element(index, std::str::from_utf8(window.value_bytes(MAX_DEPTH - 2).ok()?).ok()?)?;
    }
    Some(())
}

fn parse<'t, S: DeserializeSeed<'t>>(text: &'t str, seed: S) -> Option<S::Value> {
    deserialize(text, seed).ok()
}

fn deserialize<'t, S: DeserializeSeed<'t>>(text: &'t str, seed: S) -> Result<S::Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::new(StrRead::new(text));
    // How deep it nests is known already.
    deserializer.disable_recursion_limit();
    let value = seed.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// The value of one key, as if the mapping around it were being read.
struct One<'t>(&'t str);

impl<'t> MapAccess<'t> for One<'t> {
    type Error = serde_json::Error;

    fn next_key_seed<S: DeserializeSeed<'t>>(&mut self, _: S) -> Result<Option<S::Value>, Self::Error> {
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<S::Value, Self::Error> {
        deserialize(self.0, seed)
    }
}
