//! YAML in its many styles.

use serde_json::json;

use super::super::ChangedLines;
use super::*;

#[track_caller]
fn becomes(text: &str, edits: &[Edit], expected: &str) {
    assert_eq!(edited(text, Format::Yaml, edits).text, expected);
}

#[track_caller]
fn sets(text: &str, edits: &[Edit], expected: &str) {
    assert_eq!(there_and_back(text, Format::Yaml, edits).text, expected);
}

#[test]
fn a_text_keeps_the_quotes_of_the_old_one() {
    sets("a: x # c\nb: 1\n", &[set("a", "x", "w z")], "a: w z # c\nb: 1\n");
    sets("a: 'x'\n", &[set("a", "x", "it's")], "a: 'it''s'\n");
    sets("a: \"x\"\n", &[set("a", "x", "q\"q")], "a: \"q\\\"q\"\n");
    sets("a: x\n", &[set("a", "x", "true")], "a: \"true\"\n");
    sets("a: x\n", &[set("a", "x", "on")], "a: \"on\"\n");
    sets("a: x\nb: 'w'\n", &[set("a", "x", "12:30")], "a: '12:30'\nb: 'w'\n");
    sets("a: x\n", &[set("a", "x", "[\"w\"]")], "a: '[\"w\"]'\n");
    sets("a: \"1\"\n", &[set("a", "1", 2)], "a: 2\n");
    sets("a: 0x10\n", &[delete("b", 1)], "a: 0x10\n");
    sets("a: x\n", &[set("a", "x", "https://h/cb?a=b#c")], "a: https://h/cb?a=b#c\n");
    sets("a: x\n", &[set("a", "x", "a: b")], "a: \"a: b\"\n");
    sets("a: 'x'\n", &[set("a", "x", "one\ntwo\u{7}")], "a: \"one\\ntwo\\u0007\"\n");
}

#[test]
fn line_ends_mark_and_missing_line_break_stay() {
    sets("\u{feff}a: x\r\nb: w\r\n", &[set("a", "x", "z")], "\u{feff}a: z\r\nb: w\r\n");
    becomes("a:\r\n- x\r\n", &[insert("a", "w")], "a:\r\n- x\r\n- w\r\n");
    sets("a:\n- x", &[insert("a", "w")], "a:\n- x\n- w");
    sets("a:\r\n- x", &[insert("a", "w")], "a:\r\n- x\r\n- w");
    sets("a: 1\nb: 2", &[delete("b", 2)], "a: 1");
    becomes("\u{feff}a: 1\n", &[create("b", 2)], "\u{feff}a: 1\nb: 2\n");
    becomes("\u{feff}- 1\n", &[insert("", 2)], "\u{feff}- 1\n- 2\n");
}

#[test]
fn elements_are_added_as_their_neighbours_are_written() {
    becomes(
        "a:\n  - x # one\n  # tail\nb: 1\n",
        &[insert("a", "w")],
        "a:\n  - x # one\n  - w\n  # tail\nb: 1\n",
    );
    becomes("a:\n-   'x'\n", &[insert("a", "w")], "a:\n-   'x'\n-   'w'\n");
    becomes("- - a\n  - b\n", &[insert("0", "c")], "- - a\n  - b\n  - c\n");
    becomes("a:\n  - |\n    t\n\n\nb: 1\n", &[insert("a", "w")], "a:\n  - |\n    t\n  - w\n\n\nb: 1\n");
    becomes(
        "env:\n- name: A\n  value: '1'\n- name: B\n  value: 'x'\n",
        &[insert("env", json!({"name": "C", "value": "w"}))],
        "env:\n- name: A\n  value: '1'\n- name: B\n  value: 'x'\n- name: C\n  value: 'w'\n",
    );
    becomes(
        "env:\n- {name: A, value: \"1\"}\n",
        &[insert("env", json!({"name": "C", "value": "w"}))],
        "env:\n- {name: A, value: \"1\"}\n- {name: C, value: \"w\"}\n",
    );
    becomes(
        "c:\n- name: A\n  env:\n  - x\n",
        &[insert("c", json!({"name": "B", "env": ["w", {"k": [], "m": {"o": 1}}]}))],
        "c:\n- name: A\n  env:\n  - x\n- name: B\n  env:\n  - w\n  - k: []\n    m:\n      o: 1\n",
    );
}

#[test]
fn brackets_stay_brackets() {
    becomes("a: [x, w] # c\n", &[insert("a", "z")], "a: [x, w, z] # c\n");
    becomes("a: ['x','w']\n", &[insert("a", "z")], "a: ['x','w','z']\n");
    becomes("a: [ x ]\n", &[insert("a", "w, z")], "a: [ x, \"w, z\" ]\n");
    becomes("a: []\n", &[insert("a", "z")], "a: [z]\n");
    becomes("a: [ ]\n", &[insert("a", "z")], "a: [ z ]\n");
    becomes("a: [\n  x,\n  w, # why\n]\n", &[insert("a", "z")], "a: [\n  x,\n  w, # why\n  z,\n]\n");
    becomes("a: [\n  x,\n  w # why\n]\n", &[insert("a", "z")], "a: [\n  x,\n  w, # why\n  z\n]\n");
    becomes("a: [x, w, z]\n", &[remove("a", "x")], "a: [w, z]\n");
    becomes("a: [x, w, z]\n", &[remove("a", "z")], "a: [x, w]\n");
    becomes("a: [x, w, z]\n", &[remove("a", "w")], "a: [x, z]\n");
    becomes("a: [x]\n", &[remove("a", "x")], "a: []\n");
    becomes("a: [x, w]\n", &[remove("a", "x"), remove("a", "w"), insert("a", "z")], "a: [z]\n");
    becomes("a: [x, w, w]\n", &[remove("a", "w"), insert("a", "z")], "a: [x, z]\n");
    becomes("a: [\n  x, # one\n  # of w\n  w\n]\n", &[remove("a", "x")], "a: [\n  # of w\n  w\n]\n");
    becomes("a: [\n  x, # one\n  w\n]\n", &[remove("a", "w")], "a: [\n  x, # one\n]\n");
    becomes("a: {b: 1}\n", &[create("a/c", json!({"d": [1]}))], "a: {b: 1, c: {d: [1]}}\n");
    becomes("a: {b: 1, c: 2}\n", &[delete("a/b", 1)], "a: {c: 2}\n");
    becomes("{\"a\": {\"b\": 1}}\n", &[create("a/c", "x")], "{\"a\": {\"b\": 1, \"c\": \"x\"}}\n");
}

#[test]
fn elements_and_keys_are_taken_out_with_their_lines_only() {
    becomes("a:\n  # of x\n  - x\n  - w # c\n  - z\n", &[remove("a", "w")], "a:\n  # of x\n  - x\n  - z\n");
    becomes("a: # keep\n  # too\n  - x\nb: 1\n", &[remove("a", "x")], "a: [] # keep\n  # too\nb: 1\n");
    becomes("a:\n- x\n- w\n- z", &[remove("a", "w"), remove("a", "z")], "a:\n- x");
    becomes("- a: 1\n  b: 2\n", &[delete("0/a", 1)], "- b: 2\n");
    becomes("- a: 1\n", &[delete("0/a", 1)], "- {}\n");
    becomes("- - a\n  - b\n", &[remove("0", "a")], "- - b\n");
    becomes("a:\n  b: |\n    t\n  c: 1\n", &[delete("a/b", "t\n")], "a:\n  c: 1\n");
    becomes("a: 1\n", &[delete("a", 1)], "{}\n");
    becomes("- x\n- w\n", &[remove("", "x"), remove("", "w")], "[]\n");
    becomes("a:\n- x\n", &[remove("a", "x"), insert("a", "w")], "a:\n- w\n");
}

#[test]
fn keys_are_added_behind_the_last_one() {
    becomes("m:\n    a: 1\n# end\n", &[create("m/b", "x")], "m:\n    a: 1\n    b: x\n# end\n");
    becomes(
        "m:\n    n:\n        - 1\n",
        &[create("m/b", json!({"c": ["x"], "d": {}}))],
        "m:\n    n:\n        - 1\n    b:\n        c:\n            - x\n        d: {}\n",
    );
    becomes("- a: 1\n- b: 1\n", &[create("0/c", 2)], "- a: 1\n  c: 2\n- b: 1\n");
    becomes("m:\n  'a': \"1\"\n", &[create("m/b", "2")], "m:\n  'a': \"1\"\n  'b': \"2\"\n");
    becomes(
        "m:\n  a: 1\nl:\n- x\n",
        &[create("m/b", 2), insert("l", "w"), create("z", 1)],
        "m:\n  a: 1\n  b: 2\nl:\n- x\n- w\nz: 1\n",
    );
    becomes("m:\n  l:\n  - x", &[create("m/b", 2), insert("m/l", "w")], "m:\n  l:\n  - x\n  - w\n  b: 2");
}

#[test]
fn texts_of_several_lines() {
    sets("a: |\n  x\n  w\n\nb: 1\n", &[set("a", "x\nw\n", "z\n")], "a: |\n  z\n\nb: 1\n");
    sets("a: |- # c\n  x\nb: 1\n", &[set("a", "x", "w\n\nz\n")], "a: | # c\n  w\n\n  z\nb: 1\n");
    sets("a: >\n  x\n  w\n", &[set("a", "x w\n", "z")], "a: |-\n  z\n");
    sets("a: |+\n  x\n\nb: 1\n", &[set("a", "x\n\n", "z\n")], "a: |\n  z\nb: 1\n");
    sets("a: |\n  x\nb: 1\n", &[set("a", "x\n", 5)], "a: 5\nb: 1\n");
    sets("a: one\n  two\nb: 1\n", &[set("a", "one two", "z")], "a: z\nb: 1\n");
    sets("a: \"one\n  two\"\nb: 1\n", &[set("a", "one two", "z")], "a: \"z\"\nb: 1\n");
}

#[test]
fn nothing_and_collections_are_set() {
    sets("a:\nb: 1\n", &[set("a", json!(null), "x")], "a: x\nb: 1\n");
    sets("a: # c\nb: 1\n", &[set("a", json!(null), "x")], "a: x # c\nb: 1\n");
    sets("a: # c\nb: 1\n", &[set("a", json!(null), json!({"k": "v"}))], "a: # c\n  k: v\nb: 1\n");
    sets("- # c\n- 1\n", &[set("0", json!(null), "x")], "- x # c\n- 1\n");
    sets("a: old # c\n", &[set("a", "old", json!(["x"]))], "a: # c\n  - x\n");
    sets("a: []\n", &[set("a", json!([]), json!(["x"]))], "a: [x]\n");
    sets("a: # c\n  - x\nb: 1\n", &[set("a", json!(["x"]), "w")], "a: w # c\nb: 1\n");
    sets("a:\n- x\nb: 1\n", &[set("a", json!(["x"]), json!(["w", "z"]))], "a:\n- w\n- z\nb: 1\n");
    sets("a: {b: }\n", &[set("a/b", json!(null), 1)], "a: {b: 1 }\n");
    sets("a: ~\n", &[set("a", json!(null), 1)], "a: 1\n");
}

#[test]
fn several_documents_and_directives() {
    let text = "%YAML 1.2\n---\n# one\na: 1\n...\n---\na: 1\n--- # three\n- x\n";
    let edit = |document, edit: Edit| Edit { document, ..edit };
    let edits = [edit(1, set("a", 1, 2)), edit(2, insert("", "w")), edit(0, create("b", true))];
    let edited = edited(text, Format::Yaml, &edits);
    assert_eq!(edited.text, "%YAML 1.2\n---\n# one\na: 1\nb: true\n...\n---\na: 2\n--- # three\n- x\n- w\n");
    let lines = |old, new| ChangedLines { old, new };
    assert_eq!(edited.changed, [lines(5..5, 5..6), lines(7..8, 8..9), lines(10..10, 11..12)]);
}

#[test]
fn undo_knows_that_elements_moved() {
    let text = "l:\n- x\n- k: 1\n- k: 2\n";
    let edits = [remove("l", "x"), set("l/2/k", 2, 3)];
    let done = apply(text, Format::Yaml, &edits).unwrap();
    assert_eq!(done.text, "l:\n- k: 1\n- k: 3\n");
    assert_eq!(apply(&done.text, Format::Yaml, &done.undo).unwrap().text, "l:\n- k: 1\n- k: 2\n- x\n");
}

#[test]
fn an_undo_takes_no_comment_back_that_was_written_since() {
    let done = edited("a:\nb: 1\n", Format::Yaml, &[set("a", json!(null), "x")]);
    let since = done.text.replace("a: x\n", "a: x # mine\n");
    assert_eq!(apply(&since, Format::Yaml, &done.undo).unwrap().text, "a: null # mine\nb: 1\n");
}

#[test]
fn templates_around_stay() {
    becomes(
        "{{- if .x }}\na: {{ .w }}\nb: old\nl:\n  - z\n{{- end }}\n",
        &[set("b", "old", "new"), insert("l", "w")],
        "{{- if .x }}\na: {{ .w }}\nb: new\nl:\n  - z\n  - w\n{{- end }}\n",
    );
}

#[test]
fn anchors_that_nobody_uses_stay() {
    sets(
        "a: &x old\nb: !!str 1\n",
        &[set("a", "old", "new"), set("b", "1", "2")],
        "a: &x new\nb: !!str \"2\"\n",
    );
    becomes("a: &x\n  - w\n", &[remove("a", "w")], "a: &x []\n");
    sets("a: &x\nb: 1\n", &[set("a", json!(null), 2)], "a: &x 2\nb: 1\n");
    becomes(
        "d: &d\n  k: 1\nm:\n  <<: *d\n  l: 2\n",
        &[create("m/o", 3), set("m/l", 2, 4)],
        "d: &d\n  k: 1\nm:\n  <<: *d\n  l: 4\n  o: 3\n",
    );
}
