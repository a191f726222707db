//! Which services are Keycloak servers, and under which hosts they are known.

use super::hosts::host_in;
use super::names;
use crate::cloud_run::model::{Container, EnvValue, Service, ServiceUrl, Workload};

/// Words in the name of an image that still is a Keycloak server; with any other word it is a tool beside one.
const SERVER_IMAGE_WORDS: [&str; 12] =
    ["keycloak", "service", "server", "custom", "image", "x", "optimized", "run", "cloud", "sso", "postgres", "themed"];

/// Beginnings of settings that only the server reads.
const SERVER_SETTINGS: [&str; 13] = [
    "KC_BOOTSTRAP_ADMIN_",
    "KC_CACHE",
    "KC_DB",
    "KC_FEATURES",
    "KC_HEALTH_ENABLED",
    "KC_HOSTNAME",
    "KC_HTTP_",
    "KC_HTTPS_",
    "KC_METRICS_ENABLED",
    "KC_PROXY",
    "KC_SPI_",
    "KC_TRANSACTION_",
    "KEYCLOAK_ADMIN_PASSWORD_FILE",
];

/// Whether a service is a Keycloak server: its image is called so, or two of its settings are ones that only the server reads.
pub(super) fn is_keycloak(service: &Service) -> bool {
    service.workload == Workload::Service && service.containers.iter().any(is_keycloak_container)
}

/// Whether a container is a Keycloak server.
pub(crate) fn is_keycloak_container(container: &Container) -> bool {
    container.image.as_ref().and_then(|image| image.text()).is_some_and(is_keycloak_image)
        || server_settings(container) >= 2
}

fn is_keycloak_image(image: &str) -> bool {
    let path = image.split('@').next().unwrap_or(image);
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = name.split(':').next().unwrap_or(name);
    let words = names::words(name);
    let is_server =
        |word: &String| SERVER_IMAGE_WORDS.contains(&word.as_str()) || names::environment_word(word).is_some();
    words.iter().any(|word| word == "keycloak")
        && (words.iter().all(is_server) || words.last().is_some_and(|word| word == "keycloak"))
}

fn server_settings(container: &Container) -> usize {
    let in_environment = container
        .env
        .iter()
        .filter_map(|variable| variable.name.text())
        .filter(|name| SERVER_SETTINGS.iter().any(|beginning| name.starts_with(beginning)))
        .count();
    let in_arguments = container
        .args
        .iter()
        .filter_map(|(word, _)| word.text())
        .filter(|word| {
            ["--hostname", "--proxy-headers", "--http-enabled", "--import-realm", "--db="]
                .iter()
                .any(|beginning| word.starts_with(beginning))
        })
        .count();
    in_environment + in_arguments
}

/// The hosts under which a Keycloak service is reached: its URLs, and the hostname that its settings fix.
pub(super) fn hosts(service: &Service, urls: &[ServiceUrl]) -> Vec<String> {
    let mut hosts: Vec<String> = urls.iter().filter_map(|url| host_in(&url.url)).collect();
    for container in &service.containers {
        let settings = container.env.iter().filter_map(|variable| match (&variable.name.text(), &variable.value) {
            (Some("KC_HOSTNAME" | "KC_HOSTNAME_URL"), EnvValue::Literal(value)) => value.text(),
            _ => None,
        });
        let arguments = container
            .args
            .iter()
            .filter_map(|(word, _)| word.text())
            .filter_map(|word| word.strip_prefix("--hostname=").or_else(|| word.strip_prefix("--hostname-url=")));
        for hostname in settings.chain(arguments) {
            if let Some(host) = crate::cloud_run::urls::host(hostname) {
                hosts.push(host);
            }
        }
    }
    hosts.sort();
    hosts.dedup();
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_beside_keycloak_is_no_keycloak() {
        assert!(is_keycloak_image("quay.io/keycloak/keycloak:26.3"));
        assert!(is_keycloak_image("europe-docker.pkg.dev/p/r/keycloak-service@sha256:00"));
        assert!(is_keycloak_image("europe-docker.pkg.dev/p/r/shop-keycloak:latest"));
        assert!(!is_keycloak_image("adorsys/keycloak-config-cli:6"));
        assert!(!is_keycloak_image("quay.io/keycloak/keycloak-operator"));
        assert!(!is_keycloak_image("gcr.io/p/shop-keycloak/authenticator"));
    }
}
