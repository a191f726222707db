//! Realms, clients, client scopes and roles as they were read.
//!
//! This is what the file (or the server) says; what a server holds after importing it is in
//! [`import`](crate::keycloak::import).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::keycloak::realm_settings::{EventSettings, IdentityProvider};
use crate::known::{Known, Tag};
use crate::locus::Locus;
use crate::snapshot::ServerId;
use crate::sorted::SortedMap;

/// A text of a realm as far as it is known.
pub type Text = Known<Arc<str>>;

/// Names of client scopes; clients of one realm mostly share one list, and then share its memory.
pub type ScopeNames = Arc<[Text]>;

/// How a realm or client was written down, which decides defaults and the names of fields in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// A realm file: export or import; absent switches take the defaults of an import.
    RealmFile,
    /// A file for keycloak-config-cli: as a realm file, with `$(env:X)` and its like.
    ConfigCli,
    /// What the admin API answers (`kcadm.sh get`): everything stored is there.
    AdminApi,
    /// Resources of the Terraform provider for Keycloak.
    Terraform,
}

/// A realm of one Keycloak.
#[derive(Debug, Clone)]
pub struct Realm {
    /// The realm's mapping in its document.
    pub at: Locus,
    /// How it was written.
    pub dialect: Dialect,
    /// The server that it was read from; none for files, whose server is known by issuers only.
    pub server: Option<ServerId>,
    /// Its name, the last part of its issuer. For a bare list of clients unknown.
    pub name: Text,
    /// Whether the realm is enabled.
    pub enabled: Known<bool>,
    /// `keycloakVersion` as the export says it; in a hand-written file it is its author's word.
    pub keycloak_version: Option<Text>,
    /// Realm attribute `frontendUrl`.
    pub frontend_url: Option<Text>,
    /// Whether keycloak-config-cli has left its marks among the realm's attributes: it imports the realm from files of its own.
    pub by_config_cli: bool,
    /// `accessTokenLifespan` in seconds.
    pub access_token_lifespan: Option<Known<i64>>,
    /// `sslRequired`: `all`, `external` or `none`.
    pub ssl_required: Option<Text>,
    /// The clients. For an export all of them; hand-written files list the added ones only.
    pub clients: Vec<Client>,
    /// The client scopes that the file defines; `None` when it has no `clientScopes`, so that an import makes the built-in ones.
    pub client_scopes: Option<Vec<ClientScope>>,
    /// `defaultDefaultClientScopes`: what new clients get; `None` when absent.
    pub default_scopes: Option<ScopeNames>,
    /// `defaultOptionalClientScopes`; `None` when absent.
    pub optional_scopes: Option<ScopeNames>,
    /// Realm roles.
    pub realm_roles: Vec<Role>,
    /// Roles of clients by clientId.
    pub client_roles: BTreeMap<Arc<str>, Vec<Role>>,
    /// Name of the composite role that every user has (`defaultRole.name`).
    pub default_role: Option<Text>,
    /// Realm roles that the old list `defaultRoles` gives to every user.
    pub default_roles: Vec<Text>,
    /// `scopeMappings`: realm roles in the scope of a client or client scope.
    pub scope_mappings: Vec<ScopeMapping>,
    /// Groups, flattened: a group's path and its roles, those of its parents included.
    pub groups: Vec<Group>,
    /// `defaultGroups`: paths of the groups that a server puts every user into whom it makes itself; imported users are in the groups
    /// that their own list names and no others.
    pub default_groups: Vec<Text>,
    /// Users with their roles, service-account users among them; of a person nothing else but what [`User::attributes`] says.
    pub users: Vec<User>,
    /// The identity providers; `None` when the document has no list of them.
    pub identity_providers: Option<Vec<IdentityProvider>>,
    /// Which events are kept.
    pub events: EventSettings,
    /// Whether the list of clients is known to be complete.
    pub complete: Completeness,
}

/// How much of a realm a document holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Completeness {
    /// An export: built-in clients and all others are listed.
    Export,
    /// Written by hand or by Terraform: what an import adds to a new realm.
    Additions,
    /// A client or a list of clients alone: nothing is known of the realm around it.
    ClientsOnly,
}

/// A client of a realm.
#[derive(Debug, Clone)]
pub struct Client {
    /// The client's mapping in its document (the resource, for Terraform).
    pub at: Locus,
    /// How it was written.
    pub dialect: Dialect,
    /// `clientId`.
    pub client_id: Text,
    /// `openid-connect`, `saml` …; absent means `openid-connect`.
    pub protocol: Text,
    /// `enabled`.
    pub enabled: Known<bool>,
    /// `publicClient`: no secret.
    pub public_client: Known<bool>,
    /// `bearerOnly`: an API that never logs anyone in.
    pub bearer_only: Known<bool>,
    /// `standardFlowEnabled`: the authorization code flow.
    pub standard_flow: Known<bool>,
    /// `implicitFlowEnabled`.
    pub implicit_flow: Known<bool>,
    /// `directAccessGrantsEnabled`: the password grant.
    pub direct_access_grants: Known<bool>,
    /// `serviceAccountsEnabled`: the client credentials grant.
    pub service_accounts: Known<bool>,
    /// `fullScopeAllowed`: tokens carry every role of the user.
    pub full_scope: Known<bool>,
    /// `consentRequired`.
    pub consent_required: Known<bool>,
    /// Which of the switches above the document states; the others are the defaults of its dialect.
    pub stated: StatedSwitches,
    /// `rootUrl`.
    pub root_url: Option<Text>,
    /// `baseUrl`.
    pub base_url: Option<Text>,
    /// `adminUrl`.
    pub admin_url: Option<Text>,
    /// `redirectUris` as stored; null and missing lists are empty.
    pub redirect_uris: Vec<Text>,
    /// `webOrigins`; `None` when absent, so that servers fill in the origins of the redirect URIs.
    pub web_origins: Option<Vec<Text>>,
    /// The attributes that anything here reads, by name; see [`attribute`].
    pub attributes: SortedMap<&'static str, Text>,
    /// `clientAuthenticatorType`.
    pub authenticator: Option<Text>,
    /// The stored secret.
    pub secret: ClientSecret,
    /// Stands for the secret before the last rotation, where the server keeps one; whether it is still taken, its expiration tells.
    pub rotated_secret: Option<Tag>,
    /// The client's own protocol mappers.
    pub mappers: Vec<Mapper>,
    /// `defaultClientScopes`; `None` when absent, so that the realm's defaults apply.
    pub default_scopes: Option<ScopeNames>,
    /// `optionalClientScopes`; `None` when absent.
    pub optional_scopes: Option<ScopeNames>,
}

/// Which switches of a client its document states.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatedSwitches {
    /// `enabled` is stated.
    pub enabled: bool,
    /// `publicClient` is stated.
    pub public_client: bool,
    /// `bearerOnly` is stated.
    pub bearer_only: bool,
    /// `standardFlowEnabled` is stated.
    pub standard_flow: bool,
    /// `implicitFlowEnabled` is stated.
    pub implicit_flow: bool,
    /// `directAccessGrantsEnabled` is stated.
    pub direct_access_grants: bool,
    /// `serviceAccountsEnabled` is stated.
    pub service_accounts: bool,
    /// `fullScopeAllowed` is stated.
    pub full_scope: bool,
}

/// What is known of a client's secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientSecret {
    /// No `secret` in the document.
    Absent,
    /// `"secret": ""`: servers take an empty password for it.
    Empty,
    /// `**********`: masked by an export.
    Masked,
    /// A placeholder or a vault reference, and which.
    Placeholder(Box<str>),
    /// A usable secret.
    Held {
        /// Stands for the secret.
        tag: Tag,
        /// Whether the text itself says that it is to be replaced (`change-me-in-prod`); it works all the same when imported.
        says_replace_me: bool,
    },
}

/// Names of the client attributes that anything here reads.
pub mod attribute {
    /// Post-logout redirect URIs, joined with `##`.
    pub const POST_LOGOUT_REDIRECT_URIS: &str = "post.logout.redirect.uris";
    /// Enforced PKCE method: `S256`, `plain`, or empty for optional.
    pub const PKCE_METHOD: &str = "pkce.code.challenge.method";
    /// The client's own access token lifespan in seconds.
    pub const ACCESS_TOKEN_LIFESPAN: &str = "access.token.lifespan";
    /// Lightweight access tokens: mappers write only when their own switch for it is on.
    pub const LIGHTWEIGHT: &str = "client.use.lightweight.access.token.enabled";
    /// Refresh tokens for client credentials: such a login has a session, so its tokens have no subject of their own.
    pub const CLIENT_CREDENTIALS_REFRESH: &str = "client_credentials.use_refresh_token";
    /// Opt-out of the refusal of reserved parameters in redirect URIs.
    pub const ALLOW_OIDC_PARAMETERS: &str = "allow.oidc.params.in.redirect.uris";
    /// Back-channel logout URL.
    pub const BACKCHANNEL_LOGOUT_URL: &str = "backchannel.logout.url";
    /// Alias of the identity provider of a `federated-jwt` client.
    pub const JWT_CREDENTIAL_ISSUER: &str = "jwt.credential.issuer";
    /// Subject of a `federated-jwt` client.
    pub const JWT_CREDENTIAL_SUBJECT: &str = "jwt.credential.sub";
    /// When the server generated the secret, in seconds since the epoch.
    pub const SECRET_CREATION_TIME: &str = "client.secret.creation.time";
    /// When the secret expires under a rotation policy, in seconds since the epoch.
    pub const SECRET_EXPIRATION_TIME: &str = "client.secret.expiration.time";
    /// When the rotated secret expires, in seconds since the epoch.
    pub const ROTATED_SECRET_EXPIRATION_TIME: &str = "client.secret.rotated.expiration.time";

    /// The secret before the last rotation, as plain text: kept as [`Client::rotated_secret`](super::Client::rotated_secret) only.
    pub const ROTATED_SECRET: &str = "client.secret.rotated";

    /// All that [`Client::attributes`](super::Client::attributes) holds, in alphabetical order.
    pub const ALL: [&str; 12] = [
        ACCESS_TOKEN_LIFESPAN,
        ALLOW_OIDC_PARAMETERS,
        BACKCHANNEL_LOGOUT_URL,
        SECRET_CREATION_TIME,
        SECRET_EXPIRATION_TIME,
        ROTATED_SECRET_EXPIRATION_TIME,
        LIGHTWEIGHT,
        CLIENT_CREDENTIALS_REFRESH,
        JWT_CREDENTIAL_ISSUER,
        JWT_CREDENTIAL_SUBJECT,
        PKCE_METHOD,
        POST_LOGOUT_REDIRECT_URIS,
    ];
}

/// A client scope with its mappers.
#[derive(Debug, Clone)]
pub struct ClientScope {
    /// The scope's mapping in its document.
    pub at: Locus,
    /// Its name.
    pub name: Text,
    /// `openid-connect`, `saml` …
    pub protocol: Text,
    /// Attribute `include.in.token.scope`: whether its name stands in the `scope` claim; absent means yes.
    pub in_token_scope: Known<bool>,
    /// Its mappers.
    pub mappers: Vec<Mapper>,
}

/// A protocol mapper.
#[derive(Debug, Clone)]
pub struct Mapper {
    /// The mapper's mapping in its document.
    pub at: Locus,
    /// How it was written.
    pub dialect: Dialect,
    /// Its name.
    pub name: Text,
    /// `openid-connect`, `saml` …
    pub protocol: Text,
    /// Its type: `oidc-audience-mapper`, `oidc-sub-mapper` …
    pub provider: Text,
    /// Its configuration; empty values are left out, as servers drop them.
    pub config: SortedMap<Arc<str>, Text>,
}

/// A role of the realm or of a client.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its name.
    pub name: Text,
    /// Realm roles that it contains.
    pub realm_composites: Vec<Text>,
    /// Client roles that it contains, by clientId.
    pub client_composites: BTreeMap<Arc<str>, Vec<Text>>,
}

/// Roles in the scope of a client or client scope.
#[derive(Debug, Clone)]
pub struct ScopeMapping {
    /// The mapping in its document.
    pub at: Locus,
    /// Whose scope.
    pub holder: ScopeHolder,
    /// The clientId whose roles they are; `None` for realm roles.
    pub role_client: Option<Arc<str>>,
    /// The roles.
    pub roles: Vec<Text>,
}

/// What a scope mapping belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScopeHolder {
    /// A client, by clientId.
    Client(Text),
    /// A client scope, by name.
    ClientScope(Text),
}

/// A group with the roles of its members.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its path, `/parent/child`.
    pub path: Text,
    /// Realm roles.
    pub realm_roles: Vec<Text>,
    /// Client roles by clientId.
    pub client_roles: BTreeMap<Arc<str>, Vec<Text>>,
    /// Attributes that a mapper of the realm writes into `aud`, those of its parents included; see [`User::attributes`].
    pub attributes: SortedMap<Arc<str>, Box<[Text]>>,
}

/// A user with roles; nothing else of a person is kept but what tokens carry as an audience.
#[derive(Debug, Clone)]
pub struct User {
    /// The user's mapping in its document; of service accounts only, as there are many users.
    pub at: Option<Locus>,
    /// The login name.
    pub username: Text,
    /// The clientId whose service account it is.
    pub service_account_of: Option<Text>,
    /// Realm roles given directly.
    pub realm_roles: Vec<Text>,
    /// Client roles given directly, by clientId.
    pub client_roles: BTreeMap<Arc<str>, Vec<Text>>,
    /// Paths of the user's groups.
    pub groups: Vec<Text>,
    /// Attributes that a mapper of the realm writes into `aud`, by name: `email`, `firstName` and `lastName` among them, as servers
    /// count those for attributes. All others are dropped as soon as the realm's mappers are read.
    pub attributes: SortedMap<Arc<str>, Box<[Text]>>,
}

/// A field of a client, by what it is rather than how a dialect spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientField {
    /// `clientId`
    ClientId,
    /// `enabled`
    Enabled,
    /// `publicClient`
    PublicClient,
    /// `bearerOnly`
    BearerOnly,
    /// `standardFlowEnabled`
    StandardFlow,
    /// `implicitFlowEnabled`
    ImplicitFlow,
    /// `directAccessGrantsEnabled`
    DirectAccessGrants,
    /// `serviceAccountsEnabled`
    ServiceAccounts,
    /// `fullScopeAllowed`
    FullScope,
    /// `rootUrl`
    RootUrl,
    /// `baseUrl`
    BaseUrl,
    /// `adminUrl`
    AdminUrl,
    /// `redirectUris`
    RedirectUris,
    /// `webOrigins`
    WebOrigins,
    /// `secret`
    Secret,
    /// `clientAuthenticatorType`
    Authenticator,
    /// `defaultClientScopes`
    DefaultScopes,
    /// `optionalClientScopes`
    OptionalScopes,
    /// `protocolMappers`
    Mappers,
    /// An attribute of [`attribute`].
    Attribute(&'static str),
}

impl Realm {
    /// The user of this login name, whose case does not matter.
    pub fn user(&self, username: &str) -> Option<&User> {
        self.users
            .iter()
            .find(|user| user.username.text().is_some_and(|known| known.eq_ignore_ascii_case(username)))
    }

    /// The user that is the service account of this client.
    pub fn service_account(&self, client_id: &str) -> Option<&User> {
        let is_its =
            |user: &&User| user.service_account_of.as_ref().and_then(|id| id.text()) == Some(client_id);
        self.users.iter().find(is_its)
    }
}

impl Client {
    /// The place of a field, in the words of the client's dialect; of a list as a whole, for lists.
    pub fn field(&self, field: ClientField) -> Locus {
        use ClientField as F;
        let terraform = self.dialect == Dialect::Terraform;
        let name = match field {
            F::ClientId if terraform => "client_id",
            F::ClientId => "clientId",
            F::Enabled => "enabled",
            F::PublicClient | F::BearerOnly if terraform => "access_type",
            F::PublicClient => "publicClient",
            F::BearerOnly => "bearerOnly",
            F::StandardFlow if terraform => "standard_flow_enabled",
            F::StandardFlow => "standardFlowEnabled",
            F::ImplicitFlow if terraform => "implicit_flow_enabled",
            F::ImplicitFlow => "implicitFlowEnabled",
            F::DirectAccessGrants if terraform => "direct_access_grants_enabled",
            F::DirectAccessGrants => "directAccessGrantsEnabled",
            F::ServiceAccounts if terraform => "service_accounts_enabled",
            F::ServiceAccounts => "serviceAccountsEnabled",
            F::FullScope if terraform => "full_scope_allowed",
            F::FullScope => "fullScopeAllowed",
            F::RootUrl if terraform => "root_url",
            F::RootUrl => "rootUrl",
            F::BaseUrl if terraform => "base_url",
            F::BaseUrl => "baseUrl",
            F::AdminUrl if terraform => "admin_url",
            F::AdminUrl => "adminUrl",
            F::RedirectUris if terraform => "valid_redirect_uris",
            F::RedirectUris => "redirectUris",
            F::WebOrigins if terraform => "web_origins",
            F::WebOrigins => "webOrigins",
            F::Secret if terraform => "client_secret",
            F::Secret => "secret",
            F::Authenticator if terraform => "client_authenticator_type",
            F::Authenticator => "clientAuthenticatorType",
            F::DefaultScopes if terraform => "default_scopes",
            F::DefaultScopes => "defaultClientScopes",
            F::OptionalScopes if terraform => "optional_scopes",
            F::OptionalScopes => "optionalClientScopes",
            F::Mappers => "protocolMappers",
            F::Attribute(attribute::POST_LOGOUT_REDIRECT_URIS) if terraform => {
                "valid_post_logout_redirect_uris"
            }
            F::Attribute(attribute::PKCE_METHOD) if terraform => "pkce_code_challenge_method",
            F::Attribute(attribute::ACCESS_TOKEN_LIFESPAN) if terraform => "access_token_lifespan",
            F::Attribute(attribute::BACKCHANNEL_LOGOUT_URL) if terraform => "backchannel_logout_url",
            F::Attribute(attribute) if terraform => return self.at.key("extra_config").key(attribute),
            F::Attribute(attribute) => return self.at.key("attributes").key(attribute),
        };
        self.at.key(name)
    }

    /// The place of entry `index`, counted from zero, of a list field.
    pub fn entry(&self, field: ClientField, index: usize) -> Locus {
        self.field(field).index(index)
    }

    /// The value of an attribute of [`attribute`].
    pub fn attribute(&self, name: &str) -> Option<&Text> {
        self.attributes.get(name)
    }
}
