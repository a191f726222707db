//! What a v1 (Knative) service wants, in the v2 shape of the store.

use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::knative_annotations::{OUTPUT, SERVICE, TEMPLATE, fields, put};
use super::store::{Project, text};

/// What a v1 service wants, in the v2 shape, and the annotations that only v1 has.
pub(crate) fn wanted(project: &Project, body: &Value) -> Result<(Value, Map<String, Value>), ApiError> {
    let mut out = json!({});
    let metadata = &body["metadata"];
    let mut others = fields(&SERVICE, &metadata["annotations"], &mut out)?;
    others.retain(|annotation, _| !OUTPUT.contains(&annotation.as_str()));
    let (v1, own): (Map<String, Value>, Map<String, Value>) =
        others.into_iter().partition(|(annotation, _)| {
            annotation.contains(".googleapis.com/") || annotation.contains("knative.dev/")
        });
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
    let mut take =
        |annotation: &str| others.remove(annotation).and_then(|word| word.as_str().map(str::to_owned));
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
        let found = aliases
            .split(',')
            .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix(':').map(str::to_owned));
        found.unwrap_or_else(|| name.to_owned())
    };
    let depends: Value = match depends {
        None => Value::Null,
        Some(text) => serde_json::from_str(&text).map_err(|_| {
            ApiError::invalid(
                "metadata.annotations[run.googleapis.com/container-dependencies]: Must be a JSON object.",
            )
        })?,
    };
    let mut containers = Vec::new();
    for given in spec["containers"].as_array().into_iter().flatten() {
        let mut container = json!({});
        for field in [
            "name",
            "image",
            "command",
            "args",
            "ports",
            "volumeMounts",
            "workingDir",
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
        ] {
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
            return Err(ApiError::invalid(format!(
                "spec.template.spec.volumes[{}]: Unsupported volume type in project {}.",
                volumes.len(),
                project.id
            )));
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
