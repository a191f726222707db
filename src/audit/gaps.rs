//! What could not be looked at, and the commands that would let the next run look.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud_run::urls::RunAppUrl;
use crate::finding::Severity;
use crate::link::naming::realm_url;
use crate::link::{NamedRealm, Tells};
use crate::locus::Locus;
use crate::rules;
use crate::scene::{RealmIssuer, Scene};
use crate::shell;
use crate::snapshot::{Fact, PartKind, RealmId};
use crate::words::{capitalized, counted, uncapitalized};

/// Of realms or projects that are missing, this many are named one by one.
const MOST_NAMED: usize = 5;

/// Something that could not be looked at, or a remark about how something was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What is not known and why: full sentences.
    pub message: String,
    /// The severity of what may have been missed for want of it: with `--fail-on` up to it the run is incomplete. None where it is
    /// only a remark.
    pub incomplete: Option<Severity>,
    /// The file that it is about, with the line and column where known.
    pub file: Option<(String, Option<usize>, Option<usize>)>,
    /// The field that it is about, where it is about one of what was read.
    pub at: Option<Locus>,
}

/// A command to type next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextCommand {
    /// What for, without a full stop: "Export realm `shop` from the Keycloak at sso.example.com".
    pub purpose: String,
    /// The command.
    pub command: String,
}

impl Gap {
    fn incomplete(message: String) -> Self {
        Gap { message, incomplete: Some(Severity::Error), file: None, at: None }
    }

    fn remark(message: String, at: Option<Locus>) -> Self {
        Gap { message, incomplete: None, file: None, at }
    }
}

/// Everything that could not be looked at.
pub(super) fn gaps(scene: &Scene<'_>) -> Vec<Gap> {
    let snapshot = scene.snapshot;
    let mut gaps: Vec<Gap> = snapshot
        .failures
        .iter()
        .map(|failure| Gap {
            message: match &failure.field {
                Some(field) => format!("{} (at `{field}`)", failure.message),
                None => failure.message.clone(),
            },
            incomplete: Some(Severity::Error),
            file: Some((failure.path.clone(), failure.line, failure.column)),
            at: None,
        })
        .collect();
    gaps.extend(untold(scene));
    gaps.extend(sides(scene));
    gaps.extend(on_trust(scene));
    gaps.extend(scene.links.unused_pins.iter().map(|pin| Gap::remark(pin.clone(), None)));
    gaps.extend(scene.links.notes.iter().map(|(service, text)| {
        let at = scene.service(*service).name_at.clone();
        Gap::remark(format!("{}: {text}", capitalized(&scene.name_service(*service))), Some(at))
    }));
    for part in &snapshot.parts {
        gaps.extend(part.notes.iter().map(|note| Gap {
            message: note.text.clone(),
            incomplete: None,
            file: Some((part.place.path().to_owned(), None, None)),
            at: note.at.clone(),
        }));
    }
    gaps
}

/// What servers did not tell, by the worst of what rules may have missed for want of it.
fn untold(scene: &Scene<'_>) -> Vec<Gap> {
    let of_servers = scene.snapshot.parts.iter().filter(|part| part.kind == PartKind::Answer);
    of_servers
        .flat_map(|part| {
            part.missing.iter().map(|missing| Gap {
                message: missing.why.clone(),
                incomplete: worst_for_want_of(missing.fact),
                file: Some((part.place.path().to_owned(), None, None)),
                at: None,
            })
        })
        .collect()
}

/// The severity of the worst rule that needs a fact. For want of what is judged itself, everything may have been missed.
pub(crate) fn worst_for_want_of(fact: Fact) -> Option<Severity> {
    if fact.is_judged_itself() {
        return Some(Severity::Error);
    }
    rules::all().iter().filter(|rule| rule.needs.contains(&fact)).map(|rule| rule.severity).max()
}

/// Sentences about a side that is missing as a whole or in part.
fn sides(scene: &Scene<'_>) -> Vec<Gap> {
    let snapshot = scene.snapshot;
    let has_users = snapshot.services.len() > keycloaks(scene);
    match (snapshot.realms.is_empty(), snapshot.services.is_empty()) {
        (true, true) => {
            vec![Gap::incomplete("Neither a Keycloak realm nor a Cloud Run service was found.".to_owned())]
        }
        (true, false) => {
            let wanted = wanted_realms(scene);
            let mut gaps: Vec<Gap> = wanted
                .iter()
                .take(MOST_NAMED)
                .map(|((host, realm), wanted)| {
                    Gap::incomplete(format!(
                        "No realm found; {} {} realm `{realm}` at {host}.",
                        counted(wanted.services.len(), "service"),
                        if wanted.services.len() == 1 { "names" } else { "name" },
                    ))
                })
                .collect();
            if wanted.len() > MOST_NAMED {
                gaps.push(Gap::incomplete(format!(
                    "{} more realms are named by services and were not read.",
                    wanted.len() - MOST_NAMED
                )));
            }
            if wanted.is_empty() {
                gaps.push(Gap::incomplete(without_realm(scene)));
            }
            gaps
        }
        (false, true) => vec![Gap::incomplete(without_service(scene))],
        (false, false) => {
            let mut gaps: Vec<Gap> = wanted_realms(scene)
                .iter()
                .take(MOST_NAMED)
                .map(|((host, realm), wanted)| {
                    Gap::incomplete(format!(
                        "Realm `{realm}` at {host} was not read; {} {} it.",
                        counted(wanted.services.len(), "service"),
                        if wanted.services.len() == 1 { "names" } else { "name" },
                    ))
                })
                .collect();
            if !has_users {
                gaps.push(Gap::incomplete(format!(
                    "Besides Keycloak itself, {}",
                    uncapitalized(&without_service(scene))
                )));
            }
            gaps
        }
    }
}

/// Issuers that services expect of realms whose own issuer nothing tells: they were not compared with anything.
fn on_trust(scene: &Scene<'_>) -> Vec<Gap> {
    let mut expected: BTreeMap<RealmId, BTreeSet<&str>> = BTreeMap::new();
    for issuer in scene.links.services.iter().flat_map(|service| &service.issuers) {
        if let NamedRealm::Realm(realm) = issuer.names {
            expected.entry(realm).or_default().insert(&issuer.issuer);
        }
    }
    let of_realm = |(realm, issuers): (RealmId, BTreeSet<&str>)| match &scene.server(realm).issuer {
        RealmIssuer::Unknown { why, evidence } if issuers.len() == 1 => {
            let issuer = issuers.first()?;
            let message = format!(
                "{} is taken for the issuer `{issuer}` that services expect, on trust: {why}.",
                capitalized(&scene.name_realm(realm))
            );
            Some(Gap::remark(message, evidence.first().map(|evidence| evidence.at.clone())))
        }
        _ => None,
    };
    expected.into_iter().filter_map(of_realm).collect()
}

fn keycloaks(scene: &Scene<'_>) -> usize {
    scene.links.services.iter().filter(|service| service.is_keycloak).count()
}

/// A realm that services name and that was not read.
#[derive(Default)]
struct Wanted {
    /// The names of the services.
    services: BTreeSet<String>,
    /// The base URL of its Keycloak, where an issuer has the usual form.
    base: Option<String>,
}

/// The realms that services name and that were not read, by host and name.
fn wanted_realms(scene: &Scene<'_>) -> BTreeMap<(String, String), Wanted> {
    let mut wanted: BTreeMap<(String, String), Wanted> = BTreeMap::new();
    for (id, service) in scene.snapshot.services() {
        for issuer in &scene.reading(id).issuers {
            if let NamedRealm::Elsewhere { host, realm } = &issuer.names {
                let entry = wanted.entry((host.clone(), realm.clone())).or_default();
                entry.services.insert(service.display_name());
                let base = || realm_url(&issuer.issuer).map(|url| url.base.to_owned());
                entry.base = entry.base.take().or_else(base);
            }
        }
    }
    wanted
}

fn without_realm(scene: &Scene<'_>) -> String {
    let services = scene.snapshot.services.len();
    let placeholders: BTreeSet<&str> = scene
        .links
        .services
        .iter()
        .flat_map(|service| &service.unknown)
        .filter(|unknown| matches!(unknown.tells, Tells::Issuer | Tells::Realm))
        .map(|unknown| unknown.setting.as_str())
        .collect();
    if placeholders.is_empty() {
        format!("No realm found, and no setting of the {} names one.", counted(services, "service"))
    } else {
        let names: Vec<String> =
            placeholders.iter().take(MOST_NAMED).map(|name| format!("`{name}`")).collect();
        format!(
            "No realm found; the settings that would name one ({}) hold no values that could be read.",
            names.join(", ")
        )
    }
}

fn without_service(scene: &Scene<'_>) -> String {
    let projects = projects(scene);
    let clients: BTreeSet<_> = projects.values().flatten().collect();
    match projects.keys().collect::<Vec<_>>().as_slice() {
        [] => "No Cloud Run service found.".to_owned(),
        [(number, region)] => format!(
            "No Cloud Run service found; {} {} redirect URIs on run.app hosts of project number {number} in {region}.",
            counted(clients.len(), "client"),
            if clients.len() == 1 { "has" } else { "have" },
        ),
        several => format!(
            "No Cloud Run service found; {} {} redirect URIs on run.app hosts of {} projects and regions.",
            counted(clients.len(), "client"),
            if clients.len() == 1 { "has" } else { "have" },
            several.len(),
        ),
    }
}

/// Project numbers and regions that redirect URIs reveal, with the clients.
fn projects(scene: &Scene<'_>) -> BTreeMap<(String, String), BTreeSet<crate::snapshot::ClientId>> {
    let mut found: BTreeMap<(String, String), BTreeSet<_>> = BTreeMap::new();
    for (id, client) in scene.snapshot.clients() {
        for uri in client.redirect_uris.iter().filter_map(|uri| uri.text()) {
            if !uri.contains(".run.app") {
                continue;
            }
            let host = crate::link::hosts::host_in(uri);
            let Some(url) = host.as_deref().and_then(RunAppUrl::parse) else { continue };
            if let (Some(number), Some(region)) = (url.project_number(), url.region()) {
                found.entry((number.to_owned(), region.to_owned())).or_default().insert(id);
            }
        }
    }
    found
}

/// The commands that would let the next run look at what is missing. Those that begin with `cloakrun check` are to be read with what
/// this run was given.
pub(super) fn next(scene: &Scene<'_>) -> Vec<NextCommand> {
    let snapshot = scene.snapshot;
    let mut next = Vec::new();
    for ((host, realm), wanted) in wanted_realms(scene).iter().take(MOST_NAMED) {
        // Who asks a Keycloak can ask it, or another one, for this realm as well.
        if snapshot.servers.is_empty() {
            next.push(NextCommand {
                purpose: format!(
                    "Export realm `{realm}` where the Keycloak at {host} runs, then check both sides together"
                ),
                command: format!(
                    "kc.sh export --realm {} --file {}",
                    shell::word(realm),
                    shell::word(&format!("{realm}-realm.json"))
                ),
            });
        }
        if cfg!(feature = "live") {
            let url = wanted.base.clone().unwrap_or_else(|| format!("https://{host}"));
            next.push(NextCommand {
                purpose: format!("Read realm `{realm}` from the Keycloak at {host} as it is now"),
                command: format!(
                    "cloakrun check --keycloak-url {} --realm {}",
                    shell::word(&url),
                    shell::word(realm)
                ),
            });
        }
    }
    // A project that was asked has none; its files would not have any either.
    if snapshot.services.is_empty() && !snapshot.realms.is_empty() && snapshot.projects.is_empty() {
        let projects = projects(scene);
        for (number, region) in projects.keys().take(MOST_NAMED) {
            let place = format!("--project {} --region {}", shell::word(number), shell::word(region));
            let whose = format!("the Cloud Run services of project number {number} in {region}");
            next.extend(reading_services(&whose, &place));
        }
        if projects.is_empty() {
            next.extend(reading_services("the Cloud Run services of a project", "--project PROJECT"));
        }
    }
    if next.is_empty()
        && snapshot.realms.is_empty()
        && !snapshot.services.is_empty()
        && snapshot.servers.is_empty()
    {
        next.push(NextCommand {
            purpose: "Export the realm that these services use, then check both sides together".to_owned(),
            command: "kc.sh export --realm REALM --file realm.json".to_owned(),
        });
        if cfg!(feature = "live") {
            next.push(NextCommand {
                purpose: "Read the realm that these services use from its Keycloak as it is now".to_owned(),
                command: "cloakrun check --keycloak-url https://HOST --realm REALM".to_owned(),
            });
        }
    }
    next
}

/// Both ways to read services: into a file, and live.
fn reading_services(whose: &str, place: &str) -> Vec<NextCommand> {
    let mut next = vec![NextCommand {
        purpose: format!("Read {whose}"),
        command: format!("gcloud run services list {place} --format export > services.yaml"),
    }];
    if cfg!(feature = "live") {
        next.push(NextCommand {
            purpose: format!("Read {whose} as they are now"),
            command: format!("cloakrun check {place}"),
        });
    }
    next
}
