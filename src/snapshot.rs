//! Both sides as one typed, secret-free picture.

use crate::cloud_run::model::Service;
use crate::google::model::{Project, StoredSecret};
use crate::keycloak::model::{Client, Realm};
use crate::keycloak::server::KeycloakServer;
use crate::locus::{Locus, PartId};

/// All that was read, from both sides.
///
/// Written to disk it is at once the offline input, the bug report and the fixture format.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// What was read, in the order of reading. A [`PartId`] is an index into it.
    pub parts: Vec<Part>,
    /// The realms of every Keycloak, each with its clients.
    pub realms: Vec<Realm>,
    /// Cloud Run services, jobs and worker pools.
    pub services: Vec<Service>,
    /// Secrets of Secret Manager that were read along with them, without their payloads.
    pub secrets: Vec<StoredSecret>,
    /// The Keycloak servers that were asked; none when only files were read.
    pub servers: Vec<KeycloakServer>,
    /// The Google Cloud projects that were asked; none when only files were read.
    pub projects: Vec<Project>,
    /// What could not be read at all: a broken file, an unreadable one. The run is then incomplete.
    pub failures: Vec<ReadFailure>,
}

/// One document of one place, and what of it could not be read.
#[derive(Debug, Clone)]
pub struct Part {
    /// Where it was read.
    pub place: Place,
    /// What it was taken for.
    pub kind: PartKind,
    /// What is known to be missing from it; empty when it was read fully.
    pub missing: Vec<Missing>,
    /// What a person should know of how it was read: lower confidence, old shapes that hold what is not read.
    pub notes: Vec<Note>,
}

/// Where a part was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A document of a file. The path is as the person gave it or relative to where the walk began, with `/`.
    File {
        /// The file's path, for people and for reading it again.
        path: String,
        /// Which document of the file, counted from zero.
        document: usize,
    },
    /// A document of standard input, counted from zero.
    StandardInput {
        /// Which document, counted from zero.
        document: usize,
    },
    /// An object of a live server.
    Live {
        /// The admin API's address of it, or Google's resource name.
        address: String,
    },
}

impl Place {
    /// The path that reports print; `<stdin>` for standard input, the object's address for a live one.
    pub fn path(&self) -> &str {
        match self {
            Place::File { path, .. } => path,
            Place::StandardInput { .. } => "<stdin>",
            Place::Live { address } => address,
        }
    }

    /// Which document of the place, counted from zero.
    pub fn document(&self) -> usize {
        match self {
            Place::File { document, .. } | Place::StandardInput { document } => *document,
            Place::Live { .. } => 0,
        }
    }
}

/// What a document was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartKind {
    /// A realm: export, partial export or hand-written import.
    Realm,
    /// The users of a realm in a directory export (`NAME-users-0.json`).
    RealmUsers,
    /// The Keycloak Operator's `KeycloakRealmImport`.
    RealmImport,
    /// A client or a list of clients, as `kcadm.sh get clients` prints them.
    Clients,
    /// A Knative v1 service, job or worker pool, or a list of them.
    Knative,
    /// A service, job or worker pool of the Cloud Run v2 API, or a list of them.
    CloudRunV2,
    /// What `terraform show -json` prints of a plan.
    TerraformPlan,
    /// What `terraform show -json` prints of a state.
    TerraformState,
    /// A file for `gcloud --flags-file`.
    FlagsFile,
    /// A file for `gcloud run deploy --env-vars-file`.
    EnvVarsFile,
    /// An object as its server answered it: read live, or from a folder that `cloakrun snapshot` wrote.
    Answer,
    /// cloakrun's own configuration; a part so that findings about waivers have a place.
    Configuration,
}

impl PartKind {
    /// The kind as people call it, for "taken for …" lines.
    pub fn describe(self) -> &'static str {
        match self {
            PartKind::Realm => "Keycloak realm",
            PartKind::RealmUsers => "Keycloak users of a directory export",
            PartKind::RealmImport => "KeycloakRealmImport of the Operator",
            PartKind::Clients => "Keycloak clients",
            PartKind::Knative => "Cloud Run (Knative v1)",
            PartKind::CloudRunV2 => "Cloud Run (v2 API)",
            PartKind::TerraformPlan => "Terraform plan",
            PartKind::TerraformState => "Terraform state",
            PartKind::FlagsFile => "gcloud flags file",
            PartKind::EnvVarsFile => "gcloud env-vars file",
            PartKind::Answer => "answer of a server",
            PartKind::Configuration => "cloakrun configuration",
        }
    }
}

/// Something that a rule may need and that a place may fail to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Fact {
    /// The realms.
    Realms,
    /// The clients of a realm, all of them.
    Clients,
    /// Client scopes, realm defaults and mappers.
    ClientScopes,
    /// Roles, groups and users.
    Roles,
    /// The version of the Keycloak server.
    KeycloakVersion,
    /// The Cloud Run services of a project and region, all of them.
    Services,
    /// The URLs that a service answers on.
    ServiceUrls,
    /// Settings of a service's containers.
    Settings,
    /// Who may invoke a service.
    InvokerPolicy,
    /// The secrets of clients.
    ClientSecrets,
    /// The roles of service accounts.
    ServiceAccountRoles,
    /// Whether login and admin events are kept.
    Events,
    /// The identity providers of a realm.
    IdentityProviders,
    /// The client policies of a realm.
    ClientPolicies,
    /// What discovery answers through each URL of a Keycloak.
    Discovery,
    /// The clock of a Keycloak.
    Clock,
    /// The settings of the revisions that serve.
    Revisions,
    /// The jobs of a project and region.
    Jobs,
    /// The worker pools of a project and region.
    WorkerPools,
    /// The custom domains of services.
    DomainMappings,
    /// The IAM policy of a project.
    ProjectPolicy,
    /// The audit configuration of a project.
    AuditConfiguration,
    /// The versions of a secret in Secret Manager.
    SecretVersions,
    /// The payloads of secrets in Secret Manager.
    SecretPayloads,
}

impl Fact {
    /// Every fact with the word that documents write for it.
    pub const ALL: [(Fact, &'static str); 24] = [
        (Fact::Realms, "realms"),
        (Fact::Clients, "clients"),
        (Fact::ClientScopes, "client-scopes"),
        (Fact::Roles, "roles"),
        (Fact::KeycloakVersion, "keycloak-version"),
        (Fact::Services, "services"),
        (Fact::ServiceUrls, "service-urls"),
        (Fact::Settings, "settings"),
        (Fact::InvokerPolicy, "invoker-policy"),
        (Fact::ClientSecrets, "client-secrets"),
        (Fact::ServiceAccountRoles, "service-account-roles"),
        (Fact::Events, "events"),
        (Fact::IdentityProviders, "identity-providers"),
        (Fact::ClientPolicies, "client-policies"),
        (Fact::Discovery, "discovery"),
        (Fact::Clock, "clock"),
        (Fact::Revisions, "revisions"),
        (Fact::Jobs, "jobs"),
        (Fact::WorkerPools, "worker-pools"),
        (Fact::DomainMappings, "domain-mappings"),
        (Fact::ProjectPolicy, "project-policy"),
        (Fact::AuditConfiguration, "audit-configuration"),
        (Fact::SecretVersions, "secret-versions"),
        (Fact::SecretPayloads, "secret-payloads"),
    ];

    /// Whether it is what rules judge, rather than what they judge it by: without it nothing is judged, and nobody would see.
    pub fn is_judged_itself(self) -> bool {
        matches!(
            self,
            Fact::Realms
                | Fact::Clients
                | Fact::ClientScopes
                | Fact::Services
                | Fact::Settings
                | Fact::Jobs
                | Fact::WorkerPools
                | Fact::Revisions
        )
    }

    /// The word that documents write for it.
    pub fn word(self) -> &'static str {
        Fact::ALL.iter().find(|(fact, _)| *fact == self).map_or("", |(_, word)| word)
    }
}

impl From<Fact> for &'static str {
    fn from(fact: Fact) -> Self {
        fact.word()
    }
}

impl TryFrom<String> for Fact {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        let known = Fact::ALL.iter().find(|(_, known)| *known == word);
        known.map(|(fact, _)| *fact).ok_or_else(|| "the word of a fact, such as `clients`".to_owned())
    }
}

/// A fact that a part does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What is not known.
    pub fact: Fact,
    /// Why, and what would tell it: a sentence for a person.
    pub why: String,
    /// The field that would hold it, where there is one.
    pub at: Option<Locus>,
}

/// A remark of a reader for the person, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// A sentence.
    pub text: String,
    /// The field it is about, where there is one.
    pub at: Option<Locus>,
}

/// A place that could not be read; the others are still judged and the run is incomplete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFailure {
    /// The path as reports print it.
    pub path: String,
    /// The line, counted from one, where known.
    pub line: Option<usize>,
    /// The column in characters, counted from one, where known.
    pub column: Option<usize>,
    /// The field that could not be read, where known.
    pub field: Option<String>,
    /// What is wrong and what was expected there; a sentence without secrets.
    pub message: String,
    /// Whether the person named this path, so that it is an error of theirs (exit 2) rather than an incomplete run (exit 3).
    pub named: bool,
}

/// A realm of the snapshot: its index in [`Snapshot::realms`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RealmId(pub u32);

/// A client of the snapshot: its realm and its index in [`Realm::clients`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId {
    /// The client's realm.
    pub realm: RealmId,
    /// The index in [`Realm::clients`].
    pub client: u32,
}

/// A service, job or worker pool of the snapshot: its index in [`Snapshot::services`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(pub u32);

/// A Keycloak server of the snapshot: its index in [`Snapshot::servers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId(pub u32);

impl Snapshot {
    /// Counts the configuration file `path` among the parts, so that what is said of it has a place:
    /// [`Config::part`](crate::config::Config::part).
    pub fn add_configuration(&mut self, path: &str) -> PartId {
        let part = PartId(u32::try_from(self.parts.len()).unwrap_or(u32::MAX));
        self.parts.push(Part {
            place: Place::File { path: path.to_owned(), document: 0 },
            kind: PartKind::Configuration,
            missing: Vec::new(),
            notes: Vec::new(),
        });
        part
    }

    /// The part that a place lies in.
    ///
    /// # Panics
    /// When `id` is of another snapshot.
    pub fn part(&self, id: PartId) -> &Part {
        &self.parts[id.0 as usize]
    }

    /// The Keycloak server `id`.
    ///
    /// # Panics
    /// When `id` is of another snapshot.
    pub fn server(&self, id: ServerId) -> &KeycloakServer {
        &self.servers[id.0 as usize]
    }

    /// The realm `id`.
    ///
    /// # Panics
    /// When `id` is of another snapshot.
    pub fn realm(&self, id: RealmId) -> &Realm {
        &self.realms[id.0 as usize]
    }

    /// The client `id`.
    ///
    /// # Panics
    /// When `id` is of another snapshot.
    pub fn client(&self, id: ClientId) -> &Client {
        &self.realm(id.realm).clients[id.client as usize]
    }

    /// The service `id`.
    ///
    /// # Panics
    /// When `id` is of another snapshot.
    pub fn service(&self, id: ServiceId) -> &Service {
        &self.services[id.0 as usize]
    }

    /// All realms with their ids, in the order of reading.
    pub fn realms(&self) -> impl Iterator<Item = (RealmId, &Realm)> {
        (0..).map(RealmId).zip(&self.realms)
    }

    /// All clients of all realms with their ids, in the order of reading.
    pub fn clients(&self) -> impl Iterator<Item = (ClientId, &Client)> {
        self.realms()
            .flat_map(|(realm, held)| (0..).map(move |client| ClientId { realm, client }).zip(&held.clients))
    }

    /// All services with their ids, in the order of reading.
    pub fn services(&self) -> impl Iterator<Item = (ServiceId, &Service)> {
        (0..).map(ServiceId).zip(&self.services)
    }
}
