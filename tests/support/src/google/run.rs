//! Services, jobs and worker pools as the v2 API gives them.

use serde_json::{Map, Value, json};

use super::discovery::{camel_case, documents};
use super::error::ApiError;
use super::operations;
use super::store::{Key, REGIONS, Region, Resource, State, text};
use super::wire::Request;
use super::{Kind, urls};

const API: &str = "run.v2";

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
fn writable(key: &Key, value: &Value) -> Value {
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

/// The containers of a service, job or worker pool.
fn containers<'a>(kind: Kind, spec: &'a Value) -> &'a [Value] {
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

/// Takes a change: stores what is wanted, makes a revision where one is needed, starts the operation.
pub(crate) fn write(
    state: &mut State,
    key: &Key,
    mut spec: Value,
    rehearsal: bool,
    forced: bool,
) -> Result<Value, ApiError> {
    defaults(key.kind, &mut spec);
    let before = state.resource(key).cloned();
    if !rehearsal && let Some(pending) = before.as_ref().and_then(|resource| resource.pending.clone()) {
        // The newer change overtakes the one that is under way.
        operations::finish(state, &pending);
    }
    let mut resource = state.resource(key).cloned().or(before).unwrap_or_default();
    let old = writable(key, &resource.value);
    let changed = |fields: &[&str]| fields.iter().any(|field| old.get(field) != spec.get(field));
    let template = |value: &Value| {
        let mut template = value["template"].clone();
        if let Some(template) = template.as_object_mut() {
            template.remove("revision");
        }
        template
    };
    let explicit = text(&spec["template"], "revision").to_owned();
    let renamed = !explicit.is_empty() && !resource.revisions.iter().any(|of| short(of) == explicit);
    let is_new = resource.value.is_null();
    let new_revision = key.kind != Kind::Job
        && (is_new
            || forced
            || renamed
            || template(&old) != template(&spec)
            || changed(&["scaling", "customAudiences"]));
    if new_revision && !explicit.is_empty() && !renamed {
        return Err(ApiError::exists(format!(
            "Revision named '{explicit}' with different configuration already exists."
        )));
    }
    let changes = new_revision || is_new || old != spec;
    let now = state.now();
    let mut value = stored(state, key, &resource.value, spec, &now);
    if changes && !is_new {
        let generation: u64 = text(&resource.value, "generation").parse().unwrap_or(0);
        value["generation"] = json!((generation + 1).to_string());
    }
    value["updateTime"] = json!(now);
    value["lastModifier"] = json!(state.config.caller);
    value["etag"] = json!(state.run_etag());
    if new_revision {
        resource.next_revision += 1;
        let revision = revision(state, key, &value, resource.next_revision, &explicit, &now);
        value["latestCreatedRevision"] = revision["name"].clone();
        resource.revisions.push(revision);
    }
    if changes {
        value["reconciling"] = json!(true);
        conditions(&mut value, key.kind, "CONDITION_RECONCILING", None, &now);
    }
    let failure = if rehearsal { None } else { failure(state, key, &value, new_revision) };
    if !rehearsal {
        resource.value = value.clone();
        region(state, key).resources.insert((key.kind, key.name.clone()), resource);
    }
    Ok(operations::start(state, key, value, rehearsal, false, failure))
}

fn region<'a>(state: &'a mut State, key: &Key) -> &'a mut Region {
    let region = state
        .project_mut(&key.project)
        .expect("a key names a project that exists")
        .regions
        .entry(key.region.clone())
        .or_default();
    region.initialized = true;
    region
}

/// Whether the change will fail: because a test said so, or because a secret does not exist.
fn failure(state: &mut State, key: &Key, value: &Value, new_revision: bool) -> Option<(i32, String)> {
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

/// What the server fills in where a client says nothing.
pub(crate) fn defaults(kind: Kind, spec: &mut Value) {
    let mut fill = |pointer: &[&str], value: Value| {
        let (last, parents) = pointer.split_last().expect("a field has a name");
        let mut at = &mut *spec;
        for parent in parents {
            if !at[parent].is_object() {
                at[parent] = json!({});
            }
            at = &mut at[parent];
        }
        if at.get(last).is_none() {
            at[last] = value;
        }
    };
    fill(&["launchStage"], json!("GA"));
    match kind {
        Kind::Service => {
            fill(&["ingress"], json!("INGRESS_TRAFFIC_ALL"));
            fill(&["traffic"], json!([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}]));
            fill(&["template", "timeout"], json!("300s"));
            fill(&["template", "maxInstanceRequestConcurrency"], json!(80));
        }
        Kind::Job => {
            fill(&["template", "taskCount"], json!(1));
            fill(&["template", "template", "maxRetries"], json!(3));
            fill(&["template", "template", "timeout"], json!("600s"));
        }
        Kind::WorkerPool => fill(
            &["instanceSplits"],
            json!([{"type": "INSTANCE_SPLIT_ALLOCATION_TYPE_LATEST", "percent": 100}]),
        ),
    }
    let template = if kind == Kind::Job { &mut spec["template"]["template"] } else { &mut spec["template"] };
    for container in template["containers"].as_array_mut().into_iter().flatten() {
        if container.get("resources").is_none() {
            container["resources"] = json!({"limits": {"cpu": "1000m", "memory": "512Mi"}, "cpuIdle": true});
        }
        if kind == Kind::Service {
            continue;
        }
        if let Some(resources) = container["resources"].as_object_mut() {
            resources.remove("cpuIdle");
        }
    }
    // Only the container that takes the requests has a port; the first is it where none is named.
    if kind == Kind::Service
        && let Some(containers) = template["containers"].as_array_mut()
        && !containers.iter().any(|container| container.get("ports").is_some())
        && let Some(first) = containers.first_mut()
    {
        first["ports"] = json!([{"name": "http1", "containerPort": 8080}]);
    }
}

/// The whole resource: what is wanted, and what the server keeps beside it.
fn stored(state: &mut State, key: &Key, old: &Value, spec: Value, now: &str) -> Value {
    let mut all = Map::new();
    all.insert("name".into(), json!(key.resource_name()));
    let kept = old.as_object().cloned().unwrap_or_default();
    all.extend(
        kept.into_iter()
            .filter(|(name, _)| name != "name" && documents().is_read_only(API, key.kind.schema(), name)),
    );
    if old.is_null() {
        all.insert("uid".into(), json!(state.uuid()));
        all.insert("generation".into(), json!("1"));
        all.insert("createTime".into(), json!(now));
        all.insert("creator".into(), json!(state.config.caller));
    }
    if let Value::Object(spec) = spec {
        all.extend(spec);
    }
    let mut value = Value::Object(all);
    if key.kind == Kind::Service {
        let off = value["defaultUriDisabled"] == true;
        let number = state.project(&key.project).map(|project| project.number.clone()).unwrap_or_default();
        let fields = value.as_object_mut().expect("a service is an object");
        if off {
            fields.remove("uri");
            fields.remove("urls");
        } else {
            let both = urls(&key.project, &number, &key.region, &key.name);
            fields.insert("uri".into(), json!(both[1]));
            fields.insert("urls".into(), json!(both));
        }
    }
    value
}

fn revision(state: &mut State, key: &Key, value: &Value, number: u32, explicit: &str, now: &str) -> Value {
    let letters: String = {
        let mixed = state.serial().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        [8, 24, 40]
            .iter()
            .map(|shift| char::from(b'a' + u8::try_from((mixed >> shift) % 26).unwrap_or_default()))
            .collect()
    };
    let short =
        if explicit.is_empty() { format!("{}-{number:05}-{letters}", key.name) } else { explicit.to_owned() };
    let mut revision = json!({
        "name": format!("{}/revisions/{short}", key.resource_name()),
        "uid": state.uuid(),
        "generation": "1",
        "createTime": now,
        "updateTime": now,
        "launchStage": value["launchStage"],
        "service": key.name,
        "creator": state.config.caller,
    });
    let fields = revision.as_object_mut().expect("just made");
    for (name, inner) in value["template"].as_object().into_iter().flatten() {
        if name != "revision" {
            fields.insert(name.clone(), inner.clone());
        }
    }
    fields.insert("logUri".into(), json!(format!(
        "https://console.cloud.google.com/logs/viewer?project={}&resource=cloud_run_revision/service_name/{}/revision_name/{short}",
        key.project, key.name
    )));
    fields.insert("etag".into(), json!(state.run_etag()));
    fields.insert("reconciling".into(), json!(true));
    fields.insert(
        "conditions".into(),
        json!([{"type": "Ready", "state": "CONDITION_RECONCILING", "lastTransitionTime": now}]),
    );
    revision
}

fn conditions(value: &mut Value, kind: Kind, state: &str, failure: Option<&str>, now: &str) {
    let condition = |of: &str| {
        let mut condition = json!({"type": of, "state": state, "lastTransitionTime": now});
        if let Some(message) = failure {
            condition["message"] = json!(message);
            condition["reason"] = json!("REVISION_FAILED");
        }
        condition
    };
    value["terminalCondition"] = condition("Ready");
    let parts: &[&str] = match kind {
        Kind::Service => &["RoutesReady", "ConfigurationsReady"],
        Kind::Job => &["ResourcesAvailable"],
        Kind::WorkerPool => &["ConfigurationsReady"],
    };
    value["conditions"] = Value::Array(parts.iter().map(|of| condition(of)).collect());
}

/// Lets what is wanted take effect, or fail: then the old revision goes on serving.
pub(crate) fn settle(state: &mut State, key: &Key, failure: Option<&(i32, String)>) {
    let now = state.now();
    let etag = state.run_etag();
    let Some(resource) = state.resource_mut(key) else { return };
    let value = &mut resource.value;
    if let Some(fields) = value.as_object_mut() {
        fields.remove("reconciling");
    }
    let (word, message) = match failure {
        None => ("CONDITION_SUCCEEDED", None),
        Some((_, message)) => ("CONDITION_FAILED", Some(message.as_str())),
    };
    conditions(value, key.kind, word, message, &now);
    value["observedGeneration"] = value["generation"].clone();
    value["etag"] = json!(etag);
    let created = text(value, "latestCreatedRevision").to_owned();
    for revision in &mut resource.revisions {
        if text(revision, "name") == created && revision["reconciling"] == true {
            let fields = revision.as_object_mut().expect("a revision is an object");
            fields.remove("reconciling");
            fields.insert("observedGeneration".into(), json!("1"));
            let mut ready = json!({"type": "Ready", "state": word, "lastTransitionTime": now});
            if let Some(message) = message {
                ready["message"] = json!(message);
            }
            fields.insert("conditions".into(), json!([ready]));
        }
    }
    if failure.is_none() {
        if key.kind != Kind::Job && !created.is_empty() {
            value["latestReadyRevision"] = json!(created);
        }
        serve(value, key.kind);
    }
}

/// Brings what is served up to what is wanted.
pub(crate) fn serve(value: &mut Value, kind: Kind) {
    match kind {
        Kind::Service => {
            let uri = text(value, "uri").to_owned();
            let targets = value["traffic"].as_array().cloned().unwrap_or_default();
            let statuses = targets.into_iter().map(|mut target| {
                let tag = text(&target, "tag").to_owned();
                if let (false, Some(host)) = (tag.is_empty(), uri.strip_prefix("https://")) {
                    target["uri"] = json!(format!("https://{tag}---{host}"));
                }
                target
            });
            value["trafficStatuses"] = Value::Array(statuses.collect());
        }
        Kind::WorkerPool => value["instanceSplitStatuses"] = value["instanceSplits"].clone(),
        Kind::Job => {}
    }
}

/// Puts a resource into the store as a test describes it: v2 fields, the rest filled in as by a deployment that succeeded.
pub(crate) fn put(state: &mut State, key: &Key, described: &Value) {
    let read = documents().read(API, key.kind.schema(), described);
    let read =
        read.unwrap_or_else(|error| panic!("{} cannot be put: {}", key.resource_name(), error.message));
    let mut spec = writable(key, &read);
    if containers(key.kind, &spec).is_empty() {
        let template =
            if key.kind == Kind::Job { &mut spec["template"]["template"] } else { &mut spec["template"] };
        template["containers"] = json!([{"image": "europe-docker.pkg.dev/cloudrun/container/hello"}]);
    }
    let was = state.config.polls_until_done;
    let removed = state
        .project_mut(&key.project)
        .and_then(|project| project.regions.get_mut(&key.region))
        .and_then(|region| region.resources.remove(&(key.kind, key.name.clone())));
    let answer = write(state, key, spec, false, false)
        .unwrap_or_else(|error| panic!("{} cannot be put: {}", key.resource_name(), error.message));
    let name = text(&answer, "name").to_owned();
    if let Some(operation) = state.operations.get_mut(&name) {
        // What a test describes is there, whether its secrets are or not.
        operation.failure = None;
    }
    operations::finish(state, &name);
    state.operations.remove(&name);
    state.config.polls_until_done = was;
    let Some(resource) = state.resource_mut(key) else { return };
    resource.policy = removed.and_then(|removed| removed.policy);
    for (name, given) in read.as_object().into_iter().flatten() {
        if documents().is_read_only(API, key.kind.schema(), name) || name == "etag" {
            resource.value[name] = given.clone();
        }
    }
}

/// A `Resource` that exists for `describe`.
pub(crate) fn value(resource: Option<&Resource>) -> Option<Value> {
    resource.map(|resource| resource.value.clone())
}
