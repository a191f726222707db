//! A service and its revisions in the v1 (Knative) shape, from and to the v2 shape of the store.

use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::store::{Project, Resource, text};

/// Annotations of a template that are fields of the v2 template: the annotation, the field, and how its text reads.
const TEMPLATE: [(&str, &[&str], Form); 12] = [
    ("autoscaling.knative.dev/minScale", &["scaling", "minInstanceCount"], Form::Number),
    ("autoscaling.knative.dev/maxScale", &["scaling", "maxInstanceCount"], Form::Number),
    ("run.googleapis.com/vpc-access-connector", &["vpcAccess", "connector"], Form::Text),
    ("run.googleapis.com/vpc-access-egress", &["vpcAccess", "egress"], Form::Names(&[("all-traffic", "ALL_TRAFFIC"), ("private-ranges-only", "PRIVATE_RANGES_ONLY")])),
    ("run.googleapis.com/network-interfaces", &["vpcAccess", "networkInterfaces"], Form::Json),
    (
        "run.googleapis.com/execution-environment",
        &["executionEnvironment"],
        Form::Names(&[("gen1", "EXECUTION_ENVIRONMENT_GEN1"), ("gen2", "EXECUTION_ENVIRONMENT_GEN2")]),
    ),
    ("run.googleapis.com/sessionAffinity", &["sessionAffinity"], Form::Flag),
    ("run.googleapis.com/encryption-key", &["encryptionKey"], Form::Text),
    ("run.googleapis.com/health-check-disabled", &["healthCheckDisabled"], Form::Flag),
    ("run.googleapis.com/gpu-zonal-redundancy-disabled", &["gpuZonalRedundancyDisabled"], Form::Flag),
    ("run.googleapis.com/client-name", &["client"], Form::Text),
    ("run.googleapis.com/client-version", &["clientVersion"], Form::Text),
];

/// The same of a service.
const SERVICE: [(&str, &[&str], Form); 13] = [
    (
        "run.googleapis.com/ingress",
        &["ingress"],
        Form::Names(&[
            ("all", "INGRESS_TRAFFIC_ALL"),
            ("internal", "INGRESS_TRAFFIC_INTERNAL_ONLY"),
            ("internal-and-cloud-load-balancing", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"),
            ("none", "INGRESS_TRAFFIC_NONE"),
        ]),
    ),
    ("run.googleapis.com/custom-audiences", &["customAudiences"], Form::Json),
    ("run.googleapis.com/invoker-iam-disabled", &["invokerIamDisabled"], Form::Flag),
    ("run.googleapis.com/default-url-disabled", &["defaultUriDisabled"], Form::Flag),
    ("run.googleapis.com/iap-enabled", &["iapEnabled"], Form::Flag),
    ("run.googleapis.com/description", &["description"], Form::Text),
    ("run.googleapis.com/client-name", &["client"], Form::Text),
    ("run.googleapis.com/client-version", &["clientVersion"], Form::Text),
    ("run.googleapis.com/minScale", &["scaling", "minInstanceCount"], Form::Number),
    ("run.googleapis.com/maxScale", &["scaling", "maxInstanceCount"], Form::Number),
    ("run.googleapis.com/manualInstanceCount", &["scaling", "manualInstanceCount"], Form::Number),
    ("run.googleapis.com/scalingMode", &["scaling", "scalingMode"], Form::Names(&[("automatic", "AUTOMATIC"), ("manual", "MANUAL")])),
    (
        "run.googleapis.com/launch-stage",
        &["launchStage"],
        Form::Names(&[("GA", "GA"), ("BETA", "BETA"), ("ALPHA", "ALPHA"), ("EARLY_ACCESS", "EARLY_ACCESS"), ("PRELAUNCH", "PRELAUNCH")]),
    ),
];

/// What the server writes itself and a client sends back.
const OUTPUT: [&str; 6] = [
    "serving.knative.dev/creator",
    "serving.knative.dev/lastModifier",
    "run.googleapis.com/operation-id",
    "run.googleapis.com/ingress-status",
    "run.googleapis.com/urls",
    "run.googleapis.com/last-updated-by",
];

/// How the text of an annotation reads.
enum Form {
    Text,
    Number,
    Flag,
    Json,
    Names(&'static [(&'static str, &'static str)]),
}

impl Form {
    fn write(&self, value: &Value) -> Option<String> {
        match self {
            Form::Text => value.as_str().map(str::to_owned),
            Form::Number => value.as_i64().map(|number| number.to_string()),
            Form::Flag => (value == &Value::Bool(true)).then(|| "true".to_owned()),
            Form::Json => (!value.is_null()).then(|| value.to_string()),
            Form::Names(names) => names.iter().find(|(_, name)| value == name).map(|(word, _)| (*word).to_owned()),
        }
    }

    fn read(&self, word: &str, annotation: &str) -> Result<Value, ApiError> {
        let wrong = || ApiError::invalid(format!("metadata.annotations[{annotation}]: Invalid value '{word}'."));
        match self {
            Form::Text => Ok(json!(word)),
            Form::Number => word.parse::<i32>().map(|number| json!(number)).map_err(|_| wrong()),
            Form::Flag => match word.to_ascii_lowercase().as_str() {
                "true" => Ok(json!(true)),
                "false" | "" => Ok(Value::Null),
                _ => Err(wrong()),
            },
            Form::Json => serde_json::from_str(word).map_err(|_| wrong()),
            Form::Names(names) => names.iter().find(|(known, _)| *known == word).map(|(_, name)| json!(name)).ok_or_else(wrong),
        }
    }
}

fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(value, |value, part| &value[*part])
}

fn set(value: &mut Value, path: &[&str], to: Value) {
    let Some((last, parents)) = path.split_last() else { return };
    let mut place = value;
    for part in parents {
        if !place[*part].is_object() {
            place[*part] = json!({});
        }
        place = &mut place[*part];
    }
    if !to.is_null() {
        place[*last] = to;
    }
}

fn annotate(table: &[(&str, &[&str], Form)], value: &Value, into: &mut Map<String, Value>) {
    for (annotation, path, form) in table {
        if let Some(word) = form.write(at(value, path)) {
            into.insert((*annotation).to_owned(), json!(word));
        }
    }
}

/// Moves annotations that are fields to their places, and gives the others.
fn fields(table: &[(&str, &[&str], Form)], annotations: &Value, into: &mut Value) -> Result<Map<String, Value>, ApiError> {
    let mut others = Map::new();
    for (annotation, word) in annotations.as_object().into_iter().flatten() {
        match table.iter().find(|(known, ..)| known == annotation) {
            Some((_, path, form)) => {
                let read = form.read(word.as_str().unwrap_or_default(), annotation)?;
                set(into, path, read);
            }
            None => drop(others.insert(annotation.clone(), word.clone())),
        }
    }
    Ok(others)
}

fn seconds(duration: &Value) -> Option<i64> {
    duration.as_str()?.strip_suffix('s')?.parse().ok()
}

fn put(map: &mut Value, field: &str, value: &Value) {
    if !value.is_null() {
        map[field] = value.clone();
    }
}

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
    let depends: Map<String, Value> =
        containers.iter().filter(|container| container["dependsOn"].is_array()).map(|container| (text(container, "name").to_owned(), container["dependsOn"].clone())).collect();
    if !depends.is_empty() {
        annotations.insert("run.googleapis.com/container-dependencies".into(), json!(Value::Object(depends).to_string()));
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
    let in_volumes = value["volumes"].as_array().into_iter().flatten().map(|volume| text(&volume["secret"], "secret"));
    for name in in_env.chain(in_volumes).filter(|name| name.starts_with("projects/")) {
        let alias = format!("{}:{name}", short(&json!(name)));
        if !aliases.contains(&alias) {
            aliases.push(alias);
        }
    }
    if !aliases.is_empty() {
        annotations.insert("run.googleapis.com/secrets".into(), json!(aliases.join(",")));
    }
    let sql: Vec<&str> = value["volumes"].as_array().into_iter().flatten().flat_map(|volume| volume["cloudSqlInstance"]["instances"].as_array()).flatten().filter_map(Value::as_str).collect();
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
    out["containers"] = Value::Array(value["containers"].as_array().into_iter().flatten().map(container).collect());
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
            let version = if text(reference, "version").is_empty() { "latest" } else { text(reference, "version") };
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
    let bare = first.split('@').next().unwrap_or_default().rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(first, |(bare, _)| bare);
    let sum = u64::from(crc32c::crc32c(first.as_bytes()));
    let digest = format!("{bare}@sha256:{}", format!("{sum:08x}").repeat(8));
    let mut status = json!({
        "observedGeneration": 1, "conditions": conditions(&value["conditions"], &Value::Null, 1),
        "serviceName": value["service"], "imageDigest": digest, "logUrl": value["logUri"],
    });
    status["containerStatuses"] = json!([{"imageDigest": digest}]);
    if let (Some(container), true) = (status["containerStatuses"].get_mut(0), value["containers"][0]["name"].is_string()) {
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

/// What a v1 service wants, in the v2 shape, and the annotations that only v1 has.
pub(crate) fn wanted(project: &Project, body: &Value) -> Result<(Value, Map<String, Value>), ApiError> {
    let mut out = json!({});
    let metadata = &body["metadata"];
    let mut others = fields(&SERVICE, &metadata["annotations"], &mut out)?;
    others.retain(|annotation, _| !OUTPUT.contains(&annotation.as_str()));
    let (v1, own): (Map<String, Value>, Map<String, Value>) = others.into_iter().partition(|(annotation, _)| annotation.contains(".googleapis.com/") || annotation.contains("knative.dev/"));
    if !own.is_empty() {
        out["annotations"] = Value::Object(own);
    }
    let mut labels = metadata["labels"].as_object().cloned().unwrap_or_default();
    labels.remove("cloud.googleapis.com/location");
    if !labels.is_empty() {
        out["labels"] = Value::Object(labels);
    }
    out["template"] = wanted_template(project, &body["spec"]["template"])?;
    if let Some(targets) = body["spec"]["traffic"].as_array() {
        let one = |target: &Value| {
            let mut out = json!({});
            if target["latestRevision"] == true {
                out["type"] = json!("TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST");
            } else {
                out["type"] = json!("TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION");
                put(&mut out, "revision", &target["revisionName"]);
            }
            put(&mut out, "percent", &target["percent"]);
            put(&mut out, "tag", &target["tag"]);
            out
        };
        out["traffic"] = Value::Array(targets.iter().map(one).collect());
    }
    Ok((out, v1))
}

fn wanted_template(project: &Project, body: &Value) -> Result<Value, ApiError> {
    let mut out = json!({});
    let metadata = &body["metadata"];
    let mut others = fields(&TEMPLATE, &metadata["annotations"], &mut out)?;
    let mut take = |annotation: &str| others.remove(annotation).and_then(|word| word.as_str().map(str::to_owned));
    let depends = take("run.googleapis.com/container-dependencies");
    let boost = take("run.googleapis.com/startup-cpu-boost").is_some_and(|word| word == "true");
    let throttled = take("run.googleapis.com/cpu-throttling").is_none_or(|word| word != "false");
    let aliases = take("run.googleapis.com/secrets").unwrap_or_default();
    let sql = take("run.googleapis.com/cloudsql-instances").unwrap_or_default();
    if !others.is_empty() {
        out["annotations"] = Value::Object(others);
    }
    put(&mut out, "labels", &metadata["labels"]);
    put(&mut out, "revision", &metadata["name"]);
    let spec = &body["spec"];
    put(&mut out, "maxInstanceRequestConcurrency", &spec["containerConcurrency"]);
    put(&mut out, "serviceAccount", &spec["serviceAccountName"]);
    if let Some(seconds) = spec["timeoutSeconds"].as_i64() {
        out["timeout"] = json!(format!("{seconds}s"));
    }
    let alias = |name: &str| -> String {
        let found = aliases.split(',').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix(':').map(str::to_owned));
        found.unwrap_or_else(|| name.to_owned())
    };
    let depends: Value = match depends {
        None => Value::Null,
        Some(text) => serde_json::from_str(&text).map_err(|_| ApiError::invalid("metadata.annotations[run.googleapis.com/container-dependencies]: Must be a JSON object."))?,
    };
    let mut containers = Vec::new();
    for given in spec["containers"].as_array().into_iter().flatten() {
        let mut container = json!({});
        for field in ["name", "image", "command", "args", "ports", "volumeMounts", "workingDir", "livenessProbe", "readinessProbe", "startupProbe"] {
            put(&mut container, field, &given[field]);
        }
        if let Some(entries) = given["env"].as_array() {
            let one = |entry: &Value| {
                let reference = &entry["valueFrom"]["secretKeyRef"];
                if !reference.is_object() {
                    return entry.clone();
                }
                json!({"name": entry["name"], "valueSource": {"secretKeyRef": {"secret": alias(text(reference, "name")), "version": reference["key"]}}})
            };
            container["env"] = Value::Array(entries.iter().map(one).collect());
        }
        if given["resources"]["limits"].is_object() {
            container["resources"] = json!({"limits": given["resources"]["limits"]});
            if throttled {
                container["resources"]["cpuIdle"] = json!(true);
            }
            if boost {
                container["resources"]["startupCpuBoost"] = json!(true);
            }
        }
        put(&mut container, "dependsOn", &depends[text(given, "name")]);
        containers.push(container);
    }
    out["containers"] = Value::Array(containers);
    let mut volumes: Vec<Value> = Vec::new();
    for given in spec["volumes"].as_array().into_iter().flatten() {
        let mut volume = json!({"name": given["name"]});
        if given["secret"].is_object() {
            let mut secret = json!({"secret": alias(text(&given["secret"], "secretName"))});
            put(&mut secret, "defaultMode", &given["secret"]["defaultMode"]);
            if let Some(items) = given["secret"]["items"].as_array() {
                let one = |item: &Value| {
                    let mut out = json!({"version": item["key"], "path": item["path"]});
                    put(&mut out, "mode", &item["mode"]);
                    out
                };
                secret["items"] = Value::Array(items.iter().map(one).collect());
            }
            volume["secret"] = secret;
        } else if given["emptyDir"].is_object() {
            volume["emptyDir"] = json!({"medium": "MEMORY"});
            put(&mut volume["emptyDir"], "sizeLimit", &given["emptyDir"]["sizeLimit"]);
        } else if given["csi"].is_object() {
            volume["gcs"] = json!({"bucket": given["csi"]["volumeAttributes"]["bucketName"]});
            put(&mut volume["gcs"], "readOnly", &given["csi"]["readOnly"]);
        } else if given["nfs"].is_object() {
            volume["nfs"] = given["nfs"].clone();
        } else {
            return Err(ApiError::invalid(format!("spec.template.spec.volumes[{}]: Unsupported volume type in project {}.", volumes.len(), project.id)));
        }
        volumes.push(volume);
    }
    if !sql.is_empty() {
        let instances: Vec<&str> = sql.split(',').collect();
        volumes.push(json!({"name": "cloudsql", "cloudSqlInstance": {"instances": instances}}));
    }
    if !volumes.is_empty() {
        out["volumes"] = Value::Array(volumes);
    }
    Ok(out)
}
