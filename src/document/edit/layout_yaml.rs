//! Where values of a YAML text stand.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use granit_parser::{Event, ScalarStyle, StructureStyle};

use super::super::SyntaxError;
use super::super::yaml::Source;
use super::habits::Habits;
use super::layout::{Kind, Layout, begins_line, column, line_start, next_line};
use super::wanted::Wanted;
use crate::locus::Segment;

/// The edited documents of a YAML text, and what the text does elsewhere.
#[derive(Debug, Default)]
pub(super) struct Layouts {
    pub(super) documents: BTreeMap<usize, Document>,
    pub(super) habits: Habits,
}

/// An edited document.
#[derive(Debug)]
pub(super) struct Document {
    /// None for a document without any value.
    pub(super) root: Option<Layout>,
    /// The anchors that an alias refers to, by number, each with the alias as it is written.
    pub(super) shared: BTreeMap<usize, String>,
}

/// A list or mapping that is not closed yet.
struct Open<'w> {
    layout: Layout,
    wanted: Option<&'w Wanted<'w>>,
    /// Whether everything in it is kept.
    whole: bool,
    /// Whether it is itself the key of a mapping.
    is_key: bool,
    key: Option<(Option<String>, Range<usize>)>,
    next: u32,
    /// The end of the last thing in it.
    last_end: usize,
}

/// The layouts of the documents that `wanted` names.
pub(super) fn read(
    text: &str,
    source: &Source<'_>,
    wanted: &BTreeMap<usize, Wanted<'_>>,
) -> Result<Layouts, SyntaxError> {
    let mut layouts = Layouts::default();
    let mut events = source.events();
    let mut number: Option<usize> = None;
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut body = 0;
    while let Some((event, place)) = events.next()? {
        let document = number.and_then(|number| wanted.get(&number).map(|wanted| (number, wanted)));
        let (kind, anchor, scalar) = match event {
            Event::DocumentStart(explicit, _) => {
                let next = number.map_or(0, |number| number + 1);
                number = Some(next);
                body = if explicit { place.end } else { place.start };
                open.clear();
                if wanted.contains_key(&next) {
                    layouts.documents.insert(next, Document { root: None, shared: BTreeMap::new() });
                }
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(mut closed) = open.pop() {
                    let end = if closed.layout.kind.is_flow() && !place.is_empty() {
                        place.end
                    } else {
                        closed.last_end
                    };
                    closed.layout.value.end = end.max(closed.layout.value.start);
                    if closed.is_key {
                        close_key(&mut open, closed.layout.value);
                    } else {
                        let kept = closed.wanted.is_some() || closed.whole;
                        hand_up(&mut layouts, document, &mut open, closed.layout, kept);
                    }
                }
                continue;
            }
            Event::Alias(target) => {
                if let Some((number, _)) = document
                    && let Some(known) = layouts.documents.get_mut(&number)
                {
                    known
                        .shared
                        .entry(target)
                        .or_insert_with(|| text.get(place.clone()).unwrap_or("*").to_owned());
                }
                (Kind::Alias, 0, None)
            }
            Event::Scalar(value, style, anchor, _) => {
                let kind = match style {
                    ScalarStyle::SingleQuoted => Kind::Single,
                    ScalarStyle::DoubleQuoted => Kind::Double,
                    ScalarStyle::Literal | ScalarStyle::Folded => Kind::Block,
                    ScalarStyle::Plain if place.is_empty() => Kind::Empty,
                    ScalarStyle::Plain => Kind::Plain,
                };
                (kind, anchor, Some(value))
            }
            Event::SequenceStart(style, anchor, _) => {
                (if style == StructureStyle::Flow { Kind::FlowList } else { Kind::BlockList }, anchor, None)
            }
            Event::MappingStart(style, anchor, _) => {
                let kind = match style {
                    StructureStyle::Flow if place.is_empty() => Kind::Pair,
                    StructureStyle::Flow => Kind::FlowMap,
                    StructureStyle::Block => Kind::BlockMap,
                };
                (kind, anchor, None)
            }
            _ => continue,
        };
        let is_collection = kind.is_block() || kind.is_flow();
        let awaits_key = matches!(
            open.last(),
            Some(Open {
                layout: Layout { kind: Kind::BlockMap | Kind::FlowMap | Kind::Pair, .. },
                key: None,
                ..
            })
        );
        if awaits_key && !is_collection {
            let name = scalar.map(|value| source.restore(value).0.into_owned());
            if let Some(parent) = open.last_mut() {
                parent.last_end = parent.last_end.max(place.end);
                parent.key = Some((name, place));
            }
            continue;
        }
        let (mut layout, child, whole) = if awaits_key {
            (blank(kind, place.start), None, false)
        } else {
            begin(text, document.map(|document| document.1), &mut open, kind, &place, body)
        };
        layout.anchor = anchor;
        layout.value = trimmed(text, kind, place);
        if kind == Kind::BlockList
            && matches!(open.last(), Some(Open { layout: Layout { kind: Kind::BlockMap, .. }, .. }))
        {
            // Of a list that is indented no more than its key the parser names the first element instead of its dash.
            layout.value.start = first_dash(text, layout.slot, layout.value.start);
            layout.value.end = layout.value.start;
        }
        if kind == Kind::Empty {
            layout.value = layout.slot..layout.slot.max(layout.value.start);
            layout.value.start = layout.value.end;
        }
        count(&mut layouts.habits, text, &layout, open.last().map(|parent| &parent.layout));
        let here = child.is_some_and(Wanted::is_here);
        if is_collection {
            let last_end = layout.value.start;
            let whole = whole || here;
            open.push(Open {
                layout,
                wanted: child,
                whole,
                is_key: awaits_key,
                key: None,
                next: 0,
                last_end,
            });
        } else {
            hand_up(&mut layouts, document, &mut open, layout, child.is_some() || whole);
        }
    }
    Ok(layouts)
}

fn blank(kind: Kind, at: usize) -> Layout {
    Layout {
        kind,
        name: None,
        key: None,
        ordinal: 0,
        head: at,
        slot: at,
        value: at..at,
        anchor: 0,
        children: Vec::new(),
    }
}

/// The value that begins at `place`, with its key, dash and slot.
fn begin<'w>(
    text: &str,
    document: Option<&'w Wanted<'w>>,
    open: &mut [Open<'w>],
    kind: Kind,
    place: &Range<usize>,
    body: usize,
) -> (Layout, Option<&'w Wanted<'w>>, bool) {
    let mut layout = blank(kind, place.start);
    let Some(parent) = open.last_mut() else {
        layout.slot = skip_blank(text, body.min(place.start)).min(place.start);
        layout.head = layout.slot;
        return (layout, document, false);
    };
    layout.ordinal = parent.next;
    parent.next += 1;
    let step = match parent.layout.kind {
        Kind::BlockList => {
            layout.head = dash(text, &parent.layout, parent.last_end, layout.ordinal).unwrap_or(place.start);
            layout.slot = (layout.head + 1).min(text.len());
            Some(Segment::Index(layout.ordinal))
        }
        Kind::FlowList => {
            let from = if layout.ordinal == 0 { parent.layout.value.start + 1 } else { parent.last_end };
            layout.head = skip_blank(text, from).min(place.start);
            layout.slot = layout.head;
            Some(Segment::Index(layout.ordinal))
        }
        _ => {
            let (name, key) = parent.key.take().unwrap_or((None, place.clone()));
            layout.head = key.start;
            layout.slot = colon(text, key.end).map_or(key.end, |colon| colon + 1);
            layout.name = name.clone();
            layout.key = Some(key);
            name.map(|name| Segment::Key(name.into()))
        }
    };
    let child = parent.wanted.zip(step).and_then(|(wanted, step)| wanted.children.get(&step));
    (layout, child, parent.whole)
}

fn close_key(open: &mut [Open<'_>], place: Range<usize>) {
    if let Some(parent) = open.last_mut() {
        parent.last_end = parent.last_end.max(place.end);
        parent.key = Some((None, place));
    }
}

fn hand_up(
    layouts: &mut Layouts,
    document: Option<(usize, &Wanted<'_>)>,
    open: &mut [Open<'_>],
    layout: Layout,
    kept: bool,
) {
    match open.last_mut() {
        Some(parent) => {
            parent.last_end = parent.last_end.max(layout.end());
            if kept {
                parent.layout.children.push(layout);
            }
        }
        None => {
            if let Some((number, _)) = document
                && let Some(known) = layouts.documents.get_mut(&number)
            {
                known.root = Some(layout);
            }
        }
    }
}

/// The place of a value without the blank lines and the line break behind it.
fn trimmed(text: &str, kind: Kind, place: Range<usize>) -> Range<usize> {
    let Some(written) = text.get(place.clone()) else { return place };
    if kind != Kind::Block {
        return place;
    }
    let header = text[..place.start].trim_end_matches([' ', '\r', '\n', '\t']);
    let header = &header[line_start(header, header.len())..];
    // With `+` blank lines belong to the text.
    let keeps = header.rsplit(['|', '>']).next().is_some_and(|indicators| {
        indicators.split([' ', '\t']).next().is_some_and(|indicators| indicators.contains('+'))
    });
    let end = if keeps {
        written.strip_suffix('\n').map_or(written, |rest| rest.strip_suffix('\r').unwrap_or(rest)).len()
    } else {
        written.trim_end_matches([' ', '\r', '\n', '\t']).len()
    };
    place.start..place.start + end
}

/// The first dash between a colon and the first element of a list.
fn first_dash(text: &str, slot: usize, element: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = slot;
    while at < element {
        match bytes[at] {
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            b'-' => return at,
            b'&' | b'!' => at = skip_properties(text, at),
            // Comments, and lines of templates.
            _ => at = next_line(text, at),
        }
    }
    element
}

/// The dash of the element `ordinal` of a list, behind `after`.
fn dash(text: &str, list: &Layout, after: usize, ordinal: u32) -> Option<usize> {
    let first = list.value.start;
    if ordinal == 0 {
        return text[first..].starts_with('-').then_some(first);
    }
    let wanted = column(text, first);
    let mut start = next_line(text, after);
    while start < text.len() {
        let line = &text[start..];
        let spaces = line.bytes().position(|byte| byte != b' ').unwrap_or(line.len());
        if spaces == wanted && line[spaces..].starts_with('-') {
            return Some(start + spaces);
        }
        start = next_line(text, start);
    }
    None
}

/// The colon behind a key that ends at `from`.
fn colon(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let blank = rest.bytes().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(rest.len());
    rest[blank..].starts_with(':').then_some(from + blank)
}

/// The first byte from `at` on that is no white space, comma or comment.
fn skip_blank(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => at += 1,
            b'#' => at = next_line(text, at),
            _ => break,
        }
    }
    at
}

/// The first byte behind the anchor and tag that stand from `at` on, and behind the white space before them.
pub(super) fn skip_properties(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut behind = at;
    loop {
        while matches!(bytes.get(at), Some(b' ' | b'\t')) {
            at += 1;
        }
        if !matches!(bytes.get(at), Some(b'&' | b'!')) {
            return behind;
        }
        while bytes
            .get(at)
            .is_some_and(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b',' | b']' | b'}'))
        {
            at += 1;
        }
        behind = at;
    }
}

fn count(habits: &mut Habits, text: &str, layout: &Layout, parent: Option<&Layout>) {
    match layout.kind {
        Kind::Single => habits.single += 1,
        Kind::Double => habits.double += 1,
        Kind::BlockMap | Kind::BlockList => {
            let slot = if layout.kind == Kind::BlockMap { &mut habits.step } else { &mut habits.list_step };
            let Some(parent) = parent.filter(|parent| parent.kind == Kind::BlockMap && slot.is_none()) else {
                return;
            };
            // Only where both begin where their lines' indentation says.
            if begins_line(text, layout.value.start) {
                *slot = column(text, layout.value.start).checked_sub(column(text, parent.value.start));
            }
        }
        _ => {}
    }
}

/// The aliased anchors in a value and everything in it.
pub(super) fn anchors(layout: &Layout, found: &mut BTreeSet<usize>) {
    if layout.anchor != 0 {
        found.insert(layout.anchor);
    }
    layout.children.iter().for_each(|child| anchors(child, found));
}
