//! JSON: into the common tree, and into anything that serde reads, with errors that quote nothing of the text.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::scan::{Scanner, Stop};
use super::{MAX_DEPTH, Node, SyntaxError, line_and_column, too_deep, without_bom};

/// The document that `text` holds.
///
/// # Errors
/// When it is no JSON, or nests deeper than [`MAX_DEPTH`].
pub fn parse(text: &str) -> Result<Node, SyntaxError> {
    let mut names = Names::default();
    read(text, NodeSeed(&mut names)).map_err(|error| match error {
        ReadError::Syntax(error) => error,
        ReadError::Shape { line, column } => {
            SyntaxError { line, column, message: "A value stands here that JSON does not know.".to_owned() }
        }
    })
}

/// Whether `text` is one JSON document, whatever it says and however deep it nests.
pub fn is_valid(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(without_bom(text)).is_ok()
}

/// Checks that `text` is one JSON document.
///
/// # Errors
/// When it is no JSON, or nests deeper than [`MAX_DEPTH`].
pub fn check(text: &str) -> Result<(), SyntaxError> {
    match read(text, std::marker::PhantomData::<IgnoredAny>) {
        Err(ReadError::Syntax(error)) => Err(error),
        _ => Ok(()),
    }
}

/// Why a typed reading of a JSON text failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// It is no JSON, or nests too deep.
    Syntax(SyntaxError),
    /// It is JSON, but a value is not what the reader can take; near which line and column, both counted from one.
    Shape {
        /// The line.
        line: usize,
        /// The column in characters.
        column: usize,
    },
}

/// What `seed` makes of the document that `text` holds.
///
/// # Errors
/// When it is no JSON, nests deeper than [`MAX_DEPTH`], or `seed` refuses it.
pub fn read<'t, S: DeserializeSeed<'t>>(text: &'t str, seed: S) -> Result<S::Value, ReadError> {
    let body = without_bom(text);
    let mark = text.len() - body.len();
    if let Err(Stop::TooDeep(offset)) = Scanner::new(body.as_bytes(), 0).value(MAX_DEPTH) {
        return Err(ReadError::Syntax(too_deep(text, mark + offset)));
    }
    let mut deserializer = serde_json::Deserializer::from_str(body);
    deserializer.disable_recursion_limit();
    let outcome = seed.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    outcome.map_err(|error| explain(text, body, &error))
}

fn explain(text: &str, body: &str, error: &serde_json::Error) -> ReadError {
    let offset = text.len() - body.len() + offset_of(body, error.line(), error.column());
    if error.classify() == Category::Data {
        let (line, column) = line_and_column(text, offset);
        return ReadError::Shape { line, column };
    }
    ReadError::Syntax(SyntaxError::at(text, offset, wording(error)))
}

/// serde_json counts lines from one and names the byte that it read last, counted from one.
fn offset_of(body: &str, line: usize, column: usize) -> usize {
    let start = match line {
        0 | 1 => 0,
        _ => memchr::memchr_iter(b'\n', body.as_bytes()).nth(line - 2).map_or(body.len(), |at| at + 1),
    };
    start + column.saturating_sub(1)
}

// serde_json's own wording of a syntax error holds nothing of the text, but it ends with a position that we word ourselves.
fn wording(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    let ours = match said {
        "EOF while parsing a list" => "The file ends inside a list; expected `,` or `]`.",
        "EOF while parsing an object" => "The file ends inside an object; expected `,` or `}`.",
        "EOF while parsing a string" => "The file ends inside a text; expected its closing `\"`.",
        "EOF while parsing a value" => "The file ends here; expected a value.",
        "expected `:`" => "Expected `:` behind the key of an object.",
        "expected `,` or `]`" => "Expected `,` or `]` behind an element of a list.",
        "expected `,` or `}`" => "Expected `,` or `}` behind a value of an object.",
        "expected ident" => "Expected `true`, `false` or `null`.",
        "expected value" => {
            "Expected a value: a text in `\"`, a number, `true`, `false`, `null`, `[` or `{`."
        }
        "expected `\"`" => "Expected `\"`.",
        "key must be a string" => "Expected a key in `\"`; JSON has no comments and no bare keys.",
        "trailing comma" => "A comma stands before the closing bracket; JSON allows none there.",
        "trailing characters" => {
            "Something follows behind the end of the document; expected the end of the file."
        }
        "invalid escape" => {
            "A text holds an escape that JSON does not know; expected one of `\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u`."
        }
        "invalid number" => "A number is not written as JSON writes numbers.",
        "number out of range" => "A number is too large.",
        "lone leading surrogate in hex escape"
        | "unexpected end of hex escape"
        | "invalid unicode code point" => "A `\\u` escape of a text stands for no character.",
        _ if said.starts_with("control character") => {
            "A text holds a control character, such as a line break; expected its closing `\"` or an escape such as `\\n`."
        }
        _ => "This is not JSON.",
    };
    ours.to_owned()
}

/// Keys that were met before, so that each is kept once.
#[derive(Debug, Default)]
pub(crate) struct Names(HashSet<Arc<str>>);

impl Names {
    /// The one copy of `name`.
    pub(crate) fn keep(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return Arc::clone(known);
        }
        let kept: Arc<str> = name.into();
        self.0.insert(Arc::clone(&kept));
        kept
    }
}

/// Reads any value into the common tree.
#[derive(Debug)]
pub(crate) struct NodeSeed<'n>(pub(crate) &'n mut Names);

impl<'de> DeserializeSeed<'de> for NodeSeed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NodeSeed<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string().into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string().into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        let number = serde_json::Number::from_f64(value).ok_or_else(|| E::custom("no number"))?;
        Ok(Node::Number(number.to_string().into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(NodeSeed(&mut *self.0))? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key_seed(KeySeed(&mut *self.0))? {
            entries.push((key, map.next_value_seed(NodeSeed(&mut *self.0))?));
        }
        Ok(Node::Map(entries))
    }
}

struct KeySeed<'n>(&'n mut Names);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Arc<str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Arc<str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Arc<str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, value: &str) -> Result<Arc<str>, E> {
        Ok(self.0.keep(value))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn error(text: &str) -> (usize, usize, String) {
        let error = parse(text).unwrap_err();
        (error.line, error.column, error.message)
    }

    #[test]
    fn values_become_nodes_in_order() {
        let node = parse("\u{feff}{\"b\": [1, -2, 3.5, true, null], \"a\": {\"k\": \"v\\n\"}}").unwrap();
        let names: Vec<_> = node.entries().iter().map(|(key, _)| &**key).collect();
        assert_eq!(names, ["b", "a"]);
        let number = |text: &str| Node::Number(text.into());
        assert_eq!(
            node.get("b").unwrap().items(),
            [number("1"), number("-2"), number("3.5"), Node::Bool(true), Node::Null]
        );
        assert_eq!(node.dig(["a", "k"]), Some(&Node::Text("v\n".into())));
    }

    #[test]
    fn errors_stand_where_the_eye_finds_them_and_count_characters() {
        let (line, column, message) = error("{\n  \"a\": \"größe\",\n  \"ö\": 1 \"x\"\n}");
        assert_eq!((line, column), (3, 10));
        assert_eq!(message, "Expected `,` or `}` behind a value of an object.");
        assert_eq!(
            error("{\"a\": 1,}").2,
            "A comma stands before the closing bracket; JSON allows none there."
        );
        assert_eq!(error("{\"a\": [1, 2").2, "The file ends inside a list; expected `,` or `]`.");
        assert_eq!(
            error("// hello\n{}").2,
            "Expected a value: a text in `\"`, a number, `true`, `false`, `null`, `[` or `{`."
        );
        assert_eq!(
            error("{} {}").2,
            "Something follows behind the end of the document; expected the end of the file."
        );
    }

    #[test]
    fn nesting_is_limited_without_a_crash() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(&nested(128)).is_ok());
        let (line, column, message) = error(&nested(129));
        assert_eq!((line, column), (1, 129));
        assert!(message.contains("more than 128 deep"), "{message}");
        assert_eq!(error(&"[".repeat(1_000_000)).1, 129);
    }

    #[test]
    fn no_message_quotes_the_text() {
        for broken in [
            "{\"secret\": hunter2}",
            "{\"secret\": \"hunter2",
            "{\"hunter2\" 1}",
            "[\"hunter2\" \"hunter2\"]",
        ] {
            assert!(!error(broken).2.contains("hunter2"));
        }
    }
}
