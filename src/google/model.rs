//! Projects, IAM policies and secrets as they were read.

use crate::known::{Known, Tag};
use crate::locus::Locus;

/// A Google Cloud project.
#[derive(Debug, Clone)]
pub struct Project {
    /// The project's document.
    pub at: Locus,
    /// Its id.
    pub id: String,
    /// Its number, where it was told.
    pub number: Option<String>,
    /// The regions whose services were all read.
    pub regions: Vec<String>,
    /// Who holds which role on the whole project; none where the policy was not read.
    pub policy: Option<Policy>,
    /// Which services write which audit logs; none where the policy was not read.
    pub audit: Option<Vec<AuditConfig>>,
}

/// An IAM policy.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Its bindings.
    pub bindings: Vec<Binding>,
}

/// A role and who holds it.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The binding's mapping in its document.
    pub at: Locus,
    /// The role: `roles/run.invoker`.
    pub role: String,
    /// Who holds it, each with its place: `allUsers`, `serviceAccount:…`, `principalSet://…`.
    pub members: Vec<(String, Locus)>,
    /// Whether it holds under a condition only.
    pub conditional: bool,
}

/// The audit logs of one service, or of all (`allServices`).
#[derive(Debug, Clone)]
pub struct AuditConfig {
    /// The mapping in its document.
    pub at: Locus,
    /// `secretmanager.googleapis.com`, `run.googleapis.com`, `allServices` …
    pub service: String,
    /// The kinds that are written: `ADMIN_READ`, `DATA_READ`, `DATA_WRITE`; those that exempt someone are among them.
    pub log_types: Vec<String>,
}

/// A secret of Secret Manager.
#[derive(Debug, Clone)]
pub struct StoredSecret {
    /// The mapping in its document.
    pub at: Locus,
    /// The project's id or number as written.
    pub project: Option<Known<String>>,
    /// The secret's name, without the project.
    pub name: Known<String>,
    /// What stands for the payloads of its versions, where they are known; each with its place. Terraform only: which version it will
    /// be is not known.
    pub payloads: Vec<(Tag, Locus)>,
    /// Its versions, newest first; none where they were not read.
    pub versions: Option<Vec<SecretVersion>>,
    /// Aliases of versions: the alias and the number.
    pub aliases: Vec<(String, String)>,
}

/// A version of a secret.
#[derive(Debug, Clone)]
pub struct SecretVersion {
    /// The mapping in its document.
    pub at: Locus,
    /// Its number.
    pub number: String,
    /// Whether it can be read.
    pub state: SecretState,
    /// When it was made.
    pub created: Option<jiff::Timestamp>,
    /// What stands for its payload, where it was read.
    pub payload: Option<Payload>,
}

/// Whether a version of a secret can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretState {
    /// Yes.
    Enabled,
    /// Not until it is enabled again.
    Disabled,
    /// Never again.
    Destroyed,
}

/// What is known of the payload of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload {
    /// Stands for the payload, a line break at its end left out.
    pub tag: Tag,
    /// Whether it ends in a line break, which services hand on and Keycloak refuses.
    pub trailing_newline: bool,
}

/// Roles that hold the right to invoke (`run.routes.invoke`), as their published permissions say.
const INVOKING: [&str; 16] = [
    "roles/run.invoker",
    "roles/run.servicesInvoker",
    "roles/run.admin",
    "roles/run.developer",
    "roles/run.editor",
    "roles/run.sourceDeveloper",
    "roles/editor",
    "roles/owner",
    "roles/cloudfunctions.admin",
    "roles/cloudfunctions.developer",
    "roles/cloudfunctions.editor",
    "roles/firebase.admin",
    "roles/firebase.developAdmin",
    "roles/iam.devOps",
    "roles/iam.dataScientist",
    "roles/iam.mlEngineer",
];

/// Whether a role holds the right to invoke services; none for a custom role, which may hold anything.
pub fn may_invoke(role: &str) -> Option<bool> {
    role.starts_with("roles/").then(|| INVOKING.contains(&role))
}
