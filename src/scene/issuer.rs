//! The issuer of a realm, as far as its files and its Keycloak's settings decide it.

use crate::cloud_run::urls::{self, RunAppUrl};
use crate::config::{Config, EnvironmentConfig};
use crate::finding::Evidence;
use crate::keycloak::base_uri::{ProxyHeaders, RequestHeaders};
use crate::keycloak::issuer::{IssuerOptions, NoIssuer, SECOND_HOSTNAME, issuer_of_request};
use crate::keycloak::version::Version;
use crate::link::hosts::host_in;
use crate::link::{ContainerReading, Links, SettingPlace};
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
            RealmIssuer::FollowsRequest { issuers, .. } => issuers,
            RealmIssuer::Unknown { .. } => &[],
        }
    }

    /// What decides the issuer, or would.
    pub fn evidence(&self) -> &[Evidence] {
        match self {
            RealmIssuer::Fixed { evidence, .. }
            | RealmIssuer::FollowsRequest { evidence, .. }
            | RealmIssuer::Unknown { evidence, .. } => evidence,
        }
    }

    /// How it is known, or why not, as a clause.
    pub fn why(&self) -> &str {
        match self {
            RealmIssuer::Fixed { why, .. }
            | RealmIssuer::FollowsRequest { why, .. }
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
                    return RealmIssuer::Fixed { issuer, why, evidence: vec![evidence] };
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
        [only] => RealmIssuer::Fixed { issuer: only.clone(), why, evidence: Vec::new() },
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
    let Some((container, server)) = reading
        .containers
        .iter()
        .find_map(|container| Some((container, container.understanding.keycloak.as_ref()?)))
    else {
        return unknown("the settings of its Keycloak were not read".to_owned(), Vec::new());
    };
    let mut options =
        IssuerOptions { development: server.command.as_deref() == Some("start-dev"), ..Default::default() };
    for (option, position) in &server.options {
        let Some(place) = container.settings.get(*position) else { continue };
        match (&place.value, decides(option)) {
            (Some(value), _) => options.set(option, value),
            (None, true) => {
                let reason = place.unknown.as_deref().unwrap_or("its value is not in the file");
                return unknown(
                    format!("`{}` of its Keycloak is not known: {reason}", place.name),
                    vec![Evidence::cloud_run(place.at.clone(), None, "decides the issuer")],
                );
            }
            (None, false) => {}
        }
    }
    // What is absent here may be set by the image, which the proxy's headers usually are; a rule of its own speaks of them, and of
    // `proxy` where servers no longer read it.
    let reads_proxy = options.proxy.is_some() && inputs.version < SECOND_HOSTNAME;
    if options.proxy_headers == ProxyHeaders::None && !reads_proxy {
        options.proxy_headers = ProxyHeaders::XForwarded;
    }
    let mut evidence = Vec::new();
    for option in ["hostname", "hostname-url", "hostname-strict", "http-relative-path"] {
        evidence.extend(
            place(container, option).map(|place| {
                Evidence::cloud_run(place.at.clone(), place.value.clone(), "decides the issuer")
            }),
        );
    }
    let hosts: Vec<String> = reading.urls.iter().filter_map(|url| host_in(&url.url)).collect();
    let at = |host: &str| {
        issuer_of_request(&options, name, None, &RequestHeaders::of_cloud_run(host), inputs.version)
    };
    match (at("one.invalid"), at("other.invalid")) {
        (Ok(one), Ok(other)) if one == other => {
            let why = "the hostname of its Keycloak decides it".to_owned();
            Ok(RealmIssuer::Fixed { issuer: one, why, evidence })
        }
        (Ok(_), Ok(_)) if options.hostname_strict == Some(false) || options.development => {
            let issuers = hosts.iter().filter_map(|host| at(host).ok()).collect();
            let why = "its Keycloak has no fixed hostname, so the issuer follows the host of each request"
                .to_owned();
            if evidence.is_empty() {
                evidence = itself("no fixed hostname");
            }
            Ok(RealmIssuer::FollowsRequest { issuers, why, evidence })
        }
        (Err(NoIssuer::DoesNotStart(why)), _) if place(container, "hostname").is_some() => {
            unknown(format!("its Keycloak does not start: {why}"), evidence)
        }
        _ => unknown(
            "the settings of its Keycloak name no hostname; its image may".to_owned(),
            itself("names no hostname"),
        ),
    }
}

/// Whether an issuer depends on an option, so that it is not known when the option is not.
fn decides(option: &str) -> bool {
    matches!(option, "hostname" | "hostname-url" | "hostname-path" | "hostname-port" | "http-relative-path")
}

fn place<'c>(container: &'c ContainerReading, option: &str) -> Option<&'c SettingPlace> {
    let server = container.understanding.keycloak.as_ref()?;
    container.settings.get(*server.options.get(option)?)
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
