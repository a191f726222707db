//! What the rules about Keycloak as a Cloud Run service share: its options, and the versions to judge them by.

use crate::finding::{Case, Evidence, Severity, Undecided, Verdict};
use crate::keycloak::server_options::{Origin, ServerOptions, Setting};
use crate::keycloak::version::Version;
use crate::scene::{Scene, VersionSource};
use crate::snapshot::{RealmId, ServiceId};
use crate::words::capitalized;

/// A Keycloak server among the services.
pub(super) struct Server {
    pub(super) options: ServerOptions,
    /// One version where it is known; else the oldest that reads all of its options, and the newest.
    pub(super) versions: Vec<Version>,
    /// The service as messages name it at their beginning: "Service `keycloak`".
    pub(super) name: String,
    itself: Evidence,
}

/// The Keycloak server that the service is, where it is one and its container is told.
pub(super) fn server(id: ServiceId, scene: &Scene<'_>) -> Option<Server> {
    if !scene.reading(id).is_keycloak {
        return None;
    }
    let options = ServerOptions::of(scene.service(id))?;
    let versions = versions(id, &options, scene);
    let name = capitalized(&scene.name_service(id));
    let itself = scene.service_itself(id, "the Keycloak server");
    Some(Server { options, versions, name, itself })
}

fn versions(id: ServiceId, options: &ServerOptions, scene: &Scene<'_>) -> Vec<Version> {
    let of_realms: Vec<RealmId> = scene
        .snapshot
        .realms()
        .map(|(realm, _)| realm)
        .filter(|realm| scene.server(*realm).keycloak == Some(id))
        .collect();
    let by_source = |wanted: fn(&VersionSource) -> bool| {
        of_realms
            .iter()
            .map(|realm| scene.server(*realm))
            .find(|server| wanted(&server.version_source))
            .and_then(|server| server.versions.first().copied())
    };
    let stated = by_source(|source| {
        matches!(source, VersionSource::CommandLine | VersionSource::Configuration | VersionSource::Server(_))
    });
    let exported = by_source(|source| matches!(source, VersionSource::Export(_)));
    let configured = scene.config.keycloak_version.as_deref().and_then(|version| version.parse().ok());
    if let Some(version) = stated.or(options.image_version).or(exported).or(configured) {
        return vec![version];
    }
    let oldest = crate::scene::OLDEST;
    let floor = options.version_floor().map_or(oldest, |floor| floor.max(oldest));
    vec![floor, crate::scene::NEWEST]
}

impl Server {
    /// Whether every version to judge by is this one or later.
    pub(super) fn is_since(&self, version: Version) -> bool {
        self.versions.iter().all(|known| *known >= version)
    }

    /// Whether every version to judge by is earlier.
    pub(super) fn is_before(&self, version: Version) -> bool {
        self.versions.iter().all(|known| *known < version)
    }

    /// The place that shows best that something is not set: the start command, the image, the service.
    pub(super) fn absence(&self, label: &str) -> Evidence {
        let place =
            self.options.mode.as_ref().map(|(_, _, evidence)| evidence).or(self.options.image.as_ref());
        Evidence { label: label.to_owned(), ..place.unwrap_or(&self.itself).clone() }
    }

    /// The service itself, as evidence.
    pub(super) fn itself(&self, label: &str) -> Evidence {
        Evidence { label: label.to_owned(), ..self.itself.clone() }
    }

    /// The settings of these options that are set, as evidence.
    pub(super) fn evidence_of(&self, names: &[&str], label: &str) -> Vec<Evidence> {
        names
            .iter()
            .filter_map(|name| self.options.get(name))
            .map(|setting| setting.evidence(label))
            .collect()
    }
}

/// How a message writes a setting: `KC_HOSTNAME`, or `KC_HOSTNAME=sso.example.com` where the value is known.
pub(super) fn shown(setting: &Setting) -> String {
    match setting.value.text() {
        Some(value) if setting.origin == Origin::Handed => {
            format!("`{}` (`--{}={value}`)", setting.written, setting.name)
        }
        Some("") => format!("`{}` (empty)", setting.written),
        Some(value) => format!("`{}={value}`", setting.written),
        None => format!("`{}`", setting.written),
    }
}

pub(super) fn wrong(
    message: String,
    remedy: Option<String>,
    evidence: Vec<Evidence>,
    value: impl Into<String>,
) -> Verdict {
    Verdict::Wrong(Case { severity: None, message, remedy, evidence, value: Some(value.into()), fix: None })
}

pub(super) fn with_severity(verdict: Verdict, severity: Severity) -> Verdict {
    match verdict {
        Verdict::Wrong(case) => Verdict::Wrong(Case { severity: Some(severity), ..case }),
        open @ (Verdict::Undecided(_) | Verdict::Unasked(_)) => open,
    }
}

pub(super) fn undecided(reason: String, remedy: &str, evidence: Vec<Evidence>) -> Verdict {
    Verdict::Undecided(Undecided { reason, remedy: Some(remedy.to_owned()), evidence })
}

#[cfg(test)]
pub(super) mod testing {
    use crate::testing::{Stage, service_yaml_with};

    pub(in crate::rules) const OWN_IMAGE: &str = "europe-docker.pkg.dev/shop/images/keycloak:latest";

    /// A Keycloak service with arguments and environment variables.
    pub(in crate::rules) fn keycloak(image: &str, arguments: &[&str], env: &[(&str, &str)]) -> Stage {
        Stage::new().service("keycloak.yaml", &keycloak_yaml(image, arguments, env))
    }

    pub(in crate::rules) fn keycloak_yaml(image: &str, arguments: &[&str], env: &[(&str, &str)]) -> String {
        let mut text = service_yaml_with("keycloak", image, env);
        if env.is_empty() {
            text = text.replace("        env:\n", "");
        }
        if !arguments.is_empty() {
            let words: Vec<String> = arguments.iter().map(|word| format!("{word:?}")).collect();
            let image_line = format!("      - image: {image}\n");
            let with_arguments = format!("{image_line}        args: [{}]\n", words.join(", "));
            text = text.replace(&image_line, &with_arguments);
        }
        text
    }
}
