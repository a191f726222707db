//! Lists in one text.

use super::super::{JoinedList, JoinedListError};
use super::*;

#[test]
fn post_logout_uris_are_joined() {
    let list = JoinedList::POST_LOGOUT;
    assert_eq!(list.with("", "https://a"), Ok("https://a".to_owned()));
    assert_eq!(list.with("https://a", "https://b"), Ok("https://a##https://b".to_owned()));
    assert_eq!(list.with("https://a##https://b", "https://b"), Ok("https://a##https://b".to_owned()));
    assert_eq!(list.without("a##b##c", "b"), Ok("a##c".to_owned()));
    assert_eq!(list.without("a", "a"), Ok(String::new()));
    assert_eq!(list.without("a", "b"), Ok("a".to_owned()));
    assert_eq!(list.with("a", "b##c"), Err(JoinedListError::Unfit));
}

#[test]
fn annotations_hold_json() {
    let text = "metadata:\n  annotations:\n    run.googleapis.com/custom-audiences: '[\"a\", \"b\"]'\n";
    let path = FieldPath::root().keys(["metadata", "annotations", "run.googleapis.com/custom-audiences"]);
    let edit = JoinedList::Json.insert(0, path.clone(), "[\"a\", \"b\"]", "c").unwrap().unwrap();
    let done = there_and_back(text, Format::Yaml, &[edit]);
    assert_eq!(done.text, text.replace("\"b\"]", "\"b\", \"c\"]"));
    let edit = JoinedList::Json.remove(0, path.clone(), "[\"a\", \"b\"]", "a").unwrap().unwrap();
    assert_eq!(there_and_back(text, Format::Yaml, &[edit]).text, text.replace("\"a\", ", ""));
    assert_eq!(JoinedList::Json.insert(0, path.clone(), "[\"a\"]", "a"), Ok(None));
    assert_eq!(JoinedList::Json.insert(0, path, "a", "b"), Err(JoinedListError::NotAList));
    assert_eq!(JoinedList::Json.with("[]", "a"), Ok("[\"a\"]".to_owned()));
}
