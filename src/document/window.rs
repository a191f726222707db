//! A JSON text that goes by piece by piece, so that a large file is never in memory as a whole.
//!
//! Like [`Scanner`](super::scan::Scanner) it finds where values begin and end and trusts others to check the syntax.

use std::io::Read;
use std::ops::Range;

use memchr::memchr2;

use super::scan::Stop;

/// How many bytes are read at once.
pub(crate) const CHUNK: usize = 256 << 10;

/// A cursor over a JSON text that is still being read.
#[derive(Debug)]
pub(crate) struct Window<R> {
    source: R,
    chunk: usize,
    buffer: Vec<u8>,
    /// The offset in the text of the buffer's first byte.
    start: usize,
    /// The byte of the buffer that is looked at.
    at: usize,
    /// The byte of the buffer from which on nothing may be let go.
    kept: Option<usize>,
    ended: bool,
}

impl<R: Read> Window<R> {
    /// A window at the beginning of `source`, behind its byte-order mark, that reads `chunk` bytes at once.
    pub(crate) fn new(source: R, chunk: usize) -> Result<Self, Stop> {
        let mut window = Window {
            source,
            chunk: chunk.max(1),
            buffer: Vec::new(),
            start: 0,
            at: 0,
            kept: None,
            ended: false,
        };
        while window.buffer.len() < 3 && window.more()? {}
        if window.buffer.starts_with("\u{feff}".as_bytes()) {
            window.at = 3;
        }
        Ok(window)
    }

    /// The offset in the text of the byte that is looked at.
    pub(crate) fn offset(&self) -> usize {
        self.start + self.at
    }

    /// Steps over the byte that was peeked at.
    pub(crate) fn step(&mut self) {
        self.at += 1;
    }

    /// The next byte that is no white space; the cursor stands on it.
    pub(crate) fn peek(&mut self) -> Result<u8, Stop> {
        loop {
            while let Some(&byte) = self.buffer.get(self.at) {
                if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                    return Ok(byte);
                }
                self.at += 1;
            }
            self.fill()?;
        }
    }

    /// Steps over `byte` and the white space before it.
    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), Stop> {
        if self.peek()? != byte {
            return Err(Stop::Broken);
        }
        self.at += 1;
        Ok(())
    }

    /// Steps over a key; its text, unescaped, and its place in the text, quotes included.
    pub(crate) fn key(&mut self) -> Result<(String, Range<usize>), Stop> {
        let key = self.keep(|window| window.string())?;
        let text = serde_json::from_slice(key.0).map_err(|_| Stop::Broken)?;
        Ok((text, key.1))
    }

    /// Steps over a value, nested at most `depth` deep, and returns where it stands.
    pub(crate) fn value(&mut self, depth: usize) -> Result<Range<usize>, Stop> {
        let first = self.peek()?;
        let start = self.offset();
        match first {
            b'"' => self.string()?,
            b'{' | b'[' => self.nested(depth)?,
            b',' | b':' | b'}' | b']' => return Err(Stop::Broken),
            _ => self.word()?,
        }
        Ok(start..self.offset())
    }

    /// As [`Self::value`], and the bytes of the value as well.
    pub(crate) fn value_bytes(&mut self, depth: usize) -> Result<&[u8], Stop> {
        self.peek()?;
        self.keep(|window| window.value(depth).map(drop)).map(|(bytes, _)| bytes)
    }

    fn keep(
        &mut self,
        walk: impl FnOnce(&mut Self) -> Result<(), Stop>,
    ) -> Result<(&[u8], Range<usize>), Stop> {
        self.peek()?;
        let start = self.offset();
        self.kept = Some(self.at);
        let walked = walk(self);
        self.kept = None;
        walked?;
        let from = start - self.start;
        Ok((&self.buffer[from..self.at], start..self.start + self.at))
    }

    fn string(&mut self) -> Result<(), Stop> {
        self.expect(b'"')?;
        loop {
            match memchr2(b'"', b'\\', &self.buffer[self.at..]) {
                Some(found) if self.buffer[self.at + found] == b'"' => {
                    self.at += found + 1;
                    return Ok(());
                }
                Some(found) => {
                    self.at += found + 1;
                    // The escaped character may not have been read yet.
                    if self.at == self.buffer.len() {
                        self.fill()?;
                    }
                    self.at += 1;
                }
                None => {
                    self.at = self.buffer.len();
                    self.fill()?;
                }
            }
        }
    }

    fn word(&mut self) -> Result<(), Stop> {
        loop {
            let rest = &self.buffer[self.at..];
            let end = rest.iter().position(|byte| {
                matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' | b'}' | b']' | b'{' | b'[' | b'"')
            });
            match end {
                Some(end) => {
                    self.at += end;
                    return Ok(());
                }
                None => {
                    self.at = self.buffer.len();
                    if !self.more()? {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn nested(&mut self, depth: usize) -> Result<(), Stop> {
        let mut open = 0usize;
        loop {
            while let Some(&byte) = self.buffer.get(self.at) {
                match byte {
                    b'"' => {
                        self.string()?;
                        continue;
                    }
                    b'{' | b'[' => {
                        open += 1;
                        if open > depth {
                            return Err(Stop::TooDeep(self.offset()));
                        }
                    }
                    b'}' | b']' => {
                        open -= 1;
                        if open == 0 {
                            self.at += 1;
                            return Ok(());
                        }
                    }
                    _ => {}
                }
                self.at += 1;
            }
            self.fill()?;
        }
    }

    /// Reads more behind the cursor.
    fn fill(&mut self) -> Result<(), Stop> {
        if self.more()? { Ok(()) } else { Err(Stop::End) }
    }

    /// Reads more, and lets go what is no longer needed; false at the end of the text.
    fn more(&mut self) -> Result<bool, Stop> {
        if self.ended {
            return Ok(false);
        }
        let needed = self.kept.unwrap_or(self.at).min(self.at);
        if needed >= self.chunk {
            self.buffer.drain(..needed);
            self.start += needed;
            self.at -= needed;
            self.kept = self.kept.map(|kept| kept - needed);
        }
        let before = self.buffer.len();
        let read = (&mut self.source).take(self.chunk as u64).read_to_end(&mut self.buffer);
        if read.is_err() {
            return Err(Stop::Broken);
        }
        self.ended = self.buffer.len() == before;
        Ok(!self.ended)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_whatever_the_size_of_a_piece() {
        let text = "\u{feff} {\"kéy\\n\" : [1, \"a\\\"]\\\\\", {\"x\": null}] ,\"b\":-1.5e3}  ";
        for chunk in 1..text.len() + 2 {
            let mut window = Window::new(text.as_bytes(), chunk).unwrap();
            window.expect(b'{').unwrap();
            let (key, place) = window.key().unwrap();
            assert_eq!((key.as_str(), &text[place]), ("kéy\n", "\"kéy\\n\""));
            window.expect(b':').unwrap();
            assert_eq!(window.value_bytes(9).unwrap(), b"[1, \"a\\\"]\\\\\", {\"x\": null}]");
            window.expect(b',').unwrap();
            assert_eq!(window.key().unwrap().0, "b");
            window.expect(b':').unwrap();
            let range = window.value(0).unwrap();
            assert_eq!(&text[range], "-1.5e3");
            window.expect(b'}').unwrap();
            assert_eq!(window.peek(), Err(Stop::End));
        }
    }

    #[test]
    fn broken_texts_end_the_walk() {
        for text in ["", "{", "[1, \"a", "\"\\", "[[["] {
            let mut window = Window::new(text.as_bytes(), 2).unwrap();
            assert!(window.value(9).is_err(), "{text}");
        }
        assert_eq!(Window::new(&b"[[[]]]"[..], 2).unwrap().value(2), Err(Stop::TooDeep(2)));
    }
}
