//! Texts and paths that mean no good: an answer, never a panic.

use cloakrun::document::Format;
use cloakrun::document::edit::{Edit, apply};
use cloakrun::locus::FieldPath;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::cases;

const PIECES: [&str; 34] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    ":",
    ": ",
    ",",
    "\\",
    "\n",
    "\r\n",
    "\n  ",
    "- ",
    "? ",
    "&a ",
    "*a",
    "<<: *a\n",
    "|\n ",
    ">-\n",
    "# c",
    "---\n",
    "...\n",
    "{{ .x }}",
    "{{- if .x }}\n",
    "%YAML 1.2\n",
    "!!str ",
    "null",
    "a",
    "1",
    "\u{feff}",
    "\t",
    "é",
    "a:\n",
];

fn edits() -> Vec<Edit> {
    let root = FieldPath::root();
    let paths = [
        root.clone(),
        root.key("a"),
        root.key("1"),
        root.index(0),
        root.key("a").key("a"),
        root.key("a").index(0),
        root.index(1).key("a"),
    ];
    let mut edits = Vec::new();
    for path in paths {
        for document in 0..2 {
            for from in [json!(null), json!(1), json!("a"), json!([]), json!({})] {
                edits.push(Edit::set(document, path.clone(), from, json!({"x": ["y"]})));
            }
            edits.push(Edit::set(document, path.clone(), json!("a"), json!("b")));
            edits.push(Edit::insert(document, path.clone(), json!("new")));
            edits.push(Edit::remove(document, path.clone(), json!("a")));
            edits.push(Edit::remove(document, path.clone(), json!(null)));
            edits.push(Edit::create(document, path.key("new"), json!([1])));
            edits.push(Edit::delete(document, path.key("a"), json!(null)));
            edits.push(Edit::delete(document, path.key("a"), json!(1)));
        }
    }
    edits
}

#[test]
fn pieces_of_every_kind() {
    let all = edits();
    let mut runner = proptest::test_runner::TestRunner::new(cases(600));
    let outcome = runner.run(&vec(0..PIECES.len(), 0..24), |pieces| {
        let text: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        for edit in &all {
            for format in [Format::Yaml, Format::Json] {
                if let Ok(edited) = apply(&text, format, std::slice::from_ref(edit)) {
                    let back = apply(&edited.text, format, &edited.undo);
                    prop_assert!(back.is_ok(), "{edit:?} on {text:?}: {back:?}");
                }
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn deep_and_long_texts() {
    let deep = FieldPath::root().keys(std::iter::repeat_n("a", 5000));
    let texts = [
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        "a: {".repeat(100_000),
        "- ".repeat(50_000),
        "&a ".repeat(50_000),
    ];
    for text in &texts {
        for format in [Format::Yaml, Format::Json] {
            let edits = [
                Edit::set(0, deep.clone(), json!(1), json!(2)),
                Edit::insert(0, FieldPath::root(), json!(1)),
            ];
            for edit in edits {
                assert!(apply(text, format, &[edit]).is_err());
            }
        }
    }
    let mut value = json!(1);
    for _ in 0..200 {
        value = json!([value]);
    }
    assert!(
        apply("{\"a\": 1}", Format::Json, &[Edit::create(0, FieldPath::root().key("b"), value.clone())])
            .is_err()
    );
    assert!(apply("a: 1\n", Format::Yaml, &[Edit::create(0, FieldPath::root().key("b"), value)]).is_err());
}
