//! A service and its revisions in the v1 (Knative) shape, made of the v2 shape of the store.

use serde_json::{Map, Value, json};

use super::knative_annotations::{SERVICE, TEMPLATE, annotate, put, seconds};
use super::store::{Project, Resource, text};

fn conditions(value: &Value, ready: &Value, generation: i64) -> Value {
    let one = |condition: &Value| {
        let status = match text(condition, "state") {
            "CONDITION_SUCCEEDED" => "True",
            "CONDITION_FAILED" => "False",
            _ => "Unknown",
        };
        let mut out = json!({"type": condition["type"], "status": status, "lastTransitionTime": condition["lastTransitionTime"]});
        put(&mut out, "message", &condition["message"]);
        if status == "False" {
            out["reason"] = json!("HealthCheckContainerError");
        }
        out
    };
    let mut all: Vec<Value> = if ready.is_null() { Vec::new() } else { vec![one(ready)] };
    all.extend(value.as_array().into_iter().flatten().map(one));
    if generation > 0 {
        all.sort_by_key(|condition| text(condition, "type") != "Ready");
    }
    Value::Array(all)
}

/// `resourceVersion`: the etag without its quotes.
pub(crate) fn resource_version(value: &Value) -> String {
    text(value, "etag").trim_matches('"').to_owned()
}

fn short(name: &Value) -> &str {
    name.as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default()
}

/// A service of the store as v1 gives it.
pub(crate) fn service(project: &Project, region: &str, resource: &Resource) -> Value {
    let value = &resource.value;
    let name = short(&value["name"]);
    let generation: i64 = text(value, "generation").parse().unwrap_or(1);
    let mut annotations = resource.v1_annotations.clone();
    annotations.extend(value["annotations"].as_object().cloned().unwrap_or_default());
    annotate(&SERVICE, value, &mut annotations);
    if annotations.get("run.googleapis.com/launch-stage") == Some(&json!("GA")) {
        annotations.remove("run.googleapis.com/launch-stage");
    }
    if let Some(ingress) = annotations.get("run.googleapis.com/ingress").cloned() {
        annotations.insert("run.googleapis.com/ingress-status".into(), ingress);
    }
    annotations.insert("serving.knative.dev/creator".into(), value["creator"].clone());
    annotations.insert("serving.knative.dev/lastModifier".into(), value["lastModifier"].clone());
    if let Some(operation) = &resource.operation {
        annotations.insert("run.googleapis.com/operation-id".into(), json!(operation));
    }
    if value["urls"].is_array() {
        annotations.insert("run.googleapis.com/urls".into(), json!(value["urls"].to_string()));
    }
    let mut labels = value["labels"].as_object().cloned().unwrap_or_default();
    labels.insert("cloud.googleapis.com/location".into(), json!(region));
    let traffic = |targets: &Value, with_urls: bool| -> Value {
        let one = |target: &Value| {
            let mut out = json!({});
            put(&mut out, "percent", &target["percent"]);
            put(&mut out, "tag", &target["tag"]);
            if target["type"] == "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST" {
                out["latestRevision"] = json!(true);
                if with_urls {
                    out["revisionName"] = json!(short(&value["latestReadyRevision"]));
                }
            } else {
                put(&mut out, "revisionName", &target["revision"]);
            }
            if with_urls {
                put(&mut out, "url", &target["uri"]);
            }
            out
        };
        Value::Array(targets.as_array().into_iter().flatten().map(one).collect())
    };
    let mut status = json!({
        "observedGeneration": text(value, "observedGeneration").parse::<i64>().unwrap_or(0),
        "conditions": conditions(&value["conditions"], &value["terminalCondition"], generation),
        "latestCreatedRevisionName": short(&value["latestCreatedRevision"]),
    });
    if value["latestReadyRevision"].is_string() {
        status["latestReadyRevisionName"] = json!(short(&value["latestReadyRevision"]));
    }
    if value["trafficStatuses"].is_array() {
        status["traffic"] = traffic(&value["trafficStatuses"], true);
    }
    if value["uri"].is_string() {
        status["url"] = value["uri"].clone();
        status["address"] = json!({"url": value["uri"]});
    }
    json!({
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": name, "namespace": project.number,
            "selfLink": format!("/apis/serving.knative.dev/v1/namespaces/{}/services/{name}", project.number),
            "uid": value["uid"], "resourceVersion": resource_version(value), "generation": generation,
            "creationTimestamp": value["createTime"], "labels": labels, "annotations": annotations,
        },
        "spec": {"template": template(&value["template"]), "traffic": traffic(&value["traffic"], false)},
        "status": status,
    })
}

/// A template: metadata and spec.
fn template(value: &Value) -> Value {
    let mut metadata = json!({});
    put(&mut metadata, "name", &value["revision"]);
    put(&mut metadata, "labels", &value["labels"]);
    let annotations = template_annotations(value);
    if !annotations.is_empty() {
        metadata["annotations"] = Value::Object(annotations);
    }
    json!({"metadata": metadata, "spec": spec(value)})
}

fn template_annotations(value: &Value) -> Map<String, Value> {
    let mut annotations = value["annotations"].as_object().cloned().unwrap_or_default();
    annotate(&TEMPLATE, value, &mut annotations);
    let containers = value["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let depends: Map<String, Value> = containers
        .iter()
        .filter(|container| container["dependsOn"].is_array())
        .map(|container| (text(container, "name").to_owned(), container["dependsOn"].clone()))
        .collect();
    if !depends.is_empty() {
        annotations.insert(
            "run.googleapis.com/container-dependencies".into(),
            json!(Value::Object(depends).to_string()),
        );
    }
    let resources = containers.first().map(|container| &container["resources"]);
    if let Some(resources) = resources {
        if resources["startupCpuBoost"] == true {
            annotations.insert("run.googleapis.com/startup-cpu-boost".into(), json!("true"));
        }
        if resources["cpuIdle"] != true {
            annotations.insert("run.googleapis.com/cpu-throttling".into(), json!("false"));
        }
    }
    let mut aliases: Vec<String> = Vec::new();
    let envs = containers.iter().flat_map(|container| container["env"].as_array().into_iter().flatten());
    let in_env = envs.map(|entry| text(&entry["valueSource"]["secretKeyRef"], "secret"));
    let in_volumes =
        value["volumes"].as_array().into_iter().flatten().map(|volume| text(&volume["secret"], "secret"));
    for name in in_env.chain(in_volumes).filter(|name| name.starts_with("projects/")) {
        let alias = format!("{}:{name}", short(&json!(name)));
        if !aliases.contains(&alias) {
            aliases.push(alias);
        }
    }
    if !aliases.is_empty() {
        annotations.insert("run.googleapis.com/secrets".into(), json!(aliases.join(",")));
    }
    let sql: Vec<&str> = value["volumes"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|volume| volume["cloudSqlInstance"]["instances"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if !sql.is_empty() {
        annotations.insert("run.googleapis.com/cloudsql-instances".into(), json!(sql.join(",")));
    }
    annotations
}

fn spec(value: &Value) -> Value {
    let mut out = json!({});
    put(&mut out, "containerConcurrency", &value["maxInstanceRequestConcurrency"]);
    if let Some(seconds) = seconds(&value["timeout"]) {
        out["timeoutSeconds"] = json!(seconds);
    }
    put(&mut out, "serviceAccountName", &value["serviceAccount"]);
    out["containers"] =
        Value::Array(value["containers"].as_array().into_iter().flatten().map(container).collect());
    let volumes: Vec<Value> = value["volumes"].as_array().into_iter().flatten().filter_map(volume).collect();
    if !volumes.is_empty() {
        out["volumes"] = Value::Array(volumes);
    }
    out
}

fn container(value: &Value) -> Value {
    let mut out = json!({});
    for field in ["name", "image", "command", "args", "ports", "volumeMounts", "workingDir"] {
        put(&mut out, field, &value[field]);
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        put(&mut out, probe, &value[probe]);
    }
    if let Some(entries) = value["env"].as_array() {
        let one = |entry: &Value| {
            let reference = &entry["valueSource"]["secretKeyRef"];
            if !reference.is_object() {
                return entry.clone();
            }
            let version =
                if text(reference, "version").is_empty() { "latest" } else { text(reference, "version") };
            json!({"name": entry["name"], "valueFrom": {"secretKeyRef": {"name": short(&reference["secret"]), "key": version}}})
        };
        out["env"] = Value::Array(entries.iter().map(one).collect());
    }
    if value["resources"]["limits"].is_object() {
        out["resources"] = json!({"limits": value["resources"]["limits"]});
    }
    out
}

fn volume(value: &Value) -> Option<Value> {
    let mut out = json!({"name": value["name"]});
    if value["secret"].is_object() {
        let mut secret = json!({"secretName": short(&value["secret"]["secret"])});
        put(&mut secret, "defaultMode", &value["secret"]["defaultMode"]);
        if let Some(items) = value["secret"]["items"].as_array() {
            let one = |item: &Value| {
                let mut out = json!({"key": if text(item, "version").is_empty() { "latest" } else { text(item, "version") }, "path": item["path"]});
                put(&mut out, "mode", &item["mode"]);
                out
            };
            secret["items"] = Value::Array(items.iter().map(one).collect());
        }
        out["secret"] = secret;
    } else if value["emptyDir"].is_object() {
        let mut directory = json!({});
        if value["emptyDir"]["medium"] == "MEMORY" {
            directory["medium"] = json!("Memory");
        }
        put(&mut directory, "sizeLimit", &value["emptyDir"]["sizeLimit"]);
        out["emptyDir"] = directory;
    } else if value["gcs"].is_object() {
        out["csi"] = json!({"driver": "gcsfuse.run.googleapis.com", "volumeAttributes": {"bucketName": value["gcs"]["bucket"]}});
        put(&mut out["csi"], "readOnly", &value["gcs"]["readOnly"]);
    } else if value["nfs"].is_object() {
        out["nfs"] = value["nfs"].clone();
    } else {
        return None;
    }
    Some(out)
}

/// A revision of the store as v1 gives it.
pub(crate) fn revision(project: &Project, region: &str, value: &Value) -> Value {
    let name = short(&value["name"]);
    let mut labels = value["labels"].as_object().cloned().unwrap_or_default();
    for label in ["serving.knative.dev/service", "serving.knative.dev/configuration"] {
        labels.insert(label.into(), value["service"].clone());
    }
    labels.insert("cloud.googleapis.com/location".into(), json!(region));
    labels.insert("serving.knative.dev/configurationGeneration".into(), json!("1"));
    let mut annotations = template_annotations(value);
    annotations.insert("serving.knative.dev/creator".into(), value["creator"].clone());
    let first = text(&value["containers"][0], "image");
    let bare = first
        .split('@')
        .next()
        .unwrap_or_default()
        .rsplit_once(':')
        .filter(|(_, tag)| !tag.contains('/'))
        .map_or(first, |(bare, _)| bare);
    let sum = u64::from(crc32c::crc32c(first.as_bytes()));
    let digest = format!("{bare}@sha256:{}", format!("{sum:08x}").repeat(8));
    let mut status = json!({
        "observedGeneration": 1, "conditions": conditions(&value["conditions"], &Value::Null, 1),
        "serviceName": value["service"], "imageDigest": digest, "logUrl": value["logUri"],
    });
    status["containerStatuses"] = json!([{"imageDigest": digest}]);
    if let (Some(container), true) =
        (status["containerStatuses"].get_mut(0), value["containers"][0]["name"].is_string())
    {
        container["name"] = value["containers"][0]["name"].clone();
    }
    json!({
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Revision",
        "metadata": {
            "name": name, "namespace": project.number, "selfLink": format!("/apis/serving.knative.dev/v1/namespaces/{}/revisions/{name}", project.number),
            "uid": value["uid"], "resourceVersion": resource_version(value), "generation": 1,
            "creationTimestamp": value["createTime"], "labels": labels, "annotations": annotations,
        },
        "spec": spec(value),
        "status": status,
    })
}
