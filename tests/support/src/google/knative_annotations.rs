//! The annotations of the v1 (Knative) shape that are fields in v2.

use serde_json::{Map, Value, json};

use super::error::ApiError;

/// Annotations of a template that are fields of the v2 template: the annotation, the field, and how its text reads.
pub(super) const TEMPLATE: [(&str, &[&str], Form); 12] = [
    ("autoscaling.knative.dev/minScale", &["scaling", "minInstanceCount"], Form::Number),
    ("autoscaling.knative.dev/maxScale", &["scaling", "maxInstanceCount"], Form::Number),
    ("run.googleapis.com/vpc-access-connector", &["vpcAccess", "connector"], Form::Text),
    (
        "run.googleapis.com/vpc-access-egress",
        &["vpcAccess", "egress"],
        Form::Names(&[("all-traffic", "ALL_TRAFFIC"), ("private-ranges-only", "PRIVATE_RANGES_ONLY")]),
    ),
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
pub(super) const SERVICE: [(&str, &[&str], Form); 13] = [
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
    (
        "run.googleapis.com/scalingMode",
        &["scaling", "scalingMode"],
        Form::Names(&[("automatic", "AUTOMATIC"), ("manual", "MANUAL")]),
    ),
    (
        "run.googleapis.com/launch-stage",
        &["launchStage"],
        Form::Names(&[
            ("GA", "GA"),
            ("BETA", "BETA"),
            ("ALPHA", "ALPHA"),
            ("EARLY_ACCESS", "EARLY_ACCESS"),
            ("PRELAUNCH", "PRELAUNCH"),
        ]),
    ),
];

/// What the server writes itself and a client sends back.
pub(super) const OUTPUT: [&str; 6] = [
    "serving.knative.dev/creator",
    "serving.knative.dev/lastModifier",
    "run.googleapis.com/operation-id",
    "run.googleapis.com/ingress-status",
    "run.googleapis.com/urls",
    "run.googleapis.com/last-updated-by",
];

/// How the text of an annotation reads.
pub(super) enum Form {
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
            Form::Names(names) => {
                names.iter().find(|(_, name)| value == name).map(|(word, _)| (*word).to_owned())
            }
        }
    }

    fn read(&self, word: &str, annotation: &str) -> Result<Value, ApiError> {
        let wrong =
            || ApiError::invalid(format!("metadata.annotations[{annotation}]: Invalid value '{word}'."));
        match self {
            Form::Text => Ok(json!(word)),
            Form::Number => word.parse::<i32>().map(|number| json!(number)).map_err(|_| wrong()),
            Form::Flag => match word.to_ascii_lowercase().as_str() {
                "true" => Ok(json!(true)),
                "false" | "" => Ok(Value::Null),
                _ => Err(wrong()),
            },
            Form::Json => serde_json::from_str(word).map_err(|_| wrong()),
            Form::Names(names) => {
                names.iter().find(|(known, _)| *known == word).map(|(_, name)| json!(name)).ok_or_else(wrong)
            }
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

pub(super) fn annotate(table: &[(&str, &[&str], Form)], value: &Value, into: &mut Map<String, Value>) {
    for (annotation, path, form) in table {
        if let Some(word) = form.write(at(value, path)) {
            into.insert((*annotation).to_owned(), json!(word));
        }
    }
}

/// Moves annotations that are fields to their places, and gives the others.
pub(super) fn fields(
    table: &[(&str, &[&str], Form)],
    annotations: &Value,
    into: &mut Value,
) -> Result<Map<String, Value>, ApiError> {
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

pub(super) fn seconds(duration: &Value) -> Option<i64> {
    duration.as_str()?.strip_suffix('s')?.parse().ok()
}

pub(super) fn put(map: &mut Value, field: &str, value: &Value) {
    if !value.is_null() {
        map[field] = value.clone();
    }
}
