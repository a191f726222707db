//! Templates in YAML: what a template engine has yet to fill in is set aside before the YAML is read.
//!
//! `{{ .Values.host }}-api` breaks YAML, and `{{- if .Values.on }}` alone on a line is no YAML at all. Each such piece is
//! replaced by a word of private-use characters, or by nothing where it only steers the engine, and put back into the values
//! afterwards. Offsets are carried over, so that places are those of the file.

use std::borrow::Cow;
use std::ops::Range;

const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';
const ZERO: u32 = 0xe010;

/// The longest piece that is taken for one template; what opens and never closes is left alone.
const LONGEST: usize = 4096;

/// How many lines above a template that stands alone are searched for the key it belongs to.
const LINES_LOOKED_BACK: usize = 50;

/// A YAML text with its templates set aside.
#[derive(Debug)]
pub(super) struct Prepared<'t> {
    original: &'t str,
    /// What the YAML parser reads.
    pub(super) text: Cow<'t, str>,
    pieces: Vec<Piece>,
}

#[derive(Debug)]
struct Piece {
    placed: Range<usize>,
    source: Range<usize>,
}

impl<'t> Prepared<'t> {
    /// The text as it is.
    pub(super) fn untouched(original: &'t str) -> Self {
        Prepared { original, text: Cow::Borrowed(original), pieces: Vec::new() }
    }

    /// The text with its templates set aside, where it has any.
    pub(super) fn new(original: &'t str) -> Option<Self> {
        let regions = if original.contains(OPEN) { Vec::new() } else { regions(original) };
        if regions.is_empty() {
            return None;
        }
        let mut text = String::with_capacity(original.len());
        let mut pieces = Vec::with_capacity(regions.len());
        let mut copied = 0;
        for (number, region) in regions.into_iter().enumerate() {
            text.push_str(&original[copied..region.source.start]);
            let start = text.len();
            if region.keep {
                push_word(&mut text, number);
            }
            copied = region.source.end;
            pieces.push(Piece { placed: start..text.len(), source: region.source });
        }
        text.push_str(&original[copied..]);
        Some(Prepared { original, text: Cow::Owned(text), pieces })
    }

    /// The offset in the file of an offset in [`Self::text`].
    pub(super) fn origin(&self, offset: usize) -> usize {
        let after = self.pieces.partition_point(|piece| piece.placed.start < offset);
        match after.checked_sub(1).and_then(|index| self.pieces.get(index)) {
            None => offset,
            Some(piece) if offset < piece.placed.end => piece.source.start,
            Some(piece) => piece.source.end + (offset - piece.placed.end),
        }
    }

    /// Where templates stand in the original text, each with whether nothing stands for it: it steers the engine, or writes lines.
    pub(super) fn regions(&self) -> impl Iterator<Item = (Range<usize>, bool)> {
        self.pieces.iter().map(|piece| (piece.source.clone(), piece.placed.is_empty()))
    }

    /// The text of the file from which a value was read, and whether a template is all there is.
    pub(super) fn restore<'v>(&self, value: Cow<'v, str>) -> (Cow<'v, str>, bool) {
        if self.pieces.is_empty() || !value.contains(OPEN) {
            return (value, false);
        }
        let mut restored = String::with_capacity(value.len());
        let mut rest = &*value;
        let mut words = 0;
        while let Some(open) = rest.find(OPEN) {
            restored.push_str(&rest[..open]);
            let Some(close) = rest[open..].find(CLOSE) else { break };
            let word = &rest[open + OPEN.len_utf8()..open + close];
            if let Some(piece) = number(word).and_then(|number| self.pieces.get(number)) {
                restored.push_str(&self.original[piece.source.clone()]);
            }
            words += 1;
            rest = &rest[open + close + CLOSE.len_utf8()..];
        }
        restored.push_str(rest);
        let braced = restored.starts_with('{');
        let whole = braced && words == 1 && value.starts_with(OPEN) && value.ends_with(CLOSE);
        (Cow::Owned(restored), whole)
    }
}

fn push_word(text: &mut String, number: usize) {
    text.push(OPEN);
    text.extend(
        number.to_string().bytes().filter_map(|digit| char::from_u32(ZERO + u32::from(digit - b'0'))),
    );
    text.push(CLOSE);
}

fn number(word: &str) -> Option<usize> {
    word.chars().try_fold(0usize, |number, digit| {
        let digit = u32::from(digit).checked_sub(ZERO).filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(usize::try_from(digit).ok()?)
    })
}

struct Region {
    source: Range<usize>,
    keep: bool,
}

fn regions(text: &str) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    let mut next_braces = Closing { closing: "}}", found: Some(0) };
    let mut next_percent = Closing { closing: "%}", found: Some(0) };
    let mut at = 0;
    while let Some(start) = next_opening(text, at) {
        if matches!(text.as_bytes()[start], b'%' | b'@') {
            let length = bare_placeholder(text, start);
            regions.extend(length.map(|length| Region { source: start..start + length, keep: true }));
            at = start + length.unwrap_or(1);
            continue;
        }
        let braces = text[start..].starts_with("{{");
        let closing = if braces { &mut next_braces } else { &mut next_percent };
        let closes = closing.at_or_after(text, start + 2);
        let Some(close) = closes.filter(|close| close - start <= LONGEST) else {
            at = start + 2;
            continue;
        };
        let mut end = close + 2;
        // `{{ {a: {b: c}} }}` and the like: take the closing braces that follow at once.
        while braces && text[end..].starts_with('}') {
            end += 1;
        }
        regions.push(Region { source: start..end, keep: true });
        at = end;
    }
    settle_lone_lines(text, &mut regions);
    regions
}

/// Where the next closing bracket stands; searched on from the last one, so that many openings cost one search.
struct Closing {
    closing: &'static str,
    found: Option<usize>,
}

impl Closing {
    fn at_or_after(&mut self, text: &str, from: usize) -> Option<usize> {
        if self.found.is_some_and(|found| found < from || found == 0) {
            self.found = text.get(from..).and_then(|rest| rest.find(self.closing)).map(|found| from + found);
        }
        self.found
    }
}

fn next_opening(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += memchr::memchr3(b'{', b'%', b'@', bytes.get(at..)?)?;
        if bytes[at] != b'{' || matches!(bytes.get(at + 1), Some(b'{' | b'%')) {
            return Some(at);
        }
        at += 1;
    }
}

// `%HOST%` and `@HOST@` at the beginning of a value, where YAML allows neither character.
fn bare_placeholder(text: &str, start: usize) -> Option<usize> {
    let before = text[..start].trim_end_matches([' ', '\t']);
    let begins = match before.as_bytes().last() {
        None | Some(b'\n') => before.len() < start,
        Some(b':' | b'-') => before.len() < start,
        Some(b'[' | b',' | b'{') => true,
        _ => false,
    };
    let (mark, rest) = text[start..].split_at(1);
    let name = rest.split_once(mark)?.0;
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
    (begins && plain && !name.is_empty()).then_some(name.len() + 2)
}

// A line of templates only is either a steering line, which says nothing, or stands for lines that the engine writes. Those can
// be the value of the key before them; between other entries they have to vanish.
fn settle_lone_lines(text: &str, regions: &mut [Region]) {
    let mut first = 0;
    while first < regions.len() {
        let line_start = text[..regions[first].source.start].rfind('\n').map_or(0, |newline| newline + 1);
        let mut last = first;
        let mut line_end = end_of_line(text, regions[first].source.end);
        while let Some(next) = regions.get(last + 1).filter(|next| next.source.start < line_end) {
            if next.source.end > line_end {
                line_end = end_of_line(text, next.source.end);
            }
            last += 1;
        }
        let mut between = line_start;
        let mut alone = true;
        for region in &regions[first..=last] {
            alone &= text[between..region.source.start].trim().is_empty();
            between = region.source.end;
        }
        alone &= text[between..line_end].trim().is_empty();
        if alone {
            let steering = regions[first..=last].iter().all(|region| steers(&text[region.source.clone()]));
            let is_value = !steering && first == last && opens_a_value(text, line_start, &regions[..first]);
            for region in &mut regions[first..=last] {
                region.keep = is_value;
            }
        }
        first = last + 1;
    }
}

fn end_of_line(text: &str, from: usize) -> usize {
    memchr::memchr(b'\n', &text.as_bytes()[from..]).map_or(text.len(), |newline| from + newline)
}

fn steers(source: &str) -> bool {
    if !source.starts_with("{{") {
        return true;
    }
    let inner = source.trim_start_matches('{').trim_start_matches('-').trim_start();
    let word = inner.split(|c: char| c.is_whitespace() || matches!(c, '-' | '}')).next().unwrap_or_default();
    let steering = ["if", "else", "end", "range", "with", "define", "block", "break", "continue"];
    steering.contains(&word) || inner.starts_with("/*") || (inner.starts_with('$') && inner.contains(":="))
}

fn opens_a_value(text: &str, line_start: usize, before: &[Region]) -> bool {
    let mut end = line_start;
    for _ in 0..LINES_LOOKED_BACK {
        if end == 0 {
            break;
        }
        let start = text[..end - 1].rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[start..end].split(" #").next().unwrap_or_default().trim();
        let vanished =
            before.iter().rev().take_while(|region| region.source.end > start).any(|region| !region.keep);
        if !(line.is_empty() || line.starts_with('#') || vanished) {
            return line.ends_with(':');
        }
        end = start;
    }
    false
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_carried_back_to_the_file() {
        let text = "{{ if .a }}\nname: {{ .b }}-x # end\n";
        let prepared = Prepared::new(text).unwrap();
        assert_eq!(prepared.origin(0), 0);
        for piece in ["name", "-x", "# end"] {
            assert_eq!(
                prepared.origin(prepared.text.find(piece).unwrap()),
                text.find(piece).unwrap(),
                "{piece}"
            );
        }
        let word = prepared.text.find(OPEN).unwrap();
        assert_eq!(prepared.origin(word), text.find("{{ .b").unwrap());
        assert_eq!(prepared.origin(word + 3), text.find("{{ .b").unwrap());
    }

    #[test]
    fn many_openings_cost_no_more_than_their_number() {
        for text in [
            "{{".repeat(500_000),
            "{{ a }}\n".repeat(100_000),
            "{{ a }} ".repeat(100_000),
            "{%".repeat(500_000),
        ] {
            let _ = Prepared::new(&text);
        }
    }
}
