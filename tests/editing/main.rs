//! Edits of generated YAML and JSON files in all their styles: the value is the one that was meant, and nothing else changes.
#![allow(clippy::unwrap_used, reason = "tests")]

mod hostile;
mod print;
mod random;

use cloakrun::document::edit::{Change, Edit, Edited, Reason, apply};
use cloakrun::document::{Format, Node, json, yaml};
use cloakrun::locus::{FieldPath, Segment};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use print::Written;
use random::Tape;

fn cases(standard: u32) -> Config {
    let cases =
        std::env::var("CLOAKRUN_EDIT_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(standard);
    Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() }
}

fn run(standard: u32, case: impl Fn(&mut Tape) -> Option<Reason>) {
    let mut refused = std::collections::BTreeMap::new();
    let refused_by = std::cell::RefCell::new(&mut refused);
    let mut runner = TestRunner::new(cases(standard));
    let outcome = runner.run(&vec(any::<u8>(), 0..600), |bytes| {
        if let Some(reason) = case(&mut Tape::new(bytes)) {
            *refused_by.borrow_mut().entry(format!("{reason:?}")).or_insert(0) += 1;
        }
        Ok(())
    });
    let done = outcome.map_err(|error| error.to_string());
    assert!(done.is_ok(), "{}", done.unwrap_err());
    let total: u32 = refused.values().sum();
    // A refusal is an answer, but not the usual one.
    assert!(total * 10 < standard.max(cases(standard).cases), "{refused:?}");
}

#[test]
fn yaml_is_edited_as_it_was_meant() {
    run(1500, |tape| {
        let documents: Vec<Value> = (0..1 + tape.below(3)).map(|_| random::document(tape)).collect();
        let written = print::yaml(&documents, tape);
        check(&written, Format::Yaml, &documents, tape)
    });
}

#[test]
fn json_is_edited_as_it_was_meant() {
    run(1500, |tape| {
        let document = random::document(tape);
        let written = print::json(&document, tape);
        let reason = check(&written, Format::Json, &[document], tape);
        assert!(matches!(reason, None | Some(Reason::Conflict(_))), "{reason:?}\n{}", written.text);
        reason
    });
}

fn read(text: &str, format: Format) -> Vec<Value> {
    let nodes = match format {
        Format::Json => vec![json::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))],
        Format::Yaml => yaml::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}")),
    };
    nodes.iter().map(value).collect()
}

fn value(node: &Node) -> Value {
    match node {
        Node::Null => Value::Null,
        Node::Bool(flag) => Value::Bool(*flag),
        Node::Number(number) => serde_json::from_str(number).unwrap(),
        Node::Text(text) => Value::from(&**text),
        Node::List(items) => items.iter().map(value).collect(),
        Node::Map(entries) => {
            Value::Object(entries.iter().map(|(key, one)| (key.to_string(), value(one))).collect())
        }
        Node::Template(source) => panic!("a template: {source}"),
    }
}

fn check(written: &Written, format: Format, documents: &[Value], tape: &mut Tape) -> Option<Reason> {
    let text = &written.text;
    assert_eq!(read(text, format), documents, "the printer is wrong\n{text}");
    let edits: Vec<Edit> = (0..1 + tape.below(3)).filter_map(|_| random::edit(documents, tape)).collect();
    let said = || format!("{edits:?} on\n{text}\n{text:?}");
    let edited = match apply(text, format, &edits) {
        Ok(edited) => edited,
        Err(refusal) => {
            let may_be = match &refusal.reason {
                Reason::Conflict(_) => edits.len() > 1,
                Reason::NotRepresentable(_) => format == Format::Yaml,
                _ => false,
            };
            assert!(may_be, "{refusal}\n{}", said());
            return Some(refusal.reason);
        }
    };
    let new = &edited.text;
    let said = || format!("{}\nbecame\n{new}\n{new:?}", said());
    let mut meant = documents.to_vec();
    random::apply(&mut meant, &edits);
    assert_eq!(read(new, format), meant, "{}", said());
    only_the_changed_lines_differ(text, &edited, &said);
    assert_eq!(ends(text), ends(new), "{}", said());
    if edits.iter().all(|edit| keeps_comments(edit)) {
        for comment in &written.comments {
            assert!(new.contains(comment), "{comment} is gone: {}", said());
        }
    }
    if let [edit] = edits.as_slice() {
        let again = apply(new, format, &edits);
        assert_eq!(again.map(|again| again.text).as_ref(), Ok(new), "the second time: {}", said());
        if matches!(edit.change, Change::Insert { .. } | Change::Create { .. }) {
            assert!(edited.changed.len() <= 1, "{:?} {}", edited.changed, said());
        }
    }
    let back =
        apply(new, format, &edited.undo).unwrap_or_else(|refusal| panic!("undo: {refusal} {}", said()));
    if edits.iter().all(|edit| matches!(edit.change, Change::Set { .. })) {
        assert_eq!(&back.text, text, "undone: {}", said());
    } else {
        let sorted = |documents: Vec<Value>| documents.into_iter().map(random::as_sets).collect::<Vec<_>>();
        assert_eq!(
            sorted(read(&back.text, format)),
            sorted(documents.to_vec()),
            "undone: {}\n{}",
            said(),
            back.text
        );
    }
    None
}

/// Byte-order mark, kind of line ends, and whether the last line has one.
fn ends(text: &str) -> (bool, bool, bool) {
    let windows = text.contains("\r\n");
    assert!(
        !windows || text.matches('\n').count() == text.matches("\r\n").count(),
        "mixed line ends\n{text:?}"
    );
    (text.starts_with('\u{feff}'), windows || !text.contains('\n'), text.ends_with('\n'))
}

fn only_the_changed_lines_differ(old: &str, edited: &Edited, said: &dyn Fn() -> String) {
    let (old, new): (Vec<_>, Vec<_>) =
        (old.split_inclusive('\n').collect(), edited.text.split_inclusive('\n').collect());
    let (mut at_old, mut at_new) = (1, 1);
    let same = |old_to: usize, new_to: usize, at_old: usize, at_new: usize| {
        assert_eq!(
            old[at_old - 1..old_to - 1],
            new[at_new - 1..new_to - 1],
            "{:?} {}",
            edited.changed,
            said()
        );
    };
    for changed in &edited.changed {
        same(changed.old.start.min(old.len() + 1), changed.new.start.min(new.len() + 1), at_old, at_new);
        (at_old, at_new) = (changed.old.end, changed.new.end);
    }
    same(old.len() + 1, new.len() + 1, at_old.min(old.len() + 1), at_new.min(new.len() + 1));
}

fn keeps_comments(edit: &Edit) -> bool {
    let scalar = |value: &Value| !(value.is_array() || value.is_object());
    match &edit.change {
        Change::Set { from, to, .. } => scalar(from) && scalar(to),
        Change::Insert { .. } | Change::Create { .. } => true,
        Change::Remove { .. } | Change::Delete { .. } => false,
    }
}

/// The value at a path.
fn at<'v>(value: &'v mut Value, path: &FieldPath) -> Option<&'v mut Value> {
    path.segments().into_iter().try_fold(value, |value, step| match step {
        Segment::Key(key) => value.get_mut(&**key),
        Segment::Index(index) => value.get_mut(*index as usize),
    })
}
