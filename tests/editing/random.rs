//! Random values and edits, decided by a tape of bytes so that a failing case shrinks.

use cloakrun::document::edit::{Change, Edit};
use cloakrun::locus::FieldPath;
use serde_json::{Map, Value, json};

use super::at;

/// Decisions.
#[derive(Debug)]
pub(crate) struct Tape {
    bytes: std::vec::IntoIter<u8>,
    used: usize,
}

impl Tape {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Tape { bytes: bytes.into_iter(), used: 0 }
    }

    /// A number below `bound`; zero when the tape is over.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.used += 1;
        self.bytes.next().map_or(0, usize::from) % bound
    }

    pub(crate) fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == bound - 1
    }

    fn of<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

const KEYS: [&str; 14] = [
    "name",
    "value",
    "redirectUris",
    "attributes",
    "post.logout.redirect.uris",
    "run.googleapis.com/urls",
    "a b",
    "größe",
    "on",
    "1",
    "x: y",
    "it's",
    "-k",
    "{k}",
];

const TEXTS: [&str; 36] = [
    "web",
    "https://a.example/*",
    "https://h:8080/cb?x=y#z",
    "",
    " ",
    " lead",
    "tail ",
    "true",
    "No",
    "~",
    "null",
    "0x1f",
    "1e3",
    "12:30",
    "2026-01-01",
    "it's",
    "say \"so\"",
    "back\\slash",
    "a: b",
    "a #b",
    "#c",
    "- d",
    "[e",
    "{f}",
    "&g",
    "*h",
    "!i",
    "|",
    "%j",
    "@k",
    "`l",
    "größe ✓",
    "one\ntwo",
    "one\n\n  two\nend\n",
    "tab\there",
    "bell\u{7}\u{feff}",
];

fn scalar(tape: &mut Tape) -> Value {
    match tape.below(8) {
        0 => Value::from(tape.below(100)),
        1 => Value::from(tape.one_in(2)),
        2 => Value::Null,
        3 => json!(1.5),
        _ => Value::from(*tape.of(&TEXTS)),
    }
}

fn any(tape: &mut Tape, depth: usize) -> Value {
    match tape.below(if depth == 0 { 2 } else { 6 }) {
        0 | 1 => scalar(tape),
        2 | 3 => (0..tape.below(4)).map(|_| any(tape, depth - 1)).collect(),
        _ => mapping(tape, depth),
    }
}

fn mapping(tape: &mut Tape, depth: usize) -> Value {
    let entries = (0..tape.below(4)).map(|_| ((*tape.of(&KEYS)).to_owned(), any(tape, depth - 1)));
    Value::Object(entries.collect::<Map<_, _>>())
}

/// A document: mostly a mapping.
pub(crate) fn document(tape: &mut Tape) -> Value {
    if tape.one_in(8) { any(tape, 3) } else { mapping(tape, 4) }
}

fn places(value: &Value, path: &FieldPath, found: &mut Vec<(FieldPath, Value)>) {
    found.push((path.clone(), value.clone()));
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| places(item, &path.index(index), found));
        }
        Value::Object(entries) => {
            entries.iter().for_each(|(key, value)| places(value, &path.key(key.as_str()), found));
        }
        _ => {}
    }
}

/// An edit that fits the documents.
pub(crate) fn edit(documents: &[Value], tape: &mut Tape) -> Option<Edit> {
    let number = tape.below(documents.len());
    let mut found = Vec::new();
    places(&documents[number], &FieldPath::root(), &mut found);
    let (path, value) = found.swap_remove(tape.below(found.len()));
    let new = |tape: &mut Tape| if tape.one_in(3) { any(tape, 2) } else { scalar(tape) };
    let choice = tape.below(4);
    match &value {
        Value::Array(items) if choice > 1 && !items.is_empty() => {
            Some(Edit::remove(number, path, items[tape.below(items.len())].clone()))
        }
        Value::Array(_) if choice > 0 => Some(Edit::insert(number, path, new(tape))),
        Value::Object(entries) if choice > 1 && !entries.is_empty() => {
            let (key, value) = entries.iter().nth(tape.below(entries.len()))?;
            Some(Edit::delete(number, path.key(key.as_str()), value.clone()))
        }
        Value::Object(entries) if choice > 0 => {
            let key = *tape.of(&KEYS);
            let value = new(tape);
            (!entries.contains_key(key)).then(|| Edit::create(number, path.key(key), value))
        }
        // A whole document in lines of its own has no place to be set.
        _ if path == FieldPath::root() && (value.is_array() || value.is_object()) => None,
        _ => Some(Edit::set(number, path, value.clone(), new(tape))),
    }
}

/// The edits applied to values, without any regard to how that is done elsewhere.
pub(crate) fn apply(documents: &mut [Value], edits: &[Edit]) {
    // What moves elements comes last, from the end.
    let mut order: Vec<&Edit> = edits.iter().collect();
    order.sort_by_key(|edit| match edit.change {
        Change::Set { .. } | Change::Create { .. } => 0,
        Change::Delete { .. } => 1,
        Change::Remove { .. } => 2,
        Change::Insert { .. } => 3,
    });
    let removes = order.iter().filter(|edit| matches!(edit.change, Change::Remove { .. })).count();
    let start = order.iter().position(|edit| matches!(edit.change, Change::Remove { .. })).unwrap_or(0);
    order[start..start + removes].sort_by(|one, other| other.path.cmp(&one.path));
    // Lists are found before elements move: the inserts go first where the order of their own list does not matter.
    let document = documents.to_vec();
    let _ = document;
    let (moves, inserts) = order.split_at(start + removes);
    let (sets, removes) = moves.split_at(start);
    for edit in sets {
        one(documents, edit);
    }
    // Inserting behind the last element moves nothing, so it can be done before elements go.
    for edit in inserts.iter().chain(removes) {
        one(documents, edit);
    }
}

fn one(documents: &mut [Value], edit: &Edit) {
    let document = &mut documents[edit.document];
    match &edit.change {
        Change::Set { to, .. } => {
            if let Some(place) = at(document, &edit.path) {
                *place = to.clone();
            }
        }
        Change::Insert { item } => {
            if let Some(Value::Array(items)) = at(document, &edit.path)
                && !items.contains(item)
            {
                items.push(item.clone());
            }
        }
        Change::Remove { item } => {
            if let Some(Value::Array(items)) = at(document, &edit.path) {
                items.retain(|one| one != item);
            }
        }
        Change::Create { value } => {
            if let Some((Value::Object(entries), key)) = parent(document, &edit.path) {
                entries.entry(key).or_insert(value.clone());
            }
        }
        Change::Delete { .. } => {
            if let Some((Value::Object(entries), key)) = parent(document, &edit.path) {
                entries.shift_remove(&key);
            }
        }
    }
}

fn parent<'v>(document: &'v mut Value, path: &FieldPath) -> Option<(&'v mut Value, String)> {
    let key = match path.last()? {
        cloakrun::locus::Segment::Key(key) => key.to_string(),
        cloakrun::locus::Segment::Index(_) => return None,
    };
    Some((at(document, &path.parent())?, key))
}

/// The value with its lists as sets: sorted, each element once.
pub(crate) fn as_sets(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<_> = items.into_iter().map(as_sets).collect();
            items.sort_by_key(sorted_text);
            items.dedup();
            Value::Array(items)
        }
        Value::Object(entries) => {
            Value::Object(entries.into_iter().map(|(key, value)| (key, as_sets(value))).collect())
        }
        other => other,
    }
}

fn sorted_text(value: &Value) -> String {
    match value {
        Value::Object(entries) => {
            let mut entries: Vec<_> =
                entries.iter().map(|(key, value)| format!("{key:?}:{}", sorted_text(value))).collect();
            entries.sort();
            entries.concat()
        }
        Value::Array(items) => items.iter().map(sorted_text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
