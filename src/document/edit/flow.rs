//! Lists and mappings in brackets: those of JSON and the short ones of YAML.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

use super::block::{key_quote, quote};
use super::layout::{Kind, Layout, indentation, line_end, line_start, next_line};
use super::layout_json;
use super::plan::{Here, Plan};
use super::render::{Brackets, Look, Quote};

impl Plan<'_> {
    /// Takes the entries that are marked out of a list or mapping and puts others behind it.
    pub(super) fn flow_entries(
        &mut self,
        layout: &Layout,
        removed: &[bool],
        added: &[(usize, Option<&str>, &Value)],
        here: &Here,
        parent: Option<&Layout>,
        edit: usize,
    ) -> Result<(), &'static str> {
        let text = self.text;
        let look = self.flow_look(layout, parent);
        let render = |indent: &str, between: &str| {
            let written: Vec<_> = added
                .iter()
                .map(|(_, key, value)| match key {
                    Some(key) => look.flow_entry(key, value, indent),
                    None => look.flow(value, indent),
                })
                .collect();
            written.join(between)
        };
        let inside = layout.value.start + 1..layout.value.end - 1;
        let children = &layout.children;
        let (Some(first), Some(last)) = (children.first(), children.last()) else {
            return self.fill(layout, &look, inside, render, here, edit);
        };
        let between = self.between(layout, &look);
        let indent = match between.rsplit_once('\n') {
            Some((_, indent)) => indent,
            None => indentation(text, last.end()),
        };
        if removed.iter().all(|gone| *gone) {
            if self.has_comment(inside.start..first.head) || self.has_comment(last.end()..inside.end) {
                return Err("a comment stands in its brackets");
            }
            if added.is_empty() {
                let pad = &text[inside.start..first.head];
                let pad = if pad == " " { " " } else { "" };
                self.splice(inside, pad, here, edit);
            } else {
                self.splice(first.head..last.end(), render(indent, &between), here, edit);
            }
            return Ok(());
        }
        let kept = removed.iter().rposition(|gone| !gone).unwrap_or_default();
        let mut index = 0;
        while index < kept {
            if !removed[index] {
                index += 1;
                continue;
            }
            let run = index;
            while removed[index] {
                index += 1;
            }
            let gap = children[run].head..children[index].head;
            if self.has_comment(children[run].end()..children[index].head) {
                for child in &children[run..index] {
                    let lines = self.own_lines(child).ok_or("a comment stands between elements that go")?;
                    self.splice(lines, "", here, edit);
                }
            } else {
                self.splice(gap, "", here, edit);
            }
        }
        let behind = if kept + 1 < children.len() {
            let tail = children[kept].end()..last.end();
            if !self.has_comment(tail.clone()) {
                tail
            } else if added.is_empty() && !self.json {
                // A comma may stay behind the last element, so the comment before can stay as well.
                for child in &children[kept + 1..] {
                    let lines = self.own_lines(child).ok_or("a comment stands between elements that go")?;
                    self.splice(lines, "", here, edit);
                }
                return Ok(());
            } else {
                return Err("a comment stands between elements that go");
            }
        } else {
            last.end()..last.end()
        };
        if added.is_empty() {
            self.splice(behind, "", here, edit);
            return Ok(());
        }
        let new = render(indent, &between);
        let line = line_end(text, behind.end);
        let tail = &text[behind.end..line];
        let comma = tail.trim_start().starts_with(',');
        let comment = tail.trim_start().trim_start_matches(',').trim_start().starts_with('#');
        if comment && !self.json && behind.is_empty() && between.contains('\n') {
            // The comment belongs to the element before it.
            let end = if comma { "," } else { "" };
            if !comma {
                self.splice(behind, ",", here, edit);
            }
            self.splice(line..line, format!("{}{indent}{new}{end}", self.line_break), here, edit);
        } else {
            self.splice(behind, format!("{between}{new}"), here, edit);
        }
        Ok(())
    }

    /// Puts the first elements between brackets.
    fn fill(
        &mut self,
        layout: &Layout,
        look: &Look,
        inside: Range<usize>,
        render: impl Fn(&str, &str) -> String,
        here: &Here,
        edit: usize,
    ) -> Result<(), &'static str> {
        if self.has_comment(inside.clone()) {
            return Err("a comment stands in its brackets");
        }
        let outer = indentation(self.text, layout.value.start);
        let brackets = if layout.kind == Kind::FlowList { &look.list } else { &look.map };
        let with = if brackets.lines {
            let indent = format!("{outer}{}", look.unit);
            let line_break = self.line_break;
            let between = format!(",{line_break}{indent}");
            format!("{line_break}{indent}{}{line_break}{outer}", render(&indent, &between))
        } else {
            format!("{0}{1}{0}", brackets.pad, render(outer, &look.comma))
        };
        self.splice(inside, with, here, edit);
        Ok(())
    }

    /// What stands between two elements.
    fn between(&self, layout: &Layout, look: &Look) -> String {
        let text = self.text;
        let children = &layout.children;
        let sample = match children.as_slice() {
            [.., one, other] => text.get(one.end()..other.head).unwrap_or_default(),
            [only] => {
                let before = text.get(layout.value.start + 1..only.head).unwrap_or_default();
                if !before.contains('\n') {
                    return look.comma.clone();
                }
                before
            }
            [] => "",
        };
        let is_separator = sample.trim() == ",";
        match children.last() {
            _ if is_separator && !sample.contains('\n') => sample.to_owned(),
            Some(last) if sample.contains('\n') => {
                format!(",{}{}", self.line_break, indentation(text, last.head))
            }
            _ => look.comma.clone(),
        }
    }

    fn has_comment(&self, place: Range<usize>) -> bool {
        !self.json && self.text.get(place).is_some_and(|gap| gap.contains('#'))
    }

    /// The lines of an element and its comma when nothing else but a comment stands on them.
    fn own_lines(&self, child: &Layout) -> Option<Range<usize>> {
        let text = self.text;
        let start = line_start(text, child.head);
        let tail = text[child.end()..line_end(text, child.end())].trim_start();
        let tail = tail.strip_prefix(',').unwrap_or(tail).trim_start();
        let alone = text[start..child.head].trim().is_empty() && (tail.is_empty() || tail.starts_with('#'));
        alone.then(|| start..next_line(text, child.end()))
    }

    fn children_of<'l>(&self, layout: &'l Layout) -> Cow<'l, [Layout]> {
        if self.json && layout.kind.is_flow() {
            return Cow::Owned(layout_json::children(self.text, layout.value.clone()));
        }
        Cow::Borrowed(&layout.children)
    }

    /// How new values in brackets at or in `layout` are written: as it is, as what is in it, as what stands beside it.
    pub(super) fn flow_look(&self, layout: &Layout, parent: Option<&Layout>) -> Look {
        let text = self.text;
        let mut look = Look::new(self.json, self.line_break, self.habits);
        let own = self.children_of(layout);
        let beside = parent.map(|parent| self.children_of(parent)).unwrap_or_default();
        let last_map = own.iter().rev().find(|child| child.kind == Kind::FlowMap);
        let in_last_map = last_map.map(|map| self.children_of(map)).unwrap_or_default();
        let maps: [(Option<&Layout>, &[Layout]); 3] = [
            (last_map, &in_last_map),
            (Some(layout).filter(|layout| layout.kind == Kind::FlowMap), &own),
            (parent.filter(|parent| parent.kind == Kind::FlowMap), &beside),
        ];
        let sample = maps.iter().find_map(|(map, entries)| Some((((*map)?), *entries, entries.last()?)));
        if let Some((map, entries, last)) = sample {
            if let Some(key) = &last.key
                && let Some(colon) = text.get(key.end..last.value.start.max(key.end))
                && colon.trim() == ":"
                && !colon.contains('\n')
            {
                colon.clone_into(&mut look.colon);
            }
            look.key = key_quote(text, entries);
            look.map = brackets(text, map, entries);
            look.unit = self.unit(map, entries).unwrap_or(look.unit);
        } else if let Some(key) = &layout.key {
            let colon = text.get(key.end..layout.value.start.max(key.end)).unwrap_or_default();
            if colon.trim() == ":" && self.json {
                colon.clone_into(&mut look.colon);
            }
            if text[key.start..].starts_with('"') {
                (look.key, look.text) = (Quote::Double, Quote::Double);
            }
        }
        if self.json && look.colon.ends_with(':') {
            ",".clone_into(&mut look.comma);
        }
        if layout.kind == Kind::FlowList || layout.kind == Kind::FlowMap {
            let pair = own.windows(2).next_back();
            if let Some([one, other]) = pair
                && let Some(gap) = text.get(one.end()..other.head)
                && gap.trim() == ","
                && !gap.contains('\n')
            {
                gap.clone_into(&mut look.comma);
            }
        }
        let texts = own.iter().rev().chain(in_last_map.iter().rev());
        if look.key == Quote::Double {
            look.text = Quote::Double;
        } else if let Some(found) = texts.filter_map(|child| quote(child.kind)).next() {
            look.text = found;
        }
        let entries = if in_last_map.is_empty() { &own } else { &in_last_map };
        look.by_key =
            entries.iter().filter_map(|entry| Some((entry.name.clone()?, quote(entry.kind)?))).collect();
        self.lists(&mut look, layout, [&own, &in_last_map, &beside]);
        look
    }

    fn lists(&self, look: &mut Look, layout: &Layout, places: [&[Layout]; 3]) {
        let text = self.text;
        let mut seen = None;
        let mut seen_map = None;
        if layout.kind == Kind::FlowList && !places[0].is_empty() {
            seen = Some(brackets(text, layout, places[0]));
        }
        for place in places {
            for one in place.iter().rev() {
                let slot = match one.kind {
                    Kind::FlowList => &mut seen,
                    Kind::FlowMap => &mut seen_map,
                    _ => continue,
                };
                if slot.is_some() {
                    continue;
                }
                let children = self.children_of(one);
                if !children.is_empty() {
                    *slot = Some(brackets(text, one, &children));
                }
            }
        }
        let inside = text.get(layout.value.start + 1..layout.value.end.saturating_sub(1)).unwrap_or_default();
        let pad = if layout.kind.is_flow() && inside == " " { " " } else { "" };
        look.list = seen.unwrap_or_else(|| Brackets::one_line(pad));
        if let Some(map) = seen_map {
            look.map = map;
        }
        // Jackson writes `[ ]` and `{ }`.
        if pad == " " || (self.json && look.colon == " : ") {
            " ".clone_into(&mut look.list.empty);
            " ".clone_into(&mut look.map.empty);
            if !look.list.lines && self.json {
                " ".clone_into(&mut look.list.pad);
            }
        }
    }

    /// One step of indentation: by how much more a mapping's entries are indented than the line it begins on.
    fn unit(&self, map: &Layout, entries: &[Layout]) -> Option<String> {
        let first = entries.first()?;
        let inner = indentation(self.text, first.head);
        let outer = indentation(self.text, map.value.start);
        let unit = inner.strip_prefix(outer)?;
        (!unit.is_empty()).then(|| unit.to_owned())
    }
}

fn brackets(text: &str, layout: &Layout, children: &[Layout]) -> Brackets {
    let first = children.first().map_or(layout.value.end, |child| child.head);
    let pad = text.get(layout.value.start + 1..first).unwrap_or_default();
    let lines = pad.contains('\n');
    let is_blank = pad.bytes().all(|byte| byte == b' ');
    Brackets { lines, pad: if is_blank { pad.to_owned() } else { String::new() }, empty: String::new() }
}
