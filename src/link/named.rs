//! Links that someone states: pinned in the configuration, or by a client id among a service's settings.

use std::collections::{BTreeSet, HashMap};

use super::clues::{Drafts, Finder};
use super::{Ambiguity, ClientIdReading, Clue, ClueKind, NamedClient, NamedRealm, ServiceReading};
use crate::config::{Config, PinnedLink};
use crate::finding::Evidence;
use crate::snapshot::{ClientId, RealmId, ServiceId};

/// The clients that the configuration pins a service to.
pub(super) type Pins<'c> = Vec<(ClientId, &'c PinnedLink)>;

impl Finder<'_> {
    /// The pinned links of each service, and sentences about those that name nothing that was read.
    pub(super) fn pins<'c>(
        &self,
        config: &'c Config,
        services: &[ServiceReading],
    ) -> (Vec<Pins<'c>>, Vec<String>) {
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

    pub(super) fn pin(&self, client: ClientId, pin: &PinnedLink, drafts: &mut Drafts) {
        let draft = drafts.entry(client).or_default();
        draft.pinned = true;
        draft.callback_paths.extend(pin.callback_paths.iter().cloned());
        draft.clues.push(Clue {
            kind: ClueKind::Pinned,
            text: format!("the configuration pins service `{}` to client `{}`", pin.service, pin.client),
            evidence: vec![self.client_id_evidence(client, "the pinned client")],
        });
    }

    /// Links by client ids that settings name.
    pub(super) fn by_ids(
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
}
