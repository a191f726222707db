//! A framework's settings, as its file in `conventions/` states them.

use serde::Deserialize;

use super::framework::{IssuerComparison, IssuerForm};
use super::role::Role;

/// A setting of a framework.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingConvention {
    /// Its name; a part in angle brackets stands for any key.
    pub name: String,
    /// Other spellings that are read as well.
    #[serde(default)]
    pub also: Vec<String>,
    /// Where it can be set.
    #[serde(default)]
    pub kind: SettingKind,
    /// What it means.
    pub role: Role,
    /// Which URL it wants, where that differs from the framework's issuer convention.
    #[serde(default)]
    pub form: Option<IssuerForm>,
    /// How its value is compared, where that differs from the framework's issuer convention.
    #[serde(default)]
    pub compared: Option<IssuerComparison>,
    /// What separates the items of a list.
    #[serde(default)]
    pub list: Option<ListFormat>,
    /// Whether the value is a regular expression.
    #[serde(default)]
    pub regex: bool,
    /// What holds when it is not set.
    #[serde(default)]
    pub default: Option<String>,
    /// A value that means no check at all.
    #[serde(default)]
    pub any: Option<String>,
    /// Whether other software uses the name too, so that it says nothing about the framework.
    #[serde(default)]
    pub common: bool,
    /// Whether it alone identifies the framework.
    #[serde(default)]
    pub alone: bool,
    /// The group of settings that it belongs to, where the name does not capture it.
    #[serde(default)]
    pub group: Option<String>,
    /// Keys that the part in angle brackets does not stand for; a leading `*` means any ending.
    #[serde(default)]
    pub except: Vec<String>,
    /// The flag's name, where it is not made by the rule.
    #[serde(default)]
    pub flag: Option<String>,
    /// Why it is not read, and what is read instead.
    #[serde(default)]
    pub ignored: Option<IgnoredConvention>,
    /// What stands where in a value that holds several settings.
    #[serde(default)]
    pub fields: Vec<BlobField>,
    /// How a value that holds several settings is written.
    #[serde(default)]
    pub blob: BlobFormat,
    /// How sure the source is about the name: `file` when absent.
    #[serde(default)]
    pub verified: Verified,
    /// What the source says beyond that.
    #[serde(default)]
    pub note: Option<String>,
}

/// Where a setting can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingKind {
    /// An environment variable, and a flag where the framework has flags.
    #[default]
    Env,
    /// A flag only.
    Flag,
    /// A key of a configuration file or of code, kept here for the reader; it is not looked for in a container.
    Key,
}

/// What separates the items of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListFormat {
    /// Commas; spaces around items do not count.
    Comma,
    /// Spaces.
    Space,
    /// Commas or spaces.
    CommaOrSpace,
}

/// How a value that holds several settings is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlobFormat {
    /// JSON, or the literal of a language that looks like it.
    #[default]
    Json,
    /// Arguments in a line.
    Arguments,
}

/// What stands where in a value that holds several settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlobField {
    /// The way to it: keys with dots between, `[]` for every item of a list.
    pub path: String,
    /// What it means.
    pub role: Role,
    /// Which URL it wants, where that differs from the framework's issuer convention.
    #[serde(default)]
    pub form: Option<IssuerForm>,
    /// How its value is compared, where that differs from the framework's issuer convention.
    #[serde(default)]
    pub compared: Option<IssuerComparison>,
    /// The way to the key of the group that it belongs to.
    #[serde(default)]
    pub group: Option<String>,
}

/// Why a setting is not read, and what is read instead.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IgnoredConvention {
    /// Why, as a sentence.
    pub why: String,
    /// The name that is read, with the same parts in angle brackets; none when there is no such setting.
    #[serde(default, rename = "use")]
    pub instead: Option<String>,
}

/// How a name was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verified {
    /// Found by a script in the cited file or package.
    #[default]
    File,
    /// Read in the cited text.
    Read,
    /// Widely used, not proven from the source.
    Convention,
}
