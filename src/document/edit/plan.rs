//! From edits to splices, and the proof that the result is what was meant.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::Value;

use super::super::yaml::Source;
use super::super::{Format, Node, json};
use super::habits::{Habits, line_break};
use super::layout::{Kind, Layout, line_end};
use super::layout_yaml::{self, anchors, skip_properties};
use super::refusal::{Reason, Refusal};
use super::render::Quote;
use super::splice::{Splice, same_outside, splice};
use super::value::same;
use super::wanted::{Set, Wanted, by_document, step_on};
use super::{Change, Edit, Edited, Written, guard, layout_json};
use crate::locus::{FieldPath, Segment};

pub(super) fn apply(text: &str, format: Format, edits: &[Edit]) -> Result<Edited, Refusal> {
    let (wanted, repeated) = by_document(edits)?;
    let (splices, undo, mut idle, expected) = match format {
        Format::Json => json_splices(text, &wanted)?,
        Format::Yaml => yaml_splices(text, &wanted)?,
    };
    idle.extend(repeated);
    idle.sort_unstable();
    let (new, changed) = splice(text, splices).map_err(|refusal| named(refusal, edits))?;
    if new == text {
        return Ok(Edited { text: new, changed, undo: Vec::new(), idle });
    }
    let proof = match expected {
        Expected::Digest(digest) => is_json(&new, &digest),
        Expected::Documents(documents) => is_yaml(text, &new, documents),
    };
    let single = match edits {
        [edit] => Some(edit),
        _ => None,
    };
    proof.map_err(|why| Refusal {
        edit: single.map(|_| 0),
        path: single.map(|edit| edit.path.clone()).unwrap_or_default(),
        reason: Reason::Guard(why),
    })?;
    if !same_outside(text, &new, &changed) {
        return Err(Refusal::whole(Reason::Guard("lines that no edit is for would have changed")));
    }
    Ok(Edited { text: new, changed, undo, idle })
}

fn named(refusal: Refusal, edits: &[Edit]) -> Refusal {
    let path = refusal.edit.and_then(|edit| edits.get(edit)).map(|edit| edit.path.clone());
    Refusal { path: path.unwrap_or_default(), ..refusal }
}

/// What the new text must say.
enum Expected {
    Digest([u8; 32]),
    Documents(BTreeMap<usize, Node>),
}

type Planned = (Vec<Splice>, Vec<Edit>, Vec<usize>, Expected);

fn json_splices(text: &str, wanted: &BTreeMap<usize, Wanted<'_>>) -> Result<Planned, Refusal> {
    if let Some((_, beyond)) = wanted.iter().find(|(number, _)| **number != 0) {
        return Err(beyond.refuse(&FieldPath::root(), Reason::Missing));
    }
    let none = Wanted::default();
    let wanted = wanted.get(&0).unwrap_or(&none);
    let digest = guard::json_digest(text, wanted.first().map(|_| wanted))
        .map_err(|refusal| unless_ambiguous(text, wanted, refusal))?;
    let layout = layout_json::read(text, wanted)
        .map_err(|_| Refusal::whole(Reason::Guard("its values were not found again")))?;
    let shared = BTreeMap::new();
    let mut plan = Plan::new(text, true, Habits::default(), 0, &shared, &[]);
    plan.visit(&layout, None, wanted, &Here::default(), None)?;
    Ok((plan.splices, plan.undo, plan.idle, Expected::Digest(digest)))
}

// Of equal keys only the first was compared when something is wrong with it; that there are two is what matters.
fn unless_ambiguous(text: &str, wanted: &Wanted<'_>, refusal: Refusal) -> Refusal {
    fn equal_keys(layout: &Layout, wanted: &Wanted<'_>, at: &FieldPath) -> Option<Refusal> {
        wanted.children.iter().find_map(|(step, child)| {
            let path = step_on(at, step);
            let mut found = layout.children.iter().filter(|one| match step {
                Segment::Key(key) => one.name.as_deref() == Some(key),
                Segment::Index(index) => one.ordinal == *index,
            });
            let first = found.next()?;
            if found.next().is_some() {
                return Some(child.refuse(&path, Reason::Ambiguous));
            }
            equal_keys(first, child, &path)
        })
    }
    if matches!(refusal.reason, Reason::Syntax(_)) {
        return refusal;
    }
    let layout = layout_json::read(text, wanted).ok();
    layout.and_then(|layout| equal_keys(&layout, wanted, &FieldPath::root())).unwrap_or(refusal)
}

fn yaml_splices(text: &str, wanted: &BTreeMap<usize, Wanted<'_>>) -> Result<Planned, Refusal> {
    let syntax = |error| Refusal::whole(Reason::Syntax(error));
    let source = Source::new(text).map_err(syntax)?;
    let layouts = layout_yaml::read(text, &source, wanted).map_err(syntax)?;
    let templates: Vec<_> = source.templates().collect();
    let (mut splices, mut undo, mut idle) = (Vec::new(), Vec::new(), Vec::new());
    let mut expected = BTreeMap::new();
    for (number, document) in source.documents().enumerate() {
        let node = document.map_err(syntax)?;
        let Some((layout, wanted)) = layouts.documents.get(&number).zip(wanted.get(&number)) else {
            continue;
        };
        let mut after = node.clone();
        guard::apply(&mut after, wanted, &FieldPath::root())?;
        let root = layout.root.as_ref().ok_or_else(|| wanted.refuse(&FieldPath::root(), Reason::Missing))?;
        let mut plan = Plan::new(text, false, layouts.habits, number, &layout.shared, &templates);
        plan.visit(root, Some(&node), wanted, &Here::default(), None)?;
        plan.spares_templates()?;
        splices.append(&mut plan.splices);
        undo.append(&mut plan.undo);
        idle.append(&mut plan.idle);
        expected.insert(number, after);
    }
    if let Some((_, beyond)) = wanted.iter().find(|(number, _)| !expected.contains_key(number)) {
        return Err(beyond.refuse(&FieldPath::root(), Reason::Missing));
    }
    Ok((splices, undo, idle, Expected::Documents(expected)))
}

fn is_json(new: &str, expected: &[u8; 32]) -> Result<(), &'static str> {
    match guard::json_digest(new, None) {
        Ok(digest) if digest == *expected => Ok(()),
        Ok(_) => Err("it did not say what it should"),
        Err(_) => Err("it could not be read any more"),
    }
}

fn is_yaml(old: &str, new: &str, mut expected: BTreeMap<usize, Node>) -> Result<(), &'static str> {
    let unreadable = "it could not be read any more";
    let (was, is) = (Source::new(old).map_err(|_| unreadable)?, Source::new(new).map_err(|_| unreadable)?);
    let piece = |text: &str, place: Range<usize>| text.get(place).unwrap_or_default().to_owned();
    let templates_before = was.templates().map(|(place, vanishes)| (piece(old, place), vanishes));
    let templates_after = is.templates().map(|(place, vanishes)| (piece(new, place), vanishes));
    // New texts in quotes may look like templates, so those that were there must be among those that are.
    let mut after = templates_after.into_iter();
    for before in templates_before {
        if !after.any(|one| one == before) {
            return Err("a template would have changed");
        }
    }
    let (mut was, mut is) = (was.documents(), is.documents());
    for number in 0.. {
        let (old, new) = (was.next().transpose(), is.next().transpose());
        let (old, new) = (old.map_err(|_| unreadable)?, new.map_err(|_| unreadable)?);
        match (expected.remove(&number).or(old), new) {
            (None, None) => return Ok(()),
            (Some(one), Some(other)) if one == other => {}
            _ => return Err("it did not say what it should"),
        }
    }
    Ok(())
}

/// The splices of one document in the making.
pub(super) struct Plan<'a> {
    pub(super) text: &'a str,
    pub(super) json: bool,
    pub(super) line_break: &'static str,
    pub(super) habits: Habits,
    document: usize,
    shared: &'a BTreeMap<usize, String>,
    templates: &'a [(Range<usize>, bool)],
    splices: Vec<Splice>,
    undo: Vec<Edit>,
    idle: Vec<usize>,
}

/// Which value it is, in the old text and in the new one, and how deep it lies.
#[derive(Debug, Clone, Default)]
pub(super) struct Here {
    old: FieldPath,
    new: FieldPath,
    pub(super) depth: usize,
}

impl<'a> Plan<'a> {
    fn new(
        text: &'a str,
        json: bool,
        habits: Habits,
        document: usize,
        shared: &'a BTreeMap<usize, String>,
        templates: &'a [(Range<usize>, bool)],
    ) -> Self {
        let line_break = line_break(text);
        let (splices, undo, idle) = (Vec::new(), Vec::new(), Vec::new());
        Plan { text, json, line_break, habits, document, shared, templates, splices, undo, idle }
    }

    pub(super) fn splice(&mut self, place: Range<usize>, with: impl Into<String>, here: &Here, edit: usize) {
        self.splices.push(Splice { place, with: with.into(), depth: here.depth, edit });
    }

    fn undo(&mut self, path: FieldPath, change: Change) {
        self.undo.push(Edit { document: self.document, path, change });
    }

    fn node<'n>(&self, layout: &Layout, node: Option<&'n Node>) -> Result<Cow<'n, Node>, Refusal> {
        match node {
            Some(node) => Ok(Cow::Borrowed(node)),
            None => json::parse(self.text.get(layout.value.clone()).unwrap_or_default())
                .map(Cow::Owned)
                .map_err(|error| Refusal::whole(Reason::Syntax(error))),
        }
    }

    fn visit(
        &mut self,
        layout: &Layout,
        node: Option<&Node>,
        wanted: &Wanted<'_>,
        here: &Here,
        parent: Option<&Layout>,
    ) -> Result<(), Refusal> {
        let alias = (layout.kind == Kind::Alias)
            .then(|| self.text.get(layout.value.clone()).unwrap_or("*").to_owned());
        if let Some(name) = alias.or_else(|| self.shared.get(&layout.anchor).cloned()) {
            return self.unless_settled(node, wanted, here, Reason::Shared(name));
        }
        if let Some(set) = &wanted.set {
            let found = self.node(layout, node)?;
            if same(&found, set.to) {
                self.idle.push(set.edit);
                return Ok(());
            }
            return self.set(layout, set, here, parent);
        }
        if layout.kind == Kind::Pair && wanted.is_here() {
            return Err(wanted.refuse(&here.old, Reason::NotRepresentable("it is a mapping without braces")));
        }
        let removed =
            if wanted.edits_list() { self.list(layout, node, wanted, here, parent)? } else { Vec::new() };
        if wanted.edits_map() {
            self.map(layout, node, wanted, here, parent)?;
        }
        for (step, child) in &wanted.children {
            let found = layout.children.iter().find(|one| match step {
                Segment::Key(key) => one.name.as_deref() == Some(key),
                Segment::Index(index) => one.ordinal == *index,
            });
            let below = node.and_then(|node| node.at(&step_on(&FieldPath::root(), step)));
            let moved = match step {
                Segment::Index(index) => {
                    let gone = removed.iter().take(*index as usize).filter(|gone| **gone).count();
                    here.new.index(*index as usize - gone)
                }
                Segment::Key(key) => here.new.key(key.clone()),
            };
            let there = Here { old: step_on(&here.old, step), new: moved, depth: here.depth + 1 };
            match found {
                Some(found) => self.visit(found, below, child, &there, Some(layout))?,
                // The value has it and the text has not: it comes through a merge key.
                None => self.unless_settled(below, child, &there, Reason::Merged)?,
            }
        }
        Ok(())
    }

    // Edits that find their work done are no reason to refuse.
    fn unless_settled(
        &mut self,
        node: Option<&Node>,
        wanted: &Wanted<'_>,
        here: &Here,
        reason: Reason,
    ) -> Result<(), Refusal> {
        let Some(node) = node else { return Err(wanted.refuse(&here.old, Reason::Missing)) };
        let mut after = node.clone();
        guard::apply(&mut after, wanted, &here.old)?;
        if after != *node {
            return Err(wanted.refuse(&here.old, reason));
        }
        let mut all = Vec::new();
        wanted.all(&here.old, &mut all);
        self.idle.extend(all.into_iter().map(|(edit, _)| edit));
        Ok(())
    }

    fn list(
        &mut self,
        layout: &Layout,
        node: Option<&Node>,
        wanted: &Wanted<'_>,
        here: &Here,
        parent: Option<&Layout>,
    ) -> Result<Vec<bool>, Refusal> {
        let mut removed = vec![false; layout.children.len()];
        let mut removals: BTreeSet<usize> = BTreeSet::new();
        let mut present: BTreeSet<usize> = BTreeSet::new();
        for (index, child) in layout.children.iter().enumerate() {
            let mut item =
                self.node(child, node.map(|node| node.items().get(index).unwrap_or(&Node::Null)))?;
            for (edit, gone) in &wanted.removes {
                if same(&item, gone) {
                    removed[index] = true;
                    removals.insert(*edit);
                    self.may_go(child, &here.old, *edit)?;
                }
            }
            let step = Segment::Index(child.ordinal);
            if let Some(inner) = wanted.children.get(&step) {
                let path = here.old.index(index);
                if let Some((edit, _)) = wanted.removes.iter().find(|(_, gone)| same(&item, gone)) {
                    return Err(inner.refuse(&path, Reason::Conflict(*edit)));
                }
                guard::apply(item.to_mut(), inner, &path)?;
            }
            let found = wanted.inserts.iter().filter(|(_, one)| !removed[index] && same(&item, one));
            present.extend(found.map(|(edit, _)| *edit));
        }
        let inserts: Vec<_> =
            wanted.inserts.iter().filter(|(edit, _)| !present.contains(edit)).copied().collect();
        self.idle.extend(present);
        for (edit, item) in &wanted.removes {
            if removals.contains(edit) {
                self.undo(here.new.clone(), Change::Insert { item: (*item).clone() });
            } else {
                self.idle.push(*edit);
            }
        }
        for (_, item) in &inserts {
            self.undo(here.new.clone(), Change::Remove { item: (*item).clone() });
        }
        let edit = removals.first().copied().or(inserts.first().map(|(edit, _)| *edit));
        if let Some(edit) = edit {
            self.holds_no_template(layout, wanted, here)?;
            let entries: Vec<_> = inserts.into_iter().map(|(edit, item)| (edit, None, item)).collect();
            self.entries(layout, &removed, &entries, here, parent, edit)?;
        }
        Ok(removed)
    }

    fn map(
        &mut self,
        layout: &Layout,
        node: Option<&Node>,
        wanted: &Wanted<'_>,
        here: &Here,
        parent: Option<&Layout>,
    ) -> Result<(), Refusal> {
        let mut removed = vec![false; layout.children.len()];
        let mut first = None;
        let place = |key: &str| layout.children.iter().position(|child| child.name.as_deref() == Some(key));
        for (edit, key, from) in &wanted.deletes {
            match place(key) {
                Some(index) => {
                    self.may_go(&layout.children[index], &here.old.key(*key), *edit)?;
                    removed[index] = true;
                    first = first.or(Some(*edit));
                    self.undo(here.new.key(*key), Change::Create { value: (*from).clone() });
                }
                None if node.is_some_and(|node| node.get(key).is_some()) => {
                    return Err(Refusal::new(*edit, &here.old.key(*key), Reason::Merged));
                }
                None => self.idle.push(*edit),
            }
        }
        let mut entries = Vec::new();
        for (edit, key, value) in &wanted.creates {
            if place(key).is_some() || node.is_some_and(|node| node.get(key).is_some()) {
                self.idle.push(*edit);
                continue;
            }
            first = first.or(Some(*edit));
            self.undo(here.new.key(*key), Change::Delete { from: (*value).clone() });
            entries.push((*edit, Some(*key), *value));
        }
        if let Some(edit) = first {
            self.holds_no_template(layout, wanted, here)?;
            self.entries(layout, &removed, &entries, here, parent, edit)?;
        }
        Ok(())
    }

    fn entries(
        &mut self,
        layout: &Layout,
        removed: &[bool],
        added: &[(usize, Option<&str>, &Value)],
        here: &Here,
        parent: Option<&Layout>,
        edit: usize,
    ) -> Result<(), Refusal> {
        let outcome = if layout.kind.is_block() {
            self.block_entries(layout, removed, added, here, parent, edit)
        } else if layout.kind.is_flow() {
            self.flow_entries(layout, removed, added, here, parent, edit)
        } else {
            Err("it is written as something else there")
        };
        outcome.map_err(|why| Refusal::new(edit, &here.old, Reason::NotRepresentable(why)))
    }

    fn may_go(&self, layout: &Layout, path: &FieldPath, edit: usize) -> Result<(), Refusal> {
        let mut found = BTreeSet::new();
        anchors(layout, &mut found);
        match found.iter().find_map(|anchor| self.shared.get(anchor)) {
            Some(name) => Err(Refusal::new(edit, path, Reason::Shared(name.clone()))),
            None => Ok(()),
        }
    }

    // Between lines that a template engine writes or leaves out nobody can say where a new one belongs.
    fn holds_no_template(&self, layout: &Layout, wanted: &Wanted<'_>, here: &Here) -> Result<(), Refusal> {
        let around = layout.value.start..layout.end();
        let inside = |place: &Range<usize>| around.start <= place.start && place.start < around.end;
        if self.templates.iter().any(|(place, vanishes)| *vanishes && inside(place)) {
            return Err(wanted.refuse(&here.old, Reason::Placeholder));
        }
        Ok(())
    }

    fn spares_templates(&self) -> Result<(), Refusal> {
        for splice in &self.splices {
            let touches =
                |place: &Range<usize>| place.start < splice.place.end && splice.place.start < place.end;
            if self.templates.iter().any(|(place, _)| touches(place)) {
                return Err(Refusal::new(splice.edit, &FieldPath::root(), Reason::Placeholder));
            }
        }
        Ok(())
    }

    fn set(
        &mut self,
        layout: &Layout,
        set: &Set<'_>,
        here: &Here,
        parent: Option<&Layout>,
    ) -> Result<(), Refusal> {
        self.may_go(layout, &here.old, set.edit)?;
        let refuse = |why| Refusal::new(set.edit, &here.old, Reason::NotRepresentable(why));
        let in_flow = self.json || parent.is_some_and(|parent| parent.kind.is_flow());
        let tight = layout.kind.is_inline_scalar() || (layout.kind.is_flow() && layout.kind != Kind::Pair);
        let end = if in_flow { layout.end() } else { line_end(self.text, layout.end()) };
        let wide = layout.slot.min(end)..end;
        let as_before = set.written.and_then(|written| {
            let stands = |place: &Range<usize>| self.text.get(place.clone()) == Some(&*written.now);
            let place = if tight && stands(&layout.value) {
                Some(layout.value.clone())
            } else {
                stands(&wide).then(|| wide.clone())
            };
            place.map(|place| (place, written.then.clone()))
        });
        let (place, with) = match as_before {
            Some(before) => before,
            None => {
                let composite = match set.to {
                    Value::Array(items) => !items.is_empty(),
                    Value::Object(entries) => !entries.is_empty(),
                    _ => false,
                };
                let in_lines = composite && !in_flow && !layout.kind.is_flow() && parent.is_some();
                if !in_lines && tight {
                    (layout.value.clone(), self.inline(layout, set.to, in_flow, parent))
                } else if layout.kind == Kind::Pair || parent.is_none() {
                    return Err(refuse("it has no place of its own there"));
                } else {
                    let with = self.wide(layout, set.to, &wide, in_lines, in_flow, parent);
                    (wide, with.ok_or_else(|| refuse("an anchor or tag stands before it"))?)
                }
            }
        };
        let written =
            Written { now: with.clone(), then: self.text.get(place.clone()).unwrap_or_default().to_owned() };
        let back = Change::Set { from: set.to.clone(), to: set.from.clone(), written: Some(written) };
        self.undo(here.new.clone(), back);
        self.splice(place, with, here, set.edit);
        Ok(())
    }

    /// The value on the line on which the old one stands.
    fn inline(&self, layout: &Layout, to: &Value, in_flow: bool, parent: Option<&Layout>) -> String {
        let look = self.flow_look(layout, parent);
        let quote = match layout.kind {
            Kind::Single => Quote::Single,
            Kind::Double => Quote::Double,
            Kind::Plain => Quote::Plain,
            _ => look.text,
        };
        match to {
            Value::Array(_) | Value::Object(_) => {
                look.flow(to, super::layout::indentation(self.text, layout.value.start))
            }
            scalar => look.scalar(scalar, quote, in_flow),
        }
    }

    /// All that stands behind the colon or dash, anew.
    fn wide(
        &self,
        layout: &Layout,
        to: &Value,
        wide: &Range<usize>,
        in_lines: bool,
        in_flow: bool,
        parent: Option<&Layout>,
    ) -> Option<String> {
        let text = self.text;
        let behind = skip_properties(text, layout.slot).min(wide.end);
        let lead = &text[layout.slot.min(behind)..behind];
        let mut rest = match layout.kind {
            Kind::Empty => &text[behind..wide.end],
            Kind::Block => {
                let header = text[behind..].bytes().position(|byte| matches!(byte, b'|' | b'>'))? + behind;
                let line = line_end(text, header);
                let token = text[header..line].find([' ', '\t']).map_or(line, |length| header + length);
                if let Value::String(new) = to
                    && let Some(lines) = self.block_text(layout, header..token, new)
                {
                    return Some(format!(
                        "{lead}{}{}",
                        &text[behind..header],
                        lines.replacen('\u{0}', &text[token..line], 1)
                    ));
                }
                &text[token..line]
            }
            Kind::BlockList | Kind::BlockMap => {
                let line = line_end(text, behind);
                if layout.value.start > line { &text[behind..line] } else { "" }
            }
            _ => &text[layout.value.end.min(wide.end)..wide.end],
        };
        let look = if in_lines { self.block_look(parent?, true) } else { self.flow_look(layout, parent) };
        if !in_lines {
            let written = match to {
                Value::Array(_) | Value::Object(_) => {
                    look.flow(to, super::layout::indentation(text, layout.slot))
                }
                scalar => look.scalar(scalar, look.text, in_flow),
            };
            return Some(format!("{lead} {written}{rest}"));
        }
        let parent = parent?;
        let column = super::layout::column(text, parent.value.start);
        if parent.kind == Kind::BlockMap {
            return Some(format!("{lead}{rest}{}", look.behind_colon(to, look.text, column)));
        }
        if !lead.trim().is_empty() {
            return None;
        }
        if layout.kind.is_block() {
            rest = "";
        }
        Some(format!("{}{}{rest}", " ".repeat(look.dash - 1), look.block(to, column + look.dash)))
    }

    /// A text of several lines as the old one was written, its header up to the indicators; a zero character stands for the rest of
    /// the header's line. None where it cannot be written so.
    fn block_text(&self, layout: &Layout, header: Range<usize>, new: &str) -> Option<String> {
        let text = self.text;
        let start = layout.value.start;
        let indent = &text[super::layout::line_start(text, start)..start];
        let body = new.trim_end_matches('\n');
        let explicit: String = text[header].chars().filter(char::is_ascii_digit).collect();
        let fits = !body.is_empty()
            && !layout.value.is_empty()
            && indent.bytes().all(|byte| byte == b' ')
            && (!body.starts_with([' ', '\n']) || !explicit.is_empty())
            && !body.starts_with('\t')
            && body.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t'))
            && !body.contains(['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}']);
        if !fits {
            return None;
        }
        let ends = new.len() - body.len();
        let chomp = match ends {
            0 => "-",
            1 => "",
            _ => "+",
        };
        let mut written = format!("|{explicit}{chomp}\u{0}");
        for line in body.split('\n') {
            written.push_str(self.line_break);
            if !line.is_empty() {
                written.push_str(indent);
                written.push_str(line);
            }
        }
        (1..ends).for_each(|_| written.push_str(self.line_break));
        Some(written)
    }
}
