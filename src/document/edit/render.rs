//! Values as text, in the manner of their neighbours.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::super::Node;
use super::super::yaml::plain_scalar;
use super::habits::Habits;

/// How a text is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    Plain,
    Single,
    Double,
}

/// How a list or mapping in brackets is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Brackets {
    /// Each element on a line of its own.
    pub(super) lines: bool,
    /// On one line, the white space inside the brackets.
    pub(super) pad: String,
    /// The white space in empty brackets.
    pub(super) empty: String,
}

impl Brackets {
    pub(super) fn one_line(pad: &str) -> Self {
        Brackets { lines: false, pad: pad.to_owned(), empty: String::new() }
    }
}

/// How new values are written.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) json: bool,
    /// Between a key in braces and its value.
    pub(super) colon: String,
    /// Between elements on one line.
    pub(super) comma: String,
    pub(super) list: Brackets,
    pub(super) map: Brackets,
    /// One step of indentation in brackets.
    pub(super) unit: String,
    pub(super) line_break: &'static str,
    /// How texts and keys are quoted where they can be.
    pub(super) text: Quote,
    pub(super) key: Quote,
    /// How the texts of certain keys are quoted.
    pub(super) by_key: BTreeMap<String, Quote>,
    pub(super) habits: Habits,
    /// From a dash to its value, in columns.
    pub(super) dash: usize,
}

impl Look {
    /// How JSON is written by default, and what YAML has in brackets.
    pub(super) fn new(json: bool, line_break: &'static str, habits: Habits) -> Self {
        let quote = if json { Quote::Double } else { Quote::Plain };
        Look {
            json,
            colon: ": ".to_owned(),
            comma: ", ".to_owned(),
            list: Brackets::one_line(""),
            map: Brackets::one_line(""),
            unit: "  ".to_owned(),
            line_break,
            text: quote,
            key: quote,
            by_key: BTreeMap::new(),
            habits,
            dash: 2,
        }
    }

    /// A scalar or an empty list or mapping.
    pub(super) fn scalar(&self, value: &Value, quote: Quote, in_flow: bool) -> String {
        match value {
            Value::String(text) if self.json => json_text(text),
            Value::String(text) => self.text(text, quote, in_flow),
            Value::Array(_) => "[]".to_owned(),
            Value::Object(_) => "{}".to_owned(),
            other => other.to_string(),
        }
    }

    fn text(&self, text: &str, quote: Quote, in_flow: bool) -> String {
        let quote = match quote {
            Quote::Plain if is_plain(text, in_flow) => return text.to_owned(),
            Quote::Plain if text.contains(['"', '\\']) => Quote::Single,
            Quote::Plain if self.habits.single > self.habits.double && !text.contains('\'') => Quote::Single,
            Quote::Plain => Quote::Double,
            quote => quote,
        };
        if quote == Quote::Single && text.chars().all(is_printable) {
            return format!("'{}'", text.replace('\'', "''"));
        }
        yaml_double(text)
    }

    pub(super) fn key(&self, key: &str, in_flow: bool) -> String {
        if self.json { json_text(key) } else { self.text(key, self.key, in_flow) }
    }

    fn quote_of(&self, key: &str) -> Quote {
        self.by_key.get(key).copied().unwrap_or(self.text)
    }

    /// The value in brackets, or a scalar; `indent` is the indentation of the line on which it begins.
    pub(super) fn flow(&self, value: &Value, indent: &str) -> String {
        self.flow_as(value, self.text, indent)
    }

    /// An entry of a mapping in braces.
    pub(super) fn flow_entry(&self, key: &str, value: &Value, indent: &str) -> String {
        format!("{}{}{}", self.key(key, true), self.colon, self.flow_as(value, self.quote_of(key), indent))
    }

    fn flow_as(&self, value: &Value, quote: Quote, indent: &str) -> String {
        let deeper = format!("{indent}{}", self.unit);
        let (brackets, open, close, parts): (_, _, _, Vec<String>) = match value {
            Value::Array(items) => {
                // Mappings of several lines stand in a list as `[ {` and `} ]` where its brackets do not take lines.
                let inner = if self.list.lines { &deeper } else { indent };
                (
                    &self.list,
                    '[',
                    ']',
                    items.iter().map(|item| self.flow_as(item, self.text, inner)).collect(),
                )
            }
            Value::Object(entries) => {
                let inner = if self.map.lines { &deeper } else { indent };
                let parts = entries.iter().map(|(key, value)| self.flow_entry(key, value, inner)).collect();
                (&self.map, '{', '}', parts)
            }
            scalar => return self.scalar(scalar, quote, true),
        };
        if parts.is_empty() {
            return format!("{open}{}{close}", brackets.empty);
        }
        if brackets.lines {
            let between = format!(",{}{deeper}", self.line_break);
            let line_break = self.line_break;
            return format!("{open}{line_break}{deeper}{}{line_break}{indent}{close}", parts.join(&between));
        }
        format!("{open}{0}{1}{0}{close}", brackets.pad, parts.join(&self.comma))
    }

    /// The value on lines of its own, the first one begun at `column` already.
    pub(super) fn block(&self, value: &Value, column: usize) -> String {
        let line_break = format!("{}{}", self.line_break, " ".repeat(column));
        match value {
            Value::Array(items) if !items.is_empty() => {
                let items: Vec<_> = items.iter().map(|item| self.block_item(item, column)).collect();
                items.join(&line_break)
            }
            Value::Object(entries) if !entries.is_empty() => {
                let entries: Vec<_> =
                    entries.iter().map(|(key, value)| self.block_entry(key, value, column)).collect();
                entries.join(&line_break)
            }
            scalar => self.scalar(scalar, self.text, false),
        }
    }

    /// An element with its dash, which stands at `column`.
    pub(super) fn block_item(&self, item: &Value, column: usize) -> String {
        format!("-{}{}", " ".repeat(self.dash - 1), self.block(item, column + self.dash))
    }

    /// An entry whose key stands at `column`.
    pub(super) fn block_entry(&self, key: &str, value: &Value, column: usize) -> String {
        format!("{}:{}", self.key(key, false), self.behind_colon(value, self.quote_of(key), column))
    }

    /// What stands behind the colon of a key at `column`: the value on the same line, or on the lines behind it.
    pub(super) fn behind_colon(&self, value: &Value, quote: Quote, column: usize) -> String {
        let step = match value {
            Value::Array(items) if !items.is_empty() => self.habits.list_step(),
            Value::Object(entries) if !entries.is_empty() => self.habits.step().max(1),
            scalar => return format!(" {}", self.scalar(scalar, quote, false)),
        };
        let inner = column + step;
        format!("{}{}{}", self.line_break, " ".repeat(inner), self.block(value, inner))
    }
}

fn json_text(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

fn yaml_double(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            _ if is_printable(character) => quoted.push(character),
            _ => {
                let code = u32::from(character);
                // Writing to a text cannot fail.
                let _ = if code > 0xffff {
                    write!(quoted, "\\U{code:08x}")
                } else {
                    write!(quoted, "\\u{code:04x}")
                };
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character can stand in a text of one line as it is.
fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{e000}'
                ..='\u{f8ff}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// Whether a text can stand without quotes, for readers of YAML 1.1 and 1.2 alike.
fn is_plain(text: &str, in_flow: bool) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let second = text.chars().nth(1);
    let begins = match first {
        '-' | '?' | ':' => {
            !in_flow && second.is_some_and(|second| !second.is_whitespace()) && !text.starts_with("---")
        }
        '.' => !text.starts_with("..."),
        _ => !",[]{}#&*!|>'\"%@`=".contains(first),
    };
    begins
        && text.trim() == text
        && text != "<<"
        && text.chars().all(is_printable)
        && !text.contains(": ")
        && !text.ends_with(':')
        && !text.contains(" #")
        && !(in_flow && text.contains([',', '[', ']', '{', '}']))
        && !text.contains("{{")
        && !text.contains("{%")
        && !text.contains("<%")
        && !means_something_else(text)
}

fn means_something_else(text: &str) -> bool {
    if !matches!(plain_scalar(text), Node::Text(_)) {
        return true;
    }
    let small = text.to_ascii_lowercase();
    let word =
        ["yes", "no", "on", "off", "y", "n", "true", "false", "null", ".inf", ".nan", "+.inf", "-.inf"];
    // Numbers, times and dates of YAML 1.1.
    let number = small.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && small.chars().all(|c| c.is_ascii_hexdigit() || "_.:+-xotz ".contains(c));
    word.contains(&&*small) || number
}
