//! `cloakrun.yaml`: environments, server versions, domains, pinned links, severities and waivers.

pub mod load;
mod words;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::Severity;
use crate::locus::{FieldPath, Locus, PartId};

/// What `cloakrun.yaml` says. Everything in it is optional.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[schemars(title = "cloakrun configuration")]
pub struct Config {
    /// The version of the Keycloak server, such as `26.7.3`, where nothing closer says it.
    pub keycloak_version: Option<String>,
    /// Environments: one Keycloak each, with the services that use it.
    pub environments: Vec<EnvironmentConfig>,
    /// What the files do not tell about services.
    pub services: Vec<ServiceConfig>,
    /// Links between services and clients that are known, so that nothing has to be guessed.
    pub links: Vec<PinnedLink>,
    /// Days after which a client's secret is called old; 90 unless set.
    pub secret_max_age: Option<u32>,
    /// Severities that differ from the rules' own, by rule id.
    pub severities: BTreeMap<String, Severity>,
    /// Findings that are accepted, each with its reason.
    pub waivers: Vec<Waiver>,
    /// Where the configuration stands among what was read; `None` for one that was not read from a file.
    #[serde(skip)]
    pub part: Option<PartId>,
}

impl Config {
    /// The place of waiver `index`, counted from zero; none when the configuration was not read from a file.
    pub fn waiver_at(&self, index: usize) -> Option<Locus> {
        Some(Locus::new(self.part?, FieldPath::root().key("waivers").index(index)))
    }

    /// The place of entry `index` of `services`, counted from zero; none when the configuration was not read from a file.
    pub fn service_at(&self, index: usize) -> Option<Locus> {
        Some(Locus::new(self.part?, FieldPath::root().key("services").index(index)))
    }

    /// The place of pinned link `index`, counted from zero; none when the configuration was not read from a file.
    pub fn link_at(&self, index: usize) -> Option<Locus> {
        Some(Locus::new(self.part?, FieldPath::root().key("links").index(index)))
    }
}

/// An environment: one Keycloak with the services that use it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct EnvironmentConfig {
    /// Its name, as reports print it.
    pub name: String,
    /// Files of this environment, as globs relative to the configuration file.
    pub files: Vec<String>,
    /// URLs under which its Keycloak is reached, with `/auth` where it has it: `https://sso.example.com`.
    pub keycloak_urls: Vec<String>,
    /// The version of its Keycloak server.
    pub keycloak_version: Option<String>,
    /// Number of its Google Cloud project, so that URLs of services can be derived.
    pub project_number: Option<String>,
    /// Region of its services, where their files do not say it.
    pub region: Option<String>,
}

/// What the files do not tell about a service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct ServiceConfig {
    /// The service's name.
    pub name: String,
    /// The environment, where several have a service of this name.
    pub environment: Option<String>,
    /// URLs that it answers on besides those in the files.
    pub urls: Vec<String>,
    /// Custom domains that it answers on: `app.example.com`.
    pub domains: Vec<String>,
}

/// A link between a service and a client that is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct PinnedLink {
    /// The service's name.
    pub service: String,
    /// The client's id.
    pub client: String,
    /// The realm, where several have a client of this id.
    pub realm: Option<String>,
    /// The environment, where several have a service of this name.
    pub environment: Option<String>,
    /// Paths at which the service takes browsers back after a login: `/oauth2/callback`.
    pub callback_paths: Vec<String>,
}

/// A finding that is accepted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Waiver {
    /// The rule's id.
    pub rule: String,
    /// Only findings about this client.
    #[serde(default)]
    pub client: Option<String>,
    /// Only findings about this service.
    #[serde(default)]
    pub service: Option<String>,
    /// Only findings with this offending value.
    #[serde(default)]
    pub value: Option<String>,
    /// Why it is accepted; required.
    pub reason: String,
    /// The last day on which it holds, as `2027-03-31`.
    #[serde(default)]
    pub until: Option<String>,
}
