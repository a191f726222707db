//! Finding, reading and checking `cloakrun.yaml`.
//!
//! The configuration is an input to be judged like any other: each mistake is told with its line and column, and with what was
//! probably meant.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::config::words::in_our_words;
use crate::document::locate::locate;
use crate::document::{Format, line_and_column};
use crate::keycloak::version::Version;
use crate::locus::FieldPath;
use crate::report::json;
use crate::report::position;
use crate::suggest::did_you_mean;

/// Names under which the configuration is found, the better one first.
pub const FILE_NAMES: [&str; 2] = ["cloakrun.yaml", "cloakrun.yml"];

/// A mistake in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file as reports print it.
    pub path: String,
    /// The line, counted from one, where known.
    pub line: Option<usize>,
    /// The column in characters, counted from one, where known.
    pub column: Option<usize>,
    /// What is wrong; a sentence.
    pub message: String,
    /// What was probably meant.
    pub hint: Option<String>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", position(&self.path, self.line, self.column), self.message)
    }
}

/// The configuration that holds for `directory`: the nearest one upward from it.
pub fn find_upward(directory: &Path) -> Option<PathBuf> {
    directory
        .ancestors()
        .flat_map(|ancestor| FILE_NAMES.map(|name| ancestor.join(name)))
        .find(|candidate| candidate.is_file())
}

/// Reads the configuration `text`, which stands in `path`; `rules` are the ids that there are.
///
/// # Errors
/// All mistakes, in the order of their lines; only the first when the text cannot be read as a configuration at all.
pub fn parse(path: &str, text: &str, rules: &[&str]) -> Result<Config, Vec<Mistake>> {
    let config = match serde_yaml::from_str::<Option<Config>>(text) {
        Ok(config) => config.unwrap_or_default(),
        Err(error) => return Err(vec![in_our_words(path, &error)]),
    };
    let mut checker = Checker { path, text, mistakes: Vec::new() };
    checker.check(&config, rules);
    if checker.mistakes.is_empty() { Ok(config) } else { Err(checker.mistakes) }
}

/// The JSON Schema of the configuration, indented, with a line break at the end.
pub fn schema() -> String {
    let settings = schemars::generate::SchemaSettings::draft2020_12();
    json::pretty(&settings.into_generator().into_root_schema_for::<Config>())
}

/// Looks for what is well formed and still wrong.
struct Checker<'c> {
    path: &'c str,
    text: &'c str,
    mistakes: Vec<Mistake>,
}

impl Checker<'_> {
    fn check(&mut self, config: &Config, rules: &[&str]) {
        let root = FieldPath::root();
        self.version(&root.key("keycloak-version"), config.keycloak_version.as_deref());
        let mut names = BTreeSet::new();
        for (index, environment) in config.environments.iter().enumerate() {
            let at = root.key("environments").index(index);
            self.named(&at, "environment", &environment.name);
            if !environment.name.is_empty() && !names.insert(environment.name.as_str()) {
                let message = format!("Two environments have the name `{}`.", environment.name);
                self.wrong(&at.key("name"), message, None);
            }
            self.version(&at.key("keycloak-version"), environment.keycloak_version.as_deref());
            for (index, url) in environment.keycloak_urls.iter().enumerate() {
                self.url(&at.key("keycloak-urls").index(index), url);
            }
        }
        for (index, service) in config.services.iter().enumerate() {
            let at = root.key("services").index(index);
            self.named(&at, "service", &service.name);
            self.environment(&at, service.environment.as_deref(), &names);
            for (index, url) in service.urls.iter().enumerate() {
                self.url(&at.key("urls").index(index), url);
            }
            for (index, domain) in service.domains.iter().enumerate() {
                self.domain(&at.key("domains").index(index), domain);
            }
        }
        for (index, link) in config.links.iter().enumerate() {
            let at = root.key("links").index(index);
            for (key, value) in [("service", &link.service), ("client", &link.client)] {
                if value.is_empty() {
                    self.wrong(&at, format!("This link has no `{key}`; it needs both ends."), None);
                }
            }
            self.environment(&at, link.environment.as_deref(), &names);
            for (index, path) in link.callback_paths.iter().enumerate() {
                if !path.starts_with('/') {
                    let message = format!("The callback path `{path}` does not begin with `/`.");
                    self.wrong(&at.key("callback-paths").index(index), message, None);
                }
            }
        }
        for rule in config.severities.keys() {
            self.rule(&root.key("severities").key(rule.as_str()), rule, rules);
        }
        for (index, waiver) in config.waivers.iter().enumerate() {
            let at = root.key("waivers").index(index);
            self.rule(&at.key("rule"), &waiver.rule, rules);
            if waiver.reason.trim().is_empty() {
                let message = "The reason is empty; a waiver must say why the finding is accepted.";
                self.wrong(&at.key("reason"), message.to_owned(), None);
            }
            if let Some(until) = &waiver.until
                && until.parse::<jiff::civil::Date>().is_err()
            {
                let message = format!("`{until}` is no date; a date looks like 2027-03-31.");
                self.wrong(&at.key("until"), message, None);
            }
        }
        self.mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
    }

    fn wrong(&mut self, at: &FieldPath, message: String, hint: Option<String>) {
        let found = locate(self.text, Format::Yaml, &[(0, at.clone())]).into_iter().flatten().next();
        let place = found.map(|located| line_and_column(self.text, located.span.start));
        self.mistakes.push(Mistake {
            path: self.path.to_owned(),
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            message,
            hint,
        });
    }

    fn named(&mut self, at: &FieldPath, what: &str, name: &str) {
        if name.trim().is_empty() {
            self.wrong(at, format!("This {what} has no `name`."), None);
        }
    }

    fn rule(&mut self, at: &FieldPath, id: &str, rules: &[&str]) {
        if !rules.contains(&id) {
            let hint = did_you_mean(id, rules.iter().copied())
                .unwrap_or_else(|| "`cloakrun rules` lists them all.".to_owned());
            self.wrong(at, format!("There is no rule `{id}`."), Some(hint));
        }
    }

    fn environment(&mut self, at: &FieldPath, name: Option<&str>, names: &BTreeSet<&str>) {
        if let Some(name) = name
            && !names.contains(name)
        {
            let message = format!("`{name}` is none of the `environments` of this file.");
            self.wrong(&at.key("environment"), message, did_you_mean(name, names.iter().copied()));
        }
    }

    fn version(&mut self, at: &FieldPath, version: Option<&str>) {
        if let Some(Err(error)) = version.map(str::parse::<Version>) {
            self.wrong(at, format!("{error}."), None);
        }
    }

    fn url(&mut self, at: &FieldPath, url: &str) {
        if !url.starts_with("https://") && !url.starts_with("http://") {
            self.wrong(at, format!("`{url}` is no URL; it must begin with `https://` or `http://`."), None);
        }
    }

    fn domain(&mut self, at: &FieldPath, domain: &str) {
        if domain.is_empty() || domain.contains(['/', ':']) {
            let message = format!("`{domain}` is no host name; write it as `app.example.com`.");
            self.wrong(at, message, None);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const RULES: [&str; 3] = ["redirect-uri-missing", "redirect-uri-stale", "pkce-off"];

    fn mistakes(text: &str) -> Vec<String> {
        let mistakes = parse("cloakrun.yaml", text, &RULES).unwrap_err();
        let say = |mistake: Mistake| match &mistake.hint {
            Some(hint) => format!("{mistake} {hint}"),
            None => mistake.to_string(),
        };
        mistakes.into_iter().map(say).collect()
    }

    #[test]
    fn an_empty_configuration_says_nothing() {
        assert_eq!(parse("cloakrun.yaml", "", &RULES).unwrap(), Config::default());
        assert_eq!(parse("cloakrun.yaml", "# only a remark\n", &RULES).unwrap(), Config::default());
    }

    #[test]
    fn slips_of_the_pen_are_told_with_their_place_and_what_was_meant() {
        assert_eq!(
            mistakes("waivers:\n  - rule: pkce-off\n    reason: x\n    clinet: web\n"),
            ["cloakrun.yaml:4:5: `clinet` is no key in `waivers[0]`. Did you mean `client`?"]
        );
        assert_eq!(
            mistakes("severities:\n  pkce-off: eror\n"),
            [
                "cloakrun.yaml:2:13: `eror` is none of `off`, `info`, `warning`, `error` in `severities.pkce-off`. \
              Did you mean `error`?"
            ]
        );
        assert_eq!(
            mistakes("banana: 1\n"),
            [
                "cloakrun.yaml:1:1: `banana` is no key. There are: `keycloak-version`, `environments`, `services`, \
              `links`, `secret-max-age`, `severities`, `waivers`."
            ]
        );
        assert_eq!(
            mistakes("services: api\n"),
            ["cloakrun.yaml:1:11: `services` must be a list, not the text \"api\"."]
        );
        assert_eq!(mistakes("links: []\nlinks: []\n"), ["cloakrun.yaml:1:1: `links` stands here twice."]);
    }

    #[test]
    fn a_waiver_must_say_why() {
        assert_eq!(
            mistakes("waivers:\n  - rule: pkce-off\n    client: web\n"),
            [
                "cloakrun.yaml:2:5: `waivers[0]` has no `reason`; a waiver must say why the finding is accepted."
            ]
        );
        assert_eq!(
            mistakes("waivers:\n  - rule: pkce-off\n    reason: ' '\n"),
            ["cloakrun.yaml:3:13: The reason is empty; a waiver must say why the finding is accepted."]
        );
    }

    #[test]
    fn what_is_well_formed_and_still_wrong_is_told_in_the_order_of_lines() {
        let text = "keycloak-version: next\nenvironments:\n  - name: prod\n  - name: prod\nseverities:\n  pkc-off: error\n\
                    waivers:\n  - rule: redirect-uri-mising\n    reason: x\n    until: 31.3.2027\n\
                    links:\n  - {service: a, client: b, environment: pord, callback-paths: [cb]}\n";
        assert_eq!(
            mistakes(text),
            [
                "cloakrun.yaml:1:19: \"next\" is not a Keycloak version; a version looks like 26.7.3 or 26.5.",
                "cloakrun.yaml:4:11: Two environments have the name `prod`.",
                "cloakrun.yaml:6:12: There is no rule `pkc-off`. Did you mean `pkce-off`?",
                "cloakrun.yaml:8:11: There is no rule `redirect-uri-mising`. Did you mean `redirect-uri-missing`?",
                "cloakrun.yaml:10:12: `31.3.2027` is no date; a date looks like 2027-03-31.",
                "cloakrun.yaml:12:42: `pord` is none of the `environments` of this file. Did you mean `prod`?",
                "cloakrun.yaml:12:65: The callback path `cb` does not begin with `/`.",
            ]
        );
    }

    #[test]
    fn a_version_may_be_written_as_a_number() {
        let config = parse("cloakrun.yaml", "keycloak-version: 26.10\n", &RULES).unwrap();
        assert_eq!(config.keycloak_version.as_deref(), Some("26.10"));
    }

    #[test]
    fn the_nearest_configuration_upward_is_found() {
        let root = tempfile::tempdir().unwrap();
        let below = root.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        let held = root.path().join("cloakrun.yml");
        std::fs::write(&held, "").unwrap();
        assert_eq!(find_upward(&below), Some(held));
        let nearer = root.path().join("a/cloakrun.yaml");
        std::fs::write(&nearer, "").unwrap();
        assert_eq!(find_upward(&below), Some(nearer));
    }
}
