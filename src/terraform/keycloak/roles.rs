//! Roles, what they contain, whose scope they are in, and the roles of service accounts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Reader, RoleSlot, text, text_at};
use crate::cloud_run::texts::AFTER_APPLY;
use crate::keycloak::model::{Role, ScopeHolder, ScopeMapping, Text, User};
use crate::known::Known;
use crate::snapshot::Fact;
use crate::sorted::SortedMap;
use crate::terraform::resources::Resource;

impl Reader<'_, '_, '_, '_> {
    pub(super) fn read_roles(&mut self) {
        let mut read = Vec::new();
        for resource in self.of_kind("keycloak_role") {
            self.roles.add(resource, &["id"]);
            let name = text_at(&resource.values, "name")
                .unwrap_or_else(|| Known::unknown("the resource has no `name`"));
            let client = self.owner(resource);
            if !resource.address.data {
                read.push((resource, client.clone(), name.clone()));
            }
            self.role_slots.push(RoleSlot { client, name });
        }
        // Composites are looked up when every role is known.
        for (resource, client, name) in read {
            let mut role = Role { name, realm_composites: Vec::new(), client_composites: BTreeMap::new() };
            for item in resource.values.get("composite_roles").iter().flat_map(|list| list.items()) {
                match self.roles.by_value(&item).map(|index| &self.role_slots[index]) {
                    Some(RoleSlot { client: None, name }) => role.realm_composites.push(name.clone()),
                    Some(RoleSlot { client: Some(Known::Value(client)), name }) => {
                        role.client_composites.entry(Arc::clone(client)).or_default().push(name.clone());
                    }
                    _ => role.realm_composites.push(Known::unknown(AFTER_APPLY)),
                }
            }
            let realm = self.realm_of(resource);
            match client {
                None => self.realms[realm].realm_roles.push(role),
                Some(Known::Value(client)) => {
                    self.realms[realm].client_roles.entry(client).or_default().push(role);
                }
                Some(_) => {
                    let why = format!("The client of the role `{}` is not known.", resource.text);
                    self.remarks.missing(Fact::Roles, resource.values.at(), why);
                }
            }
        }
        for resource in self.managed("keycloak_default_roles") {
            let realm = self.realm_of(resource);
            let roles = resource.values.get("default_roles");
            let roles = roles.iter().flat_map(|list| list.items()).map(|role| text(&role));
            self.realms[realm].default_roles.extend(roles);
        }
    }

    /// The clientId of the client that a role is of; none for a role of the realm.
    fn owner(&self, resource: &Resource<'_>) -> Option<Text> {
        let named = resource.values.get("client_id").filter(|id| id.node().scalar() != Some(""))?;
        let found = self.clients.find(self.references, resource, "client_id");
        if found.is_none() && named.is_unknown() && self.references.sets(resource, "client_id") == Some(false)
        {
            return None;
        }
        Some(
            found.map_or_else(
                || Known::unknown(AFTER_APPLY),
                |index| self.client_slots[index].client_id.clone(),
            ),
        )
    }

    /// A role as mappers name it: `role`, or `clientId.role`.
    pub(super) fn role_name(&self, resource: &Resource<'_>, attribute: &str) -> Text {
        let found = self.roles.find(self.references, resource, attribute);
        match found.map(|index| &self.role_slots[index]) {
            Some(RoleSlot { client: None, name }) => name.clone(),
            Some(RoleSlot { client: Some(Known::Value(client)), name: Known::Value(name) }) => {
                Known::Value(format!("{client}.{name}").into())
            }
            _ => Known::unknown("the role is not among what was read"),
        }
    }

    /// Scope mappings, and the roles of service accounts.
    pub(super) fn read_service_accounts(&mut self) {
        for kind in ["keycloak_generic_role_mapper", "keycloak_generic_client_role_mapper"] {
            for resource in self.managed(kind) {
                self.scope_mapping(resource);
            }
        }
        for resource in self.managed("keycloak_openid_client_service_account_realm_role") {
            let role = text_at(&resource.values, "role");
            self.give_service_account(resource, |user| user.realm_roles.extend(role));
        }
        for resource in self.managed("keycloak_openid_client_service_account_role") {
            let owner = self.clients.find(self.references, resource, "client_id");
            let owner = owner.and_then(|owner| self.client_slots[owner].client_id.value().cloned());
            let Some(owner) = owner else {
                self.role_is_lost(resource);
                continue;
            };
            let role = text_at(&resource.values, "role");
            self.give_service_account(resource, |user| {
                user.client_roles.entry(owner).or_default().extend(role);
            });
        }
    }

    fn scope_mapping(&mut self, resource: &Resource<'_>) {
        let client = self.clients.find(self.references, resource, "client_id").map(|index| {
            let slot = &self.client_slots[index];
            (slot.realm, ScopeHolder::Client(slot.client_id.clone()))
        });
        let holder = client.or_else(|| {
            let index = self.scopes.find(self.references, resource, "client_scope_id")?;
            let slot = &self.scope_slots[index];
            Some((slot.realm, ScopeHolder::ClientScope(slot.name.clone())))
        });
        let role = self.roles.find(self.references, resource, "role_id").map(|index| &self.role_slots[index]);
        let (Some((realm, holder)), Some(role)) = (holder, role) else {
            self.role_is_lost(resource);
            return;
        };
        let role_client = match &role.client {
            None => None,
            Some(Known::Value(client)) => Some(Arc::clone(client)),
            Some(_) => {
                self.role_is_lost(resource);
                return;
            }
        };
        let at = resource.values.at().clone();
        let roles = vec![role.name.clone()];
        self.realms[realm].scope_mappings.push(ScopeMapping { at, holder, role_client, roles });
    }

    fn give_service_account(&mut self, resource: &Resource<'_>, give: impl FnOnce(&mut User)) {
        let client = self.service_account(resource);
        let Some((realm, client)) = client.map(|index| {
            let slot = &self.client_slots[index];
            (slot.realm, slot.client_id.clone())
        }) else {
            self.role_is_lost(resource);
            return;
        };
        let users = &mut self.realms[realm].users;
        let position = users.iter().position(|user| user.service_account_of.as_ref() == Some(&client));
        let position = position.unwrap_or_else(|| {
            let username = client.clone().map(|client| format!("service-account-{client}").into());
            users.push(User {
                at: Some(resource.values.at().clone()),
                username,
                service_account_of: Some(client),
                realm_roles: Vec::new(),
                client_roles: BTreeMap::new(),
                groups: Vec::new(),
                attributes: SortedMap::new(),
            });
            users.len() - 1
        });
        give(&mut users[position]);
    }

    /// The client whose service account a resource names by the account's user id.
    fn service_account(&self, resource: &Resource<'_>) -> Option<usize> {
        let named = resource.values.get("service_account_user_id")?;
        if named.is_unknown() {
            return self.clients.find(self.references, resource, "service_account_user_id");
        }
        let id = named.node().scalar()?;
        (0..self.clients.len()).find(|&index| {
            let user = self.clients.resource(index).values.get("service_account_user_id");
            user.and_then(|user| user.node().scalar()) == Some(id)
        })
    }

    fn role_is_lost(&mut self, resource: &Resource<'_>) {
        let why = format!("What `{}` belongs to is not among what was read.", resource.text);
        self.remarks.missing(Fact::Roles, resource.values.at(), why);
    }
}
