//! `concise`: one line per finding, `path:line:col: severity[rule] message`, for editors, problem matchers and grep.

use crate::report::{Entry, Report, escape};

/// The findings, then what could not be decided (with the word `undecided` in place of the severity), one a line.
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    for entry in &report.findings {
        push_line(&mut text, entry, entry.severity.word(), None);
    }
    for entry in &report.undecided {
        push_line(&mut text, entry, "undecided", None);
    }
    if report.show_suppressed {
        for suppressed in &report.suppressed {
            push_line(&mut text, &suppressed.entry, "suppressed", Some(&suppressed.reason));
        }
    }
    text
}

fn push_line(text: &mut String, entry: &Entry, severity: &str, reason: Option<&str>) {
    // What has no place of its own, or one that could not be found, stands at the beginning: matchers want all three parts.
    let (file, line, column) = entry.places.first().map_or(("cloakrun", 1, 1), |place| {
        (place.file.as_str(), place.line.unwrap_or(1), place.column.unwrap_or(1))
    });
    let message = escape::lines(&entry.message).replace('\n', " ");
    text.push_str(&format!(
        "{}:{line}:{column}: {severity}[{}] {message}",
        escape::one_line(file),
        entry.rule
    ));
    if let Some(reason) = reason {
        text.push_str(&format!(" (waived: {})", escape::one_line(reason)));
    }
    text.push('\n');
}
