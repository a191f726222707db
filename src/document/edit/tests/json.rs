//! JSON as Keycloak, other tools and people write it.

use serde_json::json;

use super::*;

#[track_caller]
fn becomes(text: &str, edits: &[Edit], expected: &str) {
    assert_eq!(edited(text, Format::Json, edits).text, expected);
}

const JACKSON: &str = r#"{
  "realm" : "shop",
  "clients" : [ {
    "clientId" : "web",
    "ratio" : 1.0E10,
    "redirectUris" : [ "https://a/*" ],
    "webOrigins" : [ ],
    "attributes" : {
      "k" : "v"
    }
  }, {
    "clientId" : "api",
    "redirectUris" : [ ],
    "attributes" : { }
  } ]
}"#;

#[test]
fn an_export_of_keycloak() {
    let edits = [
        insert("clients/0/redirectUris", "https://b/*"),
        insert("clients/0/webOrigins", "https://b"),
        create("clients/0/attributes/pkce.code.challenge.method", "S256"),
        create("clients/0/enabled", true),
        create("clients/1/attributes/x", "y"),
        set("clients/1/clientId", "api", "ä\"pi"),
    ];
    let expected = r#"{
  "realm" : "shop",
  "clients" : [ {
    "clientId" : "web",
    "ratio" : 1.0E10,
    "redirectUris" : [ "https://a/*", "https://b/*" ],
    "webOrigins" : [ "https://b" ],
    "attributes" : {
      "k" : "v",
      "pkce.code.challenge.method" : "S256"
    },
    "enabled" : true
  }, {
    "clientId" : "ä\"pi",
    "redirectUris" : [ ],
    "attributes" : {
      "x" : "y"
    }
  } ]
}"#;
    becomes(JACKSON, &edits, expected);
    let windows = JACKSON.replace('\n', "\r\n") + "\r\n";
    becomes(&windows, &edits, &(expected.replace('\n', "\r\n") + "\r\n"));
}

#[test]
fn an_object_in_a_list_of_keycloak() {
    let mapper = json!({"name": "m", "config": {"a": "b"}, "none": [], "two": ["x", "y"]});
    let text = JACKSON.replace("\"clientId\" : \"web\",", "\"clientId\" : \"web\",\n    \"mappers\" : [ {\n      \"name\" : \"l\",\n      \"config\" : {\n        \"a\" : \"b\"\n      }\n    } ],");
    let expected = text.replace(
        "    } ],",
        "    }, {\n      \"name\" : \"m\",\n      \"config\" : {\n        \"a\" : \"b\"\n      },\n      \"none\" : [ ],\n      \"two\" : [ \"x\", \"y\" ]\n    } ],",
    );
    becomes(&text, &[insert("clients/0/mappers", mapper)], &expected);
}

#[test]
fn lists_of_one_line_an_element() {
    let text = "{\n\t\"a\": [\n\t\t\"x\"\n\t],\n\t\"b\": [],\n\t\"c\": {}\n}\n";
    let expected = "{\n\t\"a\": [\n\t\t\"x\",\n\t\t\"y\"\n\t],\n\t\"b\": [\n\t\t\"z\"\n\t],\n\t\"c\": {\n\t\t\"k\": [\n\t\t\t1\n\t\t]\n\t}\n}\n";
    becomes(text, &[insert("a", "y"), insert("b", "z"), create("c/k", json!([1]))], expected);
    becomes(text, &[remove("a", "x")], "{\n\t\"a\": [],\n\t\"b\": [],\n\t\"c\": {}\n}\n");
}

#[test]
fn a_text_without_spaces() {
    becomes(
        "{\"a\":[\"x\"],\"b\":[],\"c\":{\"d\":1}}",
        &[insert("a", "y"), insert("b", 1), insert("b", 2), create("c/e", json!({"f": [1, 2]}))],
        "{\"a\":[\"x\",\"y\"],\"b\":[1,2],\"c\":{\"d\":1,\"e\":{\"f\":[1,2]}}}",
    );
}

#[test]
fn removing_leaves_no_comma() {
    let text = "{\n  \"a\": 1,\n  \"b\": [\n    \"x\",\n    \"y\"\n  ],\n  \"c\": 3\n}\n";
    becomes(text, &[delete("c", 3)], "{\n  \"a\": 1,\n  \"b\": [\n    \"x\",\n    \"y\"\n  ]\n}\n");
    becomes(text, &[delete("a", 1)], "{\n  \"b\": [\n    \"x\",\n    \"y\"\n  ],\n  \"c\": 3\n}\n");
    becomes(text, &[remove("b", "y")], "{\n  \"a\": 1,\n  \"b\": [\n    \"x\"\n  ],\n  \"c\": 3\n}\n");
    becomes(
        text,
        &[remove("b", "x"), delete("c", 3), create("d", 4)],
        "{\n  \"a\": 1,\n  \"b\": [\n    \"y\"\n  ],\n  \"d\": 4\n}\n",
    );
    becomes("[ \"x\" ]", &[remove("", "x")], "[ ]");
    becomes("[\"x\"]", &[remove("", "x"), insert("", "y")], "[\"y\"]");
}

#[test]
fn values_are_set_and_set_back() {
    let text = "\u{feff}{\"a\" : 1.0E10,\t\"b\":\"\\u0041\" , \"c\":[ {\"d\":null} ]}\n";
    let edits = [set("a", 1e10, 5), set("b", "A", "B"), set("c/0/d", json!(null), json!({"x": [1]}))];
    let done = there_and_back(text, Format::Json, &edits);
    assert_eq!(done.text, "\u{feff}{\"a\" : 5,\t\"b\":\"B\" , \"c\":[ {\"d\":{\"x\":[1]}} ]}\n");
    assert_eq!(there_and_back("1", Format::Json, &[set("", 1, json!([]))]).text, "[]");
}
