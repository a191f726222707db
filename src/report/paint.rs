//! Colours of the reports for people.
//!
//! Formats always paint; the stream that a report goes to decides whether the paint stays (`cli::terminal`). So a format is one
//! function of its data, and a report that is written to a file is the same one without colour.

use std::sync::Once;

use colored::{Colorize, control};

use crate::finding::Severity;

static ALWAYS: Once = Once::new();

/// `text` in the colour of a severity.
pub fn severity(severity: Severity, text: &str) -> String {
    always();
    match severity {
        Severity::Error => text.red().bold(),
        Severity::Warning => text.yellow().bold(),
        Severity::Info => text.cyan().bold(),
        Severity::Off => text.normal(),
    }
    .to_string()
}

/// `text` in the colour of what could not be decided.
pub fn undecided(text: &str) -> String {
    always();
    text.magenta().bold().to_string()
}

/// `text` in the colour of what is well.
pub fn good(text: &str) -> String {
    always();
    text.green().bold().to_string()
}

/// `text` as a heading, or a name that the eye looks for.
pub fn strong(text: &str) -> String {
    always();
    text.bold().to_string()
}

/// `text` that stands back: places, labels.
pub fn faint(text: &str) -> String {
    always();
    text.dimmed().to_string()
}

/// `text` as something to type.
pub fn command(text: &str) -> String {
    always();
    text.cyan().to_string()
}

// `colored` would look at standard output by itself, whatever stream the text is for.
fn always() {
    ALWAYS.call_once(|| control::set_override(true));
}
