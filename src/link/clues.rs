//! From clues to links: who asks for which clue in which order, and what a service uses a client for.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::environments::Assignment;
use super::facts::Facts;
use super::hosts::host_in;
use super::index::{self, Hits};
use super::naming::Naming;
use super::{Ambiguity, Clue, ClueKind, Link, Links, NamedRealm, ServiceReading, Uses};
use crate::config::Config;
use crate::finding::Evidence;
use crate::keycloak::model::{Client, ClientField, Realm};
use crate::locus::Locus;
use crate::snapshot::{ClientId, RealmId, ServiceId, Snapshot};

/// Of clients that fit a service equally well, this many are listed.
pub const MOST_CANDIDATES: usize = 12;

/// A link in the making.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) clues: Vec<Clue>,
    pub(super) uses: Uses,
    pub(super) pinned: bool,
    pub(super) callback_paths: Vec<String>,
}

/// The links of one service in the making.
pub(super) type Drafts = BTreeMap<ClientId, Draft>;

/// All that finding links needs: both sides, and indexes over them.
pub(super) struct Finder<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) facts: &'a [Facts],
    pub(super) assignment: &'a Assignment,
    pub(super) by_client_id: HashMap<&'a str, Vec<ClientId>>,
    pub(super) on_host: HashMap<String, Hits>,
    pub(super) by_secret: BTreeMap<crate::known::Tag, Vec<ClientId>>,
    pub(super) by_bare_name: Option<HashMap<String, Vec<ClientId>>>,
    pub(super) by_audience: HashMap<String, Vec<(ClientId, Locus)>>,
    pub(super) services_on_host: HashMap<String, Vec<ServiceId>>,
    pub(super) notes: Vec<(ServiceId, String)>,
}

/// Links services and clients.
pub(super) fn link(
    snapshot: &Snapshot,
    config: &Config,
    facts: &[Facts],
    assignment: Assignment,
    mut services: Vec<ServiceReading>,
) -> Links {
    name_realms(snapshot, facts, &assignment, &mut services);
    let mut services_on_host: HashMap<String, Vec<ServiceId>> = HashMap::new();
    for (id, reading) in (0..).map(ServiceId).zip(&services) {
        let hosts: BTreeSet<String> = reading.urls.iter().filter_map(|url| host_in(&url.url)).collect();
        for host in hosts {
            services_on_host.entry(host).or_default().push(id);
        }
    }
    let mut finder = Finder {
        snapshot,
        facts,
        assignment: &assignment,
        by_client_id: index::by_client_id(snapshot),
        on_host: index::clients_on_hosts(snapshot, facts, &services),
        by_secret: index::by_secret(snapshot, facts),
        by_bare_name: None,
        by_audience: index::by_audience(snapshot, facts),
        services_on_host,
        notes: Vec::new(),
    };
    let (pins, unused_pins) = finder.pins(config, &services);
    let mut drafts: Vec<Drafts> = Vec::with_capacity(services.len());
    let mut ambiguities = Vec::new();
    for (id, pins) in (0..).map(ServiceId).zip(pins) {
        let reading = &mut services[id.0 as usize];
        let mut of_service = Drafts::new();
        for (client, pin) in pins {
            finder.pin(client, pin, &mut of_service);
        }
        if !reading.is_keycloak {
            finder.by_ids(id, reading, &mut of_service, &mut ambiguities);
            finder.by_login_clues(id, reading, &mut of_service, &mut ambiguities);
            finder.by_bearer_clues(id, reading, &mut of_service);
        }
        for (client, draft) in &mut of_service {
            finder.uses(id, *client, draft);
        }
        drafts.push(of_service);
    }
    finder.by_pages_of_apis(&mut services, &mut drafts);
    finder.by_callers(&services, &mut drafts);
    let notes = std::mem::take(&mut finder.notes);
    drop(finder);
    finish(snapshot, assignment, services, drafts, ambiguities, unused_pins, notes)
}

fn finish(
    snapshot: &Snapshot,
    assignment: Assignment,
    mut services: Vec<ServiceReading>,
    drafts: Vec<Drafts>,
    ambiguities: Vec<Ambiguity>,
    unused_pins: Vec<String>,
    notes: Vec<(ServiceId, String)>,
) -> Links {
    let mut links = Vec::new();
    for (service, drafts) in (0..).map(ServiceId).zip(drafts) {
        for (client, mut draft) in drafts {
            draft.clues.sort_by_key(|clue| clue.kind);
            let reading = &mut services[service.0 as usize];
            reading.realms.push(client.realm);
            links.push(Link {
                environment: assignment.name(assignment.of_realm[client.realm.0 as usize]),
                service,
                client,
                uses: draft.uses,
                clues: draft.clues,
                pinned: draft.pinned,
                callback_paths: draft.callback_paths,
            });
        }
    }
    for reading in &mut services {
        reading.realms.sort_unstable();
        reading.realms.dedup();
        if reading.environment.is_none()
            && let [only] = reading.realms.as_slice()
        {
            reading.environment = assignment.name(assignment.of_realm[only.0 as usize]);
        }
    }
    debug_assert_eq!(assignment.of_realm.len(), snapshot.realms.len());
    let environments = assignment.environments(|id| services[id.0 as usize].is_keycloak);
    Links {
        environments,
        links,
        ambiguities,
        services,
        environment_of_realm: assignment.of_realm,
        unused_pins,
        notes,
    }
}

fn name_realms(
    snapshot: &Snapshot,
    facts: &[Facts],
    assignment: &Assignment,
    services: &mut [ServiceReading],
) {
    let mut naming = Naming::new(snapshot, assignment);
    for (id, reading) in (0..).map(ServiceId).zip(services.iter()) {
        for issuer in &reading.issuers {
            naming.hear(id, &issuer.issuer);
        }
    }
    for ((id, reading), facts) in (0..).map(ServiceId).zip(services).zip(facts) {
        for issuer in &mut reading.issuers {
            (issuer.names, issuer.by) = naming.named(id, &issuer.issuer);
            if let NamedRealm::Realm(realm) = issuer.names {
                reading.realms.push(realm);
            }
        }
        let has_issuer = !reading.issuers.is_empty();
        for base in &facts.bases {
            if let ([realm], false) = (naming.realms_at(id, &base.text).as_slice(), has_issuer) {
                reading.realms.push(*realm);
            }
        }
        let group = assignment.of_service[id.0 as usize];
        for named in &facts.realm_names {
            let realms: Vec<RealmId> = snapshot
                .realms()
                .filter(|(_, realm)| realm.name.text() == Some(&named.text))
                .filter(|(realm, _)| group.is_none_or(|group| assignment.of_realm[realm.0 as usize] == group))
                .map(|(realm, _)| realm)
                .collect();
            if let ([realm], false) = (realms.as_slice(), has_issuer) {
                reading.realms.push(*realm);
            }
        }
        reading.realms.sort_unstable();
        reading.realms.dedup();
    }
}

impl<'a> Finder<'a> {
    pub(super) fn client(&self, id: ClientId) -> &'a Client {
        self.snapshot.client(id)
    }

    pub(super) fn realm(&self, id: RealmId) -> &'a Realm {
        self.snapshot.realm(id)
    }

    /// The realms among which a service's client is looked for; none when it talks to a Keycloak that was not read.
    pub(super) fn realms_for(&self, id: ServiceId, reading: &ServiceReading) -> Option<Vec<RealmId>> {
        if !reading.realms.is_empty() {
            return Some(reading.realms.clone());
        }
        if reading.issuers.iter().any(|issuer| {
            matches!(issuer.names, NamedRealm::Elsewhere { .. } | NamedRealm::UnknownRealm { .. })
        }) {
            return None;
        }
        Some(match self.assignment.of_service[id.0 as usize] {
            Some(group) => self.assignment.groups[group].realms.clone(),
            None => self.snapshot.realms().map(|(id, _)| id).collect(),
        })
    }

    pub(super) fn client_id_evidence(&self, id: ClientId, label: &str) -> Evidence {
        let client = self.client(id);
        let value = client.client_id.text().map(str::to_owned);
        Evidence::keycloak(client.field(ClientField::ClientId), value, label)
    }

    pub(super) fn ambiguity(
        &self,
        service: ServiceId,
        reading: &ServiceReading,
        mut candidates: Vec<(ClientId, Vec<Clue>)>,
    ) -> Ambiguity {
        let left_out = candidates.len().saturating_sub(MOST_CANDIDATES);
        candidates.truncate(MOST_CANDIDATES);
        Ambiguity { environment: reading.environment.clone(), service, candidates, left_out }
    }

    /// What the service uses the client for: what its settings say, else what the client can do.
    pub(super) fn uses(&self, id: ServiceId, client: ClientId, draft: &mut Draft) {
        let facts = &self.facts[id.0 as usize];
        let held = self.client(client);
        let is_bearer_clue =
            |clue: &Clue| matches!(clue.kind, ClueKind::Origin | ClueKind::Audience | ClueKind::Caller);
        if !draft.clues.is_empty() && draft.clues.iter().all(is_bearer_clue) {
            return;
        }
        let can_log_in = held.standard_flow.is_on() && !held.bearer_only.is_on();
        let on_own_host =
            draft.clues.iter().any(|clue| matches!(clue.kind, ClueKind::RedirectHost | ClueKind::BaseUrl));
        let says_nothing = !facts.login && !facts.api && !facts.machine;
        draft.uses.login |= facts.login || (can_log_in && (says_nothing || on_own_host));
        let has_secret = !facts.secrets.is_empty();
        draft.uses.client_credentials |=
            facts.machine || (!draft.uses.login && held.service_accounts.is_on() && has_secret && !facts.api);
        let gets_tokens = can_log_in || held.service_accounts.is_on() || held.direct_access_grants.is_on();
        draft.uses.bearer |= facts.api && gets_tokens && !held.bearer_only.is_on();
    }
}
