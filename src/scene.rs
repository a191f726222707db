//! What rules look at: the snapshot, the links, and what follows from both, computed once.
//!
//! A rule gets a [`Scene`] and an id ([`ClientId`], [`ServiceId`], [`RealmId`], a [`Link`]) and asks: what stands there
//! ([`Scene::client`], [`Scene::service`], [`Scene::realm`]), what follows ([`Scene::reading`], [`Scene::server`], [`Scene::held`],
//! [`Scene::urls`]), what it is called in a message ([`Scene::name_client`] …) and where it stands ([`Scene::client_field`] …).

mod evidence;
pub(crate) mod issuer;
mod listings;
mod redirects;
mod server;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::OnceLock;

pub(crate) use evidence::field_value;
pub use issuer::RealmIssuer;
pub use redirects::RedirectMatchers;
pub(crate) use server::{NEWEST, OLDEST};
pub use server::{RealmServer, VersionSource};

use crate::cloud_run::model::{Service, ServiceUrl, UrlForm, UrlSource, Workload};
use crate::config::Config;
use crate::finding::Subject;
use crate::keycloak::import::{self, HeldRealm};
use crate::keycloak::model::{Client, Realm};
use crate::keycloak::version::Version;
use crate::link::hosts::host_in;
use crate::link::{self, IssuerReading, Link, Links, NamedRealm, ServiceReading};
use crate::locus::Locus;
use crate::snapshot::{ClientId, Fact, Missing, RealmId, ServiceId, Snapshot};

/// What the person asks for, beyond files and configuration.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--keycloak-version`: the version of every Keycloak server.
    pub keycloak_version: Option<Version>,
    /// The time of the run, for what expires or grows old; without it nothing does.
    pub now: Option<jiff::Timestamp>,
}

/// What rules look at.
#[derive(Debug)]
pub struct Scene<'a> {
    /// Both sides as they were read.
    pub snapshot: &'a Snapshot,
    /// The configuration in force.
    pub config: &'a Config,
    /// The time to judge by: that of the run, or when the snapshot folder was taken; rules have no clock of their own.
    pub now: Option<jiff::Timestamp>,
    /// Which service talks through which client, and what each service says of itself.
    pub links: Links,
    servers: Vec<RealmServer>,
    by_client: BTreeMap<ClientId, Vec<usize>>,
    by_service: Vec<Range<usize>>,
    by_host: HashMap<String, Vec<ServiceId>>,
    expected_issuers: OnceLock<Vec<BTreeSet<String>>>,
    listings: OnceLock<listings::Listings>,
}

impl<'a> Scene<'a> {
    /// Links both sides and works out what is known of each realm's server.
    pub fn new(snapshot: &'a Snapshot, config: &'a Config, options: &Options) -> Self {
        let links = link::find(snapshot, config);
        let servers = server::servers(snapshot, config, &links, options);
        let mut by_client: BTreeMap<ClientId, Vec<usize>> = BTreeMap::new();
        let mut by_service = vec![0..0; snapshot.services.len()];
        for (index, link) in links.links.iter().enumerate() {
            by_client.entry(link.client).or_default().push(index);
            let range: &mut Range<usize> = &mut by_service[link.service.0 as usize];
            *range = if range.start == range.end { index..index + 1 } else { range.start..index + 1 };
        }
        let mut by_host: HashMap<String, Vec<ServiceId>> = HashMap::new();
        for (id, reading) in (0..).map(ServiceId).zip(&links.services) {
            let turned_off = &snapshot.service(id).disabled_urls;
            for host in reading.urls.iter().chain(turned_off).filter_map(|url| host_in(&url.url)) {
                let services = by_host.entry(host).or_default();
                if services.last() != Some(&id) {
                    services.push(id);
                }
            }
        }
        Scene {
            snapshot,
            config,
            // A folder is judged as the live run judged it, whenever that is.
            now: options.now.map(|now| snapshot.taken.unwrap_or(now)),
            links,
            servers,
            by_client,
            by_service,
            by_host,
            expected_issuers: OnceLock::new(),
            listings: OnceLock::new(),
        }
    }

    /// The realm `id` as it was read.
    ///
    /// # Panics
    /// When `id` is of another snapshot; so do all functions that take an id.
    pub fn realm(&self, id: RealmId) -> &'a Realm {
        self.snapshot.realm(id)
    }

    /// The client `id` as it was read.
    pub fn client(&self, id: ClientId) -> &'a Client {
        self.snapshot.client(id)
    }

    /// The service `id` as it was read.
    pub fn service(&self, id: ServiceId) -> &'a Service {
        self.snapshot.service(id)
    }

    /// What a service says of itself: what its settings mean, its issuers, its URLs, its realms.
    pub fn reading(&self, id: ServiceId) -> &ServiceReading {
        &self.links.services[id.0 as usize]
    }

    /// What is known of the server that holds a realm: versions to judge by, issuer, its own Cloud Run service.
    pub fn server(&self, id: RealmId) -> &RealmServer {
        &self.servers[id.0 as usize]
    }

    /// The versions to judge a realm's clients by: one when the server's is known, else the oldest and the newest supported.
    pub fn versions(&self, id: RealmId) -> &[Version] {
        &self.servers[id.0 as usize].versions
    }

    /// The realm as its server holds it after import, once for each of [`Scene::versions`]. Made when first asked for.
    pub fn held(&self, id: RealmId) -> &[HeldRealm] {
        let server = &self.servers[id.0 as usize];
        server.held.get_or_init(|| {
            let realm = self.realm(id);
            server.versions.iter().map(|version| HeldRealm::of(realm, *version)).collect()
        })
    }

    /// Whether a client is one that Keycloak makes by itself; rules leave those alone.
    pub fn is_built_in(&self, id: ClientId) -> bool {
        import::is_built_in(self.realm(id.realm), self.client(id))
    }

    /// Whether client rules look at a client: it speaks OpenID Connect, is not built in and not known to be disabled.
    pub fn is_judged(&self, id: ClientId) -> bool {
        let client = self.client(id);
        client.protocol.text().is_none_or(|protocol| protocol == "openid-connect")
            && !client.enabled.is_off()
            && !self.is_built_in(id)
    }

    /// All clients that client rules look at, in the order of reading.
    pub fn judged_clients(&self) -> impl Iterator<Item = ClientId> {
        self.snapshot.clients().map(|(id, _)| id).filter(|id| self.is_judged(*id))
    }

    /// The clients of one realm that client rules look at, in the order of reading.
    pub fn judged_clients_of(&self, realm: RealmId) -> impl Iterator<Item = ClientId> {
        (0..)
            .map(move |client| ClientId { realm, client })
            .take(self.realm(realm).clients.len())
            .filter(|id| self.is_judged(*id))
    }

    /// The links of a client, in the order of services.
    pub fn links_of_client(&self, id: ClientId) -> impl Iterator<Item = &Link> {
        self.by_client.get(&id).into_iter().flatten().map(|index| &self.links.links[*index])
    }

    /// The links of a service, in the order of clients.
    pub fn links_of_service(&self, id: ServiceId) -> &[Link] {
        &self.links.links[self.by_service[id.0 as usize].clone()]
    }

    /// Whether a service talks through the client.
    pub fn is_bound(&self, id: ClientId) -> bool {
        self.by_client.contains_key(&id)
    }

    /// The URLs that a service answers on, without paths: all that are known, by whatever source.
    pub fn urls(&self, id: ServiceId) -> &[ServiceUrl] {
        &self.reading(id).urls
    }

    /// The URL by which a service is usually called when nothing pins another: the first stated one that is not tagged, else one of
    /// the configuration, else a derived one, else one that other places reveal.
    pub fn main_url(&self, id: ServiceId) -> Option<&ServiceUrl> {
        let rank = |source: UrlSource| match source {
            UrlSource::Stated => 0,
            UrlSource::Configured => 1,
            UrlSource::Derived => 2,
            UrlSource::Clue => 3,
        };
        self.urls(id)
            .iter()
            .filter(|url| !matches!(url.form, UrlForm::Tagged(_)))
            .min_by_key(|url| rank(url.source))
    }

    /// The services that answer on a host, and those whose URL on it is turned off.
    pub fn services_on_host(&self, host: &str) -> &[ServiceId] {
        self.by_host.get(host).map(Vec::as_slice).unwrap_or_default()
    }

    /// The issuers that services expect of a realm, each once and without a slash at the end.
    pub fn expected_issuers(&self, id: RealmId) -> &BTreeSet<String> {
        let by_realm = self.expected_issuers.get_or_init(|| {
            let mut by_realm = vec![BTreeSet::new(); self.snapshot.realms.len()];
            for issuer in self.links.services.iter().flat_map(|service| &service.issuers) {
                if let NamedRealm::Realm(realm) = issuer.names {
                    by_realm[realm.0 as usize].insert(issuer.issuer.trim_end_matches('/').to_owned());
                }
            }
            by_realm
        });
        &by_realm[id.0 as usize]
    }

    /// Whether any service was read, so that links could be found at all.
    pub fn has_services(&self) -> bool {
        !self.snapshot.services.is_empty()
    }

    /// Why a fact about a realm is not known, when its document is known not to tell it.
    pub fn missing_of_realm(&self, id: RealmId, fact: Fact) -> Option<&'a Missing> {
        self.missing(self.realm(id).at.part, fact)
    }

    /// Why a fact about a service is not known, when its document is known not to tell it.
    pub fn missing_of_service(&self, id: ServiceId, fact: Fact) -> Option<&'a Missing> {
        let service = self.service(id);
        let part = self.snapshot.part(service.at.part);
        part.missing.iter().find(|missing| {
            missing.fact == fact && missing.at.as_ref().is_none_or(|at| is_within(at, &service.at))
        })
    }

    fn missing(&self, part: crate::locus::PartId, fact: Fact) -> Option<&'a Missing> {
        let snapshot = self.snapshot;
        snapshot.part(part).missing.iter().find(|missing| missing.fact == fact && missing.at.is_none())
    }

    /// The subject of a finding about a link.
    pub fn subject_of_link(&self, link: &Link) -> Subject {
        Subject { service: Some(link.service), ..self.subject_of_client(link.client) }
    }

    /// The subject of a finding about a client.
    pub fn subject_of_client(&self, id: ClientId) -> Subject {
        Subject { client: Some(id), ..self.subject_of_realm(id.realm) }
    }

    /// The subject of a finding about a realm.
    pub fn subject_of_realm(&self, id: RealmId) -> Subject {
        let environment = self.links.environment_of(id).map(str::to_owned);
        Subject { environment, realm: Some(id), ..Subject::default() }
    }

    /// The subject of a finding about a service.
    pub fn subject_of_service(&self, id: ServiceId) -> Subject {
        Subject { environment: self.reading(id).environment.clone(), service: Some(id), ..Subject::default() }
    }

    /// The subject of a finding about an issuer that a service expects: the service, the realm that the issuer names, and the client
    /// where the service talks through one of that realm alone.
    pub fn subject_of_issuer(&self, id: ServiceId, issuer: &IssuerReading) -> Subject {
        let mut subject = self.subject_of_service(id);
        if let NamedRealm::Realm(realm) = issuer.names {
            subject.realm = Some(realm);
            let mut clients = self.links_of_service(id).iter().filter(|link| link.client.realm == realm);
            if let (Some(only), None) = (clients.next(), clients.next()) {
                subject.client = Some(only.client);
            }
            if subject.environment.is_none() {
                subject.environment = self.links.environment_of(realm).map(str::to_owned);
            }
        }
        subject
    }

    /// A client as messages name it: "client `web` of realm `shop`".
    pub fn name_client(&self, id: ClientId) -> String {
        match self.realm(id.realm).name.text() {
            Some(realm) => format!("client `{}` of realm `{realm}`", self.client_id(id)),
            None => format!("client `{}`", self.client_id(id)),
        }
    }

    /// A client's `clientId`; where it is unknown, a text that says so.
    pub fn client_id(&self, id: ClientId) -> &'a str {
        self.client(id).client_id.text().unwrap_or("(unknown)")
    }

    /// A realm as messages name it: "realm `shop`".
    pub fn name_realm(&self, id: RealmId) -> String {
        match self.realm(id).name.text() {
            Some(name) => format!("realm `{name}`"),
            None => "a realm whose name is not known".to_owned(),
        }
    }

    /// A realm's name; where it is unknown, a text that says so.
    pub fn realm_name(&self, id: RealmId) -> &'a str {
        self.realm(id).name.text().unwrap_or("(unknown)")
    }

    /// A service as messages name it: "service `web`", "job `import`", "worker pool `mails`".
    pub fn name_service(&self, id: ServiceId) -> String {
        let service = self.service(id);
        let kind = match service.workload {
            Workload::Service => "service",
            Workload::Job => "job",
            Workload::WorkerPool => "worker pool",
            Workload::Instance => "instance",
        };
        match service.name.text() {
            Some(name) => format!("{kind} `{name}`"),
            None => format!("the unnamed {kind} of {}", self.snapshot.part(service.at.part).place.path()),
        }
    }
}

fn is_within(at: &Locus, beginning: &Locus) -> bool {
    at.part == beginning.part && at.path.segments().starts_with(&beginning.path.segments())
}
