//! Evidence made easy: a place, what stands there, and what it has to do with the finding.

use super::Scene;
use crate::cloud_run::model::{EnvValue, EnvVar, ServiceUrl};
use crate::finding::{Evidence, Side};
use crate::keycloak::model::{Client, ClientField, Dialect};
use crate::known::Known;
use crate::snapshot::{ClientId, RealmId, ServiceId};

/// Shown in place of a field that holds a list: longer ones are cut after this many entries.
const MOST_ENTRIES_SHOWN: usize = 8;

impl Scene<'_> {
    /// A field of a client with its value; no value when the field is absent or a secret. For lists the place is the whole list.
    pub fn client_field(&self, id: ClientId, field: ClientField, label: impl Into<String>) -> Evidence {
        let client = self.client(id);
        Evidence::keycloak(client.field(field), field_value(client, field), label)
    }

    /// Entry `index` of a list field of a client (`redirectUris`, `webOrigins`, scopes) with its value.
    pub fn client_entry(
        &self,
        id: ClientId,
        field: ClientField,
        index: usize,
        label: impl Into<String>,
    ) -> Evidence {
        let client = self.client(id);
        let value = entry_value(client, field, index);
        Evidence::keycloak(client.entry(field, index), value, label)
    }

    /// The client's id, for findings that have no better place on the Keycloak side.
    pub fn client_itself(&self, id: ClientId, label: impl Into<String>) -> Evidence {
        self.client_field(id, ClientField::ClientId, label)
    }

    /// The realm's name, for findings that have no better place on the Keycloak side.
    pub fn realm_itself(&self, id: RealmId, label: impl Into<String>) -> Evidence {
        let realm = self.realm(id);
        Evidence::keycloak(realm.at.key("realm"), realm.name.text().map(str::to_owned), label)
    }

    /// The realm's lifespan of access tokens.
    pub fn realm_lifespan(&self, id: RealmId, label: impl Into<String>) -> Evidence {
        let realm = self.realm(id);
        let value = realm.access_token_lifespan.as_ref().and_then(Known::value).map(ToString::to_string);
        let field = match realm.dialect {
            Dialect::Terraform => "access_token_lifespan",
            _ => "accessTokenLifespan",
        };
        Evidence::keycloak(realm.at.key(field), value, label)
    }

    /// The service's name, for findings that have no better place on the Cloud Run side.
    pub fn service_itself(&self, id: ServiceId, label: impl Into<String>) -> Evidence {
        let service = self.service(id);
        Evidence::cloud_run(service.name_at.clone(), service.name.text().map(str::to_owned), label)
    }

    /// A URL of a service; the label should say how it is known when it is not stated.
    pub fn service_url(&self, url: &ServiceUrl, label: impl Into<String>) -> Evidence {
        // A URL that a redirect URI reveals stands on the Keycloak side.
        let is_client_side = self.snapshot.realms.iter().any(|realm| realm.at.part == url.at.part)
            && !self.snapshot.services.iter().any(|service| service.at.part == url.at.part);
        let side = if is_client_side { Side::Keycloak } else { Side::CloudRun };
        Evidence::new(side, url.at.clone(), Some(url.url.clone()), label)
    }

    /// A setting of a service's container, by its position in [`ContainerReading::settings`](crate::link::ContainerReading::settings) —
    /// the number that conventions' readings and expectations carry — with its value; no value when it is secret or unknown.
    pub fn setting(
        &self,
        id: ServiceId,
        container: usize,
        setting: usize,
        label: impl Into<String>,
    ) -> Evidence {
        match self.reading(id).containers.get(container).and_then(|container| container.settings.get(setting))
        {
            Some(place) => Evidence::cloud_run(place.at.clone(), place.value.clone(), label),
            None => self.service_itself(id, label),
        }
    }

    /// The name of a setting of a service's container, by its position; empty when there is none.
    pub fn setting_name(&self, id: ServiceId, container: usize, setting: usize) -> &str {
        let container = self.reading(id).containers.get(container);
        container
            .and_then(|container| container.settings.get(setting))
            .map_or("", |place| place.name.as_str())
    }

    /// An environment variable with its value; no value when it is a secret, a reference or unknown.
    pub fn variable(&self, variable: &EnvVar, label: impl Into<String>) -> Evidence {
        Evidence::cloud_run(variable.at.clone(), variable_value(variable), label)
    }
}

fn variable_value(variable: &EnvVar) -> Option<String> {
    match &variable.value {
        EnvValue::Literal(Known::Value(text)) => Some(text.clone()),
        _ => None,
    }
}

fn switch(value: &Known<bool>) -> Option<String> {
    value.value().map(ToString::to_string)
}

/// What a field of a client says, as a person may copy it; none for absent fields and for secrets.
pub(crate) fn field_value(client: &Client, field: ClientField) -> Option<String> {
    use ClientField as F;
    let stated = &client.stated;
    let text = |text: &Option<crate::keycloak::model::Text>| {
        text.as_ref().and_then(|text| text.text()).map(str::to_owned)
    };
    match field {
        F::ClientId => client.client_id.text().map(str::to_owned),
        F::Enabled if stated.enabled => switch(&client.enabled),
        F::PublicClient if stated.public_client => switch(&client.public_client),
        F::BearerOnly if stated.bearer_only => switch(&client.bearer_only),
        F::StandardFlow if stated.standard_flow => switch(&client.standard_flow),
        F::ImplicitFlow if stated.implicit_flow => switch(&client.implicit_flow),
        F::DirectAccessGrants if stated.direct_access_grants => switch(&client.direct_access_grants),
        F::ServiceAccounts if stated.service_accounts => switch(&client.service_accounts),
        F::FullScope if stated.full_scope => switch(&client.full_scope),
        F::Enabled
        | F::PublicClient
        | F::BearerOnly
        | F::StandardFlow
        | F::ImplicitFlow
        | F::DirectAccessGrants
        | F::ServiceAccounts
        | F::FullScope
        | F::Secret
        | F::Mappers => None,
        F::RootUrl => text(&client.root_url),
        F::BaseUrl => text(&client.base_url),
        F::AdminUrl => text(&client.admin_url),
        F::Authenticator => text(&client.authenticator),
        F::RedirectUris => list(&client.redirect_uris),
        F::WebOrigins => client.web_origins.as_deref().and_then(list),
        F::DefaultScopes => client.default_scopes.as_deref().and_then(list),
        F::OptionalScopes => client.optional_scopes.as_deref().and_then(list),
        F::Attribute(name) => client.attribute(name).and_then(|value| value.text()).map(str::to_owned),
    }
}

fn entry_value(client: &Client, field: ClientField, index: usize) -> Option<String> {
    let entries = match field {
        ClientField::RedirectUris => Some(client.redirect_uris.as_slice()),
        ClientField::WebOrigins => client.web_origins.as_deref(),
        ClientField::DefaultScopes => client.default_scopes.as_deref(),
        ClientField::OptionalScopes => client.optional_scopes.as_deref(),
        _ => None,
    };
    entries?.get(index)?.text().map(str::to_owned)
}

fn list(entries: &[crate::keycloak::model::Text]) -> Option<String> {
    let mut shown: Vec<&str> =
        entries.iter().take(MOST_ENTRIES_SHOWN).map(|entry| entry.text().unwrap_or("(unknown)")).collect();
    if entries.len() > MOST_ENTRIES_SHOWN {
        shown.push("…");
    }
    (!shown.is_empty()).then(|| shown.join(", "))
}
