//! Documents: YAML and JSON as one tree, and where in the text a field stands.

pub mod cursor;
pub mod deserialize;
pub mod edit;
pub mod excerpt;
pub mod json;
pub mod locate;
pub mod node;
pub(crate) mod scan;
mod template;
pub(crate) mod window;
pub mod yaml;

use std::fmt;

pub use node::Node;

/// How deep lists and mappings may nest in a document.
pub const MAX_DEPTH: usize = 128;

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// JSON as its standard has it: no comments, no trailing commas.
    Json,
    /// YAML, one or several documents.
    Yaml,
}

impl Format {
    /// How the text of a file is written, by its name and its first character.
    ///
    /// A `.json` file is JSON, unless a template engine has yet to make it so; of other names, what begins like JSON and
    /// parses as JSON is JSON.
    pub fn of(path: &str, text: &str) -> Format {
        let begins_like_json = without_bom(text).trim_start().starts_with(['{', '[']);
        let named_json = path.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("json"));
        if !begins_like_json {
            return if named_json && !text.trim().is_empty() { Format::Json } else { Format::Yaml };
        }
        if json::is_valid(text) || (named_json && !text.contains("{{")) { Format::Json } else { Format::Yaml }
    }
}

/// A text that is not what its format asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// The line, counted from one.
    pub line: usize,
    /// The column in characters, counted from one.
    pub column: usize,
    /// What is wrong and what was expected there. It quotes nothing of the text, which may be a secret.
    pub message: String,
}

impl SyntaxError {
    /// The error at byte `offset` of `text`.
    pub fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let (line, column) = line_and_column(text, offset);
        SyntaxError { line, column, message: message.into() }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for SyntaxError {}

/// Line and column, both counted from one and the column in characters, of byte `offset` of `text`; of the text's end when
/// it is beyond. A byte-order mark takes no column.
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = memchr::memchr_iter(b'\n', &before.as_bytes()[..start]).count() + 1;
    (line, without_bom(&before[start..]).chars().count() + 1)
}

/// The text behind its byte-order mark, where it has one.
pub(crate) fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn too_deep(text: &str, offset: usize) -> SyntaxError {
    SyntaxError::at(
        text,
        offset,
        format!(
            "Lists and mappings nest more than {MAX_DEPTH} deep here; a document of Keycloak or Cloud Run needs far less."
        ),
    )
}
