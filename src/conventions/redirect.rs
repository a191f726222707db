//! Where a container sends browsers back to.

use super::callback::{CallbackConvention, CallbackPurpose, PinKind, RedirectOtherwise};
use super::expect::{is_of_foreign_provider, logs_users_in, recognised};
use super::framework::{Framework, FrameworkId};
use super::reading::{Certainty, ExpectedRedirect, Held, Reading, RedirectHost, Understanding};
use super::role::Role;
use super::value;

/// The redirects of every recognised framework that logs users in, and of settings that name a redirect URI outright.
pub(super) fn redirects(understanding: &Understanding) -> Vec<ExpectedRedirect> {
    let mut found = Vec::new();
    for (framework, certainty) in recognised(understanding) {
        if logs_users_in(understanding, framework) {
            of_framework(understanding, framework, certainty, &mut found);
        }
    }
    let explained: Vec<usize> =
        found.iter().flat_map(|redirect: &ExpectedRedirect| redirect.settings.clone()).collect();
    for reading in understanding.readings.iter().filter(|reading| !reading.overridden) {
        let purpose = match reading.role {
            Role::RedirectUri => CallbackPurpose::Login,
            Role::PostLogoutRedirect => CallbackPurpose::PostLogout,
            _ => continue,
        };
        if explained.contains(&reading.setting)
            || reading.held == Held::Empty
            || reading.certainty == Certainty::Weak
        {
            continue;
        }
        let Some((host, paths)) = outright(reading) else { continue };
        found.push(ExpectedRedirect {
            purpose,
            host,
            paths,
            settings: vec![reading.setting],
            framework: reading.framework,
            certainty: reading.certainty,
            group: reading.group.clone(),
            reason: reading.reason.clone(),
        });
    }
    found
}

/// A setting that holds the whole URL.
fn outright(reading: &Reading) -> Option<(RedirectHost, Vec<String>)> {
    match reading.value.as_deref() {
        None => Some((RedirectHost::Unknown(reading.held.why_unknown()?), Vec::new())),
        Some(text) => match value::split_origin(text) {
            Some((origin, rest)) => Some((RedirectHost::Pinned(origin.to_owned()), vec![rest.to_owned()])),
            None if text.starts_with('/') => Some((RedirectHost::Request, vec![text.to_owned()])),
            None => None,
        },
    }
}

fn of_framework(
    understanding: &Understanding,
    framework: &Framework,
    certainty: Certainty,
    found: &mut Vec<ExpectedRedirect>,
) {
    let ours = |reading: &&Reading| {
        reading.framework == framework.id() && !reading.overridden && reading.held != Held::Empty
    };
    // The login of a client through another vendor is none of Keycloak's.
    let clients: Vec<&Reading> = understanding
        .readings
        .iter()
        .filter(|reading| reading.role == Role::ClientId && !reading.overridden)
        .filter(|reading| reading.framework == framework.id() || reading.framework == FrameworkId::GENERIC)
        .filter(|reading| !is_of_foreign_provider(understanding, reading))
        .filter(|reading| !only_client_credentials(understanding, reading))
        .collect();
    let has_client = understanding.readings.iter().filter(ours).any(|reading| reading.role == Role::ClientId);
    let names_keycloak = understanding
        .readings
        .iter()
        .filter(ours)
        .any(|reading| reading.role.is_keycloak_url() || reading.role == Role::RedirectUri);
    if clients.is_empty() && (has_client || !names_keycloak) {
        return;
    }
    let by_code = framework.callbacks.is_empty() && framework.redirect.pinned_by.is_empty();
    let outright =
        |reading: &Reading| reading.role == Role::RedirectUri && reading.certainty > Certainty::Weak;
    if by_code && understanding.readings.iter().any(outright) {
        return;
    }
    let mut groups: Vec<Option<String>> = Vec::new();
    for client in &clients {
        let group = client.group.clone().filter(|_| client.framework == framework.id());
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    if groups.is_empty() {
        let group = understanding.readings.iter().filter(ours).find_map(|reading| reading.group.clone());
        groups.push(group);
    }
    for group in groups {
        for callback in &framework.callbacks {
            found.extend(resolve(understanding, framework, certainty, group.as_deref(), Some(callback)));
        }
        if framework.callbacks.is_empty() {
            found.extend(resolve(understanding, framework, certainty, group.as_deref(), None));
        }
    }
}

/// Whether a registration fetches tokens for the service itself, so that no browser comes back.
fn only_client_credentials(understanding: &Understanding, client: &Reading) -> bool {
    understanding.readings.iter().any(|reading| {
        reading.role == Role::GrantType
            && reading.framework == client.framework
            && reading.group == client.group
            && reading.value.as_deref().is_some_and(|grant| !grant.contains("authorization_code"))
    })
}

/// What pins the redirect, where something does.
struct Pinned<'a> {
    reading: &'a Reading,
    gives: PinKind,
}

fn resolve(
    understanding: &Understanding,
    framework: &Framework,
    certainty: Certainty,
    group: Option<&str>,
    callback: Option<&CallbackConvention>,
) -> Vec<ExpectedRedirect> {
    let purpose = callback.map_or(CallbackPurpose::Login, |callback| callback.purpose);
    let pins = pins(understanding, framework, group, purpose);
    let resolved = |pinned: Option<&Pinned<'_>>| {
        let mut settings: Vec<usize> = pinned.iter().map(|pinned| pinned.reading.setting).collect();
        let base_path = pinned.and_then(base_path);
        let paths = callback.map_or_else(Vec::new, |callback| {
            fill_paths(understanding, framework, group, callback, base_path.as_deref(), &mut settings)
        });
        let (host, paths, reason) = match pinned {
            None if framework.redirect.otherwise == RedirectOtherwise::Request => (
                RedirectHost::Request,
                paths,
                format!("{} takes the host by which the user came", framework.name),
            ),
            None => {
                let reason =
                    format!("{} leaves it to code, or to a setting that is not there", framework.name);
                (RedirectHost::Application, paths, reason)
            }
            Some(pinned) => {
                let (host, paths) = apply(pinned, paths);
                (host, paths, pinned.reading.reason.clone())
            }
        };
        settings.sort_unstable();
        settings.dedup();
        let group = group.map(str::to_owned);
        ExpectedRedirect {
            purpose,
            host,
            paths,
            settings,
            framework: framework.id(),
            certainty,
            group,
            reason,
        }
    };
    if pins.is_empty() {
        vec![resolved(None)]
    } else {
        pins.iter().map(|pinned| resolved(Some(pinned))).collect()
    }
}

/// The strongest setting that pins the redirect of a group, once for every item of it.
fn pins<'a>(
    understanding: &'a Understanding,
    framework: &Framework,
    group: Option<&str>,
    purpose: CallbackPurpose,
) -> Vec<Pinned<'a>> {
    for pin in &framework.redirect.pinned_by {
        if purpose == CallbackPurpose::PostLogout && pin.role == Role::RedirectUri {
            continue;
        }
        let fits = |reading: &&Reading| {
            reading.role == pin.role
                && !reading.overridden
                && reading.held != Held::Empty
                && (reading.framework == framework.id()
                    || reading.framework == FrameworkId::GENERIC && reading.role == Role::RedirectUri)
                && (reading.group.is_none()
                    || reading.group.as_deref() == group
                    || reading.framework == FrameworkId::GENERIC)
                && pin.setting.as_deref().is_none_or(|name| reading.convention == Some(name))
        };
        let Some(first) = understanding.readings.iter().find(fits) else { continue };
        let same =
            understanding.readings.iter().filter(fits).filter(|reading| reading.setting == first.setting);
        return same.map(|reading| Pinned { reading, gives: pin.gives }).collect();
    }
    Vec::new()
}

/// The path that the base URL puts in the place of the callback's base path.
fn base_path(pinned: &Pinned<'_>) -> Option<String> {
    if pinned.gives != PinKind::BasePath {
        return None;
    }
    let (_, rest) = value::split_origin(pinned.reading.value.as_deref()?)?;
    let path = rest.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    (!path.is_empty()).then(|| path.to_owned())
}

/// The callback's paths with their variables filled in; without the ones of which a variable is not known.
fn fill_paths(
    understanding: &Understanding,
    framework: &Framework,
    group: Option<&str>,
    callback: &CallbackConvention,
    base_path: Option<&str>,
    settings: &mut Vec<usize>,
) -> Vec<String> {
    let mut paths = Vec::new();
    // What is pinned leaves no other choice.
    let others = if base_path.is_some() { &[] } else { callback.or.as_slice() };
    for path in std::iter::once(&callback.path).chain(others) {
        let mut filled = path.clone();
        let mut known = true;
        for (name, variable) in &callback.variables {
            let place = format!("{{{name}}}");
            if !filled.contains(&place) {
                continue;
            }
            let set = variable.role.and_then(|role| {
                understanding.readings.iter().find(|reading| {
                    reading.role == role
                        && reading.framework == framework.id()
                        && !reading.overridden
                        && reading.held != Held::Empty
                })
            });
            if let Some(reading) = set {
                settings.push(reading.setting);
                known &= reading.value.is_some();
            }
            let value = set
                .and_then(|reading| reading.value.as_deref())
                .or(group.filter(|_| variable.group))
                .or(base_path.filter(|_| variable.base_path))
                .or(variable.default.as_deref());
            match value {
                Some(value) => filled = filled.replace(&place, value.trim_end_matches('/')),
                None => known = false,
            }
        }
        if known && !paths.contains(&filled) {
            // A callback below a slash of its own: `//callback` is never meant.
            let filled = if filled.starts_with("//") { filled[1..].to_owned() } else { filled };
            paths.push(filled);
        }
    }
    paths
}

/// The host and the paths that a pinning setting gives.
fn apply(pinned: &Pinned<'_>, paths: Vec<String>) -> (RedirectHost, Vec<String>) {
    let Some(text) = pinned.reading.value.as_deref() else {
        let why = pinned.reading.held.why_unknown().unwrap_or_default();
        return (RedirectHost::Unknown(why), paths);
    };
    let not_a_url = || (RedirectHost::Unknown(format!("`{text}` is no absolute URL")), paths.clone());
    match pinned.gives {
        PinKind::Host => {
            let host = text.trim_end_matches('/');
            let base =
                if value::split_origin(host).is_some() { host.to_owned() } else { format!("https://{host}") };
            (RedirectHost::Pinned(base), paths)
        }
        PinKind::Base => match value::split_origin(text) {
            Some(_) => (RedirectHost::Pinned(text.trim_end_matches('/').to_owned()), paths),
            None => not_a_url(),
        },
        PinKind::BasePath => match value::split_origin(text) {
            Some((origin, _)) => (RedirectHost::Pinned(origin.to_owned()), paths),
            None => not_a_url(),
        },
        PinKind::Url | PinKind::UrlOrOrigin | PinKind::UrlOrPath | PinKind::Template => {
            match value::split_origin(text) {
                Some((origin, "")) if pinned.gives == PinKind::UrlOrOrigin => {
                    (RedirectHost::Pinned(origin.to_owned()), paths)
                }
                Some((origin, rest)) => (RedirectHost::Pinned(origin.to_owned()), vec![rest.to_owned()]),
                None if pinned.gives == PinKind::Template => {
                    (RedirectHost::Request, template_paths(text, pinned, paths))
                }
                None if pinned.gives == PinKind::UrlOrPath && text.starts_with('/') => {
                    (RedirectHost::Request, vec![text.to_owned()])
                }
                None => not_a_url(),
            }
        }
    }
}

/// `{baseUrl}/login/oauth2/code/{registrationId}` with the registration filled in.
fn template_paths(text: &str, pinned: &Pinned<'_>, paths: Vec<String>) -> Vec<String> {
    let Some((_, rest)) = text.split_once('}').filter(|_| text.starts_with("{baseUrl}")) else {
        return paths;
    };
    let registration = pinned.reading.group.as_deref().unwrap_or("{registrationId}");
    let filled = rest.replace("{registrationId}", registration).replace("{action}", "login");
    if filled.contains('{') { paths } else { vec![filled] }
}
