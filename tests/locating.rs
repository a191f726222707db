//! Every field of a generated document is found exactly where it was printed, in JSON and YAML of every style.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;

use cloakrun::document::locate::{Lines, Spot, locate};
use cloakrun::document::{Format, Node, json, line_and_column, yaml};
use cloakrun::keycloak::realm_file::{Layout, read_json, read_node};
use cloakrun::locus::{FieldPath, PartId};
use cloakrun::secrets::Tagger;
use proptest::prelude::*;

/// A tree of texts, numbers, lists and mappings with keys of their own.
fn trees() -> impl Strategy<Value = Node> {
    let key = prop_oneof!["[a-z]{1,6}", "[a-zäö✓ ]{1,4}", "[a-z]{1,3}\\.[a-z]{1,3}", "[\"\\\\\t:#-]{1,3}"];
    let leaf = prop_oneof![
        "[a-zA-Z0-9/:.*+ äß✓\"'\\\\\t#{}\\[\\],-]{0,12}".prop_map(|text| Node::Text(text.into())),
        any::<i32>().prop_map(|number| Node::Number(number.to_string().into())),
        any::<bool>().prop_map(Node::Bool),
    ];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Node::List),
            prop::collection::btree_map(key.clone(), inner, 0..5)
                .prop_map(|map| Node::Map(map.into_iter().map(|(key, value)| (key.into(), value)).collect())),
        ]
    })
}

/// Prints a tree and keeps where each scalar was printed.
struct Printer {
    text: String,
    places: Vec<(FieldPath, std::ops::Range<usize>)>,
    newline: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Style {
    Compact,
    Pretty,
    Block,
    Flow,
}

impl Printer {
    fn print(node: &Node, style: Style, newline: &'static str, mark: bool) -> Self {
        let mut printer = Printer {
            text: if mark { "\u{feff}".to_owned() } else { String::new() },
            places: Vec::new(),
            newline,
        };
        match style {
            Style::Compact | Style::Flow => printer.inline(node, &FieldPath::root(), style),
            Style::Pretty => printer.pretty(node, &FieldPath::root(), 0),
            Style::Block => printer.block(node, &FieldPath::root(), 0),
        }
        printer.text.push_str(newline);
        printer
    }

    fn scalar(&mut self, node: &Node, path: &FieldPath, quoted: bool) {
        let start = self.text.len();
        match node {
            Node::Text(text) if !quoted && is_plain(text) => self.text.push_str(text),
            Node::Text(text) if !quoted && !text.contains(['\t', '\\']) => {
                write!(self.text, "'{}'", text.replace('\'', "''")).unwrap()
            }
            Node::Text(text) => self.text.push_str(&serde_json::to_string(&**text).unwrap()),
            Node::List(_) => self.text.push_str("[]"),
            Node::Map(_) => self.text.push_str("{}"),
            other => self.text.push_str(other.scalar().unwrap_or("null")),
        }
        self.places.push((path.clone(), start..self.text.len()));
    }

    fn key(&mut self, key: &str) {
        let text = if is_plain(key) { key.to_owned() } else { serde_json::to_string(key).unwrap() };
        self.text.push_str(&text);
    }

    fn inline(&mut self, node: &Node, path: &FieldPath, style: Style) {
        let (comma, colon) = if matches!(style, Style::Flow) { (", ", ": ") } else { (",", ":") };
        match node {
            Node::List(items) if !items.is_empty() => {
                self.text.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.text.push_str(if index > 0 { comma } else { "" });
                    self.inline(item, &path.index(index), style);
                }
                self.text.push(']');
            }
            Node::Map(entries) if !entries.is_empty() => {
                self.text.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    self.text.push_str(if index > 0 { comma } else { "" });
                    self.text.push_str(&serde_json::to_string(&**key).unwrap());
                    self.text.push_str(colon);
                    self.inline(value, &path.key(key.clone()), style);
                }
                self.text.push('}');
            }
            other => self.scalar(other, path, true),
        }
    }

    fn line(&mut self, indent: usize) {
        self.text.push_str(self.newline);
        self.text.extend(std::iter::repeat_n(' ', indent));
    }

    fn pretty(&mut self, node: &Node, path: &FieldPath, indent: usize) {
        match node {
            Node::List(items) if !items.is_empty() => {
                self.text.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.text.push_str(if index > 0 { " ," } else { "" });
                    self.line(indent + 2);
                    self.pretty(item, &path.index(index), indent + 2);
                }
                self.line(indent);
                self.text.push(']');
            }
            Node::Map(entries) if !entries.is_empty() => {
                self.text.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    self.text.push_str(if index > 0 { "," } else { "" });
                    self.line(indent + 2);
                    self.text.push_str(&serde_json::to_string(&**key).unwrap());
                    self.text.push_str(" : ");
                    self.pretty(value, &path.key(key.clone()), indent + 2);
                }
                self.line(indent);
                self.text.push('}');
            }
            other => self.scalar(other, path, true),
        }
    }

    fn block(&mut self, node: &Node, path: &FieldPath, indent: usize) {
        match node {
            Node::List(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.line(indent);
                    }
                    self.text.push_str("- ");
                    self.block(item, &path.index(index), indent + 2);
                }
            }
            Node::Map(entries) if !entries.is_empty() => {
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        self.line(indent);
                    }
                    self.key(key);
                    self.text.push(':');
                    let path = path.key(key.clone());
                    if matches!(value, Node::List(items) if !items.is_empty())
                        || matches!(value, Node::Map(entries) if !entries.is_empty())
                    {
                        self.text.push_str(" # below");
                        self.line(indent + 2);
                        self.block(value, &path, indent + 2);
                    } else {
                        self.text.push(' ');
                        self.scalar(value, &path, false);
                    }
                }
            }
            other => self.scalar(other, path, false),
        }
    }
}

fn is_plain(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.is_alphabetic())
        && characters.all(|c| c.is_alphanumeric() || matches!(c, '.' | '/' | '-'))
        && !["true", "false", "null"].contains(&text.to_lowercase().as_str())
}

fn check(node: &Node, style: Style, newline: &'static str, mark: bool) -> Result<(), TestCaseError> {
    let printed = Printer::print(node, style, newline, mark);
    let text = &printed.text;
    let format = if matches!(style, Style::Compact | Style::Pretty) { Format::Json } else { Format::Yaml };
    let read = match format {
        Format::Json => json::parse(text),
        Format::Yaml => yaml::parse(text).map(|mut documents| documents.remove(0)),
    };
    prop_assert_eq!(read.as_ref(), Ok(node), "{}", text);
    let wanted: Vec<_> = printed.places.iter().map(|(path, _)| (0, path.clone())).collect();
    let lines = Lines::new(text);
    for ((path, range), found) in printed.places.iter().zip(locate(text, format, &wanted)) {
        let found = found.unwrap();
        prop_assert_eq!(&found.span, range, "{} of {}", path, text);
        prop_assert_eq!(found.spot, Spot::Value);
        prop_assert_eq!(lines.position(range.start), line_and_column(text, range.start));
    }
    // What is not there is told by what is.
    let absent: Vec<_> = wanted.iter().map(|(_, path)| (0, path.key("absent").index(3))).collect();
    for found in locate(text, format, &absent) {
        let found = found.unwrap();
        prop_assert_eq!(found.spot, Spot::Parent);
        prop_assert!(text.get(found.span).is_some());
    }
    Ok(())
}

proptest! {
    #[test]
    fn json_is_located_exactly(node in trees(), mark in any::<bool>()) {
        check(&node, Style::Compact, "", mark)?;
        check(&node, Style::Pretty, "\r\n", mark)?;
        check(&node, Style::Pretty, "\n", mark)?;
    }

    #[test]
    fn yaml_is_located_exactly(node in trees(), mark in any::<bool>()) {
        check(&node, Style::Block, "\n", mark)?;
        check(&node, Style::Block, "\r\n", mark)?;
        check(&node, Style::Flow, "\n", mark)?;
    }

    #[test]
    fn any_text_is_survived(text in "[\\[\\]{}:,\"'\\\\&*!|>#%@ \n\r\ta-c0-9-]{0,60}", path in prop::collection::vec(0usize..3, 0..3)) {
        let path = path.into_iter().fold(FieldPath::root(), |path, index| path.index(index).key("a"));
        let _ = (json::parse(&text), yaml::parse(&text));
        for format in [Format::Json, Format::Yaml] {
            for found in locate(&text, format, &[(0, path.clone()), (1, path.clone())]).into_iter().flatten() {
                prop_assert!(text.get(found.span).is_some());
            }
        }
    }

    #[test]
    fn any_tree_reads_alike_from_text_and_tree(node in trees(), wrap in any::<bool>()) {
        let tagger = Tagger::new().unwrap();
        let node = if wrap { Node::Map(vec![("realm".into(), Node::Text("x".into())), ("clients".into(), node)]) } else { node };
        let text = Printer::print(&node, Style::Compact, "", false).text;
        for layout in [Layout::Realm, Layout::RealmImport, Layout::Clients, Layout::Users] {
            let from_text = read_json(&text, layout, PartId(0), &tagger).map(|read| format!("{read:?}"));
            let from_tree = read_node(&node, layout, PartId(0), &tagger).map(|read| format!("{read:?}"));
            prop_assert_eq!(from_text.ok(), from_tree.ok(), "{}", text);
        }
    }
}
