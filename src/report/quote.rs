//! Source lines that may be shown.
//!
//! A line can hold more than the field that a finding is about: in JSON without line breaks it holds the whole realm, its secrets
//! included. So a quote is built from what is known to be public, never cut out of the source: the indentation, the key, and the
//! value that the rule itself names. Everything keeps its column; the rest is blank.

use std::sync::LazyLock;

use regex::Regex;

use crate::document::locate::{Located, Spot};
use crate::report::{Quote, escape};

/// What stands in place of a value that is not shown.
pub const MASK: &str = "•••";

// Constant patterns: that they compile is tested below by using them.
#[expect(clippy::expect_used, reason = "a constant pattern")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern compiles")
}

/// What may stand before a value: indentation, the dashes of YAML lists, a key, an anchor or a tag.
static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"^\s*(?:-\s+)*(?P<key>(?:"(?:[^"\\]|\\.)*"|'[^']*'|[\w./$-]+)\s*:\s*)?(?:[&!][\w.!/-]*\s+)*$"#)
});

/// A key right before a value, whatever stands before it.
static KEY: LazyLock<Regex> = LazyLock::new(|| pattern(r#"(?:"(?:[^"\\]|\\.)*"|[\w./$-]+)\s*:\s*$"#));

/// The name of a command line flag before its value.
static FLAG: LazyLock<Regex> = LazyLock::new(|| pattern(r"^--?[A-Za-z0-9][\w.-]*=$"));

/// The line of `text` that holds the beginning of a field, as far as it may be shown; `value` is what the rule says stands there,
/// none for absent fields and secrets.
pub fn quote(text: &str, located: &Located, value: Option<&str>) -> Quote {
    let span = located.span.clone();
    let line_start = text[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = text[span.start..].find('\n').map_or(text.len(), |newline| span.start + newline);
    let before = text[line_start..span.start].trim_start_matches('\u{feff}');
    let raw = text[span.start..span.end.clamp(span.start, line_end)].trim_end();
    let is_whole = span.end <= line_end;

    let mut shown = String::new();
    let key_at = push_before(&mut shown, before);
    let start = shown.len();
    // What stands at a parent is not what the finding is about.
    let value = value.filter(|_| located.spot == Spot::Value);
    match value {
        Some(value) => shown.push_str(&public(raw, is_whole, value)),
        None if located.spot == Spot::Key => shown.push_str(&escape::one_line(raw)),
        None => shown.push_str(&structure(raw)),
    }
    if shown.len() == start {
        shown.push_str(MASK);
    }
    let end = shown.len();
    // A list or mapping is pointed at by its key: its first bracket says little.
    let points_at_key = value.is_none() && raw.starts_with(['{', '[']);
    Quote { start: key_at.filter(|_| points_at_key).unwrap_or(start), end, text: shown }
}

/// Appends what stands before the value with other values blanked out; the byte at which the key begins, if one is shown.
fn push_before(shown: &mut String, before: &str) -> Option<usize> {
    let kept_from = match BEFORE.captures(before) {
        Some(_) => 0,
        None => KEY.find(before).map_or(before.len(), |key| key.start()),
    };
    shown.extend(before[..kept_from].chars().map(|_| ' '));
    let offset = shown.len();
    shown.push_str(&escape::one_line(&before[kept_from..].replace('\t', " ")));
    let key = KEY.find(&shown[offset..])?;
    Some(offset + key.start())
}

/// The value as the source writes it, where that is all there is; else the value between marks of what was left out.
fn public(raw: &str, is_whole: bool, value: &str) -> String {
    let decoded = decode(raw);
    if is_whole && decoded == value {
        return escape::one_line(raw).into_owned();
    }
    let value_shown = escape::one_line(value.trim_end());
    match decoded.split_once(value).filter(|_| is_whole && !value.is_empty()) {
        Some((before, after)) => {
            let before = if FLAG.is_match(before) || before.is_empty() { before } else { "…" };
            let after = if after.is_empty() { "" } else { "…" };
            format!("{before}{value_shown}{after}")
        }
        None => value_shown.into_owned(),
    }
}

/// What may be shown of a value that the rule does not name: switches, emptiness and brackets, but no text and no number.
fn structure(raw: &str) -> String {
    let scalar = raw.trim_end_matches(',');
    match scalar {
        "true" | "false" | "null" | "~" | "\"\"" | "''" | "[]" | "{}" => return scalar.to_owned(),
        _ => {}
    }
    if raw.starts_with('{') {
        return "{".to_owned();
    }
    if raw.starts_with('[') {
        return "[".to_owned();
    }
    // The first key of a YAML mapping in block style.
    match raw.split_once(": ").or_else(|| raw.strip_suffix(':').map(|key| (key, ""))) {
        Some((key, _)) if !key.is_empty() && !key.contains([' ', '"', '\'']) => {
            format!("{}:", escape::one_line(key))
        }
        _ if raw.starts_with("- ") => "-".to_owned(),
        _ => MASK.to_owned(),
    }
}

/// The text of a scalar without its quotes.
fn decode(raw: &str) -> String {
    if raw.starts_with('"') {
        return serde_json::from_str(raw).unwrap_or_else(|_| raw.trim_matches('"').to_owned());
    }
    match raw.strip_prefix('\'').and_then(|raw| raw.strip_suffix('\'')) {
        Some(inner) => inner.replace("''", "'"),
        None => raw.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn of(text: &str, field: &str, value: Option<&str>) -> (String, String) {
        let start = text.find(field).unwrap();
        let located = Located { span: start..start + field.len(), spot: Spot::Value };
        let quote = quote(text, &located, value);
        (quote.text.clone(), quote.text[quote.start..quote.end].to_owned())
    }

    #[test]
    fn a_line_with_one_field_is_quoted_as_it_is() {
        let text = "{\n  \"redirectUris\": [\n    \"https://a.example/*\",\n";
        let (line, pointed) = of(text, "\"https://a.example/*\"", Some("https://a.example/*"));
        assert_eq!(line, "    \"https://a.example/*\"");
        assert_eq!(pointed, "\"https://a.example/*\"");
        let (line, _) = of(
            "  - name: X\n    value: https://a.example # why\n",
            "https://a.example",
            Some("https://a.example"),
        );
        assert_eq!(line, "    value: https://a.example");
    }

    #[test]
    fn what_else_stands_in_the_line_is_blank_and_columns_stay() {
        let text = r#"{"secret": "hunter2", "rootUrl": "https://a.example", "x": "hunter3"}"#;
        let (line, pointed) = of(text, "\"https://a.example\"", Some("https://a.example"));
        assert_eq!(line, r#"                      "rootUrl": "https://a.example""#);
        assert_eq!(pointed, "\"https://a.example\"");
        assert_eq!(line.find("\"rootUrl\""), text.find("\"rootUrl\""));
    }

    #[test]
    fn secrets_are_masked() {
        let (line, pointed) = of("    value: hunter2\n", "hunter2", None);
        assert_eq!((line.as_str(), pointed.as_str()), ("    value: •••", "•••"));
        let (line, _) = of("    value: 12345\n", "12345", None);
        assert_eq!(line, "    value: •••");
        let (line, _) = of("  publicClient: false\n", "false", None);
        assert_eq!(line, "  publicClient: false");
    }

    #[test]
    fn of_a_longer_text_only_the_public_part_is_shown() {
        let text = "  - proxy --client-secret=hunter2 --redirect-url=https://a.example\n";
        let field = "proxy --client-secret=hunter2 --redirect-url=https://a.example";
        let (line, _) = of(text, field, Some("https://a.example"));
        assert_eq!(line, "  - …https://a.example");
        let (line, _) = of(
            "  - --redirect-url=https://a.example\n",
            "--redirect-url=https://a.example",
            Some("https://a.example"),
        );
        assert_eq!(line, "  - --redirect-url=https://a.example");
    }

    #[test]
    fn lists_and_mappings_are_pointed_at_by_their_key() {
        let (line, pointed) =
            of("    \"redirectUris\": [\"https://a.example\"],\n", "[\"https://a.example\"]", None);
        assert_eq!((line.as_str(), pointed.as_str()), ("    \"redirectUris\": [", "\"redirectUris\": ["));
        let (line, pointed) = of("- clientId: web\n  secret: x\n", "clientId: web\n  secret: x", None);
        assert_eq!((line.as_str(), pointed.as_str()), ("- clientId:", "clientId:"));
    }

    #[test]
    fn escapes_in_values_stay_visible() {
        let (line, _) = of("  \"a\": \"x\u{1b}[31m\"\n", "\"x\u{1b}[31m\"", Some("x\u{1b}[31m"));
        assert_eq!(line, "  \"a\": \"x\\u{1b}[31m\"");
    }

    proptest::proptest! {
        #[test]
        fn nothing_beside_the_field_is_ever_shown(
            before in "[a-z\"',:{}\\[\\] #&!*|>-]{0,40}",
            key in "[a-zA-Z.]{1,12}",
            value in "\\PC{0,20}",
            after in "[a-z\"',:{}\\[\\] #]{0,40}",
            names in proptest::bool::ANY,
        ) {
            let written = serde_json::to_string(&value).unwrap();
            let start = format!("{before}SECRET\", \"{key}\": ");
            let text = format!("{start}{written}, \"SECRET\" {after}SECRET\nSECRET");
            let located = Located { span: start.len()..start.len() + written.len(), spot: Spot::Value };
            let quote = quote(&text, &located, names.then_some(value.as_str()));
            proptest::prop_assert!(!quote.text.contains("SECRET"), "{}", quote.text);
            proptest::prop_assert!(quote.text.get(quote.start..quote.end).is_some());
            proptest::prop_assert_eq!(quote.text[..quote.start].chars().count(), start.chars().count());
        }
    }
}
