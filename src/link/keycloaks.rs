//! Under which hosts a Keycloak service is known.

use super::hosts::host_in;
use super::{ContainerReading, reading};
use crate::cloud_run::model::ServiceUrl;
use crate::cloud_run::urls;

/// The hosts under which a Keycloak service is reached: its URLs, and the hostname that its settings fix.
pub(super) fn hosts(containers: &[ContainerReading], of_service: &[ServiceUrl]) -> Vec<String> {
    let mut hosts: Vec<String> = of_service.iter().filter_map(|url| host_in(&url.url)).collect();
    for option in ["hostname", "hostname-url"] {
        hosts.extend(
            containers
                .iter()
                .filter_map(|container| reading::option(container, option))
                .filter_map(urls::host),
        );
    }
    hosts.sort();
    hosts.dedup();
    hosts
}
