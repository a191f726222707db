//! Roles of a realm with their composites, and which of them a user has.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::keycloak::model::{Group, Realm, Role, Text, User};
use crate::keycloak::version::Version;

/// A role by name: of the realm (`client` is none) or of a client, by clientId.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName {
    /// The clientId whose role it is; `None` for a realm role.
    pub client: Option<Arc<str>>,
    /// The role's own name.
    pub name: Arc<str>,
}

impl RoleName {
    /// The realm role `name`.
    pub fn of_realm(name: impl Into<Arc<str>>) -> Self {
        RoleName { client: None, name: name.into() }
    }

    /// The role `name` of `client`.
    pub fn of_client(client: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Self {
        RoleName { client: Some(client.into()), name: name.into() }
    }

    /// The role as mappers write it: `client.role`, split at the last dot, or the name of a realm role.
    pub fn parse(text: &str) -> Self {
        match text.rsplit_once('.') {
            Some((client, name)) => RoleName::of_client(client, name),
            None => RoleName::of_realm(text),
        }
    }
}

/// `client.role`, or the name alone for a realm role.
impl std::fmt::Display for RoleName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.client {
            Some(client) => write!(f, "{client}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// The roles of a realm and what each contains, those that every server makes included.
#[derive(Debug, Clone, Default)]
pub struct RoleGraph {
    roles: Vec<RoleName>,
    index: HashMap<RoleName, u32>,
    contains: Vec<Vec<u32>>,
    of_client: BTreeMap<Arc<str>, Vec<u32>>,
    default_role: u32,
    incomplete: bool,
}

/// A set of roles of one [`RoleGraph`].
pub type RoleSet = BTreeSet<u32>;

/// Roles that `account` has on every server, each with what it contains.
const ACCOUNT_ROLES: [(&str, &[&str]); 8] = [
    ("delete-account", &[]),
    ("manage-account", &["manage-account-links"]),
    ("manage-account-links", &[]),
    ("manage-consent", &["view-consent"]),
    ("view-applications", &[]),
    ("view-consent", &[]),
    ("view-groups", &[]),
    ("view-profile", &[]),
];

/// Roles of `realm-management` but `realm-admin`, which contains them all.
const ADMIN_ROLES: [(&str, &[&str]); 18] = [
    ("create-client", &[]),
    ("impersonation", &[]),
    ("manage-authorization", &[]),
    ("manage-clients", &[]),
    ("manage-events", &[]),
    ("manage-identity-providers", &[]),
    ("manage-realm", &[]),
    ("manage-users", &[]),
    ("query-clients", &[]),
    ("query-groups", &[]),
    ("query-realms", &[]),
    ("query-users", &[]),
    ("view-authorization", &[]),
    ("view-clients", &["query-clients"]),
    ("view-events", &[]),
    ("view-identity-providers", &[]),
    ("view-realm", &[]),
    ("view-users", &["query-groups", "query-users"]),
];

/// Admin roles for organizations, which servers have from 26.7 on.
const ORGANIZATION_ADMIN_ROLES: [(&str, &[&str]); 3] = [
    ("manage-organizations", &[]),
    ("query-organizations", &[]),
    ("view-organizations", &["query-organizations"]),
];

const ACCOUNT: &str = "account";
const REALM_MANAGEMENT: &str = "realm-management";

impl RoleGraph {
    /// The roles that a server of `version` holds after importing `realm`.
    ///
    /// The default role contains what the file says, and besides what the server itself gives every user: roles of
    /// `account` when the file does not bring that client, `offline_access` and `uma_authorization` when it does not
    /// bring those roles (Keycloak's `RealmManager`).
    pub fn of(realm: &Realm, version: Version) -> Self {
        let mut graph = RoleGraph::default();
        let knows_organizations = version >= Version::new(26, 7, 0);
        let is_later_role = |client: &str, role: &str| {
            client == REALM_MANAGEMENT && ORGANIZATION_ADMIN_ROLES.iter().any(|(name, _)| *name == role)
        };
        for role in &realm.realm_roles {
            graph.define(None, role);
        }
        for (client, roles) in &realm.client_roles {
            for role in roles {
                let name = role.name.text().unwrap_or_default();
                if knows_organizations || !is_later_role(client, name) {
                    graph.define(Some(client), role);
                }
            }
        }
        if !knows_organizations {
            graph.drop_from_composites(|role| {
                role.client.as_deref().is_some_and(|client| is_later_role(client, &role.name))
            });
        }
        graph.create_mapped_roles(realm);
        graph.default_role = graph.role(&default_role_name(realm));
        graph.complete_default_role(realm);
        graph.complete_admin_roles(realm, knows_organizations);
        graph
    }

    // An import creates the roles that users and scope mappings name without their being defined.
    fn create_mapped_roles(&mut self, realm: &Realm) {
        for user in &realm.users {
            for name in user.realm_roles.iter().filter_map(Text::value) {
                self.role(&RoleName::of_realm(name.clone()));
            }
            for (client, roles) in &user.client_roles {
                for name in roles.iter().filter_map(Text::value) {
                    self.role(&RoleName::of_client(client.clone(), name.clone()));
                }
            }
        }
        for mapping in &realm.scope_mappings {
            for name in mapping.roles.iter().filter_map(Text::value) {
                self.role(&RoleName { client: mapping.role_client.clone(), name: name.clone() });
            }
        }
    }

    fn role(&mut self, name: &RoleName) -> u32 {
        if let Some(&known) = self.index.get(name) {
            return known;
        }
        let number = u32::try_from(self.roles.len()).unwrap_or(u32::MAX);
        self.roles.push(name.clone());
        self.contains.push(Vec::new());
        self.index.insert(name.clone(), number);
        if let Some(client) = &name.client {
            self.of_client.entry(client.clone()).or_default().push(number);
        }
        number
    }

    fn define(&mut self, client: Option<&Arc<str>>, role: &Role) {
        let Some(name) = role.name.value() else {
            self.incomplete = true;
            return;
        };
        let holder = self.role(&RoleName { client: client.cloned(), name: name.clone() });
        for inner in &role.realm_composites {
            self.put_into(holder, None, inner);
        }
        for (inner_client, inner_roles) in &role.client_composites {
            for inner in inner_roles {
                self.put_into(holder, Some(inner_client), inner);
            }
        }
    }

    fn put_into(&mut self, holder: u32, client: Option<&Arc<str>>, inner: &Text) {
        let Some(name) = inner.value() else {
            self.incomplete = true;
            return;
        };
        let inner = self.role(&RoleName { client: client.cloned(), name: name.clone() });
        self.add(holder, inner);
    }

    fn add(&mut self, holder: u32, inner: u32) {
        let contained = &mut self.contains[holder as usize];
        if !contained.contains(&inner) {
            contained.push(inner);
        }
    }

    fn drop_from_composites(&mut self, unwanted: impl Fn(&RoleName) -> bool) {
        for contained in &mut self.contains {
            contained.retain(|&inner| !unwanted(&self.roles[inner as usize]));
        }
    }

    fn complete_default_role(&mut self, realm: &Realm) {
        let default_role = self.default_role;
        for name in &realm.default_roles {
            self.put_into(default_role, None, name);
        }
        let brings_client = |id: &str| realm.clients.iter().any(|client| client.client_id.text() == Some(id));
        if !brings_client(ACCOUNT) && !realm.client_roles.contains_key(ACCOUNT) {
            for (role, contained) in ACCOUNT_ROLES {
                let holder = self.role(&RoleName::of_client(ACCOUNT, role));
                for inner in contained {
                    let inner = self.role(&RoleName::of_client(ACCOUNT, *inner));
                    self.add(holder, inner);
                }
            }
        }
        if !brings_client(ACCOUNT) {
            for role in ["manage-account", "view-profile"] {
                let inner = self.role(&RoleName::of_client(ACCOUNT, role));
                self.add(default_role, inner);
            }
        }
        for name in ["offline_access", "uma_authorization"] {
            if !realm.realm_roles.iter().any(|role| role.name.text() == Some(name)) {
                let inner = self.role(&RoleName::of_realm(name));
                self.add(default_role, inner);
            }
        }
    }

    fn complete_admin_roles(&mut self, realm: &Realm, knows_organizations: bool) {
        if realm.name.text() == Some("master") {
            return;
        }
        let later: &[(&str, &[&str])] = if knows_organizations { &ORGANIZATION_ADMIN_ROLES } else { &[] };
        let in_file = realm.client_roles.get(REALM_MANAGEMENT).map_or(&[][..], Vec::as_slice);
        let admin = self.role(&RoleName::of_client(REALM_MANAGEMENT, "realm-admin"));
        for (role, contained) in ADMIN_ROLES.iter().chain(later) {
            let holder = self.role(&RoleName::of_client(REALM_MANAGEMENT, *role));
            if !in_file.iter().any(|defined| defined.name.text() == Some(role)) {
                self.add(admin, holder);
            }
            for inner in *contained {
                let inner = self.role(&RoleName::of_client(REALM_MANAGEMENT, *inner));
                self.add(holder, inner);
            }
        }
    }

    /// Whether some role or composite could not be read.
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// The name of a role of this graph.
    ///
    /// # Panics
    /// When `role` is of another graph.
    pub fn name(&self, role: u32) -> &RoleName {
        &self.roles[role as usize]
    }

    /// The role of this name.
    pub fn find(&self, name: &RoleName) -> Option<u32> {
        self.index.get(name).copied()
    }

    /// The composite role that every new user and every service account gets.
    pub fn default_role(&self) -> u32 {
        self.default_role
    }

    /// The roles of a client.
    pub fn roles_of_client(&self, client_id: &str) -> &[u32] {
        self.of_client.get(client_id).map_or(&[], Vec::as_slice)
    }

    /// The roles and all that they contain, at any depth.
    pub fn expand(&self, roles: impl IntoIterator<Item = u32>) -> RoleSet {
        let mut reached = RoleSet::new();
        let mut waiting: Vec<u32> = roles.into_iter().collect();
        while let Some(role) = waiting.pop() {
            if reached.insert(role) {
                waiting.extend(&self.contains[role as usize]);
            }
        }
        reached
    }

    /// The roles that a user of the file has, directly or by group, composites expanded. Imported users get no default role
    /// beyond what the file gives them.
    ///
    /// The flag tells whether something that the user has could not be read.
    pub fn roles_of_user(&self, realm: &Realm, user: &User) -> (RoleSet, bool) {
        let mut direct = Vec::new();
        let mut unread = self.incomplete;
        self.collect(&user.realm_roles, &user.client_roles, &mut direct, &mut unread);
        self.collect_of_groups(realm, &user.groups, &mut direct, &mut unread);
        (self.expand(direct), unread)
    }

    /// The roles of a user whom the server makes itself, be it by registration or as a service account: the default role and those
    /// of the default groups, composites expanded.
    ///
    /// The flag tells whether something of it could not be read.
    pub fn roles_of_new_user(&self, realm: &Realm) -> (RoleSet, bool) {
        let mut direct = vec![self.default_role];
        let mut unread = self.incomplete;
        self.collect_of_groups(realm, &realm.default_groups, &mut direct, &mut unread);
        (self.expand(direct), unread)
    }

    fn collect_of_groups(&self, realm: &Realm, paths: &[Text], into: &mut Vec<u32>, unread: &mut bool) {
        let (groups, complete) = groups_at(realm, paths);
        *unread |= !complete;
        for group in groups {
            self.collect(&group.realm_roles, &group.client_roles, into, unread);
        }
    }

    fn collect(
        &self,
        realm_roles: &[Text],
        client_roles: &BTreeMap<Arc<str>, Vec<Text>>,
        into: &mut Vec<u32>,
        unread: &mut bool,
    ) {
        let of_realm = realm_roles.iter().map(|role| (None, role));
        let of_clients = client_roles
            .iter()
            .flat_map(|(client, roles)| roles.iter().map(move |role| (Some(client), role)));
        for (client, role) in of_realm.chain(of_clients) {
            match role.value() {
                Some(name) => {
                    into.extend(self.find(&RoleName { client: client.cloned(), name: name.clone() }))
                }
                None => *unread = true,
            }
        }
    }
}

/// The groups at these paths, with or without the slashes around them, and whether all the paths are known.
pub(crate) fn groups_at<'r>(realm: &'r Realm, paths: &[Text]) -> (Vec<&'r Group>, bool) {
    let bare = |path: &Text| path.text().map(|path| path.trim_matches('/').to_owned());
    let known: Vec<String> = paths.iter().filter_map(bare).collect();
    let groups = known.iter().flat_map(|path| {
        let is_here = move |group: &&Group| {
            group.path.text().is_some_and(|known| known.trim_matches('/') == path.as_str())
        };
        realm.groups.iter().filter(is_here)
    });
    (groups.collect(), known.len() == paths.len())
}

/// `defaultRole.name`, else `default-roles-` and the realm's name in lower case, as servers call it.
fn default_role_name(realm: &Realm) -> RoleName {
    match realm.default_role.as_ref().and_then(|name| name.value()) {
        Some(name) => RoleName::of_realm(name.clone()),
        None => {
            let realm_name = realm.name.text().unwrap_or_default().to_lowercase();
            RoleName::of_realm(format!("default-roles-{realm_name}"))
        }
    }
}
