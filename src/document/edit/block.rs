//! Lists and mappings that stand on lines of their own.

use std::ops::Range;

use serde_json::Value;

use super::layout::{Kind, Layout, begins_line, column, line_end, line_start, next_line};
use super::layout_yaml::skip_properties;
use super::plan::{Here, Plan};
use super::render::{Look, Quote};

impl Plan<'_> {
    /// Takes the entries that are marked out of a list or mapping and puts others behind it.
    pub(super) fn block_entries(
        &mut self,
        layout: &Layout,
        removed: &[bool],
        added: &[(usize, Option<&str>, &Value)],
        here: &Here,
        parent: Option<&Layout>,
        edit: usize,
    ) -> Result<(), &'static str> {
        let text = self.text;
        let (Some(first), Some(last)) = (layout.children.first(), layout.children.last()) else {
            return Err("it has no entry to go by");
        };
        let own_line = begins_line(text, first.head);
        let any_kept = removed.iter().any(|gone| !gone);
        let column = column(text, layout.value.start);
        let look = self.block_look(layout, false);
        let lines: Vec<String> = added
            .iter()
            .map(|(_, key, value)| match key {
                Some(key) => look.block_entry(key, value, column),
                None => self.item(layout, &look, value, column),
            })
            .collect();
        if !any_kept && (!own_line || (added.is_empty() && parent.is_none())) {
            // There is no line to take away: the value begins on that of its key or dash, or is the whole document.
            if comments_between(text, &layout.children) {
                return Err("a comment stands between entries that go");
            }
            let indent = format!("{}{}", self.line_break, " ".repeat(column));
            let with = if lines.is_empty() { empty(layout).to_owned() } else { lines.join(&indent) };
            self.splice(first.head..last.end(), with, here, edit);
            return Ok(());
        }
        if !any_kept && added.is_empty() {
            let slot = skip_properties(text, layout.slot);
            self.splice(slot..slot, format!(" {}", empty(layout)), here, edit);
        }
        for range in self.lines_to_take(layout, removed, own_line)? {
            self.splice(range, "", here, edit);
        }
        let at = next_line(text, last.end());
        let ends_open = !text[..at].ends_with('\n');
        for ((edit, ..), line) in added.iter().zip(lines) {
            let indent = " ".repeat(column);
            let with = if ends_open {
                format!("{}{indent}{line}", self.line_break)
            } else {
                format!("{indent}{line}{}", self.line_break)
            };
            self.splice(at..at, with, here, *edit);
        }
        Ok(())
    }

    /// The pieces of the text that the marked entries take up.
    fn lines_to_take(
        &self,
        layout: &Layout,
        removed: &[bool],
        own_line: bool,
    ) -> Result<Vec<Range<usize>>, &'static str> {
        let text = self.text;
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let mut from = 0;
        if !own_line && removed.first() == Some(&true) {
            // `- a: 1` and `- - a`: what follows moves up behind the dash.
            let kept = removed.iter().position(|gone| !gone).unwrap_or(removed.len());
            let next = layout.children.get(kept).ok_or("it begins on the line of another value")?;
            if comments_between(text, &layout.children[..=kept]) {
                return Err("a comment stands between entries that go");
            }
            ranges.push(layout.children[0].head..next.head);
            from = kept;
        }
        for (child, _) in layout.children.iter().zip(removed).skip(from).filter(|(_, gone)| **gone) {
            let range = line_start(text, child.head)..next_line(text, child.end());
            match ranges.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => ranges.push(range),
            }
        }
        Ok(ranges)
    }

    fn item(&self, layout: &Layout, look: &Look, value: &Value, column: usize) -> String {
        match layout.children.last() {
            Some(sibling) if sibling.kind.is_flow() && (value.is_object() || value.is_array()) => {
                let flow = self.flow_look(sibling, Some(layout));
                format!("-{}{}", " ".repeat(look.dash - 1), flow.flow(value, &" ".repeat(column)))
            }
            _ => look.block_item(value, column),
        }
    }

    /// How entries of a list or mapping are written; `inside` for what is new below one of its entries.
    pub(super) fn block_look(&self, layout: &Layout, inside: bool) -> Look {
        let text = self.text;
        let mut look = Look::new(false, self.line_break, self.habits);
        let quotes: Vec<_> = layout.children.iter().filter_map(|child| quote(child.kind)).collect();
        if layout.kind == Kind::BlockList {
            look.text = quotes.last().copied().unwrap_or(Quote::Plain);
            if let Some(sibling) = layout.children.last() {
                let content = text[sibling.slot..].bytes().position(|byte| byte != b' ').unwrap_or(0);
                let stands = sibling.slot + content < line_end(text, sibling.slot);
                look.dash = if stands { content.max(1) + 1 } else { 2 };
            }
            if let Some(sibling) = layout.children.iter().rev().find(|child| child.kind == Kind::BlockMap) {
                look.text = Quote::Plain;
                look.by_key = sibling
                    .children
                    .iter()
                    .filter_map(|entry| Some((entry.name.clone()?, quote(entry.kind)?)))
                    .collect();
                look.key = key_quote(text, &sibling.children);
            }
        } else if !inside {
            look.key = key_quote(text, &layout.children);
            look.text = match quotes.first() {
                Some(first) if quotes.iter().all(|quote| quote == first) => *first,
                _ => Quote::Plain,
            };
        }
        look
    }
}

fn empty(layout: &Layout) -> &'static str {
    if layout.kind == Kind::BlockList { "[]" } else { "{}" }
}

/// How a scalar is quoted.
pub(super) fn quote(kind: Kind) -> Option<Quote> {
    match kind {
        Kind::Plain => Some(Quote::Plain),
        Kind::Single => Some(Quote::Single),
        Kind::Double => Some(Quote::Double),
        _ => None,
    }
}

/// How the last key of a mapping is quoted.
pub(super) fn key_quote(text: &str, entries: &[Layout]) -> Quote {
    let key = entries.last().and_then(|entry| entry.key.clone());
    match key.and_then(|key| text.as_bytes().get(key.start)) {
        Some(b'"') => Quote::Double,
        Some(b'\'') => Quote::Single,
        _ => Quote::Plain,
    }
}

/// Whether a comment stands on a line of its own between entries.
fn comments_between(text: &str, entries: &[Layout]) -> bool {
    entries.windows(2).any(|pair| match pair {
        [one, next] => text.get(next_line(text, one.end())..next.head).is_some_and(|gap| gap.contains('#')),
        _ => false,
    })
}
