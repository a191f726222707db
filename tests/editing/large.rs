//! A realm of a hundred megabytes: `cargo test --release --test editing hundred` under `time -v` tells time and memory.

use std::fmt::Write as _;

use cloakrun::document::Format;
use cloakrun::document::edit::{Edit, apply};
use cloakrun::locus::FieldPath;
use serde_json::json;

#[test]
fn a_realm_of_a_hundred_megabytes() {
    let mut text = String::from("{\n  \"realm\" : \"shop\",\n  \"clients\" : [ ");
    let mut number = 0;
    while text.len() < 100 << 20 {
        let comma = if number > 0 { ", " } else { "" };
        let _ = write!(
            text,
            "{comma}{{\n    \"clientId\" : \"web-{number}\",\n    \"enabled\" : true,\n    \"redirectUris\" : [ \"https://{number}.example/*\" ],\n    \"attributes\" : {{\n      \"k\" : \"v\",\n      \"note\" : \"{}\"\n    }}\n  }}",
            "x".repeat(200)
        );
        number += 1;
    }
    text.push_str(" ]\n}\n");
    let client = |index: usize| FieldPath::root().key("clients").index(index);
    let edits = [
        Edit::insert(0, client(number - 1).key("redirectUris"), json!("https://new.example/*")),
        Edit::set(0, client(number / 2).key("enabled"), json!(true), json!(false)),
        Edit::create(0, client(0).key("attributes").key("pkce.code.challenge.method"), json!("S256")),
    ];
    let edited = apply(&text, Format::Json, &edits).unwrap_or_else(|refusal| panic!("{refusal}"));
    assert_eq!(edited.changed.len(), 3);
    let grown = edited.text.len() - text.len();
    assert!(grown < 200, "{grown}");
}
