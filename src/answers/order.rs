//! The order within answers: what servers keep as sets gets one order, so that two readings of the same state are the same bytes.

use serde_json::{Map, Value};

/// Lists that servers keep as sets.
const SETS: [&str; 9] = [
    "redirectUris",
    "webOrigins",
    "defaultClientScopes",
    "optionalClientScopes",
    "defaultDefaultClientScopes",
    "defaultOptionalClientScopes",
    "eventsListeners",
    "enabledEventTypes",
    "members",
];

/// Lists of objects without an order of their own, and the field that names each.
const NAMED: [(&str, &str); 9] = [
    ("protocolMappers", "name"),
    ("clientScopes", "name"),
    ("users", "username"),
    ("identityProviders", "alias"),
    ("groups", "name"),
    ("realm", "name"),
    ("bindings", "role"),
    ("auditConfigs", "service"),
    ("policies", "name"),
];

/// Puts the keys of all objects, and the lists that are sets, into one order.
pub(super) fn sort(body: &mut Map<String, Value>) {
    body.sort_keys();
    for (key, value) in body.iter_mut() {
        sort_value(key, value);
    }
}

fn sort_value(key: &str, value: &mut Value) {
    match value {
        Value::Object(fields) => sort(fields),
        Value::Array(items) => {
            items.iter_mut().for_each(|item| sort_value("", item));
            if SETS.contains(&key) && items.iter().all(Value::is_string) {
                items.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
            } else if let Some((_, name)) = NAMED.iter().find(|(list, _)| *list == key) {
                // A stable sort: bindings of one role under several conditions keep their order.
                items.sort_by(|one, other| text(one, name).cmp(text(other, name)));
            }
        }
        _ => {}
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
