//! The last lines for people: what was looked at, what could not be, the counts, and what to type next.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::finding::Severity;
use crate::report::{Report, escape, paint, position};

/// "3 errors", "1 warning", "no links": a number with its noun.
pub fn count(number: usize, one: &str, many: &str) -> String {
    match number {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}

/// "1 realm with 12 clients, 3 services, 2 links".
pub fn looked_at(report: &Report) -> String {
    let looked = &report.looked;
    let mut parts = vec![count(looked.realms, "realm", "realms")];
    if looked.realms > 0 {
        parts[0].push_str(&format!(" with {}", count(looked.clients, "client", "clients")));
    }
    parts.push(count(looked.services, "service", "services"));
    parts.push(count(looked.links, "link", "links"));
    parts.join(", ")
}

/// How many findings there are of a severity.
pub fn of_severity(report: &Report, severity: Severity) -> usize {
    report.findings.iter().filter(|entry| entry.severity == severity).count()
}

/// "2 errors, 1 warning; 1 undecided; 3 suppressed", painted.
pub fn counts(report: &Report) -> String {
    let kinds = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "advice")];
    let mut parts: Vec<String> = kinds
        .into_iter()
        .filter_map(|(severity, word)| {
            let number = of_severity(report, severity);
            let words = match (severity, number) {
                (_, 0) => return None,
                (Severity::Info, _) => format!("{number} {word}"),
                _ => count(number, word, &format!("{word}s")),
            };
            Some(paint::severity(severity, &words))
        })
        .collect();
    if parts.is_empty() {
        let incomplete = report.looked.unread.iter().any(|gap| gap.incomplete);
        parts.push(if incomplete {
            // Not in the colour of what is well: what was not looked at may be wrong.
            "No findings in what was looked at".to_owned()
        } else {
            paint::good("No findings")
        });
    }
    if !report.undecided.is_empty() {
        parts.push(paint::undecided(&format!("{} undecided", report.undecided.len())));
    }
    if !report.suppressed.is_empty() {
        parts.push(paint::faint(&format!("{} suppressed", report.suppressed.len())));
    }
    if report.looked.below_min_severity > 0 {
        parts.push(paint::faint(&format!("{} below --min-severity", report.looked.below_min_severity)));
    }
    parts.join(", ")
}

/// The summary: every line ends with a line break.
pub fn render(report: &Report, width: usize) -> String {
    let mut text = String::new();
    for (heading, incomplete) in [("Could not be looked at", true), ("Worth knowing", false)] {
        let mut gaps = report.looked.unread.iter().filter(|gap| gap.incomplete == incomplete).peekable();
        if gaps.peek().is_none() {
            continue;
        }
        text.push_str(&format!("{}\n", paint::strong(heading)));
        for gap in gaps {
            let place = gap.file.as_ref().map(|file| position(file, gap.line, gap.column));
            let line = match place {
                Some(place) => format!("{place}: {}", escape::lines(&gap.message)),
                None => escape::lines(&gap.message),
            };
            push_wrapped(&mut text, "  • ", "    ", &line, width);
        }
        text.push('\n');
    }
    push_wrapped(&mut text, "", "", &format!("Looked at {}.", looked_at(report)), width);
    push_wrapped(&mut text, "", "", &format!("{}.", counts(report)), width);
    if !report.next.is_empty() {
        text.push('\n');
    }
    for step in &report.next {
        push_wrapped(&mut text, "", "  ", &format!("{}:", step.purpose), width);
        // A command is there to be copied: never broken.
        text.push_str(&format!("  {}\n", paint::command(&escape::one_line(&step.command))));
    }
    text
}

/// Appends `line` broken at blanks to `width` columns; words longer than a line stay whole, since they may be there to be copied.
pub(crate) fn push_wrapped(text: &mut String, first: &str, rest: &str, line: &str, width: usize) {
    for (number, wrapped) in wrap(line, width.saturating_sub(rest.chars().count())).into_iter().enumerate() {
        text.push_str(if number == 0 { first } else { rest });
        text.push_str(&wrapped);
        text.push('\n');
    }
}

/// The columns that `text` takes; colours take none.
fn seen_width(text: &str) -> usize {
    if text.contains('\u{1b}') {
        anstream::adapter::strip_str(text).to_string().width()
    } else {
        text.width()
    }
}

/// `text` in lines of at most `width` columns, broken at blanks; words that are longer keep their line to themselves.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.is_empty() && seen_width(&line) + 1 + seen_width(word) > width {
                lines.push(std::mem::take(&mut line));
            } else if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// `text` in lines of at most `width` columns, whatever it takes: words that are longer are cut, after a slash where there is one.
pub(crate) fn wrap_hard(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.is_empty() && line.width() + 1 + word.width() > width {
                lines.push(std::mem::take(&mut line));
            } else if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            while line.width() > width {
                let cut = cut_at(&line, width);
                if cut == line.len() {
                    break;
                }
                let rest = line.split_off(cut);
                lines.push(std::mem::replace(&mut line, rest));
            }
        }
        lines.push(line);
    }
    lines
}

/// The byte at which to cut a word that is wider than `width`: after the last slash that fits, unless that wastes half of the line.
fn cut_at(word: &str, width: usize) -> usize {
    let mut used = 0;
    let mut fits = 0;
    let mut after_slash = 0;
    for (at, c) in word.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width && fits > 0 {
            break;
        }
        fits = at + c.len_utf8();
        if c == '/' && used > width / 2 {
            after_slash = fits;
        }
    }
    if after_slash > 0 { after_slash } else { fits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_words_stay_whole() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(
            wrap("see https://a.example/very/long/path now", 10),
            ["see", "https://a.example/very/long/path", "now"]
        );
        assert_eq!(wrap("a\nb", 10), ["a", "b"]);
    }

    #[test]
    fn where_it_must_fit_words_are_cut_after_a_slash() {
        assert_eq!(wrap_hard("to https://a.example/path", 14), ["to", "https://", "a.example/path"]);
        assert_eq!(wrap_hard("abc/defghi/jkl mno", 12), ["abc/defghi/", "jkl mno"]);
        assert_eq!(wrap_hard("日本語", 1), ["日", "本", "語"]);
    }

    #[test]
    fn numbers_agree_with_their_nouns() {
        assert_eq!(count(0, "link", "links"), "no links");
        assert_eq!(count(1, "link", "links"), "1 link");
        assert_eq!(count(2, "link", "links"), "2 links");
    }
}
