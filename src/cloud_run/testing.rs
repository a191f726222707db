//! What the tests of the readers share.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::model::{EnvValue, Service};
use crate::document::cursor::Outcome;
use crate::document::{Node, yaml};
use crate::known::Known;
use crate::locus::PartId;
use crate::secrets::Tagger;
use crate::snapshot::{Part, PartKind, Place, Snapshot};

pub(crate) type Read = fn(PartId, &Node, &Tagger, &mut Snapshot) -> Outcome;

/// What `read` makes of the documents of a text, JSON being YAML too.
pub(crate) fn read_text(read: Read, text: &str) -> (Snapshot, Outcome) {
    let mut snapshot = Snapshot::default();
    let mut outcome = Outcome::default();
    let tagger = Tagger::new().unwrap();
    for (index, document) in yaml::parse(text).unwrap().iter().enumerate() {
        let part = push_part(&mut snapshot);
        let one = read(part, document, &tagger, &mut snapshot);
        assert_eq!(part.0 as usize, index);
        outcome.items += one.items;
        outcome.faults.extend(one.faults);
    }
    (snapshot, outcome)
}

/// A part that nothing was read from yet.
pub(crate) fn push_part(snapshot: &mut Snapshot) -> PartId {
    let place = Place::File { path: "service.yaml".to_owned(), document: snapshot.parts.len() };
    let part = Part { place, kind: PartKind::Knative, missing: Vec::new(), notes: Vec::new() };
    snapshot.parts.push(part);
    PartId(snapshot.parts.len() as u32 - 1)
}

/// The only service of a text that has no fault.
pub(crate) fn only(read: Read, text: &str) -> Service {
    let (mut snapshot, outcome) = read_text(read, text);
    assert_eq!(outcome.faults, []);
    assert_eq!(snapshot.services.len(), 1);
    snapshot.services.remove(0)
}

/// The value of an environment variable, as short text.
pub(crate) fn env(service: &Service, name: &str) -> String {
    let containers = service.containers.iter();
    let found = containers.flat_map(|container| &container.env).find(|env| env.name.text() == Some(name));
    match found.map(|env| &env.value) {
        None => "(absent)".to_owned(),
        Some(EnvValue::Literal(value)) => short(value),
        Some(EnvValue::SecretReference { secret, version }) => {
            format!("secret {} version {}", short(secret), version.as_ref().map_or("-".to_owned(), short))
        }
        Some(EnvValue::PlainSecret { well_known, trailing_newline, .. }) => {
            let mut text = "plain secret".to_owned();
            text.push_str(if *well_known { ", well known" } else { "" });
            text.push_str(if *trailing_newline { ", with a line break" } else { "" });
            text
        }
    }
}

pub(crate) fn short(value: &Known<String>) -> String {
    match value {
        Known::Value(text) => text.clone(),
        Known::Secret(_) => "(secret)".to_owned(),
        Known::Unknown(why) => format!("unknown: {why}"),
    }
}

pub(crate) fn urls(service: &Service) -> Vec<&str> {
    service.urls.iter().map(|url| url.url.as_str()).collect()
}

/// Any tree that is built of the keys that a reader looks for, so that its shapes are wrong in every way.
pub(crate) fn any_node(keys: &'static [&'static str], texts: &'static [&'static str]) -> BoxedStrategy<Node> {
    let leaf = prop_oneof![
        Just(Node::Null),
        any::<bool>().prop_map(Node::Bool),
        "[0-9]{1,3}".prop_map(|number| Node::Number(number.into())),
        proptest::sample::select(texts).prop_map(|text| Node::Text(text.into())),
        "\\PC{0,12}".prop_map(|text| Node::Text(text.into())),
        Just(Node::Template("{{ .x }}".into())),
    ];
    leaf.prop_recursive(8, 64, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Node::List),
            proptest::collection::vec((proptest::sample::select(keys), inner), 0..6).prop_map(|entries| {
                Node::Map(entries.into_iter().map(|(key, node)| (key.into(), node)).collect())
            }),
        ]
    })
    .boxed()
}
