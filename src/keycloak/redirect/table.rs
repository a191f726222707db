//! The registered entries of one client as a server of one version compares them: resolved, without duplicates, longest first.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::legacy;
use super::loose_uri::{EntryFault, StarPlace, star_place};
use crate::keycloak::generation::{Behaviour, Folding, Matching};

/// From this many entries on, a request is looked up by hash instead of compared with one entry after the other.
const INDEX_FROM: usize = 24;

/// One entry as the server compares it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The resolved text.
    pub(super) text: String,
    /// Its place in the list that was registered.
    pub(super) registered: usize,
    pub(super) shape: Shape,
}

/// What an entry is to the server while wildcards count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// `*` on current servers: matches whether wildcards count or not.
    Anything,
    /// A wildcard with the prefix that it stands for.
    Prefix(String),
    /// A wildcard that the server cannot split.
    Breaks(EntryFault),
    /// Compared whole.
    Literal,
}

/// What a request is compared with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cut<'a> {
    /// Wildcards do not count.
    Off,
    /// Wildcards are compared with this.
    At(&'a str),
    /// The server breaks when it comes to a wildcard.
    Fails,
}

/// What the table says about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// The rank of the entry that matched, and the length of the matched text in bytes of its prefix or text.
    Match {
        rank: usize,
        wildcard: bool,
    },
    /// The rank of the entry that breaks the server, or of the first wildcard when the request cannot be cut.
    Breaks(usize),
}

#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) entries: Vec<Entry>,
    index: Option<Index>,
}

#[derive(Debug, Clone, Default)]
struct Index {
    texts: HashMap<String, usize>,
    prefixes: HashMap<String, usize>,
    /// Prefixes that end in a slash, without it.
    folders: HashMap<String, usize>,
    /// The lengths that prefixes have.
    lengths: Vec<usize>,
    first_anything: Option<usize>,
    first_fault: Option<usize>,
    first_wildcard: Option<usize>,
}

impl Table {
    /// Resolves and sorts the entries; `base` goes in front of the relative ones. `Err` with the place of an entry that old servers cannot even
    /// resolve.
    pub(super) fn new<S: AsRef<str>>(
        registered: &[S],
        base: &str,
        behaviour: &Behaviour,
    ) -> Result<Self, usize> {
        let mut entries = Vec::with_capacity(registered.len());
        for (place, entry) in registered.iter().enumerate() {
            let entry = entry.as_ref();
            let resolved = if entry.starts_with('/') { [base, entry].concat() } else { entry.to_owned() };
            let text = match behaviour.matching {
                Matching::Decoded(rules) if rules.folding == Folding::SchemeAndHost => {
                    legacy::lower_case_scheme_and_host(&resolved).map_err(|_| place)?
                }
                _ => resolved,
            };
            entries.push(Entry { shape: shape(&text, behaviour), text, registered: place });
        }
        entries.sort_by(|a, b| longest_first(&a.text, &b.text).then(a.registered.cmp(&b.registered)));
        entries.dedup_by(|later, earlier| later.text == earlier.text);
        let index = (entries.len() >= INDEX_FROM).then(|| Index::new(&entries));
        Ok(Self { entries, index })
    }

    /// The first entry, longest first, that decides about the request.
    pub(super) fn find(&self, whole: &str, cut: Cut<'_>) -> Found {
        match &self.index {
            Some(index) => index.find(&self.entries, whole, cut),
            None => self.find_one_by_one(whole, cut),
        }
    }

    /// The same by comparing with one entry after the other.
    pub(super) fn find_one_by_one(&self, whole: &str, cut: Cut<'_>) -> Found {
        for (rank, entry) in self.entries.iter().enumerate() {
            let (matches, wildcard) = match (&entry.shape, cut) {
                (Shape::Anything, _) => (true, true),
                (Shape::Prefix(prefix), Cut::At(cut)) => (prefix_matches(prefix, cut), true),
                (Shape::Breaks(_), Cut::At(_)) | (Shape::Prefix(_) | Shape::Breaks(_), Cut::Fails) => {
                    return Found::Breaks(rank);
                }
                (Shape::Literal, _) | (_, Cut::Off) => (entry.text == whole, false),
            };
            if matches {
                return Found::Match { rank, wildcard };
            }
        }
        Found::Nothing
    }

    /// The text that matched, which decides about custom schemes: an entry as a whole, or its prefix, without its last slash when only that
    /// made the request equal.
    pub(super) fn matched_text(&self, rank: usize, wildcard: bool, cut: Cut<'_>) -> &str {
        let entry = &self.entries[rank];
        match (&entry.shape, cut) {
            (Shape::Prefix(prefix), Cut::At(cut)) if wildcard => {
                if cut.starts_with(prefix.as_str()) {
                    prefix
                } else {
                    folder(prefix).unwrap_or(prefix)
                }
            }
            _ => &entry.text,
        }
    }
}

fn longest_first(a: &str, b: &str) -> Ordering {
    let units = |text: &str| text.chars().map(char::len_utf16).sum::<usize>();
    let (a_units, b_units) =
        if a.is_ascii() && b.is_ascii() { (a.len(), b.len()) } else { (units(a), units(b)) };
    b_units.cmp(&a_units).then_with(|| {
        if a.is_ascii() && b.is_ascii() { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
    })
}

fn shape(text: &str, behaviour: &Behaviour) -> Shape {
    let Some(prefix) = text.strip_suffix('*') else {
        return Shape::Literal;
    };
    if text == "*" && behaviour.matching == Matching::AsWritten {
        return Shape::Anything;
    }
    if text.contains('?') || (behaviour.splits_wildcard_entries && text.contains('#')) {
        return Shape::Literal;
    }
    if !behaviour.splits_wildcard_entries {
        return Shape::Prefix(prefix.to_owned());
    }
    match star_place(text) {
        Ok(StarPlace::Prefix) => Shape::Prefix(prefix.to_owned()),
        Ok(StarPlace::BehindHost) => Shape::Prefix(format!("{prefix}/")),
        Err(fault) => Shape::Breaks(fault),
    }
}

fn prefix_matches(prefix: &str, cut: &str) -> bool {
    cut.starts_with(prefix) || folder(prefix) == Some(cut)
}

/// The prefix without its last slash; one character always stays.
fn folder(prefix: &str) -> Option<&str> {
    prefix.strip_suffix('/').filter(|folder| !folder.is_empty())
}

impl Index {
    fn new(entries: &[Entry]) -> Self {
        let mut index = Self::default();
        let first = |slot: &mut Option<usize>, rank| {
            slot.get_or_insert(rank);
        };
        for (rank, entry) in entries.iter().enumerate() {
            index.texts.entry(entry.text.clone()).or_insert(rank);
            match &entry.shape {
                Shape::Anything => first(&mut index.first_anything, rank),
                Shape::Breaks(_) => {
                    first(&mut index.first_fault, rank);
                    first(&mut index.first_wildcard, rank);
                }
                Shape::Prefix(prefix) => {
                    first(&mut index.first_wildcard, rank);
                    if let Some(folder) = folder(prefix) {
                        index.folders.entry(folder.to_owned()).or_insert(rank);
                    }
                    index.prefixes.entry(prefix.clone()).or_insert(rank);
                    index.lengths.push(prefix.len());
                }
                Shape::Literal => {}
            }
        }
        index.lengths.sort_unstable();
        index.lengths.dedup();
        index
    }

    fn find(&self, entries: &[Entry], whole: &str, cut: Cut<'_>) -> Found {
        let literal = self.texts.get(whole).copied().filter(|rank| match (&entries[*rank].shape, cut) {
            (Shape::Literal, _) => true,
            (Shape::Anything, _) => false,
            (Shape::Prefix(_) | Shape::Breaks(_), cut) => matches!(cut, Cut::Off),
        });
        let mut best = [literal.map(|rank| (rank, false)), self.first_anything.map(|rank| (rank, true))]
            .into_iter()
            .flatten()
            .min();
        let mut fault = None;
        match cut {
            Cut::Off => {}
            Cut::Fails => fault = self.first_wildcard,
            Cut::At(cut) => {
                fault = self.first_fault;
                let prefixes = self
                    .lengths
                    .iter()
                    .filter_map(|length| cut.get(..*length))
                    .filter_map(|front| self.prefixes.get(front));
                best = prefixes.chain(self.folders.get(cut)).map(|rank| (*rank, true)).chain(best).min();
            }
        }
        match (best, fault) {
            (best, Some(fault)) if best.is_none_or(|(rank, _)| fault < rank) => Found::Breaks(fault),
            (Some((rank, wildcard)), _) => Found::Match { rank, wildcard },
            (None, _) => Found::Nothing,
        }
    }
}
