//! IAM policies of services, secrets and projects.

use serde_json::{Value, json};

use super::discovery::documents;
use super::error::ApiError;
use super::request::Request;
use super::store::{Key, State, text};

/// The etag of a policy that was never set.
const UNSET: &str = "ACAB";

/// `:getIamPolicy`, `:setIamPolicy` and `:testIamPermissions` of a service, job or worker pool, on either API.
pub(crate) fn resource(
    state: &mut State,
    request: &Request,
    key: &Key,
    full: &str,
) -> Result<Value, ApiError> {
    let prefix = format!("run.{}", key.kind.noun());
    let custom = request.custom.as_deref().unwrap_or_default();
    if custom != "testIamPermissions" {
        // Who may not ask does not learn whether it is there.
        state.permit(&format!("{prefix}.{custom}"), full)?;
    }
    let policy = state.resource(key).ok_or_else(|| super::run::missing(key))?.policy.clone();
    match custom {
        "getIamPolicy" => shown(policy.as_ref(), request.query("options.requestedPolicyVersion")),
        "setIamPolicy" => {
            let new = changed(state, request, policy.as_ref())?;
            if let Some(resource) = state.resource_mut(key) {
                resource.policy = Some(new.clone());
            }
            Ok(new)
        }
        _ => tested(state, request, full),
    }
}

/// The answer to `:testIamPermissions`: those that are not denied.
pub(crate) fn tested(state: &State, request: &Request, full: &str) -> Result<Value, ApiError> {
    let body = read(request)?;
    let asked = body["permissions"].as_array().cloned().unwrap_or_default();
    let held: Vec<Value> = asked
        .into_iter()
        .filter(|permission| !state.is_denied(permission.as_str().unwrap_or_default(), full))
        .collect();
    Ok(if held.is_empty() { json!({}) } else { json!({"permissions": held}) })
}

fn read(request: &Request) -> Result<Value, ApiError> {
    match (&request.api, &request.request_schema) {
        (Some(api), Some(schema)) => {
            documents().read(api, schema, request.body.as_ref().unwrap_or(&json!({})))
        }
        _ => Ok(json!({})),
    }
}

/// A policy as one asks for it: who asks for less than version 3 does not see conditions.
pub(crate) fn shown(policy: Option<&Value>, version: Option<&str>) -> Result<Value, ApiError> {
    let version = match version.filter(|version| !version.is_empty()).map(str::parse::<i64>) {
        None => 0,
        Some(Ok(version @ (0 | 1 | 3))) => version,
        Some(_) => return Err(ApiError::invalid("Invalid policy version: must be 0, 1 or 3.")),
    };
    let Some(mut policy) = policy.cloned() else {
        return Ok(json!({"etag": UNSET}));
    };
    if version < 3 {
        let mut conditional = false;
        for (n, binding) in policy["bindings"].as_array_mut().into_iter().flatten().enumerate() {
            if let Some(fields) = binding.as_object_mut()
                && fields.remove("condition").is_some()
            {
                conditional = true;
                let role = format!("{}_withcond_{n:020x}", fields["role"].as_str().unwrap_or_default());
                fields.insert("role".into(), json!(role));
            }
        }
        if conditional {
            policy["version"] = json!(1);
        }
    }
    Ok(policy)
}

/// `getIamPolicy` by POST, as projects have it.
pub(crate) fn shown_by_body(request: &Request, policy: Option<&Value>) -> Result<Value, ApiError> {
    let body = read(request)?;
    let version = body["options"]["requestedPolicyVersion"].as_i64().unwrap_or(0).to_string();
    shown(policy, Some(&version))
}

/// The policy that a `setIamPolicy` makes of the present one.
pub(crate) fn changed(
    state: &mut State,
    request: &Request,
    present: Option<&Value>,
) -> Result<Value, ApiError> {
    let body = read(request)?;
    let wanted = &body["policy"];
    let current = present.map_or(UNSET, |policy| text(policy, "etag"));
    let given = text(wanted, "etag");
    if !given.is_empty() && given != current {
        return Err(ApiError::aborted(format!(
            "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff. The request's ETag '{given}' did not match the current policy's ETag '{current}'."
        )));
    }
    let bindings = wanted["bindings"].as_array().map(Vec::as_slice).unwrap_or_default();
    let conditional = bindings.iter().any(|binding| binding.get("condition").is_some());
    if conditional && wanted["version"] != 3 {
        return Err(ApiError::invalid("Policies with conditional bindings must have version 3."));
    }
    let held = present.is_some_and(|policy| {
        policy["bindings"].as_array().into_iter().flatten().any(|binding| binding.get("condition").is_some())
    });
    if held && wanted["version"] != 3 {
        return Err(ApiError::invalid(
            "The current policy has conditional bindings; setting it needs version 3.",
        ));
    }
    for binding in bindings {
        for member in binding["members"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let known = [
                "user:",
                "serviceAccount:",
                "group:",
                "domain:",
                "deleted:",
                "principal://",
                "principalSet://",
                "projectOwner:",
                "projectEditor:",
                "projectViewer:",
            ];
            if member != "allUsers"
                && member != "allAuthenticatedUsers"
                && !known.iter().any(|prefix| member.starts_with(prefix))
            {
                return Err(ApiError::invalid(format!(
                    "The member {member} is of an unknown type. Please set a valid type prefix for the member."
                )));
            }
        }
    }
    let mask = text(&body, "updateMask");
    let has = |field: &str| {
        if mask.is_empty() {
            field != "auditConfigs" || wanted.get(field).is_some()
        } else {
            mask.split(',').any(|part| part.trim() == field)
        }
    };
    let mut policy = present.cloned().unwrap_or_else(|| json!({}));
    let fields = policy.as_object_mut().expect("a policy is an object");
    for field in ["bindings", "auditConfigs"] {
        if !has(field) {
            continue;
        }
        match wanted.get(field) {
            Some(value) => drop(fields.insert(field.to_owned(), value.clone())),
            None => drop(fields.remove(field)),
        }
    }
    fields.insert("version".into(), json!(if conditional { 3 } else { 1 }));
    fields.insert("etag".into(), json!(state.policy_etag()));
    Ok(policy)
}
