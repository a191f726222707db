//! A framework's conventions, as its file in `conventions/` states them.

use std::fmt;

use serde::Deserialize;

use super::callback::{CallbackConvention, RedirectConvention};
use super::role::Role;
use super::setting::{SettingConvention, SettingKind};

/// The id of a framework: the name of its file in `conventions/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameworkId(pub(super) &'static str);

impl FrameworkId {
    /// No framework: names that many applications use, suffixes and the shape of values.
    pub const GENERIC: FrameworkId = FrameworkId("generic");

    /// The id as text.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for FrameworkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// One framework, library, proxy or application.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// Its id; the name of its file.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it does with tokens.
    pub kind: FrameworkKind,
    /// Why it should not be used any more, as a sentence.
    #[serde(default)]
    pub deprecated: Option<String>,
    /// What else there is to know about it.
    #[serde(default)]
    pub notes: Option<String>,
    /// How it is recognised.
    #[serde(default)]
    pub identify: Identify,
    /// How its settings are spelt.
    #[serde(default)]
    pub names: Names,
    /// What it does with the issuer.
    pub issuer: IssuerConvention,
    /// Which audience it checks in which token.
    pub audience: AudienceConvention,
    /// By how many seconds clocks may differ unless a setting says otherwise.
    pub leeway: u32,
    /// Paths to which Keycloak sends the browser back.
    #[serde(default)]
    pub callbacks: Vec<CallbackConvention>,
    /// How the host of the redirect URI is chosen.
    #[serde(default)]
    pub redirect: RedirectConvention,
    /// Its settings.
    pub settings: Vec<SettingConvention>,
    /// Where all this was read.
    pub source: Source,
    #[serde(skip, default = "no_id")]
    pub(super) key: FrameworkId,
}

fn no_id() -> FrameworkId {
    FrameworkId::GENERIC
}

/// What a framework does with tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameworkKind {
    /// A library that logs users in.
    Login,
    /// A library that checks bearer tokens.
    Api,
    /// A library that does both.
    Both,
    /// A finished application that logs users in.
    App,
    /// A proxy that logs users in before an application.
    Proxy,
    /// A gateway that checks bearer tokens before an application.
    Gateway,
}

impl FrameworkKind {
    /// Whether users are sent to Keycloak and come back.
    pub fn logs_in(self) -> bool {
        matches!(self, FrameworkKind::Login | FrameworkKind::Both | FrameworkKind::App | FrameworkKind::Proxy)
    }

    /// Whether it is called with tokens that someone else fetched.
    pub fn takes_bearer_tokens(self) -> bool {
        matches!(self, FrameworkKind::Api | FrameworkKind::Both | FrameworkKind::Gateway)
    }

    /// Whether it is a finished program, so that its image or a name of its own settles what it is.
    pub fn is_product(self) -> bool {
        matches!(self, FrameworkKind::App | FrameworkKind::Proxy | FrameworkKind::Gateway)
    }
}

/// How a framework is recognised.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identify {
    /// Words of an image name that settle it: the product itself.
    #[serde(default)]
    pub images: Vec<String>,
    /// Words of an image name that make it likely: the framework that something was built with.
    #[serde(default)]
    pub stacks: Vec<String>,
    /// Words of an image name that only support other signs: the language or platform.
    #[serde(default)]
    pub runtimes: Vec<String>,
    /// Beginnings of setting names that nothing else uses: one such name is enough.
    #[serde(default)]
    pub unmistakable: Vec<String>,
    /// Beginnings of setting names of the same family: two such names make it likely.
    #[serde(default)]
    pub family: Vec<String>,
    /// Sets of names, each used elsewhere too, that mean it when they stand together.
    #[serde(default)]
    pub together: Vec<Vec<String>>,
}

/// How a framework's settings are spelt.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// Whether capital and small letters are the same.
    #[serde(default)]
    pub case_insensitive: bool,
    /// Whether names that differ in underscores only are worth a word, because they look right and are not read.
    #[serde(default)]
    pub near_misses: bool,
    /// Beginnings that applications built on it put before every name.
    #[serde(default)]
    pub app_prefixes: Vec<String>,
    /// How flags spell the same settings.
    #[serde(default)]
    pub flags: Option<FlagNames>,
    /// Whether the captured part of a name is the key as it stands; else it is the key in capitals.
    #[serde(default)]
    pub keep_case: bool,
}

/// How flags spell the settings that also exist as environment variables.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagNames {
    /// What the environment variable has before the flag's name.
    #[serde(default)]
    pub prefix: String,
    /// How the rest is made.
    pub style: FlagStyle,
}

/// How an environment variable's name is made of a flag's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagStyle {
    /// Capitals; dashes and dots become underscores.
    UpperSnake,
    /// Spring's: dots become underscores, dashes vanish, capitals.
    Spring,
    /// ASP.NET's: colons become two underscores.
    DoubleUnderscore,
}

/// What a framework does with the issuer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConvention {
    /// How the issuer in its settings is compared with the one in tokens or in the discovery document.
    pub compared: IssuerComparison,
    /// Which URL its issuer setting wants.
    #[serde(default)]
    pub form: IssuerForm,
    /// What the source says beyond that.
    #[serde(default)]
    pub note: Option<String>,
}

/// How the issuer in a setting is compared with the one in tokens or in the discovery document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssuerComparison {
    /// Byte for byte.
    Exact,
    /// Byte for byte, but a slash at the end makes no difference.
    ForgivesTrailingSlash,
    /// The setting only says where the discovery document is; tokens are compared with the issuer that the document names.
    Discovered,
    /// Not at all.
    NotChecked,
    /// Not known: no framework was recognised. Most compare byte for byte.
    Unknown,
}

/// Which URL a setting about the issuer wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssuerForm {
    /// The realm's URL: `https://host/realms/NAME`, without a slash at the end.
    #[default]
    RealmUrl,
    /// The realm's URL with a slash at the end.
    RealmUrlWithSlash,
    /// The URL of the discovery document.
    DiscoveryUrl,
    /// The realm's URL or that of the discovery document.
    RealmOrDiscoveryUrl,
    /// The server's base URL, without a realm.
    ServerUrl,
}

impl IssuerForm {
    /// What it is, in words that fit after "wants".
    pub fn describe(self) -> &'static str {
        match self {
            IssuerForm::RealmUrl => "the realm's URL (https://host/realms/NAME), without a slash at the end",
            IssuerForm::RealmUrlWithSlash => {
                "the realm's URL with a slash at the end (https://host/realms/NAME/)"
            }
            IssuerForm::DiscoveryUrl => {
                "the URL of the discovery document (https://host/realms/NAME/.well-known/openid-configuration)"
            }
            IssuerForm::RealmOrDiscoveryUrl => "the realm's URL or that of its discovery document",
            IssuerForm::ServerUrl => "the server's base URL, without /realms/NAME",
        }
    }
}

/// Which audience a framework checks in which token.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudienceConvention {
    /// In access tokens that callers send.
    pub access_token: AudienceCheck,
    /// In ID tokens that it gets after a login.
    #[serde(default)]
    pub id_token: AudienceCheck,
    /// The only group of settings (a backend, a provider) for which access tokens are checked.
    #[serde(default)]
    pub access_token_group: Option<String>,
    /// What the source says beyond that.
    #[serde(default)]
    pub note: Option<String>,
}

/// When an audience is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AudienceCheck {
    /// It never sees such tokens.
    #[default]
    NotUsed,
    /// Never.
    Never,
    /// Only when a setting names an audience.
    WhenSet,
    /// Always; the setting is required.
    Required,
    /// Always, against the client id.
    ClientId,
}

/// Where a framework's conventions were read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The repository on GitHub.
    #[serde(default)]
    pub repo: Option<String>,
    /// The file in it.
    #[serde(default)]
    pub path: Option<String>,
    /// Its commit.
    #[serde(default)]
    pub commit: Option<String>,
    /// The package of a registry.
    #[serde(default)]
    pub package: Option<String>,
    /// Its version.
    #[serde(default)]
    pub version: Option<String>,
}

impl Framework {
    /// Its id.
    pub fn id(&self) -> FrameworkId {
        self.key
    }

    /// How it compares the issuer, unless a setting differs.
    pub fn compares_issuer(&self) -> IssuerComparison {
        self.issuer.compared
    }

    /// Which URL its issuer setting wants, unless a setting differs.
    pub fn wants_issuer_form(&self) -> IssuerForm {
        self.issuer.form
    }

    /// Which audience it checks in which token.
    pub fn audience_check(&self) -> &AudienceConvention {
        &self.audience
    }

    /// The names of the settings that would make it check the audience of access tokens; none where only a file or code can.
    pub fn audience_settings(&self) -> impl Iterator<Item = &str> {
        self.settings
            .iter()
            .filter(|setting| {
                matches!(setting.role, Role::Audience | Role::AudienceCheckEnable | Role::Blob)
                    && setting.ignored.is_none()
                    && setting.kind != SettingKind::Key
            })
            .map(|setting| setting.name.as_str())
    }

    /// By how many seconds clocks may differ unless a setting says otherwise.
    pub fn leeway_seconds(&self) -> u32 {
        self.leeway
    }

    /// Paths to which Keycloak sends the browser back, with their variables.
    pub fn callback_paths(&self) -> &[CallbackConvention] {
        &self.callbacks
    }
}
