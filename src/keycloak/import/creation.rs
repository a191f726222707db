//! What an import makes of a realm's scopes, clients and mappings.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{HeldRealm, ScopeList, ScopeRef, ScopeUse, UndefinedScope, address, defined};
use crate::keycloak::built_in::{self, Listed};
use crate::keycloak::model::{ClientScope, Completeness, Dialect, Realm, ScopeHolder, ScopeNames};
use crate::keycloak::roles::RoleName;
use crate::keycloak::version::Version;
use crate::known::Known;

/// First version whose tokens carry `sub` through a mapper of the client scope `basic` (Keycloak 25 release notes).
const SUBJECT_BY_MAPPER: Version = Version::new(25, 0, 0);
const OFFLINE_ACCESS: &str = "offline_access";
const BASIC: &str = "basic";

impl HeldRealm {
    pub(super) fn create_scopes(&mut self, realm: &Realm) {
        let through_api = matches!(realm.dialect, Dialect::Terraform | Dialect::ConfigCli);
        if realm.complete == Completeness::ClientsOnly && realm.client_scopes.is_none() && !through_api {
            self.why_unknown = Some(
                "The client scopes of the realm were not read: the document holds clients only.".to_owned(),
            );
            return;
        }
        // Terraform and keycloak-config-cli create the realm through the admin API before they add scopes, so it has the
        // built-in ones in any case (keycloak-config-cli removes scopes that its file does not name only when they are in
        // neither list of the realm). An import makes them only when the file has no `clientScopes`. What the admin API
        // answers is all there is.
        let has_all = realm.client_scopes.is_none() || through_api;
        for (scope, listed) in built_in::scopes(self.version, &realm.at) {
            let is_offline_access = scope.name.text() == Some(OFFLINE_ACCESS);
            // A missing `offline_access` is made in any case (Keycloak's `RealmManager.importRealm`).
            if has_all || (is_offline_access && realm.dialect != Dialect::AdminApi) {
                self.add_built_in(scope, listed);
            }
        }
        for (index, scope) in (0..).zip(defined(realm)) {
            if let Some(name) = scope.name.value() {
                self.by_name.insert(name.clone(), ScopeRef::Defined(index));
            }
        }
        self.drop_shadowed();
        self.apply_realm_lists(realm, through_api);
    }

    fn add_built_in(&mut self, scope: ClientScope, listed: Listed) -> ScopeRef {
        let reference = ScopeRef::BuiltIn(u32::try_from(self.built_in.len()).unwrap_or(u32::MAX));
        if let Some(name) = scope.name.value() {
            self.by_name.insert(name.clone(), reference);
        }
        self.built_in.push(scope);
        match listed {
            Listed::Default => self.realm_default.scopes.push(reference),
            Listed::Optional => self.realm_optional.scopes.push(reference),
            Listed::Nowhere => {}
        }
        reference
    }

    // A defined scope stands where the built-in one of its name would.
    fn drop_shadowed(&mut self) {
        for list in [&mut self.realm_default.scopes, &mut self.realm_optional.scopes] {
            for scope in list.iter_mut() {
                if let ScopeRef::BuiltIn(index) = *scope
                    && let Some(name) = self.built_in[index as usize].name.value()
                    && let Some(&now) = self.by_name.get(name)
                {
                    *scope = now;
                }
            }
        }
    }

    fn apply_realm_lists(&mut self, realm: &Realm, through_api: bool) {
        if through_api || realm.dialect == Dialect::AdminApi {
            if let Some(names) = &realm.default_scopes {
                self.realm_default = self.resolve(names);
            }
            if let Some(names) = &realm.optional_scopes {
                self.realm_optional = self.resolve(names);
            }
        } else if realm.client_scopes.is_some() {
            // An import reads the lists only together with `clientScopes`; a scope that the server made stays in its own list.
            let of_file = |names: &Option<ScopeNames>, list: &mut ScopeList, held: &HeldRealm| {
                let Some(names) = names else { return };
                let stated = held.resolve(names);
                list.unread.extend(stated.unread);
                let is_defined = |scope: &ScopeRef| matches!(scope, ScopeRef::Defined(_));
                list.scopes.extend(stated.scopes.into_iter().filter(is_defined));
            };
            let mut default = std::mem::take(&mut self.realm_default);
            let mut optional = std::mem::take(&mut self.realm_optional);
            default.scopes.retain(|scope| matches!(scope, ScopeRef::BuiltIn(_)));
            optional.scopes.retain(|scope| matches!(scope, ScopeRef::BuiltIn(_)));
            of_file(&realm.default_scopes, &mut default, self);
            of_file(&realm.optional_scopes, &mut optional, self);
            self.realm_default = default;
            self.realm_optional = optional;
        }
    }

    // Keycloak's `MigrateTo25_0_0`: a file of an older server gets `basic` in every OpenID Connect client. A file that does not
    // say its version is not migrated (facts of 26.4.7 and 26.7.3).
    pub(super) fn migrate(&mut self, realm: &Realm) {
        let migrates = realm.dialect == Dialect::RealmFile
            && realm.client_scopes.is_some()
            && self.version >= SUBJECT_BY_MAPPER
            && !self.by_name.contains_key(BASIC);
        let older = realm
            .keycloak_version
            .as_ref()
            .and_then(|text| text.text())
            .and_then(|version| version.parse::<Version>().ok())
            .is_some_and(|written_by| written_by < SUBJECT_BY_MAPPER);
        if migrates
            && older
            && let Some(basic) = built_in::scope(BASIC, self.version, &realm.at)
        {
            self.added_to_all = Some(self.add_built_in(basic, Listed::Default));
        }
    }

    pub(super) fn index_clients(&mut self, realm: &Realm) {
        let records_undefined =
            self.why_unknown.is_none() && matches!(realm.dialect, Dialect::RealmFile | Dialect::ConfigCli);
        let mut undefined: BTreeMap<Arc<str>, Vec<ScopeUse>> = BTreeMap::new();
        let mut missing: HashMap<usize, Vec<(u32, Arc<str>)>> = HashMap::new();
        if records_undefined {
            for (names, optional) in [(&realm.default_scopes, false), (&realm.optional_scopes, true)] {
                for (index, name) in names.iter().flat_map(|names| self.missing_of(names)) {
                    undefined.entry(name).or_default().push(ScopeUse::Realm { optional, index });
                }
            }
        }
        for (number, client) in (0..).zip(&realm.clients) {
            if let Some(id) = client.client_id.value() {
                self.clients.entry(id.clone()).or_insert(number);
            }
            for (names, optional) in [(&client.default_scopes, false), (&client.optional_scopes, true)] {
                let Some(names) = names else { continue };
                let key = address(names);
                if !self.lists.contains_key(&key) {
                    let list = Arc::new(self.resolve(names));
                    self.lists.insert(key, list);
                    if records_undefined {
                        let not_there = self.missing_of(names);
                        if !not_there.is_empty() {
                            missing.insert(key, not_there);
                        }
                    }
                }
                for (index, name) in missing.get(&key).into_iter().flatten() {
                    undefined.entry(name.clone()).or_default().push(ScopeUse::Client {
                        client: number,
                        optional,
                        index: *index,
                    });
                }
            }
        }
        self.undefined = undefined.into_iter().map(|(name, uses)| UndefinedScope { name, uses }).collect();
    }

    fn missing_of(&self, names: &ScopeNames) -> Vec<(u32, Arc<str>)> {
        (0..)
            .zip(names.iter())
            .filter_map(|(index, name)| Some((index, name.value()?.clone())))
            .filter(|(_, name)| !self.by_name.contains_key(name))
            .collect()
    }

    pub(super) fn index_mappings(&mut self, realm: &Realm) {
        for mapping in &realm.scope_mappings {
            let roles = mapping
                .roles
                .iter()
                .filter_map(|role| role.value())
                .filter_map(|name| {
                    self.roles.find(&RoleName { client: mapping.role_client.clone(), name: name.clone() })
                })
                .collect::<Vec<_>>();
            match &mapping.holder {
                ScopeHolder::Client(Known::Value(id)) => {
                    self.client_mappings.entry(id.clone()).or_default().extend(roles);
                }
                ScopeHolder::ClientScope(Known::Value(name)) => {
                    if let Some(&scope) = self.by_name.get(name) {
                        self.scope_mappings.entry(scope).or_default().extend(roles);
                    }
                }
                _ => {}
            }
        }
        // The server maps the role of the same name to an `offline_access` that it makes itself.
        if let Some(&scope @ ScopeRef::BuiltIn(_)) = self.by_name.get(OFFLINE_ACCESS) {
            let role = self.roles.find(&RoleName::of_realm(OFFLINE_ACCESS));
            self.scope_mappings.entry(scope).or_default().extend(role);
        }
    }
}
