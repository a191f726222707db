//! What the rules about a service and its client share: the settings that name the client, and places on both sides.

use crate::conventions::{ClientExpectation, Reading, Role};
use crate::finding::{Evidence, Side};
use crate::keycloak::model::{Client, ClientField};
use crate::link::names::words;
use crate::link::{ContainerReading, Link, NamedClient};
use crate::scene::Scene;
use crate::snapshot::ClientId;

/// Whether anybody can get tokens through the client by one of its flows.
pub(super) fn gets_tokens(client: &Client) -> bool {
    !client.bearer_only.is_on()
        && [
            &client.standard_flow,
            &client.implicit_flow,
            &client.direct_access_grants,
            &client.service_accounts,
        ]
        .into_iter()
        .any(|flow| !flow.is_off())
}

/// A setting of a service that names a link's client, and what belongs to it.
pub(super) struct Named<'s> {
    /// The container, counted from zero.
    pub(super) container: usize,
    /// What its settings mean.
    pub(super) of: &'s ContainerReading,
    /// The client as the settings expect it.
    pub(super) found: &'s ClientExpectation,
}

/// The settings of the link's service that name its client.
pub(super) fn naming<'s>(link: &Link, scene: &'s Scene<'_>) -> Vec<Named<'s>> {
    let reading = scene.reading(link.service);
    let mut named = Vec::new();
    for read in reading.client_ids.iter().filter(|read| read.names == NamedClient::Client(link.client)) {
        let Some(of) = reading.containers.get(read.container) else { continue };
        let found = of.understanding.clients.iter().find(|found| {
            found.client_id.as_deref() == read.id.text()
                && of.settings.get(found.setting).is_some_and(|place| place.at == read.at)
        });
        named.extend(found.map(|found| Named { container: read.container, of, found }));
    }
    named
}

impl<'s> Named<'s> {
    /// The grant that the registration of the client states, as far as it states one.
    pub(super) fn grant(&self) -> Option<&'s str> {
        let grants = self.of.understanding.with_role(Role::GrantType);
        grants
            .filter(|grant| grant.group == self.found.group && grant.framework == self.found.framework)
            .find_map(|grant| grant.value.as_deref())
    }

    /// Whether the client's id ends up in a program in the browser.
    pub(super) fn is_in_browser(&self) -> bool {
        let readings = &self.of.understanding.readings;
        readings.iter().any(|reading| reading.setting == self.found.setting && reading.in_browser)
    }

    /// What the setting with the client's secret, or with the name of the file that holds it, means.
    pub(super) fn secret(&self) -> Option<&'s Reading> {
        let setting = self.found.secret?;
        self.of.understanding.readings.iter().find(|reading| reading.setting == setting && is_secret(reading))
    }
}

/// The place on the service's side that ties it to the client, with a label of its own.
pub(super) fn service_side(link: &Link, scene: &Scene<'_>, label: &str) -> Evidence {
    let places = link.clues.iter().flat_map(|clue| &clue.evidence);
    match places.into_iter().find(|place| place.side == Side::CloudRun) {
        Some(place) => Evidence { label: label.to_owned(), ..place.clone() },
        None => scene.service_itself(link.service, label),
    }
}

/// A switch of a client where the document states it; else the client, labelled with what an absent switch means.
pub(super) fn switch(
    client: ClientId,
    scene: &Scene<'_>,
    field: ClientField,
    stated: &str,
    absent: &str,
) -> Evidence {
    let place = scene.client_field(client, field, stated);
    if place.value.is_some() { place } else { scene.client_itself(client, absent) }
}

/// Whether a setting holds a client's secret, or names the file with it.
pub(super) fn is_secret(reading: &Reading) -> bool {
    matches!(reading.role, Role::ClientSecret | Role::ClientSecretFile)
}

/// Whether a setting of this name is of a database, a cache or a mail server, as far as its words tell.
pub(super) fn is_of_a_store(name: &str) -> bool {
    const WORDS: [&str; 22] = [
        "db",
        "database",
        "datasource",
        "jdbc",
        "sql",
        "cloudsql",
        "postgres",
        "postgresql",
        "pg",
        "pghost",
        "pgpassword",
        "mysql",
        "mariadb",
        "mssql",
        "mongo",
        "mongodb",
        "redis",
        "rabbitmq",
        "kafka",
        "smtp",
        "mail",
        "elastic",
    ];
    words(name).iter().any(|word| WORDS.contains(&word.as_str()))
}
