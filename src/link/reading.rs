//! From the settings of containers to what linking needs.

use super::facts::{Facts, SecretHint, Stated};
use super::hosts::{host_in, urls_in};
use crate::cloud_run::model::{Container, EnvValue, Service};
use crate::finding::Evidence;
use crate::keycloak::model::{Client, ClientField};
use crate::known::Known;
use crate::locus::Locus;

/// Every text setting of a container: environment variables, and flags with their values.
pub(crate) fn text_settings(container: &Container) -> impl Iterator<Item = (&str, &str, &Locus)> {
    let variables = container.env.iter().filter_map(|variable| match (variable.name.text(), &variable.value) {
        (Some(name), EnvValue::Literal(value)) => Some((name, value.text()?, &variable.at)),
        _ => None,
    });
    let arguments = container.args.iter().chain(&container.command).filter_map(|(word, at)| {
        let word = word.text()?;
        let (name, value) = word.split_once('=').unwrap_or(("", word));
        Some((name, value, at))
    });
    variables.chain(arguments)
}

/// What needs no convention: every URL in a setting, lists of origins, and what may be a client's secret.
pub(super) fn plain_facts(service: &Service) -> Facts {
    let mut facts = Facts::default();
    for (index, container) in service.containers.iter().enumerate() {
        for (name, value, at) in text_settings(container) {
            if !value.contains("://") {
                continue;
            }
            let is_origin_list = lists_origins(name);
            for url in urls_in(value) {
                let label = format!("`{name}` names {url}");
                let stated = Stated {
                    container: index,
                    setting: name.to_owned(),
                    text: url.to_owned(),
                    evidence: vec![Evidence::cloud_run(at.clone(), Some(value.to_owned()), label)],
                };
                if is_origin_list {
                    facts.origins.push(stated.clone());
                }
                facts.mentions.push(stated);
            }
        }
        secrets(container, &mut facts.secrets);
    }
    facts
}

/// Whether a setting of this name lists the origins whose browsers may call the service.
fn lists_origins(name: &str) -> bool {
    let name = name.to_ascii_uppercase().replace(['-', '.', '_'], "");
    ["ALLOWEDORIGIN", "ALLOWORIGIN", "CORSORIGIN", "CORSALLOW", "CORSDOMAIN", "CORSURL", "CORSHOST"]
        .iter()
        .any(|part| name.contains(part))
}

fn secrets(container: &Container, found: &mut Vec<SecretHint>) {
    for variable in &container.env {
        let Some(setting) = variable.name.text() else { continue };
        let (reference, tag) = match &variable.value {
            EnvValue::SecretReference { secret, .. } => (secret.text().map(secret_name), None),
            EnvValue::PlainSecret { tag, .. } => (None, Some(*tag)),
            EnvValue::Literal(Known::Secret(tag)) => (None, Some(*tag)),
            EnvValue::Literal(_) => continue,
        };
        found.push(SecretHint { setting: setting.to_owned(), reference, tag, at: variable.at.clone() });
    }
    for argument in &container.secret_args {
        found.push(SecretHint {
            setting: argument.name.clone(),
            reference: None,
            tag: Some(argument.tag),
            at: argument.at.clone(),
        });
    }
    for file in &container.secret_files {
        if let (Some(path), Some(secret)) = (file.path.text(), file.secret.text()) {
            found.push(SecretHint {
                setting: path.to_owned(),
                reference: Some(secret_name(secret)),
                tag: None,
                at: file.at.clone(),
            });
        }
    }
}

/// The name of a secret without its project: `projects/P/secrets/NAME` is NAME.
fn secret_name(written: &str) -> String {
    match written.split_once("/secrets/") {
        Some((_, name)) => name.split('/').next().unwrap_or(name).to_owned(),
        None => written.to_owned(),
    }
}

/// Calls `visit` with every host that a client's addresses name, the field and, for lists, the entry.
pub(super) fn for_each_host(client: &Client, mut visit: impl FnMut(&str, ClientField, Option<usize>)) {
    for (text, field) in [
        (&client.root_url, ClientField::RootUrl),
        (&client.base_url, ClientField::BaseUrl),
        (&client.admin_url, ClientField::AdminUrl),
    ] {
        if let Some(host) = text.as_ref().and_then(|text| text.text()).and_then(host_in) {
            visit(&host, field, None);
        }
    }
    let origins = client.web_origins.as_deref().unwrap_or_default();
    for (list, field) in
        [(client.redirect_uris.as_slice(), ClientField::RedirectUris), (origins, ClientField::WebOrigins)]
    {
        for (index, entry) in list.iter().enumerate() {
            if let Some(host) = entry.text().and_then(host_in) {
                visit(&host, field, Some(index));
            }
        }
    }
}
pub(super) fn read(service: &Service, is_keycloak: bool) -> (super::ServiceReading, Facts) {
    let facts = plain_facts(service);
    (super::ServiceReading { is_keycloak, ..Default::default() }, facts)
}
