//! Indexes over clients, so that every clue is one look-up.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::facts::Facts;
use super::hosts::host_in;
use super::{ServiceReading, names, reading};
use crate::cloud_run::urls;
use crate::keycloak::import::is_built_in;
use crate::keycloak::model::{Client, ClientField, ClientSecret, Realm, ScopeNames};
use crate::known::{Known, Tag};
use crate::snapshot::{ClientId, RealmId, Snapshot};

/// Of the clients on one host, this many are looked at; with more, the host tells nothing.
pub(super) const MOST_CLIENTS_ON_A_HOST: usize = 64;

/// A place where a client names a host.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub(super) client: ClientId,
    pub(super) field: ClientField,
    pub(super) entry: Option<usize>,
}

/// The clients that name a host, each with the first place.
#[derive(Debug, Default)]
pub(super) struct Hits {
    pub(super) hits: Vec<Hit>,
    pub(super) left_out: usize,
}

/// Whether a client is one that people made for their services: no built-in one, and one that speaks OpenID Connect.
pub(super) fn is_candidate(realm: &Realm, client: &Client) -> bool {
    client.protocol.text().is_none_or(|protocol| protocol == "openid-connect") && !is_built_in(realm, client)
}

/// The clients on each host that matters to a service.
pub(super) fn clients_on_hosts(
    snapshot: &Snapshot,
    facts: &[Facts],
    services: &[ServiceReading],
) -> HashMap<String, Hits> {
    let mut wanted: HashMap<String, Hits> = HashMap::new();
    for (facts, reading) in facts.iter().zip(services) {
        let own = reading.urls.iter().filter_map(|url| host_in(&url.url));
        let named = facts.own_urls.iter().chain(&facts.origins).filter_map(|stated| host_in(&stated.text));
        for host in own.chain(named) {
            if !urls::is_loopback(&host) {
                wanted.entry(host).or_default();
            }
        }
    }
    if wanted.is_empty() {
        return wanted;
    }
    for (id, client) in snapshot.clients() {
        if !is_candidate(snapshot.realm(id.realm), client) {
            continue;
        }
        reading::for_each_host(client, |host, field, entry| {
            let Some(found) = wanted.get_mut(host) else { return };
            // A redirect URI says more than a root URL, but one place for each client is enough.
            if found.hits.last().is_some_and(|last| last.client == id) {
                if let Some(last) = found.hits.last_mut()
                    && last.field != ClientField::RedirectUris
                    && field == ClientField::RedirectUris
                {
                    (last.field, last.entry) = (field, entry);
                }
            } else if found.hits.len() < MOST_CLIENTS_ON_A_HOST {
                found.hits.push(Hit { client: id, field, entry });
            } else {
                found.left_out += 1;
            }
        });
    }
    wanted
}

/// Clients by their client id.
pub(super) fn by_client_id(snapshot: &Snapshot) -> HashMap<&str, Vec<ClientId>> {
    let mut found: HashMap<&str, Vec<ClientId>> = HashMap::new();
    for (id, client) in snapshot.clients() {
        if let Some(text) = client.client_id.text() {
            found.entry(text).or_default().push(id);
        }
    }
    found
}

/// Clients by the tag of their secret, for tags that services hold.
pub(super) fn by_secret(snapshot: &Snapshot, facts: &[Facts]) -> BTreeMap<Tag, Vec<ClientId>> {
    let mut found: BTreeMap<Tag, Vec<ClientId>> = facts
        .iter()
        .flat_map(|facts| &facts.secrets)
        .filter_map(|hint| Some((hint.tag?, Vec::new())))
        .collect();
    if found.is_empty() {
        return found;
    }
    for (id, client) in snapshot.clients() {
        if let ClientSecret::Held { tag, .. } = &client.secret
            && let Some(clients) = found.get_mut(tag)
            && clients.len() < MOST_CLIENTS_ON_A_HOST
        {
            clients.push(id);
        }
    }
    found
}

/// Clients by realm and by name without environment words.
pub(super) fn by_bare_name(snapshot: &Snapshot) -> HashMap<String, Vec<ClientId>> {
    let mut found: HashMap<String, Vec<ClientId>> = HashMap::new();
    for (id, client) in snapshot.clients() {
        if let (true, Some(text)) = (is_candidate(snapshot.realm(id.realm), client), client.client_id.text())
        {
            found.entry(names::bare_name(text)).or_default().push(id);
        }
    }
    found
}

/// Clients whose own or default scopes' mappers write one of the audiences that services demand.
pub(super) fn by_audience(
    snapshot: &Snapshot,
    facts: &[Facts],
) -> HashMap<String, Vec<(ClientId, crate::locus::Locus)>> {
    let mut found: HashMap<String, Vec<(ClientId, crate::locus::Locus)>> = facts
        .iter()
        .flat_map(|facts| &facts.audiences)
        .map(|stated| (stated.text.clone(), Vec::new()))
        .collect();
    if found.is_empty() {
        return found;
    }
    for (realm, held) in snapshot.realms() {
        let scopes: Vec<(&str, &str, crate::locus::Locus)> = held
            .client_scopes
            .iter()
            .flatten()
            .filter_map(|scope| Some((scope.name.text()?, scope)))
            .flat_map(|(name, scope)| {
                scope
                    .mappers
                    .iter()
                    .filter_map(move |mapper| Some((name, written_audience(mapper)?, mapper.at.clone())))
            })
            .filter(|(_, audience, _)| found.contains_key(*audience))
            .collect();
        let mut of_list: HashMap<*const Known<std::sync::Arc<str>>, Vec<usize>> = HashMap::new();
        for (index, client) in held.clients.iter().enumerate() {
            if !is_candidate(held, client) {
                continue;
            }
            let id = client_id(realm, index);
            let mut seen = HashSet::new();
            let mut note = |audience: &str, at: &crate::locus::Locus| {
                if let Some(clients) = found.get_mut(audience)
                    && clients.len() <= MOST_CLIENTS_ON_A_HOST
                    && seen.insert(audience.to_owned())
                {
                    clients.push((id, at.clone()));
                }
            };
            for mapper in &client.mappers {
                if let Some(audience) = written_audience(mapper) {
                    note(audience, &mapper.at);
                }
            }
            if scopes.is_empty() {
                continue;
            }
            let Some(list) = client.default_scopes.as_ref().or(held.default_scopes.as_ref()) else {
                continue;
            };
            let of_list = of_list.entry(list.as_ptr()).or_insert_with(|| scopes_in(list, &scopes));
            for scope in of_list.iter() {
                let (_, audience, at) = &scopes[*scope];
                note(audience, at);
            }
        }
    }
    found
}

fn scopes_in(list: &ScopeNames, scopes: &[(&str, &str, crate::locus::Locus)]) -> Vec<usize> {
    let names: HashSet<&str> = list.iter().filter_map(|name| name.text()).collect();
    (0..scopes.len()).filter(|index| names.contains(scopes[*index].0)).collect()
}

/// The audience that an audience mapper writes into access tokens, by its configuration alone.
fn written_audience(mapper: &crate::keycloak::model::Mapper) -> Option<&str> {
    if mapper.provider.text()? != "oidc-audience-mapper" {
        return None;
    }
    let get = |key: &str| mapper.config.get(key).and_then(|value| value.text());
    get("included.client.audience").or_else(|| get("included.custom.audience"))
}

/// The id of the client at `index` of a realm.
fn client_id(realm: RealmId, index: usize) -> ClientId {
    ClientId { realm, client: u32::try_from(index).unwrap_or(u32::MAX) }
}
