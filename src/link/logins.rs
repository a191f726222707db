//! Clues for the client through which a service logs users in, where no setting names it: hosts, secrets, names.

use std::collections::{BTreeSet, HashMap};

use super::clues::{Draft, Drafts, Finder};
use super::hosts::host_in;
use super::index::{self, Hits};
use super::{Ambiguity, Clue, ClueKind, NamedClient, ServiceReading, names};
use crate::finding::Evidence;
use crate::keycloak::model::{Client, ClientField};
use crate::snapshot::{ClientId, RealmId, ServiceId};

impl Finder<'_> {
    /// Adds clues other than the client's id: to the links that ids made, or, where no setting tells the client, for the one that fits best.
    pub(super) fn by_login_clues(
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

    pub(super) fn on_host(
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
    pub(super) fn with_name(&mut self, id: ServiceId, realms: &BTreeSet<RealmId>, found: &mut Drafts) {
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
