//! Clues and links: what ties a service to a client, and how they are weighed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::environments::Assignment;
use super::facts::{Facts, Stated};
use super::hosts::host_in;
use super::index::{self, Hits, MOST_CLIENTS_ON_A_HOST};
use super::naming::Naming;
use super::{
    Ambiguity, ClientIdReading, Clue, ClueKind, Link, Links, NamedClient, NamedRealm, ServiceReading, Uses,
    names,
};
use crate::cloud_run::model::Workload;
use crate::config::{Config, PinnedLink};
use crate::finding::Evidence;
use crate::keycloak::model::{Client, ClientField, Realm};
use crate::locus::Locus;
use crate::snapshot::{ClientId, RealmId, ServiceId, Snapshot};

/// Of clients that fit a service equally well, this many are listed.
pub const MOST_CANDIDATES: usize = 12;

/// Of clients whose tokens reach a service, this many are linked.
const MOST_CALLERS: usize = 64;

/// A link in the making.
#[derive(Debug, Default)]
struct Draft {
    clues: Vec<Clue>,
    uses: Uses,
    pinned: bool,
    callback_paths: Vec<String>,
}

type Drafts = BTreeMap<ClientId, Draft>;

/// The clients that the configuration pins a service to.
type Pins<'c> = Vec<(ClientId, &'c PinnedLink)>;

struct Finder<'a> {
    snapshot: &'a Snapshot,
    facts: &'a [Facts],
    assignment: &'a Assignment,
    by_client_id: HashMap<&'a str, Vec<ClientId>>,
    on_host: HashMap<String, Hits>,
    by_secret: BTreeMap<crate::known::Tag, Vec<ClientId>>,
    by_bare_name: Option<HashMap<String, Vec<ClientId>>>,
    by_audience: HashMap<String, Vec<(ClientId, Locus)>>,
    services_on_host: HashMap<String, Vec<ServiceId>>,
    notes: Vec<(ServiceId, String)>,
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
    fn client(&self, id: ClientId) -> &'a Client {
        self.snapshot.client(id)
    }

    fn realm(&self, id: RealmId) -> &'a Realm {
        self.snapshot.realm(id)
    }

    /// The realms among which a service's client is looked for; none when it talks to a Keycloak that was not read.
    fn realms_for(&self, id: ServiceId, reading: &ServiceReading) -> Option<Vec<RealmId>> {
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

    /// The pinned links of each service, and sentences about those that name nothing that was read.
    fn pins<'c>(&self, config: &'c Config, services: &[ServiceReading]) -> (Vec<Pins<'c>>, Vec<String>) {
        let mut pins = vec![Vec::new(); self.facts.len()];
        let mut unused = Vec::new();
        if config.links.is_empty() {
            return (pins, unused);
        }
        let mut by_name: HashMap<&str, Vec<ServiceId>> = HashMap::new();
        for (id, service) in self.snapshot.services() {
            if let Some(name) = service.name.text() {
                by_name.entry(name).or_default().push(id);
            }
        }
        for pin in &config.links {
            let environment =
                |own: &Option<String>| pin.environment.is_none() || own.is_none() || *own == pin.environment;
            let of_name: Vec<ServiceId> = by_name
                .get(pin.service.as_str())
                .into_iter()
                .flatten()
                .copied()
                .filter(|id| environment(&services[id.0 as usize].environment))
                .collect();
            if of_name.is_empty() {
                unused.push(format!(
                    "The configuration pins service `{}` to client `{}`, but no service of this name was read.",
                    pin.service, pin.client
                ));
                continue;
            }
            let mut used = false;
            for service in of_name {
                let group = self.assignment.of_service[service.0 as usize];
                let clients = self.by_client_id.get(pin.client.as_str()).into_iter().flatten().copied();
                let fitting: Vec<ClientId> = clients
                    .filter(|client| {
                        pin.realm
                            .as_deref()
                            .is_none_or(|name| self.realm(client.realm).name.text() == Some(name))
                    })
                    .filter(|client| {
                        let own = self.assignment.of_realm[client.realm.0 as usize];
                        let named = pin.environment.as_ref().and_then(|name| {
                            self.assignment.groups.iter().position(|group| group.name == *name)
                        });
                        named.or(group).is_none_or(|group| group == own)
                    })
                    .collect();
                used |= !fitting.is_empty();
                pins[service.0 as usize].extend(fitting.into_iter().map(|client| (client, pin)));
            }
            if !used {
                unused.push(format!(
                    "The configuration pins service `{}` to client `{}`, but no client of this id was read in the realms of its environment.",
                    pin.service, pin.client
                ));
            }
        }
        (pins, unused)
    }

    fn pin(&self, client: ClientId, pin: &PinnedLink, drafts: &mut Drafts) {
        let draft = drafts.entry(client).or_default();
        draft.pinned = true;
        draft.callback_paths.extend(pin.callback_paths.iter().cloned());
        draft.clues.push(Clue {
            kind: ClueKind::Pinned,
            text: format!("the configuration pins service `{}` to client `{}`", pin.service, pin.client),
            evidence: vec![self.client_id_evidence(client, "the pinned client")],
        });
    }

    fn client_id_evidence(&self, id: ClientId, label: &str) -> Evidence {
        let client = self.client(id);
        let value = client.client_id.text().map(str::to_owned);
        Evidence::keycloak(client.field(ClientField::ClientId), value, label)
    }

    /// Links by client ids that settings name.
    fn by_ids(
        &self,
        id: ServiceId,
        reading: &mut ServiceReading,
        drafts: &mut Drafts,
        ambiguities: &mut Vec<Ambiguity>,
    ) {
        for stated in &self.facts[id.0 as usize].client_ids {
            let (names, kind) = match &stated.id {
                crate::known::Known::Value(text) => self.named_client(id, reading, text, &stated.issuers),
                crate::known::Known::Secret(_) => {
                    (NamedClient::Unknown("its value was taken for a secret".to_owned()), ClueKind::ClientId)
                }
                crate::known::Known::Unknown(why) => {
                    (NamedClient::Unknown(why.to_string()), ClueKind::ClientId)
                }
            };
            if stated.is_weak && !matches!(names, NamedClient::Client(_)) {
                continue;
            }
            let text = stated.id.text().unwrap_or_default().to_owned();
            let clue = |finder: &Self, client: ClientId| Clue {
                kind,
                text: format!("`{}` is `{text}`", stated.setting),
                evidence: vec![
                    Evidence::cloud_run(stated.at.clone(), Some(text.clone()), "names the client"),
                    finder.client_id_evidence(client, "the client of this id"),
                ],
            };
            match &names {
                NamedClient::Client(client) => {
                    drafts.entry(*client).or_default().clues.push(clue(self, *client))
                }
                NamedClient::Ambiguous(clients) => {
                    let candidates =
                        clients.iter().map(|client| (*client, vec![clue(self, *client)])).collect();
                    ambiguities.push(self.ambiguity(id, reading, candidates));
                }
                _ => {}
            }
            reading.client_ids.push(ClientIdReading {
                container: stated.container,
                setting: stated.setting.clone(),
                id: stated.id.clone(),
                at: stated.at.clone(),
                issuers: stated.issuers.clone(),
                names,
            });
        }
    }

    fn named_client(
        &self,
        id: ServiceId,
        reading: &ServiceReading,
        text: &str,
        issuers: &[usize],
    ) -> (NamedClient, ClueKind) {
        let own: Vec<_> = issuers.iter().filter_map(|index| reading.issuers.get(*index)).collect();
        let of_login = if own.is_empty() { reading.issuers.iter().collect() } else { own };
        let mut realms: BTreeSet<RealmId> = of_login
            .iter()
            .filter_map(|issuer| match &issuer.names {
                NamedRealm::Realm(realm) => Some(*realm),
                _ => None,
            })
            .collect();
        let with_id = self.by_client_id.get(text).map(Vec::as_slice).unwrap_or_default();
        let certain_realm = !realms.is_empty();
        if !certain_realm && of_login.is_empty() {
            realms.extend(&reading.realms);
        }
        if !realms.is_empty() {
            let found: Vec<ClientId> =
                with_id.iter().copied().filter(|client| realms.contains(&client.realm)).collect();
            let kind = if certain_realm { ClueKind::ClientIdAndIssuer } else { ClueKind::ClientId };
            return match found.as_slice() {
                [] => (NamedClient::NotInRealms(realms.into_iter().collect()), kind),
                [only] => (NamedClient::Client(*only), kind),
                several => (NamedClient::Ambiguous(several.to_vec()), kind),
            };
        }
        let ambiguous: BTreeSet<RealmId> = of_login
            .iter()
            .filter_map(|issuer| match &issuer.names {
                NamedRealm::Ambiguous(realms) => Some(realms.as_slice()),
                _ => None,
            })
            .flatten()
            .copied()
            .collect();
        let elsewhere = of_login.iter().any(|issuer| {
            matches!(issuer.names, NamedRealm::Elsewhere { .. } | NamedRealm::UnknownRealm { .. })
        });
        if elsewhere && ambiguous.is_empty() {
            return (NamedClient::Elsewhere, ClueKind::ClientId);
        }
        let group = self.assignment.of_service[id.0 as usize];
        let found: Vec<ClientId> = with_id
            .iter()
            .copied()
            .filter(|client| {
                if ambiguous.is_empty() {
                    group.is_none_or(|group| self.assignment.of_realm[client.realm.0 as usize] == group)
                } else {
                    ambiguous.contains(&client.realm)
                }
            })
            .collect();
        let names = match found.as_slice() {
            [] => NamedClient::Nowhere,
            [only] => NamedClient::Client(*only),
            several => NamedClient::Ambiguous(several.to_vec()),
        };
        (names, ClueKind::ClientId)
    }

    fn ambiguity(
        &self,
        service: ServiceId,
        reading: &ServiceReading,
        mut candidates: Vec<(ClientId, Vec<Clue>)>,
    ) -> Ambiguity {
        let left_out = candidates.len().saturating_sub(MOST_CANDIDATES);
        candidates.truncate(MOST_CANDIDATES);
        Ambiguity { environment: reading.environment.clone(), service, candidates, left_out }
    }

    /// Adds clues other than the client's id: to the links that ids made, or, where no setting tells the client, for the one that fits best.
    fn by_login_clues(
        &mut self,
        id: ServiceId,
        reading: &ServiceReading,
        drafts: &mut Drafts,
        ambiguities: &mut Vec<Ambiguity>,
    ) {
        let Some(realms) = self.realms_for(id, reading) else { return };
        let realms: BTreeSet<RealmId> = realms.into_iter().collect();
        let mut found = Drafts::new();
        self.on_own_hosts(id, reading, &realms, &mut found);
        self.with_secrets(id, reading, &realms, &mut found);
        if !drafts.is_empty() {
            for (client, draft) in found {
                if let Some(known) = drafts.get_mut(&client) {
                    known.clues.extend(draft.clues);
                }
            }
            return;
        }
        let names_a_client = reading
            .client_ids
            .iter()
            .any(|named| !matches!(named.names, NamedClient::Unknown(_) | NamedClient::Nowhere));
        if names_a_client {
            return;
        }
        if !reading.realms.is_empty() && (self.facts[id.0 as usize].login || !found.is_empty()) {
            self.with_name(id, &realms, &mut found);
        }
        self.choose(id, reading, found, drafts, ambiguities);
    }

    /// Takes the best of the clients that fit, or says that several are equally good.
    fn choose(
        &self,
        id: ServiceId,
        reading: &ServiceReading,
        found: Drafts,
        drafts: &mut Drafts,
        ambiguities: &mut Vec<Ambiguity>,
    ) {
        let score = |client: &ClientId, draft: &Draft| {
            let kinds: BTreeSet<ClueKind> = draft.clues.iter().map(|clue| clue.kind).collect();
            let weight: u32 = kinds.into_iter().map(weight).sum();
            (weight, !self.client(*client).enabled.is_off())
        };
        let Some(best) = found.iter().map(|(client, draft)| score(client, draft)).max() else { return };
        let (mut winners, _): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(client, draft)| score(client, draft) == best);
        if winners.len() == 1 {
            drafts.extend(winners.pop());
            return;
        }
        // Names alone that fit several clients say nothing at all.
        if winners.iter().any(|(_, draft)| draft.clues.iter().any(|clue| clue.kind.is_hard())) {
            let candidates = winners.into_iter().map(|(client, draft)| (client, draft.clues)).collect();
            ambiguities.push(self.ambiguity(id, reading, candidates));
        }
    }

    /// Clients with a redirect URI, root URL or origin on a host of the service.
    fn on_own_hosts(
        &mut self,
        id: ServiceId,
        reading: &ServiceReading,
        realms: &BTreeSet<RealmId>,
        found: &mut Drafts,
    ) {
        for url in &reading.urls {
            let Some(host) = host_in(&url.url) else { continue };
            let place = Evidence::cloud_run(url.at.clone(), Some(url.url.clone()), "a URL of the service");
            self.on_host(id, &host, realms, ClueKind::RedirectHost, &place, found);
        }
        let facts = self.facts;
        for stated in &facts[id.0 as usize].own_urls {
            let (Some(host), Some(place)) = (host_in(&stated.text), stated.evidence.first()) else {
                continue;
            };
            let is_own = reading.urls.iter().any(|url| host_in(&url.url).is_some_and(|own| own == host));
            if !is_own {
                self.on_host(id, &host, realms, ClueKind::BaseUrl, place, found);
            }
        }
    }

    fn on_host(
        &mut self,
        id: ServiceId,
        host: &str,
        realms: &BTreeSet<RealmId>,
        kind: ClueKind,
        place: &Evidence,
        found: &mut Drafts,
    ) {
        let Some(hits) = self.on_host.get(host) else { return };
        if hits.left_out > 0 {
            self.notes.push((id, too_many(host, hits)));
            return;
        }
        for hit in &hits.hits {
            let client = self.client(hit.client);
            if !realms.contains(&hit.client.realm) || (kind != ClueKind::Origin && client.bearer_only.is_on())
            {
                continue;
            }
            let draft = found.entry(hit.client).or_default();
            if draft.clues.iter().any(|clue| clue.kind == kind) {
                continue;
            }
            let at = match hit.entry {
                Some(entry) => client.entry(hit.field, entry),
                None => client.field(hit.field),
            };
            let value = value_at(client, hit.field, hit.entry);
            let field = field_name(hit.field);
            let text = match kind {
                ClueKind::Origin => {
                    format!("the service lets {host} call it, which {field} of the client names")
                }
                ClueKind::BaseUrl => {
                    format!("{field} of the client names {host}, which the service's settings call its own")
                }
                _ => format!("{field} of the client names {host}, where the service answers"),
            };
            let there = Evidence::keycloak(at, value, format!("names {host}"));
            draft.clues.push(Clue { kind, text, evidence: vec![place.clone(), there] });
        }
    }

    /// Clients whose secret the service holds, or after which a secret of the service is named.
    fn with_secrets(
        &mut self,
        id: ServiceId,
        reading: &ServiceReading,
        realms: &BTreeSet<RealmId>,
        found: &mut Drafts,
    ) {
        let facts = self.facts;
        for hint in &facts[id.0 as usize].secrets {
            let place = |label: &str| Evidence::cloud_run(hint.at.clone(), hint.reference.clone(), label);
            let equal = hint.tag.and_then(|tag| self.by_secret.get(&tag)).into_iter().flatten();
            for client in equal.filter(|client| realms.contains(&client.realm)) {
                found.entry(*client).or_default().clues.push(Clue {
                    kind: ClueKind::EqualSecret,
                    text: format!("`{}` holds the client's secret", hint.setting),
                    evidence: vec![
                        place("the same secret"),
                        Evidence::keycloak(
                            self.client(*client).field(ClientField::Secret),
                            None,
                            "the same secret",
                        ),
                    ],
                });
            }
            // Outside a realm that the service is known to talk to, a name that is alike is chance.
            if reading.realms.is_empty() {
                continue;
            }
            let written = [hint.reference.as_deref(), Some(hint.setting.as_str())];
            let names: BTreeSet<String> =
                written.into_iter().flatten().filter_map(names::client_in_secret_name).collect();
            for name in names {
                let index = self.bare_names();
                let Some(clients) = index.get(&name) else { continue };
                let fitting: Vec<ClientId> =
                    clients.iter().copied().filter(|client| realms.contains(&client.realm)).take(2).collect();
                let [client] = fitting.as_slice() else { continue };
                let draft = found.entry(*client).or_default();
                if draft.clues.iter().any(|clue| clue.kind == ClueKind::SecretName) {
                    continue;
                }
                let secret = hint.reference.as_deref().unwrap_or(&hint.setting);
                let text = format!("the secret `{secret}` in `{}` is named after the client", hint.setting);
                let evidence = vec![
                    place("a secret named after the client"),
                    self.client_id_evidence(*client, "the client"),
                ];
                draft.clues.push(Clue { kind: ClueKind::SecretName, text, evidence });
                self.lonely_realm(id, *client, found);
            }
        }
    }

    /// A base URL that names a Keycloak with one realm is a soft clue for that realm's clients.
    fn lonely_realm(&self, id: ServiceId, client: ClientId, found: &mut Drafts) {
        let Some(base) = self.facts[id.0 as usize].bases.first() else { return };
        let realm = self.realm(client.realm).name.text().unwrap_or_default();
        if let Some(draft) = found.get_mut(&client) {
            draft.clues.push(Clue {
                kind: ClueKind::Realm,
                text: format!(
                    "`{}` names a Keycloak of which no other realm than {realm} was read",
                    base.setting
                ),
                evidence: base.evidence.clone(),
            });
        }
    }

    fn bare_names(&mut self) -> &HashMap<String, Vec<ClientId>> {
        let snapshot = self.snapshot;
        self.by_bare_name.get_or_insert_with(|| index::by_bare_name(snapshot))
    }

    /// The one client that is called like the service.
    fn with_name(&mut self, id: ServiceId, realms: &BTreeSet<RealmId>, found: &mut Drafts) {
        let service = self.snapshot.service(id);
        let Some(name) = service.name.text() else { return };
        let bare = names::bare_name(name);
        let Some(clients) = self.bare_names().get(&bare) else { return };
        let fitting: Vec<ClientId> =
            clients.iter().copied().filter(|client| realms.contains(&client.realm)).take(2).collect();
        let [client] = fitting.as_slice() else { return };
        if self.client(*client).bearer_only.is_on() {
            return;
        }
        found.entry(*client).or_default().clues.push(Clue {
            kind: ClueKind::Name,
            text: format!("service `{name}` is called like the client"),
            evidence: vec![
                Evidence::cloud_run(service.name_at.clone(), Some(name.to_owned()), "the service's name"),
                self.client_id_evidence(*client, "a client called alike"),
            ],
        });
    }

    /// Clients whose tokens reach the service: their origins may call it, or their tokens carry its audience.
    fn by_bearer_clues(&mut self, id: ServiceId, reading: &ServiceReading, drafts: &mut Drafts) {
        let facts = &self.facts[id.0 as usize];
        if !facts.api || reading.realms.is_empty() {
            return;
        }
        let realms: BTreeSet<RealmId> = reading.realms.iter().copied().collect();
        let mut found = Drafts::new();
        for origin in &facts.origins {
            let (Some(host), Some(place)) = (host_in(&origin.text), origin.evidence.first()) else {
                continue;
            };
            let is_own = reading.urls.iter().any(|url| host_in(&url.url).is_some_and(|own| own == host));
            if !is_own {
                self.on_host(id, &host, &realms, ClueKind::Origin, place, &mut found);
            }
        }
        for audience in &facts.audiences {
            self.with_audience(id, audience, &realms, &mut found);
        }
        if found.len() > MOST_CALLERS {
            let left_out = found.len() - MOST_CALLERS;
            self.notes.push((id, format!(
                "{} clients send their tokens to this service; {left_out} of them are not judged together with it.",
                found.len()
            )));
        }
        for (client, draft) in found.into_iter().take(MOST_CALLERS) {
            let known = drafts.entry(client).or_default();
            known.uses.bearer = true;
            known.clues.extend(draft.clues);
        }
    }

    fn with_audience(
        &mut self,
        id: ServiceId,
        audience: &Stated,
        realms: &BTreeSet<RealmId>,
        found: &mut Drafts,
    ) {
        let place = |label: &str| {
            audience.evidence.first().map(|place| Evidence { label: label.to_owned(), ..place.clone() })
        };
        let Some(carriers) = self.by_audience.get(&audience.text) else { return };
        if carriers.len() > MOST_CLIENTS_ON_A_HOST {
            self.notes.push((id, format!(
                "The tokens of more than {MOST_CLIENTS_ON_A_HOST} clients carry the audience `{}`, so it does not tell which of them call this service.",
                audience.text
            )));
            return;
        }
        for (client, at) in carriers.iter().filter(|(client, _)| realms.contains(&client.realm)) {
            let written = Evidence::keycloak(at.clone(), Some(audience.text.clone()), "writes this audience");
            found.entry(*client).or_default().clues.push(Clue {
                kind: ClueKind::Audience,
                text: format!(
                    "`{}` demands the audience `{}`, which a mapper of the client writes",
                    audience.setting, audience.text
                ),
                evidence: place("demands this audience").into_iter().chain([written]).collect(),
            });
        }
    }

    /// Services without a word about logins whose pages call an API of a realm: the client called like them is theirs.
    fn by_pages_of_apis(&mut self, services: &mut [ServiceReading], drafts: &mut [Drafts]) {
        let mut talks: BTreeMap<ServiceId, BTreeMap<RealmId, Clue>> = BTreeMap::new();
        let facts = self.facts;
        for (id, reading) in (0..).map(ServiceId).zip(services.iter()) {
            let own = &facts[id.0 as usize];
            if reading.is_keycloak || !own.api {
                continue;
            }
            let [realm] = reading.realms.as_slice() else { continue };
            for origin in &own.origins {
                for page in self.silent_services_at(&origin.text, services, drafts) {
                    let name = self.snapshot.service(id).display_name();
                    let text = format!(
                        "service `{name}`, an API of the realm, lets the pages of this service call it"
                    );
                    let clue = Clue { kind: ClueKind::Realm, text, evidence: origin.evidence.clone() };
                    talks.entry(page).or_default().entry(*realm).or_insert(clue);
                }
            }
        }
        for (page, realms) in talks {
            let Some((realm, clue)) = realms.into_iter().next() else { continue };
            let mut found = Drafts::new();
            self.with_name(page, &BTreeSet::from([realm]), &mut found);
            if let Some((client, mut draft)) = found.pop_first()
                && self.client(client).standard_flow.is_on()
            {
                draft.clues.push(clue);
                self.uses(page, client, &mut draft);
                drafts[page.0 as usize].insert(client, draft);
                services[page.0 as usize].realms.push(realm);
            }
        }
    }

    fn silent_services_at(
        &self,
        url: &str,
        services: &[ServiceReading],
        drafts: &[Drafts],
    ) -> Vec<ServiceId> {
        let Some(host) = host_in(url) else { return Vec::new() };
        let Some(found) = self.services_on_host.get(&host) else { return Vec::new() };
        found
            .iter()
            .copied()
            .filter(|id| {
                let index = id.0 as usize;
                self.facts[index].is_silent()
                    && drafts[index].is_empty()
                    && !services[index].is_keycloak
                    && self.snapshot.service(*id).workload == Workload::Service
            })
            .collect()
    }

    /// Services that log in through a client and name an API's URL call it with the client's tokens.
    fn by_callers(&mut self, services: &[ServiceReading], drafts: &mut [Drafts]) {
        let mut calls: BTreeMap<(ServiceId, ClientId), Clue> = BTreeMap::new();
        for (caller, own) in (0..).map(ServiceId).zip(drafts.iter()) {
            let logins: Vec<ClientId> = own
                .iter()
                .filter(|(_, draft)| draft.uses.login || draft.uses.client_credentials)
                .map(|(client, _)| *client)
                .collect();
            if logins.is_empty() {
                continue;
            }
            for mention in &self.facts[caller.0 as usize].mentions {
                let Some(host) = host_in(&mention.text) else { continue };
                for callee in self.services_on_host.get(&host).into_iter().flatten() {
                    let reading = &services[callee.0 as usize];
                    if *callee == caller || reading.is_keycloak || !self.facts[callee.0 as usize].api {
                        continue;
                    }
                    for client in logins.iter().filter(|client| reading.realms.contains(&client.realm)) {
                        let name = self.snapshot.service(caller).display_name();
                        let clue = Clue {
                            kind: ClueKind::Caller,
                            text: format!(
                                "service `{name}`, which uses the client, names this service in `{}`",
                                mention.setting
                            ),
                            evidence: mention.evidence.clone(),
                        };
                        calls.entry((*callee, *client)).or_insert(clue);
                    }
                }
            }
        }
        for ((callee, client), clue) in calls {
            let of_callee = &mut drafts[callee.0 as usize];
            if of_callee.len() >= MOST_CALLERS && !of_callee.contains_key(&client) {
                continue;
            }
            let draft = of_callee.entry(client).or_default();
            draft.uses.bearer = true;
            draft.clues.push(clue);
        }
    }

    /// What the service uses the client for: what its settings say, else what the client can do.
    fn uses(&self, id: ServiceId, client: ClientId, draft: &mut Draft) {
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
        draft.uses.login |= facts.login || (can_log_in && (says_nothing || (on_own_host && !facts.api)));
        let has_secret = !facts.secrets.is_empty();
        draft.uses.client_credentials |=
            facts.machine || (!draft.uses.login && held.service_accounts.is_on() && has_secret && !facts.api);
        let gets_tokens = can_log_in || held.service_accounts.is_on() || held.direct_access_grants.is_on();
        draft.uses.bearer |= facts.api && gets_tokens && !held.bearer_only.is_on();
    }
}

fn weight(kind: ClueKind) -> u32 {
    match kind {
        ClueKind::Pinned | ClueKind::ClientIdAndIssuer | ClueKind::ClientId => 1000,
        ClueKind::RedirectHost | ClueKind::EqualSecret => 40,
        ClueKind::Audience | ClueKind::BaseUrl => 30,
        ClueKind::Origin | ClueKind::Caller => 20,
        ClueKind::SecretName => 15,
        ClueKind::Name => 10,
        ClueKind::Realm => 0,
    }
}

fn too_many(host: &str, hits: &Hits) -> String {
    format!(
        "{} clients name the host {host}, too many to tell which of them this service uses; a setting with the client's id or a pinned link would tell.",
        hits.hits.len() + hits.left_out
    )
}

fn value_at(client: &Client, field: ClientField, entry: Option<usize>) -> Option<String> {
    let text = match (field, entry) {
        (ClientField::RedirectUris, Some(entry)) => client.redirect_uris.get(entry)?,
        (ClientField::WebOrigins, Some(entry)) => client.web_origins.as_ref()?.get(entry)?,
        (ClientField::RootUrl, _) => client.root_url.as_ref()?,
        (ClientField::BaseUrl, _) => client.base_url.as_ref()?,
        (ClientField::AdminUrl, _) => client.admin_url.as_ref()?,
        _ => return None,
    };
    text.text().map(str::to_owned)
}

fn field_name(field: ClientField) -> &'static str {
    match field {
        ClientField::RedirectUris => "a redirect URI",
        ClientField::WebOrigins => "a web origin",
        ClientField::RootUrl => "the root URL",
        ClientField::BaseUrl => "the base URL",
        _ => "the admin URL",
    }
}
