//! The report of an audit: ids become names, places become lines and columns.

use crate::audit::{Audit, Gap, Open};
use crate::cloud_run::model::Workload;
use crate::fault::Exit;
use crate::finding::{Evidence, Finding, Subject};
use crate::link::{Clue, ClueKind, Link, Uses};
use crate::report::places::{Find, Places};
use crate::report::{
    ClueEntry, Entry, Input, Item, LinkEntry, Looked, NextStep, Report, SubjectNames, Suppressed, Unread,
};
use crate::rules;
use crate::scene::Scene;
use crate::snapshot::{PartKind, Place, Snapshot};

/// Makes the report of `audit`. `find` looks again into files and standard input; it is asked for
/// those that hold places of findings only. Source lines are quoted only where `quotes` asks for it.
pub fn report(scene: &Scene<'_>, audit: &Audit, exit: Exit, quotes: bool, find: &mut Find<'_>) -> Report {
    let snapshot = scene.snapshot;
    let of_findings = audit.findings.iter().chain(audit.suppressed.iter().map(|held| &held.finding));
    let evidence = of_findings.flat_map(|finding| &finding.evidence);
    let evidence = evidence.chain(audit.undecided.iter().flat_map(|open| &open.evidence));
    let wanted =
        evidence.map(|evidence| &evidence.at).chain(audit.gaps.iter().filter_map(|gap| gap.at.as_ref()));
    let places = Places::find(snapshot, wanted, quotes, find);
    let teller = Teller { scene, places: &places };
    Report {
        inputs: inputs(snapshot),
        links: scene.links.links.iter().map(|link| link_entry(scene, link)).collect(),
        findings: audit.findings.iter().map(|finding| teller.finding(finding)).collect(),
        undecided: audit.undecided.iter().map(|open| teller.undecided(open)).collect(),
        suppressed: audit
            .suppressed
            .iter()
            .map(|held| Suppressed { entry: teller.finding(&held.finding), reason: held.reason.clone() })
            .collect(),
        looked: Looked {
            realms: audit.counts.realms,
            clients: audit.counts.clients,
            services: audit.counts.services,
            links: audit.counts.links,
            below_min_severity: audit.below_min_severity,
            unread: audit.gaps.iter().map(|gap| teller.gap(gap)).collect(),
        },
        show_suppressed: false,
        next: audit
            .next
            .iter()
            .map(|next| NextStep { purpose: next.purpose.clone(), command: next.command.clone() })
            .collect(),
        exit,
    }
}

/// What was read, document by document; of what servers answered, those that hold realms and services.
pub fn inputs(snapshot: &Snapshot) -> Vec<Input> {
    let mut inputs: Vec<Input> = Vec::new();
    for (part, input) in snapshot.parts.iter().zip(documents(snapshot)) {
        if part.kind == PartKind::Answer && input.items.is_empty() {
            continue;
        }
        // Of live servers, one line for each server and each project tells it.
        let whole = match &part.place {
            Place::Live { address } => whose(address),
            _ => {
                inputs.push(input);
                continue;
            }
        };
        match inputs.iter_mut().find(|known| known.path == whole) {
            Some(known) => known.items.extend(input.items),
            None => inputs.push(Input { path: whole.to_owned(), ..input }),
        }
    }
    inputs
}

/// The server or project of an object's address.
fn whose(address: &str) -> &str {
    if let Some((server, _)) = address.split_once("/admin/realms/") {
        return server;
    }
    let second = address.match_indices('/').nth(1).map(|(at, _)| at);
    if address.starts_with("projects/") { &address[..second.unwrap_or(address.len())] } else { address }
}

fn documents(snapshot: &Snapshot) -> Vec<Input> {
    let mut inputs: Vec<Input> = snapshot
        .parts
        .iter()
        .map(|part| Input {
            path: part.place.path().to_owned(),
            kind: kind(part.kind),
            described: part.kind.describe(),
            items: Vec::new(),
        })
        .collect();
    for realm in &snapshot.realms {
        let named = realm.name.text();
        inputs[realm.at.part.0 as usize].items.push(Item {
            kind: if named.is_some() { "realm" } else { "clients" },
            name: named.map_or_else(String::new, str::to_owned),
            clients: Some(realm.clients.len()),
        });
    }
    for service in &snapshot.services {
        inputs[service.at.part.0 as usize].items.push(Item {
            kind: match service.workload {
                Workload::Service => "service",
                Workload::Job => "job",
                Workload::WorkerPool => "worker-pool",
                Workload::Instance => "instance",
            },
            name: service.display_name(),
            clients: None,
        });
    }
    inputs
}

/// A link as reports tell it.
pub fn link_entry(scene: &Scene<'_>, link: &Link) -> LinkEntry {
    LinkEntry {
        subject: subject(scene, &scene.subject_of_link(link)),
        uses: uses(link.uses),
        clues: link.clues.iter().map(clue_entry).collect(),
    }
}

/// A clue as reports tell it.
pub fn clue_entry(clue: &Clue) -> ClueEntry {
    ClueEntry { kind: clue_kind(clue.kind), text: clue.text.clone() }
}

/// Names in place of ids.
pub fn subject(scene: &Scene<'_>, subject: &Subject) -> SubjectNames {
    SubjectNames {
        environment: subject.environment.clone(),
        realm: subject.realm.and_then(|id| scene.realm(id).name.text().map(str::to_owned)),
        client: subject.client.map(|id| scene.client_id(id).to_owned()),
        service: subject.service.map(|id| scene.service(id).display_name()),
    }
}

struct Teller<'a> {
    scene: &'a Scene<'a>,
    places: &'a Places,
}

impl Teller<'_> {
    fn finding(&self, finding: &Finding) -> Entry {
        Entry {
            rule: finding.rule.to_owned(),
            title: title(finding.rule),
            severity: finding.severity,
            fingerprint: finding.fingerprint.clone(),
            subject: subject(self.scene, &finding.subject),
            message: finding.message.clone(),
            remedy: finding.remedy.clone(),
            places: self.places(&finding.evidence),
            also: Vec::new(),
        }
    }

    fn undecided(&self, open: &Open) -> Entry {
        Entry {
            rule: open.rule.to_owned(),
            title: title(open.rule),
            severity: open.severity,
            fingerprint: open.fingerprint.clone(),
            subject: subject(self.scene, &open.subject),
            message: open.reason.clone(),
            remedy: open.remedy.clone().unwrap_or_default(),
            places: self.places(&open.evidence),
            also: open.also.iter().map(|rule| (*rule).to_owned()).collect(),
        }
    }

    fn places(&self, evidence: &[Evidence]) -> Vec<crate::report::PlaceEntry> {
        evidence.iter().map(|evidence| self.places.entry(self.scene.snapshot, evidence)).collect()
    }

    fn gap(&self, gap: &Gap) -> Unread {
        let (mut file, mut line, mut column) = match &gap.file {
            Some((file, line, column)) => (Some(file.clone()), *line, *column),
            None => (None, None, None),
        };
        if let Some(at) = &gap.at {
            file.get_or_insert_with(|| self.scene.snapshot.part(at.part).place.path().to_owned());
            if line.is_none() {
                (line, column) = self.places.position(at).unzip();
            }
        }
        Unread { file, line, column, message: gap.message.clone(), incomplete: gap.incomplete.is_some() }
    }
}

fn title(rule: &str) -> String {
    rules::find(rule).map_or_else(String::new, |rule| rule.title.to_owned())
}

fn uses(uses: Uses) -> Vec<&'static str> {
    let all =
        [(uses.login, "login"), (uses.client_credentials, "client-credentials"), (uses.bearer, "bearer")];
    all.into_iter().filter_map(|(used, word)| used.then_some(word)).collect()
}

fn clue_kind(kind: ClueKind) -> &'static str {
    match kind {
        ClueKind::Pinned => "pinned",
        ClueKind::ClientIdAndIssuer => "client-id-and-issuer",
        ClueKind::ClientId => "client-id",
        ClueKind::RedirectHost => "redirect-host",
        ClueKind::EqualSecret => "equal-secret",
        ClueKind::Audience => "audience",
        ClueKind::BaseUrl => "base-url",
        ClueKind::Origin => "origin",
        ClueKind::Caller => "caller",
        ClueKind::SecretName => "secret-name",
        ClueKind::Name => "name",
        ClueKind::Realm => "realm",
    }
}

fn kind(kind: PartKind) -> &'static str {
    match kind {
        PartKind::Realm => "realm",
        PartKind::RealmUsers => "realm-users",
        PartKind::RealmImport => "realm-import",
        PartKind::Clients => "clients",
        PartKind::Knative => "knative",
        PartKind::CloudRunV2 => "cloud-run-v2",
        PartKind::TerraformPlan => "terraform-plan",
        PartKind::TerraformState => "terraform-state",
        PartKind::FlagsFile => "flags-file",
        PartKind::EnvVarsFile => "env-vars-file",
        PartKind::Answer => "answer",
        PartKind::Configuration => "configuration",
    }
}
