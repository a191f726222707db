//! The issuer of a realm, as far as its files and its Keycloak's settings decide it.

use std::collections::BTreeSet;

use crate::cloud_run::urls::{self, RunAppUrl};
use crate::config::{Config, EnvironmentConfig};
use crate::finding::Evidence;
use crate::keycloak::base_uri::RequestHeaders;
use crate::keycloak::issuer::{IssuerOptions, is_url_form, issuer_of_request};
use crate::keycloak::server::Discovery;
use crate::keycloak::server_issuer::{ServerIssuer, server_issuer};
use crate::keycloak::server_options::ServerOptions;
use crate::keycloak::version::Version;
use crate::link::Links;
use crate::link::hosts::host_in;
use crate::snapshot::{RealmId, ServiceId, Snapshot};

/// The issuer of a realm, as far as its files and its Keycloak's settings decide it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RealmIssuer {
    /// The realm issues this and nothing else.
    Fixed {
        /// The issuer.
        issuer: String,
        /// How it is known, as a clause: "its `frontendUrl` says so".
        why: String,
        /// Whether it has http only because the server does not read the proxy's headers, which is a fault of the server's own.
        lacks_headers: bool,
        /// What decides it.
        evidence: Vec<Evidence>,
    },
    /// The issuer follows the host of each request.
    FollowsRequest {
        /// The issuers under the hosts that are known; others are possible.
        issuers: Vec<String>,
        /// How it is known, as a clause.
        why: String,
        /// What decides it.
        evidence: Vec<Evidence>,
    },
    /// The realm issues one of these: the host is fixed, and something else of it is not known.
    OneOf {
        /// The issuers that are possible, the likeliest first.
        issuers: Vec<String>,
        /// What is not known, as a clause.
        why: String,
        /// What would decide it.
        evidence: Vec<Evidence>,
    },
    /// Not known.
    Unknown {
        /// Why, as a clause: "neither a `frontendUrl` nor the settings of its Keycloak were read".
        why: String,
        /// The place that would tell, where there is one.
        evidence: Vec<Evidence>,
    },
}

impl RealmIssuer {
    /// The issuers that the realm may issue, as far as they are known.
    pub fn known(&self) -> &[String] {
        match self {
            RealmIssuer::Fixed { issuer, .. } => std::slice::from_ref(issuer),
            RealmIssuer::FollowsRequest { issuers, .. } | RealmIssuer::OneOf { issuers, .. } => issuers,
            RealmIssuer::Unknown { .. } => &[],
        }
    }

    /// What decides the issuer, or would.
    pub fn evidence(&self) -> &[Evidence] {
        match self {
            RealmIssuer::Fixed { evidence, .. }
            | RealmIssuer::FollowsRequest { evidence, .. }
            | RealmIssuer::OneOf { evidence, .. }
            | RealmIssuer::Unknown { evidence, .. } => evidence,
        }
    }

    /// How it is known, or why not, as a clause.
    pub fn why(&self) -> &str {
        match self {
            RealmIssuer::Fixed { why, .. }
            | RealmIssuer::FollowsRequest { why, .. }
            | RealmIssuer::OneOf { why, .. }
            | RealmIssuer::Unknown { why, .. } => why,
        }
    }
}

/// What is needed to decide an issuer.
pub(super) struct Inputs<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) config: &'a Config,
    pub(super) links: &'a Links,
    pub(super) version: Version,
    pub(super) keycloaks: &'a [ServiceId],
}

/// The issuer of realm `id`.
pub(super) fn of(inputs: &Inputs<'_>, id: RealmId) -> RealmIssuer {
    if let Some(answered) = by_discovery(inputs, id) {
        return answered;
    }
    let realm = inputs.snapshot.realm(id);
    let Some(name) = realm.name.text() else {
        return RealmIssuer::Unknown {
            why: "the realm's name is not known".to_owned(),
            evidence: Vec::new(),
        };
    };
    if let Some(frontend) = &realm.frontend_url {
        let at = realm.at.keys(["attributes", "frontendUrl"]);
        let evidence = Evidence::keycloak(at, frontend.text().map(str::to_owned), "decides the issuer");
        match frontend {
            crate::known::Known::Value(url) => {
                if let Some(issuer) = by_frontend_url(name, url, inputs.version) {
                    let why = "its `frontendUrl` decides it".to_owned();
                    return RealmIssuer::Fixed {
                        issuer,
                        why,
                        lacks_headers: false,
                        evidence: vec![evidence],
                    };
                }
            }
            unknown => {
                let why = unknown.why_unknown().unwrap_or("it is a secret");
                let why = format!("its `frontendUrl` is not known: {why}");
                return RealmIssuer::Unknown { why, evidence: vec![evidence] };
            }
        }
    }
    match inputs.keycloaks {
        [only] => {
            by_server(inputs, name, *only).unwrap_or_else(|why| by_configuration(inputs, id, name, why))
        }
        [] => {
            let why =
                "neither a `frontendUrl` of the realm nor the settings of its Keycloak were read".to_owned();
            let unknown = RealmIssuer::Unknown { why, evidence: Vec::new() };
            by_configuration(inputs, id, name, unknown)
        }
        several => {
            let evidence = several
                .iter()
                .map(|service| {
                    let service = inputs.snapshot.service(*service);
                    let name = service.name.text().map(str::to_owned);
                    Evidence::cloud_run(service.name_at.clone(), name, "a Keycloak that may serve the realm")
                })
                .collect();
            let why = format!(
                "{} Keycloak services were read, and nothing tells which serves the realm",
                several.len()
            );
            by_configuration(inputs, id, name, RealmIssuer::Unknown { why, evidence })
        }
    }
}

/// What the server answered when it was asked through each URL that is known of it.
fn by_discovery(inputs: &Inputs<'_>, id: RealmId) -> Option<RealmIssuer> {
    let answers = issuers_answered(inputs.snapshot, id);
    let evidence = answers
        .iter()
        .map(|(found, issuer)| {
            let label = format!("answered at {}", found.asked);
            Evidence::keycloak(found.at.key("issuer"), Some((*issuer).to_owned()), label)
        })
        .collect();
    let issuers: BTreeSet<&str> = answers.iter().map(|(_, issuer)| *issuer).collect();
    let issuers: Vec<String> = issuers.into_iter().map(str::to_owned).collect();
    match issuers.as_slice() {
        [] => None,
        [only] => {
            let hosts: BTreeSet<_> = answers.iter().map(|(found, _)| host_in(&found.asked)).collect();
            let why = if hosts.len() > 1 {
                "its server answers it at each of its URLs".to_owned()
            } else {
                "its server answers it".to_owned()
            };
            Some(RealmIssuer::Fixed { issuer: only.clone(), why, lacks_headers: false, evidence })
        }
        _ => Some(RealmIssuer::FollowsRequest {
            issuers,
            why: "its server answers another issuer at each of its URLs".to_owned(),
            evidence,
        }),
    }
}

/// What a realm's server answered to discovery, where it was asked and answered.
pub(crate) fn issuers_answered(snapshot: &Snapshot, id: RealmId) -> Vec<(&Discovery, &str)> {
    let realm = snapshot.realm(id);
    let Some(server) = realm.server.map(|server| snapshot.server(server)) else { return Vec::new() };
    server
        .discovery
        .iter()
        .filter(|found| Some(found.realm.as_str()) == realm.name.text())
        .filter_map(|found| Some((found, found.answer.as_deref().ok()?)))
        .collect()
}

/// The issuer by a realm's `frontendUrl`; none where the server ignores it.
fn by_frontend_url(name: &str, url: &str, version: Version) -> Option<String> {
    let options = IssuerOptions { hostname_strict: Some(false), ..IssuerOptions::default() };
    let of = |host: &str| {
        issuer_of_request(&options, name, Some(url), &RequestHeaders::of_cloud_run(host), version).ok()
    };
    let (one, other) = (of("one.invalid")?, of("other.invalid")?);
    (one == other).then_some(one)
}

/// By `keycloak-urls` of the environment.
fn by_configuration(inputs: &Inputs<'_>, id: RealmId, name: &str, otherwise: RealmIssuer) -> RealmIssuer {
    let environment = inputs.links.environment_of(id);
    let named = |configured: &&EnvironmentConfig| {
        environment == Some(configured.name.as_str()) || inputs.config.environments.len() == 1
    };
    let urls =
        inputs.config.environments.iter().filter(named).flat_map(|configured| &configured.keycloak_urls);
    let mut issuers: Vec<String> =
        urls.filter_map(|url| by_frontend_url(name, url, inputs.version)).collect();
    issuers.dedup();
    let why = "the configuration names the URL of its Keycloak".to_owned();
    match issuers.as_slice() {
        [] => otherwise,
        [only] => {
            RealmIssuer::Fixed { issuer: only.clone(), why, lacks_headers: false, evidence: Vec::new() }
        }
        _ => RealmIssuer::FollowsRequest { issuers, why, evidence: Vec::new() },
    }
}

/// By the settings of the Keycloak service. The error is what is known without the configuration.
fn by_server(inputs: &Inputs<'_>, name: &str, keycloak: ServiceId) -> Result<RealmIssuer, RealmIssuer> {
    let service = inputs.snapshot.service(keycloak);
    let reading = &inputs.links.services[keycloak.0 as usize];
    let unknown = |why: String, evidence: Vec<Evidence>| Err(RealmIssuer::Unknown { why, evidence });
    let itself = |label: &str| {
        vec![Evidence::cloud_run(service.name_at.clone(), service.name.text().map(str::to_owned), label)]
    };
    let Some(options) = ServerOptions::of(service) else {
        return unknown("the settings of its Keycloak were not read".to_owned(), Vec::new());
    };
    let mut hosts: Vec<String> = reading.urls.iter().filter_map(|url| host_in(&url.url)).collect();
    hosts.dedup();
    match server_issuer(&options, name, &hosts, inputs.version) {
        ServerIssuer::Fixed { issuer, evidence } => {
            let why = "the hostname of its Keycloak decides it".to_owned();
            let is_bare = options.text("hostname").is_some_and(|hostname| !is_url_form(hostname));
            let lacks_headers = is_bare && issuer.starts_with("http://");
            Ok(RealmIssuer::Fixed { issuer, why, lacks_headers, evidence })
        }
        ServerIssuer::FollowsHost { issuers, mut evidence, .. } => {
            let mut issuers: Vec<String> = issuers.into_iter().map(|(_, issuer)| issuer).collect();
            issuers.dedup();
            let why = "its Keycloak has no fixed hostname, so the issuer follows the host of each request"
                .to_owned();
            if evidence.is_empty() {
                evidence = itself("no fixed hostname");
            }
            Ok(RealmIssuer::FollowsRequest { issuers, why, evidence })
        }
        ServerIssuer::DoesNotStart { why } => {
            unknown(format!("its Keycloak does not start: {why}"), itself("does not start"))
        }
        ServerIssuer::Undecided { why, candidates, mut evidence } => {
            if evidence.is_empty() {
                evidence = itself("does not tell the issuer");
            }
            let why = format!("of its Keycloak, {why}");
            if candidates.is_empty() {
                return unknown(why, evidence);
            }
            Ok(RealmIssuer::OneOf { issuers: candidates, why, evidence })
        }
    }
}

/// Whether two URLs are on hosts of one Cloud Run service: the two forms of its run.app URL, or tags of it.
pub(crate) fn are_forms_of_one_service(one: &str, other: &str) -> bool {
    let parse = |url: &str| urls::host(url).and_then(|host| RunAppUrl::parse(&host));
    match (parse(one), parse(other)) {
        (Some(one), Some(other)) => {
            let same_region = match (one.region(), other.region()) {
                (Some(one), Some(other)) => one == other,
                _ => true,
            };
            one.service == other.service && same_region
        }
        _ => false,
    }
}
