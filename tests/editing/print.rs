//! Prints values in the styles that people and tools write, decided by a tape.

use serde_json::Value;

use super::random::Tape;

/// A printed file.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) text: String,
    /// The comments in it, each of which is there once.
    pub(crate) comments: Vec<String>,
}

struct Printer<'t> {
    tape: &'t mut Tape,
    text: String,
    comments: Vec<String>,
    step: usize,
    indentless: bool,
    dash: usize,
    with_comments: bool,
}

/// The documents as YAML.
pub(crate) fn yaml(documents: &[Value], tape: &mut Tape) -> Written {
    let (mark, windows, open) = (tape.one_in(6), tape.one_in(4), tape.one_in(4));
    let step = [2, 4, 1][tape.below(3)];
    let indentless = tape.one_in(2);
    let dash = [2, 2, 4][tape.below(3)];
    let with_comments = !tape.one_in(3);
    let mut printer =
        Printer { tape, text: String::new(), comments: Vec::new(), step, indentless, dash, with_comments };
    for (number, document) in documents.iter().enumerate() {
        if number == 0 && printer.tape.one_in(5) {
            printer.text.push_str("%YAML 1.2\n---\n");
        } else if number > 0 || printer.tape.one_in(3) {
            printer.text.push_str("---");
            printer.comment_behind();
            printer.text.push('\n');
        }
        printer.comment_line(0);
        printer.root(document);
        if printer.tape.one_in(6) {
            printer.text.push_str("...\n");
        }
    }
    finish(printer.text, printer.comments, mark, windows, open)
}

fn finish(mut text: String, comments: Vec<String>, mark: bool, windows: bool, open: bool) -> Written {
    if open && !text.ends_with("\n\n") && text.ends_with('\n') && !text.ends_with("...\n") {
        text.pop();
    }
    if windows {
        text = text.replace('\n', "\r\n");
    }
    if mark {
        text.insert(0, '\u{feff}');
    }
    Written { text, comments }
}

impl Printer<'_> {
    fn new_comment(&mut self) -> String {
        let comment = format!("# note {}.", self.comments.len());
        self.comments.push(comment.clone());
        comment
    }

    fn comment_line(&mut self, column: usize) {
        if self.tape.one_in(12) {
            self.text.push('\n');
        }
        if self.with_comments && self.tape.one_in(5) {
            let comment = self.new_comment();
            self.text.push_str(&format!("{}{comment}\n", " ".repeat(column)));
        }
    }

    fn comment_behind(&mut self) {
        if self.with_comments && self.tape.one_in(5) {
            let comment = self.new_comment();
            self.text.push_str(&format!(" {comment}"));
        }
    }

    fn root(&mut self, value: &Value) {
        if is_block(value) && !self.tape.one_in(6) {
            self.block(value, 0);
        } else if value.is_null() {
            self.text.push_str("~\n");
        } else {
            self.flow(value, 0);
            self.comment_behind();
            self.text.push('\n');
        }
    }

    /// Lines of their own; the first one is begun at `column` already.
    fn block(&mut self, value: &Value, column: usize) {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.comment_line(column);
                        self.text.push_str(&" ".repeat(column));
                    }
                    self.text.push('-');
                    if is_block(item) && self.tape.one_in(4) == false {
                        self.text.push_str(&" ".repeat(self.dash - 1));
                        self.block(item, column + self.dash);
                    } else {
                        self.behind(item, column, false, &" ".repeat(self.dash - 1));
                    }
                }
            }
            Value::Object(entries) => {
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        self.comment_line(column);
                        self.text.push_str(&" ".repeat(column));
                    }
                    let key = self.scalar(&Value::from(key.as_str()), false);
                    self.text.push_str(&key);
                    self.text.push(':');
                    self.behind(value, column, true, " ");
                }
            }
            _ => unreachable!("no block"),
        }
    }

    /// What stands behind a colon or dash, to the end of the line.
    fn behind(&mut self, value: &Value, column: usize, in_map: bool, space: &str) {
        if is_block(value) && !self.tape.one_in(3) {
            self.comment_behind();
            self.text.push('\n');
            let indentless = in_map && value.is_array() && self.indentless;
            let inner = if indentless { column } else { column + self.step };
            self.comment_line(inner);
            self.text.push_str(&" ".repeat(inner));
            self.block(value, inner);
            return;
        }
        if let Value::String(text) = value
            && !text.starts_with(' ')
            && !text.chars().any(|c| c.is_control() && c != '\n')
            && !text.contains('\u{feff}')
            && text.chars().any(|c| c != '\n')
            && self.tape.one_in(3)
        {
            let chomp = match text.len() - text.trim_end_matches('\n').len() {
                0 => "-",
                1 => "",
                _ => "+",
            };
            self.text.push_str(&format!("{space}|{chomp}"));
            self.comment_behind();
            self.text.push('\n');
            for line in text.trim_end_matches('\n').split('\n') {
                let indent = if line.is_empty() { 0 } else { column + self.step };
                self.text.push_str(&format!("{}{line}\n", " ".repeat(indent)));
            }
            return;
        }
        if !(value.is_null() && self.tape.one_in(2)) {
            self.text.push_str(space);
            let indent = column + self.step + 1;
            self.flow(value, indent);
        }
        self.comment_behind();
        self.text.push('\n');
    }

    /// In brackets; other lines than the first one begin at `column`.
    fn flow(&mut self, value: &Value, column: usize) {
        let (open, close) = match value {
            Value::Array(_) => ('[', ']'),
            Value::Object(_) => ('{', '}'),
            scalar => {
                let scalar = self.scalar(scalar, true);
                self.text.push_str(&scalar);
                return;
            }
        };
        let lines = column > 0 && self.tape.one_in(4);
        let pad = ["", " "][self.tape.below(2)];
        let trailing = self.tape.one_in(4);
        self.text.push(open);
        let parts: Vec<(Option<&String>, &Value)> = match value {
            Value::Array(items) => items.iter().map(|item| (None, item)).collect(),
            Value::Object(entries) => entries.iter().map(|(key, value)| (Some(key), value)).collect(),
            _ => Vec::new(),
        };
        let last = parts.len().saturating_sub(1);
        for (index, (key, value)) in parts.iter().enumerate() {
            if lines {
                self.comment_behind();
                self.text.push_str(&format!("\n{}", " ".repeat(column)));
            } else if index == 0 {
                self.text.push_str(pad);
            }
            if let Some(key) = key {
                let key = self.scalar(&Value::from(key.as_str()), true);
                self.text.push_str(&format!("{key}: "));
            }
            self.flow(value, column + 2);
            if index < last || trailing {
                self.text.push(',');
            }
            if index < last && !lines {
                self.text.push(' ');
            }
        }
        if lines {
            self.comment_behind();
            self.text.push_str(&format!("\n{}", " ".repeat(column - 1)));
        } else {
            self.text.push_str(pad);
        }
        self.text.push(close);
    }

    fn scalar(&mut self, value: &Value, in_flow: bool) -> String {
        let Value::String(text) = value else { return value.to_string() };
        let word = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphabetic())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "./_-*:?=".contains(c))
                && !text.ends_with(':')
                && !["true", "No", "null", "on"].contains(&text)
        };
        let single = text.chars().all(|c| !c.is_control() && c != '\u{feff}');
        match self.tape.below(3) {
            0 if word(text) && !(in_flow && text.contains('?')) => text.clone(),
            1 if single => format!("'{}'", text.replace('\'', "''")),
            _ => value.to_string().replace('\u{feff}', "\\ufeff"),
        }
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
        _ => false,
    }
}

/// The document as JSON.
pub(crate) fn json(document: &Value, tape: &mut Tape) -> Written {
    let (mark, windows, open) = (tape.one_in(6), tape.one_in(4), tape.one_in(4));
    let style = tape.below(5);
    let mut text = String::new();
    match style {
        0 => text = document.to_string(),
        1 => jackson(document, 0, &mut text),
        2 => lines(document, "  ", 0, &mut text),
        3 => lines(document, "\t", 0, &mut text),
        _ => loose(document, tape, &mut text),
    }
    text.push('\n');
    finish(text, Vec::new(), mark, windows, open)
}

/// As Keycloak exports.
fn jackson(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push_str("[ ");
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                jackson(item, depth, text);
            }
            text.push_str(if items.is_empty() { "]" } else { " ]" });
        }
        Value::Object(entries) if !entries.is_empty() => {
            text.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                let comma = if index > 0 { "," } else { "" };
                text.push_str(&format!(
                    "{comma}\n{}{} : ",
                    "  ".repeat(depth + 1),
                    Value::from(key.as_str())
                ));
                jackson(value, depth + 1, text);
            }
            text.push_str(&format!("\n{}}}", "  ".repeat(depth)));
        }
        Value::Object(_) => text.push_str("{ }"),
        scalar => text.push_str(&scalar.to_string()),
    }
}

fn lines(value: &Value, unit: &str, depth: usize, text: &mut String) {
    let parts: Vec<(String, &Value)> = match value {
        Value::Array(items) if !items.is_empty() => items.iter().map(|item| (String::new(), item)).collect(),
        Value::Object(entries) if !entries.is_empty() => {
            entries.iter().map(|(key, value)| (format!("{}: ", Value::from(key.as_str())), value)).collect()
        }
        other => return text.push_str(&other.to_string()),
    };
    let (open, close) = if value.is_array() { ('[', ']') } else { ('{', '}') };
    text.push(open);
    for (index, (key, value)) in parts.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        text.push_str(&format!("{comma}\n{}{key}", unit.repeat(depth + 1)));
        lines(value, unit, depth + 1, text);
    }
    text.push_str(&format!("\n{}{close}", unit.repeat(depth)));
}

/// As nobody writes, but may.
fn loose(value: &Value, tape: &mut Tape, text: &mut String) {
    let blank =
        |tape: &mut Tape, text: &mut String| text.push_str(["", " ", "\n", "\t", "  "][tape.below(5)]);
    let parts: Vec<(Option<&String>, &Value)> = match value {
        Value::Array(items) => items.iter().map(|item| (None, item)).collect(),
        Value::Object(entries) => entries.iter().map(|(key, value)| (Some(key), value)).collect(),
        other => return text.push_str(&other.to_string()),
    };
    let (open, close) = if value.is_array() { ('[', ']') } else { ('{', '}') };
    text.push(open);
    blank(tape, text);
    for (index, (key, value)) in parts.iter().enumerate() {
        if index > 0 {
            text.push(',');
            blank(tape, text);
        }
        if let Some(key) = key {
            text.push_str(&Value::from(key.as_str()).to_string());
            blank(tape, text);
            text.push(':');
            blank(tape, text);
        }
        loose(value, tape, text);
        blank(tape, text);
    }
    text.push(close);
}
