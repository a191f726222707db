//! Values of edits beside values of documents.

use serde_json::Value;

use super::super::Node;

/// The value as a reader of the edited text has it.
pub(super) fn node(value: &Value) -> Node {
    match value {
        Value::Null => Node::Null,
        Value::Bool(flag) => Node::Bool(*flag),
        Value::Number(number) => Node::Number(number.to_string().into()),
        Value::String(text) => Node::Text(text.as_str().into()),
        Value::Array(items) => Node::List(items.iter().map(node).collect()),
        Value::Object(entries) => {
            Node::Map(entries.iter().map(|(key, value)| (key.as_str().into(), node(value))).collect())
        }
    }
}

/// Whether a document's value is `value`; the order of mappings and the notation of numbers do not matter.
pub(super) fn same(found: &Node, value: &Value) -> bool {
    match (found, value) {
        (Node::Null, Value::Null) => true,
        (Node::Bool(one), Value::Bool(other)) => one == other,
        (Node::Number(text), Value::Number(number)) => same_number(text, number),
        (Node::Text(text), Value::String(other)) => **text == **other,
        (Node::List(items), Value::Array(others)) => {
            items.len() == others.len() && items.iter().zip(others).all(|(item, other)| same(item, other))
        }
        (Node::Map(entries), Value::Object(others)) => {
            entries.len() == others.len()
                && others.iter().all(|(key, other)| found.get(key).is_some_and(|value| same(value, other)))
        }
        _ => false,
    }
}

fn same_number(text: &str, number: &serde_json::Number) -> bool {
    if text == number.to_string() {
        return true;
    }
    let Ok(found) = serde_json::from_str::<serde_json::Number>(text) else { return false };
    // Whole numbers are told apart exactly; the others as the fractions they are.
    if (found.is_i64() || found.is_u64()) && (number.is_i64() || number.is_u64()) {
        return found == *number;
    }
    found.as_f64() == number.as_f64()
}

/// What kind of value it is, for messages.
pub(super) fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// What was expected and what was found, for two values that differ.
pub(super) fn difference(expected: &Value, found: &Node) -> (&'static str, &'static str) {
    let (expected, found) = (describe(expected), found.describe());
    match expected {
        _ if expected != found => (expected, found),
        "a boolean" => (expected, "the other one"),
        "a number" => (expected, "another number"),
        "a text" => (expected, "another text"),
        "a list" => (expected, "another list"),
        _ => (expected, "another mapping"),
    }
}
