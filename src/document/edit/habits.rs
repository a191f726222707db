//! What a YAML file does elsewhere, for what an edit writes anew.

/// How a YAML file is written, as far as new lines have to follow it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Habits {
    /// How many texts stand in single quotes.
    pub(super) single: usize,
    /// How many texts stand in double quotes.
    pub(super) double: usize,
    /// By how many columns a mapping in a mapping is indented, the first time.
    pub(super) step: Option<usize>,
    /// By how many columns a list in a mapping is indented, the first time; often not at all.
    pub(super) list_step: Option<usize>,
}

impl Habits {
    pub(super) fn step(&self) -> usize {
        self.step.unwrap_or(2)
    }

    pub(super) fn list_step(&self) -> usize {
        self.list_step.unwrap_or_else(|| self.step())
    }
}

/// The line break of a text: that of its first line.
pub(super) fn line_break(text: &str) -> &'static str {
    match memchr::memchr(b'\n', text.as_bytes()) {
        Some(at) if at > 0 && text.as_bytes()[at - 1] == b'\r' => "\r\n",
        _ => "\n",
    }
}
