#![allow(clippy::unwrap_used, reason = "tests")]

mod json;
mod refused;
mod yaml;

use serde_json::Value;

use super::{Edit, Edited, Reason, apply};
use crate::document::Format;
use crate::locus::FieldPath;

/// A path as people write it, its steps with `/` between them; numbers are elements of lists.
fn at(path: &str) -> FieldPath {
    path.split('/').filter(|step| !step.is_empty()).fold(FieldPath::root(), |path, step| {
        match step.parse::<usize>() {
            Ok(index) => path.index(index),
            Err(_) => path.key(step),
        }
    })
}

fn set(path: &str, from: impl Into<Value>, to: impl Into<Value>) -> Edit {
    Edit::set(0, at(path), from.into(), to.into())
}

fn insert(path: &str, item: impl Into<Value>) -> Edit {
    Edit::insert(0, at(path), item.into())
}

fn remove(path: &str, item: impl Into<Value>) -> Edit {
    Edit::remove(0, at(path), item.into())
}

fn create(path: &str, value: impl Into<Value>) -> Edit {
    Edit::create(0, at(path), value.into())
}

fn delete(path: &str, from: impl Into<Value>) -> Edit {
    Edit::delete(0, at(path), from.into())
}

/// The edited text; done twice there is nothing to do, and undone the value is back.
fn edited(text: &str, format: Format, edits: &[Edit]) -> Edited {
    let edited = apply(text, format, edits).unwrap_or_else(|refusal| panic!("{refusal}\n{text}"));
    let again =
        apply(&edited.text, format, edits).unwrap_or_else(|refusal| panic!("{refusal}\n{}", edited.text));
    assert_eq!(again.text, edited.text, "the second time");
    assert_eq!(again.idle.len(), edits.len());
    apply(&edited.text, format, &edited.undo)
        .unwrap_or_else(|refusal| panic!("undo: {refusal}\n{}", edited.text));
    edited
}

/// As [`edited`], every edit one that an undo brings back byte for byte.
fn there_and_back(text: &str, format: Format, edits: &[Edit]) -> Edited {
    let edited = edited(text, format, edits);
    assert_eq!(apply(&edited.text, format, &edited.undo).unwrap().text, text, "undone");
    edited
}

fn reason(text: &str, format: Format, edits: &[Edit]) -> Reason {
    match apply(text, format, edits) {
        Err(refusal) => refusal.reason,
        Ok(edited) => panic!("not refused:\n{}", edited.text),
    }
}
