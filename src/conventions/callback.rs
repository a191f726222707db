//! Where a framework sends browsers back to, as its file in `conventions/` states it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::role::Role;

/// A path to which Keycloak sends the browser back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallbackConvention {
    /// The path, with variables in braces.
    pub path: String,
    /// Other paths that are used instead; which one, settings do not tell.
    #[serde(default)]
    pub or: Vec<String>,
    /// What the browser comes back for.
    #[serde(default)]
    pub purpose: CallbackPurpose,
    /// Where the values of the variables come from.
    #[serde(default, rename = "with")]
    pub variables: BTreeMap<String, CallbackVariable>,
}

/// What the browser comes back for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackPurpose {
    /// The login.
    #[default]
    Login,
    /// A second way to log in, which not everybody uses.
    OptionalLogin,
    /// The logout.
    PostLogout,
}

/// Where the value of a variable in a callback path comes from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallbackVariable {
    /// The setting with this role.
    #[serde(default)]
    pub role: Option<Role>,
    /// The key captured from the names of the settings, such as a registration or a provider.
    #[serde(default)]
    pub group: bool,
    /// The path of the base URL that pins the redirect.
    #[serde(default)]
    pub base_path: bool,
    /// What it is otherwise.
    #[serde(default)]
    pub default: Option<String>,
}

/// How the host of the redirect URI is chosen.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedirectConvention {
    /// What pins it, the strongest first.
    #[serde(default)]
    pub pinned_by: Vec<Pin>,
    /// What holds when nothing pins it.
    #[serde(default)]
    pub otherwise: RedirectOtherwise,
    /// What the source says beyond that.
    #[serde(default)]
    pub note: Option<String>,
}

/// A setting that pins the redirect URI.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The role of the setting.
    pub role: Role,
    /// The setting's name, where only one of those with the role counts.
    #[serde(default)]
    pub setting: Option<String>,
    /// What the setting's value is.
    pub gives: PinKind,
}

/// What the value of a setting that pins the redirect URI is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinKind {
    /// The whole redirect URI.
    Url,
    /// The whole redirect URI; without a path, the callback path is appended.
    UrlOrOrigin,
    /// The whole redirect URI, or a path on the host of the request.
    UrlOrPath,
    /// The whole redirect URI, in which `{baseUrl}` and its kin stand for the request's.
    Template,
    /// A base URL to which the callback path is appended.
    Base,
    /// A base URL whose path, if any, takes the place of the base path in the callback path.
    BasePath,
    /// A host name for `https`.
    Host,
}

/// What holds when nothing pins the redirect URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedirectOtherwise {
    /// The host by which the user came.
    #[default]
    Request,
    /// What the application's code says.
    Application,
    /// The setting is required: without it the login does not work.
    Required,
}
