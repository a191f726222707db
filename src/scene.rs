//! What rules look at: the snapshot, the links, and what follows from both, computed once.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::keycloak::import::HeldRealm;
use crate::keycloak::issuer::RealmIssuer;
use crate::keycloak::version::Version;
use crate::link::{Link, Links, ServiceReading};
use crate::snapshot::{ClientId, RealmId, ServiceId, Snapshot};

/// What rules look at.
#[derive(Debug)]
pub struct Scene<'a> {
    /// Both sides as they were read.
    pub snapshot: &'a Snapshot,
    /// The configuration in force.
    pub config: &'a Config,
    /// Which service talks through which client.
    pub links: &'a Links,
    /// What is known of each realm's server, by [`RealmId`].
    pub realms: Vec<RealmReading>,
    by_client: BTreeMap<ClientId, Vec<usize>>,
    by_service: BTreeMap<ServiceId, Vec<usize>>,
}

/// What is known of the server that holds a realm.
#[derive(Debug)]
pub struct RealmReading {
    /// The versions to judge by: one when the server's is known, else the oldest and the newest.
    pub versions: Vec<Version>,
    /// Whether the server's version is known.
    pub version_known: bool,
    /// The realm as the server holds it after import, by the first of `versions` and the last.
    pub held: Vec<HeldRealm>,
    /// The realm's issuer, as far as its files and its Keycloak service decide it.
    pub issuer: RealmIssuer,
    /// The service that is the realm's Keycloak, where it was read.
    pub keycloak: Option<ServiceId>,
    /// The environment that the realm is of, where several are told apart.
    pub environment: Option<String>,
}

impl Scene<'_> {
    /// What is known of the realm's server.
    ///
    /// # Panics
    /// When `realm` is of another snapshot.
    pub fn realm(&self, realm: RealmId) -> &RealmReading {
        &self.realms[realm.0 as usize]
    }

    /// What a service says of itself.
    ///
    /// # Panics
    /// When `service` is of another snapshot.
    pub fn service(&self, service: ServiceId) -> &ServiceReading {
        &self.links.services[service.0 as usize]
    }

    /// The links of a client, in the order of services.
    pub fn links_of_client(&self, client: ClientId) -> impl Iterator<Item = &Link> {
        self.by_client.get(&client).into_iter().flatten().map(|&index| &self.links.links[index])
    }

    /// The links of a service, in the order of clients.
    pub fn links_of_service(&self, service: ServiceId) -> impl Iterator<Item = &Link> {
        self.by_service.get(&service).into_iter().flatten().map(|&index| &self.links.links[index])
    }
}
