//! Which frameworks a container was built with: by its image, then by names that are a framework's own.

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::{Named, Tier, catalogue};
use super::framework::{FrameworkId, FrameworkKind};
use super::generic::Guess;
use super::images::image_words;
use super::reading::{Certainty, Identified};
use super::role::Role;
use super::view::{ContainerView, SettingSource, ValueView};

/// A setting of a framework that a setting of the container may be.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) named: Named,
    pub(super) captures: Vec<(String, String)>,
    /// Whether no other framework knows the whole name, where this one knows only its ends.
    pub(super) clear: bool,
    /// Whether nothing else that is known uses the name.
    pub(super) own: bool,
}

/// The settings of frameworks that each setting of the container may be.
pub(super) fn candidates(view: &ContainerView<'_>) -> Vec<Vec<Candidate>> {
    let catalogue = catalogue();
    view.settings
        .iter()
        .map(|setting| {
            let mut found = Vec::new();
            match setting.source {
                SettingSource::Env => catalogue.variable(setting.name, &mut found),
                SettingSource::Flag => catalogue.flag(setting.name, &mut found),
            }
            // A key taken from a name is a guess where another framework knows the whole name.
            let exact = found.iter().any(|(_, captures)| captures.is_empty());
            let shared = found.iter().any(|(named, _)| named.framework != found[0].0.framework);
            found
                .into_iter()
                .map(|(named, captures)| {
                    let alone = if setting.source == SettingSource::Flag {
                        !shared
                    } else {
                        captures.is_empty() || !exact
                    };
                    Candidate { named, captures, clear: alone, own: alone && catalogue.is_own(named) }
                })
                .collect()
        })
        .collect()
}

/// What a value that is Keycloak's adapter file holds.
pub(super) const ADAPTER_FILE: &str = "\"auth-server-url\"";

/// What speaks for one framework.
#[derive(Debug, Default)]
struct Evidence<'a> {
    product: Option<(&'a str, bool)>,
    enough: Option<&'a str>,
    own: BTreeSet<&'a str>,
    known: BTreeSet<&'a str>,
    together: Option<&'a [String]>,
    stack: Option<&'a str>,
    family: BTreeSet<&'a str>,
    runtime: Option<&'a str>,
}

/// The frameworks of a container, the surest first.
pub(super) fn identify<'a>(
    view: &'a ContainerView<'a>,
    candidates: &[Vec<Candidate>],
    guesses: &[Option<Guess>],
) -> Vec<Identified> {
    let evidence = gather(view, candidates);
    if evidence.is_empty() {
        return Vec::new();
    }
    let catalogue = catalogue();
    let mut certain: Vec<u16> = Vec::new();
    let mut found: Vec<(u16, Identified)> = Vec::new();
    for (&index, signs) in &evidence {
        if let Some(reason) = settled(signs) {
            certain.push(index);
            let framework = catalogue.framework(index).id();
            found.push((index, Identified { framework, certainty: Certainty::Certain, reason }));
        }
    }
    let mut likely: Vec<(u16, String)> = Vec::new();
    for (&index, signs) in &evidence {
        if certain.contains(&index) {
            continue;
        }
        if let Some(names) = signs.together {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            likely.push((index, format!("{} stand together", names.join(" and "))));
        } else if let Some((word, _)) = signs.product.filter(|_| certain.is_empty()) {
            likely.push((index, format!("its image's name holds `{word}`")));
        } else if let Some(reason) = stack(signs) {
            if fits_stack(index, &evidence, &certain, guesses) {
                likely.push((index, reason));
            }
        } else if let Some(word) = signs.runtime.filter(|_| is_best_of_runtime(index, &evidence)) {
            likely.push((index, format!("its image's name holds `{word}` and its settings have the names")));
        }
    }
    let together: Vec<u16> = likely.iter().map(|(index, _)| *index).collect();
    let product_is_certain = certain.iter().any(|index| catalogue.framework(*index).kind.is_product());
    for (index, reason) in likely {
        let framework = catalogue.framework(index);
        let explains = |other: &u16| evidence[&index].known.is_subset(&evidence[other].known);
        let explained = certain.iter().any(explains)
            || !framework.kind.is_product()
                && together
                    .iter()
                    .any(|other| catalogue.framework(*other).kind.is_product() && explains(other));
        let by_names = evidence[&index].stack.is_none() && evidence[&index].product.is_none();
        if by_names && (explained || product_is_certain && !framework.kind.is_product()) {
            continue;
        }
        found.push((index, Identified { framework: framework.id(), certainty: Certainty::Likely, reason }));
    }
    found.sort_by(|(_, a), (_, b)| b.certainty.cmp(&a.certainty).then(a.framework.cmp(&b.framework)));
    found.into_iter().map(|(_, identified)| identified).collect()
}

fn gather<'a>(view: &'a ContainerView<'a>, candidates: &[Vec<Candidate>]) -> BTreeMap<u16, Evidence<'a>> {
    let catalogue = catalogue();
    let mut evidence: BTreeMap<u16, Evidence<'a>> = BTreeMap::new();
    if let Some(image) = view.image {
        for (word, index, tier, whole) in image_hints(image) {
            let signs = evidence.entry(index).or_default();
            match tier {
                Tier::Product if signs.product.is_none_or(|(_, known)| !known) => {
                    signs.product = Some((word, whole))
                }
                Tier::Product => {}
                Tier::Stack => signs.stack = Some(word),
                Tier::Runtime => signs.runtime = Some(word),
            }
        }
    }
    for word in &view.words {
        let program = word.rsplit('/').next().unwrap_or(word);
        catalogue.image_hints(program, |index, tier| {
            if tier == Tier::Product {
                evidence.entry(index).or_default().product = Some((program, true));
            }
        });
    }
    for (setting, candidates) in view.settings.iter().zip(candidates) {
        for candidate in candidates {
            let named = candidate.named;
            let signs = evidence.entry(named.framework).or_default();
            let convention = catalogue.setting(named);
            if !convention.common {
                signs.known.insert(setting.name);
            }
            if candidate.own {
                signs.own.insert(setting.name);
            }
            if convention.alone && candidate.clear {
                signs.enough = Some(setting.name);
            }
        }
        if let ValueView::Plain(text) = setting.value
            && text.starts_with('{')
            && text.contains(ADAPTER_FILE)
            && let Some(index) = catalogue.position(FrameworkId("keycloak-connect"))
        {
            evidence.entry(index).or_default().enough = Some(setting.name);
        }
        if setting.source == SettingSource::Env {
            let longest = catalogue
                .beginnings(setting.name)
                .filter(|(_, _, enough)| *enough)
                .map(|(beginning, ..)| beginning.len())
                .max();
            for (beginning, index, enough) in catalogue.beginnings(setting.name) {
                if enough && Some(beginning.len()) == longest {
                    evidence.entry(index).or_default().enough = Some(setting.name);
                } else if !enough {
                    evidence.entry(index).or_default().family.insert(setting.name);
                }
            }
        }
    }
    if !evidence.is_empty() {
        let is_set = |name: &String| view.settings.iter().any(|setting| setting.name == name);
        for (index, together) in &catalogue.together {
            if evidence.contains_key(index) && together.iter().all(is_set) {
                let signs = evidence.entry(*index).or_default();
                signs.together = Some(together);
                signs.known.extend(together.iter().map(String::as_str));
            }
        }
    }
    evidence
}

/// Words of an image's name that hint at frameworks, each with whether it is a whole component of the path.
fn image_hints(image: &str) -> Vec<(&str, u16, Tier, bool)> {
    let mut hints = Vec::new();
    let catalogue = catalogue();
    for (word, whole) in image_words(image) {
        catalogue.image_hints(word, |index, tier| hints.push((word, index, tier, whole)));
    }
    hints
}

/// Why there is no doubt, where there is none.
fn settled(signs: &Evidence<'_>) -> Option<String> {
    if let Some((word, true)) = signs.product {
        return Some(format!("its image or program is `{word}`"));
    }
    if let Some(name) = signs.enough {
        return Some(format!("nothing else has a setting like `{name}`"));
    }
    let mut own = signs.own.iter();
    match (own.next(), own.next(), signs.product) {
        (Some(first), Some(second), _) => Some(format!("`{first}` and `{second}` are its own names")),
        (Some(first), None, Some((word, _))) => {
            Some(format!("its image's name holds `{word}` and `{first}` is its own name"))
        }
        _ => None,
    }
}

fn stack(signs: &Evidence<'_>) -> Option<String> {
    if let Some(word) = signs.stack {
        return Some(format!("its image's name holds `{word}`"));
    }
    let mut family = signs.family.iter();
    let (first, second) = (family.next()?, family.next()?);
    Some(format!("`{first}` and `{second}` are names of its family"))
}

/// Of the libraries of one stack, the one that fits what the container does: settings for a login speak for the one that
/// logs in, their absence for the one that checks tokens; a client id alone decides nothing.
fn fits_stack(
    index: u16,
    evidence: &BTreeMap<u16, Evidence<'_>>,
    certain: &[u16],
    guesses: &[Option<Guess>],
) -> bool {
    let catalogue = catalogue();
    let identify = &catalogue.framework(index).identify;
    let related = |other: &u16| {
        let theirs = &catalogue.framework(*other).identify;
        theirs.stacks.iter().any(|stack| identify.stacks.contains(stack))
            || theirs.family.iter().any(|family| identify.family.contains(family))
    };
    if certain.iter().any(related) {
        return false;
    }
    if !evidence.keys().any(|other| *other != index && related(other)) {
        return true;
    }
    let has = |role: Role| guesses.iter().flatten().any(|guess| guess.role == role);
    let logs_in = has(Role::ClientSecret) || has(Role::ClientSecretFile) || has(Role::RedirectUri);
    match catalogue.framework(index).kind {
        FrameworkKind::Api | FrameworkKind::Gateway => !logs_in && !has(Role::ClientId),
        FrameworkKind::Login | FrameworkKind::App | FrameworkKind::Proxy => logs_in,
        FrameworkKind::Both => true,
    }
}

/// Names that several frameworks share speak for the one whose platform the image names, when no other of that
/// platform knows as many of them.
fn is_best_of_runtime(index: u16, evidence: &BTreeMap<u16, Evidence<'_>>) -> bool {
    let count = evidence[&index].known.len();
    count >= 2
        && evidence
            .iter()
            .all(|(other, signs)| *other == index || signs.runtime.is_none() || signs.known.len() < count)
}
