//! YAML: one or several documents into the common tree.
//!
//! Scalars keep the text that is written: `yes` and `on` are texts, as YAML 1.2 has it. Aliases and merge keys are resolved
//! within a budget, so that no document grows beyond what its text could say.

use std::borrow::Cow;
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::json::Names;
use super::template::Prepared;
use super::{MAX_DEPTH, Node, SyntaxError, too_deep, without_bom};

/// How many values aliases and merge keys may add to one text.
const ALIAS_BUDGET: usize = 200_000;

/// The documents that `text` holds, in order; none when it is empty or holds comments only.
///
/// # Errors
/// When it is no YAML, nests deeper than [`MAX_DEPTH`](super::MAX_DEPTH), or its aliases expand too far.
pub fn parse(text: &str) -> Result<Vec<Node>, SyntaxError> {
    Source::new(text)?.documents().collect()
}

/// A YAML text that is known to be sound as far as its syntax goes, ready to be read document by document.
#[derive(Debug)]
pub struct Source<'t> {
    text: &'t str,
    body: usize,
    prepared: Prepared<'t>,
}

impl<'t> Source<'t> {
    /// Prepares `text`: decides which of its pieces are templates.
    ///
    /// # Errors
    /// When it is no YAML even so.
    pub fn new(text: &'t str) -> Result<Self, SyntaxError> {
        let body = without_bom(text);
        let source = |prepared| Source { text, body: text.len() - body.len(), prepared };
        let Some(prepared) = Prepared::new(body) else { return Ok(source(Prepared::untouched(body))) };
        let templated = source(prepared);
        let Err(error) = templated.check() else { return Ok(templated) };
        let plain = source(Prepared::untouched(body));
        match plain.check() {
            Ok(()) => Ok(plain),
            Err(_) => Err(SyntaxError {
                message: format!(
                    "{} The file holds templates; render it first (`helm template`, `envsubst` …) and check the result.",
                    error.message
                ),
                ..error
            }),
        }
    }

    fn check(&self) -> Result<(), SyntaxError> {
        let mut events = self.events();
        while events.next()?.is_some() {}
        Ok(())
    }

    /// The events of the text from its beginning, with places in the file.
    pub(super) fn events(&self) -> Events<'_> {
        let options = granit_parser::options! {
            emit_comments: false,
            flow_nesting_limit: MAX_DEPTH + 1,
            block_nesting_limit: MAX_DEPTH + 1,
            simple_key_max_lookahead: 4096,
        };
        Events {
            source: self,
            parser: Parser::new_from_str_with_options(&self.prepared.text, options),
            depth: 0,
        }
    }

    /// The documents one after the other, each built only when it is asked for; after an error there are no more.
    pub fn documents(&self) -> Documents<'_> {
        Documents { events: self.events(), names: Names::default(), budget: ALIAS_BUDGET, over: false }
    }

    /// Where templates stand in the file, each with whether nothing stands for it in the values: it steers the engine, or writes lines.
    pub(super) fn templates(&self) -> impl Iterator<Item = (std::ops::Range<usize>, bool)> {
        let body = self.body;
        self.prepared.regions().map(move |(place, vanishes)| (body + place.start..body + place.end, vanishes))
    }

    /// The scalar as a person would quote it, its template words put back, and whether it is nothing but a template.
    pub(super) fn restore<'v>(&self, value: Cow<'v, str>) -> (Cow<'v, str>, bool) {
        self.prepared.restore(value)
    }
}

/// The events of a YAML text.
pub(super) struct Events<'s> {
    source: &'s Source<'s>,
    parser: Parser<'s, StrInput<'s>>,
    depth: usize,
}

impl<'s> Events<'s> {
    /// The next event with the bytes of the file that it stands for; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<(Event<'s>, std::ops::Range<usize>)>, SyntaxError> {
        let Some(next) = self.parser.next_event() else { return Ok(None) };
        let (event, span) = next.map_err(|error| self.explain(&error))?;
        let place = self.place(&span);
        match event {
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(too_deep(self.source.text, place.start));
                }
            }
            Event::SequenceEnd | Event::MappingEnd => self.depth -= 1,
            _ => {}
        }
        Ok(Some((event, place)))
    }

    fn place(&self, span: &Span) -> std::ops::Range<usize> {
        let range = span.byte_range().unwrap_or(0..0);
        let origin = |offset| self.source.body + self.source.prepared.origin(offset);
        origin(range.start)..origin(range.end)
    }

    fn error(&self, offset: usize, message: impl Into<String>) -> SyntaxError {
        SyntaxError::at(self.source.text, offset, message)
    }

    fn explain(&self, error: &ScanError) -> SyntaxError {
        let offset = error.marker().byte_offset().unwrap_or_default();
        let offset = self.source.body + self.source.prepared.origin(offset);
        match error.kind() {
            ErrorKind::RecursionLimitExceeded => too_deep(self.source.text, offset),
            kind => self.error(offset, wording(kind)),
        }
    }
}

// The parser's own wording holds nothing of the text except single characters, which may belong to a secret.
fn wording(kind: &ErrorKind) -> Cow<'static, str> {
    use ErrorKind as E;
    let ours = match kind {
        E::UnexpectedEofFlowSequence | E::UnclosedFlowCollection { open: '[' } => {
            "A list is never closed; expected `]`."
        }
        E::UnexpectedEofFlowMapping | E::UnclosedFlowCollection { .. } => {
            "A mapping is never closed; expected `}`."
        }
        E::ExpectedFlowMappingSeparator => "Expected `,` or `}` behind an entry of a mapping in braces.",
        E::ExpectedFlowSequenceSeparator => "Expected `,` or `]` behind an element of a list in brackets.",
        E::MisplacedFlowCollectionEnd | E::MismatchedFlowCollectionEnd { .. } => {
            "A closing bracket stands here that closes nothing, or the wrong kind of bracket."
        }
        E::ExpectedBlockMappingKey => {
            "Expected a key of the mapping around it, indented like its other keys."
        }
        E::ExpectedBlockSequenceEntry => {
            "Expected `- ` like the other elements of this list, or a line that is indented less."
        }
        E::UnknownAnchor => "An alias stands here whose anchor (`&name`) is not defined before it.",
        E::UnexpectedCharacter { .. } => {
            "A character stands here that cannot begin a value; put the value in quotes."
        }
        E::TabNotAllowed | E::TabInBlockIndentation | E::TabInIndentation | E::TabAtBlockScalarStart => {
            "A tab indents this line; YAML allows spaces only."
        }
        E::BlockEntryInFlowCollection => {
            "A list or mapping in brackets is still open here, where `- ` begins an element; close it with `]` or `}`."
        }
        E::UnclosedQuotedScalar => "A text in quotes is never closed.",
        E::MappingValueNotAllowed | E::InvalidColonPlacement => {
            "A `:` stands where no key can end; put a text that holds `: ` in quotes, and check the indentation."
        }
        E::SimpleKeyExpected | E::InvalidSimpleKey => {
            "Expected `:` behind a key; check the indentation of this line."
        }
        E::MappingKeyNotAllowed | E::BlockSequenceEntryNotAllowed | E::InvalidIndentation => {
            "This line is not indented like those it belongs to."
        }
        E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => {
            "Something follows a closing quote on its line; expected a comment or the end of the line."
        }
        E::UnknownQuotedScalarEscape => {
            "A text in double quotes holds an escape that YAML does not know; double the backslash."
        }
        E::MissingAnchorOrAliasName => "A `*` or `&` stands here without a name; put the value in quotes.",
        other => return Cow::Owned(format!("This is not YAML: {other}.")),
    };
    Cow::Borrowed(ours)
}

/// The documents of a [`Source`].
#[allow(missing_debug_implementations, reason = "the parser inside has none")]
pub struct Documents<'s> {
    events: Events<'s>,
    names: Names,
    budget: usize,
    over: bool,
}

impl Iterator for Documents<'_> {
    type Item = Result<Node, SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let next = self.document().transpose();
        self.over = !matches!(next, Some(Ok(_)));
        next
    }
}

impl<'s> Documents<'s> {
    fn document(&mut self) -> Result<Option<Node>, SyntaxError> {
        loop {
            match self.events.next()? {
                None => return Ok(None),
                Some((Event::DocumentStart(..), _)) => break,
                Some(_) => {}
            }
        }
        let mut graph = Graph::default();
        let mut root = None;
        // The open lists and mappings, each with the values found in it so far.
        let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
        loop {
            let Some((event, place)) = self.events.next()? else { return Ok(None) };
            let (entry, anchor) = match event {
                Event::DocumentEnd => break,
                Event::Scalar(value, style, anchor, tag) => {
                    let tag = tag.as_ref().and_then(|tag| tag.core_suffix());
                    let entry = match self.scalar(value, style, tag) {
                        Scalar::Merge => Entry::Merge,
                        Scalar::Node(node) => Entry::Scalar(node),
                    };
                    (entry, anchor)
                }
                Event::Alias(target) => match graph.anchors.get(&target) {
                    Some(&index) => (Entry::Alias(index), 0),
                    None => return Err(self.events.error(place.start, wording(&ErrorKind::UnknownAnchor))),
                },
                Event::SequenceStart(_, anchor, _) => (Entry::List(Vec::new()), anchor),
                Event::MappingStart(_, anchor, _) => (Entry::Map(Vec::new()), anchor),
                Event::SequenceEnd | Event::MappingEnd => {
                    if let Some((index, values)) = open.pop()
                        && let Some((Entry::List(items) | Entry::Map(items), _)) =
                            graph.entries.get_mut(index)
                    {
                        *items = values;
                    }
                    continue;
                }
                _ => continue,
            };
            let index = graph.entries.len();
            if anchor != 0 {
                graph.anchors.insert(anchor, index);
            }
            let collection = matches!(entry, Entry::List(_) | Entry::Map(_));
            graph.entries.push((entry, place.start..place.end));
            match open.last_mut() {
                Some((_, values)) => values.push(index),
                None => root = root.or(Some(index)),
            }
            if collection {
                open.push((index, Vec::new()));
            }
        }
        root.map(|root| self.resolve(&mut graph, root, 0, false))
            .transpose()
            .map(|node| Some(node.unwrap_or(Node::Null)))
    }

    fn scalar(&mut self, value: Cow<'s, str>, style: ScalarStyle, tag: Option<&str>) -> Scalar {
        let plain = style == ScalarStyle::Plain;
        if plain && value == "<<" && tag.is_none_or(|tag| tag == "merge") {
            return Scalar::Merge;
        }
        let (value, template) = self.events.source.restore(value);
        Scalar::Node(match tag {
            _ if template && plain => Node::Template((&*value).into()),
            Some("str") => Node::Text(value.into()),
            Some(_) => plain_scalar(&value),
            None if plain => plain_scalar(&value),
            None => Node::Text(value.into()),
        })
    }

    /// Builds the node of an entry; `copy` when it is reached through an alias, so that it must be paid for and the entry stays.
    fn resolve(
        &mut self,
        graph: &mut Graph,
        index: usize,
        depth: usize,
        copy: bool,
    ) -> Result<Node, SyntaxError> {
        let place = graph.entries[index].1.clone();
        if depth > MAX_DEPTH {
            let message =
                format!("With its aliases resolved, the value nests more than {MAX_DEPTH} deep here.");
            return Err(self.events.error(place.start, message));
        }
        if copy {
            self.budget = self.budget.checked_sub(1).ok_or_else(|| {
                self.events.error(
                    place.start,
                    format!("Aliases repeat this value too often: together they add more than {ALIAS_BUDGET} values to the file."),
                )
            })?;
        }
        // Only with anchors in the document can a value be needed again.
        let kept = copy || !graph.anchors.is_empty();
        match &mut graph.entries[index].0 {
            Entry::Merge => Ok(Node::Text("<<".into())),
            Entry::Scalar(node) => Ok(if kept { node.clone() } else { std::mem::replace(node, Node::Null) }),
            &mut Entry::Alias(target) => self.resolve(graph, target, depth, true),
            Entry::List(items) => {
                let items = items.clone();
                items
                    .into_iter()
                    .map(|item| self.resolve(graph, item, depth + 1, copy))
                    .collect::<Result<_, _>>()
                    .map(Node::List)
            }
            Entry::Map(items) => {
                let items = items.clone();
                self.mapping(graph, &items, depth, copy)
            }
        }
    }

    fn mapping(
        &mut self,
        graph: &mut Graph,
        items: &[usize],
        depth: usize,
        copy: bool,
    ) -> Result<Node, SyntaxError> {
        let mut merged: Vec<(Arc<str>, Node)> = Vec::new();
        let mut entries: Vec<(Arc<str>, Node)> = Vec::with_capacity(items.len() / 2);
        for pair in items.chunks_exact(2) {
            let &[key, value] = pair else { continue };
            if matches!(graph.entries[key].0, Entry::Merge) {
                match self.resolve(graph, value, depth + 1, copy)? {
                    Node::Map(from) => merged.extend(from),
                    // Of several mappings the earlier one wins, and look-ups take the last of equal keys.
                    Node::List(several) => {
                        merged.extend(several.into_iter().rev().flat_map(|one| match one {
                            Node::Map(from) => from,
                            _ => Vec::new(),
                        }));
                    }
                    _ => {}
                }
                continue;
            }
            let name = match self.resolve(graph, key, depth + 1, copy)? {
                Node::Text(text) => self.names.keep(&text),
                Node::Template(source) => self.names.keep(&source),
                Node::Null => self.names.keep(""),
                other => match other.scalar() {
                    Some(text) => self.names.keep(text),
                    None => self
                        .names
                        .keep(self.events.source.text.get(graph.entries[key].1.clone()).unwrap_or_default()),
                },
            };
            entries.push((name, self.resolve(graph, value, depth + 1, copy)?));
        }
        if merged.is_empty() {
            return Ok(Node::Map(entries));
        }
        let own: std::collections::HashSet<&str> = entries.iter().map(|(name, _)| &**name).collect();
        let mut seen = std::collections::HashSet::new();
        merged.reverse();
        merged.retain(|(name, _)| !own.contains(&**name) && seen.insert(Arc::clone(name)));
        merged.reverse();
        merged.append(&mut entries);
        Ok(Node::Map(merged))
    }
}

enum Scalar {
    Merge,
    Node(Node),
}

/// A document as it is written, before aliases are resolved.
#[derive(Debug, Default)]
struct Graph {
    entries: Vec<(Entry, std::ops::Range<usize>)>,
    anchors: std::collections::HashMap<usize, usize>,
}

#[derive(Debug)]
enum Entry {
    Merge,
    Scalar(Node),
    Alias(usize),
    List(Vec<usize>),
    Map(Vec<usize>),
}

pub(super) fn plain_scalar(value: &str) -> Node {
    match value {
        "" | "~" | "null" | "Null" | "NULL" => Node::Null,
        "true" | "True" | "TRUE" => Node::Bool(true),
        "false" | "False" | "FALSE" => Node::Bool(false),
        _ if is_number(value) => Node::Number(value.into()),
        _ => Node::Text(value.into()),
    }
}

fn is_number(value: &str) -> bool {
    let unsigned = value.strip_prefix(['-', '+']).unwrap_or(value);
    let all = |digits: &str, of: fn(&u8) -> bool| !digits.is_empty() && digits.as_bytes().iter().all(of);
    if let Some(octal) = unsigned.strip_prefix("0o") {
        return all(octal, |digit| (b'0'..=b'7').contains(digit));
    }
    if let Some(hex) = unsigned.strip_prefix("0x") {
        return all(hex, u8::is_ascii_hexdigit);
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    !(whole.is_empty() && fraction.is_empty())
        && digits(whole)
        && digits(fraction)
        && exponent.is_none_or(|exponent| {
            all(exponent.strip_prefix(['-', '+']).unwrap_or(exponent), u8::is_ascii_digit)
        })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn one(text: &str) -> Node {
        let mut documents = parse(text).unwrap();
        assert_eq!(documents.len(), 1, "{documents:?}");
        documents.remove(0)
    }

    fn text(text: &str) -> Node {
        Node::Text(text.into())
    }

    fn error(text: &str) -> (usize, usize, String) {
        let error = parse(text).unwrap_err();
        (error.line, error.column, error.message)
    }

    #[test]
    fn scalars_keep_the_text_that_is_written() {
        let node = one(
            "a: yes\nb: on\nc: 0123\nd: '1'\ne: 1.50\nf: true\ng:\nh: ~\ni: 1_000\nj: 2026-01-01\nk: \"\"\nl: !!str 5\nm: null\n",
        );
        assert_eq!(node.get("a"), Some(&text("yes")));
        assert_eq!(node.get("b"), Some(&text("on")));
        assert_eq!(node.get("c"), Some(&Node::Number("0123".into())));
        assert_eq!(node.get("d"), Some(&text("1")));
        assert_eq!(node.get("e"), Some(&Node::Number("1.50".into())));
        assert_eq!(node.get("f"), Some(&Node::Bool(true)));
        assert_eq!(node.get("g"), Some(&Node::Null));
        assert_eq!(node.get("h"), Some(&Node::Null));
        assert_eq!(node.get("i"), Some(&text("1_000")));
        assert_eq!(node.get("j"), Some(&text("2026-01-01")));
        assert_eq!(node.get("k"), Some(&text("")));
        assert_eq!(node.get("l"), Some(&text("5")));
        assert_eq!(node.get("m"), Some(&Node::Null));
    }

    #[test]
    fn several_documents_with_mark_and_windows_line_ends() {
        let documents = parse("\u{feff}# first\r\na: 1\r\n---\r\nb: größe\r\n...\r\n---\r\n- x\r\n").unwrap();
        assert_eq!(documents.len(), 3);
        assert_eq!(documents[1].get("b"), Some(&text("größe")));
        assert_eq!(documents[2].items(), [text("x")]);
        assert_eq!(parse("# nothing\n").unwrap(), []);
        assert_eq!(parse("").unwrap(), []);
    }

    #[test]
    fn aliases_and_merge_keys_are_resolved() {
        let node = one(
            "base: &base {a: 1, b: 2}\nother: &other {b: 5, c: 6}\none:\n  <<: *base\n  b: 3\ntwo: {<<: [*base, *other], d: 4}\nthree: *base\nquoted: {'<<': 1}\n",
        );
        let number = |text: &str| Some(Node::Number(text.into()));
        assert_eq!(node.dig(["one", "a"]).cloned(), number("1"));
        assert_eq!(node.dig(["one", "b"]).cloned(), number("3"));
        assert_eq!(node.get("one").unwrap().entries().len(), 2);
        assert_eq!(node.dig(["two", "b"]).cloned(), number("2"));
        assert_eq!(node.dig(["two", "c"]).cloned(), number("6"));
        assert_eq!(node.dig(["two", "d"]).cloned(), number("4"));
        assert_eq!(node.get("three"), node.get("base"));
        assert_eq!(node.dig(["quoted", "<<"]).cloned(), number("1"));
    }

    #[test]
    fn aliases_cannot_grow_without_bound() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = format!("*a{}, ", level - 1).repeat(9);
            bomb.push_str(&format!("a{level}: &a{level} [{before}]\n"));
        }
        assert!(error(&bomb).2.contains("repeat this value too often"));
        assert!(error("a: &a [1, *a]\n").2.contains("more than 128 deep"));
        assert!(error("a: *nobody\n").2.contains("anchor"));
    }

    #[test]
    fn nesting_is_limited_without_a_crash() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(&nested(128)).is_ok());
        assert!(error(&nested(129)).2.contains("more than 128 deep"));
        assert!(error(&"[".repeat(200_000)).2.contains("more than 128 deep"));
        let blocks: String = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        let (line, _, message) = error(&blocks);
        assert!(message.contains("more than 128 deep"), "{message}");
        assert_eq!(line, 129);
    }

    #[test]
    fn templates_are_survived() {
        let node = one(
            "{{- if .Values.on }}\nname: {{ .Values.name }}\nhost: {{ .x }}-y\nimage: a/{{ .b }}:{{ .c | default \"d\" }}\n\
             quoted: \"{{ .q }}\"\ntext: |\n  a {{ .t }}\n{{- end }}\nenv:\n  {{- toYaml .Values.env | nindent 2 }}\n\
             labels:\n  app: x\n  {{- include \"labels\" . | nindent 2 }}\ngithub: ${{ secrets.A }}\n",
        );
        assert_eq!(node.get("name"), Some(&Node::Template("{{ .Values.name }}".into())));
        assert_eq!(node.get("host"), Some(&text("{{ .x }}-y")));
        assert_eq!(node.get("image"), Some(&text("a/{{ .b }}:{{ .c | default \"d\" }}")));
        assert_eq!(node.get("quoted"), Some(&text("{{ .q }}")));
        assert_eq!(node.get("text"), Some(&text("a {{ .t }}\n")));
        assert_eq!(node.get("env"), Some(&Node::Template("{{- toYaml .Values.env | nindent 2 }}".into())));
        assert_eq!(node.dig(["labels", "app"]), Some(&text("x")));
        assert_eq!(node.get("github"), Some(&text("${{ secrets.A }}")));
    }

    #[test]
    fn jinja_and_other_placeholders_are_survived() {
        let node = one(
            "{% if x %}\na: {{ b }}\n{% endif %}\nc: %HOST%\nd: https://%HOST%/x\ne: @HOST@\nf: ${X}\ng: $(env:X)\nh: <%= x %>\n",
        );
        assert_eq!(node.get("a"), Some(&Node::Template("{{ b }}".into())));
        assert_eq!(node.get("c"), Some(&text("%HOST%")));
        assert_eq!(node.get("d"), Some(&text("https://%HOST%/x")));
        assert_eq!(node.get("e"), Some(&text("@HOST@")));
        assert_eq!(node.get("f"), Some(&text("${X}")));
        assert_eq!(node.get("g"), Some(&text("$(env:X)")));
    }

    #[test]
    fn flow_mappings_that_look_like_templates_are_still_yaml() {
        assert!(parse("a: {b: {c: d}}\n").is_ok());
        assert_eq!(one("{\"a\": {\"b\": \"{{x}}\"}}").dig(["a", "b"]), Some(&text("{{x}}")));
    }

    #[test]
    fn errors_stand_where_the_eye_finds_them() {
        assert_eq!(error("a: 1\nb: [1, 2\nc: 3\n").0, 3);
        let (line, column, message) = error("ключ: значение: ещё\n");
        assert_eq!((line, column), (1, 15), "{message}");
        assert!(error("a:\n\tb: 1\n").2.contains("tab"));
        assert!(error("a: {{ .x }}\nb: [\n").2.contains("render it first"));
        for broken in
            ["secret: 'hunter2\n", "secret: \"hunter2\\q\"\n", "- hunter2: hunter2: x\n", "*hunter2"]
        {
            assert!(!error(broken).2.contains("hunter2"), "{broken}");
        }
    }
}
