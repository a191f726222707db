//! A realm as a server of one version holds it once the file is imported: which client scopes exist, which of them each
//! client has, and which roles contain which.
//!
//! Nothing of the realm is copied: scopes and clients are held by index, and a list of scope names that many clients share is
//! resolved once.

mod creation;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::keycloak::model::{
    Client, ClientField, ClientScope, Completeness, Dialect, Realm, ScopeNames, Text,
};
use crate::keycloak::roles::RoleGraph;
use crate::keycloak::version::Version;
use crate::known::Known;
use crate::locus::Locus;

pub use crate::keycloak::built_in::{is_built_in, is_built_in_id};

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
