//! The Keycloak side of a plan or state: realms, clients, client scopes, mappers and roles.
//!
//! Attributes and defaults are those of keycloak/terraform-provider-keycloak. Terraform has evaluated every value, so that
//! what looks like a placeholder (`${client_id}`) is one of Keycloak's own and stays.

mod client;
mod roles;

use std::sync::Arc;

use super::mappers::kind_of;
use super::references::References;
use super::registry::Registry;
use super::resources::{Resource, Resources};
use crate::cloud_run::containers::Remarks;
use crate::cloud_run::texts::{AFTER_APPLY, Texts};
use crate::document::Node;
use crate::document::cursor::Cursor;
use crate::keycloak::model::{ClientScope, Completeness, Dialect, Mapper, Realm, ScopeNames, Text};
use crate::keycloak::realm_settings::EventSettings;
use crate::known::Known;
use crate::locus::Locus;
use crate::snapshot::Fact;

/// Reads the Keycloak side.
pub(crate) fn read<'r, 'n>(
    resources: &'r Resources<'n>,
    texts: Texts<'_>,
    remarks: &mut Remarks,
) -> Vec<Realm> {
    let mut reader = Reader {
        resources,
        texts,
        remarks,
        references: References::new(resources.configuration),
        realms: Vec::new(),
        named: Registry::default(),
        clients: Registry::default(),
        client_slots: Vec::new(),
        scopes: Registry::default(),
        scope_slots: Vec::new(),
        roles: Registry::default(),
        role_slots: Vec::new(),
    };
    reader.read_realms();
    reader.read_clients();
    reader.read_scopes();
    reader.read_roles();
    reader.read_mappers();
    reader.read_scope_lists();
    reader.read_service_accounts();
    reader.say_what_is_not_read();
    reader.realms
}

/// Where a client that others name is kept.
struct ClientSlot {
    realm: usize,
    /// None for a data source, which only lends its clientId.
    position: Option<usize>,
    client_id: Text,
}

/// Where a client scope that others name is kept.
struct ScopeSlot {
    realm: usize,
    position: Option<usize>,
    name: Text,
}

/// A role that others name.
struct RoleSlot {
    /// The clientId, for a role of a client.
    client: Option<Text>,
    name: Text,
}

struct Reader<'a, 'r, 'n, 't> {
    resources: &'r Resources<'n>,
    texts: Texts<'t>,
    remarks: &'a mut Remarks,
    references: References<'n>,
    realms: Vec<Realm>,
    /// Realms that are resources: index for index the first of `realms`.
    named: Registry<'r, 'n>,
    clients: Registry<'r, 'n>,
    client_slots: Vec<ClientSlot>,
    scopes: Registry<'r, 'n>,
    scope_slots: Vec<ScopeSlot>,
    roles: Registry<'r, 'n>,
    role_slots: Vec<RoleSlot>,
}

impl<'r, 'n> Reader<'_, 'r, 'n, '_> {
    /// Resources of a type, and data sources of it too, which are kept in two places.
    fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = &'r Resource<'n>> + use<'r, 'n> {
        let resources = self.resources;
        resources.all.iter().chain(&resources.read_before).filter(move |resource| resource.kind() == kind)
    }

    fn managed(&self, kind: &'static str) -> impl Iterator<Item = &'r Resource<'n>> + use<'r, 'n> {
        self.of_kind(kind).filter(|resource| !resource.address.data)
    }

    fn read_realms(&mut self) {
        for resource in self.of_kind("keycloak_realm") {
            // The provider takes the realm's name for its id.
            self.named.add(resource, &["id", "realm"]);
            let realm = self.realm(resource);
            self.realms.push(realm);
        }
    }

    fn realm(&self, resource: &Resource<'_>) -> Realm {
        let values = &resource.values;
        let name = text_at(values, "realm").unwrap_or_else(|| Known::unknown("the resource has no `realm`"));
        let lifespan = text_at(values, "access_token_lifespan").and_then(|lifespan| match lifespan {
            Known::Value(text) => Some(
                seconds(&text)
                    .map_or_else(|| Known::unknown(format!("`{text}` is no duration")), Known::Value),
            ),
            // Left to the server, or to a value of which nothing is known.
            Known::Secret(_) | Known::Unknown(_) => None,
        });
        Realm {
            enabled: self.switch(resource, "enabled", true).0,
            frontend_url: values.get("attributes").and_then(|found| text_at(&found, "frontendUrl")),
            access_token_lifespan: lifespan,
            ssl_required: text_at(values, "ssl_required"),
            default_scopes: self.names(resource, "default_default_client_scopes"),
            optional_scopes: self.names(resource, "default_optional_client_scopes"),
            complete: if resource.address.data { Completeness::ClientsOnly } else { Completeness::Additions },
            ..bare_realm(values.at(), name)
        }
    }

    /// The realm that a resource is of, made where the document does not hold it.
    fn realm_of(&mut self, resource: &Resource<'_>) -> usize {
        let named = resource.values.get("realm_id");
        let name = named.as_ref().map_or_else(|| Known::unknown("it names no realm"), text);
        let fitting: Vec<usize> = match &name {
            Known::Value(name) => self.with_name(name),
            _ => match self.named.find(self.references, resource, "realm_id") {
                Some(index) => vec![index],
                None => (0..self.named.len()).filter(|&at| !self.named.resource(at).address.data).collect(),
            },
        };
        if let Some(index) = self.nearest(&fitting, resource) {
            return index;
        }
        let known_name = name.value().cloned();
        let same = |realm: &Realm| match (&known_name, realm.name.value()) {
            (Some(name), Some(other)) => name == other,
            (None, None) => true,
            _ => false,
        };
        let others = self.named.len()..self.realms.len();
        if let Some(index) = others.into_iter().find(|&index| same(&self.realms[index])) {
            return index;
        }
        self.realms.push(bare_realm(resource.values.at(), name));
        self.realms.len() - 1
    }

    fn with_name(&self, name: &str) -> Vec<usize> {
        (0..self.named.len()).filter(|&index| self.realms[index].name.text() == Some(name)).collect()
    }

    /// The same module several times makes several realms of one name: the one that shares most of the way is meant. None
    /// when two are equally near.
    fn nearest(&self, realms: &[usize], resource: &Resource<'_>) -> Option<usize> {
        let shared = |index: usize| {
            let realm = self.named.resource(index);
            (realm.address.shared_modules(&resource.address), !realm.address.data)
        };
        let best = realms.iter().map(|&index| shared(index)).max()?;
        let mut nearest = realms.iter().copied().filter(|&index| shared(index) == best);
        nearest.next().filter(|_| nearest.next().is_none())
    }

    fn read_clients(&mut self) {
        for (kind, protocol) in
            [("keycloak_openid_client", "openid-connect"), ("keycloak_saml_client", "saml")]
        {
            for resource in self.of_kind(kind) {
                self.clients.add(resource, &["id", "resource_server_id"]);
                let client_id = text_at(&resource.values, "client_id")
                    .unwrap_or_else(|| Known::unknown("the resource has no `client_id`"));
                let realm = self.realm_of(resource);
                let mut position = None;
                if !resource.address.data {
                    let client = self.client(resource, protocol, client_id.clone());
                    position = Some(self.realms[realm].clients.len());
                    self.realms[realm].clients.push(client);
                }
                self.client_slots.push(ClientSlot { realm, position, client_id });
            }
        }
    }

    fn read_scopes(&mut self) {
        for (kind, protocol) in
            [("keycloak_openid_client_scope", "openid-connect"), ("keycloak_saml_client_scope", "saml")]
        {
            for resource in self.of_kind(kind) {
                self.scopes.add(resource, &["id"]);
                let name = text_at(&resource.values, "name")
                    .unwrap_or_else(|| Known::unknown("the resource has no `name`"));
                let realm = self.realm_of(resource);
                let mut position = None;
                if !resource.address.data {
                    let scope = ClientScope {
                        at: resource.values.at().clone(),
                        name: name.clone(),
                        protocol: Known::Value(protocol.into()),
                        in_token_scope: self.switch(resource, "include_in_token_scope", true).0,
                        mappers: Vec::new(),
                    };
                    let scopes = self.realms[realm].client_scopes.get_or_insert_default();
                    position = Some(scopes.len());
                    scopes.push(scope);
                }
                self.scope_slots.push(ScopeSlot { realm, position, name });
            }
        }
    }

    fn read_mappers(&mut self) {
        let resources = self.resources;
        for resource in resources.all.iter().filter(|resource| !resource.address.data) {
            let generic = matches!(
                resource.kind(),
                "keycloak_generic_protocol_mapper" | "keycloak_generic_client_protocol_mapper"
            );
            let mapper = match kind_of(resource.kind()) {
                Some(kind) => {
                    let config = kind.config.iter().filter_map(|(attribute, key)| {
                        Some(((*key).into(), self.setting(resource, attribute)?))
                    });
                    let mut config: Vec<(Arc<str>, Text)> = config.collect();
                    if kind.provider == "oidc-hardcoded-role-mapper" {
                        config.push(("role".into(), self.role_name(resource, "role_id")));
                    }
                    let provider = Known::Value(kind.provider.into());
                    self.mapper(resource, Dialect::Terraform, provider, config)
                }
                None if generic => {
                    let provider = text_at(&resource.values, "protocol_mapper")
                        .unwrap_or_else(|| Known::unknown("the resource has no `protocol_mapper`"));
                    let config = resource.values.get("config");
                    let config = config.iter().flat_map(Cursor::entries);
                    let config = config.map(|(key, value)| (Arc::clone(key), text(&value)));
                    let config = config.filter(|(_, value)| value.text() != Some("")).collect();
                    // Its `config` is spelled as the admin API spells it.
                    self.mapper(resource, Dialect::AdminApi, provider, config)
                }
                None => continue,
            };
            self.put_mapper(resource, mapper);
        }
    }

    fn mapper(
        &self,
        resource: &Resource<'_>,
        dialect: Dialect,
        provider: Text,
        config: Vec<(Arc<str>, Text)>,
    ) -> Mapper {
        let values = &resource.values;
        Mapper {
            at: values.at().clone(),
            dialect,
            name: text_at(values, "name").unwrap_or_else(|| Known::Value("audience resolve".into())),
            protocol: text_at(values, "protocol").unwrap_or_else(|| Known::Value("openid-connect".into())),
            provider,
            config: config.into_iter().collect(),
        }
    }

    /// An attribute of a mapper as Keycloak keeps it; none when it is not set.
    fn setting(&self, resource: &Resource<'_>, attribute: &str) -> Option<Text> {
        let value = resource.values.get(attribute)?;
        if value.is_unknown() && self.references.sets(resource, attribute) == Some(false) {
            return None;
        }
        Some(text(&value)).filter(|value| value.text() != Some(""))
    }

    fn put_mapper(&mut self, resource: &'r Resource<'n>, mapper: Mapper) {
        let client = self.clients.find(self.references, resource, "client_id");
        let scope = self.scopes.find(self.references, resource, "client_scope_id");
        let holder = match (client, scope) {
            (Some(client), _) => {
                let slot = &self.client_slots[client];
                slot.position.map(|position| &mut self.realms[slot.realm].clients[position].mappers)
            }
            (None, Some(scope)) => {
                let slot = &self.scope_slots[scope];
                let scopes = self.realms[slot.realm].client_scopes.as_mut();
                let scope = slot.position.and_then(|position| scopes?.get_mut(position));
                scope.map(|scope| &mut scope.mappers)
            }
            (None, None) => None,
        };
        match holder {
            Some(mappers) => {
                mappers.push(mapper);
            }
            None => {
                let why = format!(
                    "The client or client scope of the mapper `{}` is not among what was read, so that the tokens it changes \
                     are not known.",
                    resource.text
                );
                self.remarks.missing(Fact::ClientScopes, resource.values.at(), why);
            }
        }
    }

    fn read_scope_lists(&mut self) {
        for (kind, attribute) in [
            ("keycloak_openid_client_default_scopes", "default_scopes"),
            ("keycloak_openid_client_optional_scopes", "optional_scopes"),
        ] {
            for resource in self.managed(kind) {
                let names = self.names(resource, attribute);
                let client = self.clients.find(self.references, resource, "client_id");
                let place = client.map(|client| &self.client_slots[client]);
                let Some((realm, position)) = place.and_then(|slot| Some((slot.realm, slot.position?)))
                else {
                    let why = format!("The client of `{}` is not among what was read.", resource.text);
                    self.remarks.missing(Fact::ClientScopes, resource.values.at(), why);
                    continue;
                };
                let client = &mut self.realms[realm].clients[position];
                if attribute == "default_scopes" {
                    client.default_scopes = names;
                } else {
                    client.optional_scopes = names;
                }
            }
        }
        for (kind, attribute) in [
            ("keycloak_realm_default_client_scopes", "default_scopes"),
            ("keycloak_realm_optional_client_scopes", "optional_scopes"),
        ] {
            for resource in self.managed(kind) {
                let names = self.names(resource, attribute);
                let realm = self.realm_of(resource);
                if attribute == "default_scopes" {
                    self.realms[realm].default_scopes = names;
                } else {
                    self.realms[realm].optional_scopes = names;
                }
            }
        }
    }

    fn say_what_is_not_read(&mut self) {
        const UNREAD: [&str; 6] = [
            "keycloak_group",
            "keycloak_group_memberships",
            "keycloak_group_roles",
            "keycloak_user",
            "keycloak_user_groups",
            "keycloak_user_roles",
        ];
        let first = self.resources.all.iter().find(|resource| UNREAD.contains(&resource.kind()));
        if let Some(resource) = first.filter(|resource| !resource.address.data) {
            let why = "Groups and users among Terraform's resources are not read, so that the roles they give are not known.";
            self.remarks.missing(Fact::Roles, resource.values.at(), why);
        }
    }

    /// Names of client scopes; none when the attribute is not set. Names of scopes that exist after apply only are looked up.
    fn names(&self, resource: &Resource<'_>, attribute: &str) -> Option<ScopeNames> {
        let list = resource.values.get(attribute)?;
        if list.is_unknown() {
            let unset = self.references.sets(resource, attribute) == Some(false);
            return (!unset).then(|| [Known::unknown(AFTER_APPLY)].into());
        }
        Some(list.items().map(|item| text(&item)).collect())
    }

    /// A switch, and whether it is stated. Switches that are left to the provider are known after apply only, but the provider
    /// sends its default.
    fn switch(&self, resource: &Resource<'_>, attribute: &str, default: bool) -> (Known<bool>, bool) {
        match resource.values.get(attribute) {
            None => (Known::Value(default), false),
            Some(value) if value.is_unknown() => match self.references.sets(resource, attribute) {
                Some(true) => (Known::unknown(AFTER_APPLY), true),
                _ => (Known::Value(default), false),
            },
            Some(value) => (self.texts.switch(&value), true),
        }
    }
}

/// A realm of which only the name is known.
fn bare_realm(at: &Locus, name: Text) -> Realm {
    Realm {
        at: at.clone(),
        dialect: Dialect::Terraform,
        server: None,
        name,
        enabled: Known::Value(true),
        keycloak_version: None,
        frontend_url: None,
        by_config_cli: false,
        access_token_lifespan: None,
        ssl_required: None,
        clients: Vec::new(),
        client_scopes: None,
        default_scopes: None,
        optional_scopes: None,
        realm_roles: Vec::new(),
        client_roles: std::collections::BTreeMap::new(),
        default_role: None,
        default_roles: Vec::new(),
        scope_mappings: Vec::new(),
        groups: Vec::new(),
        default_groups: Vec::new(),
        users: Vec::new(),
        identity_providers: None,
        events: EventSettings::default(),
        complete: Completeness::ClientsOnly,
    }
}

/// A text as Terraform has it: no placeholder, but perhaps known after apply only.
fn text(cursor: &Cursor<'_>) -> Text {
    if cursor.is_unknown() {
        return Known::unknown(AFTER_APPLY);
    }
    match cursor.node() {
        Node::Text(text) => Known::Value(Arc::clone(text)),
        node => match node.scalar() {
            Some(text) => Known::Value(text.into()),
            None => Known::unknown(format!("{} stands there instead of a text", node.describe())),
        },
    }
}

/// A text that may stand there or not; an empty one counts as absent.
fn text_at(cursor: &Cursor<'_>, key: &str) -> Option<Text> {
    cursor.get(key).map(|value| text(&value)).filter(|text| text.text() != Some(""))
}

/// Seconds of a duration as the provider writes it: `1h30m0s`.
fn seconds(text: &str) -> Option<i64> {
    let mut total = 0_i64;
    let mut number = String::new();
    for character in text.chars() {
        if character.is_ascii_digit() {
            number.push(character);
            continue;
        }
        let unit = match character {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        let count = std::mem::take(&mut number).parse::<i64>().ok()?;
        total = total.checked_add(count.checked_mul(unit)?)?;
    }
    (number.is_empty() && !text.is_empty()).then_some(total)
}
