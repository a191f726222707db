//! Names with parts that stand for any key, found by their beginning.

use super::catalogue::Named;
use super::hash::Map;
use super::template::Template;

/// Names with parts in angle brackets, by what stands before those, found by its first letter.
#[derive(Default)]
pub(super) struct Families {
    by_letter: Map<u8, Vec<Family>>,
    /// Those that begin with a part in angle brackets.
    open: Vec<(Template, Named)>,
}

struct Family {
    beginning: String,
    templates: Vec<(Template, Named)>,
}

impl Families {
    pub(super) fn put(&mut self, template: Template, named: Named) {
        let beginning = template.beginning().to_owned();
        let Some(letter) = beginning.as_bytes().first().copied() else {
            self.open.push((template, named));
            return;
        };
        let families = self.by_letter.entry(letter).or_default();
        match families.iter_mut().find(|family| family.beginning == beginning) {
            Some(family) => family.templates.push((template, named)),
            None => families.push(Family { beginning, templates: vec![(template, named)] }),
        }
    }

    /// Those whose beginning `name` has.
    pub(super) fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a (Template, Named)> {
        let families = name.as_bytes().first().and_then(|letter| self.by_letter.get(letter));
        families
            .into_iter()
            .flatten()
            .filter(|family| name.starts_with(family.beginning.as_str()))
            .flat_map(|family| &family.templates)
            .chain(&self.open)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &(Template, Named)> {
        self.by_letter.values().flatten().flat_map(|family| &family.templates).chain(&self.open)
    }
}
