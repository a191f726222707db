//! From the settings of containers to what linking needs.

use super::facts::{Facts, SecretHint, Stated, StatedClientId};
use super::hosts::{host_in, urls_in};
use super::{
    ContainerReading, IssuerReading, NamedBy, NamedRealm, ServiceReading, SettingPlace, Tells, UnknownSetting,
};
use crate::cloud_run::model::{Container, EnvValue, Service, Workload};
use crate::conventions::arguments::{Argument, arguments};
use crate::conventions::{
    Certainty, ContainerView, Held, RedirectHost, Role, SettingSource, SettingView, TokenKind, Understanding,
    Use, ValueView, understand,
};
use crate::finding::Evidence;
use crate::keycloak::model::{Client, ClientField};
use crate::known::Known;
use crate::locus::Locus;

/// Stands for a word of the arguments that is secret or unknown, so that the flag before it keeps its value.
const HIDDEN: &str = "\u{fffd}";

/// Reads a service's settings.
pub(super) fn read(service: &Service) -> (ServiceReading, Facts) {
    let mut facts = Facts::default();
    let mut reading = ServiceReading::default();
    for (index, container) in service.containers.iter().enumerate() {
        let of_container = container_reading(container);
        plain_facts(&of_container, &mut facts);
        secrets(container, &mut facts.secrets);
        let understanding = &of_container.understanding;
        reading.is_keycloak |= service.workload == Workload::Service
            && !container.init
            && understanding.keycloak.as_ref().is_some_and(|server| server.certainty >= Certainty::Likely);
        if understanding.keycloak.is_none() {
            understood(index, &of_container, &mut reading, &mut facts);
        }
        reading.containers.push(of_container);
    }
    (reading, facts)
}

pub(crate) fn container_reading(container: &Container) -> ContainerReading {
    let mut settings = Vec::new();
    let mut values = Vec::new();
    for variable in &container.env {
        let Some(name) = variable.name.text() else { continue };
        let (value, view, unknown) = match &variable.value {
            EnvValue::Literal(Known::Value(text)) => (Some(text.clone()), ValueView::Plain(text), None),
            EnvValue::Literal(Known::Unknown(why)) => (None, ValueView::Unknown, Some(why.to_string())),
            EnvValue::Literal(Known::Secret(_)) | EnvValue::PlainSecret { .. } => {
                (None, ValueView::Secret, None)
            }
            EnvValue::SecretReference { secret, .. } => {
                (None, ValueView::SecretReference { secret: secret.text().unwrap_or_default() }, None)
            }
        };
        settings.push(SettingPlace { name: name.to_owned(), at: variable.at.clone(), value, unknown });
        values.push((SettingSource::Env, view));
    }
    let words: Vec<&(Known<String>, Locus)> = container.command.iter().chain(&container.args).collect();
    let texts: Vec<&str> = words.iter().map(|(word, _)| word.text().unwrap_or(HIDDEN)).collect();
    let found = arguments(&texts);
    let mut plain_words = Vec::new();
    for argument in &found {
        match argument {
            Argument::Word { text, .. } if text == HIDDEN => {}
            Argument::Word { text, .. } => plain_words.push(text.as_str()),
            Argument::Flag { name, value, position } => {
                let Some((word, at)) = words.get(*position).copied() else { continue };
                let (text, view, unknown) = match word {
                    Known::Secret(_) => (None, ValueView::Secret, None),
                    Known::Unknown(why) => (None, ValueView::Unknown, Some(why.to_string())),
                    Known::Value(_) => {
                        let text = value.as_deref().unwrap_or_default();
                        (Some(text.to_owned()), ValueView::Plain(text), None)
                    }
                };
                settings.push(SettingPlace { name: name.clone(), at: at.clone(), value: text, unknown });
                values.push((SettingSource::Flag, view));
            }
        }
    }
    let understanding = {
        let views = settings.iter().zip(values).map(|(place, (source, value))| SettingView {
            name: &place.name,
            source,
            value,
        });
        let image = container.image.as_ref().and_then(|image| image.text());
        understand(&ContainerView { image, settings: views.collect(), words: plain_words })
    };
    ContainerReading { understanding, settings }
}

/// What needs no convention: every URL in a setting, and lists of origins.
fn plain_facts(container: &ContainerReading, facts: &mut Facts) {
    for place in &container.settings {
        let Some(value) = place.value.as_deref().filter(|value| value.contains("://")) else { continue };
        let is_origin_list = lists_origins(&place.name);
        for url in urls_in(value) {
            let stated = Stated {
                setting: place.name.clone(),
                text: url.to_owned(),
                evidence: vec![Evidence::cloud_run(
                    place.at.clone(),
                    Some(value.to_owned()),
                    format!("names {url}"),
                )],
            };
            if is_origin_list {
                facts.origins.push(stated.clone());
            }
            facts.mentions.push(stated);
        }
    }
}

/// Whether a setting of this name lists the origins whose browsers may call the service.
fn lists_origins(name: &str) -> bool {
    let name = name.to_ascii_uppercase().replace(['-', '.', '_'], "");
    ["ALLOWEDORIGIN", "ALLOWORIGIN", "CORSORIGIN", "CORSALLOW", "CORSDOMAIN", "CORSURL", "CORSHOST"]
        .iter()
        .any(|part| name.contains(part))
}

/// What conventions understood.
fn understood(index: usize, container: &ContainerReading, reading: &mut ServiceReading, facts: &mut Facts) {
    let known = &container.understanding;
    let mut groups = Vec::new();
    for (expectation, found) in known.issuers.iter().enumerate() {
        let evidence = |label: &str| evidence_of(container, &found.settings, label);
        match (&found.issuer, &found.server, &found.realm) {
            (Some(issuer), _, _) => {
                groups.push((found.group.clone(), reading.issuers.len()));
                facts.issuers.push(stated(
                    container,
                    &found.settings,
                    issuer,
                    "the issuer that the service expects",
                ));
                reading.issuers.push(IssuerReading {
                    container: index,
                    expectation,
                    issuer: issuer.clone(),
                    evidence: evidence("the issuer that the service expects"),
                    names: NamedRealm::NotKeycloak,
                    by: NamedBy::Nothing,
                });
            }
            (None, Some(server), None) => {
                facts.bases.push(stated(container, &found.settings, server, "names the Keycloak"));
            }
            (None, None, Some(realm)) => {
                facts.realm_names.push(stated(container, &found.settings, realm, "names the realm"));
            }
            _ => {}
        }
    }
    // A base URL without any realm makes no issuer at all, but still names the Keycloak.
    if known.issuers.is_empty() {
        for found in known.with_role(Role::ServerUrl).chain(known.with_role(Role::AdminApiUrl)) {
            if let Some(value) = &found.value {
                facts.bases.push(stated(container, &[found.setting], value, "names the Keycloak"));
            }
        }
        for found in known.with_role(Role::Realm) {
            if let Some(value) = &found.value {
                facts.realm_names.push(stated(container, &[found.setting], value, "names the realm"));
            }
        }
    }
    for found in &known.clients {
        let Some(place) = container.settings.get(found.setting) else { continue };
        let why = || {
            place
                .unknown
                .clone()
                .or_else(|| found.unknown.clone())
                .unwrap_or_else(|| "it is not known".to_owned())
        };
        facts.client_ids.push(StatedClientId {
            container: index,
            setting: place.name.clone(),
            id: match &found.client_id {
                Some(id) => Known::Value(id.clone()),
                None => Known::unknown(why()),
            },
            at: place.at.clone(),
            issuers: groups
                .iter()
                .filter(|(group, _)| *group == found.group)
                .map(|(_, issuer)| *issuer)
                .collect(),
            is_weak: found.certainty == Certainty::Weak,
        });
    }
    for found in known.audiences.iter().filter(|found| found.token == TokenKind::Access && !found.regex) {
        for audience in &found.any_of {
            facts.audiences.push(stated(container, &found.settings, audience, "demands this audience"));
        }
    }
    for found in &known.redirects {
        if let RedirectHost::Pinned(url) = &found.host {
            facts.own_urls.push(stated(container, &found.settings, url, "the service's own URL"));
        }
    }
    for role in [Role::RedirectUri, Role::BaseUrl, Role::PostLogoutRedirect] {
        for found in known.with_role(role) {
            if let Some(value) = found.value.as_deref().filter(|value| value.contains("://")) {
                facts.own_urls.push(stated(container, &[found.setting], value, "the service's own URL"));
            }
        }
    }
    let is = |what| known.uses(what).is_some_and(|certainty| certainty >= Certainty::Likely);
    facts.login |= is(Use::LogsUsersIn) || is(Use::PublicBrowserApp);
    facts.api |= is(Use::ResourceServer);
    facts.machine |= is(Use::ClientCredentials);
    unknown(container, known, &mut reading.unknown);
}

/// Settings that would tell issuer, realm or client, and do not.
fn unknown(container: &ContainerReading, known: &Understanding, into: &mut Vec<UnknownSetting>) {
    for found in &known.readings {
        let tells = match found.role {
            role if role.is_keycloak_url() => Tells::Issuer,
            Role::Realm => Tells::Realm,
            Role::ClientId => Tells::ClientId,
            _ => continue,
        };
        if found.overridden || matches!(found.held, Held::Literal | Held::Empty) {
            continue;
        }
        let Some(place) = container.settings.get(found.setting) else { continue };
        let why = place.unknown.clone().or_else(|| found.held.why_unknown());
        into.push(UnknownSetting {
            setting: place.name.clone(),
            tells,
            why: why.unwrap_or_else(|| "its value is not known".to_owned()),
            at: place.at.clone(),
        });
    }
}

fn stated(container: &ContainerReading, settings: &[usize], text: &str, label: &str) -> Stated {
    let names: Vec<&str> = settings
        .iter()
        .filter_map(|setting| container.settings.get(*setting))
        .map(|place| place.name.as_str())
        .collect();
    Stated {
        setting: names.join("` and `"),
        text: text.to_owned(),
        evidence: evidence_of(container, settings, label),
    }
}

fn evidence_of(container: &ContainerReading, settings: &[usize], label: &str) -> Vec<Evidence> {
    settings
        .iter()
        .filter_map(|setting| container.settings.get(*setting))
        .map(|place| Evidence::cloud_run(place.at.clone(), place.value.clone(), label))
        .collect()
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

/// The value of an option of a Keycloak server; none when it is absent, empty, secret or unknown.
pub(crate) fn option<'c>(container: &'c ContainerReading, name: &str) -> Option<&'c str> {
    let server = container.understanding.keycloak.as_ref()?;
    let place = container.settings.get(*server.options.get(name)?)?;
    place.value.as_deref().filter(|value| !value.is_empty())
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
