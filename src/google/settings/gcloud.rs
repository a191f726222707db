//! What gcloud is configured to: its directory, its active configuration, and properties as gcloud itself resolves them.
//!
//! A property is what the variable `CLOUDSDK_SECTION_PROPERTY` says, and else what the file of the active configuration says. A variable
//! that is set and empty hides the file, as in gcloud. The file of the whole installation is not read: it lies beside gcloud's program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Source, Sourced, Surroundings};
use crate::fault::Fault;

/// gcloud's active configuration.
#[derive(Debug, Clone, Default)]
pub(super) struct Gcloud {
    /// gcloud's directory, where one could be named.
    pub(super) directory: Option<PathBuf>,
    /// The name of the active configuration.
    pub(super) name: String,
    /// Its file.
    pub(super) path: Option<PathBuf>,
    properties: BTreeMap<(String, String), String>,
}

impl Gcloud {
    /// Reads the active configuration; one that does not exist is an empty one.
    pub(super) fn read(around: &Surroundings<'_>) -> Result<Gcloud, Fault> {
        let Some(directory) = directory(around) else { return Ok(Gcloud::default()) };
        let activator = directory.join("active_config");
        let (name, said_by) = match around.set("CLOUDSDK_ACTIVE_CONFIG_NAME") {
            Some(name) => (name, "CLOUDSDK_ACTIVE_CONFIG_NAME".to_owned()),
            None => {
                // gcloud throws a file with a bad name away and goes on with the default.
                let name = contents(around, &activator)?.map(|name| name.trim().to_owned());
                let name = name.filter(|name| is_configuration(name));
                (name.unwrap_or_else(|| "default".to_owned()), activator.display().to_string())
            }
        };
        if !is_configuration(&name) {
            return Err(Fault::usage(format!("{name:?} is no name of a gcloud configuration")).hint(format!(
                "{said_by} names it. Names have small letters, digits and hyphens and begin with a letter; `gcloud config configurations list` shows yours."
            )));
        }
        if name == "NONE" {
            return Ok(Gcloud { directory: Some(directory), name, ..Gcloud::default() });
        }
        let path = directory.join("configurations").join(format!("config_{name}"));
        let text = contents(around, &path)?.unwrap_or_default();
        let properties = ini(&text).map_err(|line| {
            Fault::usage(format!("{}: line {line} is neither a section nor a property", path.display()))
                .hint("`gcloud config configurations describe NAME` shows what gcloud makes of it.")
        })?;
        Ok(Gcloud { directory: Some(directory), name, path: Some(path), properties })
    }

    /// What a property is set to, and by what.
    pub(super) fn property(
        &self,
        around: &Surroundings<'_>,
        section: &str,
        property: &str,
    ) -> Option<Sourced<String>> {
        let variable = variable(section, property);
        if let Some(value) = (around.variable)(&variable) {
            let source = Source::Variable(variable);
            return Some(Sourced { value, source }).filter(|found| !found.value.is_empty());
        }
        self.in_file(section, property)
    }

    /// What the file of the active configuration says.
    pub(super) fn in_file(&self, section: &str, property: &str) -> Option<Sourced<String>> {
        let value = self.properties.get(&(section.to_owned(), property.to_owned()))?;
        let source = Source::Gcloud {
            configuration: self.name.clone(),
            property: format!("{section}/{property}"),
            path: self.path.clone().unwrap_or_default(),
        };
        Some(Sourced { value: value.clone(), source }).filter(|found| !found.value.is_empty())
    }

    /// Whether a switch is on, by gcloud's words for it.
    pub(super) fn switch(
        &self,
        around: &Surroundings<'_>,
        section: &str,
        property: &str,
    ) -> Option<Sourced<bool>> {
        let found = self.property(around, section, property)?;
        let value = matches!(found.value.to_ascii_lowercase().as_str(), "1" | "true" | "on" | "yes" | "y");
        Some(Sourced { value, source: found.source })
    }
}

/// `run/region` as gcloud looks for it in the environment: `CLOUDSDK_RUN_REGION`.
fn variable(section: &str, property: &str) -> String {
    format!("CLOUDSDK_{}_{}", section.to_ascii_uppercase(), property.to_ascii_uppercase())
}

fn directory(around: &Surroundings<'_>) -> Option<PathBuf> {
    if let Some(directory) = around.set("CLOUDSDK_CONFIG") {
        return Some(PathBuf::from(directory));
    }
    around.own_directory()
}

fn contents(around: &Surroundings<'_>, path: &Path) -> Result<Option<String>, Fault> {
    match (around.file)(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Fault::usage(format!("{}: {error}", path.display()))
            .hint("gcloud keeps its configuration there. Name the project with `--project` and set CLOUDSDK_CONFIG to an empty directory to do without.")),
    }
}

/// `NONE` is the configuration without properties.
fn is_configuration(name: &str) -> bool {
    name == "NONE"
        || (name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'))
}

/// The properties of a file in the dialect of Python's `configparser`, which gcloud uses: names of properties in any case, comments in
/// lines of their own, values that go on in indented lines, `%%` for a percent sign.
///
/// # Errors
/// The number of the first line that is none of this, counted from one.
fn ini(text: &str) -> Result<BTreeMap<(String, String), String>, usize> {
    let mut properties = BTreeMap::new();
    let mut defaults: Vec<(String, String)> = Vec::new();
    let mut section: Option<String> = None;
    let mut last: Option<(String, String)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with('#') || bare.starts_with(';') {
            continue;
        }
        if line.starts_with([' ', '\t'])
            && let Some(key) = &last
        {
            if let Some(value) = properties.get_mut(key) {
                *value = format!("{value}\n{bare}");
            }
            continue;
        }
        if let Some(name) = bare.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            section = Some(name.0.to_owned());
            last = None;
            continue;
        }
        let (Some(section), Some((name, value))) = (&section, bare.split_once(['=', ':'])) else {
            return Err(number);
        };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().replace("%%", "%"));
        if section == "DEFAULT" {
            defaults.push((name, value));
            continue;
        }
        let key = (section.clone(), name);
        properties.insert(key.clone(), value);
        last = Some(key);
    }
    let sections: Vec<String> = properties.keys().map(|(section, _)| section.clone()).collect();
    for (name, value) in defaults {
        for section in &sections {
            properties.entry((section.clone(), name.clone())).or_insert_with(|| value.clone());
        }
    }
    Ok(properties)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn get<'p>(
        properties: &'p BTreeMap<(String, String), String>,
        section: &str,
        name: &str,
    ) -> Option<&'p str> {
        properties.get(&(section.to_owned(), name.to_owned())).map(String::as_str)
    }

    #[test]
    fn a_file_of_gcloud_is_read_as_python_reads_it() {
        let text = "# mine\n[core]\nproject = shop-prod\nAccount: me@example.com\n; none\n\n[run]\nregion=europe-west1\n[DEFAULT]\ntrace = 50%%\n[auth]\nimpersonate_service_account = a@shop.iam.gserviceaccount.com,\n   b@shop.iam.gserviceaccount.com\n";
        let properties = ini(text).unwrap();
        assert_eq!(get(&properties, "core", "project"), Some("shop-prod"));
        assert_eq!(get(&properties, "core", "account"), Some("me@example.com"));
        assert_eq!(get(&properties, "run", "region"), Some("europe-west1"));
        assert_eq!(get(&properties, "run", "trace"), Some("50%"));
        assert_eq!(
            get(&properties, "auth", "impersonate_service_account"),
            Some("a@shop.iam.gserviceaccount.com,\nb@shop.iam.gserviceaccount.com")
        );
    }

    #[test]
    fn what_is_no_property_is_named_by_its_line() {
        assert_eq!(ini("[core]\nproject = a\nwhat is this\n"), Err(3));
        assert_eq!(ini("project = a\n"), Err(1));
        assert_eq!(ini(""), Ok(BTreeMap::new()));
    }

    #[test]
    fn names_of_configurations() {
        assert!(["default", "NONE", "shop-2"].iter().all(|name| is_configuration(name)));
        assert!(["", "Shop", "2shop", "../x", "none "].iter().all(|name| !is_configuration(name)));
    }
}
