//! The resources of a plan or state, wherever its JSON keeps them, each with Terraform's marks.

use std::collections::HashMap;
use std::sync::Arc;

use super::address::Address;
use crate::document::Node;
use crate::document::cursor::Cursor;

/// A resource, or a data source.
pub(crate) struct Resource<'n> {
    /// The address as it is written.
    pub(crate) text: Arc<str>,
    /// The address taken apart.
    pub(crate) address: Address,
    /// Its attributes.
    pub(crate) values: Cursor<'n>,
    /// Its attributes before the change, for a plan that changes it.
    pub(crate) before: Option<Cursor<'n>>,
}

impl Resource<'_> {
    /// The type: `google_cloud_run_v2_service`.
    pub(crate) fn kind(&self) -> &str {
        &self.address.kind
    }
}

/// What a document of `terraform show -json` holds.
pub(crate) struct Resources<'n> {
    /// The resources as they will be, or are.
    pub(crate) all: Vec<Resource<'n>>,
    /// Data sources that were read before planning; of use for looking things up only.
    pub(crate) read_before: Vec<Resource<'n>>,
    /// The configuration that the plan was made of, where it is there.
    pub(crate) configuration: Option<&'n Node>,
}

/// Collects the resources of a document.
///
/// Of a plan those of `planned_values`, where people look, with the marks of `resource_changes`, which tell what is unknown;
/// deletions and what is forgotten are left out. Each section does alone too. Of a state those of `values`.
pub(crate) fn collect<'n>(root: &Cursor<'n>) -> Resources<'n> {
    let mut all = Vec::new();
    let mut read_before = Vec::new();
    let values = root.get("planned_values").or_else(|| root.get("values"));
    if let Some(module) = values.and_then(|values| values.get("root_module")) {
        in_module(&module, &mut all);
    }
    if let Some(changes) = root.get("resource_changes") {
        let mut planned: HashMap<Arc<str>, usize> =
            all.iter().enumerate().map(|(index, resource)| (Arc::clone(&resource.text), index)).collect();
        for entry in changes.items() {
            let Some(change) = changed(&entry) else { continue };
            match planned.remove(&change.resource.text) {
                Some(index) => {
                    let (unknown, sensitive) = change.marks;
                    all[index].values = all[index].values.clone().marked(unknown, sensitive);
                    all[index].before = change.resource.before;
                }
                None => all.push(change.resource),
            }
        }
    }
    if let Some(module) = root.dig(["prior_state", "values", "root_module"]) {
        in_module(&module, &mut read_before);
        read_before.retain(|resource| resource.address.data);
    }
    Resources { all, read_before, configuration: root.node().get("configuration") }
}

/// A resource after its change, and what marks its unknown and its sensitive attributes.
struct Change<'n> {
    resource: Resource<'n>,
    marks: (Option<&'n Node>, Option<&'n Node>),
}

fn changed<'n>(entry: &Cursor<'n>) -> Option<Change<'n>> {
    // A deposed instance is one that waits for its deletion.
    if entry.get("deposed").is_some() {
        return None;
    }
    let change = entry.get("change")?;
    let actions = change.get("actions")?;
    let goes = |word: &str| actions.items().any(|action| action.node().scalar() == Some(word));
    let stays = goes("create") || goes("update") || goes("no-op") || goes("read");
    if !stays {
        return None;
    }
    let node = change.node();
    let marks = (node.get("after_unknown"), node.get("after_sensitive"));
    let values = change.get("after").or_else(|| {
        // Nothing at all may be known of a data source that is read during apply.
        marks.0?.entries().first().map(|_| Cursor::new(&NOTHING, change.at().key("after")))
    })?;
    let values = values.marked(marks.0, marks.1);
    let before = change.get("before").map(|before| before.marked(None, node.get("before_sensitive")));
    Some(Change { resource: resource(entry, values, before)?, marks })
}

static NOTHING: Node = Node::Map(Vec::new());

/// Modules nest as far as documents do.
fn in_module<'n>(module: &Cursor<'n>, into: &mut Vec<Resource<'n>>) {
    for entry in module.get("resources").iter().flat_map(Cursor::items) {
        let Some(values) = entry.get("values") else { continue };
        let values = values.marked(None, entry.node().get("sensitive_values"));
        into.extend(resource(&entry, values, None));
    }
    for child in module.get("child_modules").iter().flat_map(Cursor::items) {
        in_module(&child, into);
    }
}

fn resource<'n>(entry: &Cursor<'n>, values: Cursor<'n>, before: Option<Cursor<'n>>) -> Option<Resource<'n>> {
    let text = entry.node().get("address")?.scalar()?;
    let address = Address::parse(text)?;
    Some(Resource { text: text.into(), address, values, before })
}
