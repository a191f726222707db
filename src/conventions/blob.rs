//! Values that hold several settings: JSON, the literals of other languages, arguments in a line.

use serde_json::Value;

use super::setting::{BlobField, BlobFormat, SettingConvention};

/// Longer values are not looked into.
const LONGEST: usize = 256 * 1024;

/// What a field of such a value holds.
pub(super) struct Found<'a> {
    pub(super) field: &'a BlobField,
    pub(super) value: String,
    pub(super) group: Option<String>,
}

/// What stands in the fields that a convention names.
pub(super) fn fields<'a>(convention: &'a SettingConvention, text: &str) -> Vec<Found<'a>> {
    if convention.blob != BlobFormat::Json || convention.fields.is_empty() {
        return Vec::new();
    }
    let Some(value) = parse(text) else { return Vec::new() };
    let mut found = Vec::new();
    for field in &convention.fields {
        let mut places = Vec::new();
        walk(&value, &steps(&field.path), &mut Vec::new(), &mut places);
        for (scalar, way) in places {
            let group = field.group.as_deref().and_then(|path| at(&value, &steps(path), &way));
            found.push(Found { field, value: scalar, group });
        }
    }
    found
}

/// JSON; else the literal of Python or Ruby, which YAML's flow style reads as well.
pub(super) fn parse(text: &str) -> Option<Value> {
    let text = text.trim();
    if text.len() > LONGEST || !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok().or_else(|| {
        // An alias has no place in such a literal, and could blow it up.
        (text.contains('\'') && !text.contains(['&', '*'])).then(|| serde_yaml::from_str(text).ok()).flatten()
    })
}

enum Step<'a> {
    Key(&'a str),
    Each,
}

fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let key = part.trim_end_matches("[]");
        if !key.is_empty() {
            steps.push(Step::Key(key));
        }
        steps.extend((0..(part.len() - key.len()) / 2).map(|_| Step::Each));
    }
    steps
}

fn walk(value: &Value, steps: &[Step<'_>], way: &mut Vec<usize>, found: &mut Vec<(String, Vec<usize>)>) {
    match (steps, value) {
        ([], Value::String(text)) => found.push((text.clone(), way.clone())),
        ([], Value::Number(number)) => found.push((number.to_string(), way.clone())),
        ([], Value::Bool(on)) => found.push((on.to_string(), way.clone())),
        ([Step::Key(key), rest @ ..], Value::Object(object)) => {
            if let Some(inner) = object.get(*key) {
                walk(inner, rest, way, found);
            }
        }
        ([Step::Each, rest @ ..], Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                way.push(index);
                walk(item, rest, way, found);
                way.pop();
            }
        }
        _ => {}
    }
}

/// The text at a path, taking the same items of lists as the way to another one.
fn at(value: &Value, steps: &[Step<'_>], way: &[usize]) -> Option<String> {
    let mut value = value;
    let mut way = way.iter();
    for step in steps {
        value = match step {
            Step::Key(key) => value.get(*key)?,
            Step::Each => value.get(*way.next()?)?,
        };
    }
    value.as_str().map(str::to_owned)
}

/// The value with the text of every field taken out but those that `keep` names.
pub(super) fn redact(text: &str, keep: &[&BlobField]) -> Option<String> {
    let mut value = parse(text)?;
    let paths: Vec<Vec<Step<'_>>> = keep.iter().map(|field| steps(&field.path)).collect();
    let groups: Vec<Vec<Step<'_>>> =
        keep.iter().filter_map(|field| field.group.as_deref()).map(steps).collect();
    let kept: Vec<&[Step<'_>]> = paths.iter().chain(&groups).map(Vec::as_slice).collect();
    blank(&mut value, &kept);
    Some(value.to_string())
}

fn blank(value: &mut Value, keep: &[&[Step<'_>]]) {
    match value {
        Value::Object(object) => {
            for (key, inner) in object.iter_mut() {
                let below: Vec<&[Step<'_>]> = keep
                    .iter()
                    .filter_map(|path| match path {
                        [Step::Key(name), rest @ ..] if name == key => Some(rest),
                        _ => None,
                    })
                    .collect();
                blank(inner, &below);
            }
        }
        Value::Array(items) => {
            let below: Vec<&[Step<'_>]> = keep
                .iter()
                .filter_map(|path| match path {
                    [Step::Each, rest @ ..] => Some(rest),
                    _ => None,
                })
                .collect();
            for item in items {
                blank(item, &below);
            }
        }
        Value::String(text) if !keep.iter().any(|path| path.is_empty()) => "**********".clone_into(text),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::conventions::role::Role;

    fn convention(fields: &str) -> SettingConvention {
        serde_yaml::from_str(&format!("name: X\nrole: blob\nfields: {fields}")).unwrap()
    }

    #[test]
    fn fields_are_found_in_lists_with_their_group() {
        let convention = convention(
            "[{ path: 'a.APPS[].id', role: client_id, group: 'a.APPS[].key' }, { path: 'a.APPS[].s.url', role: issuer }]",
        );
        let text = r#"{"a":{"APPS":[{"key":"one","id":"x","s":{"url":"u"}},{"key":"two","id":"y"}]}}"#;
        let found: Vec<_> = fields(&convention, text)
            .into_iter()
            .map(|found| (found.field.role, found.value, found.group))
            .collect();
        assert_eq!(
            found,
            [
                (Role::ClientId, "x".to_owned(), Some("one".to_owned())),
                (Role::ClientId, "y".to_owned(), Some("two".to_owned())),
                (Role::Issuer, "u".to_owned(), None),
            ]
        );
    }

    #[test]
    fn python_literals_are_read() {
        let value = parse("[{'NAME': 'kc', 'ON': True, 'URL': 'https://x', 'NONE': None}]").unwrap();
        assert_eq!(value[0]["URL"], "https://x");
        for text in ["", "{", "[&a 'x', *a]", "text", "{'a': "] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn only_named_fields_survive() {
        let convention = convention("[{ path: '[].id', role: client_id, group: '[].key' }]");
        let text = r#"[{"key":"k","id":"x","secret":"s","more":{"id":"deep"}}]"#;
        let keep: Vec<&BlobField> = convention.fields.iter().collect();
        assert_eq!(
            redact(text, &keep).unwrap(),
            r#"[{"key":"k","id":"x","secret":"**********","more":{"id":"**********"}}]"#
        );
    }
}
