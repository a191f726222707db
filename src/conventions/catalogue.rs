//! All conventions, read once and indexed, so that looking at a setting costs the same however many frameworks there are.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::embedded;
use super::families::Families;
use super::framework::{FlagStyle, Framework, FrameworkId};
use super::generic_file::{GenericFile, Needs};
use super::hash::{Map, Set};
use super::role::Role;
use super::setting::{SettingConvention, SettingKind};
use super::template::Template;

/// A setting of a framework, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Named {
    pub(super) framework: u16,
    pub(super) setting: u16,
}

/// How much a word of an image says about a framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    Product,
    Stack,
    Runtime,
}

/// All conventions with their indexes.
pub(super) struct Catalogue {
    pub(super) frameworks: Vec<Framework>,
    pub(super) generic: GenericFile,
    by_id: BTreeMap<&'static str, u16>,
    exact: Map<String, Vec<Named>>,
    folded: Map<String, Vec<Named>>,
    families: Families,
    folded_families: Families,
    flags: Map<String, Vec<Named>>,
    own: Set<Named>,
    squeezed: Map<String, Vec<Named>>,
    squeezed_families: Families,
    near_starts: Set<[u8; 2]>,
    images: Map<String, Vec<(u16, Tier)>>,
    beginnings: Map<u8, Vec<(String, u16, bool)>>,
    pub(super) together: Vec<(u16, Vec<String>)>,
    pub(super) generic_names: Map<String, (Role, bool)>,
    pub(super) endings: Map<String, (Role, Needs)>,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::read);

/// The conventions, read at the first call.
pub(super) fn catalogue() -> &'static Catalogue {
    &CATALOGUE
}

/// What stands above the examples of a file: only tests need those, and they are half of it.
pub(super) fn without_examples(text: &str) -> &str {
    text.find("\nexamples:").map_or(text, |at| &text[..at])
}

/// The first two letters in capitals: most names are told apart by them.
fn two_letters(name: &str) -> Option<[u8; 2]> {
    let letters = name.as_bytes().first_chunk::<2>()?;
    Some([letters[0].to_ascii_uppercase(), letters[1].to_ascii_uppercase()])
}

/// A name without underscores and in capitals, to find names that differ in those only.
fn squeeze(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '.' | '-' | ':')).map(|c| c.to_ascii_uppercase()).collect()
}

/// The same for a name with parts in angle brackets, which stay as they are.
fn squeeze_template(name: &str) -> String {
    let mut squeezed = String::new();
    for (position, part) in name.split(['<', '>']).enumerate() {
        match position % 2 {
            0 => squeezed.push_str(&squeeze(part)),
            _ => squeezed.push_str(&format!("<{part}>")),
        }
    }
    squeezed
}

impl Catalogue {
    fn read() -> Catalogue {
        let mut frameworks: Vec<Framework> = embedded::FRAMEWORKS
            .iter()
            .map(|(id, text)| {
                let mut framework: Framework =
                    serde_yaml::from_str(without_examples(text)).unwrap_or_else(|fault| {
                        panic!("conventions/{id}.yaml, which is part of this program: {fault}")
                    });
                framework.key = FrameworkId(id);
                framework
            })
            .collect();
        frameworks.sort_by_key(|framework| framework.key);
        let generic: GenericFile =
            serde_yaml::from_str(without_examples(embedded::GENERIC)).unwrap_or_else(|fault| {
                panic!("conventions/generic.yaml, which is part of this program: {fault}")
            });
        let mut catalogue = Catalogue {
            by_id: frameworks.iter().zip(0..).map(|(framework, index)| (framework.key.0, index)).collect(),
            exact: Map::default(),
            folded: Map::default(),
            families: Families::default(),
            folded_families: Families::default(),
            flags: Map::default(),
            own: Set::default(),
            squeezed: Map::default(),
            squeezed_families: Families::default(),
            near_starts: Set::default(),
            images: Map::default(),
            beginnings: Map::default(),
            together: Vec::new(),
            generic_names: Map::default(),
            endings: Map::default(),
            frameworks: Vec::new(),
            generic,
        };
        for (framework, index) in frameworks.iter().zip(0..) {
            catalogue.index(framework, index);
        }
        catalogue.frameworks = frameworks;
        catalogue.index_generic();
        catalogue.find_own_names();
        catalogue
    }

    fn index(&mut self, framework: &Framework, index: u16) {
        let identify = &framework.identify;
        for (words, tier) in [
            (&identify.images, Tier::Product),
            (&identify.stacks, Tier::Stack),
            (&identify.runtimes, Tier::Runtime),
        ] {
            for word in words {
                self.images.entry(word.clone()).or_default().push((index, tier));
            }
        }
        for (beginnings, enough) in [(&identify.unmistakable, true), (&identify.family, false)] {
            for beginning in beginnings {
                let key = beginning.as_bytes().first().copied().unwrap_or_default();
                self.beginnings.entry(key).or_default().push((beginning.clone(), index, enough));
            }
        }
        self.together.extend(identify.together.iter().map(|names| (index, names.clone())));
        for (setting, position) in framework.settings.iter().zip(0..) {
            let named = Named { framework: index, setting: position };
            match setting.kind {
                SettingKind::Key => {}
                SettingKind::Flag => {
                    let name = setting.name.trim_start_matches('-').to_owned();
                    self.flags.entry(name).or_default().push(named);
                }
                SettingKind::Env => self.index_variable(framework, setting, named),
            }
        }
    }

    fn index_variable(&mut self, framework: &Framework, setting: &SettingConvention, named: Named) {
        let fold = framework.names.case_insensitive;
        let prefixed = framework.names.app_prefixes.iter().map(String::as_str).chain([""]);
        for prefix in prefixed {
            for spelling in setting.also.iter().chain([&setting.name]) {
                let name = format!("{prefix}{spelling}");
                if name.contains('<') {
                    let template = Template::new(&name, fold);
                    let families = if fold { &mut self.folded_families } else { &mut self.families };
                    families.put(template, named);
                } else if fold && name.contains("__") {
                    self.folded.entry(name.to_ascii_uppercase()).or_default().push(named);
                } else {
                    self.exact.entry(name).or_default().push(named);
                }
            }
        }
        if framework.names.near_misses {
            self.near_starts.extend(two_letters(&setting.name));
            if setting.name.contains('<') {
                self.squeezed_families.put(Template::new(&squeeze_template(&setting.name), true), named);
            } else {
                self.squeezed.entry(squeeze(&setting.name)).or_default().push(named);
            }
        }
        if let Some(flags) = &framework.names.flags {
            let made = setting.name.strip_prefix(flags.prefix.as_str()).filter(|name| !name.contains('<'));
            let flag = match (&setting.flag, flags.style) {
                (Some(flag), _) => Some(flag.clone()),
                (None, FlagStyle::UpperSnake) => made.map(|name| name.to_ascii_lowercase().replace('_', "-")),
                (None, FlagStyle::Spring | FlagStyle::DoubleUnderscore) => None,
            };
            if let Some(flag) = flag {
                self.flags.entry(flag).or_default().push(named);
            }
        }
    }

    fn index_generic(&mut self) {
        for names in &self.generic.names {
            for name in &names.names {
                self.generic_names.insert(name.clone(), (names.role, names.weak));
            }
        }
        for endings in &self.generic.endings {
            for end in &endings.ends {
                self.endings.insert(end.clone(), (endings.role, endings.needs));
            }
        }
    }

    /// A name is a framework's own when nothing else that is known uses it.
    fn find_own_names(&mut self) {
        let mut own = Set::default();
        for (name, users) in self.exact.iter().chain(&self.folded) {
            let one = users.iter().all(|user| user.framework == users[0].framework);
            if one && !self.generic_names.contains_key(name) {
                own.extend(users.iter().copied());
            }
        }
        own.extend(self.families.all().chain(self.folded_families.all()).map(|(_, named)| *named));
        own.retain(|named| {
            !self.frameworks[named.framework as usize].settings[named.setting as usize].common
        });
        self.own = own;
    }

    pub(super) fn framework(&self, index: u16) -> &Framework {
        &self.frameworks[index as usize]
    }

    pub(super) fn setting(&self, named: Named) -> &SettingConvention {
        &self.frameworks[named.framework as usize].settings[named.setting as usize]
    }

    pub(super) fn by_id(&self, id: FrameworkId) -> Option<&Framework> {
        self.by_id.get(id.0).map(|index| self.framework(*index))
    }

    pub(super) fn position(&self, id: FrameworkId) -> Option<u16> {
        self.by_id.get(id.0).copied()
    }

    pub(super) fn is_own(&self, named: Named) -> bool {
        self.own.contains(&named)
    }

    /// Every setting of a framework that an environment variable of this name is, with what the name captures.
    pub(super) fn variable(&self, name: &str, found: &mut Vec<(Named, Vec<(String, String)>)>) {
        if let Some(named) = self.exact.get(name) {
            found.extend(named.iter().map(|named| (*named, Vec::new())));
        }
        self.capture(name, name, &self.families, found);
        // Only names with section separators are spelt so.
        if name.contains("__") {
            let folded = name.to_ascii_uppercase();
            if let Some(named) = self.folded.get(&folded) {
                found.extend(named.iter().map(|named| (*named, Vec::new())));
            }
            self.capture(name, &folded, &self.folded_families, found);
        }
    }

    /// `spelling` is the name as the families are spelt: in capitals, where those compare so.
    fn capture(
        &self,
        name: &str,
        spelling: &str,
        families: &Families,
        found: &mut Vec<(Named, Vec<(String, String)>)>,
    ) {
        for (template, named) in families.of(spelling) {
            let Some(captures) = template.capture(name) else { continue };
            let excluded = |key: &str| {
                self.setting(*named).except.iter().any(|except| match except.strip_prefix('*') {
                    Some(end) => key.ends_with(end),
                    None => key.eq_ignore_ascii_case(except),
                })
            };
            if !captures.iter().any(|(_, key)| excluded(key)) {
                found.push((*named, captures));
            }
        }
    }

    /// Every setting of a framework that a flag of this name is.
    pub(super) fn flag(&self, name: &str, found: &mut Vec<(Named, Vec<(String, String)>)>) {
        let bare = name.trim_start_matches('-');
        let bare = bare.strip_prefix('D').filter(|_| name.starts_with("-D")).unwrap_or(bare);
        if let Some(named) = self.flags.get(bare).or_else(|| self.flags.get(&bare.replace('.', "-"))) {
            found.extend(named.iter().map(|named| (*named, Vec::new())));
        }
        if bare.contains(':') {
            self.variable(&bare.replace(':', "__"), found);
        } else if bare.contains('.') {
            self.variable(&bare.replace('.', "_").replace('-', "").to_ascii_uppercase(), found);
        }
    }

    /// Settings whose name differs from this one in underscores or a plural only.
    pub(super) fn near_misses(&self, name: &str) -> Vec<(Named, Vec<(String, String)>)> {
        if name.len() < 12 || !two_letters(name).is_some_and(|start| self.near_starts.contains(&start)) {
            return Vec::new();
        }
        let squeezed = squeeze(name);
        let shorter = squeezed.strip_suffix('S').map(str::to_owned);
        let mut found = Vec::new();
        for spelling in [Some(squeezed.clone()), Some(squeezed + "S"), shorter].into_iter().flatten() {
            if let Some(named) = self.squeezed.get(&spelling) {
                found.extend(named.iter().map(|named| (*named, Vec::new())));
            }
            self.capture(&spelling, &spelling, &self.squeezed_families, &mut found);
        }
        found
    }

    /// Frameworks that a beginning of the name speaks for: the longest that is enough alone, and the family.
    pub(super) fn beginnings<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, u16, bool)> + 'a {
        let all = name.as_bytes().first().and_then(|first| self.beginnings.get(first));
        all.into_iter()
            .flatten()
            .filter(move |(beginning, ..)| name.starts_with(beginning.as_str()))
            .map(|(beginning, framework, enough)| (beginning.as_str(), *framework, *enough))
    }

    /// What one word of an image's name says about frameworks.
    pub(super) fn image_hints(&self, word: &str, mut visit: impl FnMut(u16, Tier)) {
        for (framework, tier) in self.images.get(word).into_iter().flatten() {
            visit(*framework, *tier);
        }
    }
}
