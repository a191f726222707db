//! What `conventions/generic.yaml` states.

use serde::Deserialize;

use super::hash::Set;
use super::role::Role;

/// What `conventions/generic.yaml` states.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GenericFile {
    pub(super) names: Vec<GenericNames>,
    pub(super) endings: Vec<Endings>,
    pub(super) keycloak_words: Set<String>,
    pub(super) login_words: Set<String>,
    pub(super) browser_prefixes: Vec<String>,
    pub(super) browser_images: Set<String>,
    pub(super) foreign_words: Set<String>,
    pub(super) foreign_issuer_hosts: Vec<String>,
    pub(super) foreign_client_id_ends: Vec<String>,
    pub(super) google_audience_words: Set<String>,
    pub(super) foreign_realm_words: Set<String>,
    pub(super) keycloak_server: KeycloakServerFile,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GenericNames {
    pub(super) role: Role,
    pub(super) names: Vec<String>,
    #[serde(default)]
    pub(super) weak: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Endings {
    pub(super) role: Role,
    pub(super) ends: Vec<String>,
    #[serde(default)]
    pub(super) needs: Needs,
}

/// What must stand before an ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Needs {
    #[default]
    Nothing,
    Login,
    Keycloak,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeycloakServerFile {
    pub(super) options: Set<String>,
    pub(super) beginnings: Vec<String>,
    pub(super) other_names: Set<String>,
    pub(super) companion_images: Set<String>,
    pub(super) commands: Set<String>,
}
