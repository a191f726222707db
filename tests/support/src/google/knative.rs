//! The v1 (Knative) surface of Cloud Run, which gcloud speaks.
//!
//! Its paths have no region where they begin with `/apis/`: the region is in the host (`europe-west1-run.googleapis.com`), and without
//! one all regions are meant.

use serde_json::{Value, json};

use super::discovery::documents;
use super::error::ApiError;
use super::knative_shape::{resource_version, revision, service};
use super::knative_wanted::wanted;
use super::request::Request;
use super::store::{Key, Project, State, text};
use super::{Kind, checks, deploy, operations, run};

/// What a v1 path names.
struct Place {
    project: Project,
    /// As the path names it; in messages.
    named: String,
    /// None for all regions.
    region: Option<String>,
}

/// Answers `/v1/projects/P/locations/R/…` and `/apis/…/v1/namespaces/P/…`.
pub(crate) fn route(state: &mut State, request: &Request) -> Result<Value, ApiError> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let (project, region, rest) = match segments.as_slice() {
        ["v1", "projects", project, "locations", region, rest @ ..] => {
            (*project, Some(*region).filter(|region| *region != "-"), rest)
        }
        ["apis", _, "v1", "namespaces", project, rest @ ..] => (*project, request.region.as_deref(), rest),
        _ => return Err(request.unknown()),
    };
    let named = if segments[0] == "apis" {
        format!("namespaces/{project}")
    } else {
        format!("projects/{project}/locations/{}", region.unwrap_or("-"))
    };
    let Some(known) = state.project(project).cloned() else {
        return Err(super::denied("run.services.list", &named));
    };
    let place = Place { project: known, named, region: region.map(str::to_owned) };
    match (request.method.as_str(), request.custom.as_deref(), rest) {
        ("GET", None, ["services"]) => services(state, request, &place),
        ("POST", None, ["services"]) => {
            let body = documents().read("run.v1", "Service", request.body()?)?;
            let name = text(&body["metadata"], "name").to_owned();
            permit(state, &place, "run.services.create", "services", &name)?;
            let key = key(state, &place, &name)?;
            if state.resource(&key).is_some() {
                return Err(ApiError::exists(format!("Resource '{name}' already exists.")));
            }
            write(state, request, &place, &key, &body)
        }
        ("GET", None, ["services", name]) => {
            permit(state, &place, "run.services.get", "services", name)?;
            let key = key(state, &place, name)?;
            run::look(state, &key);
            shown(state, &place, &key)
        }
        ("PUT", None, ["services", name]) => {
            permit(state, &place, "run.services.update", "services", name)?;
            let body = documents().read("run.v1", "Service", request.body()?)?;
            let key = key(state, &place, name)?;
            let current =
                state.resource(&key).map(|resource| resource.value.clone()).ok_or_else(|| missing(&key))?;
            let given = text(&body["metadata"], "resourceVersion");
            if !given.is_empty() && given != resource_version(&current) {
                return Err(ApiError::aborted(format!(
                    "Conflict for resource '{name}': version '{given}' was specified but current version is '{}'.",
                    resource_version(&current)
                )));
            }
            write(state, request, &place, &key, &body)
        }
        ("DELETE", None, ["services", name]) => {
            permit(state, &place, "run.services.delete", "services", name)?;
            let key = key(state, &place, name)?;
            if state.resource(&key).is_none() {
                return Err(missing(&key));
            }
            if let Some(region) =
                state.project_mut(&key.project).and_then(|project| project.regions.get_mut(&key.region))
            {
                region.resources.remove(&(Kind::Service, key.name.clone()));
            }
            Ok(json!({"status": "Success"}))
        }
        (_, Some("getIamPolicy" | "setIamPolicy" | "testIamPermissions"), [collection, name]) => {
            let kind = [Kind::Service, Kind::Job, Kind::WorkerPool]
                .into_iter()
                .find(|kind| kind.noun() == *collection)
                .ok_or_else(|| request.unknown())?;
            let key = run::key(state, &place.project.id, place.region.as_deref().unwrap_or("-"), kind, name)?;
            super::iam::resource(state, request, &key, &format!("{}/{collection}/{name}", place.named))
        }
        ("GET", None, ["revisions"]) => revisions(state, request, &place),
        ("GET", None, ["revisions", name]) => {
            permit(state, &place, "run.revisions.get", "revisions", name)?;
            let all = all_revisions(state, &place);
            let found = all.into_iter().find(|revision| text(&revision["metadata"], "name") == *name);
            found.ok_or_else(|| ApiError::not_found(format!("Revision '{name}' not found.")))
        }
        ("GET", None, ["domainmappings"]) => {
            permit(state, &place, "run.domainmappings.list", "", "")?;
            let regions = regions(state, &place, "run.domainmappings.list");
            let mappings = regions
                .iter()
                .filter_map(|region| place.project.regions.get(region))
                .flat_map(|region| region.mappings.values().cloned());
            listed(
                state,
                request,
                "domains.cloudrun.com/v1",
                "DomainMappingList",
                "domainmappings",
                &place,
                mappings.collect(),
            )
        }
        ("GET", None, ["domainmappings", domain]) => {
            permit(state, &place, "run.domainmappings.get", "domainmappings", domain)?;
            let regions = regions(state, &place, "run.domainmappings.get");
            let found = regions
                .iter()
                .find_map(|region| place.project.regions.get(region)?.mappings.get(*domain).cloned());
            found.ok_or_else(|| ApiError::not_found(format!("Domain mapping '{domain}' not found.")))
        }
        ("GET", None, ["operations", id]) | ("POST", Some("wait"), ["operations", id]) => {
            permit(state, &place, "run.operations.get", "", "")?;
            let name = format!(
                "projects/{}/locations/{}/operations/{id}",
                place.project.id,
                place.region.as_deref().unwrap_or("-")
            );
            let mut answer = operations::get(state, &name, request.custom.is_some())?;
            // On this surface an operation's resource has its shape.
            let key = state.operations.get(&name).map(|operation| operation.key.clone());
            if let Some(key) = key.filter(|key| key.kind == Kind::Service && state.resource(key).is_some()) {
                let mut typed = json!({"@type": "type.googleapis.com/google.cloud.run.v1.Service"});
                if let (Some(into), Value::Object(shown)) =
                    (typed.as_object_mut(), shown(state, &place, &key)?)
                {
                    into.extend(shown);
                }
                for field in ["metadata", "response"] {
                    if answer.get(field).is_some() {
                        answer[field] = typed.clone();
                    }
                }
            }
            Ok(answer)
        }
        _ => Err(request.unknown()),
    }
}

/// The regions that are meant and that the caller may see.
fn regions(state: &State, place: &Place, permission: &str) -> Vec<String> {
    match &place.region {
        Some(region) => vec![region.clone()],
        None => {
            let used = place.project.regions.keys();
            used.filter(|region| {
                !state.is_denied(permission, &format!("projects/{}/locations/{region}", place.project.id))
            })
            .cloned()
            .collect()
        }
    }
}

/// Checks a permission under the v2 name of the resource; the message names it as the path does.
fn permit(
    state: &State,
    place: &Place,
    permission: &str,
    collection: &str,
    name: &str,
) -> Result<(), ApiError> {
    let Some(region) = &place.region else {
        let denied = state.is_denied(permission, &format!("projects/{}", place.project.id));
        return if denied { Err(super::denied(permission, &place.named)) } else { Ok(()) };
    };
    let tail = if name.is_empty() { String::new() } else { format!("/{collection}/{name}") };
    let full = format!("projects/{}/locations/{region}{tail}", place.project.id);
    if state.is_denied(permission, &full) {
        Err(super::denied(permission, &format!("{}{tail}", place.named)))
    } else {
        Ok(())
    }
}

fn key(state: &State, place: &Place, name: &str) -> Result<Key, ApiError> {
    match &place.region {
        Some(region) => run::key(state, &place.project.id, region, Kind::Service, name),
        None => Err(ApiError::invalid("The region must be part of the host name of the endpoint.")),
    }
}

fn missing(key: &Key) -> ApiError {
    run::missing(key)
}

fn shown(state: &State, place: &Place, key: &Key) -> Result<Value, ApiError> {
    state
        .resource(key)
        .map(|resource| service(&place.project, &key.region, resource))
        .ok_or_else(|| missing(key))
}

/// One page of a list, in the Knative way: `limit` and `continue`.
fn listed(
    state: &State,
    request: &Request,
    version: &str,
    kind: &str,
    what: &str,
    place: &Place,
    mut items: Vec<Value>,
) -> Result<Value, ApiError> {
    items.retain(|item| selected(item, request.query("labelSelector").unwrap_or_default()));
    let mut keyed: Vec<(String, Value)> = items
        .into_iter()
        .map(|item| {
            (
                format!(
                    "{} {}",
                    text(&item["metadata"], "creationTimestamp"),
                    text(&item["metadata"], "name")
                ),
                item,
            )
        })
        .collect();
    keyed.sort_by(|a, b| b.0.cmp(&a.0));
    let limit = request.query("limit").or(request.query("pageSize"));
    let (page, next) =
        state.page(&format!("{}/{what}", place.named), limit, request.query("continue"), keyed)?;
    let mut answer = json!({"apiVersion": version, "kind": kind, "metadata": {}});
    if !page.is_empty() {
        answer["items"] = Value::Array(page);
    }
    if let Some(next) = next {
        answer["metadata"]["continue"] = json!(next);
    }
    Ok(answer)
}

/// Whether labels fit a selector: `a = b, c=d`.
fn selected(item: &Value, selector: &str) -> bool {
    let parts = selector.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.filter_map(|part| part.split_once('=')).all(|(label, value)| {
        item["metadata"]["labels"].get(label.trim().trim_end_matches('=')).and_then(Value::as_str)
            == Some(value.trim_start_matches('=').trim())
    })
}

fn services(state: &mut State, request: &Request, place: &Place) -> Result<Value, ApiError> {
    permit(state, place, "run.services.list", "", "")?;
    let seen = regions(state, place, "run.services.list");
    let unreachable: Vec<String> = place
        .project
        .regions
        .keys()
        .filter(|region| place.region.is_none() && !seen.contains(region))
        .cloned()
        .collect();
    let mut items = Vec::new();
    for name in &seen {
        let resources = place.project.regions.get(name).into_iter().flat_map(|region| &region.resources);
        items.extend(
            resources
                .filter(|((kind, _), _)| *kind == Kind::Service)
                .map(|(_, resource)| service(&place.project, name, resource)),
        );
    }
    let mut answer =
        listed(state, request, "serving.knative.dev/v1", "ServiceList", "services", place, items)?;
    if !unreachable.is_empty() {
        answer["unreachable"] = json!(unreachable);
    }
    Ok(answer)
}

fn all_revisions(state: &State, place: &Place) -> Vec<Value> {
    let mut all = Vec::new();
    for name in regions(state, place, "run.revisions.list") {
        let resources = place.project.regions.get(&name).into_iter().flat_map(|region| &region.resources);
        let of_services = resources.filter(|((kind, _), _)| *kind == Kind::Service);
        all.extend(
            of_services
                .flat_map(|(_, resource)| &resource.revisions)
                .map(|value| revision(&place.project, &name, value)),
        );
    }
    all
}

fn revisions(state: &mut State, request: &Request, place: &Place) -> Result<Value, ApiError> {
    permit(state, place, "run.revisions.list", "", "")?;
    let all = all_revisions(state, place);
    listed(state, request, "serving.knative.dev/v1", "RevisionList", "revisions", place, all)
}

fn write(
    state: &mut State,
    request: &Request,
    place: &Place,
    key: &Key,
    body: &Value,
) -> Result<Value, ApiError> {
    let namespace = text(&body["metadata"], "namespace");
    if !namespace.is_empty() && namespace != place.project.number && namespace != place.project.id {
        return Err(ApiError::invalid(format!(
            "metadata.namespace: '{namespace}' does not match the one of the request."
        )));
    }
    if text(&body["metadata"], "name") != key.name {
        return Err(ApiError::invalid("metadata.name: Does not match the name of the request."));
    }
    let (spec, v1) = wanted(&place.project, body)?;
    checks::check(state, key, &spec)?;
    let rehearsal = request.query("dryRun") == Some("all");
    let answer = deploy::write(state, key, spec, rehearsal, false)?;
    if rehearsal {
        let value = answer["metadata"].clone();
        let mut would = state.resource(key).cloned().unwrap_or_default();
        would.value = value;
        would.v1_annotations = v1;
        return Ok(service(&place.project, &key.region, &would));
    }
    if let Some(resource) = state.resource_mut(key) {
        resource.v1_annotations = v1;
    }
    shown(state, place, key)
}

/// Maps a domain to a service.
pub(crate) fn put_mapping(state: &mut State, project: &str, region: &str, domain: &str, service: &str) {
    let created = state.now();
    let uid = state.uuid();
    let version = state.serial();
    let project = state.project_mut(project).expect("the project was put");
    let number = project.number.clone();
    let region_of = project.regions.entry(region.to_owned()).or_default();
    region_of.initialized = true;
    let ready = |of: &str| json!({"type": of, "status": "True", "lastTransitionTime": created});
    let mapping = json!({
        "apiVersion": "domains.cloudrun.com/v1",
        "kind": "DomainMapping",
        "metadata": {
            "name": domain, "namespace": number, "uid": uid, "resourceVersion": format!("AAY{version:08}"), "generation": 1, "creationTimestamp": created,
            "selfLink": format!("/apis/domains.cloudrun.com/v1/namespaces/{number}/domainmappings/{domain}"),
            "labels": {"cloud.googleapis.com/location": region},
        },
        "spec": {"routeName": service, "certificateMode": "AUTOMATIC"},
        "status": {
            "observedGeneration": 1, "mappedRouteName": service, "url": format!("https://{domain}"),
            "conditions": [ready("Ready"), ready("CertificateProvisioned"), ready("DomainRoutable")],
            "resourceRecords": [{"type": "CNAME", "rrdata": "ghs.googlehosted.com."}],
        },
    });
    region_of.mappings.insert(domain.to_owned(), mapping);
}
