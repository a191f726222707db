//! What a document must say after the edits, worked out on values and without regard to the text.
//!
//! YAML is compared as trees, one document at a time. JSON may be large: old and new text are each read once, as a stream of values
//! whose digests must agree, the edits put into the stream of the old one.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use sha2::{Digest, Sha256};

use super::super::json::{Names, NodeSeed, ReadError};
use super::super::{Node, SyntaxError, json};
use super::refusal::{Reason, Refusal};
use super::value::{self, difference, same};
use super::wanted::{Set, Wanted, step_on};
use crate::locus::{FieldPath, Segment};
use crate::placeholder::placeholder;

/// Applies the edits to a value.
pub(super) fn apply(node: &mut Node, wanted: &Wanted<'_>, at: &FieldPath) -> Result<(), Refusal> {
    if let Some(set) = &wanted.set {
        if sets(node, set, at)? {
            *node = value::node(set.to);
        }
        return Ok(());
    }
    if wanted.edits_list() || wanted.edits_map() {
        inside(node, wanted, at)?;
    }
    for (step, child) in &wanted.children {
        let path = step_on(at, step);
        let missing = || child.refuse(&path, missing(node, step));
        let index = match (step, &*node) {
            (Segment::Key(key), Node::Map(entries)) => {
                let mut places = entries.iter().enumerate().filter(|(_, (name, _))| name == key);
                let (place, _) = places.next().ok_or_else(missing)?;
                if places.next().is_some() {
                    return Err(child.refuse(&path, Reason::Ambiguous));
                }
                place
            }
            (Segment::Index(index), Node::List(_)) => *index as usize,
            _ => return Err(missing()),
        };
        let place = match node {
            Node::Map(entries) => entries.get_mut(index).map(|(_, value)| value),
            Node::List(items) => items.get_mut(index),
            _ => None,
        };
        match place {
            Some(place) => apply(place, child, &path)?,
            None => return Err(child.refuse(&path, Reason::Missing)),
        }
    }
    // Elements move when others go, so the list itself comes after what is in it.
    match node {
        Node::List(items) => {
            for (edit, item) in &wanted.removes {
                if items.iter().any(|found| same(found, item)) {
                    may_go(item, *edit, at)?;
                }
                items.retain(|found| !same(found, item));
            }
            for (_, item) in &wanted.inserts {
                if !items.iter().any(|found| same(found, item)) {
                    items.push(value::node(item));
                }
            }
        }
        Node::Map(entries) => {
            for (edit, key, from) in &wanted.deletes {
                let path = at.key(*key);
                let mut found = entries.iter().enumerate().filter(|(_, (name, _))| &**name == *key);
                let Some((place, (_, value))) = found.next() else { continue };
                if found.next().is_some() {
                    return Err(Refusal::new(*edit, &path, Reason::Ambiguous));
                }
                is_expected(value, from, *edit, &path)?;
                entries.remove(place);
            }
            for (edit, key, value) in &wanted.creates {
                match node_entry(entries, key) {
                    Some(found) if same(found, value) => {}
                    Some(found) => is_expected(found, value, *edit, &at.key(*key))?,
                    None => entries.push(((*key).into(), value::node(value))),
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn node_entry<'n>(entries: &'n [(std::sync::Arc<str>, Node)], key: &str) -> Option<&'n Node> {
    entries.iter().rev().find(|(name, _)| &**name == key).map(|(_, value)| value)
}

fn missing(node: &Node, step: &Segment) -> Reason {
    match (node, step) {
        (Node::Null, _) | (Node::Map(_), Segment::Key(_)) | (Node::List(_), Segment::Index(_)) => {
            Reason::Missing
        }
        (Node::Template(_), _) => Reason::Placeholder,
        (other, _) => Reason::NotInside { found: other.describe() },
    }
}

/// Whether the value has to become another: it is what was expected and not yet what it is to be.
fn sets(found: &Node, set: &Set<'_>, at: &FieldPath) -> Result<bool, Refusal> {
    if same(found, set.to) {
        return Ok(false);
    }
    is_expected(found, set.from, set.edit, at).map(|()| true)
}

fn is_expected(
    found: &Node,
    expected: &serde_json::Value,
    edit: usize,
    at: &FieldPath,
) -> Result<(), Refusal> {
    let reason = match found {
        Node::Template(_) => Reason::Placeholder,
        Node::Text(text) if is_filled_in(text) => Reason::Placeholder,
        found if same(found, expected) => return Ok(()),
        found => {
            let (expected, found) = difference(expected, found);
            Reason::Moved { expected, found }
        }
    };
    Err(Refusal::new(edit, at, reason))
}

fn may_go(item: &serde_json::Value, edit: usize, list: &FieldPath) -> Result<(), Refusal> {
    match item {
        serde_json::Value::String(text) if is_filled_in(text) => {
            Err(Refusal::new(edit, list, Reason::Placeholder))
        }
        _ => Ok(()),
    }
}

/// Whether a template engine, a script or a shell has yet to fill the text in. Words and hosts that a person is to replace are no such.
pub(super) fn is_filled_in(text: &str) -> bool {
    placeholder(text).is_some_and(|found| found.starts_with(['$', '{', '#', '%']))
}

// That the value is a list or mapping as the edits need it.
fn inside(node: &Node, wanted: &Wanted<'_>, at: &FieldPath) -> Result<(), Refusal> {
    let expected = match node {
        Node::Template(_) => return Err(wanted.refuse(at, Reason::Placeholder)),
        Node::List(_) if !wanted.edits_map() => return Ok(()),
        Node::Map(_) if !wanted.edits_list() => return Ok(()),
        _ if wanted.edits_map() => "a mapping",
        _ => "a list",
    };
    Err(wanted.refuse(at, Reason::Moved { expected, found: node.describe() }))
}

/// What a JSON text says, the edits applied.
///
/// # Errors
/// When it is no JSON or the edits cannot be applied to it.
pub(super) fn json_digest(text: &str, wanted: Option<&Wanted<'_>>) -> Result<[u8; 32], Refusal> {
    let mut state = State { hash: Sha256::new(), buffer: Vec::new(), refusal: None, names: Names::default() };
    let seed = Walk { state: &mut state, wanted, at: FieldPath::root() };
    let outcome = json::read(text, seed);
    if let Some(refusal) = state.refusal {
        return Err(refusal);
    }
    outcome.map_err(|error| {
        Refusal::whole(Reason::Syntax(match error {
            ReadError::Syntax(error) => error,
            ReadError::Shape { line, column } => SyntaxError {
                line,
                column,
                message: "A value stands here that JSON does not know.".to_owned(),
            },
        }))
    })?;
    state.flush();
    Ok(state.hash.finalize().into())
}

struct State {
    hash: Sha256,
    buffer: Vec<u8>,
    refusal: Option<Refusal>,
    names: Names,
}

impl State {
    fn mark(&mut self, mark: u8) {
        self.buffer.push(mark);
        if self.buffer.len() > 1 << 16 {
            self.flush();
        }
    }

    fn text(&mut self, mark: u8, text: &str) {
        self.mark(mark);
        self.buffer.extend_from_slice(&(text.len() as u64).to_le_bytes());
        self.buffer.extend_from_slice(text.as_bytes());
    }

    fn flush(&mut self) {
        self.hash.update(&self.buffer);
        self.buffer.clear();
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Null => self.mark(b'n'),
            Node::Bool(flag) => self.mark(if *flag { b't' } else { b'f' }),
            Node::Number(number) => self.text(b'd', number),
            Node::Text(text) => self.text(b's', text),
            Node::Template(source) => self.text(b'p', source),
            Node::List(items) => {
                self.mark(b'[');
                items.iter().for_each(|item| self.node(item));
                self.mark(b']');
            }
            Node::Map(entries) => {
                self.mark(b'{');
                for (key, value) in entries {
                    self.text(b'k', key);
                    self.node(value);
                }
                self.mark(b'}');
            }
        }
    }
}

struct Walk<'s, 'w> {
    state: &'s mut State,
    wanted: Option<&'w Wanted<'w>>,
    at: FieldPath,
}

impl<'w> Walk<'_, 'w> {
    fn refuse<E: serde::de::Error>(&mut self, refusal: Refusal) -> E {
        self.state.refusal = Some(refusal);
        E::custom("refused")
    }

    fn leaf<E: serde::de::Error>(mut self, node: Node) -> Result<(), E> {
        if let Some(wanted) = self.wanted {
            // Whatever is wanted of it, a scalar is neither list nor mapping.
            let mut node = node;
            let refusal = apply(&mut node, wanted, &self.at).err();
            return Err(self.refuse(refusal.unwrap_or_else(|| wanted.refuse(&self.at, Reason::Missing))));
        }
        self.state.node(&node);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(mut self, deserializer: D) -> Result<(), D::Error> {
        let Some(wanted) = self.wanted.filter(|wanted| wanted.set.is_some()) else {
            return deserializer.deserialize_any(self);
        };
        let mut node = NodeSeed(&mut self.state.names).deserialize(deserializer)?;
        match apply(&mut node, wanted, &self.at) {
            Ok(()) => self.state.node(&node),
            Err(refusal) => return Err(self.refuse(refusal)),
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.leaf(Node::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.leaf(Node::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.leaf(Node::Number(value.to_string().into()))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.leaf(Node::Number(value.to_string().into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        let number = serde_json::Number::from_f64(value).ok_or_else(|| E::custom("no number"))?;
        self.leaf(Node::Number(number.to_string().into()))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        if self.wanted.is_some() {
            return self.leaf(Node::Text(value.into()));
        }
        self.state.text(b's', value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut sequence: A) -> Result<(), A::Error> {
        if let Some(wanted) = self.wanted.filter(|wanted| wanted.edits_map()) {
            let refusal = wanted.refuse(&self.at, Reason::Moved { expected: "a mapping", found: "a list" });
            return Err(self.refuse(refusal));
        }
        self.state.mark(b'[');
        let mut items = Items { wanted: self.wanted, present: Vec::new() };
        for index in 0.. {
            let step = Segment::Index(index);
            let child = self.wanted.and_then(|wanted| wanted.children.get(&step));
            let walk = Item {
                list: &mut items,
                walk: Walk { state: &mut *self.state, wanted: child, at: self.at.index(index as usize) },
            };
            if sequence.next_element_seed(walk)?.is_none() {
                let is_beyond = |step: &Segment| matches!(step, Segment::Index(wanted) if *wanted >= index);
                let beyond =
                    self.wanted.and_then(|wanted| wanted.children.iter().find(|(step, _)| is_beyond(step)));
                if let Some((step, child)) = beyond {
                    let refusal = child.refuse(&step_on(&self.at, step), Reason::Missing);
                    return Err(self.refuse(refusal));
                }
                break;
            }
        }
        if let Some(wanted) = self.wanted {
            if let Some((step, child)) =
                wanted.children.iter().find(|(step, _)| matches!(step, Segment::Key(_)))
            {
                let refusal = child.refuse(&step_on(&self.at, step), Reason::NotInside { found: "a list" });
                return Err(self.refuse(refusal));
            }
            for (edit, item) in &wanted.inserts {
                if !items.present.contains(edit) {
                    self.state.node(&value::node(item));
                }
            }
        }
        self.state.mark(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        if let Some(wanted) = self.wanted.filter(|wanted| wanted.edits_list()) {
            let refusal = wanted.refuse(&self.at, Reason::Moved { expected: "a list", found: "a mapping" });
            return Err(self.refuse(refusal));
        }
        self.state.mark(b'{');
        let mut seen: Vec<String> = Vec::new();
        while let Some(key) = map.next_key_seed(Key)? {
            let Some(wanted) = self.wanted else {
                self.state.text(b'k', &key);
                map.next_value_seed(Walk { state: &mut *self.state, wanted: None, at: FieldPath::root() })?;
                continue;
            };
            let path = self.at.key(&*key);
            let step = Segment::Key((&*key).into());
            let child = wanted.children.get(&step);
            let deleted = wanted.deletes.iter().find(|(_, name, _)| **name == *key);
            let created = wanted.creates.iter().find(|(_, name, _)| **name == *key);
            let edited =
                child.and_then(Wanted::first).or(deleted.map(|one| one.0)).or(created.map(|one| one.0));
            if let Some(edit) = edited {
                if seen.iter().any(|name| **name == *key) {
                    return Err(self.refuse(Refusal::new(edit, &path, Reason::Ambiguous)));
                }
                seen.push(key.to_string());
            }
            if let Some((edit, _, expected)) = deleted.or(created) {
                let node = map.next_value_seed(NodeSeed(&mut self.state.names))?;
                let settled = deleted.is_none() && same(&node, expected);
                if !settled && let Err(refusal) = is_expected(&node, expected, *edit, &path) {
                    return Err(self.refuse(refusal));
                }
                if deleted.is_none() {
                    self.state.text(b'k', &key);
                    self.state.node(&node);
                }
                continue;
            }
            self.state.text(b'k', &key);
            map.next_value_seed(Walk { state: &mut *self.state, wanted: child, at: path })?;
        }
        if let Some(wanted) = self.wanted {
            let is_seen =
                |step: &Segment| matches!(step, Segment::Key(key) if seen.iter().any(|name| **name == **key));
            if let Some((step, child)) = wanted.children.iter().find(|(step, _)| !is_seen(step)) {
                let reason = match step {
                    Segment::Key(_) => Reason::Missing,
                    Segment::Index(_) => Reason::NotInside { found: "a mapping" },
                };
                let refusal = child.refuse(&step_on(&self.at, step), reason);
                return Err(self.refuse(refusal));
            }
            for (_, key, value) in &wanted.creates {
                if !seen.iter().any(|name| **name == **key) {
                    self.state.text(b'k', key);
                    self.state.node(&value::node(value));
                }
            }
        }
        self.state.mark(b'}');
        Ok(())
    }
}

/// A list that is being read: which of the elements to insert it has already.
struct Items<'w> {
    wanted: Option<&'w Wanted<'w>>,
    present: Vec<usize>,
}

struct Item<'i, 's, 'w> {
    list: &'i mut Items<'w>,
    walk: Walk<'s, 'w>,
}

impl<'de> DeserializeSeed<'de> for Item<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(mut self, deserializer: D) -> Result<(), D::Error> {
        let Some(wanted) = self.list.wanted.filter(|wanted| wanted.edits_list()) else {
            return self.walk.deserialize(deserializer);
        };
        // The element as it will be decides, as it does in `apply`.
        let mut node = NodeSeed(&mut self.walk.state.names).deserialize(deserializer)?;
        if let Some(child) = self.walk.wanted
            && let Err(refusal) = apply(&mut node, child, &self.walk.at)
        {
            return Err(self.walk.refuse(refusal));
        }
        if let Some((edit, item)) = wanted.removes.iter().find(|(_, item)| same(&node, item)) {
            return may_go(item, *edit, &self.walk.at.parent()).map_err(|refusal| self.walk.refuse(refusal));
        }
        self.list
            .present
            .extend(wanted.inserts.iter().filter(|(_, item)| same(&node, item)).map(|(edit, _)| *edit));
        self.walk.state.node(&node);
        Ok(())
    }
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = std::borrow::Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = std::borrow::Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(value.to_owned().into())
    }
}
