//! Pieces of a text replaced by others.

use std::ops::Range;

use super::ChangedLines;
use super::layout::next_line;
use super::refusal::{Reason, Refusal};

/// A piece of the old text and what stands in its place.
#[derive(Debug, Clone)]
pub(super) struct Splice {
    pub(super) place: Range<usize>,
    pub(super) with: String,
    /// How deep the value lies: of pieces that go to the same place the deeper one comes first.
    pub(super) depth: usize,
    /// The edit it is for.
    pub(super) edit: usize,
}

/// The text with all splices made.
///
/// # Errors
/// When two of them overlap.
pub(super) fn splice(text: &str, mut splices: Vec<Splice>) -> Result<(String, Vec<ChangedLines>), Refusal> {
    splices.retain(|splice| text.get(splice.place.clone()) != Some(&*splice.with));
    // Insertions come before what is replaced from the same place on.
    splices.sort_by_key(|splice| {
        (splice.place.start, !splice.place.is_empty(), std::cmp::Reverse(splice.depth))
    });
    keep_open_end(text, &mut splices);
    for pair in splices.windows(2) {
        if let [before, after] = pair
            && before.place.end > after.place.start
        {
            return Err(Refusal {
                edit: Some(after.edit),
                path: crate::locus::FieldPath::root(),
                reason: Reason::Conflict(before.edit),
            });
        }
    }
    let grown = splices.iter().map(|splice| splice.with.len()).sum::<usize>();
    let mut new = String::with_capacity(text.len() + grown);
    let mut changed: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    let mut copied = 0;
    for splice in &splices {
        new.push_str(&text[copied..splice.place.start]);
        let start = new.len();
        new.push_str(&splice.with);
        copied = splice.place.end;
        changed.push((splice.place.clone(), start..new.len()));
    }
    new.push_str(&text[copied..]);
    let lines = lines(text, &new, &changed);
    Ok((new, lines))
}

// A file without a line break at its end stays so: when its last lines go, the line break before them goes as well.
fn keep_open_end(text: &str, splices: &mut Vec<Splice>) {
    splices.dedup_by(|next, before| {
        let adjoin = before.place.end == next.place.start && before.with.is_empty() && next.with.is_empty();
        if adjoin {
            before.place.end = next.place.end;
        }
        adjoin
    });
    if text.ends_with('\n') {
        return;
    }
    let is_last = |splice: &Splice| {
        splice.with.is_empty() && splice.place.end == text.len() && !splice.place.is_empty()
    };
    let Some(last) = splices.iter().rposition(is_last) else { return };
    let start = splices[last].place.start;
    if !at_line_start(text, start) {
        return;
    }
    match last.checked_sub(1).map(|before| &mut splices[before]) {
        Some(before) if before.place.end == start => {
            let line = before.with.strip_suffix('\n').unwrap_or(&before.with);
            let length = line.strip_suffix('\r').unwrap_or(line).len();
            before.with.truncate(length);
        }
        _ => {
            let line = text[..start].strip_suffix('\n').unwrap_or(&text[..start]);
            splices[last].place.start = line.strip_suffix('\r').unwrap_or(line).len();
        }
    }
}

/// The lines that changed pieces stand on; whole lines that are new or gone count as such.
fn lines(old: &str, new: &str, changed: &[(Range<usize>, Range<usize>)]) -> Vec<ChangedLines> {
    let mut counters = (Counter::new(old), Counter::new(new));
    let mut found: Vec<ChangedLines> = Vec::new();
    for (before, after) in changed {
        // A piece that begins and ends at the beginning of lines touches no line but its own ones.
        let whole = at_line_start(old, before.start)
            && at_line_start(new, after.start)
            && at_line_start(old, before.end)
            && at_line_start(new, after.end);
        let range = |counter: &mut Counter<'_>, text: &str, piece: &Range<usize>| {
            let first = counter.line(piece.start);
            let last = counter.line(piece.end);
            let empty_tail = piece.end == text.len() && at_line_start(text, piece.end) && piece.end > 0;
            first..if whole || (empty_tail && last > first) { last } else { last + 1 }
        };
        let next = ChangedLines {
            old: range(&mut counters.0, old, before),
            new: range(&mut counters.1, new, after),
        };
        match found.last_mut() {
            Some(last) if last.old.end >= next.old.start && last.new.end >= next.new.start => {
                last.old.end = last.old.end.max(next.old.end);
                last.new.end = last.new.end.max(next.new.end);
            }
            _ => found.push(next),
        }
    }
    found
}

fn at_line_start(text: &str, at: usize) -> bool {
    at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n')
}

/// Counts lines of rising offsets.
struct Counter<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl<'t> Counter<'t> {
    fn new(text: &'t str) -> Self {
        Counter { text, at: 0, line: 1 }
    }

    /// The line of a byte, counted from one. Offsets may only fall within a line that was counted last.
    fn line(&mut self, offset: usize) -> usize {
        if offset > self.at {
            self.line += memchr::memchr_iter(b'\n', &self.text.as_bytes()[self.at..offset]).count();
            self.at = offset;
        }
        self.line
    }
}

/// Whether both texts are the same byte for byte outside the changed lines.
pub(super) fn same_outside(old: &str, new: &str, changed: &[ChangedLines]) -> bool {
    let (mut at_old, mut at_new) = ((0, 1), (0, 1));
    let skip = |text: &str, (mut at, mut line): (usize, usize), to: usize| {
        while line < to && at < text.len() {
            at = next_line(text, at);
            line += 1;
        }
        (at, line)
    };
    for lines in changed {
        let (old_from, new_from) = (skip(old, at_old, lines.old.start), skip(new, at_new, lines.new.start));
        if old[at_old.0..old_from.0] != new[at_new.0..new_from.0] {
            return false;
        }
        (at_old, at_new) = (skip(old, old_from, lines.old.end), skip(new, new_from, lines.new.end));
    }
    old[at_old.0..] == new[at_new.0..]
}
