//! Reads realm files: exports, imports written by hand, the Operator's custom resource, and clients as `kcadm.sh` prints them.
//!
//! One set of visitors reads JSON as it streams by and YAML from its tree. They survive what servers of other ages and people
//! write, keep what the rules look at and nothing else, and turn secrets into tags at once.

mod attributes;
mod client;
mod context;
mod lenient;
mod people;
mod realm;
mod stream;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use self::attributes::forget_others;
use self::client::{ClientFields, Defaults};
use self::context::Context;
use self::lenient::{Each, Fields, Mapping, skip};
use self::realm::{RealmFields, clients_seed};
use super::model::{Client, Dialect, Realm, Text, User};
use crate::document::Node;
use crate::document::deserialize::ShapeError;
use crate::document::json::{self, ReadError};
use crate::locus::{FieldPath, Locus, PartId};
use crate::secrets::Tagger;
use crate::snapshot::Note;

/// How the Keycloak things of a document are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layout {
    /// A realm, or a list of realms.
    Realm,
    /// The Operator's custom resource: the realm is at `spec.realm`.
    RealmImport,
    /// A client, or a list of clients.
    Clients,
    /// The users of a realm in a directory export: `realm` and `users`.
    Users,
}

/// What a document holds.
#[derive(Debug, Default)]
pub struct Reading {
    /// The realms; of bare clients one without a name around them.
    pub realms: Vec<Realm>,
    /// The users of a directory export with the name of their realm.
    pub users: Option<(Option<Text>, Vec<User>)>,
    /// What a person should know of how it was read.
    pub notes: Vec<Note>,
}

/// Reads a document from its JSON text.
///
/// # Errors
/// [`ReadError::Syntax`] when it is no JSON; [`ReadError::Shape`] when a value is not what Keycloak has there. The place and
/// the expectation are then those of [`read_node`] on the same document.
pub fn read_json(text: &str, layout: Layout, part: PartId, tagger: &Tagger) -> Result<Reading, ReadError> {
    let context = Context::new(part, tagger);
    let read = json::read(text, Document { context: &context, layout })?;
    Ok(settle(read, context))
}

/// Reads a document that is one realm, `chunk` bytes of its JSON text at a time, so that a large export is never in memory.
///
/// None when it is anything else or broken; [`read_json`] on the whole text then tells where and why.
pub fn read_piecewise(source: impl Read, chunk: usize, part: PartId, tagger: &Tagger) -> Option<Reading> {
    stream::read(source, chunk, part, tagger)
}

/// Reads a document from its tree.
///
/// # Errors
/// When a value is not what Keycloak has there.
pub fn read_node(node: &Node, layout: Layout, part: PartId, tagger: &Tagger) -> Result<Reading, ShapeError> {
    let context = Context::new(part, tagger);
    let read = Document { context: &context, layout }.deserialize(node)?;
    Ok(settle(read, context))
}

fn settle(mut read: Reading, context: Context<'_>) -> Reading {
    if context.config_cli.get() {
        for realm in &mut read.realms {
            mark_config_cli(realm);
        }
    }
    read.realms.iter_mut().for_each(forget_others);
    read.notes = context.notes.into_inner();
    read
}

fn mark_config_cli(realm: &mut Realm) {
    let mark = |dialect: &mut Dialect| {
        if *dialect == Dialect::RealmFile {
            *dialect = Dialect::ConfigCli;
        }
    };
    mark(&mut realm.dialect);
    for client in &mut realm.clients {
        mark(&mut client.dialect);
        client.mappers.iter_mut().for_each(|mapper| mark(&mut mapper.dialect));
    }
    let scopes = realm.client_scopes.iter_mut().flatten();
    scopes.flat_map(|scope| &mut scope.mappers).for_each(|mapper| mark(&mut mapper.dialect));
}

/// A realm of which nothing was read but clients, which are yet to be added.
pub(crate) fn bare_realm(at: Locus, tagger: &Tagger) -> Realm {
    RealmFields::clients_only(&Context::new(at.part, tagger), at, Vec::new())
}

struct Document<'c, 't> {
    context: &'c Context<'t>,
    layout: Layout,
}

impl Document<'_, '_> {
    fn root(&self) -> Locus {
        Locus::new(self.context.part, FieldPath::root())
    }
}

impl<'de> DeserializeSeed<'de> for Document<'_, '_> {
    type Value = Reading;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Reading, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = Reading;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.layout {
            Layout::Realm => "a realm or a list of realms",
            Layout::RealmImport => "a mapping: a KeycloakRealmImport",
            Layout::Clients => "a client or a list of clients",
            Layout::Users => "a mapping: a realm's name and its users",
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Reading, A::Error> {
        let context = self.context;
        let mut reading = Reading::default();
        match self.layout {
            Layout::Realm => {
                let mut fields = RealmFields::new(context, self.root());
                Mapping(&mut fields).visit_map(map)?;
                reading.realms.push(fields.finish());
            }
            Layout::RealmImport => {
                let mut fields = ImportFields { context, realm: None };
                Mapping(&mut fields).visit_map(map)?;
                reading.realms.extend(fields.realm.map(RealmFields::finish));
            }
            Layout::Clients => {
                let mut fields = ClientFields::new(context, self.root());
                Mapping(&mut fields).visit_map(map)?;
                let client = fields.finish(Defaults::AdminApi);
                reading.realms.push(RealmFields::clients_only(context, self.root(), vec![client]));
            }
            Layout::Users => {
                let mut fields = RealmFields::new(context, self.root());
                Mapping(&mut fields).visit_map(map)?;
                reading.users = Some(fields.into_users());
            }
        }
        Ok(reading)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Reading, A::Error> {
        let context = self.context;
        let root = self.root();
        let mut reading = Reading::default();
        match self.layout {
            Layout::Realm => Each {
                what: "realms",
                start: |index| RealmFields::new(context, root.index(index)),
                finish: |_, realm: RealmFields<'_, '_>| reading.realms.push(realm.finish()),
            }
            .visit_seq(list)?,
            Layout::Clients => {
                let mut clients: Vec<Client> = Vec::new();
                clients_seed(context, root.clone(), Defaults::AdminApi, &mut clients)
                    .deserialize(serde::de::value::SeqAccessDeserializer::new(list))?;
                reading.realms.push(RealmFields::clients_only(context, root, clients));
            }
            Layout::RealmImport | Layout::Users => {
                return Err(serde::de::Error::invalid_type(serde::de::Unexpected::Seq, &self));
            }
        }
        Ok(reading)
    }
}

struct ImportFields<'c, 't> {
    context: &'c Context<'t>,
    realm: Option<RealmFields<'c, 't>>,
}

impl<'de> Fields<'de> for ImportFields<'_, '_> {
    const WHAT: &'static str = "a KeycloakRealmImport";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "spec" => map.next_value_seed(Mapping(&mut SpecFields { import: self })).map(drop),
            _ => skip(map),
        }
    }
}

struct SpecFields<'i, 'c, 't> {
    import: &'i mut ImportFields<'c, 't>,
}

impl<'de> Fields<'de> for SpecFields<'_, '_, '_> {
    const WHAT: &'static str = "the specification of a realm import";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        if key != "realm" {
            return skip(map);
        }
        let context = self.import.context;
        let at =
            Locus::new(context.part, FieldPath::root().key(context.name("spec")).key(context.name("realm")));
        let mut fields = RealmFields::new(context, at);
        if map.next_value_seed(Mapping(&mut fields))? {
            self.import.realm = Some(fields);
        }
        Ok(())
    }
}
