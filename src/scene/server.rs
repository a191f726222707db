//! What is known of the server that holds a realm.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::Options;
use super::issuer::{self, Inputs, RealmIssuer};
use crate::config::Config;
use crate::finding::{Evidence, Side};
use crate::keycloak::generation::GENERATIONS;
use crate::keycloak::import::HeldRealm;
use crate::keycloak::server::{KeycloakServer, ServerVersion};
use crate::keycloak::version::Version;
use crate::link::hosts::host_in;
use crate::link::{Links, NamedRealm};
use crate::snapshot::{RealmId, ServiceId, Snapshot};

/// The oldest version that is judged by when the server's is not known.
pub(crate) const OLDEST: Version = GENERATIONS[0].version;

/// The newest version that is judged by when the server's is not known.
pub(crate) const NEWEST: Version = GENERATIONS[GENERATIONS.len() - 1].version;

/// What is known of the server that holds a realm.
#[derive(Debug)]
pub struct RealmServer {
    /// The versions to judge by: one when the server's is known, else the oldest and the newest supported, in this order.
    pub versions: Vec<Version>,
    /// How the version is known.
    pub version_source: VersionSource,
    /// The service that is the realm's Keycloak, where exactly one of those read can be.
    pub keycloak: Option<ServiceId>,
    /// Every service that may be the realm's Keycloak; several when nothing tells which.
    pub keycloaks: Vec<ServiceId>,
    /// The realm's issuer, by the newest of `versions`.
    pub issuer: RealmIssuer,
    pub(super) held: OnceLock<Vec<HeldRealm>>,
}

/// How the version of a server is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionSource {
    /// `--keycloak-version` says it.
    CommandLine,
    /// The configuration says it.
    Configuration,
    /// The server told it.
    Server(Evidence),
    /// The server hides it; what else it answered leaves these.
    Bounds(Evidence),
    /// The export says it in `keycloakVersion`.
    Export(Evidence),
    /// The tag of the Keycloak service's image says it.
    Image(Evidence),
    /// Nothing says it.
    Unknown,
}

impl RealmServer {
    /// Whether the server's version is known.
    pub fn version_known(&self) -> bool {
        !matches!(self.version_source, VersionSource::Unknown | VersionSource::Bounds(_))
    }

    /// The version in words that fit after "judged": "by version 26.1.4, which the export names", "by versions 21.1.2 and 26.7.4, as the server's is not known".
    pub fn describe_version(&self) -> String {
        let shown: Vec<String> = self.versions.iter().map(ToString::to_string).collect();
        let shown = shown.join(" and ");
        match &self.version_source {
            VersionSource::CommandLine => format!("by version {shown}, as --keycloak-version says"),
            VersionSource::Configuration => format!("by version {shown}, as the configuration says"),
            VersionSource::Server(_) => format!("by version {shown}, which the server tells"),
            VersionSource::Bounds(_) => {
                format!("by versions {shown}, as the server hides its own and can be any between")
            }
            VersionSource::Export(_) => format!("by version {shown}, which the export names"),
            VersionSource::Image(_) => format!("by version {shown}, the tag of its image"),
            VersionSource::Unknown => format!("by versions {shown}, as the server's is not known"),
        }
    }

    /// The place that tells the version, where a file tells it.
    pub fn version_evidence(&self) -> Option<&Evidence> {
        match &self.version_source {
            VersionSource::Server(evidence)
            | VersionSource::Bounds(evidence)
            | VersionSource::Export(evidence)
            | VersionSource::Image(evidence) => Some(evidence),
            _ => None,
        }
    }
}

pub(super) fn servers(
    snapshot: &Snapshot,
    config: &Config,
    links: &Links,
    options: &Options,
) -> Vec<RealmServer> {
    snapshot
        .realms()
        .map(|(id, _)| {
            let keycloaks = keycloaks(id, links);
            let keycloak = if let [only] = keycloaks.as_slice() { Some(*only) } else { None };
            let (versions, version_source) = version(snapshot, config, links, options, id, keycloak);
            let newest = versions.last().copied().unwrap_or(NEWEST);
            let inputs = Inputs { snapshot, config, links, version: newest, keycloaks: &keycloaks };
            let issuer = issuer::of(&inputs, id);
            RealmServer { versions, version_source, keycloak, keycloaks, issuer, held: OnceLock::new() }
        })
        .collect()
}

/// The services that may be a realm's Keycloak: those of its environment, or of these the ones that issuers of the realm name.
fn keycloaks(realm: RealmId, links: &Links) -> Vec<ServiceId> {
    let Some(environment) =
        links.environment_of_realm.get(realm.0 as usize).and_then(|index| links.environments.get(*index))
    else {
        return Vec::new();
    };
    if environment.keycloaks.len() < 2 {
        return environment.keycloaks.clone();
    }
    let named: BTreeSet<String> = links
        .services
        .iter()
        .flat_map(|service| &service.issuers)
        .filter(|issuer| issuer.names == NamedRealm::Realm(realm))
        .filter_map(|issuer| host_in(&issuer.issuer))
        .collect();
    let is_named = |id: &ServiceId| {
        links.services[id.0 as usize]
            .urls
            .iter()
            .filter_map(|url| host_in(&url.url))
            .any(|host| named.contains(&host))
    };
    let of_issuers: Vec<ServiceId> = environment.keycloaks.iter().copied().filter(is_named).collect();
    if of_issuers.is_empty() { environment.keycloaks.clone() } else { of_issuers }
}

fn version(
    snapshot: &Snapshot,
    config: &Config,
    links: &Links,
    options: &Options,
    id: RealmId,
    keycloak: Option<ServiceId>,
) -> (Vec<Version>, VersionSource) {
    if let Some(version) = options.keycloak_version {
        return (vec![version], VersionSource::CommandLine);
    }
    let environment = links.environment_of(id);
    let of_environment = config
        .environments
        .iter()
        .filter(|configured| environment == Some(configured.name.as_str()) || config.environments.len() == 1)
        .find_map(|configured| parse(configured.keycloak_version.as_deref()?));
    if let Some(version) = of_environment {
        return (vec![version], VersionSource::Configuration);
    }
    let realm = snapshot.realm(id);
    let asked = realm.server.and_then(|server| told(snapshot.server(server)));
    if let Some(told @ (_, VersionSource::Server(_))) = asked {
        return told;
    }
    if let Some(text) = realm.keycloak_version.as_ref().and_then(|version| version.text())
        && let Some(version) = parse(text)
    {
        let at = realm.at.key("keycloakVersion");
        let evidence = Evidence::keycloak(at, Some(text.to_owned()), "the version of the server");
        return (vec![version], VersionSource::Export(evidence));
    }
    if let Some((version, evidence)) = keycloak.and_then(|service| image_version(snapshot, service)) {
        return (vec![version], VersionSource::Image(evidence));
    }
    if let Some(version) = config.keycloak_version.as_deref().and_then(parse) {
        return (vec![version], VersionSource::Configuration);
    }
    asked.unwrap_or_else(|| (vec![OLDEST, NEWEST], VersionSource::Unknown))
}

/// The version that a server told, or what else it answered leaves; none when that is everything.
fn told(server: &KeycloakServer) -> Option<(Vec<Version>, VersionSource)> {
    let evidence = |key: &str, version: &Version| {
        Evidence::keycloak(server.at.key(key), Some(version.to_string()), "the version of the server")
    };
    match &server.version {
        ServerVersion::Told(version) => {
            Some((vec![*version], VersionSource::Server(evidence("version", version))))
        }
        ServerVersion::Between { from: None, to: None, .. } => None,
        ServerVersion::Between { from, to, .. } => {
            let shown = from.as_ref().map(|from| evidence("versionFrom", from));
            let shown = shown.or_else(|| to.as_ref().map(|to| evidence("versionTo", to)))?;
            let mut versions = vec![from.unwrap_or(OLDEST).max(OLDEST), to.unwrap_or(NEWEST)];
            versions.dedup();
            Some((versions, VersionSource::Bounds(shown)))
        }
    }
}

fn parse(text: &str) -> Option<Version> {
    text.parse().ok()
}

/// The version in the tag of a Keycloak's image; a tag that no version of Keycloak has (`v4`, a date) is its builder's own count.
fn image_version(snapshot: &Snapshot, id: ServiceId) -> Option<(Version, Evidence)> {
    snapshot.service(id).containers.iter().find_map(|container| {
        let image = container.image.as_ref()?.text()?;
        let name = image.split('@').next()?.rsplit('/').next()?;
        let (name, tag) = name.split_once(':')?;
        let version = parse(tag)?;
        if !name.contains("keycloak")
            || version < Version::new(17, 0, 0)
            || version >= Version::new(100, 0, 0)
        {
            return None;
        }
        let evidence = Evidence::new(
            Side::CloudRun,
            container.at.key("image"),
            Some(image.to_owned()),
            "the version of the server",
        );
        Some((version, evidence))
    })
}
