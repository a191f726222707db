//! What was understood of a container's settings.

use std::collections::BTreeMap;

use super::framework::{FrameworkId, IssuerComparison, IssuerForm};
use super::role::Role;

/// How sure a reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// It means something only if other signs agree.
    Weak,
    /// Most software that is set up like this means it so.
    Likely,
    /// The framework is recognised, or the value leaves no doubt.
    Certain,
}

/// How a setting holds its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// As text that may be shown.
    Literal,
    /// As text that is a secret and was not kept.
    Secret,
    /// In Secret Manager.
    Reference {
        /// The secret's name as written.
        secret: String,
    },
    /// Not yet: a template, a script or a person has to fill it in.
    Placeholder {
        /// The placeholder as it stands there.
        text: String,
    },
    /// Set to nothing.
    Empty,
    /// Set to something that is not known.
    Unknown,
}

impl Held {
    /// Why the value is not known, as a clause; `None` when it is known or empty.
    pub fn why_unknown(&self) -> Option<String> {
        match self {
            Held::Literal | Held::Empty => None,
            Held::Secret => Some("it is a secret".to_owned()),
            Held::Reference { secret } => Some(format!("it is in the secret `{secret}`")),
            Held::Placeholder { text } => Some(format!("`{text}` is a placeholder")),
            Held::Unknown => Some("its value is not in the file".to_owned()),
        }
    }
}

/// What one setting means.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The position of the setting in [`ContainerView::settings`](super::ContainerView::settings).
    pub setting: usize,
    /// What it means.
    pub role: Role,
    /// The framework whose convention that is.
    pub framework: FrameworkId,
    /// The value, or one item of a list; `None` for secrets and for what is not known.
    pub value: Option<String>,
    /// How the setting holds the value.
    pub held: Held,
    /// How sure it is.
    pub certainty: Certainty,
    /// Why it means that, as a clause: "`OIDC_ISSUER` is BookStack's issuer".
    pub reason: String,
    /// The key of the group of settings that it belongs to: a registration, a provider, or what a vendor put before the name.
    pub group: Option<String>,
    /// What the name's parts in angle brackets stand for.
    pub captures: BTreeMap<String, String>,
    /// That it wants another kind of URL than it got.
    pub mismatch: Option<FormMismatch>,
    /// How its value is compared, for what names an issuer.
    pub compared: Option<IssuerComparison>,
    /// Whether the value ends up in a program in the browser, by the name's beginning.
    pub in_browser: bool,
    /// Whether another setting wins over it (a flag over the environment variable).
    pub overridden: bool,
    /// Whether the value is a regular expression.
    pub regex: bool,
    /// The name of the setting in the framework's file; `None` when no framework explains it.
    pub(super) convention: Option<&'static str>,
}

/// A URL of another kind than the setting wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FormMismatch {
    /// What it wants.
    pub wants: IssuerForm,
    /// What it got.
    pub got: IssuerForm,
}

/// A framework that a container was recognised as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identified {
    /// The framework.
    pub framework: FrameworkId,
    /// How sure it is.
    pub certainty: Certainty,
    /// Why, as a clause: "its image is `oauth2-proxy`".
    pub reason: String,
}

/// A setting that nothing reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredSetting {
    /// The position of the setting.
    pub setting: usize,
    /// The framework that its author meant.
    pub framework: FrameworkId,
    /// What its author meant.
    pub intended: Role,
    /// Why it is not read, as a sentence.
    pub why: String,
    /// The name that is read.
    pub right_name: Option<String>,
    /// The value, where it may be shown.
    pub value: Option<String>,
}

/// An issuer that a container expects, or the settings that would name one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerExpectation {
    /// The issuer as it is compared; `None` when a part is not known.
    pub issuer: Option<String>,
    /// The base URL of the Keycloak, as far as it is known.
    pub server: Option<String>,
    /// The realm's name, as far as it is known.
    pub realm: Option<String>,
    /// Why the issuer is not known, as a clause.
    pub unknown: Option<String>,
    /// How it is compared.
    pub compared: IssuerComparison,
    /// What it was made of.
    pub basis: IssuerBasis,
    /// The settings that it was made of.
    pub settings: Vec<usize>,
    /// The framework whose convention that is.
    pub framework: FrameworkId,
    /// How sure it is.
    pub certainty: Certainty,
    /// The key of the group of settings.
    pub group: Option<String>,
    /// That a setting wants another kind of URL than it got.
    pub mismatch: Option<FormMismatch>,
}

/// What an expected issuer was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IssuerBasis {
    /// A setting holds it.
    Issuer,
    /// The URL of the discovery document.
    Discovery,
    /// The server's base URL and the realm's name.
    ServerAndRealm,
    /// The URL of an endpoint: it says which realm is talked to, but is compared with nothing.
    Endpoint,
}

/// A client that a container uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientExpectation {
    /// The client id; `None` when it is not known.
    pub client_id: Option<String>,
    /// Why it is not known, as a clause.
    pub unknown: Option<String>,
    /// The setting that holds it.
    pub setting: usize,
    /// The setting that holds the client's secret or names the file with it.
    pub secret: Option<usize>,
    /// The framework whose convention that is.
    pub framework: FrameworkId,
    /// How sure it is.
    pub certainty: Certainty,
    /// The key of the group of settings.
    pub group: Option<String>,
}

/// An audience that a container demands of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudienceExpectation {
    /// In which token.
    pub token: TokenKind,
    /// One of these is enough. Empty when none is known.
    pub any_of: Vec<String>,
    /// Why some are not known, as a clause.
    pub unknown: Option<String>,
    /// Whether they are regular expressions.
    pub regex: bool,
    /// The settings that hold them.
    pub settings: Vec<usize>,
    /// The framework whose convention that is.
    pub framework: FrameworkId,
    /// How sure it is.
    pub certainty: Certainty,
}

/// Which token an audience is looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenKind {
    /// The access token that a caller sends.
    Access,
    /// The ID token that a login gives.
    Id,
}

/// A resource server that checks no audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudienceUnchecked {
    /// The framework.
    pub framework: FrameworkId,
    /// How sure it is.
    pub certainty: Certainty,
    /// Why, as a sentence.
    pub why: String,
    /// The settings that make it one: those that name the issuer or the keys.
    pub settings: Vec<usize>,
    /// The names of settings that would make it check; empty when there is no such setting.
    pub would_check: Vec<String>,
}

/// Where a container sends browsers back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedRedirect {
    /// What the browser comes back for.
    pub purpose: super::callback::CallbackPurpose,
    /// How the host is chosen.
    pub host: RedirectHost,
    /// The paths, of which one is used; with several, which one is not known. Empty: the application's code decides.
    pub paths: Vec<String>,
    /// The settings that decide it.
    pub settings: Vec<usize>,
    /// The framework whose convention that is.
    pub framework: FrameworkId,
    /// How sure it is.
    pub certainty: Certainty,
    /// The key of the group of settings.
    pub group: Option<String>,
    /// Why it is so, as a clause.
    pub reason: String,
}

/// How the host of a redirect URI is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedirectHost {
    /// A setting pins it: scheme, host, port and base path, without a slash at the end.
    Pinned(String),
    /// It is the one by which the user came.
    Request,
    /// A setting pins it, but its value is not known; why, as a clause.
    Unknown(String),
    /// Nothing that is visible decides it.
    Application,
}

impl ExpectedRedirect {
    /// The whole redirect URIs on the pinned host; empty when none is pinned or no path is known.
    pub fn pinned_uris(&self) -> Vec<String> {
        match &self.host {
            RedirectHost::Pinned(base) => self.uris_on(base),
            RedirectHost::Request | RedirectHost::Unknown(_) | RedirectHost::Application => Vec::new(),
        }
    }

    /// The whole redirect URIs on a base URL, one for each path.
    pub fn uris_on(&self, base: &str) -> Vec<String> {
        let base = base.trim_end_matches('/');
        self.paths.iter().map(|path| format!("{base}{path}")).collect()
    }
}

/// What a container does with Keycloak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    /// It sends users to Keycloak and takes them back.
    LogsUsersIn,
    /// It is called with tokens that someone else fetched.
    ResourceServer,
    /// It fetches tokens of its own with the client's secret.
    ClientCredentials,
    /// It serves a program that logs users in from the browser, with a public client.
    PublicBrowserApp,
    /// It administers Keycloak.
    AdministersKeycloak,
}

/// A use, how sure it is, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseFound {
    /// The use.
    pub what: Use,
    /// How sure it is.
    pub certainty: Certainty,
    /// Why, as a clause.
    pub reason: String,
}

/// That a container is a Keycloak server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeycloakServer {
    /// How sure it is.
    pub certainty: Certainty,
    /// Why, as a clause.
    pub reason: String,
    /// Its options by their names without dashes and prefix (`hostname-strict`), each with the position of the setting that counts.
    pub options: BTreeMap<String, usize>,
    /// The command that starts it (`start`, `start-dev`), where command or arguments state it.
    pub command: Option<String>,
}

/// What was understood of a container.
#[derive(Debug, Clone, Default)]
pub struct Understanding {
    /// The frameworks that it was recognised as, the surest first.
    pub frameworks: Vec<Identified>,
    /// What its settings mean, in their order.
    pub readings: Vec<Reading>,
    /// Settings that nothing reads.
    pub ignored: Vec<IgnoredSetting>,
    /// That it is a Keycloak server, where it is.
    pub keycloak: Option<KeycloakServer>,
    /// The issuers that it expects, the surest first.
    pub issuers: Vec<IssuerExpectation>,
    /// The clients that it uses.
    pub clients: Vec<ClientExpectation>,
    /// The audiences that it demands.
    pub audiences: Vec<AudienceExpectation>,
    /// That it checks no audience, where that is known.
    pub audience_unchecked: Option<AudienceUnchecked>,
    /// Where it sends browsers back to.
    pub redirects: Vec<ExpectedRedirect>,
    /// What it does with Keycloak.
    pub uses: Vec<UseFound>,
    /// By how many seconds clocks may differ, where a setting or a recognised framework tells, with the setting.
    pub leeway: Option<(u32, Option<usize>)>,
}

impl Understanding {
    /// Whether the container is a Keycloak server.
    pub fn is_keycloak_server(&self) -> bool {
        self.keycloak.is_some()
    }

    /// How surely the container does something with Keycloak; `None` when nothing speaks for it.
    pub fn uses(&self, what: Use) -> Option<Certainty> {
        self.uses.iter().find(|found| found.what == what).map(|found| found.certainty)
    }

    /// The readings with a role that no other setting overrides.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = &Reading> {
        self.readings.iter().filter(move |reading| reading.role == role && !reading.overridden)
    }

    /// Whether nothing about logins, tokens or Keycloak was found.
    pub fn is_empty(&self) -> bool {
        self.readings.is_empty()
            && self.frameworks.is_empty()
            && self.keycloak.is_none()
            && self.ignored.is_empty()
    }
}
