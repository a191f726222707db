//! Google's published descriptions of the APIs, by which the stand-in reads requests: which methods, query names and fields there
//! are, what is a number and what an enum.
//!
//! A request with a name that is not in them is refused, as the real servers do.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use super::error::ApiError;

const DOCUMENTS: [(&str, &str); 6] = [
    ("run.v2", include_str!("../../../data/google/run.v2.json")),
    ("run.v1", include_str!("../../../data/google/run.v1.json")),
    ("secretmanager.v1", include_str!("../../../data/google/secretmanager.v1.json")),
    ("cloudresourcemanager.v1", include_str!("../../../data/google/cloudresourcemanager.v1.json")),
    ("cloudresourcemanager.v3", include_str!("../../../data/google/cloudresourcemanager.v3.json")),
    ("iamcredentials.v1", include_str!("../../../data/google/iamcredentials.v1.json")),
];

/// A method of an API.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) api: &'static str,
    verb: String,
    segments: Vec<String>,
    custom: Option<String>,
    query: Vec<String>,
    pub(crate) request: Option<String>,
    pub(crate) response: String,
}

/// All documents.
#[derive(Debug)]
pub(crate) struct Documents {
    schemas: BTreeMap<&'static str, Map<String, Value>>,
    methods: Vec<Method>,
}

/// The documents, read once.
pub(crate) fn documents() -> &'static Documents {
    static READ: OnceLock<Documents> = OnceLock::new();
    READ.get_or_init(|| {
        let mut all = Documents { schemas: BTreeMap::new(), methods: Vec::new() };
        for (api, text) in DOCUMENTS {
            let mut document: Value = serde_json::from_str(text).expect("a discovery document is JSON");
            let global: Vec<String> = keys(&document["parameters"]);
            collect(api, &document, &global, &mut all.methods);
            if let Value::Object(schemas) = document["schemas"].take() {
                all.schemas.insert(api, schemas);
            }
        }
        all
    })
}

fn keys(value: &Value) -> Vec<String> {
    value.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
}

fn collect(api: &'static str, node: &Value, global: &[String], into: &mut Vec<Method>) {
    for method in node["methods"].as_object().into_iter().flat_map(Map::values) {
        let path = method["flatPath"].as_str().or(method["path"].as_str()).unwrap_or_default();
        let (path, custom) = match path.rsplit_once(':') {
            Some((path, custom)) => (path, Some(custom.to_owned())),
            None => (path, None),
        };
        let mut query = global.to_vec();
        query.extend(
            keys(&method["parameters"])
                .into_iter()
                .filter(|name| method["parameters"][name]["location"] == "query"),
        );
        into.push(Method {
            api,
            verb: method["httpMethod"].as_str().unwrap_or_default().to_owned(),
            segments: path.split('/').map(str::to_owned).collect(),
            custom,
            query,
            request: method["request"]["$ref"].as_str().map(str::to_owned),
            response: method["response"]["$ref"].as_str().unwrap_or_default().to_owned(),
        });
    }
    for child in node["resources"].as_object().into_iter().flat_map(Map::values) {
        collect(api, child, global, into);
    }
}

impl Documents {
    /// The method of a verb and a path, taken apart; none where no API has it.
    pub(crate) fn method(&self, verb: &str, segments: &[String], custom: Option<&str>) -> Option<&Method> {
        self.methods.iter().find(|method| {
            method.verb == verb
                && method.custom.as_deref() == custom
                && method.segments.len() == segments.len()
                && method
                    .segments
                    .iter()
                    .zip(segments)
                    .all(|(wanted, got)| wanted.starts_with('{') || wanted == got)
        })
    }

    fn schema(&self, api: &str, name: &str) -> Option<&Value> {
        self.schemas.get(api)?.get(name)
    }

    fn resolve<'a>(&'a self, api: &str, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(name) => self.schema(api, name).unwrap_or(&Value::Null),
            None => schema,
        }
    }

    /// A value as the API takes it: enums by name, 64-bit numbers as text, everything that has its default left out.
    ///
    /// # Errors
    ///
    /// 400 with every name and type that the schema does not have.
    pub(crate) fn read(&self, api: &str, schema: &str, value: &Value) -> Result<Value, ApiError> {
        let mut wrong = Vec::new();
        let read = self.take(api, &json!({"$ref": schema}), value, "", &mut wrong);
        if wrong.is_empty() {
            Ok(read.unwrap_or_else(|| json!({})))
        } else {
            Err(ApiError::violations(&wrong))
        }
    }

    fn take(
        &self,
        api: &str,
        schema: &Value,
        value: &Value,
        at: &str,
        wrong: &mut Vec<(String, String)>,
    ) -> Option<Value> {
        let schema = self.resolve(api, schema);
        let mut mistake = |kind: &str| {
            wrong.push((at.to_owned(), format!("Invalid value at '{at}' ({kind}), {value}")));
            None
        };
        match (schema["type"].as_str().unwrap_or("any"), value) {
            (_, Value::Null) => None,
            ("any", _) => Some(value.clone()),
            ("object", Value::Object(map)) => {
                let mut kept = Map::new();
                for (key, inner) in map {
                    let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                    let name = camel_case(key);
                    if let Some(property) = schema["properties"].get(&name) {
                        if let Some(inner) = self.take(api, property, inner, &path, wrong)
                            && !is_default(&inner, property, &name)
                        {
                            kept.insert(name, inner);
                        }
                    } else if let Some(extra) = schema.get("additionalProperties") {
                        if let Some(inner) = self.take(api, extra, inner, &path, wrong) {
                            kept.insert(key.clone(), inner);
                        }
                    } else if key != "@type" {
                        let text = if at.is_empty() {
                            format!(
                                "Invalid JSON payload received. Unknown name \"{key}\": Cannot find field."
                            )
                        } else {
                            format!(
                                "Invalid JSON payload received. Unknown name \"{key}\" at '{at}': Cannot find field."
                            )
                        };
                        wrong.push((at.to_owned(), text));
                    }
                }
                Some(Value::Object(kept))
            }
            ("array", Value::Array(items)) => {
                let kept = items.iter().enumerate();
                let kept = kept.filter_map(|(n, item)| {
                    self.take(api, &schema["items"], item, &format!("{at}[{n}]"), wrong)
                });
                Some(Value::Array(kept.collect()))
            }
            ("string", _) if schema.get("enum").is_some() => {
                let names = schema["enum"].as_array().map(Vec::as_slice).unwrap_or_default();
                let found = match value {
                    Value::String(name) if name.is_empty() => names.first(),
                    Value::String(name) => names.iter().find(|known| *known == name),
                    Value::Number(number) => names
                        .iter()
                        .enumerate()
                        .find(|(n, name)| Some(enum_number(name, *n)) == number.as_i64())
                        .map(|(_, name)| name),
                    _ => None,
                };
                match found {
                    Some(name) => Some(name.clone()),
                    None => mistake("TYPE_ENUM"),
                }
            }
            ("string", Value::String(_)) => Some(value.clone()),
            ("string", Value::Number(number))
                if matches!(schema["format"].as_str(), Some("int64" | "uint64")) =>
            {
                Some(Value::String(number.to_string()))
            }
            ("string", _) => mistake("TYPE_STRING"),
            ("boolean", Value::Bool(_)) => Some(value.clone()),
            ("boolean", _) => mistake("TYPE_BOOL"),
            ("integer", Value::Number(number)) if number.is_i64() || number.is_u64() => Some(value.clone()),
            ("integer", Value::String(text)) => match text.parse::<i32>() {
                Ok(number) => Some(json!(number)),
                Err(_) => mistake("TYPE_INT32"),
            },
            ("integer", _) => mistake("TYPE_INT32"),
            ("number", Value::Number(_)) => Some(value.clone()),
            _ => mistake("TYPE_MESSAGE"),
        }
    }

    /// An answer with its enums as numbers.
    pub(crate) fn with_numbers(&self, api: &str, schema: &str, value: &mut Value) {
        self.number(api, &json!({"$ref": schema}), value);
    }

    fn number(&self, api: &str, schema: &Value, value: &mut Value) {
        let schema = self.resolve(api, schema);
        match value {
            Value::Object(map) => {
                let typed = map
                    .get("@type")
                    .and_then(Value::as_str)
                    .and_then(|of| of.strip_prefix("type.googleapis.com/google.cloud.run.v2."));
                if let Some(name) = typed.map(|name| format!("GoogleCloudRunV2{name}")) {
                    for (key, inner) in map.iter_mut() {
                        if let Some(property) =
                            self.schema(api, &name).and_then(|schema| schema["properties"].get(key))
                        {
                            self.number(api, property, inner);
                        }
                    }
                    return;
                }
                for (key, inner) in map.iter_mut() {
                    let property =
                        schema["properties"].get(key).or_else(|| schema.get("additionalProperties"));
                    self.number(api, property.unwrap_or(&Value::Null), inner);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.number(api, &schema["items"], item)),
            Value::String(name) => {
                if let Some(names) = schema["enum"].as_array()
                    && let Some(at) = names.iter().position(|known| known == name)
                {
                    *value = json!(enum_number(&names[at], at));
                }
            }
            _ => {}
        }
    }

    /// Whether a path of a field mask names a field, and whether the field is the server's own.
    pub(crate) fn mask(&self, api: &str, schema: &str, path: &[String]) -> Option<bool> {
        let mut at = self.schema(api, schema)?;
        let mut read_only = false;
        for part in path {
            at = self.resolve(api, at);
            at = match at["properties"].get(part) {
                Some(property) => property,
                None => at.get("additionalProperties")?,
            };
            read_only |= at["readOnly"] == true;
        }
        Some(read_only)
    }

    /// Whether a field of a schema is the server's own.
    pub(crate) fn is_read_only(&self, api: &str, schema: &str, field: &str) -> bool {
        self.mask(api, schema, &[field.to_owned()]) == Some(true)
    }

    pub(crate) fn takes_query(&self, method: &Method, name: &str) -> bool {
        let bare = name.strip_prefix('$').unwrap_or(name);
        method.query.iter().any(|known| known == name || known == bare || *known == camel_case(bare))
    }
}

fn is_default(value: &Value, schema: &Value, name: &str) -> bool {
    match value {
        Value::String(text) => text.is_empty() || schema["enum"].get(0) == Some(value),
        Value::Bool(set) => !set,
        // The one number of these whose zero says something.
        Value::Number(number) => number.as_i64() == Some(0) && name != "manualInstanceCount",
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty() && schema.get("additionalProperties").is_some(),
        Value::Null => true,
    }
}

/// The number of an enum's name; the documents list names only, and mostly in the order of the numbers.
fn enum_number(name: &Value, position: usize) -> i64 {
    match name.as_str().unwrap_or_default() {
        "UNIMPLEMENTED" => 6,
        "PRELAUNCH" => 7,
        "EARLY_ACCESS" => 1,
        "ALPHA" => 2,
        "BETA" => 3,
        "GA" => 4,
        "DEPRECATED" => 5,
        "REVISION_FAILED" => 3,
        "PROGRESS_DEADLINE_EXCEEDED" => 4,
        "CONTAINER_MISSING" => 6,
        "CONTAINER_PERMISSION_DENIED" => 7,
        "CONTAINER_IMAGE_UNAUTHORIZED" => 8,
        "CONTAINER_IMAGE_AUTHORIZATION_CHECK_FAILED" => 9,
        "ENCRYPTION_KEY_PERMISSION_DENIED" => 10,
        "ENCRYPTION_KEY_CHECK_FAILED" => 11,
        "SECRETS_ACCESS_CHECK_FAILED" => 12,
        "WAITING_FOR_OPERATION" => 13,
        "IMMEDIATE_RETRY" => 14,
        "POSTPONED_RETRY" => 15,
        "INTERNAL" => 16,
        "VPC_NETWORK_NOT_FOUND" => 17,
        _ => i64::try_from(position).unwrap_or_default(),
    }
}

/// `update_mask` as `updateMask`; both spellings are taken.
pub(crate) fn camel_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        if c == '_' && !out.is_empty() {
            upper = true;
        } else if upper {
            out.extend(c.to_uppercase());
            upper = false;
        } else {
            out.push(c);
        }
    }
    out
}
