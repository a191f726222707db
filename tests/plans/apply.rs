//! Carries a plan out on parsed documents: the plainest thing that can be done with one, to see that it heals.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cloakrun::fix::plan::Plan;
use cloakrun::fix::{Datum, Edit, ListForm, Target};
use cloakrun::locus::{FieldPath, Segment};
use serde_json::{Map, Value, json};

/// Applies the steps to the files below `folder`; the error names the edit whose precondition does not hold.
pub(crate) fn apply(plan: &Plan, folder: &Path) -> Result<(), String> {
    let mut files: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for step in &plan.steps {
        let Target::File { path, document } = &step.target else { return Err("not a file".to_owned()) };
        let documents = files.entry(path.clone()).or_insert_with(|| read(&folder.join(path)));
        let root = documents.get_mut(*document).ok_or_else(|| format!("no document {document} in {path}"))?;
        for change in &step.changes {
            edit(root, &change.path, &change.edit).map_err(|why| format!("{path} {}: {why}", change.path))?;
        }
    }
    for (path, documents) in files {
        let texts: Vec<String> =
            documents.iter().map(|document| serde_json::to_string_pretty(document).unwrap()).collect();
        fs::write(folder.join(&path), texts.join("\n---\n")).unwrap();
    }
    Ok(())
}

fn read(path: &Path) -> Vec<Value> {
    use serde::Deserialize as _;
    let text = fs::read_to_string(path).unwrap();
    let text = text.trim_start_matches('\u{feff}');
    let documents =
        serde_yaml::Deserializer::from_str(text).map(|document| Value::deserialize(document).unwrap());
    documents.filter(|document| !document.is_null()).collect()
}

fn value(datum: &Datum) -> Value {
    match datum {
        Datum::Plain(value) => value.clone(),
        Datum::CopyOf(_) => panic!("no rule copies yet"),
    }
}

/// Whether what stands there is what the plan expects; a switch may be written as a text.
fn is(there: &Value, expected: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text(there) == text(expected)
}

fn edit(root: &mut Value, path: &FieldPath, edit: &Edit) -> Result<(), String> {
    let segments = path.segments();
    let (last, way) = segments.split_last().ok_or("the root")?;
    let mut here = root;
    for segment in way {
        here = match segment {
            Segment::Key(key) => {
                let map = here.as_object_mut().ok_or("no mapping")?;
                map.entry(key.to_string()).or_insert_with(|| json!({}))
            }
            Segment::Index(index) => here.get_mut(*index as usize).ok_or("no such element")?,
        };
    }
    if let Segment::Index(index) = last {
        let Edit::Set { from, to } = edit else { return Err("only Set knows elements".to_owned()) };
        let there = here.get_mut(*index as usize).ok_or("no such element")?;
        if !is(there, &value(from)) {
            return Err(format!("it is {there}"));
        }
        *there = value(to);
        return Ok(());
    }
    let Segment::Key(key) = last else { unreachable!() };
    field(here.as_object_mut().ok_or("no mapping")?, key, edit)
}

fn field(map: &mut Map<String, Value>, key: &str, edit: &Edit) -> Result<(), String> {
    match edit {
        Edit::Set { from, to } => {
            let there = map.get_mut(key).ok_or("it is absent")?;
            if !is(there, &value(from)) {
                return Err(format!("it is {there}"));
            }
            *there = value(to);
        }
        Edit::Create { value: new } => {
            if map.get(key).is_some_and(|there| !there.is_null() && there != "") {
                return Err("it is there".to_owned());
            }
            map.insert(key.to_owned(), value(new));
        }
        Edit::Drop { .. } => {
            map.remove(key).ok_or("it is absent")?;
        }
        Edit::Insert { item, list, makes_list } => {
            let mut items = items(map.get(key), *list, *makes_list)?;
            if items.contains(&value(item)) {
                return Err("it is there".to_owned());
            }
            items.push(value(item));
            put(map, key, items, *list);
        }
        Edit::Remove { item, list, takes_list } => {
            let mut items = items(map.get(key), *list, false)?;
            let before = items.len();
            items.retain(|other| *other != value(item));
            if items.len() == before {
                return Err("it is not there".to_owned());
            }
            if items.is_empty() && *takes_list {
                map.remove(key);
            } else {
                put(map, key, items, *list);
            }
        }
        Edit::AddMapper { mapper } => {
            let mut items = items(map.get(key), ListForm::Array, true)?;
            items.push(serde_json::to_value(mapper).unwrap());
            put(map, key, items, ListForm::Array);
        }
        Edit::RemoveMapper { mapper } => {
            let mut items = items(map.get(key), ListForm::Array, false)?;
            items.retain(|other| other["name"] != mapper.name.as_str());
            put(map, key, items, ListForm::Array);
        }
    }
    Ok(())
}

fn items(there: Option<&Value>, form: ListForm, may_be_absent: bool) -> Result<Vec<Value>, String> {
    match (there, form) {
        (None | Some(Value::Null), _) if may_be_absent => Ok(Vec::new()),
        (Some(Value::Array(items)), ListForm::Array) => Ok(items.clone()),
        (Some(Value::String(text)), ListForm::JoinedByHashes) => {
            Ok(text.split("##").map(|item| Value::String(item.trim().to_owned())).collect())
        }
        (there, _) => Err(format!("it is {there:?}")),
    }
}

fn put(map: &mut Map<String, Value>, key: &str, items: Vec<Value>, form: ListForm) {
    let new = match form {
        ListForm::Array => Value::Array(items),
        ListForm::JoinedByHashes => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            Value::String(texts.join("##"))
        }
    };
    map.insert(key.to_owned(), new);
}
