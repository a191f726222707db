//! The secrets of Secret Manager that a service, job or worker pool takes, and in which versions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::google::names::{Named, checked};

/// A secret as a service names it: the project, then the name.
pub(crate) type SecretName = (String, String);

/// Secrets with the versions that are in use.
pub(crate) type References = BTreeMap<SecretName, BTreeSet<String>>;

/// Adds what a document refers to; `project` is the document's own.
pub(crate) fn collect(document: &Map<String, Value>, project: &str, into: &mut References) {
    for (key, value) in document {
        visit(key, value, project, into);
    }
}

fn visit(key: &str, value: &Value, project: &str, into: &mut References) {
    match value {
        Value::Object(fields) => {
            let text = |key: &str| fields.get(key).and_then(Value::as_str);
            match key {
                "secretKeyRef" => {
                    add(text("secret"), [text("version")], project, into);
                }
                // A volume without items shows the newest version under the secret's name.
                "secret" => {
                    let items = fields.get("items").and_then(Value::as_array);
                    let items = items.filter(|items| !items.is_empty());
                    match items {
                        Some(items) => {
                            let versions =
                                items.iter().map(|item| item.get("version").and_then(Value::as_str));
                            add(text("secret"), versions, project, into);
                        }
                        None => add(text("secret"), [None], project, into),
                    }
                }
                _ => fields.iter().for_each(|(key, value)| visit(key, value, project, into)),
            }
        }
        Value::Array(items) => items.iter().for_each(|item| visit(key, item, project, into)),
        _ => {}
    }
}

fn add<'v>(
    secret: Option<&str>,
    versions: impl IntoIterator<Item = Option<&'v str>>,
    project: &str,
    into: &mut References,
) {
    let Some(name) = secret.and_then(|secret| full_name(secret, project)) else { return };
    let used = into.entry(name).or_default();
    for version in versions {
        let version = version.filter(|version| !version.is_empty()).unwrap_or("latest");
        if checked(Named::Version, version).is_ok() {
            used.insert(version.to_owned());
        }
    }
}

/// `S`, or `projects/P/secrets/S`. Secrets of a region are of another server, which Cloud Run does not take them from.
fn full_name(secret: &str, project: &str) -> Option<SecretName> {
    let (project, name) = match secret.strip_prefix("projects/") {
        Some(rest) => rest.split_once("/secrets/")?,
        None => (project, secret),
    };
    checked(Named::Project, project).ok()?;
    checked(Named::Secret, name).ok()?;
    Some((project.to_owned(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_and_volumes_are_found_wherever_they_stand() {
        let template = json!({
            "containers": [
                {"env": [
                    {"name": "A", "valueSource": {"secretKeyRef": {"secret": "one", "version": "2"}}},
                    {"name": "B", "valueSource": {"secretKeyRef": {"secret": "projects/99/secrets/two", "version": "live"}}},
                    {"name": "C", "value": "projects/1/secrets/none"}
                ]},
                {"env": [{"name": "A", "valueSource": {"secretKeyRef": {"secret": "one", "version": "latest"}}}]}
            ],
            "volumes": [
                {"name": "v", "secret": {"secret": "three", "items": [{"path": "a", "version": "1"}, {"path": "b"}]}},
                {"name": "w", "secret": {"secret": "four"}},
                {"name": "x", "secret": {"secret": "../up"}}
            ]
        });
        let mut document = Map::new();
        document.insert("template".to_owned(), template);
        let mut found = References::new();
        collect(&document, "shop", &mut found);
        let found: Vec<(String, Vec<&str>)> = found
            .iter()
            .map(|((project, name), versions)| {
                (format!("{project}/{name}"), versions.iter().map(String::as_str).collect())
            })
            .collect();
        let expected = [
            ("99/two", vec!["live"]),
            ("shop/four", vec!["latest"]),
            ("shop/one", vec!["2", "latest"]),
            ("shop/three", vec!["1", "latest"]),
        ];
        assert_eq!(found, expected.map(|(name, versions)| (name.to_owned(), versions)));
    }
}
