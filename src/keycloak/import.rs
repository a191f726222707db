//! A realm as a server of one version holds it once the file is imported: which client scopes exist, which of them each
//! client has, and which roles contain which.
//!
//! Nothing of the realm is copied: scopes and clients are held by index, and a list of scope names that many clients share is
//! resolved once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::keycloak::built_in::{self, Listed};
use crate::keycloak::model::{
    Client, ClientField, ClientScope, Completeness, Dialect, Realm, ScopeHolder, ScopeNames, Text,
};
use crate::keycloak::roles::{RoleGraph, RoleName};
use crate::keycloak::version::Version;
use crate::known::Known;
use crate::locus::Locus;

pub use crate::keycloak::built_in::{is_built_in, is_built_in_id};

/// First version whose tokens carry `sub` through a mapper of the client scope `basic` (Keycloak 25 release notes).
const SUBJECT_BY_MAPPER: Version = Version::new(25, 0, 0);
const OFFLINE_ACCESS: &str = "offline_access";
const BASIC: &str = "basic";

/// A client scope of a [`HeldRealm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScopeRef {
    /// One that the document defines: its index in [`Realm::client_scopes`].
    Defined(u32),
    /// One that the server made.
    BuiltIn(u32),
}

/// A realm as a server holds it after import.
#[derive(Debug)]
pub struct HeldRealm {
    version: Version,
    why_unknown: Option<String>,
    others_may_exist: bool,
    built_in: Vec<ClientScope>,
    by_name: BTreeMap<Arc<str>, ScopeRef>,
    realm_default: ScopeList,
    realm_optional: ScopeList,
    added_to_all: Option<ScopeRef>,
    lists: HashMap<usize, Arc<ScopeList>>,
    undefined: Vec<UndefinedScope>,
    clients: BTreeMap<Arc<str>, u32>,
    roles: RoleGraph,
    scope_mappings: BTreeMap<ScopeRef, Vec<u32>>,
    client_mappings: BTreeMap<Arc<str>, Vec<u32>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ScopeList {
    scopes: Vec<ScopeRef>,
    unread: Vec<String>,
}

/// The client scopes of one client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopesOfClient {
    /// Those in effect without being asked for.
    pub default: Vec<ScopeRef>,
    /// Those in effect when the request's `scope` names them.
    pub optional: Vec<ScopeRef>,
    /// Why there may be more, each as a sentence; empty when the lists are complete.
    pub unread: Vec<String>,
}

/// A client scope that is named and does not exist after import: servers skip the name with a warning in their log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndefinedScope {
    /// The name.
    pub name: Arc<str>,
    /// Who names it, realm lists first.
    pub uses: Vec<ScopeUse>,
}

/// Where a client scope is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeUse {
    /// In a list of the realm's, by the position there.
    Realm {
        /// Whether it is the list of optional scopes.
        optional: bool,
        /// The position, counted from zero.
        index: u32,
    },
    /// In a list of a client's.
    Client {
        /// The client's index in [`Realm::clients`].
        client: u32,
        /// Whether it is the list of optional scopes.
        optional: bool,
        /// The position, counted from zero.
        index: u32,
    },
}

impl ScopeUse {
    /// The place of the name.
    ///
    /// # Panics
    /// When `realm` is another one than the use was found in.
    pub fn at(self, realm: &Realm) -> Locus {
        match self {
            ScopeUse::Realm { optional: false, index } => {
                realm.at.key("defaultDefaultClientScopes").index(index as usize)
            }
            ScopeUse::Realm { optional: true, index } => {
                realm.at.key("defaultOptionalClientScopes").index(index as usize)
            }
            ScopeUse::Client { client, optional, index } => {
                let field = if optional { ClientField::OptionalScopes } else { ClientField::DefaultScopes };
                realm.clients[client as usize].entry(field, index as usize)
            }
        }
    }
}

/// The web origins that a server holds for a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeldOrigins<'a> {
    /// The stated ones, as written.
    Stated(&'a [Text]),
    /// The document states none, so the server fills in the origins of the redirect URIs that begin with `http`, each with the
    /// index of the first redirect URI that it comes from (real servers of all versions do so on import and creation).
    FilledIn(Vec<(String, usize)>),
}

impl HeldRealm {
    /// The realm as a server of `version` holds it after import.
    pub fn of(realm: &Realm, version: Version) -> Self {
        let mut held = HeldRealm {
            version,
            why_unknown: None,
            others_may_exist: realm.dialect == Dialect::Terraform,
            built_in: Vec::new(),
            by_name: BTreeMap::new(),
            realm_default: ScopeList::default(),
            realm_optional: ScopeList::default(),
            added_to_all: None,
            lists: HashMap::new(),
            undefined: Vec::new(),
            clients: BTreeMap::new(),
            roles: RoleGraph::of(realm, version),
            scope_mappings: BTreeMap::new(),
            client_mappings: BTreeMap::new(),
        };
        held.create_scopes(realm);
        held.migrate(realm);
        held.index_clients(realm);
        held.index_mappings(realm);
        held
    }

    /// The version of the server.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The roles with their composites.
    pub fn roles(&self) -> &RoleGraph {
        &self.roles
    }

    /// Why the client scopes are not known at all, as a sentence; none when they are.
    pub fn why_scopes_unknown(&self) -> Option<&str> {
        self.why_unknown.as_deref()
    }

    /// Client scopes that are named but do not exist after import, by name.
    pub fn undefined_scopes(&self) -> &[UndefinedScope] {
        &self.undefined
    }

    /// The scope itself.
    ///
    /// # Panics
    /// When `realm` is another one than this was made of.
    pub fn scope<'a>(&'a self, realm: &'a Realm, scope: ScopeRef) -> &'a ClientScope {
        match scope {
            ScopeRef::Defined(index) => &defined(realm)[index as usize],
            ScopeRef::BuiltIn(index) => &self.built_in[index as usize],
        }
    }

    /// All client scopes, by name.
    pub fn scopes(&self) -> impl Iterator<Item = (&str, ScopeRef)> {
        self.by_name.iter().map(|(name, &scope)| (&**name, scope))
    }

    /// The client of this clientId.
    pub fn client<'a>(&self, realm: &'a Realm, client_id: &str) -> Option<&'a Client> {
        self.clients.get(client_id).and_then(|&index| realm.clients.get(index as usize))
    }

    /// Whether a client of this id exists and is enabled; unknown where the document does not list all clients or states an
    /// unknown switch.
    pub fn client_is_live(&self, realm: &Realm, client_id: &str) -> Known<bool> {
        match self.client(realm, client_id) {
            Some(client) => client.enabled.clone(),
            None if is_built_in_id(realm, client_id) => Known::Value(true),
            None if realm.complete == Completeness::ClientsOnly => {
                Known::unknown("not all clients of the realm were read")
            }
            None => Known::Value(false),
        }
    }

    /// Roles in the scope of a client scope; a user without any of them does not get the scope at all.
    pub fn mapped_to_scope(&self, scope: ScopeRef) -> &[u32] {
        self.scope_mappings.get(&scope).map_or(&[], Vec::as_slice)
    }

    /// Roles in the scope of a client without full scope, besides its own.
    pub fn mapped_to_client(&self, client_id: &str) -> &[u32] {
        self.client_mappings.get(client_id).map_or(&[], Vec::as_slice)
    }

    /// The client scopes of a client, those of another protocol left out.
    ///
    /// A client that states either list has what it states and nothing else; one that states none has the realm's lists
    /// (Keycloak's `RepresentationToModel`). The Terraform provider's two resources each set their own list.
    pub fn scopes_of(&self, realm: &Realm, client: &Client) -> ScopesOfClient {
        if let Some(why) = &self.why_unknown {
            return ScopesOfClient { unread: vec![why.clone()], ..ScopesOfClient::default() };
        }
        let stated_any = client.default_scopes.is_some() || client.optional_scopes.is_some();
        let together = client.dialect != Dialect::Terraform;
        let list = |stated: &Option<ScopeNames>, of_realm: &ScopeList| match stated {
            Some(names) => self.list(names),
            None if together && stated_any => Arc::default(),
            None => Arc::new(of_realm.clone()),
        };
        let default = list(&client.default_scopes, &self.realm_default);
        let optional = list(&client.optional_scopes, &self.realm_optional);
        let protocol = client.protocol.text().unwrap_or("openid-connect");
        let of_protocol = |list: &ScopeList| {
            list.scopes
                .iter()
                .copied()
                .filter(|&scope| self.scope(realm, scope).protocol.text().unwrap_or(protocol) == protocol)
                .collect::<Vec<_>>()
        };
        let mut found = ScopesOfClient {
            default: of_protocol(&default),
            optional: of_protocol(&optional),
            unread: default.unread.iter().chain(&optional.unread).cloned().collect(),
        };
        if let Some(added) = self.added_to_all.filter(|_| protocol == "openid-connect")
            && !found.default.contains(&added)
        {
            found.default.push(added);
        }
        found
    }

    fn list(&self, names: &ScopeNames) -> Arc<ScopeList> {
        match self.lists.get(&address(names)) {
            Some(list) => Arc::clone(list),
            None => Arc::new(self.resolve(names)),
        }
    }

    fn resolve(&self, names: &ScopeNames) -> ScopeList {
        let mut list = ScopeList::default();
        for name in names.iter() {
            match name.value() {
                Some(name) => match self.by_name.get(name) {
                    Some(&scope) if !list.scopes.contains(&scope) => list.scopes.push(scope),
                    Some(_) => {}
                    None if self.others_may_exist => {
                        list.unread.push(format!("The client scope `{name}` is not among what was read."));
                    }
                    None => {}
                },
                None => list.unread.push(format!(
                    "The name of a client scope is not known: {}.",
                    name.why_unknown().unwrap_or("it is a secret")
                )),
            }
        }
        list
    }
}

// What the server makes, step by step.
impl HeldRealm {
    fn create_scopes(&mut self, realm: &Realm) {
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
    fn migrate(&mut self, realm: &Realm) {
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

    fn index_clients(&mut self, realm: &Realm) {
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

    fn index_mappings(&mut self, realm: &Realm) {
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

/// The web origins that a server holds for a client after import.
pub fn web_origins(client: &Client) -> HeldOrigins<'_> {
    match &client.web_origins {
        Some(stated) => HeldOrigins::Stated(stated),
        None if client.dialect == Dialect::Terraform => HeldOrigins::Stated(&[]),
        None => {
            let mut origins: Vec<(String, usize)> = Vec::new();
            for (index, uri) in client.redirect_uris.iter().enumerate() {
                if let Some(origin) = uri.text().and_then(origin_of)
                    && !origins.iter().any(|(known, _)| *known == origin)
                {
                    origins.push((origin, index));
                }
            }
            HeldOrigins::FilledIn(origins)
        }
    }
}

// As servers cut it: text up to the third slash, of URIs that begin with `http` in lower case.
fn origin_of(redirect_uri: &str) -> Option<String> {
    let rest = redirect_uri.strip_prefix("http://").or_else(|| redirect_uri.strip_prefix("https://"))?;
    let scheme_length = redirect_uri.len() - rest.len();
    let end = rest.find('/').map_or(redirect_uri.len(), |slash| scheme_length + slash);
    redirect_uri.get(..end).map(str::to_owned)
}

fn defined(realm: &Realm) -> &[ClientScope] {
    realm.client_scopes.as_deref().unwrap_or_default()
}

fn address(names: &ScopeNames) -> usize {
    Arc::as_ptr(names).cast::<()>() as usize
}
