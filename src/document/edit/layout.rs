//! How the edited part of a document stands in its text.

use std::ops::Range;

/// A value in the text, with as much of what is in it as the edits need.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) kind: Kind,
    /// The key's text, where it has one that is a text.
    pub(super) name: Option<String>,
    pub(super) key: Option<Range<usize>>,
    /// Its position in the list or mapping, counted from zero.
    pub(super) ordinal: u32,
    /// Where the entry begins: at its key, its dash, or in a list in brackets at its value with anchor and tag.
    pub(super) head: usize,
    /// Where the value may be written: behind the colon or dash.
    pub(super) slot: usize,
    /// The value without anchor and tag, without the line break behind it; empty where nothing is written.
    pub(super) value: Range<usize>,
    /// The number of its anchor; zero for none.
    pub(super) anchor: usize,
    /// Its elements or entries: all of those that is edited itself, otherwise those with edits in them.
    pub(super) children: Vec<Layout>,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing is written.
    Empty,
    /// Without quotes.
    Plain,
    Single,
    Double,
    /// A text of several lines behind `|` or `>`; the start of its value is that of its first line.
    Block,
    Alias,
    FlowList,
    FlowMap,
    /// A mapping of one entry without braces in a list in brackets.
    Pair,
    BlockList,
    BlockMap,
}

impl Kind {
    /// Whether it is written on lines of its own, indented.
    pub(super) fn is_block(self) -> bool {
        matches!(self, Kind::BlockList | Kind::BlockMap)
    }

    /// Whether it stands in brackets or braces.
    pub(super) fn is_flow(self) -> bool {
        matches!(self, Kind::FlowList | Kind::FlowMap | Kind::Pair)
    }

    /// Whether it is a scalar whose text stands between its first and last byte.
    pub(super) fn is_inline_scalar(self) -> bool {
        matches!(self, Kind::Plain | Kind::Single | Kind::Double)
    }
}

impl Layout {
    /// Where the value ends; behind its colon or dash where nothing is written.
    pub(super) fn end(&self) -> usize {
        self.value.end.max(self.slot)
    }
}

/// The line that holds `at`: its first byte.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    let start = memchr::memrchr(b'\n', &text.as_bytes()[..at]).map_or(0, |newline| newline + 1);
    if start == 0 && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8().min(at) } else { start }
}

/// The end of the line that holds `at`, before its line break.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let end = memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |newline| at + newline);
    if end > at && text.as_bytes()[end - 1] == b'\r' && end < text.len() { end - 1 } else { end }
}

/// The beginning of the line behind the one that holds `at`; the text's end behind the last one.
pub(super) fn next_line(text: &str, at: usize) -> usize {
    memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |newline| at + newline + 1)
}

/// Whether only white space stands before `at` on its line.
pub(super) fn begins_line(text: &str, at: usize) -> bool {
    text[line_start(text, at)..at].bytes().all(|byte| matches!(byte, b' ' | b'\t'))
}

/// How many characters stand before `at` on its line.
pub(super) fn column(text: &str, at: usize) -> usize {
    text[line_start(text, at)..at].chars().count()
}

/// The white space at the beginning of the line that holds `at`.
pub(super) fn indentation(text: &str, at: usize) -> &str {
    let line = &text[line_start(text, at)..];
    let length = line.bytes().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(line.len());
    &line[..length]
}
