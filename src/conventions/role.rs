//! What a setting means to someone who checks logins and tokens.

use std::fmt;

use serde::Deserialize;

macro_rules! roles {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal),+ $(,)?) => {
        /// What a setting means to someone who checks logins and tokens.
        ///
        /// The names in convention files are the same words in small letters with underscores.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        pub enum Role {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+
        }

        impl Role {
            /// The role's name in convention files and machine output.
            pub fn name(self) -> &'static str {
                match self {
                    $(Role::$variant => $name,)+
                }
            }
        }
    };
}

roles! {
    /// The issuer of tokens; for Keycloak the URL of the realm.
    Issuer = "issuer",
    /// The URL of the discovery document, ending in `/.well-known/openid-configuration`.
    DiscoveryUrl = "discovery_url",
    /// Where discovery starts when the issuer itself is another setting.
    DiscoveryBase = "discovery_base",
    /// The path of the discovery document below the issuer.
    DiscoveryPath = "discovery_path",
    /// Switches discovery on.
    DiscoveryEnable = "discovery_enable",
    /// Switches discovery off.
    DiscoveryDisable = "discovery_disable",
    /// The base URL of the Keycloak server, without a realm.
    ServerUrl = "server_url",
    /// The base URL of the Keycloak server for calls that do not leave the network.
    ServerUrlInternal = "server_url_internal",
    /// The base URL of Keycloak's admin API, which says nothing about the issuer's host.
    AdminApiUrl = "admin_api_url",
    /// The name of the realm.
    Realm = "realm",
    /// An audience that tokens must carry.
    Audience = "audience",
    /// An audience accepted besides the client id; tokens need not carry it.
    ExtraAudience = "extra_audience",
    /// The audience of tokens that the application issues itself; Keycloak has no part in it.
    OwnTokenAudience = "own_token_audience",
    /// Clients of which the token must hold roles (`resource_access`).
    AllowedResources = "allowed_resources",
    /// Switches the audience check on.
    AudienceCheckEnable = "audience_check_enable",
    /// Switches the audience check off.
    AudienceCheckDisable = "audience_check_disable",
    /// Which claim holds the audience.
    AudienceClaim = "audience_claim",
    /// Pairs of issuer and audience.
    IssuerAudiencePairs = "issuer_audience_pairs",
    /// Switches the issuer check off.
    IssuerCheckDisable = "issuer_check_disable",
    /// Switches some check of tokens or certificates off; which one the name tells.
    ValidationDisable = "validation_disable",
    /// The client id.
    ClientId = "client_id",
    /// A file that holds the client id.
    ClientIdFile = "client_id_file",
    /// The client secret.
    ClientSecret = "client_secret",
    /// A file that holds the client secret.
    ClientSecretFile = "client_secret_file",
    /// Where Keycloak sends the browser after the login.
    RedirectUri = "redirect_uri",
    /// The application's own public URL.
    BaseUrl = "base_url",
    /// The application's own URL for calls that do not leave the network.
    BaseUrlInternal = "base_url_internal",
    /// The application's own public host name.
    BaseHost = "base_host",
    /// The application's own public scheme.
    BaseScheme = "base_scheme",
    /// The path of the redirect URI.
    CallbackPath = "callback_path",
    /// The beginning of the path of the redirect URI.
    CallbackPrefix = "callback_prefix",
    /// Where Keycloak sends the browser after the logout.
    PostLogoutRedirect = "post_logout_redirect",
    /// Where the keys of the realm are read.
    JwksUri = "jwks_uri",
    /// A key pinned as text, which goes stale when the realm's keys rotate.
    PublicKey = "public_key",
    /// A key set pinned as text, or a shared secret.
    JwksOrSecret = "jwks_or_secret",
    /// The authorization endpoint.
    AuthorizationUrl = "authorization_url",
    /// The token endpoint.
    TokenUrl = "token_url",
    /// The user info endpoint.
    UserinfoUrl = "userinfo_url",
    /// The end-session endpoint.
    EndSessionUrl = "end_session_url",
    /// The introspection endpoint.
    IntrospectionUrl = "introspection_url",
    /// How many seconds clocks may differ.
    Leeway = "leeway",
    /// The oldest token accepted, in seconds.
    MaxTokenAge = "max_token_age",
    /// Origins that the application itself lets call it; not Keycloak's web origins.
    AllowedOrigins = "allowed_origins",
    /// Hosts or URLs to which the application itself may redirect.
    AllowedRedirectHosts = "allowed_redirect_hosts",
    /// Which kind of identity provider is used.
    ProviderType = "provider_type",
    /// The key of the provider that a client registration uses.
    ProviderRef = "provider_ref",
    /// The keys of the providers in use.
    ProviderList = "provider_list",
    /// What people read on the login button.
    ProviderName = "provider_name",
    /// The OAuth grant that a client registration uses.
    GrantType = "grant_type",
    /// Whether the application logs users in, checks tokens, or both.
    AppType = "app_type",
    /// Switches the login through the provider on.
    Enable = "enable",
    /// Scopes that are asked for.
    Scopes = "scopes",
    /// Several settings in one value: JSON, a literal of another language, or a line of arguments.
    Blob = "blob",
    /// The key of the application's own sessions.
    SessionSecret = "session_secret",
    /// Weakens the check of TLS certificates.
    TlsRelax = "tls_relax",
    /// Which algorithms may sign tokens.
    SigningAlgorithm = "signing_algorithm",
    /// Which claim names the user.
    PrincipalClaim = "principal_claim",
    /// Which claim holds roles.
    RolesClaim = "roles_claim",
    /// Which claim holds groups.
    GroupsClaim = "groups_claim",
    /// Roles that let a user in.
    AllowedRoles = "allowed_roles",
    /// Groups that let a user in.
    AllowedGroups = "allowed_groups",
    /// Groups of administrators.
    AdminGroups = "admin_groups",
    /// Subjects that are let in.
    AllowedSubjects = "allowed_subjects",
    /// Clients whose tokens are let in (`azp`).
    AllowedClients = "allowed_clients",
    /// Whether X-Forwarded headers are trusted.
    ForwardedHeaders = "forwarded_headers",
    /// Whether the Host header is trusted.
    TrustHost = "trust_host",
    /// The domain of cookies.
    CookieDomain = "cookie_domain",
    /// Whether bearer tokens are let through without a login.
    BearerAccept = "bearer_accept",
    /// The `resource` parameter of the authorization request.
    Resource = "resource",
    /// What a proxy stands in front of.
    Upstream = "upstream",
    /// How another setting is encoded.
    Encoding = "encoding",
    /// Whether PKCE is used.
    Pkce = "pkce",
    /// Where the token is looked for in a request.
    TokenLocation = "token_location",
    /// How long keys are kept.
    JwksCache = "jwks_cache",
    /// How a header for the upstream is written.
    HeaderFormat = "header_format",
    /// The name of an administrator of Keycloak.
    AdminUser = "admin_user",
    /// The password of an administrator of Keycloak.
    AdminPassword = "admin_password",
    /// Something else that belongs to the framework.
    Other = "other",
}

impl Role {
    /// Whether a value of this role is a secret that must not be shown.
    pub fn is_secret(self) -> bool {
        matches!(
            self,
            Role::ClientSecret | Role::SessionSecret | Role::AdminPassword | Role::JwksOrSecret | Role::Blob
        )
    }

    /// Whether a value of this role is on or off.
    pub fn is_switch(self) -> bool {
        matches!(
            self,
            Role::Enable
                | Role::DiscoveryEnable
                | Role::DiscoveryDisable
                | Role::AudienceCheckEnable
                | Role::AudienceCheckDisable
                | Role::IssuerCheckDisable
                | Role::ValidationDisable
                | Role::BearerAccept
                | Role::ForwardedHeaders
                | Role::TrustHost
                | Role::TlsRelax
                | Role::Pkce
        )
    }

    /// Whether a value of this role can name a realm of a Keycloak by its URL.
    pub fn is_keycloak_url(self) -> bool {
        matches!(
            self,
            Role::Issuer
                | Role::DiscoveryUrl
                | Role::DiscoveryBase
                | Role::ServerUrl
                | Role::JwksUri
                | Role::AuthorizationUrl
                | Role::TokenUrl
                | Role::UserinfoUrl
                | Role::EndSessionUrl
                | Role::IntrospectionUrl
        )
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
