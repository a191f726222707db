//! Projects as Resource Manager gives them, and their regions as Cloud Run does.

use serde_json::{Value, json};

use super::error::ApiError;
use super::request::Request;
use super::store::{Project, REGIONS, State};

fn denied(permission: &str, project: &str) -> ApiError {
    let resource = format!("projects/{project}");
    ApiError::new(403, format!("Permission '{permission}' denied on resource '//cloudresourcemanager.googleapis.com/{resource}' (or it may not exist).")).with_info(
        "IAM_PERMISSION_DENIED",
        "cloudresourcemanager.googleapis.com",
        json!({"permission": permission, "resource": resource}),
    )
}

fn find(state: &State, permission: &str, name: &str) -> Result<Project, ApiError> {
    match state.project(name) {
        Some(project) if !state.is_denied(permission, &format!("projects/{}", project.id)) => {
            Ok(project.clone())
        }
        _ => Err(denied(permission, name)),
    }
}

fn first(project: &Project) -> Value {
    json!({
        "projectNumber": project.number, "projectId": project.id, "lifecycleState": "ACTIVE", "name": project.id, "createTime": project.created,
    })
}

fn third(project: &Project) -> Value {
    json!({
        "name": format!("projects/{}", project.number), "projectId": project.id, "state": "ACTIVE", "displayName": project.id,
        "createTime": project.created, "updateTime": project.created, "etag": format!("W/\"{:016x}\"", crc32c::crc32c(project.id.as_bytes())),
    })
}

/// Answers `/v1/projects…` and `/v3/projects…` of Resource Manager.
pub(crate) fn route(state: &mut State, request: &Request) -> Result<Value, ApiError> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let shape = if segments.first() == Some(&"v3") { third } else { first };
    match (request.method.as_str(), request.custom.as_deref(), &segments[1..]) {
        ("GET", None | Some("search"), ["projects"]) => {
            let mut items: Vec<(String, Value)> = state
                .projects
                .values()
                .filter(|project| {
                    !state.is_denied("resourcemanager.projects.get", &format!("projects/{}", project.id))
                })
                .map(|project| (format!("{} {}", project.created, project.id), shape(project)))
                .collect();
            items.sort_by(|a, b| b.0.cmp(&a.0));
            let (page, next) =
                state.page("projects", request.query("pageSize"), request.query("pageToken"), items)?;
            Ok(super::run::listed("projects", page, next))
        }
        ("GET", None, ["projects", name]) => Ok(shape(&find(state, "resourcemanager.projects.get", name)?)),
        ("POST", Some("getIamPolicy"), ["projects", name]) => {
            let project = find(state, "resourcemanager.projects.getIamPolicy", name)?;
            super::iam::shown_by_body(request, Some(&project.policy))
        }
        ("POST", Some("setIamPolicy"), ["projects", name]) => {
            let project = find(state, "resourcemanager.projects.setIamPolicy", name)?;
            let policy = super::iam::changed(state, request, Some(&project.policy))?;
            if let Some(project) = state.project_mut(name) {
                project.policy = policy.clone();
            }
            Ok(policy)
        }
        ("POST", Some("testIamPermissions"), ["projects", name]) => {
            let project =
                state.project(name).map_or_else(|| (*name).to_owned(), |project| project.id.clone());
            super::iam::tested(state, request, &format!("projects/{project}"))
        }
        _ => Err(request.unknown()),
    }
}

/// `GET /v1/projects/P/locations`: the regions, and which of them were ever used.
pub(crate) fn locations(state: &State, request: &Request, name: &str) -> Result<Value, ApiError> {
    let full = format!("projects/{name}");
    state.permit("run.locations.list", &full)?;
    let Some(project) = state.project(name) else {
        return Err(super::denied("run.locations.list", &full));
    };
    let items: Vec<(String, Value)> = REGIONS
        .iter()
        .filter(|(region, _)| {
            state.config.regions.is_empty()
                || state.config.regions.iter().any(|known| known == region)
                || project.regions.contains_key(*region)
        })
        .rev()
        .map(|(region, _)| {
            let mut location = json!({
                "name": format!("projects/{name}/locations/{region}"),
                "locationId": region,
                "displayName": region,
                "labels": {"cloud.googleapis.com/region": region},
            });
            if project.regions.get(*region).is_some_and(|region| region.initialized) {
                location["labels"]["initialized"] = json!("true");
            }
            ((*region).to_owned(), location)
        })
        .collect();
    let (page, next) = state.page(
        &format!("{full}/locations"),
        request.query("pageSize"),
        request.query("pageToken"),
        items,
    )?;
    Ok(super::run::listed("locations", page, next))
}
