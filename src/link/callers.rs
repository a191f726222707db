//! Clues for clients whose tokens reach a service, and for services whose pages call an API.

use std::collections::{BTreeMap, BTreeSet};

use super::clues::{Drafts, Finder};
use super::facts::Stated;
use super::hosts::host_in;
use super::index::MOST_CLIENTS_ON_A_HOST;
use super::{Clue, ClueKind, ServiceReading};
use crate::cloud_run::model::Workload;
use crate::finding::Evidence;
use crate::snapshot::{ClientId, RealmId, ServiceId};

/// Of clients whose tokens reach a service, this many are linked.
const MOST_CALLERS: usize = 64;

impl Finder<'_> {
    /// Clients whose tokens reach the service: their origins may call it, or their tokens carry its audience.
    pub(super) fn by_bearer_clues(&mut self, id: ServiceId, reading: &ServiceReading, drafts: &mut Drafts) {
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
    pub(super) fn by_pages_of_apis(&mut self, services: &mut [ServiceReading], drafts: &mut [Drafts]) {
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
    pub(super) fn by_callers(&mut self, services: &[ServiceReading], drafts: &mut [Drafts]) {
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
}
