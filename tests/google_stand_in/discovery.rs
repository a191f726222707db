//! Checks answers against Google's discovery documents: unknown fields, wrong types, unknown enums, numbers that should be text, bad
//! timestamps and durations, null.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cloakrun_test_support::google::{Answered, Config, Matching, StandIn, demo};
use serde_json::{Value, json};

use crate::get;

static DOCUMENTS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let texts = [
        include_str!("../data/google/run.v2.json"),
        include_str!("../data/google/run.v1.json"),
        include_str!("../data/google/secretmanager.v1.json"),
        include_str!("../data/google/cloudresourcemanager.v1.json"),
        include_str!("../data/google/cloudresourcemanager.v3.json"),
        include_str!("../data/google/iamcredentials.v1.json"),
    ];
    texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
});

/// A stand-in whose every answer is checked when it ends.
pub(crate) struct Judged(StandIn);

impl Judged {
    pub(crate) async fn start(config: Config) -> Judged {
        Judged(StandIn::start(config).await)
    }

    /// One with the project `demo`.
    pub(crate) async fn demo(config: Config) -> Judged {
        let judged = Judged::start(config).await;
        demo(&judged);
        judged
    }
}

impl Deref for Judged {
    type Target = StandIn;

    fn deref(&self) -> &StandIn {
        &self.0
    }
}

impl Drop for Judged {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let wrong: Vec<String> =
            self.0.answers().iter().filter(|answer| !answer.spoilt).flat_map(violations).collect();
        assert!(wrong.is_empty(), "answers that Google's descriptions do not allow:\n{}", wrong.join("\n"));
    }
}

/// What is wrong with an answer.
pub(crate) fn violations(answer: &Answered) -> Vec<String> {
    let at = format!("{} {}", answer.method, answer.path);
    if answer.status != 200 {
        return error(&answer.body).into_iter().map(|wrong| format!("{at}: {wrong}")).collect();
    }
    let Some((document, schema)) = schema(&answer.method, &answer.path) else {
        return vec![format!("{at}: no API has this method")];
    };
    let numbers =
        answer.query.iter().any(|(name, value)| name.ends_with("alt") && value.contains("enum-encoding=int"));
    let mut check = Check { document, numbers, wrong: Vec::new() };
    check.value(&answer.body, &json!({"$ref": schema}), "");
    check.wrong.into_iter().map(|wrong| format!("{at}: {wrong}")).collect()
}

/// What is wrong with an answer that is an error.
fn error(body: &Value) -> Vec<String> {
    let error = &body["error"];
    let mut wrong = Vec::new();
    if !error["code"].is_u64() || !error["message"].is_string() || !error["status"].is_string() {
        wrong.push(format!("not an error of Google: {body}"));
    }
    for detail in error["details"].as_array().into_iter().flatten() {
        if !detail["@type"].as_str().is_some_and(|of| of.starts_with("type.googleapis.com/google.rpc.")) {
            wrong.push(format!("a detail without type: {detail}"));
        }
    }
    wrong
}

/// The schema of the answers of a method.
fn schema(method: &str, path: &str) -> Option<(&'static Value, &'static str)> {
    fn within(node: &'static Value, method: &str, path: &str) -> Option<&'static str> {
        let methods = node["methods"].as_object().into_iter().flat_map(|methods| methods.values());
        for described in methods.filter(|described| described["httpMethod"] == method) {
            let template = described["flatPath"].as_str().or(described["path"].as_str()).unwrap_or_default();
            if fits(template, path.trim_start_matches('/')) {
                return described["response"]["$ref"].as_str();
            }
        }
        node["resources"]
            .as_object()
            .into_iter()
            .flat_map(|resources| resources.values())
            .find_map(|resource| within(resource, method, path))
    }
    DOCUMENTS.iter().find_map(|document| within(document, method, path).map(|schema| (document, schema)))
}

/// Whether a path fits a template: `v2/projects/{projectsId}:getIamPolicy`.
fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(&path).all(|(wanted, got)| {
            match wanted.strip_prefix('{').and_then(|wanted| wanted.split_once('}')) {
                None => wanted == got,
                Some((_, "")) => !got.contains(':'),
                Some((_, verb)) => got.strip_suffix(verb).is_some_and(|name| !name.is_empty()),
            }
        })
}

struct Check {
    document: &'static Value,
    numbers: bool,
    wrong: Vec<String>,
}

impl Check {
    fn say(&mut self, at: &str, what: impl Into<String>) {
        self.wrong.push(format!("{at}: {}", what.into()));
    }

    fn value(&mut self, value: &Value, schema: &Value, at: &str) {
        let schema = match schema["$ref"].as_str() {
            Some(name) => &self.document["schemas"][name],
            None => schema,
        };
        let format = schema["format"].as_str().unwrap_or_default();
        match (schema["type"].as_str().unwrap_or("any"), value) {
            (_, Value::Null) => self.say(at, "null"),
            ("any", _) => {}
            ("object", Value::Object(map)) => self.object(map, schema, at),
            ("array", Value::Array(items)) => {
                for (n, item) in items.iter().enumerate() {
                    self.value(item, &schema["items"], &format!("{at}[{n}]"));
                }
            }
            ("string", Value::Number(number)) if schema["enum"].is_array() && self.numbers => {
                if number.as_u64().is_none_or(|number| number >= 20) {
                    self.say(at, format!("enum number {number}"));
                }
            }
            ("string", Value::String(text)) => self.text(text, schema, format, at),
            ("integer", Value::Number(number)) if format == "int32" => {
                if number.as_i64().is_none_or(|number| i32::try_from(number).is_err()) {
                    self.say(at, format!("{number} is no int32"));
                }
            }
            ("integer", Value::Number(number)) if number.is_i64() || number.is_u64() => {}
            ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => {}
            (wanted, _) => self.say(at, format!("should be {wanted}, is {value}")),
        }
    }

    fn object(&mut self, map: &serde_json::Map<String, Value>, schema: &Value, at: &str) {
        let typed = map.get("@type").and_then(Value::as_str);
        // Of an operation's two resources the schema says nothing; their type does.
        if let Some(name) = typed.and_then(|of| of.rsplit('.').next()) {
            let v2 = format!("GoogleCloudRunV2{name}");
            let known = [v2.as_str(), name]
                .into_iter()
                .find(|name| self.document["schemas"].get(name).is_some())
                .map(str::to_owned);
            match known {
                None => self.say(at, format!("unknown type {name}")),
                Some(known) => {
                    let mut bare = map.clone();
                    bare.remove("@type");
                    self.value(&Value::Object(bare), &json!({"$ref": known}), at);
                }
            }
            return;
        }
        for (key, inner) in map {
            let path = format!("{at}.{key}");
            if let Some(property) = schema["properties"].get(key) {
                self.value(inner, property, &path);
            } else if let Some(extra) = schema.get("additionalProperties") {
                if extra["type"] == "any" && (at == ".response" || at == ".metadata") {
                    self.say(&path, "a resource without @type");
                }
                self.value(inner, extra, &path);
            } else {
                self.say(&path, "unknown field");
            }
        }
    }

    fn text(&mut self, text: &str, schema: &Value, format: &str, at: &str) {
        if let Some(names) = schema["enum"].as_array()
            && !names.iter().any(|name| name == text)
        {
            self.say(at, format!("unknown enum {text}"));
        }
        let ok = match format {
            "google-datetime" => text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok(),
            "google-duration" => text.strip_suffix('s').is_some_and(|seconds| {
                !seconds.is_empty() && seconds.chars().all(|c| c.is_ascii_digit() || c == '.')
            }),
            "int64" => text.parse::<i64>().is_ok(),
            "uint64" => text.parse::<u64>().is_ok(),
            "byte" => STANDARD.decode(text).is_ok_and(|bytes| STANDARD.encode(bytes) == text),
            _ => true,
        };
        if !ok {
            self.say(at, format!("{text:?} is no {format}"));
        }
    }
}

#[tokio::test]
async fn the_checker_sees_planted_faults() {
    let google = Judged::demo(Config::default()).await;
    get(&google, "/v2/projects/demo/locations/europe-west1/services").await;
    get(&google, "/v1/projects/demo/locations/-/services").await;
    get(&google, "/v1/projects/demo/secrets/kc-secret/versions/1:access").await;
    get(&google, "/v2/projects/demo/locations/europe-west1/services/web:getIamPolicy").await;
    let body =
        google.get(cloakrun_test_support::google::Kind::Service, "demo", "europe-west1", "web").unwrap();
    crate::call(
        &google,
        "PATCH",
        "/v2/projects/demo/locations/europe-west1/services/web?validateOnly=true",
        Some(body),
    )
    .await;
    let answers = google.answers();
    let plants: &[(usize, &str, Value)] = &[
        (0, "/services/1/unheardOf", json!("x")),
        (0, "/services/1/create_time", json!("2026-01-01T00:00:00Z")),
        (0, "/services/1/template/containers/0/env/2/valueSource/secretKeyReff", json!({})),
        (0, "/services/1/ingress", json!("INGRESS_TRAFFIC_EVERYTHING")),
        (0, "/services/1/ingress", json!(1)),
        (0, "/services/1/generation", json!(3)),
        (0, "/services/1/uri", json!(5)),
        (0, "/services/1/uri", Value::Null),
        (0, "/services/1/createTime", json!("yesterday")),
        (0, "/services/1/template/timeout", json!("5 minutes")),
        (0, "/services/1/template/timeout", json!(300)),
        (0, "/services/1/urls", json!({})),
        (0, "/services/1/reconciling", json!("yes")),
        (0, "/services/1/labels", json!([])),
        (0, "/services/1/template/containers/0/ports/0/containerPort", json!("http")),
        (1, "/items/0/metadata/generation", json!("1")),
        (1, "/items/0/metadata/annotations/x", json!(1)),
        (2, "/payload/data", json!("YWJjZ=")),
        (3, "/etag", json!("not base64")),
        (4, "/response/unheardOf", json!(1)),
        (4, "/response/generation", json!(1)),
        (4, "/metadata/@type", json!("type.googleapis.com/google.cloud.run.v2.Sevice")),
    ];
    for (answer, pointer, planted) in plants {
        let mut spoilt = answers[*answer].clone();
        assert_eq!(violations(&spoilt), Vec::<String>::new());
        let (parent, last) = pointer.rsplit_once('/').unwrap();
        let place = spoilt
            .body
            .pointer_mut(parent)
            .unwrap_or_else(|| panic!("{pointer} is not in {}", answers[*answer].body));
        place[last] = planted.clone();
        assert!(!violations(&spoilt).is_empty(), "{pointer} = {planted} was not seen");
    }
    let mut spoilt = answers[4].clone();
    spoilt.body["response"].as_object_mut().unwrap().remove("@type");
    assert!(!violations(&spoilt).is_empty(), "a response without @type was not seen");
}

#[tokio::test]
async fn calls_are_recorded_with_their_region() {
    let google = Judged::demo(Config::default()).await;
    get(&google, "/v2/projects/demo/locations/europe-west1/services").await;
    get(&google, "/v2/projects/demo/locations/us-central1/jobs").await;
    get(&google, "/v1/projects/demo/locations").await;
    let regions: BTreeSet<Option<String>> = google.calls().into_iter().map(|call| call.region).collect();
    assert_eq!(regions, BTreeSet::from([None, Some("europe-west1".into()), Some("us-central1".into())]));
    assert_eq!(google.calls_to(&Matching::path("/v2/*/services").in_region("europe-west1")).len(), 1);
}
