//! Repairs that contradict each other: none of them is made, and all of them are shown.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Conflict, Side, Step, Wish, object, target};
use super::{Edit, source};
use crate::locus::{FieldPath, Locus};
use crate::scene::Scene;

/// Takes the wishes out that contradict others.
///
/// A wish is made as a whole or not at all, so one contradiction takes all of its changes out.
pub(super) fn settle(scene: &Scene<'_>, wishes: &mut Vec<Wish>) -> Vec<Conflict> {
    // By whole field, and by the fields above it: a field that is set as a whole leaves no room for edits within.
    let mut by_place: BTreeMap<Locus, Vec<(usize, usize)>> = BTreeMap::new();
    for (index, wish) in wishes.iter().enumerate() {
        for (position, change) in wish.changes.iter().enumerate() {
            by_place.entry(change.at.clone()).or_default().push((index, position));
        }
    }
    let mut conflicts = Vec::new();
    let mut blocked = BTreeSet::new();
    for (at, places) in &by_place {
        let mut sides: Vec<(usize, usize)> = Vec::new();
        let above = std::iter::successors(Some(at.path.parent()), |path| {
            path.last().is_some().then(|| path.parent())
        });
        let above = above.filter_map(|path| by_place.get(&Locus::new(at.part, path))).flatten();
        let others: Vec<(usize, usize)> = places.iter().chain(above).copied().collect();
        for (number, one) in places.iter().enumerate() {
            for other in &others[number + 1..] {
                let same_field = wishes[other.0].changes[other.1].at == *at;
                let edits = (&wishes[one.0].changes[one.1].edit, &wishes[other.0].changes[other.1].edit);
                // Edits of one repair agree with each other.
                if one.0 != other.0 && contradict(edits.0, edits.1, same_field) {
                    sides.extend([*one, *other]);
                }
            }
        }
        sides.sort_unstable();
        sides.dedup();
        if sides.is_empty() {
            continue;
        }
        blocked.extend(sides.iter().map(|(index, _)| *index));
        let change = &wishes[sides[0].0].changes[sides[0].1];
        let Some(target) = target(scene, at.part) else { continue };
        conflicts.push(Conflict {
            target,
            of: object(scene, change.of),
            field: source::field(scene, change),
            path: at.path.clone(),
            sides: sides
                .iter()
                .map(|(index, position)| Side {
                    reason: wishes[*index].reason.clone(),
                    edit: wishes[*index].changes[*position].edit.clone(),
                })
                .collect(),
        });
    }
    let mut index = 0;
    wishes.retain(|_| {
        index += 1;
        !blocked.contains(&(index - 1))
    });
    conflicts
}

/// Whether two edits cannot both be made: of one field, or the second of a field around the first one's.
fn contradict(one: &Edit, other: &Edit, same_field: bool) -> bool {
    if !same_field {
        // Only what replaces the whole field around it gets in the way.
        return other.result().is_some();
    }
    match (one, other) {
        (Edit::Insert { item, .. }, Edit::Remove { item: other, .. })
        | (Edit::Remove { item, .. }, Edit::Insert { item: other, .. }) => item == other,
        (Edit::AddMapper { mapper }, Edit::AddMapper { mapper: other }) => {
            mapper.name == other.name && mapper != other
        }
        (Edit::AddMapper { mapper }, Edit::RemoveMapper { mapper: other })
        | (Edit::RemoveMapper { mapper }, Edit::AddMapper { mapper: other }) => mapper.name == other.name,
        (Edit::Insert { .. } | Edit::Remove { .. }, Edit::Insert { .. } | Edit::Remove { .. }) => false,
        (Edit::RemoveMapper { .. }, Edit::RemoveMapper { .. }) => false,
        _ => one.result() != other.result() || one.result().is_none(),
    }
}

/// The first contradiction among the steps of a plan that was read from somewhere.
pub(super) fn fault(steps: &[Step]) -> Option<String> {
    let mut seen: BTreeMap<(&super::Target, &FieldPath), Vec<(usize, &Edit)>> = BTreeMap::new();
    for step in steps {
        for change in &step.changes {
            let before = seen.entry((&step.target, &change.path)).or_default();
            let clash =
                before.iter().find(|(_, edit)| **edit == change.edit || contradict(edit, &change.edit, true));
            if let Some((number, _)) = clash {
                return Some(format!(
                    "Steps {number} and {} change `{}` of {} twice or in contradiction.",
                    step.number,
                    change.field,
                    change.of.describe()
                ));
            }
            before.push((step.number, &change.edit));
        }
    }
    None
}
