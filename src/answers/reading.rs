//! From documents of answers to the snapshot: realms get their clients and servers, services their invokers.

use std::collections::BTreeMap;

use serde::Deserialize as _;

use super::{Clock, ENVELOPE, Envelope, Resource};
use crate::cloud_run::model::{Service, UrlSource};
use crate::cloud_run::{url_set, v2};
use crate::document::Node;
use crate::document::cursor::{Cursor, Outcome};
use crate::document::deserialize::ShapeError;
use crate::google::model::Policy;
use crate::google::{project, stored_secret};
use crate::keycloak::model::{Client, Completeness, Dialect, Realm};
use crate::keycloak::realm_file::{self, Layout};
use crate::keycloak::server::{ClockReading, KeycloakServer, ServerVersion};
use crate::keycloak::server_answer;
use crate::known::Known;
use crate::locus::{FieldPath, Locus, PartId};
use crate::secrets::Tagger;
use crate::snapshot::{Fact, Missing, ServerId, Snapshot};

/// The newest layout of snapshot folders that this version reads.
pub(crate) const FORMAT: u64 = 1;

/// What the first key of an answer's document holds, before more is known of it.
#[derive(serde::Deserialize)]
struct Kind {
    kind: String,
    #[serde(default)]
    format: u64,
    #[serde(default)]
    taken: Option<String>,
}

/// What reading one document brought.
pub(crate) enum Read {
    /// Something of the snapshot.
    Answer(Outcome),
    /// The list of contents of a snapshot folder.
    Manifest,
}

/// A document that cannot be read, and the field that stops it.
#[derive(Debug, PartialEq)]
pub(crate) enum Unreadable {
    /// A value that is not what stands there in an answer.
    Shape(ShapeError),
    /// Anything else, as a sentence.
    Other(String),
}

impl From<ShapeError> for Unreadable {
    fn from(error: ShapeError) -> Self {
        Unreadable::Shape(error)
    }
}

/// Gathers documents until all were read, since realms, clients and policies stand in documents of their own.
#[derive(Default)]
pub(crate) struct Gathering {
    servers: BTreeMap<String, ServerId>,
    realms: BTreeMap<(String, String), Realm>,
    clients: BTreeMap<(String, String), Vec<Client>>,
    clocks: Vec<Clock>,
    /// Services by index with the project that they were read in.
    services: Vec<(usize, String)>,
    projects: BTreeMap<String, Policy>,
}

impl Gathering {
    /// Reads one document, whose part is in the snapshot already.
    pub(crate) fn read(
        &mut self,
        part: PartId,
        node: &Node,
        tagger: &Tagger,
        snapshot: &mut Snapshot,
    ) -> Result<Read, Unreadable> {
        let in_envelope = |error: ShapeError| Unreadable::Shape(error.below(ENVELOPE));
        let envelope = node.get(ENVELOPE).unwrap_or(&Node::Null);
        let kind = Kind::deserialize(envelope).map_err(in_envelope)?;
        if kind.kind == "snapshot" {
            if kind.format > FORMAT {
                return Err(Unreadable::Other(format!(
                    "The folder has layout {}, and this cloakrun knows layouts up to {FORMAT}. Use a newer cloakrun.",
                    kind.format
                )));
            }
            self.clocks.extend(clocks(node)?);
            let taken = kind.taken.and_then(|taken| taken.parse().ok());
            snapshot.taken = snapshot.taken.max(taken);
            return Ok(Read::Manifest);
        }
        let envelope = Envelope::deserialize(envelope).map_err(in_envelope)?;
        let at = Locus::new(part, FieldPath::root());
        snapshot.parts[part.0 as usize].missing.extend(envelope.missing.into_iter().map(|untold| Missing {
            fact: untold.fact,
            why: match untold.grant {
                Some(grant) => format!("{} {grant} would show it.", untold.why),
                None => untold.why,
            },
            at: None,
        }));
        let cursor = Cursor::root(part, node);
        let mut outcome = Outcome { items: 1, faults: Vec::new() };
        match envelope.resource {
            Resource::KeycloakServer { server } => {
                let read = server_answer::read(&cursor, server.clone(), &mut outcome);
                let id = self.server(&server, &at, snapshot);
                snapshot.servers[id.0 as usize] = read;
            }
            Resource::Realm { server, realm } => {
                let read = realm_file::read_node(node, Layout::Realm, part, tagger)?;
                snapshot.parts[part.0 as usize].notes.extend(read.notes);
                if let Some(mut found) = read.realms.into_iter().next() {
                    found.dialect = Dialect::AdminApi;
                    if snapshot.parts[part.0 as usize].missing.iter().any(|known| known.fact == Fact::Realms)
                    {
                        found.enabled = Known::unknown("the account may not see the settings of the realm");
                    }
                    found.server = Some(self.server(&server, &at, snapshot));
                    self.realms.insert((server, realm), found);
                }
            }
            Resource::Client { server, realm, .. } => {
                let read = realm_file::read_node(node, Layout::Clients, part, tagger)?;
                let clients = read.realms.into_iter().flat_map(|realm| realm.clients);
                self.clients.entry((server, realm)).or_default().extend(clients);
            }
            Resource::Project { project } => {
                let read = project::read(&cursor, project.clone(), &mut outcome);
                self.projects.insert(project, read.policy.clone().unwrap_or_default());
                snapshot.projects.push(read);
            }
            Resource::Service { project, .. }
            | Resource::Job { project, .. }
            | Resource::WorkerPool { project, .. } => {
                let first = snapshot.services.len();
                outcome = v2::read(part, node, tagger, snapshot);
                for index in first..snapshot.services.len() {
                    self.services.push((index, project.clone()));
                    complete_service(&mut snapshot.services[index], &cursor, &mut outcome);
                }
            }
            Resource::Secret { project, secret } => {
                snapshot.secrets.push(stored_secret::read(&cursor, project, secret, tagger, &mut outcome));
            }
        }
        Ok(Read::Answer(outcome))
    }

    /// The clocks of a live run, which stand in no document of their own.
    pub(crate) fn add_clocks(&mut self, clocks: &[Clock]) {
        self.clocks.extend(clocks.iter().cloned());
    }

    /// The server of this base URL, known or new.
    fn server(&mut self, url: &str, at: &Locus, snapshot: &mut Snapshot) -> ServerId {
        *self.servers.entry(url.to_owned()).or_insert_with(|| {
            let id = ServerId(u32::try_from(snapshot.servers.len()).unwrap_or(u32::MAX));
            snapshot.servers.push(KeycloakServer {
                at: at.clone(),
                url: url.to_owned(),
                version: ServerVersion::Between {
                    from: None,
                    to: None,
                    why: "Nothing of the server itself was read.".to_owned(),
                },
                discovery: Vec::new(),
                clock: None,
            });
            id
        })
    }

    /// Joins what belongs together.
    pub(crate) fn finish(mut self, tagger: &Tagger, snapshot: &mut Snapshot) {
        for (of, clients) in std::mem::take(&mut self.clients) {
            let Some(first) = clients.first() else { continue };
            let at = first.at.clone();
            let server = self.server(&of.0, &at, snapshot);
            let realm =
                self.realms.entry(of).or_insert_with_key(|(_, name)| bare_realm(name, at, server, tagger));
            realm.clients = clients;
            realm.clients.sort_by(|one, other| one.client_id.text().cmp(&other.client_id.text()));
        }
        for (_, mut realm) in self.realms {
            // A realm without a document of its own stays one of clients only.
            if realm.dialect == Dialect::AdminApi && realm.complete != Completeness::ClientsOnly {
                realm.complete = Completeness::Export;
            }
            snapshot.realms.push(realm);
        }
        for clock in self.clocks {
            if let Some(id) = self.servers.get(&clock.server) {
                snapshot.servers[id.0 as usize].clock = Some(ClockReading {
                    offset_millis: clock.offset_millis,
                    uncertainty_millis: clock.uncertainty_millis,
                });
            }
        }
        for (index, project) in self.services {
            let Some(policy) = self.projects.get(&project) else { continue };
            snapshot.services[index].invoker.grant_all(policy);
        }
    }
}

/// A realm of which clients were read and nothing else.
fn bare_realm(name: &str, at: Locus, server: ServerId, tagger: &Tagger) -> Realm {
    let mut realm = realm_file::bare_realm(at, tagger);
    realm.name = Known::Value(name.into());
    realm.server = Some(server);
    realm
}

/// What a service's document holds besides the service itself: its policy, its custom domains.
fn complete_service(service: &mut Service, cursor: &Cursor<'_>, outcome: &mut Outcome) {
    if let Some(policy) = cursor.get("iamPolicy") {
        service.invoker.policy_read = true;
        service.invoker.grant_all(&project::policy(&policy, outcome));
    }
    for domain in cursor.get("domainMappings").iter().flat_map(Cursor::items) {
        match domain.node().scalar() {
            Some(name) => url_set::add_domain(service, name, UrlSource::Stated, domain.at()),
            None => outcome.faults.push(domain.fault("The name of a domain")),
        }
    }
}

fn clocks(node: &Node) -> Result<Vec<Clock>, Unreadable> {
    match node.get("clocks") {
        Some(clocks) => {
            Vec::<Clock>::deserialize(clocks).map_err(|error| Unreadable::Shape(error.below("clocks")))
        }
        None => Ok(Vec::new()),
    }
}
