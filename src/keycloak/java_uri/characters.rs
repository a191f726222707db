//! The character classes of `java.net.URI`, and scanning by them.

use super::{NotAUri, UriPart, UriProblem};

pub(super) const ALPHA: u16 = 1;
pub(super) const DIGIT: u16 = 1 << 1;
pub(super) const SCHEME: u16 = 1 << 2;
pub(super) const PATH: u16 = 1 << 3;
pub(super) const URIC: u16 = 1 << 4;
pub(super) const USER_INFO: u16 = 1 << 5;
pub(super) const REGISTRY_NAME: u16 = 1 << 6;
pub(super) const SERVER: u16 = 1 << 7;
pub(super) const HEX: u16 = 1 << 8;
pub(super) const SCOPE_ID: u16 = 1 << 9;
pub(super) const PERCENT: u16 = 1 << 10;

const CLASSES: [u16; 128] = classes();

const fn classes() -> [u16; 128] {
    let mut table = [0; 128];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = class_of(byte);
        byte += 1;
    }
    table
}

const fn class_of(byte: u8) -> u16 {
    let every_part = PATH | URIC | USER_INFO | REGISTRY_NAME | SERVER;
    match byte {
        b'a'..=b'f' | b'A'..=b'F' => every_part | ALPHA | SCHEME | HEX | SCOPE_ID,
        b'g'..=b'z' | b'G'..=b'Z' => every_part | ALPHA | SCHEME | SCOPE_ID,
        b'0'..=b'9' => every_part | DIGIT | SCHEME | HEX | SCOPE_ID,
        b'-' => every_part | SCHEME,
        b'.' => every_part | SCHEME | SCOPE_ID,
        b'+' => every_part | SCHEME,
        b'_' => every_part | SCOPE_ID,
        b'!' | b'~' | b'*' | b'\'' | b'(' | b')' | b';' | b':' | b'&' | b'=' | b'$' | b',' => every_part,
        b'@' => PATH | URIC | REGISTRY_NAME | SERVER,
        b'/' => PATH | URIC,
        b'[' | b']' => URIC | SERVER,
        b'?' => URIC,
        b'%' => PERCENT,
        _ => 0,
    }
}

/// Space separators as `Character.isSpaceChar` knows them.
pub(super) fn is_java_space(c: char) -> bool {
    matches!(
        c,
        ' ' | '\u{A0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200A}' | '\u{2028}' | '\u{2029}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

/// The byte after the last one of `text[start..end]` that belongs to `class`, or an error at a broken escape.
/// Escapes and visible characters outside ASCII count as members of every class here, as in Java's masks that hold its escape bit.
pub(super) fn scan_class(text: &str, start: usize, end: usize, class: u16) -> Result<usize, NotAUri> {
    let bytes = text.as_bytes();
    let mut at = start;
    while at < end {
        let byte = bytes[at];
        if byte < 128 {
            let classes = CLASSES[usize::from(byte)];
            if classes & class != 0 {
                at += 1;
            } else if classes & PERCENT != 0 {
                let digit = |index: usize| {
                    index < end && bytes[index] < 128 && CLASSES[usize::from(bytes[index])] & HEX != 0
                };
                if !(digit(at + 1) && digit(at + 2)) {
                    return Err(NotAUri { problem: UriProblem::Escape, at });
                }
                at += 3;
            } else {
                return Ok(at);
            }
        } else {
            match text[at..].chars().next() {
                Some(c) if !is_java_space(c) && !c.is_control() => at += c.len_utf8(),
                _ => return Ok(at),
            }
        }
    }
    Ok(at)
}

/// Like `scan_class` for the classes that know no escapes: only ASCII.
pub(super) fn scan_plain(text: &str, start: usize, end: usize, class: u16) -> usize {
    let bytes = text.as_bytes();
    let mut at = start;
    while at < end && bytes[at] < 128 && CLASSES[usize::from(bytes[at])] & class != 0 {
        at += 1;
    }
    at
}

pub(super) fn check_class(
    text: &str,
    start: usize,
    end: usize,
    class: u16,
    part: UriPart,
) -> Result<(), NotAUri> {
    let at = scan_class(text, start, end, class)?;
    if at < end { Err(NotAUri { problem: UriProblem::Character(part), at }) } else { Ok(()) }
}

pub(super) fn check_plain(
    text: &str,
    start: usize,
    end: usize,
    class: u16,
    part: UriPart,
) -> Result<(), NotAUri> {
    let at = scan_plain(text, start, end, class);
    if at < end { Err(NotAUri { problem: UriProblem::Character(part), at }) } else { Ok(()) }
}

pub(super) fn find(text: &str, start: usize, end: usize, wanted: impl Fn(u8) -> bool) -> usize {
    text.as_bytes()[start..end].iter().position(|byte| wanted(*byte)).map_or(end, |offset| start + offset)
}
