//! What is not edited, and why.

use serde_json::json;

use super::*;

fn yaml(text: &str, edit: Edit) -> Reason {
    reason(text, Format::Yaml, &[edit])
}

fn json(text: &str, edit: Edit) -> Reason {
    reason(text, Format::Json, &[edit])
}

#[test]
fn what_moved_is_said_by_kind_only() {
    for format in [Format::Yaml, Format::Json] {
        let text = "{\"a\": \"hunter2\", \"l\": [1]}";
        let refusal = apply(text, format, &[set("a", "hunter3", "hunter4")]).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "`a` was not changed: a text was expected there, but another text stands there now; read it again and plan anew."
        );
        let moved = |expected, found| Reason::Moved { expected, found };
        assert_eq!(reason(text, format, &[set("a", 1, 2)]), moved("a number", "a text"));
        assert_eq!(reason(text, format, &[insert("a", 1)]), moved("a list", "a text"));
        assert_eq!(reason(text, format, &[create("l/x", 1)]), moved("a mapping", "a list"));
        assert_eq!(reason(text, format, &[create("a", 1)]), moved("a number", "a text"));
        assert_eq!(reason(text, format, &[delete("a", "x")]), moved("a text", "another text"));
        assert_eq!(reason(text, format, &[set("b", 1, 2)]), Reason::Missing);
        assert_eq!(reason(text, format, &[set("l/1", 1, 2)]), Reason::Missing);
        assert_eq!(reason(text, format, &[set("l/x", 1, 2)]), Reason::NotInside { found: "a list" });
        assert_eq!(reason(text, format, &[set("a/x", 1, 2)]), Reason::NotInside { found: "a text" });
        let beyond = Edit { document: 1, ..set("a", 1, 2) };
        assert_eq!(reason(text, format, &[beyond]), Reason::Missing);
    }
}

#[test]
fn equal_keys_are_ambiguous() {
    assert_eq!(yaml("a: 1\na: 2\n", set("a", 2, 3)), Reason::Ambiguous);
    assert_eq!(json("{\"a\": 1, \"a\": 2}", set("a", 2, 3)), Reason::Ambiguous);
    assert_eq!(yaml("a: 1\na: 2\n", delete("a", 2)), Reason::Ambiguous);
    assert_eq!(json("{\"a\": 1, \"a\": 2}", delete("a", 1)), Reason::Ambiguous);
}

#[test]
fn shared_text_is_left_alone() {
    let text = "a: &x\n  k: 1\n  l: [y]\nb: *x\nc:\n  <<: *x\n  own: &z 1\nd: [&w v, *w, *z]\n";
    let shared = |name: &str| Reason::Shared(name.to_owned());
    assert_eq!(yaml(text, set("a/k", 1, 2)), shared("*x"));
    assert_eq!(yaml(text, insert("a/l", "z")), shared("*x"));
    assert_eq!(yaml(text, set("b/k", 1, 2)), shared("*x"));
    assert_eq!(yaml(text, set("c/k", 1, 2)), Reason::Merged);
    assert_eq!(yaml(text, delete("c/k", 1)), Reason::Merged);
    assert_eq!(yaml(text, set("c/own", 1, 2)), shared("*z"));
    assert_eq!(yaml(text, remove("d", "v")), shared("*w"));
    assert_eq!(yaml(text, delete("c/own", 1)), shared("*z"));
    let idle = apply(text, Format::Yaml, &[set("b/k", 5, 1), set("c/k", 5, 1), insert("a/l", "y")]).unwrap();
    assert_eq!((idle.text.as_str(), idle.idle), (text, vec![0, 1, 2]));
}

#[test]
fn what_a_template_writes_is_left_alone() {
    let text = "a: {{ .x }}\nb: 'p{{ .y }}'\nc: ${HOST}\nl:\n  - one\n  {{- if .z }}\n  - two\n  {{- end }}\nm:\n  {{- toYaml .m | nindent 2 }}\n";
    for edit in [
        set("a", "{{ .x }}", "v"),
        set("b", "p{{ .y }}", "v"),
        set("c", "${HOST}", "v"),
        insert("l", "three"),
        remove("l", "one"),
        create("m/k", 1),
        set("m/k", 1, 2),
        delete("b", "p{{ .y }}"),
    ] {
        assert_eq!(yaml(text, edit.clone()), Reason::Placeholder, "{edit:?}");
    }
    assert_eq!(json("{\"a\": [\"$(env:X)\"]}", remove("a", "$(env:X)")), Reason::Placeholder);
}

#[test]
fn edits_that_contradict_each_other() {
    let text = "a: {b: 1, l: [x, {k: 1}]}\n";
    for edits in [
        [set("a/b", 1, 2), set("a/b", 1, 3)],
        [insert("a/l", "y"), remove("a/l", "y")],
        [delete("a/b", 1), set("a/b", 1, 2)],
        [create("a/c", 1), create("a/c", 2)],
        [set("a", 1, 2), set("a/b", 1, 2)],
        [remove("a/l", json!({"k": 2})), set("a/l/1/k", 1, 2)],
    ] {
        let found = reason(text, Format::Yaml, &edits);
        assert!(matches!(found, Reason::Conflict(_)), "{found:?}");
    }
    let twice = [set("a/b", 1, 2), set("a/b", 1, 2)];
    assert_eq!(apply(text, Format::Yaml, &twice).unwrap().idle, [1]);
}

#[test]
fn what_cannot_be_written_is_not() {
    let not = |edit, text| matches!(yaml(text, edit), Reason::NotRepresentable(_) | Reason::Guard(_));
    assert!(not(delete("0/a", 1), "- a: 1\n  # of b\n  b: 2\n"));
    assert!(not(remove("a", "x"), "a: [ # c\n  x]\n"));
    assert!(not(set("a", "1", 2), "a: !!str 1\n"));
    assert!(not(create("a/0/b", 1), "a: [x: 1]\n"));
    assert!(not(set("", json!({"a": 1}), 2), "a: 1\n"));
    assert!(matches!(yaml("a: 1\n", create("", 1)), Reason::NotRepresentable(_)));
    assert!(matches!(yaml("a: [\n", create("b", 1)), Reason::Syntax(_)));
    assert!(matches!(json("{\"a\": 1,}", create("b", 1)), Reason::Syntax(_)));
}

#[test]
fn every_refusal_is_a_sentence() {
    let reasons = [
        Reason::Missing,
        Reason::NotInside { found: "a text" },
        Reason::Ambiguous,
        Reason::Shared("*x".to_owned()),
        Reason::Merged,
        Reason::Placeholder,
        Reason::Conflict(1),
        Reason::NotRepresentable("a comment stands in its brackets"),
        Reason::Guard("it did not say what it should"),
    ];
    for reason in reasons {
        let said = super::super::Refusal { edit: Some(0), path: at("a/0"), reason }.to_string();
        assert!(said.starts_with("`a[0]` was not changed: ") && said.ends_with('.'), "{said}");
    }
    assert!(!format!("{:?}", set("a", "hunter2", "hunter3")).contains("hunter"));
}
