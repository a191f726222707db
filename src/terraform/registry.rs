//! Things that other resources name by an id: by that id where it is known, else through the configuration.

use std::collections::HashMap;

use super::references::{Candidates, References};
use super::resources::Resource;
use crate::document::cursor::Cursor;

/// Resources of one sort, each with the index under which its reader keeps it.
#[derive(Default)]
pub(crate) struct Registry<'r, 'n> {
    by_id: HashMap<String, usize>,
    by_resource: HashMap<*const Resource<'n>, usize>,
    candidates: Candidates<'r, 'n>,
    resources: Vec<&'r Resource<'n>>,
}

impl<'r, 'n> Registry<'r, 'n> {
    /// Keeps `resource` under the next index, to be found by its `id` and whatever else names it.
    pub(crate) fn add(&mut self, resource: &'r Resource<'n>, ids: &[&str]) -> usize {
        let index = self.resources.len();
        for id in ids {
            let id = resource.values.get(id).and_then(|id| id.node().scalar().map(str::to_owned));
            if let Some(id) = id.filter(|id| !id.is_empty()) {
                self.by_id.entry(id).or_insert(index);
            }
        }
        self.by_resource.insert(std::ptr::from_ref(resource), index);
        self.candidates.add(resource);
        self.resources.push(resource);
        index
    }

    /// The resource at an index.
    pub(crate) fn resource(&self, index: usize) -> &'r Resource<'n> {
        self.resources[index]
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.resources.len()
    }

    /// The index of what `attribute` of `resource` names.
    pub(crate) fn find(
        &self,
        references: References<'_>,
        resource: &Resource<'_>,
        attribute: &str,
    ) -> Option<usize> {
        let value = resource.values.get(attribute)?;
        if !value.is_unknown() {
            return self.by_value(&value);
        }
        let target = references.target(resource, attribute, &self.candidates)?;
        self.by_resource.get(&std::ptr::from_ref(target)).copied()
    }

    /// The index of what has the id that stands at `value`.
    pub(crate) fn by_value(&self, value: &Cursor<'_>) -> Option<usize> {
        self.by_id.get(value.node().scalar()?).copied()
    }
}
