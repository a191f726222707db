//! Which audiences, roles and subject the tokens of a client carry, and through which mapper each.
//!
//! The rules are Keycloak's (`TokenManager`, `DefaultClientSessionContext`, the mappers of `org.keycloak.protocol.oidc`), checked
//! against answers of real servers 24.0.5, 26.5.5 and 26.7.3 (`tests/data/keycloak/audience_cases.json`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use crate::keycloak::import::{HeldRealm, ScopeRef};
use crate::keycloak::mapper::{self, Effect, Target, Writes};
use crate::keycloak::model::{Client, Mapper, Realm, attribute};
use crate::keycloak::roles::{RoleName, RoleSet};
use crate::keycloak::version::Version;
use crate::known::Known;
use crate::locus::Locus;

/// How a token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// The browser login: authorization code.
    AuthorizationCode,
    /// The password grant (direct access grants).
    Password,
    /// Client credentials: the service account.
    ClientCredentials,
}

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// Anybody who can log in: has the default role for certain, and perhaps more.
    AnyUser,
    /// The user of the file with this login name.
    User(&'a str),
    /// The client's service account.
    ServiceAccount,
}

/// A request for tokens.
#[derive(Debug, Clone, Copy)]
pub struct TokenRequest<'a> {
    /// The grant.
    pub grant: Grant,
    /// Whose token.
    pub subject: Subject<'a>,
    /// The parameter `scope`, names separated by blanks; `None` when it is left out.
    pub scope: Option<&'a str>,
}

impl<'a> TokenRequest<'a> {
    /// A browser login of anybody, for `openid`.
    pub const LOGIN: TokenRequest<'static> =
        TokenRequest { grant: Grant::AuthorizationCode, subject: Subject::AnyUser, scope: Some("openid") };
    /// Client credentials without a `scope`.
    pub const SERVICE_ACCOUNT: TokenRequest<'static> =
        TokenRequest { grant: Grant::ClientCredentials, subject: Subject::ServiceAccount, scope: None };

    /// A login of this user: in the browser, or by password where the client allows nothing else.
    pub fn of_user(client: &Client, user: Option<&'a str>) -> Self {
        let by_password = client.standard_flow.is_off() && client.direct_access_grants.is_on();
        TokenRequest {
            grant: if by_password { Grant::Password } else { Grant::AuthorizationCode },
            subject: user.map_or(Subject::AnyUser, Subject::User),
            scope: Some("openid"),
        }
    }

    /// The same request with this `scope`.
    pub fn with_scope(self, scope: Option<&'a str>) -> Self {
        TokenRequest { scope, ..self }
    }
}

/// What the token endpoint answers instead of tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The OAuth error code.
    pub error: &'static str,
    /// The description, as servers word it.
    pub description: String,
}

/// Why no tokens could be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTokens {
    /// The server refuses the request.
    #[error("the server answers {} {}: {}", .0.status, .0.error, .0.description)]
    Refused(Refusal),
    /// The user is not in the realm's document.
    #[error("there is no user {0:?} in what was read of the realm")]
    NoSuchUser(String),
}

/// The tokens that a request gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IssuedTokens {
    /// The access token.
    pub access_token: Token,
    /// The ID token; none when the request does not ask for `openid`.
    pub id_token: Option<Token>,
    /// The roles in the access token.
    pub roles: TokenRoles,
    /// The claim `scope`.
    pub scope: String,
    /// What is not defined: servers answer one way or the other. Sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undefined: Vec<String>,
    /// What could not be read and may change the tokens. Sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
}

/// A token, as far as audiences and subject go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Token {
    /// The audiences that are in it for certain, in alphabetical order; empty when there is no `aud` claim.
    pub aud: Vec<String>,
    /// Audiences that may be in it or not, because servers do not define the order of mappers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub perhaps: Vec<String>,
    /// Whether it has a `sub`.
    pub sub: bool,
    /// Where each audience and the subject come from.
    pub via: Vec<Via>,
}

impl Token {
    /// Whether this audience is in the token for certain.
    pub fn has_audience(&self, audience: &str) -> bool {
        self.aud.iter().any(|issued| issued == audience)
    }
}

/// Where a claim of a token comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Via {
    /// `aud` or `sub`.
    pub claim: &'static str,
    /// The audience; for `sub` nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The name of the mapper that writes it; none for what the server writes without a mapper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapper: Option<String>,
    /// The client scope that holds the mapper; none for a mapper of the client itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_scope: Option<String>,
    /// The role through which audience resolving finds the audience, as `client.role`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The whole in words.
    pub how: String,
    /// The mapper's place.
    #[serde(skip)]
    pub at: Option<Locus>,
}

/// Roles in an access token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TokenRoles {
    /// `realm_access.roles`; empty when there is none.
    pub realm: BTreeSet<Arc<str>>,
    /// `resource_access`, by clientId.
    pub client: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
}

/// Whether servers of this version leave disabled and deleted clients out of `aud` and `resource_access` (CVE-2026-93999).
///
/// Fixed in 26.6.8; 26.7.4 does not have it, so that the fix of that line is taken to be 26.7.5, and that of the next 26.8.1.
pub fn leaves_dead_clients_out(version: Version) -> bool {
    let fixed = match (version.major(), version.minor()) {
        (26, 6) => Version::new(26, 6, 8),
        (26, 7) => Version::new(26, 7, 5),
        _ => Version::new(26, 8, 1),
    };
    version >= fixed
}

/// The tokens that `request` gets for `client`.
///
/// # Errors
/// When the server refuses the request, or the user is not in the document.
pub fn issue(
    held: &HeldRealm,
    realm: &Realm,
    client: &Client,
    request: &TokenRequest<'_>,
) -> Result<IssuedTokens, NoTokens> {
    refuse_flow(client, request)?;
    let mut issuing = Issuing::start(held, realm, client, request)?;
    issuing.apply_role_mappers();
    let access_token = issuing.access_token();
    let asks_openid = request.scope.is_some_and(|scope| scope.split(' ').any(|name| name == "openid"));
    let id_token = asks_openid.then(|| issuing.id_token());
    let roles = issuing.token_roles();
    let scope = issuing.scope_claim(asks_openid);
    Ok(IssuedTokens {
        access_token,
        id_token,
        roles,
        scope,
        undefined: issuing.undefined,
        unread: issuing.unread,
    })
}

fn refuse_flow(client: &Client, request: &TokenRequest<'_>) -> Result<(), NoTokens> {
    let refuse = |status, error, description: &str| {
        Err(NoTokens::Refused(Refusal { status, error, description: description.to_owned() }))
    };
    if client.enabled.is_off() {
        return refuse(401, "invalid_client", "Invalid client or Invalid client credentials");
    }
    match request.grant {
        _ if client.bearer_only.is_on() => {
            refuse(400, "invalid_client", "Bearer-only client not allowed to initiate login")
        }
        Grant::AuthorizationCode if client.standard_flow.is_off() => {
            refuse(401, "unauthorized_client", "Client is not allowed to initiate browser login")
        }
        Grant::Password if client.direct_access_grants.is_off() => {
            refuse(400, "unauthorized_client", "Client not allowed for direct access grants")
        }
        Grant::Password if client.consent_required.is_on() => {
            refuse(400, "invalid_client", "Client requires user consent")
        }
        Grant::ClientCredentials if client.public_client.is_on() => {
            refuse(401, "unauthorized_client", "Public client not allowed to retrieve service account")
        }
        Grant::ClientCredentials if client.service_accounts.is_off() => {
            refuse(401, "unauthorized_client", "Client not enabled to retrieve service account")
        }
        _ => Ok(()),
    }
}

/// A role in effect, and the mapper that brought it when it is not the user's own.
type RolesInEffect = BTreeMap<RoleName, Option<String>>;

struct Issuing<'a> {
    held: &'a HeldRealm,
    realm: &'a Realm,
    client: &'a Client,
    client_id: &'a str,
    grant: Grant,
    lightweight: bool,
    scopes: Vec<ScopeRef>,
    roles: RolesInEffect,
    undefined: Vec<String>,
    unread: Vec<String>,
}

/// A mapper in effect and the scope that holds it; none for the client's own.
type Placed<'a> = (Option<&'a str>, &'a Mapper);

impl<'a> Issuing<'a> {
    fn start(
        held: &'a HeldRealm,
        realm: &'a Realm,
        client: &'a Client,
        request: &TokenRequest<'_>,
    ) -> Result<Self, NoTokens> {
        let client_id = client.client_id.text().unwrap_or_default();
        let all = held.scopes_of(realm, client);
        let mut unread = all.unread;
        let (user_roles, unread_roles) = roles_of_subject(held, realm, client_id, request.subject)?;
        if unread_roles {
            unread.push("Some roles of the user could not be read.".to_owned());
        }
        let name_of = |scope: ScopeRef| held.scope(realm, scope).name.text().unwrap_or_default();
        let named: BTreeSet<&str> = request.scope.into_iter().flat_map(java_split).collect();
        let in_effect: Vec<ScopeRef> = all
            .default
            .iter()
            .copied()
            .chain(all.optional.iter().copied().filter(|&scope| named.contains(name_of(scope))))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        if let Some(scope) = request.scope
            && unread.is_empty()
        {
            let known: BTreeSet<&str> = in_effect.iter().map(|&scope| name_of(scope)).collect();
            refuse_scope(scope, &named, &known, held.version())?;
        }
        let scopes: Vec<ScopeRef> =
            in_effect.into_iter().filter(|&scope| held.admits(scope, &user_roles)).collect();
        let effective = roles_in_scope(held, client, client_id, &scopes, user_roles, &mut unread);
        let roles = effective.into_iter().map(|role| (held.roles().name(role).clone(), None)).collect();
        Ok(Issuing {
            held,
            realm,
            client,
            client_id,
            grant: request.grant,
            lightweight: is_lightweight(client),
            scopes,
            roles,
            undefined: Vec::new(),
            unread,
        })
    }

    fn mappers(&self) -> Vec<Placed<'a>> {
        let protocol = self.client.protocol.text().unwrap_or("openid-connect");
        let own = self.client.mappers.iter().map(|mapper| (None, mapper));
        let of_scopes = self.scopes.iter().flat_map(|&scope| {
            let scope = self.held.scope(self.realm, scope);
            scope.mappers.iter().map(move |mapper| (Some(scope.name.text().unwrap_or_default()), mapper))
        });
        own.chain(of_scopes)
            .filter(|(_, mapper)| mapper.protocol.text().unwrap_or(protocol) == protocol)
            .collect()
    }

    fn writes(&mut self, mapper: &Mapper, target: Target) -> bool {
        match mapper::writes(mapper, target, self.lightweight) {
            Writes::Yes => true,
            Writes::No => false,
            Writes::Unknown(why) => {
                self.note_unread(format!(
                    "Whether the mapper `{}` writes is not known: {why}.",
                    mapper.name.text().unwrap_or("?")
                ));
                false
            }
        }
    }

    fn note_unread(&mut self, sentence: String) {
        if !self.unread.contains(&sentence) {
            self.unread.push(sentence);
        }
    }

    // Role names (priority 10) and hardcoded roles (20) work on the roles in effect before anything else reads them, whatever
    // their switches say.
    fn apply_role_mappers(&mut self) {
        let mappers = self.mappers();
        for &(scope, mapper) in &mappers {
            let Effect::RenameRole { from, to } = mapper::effect(mapper) else { continue };
            if self.roles.remove(&from).is_some() {
                self.roles.insert(to, Some(describe(scope, mapper)));
            }
        }
        for &(scope, mapper) in &mappers {
            let Effect::AddRole(role) = mapper::effect(mapper) else { continue };
            self.roles.entry(role).or_insert_with(|| Some(describe(scope, mapper)));
        }
        if leaves_dead_clients_out(self.held.version()) {
            let dead: Vec<RoleName> =
                self.roles.keys().filter(|role| self.is_of_dead_client(role)).cloned().collect();
            for role in dead {
                self.roles.remove(&role);
            }
        }
    }

    fn is_of_dead_client(&self, role: &RoleName) -> bool {
        role.client.as_deref().is_some_and(|client| self.held.client_is_live(self.realm, client).is_off())
    }

    fn access_token(&mut self) -> Token {
        let mut audiences = self.mapped_audiences(Target::AccessToken, None);
        for (scope, mapper) in self.mappers() {
            if !matches!(mapper::effect(mapper), Effect::ResolveAudience)
                || !self.writes(mapper, Target::AccessToken)
            {
                continue;
            }
            for (role, brought_by) in &self.roles {
                let Some(client) = role.client.as_deref().filter(|client| *client != self.client_id) else {
                    continue;
                };
                let brought =
                    brought_by.as_ref().map_or_else(String::new, |mapper| format!(", which {mapper} adds"));
                let how = format!("{} finds it through the role `{role}`{brought}", describe(scope, mapper));
                audiences.add(client, via(scope, mapper, client, Some(role.to_string()), how));
            }
        }
        let mut token = audiences.into_token();
        self.access_subject(&mut token);
        token
    }

    fn id_token(&mut self) -> Token {
        let own = self.client_id;
        let how = "every ID token carries the client's own id".to_owned();
        let start = Via {
            claim: "aud",
            audience: Some(own.to_owned()),
            mapper: None,
            client_scope: None,
            role: None,
            how,
            at: None,
        };
        let mut token = self.mapped_audiences(Target::IdToken, Some((own, start))).into_token();
        token.sub = true;
        token
    }

    // All mappers that write audiences but audience resolving have priority 0, in an order that no server defines: beside one
    // that replaces the list, others may be lost or not.
    fn mapped_audiences(&mut self, target: Target, start: Option<(&str, Via)>) -> Audiences {
        let mut added = Vec::new();
        let mut replacing: Vec<(Option<String>, Via)> = Vec::new();
        for (scope, mapper) in self.mappers() {
            let effect = mapper::effect(mapper);
            if !matches!(effect, Effect::AddAudience(_) | Effect::ReplaceAudience(_))
                || !self.writes(mapper, target)
            {
                continue;
            }
            let described = describe(scope, mapper);
            match effect {
                Effect::AddAudience(Known::Value(audience)) => {
                    if !audience.is_client || !self.leaves_out(&audience.text) {
                        let how = format!("{described} adds it");
                        let via = via(scope, mapper, &audience.text, None, how);
                        added.push((audience.text.to_string(), via));
                    }
                }
                Effect::ReplaceAudience(Known::Value(text)) => {
                    let how = format!("{described} sets the claim `aud` to it");
                    replacing.push((Some(text.to_string()), via(scope, mapper, &text, None, how)));
                }
                Effect::ReplaceAudience(unknown) => {
                    let why = unknown.why_unknown().unwrap_or("it is a secret").to_owned();
                    self.note_unread(format!(
                        "{described} sets the claim `aud` to a value that is not known: {why}."
                    ));
                    let how = format!("{described} sets the claim `aud`");
                    replacing.push((None, via(scope, mapper, "", None, how)));
                }
                Effect::AddAudience(unknown) => {
                    let why = unknown.why_unknown().unwrap_or("it is a secret").to_owned();
                    self.note_unread(format!("{described} adds an audience that is not known: {why}."));
                }
                _ => {}
            }
        }
        let mut audiences = Audiences::default();
        if replacing.is_empty() {
            if let Some((audience, via)) = start {
                audiences.add(audience, via);
            }
            for (audience, via) in added {
                audiences.add(&audience, via);
            }
            return audiences;
        }
        let ordered = replacing.len() == 1 && added.is_empty();
        if !ordered {
            self.undefined.push(format!(
                "Several mappers write the claim `aud` of the {}, one of which replaces what is there; servers run them in no \
                 defined order, so that others may be lost.",
                target.name()
            ));
        }
        let sole = replacing.len() == 1;
        for (audience, via) in replacing {
            match audience {
                Some(audience) if sole => audiences.add(&audience, via),
                Some(audience) => audiences.add_perhaps(&audience, via),
                None => {}
            }
        }
        for (audience, via) in added {
            audiences.add_perhaps(&audience, via);
        }
        audiences
    }

    fn leaves_out(&self, client: &str) -> bool {
        leaves_dead_clients_out(self.held.version()) && self.held.client_is_live(self.realm, client).is_off()
    }

    fn access_subject(&mut self, token: &mut Token) {
        let mut found = |mapper: Option<(Option<&str>, &Mapper)>, how: String| {
            token.sub = true;
            token.via.push(Via {
                claim: "sub",
                audience: None,
                mapper: mapper.and_then(|(_, mapper)| mapper.name.text()).map(str::to_owned),
                client_scope: mapper.and_then(|(scope, _)| scope).map(str::to_owned),
                role: None,
                how,
                at: mapper.map(|(_, mapper)| mapper.at.clone()),
            });
        };
        if self.held.version() < Version::new(25, 0, 0) {
            found(None, "servers before 25 always write it".to_owned());
            return;
        }
        let keeps_session = self
            .client
            .attribute(attribute::CLIENT_CREDENTIALS_REFRESH)
            .and_then(|value| value.text())
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if self.grant == Grant::ClientCredentials && !keeps_session {
            found(None, "a client credentials login without a session always has it".to_owned());
            return;
        }
        for (scope, mapper) in self.mappers() {
            let always = match mapper::effect(mapper) {
                Effect::Subject { always } => always,
                _ => continue,
            };
            if always || self.writes(mapper, Target::AccessToken) {
                found(Some((scope, mapper)), format!("{} writes it", describe(scope, mapper)));
                return;
            }
        }
    }

    fn token_roles(&mut self) -> TokenRoles {
        let mut roles = TokenRoles::default();
        for (_, mapper) in self.mappers() {
            let effect = mapper::effect(mapper);
            if !matches!(effect, Effect::ListRealmRoles { .. } | Effect::ListClientRoles { .. })
                || !self.writes(mapper, Target::AccessToken)
            {
                continue;
            }
            match effect {
                Effect::ListRealmRoles { prefix } => {
                    let of_realm = self.roles.keys().filter(|role| role.client.is_none());
                    roles.realm.extend(of_realm.map(|role| prefixed(&prefix, &role.name)));
                }
                Effect::ListClientRoles { only, under, prefix } => {
                    for role in self.roles.keys() {
                        let Some(client) = &role.client else { continue };
                        if only.as_deref().is_some_and(|only| only != &**client) {
                            continue;
                        }
                        let prefix = prefix.replace("${client_id}", client);
                        let holder = under.clone().unwrap_or_else(|| client.clone());
                        roles.client.entry(holder).or_default().insert(prefixed(&prefix, &role.name));
                    }
                }
                _ => {}
            }
        }
        roles
    }

    fn scope_claim(&self, asks_openid: bool) -> String {
        let names = self.scopes.iter().map(|&scope| self.held.scope(self.realm, scope));
        let shown =
            names.filter(|scope| !scope.in_token_scope.is_off()).filter_map(|scope| scope.name.text());
        asks_openid.then_some("openid").into_iter().chain(shown).collect::<Vec<_>>().join(" ")
    }
}

impl HeldRealm {
    /// Whether a user with these roles gets a client scope: one without mapped roles always, else with any of them.
    pub(crate) fn admits(&self, scope: ScopeRef, user_roles: &RoleSet) -> bool {
        let mapped = self.mapped_to_scope(scope);
        mapped.is_empty() || !self.roles().expand(mapped.iter().copied()).is_disjoint(user_roles)
    }
}

/// Whether the client's access tokens are lightweight by its own attribute; a client policy may make them so as well.
pub fn is_lightweight(client: &Client) -> bool {
    let value = client.attribute(attribute::LIGHTWEIGHT).and_then(|value| value.text());
    value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// The roles that a subject has before any scope is applied, and whether some of them could not be read.
pub(crate) fn roles_of_subject(
    held: &HeldRealm,
    realm: &Realm,
    client_id: &str,
    subject: Subject<'_>,
) -> Result<(RoleSet, bool), NoTokens> {
    let roles = held.roles();
    let by_default = || (roles.expand([roles.default_role()]), roles.is_incomplete());
    match subject {
        Subject::AnyUser => Ok(by_default()),
        Subject::User(name) => realm
            .users
            .iter()
            .find(|user| user.username.text().is_some_and(|known| known.eq_ignore_ascii_case(name)))
            .map(|user| roles.roles_of_user(realm, user))
            .ok_or_else(|| NoTokens::NoSuchUser(name.to_owned())),
        Subject::ServiceAccount => Ok(realm
            .users
            .iter()
            .find(|user| user.service_account_of.as_ref().and_then(|id| id.text()) == Some(client_id))
            .map_or_else(by_default, |user| roles.roles_of_user(realm, user))),
    }
}

fn roles_in_scope(
    held: &HeldRealm,
    client: &Client,
    client_id: &str,
    scopes: &[ScopeRef],
    user_roles: RoleSet,
    unread: &mut Vec<String>,
) -> RoleSet {
    if let Some(why) = client.full_scope.why_unknown() {
        unread.push(format!("Whether the client has full scope is not known: {why}."));
    }
    if !client.full_scope.is_off() {
        return user_roles;
    }
    let own = held.roles().roles_of_client(client_id).iter();
    let of_client = held.mapped_to_client(client_id).iter();
    let of_scopes = scopes.iter().flat_map(|&scope| held.mapped_to_scope(scope));
    let in_scope = held.roles().expand(own.chain(of_client).chain(of_scopes).copied());
    user_roles.intersection(&in_scope).copied().collect()
}

// As Keycloak's `TokenManager.isValidScope`: every name but `openid` must be one of the scopes in effect, in the same case.
fn refuse_scope(
    scope: &str,
    named: &BTreeSet<&str>,
    in_effect: &BTreeSet<&str>,
    version: Version,
) -> Result<(), NoTokens> {
    let has_organizations = version >= Version::new(26, 0, 0);
    let of_organization = |name: &str| {
        has_organizations && name.starts_with("organization:") && in_effect.contains("organization")
    };
    let several_organizations =
        has_organizations && named.iter().filter(|name| name.starts_with("organization")).count() > 1;
    let valid = !several_organizations
        && named.iter().all(|name| *name == "openid" || in_effect.contains(name) || of_organization(name));
    if valid {
        return Ok(());
    }
    let description = format!("Invalid scopes: {scope}");
    Err(NoTokens::Refused(Refusal { status: 400, error: "invalid_scope", description }))
}

// Java's `split(" ")`: empty pieces at the end go, others stay; an empty text is one empty piece.
fn java_split(scope: &str) -> impl Iterator<Item = &str> {
    let kept = if scope.is_empty() { scope } else { scope.trim_end_matches(' ') };
    let nothing_left = !scope.is_empty() && kept.is_empty();
    kept.split(' ').filter(move |_| !nothing_left)
}

#[derive(Default)]
struct Audiences {
    certain: BTreeSet<String>,
    perhaps: BTreeSet<String>,
    via: Vec<Via>,
}

impl Audiences {
    fn add(&mut self, audience: &str, via: Via) {
        self.certain.insert(audience.to_owned());
        self.via.push(via);
    }

    fn add_perhaps(&mut self, audience: &str, via: Via) {
        self.perhaps.insert(audience.to_owned());
        self.via.push(via);
    }

    fn into_token(self) -> Token {
        let perhaps = self.perhaps.difference(&self.certain).cloned().collect();
        Token { aud: self.certain.into_iter().collect(), perhaps, sub: false, via: self.via }
    }
}

fn via(scope: Option<&str>, mapper: &Mapper, audience: &str, role: Option<String>, how: String) -> Via {
    Via {
        claim: "aud",
        audience: Some(audience.to_owned()),
        mapper: mapper.name.text().map(str::to_owned),
        client_scope: scope.map(str::to_owned),
        role,
        how,
        at: Some(mapper.at.clone()),
    }
}

/// A mapper in words: "the mapper `x` of the client scope `y`".
pub(crate) fn describe(scope: Option<&str>, mapper: &Mapper) -> String {
    let name = mapper.name.text().unwrap_or("?");
    match scope {
        Some(scope) => format!("the mapper `{name}` of the client scope `{scope}`"),
        None => format!("the client's mapper `{name}`"),
    }
}

fn prefixed(prefix: &str, name: &Arc<str>) -> Arc<str> {
    if prefix.is_empty() { name.clone() } else { Arc::from(format!("{prefix}{name}")) }
}

#[cfg(test)]
#[path = "audience_tests.rs"]
mod tests;
