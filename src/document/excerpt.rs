//! The lines in which fields stand, for reports: line, column and a piece of the text, so that the text itself can be let go.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use super::Format;
use super::locate::{Lines, Located, Spot, locate, locate_json};
use super::window::{CHUNK, Window};
use crate::locus::FieldPath;

/// How many bytes of a line are kept before and behind the beginning of a field.
const WIDEST: usize = 4096;

/// Where a field stands, with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The line of the field's beginning, counted from one.
    pub line: usize,
    /// Its column in characters, counted from one.
    pub column: usize,
    /// The field, its span counted in [`Self::text`]. A value of several lines reaches beyond the first one.
    pub located: Located,
    /// The line up to and with its end; of a very long one what stands around the field's beginning.
    pub text: String,
}

/// Finds each of `wanted` as [`locate`] does, in the same order, and cuts out its line.
pub fn excerpts(text: &str, format: Format, wanted: &[(usize, FieldPath)]) -> Vec<Option<Excerpt>> {
    let lines = Lines::new(text);
    let found = locate(text, format, wanted).into_iter();
    let cut = |located: Located| {
        let (line, column) = lines.position(located.span.start);
        let around = around(lines.start(line), located.span.start);
        let piece = text.as_bytes().get(around.start..around.end.min(text.len())).unwrap_or_default();
        excerpt(line, column, &located, around.start, piece)
    };
    found.map(|located| located.map(cut)).collect()
}

/// As [`excerpts`], of a JSON text that is not in memory: it is walked through twice.
///
/// # Errors
/// When it cannot be read.
pub fn json_excerpts(
    source: &mut (impl Read + Seek),
    wanted: &[(usize, FieldPath)],
) -> io::Result<Vec<Option<Excerpt>>> {
    source.rewind()?;
    let found = match Window::new(&mut *source, CHUNK) {
        Ok(mut window) => locate_json(&mut window, wanted),
        Err(_) => vec![None; wanted.len()],
    };
    let mut starts: Vec<usize> = found.iter().flatten().map(|located| located.span.start).collect();
    starts.sort_unstable();
    starts.dedup();
    source.rewind()?;
    let positions = positions(source, &starts)?;
    let mut answers = Vec::with_capacity(found.len());
    for located in found {
        let Some(located) = located else {
            answers.push(None);
            continue;
        };
        let position = starts.binary_search(&located.span.start).ok().and_then(|index| positions.get(index));
        let Some(position) = position else {
            answers.push(None);
            continue;
        };
        let around = around(position.line_start, located.span.start);
        source.seek(SeekFrom::Start(around.start as u64))?;
        let mut piece = Vec::with_capacity(around.len());
        (&mut *source).take(around.len() as u64).read_to_end(&mut piece)?;
        answers.push(Some(excerpt(position.line, position.column, &located, around.start, &piece)));
    }
    Ok(answers)
}

fn around(line_start: usize, start: usize) -> Range<usize> {
    let from = if start - line_start.min(start) <= WIDEST { line_start } else { start };
    from..start + WIDEST
}

/// Cuts the line out of `piece`, which stands at `offset` of the text and holds the beginning of the field.
fn excerpt(line: usize, column: usize, located: &Located, offset: usize, piece: &[u8]) -> Excerpt {
    let start = located.span.start - offset;
    let line_end = memchr::memchr(b'\n', piece.get(start..).unwrap_or_default());
    let piece = &piece[..line_end.map_or(piece.len(), |end| start + end + 1)];
    // A character may be cut in two at the end.
    let whole = match std::str::from_utf8(piece) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&piece[..error.valid_up_to()]).unwrap_or_default(),
    };
    let mut end = (located.span.end - offset).min(whole.len());
    if located.spot == Spot::Parent {
        end = end.min(whole.trim_end().len());
    }
    let span = start.min(end)..end;
    Excerpt { line, column, located: Located { span, spot: located.spot }, text: whole.to_owned() }
}

struct Position {
    line: usize,
    column: usize,
    line_start: usize,
}

/// Line, column and beginning of the line of each of `offsets`, which rise.
fn positions(source: &mut impl Read, offsets: &[usize]) -> io::Result<Vec<Position>> {
    let mut positions = Vec::with_capacity(offsets.len());
    let mut wanted = offsets.iter().copied().peekable();
    let mut chunk = Vec::with_capacity(CHUNK);
    let (mut at, mut line, mut line_start, mut characters) = (0usize, 1usize, 0usize, 0usize);
    while wanted.peek().is_some() {
        chunk.clear();
        if source.take(CHUNK as u64).read_to_end(&mut chunk)? == 0 {
            break;
        }
        let mut rest = chunk.as_slice();
        if at == 0 && rest.starts_with("\u{feff}".as_bytes()) {
            (rest, at, line_start) = (&rest[3..], 3, 3);
        }
        loop {
            let next = wanted.peek().map_or(usize::MAX, |offset| offset - at);
            let (passed, behind) = rest.split_at(next.min(rest.len()));
            line += memchr::memchr_iter(b'\n', passed).count();
            let in_line = match memchr::memrchr(b'\n', passed) {
                Some(newline) => {
                    (line_start, characters) = (at + newline + 1, 0);
                    &passed[newline + 1..]
                }
                None => passed,
            };
            // Every byte but those that continue a character begins one.
            characters += in_line.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
            at += passed.len();
            rest = behind;
            if next > passed.len() || wanted.next().is_none() {
                break;
            }
            positions.push(Position { line, column: characters + 1, line_start });
        }
    }
    Ok(positions)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn wanted() -> Vec<(usize, FieldPath)> {
        let root = FieldPath::root();
        let clients = root.key("clients");
        vec![
            (0, clients.index(1).key("größe")),
            (0, clients.index(0)),
            (0, clients.index(1).key("gone")),
            (0, root.key("gone")),
            (0, clients.clone()),
            (1, root.key("clients")),
        ]
    }

    const TEXT: &str = "\u{feff}{\"é\": 1,\r\n  \"clients\": [\r\n    {\r\n      \"a\": 1},\r\n    {\"b\": \"✓\", \"größe\": \"x\" }\r\n  ]\r\n}\r\n";

    #[test]
    fn a_field_comes_with_its_line() {
        let found = excerpts(TEXT, Format::Json, &wanted());
        let first = found[0].as_ref().unwrap();
        assert_eq!((first.line, first.column), (5, 25));
        assert_eq!(first.text, "    {\"b\": \"✓\", \"größe\": \"x\" }\r\n");
        assert_eq!(&first.text[first.located.span.clone()], "\"x\"");
        let object = found[1].as_ref().unwrap();
        assert_eq!((object.line, object.text.as_str()), (3, "    {\r\n"));
        assert!(object.located.span.end > object.text.trim_end().len());
        let parent = found[2].as_ref().unwrap();
        assert_eq!(
            (&parent.text[parent.located.span.clone()], parent.located.spot),
            ("{\"b\": \"✓\", \"größe\": \"x\" }", Spot::Parent)
        );
        assert_eq!(found[5], None);
    }

    #[test]
    fn a_text_that_goes_by_gives_the_same() {
        let long = TEXT.replace("\"✓\"", &format!("\"{}\"", "✓".repeat(4000)));
        let minified = long.replace("\r\n", " ");
        for text in [TEXT, &long, &minified, "{\"clients\": [", ""] {
            let at_once = excerpts(text, Format::Json, &wanted());
            let going_by = json_excerpts(&mut io::Cursor::new(text), &wanted()).unwrap();
            assert_eq!(at_once, going_by, "{text}");
        }
    }

    #[test]
    fn a_very_long_line_is_cut() {
        let text =
            format!("{{\"a\": \"{}\", \"b\": \"x\", \"c\": \"{}\"}}", "é".repeat(9000), "é".repeat(9000));
        let found = excerpts(&text, Format::Json, &[(0, FieldPath::root().key("b"))]);
        let found = found[0].as_ref().unwrap();
        assert_eq!(&found.text[found.located.span.clone()], "\"x\"");
        assert!(found.text.len() <= WIDEST && found.column == 9016, "{}", found.column);
    }
}
