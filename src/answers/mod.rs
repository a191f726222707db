//! What servers answered, object by object: where live reading, `cloakrun snapshot` and reading such a folder again meet.
//!
//! A live run asks both sides and keeps each object as its server answered it ([`Object`]); `cloakrun snapshot` writes these
//! documents into a folder, one file an object, and `cloakrun check` reads them from either place with one reader. So what a
//! folder tells is what the live run saw.
//!
//! # The shape of a document
//!
//! The first key is `cloakrun`: what it is and what could not be read of it ([`Envelope`]). All others are the server's own answer,
//! at its top, so that a field has the same path live and in a file (`redirectUris[0]`):
//!
//! | kind | the answer | what is added to it |
//! | --- | --- | --- |
//! | `keycloak-server` | none | `version`, or `versionFrom`/`versionTo` with `versionWhy`; `discovery`: what each known URL answered |
//! | `realm` | `GET /admin/realms/R`, as in an export | `clientScopes`, `defaultDefaultClientScopes`, `defaultOptionalClientScopes`, `roles`, `scopeMappings`, `clientScopeMappings`, `groups`, `users` (service accounts only), `identityProviders`, `clientProfiles`, `clientPolicies`, as in an export |
//! | `client` | the client as `GET …/clients` lists it | `rotatedSecret` where there is one |
//! | `project` | none | `projectId`, `projectNumber`, `regions` (those that were read), `iamPolicy` (with `auditConfigs`) |
//! | `service`, `job`, `worker-pool` | the v2 resource, enums by name | `iamPolicy` (version 3), `servingRevisions` (v2 revisions, where traffic is not on the newest), `domainMappings` (names) |
//! | `secret` | the Secret Manager secret | `versions`: its versions, each with `payload` where it was read |
//!
//! In memory a document holds secrets as they are; [`redact`] replaces them before one is written.

pub mod folder;
mod order;
pub(crate) mod reading;
mod redact;
#[cfg(test)]
mod tests;

use std::fmt;

pub use redact::redact;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::snapshot::Fact;

/// The key of the [`Envelope`] in a document.
pub const ENVELOPE: &str = "cloakrun";

/// Which object of which server a document is.
///
/// `server` is the base URL of a Keycloak (`https://sso.example.com`, with `/auth` where it has that), without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Resource {
    /// A Keycloak server.
    KeycloakServer {
        /// Its base URL.
        server: String,
    },
    /// A realm, without its clients.
    Realm {
        /// The server's base URL.
        server: String,
        /// The realm's name.
        realm: String,
    },
    /// A client.
    Client {
        /// The server's base URL.
        server: String,
        /// The realm's name.
        realm: String,
        /// The `clientId`.
        client: String,
    },
    /// A Google Cloud project.
    Project {
        /// The project's id.
        project: String,
    },
    /// A Cloud Run service.
    Service {
        /// The project's id.
        project: String,
        /// The region.
        region: String,
        /// The service's name.
        service: String,
    },
    /// A Cloud Run job.
    Job {
        /// The project's id.
        project: String,
        /// The region.
        region: String,
        /// The job's name.
        job: String,
    },
    /// A Cloud Run worker pool.
    WorkerPool {
        /// The project's id.
        project: String,
        /// The region.
        region: String,
        /// The worker pool's name.
        worker_pool: String,
    },
    /// A secret of Secret Manager.
    Secret {
        /// The project's id or number, as the service that uses the secret names it.
        project: String,
        /// The secret's name.
        secret: String,
    },
}

impl Resource {
    /// The object as reports name its place: the admin API's address of it, or Google's resource name.
    pub fn address(&self) -> String {
        match self {
            Resource::KeycloakServer { server } => server.clone(),
            Resource::Realm { server, realm } => format!("{server}/admin/realms/{realm}"),
            Resource::Client { server, realm, client } => {
                format!("{server}/admin/realms/{realm}/clients/{client}")
            }
            Resource::Project { project } => format!("projects/{project}"),
            Resource::Service { project, region, service } => {
                format!("projects/{project}/locations/{region}/services/{service}")
            }
            Resource::Job { project, region, job } => {
                format!("projects/{project}/locations/{region}/jobs/{job}")
            }
            Resource::WorkerPool { project, region, worker_pool } => {
                format!("projects/{project}/locations/{region}/workerPools/{worker_pool}")
            }
            Resource::Secret { project, secret } => format!("projects/{project}/secrets/{secret}"),
        }
    }
}

/// Something about an object that its server did not tell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Untold {
    /// What is not known.
    pub fact: Fact,
    /// Why: a sentence for a person, without secrets.
    pub why: String,
    /// The smallest role or permission that would show it, where a right is what lacks: "`view-clients` of `realm-management`".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// The region, where only one was not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// What stands under [`ENVELOPE`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// What the document is.
    #[serde(flatten)]
    pub resource: Resource,
    /// What could not be read of it; empty when all was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Untold>,
}

/// One object as its server answered it. Its body holds secrets: it is never printed.
#[derive(Clone, PartialEq)]
pub struct Object {
    /// Which object it is.
    pub resource: Resource,
    /// What could not be read of it.
    pub missing: Vec<Untold>,
    /// The answer with what is added to it, without the envelope.
    pub body: Map<String, Value>,
}

impl Object {
    /// An object of which nothing is missing.
    pub fn new(resource: Resource, body: Map<String, Value>) -> Self {
        Object { resource, missing: Vec::new(), body }
    }

    /// Notes that the server did not tell `fact`.
    pub fn untold(&mut self, fact: Fact, why: impl Into<String>, grant: Option<&str>) {
        let grant = grant.map(str::to_owned);
        self.missing.push(Untold { fact, why: why.into(), grant, region: None });
    }

    /// The whole document: the envelope, then the answer.
    pub fn document(&self) -> Value {
        let envelope = Envelope { resource: self.resource.clone(), missing: self.missing.clone() };
        let mut document = Map::with_capacity(self.body.len() + 1);
        // Texts and numbers always become JSON.
        document.insert(ENVELOPE.to_owned(), serde_json::to_value(envelope).unwrap_or(Value::Null));
        document.extend(self.body.iter().map(|(key, value)| (key.clone(), value.clone())));
        Value::Object(document)
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object")
            .field("resource", &self.resource)
            .field("missing", &self.missing)
            .finish_non_exhaustive()
    }
}

/// How far a server's clock is off, as the difference to this machine's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// The server's base URL.
    pub server: String,
    /// The server's time minus this machine's, in milliseconds.
    pub offset_millis: i64,
    /// How far the offset may be wrong either way, in milliseconds: the `iat` of a token has whole seconds, and the answer took its time.
    pub uncertainty_millis: i64,
}

/// Everything that was read live, or from a folder that `cloakrun snapshot` wrote.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    /// The objects. Sorted by [`Resource`] once reading has ended.
    pub objects: Vec<Object>,
    /// The clocks of the Keycloak servers, where they could be read.
    pub clocks: Vec<Clock>,
}

impl Answers {
    /// Puts everything into one order: the objects by what they are and by name, within them the keys, and what servers keep as sets.
    /// Two readings of the same state are then the same, and so are their findings.
    pub fn sort(&mut self) {
        self.objects.iter_mut().for_each(|object| order::sort(&mut object.body));
        self.objects.sort_by(|one, other| one.resource.cmp(&other.resource));
    }
}

#[cfg(test)]
mod shape {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_tells_what_it_is_before_what_the_server_answered() {
        let resource = Resource::Client {
            server: "https://sso.example.com".to_owned(),
            realm: "shop".to_owned(),
            client: "web".to_owned(),
        };
        let Value::Object(body) = json!({"clientId": "web", "enabled": true}) else { unreachable!() };
        let mut object = Object::new(resource.clone(), body);
        object.untold(
            Fact::ClientSecrets,
            "The secret is masked.",
            Some("`manage-clients` of `realm-management`"),
        );
        let text = serde_json::to_string(&object.document()).unwrap();
        assert_eq!(
            text,
            r#"{"cloakrun":{"kind":"client","server":"https://sso.example.com","realm":"shop","client":"web","missing":[{"fact":"client-secrets","why":"The secret is masked.","grant":"`manage-clients` of `realm-management`"}]},"clientId":"web","enabled":true}"#
        );
        let envelope: Envelope = serde_json::from_value(object.document()[ENVELOPE].clone()).unwrap();
        assert_eq!((envelope.resource, envelope.missing), (resource, object.missing));
    }

    #[test]
    fn an_object_is_never_shown_with_its_body() {
        let Value::Object(body) = json!({"secret": "hunter2"}) else { unreachable!() };
        let object = Object::new(Resource::Project { project: "shop".to_owned() }, body);
        assert!(!format!("{object:?}").contains("hunter2"));
    }
}
