//! Changes of services, jobs and worker pools: what is stored, which revisions are made, when it takes effect.

use serde_json::{Map, Value, json};

use super::checks::{containers, failure, short};
use super::discovery::documents;
use super::error::ApiError;
use super::run::{API, writable};
use super::store::{Key, Region, State, text};
use super::{Kind, operations, urls};

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

/// What the server fills in where a client says nothing.
fn defaults(kind: Kind, spec: &mut Value) {
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
fn serve(value: &mut Value, kind: Kind) {
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
    let Some(resource) = state.resource_mut(key) else { return };
    resource.policy = removed.and_then(|removed| removed.policy);
    for (name, given) in read.as_object().into_iter().flatten() {
        if documents().is_read_only(API, key.kind.schema(), name) || name == "etag" {
            resource.value[name] = given.clone();
        }
    }
}
