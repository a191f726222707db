//! A quick walk over JSON that finds where values begin and end without reading them.
//!
//! It trusts that somebody else has checked or will check the syntax: on broken JSON it stops early or skips too much, and
//! never reads beyond the text.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr2;

/// A cursor over the bytes of a JSON text.
#[derive(Debug, Clone)]
pub(crate) struct Scanner<'t> {
    bytes: &'t [u8],
    /// The byte that is looked at.
    pub(crate) at: usize,
}

/// Why a walk ended before the end of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The text ends inside a value.
    End,
    /// Something stands where JSON has it not.
    Broken,
    /// Brackets nest deeper than allowed; the offset of the one too many.
    TooDeep(usize),
}

impl<'t> Scanner<'t> {
    pub(crate) fn new(bytes: &'t [u8], at: usize) -> Self {
        Scanner { bytes, at }
    }

    /// The next byte that is no white space; the cursor stands on it.
    pub(crate) fn peek(&mut self) -> Result<u8, Stop> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Ok(byte);
            }
            self.at += 1;
        }
        Err(Stop::End)
    }

    /// Steps over `byte` and the white space before it.
    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), Stop> {
        if self.peek()? != byte {
            return Err(Stop::Broken);
        }
        self.at += 1;
        Ok(())
    }

    /// Steps over a string and returns where it stands, quotes included.
    pub(crate) fn string(&mut self) -> Result<Range<usize>, Stop> {
        self.expect(b'"')?;
        let start = self.at - 1;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let found = memchr2(b'"', b'\\', rest).ok_or(Stop::End)?;
            self.at += found + 1;
            if rest[found] == b'"' {
                return Ok(start..self.at);
            }
            if self.at >= self.bytes.len() {
                return Err(Stop::End);
            }
            self.at += 1;
        }
    }

    /// The key at `range`, unescaped.
    pub(crate) fn text(&self, range: Range<usize>) -> Option<Cow<'t, str>> {
        let quoted = self.bytes.get(range)?;
        if memchr::memchr(b'\\', quoted).is_some() {
            return serde_json::from_slice(quoted).ok().map(Cow::Owned);
        }
        let inner = quoted.get(1..quoted.len().checked_sub(1)?)?;
        std::str::from_utf8(inner).ok().map(Cow::Borrowed)
    }

    /// Steps over a value, nested at most `depth` deep, and returns where it stands.
    pub(crate) fn value(&mut self, depth: usize) -> Result<Range<usize>, Stop> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'"' => self.string(),
            b'{' | b'[' => {
                self.nested(depth)?;
                Ok(start..self.at)
            }
            b',' | b':' | b'}' | b']' => Err(Stop::Broken),
            _ => {
                let rest = &self.bytes[start..];
                let end = rest.iter().position(|byte| {
                    matches!(
                        byte,
                        b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' | b'}' | b']' | b'{' | b'[' | b'"'
                    )
                });
                self.at = start + end.unwrap_or(rest.len());
                Ok(start..self.at)
            }
        }
    }

    fn nested(&mut self, depth: usize) -> Result<(), Stop> {
        let mut open = 0usize;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => {
                    open += 1;
                    if open > depth {
                        return Err(Stop::TooDeep(self.at));
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
        Err(Stop::End)
    }
}
