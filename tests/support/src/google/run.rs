//! Services, jobs and worker pools as the v2 API gives them.

use serde_json::{Value, json};

use super::Kind;
use super::checks::check;
use super::deploy::write;
use super::discovery::{camel_case, documents};
use super::error::ApiError;
use super::operations;
use super::request::Request;
use super::store::{Key, REGIONS, State, text};

pub(super) const API: &str = "run.v2";

/// Answers `/v2/projects/P/locations/R/…`.
pub(crate) fn route(state: &mut State, request: &Request) -> Result<Value, ApiError> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let ["v2", "projects", project, "locations", region, rest @ ..] = segments.as_slice() else {
        return Err(request.unknown());
    };
    if *region == "-" {
        return Err(ApiError::invalid("Request contains an invalid argument."));
    }
    let parent = format!("projects/{project}/locations/{region}");
    let verb = (request.method.as_str(), request.custom.as_deref());
    match (verb, rest) {
        (("GET", None), ["operations"]) => {
            state.permit("run.operations.list", &parent)?;
            operations::list(state, &parent, request.query("pageSize"), request.query("pageToken"))
        }
        (("GET", None), ["operations", id]) => {
            state.permit("run.operations.get", &parent)?;
            operations::get(state, &format!("{}/operations/{id}", canonical(state, project, region)), false)
        }
        (("POST", Some("wait")), ["operations", id]) => {
            state.permit("run.operations.get", &parent)?;
            operations::get(state, &format!("{}/operations/{id}", canonical(state, project, region)), true)
        }
        (("DELETE", None), ["operations", id]) => {
            state.permit("run.operations.delete", &parent)?;
            let name = format!("{}/operations/{id}", canonical(state, project, region));
            match state.operations.remove(&name) {
                Some(_) => Ok(json!({})),
                None => Err(ApiError::not_found("Requested entity was not found.")),
            }
        }
        (verb, [collection, rest @ ..]) => {
            let kind = Kind::of_collection(collection).ok_or_else(|| request.unknown())?;
            let noun = kind.noun();
            match (verb, rest) {
                (("GET", None), []) => {
                    state.permit(&format!("run.{noun}.list"), &parent)?;
                    list(state, request, project, region, kind)
                }
                (("POST", None), []) => {
                    state.permit(&format!("run.{noun}.create"), &parent)?;
                    let id = request.query(kind.id_parameter()).unwrap_or_default().to_owned();
                    create(state, request, &key(state, project, region, kind, &id)?)
                }
                (verb, [name]) => {
                    let key = key(state, project, region, kind, name)?;
                    let full = format!("{parent}/{collection}/{name}");
                    match verb {
                        ("GET", None) => {
                            state.permit(&format!("run.{noun}.get"), &full)?;
                            look(state, &key);
                            state
                                .resource(&key)
                                .map(|resource| resource.value.clone())
                                .ok_or_else(|| missing(&key))
                        }
                        ("PATCH", None) => {
                            state.permit(&format!("run.{noun}.update"), &full)?;
                            patch(state, request, &key)
                        }
                        ("DELETE", None) => {
                            state.permit(&format!("run.{noun}.delete"), &full)?;
                            delete(state, request, &key)
                        }
                        (_, Some("getIamPolicy" | "setIamPolicy" | "testIamPermissions")) => {
                            super::iam::resource(state, request, &key, &full)
                        }
                        ("POST", Some("run")) if kind == Kind::Job => {
                            state.permit("run.jobs.run", &full)?;
                            Err(ApiError {
                                status: "UNIMPLEMENTED",
                                ..ApiError::new(501, "The stand-in does not run jobs.")
                            })
                        }
                        _ => Err(request.unknown()),
                    }
                }
                (("GET", None), [name, "revisions"]) if kind != Kind::Job => {
                    state.permit("run.revisions.list", &format!("{parent}/{collection}/{name}"))?;
                    let key = key(state, project, region, kind, name)?;
                    look(state, &key);
                    revisions(state, request, &key)
                }
                (("GET", None), [name, "revisions", revision]) if kind != Kind::Job => {
                    let key = key(state, project, region, kind, name)?;
                    let full = format!("{}/revisions/{revision}", key.resource_name());
                    state.permit("run.revisions.get", &full)?;
                    look(state, &key);
                    let found = state
                        .resource(&key)
                        .and_then(|resource| resource.revisions.iter().find(|of| text(of, "name") == full));
                    found.cloned().ok_or_else(|| {
                        ApiError::not_found(format!("Resource '{revision}' of kind 'REVISION' in region '{region}' in project '{}' does not exist.", key.project))
                    })
                }
                _ => Err(request.unknown()),
            }
        }
        _ => Err(request.unknown()),
    }
}

fn canonical(state: &State, project: &str, region: &str) -> String {
    format!("projects/{}/locations/{region}", state.project(project).map_or(project, |known| &known.id))
}

/// Names a resource; the project must exist, and its region.
pub(crate) fn key(
    state: &State,
    project: &str,
    region: &str,
    kind: Kind,
    name: &str,
) -> Result<Key, ApiError> {
    let id = state.project(project).map(|known| known.id.clone());
    match id {
        Some(project) if REGIONS.iter().any(|(known, _)| *known == region) => {
            Ok(Key { project, region: region.to_owned(), kind, name: name.to_owned() })
        }
        _ => Err(super::denied(
            &format!("run.{}.get", kind.noun()),
            &format!("projects/{project}/locations/{region}/{}/{name}", kind.collection()),
        )),
    }
}

pub(crate) fn missing(key: &Key) -> ApiError {
    ApiError::not_found(format!(
        "Resource '{}' of kind '{}' in region '{}' in project '{}' does not exist.",
        key.name,
        key.kind.shouted(),
        key.region,
        key.project
    ))
}

/// A look at a resource is a poll of what is under way with it.
pub(crate) fn look(state: &mut State, key: &Key) {
    if let Some(pending) = state.resource(key).and_then(|resource| resource.pending.clone()) {
        operations::poll(state, &pending, false);
    }
}

fn list(
    state: &mut State,
    request: &Request,
    project: &str,
    region: &str,
    kind: Kind,
) -> Result<Value, ApiError> {
    let scope = format!("projects/{project}/locations/{region}/{}", kind.collection());
    if state.project(project).is_none() || !REGIONS.iter().any(|(known, _)| *known == region) {
        return Err(super::denied(
            &format!("run.{}.list", kind.noun()),
            &format!("projects/{project}/locations/{region}"),
        ));
    }
    let resources = state
        .project(project)
        .and_then(|project| project.regions.get(region))
        .map(|region| &region.resources);
    let mut items: Vec<(String, Value)> = resources
        .into_iter()
        .flatten()
        .filter(|((of, _), _)| *of == kind)
        .map(|((_, name), resource)| {
            (format!("{} {name}", text(&resource.value, "createTime")), resource.value.clone())
        })
        .collect();
    items.sort_by(|a, b| b.0.cmp(&a.0));
    let (page, next) = state.page(&scope, request.query("pageSize"), request.query("pageToken"), items)?;
    Ok(listed(kind.collection(), page, next))
}

pub(crate) fn listed(field: &str, page: Vec<Value>, next: Option<String>) -> Value {
    let mut answer = json!({});
    if !page.is_empty() {
        answer[field] = Value::Array(page);
    }
    if let Some(next) = next {
        answer["nextPageToken"] = json!(next);
    }
    answer
}

fn revisions(state: &mut State, request: &Request, key: &Key) -> Result<Value, ApiError> {
    let scope = format!("{}/revisions", key.resource_name());
    let resource = state.resource(key);
    let mut items: Vec<(String, Value)> = resource
        .into_iter()
        .flat_map(|resource| &resource.revisions)
        .map(|revision| {
            (format!("{} {}", text(revision, "createTime"), text(revision, "name")), revision.clone())
        })
        .collect();
    items.sort_by(|a, b| b.0.cmp(&a.0));
    let (page, next) = state.page(&scope, request.query("pageSize"), request.query("pageToken"), items)?;
    Ok(listed("revisions", page, next))
}

fn create(state: &mut State, request: &Request, key: &Key) -> Result<Value, ApiError> {
    let body = documents().read(API, key.kind.schema(), request.body()?)?;
    let rehearsal = request.is_set("validateOnly");
    if state.resource(key).is_some() {
        return Err(ApiError::exists(format!("Resource '{}' already exists.", key.name)));
    }
    let spec = writable(key, &body);
    check(state, key, &spec)?;
    write(state, key, spec, rehearsal, false)
}

fn delete(state: &mut State, request: &Request, key: &Key) -> Result<Value, ApiError> {
    let current = state.resource(key).map(|resource| resource.value.clone()).ok_or_else(|| missing(key))?;
    fresh(key, request.query("etag").unwrap_or_default(), &current)?;
    let rehearsal = request.is_set("validateOnly");
    Ok(operations::start(state, key, current, rehearsal, true, None))
}

/// Refuses a change that was made from an older state.
pub(crate) fn fresh(key: &Key, etag: &str, current: &Value) -> Result<(), ApiError> {
    if etag.is_empty() || etag == text(current, "etag") {
        return Ok(());
    }
    Err(ApiError::aborted(format!(
        "Conflict for resource '{}': version '{etag}' was specified but current version is '{}'.",
        key.name,
        text(current, "etag")
    )))
}

fn patch(state: &mut State, request: &Request, key: &Key) -> Result<Value, ApiError> {
    let body = documents().read(API, key.kind.schema(), request.body()?)?;
    let rehearsal = request.is_set("validateOnly");
    let Some(current) = state.resource(key).map(|resource| resource.value.clone()) else {
        if request.is_set("allowMissing") {
            state.permit(
                &format!("run.{}.create", key.kind.noun()),
                &format!("projects/{}/locations/{}", key.project, key.region),
            )?;
            let spec = writable(key, &body);
            check(state, key, &spec)?;
            return write(state, key, spec, rehearsal, false);
        }
        return Err(missing(key));
    };
    let named = text(&body, "name");
    if !named.is_empty() && named.rsplit('/').next() != Some(key.name.as_str()) {
        return Err(ApiError::invalid("The name in the body is not the one in the URL."));
    }
    fresh(key, text(&body, "etag"), &current)?;
    let mut spec = match request.query("updateMask").filter(|mask| !mask.is_empty() && *mask != "*") {
        None => writable(key, &body),
        Some(mask) => {
            let mut merged = writable(key, &current);
            for path in mask.split(',') {
                let path: Vec<String> = path.trim().split('.').map(camel_case).collect();
                match documents().mask(API, key.kind.schema(), &path) {
                    None => return Err(ApiError::invalid(format!("Invalid field mask: {mask}"))),
                    Some(true) => {}
                    Some(false) if path == ["etag"] || path == ["name"] => {}
                    Some(false) => copy(&mut merged, &body, &path),
                }
            }
            merged
        }
    };
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("etag");
        spec.remove("name");
    }
    check(state, key, &spec)?;
    write(state, key, spec, rehearsal, request.is_set("forceNewRevision"))
}

/// The fields that a client may set.
pub(super) fn writable(key: &Key, value: &Value) -> Value {
    let fields = value.as_object().cloned().unwrap_or_default();
    let fields = fields.into_iter().filter(|(name, _)| {
        name != "name" && name != "etag" && !documents().is_read_only(API, key.kind.schema(), name)
    });
    Value::Object(fields.collect())
}

/// Sets one path to what the body has there, whole; unsets it where the body has nothing.
fn copy(into: &mut Value, from: &Value, path: &[String]) {
    let Some((last, parents)) = path.split_last() else { return };
    let source = path.iter().try_fold(from, |at, part| at.get(part));
    let mut target = into;
    for part in parents {
        if source.is_none() && target.get(part).is_none() {
            return;
        }
        if !target[part].is_object() {
            target[part] = json!({});
        }
        target = &mut target[part];
    }
    match (source, target.as_object_mut()) {
        (Some(source), Some(target)) => drop(target.insert(last.clone(), source.clone())),
        (None, Some(target)) => drop(target.remove(last)),
        _ => {}
    }
}
