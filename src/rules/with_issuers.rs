//! What the rules about issuers, keys and audiences share: which container speaks of a Keycloak, and the names of its settings.

use crate::conventions::{IssuerBasis, IssuerExpectation, Role};
use crate::finding::Evidence;
use crate::link::{ContainerReading, IssuerReading, NamedRealm};
use crate::scene::Scene;
use crate::snapshot::ServiceId;

/// The containers of a service with their positions.
pub(super) fn containers<'s>(
    id: ServiceId,
    scene: &'s Scene<'_>,
) -> impl Iterator<Item = (usize, &'s ContainerReading)> {
    scene.reading(id).containers.iter().enumerate()
}

/// What conventions know of an issuer that a service expects.
pub(super) fn expectation<'s>(
    id: ServiceId,
    issuer: &IssuerReading,
    scene: &'s Scene<'_>,
) -> Option<&'s IssuerExpectation> {
    let container = scene.reading(id).containers.get(issuer.container)?;
    container.understanding.issuers.get(issuer.expectation)
}

/// The names of settings as a message writes them: "`A` and `B`".
pub(super) fn names_of(id: ServiceId, container: usize, settings: &[usize], scene: &Scene<'_>) -> String {
    let mut names: Vec<String> =
        settings.iter().map(|setting| format!("`{}`", scene.setting_name(id, container, *setting))).collect();
    names.dedup();
    names.join(" and ")
}

/// Settings as evidence.
pub(super) fn evidence_of(
    id: ServiceId,
    container: usize,
    settings: &[usize],
    label: &str,
    scene: &Scene<'_>,
) -> Vec<Evidence> {
    settings.iter().map(|setting| scene.setting(id, container, *setting, label)).collect()
}

/// The issuers that a container compares or reads discovery of; endpoints are left out.
pub(super) fn issuers_of_container<'s>(
    id: ServiceId,
    container: usize,
    scene: &'s Scene<'_>,
) -> impl Iterator<Item = (&'s IssuerReading, &'s IssuerExpectation)> {
    scene
        .reading(id)
        .issuers
        .iter()
        .filter(move |issuer| issuer.container == container)
        .filter_map(move |issuer| Some((issuer, expectation(id, issuer, scene)?)))
        .filter(|(_, found)| found.basis != IssuerBasis::Endpoint)
}

/// Whether the tokens that a container checks are Keycloak's: an issuer, endpoint or realm of it is one of a Keycloak, or a setting
/// that would tell holds no value.
pub(super) fn is_of_keycloak(id: ServiceId, container: usize, scene: &Scene<'_>) -> bool {
    let reading = scene.reading(id);
    let mut own = reading.issuers.iter().filter(|issuer| issuer.container == container).peekable();
    if own.peek().is_some() {
        return own.any(|issuer| issuer.names != NamedRealm::NotKeycloak);
    }
    let Some(container) = reading.containers.get(container) else { return false };
    let speaks = container
        .understanding
        .readings
        .iter()
        .any(|found| matches!(found.role, Role::ServerUrl | Role::Realm | Role::AdminApiUrl));
    speaks || !reading.realms.is_empty() || !container.understanding.issuers.is_empty()
}
