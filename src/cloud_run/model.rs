//! Cloud Run services, jobs and worker pools as they were read.

use crate::known::{Known, Tag};
use crate::locus::Locus;

/// How a service was written down, which decides the names of fields in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// Knative v1, as `gcloud run services describe --format export` prints and `replace` takes it.
    Knative,
    /// The v2 API.
    V2,
    /// Terraform `google_cloud_run_v2_service` and its siblings.
    TerraformV2,
    /// Terraform `google_cloud_run_service`.
    TerraformV1,
    /// `gcloud --flags-file` or `--env-vars-file`.
    Flags,
}

/// What kind of workload it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Workload {
    /// A service: it has URLs.
    Service,
    /// A job: settings, no URL.
    Job,
    /// A worker pool: settings, no URL.
    WorkerPool,
    /// A single long-lived instance: settings, and a URL unless it is turned off.
    Instance,
}

/// A Cloud Run service, job or worker pool.
#[derive(Debug, Clone)]
pub struct Service {
    /// The service's mapping in its document (the resource, for Terraform).
    pub at: Locus,
    /// How it was written.
    pub dialect: Dialect,
    /// What kind of workload it is.
    pub workload: Workload,
    /// Whether anything marks it as Cloud Run; plain Knative is read with lower confidence.
    pub marked_cloud_run: bool,
    /// Its name. A flags file often has none: unknown.
    pub name: Known<String>,
    /// Where the name stands.
    pub name_at: Locus,
    /// The project's id or number as written.
    pub project: Option<Known<String>>,
    /// The project's number, where the document tells it.
    pub project_number: Option<String>,
    /// The region.
    pub region: Option<Known<String>>,
    /// Terraform's address of the resource.
    pub terraform_address: Option<String>,
    /// The URLs that it answers on, as far as the document tells or they follow from name, project number and region.
    pub urls: Vec<ServiceUrl>,
    /// Its run.app URLs while they are turned off: nobody is answered there, but an address on one of them still means this service.
    pub disabled_urls: Vec<ServiceUrl>,
    /// Why the set of URLs may be incomplete, as a clause ("`uri` is known after apply"); none when it is complete.
    pub urls_incomplete: Option<String>,
    /// Whether the run.app URLs are turned off.
    pub default_url_disabled: Known<bool>,
    /// Which networks reach it.
    pub ingress: Known<Ingress>,
    /// Who may call it.
    pub invoker: Invoker,
    /// Custom audiences: extra audiences of Google's invoker check, never of Keycloak tokens; each with its place.
    pub custom_audiences: Vec<(Known<String>, Locus)>,
    /// Its containers; the first one with a port serves the requests.
    pub containers: Vec<Container>,
    /// The service account it runs as; none means the default compute one.
    pub service_account: Option<Known<String>>,
    /// Smallest number of instances; absent means zero.
    pub min_instances: Option<Known<i64>>,
    /// Largest number of instances.
    pub max_instances: Option<Known<i64>>,
    /// Whether requests of one session go to one instance.
    pub session_affinity: Known<bool>,
    /// Revision names that traffic is pinned to, and tags.
    pub traffic: Vec<TrafficTarget>,
    /// When the oldest revision that serves was made, or a time after it; none where the document does not tell.
    pub revision_created: Option<jiff::Timestamp>,
    /// What else keeps the service (Terraform, Cloud Deploy …), from labels and annotations.
    pub owner: Option<Owner>,
}

/// A URL of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceUrl {
    /// The URL without a path, without a trailing slash.
    pub url: String,
    /// Which form it has.
    pub form: UrlForm,
    /// How it is known.
    pub source: UrlSource,
    /// Where it stands; for a derived one the name of the service.
    pub at: Locus,
}

/// The forms of a service's URL (facts: Google's documentation on triggering by HTTPS).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum UrlForm {
    /// `https://SERVICE-PROJECTNUMBER.REGION.run.app`
    Deterministic,
    /// `https://SERVICE-HASH-CODE.a.run.app`
    Hash,
    /// Either of them behind `TAG---`.
    Tagged(String),
    /// A custom domain.
    Custom,
}

/// How a URL of a service is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UrlSource {
    /// The document states it.
    Stated,
    /// It follows from name, project number and region of the document.
    Derived,
    /// The configuration names it.
    Configured,
    /// It follows from a project number or hash that other hosts of the repository reveal: a clue, to be said.
    Clue,
}

/// Which networks reach a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ingress {
    /// Everyone.
    All,
    /// The project's networks.
    Internal,
    /// The project's networks and its load balancers.
    InternalAndLoadBalancer,
    /// Nobody.
    None,
}

/// Who may call a service, as far as it was read.
#[derive(Debug, Clone)]
pub struct Invoker {
    /// Whether Google's invoker check is turned off.
    pub check_disabled: Known<bool>,
    /// Whether Identity-Aware Proxy stands in front.
    pub iap_enabled: Known<bool>,
    /// Members that hold a role with the right to invoke, each with its place; on the service itself, or on its whole project.
    pub members: Vec<(Known<String>, Locus)>,
    /// Those of `members` whose role is for more than invoking (`roles/run.admin`, `roles/editor` …), once more.
    pub wider: Vec<(Known<String>, Locus)>,
    /// Who stands behind those of `members` that are unknown because they hold a custom role, with the same places.
    pub by_custom_role: Vec<(Known<String>, Locus)>,
    /// Whether the policy was read, so that an empty list means nobody.
    pub policy_read: bool,
}

/// A container of a service.
#[derive(Debug, Clone)]
pub struct Container {
    /// Its mapping in the document.
    pub at: Locus,
    /// Its name; often absent when it is the only one.
    pub name: Option<Known<String>>,
    /// Its image.
    pub image: Option<Known<String>>,
    /// Whether it runs to its end, or starts, before the others (`initContainers`).
    pub init: bool,
    /// Whether requests arrive at it: it states a port, or it is the service's only container.
    pub has_port: bool,
    /// The port that it listens on, where stated.
    pub port: Option<Known<i64>>,
    /// Environment variables, in the document's order.
    pub env: Vec<EnvVar>,
    /// `command`: the entry point, each word with its place.
    pub command: Vec<(Known<String>, Locus)>,
    /// `args`, each word with its place. A secret or unknown value behind `=` (`--client-secret=…`) is split off as a word of its
    /// own with the same place, so that the name of the flag stays.
    pub args: Vec<(Known<String>, Locus)>,
    /// Secrets that stand in `command` or `args` as plain text.
    pub secret_args: Vec<SecretArg>,
    /// Secrets of Secret Manager that are mounted as files.
    pub secret_files: Vec<SecretFile>,
    /// Whether `command` or `args` is stated at all; when not, the image's own hold.
    pub states_command: bool,
    /// Probes of every kind.
    pub probes: Vec<Probe>,
}

/// An environment variable.
#[derive(Debug, Clone)]
pub struct EnvVar {
    /// Its name.
    pub name: Known<String>,
    /// What it is set to.
    pub value: EnvValue,
    /// The value's place, or the entry's where it has none.
    pub at: Locus,
}

/// What an environment variable is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvValue {
    /// A text; `Known::Secret` where its name or shape marks it as one.
    Literal(Known<String>),
    /// A version of a secret in Secret Manager.
    SecretReference {
        /// The secret's name as written, or its full name where an alias of `run.googleapis.com/secrets` stands for it.
        secret: Known<String>,
        /// The version as written: a number, `latest`, or an alias.
        version: Option<Known<String>>,
    },
    /// A plain value that is a usable secret: what its text was is forgotten.
    PlainSecret {
        /// Stands for the secret, a line break at its end left out.
        tag: Tag,
        /// Whether it is one of the passwords that everybody tries first (`admin`, `password`, `changeme` …).
        well_known: bool,
        /// Whether it ends in a line break, the usual reason for a mismatch.
        trailing_newline: bool,
    },
}

/// A secret that stands in `command` or `args` as plain text.
#[derive(Debug, Clone)]
pub struct SecretArg {
    /// The flag or setting that it is the value of, as written: `--client-secret`.
    pub name: String,
    /// Stands for the secret.
    pub tag: Tag,
    /// Whether it is one of the passwords that everybody tries first.
    pub well_known: bool,
    /// The word that holds it.
    pub at: Locus,
}

/// A secret of Secret Manager that a container sees as a file.
#[derive(Debug, Clone)]
pub struct SecretFile {
    /// The path inside the container: the mount's path and the item's.
    pub path: Known<String>,
    /// The secret's name as written, an alias resolved.
    pub secret: Known<String>,
    /// The version as written: a number, `latest`, or an alias; absent means `latest`.
    pub version: Option<Known<String>>,
    /// The item of the volume, or the volume where it names no items.
    pub at: Locus,
}

/// A probe of a container.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Its mapping in the document.
    pub at: Locus,
    /// `startup`, `liveness` or `readiness`.
    pub kind: ProbeKind,
    /// What it asks.
    pub action: ProbeAction,
    /// The port, where stated; else the container's.
    pub port: Option<Known<i64>>,
}

/// When a probe runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeKind {
    /// Until the container has started.
    Startup,
    /// All the time; a failure restarts.
    Liveness,
    /// All the time; a failure takes it out of the balance.
    Readiness,
}

/// What a probe asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeAction {
    /// `GET` of a path.
    Http {
        /// The path.
        path: Known<String>,
    },
    /// Whether the port opens.
    Tcp,
    /// gRPC health checking.
    Grpc,
}

/// A target of a service's traffic.
#[derive(Debug, Clone)]
pub struct TrafficTarget {
    /// The revision it is pinned to; `None` for the latest one.
    pub revision: Option<Known<String>>,
    /// The tag, where it has one.
    pub tag: Option<Known<String>>,
    /// The share in percent.
    pub percent: Option<Known<i64>>,
}

/// What keeps a service besides people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// Terraform.
    Terraform,
    /// Cloud Deploy.
    CloudDeploy,
    /// Config Connector.
    ConfigConnector,
}

impl Service {
    /// The name that people know it by; where it is unknown, a text that says so.
    pub fn display_name(&self) -> String {
        match self.name.text() {
            Some(name) => name.to_owned(),
            None => "(unnamed)".to_owned(),
        }
    }
}
