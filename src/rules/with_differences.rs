//! In what two descriptions of one service differ, for `service-declared-twice`: names and places, never secret values.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud_run::model::{Container, Dialect, EnvValue, EnvVar, Service};
use crate::finding::Evidence;
use crate::known::Known;
use crate::locus::Locus;
use crate::scene::Scene;
use crate::words::listed;

/// Of settings that differ this many are named.
const MOST_NAMES: usize = 6;

/// One way in which two descriptions differ.
pub(super) struct Difference {
    /// The difference as a clause: "only one of them has container `proxy`".
    pub(super) clause: String,
    /// The places that show it.
    pub(super) places: Vec<Evidence>,
}

/// The differences of two descriptions; what one of them does not tell is none.
pub(super) fn differences(one: &Service, other: &Service, scene: &Scene<'_>) -> Vec<Difference> {
    let mut found = Differences { one, other, scene, found: Vec::new() };
    found.containers();
    found.whole();
    found.found
}

struct Differences<'a, 'b> {
    one: &'a Service,
    other: &'a Service,
    scene: &'a Scene<'b>,
    found: Vec<Difference>,
}

impl Differences<'_, '_> {
    fn add(&mut self, clause: String, places: Vec<Evidence>) {
        self.found.push(Difference { clause, places });
    }

    fn containers(&mut self) {
        let (pairs, alone) = pair(&self.one.containers, &self.other.containers);
        // Flags change what they name and leave the rest as it is.
        let partial = [self.one, self.other].iter().any(|service| service.dialect == Dialect::Flags);
        if !partial {
            for container in alone {
                let clause = format!("only one of them has {}", called(container));
                let at = container
                    .name
                    .as_ref()
                    .map_or_else(|| container.at.clone(), |_| container.at.key("name"));
                let name = container.name.as_ref().and_then(|name| name.text()).map(str::to_owned);
                self.add(
                    clause,
                    vec![Evidence::cloud_run(at, name, "a container that only one description has")],
                );
            }
        }
        let several = pairs.len() > 1;
        for (one, other) in pairs {
            let whose = if several { format!(" of {}", called(one)) } else { String::new() };
            self.images(one, other, &whose);
            self.ports(one, other, &whose);
            self.settings(one, other, &whose.replacen(" of ", " in ", 1));
            self.arguments(one, other, &whose);
        }
    }

    fn images(&mut self, one: &Container, other: &Container, whose: &str) {
        fn text(container: &Container) -> Option<&str> {
            container.image.as_ref().and_then(|image| image.text())
        }
        let (Some(first), Some(second)) = (text(one), text(other)) else { return };
        if first == second {
            return;
        }
        let place = |container: &Container, image: &str| {
            Evidence::cloud_run(container.at.key("image"), Some(image.to_owned()), "the image")
        };
        self.add(
            format!("the image{whose} is `{first}` in one and `{second}` in another"),
            vec![place(one, first), place(other, second)],
        );
    }

    fn ports(&mut self, one: &Container, other: &Container, whose: &str) {
        let port = |container: &Container| container.port.as_ref().and_then(Known::value).copied();
        if let (Some(first), Some(second)) = (port(one), port(other))
            && first != second
        {
            let place = |container: &Container, port: i64| {
                Evidence::cloud_run(container.at.key("ports"), Some(port.to_string()), "the port")
            };
            self.add(
                format!("the port{whose} is {first} in one and {second} in another"),
                vec![place(one, first), place(other, second)],
            );
        }
    }

    fn settings(&mut self, one: &Container, other: &Container, whose: &str) {
        let (first, second) = (by_name(one), by_name(other));
        let is_partial = |service: &Service, own: &BTreeMap<&str, &EnvVar>| {
            service.dialect == Dialect::Flags && own.is_empty()
        };
        if is_partial(self.one, &first) || is_partial(self.other, &second) {
            return;
        }
        let names: BTreeSet<&str> = first.keys().chain(second.keys()).copied().collect();
        let mut alone: Vec<(&str, &EnvVar)> = Vec::new();
        let mut different: Vec<(&str, &EnvVar, &EnvVar)> = Vec::new();
        for name in names {
            match (first.get(name), second.get(name)) {
                (Some(one), Some(other)) if differ(&one.value, &other.value) => {
                    different.push((name, one, other))
                }
                (Some(_), Some(_)) | (None, None) => {}
                (Some(variable), None) | (None, Some(variable)) => alone.push((name, variable)),
            }
        }
        if !alone.is_empty() {
            let places = alone.iter().take(2).map(|(_, variable)| {
                self.scene.variable(variable, "a setting that only one description has")
            });
            let places = places.collect();
            self.add(
                format!("only one of them sets {}{whose}", quoted(alone.iter().map(|(name, _)| *name))),
                places,
            );
        }
        if !different.is_empty() {
            let place = |variable: &EnvVar| self.scene.variable(variable, "a setting with different values");
            let places =
                different.iter().take(2).flat_map(|(_, one, other)| [place(one), place(other)]).collect();
            self.add(
                format!(
                    "they set {}{whose} to different values",
                    quoted(different.iter().map(|(name, ..)| *name))
                ),
                places,
            );
        }
    }

    fn arguments(&mut self, one: &Container, other: &Container, whose: &str) {
        for (key, first, second) in
            [("command", &one.command, &other.command), ("args", &one.args, &other.args)]
        {
            if one.states_command && other.states_command && words_differ(first, second) {
                let place = |container: &Container| {
                    Evidence::cloud_run(container.at.key(key), None, "the words of the command line")
                };
                self.add(format!("`{key}`{whose} has different words"), vec![place(one), place(other)]);
            }
        }
    }

    fn whole(&mut self) {
        let (one, other) = (self.one, self.other);
        let is_partial = one.dialect == Dialect::Flags || other.dialect == Dialect::Flags;
        if !is_partial && differ_known(&one.ingress, &other.ingress) {
            self.add("the networks that reach it (ingress) differ".to_owned(), Vec::new());
        }
        for (what, first, second) in [
            ("the largest number of instances", &one.max_instances, &other.max_instances),
            ("the smallest number of instances", &one.min_instances, &other.min_instances),
        ] {
            if let (Some(Known::Value(first)), Some(Known::Value(second))) = (first, second)
                && first != second
            {
                self.add(format!("{what} is {first} in one and {second} in another"), Vec::new());
            }
        }
        if let (Some(Known::Value(first)), Some(Known::Value(second))) =
            (&one.service_account, &other.service_account)
            && first != second
        {
            self.add(format!("it runs as `{first}` in one and as `{second}` in another"), Vec::new());
        }
    }
}

fn by_name(container: &Container) -> BTreeMap<&str, &EnvVar> {
    container.env.iter().filter_map(|variable| Some((variable.name.text()?, variable))).collect()
}

/// Containers that are the same one in both descriptions, and those that only one has.
fn pair<'c>(
    one: &'c [Container],
    other: &'c [Container],
) -> (Vec<(&'c Container, &'c Container)>, Vec<&'c Container>) {
    if let ([first], [second]) = (one, other) {
        return (vec![(first, second)], Vec::new());
    }
    let mut left: Vec<&Container> = other.iter().collect();
    let mut pairs = Vec::new();
    let mut alone = Vec::new();
    for container in one {
        let own = key(container);
        match left.iter().position(|other| key(other) == own) {
            Some(position) => pairs.push((container, left.remove(position))),
            None => alone.push(container),
        }
    }
    alone.extend(left);
    (pairs, alone)
}

/// What tells a container from the others of its service: its name, else its image without the tag.
fn key(container: &Container) -> Option<&str> {
    let name = container.name.as_ref().and_then(|name| name.text());
    name.or_else(|| container.image.as_ref().and_then(|image| image.text()).map(without_tag))
}

/// An image's name without tag and digest.
pub(super) fn without_tag(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => path,
        _ => image,
    }
}

fn called(container: &Container) -> String {
    match key(container) {
        Some(name) => format!("container `{name}`"),
        None => "a container without a name".to_owned(),
    }
}

fn quoted<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.len() > MOST_NAMES {
        let more = names.len() - (MOST_NAMES - 1);
        names.truncate(MOST_NAMES - 1);
        names.push(format!("{more} more"));
    }
    listed(&names)
}

fn differ_known<T: PartialEq>(one: &Known<T>, other: &Known<T>) -> bool {
    match (one, other) {
        (Known::Value(one), Known::Value(other)) => one != other,
        (Known::Secret(one), Known::Secret(other)) => one != other,
        _ => false,
    }
}

/// Whether two values are known to be different.
fn differ(one: &EnvValue, other: &EnvValue) -> bool {
    use EnvValue as V;
    match (one, other) {
        (V::Literal(Known::Unknown(_)), _) | (_, V::Literal(Known::Unknown(_))) => false,
        (V::Literal(one), V::Literal(other)) => differ_known(one, other),
        (V::PlainSecret { tag, .. }, V::PlainSecret { tag: other, .. })
        | (V::PlainSecret { tag, .. }, V::Literal(Known::Secret(other)))
        | (V::Literal(Known::Secret(tag)), V::PlainSecret { tag: other, .. }) => tag != other,
        (
            V::SecretReference { secret, version },
            V::SecretReference { secret: other, version: other_version },
        ) => {
            let versions = match (version, other_version) {
                (Some(one), Some(other)) => differ_known(one, other),
                _ => false,
            };
            differ_known(secret, other) || versions
        }
        _ => true,
    }
}

fn words_differ(one: &[(Known<String>, Locus)], other: &[(Known<String>, Locus)]) -> bool {
    let is_known = |(word, _): &(Known<String>, Locus)| !matches!(word, Known::Unknown(_));
    one.iter().chain(other).all(is_known)
        && (one.len() != other.len() || one.iter().zip(other).any(|((one, _), (other, _))| one != other))
}
