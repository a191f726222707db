//! What a finding is recognised by in the next run: whom and what it is about, never where in which file it stands.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::finding::{Evidence, Subject};
use crate::keycloak::model::Mapper;
use crate::locus::{FieldPath, Locus, Segment};
use crate::scene::Scene;

/// How many bytes of the hash are kept; written in hexadecimal it is twice as long.
const LENGTH: usize = 16;

/// The fingerprint of a finding: a hash over the rule, the names of its subject, the field and the value.
///
/// `more` tells findings apart that agree in all of these.
pub(super) fn of(
    scene: &Scene<'_>,
    rule: &str,
    subject: &Subject,
    first: Option<&Evidence>,
    value: Option<&str>,
    more: Option<&str>,
) -> String {
    let names = subject_names(scene, subject);
    let field = first.map(|evidence| field(scene, subject, &evidence.at)).unwrap_or_default();
    let mut hash = Sha256::new();
    let parts = [rule].into_iter().chain(names.iter().map(String::as_str)).chain([
        field.as_str(),
        value.unwrap_or_default(),
        more.unwrap_or_default(),
    ]);
    for part in parts {
        // Lengths, so that no two lists of parts run together into the same bytes.
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(LENGTH).fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Environment, realm, service and client of a subject by name; empty where there is none.
pub(super) fn subject_names(scene: &Scene<'_>, subject: &Subject) -> [String; 4] {
    let realm = subject.realm.map(|realm| scene.realm_name(realm).to_owned());
    let service = subject.service.map(|service| scene.service(service).display_name());
    let client = subject.client.map(|client| scene.client_id(client).to_owned());
    [
        subject.environment.clone().unwrap_or_default(),
        realm.unwrap_or_default(),
        service.unwrap_or_default(),
        client.unwrap_or_default(),
    ]
}

/// A field without positions: names of variables, containers and mappers stand in their place.
fn field(scene: &Scene<'_>, subject: &Subject, at: &Locus) -> String {
    if let Some(id) = subject.client {
        let client = scene.client(id);
        if let Some(below) = below(at, &client.at) {
            return in_mapper(&client.mappers, at).unwrap_or_else(|| keys(&below));
        }
    }
    if let Some(id) = subject.service {
        let service = scene.service(id);
        if let Some(below) = below(at, &service.at) {
            let variable = service
                .containers
                .iter()
                .flat_map(|container| &container.env)
                .find(|variable| variable.at == *at);
            return match variable.and_then(|variable| variable.name.text()) {
                Some(name) => format!("env {name}"),
                None => keys(&below),
            };
        }
    }
    if let Some(id) = subject.realm {
        let realm = scene.realm(id);
        if let Some(below) = below(at, &realm.at) {
            let scopes = realm.client_scopes.iter().flatten();
            let scope = scopes.into_iter().find(|scope| self::below(at, &scope.at).is_some());
            return match scope {
                Some(scope) => {
                    let name = scope.name.text().unwrap_or_default();
                    let inner = in_mapper(&scope.mappers, at).unwrap_or_else(|| keys(&below));
                    format!("client scope {name} {inner}")
                }
                None => keys(&below),
            };
        }
    }
    keys(&at.path)
}

fn in_mapper(mappers: &[Mapper], at: &Locus) -> Option<String> {
    mappers.iter().find_map(|mapper| {
        let below = below(at, &mapper.at)?;
        Some(format!("mapper {} {}", mapper.name.text().unwrap_or_default(), keys(&below)))
    })
}

/// The path from `beginning` to `at`, when the one lies within the other.
fn below(at: &Locus, beginning: &Locus) -> Option<FieldPath> {
    (at.part == beginning.part && is_within(&at.path, &beginning.path))
        .then(|| at.path.below(&beginning.path))
}

fn is_within(path: &FieldPath, beginning: &FieldPath) -> bool {
    let (path, beginning) = (path.segments(), beginning.segments());
    path.starts_with(&beginning)
}

fn keys(path: &FieldPath) -> String {
    let keys: Vec<&str> = path
        .segments()
        .into_iter()
        .filter_map(|segment| match segment {
            Segment::Key(key) => Some(&**key),
            Segment::Index(_) => None,
        })
        .collect();
    keys.join(".")
}
