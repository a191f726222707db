//! What the real server refuses at once, and what makes a change fail later.

use serde_json::Value;

use super::Kind;
use super::error::ApiError;
use super::store::{Key, State, text};

/// The containers of a service, job or worker pool.
pub(crate) fn containers(kind: Kind, spec: &Value) -> &[Value] {
    let template = if kind == Kind::Job { &spec["template"]["template"] } else { &spec["template"] };
    template["containers"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// What the real server refuses at once.
pub(crate) fn check(state: &State, key: &Key, spec: &Value) -> Result<(), ApiError> {
    if key.name.is_empty()
        || key.name.len() >= 50
        || !key.name.starts_with(|c: char| c.is_ascii_lowercase())
        || key.name.ends_with('-')
        || !key.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    {
        return Err(ApiError::invalid(format!(
            "{}_id: must contain only lowercase, digits, and hyphens; must begin with a letter, and cannot end with a hyphen; must be less than 50 characters.",
            key.kind.shouted().to_lowercase()
        )));
    }
    let containers = containers(key.kind, spec);
    if containers.is_empty() {
        return Err(ApiError::invalid("template.containers: At least one container must be specified."));
    }
    for (n, container) in containers.iter().enumerate() {
        if text(container, "image").is_empty() && container.get("sourceCode").is_none() {
            return Err(ApiError::invalid(format!(
                "template.containers[{n}].image: Image must be specified."
            )));
        }
        let names = container["env"].as_array().into_iter().flatten().map(|entry| text(entry, "name"));
        let reserved: Vec<&str> = names
            .filter(|name| matches!(*name, "PORT" | "K_SERVICE" | "K_REVISION" | "K_CONFIGURATION"))
            .collect();
        if !reserved.is_empty() && key.kind == Kind::Service {
            return Err(ApiError::invalid(format!(
                "template.containers[{n}].env: The following reserved env names were provided: {}. These values are automatically set by the system.",
                reserved.join(", ")
            )));
        }
    }
    let traffic = spec["traffic"].as_array().map(Vec::as_slice).unwrap_or_default();
    let sum: i64 = traffic.iter().filter_map(|target| target["percent"].as_i64()).sum();
    if !traffic.is_empty() && sum != 100 {
        return Err(ApiError::invalid(format!(
            "traffic: Traffic targets must sum to 100 percent, got {sum}."
        )));
    }
    let explicit = text(&spec["template"], "revision");
    for (n, target) in traffic.iter().enumerate() {
        if text(target, "tag").len() + key.name.len() > 46 {
            return Err(ApiError::invalid(format!(
                "traffic[{n}].tag: Combined traffic tag and service name cannot exceed 46 characters."
            )));
        }
        let revision = text(target, "revision");
        let known = state
            .resource(key)
            .is_some_and(|resource| resource.revisions.iter().any(|of| short(of) == revision));
        if !revision.is_empty() && !known && revision != explicit {
            return Err(ApiError::invalid(format!(
                "traffic[{n}].revision: Revision '{revision}' not found."
            )));
        }
    }
    if !explicit.is_empty() && !explicit.starts_with(&format!("{}-", key.name)) {
        return Err(ApiError::invalid(format!(
            "template.revision: Revision name must be prefixed by the name of its service: {}-",
            key.name
        )));
    }
    Ok(())
}

/// The last part of a resource name.
pub(crate) fn short(value: &Value) -> &str {
    text(value, "name").rsplit('/').next().unwrap_or_default()
}

/// Whether the change will fail: because a test said so, or because a secret does not exist.
pub(crate) fn failure(
    state: &mut State,
    key: &Key,
    value: &Value,
    new_revision: bool,
) -> Option<(i32, String)> {
    let name = key.resource_name();
    if let Some(at) = state.failures.iter().position(|(of, ..)| *of == name) {
        let (_, code, message) = state.failures.remove(at);
        return Some((code, message));
    }
    if !new_revision {
        return None;
    }
    let project = state.project(&key.project)?;
    for (c, container) in containers(key.kind, value).iter().enumerate() {
        for (e, entry) in container["env"].as_array().into_iter().flatten().enumerate() {
            let reference = &entry["valueSource"]["secretKeyRef"];
            let secret = text(reference, "secret");
            if secret.is_empty() {
                continue;
            }
            let (owner, short) = match secret.split('/').collect::<Vec<_>>().as_slice() {
                ["projects", owner, "secrets", short] => (state.project(owner), *short),
                _ => (Some(project), secret),
            };
            let version = match text(reference, "version") {
                "" => "latest",
                version => version,
            };
            let found = owner
                .and_then(|owner| owner.secrets.get(&(None, short.to_owned())).map(|found| (owner, found)));
            let usable = found.is_some_and(|(_, found)| super::secrets::enabled(found, version));
            if !usable {
                let number = owner.map_or(project.number.as_str(), |owner| &owner.number);
                return Some((
                    13,
                    format!(
                        "Revision '{}' is not ready and cannot serve traffic. spec.template.spec.containers[{c}].env[{e}].value_from.secret_key_ref.name: Secret projects/{number}/secrets/{short}/versions/{version} was not found",
                        text(value, "latestCreatedRevision").rsplit('/').next().unwrap_or_default()
                    ),
                ));
            }
        }
    }
    None
}
