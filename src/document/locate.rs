//! Finds where fields stand in the text of a document.
//!
//! Readers name places by field; only files with findings are walked a second time, once for all their fields.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;

use granit_parser::Event;

use super::scan::Stop;
use super::window::{CHUNK, Window};
use super::yaml::Source;
use super::{Format, without_bom};
use crate::locus::{FieldPath, Segment};

/// Where a field stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The bytes of the file, for [`Spot::Parent`] on one line.
    pub span: Range<usize>,
    /// What stands there.
    pub spot: Spot,
}

/// What stands at the span of a [`Located`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spot {
    /// The field's value; for a value behind a YAML alias or merge key, the alias.
    Value,
    /// The field's key, behind which nothing is written.
    Key,
    /// The field is absent: its nearest parent that is there, as its key or, in a list, as its first line.
    Parent,
}

/// Finds each of `wanted` (the number of the document in the file, counted from zero, and the field) in one walk over `text`.
///
/// The answers are in the order of `wanted`; none for a document that the text does not have or, when it is broken, that
/// stands behind the fault.
pub fn locate(text: &str, format: Format, wanted: &[(usize, FieldPath)]) -> Vec<Option<Located>> {
    let found = match format {
        Format::Json => match Window::new(text.as_bytes(), CHUNK) {
            Ok(mut window) => locate_json(&mut window, wanted),
            Err(_) => vec![None; wanted.len()],
        },
        Format::Yaml => {
            let (mut forest, ends) = Forest::of(wanted);
            yaml(text, &mut forest);
            ends.into_iter().map(|end| forest.answer(end)).collect()
        }
    };
    let on_one_line = |located: Located| match located.spot {
        Spot::Parent => Located { span: first_line(text, located.span), ..located },
        Spot::Value | Spot::Key => located,
    };
    found.into_iter().map(|located| located.map(on_one_line)).collect()
}

/// As [`locate`], of a JSON text that goes by; the span of a [`Spot::Parent`] may reach over several lines.
pub(super) fn locate_json<R: Read>(
    window: &mut Window<R>,
    wanted: &[(usize, FieldPath)],
) -> Vec<Option<Located>> {
    let (mut forest, ends) = Forest::of(wanted);
    if let Some(&root) = forest.roots.get(&0) {
        // What was found before the fault of a broken text still stands.
        let _ = json_value(window, &mut forest, Some(root), None);
    }
    ends.into_iter().map(|end| forest.answer(end)).collect()
}

/// The wanted paths as trees by document, with what was found of each step.
#[derive(Debug, Default)]
struct Forest {
    roots: BTreeMap<usize, usize>,
    trees: Vec<Tree>,
    visits: u64,
}

#[derive(Debug, Default)]
struct Tree {
    parent: Option<usize>,
    children: BTreeMap<Segment, usize>,
    found: Option<Found>,
}

#[derive(Debug, Clone)]
struct Found {
    /// Of equal keys the last one counts, and only what was found inside it.
    visit: u64,
    parent_visit: u64,
    key: Option<Range<usize>>,
    value: Range<usize>,
    /// What everything below stands for: an alias.
    alias: bool,
    merge: Option<Range<usize>>,
}

impl Forest {
    /// The trees of `wanted`, and where each of its paths ends in them.
    fn of(wanted: &[(usize, FieldPath)]) -> (Self, Vec<usize>) {
        let mut forest = Forest::default();
        let ends = wanted.iter().map(|(document, path)| forest.plant(*document, path)).collect();
        (forest, ends)
    }

    fn plant(&mut self, document: usize, path: &FieldPath) -> usize {
        let mut at = match self.roots.get(&document) {
            Some(&root) => root,
            None => {
                let root = self.grow(None);
                self.roots.insert(document, root);
                root
            }
        };
        for segment in path.segments() {
            at = match self.trees[at].children.get(segment) {
                Some(&child) => child,
                None => {
                    let child = self.grow(Some(at));
                    self.trees[at].children.insert(segment.clone(), child);
                    child
                }
            };
        }
        at
    }

    fn grow(&mut self, parent: Option<usize>) -> usize {
        self.trees.push(Tree { parent, ..Tree::default() });
        self.trees.len() - 1
    }

    fn child(&self, tree: Option<usize>, segment: &Segment) -> Option<usize> {
        self.trees.get(tree?)?.children.get(segment).copied()
    }

    fn has_children(&self, tree: Option<usize>) -> bool {
        tree.and_then(|tree| self.trees.get(tree)).is_some_and(|tree| !tree.children.is_empty())
    }

    fn visit(&self, tree: Option<usize>) -> u64 {
        tree.and_then(|tree| self.trees.get(tree)?.found.as_ref()).map_or(0, |found| found.visit)
    }

    fn found(&mut self, tree: Option<usize>, key: Option<Range<usize>>, value: Range<usize>) {
        let Some(tree) = tree else { return };
        self.visits += 1;
        let parent_visit = self.visit(self.trees[tree].parent);
        let found = Found { visit: self.visits, parent_visit, key, value, alias: false, merge: None };
        self.trees[tree].found = Some(found);
    }

    fn last_found(&mut self, tree: Option<usize>) -> Option<&mut Found> {
        self.trees.get_mut(tree?)?.found.as_mut()
    }

    fn answer(&self, end: usize) -> Option<Located> {
        let mut way = vec![end];
        while let Some(parent) = self.trees[*way.last()?].parent {
            way.push(parent);
        }
        let mut deepest: Option<&Found> = None;
        for (steps_left, tree) in way.iter().enumerate().rev() {
            let here = self.trees[*tree].found.as_ref();
            let here = here.filter(|here| here.parent_visit == deepest.map_or(0, |parent| parent.visit));
            let Some(found) = here else {
                let parent = deepest?;
                if let Some(merge) = &parent.merge {
                    return Some(Located { span: merge.clone(), spot: Spot::Value });
                }
                if parent.alias {
                    return Some(Located { span: parent.value.clone(), spot: Spot::Value });
                }
                let span = parent.key.clone().unwrap_or_else(|| parent.value.clone());
                return Some(Located { span, spot: Spot::Parent });
            };
            if steps_left == 0 {
                return Some(match &found.key {
                    Some(key) if found.value.is_empty() => Located { span: key.clone(), spot: Spot::Key },
                    _ => Located { span: found.value.clone(), spot: Spot::Value },
                });
            }
            deepest = Some(found);
        }
        None
    }
}

fn first_line(text: &str, range: Range<usize>) -> Range<usize> {
    let value = text.get(range.clone()).unwrap_or_default();
    let line = value.lines().next().unwrap_or_default().trim_end();
    range.start..range.start + line.len()
}

fn json_value<R: Read>(
    window: &mut Window<R>,
    forest: &mut Forest,
    tree: Option<usize>,
    key: Option<Range<usize>>,
) -> Result<(), Stop> {
    let first = window.peek()?;
    let start = window.offset();
    if !forest.has_children(tree) || !matches!(first, b'{' | b'[') {
        let range = window.value(usize::MAX)?;
        forest.found(tree, key, range);
        return Ok(());
    }
    forest.found(tree, key, start..start + 1);
    window.step();
    let closing = if first == b'{' { b'}' } else { b']' };
    for index in 0.. {
        if window.peek()? == closing {
            break;
        }
        if index > 0 {
            window.expect(b',')?;
        }
        if first == b'[' {
            let child = forest.child(tree, &Segment::Index(index));
            json_value(window, forest, child, None)?;
            continue;
        }
        let (name, key) = window.key()?;
        window.expect(b':')?;
        let child = forest.child(tree, &Segment::Key(name.into()));
        json_value(window, forest, child, Some(key))?;
    }
    window.step();
    let end = window.offset();
    if let Some(found) = forest.last_found(tree) {
        found.value.end = end;
    }
    Ok(())
}

/// A list or mapping of a YAML document that is not closed yet.
struct Open {
    tree: Option<usize>,
    kind: Kind,
}

enum Kind {
    List {
        next: u32,
    },
    /// Between a key and its value, the key: its text, none when it is no text, and its place.
    Map {
        key: Option<(Option<String>, Range<usize>)>,
    },
}

fn yaml(text: &str, forest: &mut Forest) {
    let Ok(source) = Source::new(text) else { return };
    let mut events = source.events();
    let mut open: Vec<Open> = Vec::new();
    let mut document = None;
    // The end of a block collection is the end of the last thing in it.
    let mut last_end = 0;
    while let Ok(Some((event, place))) = events.next() {
        let (starts, key_text) = match event {
            Event::DocumentStart(..) => {
                document = Some(document.map_or(0, |number: usize| number + 1));
                open.clear();
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let end = if place.is_empty() { last_end } else { place.end };
                last_end = end;
                if let Some(closed) = open.pop()
                    && let Some(found) = forest.last_found(closed.tree)
                {
                    found.value.end = end.max(found.value.start);
                }
                continue;
            }
            Event::Scalar(value, ..) => (None, Some(source.restore(value).0.into_owned())),
            Event::Alias(_) => (None, None),
            Event::SequenceStart(..) => (Some(Kind::List { next: 0 }), None),
            Event::MappingStart(..) => (Some(Kind::Map { key: None }), None),
            _ => continue,
        };
        last_end = last_end.max(place.end);
        let is_alias = starts.is_none() && key_text.is_none();
        let is_key = matches!(open.last(), Some(Open { kind: Kind::Map { key: None }, .. }));
        let tree = if is_key {
            if let Some(Open { kind: Kind::Map { key }, .. }) = open.last_mut() {
                *key = Some((key_text, place));
            }
            None
        } else {
            let (tree, key, merges) = step(forest, document, &mut open);
            if merges && let Some(found) = forest.last_found(open.last().and_then(|open| open.tree)) {
                found.merge = Some(place.clone());
            }
            forest.found(tree, key, place);
            if is_alias && let Some(found) = forest.last_found(tree) {
                found.alias = true;
            }
            tree
        };
        open.extend(starts.map(|kind| Open { tree, kind }));
    }
}

/// The tree of the value that begins now, the place of its key, and whether the key is a merge key.
fn step(
    forest: &Forest,
    document: Option<usize>,
    open: &mut [Open],
) -> (Option<usize>, Option<Range<usize>>, bool) {
    match open.last_mut() {
        None => (document.and_then(|document| forest.roots.get(&document).copied()), None, false),
        Some(Open { tree, kind: Kind::List { next } }) => {
            let index = *next;
            *next += 1;
            (forest.child(*tree, &Segment::Index(index)), None, false)
        }
        Some(Open { tree, kind: Kind::Map { key } }) => match key.take() {
            Some((Some(name), place)) => {
                let merges = name == "<<";
                (forest.child(*tree, &Segment::Key(name.into())), Some(place), merges)
            }
            _ => (None, None, false),
        },
    }
}

/// The lines of a text, for turning many offsets into lines and columns.
#[derive(Debug, Clone)]
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// Finds the lines of `text`.
    pub fn new(text: &'t str) -> Self {
        let mark = text.len() - without_bom(text).len();
        let starts = std::iter::once(mark)
            .chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|newline| newline + 1));
        Lines { text, starts: starts.collect() }
    }

    /// Line and column of a byte offset, both counted from one and the column in characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts[line - 1];
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        (line, self.text.get(start..end).map_or(0, |before| before.chars().count()) + 1)
    }

    /// The offset of the first byte of a line, counted from one; of the text's end beyond the last one.
    pub fn start(&self, line: usize) -> usize {
        self.starts.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len())
    }

    /// The text of a line, counted from one, without its line end.
    pub fn line(&self, line: usize) -> Option<&'t str> {
        let start = *self.starts.get(line.checked_sub(1)?)?;
        let end = self.starts.get(line).map_or(self.text.len(), |next| next - 1);
        self.text.get(start..end).map(|line| line.strip_suffix('\r').unwrap_or(line))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn path(text: &str) -> FieldPath {
        text.split('.').filter(|step| !step.is_empty()).fold(FieldPath::root(), |path, step| {
            match step.parse::<usize>() {
                Ok(index) => path.index(index),
                Err(_) => path.key(step.replace('~', ".")),
            }
        })
    }

    fn spots<'t>(text: &'t str, format: Format, paths: &[&str]) -> Vec<(&'t str, Spot)> {
        let wanted: Vec<_> = paths.iter().map(|one| (0, path(one))).collect();
        let found = locate(text, format, &wanted);
        found.into_iter().map(|one| one.unwrap()).map(|one| (&text[one.span], one.spot)).collect()
    }

    #[test]
    fn json_values_keys_and_parents() {
        let text = "\u{feff}{\"a\": {\"ö\\n\": [1, \"größe\", {\"x\": null}]}, \"b\": [], \"d.e\" : true,\r\n\t\"z\":\"}\"}";
        assert_eq!(
            spots(
                text,
                Format::Json,
                &["a.ö\n.1", "a.ö\n.2.x", "d~e", "a.ö\n.2.y", "a.q", "b.0", "nowhere", "z", "b"]
            ),
            [
                ("\"größe\"", Spot::Value),
                ("null", Spot::Value),
                ("true", Spot::Value),
                ("{\"x\": null}", Spot::Parent),
                ("\"a\"", Spot::Parent),
                ("\"b\"", Spot::Parent),
                (
                    "{\"a\": {\"ö\\n\": [1, \"größe\", {\"x\": null}]}, \"b\": [], \"d.e\" : true,",
                    Spot::Parent
                ),
                ("\"}\"", Spot::Value),
                ("[]", Spot::Value),
            ]
        );
    }

    #[test]
    fn yaml_values_keys_parents_and_aliases() {
        let text = "a:\r\n  list:\r\n  - größe\r\n  - {x: 'y', \"z\": [1, 2]}\r\n  - name: web # note\r\n    port: 80\r\n  empty:\r\nbase: &b\r\n  k: v\r\nuse: *b\r\nmerge:\r\n  <<: *b\r\n  own: 1\r\n";
        assert_eq!(
            spots(
                text,
                Format::Yaml,
                &[
                    "a.list.0",
                    "a.list.1.x",
                    "a.list.1.z.1",
                    "a.list.2",
                    "a.list.2.gone",
                    "a.empty",
                    "use.k",
                    "merge.k",
                    "merge.own",
                    "a.gone",
                    "base"
                ]
            ),
            [
                ("größe", Spot::Value),
                ("'y'", Spot::Value),
                ("2", Spot::Value),
                ("name: web # note\r\n    port: 80", Spot::Value),
                ("name: web # note", Spot::Parent),
                ("empty", Spot::Key),
                ("*b", Spot::Value),
                ("*b", Spot::Value),
                ("1", Spot::Value),
                ("a", Spot::Parent),
                ("k: v", Spot::Value),
            ]
        );
    }

    #[test]
    fn of_equal_keys_the_last_one_counts() {
        assert_eq!(
            spots("{\"a\": {\"b\": 1}, \"a\": {\"c\": 2}}", Format::Json, &["a.b", "a.c"]),
            [("\"a\"", Spot::Parent), ("2", Spot::Value)]
        );
        assert_eq!(
            spots("a: {b: 1}\na: {c: 2}\n", Format::Yaml, &["a.b", "a.c"]),
            [("a", Spot::Parent), ("2", Spot::Value)]
        );
    }

    #[test]
    fn documents_and_templates() {
        let text =
            "a: 1\n---\n{{- if .x }}\nname: {{ .n }}\nhost: {{ .h }}.example # c\n{{- end }}\nport: 80\n";
        let wanted: Vec<_> = ["name", "host", "port"].iter().map(|one| (1, path(one))).collect();
        let found = locate(text, Format::Yaml, &wanted);
        let texts: Vec<_> = found.into_iter().map(|one| &text[one.unwrap().span]).collect();
        assert_eq!(texts, ["{{ .n }}", "{{ .h }}.example", "80"]);
        assert_eq!(locate(text, Format::Yaml, &[(2, path("a"))]), [None]);
    }

    #[test]
    fn lines_count_characters_and_skip_the_mark() {
        let text = "\u{feff}größe: 1\r\n\tb: ✓x\nlast";
        let lines = Lines::new(text);
        let at = |piece: &str| lines.position(text.find(piece).unwrap());
        assert_eq!(at("größe"), (1, 1));
        assert_eq!(at("1"), (1, 8));
        assert_eq!(at("b:"), (2, 2));
        assert_eq!(at("x"), (2, 6));
        assert_eq!(at("last"), (3, 1));
        assert_eq!(lines.position(text.len() + 5), (3, 5));
        assert_eq!(lines.line(1), Some("größe: 1"));
        assert_eq!(lines.line(3), Some("last"));
        assert_eq!(lines.line(4), None);
        assert_eq!(lines.line(0), None);
    }

    #[test]
    fn broken_texts_locate_what_stands_before_the_fault() {
        assert_eq!(spots("{\"a\": 1, \"b\": [1, }", Format::Json, &["a"]), [("1", Spot::Value)]);
        for broken in ["", "{", "{\"", "{\"a\"", "{\"a\":", "[[", "}", "{\"a\":}", "{1:2}", "\"\\"] {
            let _ = locate(broken, Format::Json, &[(0, path("a.0.b"))]);
        }
    }
}
