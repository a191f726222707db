//! What an attribute refers to, for attributes that are known after apply only: found in the configuration inside the plan.

use std::collections::BTreeMap;

use super::address::{Address, Step, steps};
use super::resources::Resource;
use crate::document::Node;

/// How many variables and outputs a reference may be handed through.
const LONGEST_WAY: usize = 24;

/// Looks up what attributes refer to.
#[derive(Clone, Copy)]
pub(crate) struct References<'n> {
    root: Option<&'n Node>,
}

impl<'n> References<'n> {
    /// References of a configuration; of none nothing is ever found.
    pub(crate) fn new(configuration: Option<&'n Node>) -> Self {
        References { root: configuration.and_then(|configuration| configuration.get("root_module")) }
    }

    /// Whether the configuration sets an attribute of a resource; none where there is no configuration to look at.
    pub(crate) fn sets(self, resource: &Resource<'_>, attribute: &str) -> Option<bool> {
        let expressions = self.expressions(resource)?;
        Some(expressions.get(attribute).is_some())
    }

    /// Of `candidates` the one that an attribute of a resource refers to.
    pub(crate) fn target<'r, 'm>(
        self,
        resource: &Resource<'_>,
        attribute: &str,
        candidates: &Candidates<'r, 'm>,
    ) -> Option<&'r Resource<'m>> {
        let expression = self.expressions(resource)?.get(attribute)?;
        let modules = resource.address.modules.clone();
        let found = self.follow(modules, expression, candidates, LONGEST_WAY)?;
        let named = candidates.0.get(&(found.kind.as_str(), found.resource.name.as_str()))?;
        let mut fitting = named.iter().filter(|candidate| fits(&found, &candidate.address));
        let (first, second) = (fitting.next()?, fitting.next());
        if second.is_none() {
            return Some(first);
        }
        // `keycloak_openid_client.this[each.key]` means the instance of the same key.
        let key = resource.address.resource.key.as_ref()?;
        let mut same = named.iter().filter(|candidate| {
            fits(&found, &candidate.address) && candidate.address.resource.key.as_ref() == Some(key)
        });
        same.next().filter(|_| same.next().is_none()).copied()
    }

    fn expressions(self, resource: &Resource<'_>) -> Option<&'n Node> {
        let address = &resource.address;
        let module = self.module(&address.modules)?;
        let wanted = if address.data { "data" } else { "managed" };
        let found = module.get("resources")?.items().iter().find(|entry| {
            let is = |key: &str, text: &str| entry.get(key).and_then(Node::scalar) == Some(text);
            is("type", &address.kind) && is("name", &address.resource.name) && is("mode", wanted)
        })?;
        found.get("expressions")
    }

    fn module(self, modules: &[Step]) -> Option<&'n Node> {
        let mut here = self.root?;
        for step in modules {
            here = here.get("module_calls")?.get(&step.name)?.get("module")?;
        }
        Some(here)
    }

    fn follow(
        self,
        modules: Vec<Step>,
        expression: &Node,
        candidates: &Candidates<'_, '_>,
        way: usize,
    ) -> Option<Address> {
        if way == 0 {
            return None;
        }
        for reference in expression.get("references")?.items() {
            let Some(steps) = reference.scalar().and_then(steps) else { continue };
            let found = match (steps.first().map(|step| step.name.as_str()), steps.as_slice()) {
                (Some("var"), [_, variable, ..]) => {
                    let (call, outside) = modules.split_last()?;
                    let calls = self.module(outside)?.get("module_calls")?;
                    let handed = calls.get(&call.name).and_then(|call| call.get("expressions"));
                    handed
                        .and_then(|handed| handed.get(&variable.name))
                        .and_then(|expression| self.follow(outside.to_vec(), expression, candidates, way - 1))
                }
                (Some("module"), [_, call, output, ..]) => {
                    let mut inside = modules.clone();
                    inside.push(call.clone());
                    let outputs = self.module(&inside).and_then(|module| module.get("outputs"));
                    let output = outputs.and_then(|outputs| outputs.get(&output.name));
                    output
                        .and_then(|output| output.get("expression"))
                        .and_then(|expression| self.follow(inside, expression, candidates, way - 1))
                }
                _ => reference.scalar().and_then(Address::parse).and_then(|mut address| {
                    let wanted = candidates.has(&address);
                    address.modules.clone_from(&modules);
                    wanted.then_some(address)
                }),
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }
}

/// Resources that a reference may mean, by type and name.
#[derive(Default)]
pub(crate) struct Candidates<'r, 'm>(BTreeMap<(&'r str, &'r str), Vec<&'r Resource<'m>>>);

impl<'r, 'm> FromIterator<&'r Resource<'m>> for Candidates<'r, 'm> {
    fn from_iter<I: IntoIterator<Item = &'r Resource<'m>>>(resources: I) -> Self {
        let mut candidates = Candidates::default();
        resources.into_iter().for_each(|resource| candidates.add(resource));
        candidates
    }
}

impl<'r, 'm> Candidates<'r, 'm> {
    pub(crate) fn add(&mut self, resource: &'r Resource<'m>) {
        let key = (resource.kind(), resource.address.resource.name.as_str());
        self.0.entry(key).or_default().push(resource);
    }

    fn has(&self, address: &Address) -> bool {
        self.0.contains_key(&(address.kind.as_str(), address.resource.name.as_str()))
    }
}

/// Whether a resource is one that a reference may mean; keys that the reference leaves open fit every instance.
fn fits(reference: &Address, candidate: &Address) -> bool {
    let steps_fit = |wanted: &Step, found: &Step| {
        let key_fits = wanted.key.is_none() || wanted.key == found.key || !is_literal(wanted.key.as_deref());
        wanted.name == found.name && key_fits
    };
    reference.kind == candidate.kind
        && reference.data == candidate.data
        && steps_fit(&reference.resource, &candidate.resource)
        && reference.modules.len() == candidate.modules.len()
        && reference.modules.iter().zip(&candidate.modules).all(|(wanted, found)| steps_fit(wanted, found))
}

/// `[each.key]` stands for any key.
fn is_literal(key: Option<&str>) -> bool {
    key.is_some_and(|key| !matches!(key, "each.key" | "each.value" | "count.index"))
}
