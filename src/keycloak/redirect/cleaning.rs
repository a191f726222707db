//! What servers from 26.7.0 on delete from every parameter of the authorization endpoint before they look at it.

/// The text without control characters, their percent escapes and terminal colour codes; `None` when nothing has to go.
///
/// The deletions follow one another, each over the result of the one before, as the server does them. So `%1B[31m` goes as a whole, and
/// what an earlier deletion joins together may be deleted by a later one.
pub(crate) fn cleaned(text: &str) -> Option<String> {
    if !may_need_cleaning(text.as_bytes()) {
        return None;
    }
    let mut clean =
        without(
            text,
            |rest| if rest[0] == 0x1B { bracket_code(rest, 1, u8::is_ascii_alphabetic) } else { None },
        );
    clean = without(&clean, |rest| {
        if is_escape_text(rest) && rest[1] == b'1' && rest[2].eq_ignore_ascii_case(&b'B') {
            bracket_code(rest, 3, u8::is_ascii_alphabetic)
        } else {
            None
        }
    });
    clean = without(&clean, |rest| {
        let control = is_escape_text(rest)
            && (matches!(rest[1], b'0' | b'1') || (rest[1] == b'7' && rest[2].eq_ignore_ascii_case(&b'F')));
        control.then_some(3)
    });
    clean = without(&clean, |rest| (rest[0] < 0x20 || rest[0] == 0x7F).then_some(1));
    clean = without(&clean, |rest| bracket_code(rest, 0, |byte| *byte == b'm'));
    (clean != text).then_some(clean)
}

fn may_need_cleaning(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().any(|(index, byte)| match byte {
        b'%' => matches!(bytes.get(index + 1), Some(b'0' | b'1' | b'7')),
        b'[' | 0x7F => true,
        byte => *byte < 0x20,
    })
}

fn is_escape_text(rest: &[u8]) -> bool {
    rest.len() > 2 && rest[0] == b'%' && rest[2].is_ascii_hexdigit()
}

/// The length of `[`, digits and semicolons, and a last byte, when they stand at `start`.
fn bracket_code(rest: &[u8], start: usize, is_last: impl Fn(&u8) -> bool) -> Option<usize> {
    if rest.get(start) != Some(&b'[') {
        return None;
    }
    let mut at = start + 1;
    while rest.get(at).is_some_and(|byte| byte.is_ascii_digit() || *byte == b';') {
        at += 1;
    }
    rest.get(at).is_some_and(is_last).then_some(at + 1)
}

/// The text without every stretch whose length `measure` gives for what begins there. Stretches are ASCII.
fn without(text: &str, measure: impl Fn(&[u8]) -> Option<usize>) -> String {
    let bytes = text.as_bytes();
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    let mut from = 0;
    while at < bytes.len() {
        if let Some(length) = measure(&bytes[at..]) {
            kept.push_str(&text[from..at]);
            at += length;
            from = at;
        } else {
            at += 1;
        }
    }
    kept.push_str(&text[from..]);
    kept
}

#[cfg(test)]
mod tests {
    use super::cleaned;

    #[test]
    fn control_characters_their_escapes_and_colour_codes_go() {
        for (text, clean) in [
            ("https://a/cb%00", "https://a/cb"),
            ("x?a[m]=1", "x?a]=1"),
            ("/..%09x", "/..x"),
            ("/..%00/", "/../"),
            ("a%7fb%7Fc%1Fd%0ae", "abcde"),
            ("a\u{1b}[31mb\u{1b}[0Kc", "abc"),
            ("a%1B[31mb%1b[1;2Hc", "abc"),
            ("a%1b[31", "a[31"),
            ("a\tb\u{7f}c\nd", "abcd"),
            ("[;1m", ""),
            ("[mm]", "m]"),
            ("%%000", "%0"),
            ("%0%000", "%00"),
            ("ü%00ü", "üü"),
        ] {
            assert_eq!(cleaned(text).as_deref(), Some(clean), "{text:?}");
        }
    }

    #[test]
    fn everything_else_stays() {
        for text in [
            "",
            "https://a/cb?x=%20#%2F",
            "a[1]",
            "a[M]",
            "%80",
            "%7E",
            "%0",
            "%1",
            "%7",
            "%",
            "%0g",
            "[",
            "[12",
        ] {
            assert_eq!(cleaned(text), None, "{text:?}");
        }
    }
}
