//! A client and its protocol mappers.

use std::sync::Arc;

use serde::de::MapAccess;

use super::context::Context;
use super::lenient::{Each, Fields, Mapping, Scalar, skip};
use crate::keycloak::model::{
    Client, ClientSecret, Dialect, Mapper, ScopeNames, StatedSwitches, Text, attribute,
};
use crate::known::{Known, Tag};
use crate::locus::Locus;
use crate::sorted::SortedMap;

/// What a client gets for switches that its document leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Defaults {
    /// What an import of a realm gives: off, except `enabled`, the standard flow, and full scope unless consent is asked.
    Import,
    /// What the admin API prints is all there is. A client without an `id` was never stored: it gets what creating it gives.
    AdminApi,
}

/// A client being read.
pub(super) struct ClientFields<'c, 't> {
    context: &'c Context<'t>,
    at: Locus,
    has_id: bool,
    client_id: Option<Text>,
    protocol: Option<Text>,
    enabled: Option<Known<bool>>,
    public_client: Option<Known<bool>>,
    bearer_only: Option<Known<bool>>,
    standard_flow: Option<Known<bool>>,
    implicit_flow: Option<Known<bool>>,
    direct_access_grants: Option<Known<bool>>,
    service_accounts: Option<Known<bool>>,
    full_scope: Option<Known<bool>>,
    consent_required: Option<Known<bool>>,
    root_url: Option<Text>,
    base_url: Option<Text>,
    admin_url: Option<Text>,
    redirect_uris: Vec<Text>,
    web_origins: Option<Vec<Text>>,
    attributes: Vec<(&'static str, Text)>,
    authenticator: Option<Text>,
    secret: Option<ClientSecret>,
    rotated_secret: Option<Tag>,
    mappers: Vec<Mapper>,
    default_scopes: Option<ScopeNames>,
    optional_scopes: Option<ScopeNames>,
}

impl<'c, 't> ClientFields<'c, 't> {
    pub(super) fn new(context: &'c Context<'t>, at: Locus) -> Self {
        ClientFields {
            context,
            at,
            has_id: false,
            client_id: None,
            protocol: None,
            enabled: None,
            public_client: None,
            bearer_only: None,
            standard_flow: None,
            implicit_flow: None,
            direct_access_grants: None,
            service_accounts: None,
            full_scope: None,
            consent_required: None,
            root_url: None,
            base_url: None,
            admin_url: None,
            redirect_uris: Vec::new(),
            web_origins: None,
            attributes: Vec::new(),
            authenticator: None,
            secret: None,
            rotated_secret: None,
            mappers: Vec::new(),
            default_scopes: None,
            optional_scopes: None,
        }
    }

    pub(super) fn finish(self, defaults: Defaults) -> Client {
        let dialect = match defaults {
            Defaults::Import => Dialect::RealmFile,
            Defaults::AdminApi => Dialect::AdminApi,
        };
        let created = defaults == Defaults::AdminApi && !self.has_id;
        let stored = defaults == Defaults::AdminApi && self.has_id;
        let consent = self.consent_required.unwrap_or(Known::Value(false));
        let or = |switch: Option<Known<bool>>, default: bool| switch.unwrap_or(Known::Value(default));
        let full_scope_default = match &consent {
            _ if stored => Known::Value(false),
            Known::Value(required) => Known::Value(!required),
            unknown => unknown.clone(),
        };
        let public_by_creation = created && self.public_client.is_none() && self.bearer_only.is_none();
        Client {
            stated: StatedSwitches {
                enabled: self.enabled.is_some(),
                public_client: self.public_client.is_some(),
                bearer_only: self.bearer_only.is_some(),
                standard_flow: self.standard_flow.is_some(),
                implicit_flow: self.implicit_flow.is_some(),
                direct_access_grants: self.direct_access_grants.is_some(),
                service_accounts: self.service_accounts.is_some(),
                full_scope: self.full_scope.is_some(),
            },
            at: self.at,
            dialect,
            client_id: self.client_id.unwrap_or_else(|| Known::unknown("the client has no `clientId`")),
            protocol: self.protocol.unwrap_or_else(|| Known::Value(self.context.name("openid-connect"))),
            enabled: or(self.enabled, !stored),
            public_client: or(self.public_client, public_by_creation),
            bearer_only: or(self.bearer_only, false),
            standard_flow: or(self.standard_flow, !stored),
            implicit_flow: or(self.implicit_flow, false),
            direct_access_grants: or(self.direct_access_grants, created),
            service_accounts: or(self.service_accounts, false),
            full_scope: self.full_scope.unwrap_or(full_scope_default),
            consent_required: consent,
            root_url: self.root_url,
            base_url: self.base_url,
            admin_url: self.admin_url,
            redirect_uris: self.redirect_uris,
            web_origins: self.web_origins,
            attributes: self.attributes.into_iter().collect(),
            authenticator: self.authenticator,
            secret: self.secret.unwrap_or(ClientSecret::Absent),
            rotated_secret: self.rotated_secret,
            mappers: self.mappers,
            default_scopes: self.default_scopes,
            optional_scopes: self.optional_scopes,
        }
    }
}

impl<'de> Fields<'de> for ClientFields<'_, '_> {
    const WHAT: &'static str = "a client";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let context = self.context;
        match key {
            "clientId" => self.client_id = context.next_text(map)?,
            "protocol" => self.protocol = context.next_shared(map)?,
            "enabled" => self.enabled = context.next_switch(map)?,
            "publicClient" => self.public_client = context.next_switch(map)?,
            "bearerOnly" => self.bearer_only = context.next_switch(map)?,
            "standardFlowEnabled" => self.standard_flow = context.next_switch(map)?,
            "implicitFlowEnabled" => self.implicit_flow = context.next_switch(map)?,
            "directAccessGrantsEnabled" => self.direct_access_grants = context.next_switch(map)?,
            "serviceAccountsEnabled" => self.service_accounts = context.next_switch(map)?,
            "fullScopeAllowed" => self.full_scope = context.next_switch(map)?,
            "consentRequired" => self.consent_required = context.next_switch(map)?,
            "rootUrl" => self.root_url = context.next_server_text(map)?,
            "baseUrl" => self.base_url = context.next_server_text(map)?,
            "adminUrl" => self.admin_url = context.next_server_text(map)?,
            "redirectUris" => self.redirect_uris = context.next_texts(map)?.unwrap_or_default(),
            "webOrigins" => self.web_origins = context.next_texts(map)?,
            "clientAuthenticatorType" => self.authenticator = context.next_shared(map)?,
            "secret" => {
                self.secret =
                    map.next_value_seed(Scalar { loose: false, make: |text: &str| context.secret(text) })?;
            }
            "rotatedSecret" => self.rotated_secret = next_tag(context, map)?.or(self.rotated_secret),
            "defaultClientScopes" => self.default_scopes = context.next_scopes(map)?,
            "optionalClientScopes" => self.optional_scopes = context.next_scopes(map)?,
            "attributes" => {
                map.next_value_seed(Mapping(&mut AttributeFields {
                    context,
                    found: &mut self.attributes,
                    rotated_secret: &mut self.rotated_secret,
                }))?;
            }
            "protocolMappers" => {
                self.mappers.clear();
                map.next_value_seed(mappers(context, &self.at, &mut self.mappers))?;
                self.mappers.shrink_to_fit();
            }
            "id" => {
                self.has_id = true;
                skip(map)?;
            }
            "clientTemplate" | "defaultRoles" => {
                let what = if key == "clientTemplate" {
                    "the client scope of"
                } else {
                    "the default roles of a client in"
                };
                context.note(
                    format!("`{key}` is {what} an older Keycloak and is not read here."),
                    Some(self.at.key(context.name(key))),
                );
                skip(map)?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

struct AttributeFields<'a, 'c, 't> {
    context: &'c Context<'t>,
    found: &'a mut Vec<(&'static str, Text)>,
    rotated_secret: &'a mut Option<Tag>,
}

/// The next value as a usable secret; none where it is masked, empty or a placeholder.
fn next_tag<'de, A: MapAccess<'de>>(context: &Context<'_>, map: &mut A) -> Result<Option<Tag>, A::Error> {
    let secret = map.next_value_seed(Scalar { loose: true, make: |text: &str| context.secret(text) })?;
    Ok(secret.and_then(|secret| match secret {
        ClientSecret::Held { tag, .. } => Some(tag),
        _ => None,
    }))
}

impl<'de> Fields<'de> for AttributeFields<'_, '_, '_> {
    const WHAT: &'static str = "attributes";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let context = self.context;
        if key == attribute::ROTATED_SECRET {
            *self.rotated_secret = next_tag(context, map)?.or(*self.rotated_secret);
            return Ok(());
        }
        let Some(name) = attribute::ALL.into_iter().find(|name| *name == key) else { return skip(map) };
        let value =
            map.next_value_seed(Scalar { loose: true, make: |text: &str| context.server_text(text) })?;
        self.found.extend(value.map(|value| (name, value)));
        Ok(())
    }
}

/// Reads `protocolMappers` of the mapping at `at`.
pub(super) fn mappers<'a, 'de, 'c: 'a, 't: 'a>(
    context: &'c Context<'t>,
    at: &Locus,
    found: &'a mut Vec<Mapper>,
) -> impl serde::de::DeserializeSeed<'de, Value = ()> + use<'a, 'de, 'c, 't> {
    let list = at.key(context.name("protocolMappers"));
    Each {
        what: "protocol mappers",
        start: move |index| MapperFields {
            context,
            at: list.index(index),
            name: None,
            protocol: None,
            provider: None,
            config: Vec::new(),
        },
        finish: |_, mapper: MapperFields<'_, '_>| found.push(mapper.finish()),
    }
}

struct MapperFields<'c, 't> {
    context: &'c Context<'t>,
    at: Locus,
    name: Option<Text>,
    protocol: Option<Text>,
    provider: Option<Text>,
    config: Vec<(Arc<str>, Text)>,
}

impl MapperFields<'_, '_> {
    fn finish(self) -> Mapper {
        Mapper {
            at: self.at,
            dialect: Dialect::RealmFile,
            name: self.name.unwrap_or_else(|| Known::unknown("the mapper has no name")),
            protocol: self.protocol.unwrap_or_else(|| Known::Value(self.context.name("openid-connect"))),
            provider: self.provider.unwrap_or_else(|| Known::unknown("the mapper has no `protocolMapper`")),
            config: self.config.into_iter().collect::<SortedMap<_, _>>(),
        }
    }
}

impl<'de> Fields<'de> for MapperFields<'_, '_> {
    const WHAT: &'static str = "a protocol mapper";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let context = self.context;
        match key {
            "name" => self.name = context.next_shared(map)?,
            "protocol" => self.protocol = context.next_shared(map)?,
            "protocolMapper" => self.provider = context.next_shared(map)?,
            "config" => {
                map.next_value_seed(Mapping(&mut ConfigFields { context, found: &mut self.config }))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

struct ConfigFields<'a, 'c, 't> {
    context: &'c Context<'t>,
    found: &'a mut Vec<(Arc<str>, Text)>,
}

impl<'de> Fields<'de> for ConfigFields<'_, '_, '_> {
    const WHAT: &'static str = "the configuration of a mapper";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let context = self.context;
        let value = map.next_value_seed(Scalar {
            loose: true,
            make: |text: &str| (!text.is_empty()).then(|| context.server_text(text)),
        })?;
        self.found.extend(value.flatten().map(|value| (context.name(key), value)));
        Ok(())
    }
}
