//! The edits of one document as a tree along their paths.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::MAX_DEPTH;
use super::refusal::{Reason, Refusal};
use super::{Change, Edit, Written};
use crate::locus::{FieldPath, Segment};

/// The edits at and below a value.
#[derive(Debug, Default)]
pub(super) struct Wanted<'e> {
    pub(super) children: BTreeMap<&'e Segment, Wanted<'e>>,
    pub(super) set: Option<Set<'e>>,
    /// Elements that the list gets, each with the index of its edit.
    pub(super) inserts: Vec<(usize, &'e Value)>,
    pub(super) removes: Vec<(usize, &'e Value)>,
    /// Keys that the mapping gets, each with the index of its edit and its value.
    pub(super) creates: Vec<(usize, &'e str, &'e Value)>,
    pub(super) deletes: Vec<(usize, &'e str, &'e Value)>,
}

/// A value that becomes another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set<'e> {
    pub(super) edit: usize,
    pub(super) from: &'e Value,
    pub(super) to: &'e Value,
    pub(super) written: Option<&'e Written>,
}

/// The edits of each document; and those that repeat another one, so that nothing is left to do for them.
pub(super) fn by_document(edits: &[Edit]) -> Result<(BTreeMap<usize, Wanted<'_>>, Vec<usize>), Refusal> {
    let mut documents: BTreeMap<usize, Wanted<'_>> = BTreeMap::new();
    let mut repeated = Vec::new();
    for (index, edit) in edits.iter().enumerate() {
        let root = documents.entry(edit.document).or_default();
        if let Err(reason) = root.add(index, edit, &mut repeated) {
            return Err(Refusal::new(index, &edit.path, reason));
        }
    }
    for wanted in documents.values() {
        wanted.check(&FieldPath::root())?;
    }
    Ok((documents, repeated))
}

impl<'e> Wanted<'e> {
    fn add(&mut self, index: usize, edit: &'e Edit, repeated: &mut Vec<usize>) -> Result<(), Reason> {
        let mut steps = edit.path.segments();
        // No document that can be read goes deeper.
        if steps.len() > MAX_DEPTH {
            return Err(Reason::Missing);
        }
        let key = match &edit.change {
            Change::Create { .. } | Change::Delete { .. } => match steps.pop() {
                Some(Segment::Key(key)) => Some(&**key),
                Some(Segment::Index(_)) => {
                    return Err(Reason::NotRepresentable(
                        "elements of lists are inserted and removed by value",
                    ));
                }
                None => return Err(Reason::NotRepresentable("a document is no entry of a mapping")),
            },
            _ => None,
        };
        let here = steps.into_iter().fold(self, |tree, step| tree.children.entry(step).or_default());
        let key = key.unwrap_or_default();
        match &edit.change {
            Change::Set { from, to, written } => match here.set {
                Some(set) if set.to == to => repeated.push(index),
                Some(set) => return Err(Reason::Conflict(set.edit)),
                None => here.set = Some(Set { edit: index, from, to, written: written.as_ref() }),
            },
            Change::Insert { item } => list_entry(&mut here.inserts, &here.removes, index, item, repeated)?,
            Change::Remove { item } => list_entry(&mut here.removes, &here.inserts, index, item, repeated)?,
            Change::Create { value } => {
                map_entry(&mut here.creates, &here.deletes, index, key, value, repeated)?
            }
            Change::Delete { from } => {
                map_entry(&mut here.deletes, &here.creates, index, key, from, repeated)?
            }
        }
        Ok(())
    }

    fn check(&self, at: &FieldPath) -> Result<(), Refusal> {
        let whole = self.set.map(|set| set.edit);
        if let (Some(edit), Some(other)) = (whole, self.below_set()) {
            return Err(Refusal::new(other, at, Reason::Conflict(edit)));
        }
        for (edit, key, _) in self.creates.iter().chain(&self.deletes) {
            let inside =
                self.children.iter().find(|(step, _)| matches!(step, Segment::Key(name) if &**name == *key));
            if let Some(other) = inside.and_then(|(_, child)| child.first()) {
                return Err(Refusal::new(*edit, &at.key(*key), Reason::Conflict(other)));
            }
        }
        self.children.iter().try_for_each(|(step, child)| child.check(&step_on(at, step)))
    }

    fn below_set(&self) -> Option<usize> {
        let own = self.inserts.iter().chain(&self.removes).map(|(edit, _)| *edit);
        let keys = self.creates.iter().chain(&self.deletes).map(|(edit, ..)| *edit);
        own.chain(keys).next().or_else(|| self.children.values().find_map(Wanted::first))
    }

    /// The index of some edit here or below.
    pub(super) fn first(&self) -> Option<usize> {
        self.set.map(|set| set.edit).or_else(|| self.below_set())
    }

    /// Every edit here and below, with the path it is for when this is the value at `at`.
    pub(super) fn all(&self, at: &FieldPath, found: &mut Vec<(usize, FieldPath)>) {
        found.extend(self.set.map(|set| (set.edit, at.clone())));
        found.extend(self.inserts.iter().chain(&self.removes).map(|(edit, _)| (*edit, at.clone())));
        found.extend(self.creates.iter().chain(&self.deletes).map(|(edit, key, _)| (*edit, at.key(*key))));
        self.children.iter().for_each(|(step, child)| child.all(&step_on(at, step), found));
    }

    /// Whether the value itself is edited, not only something in its elements or entries.
    pub(super) fn is_here(&self) -> bool {
        self.set.is_some() || self.edits_list() || self.edits_map()
    }

    pub(super) fn edits_list(&self) -> bool {
        !(self.inserts.is_empty() && self.removes.is_empty())
    }

    pub(super) fn edits_map(&self) -> bool {
        !(self.creates.is_empty() && self.deletes.is_empty())
    }

    /// A refusal for the first edit here or below.
    pub(super) fn refuse(&self, at: &FieldPath, reason: Reason) -> Refusal {
        let mut all = Vec::new();
        self.all(at, &mut all);
        match all.into_iter().next() {
            Some((edit, path)) => Refusal::new(edit, &path, reason),
            None => Refusal::whole(reason),
        }
    }
}

fn list_entry<'e>(
    entries: &mut Vec<(usize, &'e Value)>,
    opposite: &[(usize, &'e Value)],
    index: usize,
    item: &'e Value,
    repeated: &mut Vec<usize>,
) -> Result<(), Reason> {
    if let Some((other, _)) = opposite.iter().find(|(_, other)| *other == item) {
        return Err(Reason::Conflict(*other));
    }
    if entries.iter().any(|(_, other)| *other == item) {
        repeated.push(index);
    } else {
        entries.push((index, item));
    }
    Ok(())
}

fn map_entry<'e>(
    entries: &mut Vec<(usize, &'e str, &'e Value)>,
    opposite: &[(usize, &'e str, &'e Value)],
    index: usize,
    key: &'e str,
    value: &'e Value,
    repeated: &mut Vec<usize>,
) -> Result<(), Reason> {
    if let Some((other, ..)) = opposite.iter().find(|(_, other, _)| *other == key) {
        return Err(Reason::Conflict(*other));
    }
    match entries.iter().find(|(_, other, _)| *other == key) {
        Some((_, _, other)) if *other == value => repeated.push(index),
        Some((other, ..)) => return Err(Reason::Conflict(*other)),
        None => entries.push((index, key, value)),
    }
    Ok(())
}

/// The path one step further.
pub(super) fn step_on(at: &FieldPath, step: &Segment) -> FieldPath {
    match step {
        Segment::Key(key) => at.key(key.clone()),
        Segment::Index(index) => at.index(*index as usize),
    }
}
