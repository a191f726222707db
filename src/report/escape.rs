//! Data in the reader's terminal: nothing that was read may move its cursor, colour it or turn its letters around.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` with control characters shown as escapes, line breaks among them (`\n`).
///
/// Besides the C0 and C1 controls these are the marks that change the direction of writing or break lines, which let a value look
/// like another one (U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069), and the invisible U+FEFF.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(needs_escape) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if needs_escape(c) => {
                // Writing to a String cannot fail.
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// `text` as [`one_line`] shows it, with its line breaks kept: for messages.
pub fn lines(text: &str) -> String {
    text.trim_end().split('\n').map(one_line).collect::<Vec<_>>().join("\n")
}

fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_terminals_become_visible() {
        assert_eq!(one_line("\u{1b}[31mred"), "\\u{1b}[31mred");
        assert_eq!(one_line("a\nb\tc\rd\u{7f}\u{9b}"), "a\\nb\\tc\\rd\\u{7f}\\u{9b}");
        assert_eq!(one_line("abc\u{202e}cba"), "abc\\u{202e}cba");
    }

    #[test]
    fn plain_text_is_left_alone() {
        assert_eq!(one_line("https://bücher.example/ü/日本"), "https://bücher.example/ü/日本");
        assert!(matches!(one_line("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn messages_keep_their_lines() {
        assert_eq!(lines("one\ntwo\u{7}\n"), "one\ntwo\\u{7}");
    }
}
