//! The examples in the files of `conventions/`: each is a container and exactly what must be understood of it.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::arguments::{Argument, arguments};
use super::{
    ContainerView, Held, RedirectHost, SettingSource, SettingView, Understanding, ValueView, embedded,
    understand,
};

#[derive(Debug, Deserialize)]
struct File {
    examples: Vec<Example>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Example {
    about: String,
    #[serde(default)]
    image: Option<String>,
    #[serde(default)]
    env: serde_yaml::Mapping,
    #[serde(default)]
    command: Vec<String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    expect: Expected,
}

/// What is understood, in the words of the files.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
struct Expected {
    #[serde(skip_serializing_if = "Option::is_none")]
    keycloak: Option<String>,
    /// `id` for a certain one, `id (likely)` otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    frameworks: Vec<String>,
    /// `NAME: [role, value]`; `role (weak)`, `@framework` when it is not the file's own, `wants FORM` for a wrong kind of URL.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    readings: Vec<BTreeMap<String, Vec<String>>>,
    /// `NAME: right name`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ignored: Vec<BTreeMap<String, String>>,
    /// `issuer, how it is compared`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    issuers: Vec<String>,
    /// `client id, with secret`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    clients: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    audiences: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    audience_unchecked: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    redirects: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uses: Vec<String>,
}

fn small(debug: impl std::fmt::Debug) -> String {
    let mut text = String::new();
    for character in format!("{debug:?}").chars() {
        if character.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}

fn with_certainty(text: &str, certainty: super::Certainty) -> String {
    match certainty {
        super::Certainty::Certain => text.to_owned(),
        other => format!("{text} ({})", small(other)),
    }
}

/// What was understood, in the words of the files; `own` is the id of the file.
fn describe(understanding: &Understanding, names: &[String], own: &str) -> Expected {
    let readings = understanding.readings.iter().map(|reading| {
        let mut words = vec![with_certainty(reading.role.name(), reading.certainty)];
        words.extend(match &reading.held {
            Held::Literal => reading.value.clone(),
            Held::Reference { secret } => Some(format!("in secret {secret}")),
            Held::Placeholder { text } => Some(format!("placeholder {text}")),
            other => Some(format!("({})", small(other))),
        });
        if reading.framework.as_str() != own {
            words.push(format!("@{}", reading.framework));
        }
        if let Some(mismatch) = reading.mismatch {
            words.push(format!("wants {}, got {}", small(mismatch.wants), small(mismatch.got)));
        }
        if reading.overridden {
            words.push("overridden".to_owned());
        }
        BTreeMap::from([(names[reading.setting].clone(), words)])
    });
    let redirects = understanding.redirects.iter().map(|redirect| {
        let host = match &redirect.host {
            RedirectHost::Pinned(base) => base.clone(),
            other => format!("<{}>", small(other).split('(').next().unwrap_or_default()),
        };
        let paths =
            if redirect.paths.is_empty() { "<unknown>".to_owned() } else { redirect.paths.join(" or ") };
        let mut text = format!("{host}{paths}");
        if redirect.purpose != super::CallbackPurpose::Login {
            write!(text, ", {}", small(redirect.purpose)).unwrap();
        }
        with_certainty(&text, redirect.certainty)
    });
    Expected {
        keycloak: understanding.keycloak.as_ref().map(|server| with_certainty("server", server.certainty)),
        frameworks: understanding
            .frameworks
            .iter()
            .map(|found| with_certainty(found.framework.as_str(), found.certainty))
            .collect(),
        readings: readings.collect(),
        ignored: understanding
            .ignored
            .iter()
            .map(|one| {
                BTreeMap::from([(names[one.setting].clone(), one.right_name.clone().unwrap_or_default())])
            })
            .collect(),
        issuers: understanding
            .issuers
            .iter()
            .map(|one| format!("{}, {}", one.issuer.as_deref().unwrap_or("<unknown>"), small(one.compared)))
            .collect(),
        clients: understanding
            .clients
            .iter()
            .map(|one| {
                let secret = if one.secret.is_some() { ", with secret" } else { "" };
                format!("{}{secret}", one.client_id.as_deref().unwrap_or("<unknown>"))
            })
            .collect(),
        audiences: understanding
            .audiences
            .iter()
            .map(|one| if one.any_of.is_empty() { "<unknown>".to_owned() } else { one.any_of.join(" or ") })
            .collect(),
        audience_unchecked: understanding.audience_unchecked.is_some(),
        redirects: redirects.collect(),
        uses: understanding
            .uses
            .iter()
            .map(|found| with_certainty(&small(found.what), found.certainty))
            .collect(),
    }
}

fn run(example: &Example, own: &str) -> Expected {
    let texts: Vec<&String> = example.command.iter().chain(&example.args).collect();
    let parsed = arguments(&texts);
    let mut settings: Vec<SettingView<'_>> = example
        .env
        .iter()
        .map(|(name, value)| {
            let value = match value {
                serde_yaml::Value::String(text) => ValueView::Plain(text),
                serde_yaml::Value::Null => ValueView::Unknown,
                other => {
                    ValueView::SecretReference { secret: other.get("secret").unwrap().as_str().unwrap() }
                }
            };
            SettingView { name: name.as_str().unwrap(), source: SettingSource::Env, value }
        })
        .collect();
    let mut words = Vec::new();
    for argument in &parsed {
        match argument {
            Argument::Flag { name, value, .. } => settings.push(SettingView {
                name,
                source: SettingSource::Flag,
                value: ValueView::Plain(value.as_deref().unwrap_or("true")),
            }),
            Argument::Word { text, .. } => words.push(text.as_str()),
        }
    }
    let names: Vec<String> = settings.iter().map(|setting| setting.name.to_owned()).collect();
    let view = ContainerView { image: example.image.as_deref(), settings, words };
    describe(&understand(&view), &names, own)
}

fn check(text: &str, own: &str, failures: &mut String) {
    let file: File = serde_yaml::from_str(text).unwrap_or_else(|fault| panic!("{own}: {fault}"));
    assert!(!file.examples.is_empty(), "conventions/{own}.yaml has no example");
    for example in &file.examples {
        let actual = run(example, own);
        if actual != example.expect {
            let yaml = serde_yaml::to_string(&actual).unwrap();
            writeln!(failures, "### {own}: {}\n{yaml}", example.about).unwrap();
        }
    }
}

#[test]
fn every_example_is_understood_exactly() {
    let mut failures = String::new();
    for (id, text) in embedded::FRAMEWORKS {
        check(text, id, &mut failures);
    }
    check(embedded::GENERIC, "generic", &mut failures);
    assert!(failures.is_empty(), "understood otherwise than the files expect:\n{failures}");
}

#[test]
fn examples_stand_last_so_that_the_program_need_not_read_them() {
    for (id, text) in embedded::FRAMEWORKS.iter().chain([&("generic", embedded::GENERIC)]) {
        let (_, examples) = text.split_once("\nexamples:").unwrap_or_else(|| panic!("{id} has no examples"));
        assert!(!examples.lines().any(|line| line.starts_with(|c: char| c.is_ascii_alphabetic())), "{id}");
    }
}
