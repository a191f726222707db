//! Percent-encoding and form-decoding as servers before 24.0.3 do them.

use super::loose_uri::LooseFault;

/// The ASCII characters, beside letters and digits, that a part keeps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept(&'static [u8]);

/// What a path keeps.
pub(super) const PATH: Kept = Kept(b"-._~!$&'()*+,/;=:@");
/// What a query or fragment keeps.
pub(super) const QUERY: Kept = Kept(b"-._~!$&'()*+,/;=:@?");

/// What the server puts in the place of a placeholder while it encodes the rest.
const MARKER: &str = "_resteasy_uri_parameter";
/// What it puts in the place of braces inside of braces.
const INNER_OPEN: char = '\u{6}';
const INNER_CLOSE: char = '\u{7}';

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// The text with everything but `kept` and whole escapes percent-encoded. With `template`, `{…}` is left alone.
pub(super) fn encoded(text: &str, kept: Kept, template: bool) -> Result<String, LooseFault> {
    if !template {
        return Ok(encoded_plain(text, kept));
    }
    let marked = with_marked_braces(text);
    let mut result = String::with_capacity(text.len());
    let mut rest = marked.as_str();
    let mut found = false;
    while let Some((before, braced, behind)) = next_braced(rest) {
        found = true;
        if before.contains(MARKER) {
            return Err(LooseFault::Marker);
        }
        result.push_str(&encoded_plain(before, kept));
        result.push_str(&braced.replace(INNER_OPEN, "{").replace(INNER_CLOSE, "}"));
        rest = behind;
    }
    if !found {
        return Ok(encoded_plain(text, kept));
    }
    if rest.contains(MARKER) {
        return Err(LooseFault::Marker);
    }
    result.push_str(&encoded_plain(rest, kept));
    Ok(result)
}

/// The first `{…}` with something in it, with what stands before and behind.
fn next_braced(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = text[from..].find('{').map(|offset| from + offset) {
        let close = text[open..].find('}').map(|offset| open + offset)?;
        if close > open + 1 {
            return Some((&text[..open], &text[open..=close], &text[close + 1..]));
        }
        from = open + 1;
    }
    None
}

fn encoded_plain(text: &str, kept: Kept) -> String {
    let bytes = text.as_bytes();
    let mut result = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        match character {
            '%' => {
                let digit = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_hexdigit);
                result.push_str(if digit(at + 1) && digit(at + 2) { "%" } else { "%25" });
            }
            c if c.is_ascii_alphanumeric() || (c.is_ascii() && kept.0.contains(&bytes[at])) => result.push(c),
            // The server encodes UTF-16 unit by unit, and half a character is a question mark to it.
            c if c.len_utf16() == 2 => result.push_str("%3F%3F"),
            c => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    result.push('%');
                    result.push(char::from(HEX[usize::from(byte >> 4)]));
                    result.push(char::from(HEX[usize::from(byte & 15)]));
                }
            }
        }
    }
    result
}

/// The text with braces inside of braces replaced by control characters, counting as the server does: a closing brace too many takes part.
pub(super) fn with_marked_braces(text: &str) -> String {
    let mut depth = 0_i32;
    text.chars()
        .map(|character| match character {
            '{' => {
                let inner = depth != 0;
                depth += 1;
                if inner { INNER_OPEN } else { '{' }
            }
            '}' => {
                depth -= 1;
                if depth == 0 { '}' } else { INNER_CLOSE }
            }
            c => c,
        })
        .collect()
}

/// Whether the text holds `{name}` or `{name: pattern}`.
pub(super) fn holds_placeholder(text: &str) -> bool {
    if !text.contains('{') {
        return false;
    }
    let marked = with_marked_braces(text);
    marked.match_indices('{').any(|(at, _)| is_placeholder(&marked[at + 1..]))
}

fn is_placeholder(behind_brace: &str) -> bool {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r');
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let rest = behind_brace.trim_start_matches(blank);
    if !rest.starts_with(word) {
        return false;
    }
    let rest = rest.trim_start_matches(|c| word(c) || c == '.' || c == '-').trim_start_matches(blank);
    if rest.starts_with('}') {
        return true;
    }
    rest.strip_prefix(':').is_some_and(|pattern| {
        pattern.find(['{', '}']).is_some_and(|end| end > 0 && pattern.as_bytes()[end] == b'}')
    })
}

/// The text form-decoded once as `java.net.URLDecoder` does, `None` when an escape is broken.
pub(super) fn form_decoded(text: &str) -> Option<String> {
    let mut result = String::with_capacity(text.len());
    let mut bytes = Vec::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '%' {
            bytes.push(byte_of(characters.next()?, characters.next()?)?);
            continue;
        }
        flush(&mut bytes, &mut result);
        result.push(if character == '+' { ' ' } else { character });
    }
    flush(&mut bytes, &mut result);
    Some(result)
}

/// The number as Java's `Integer.parseInt` reads it: with a sign, and with digits of any script.
fn byte_of(first: char, second: char) -> Option<u8> {
    let second = java_digit(second)?;
    match first {
        '+' => Some(second),
        '-' => (second == 0).then_some(0),
        digit => Some(java_digit(digit)? << 4 | second),
    }
}

/// The zeros of the scripts that Java 17 knows decimal digits of, in the basic plane.
const ZEROS: [u32; 37] = [
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50,
    0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
    0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
];

fn java_digit(character: char) -> Option<u8> {
    if let Some(digit) = character.to_digit(16) {
        return u8::try_from(digit).ok();
    }
    let code = u32::from(character);
    let letter = |first: u32| (first..first + 6).contains(&code).then(|| code - first + 10);
    let digit = letter(0xFF21)
        .or_else(|| letter(0xFF41))
        .or_else(|| ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code)).map(|zero| code - zero));
    digit.and_then(|digit| u8::try_from(digit).ok())
}

fn flush(bytes: &mut Vec<u8>, result: &mut String) {
    if !bytes.is_empty() {
        push_java_utf8(bytes, result);
        bytes.clear();
    }
}

/// Decodes as Java does: bad bytes become U+FFFD as in Rust, but an encoded surrogate half is one such character, not three.
fn push_java_utf8(mut bytes: &[u8], result: &mut String) {
    while !bytes.is_empty() {
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                result.push_str(text);
                return;
            }
            Err(error) => {
                let (valid, bad) = bytes.split_at(error.valid_up_to());
                result.push_str(&String::from_utf8_lossy(valid));
                result.push('\u{FFFD}');
                let continues = |index: usize| bad.get(index).is_some_and(|byte| byte & 0xC0 == 0x80);
                let length = if bad[0] == 0xED && continues(1) {
                    2 + usize::from(continues(2))
                } else {
                    error.error_len().unwrap_or(bad.len())
                };
                bytes = &bad[length..];
            }
        }
    }
}
