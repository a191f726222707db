//! `java.net.URI` of Java 17 was asked about these strings; and properties that hold for every string.
#![allow(clippy::unwrap_used, reason = "tests")]

use cloakrun::keycloak::java_uri::JavaUri;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    text: String,
    uri: Option<Parts>,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Parts {
    scheme: Option<String>,
    opaque: Option<String>,
    authority: Option<String>,
    user_info: Option<String>,
    host: Option<String>,
    port: Option<u32>,
    path: Option<String>,
    query: Option<String>,
    fragment: Option<String>,
    normalized: String,
}

fn parts(text: &str) -> Option<Parts> {
    let uri = JavaUri::parse(text).ok()?;
    let owned = |part: Option<&str>| part.map(str::to_owned);
    Some(Parts {
        scheme: owned(uri.scheme),
        opaque: owned(uri.opaque),
        authority: owned(uri.authority),
        user_info: owned(uri.user_info),
        host: owned(uri.host),
        port: uri.port,
        path: owned(uri.path),
        query: owned(uri.query),
        fragment: owned(uri.fragment),
        normalized: uri.normalized().into_owned(),
    })
}

#[test]
fn strings_are_parsed_and_normalized_as_java_does() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("data/keycloak/java_uri_cases.json")).unwrap();
    assert!(cases.len() > 300);
    for case in cases {
        assert_eq!(parts(&case.text), case.uri, "{:?}", case.text);
    }
}

fn uri_like() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        Just("http:"),
        Just("https:"),
        Just("custom:"),
        Just(":"),
        Just("//"),
        Just("/"),
        Just("?"),
        Just("#"),
        Just("@"),
        Just("host"),
        Just("a.b-c.d"),
        Just("1.2.3.4"),
        Just("[::1]"),
        Just("["),
        Just("]"),
        Just(":80"),
        Just("%41"),
        Just("%"),
        Just(".."),
        Just("."),
        Just("*"),
        Just("ü"),
        Just("😀"),
        Just(" "),
    ];
    prop::collection::vec(atom, 0..10).prop_map(|atoms| atoms.concat())
}

proptest! {
    #[test]
    fn any_string_is_parsed_or_refused(text in any::<String>()) {
        if let Err(problem) = JavaUri::parse(&text) {
            prop_assert!(problem.at <= text.len());
            prop_assert!(!problem.describe(&text).is_empty());
        }
    }

    #[test]
    fn the_pieces_make_up_the_text(text in uri_like()) {
        if let Ok(uri) = JavaUri::parse(&text) {
            let mut whole = String::new();
            if let Some(scheme) = uri.scheme { whole += scheme; whole += ":"; }
            if let Some(opaque) = uri.opaque { whole += opaque; }
            if let Some(authority) = uri.authority { whole += "//"; whole += authority; }
            else if text[whole.len()..].starts_with("//") && uri.opaque.is_none() && !uri.path.unwrap().starts_with("//") { whole += "//"; }
            whole += uri.path.unwrap_or_default();
            if let Some(query) = uri.query { whole += "?"; whole += query; }
            if let Some(fragment) = uri.fragment { whole += "#"; whole += fragment; }
            let empty_authority = text.replacen("//", "", 1);
            prop_assert!(whole == text || whole == empty_authority, "{} {}", whole, text);
        }
    }

    #[test]
    fn normalizing_keeps_a_normal_uri(text in uri_like()) {
        if let Ok(uri) = JavaUri::parse(&text) {
            let once = uri.normalized().into_owned();
            if let Ok(again) = JavaUri::parse(&once) {
                let twice = again.normalized().into_owned();
                prop_assert_eq!(JavaUri::parse(&twice).map(|uri| uri.normalized().into_owned()), Ok(twice.clone()));
            }
        }
    }
}
