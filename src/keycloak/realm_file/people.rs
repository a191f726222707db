//! Roles, groups, users, and which roles are in whose scope.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::{DeserializeSeed, MapAccess};

use super::attributes::AttributeFields;
use super::context::Context;
use super::lenient::{Each, Fields, Mapping, skip};
use crate::keycloak::model::{Group, Role, ScopeHolder, ScopeMapping, Text, User};
use crate::known::Known;
use crate::locus::Locus;

/// `roles` of a realm.
pub(super) struct RolesFields<'a, 'c, 't> {
    pub(super) context: &'c Context<'t>,
    pub(super) realm: &'a mut Vec<Role>,
    pub(super) client: &'a mut BTreeMap<Arc<str>, Vec<Role>>,
}

impl<'de> Fields<'de> for RolesFields<'_, '_, '_> {
    const WHAT: &'static str = "roles of the realm and of clients";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "realm" => map.next_value_seed(roles(self.context, self.realm)),
            // `application` is what servers before 1.2 called a client.
            "client" | "application" => {
                let mut fields = ClientRolesFields { context: self.context, roles: self.client };
                map.next_value_seed(Mapping(&mut fields)).map(drop)
            }
            _ => skip(map),
        }
    }
}

struct ClientRolesFields<'a, 'c, 't> {
    context: &'c Context<'t>,
    roles: &'a mut BTreeMap<Arc<str>, Vec<Role>>,
}

impl<'de> Fields<'de> for ClientRolesFields<'_, '_, '_> {
    const WHAT: &'static str = "lists of roles by clientId";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let found = self.roles.entry(self.context.name(key)).or_default();
        map.next_value_seed(roles(self.context, found))?;
        found.shrink_to_fit();
        Ok(())
    }
}

fn roles<'a, 'de, 'c: 'a, 't: 'a>(
    context: &'c Context<'t>,
    found: &'a mut Vec<Role>,
) -> impl DeserializeSeed<'de, Value = ()> + use<'a, 'de, 'c, 't> {
    Each {
        what: "roles",
        start: move |_| RoleFields { context, name: None, realm: Vec::new(), client: BTreeMap::new() },
        finish: |_, role: RoleFields<'_, '_>| {
            found.push(Role {
                name: role.name.unwrap_or_else(|| Known::unknown("the role has no name")),
                realm_composites: role.realm,
                client_composites: role.client,
            });
        },
    }
}

struct RoleFields<'c, 't> {
    context: &'c Context<'t>,
    name: Option<Text>,
    realm: Vec<Text>,
    client: BTreeMap<Arc<str>, Vec<Text>>,
}

impl<'de> Fields<'de> for RoleFields<'_, '_> {
    const WHAT: &'static str = "a role";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "name" => self.name = self.context.next_shared(map)?,
            "composites" => {
                let mut fields = CompositeFields {
                    context: self.context,
                    realm: &mut self.realm,
                    client: &mut self.client,
                };
                map.next_value_seed(Mapping(&mut fields))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

struct CompositeFields<'a, 'c, 't> {
    context: &'c Context<'t>,
    realm: &'a mut Vec<Text>,
    client: &'a mut BTreeMap<Arc<str>, Vec<Text>>,
}

impl<'de> Fields<'de> for CompositeFields<'_, '_, '_> {
    const WHAT: &'static str = "the roles that a role contains";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "realm" => *self.realm = self.context.next_names(map)?.unwrap_or_default(),
            "client" | "application" => next_by_client(self.context, map, self.client)?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

struct ByClientFields<'a, 'c, 't> {
    context: &'c Context<'t>,
    roles: &'a mut BTreeMap<Arc<str>, Vec<Text>>,
}

impl<'de> Fields<'de> for ByClientFields<'_, '_, '_> {
    const WHAT: &'static str = "lists of role names by clientId";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let names = self.context.next_names(map)?.unwrap_or_default();
        self.roles.entry(self.context.name(key)).or_default().extend(names);
        Ok(())
    }
}

fn next_by_client<'de, A: MapAccess<'de>>(
    context: &Context<'_>,
    map: &mut A,
    roles: &mut BTreeMap<Arc<str>, Vec<Text>>,
) -> Result<(), A::Error> {
    map.next_value_seed(Mapping(&mut ByClientFields { context, roles })).map(drop)
}

/// `groups` of a realm or `subGroups` of a group, flattened into `found`.
pub(super) fn groups<'a, 'de, 'c: 'a, 't: 'a>(
    context: &'c Context<'t>,
    found: &'a mut Vec<Group>,
) -> impl DeserializeSeed<'de, Value = ()> + use<'a, 'de, 'c, 't> {
    Each {
        what: "groups",
        start: move |_| GroupFields::new(context),
        finish: |_, group: GroupFields<'_, '_>| group.flatten(None, found),
    }
}

struct GroupFields<'c, 't> {
    context: &'c Context<'t>,
    name: Option<Text>,
    path: Option<Text>,
    realm_roles: Vec<Text>,
    client_roles: BTreeMap<Arc<str>, Vec<Text>>,
    attributes: Vec<(Arc<str>, Box<[Text]>)>,
    children: Vec<GroupFields<'c, 't>>,
}

impl<'c, 't> GroupFields<'c, 't> {
    fn new(context: &'c Context<'t>) -> Self {
        GroupFields {
            context,
            name: None,
            path: None,
            realm_roles: Vec::new(),
            client_roles: BTreeMap::new(),
            attributes: Vec::new(),
            children: Vec::new(),
        }
    }

    // A group without an attribute of its own has its parent's.
    fn flatten(self, parent: Option<usize>, found: &mut Vec<Group>) {
        let inherited = parent.into_iter().flat_map(|parent| &found[parent].attributes);
        let inherited = inherited.map(|(name, values)| (Arc::clone(name), values.clone()));
        let own = self.attributes.into_iter().filter(|(_, values)| !values.is_empty());
        let mut group = Group {
            attributes: inherited.chain(own).collect(),
            path: self.path.unwrap_or_else(|| Known::unknown("the group has no name")),
            realm_roles: self.realm_roles,
            client_roles: self.client_roles,
        };
        if let Some(name) = &self.name {
            let parent_path = parent.map(|parent| found[parent].path.clone());
            group.path = match (parent_path, name) {
                (None, Known::Value(name)) => Known::Value(format!("/{name}").into()),
                (Some(Known::Value(path)), Known::Value(name)) => {
                    Known::Value(format!("{path}/{name}").into())
                }
                (Some(unknown), Known::Value(_)) => unknown,
                (_, unknown) => unknown.clone(),
            };
        }
        if let Some(parent) = parent {
            group.realm_roles.extend(found[parent].realm_roles.iter().cloned());
            for (client, roles) in &found[parent].client_roles {
                group.client_roles.entry(Arc::clone(client)).or_default().extend(roles.iter().cloned());
            }
        }
        let index = found.len();
        found.push(group);
        for child in self.children {
            child.flatten(Some(index), found);
        }
    }
}

impl<'de> Fields<'de> for GroupFields<'_, '_> {
    const WHAT: &'static str = "a group";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let context = self.context;
        match key {
            "name" => self.name = context.next_text(map)?,
            "path" => self.path = context.next_text(map)?,
            "realmRoles" => self.realm_roles = context.next_names(map)?.unwrap_or_default(),
            "clientRoles" => next_by_client(context, map, &mut self.client_roles)?,
            "attributes" => AttributeFields::next(context, map, &mut self.attributes)?,
            "subGroups" => {
                let children = &mut self.children;
                map.next_value_seed(Each {
                    what: "groups",
                    start: |_| GroupFields::new(context),
                    finish: |_, child| children.push(child),
                })?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// `users` of a realm at `at`.
pub(super) fn users<'a, 'de, 'c: 'a, 't: 'a>(
    context: &'c Context<'t>,
    at: Locus,
    found: &'a mut Vec<User>,
) -> impl DeserializeSeed<'de, Value = ()> + use<'a, 'de, 'c, 't> {
    Each {
        what: "users",
        start: move |index| UserFields::new(context, at.clone(), index),
        finish: |_, user: UserFields<'_, '_>| found.push(user.finish()),
    }
}

/// A user being read.
pub(super) struct UserFields<'c, 't> {
    context: &'c Context<'t>,
    list: Locus,
    index: usize,
    username: Option<Text>,
    service_account_of: Option<Text>,
    realm_roles: Vec<Text>,
    client_roles: BTreeMap<Arc<str>, Vec<Text>>,
    groups: Vec<Text>,
    own: Vec<(Arc<str>, Box<[Text]>)>,
    attributes: Vec<(Arc<str>, Box<[Text]>)>,
}

impl<'c, 't> UserFields<'c, 't> {
    /// The user at `index` of the list at `list`.
    pub(super) fn new(context: &'c Context<'t>, list: Locus, index: usize) -> Self {
        UserFields {
            context,
            list,
            index,
            username: None,
            service_account_of: None,
            realm_roles: Vec::new(),
            client_roles: BTreeMap::new(),
            groups: Vec::new(),
            own: Vec::new(),
            attributes: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> User {
        User {
            at: self.service_account_of.is_some().then(|| self.list.index(self.index)),
            username: self.username.unwrap_or_else(|| Known::unknown("the user has no `username`")),
            service_account_of: self.service_account_of,
            realm_roles: self.realm_roles,
            client_roles: self.client_roles,
            groups: self.groups,
            attributes: self.own.into_iter().chain(self.attributes).collect(),
        }
    }
}

impl<'de> Fields<'de> for UserFields<'_, '_> {
    const WHAT: &'static str = "a user";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let context = self.context;
        match key {
            "username" => self.username = context.next_text(map)?,
            "serviceAccountClientId" => self.service_account_of = context.next_shared(map)?,
            "realmRoles" => self.realm_roles = context.next_names(map)?.unwrap_or_default(),
            "clientRoles" | "applicationRoles" => next_by_client(context, map, &mut self.client_roles)?,
            "groups" => self.groups = context.next_names(map)?.unwrap_or_default(),
            // Servers keep these three among the attributes, and the list of attributes wins.
            "email" | "firstName" | "lastName" => {
                let value = context.next_text(map)?;
                self.own.extend(value.map(|value| (context.name(key), Box::from([value]))));
            }
            "attributes" => AttributeFields::next(context, map, &mut self.attributes)?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// `clientScopeMappings`: by the clientId whose roles they are, a list of holders with roles each.
pub(super) struct ClientScopeMappingsFields<'a, 'c, 't> {
    pub(super) context: &'c Context<'t>,
    pub(super) at: Locus,
    pub(super) found: &'a mut Vec<ScopeMapping>,
}

impl<'de> Fields<'de> for ClientScopeMappingsFields<'_, '_, '_> {
    const WHAT: &'static str = "lists of scope mappings by clientId";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let client = self.context.name(key);
        let at = self.at.key(Arc::clone(&client));
        map.next_value_seed(scope_mappings(self.context, at, Some(client), self.found))
    }
}

/// A list of scope mappings at `at`, of the roles of `role_client` or of the realm.
pub(super) fn scope_mappings<'a, 'de, 'c: 'a, 't: 'a>(
    context: &'c Context<'t>,
    at: Locus,
    role_client: Option<Arc<str>>,
    found: &'a mut Vec<ScopeMapping>,
) -> impl DeserializeSeed<'de, Value = ()> + use<'a, 'de, 'c, 't> {
    Each {
        what: "scope mappings",
        start: move |_| ScopeMappingFields { context, holder: None, roles: Vec::new() },
        finish: move |index, mapping: ScopeMappingFields<'_, '_>| {
            if let Some(holder) = mapping.holder {
                found.push(ScopeMapping {
                    at: at.index(index),
                    holder,
                    role_client: role_client.clone(),
                    roles: mapping.roles,
                });
            }
        },
    }
}

struct ScopeMappingFields<'c, 't> {
    context: &'c Context<'t>,
    holder: Option<ScopeHolder>,
    roles: Vec<Text>,
}

impl<'de> Fields<'de> for ScopeMappingFields<'_, '_> {
    const WHAT: &'static str = "a scope mapping";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "client" => {
                let client = self.context.next_shared(map)?.map(ScopeHolder::Client);
                self.holder = client.or(self.holder.take());
            }
            // `clientTemplate` is what servers before 4 called a client scope.
            "clientScope" | "clientTemplate" => {
                let scope = self.context.next_shared(map)?.map(ScopeHolder::ClientScope);
                self.holder = scope.or(self.holder.take());
            }
            "roles" => self.roles = self.context.next_names(map)?.unwrap_or_default(),
            _ => skip(map)?,
        }
        Ok(())
    }
}
