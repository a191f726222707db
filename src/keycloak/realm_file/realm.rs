//! A realm: its own fields, and the lists that its parts are in.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::client::{ClientFields, Defaults, mappers};
use super::context::Context;
use super::lenient::{Each, Fields, Mapping, Scalar, skip};
use super::people::{ClientScopeMappingsFields, RolesFields, groups, scope_mappings, users};
use super::providers::Providers;
use crate::keycloak::model::{
    Client, ClientScope, Completeness, Dialect, Group, Mapper, Realm, Role, ScopeMapping, ScopeNames, Text,
    User,
};
use crate::keycloak::realm_settings::{EventSettings, IdentityProvider};
use crate::known::Known;
use crate::locus::Locus;

/// A realm being read.
pub(super) struct RealmFields<'c, 't> {
    pub(super) context: &'c Context<'t>,
    pub(super) at: Locus,
    name: Option<Text>,
    enabled: Option<Known<bool>>,
    keycloak_version: Option<Text>,
    frontend_url: Option<Text>,
    by_config_cli: bool,
    access_token_lifespan: Option<Known<i64>>,
    ssl_required: Option<Text>,
    clients: Option<Vec<Client>>,
    client_scopes: Option<Vec<ClientScope>>,
    default_scopes: Option<ScopeNames>,
    optional_scopes: Option<ScopeNames>,
    realm_roles: Vec<Role>,
    client_roles: BTreeMap<Arc<str>, Vec<Role>>,
    default_role: Option<Text>,
    default_roles: Vec<Text>,
    scope_mappings: Vec<ScopeMapping>,
    groups: Vec<Group>,
    default_groups: Vec<Text>,
    users: Vec<User>,
    identity_providers: Option<Vec<IdentityProvider>>,
    events: EventSettings,
}

impl<'c, 't> RealmFields<'c, 't> {
    pub(super) fn new(context: &'c Context<'t>, at: Locus) -> Self {
        RealmFields {
            context,
            at,
            name: None,
            enabled: None,
            keycloak_version: None,
            frontend_url: None,
            by_config_cli: false,
            access_token_lifespan: None,
            ssl_required: None,
            clients: None,
            client_scopes: None,
            default_scopes: None,
            optional_scopes: None,
            realm_roles: Vec::new(),
            client_roles: BTreeMap::new(),
            default_role: None,
            default_roles: Vec::new(),
            scope_mappings: Vec::new(),
            groups: Vec::new(),
            default_groups: Vec::new(),
            users: Vec::new(),
            identity_providers: None,
            events: EventSettings::default(),
        }
    }

    /// Clients that stand beside the realm rather than in it.
    pub(super) fn clients_only(context: &'c Context<'t>, at: Locus, mut clients: Vec<Client>) -> Realm {
        clients.shrink_to_fit();
        let mut realm = Self::new(context, at).finish();
        realm.name = Known::unknown("the document holds clients without their realm");
        realm.enabled = Known::unknown("the document holds clients without their realm");
        realm.dialect = Dialect::AdminApi;
        realm.complete = Completeness::ClientsOnly;
        realm.clients = clients;
        realm
    }

    pub(super) fn set_clients(&mut self, mut clients: Vec<Client>) {
        clients.shrink_to_fit();
        self.clients = Some(clients);
    }

    pub(super) fn push_user(&mut self, user: User) {
        self.users.push(user);
    }

    /// The users alone, for a file of a directory export.
    pub(super) fn into_users(self) -> (Option<Text>, Vec<User>) {
        (self.name, self.users)
    }

    pub(super) fn finish(self) -> Realm {
        let clients = self.clients.unwrap_or_default();
        Realm {
            at: self.at,
            dialect: Dialect::RealmFile,
            server: None,
            name: self.name.unwrap_or_else(|| Known::unknown("the file does not name its realm")),
            // Servers make a realm disabled unless they are told otherwise.
            enabled: self.enabled.unwrap_or(Known::Value(false)),
            keycloak_version: self.keycloak_version,
            frontend_url: self.frontend_url,
            by_config_cli: self.by_config_cli,
            access_token_lifespan: self.access_token_lifespan,
            ssl_required: self.ssl_required,
            complete: if has_built_in_clients(&clients) {
                Completeness::Export
            } else {
                Completeness::Additions
            },
            clients,
            client_scopes: self.client_scopes,
            default_scopes: self.default_scopes,
            optional_scopes: self.optional_scopes,
            realm_roles: self.realm_roles,
            client_roles: self.client_roles,
            default_role: self.default_role,
            default_roles: self.default_roles,
            scope_mappings: self.scope_mappings,
            groups: self.groups,
            default_groups: self.default_groups,
            users: self.users,
            identity_providers: self.identity_providers,
            events: self.events,
        }
    }

    fn outdated(&self, key: &str, what: &str) {
        self.context.note(
            format!("`{key}` is {what}; today's servers read nothing of it, and it is not read here."),
            Some(self.at.key(self.context.name(key))),
        );
    }
}

// A realm's own client that holds its administration is `realm-management`; the one of `master` is `master-realm`.
fn has_built_in_clients(clients: &[Client]) -> bool {
    let names: std::collections::HashSet<&str> =
        clients.iter().filter_map(|client| client.client_id.text()).collect();
    ["account", "admin-cli", "broker", "security-admin-console"].iter().all(|name| names.contains(name))
        && (names.contains("realm-management") || names.contains("master-realm"))
}

impl<'de> Fields<'de> for RealmFields<'_, '_> {
    const WHAT: &'static str = "a realm";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let context = self.context;
        match key {
            "realm" => self.name = context.next_text(map)?,
            "enabled" => self.enabled = context.next_switch(map)?,
            "keycloakVersion" => self.keycloak_version = context.next_text(map)?,
            "accessTokenLifespan" => self.access_token_lifespan = context.next_number(map)?,
            "sslRequired" => self.ssl_required = context.next_text(map)?,
            "attributes" => {
                map.next_value_seed(Mapping(&mut RealmAttributes {
                    context,
                    frontend_url: &mut self.frontend_url,
                    admin_expiration: &mut self.events.admin_expiration,
                    by_config_cli: &mut self.by_config_cli,
                }))?;
            }
            "clients" => {
                let at = self.at.key(context.name("clients"));
                let mut clients = Vec::new();
                map.next_value_seed(clients_seed(context, at, Defaults::Import, &mut clients))?;
                self.set_clients(clients);
            }
            "clientScopes" => {
                let at = self.at.key(context.name("clientScopes"));
                let mut scopes = None;
                map.next_value_seed(ClientScopes { context, at, found: &mut scopes })?;
                self.client_scopes = scopes;
            }
            "defaultDefaultClientScopes" => self.default_scopes = context.next_scopes(map)?,
            "defaultOptionalClientScopes" => self.optional_scopes = context.next_scopes(map)?,
            "roles" => {
                self.realm_roles.clear();
                self.client_roles.clear();
                let mut fields =
                    RolesFields { context, realm: &mut self.realm_roles, client: &mut self.client_roles };
                map.next_value_seed(Mapping(&mut fields))?;
                self.realm_roles.shrink_to_fit();
            }
            "defaultRole" => self.default_role = map.next_value_seed(DefaultRole(context))?,
            "defaultRoles" => self.default_roles = context.next_names(map)?.unwrap_or_default(),
            "scopeMappings" => {
                let at = self.at.key(context.name(key));
                map.next_value_seed(scope_mappings(context, at, None, &mut self.scope_mappings))?;
            }
            "clientScopeMappings" | "applicationScopeMappings" => {
                let at = self.at.key(context.name(key));
                let mut fields = ClientScopeMappingsFields { context, at, found: &mut self.scope_mappings };
                map.next_value_seed(Mapping(&mut fields))?;
            }
            "groups" => map.next_value_seed(groups(context, &mut self.groups))?,
            "defaultGroups" => self.default_groups = context.next_names(map)?.unwrap_or_default(),
            "users" => {
                let at = self.at.key(context.name(key));
                map.next_value_seed(users(context, at, &mut self.users))?;
                self.users.shrink_to_fit();
            }
            "identityProviders" => {
                let at = self.at.key(context.name(key));
                map.next_value_seed(Providers { context, at, found: &mut self.identity_providers })?;
            }
            "eventsEnabled" => self.events.logins = context.next_switch(map)?,
            "eventsExpiration" => self.events.login_expiration = context.next_number(map)?,
            "enabledEventTypes" => self.events.login_types = context.next_names(map)?.unwrap_or_default(),
            "adminEventsEnabled" => self.events.admin = context.next_switch(map)?,
            "adminEventsDetailsEnabled" => self.events.admin_details = context.next_switch(map)?,
            "applications" | "oauthClients" => {
                self.outdated(
                    key,
                    ": import it into a server and export it again to have its clients checked",
                );
                skip(map)?;
            }
            "clientTemplates" => {
                self.outdated(key, "what servers before 4 called client scopes");
                skip(map)?;
            }
            "federatedUsers" => {
                context.note(
                    "Federated users and their roles are not read.",
                    Some(self.at.key(context.name(key))),
                );
                skip(map)?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// A list of clients at `at`.
pub(super) fn clients_seed<'a, 'de, 'c: 'a, 't: 'a>(
    context: &'c Context<'t>,
    at: Locus,
    defaults: Defaults,
    found: &'a mut Vec<Client>,
) -> impl DeserializeSeed<'de, Value = ()> + use<'a, 'de, 'c, 't> {
    Each {
        what: "clients",
        start: move |index| ClientFields::new(context, at.index(index)),
        finish: move |_, client: ClientFields<'_, '_>| found.push(client.finish(defaults)),
    }
}

struct RealmAttributes<'a, 'c, 't> {
    context: &'c Context<'t>,
    frontend_url: &'a mut Option<Text>,
    admin_expiration: &'a mut Option<Known<i64>>,
    by_config_cli: &'a mut bool,
}

/// keycloak-config-cli keeps checksums and its state in realm attributes whose names begin so.
const CONFIG_CLI: &str = "de.adorsys.keycloak.config.";

impl<'de> Fields<'de> for RealmAttributes<'_, '_, '_> {
    const WHAT: &'static str = "attributes";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let context = self.context;
        match key {
            "frontendUrl" => {}
            "adminEventsExpiration" => {
                *self.admin_expiration = context.next_number(map)?;
                return Ok(());
            }
            _ => {
                *self.by_config_cli |= key.starts_with(CONFIG_CLI);
                return skip(map);
            }
        }
        let make = |text: &str| (!text.is_empty()).then(|| context.text(text));
        *self.frontend_url = map.next_value_seed(Scalar { loose: true, make })?.flatten();
        Ok(())
    }
}

struct ClientScopes<'a, 'c, 't> {
    context: &'c Context<'t>,
    at: Locus,
    found: &'a mut Option<Vec<ClientScope>>,
}

// `null` is as if the list were not there, so that servers make the built-in scopes; an empty list is a list.
impl<'de> DeserializeSeed<'de> for ClientScopes<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ClientScopes<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of client scopes")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        let ClientScopes { context, at, found } = self;
        let mut scopes = Vec::new();
        Each {
            what: "client scopes",
            start: |index| ClientScopeFields::new(context, at.index(index)),
            finish: |_, scope: ClientScopeFields<'_, '_>| scopes.push(scope.finish()),
        }
        .visit_seq(list)?;
        *found = Some(scopes);
        Ok(())
    }
}

struct ClientScopeFields<'c, 't> {
    context: &'c Context<'t>,
    at: Locus,
    name: Option<Text>,
    protocol: Option<Text>,
    in_token_scope: Option<Known<bool>>,
    mappers: Vec<Mapper>,
}

impl<'c, 't> ClientScopeFields<'c, 't> {
    fn new(context: &'c Context<'t>, at: Locus) -> Self {
        ClientScopeFields {
            context,
            at,
            name: None,
            protocol: None,
            in_token_scope: None,
            mappers: Vec::new(),
        }
    }

    fn finish(self) -> ClientScope {
        ClientScope {
            at: self.at,
            name: self.name.unwrap_or_else(|| Known::unknown("the client scope has no name")),
            protocol: self.protocol.unwrap_or_else(|| Known::Value(self.context.name("openid-connect"))),
            in_token_scope: self.in_token_scope.unwrap_or(Known::Value(true)),
            mappers: self.mappers,
        }
    }
}

impl<'de> Fields<'de> for ClientScopeFields<'_, '_> {
    const WHAT: &'static str = "a client scope";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let context = self.context;
        match key {
            "name" => self.name = context.next_shared(map)?,
            "protocol" => self.protocol = context.next_shared(map)?,
            "protocolMappers" => map.next_value_seed(mappers(context, &self.at, &mut self.mappers))?,
            "attributes" => {
                map.next_value_seed(Mapping(&mut ScopeAttributes {
                    context,
                    in_token: &mut self.in_token_scope,
                }))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

struct ScopeAttributes<'a, 'c, 't> {
    context: &'c Context<'t>,
    in_token: &'a mut Option<Known<bool>>,
}

impl<'de> Fields<'de> for ScopeAttributes<'_, '_, '_> {
    const WHAT: &'static str = "attributes";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        if key != "include.in.token.scope" {
            return skip(map);
        }
        *self.in_token = self.context.next_switch(map)?;
        Ok(())
    }
}

// `defaultRole` is a role; by hand people also write its name alone.
struct DefaultRole<'c, 't>(&'c Context<'t>);

impl<'de> DeserializeSeed<'de> for DefaultRole<'_, '_> {
    type Value = Option<Text>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Text>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DefaultRole<'_, '_> {
    type Value = Option<Text>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a mapping: the default role")
    }

    fn visit_unit<E>(self) -> Result<Option<Text>, E> {
        Ok(None)
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<Text>, E> {
        Ok(Some(self.0.text(name)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<Text>, A::Error> {
        let mut fields = NameFields { context: self.0, name: None };
        Mapping(&mut fields).visit_map(map)?;
        Ok(fields.name)
    }
}

struct NameFields<'c, 't> {
    context: &'c Context<'t>,
    name: Option<Text>,
}

impl<'de> Fields<'de> for NameFields<'_, '_> {
    const WHAT: &'static str = "a role";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        if key == "name" {
            self.name = self.context.next_text(map)?;
            return Ok(());
        }
        skip(map)
    }
}
