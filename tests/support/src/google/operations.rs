//! Long running operations: a change is taken at once and takes effect after some polls.

use std::time::Instant;

use serde_json::{Value, json};

use super::deploy;
use super::error::ApiError;
use super::store::{Key, State};

/// What a finished operation says.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// The resource.
    Response(Value),
    /// A code of `google.rpc.Code` and a message.
    Error(i32, String),
}

/// An operation.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) key: Key,
    pub(crate) metadata: Value,
    pub(crate) polls_left: u32,
    pub(crate) not_before: Instant,
    /// How it will fail, where it will.
    pub(crate) failure: Option<(i32, String)>,
    pub(crate) outcome: Option<Outcome>,
    /// Whether it removes the resource.
    pub(crate) deletes: bool,
}

impl Operation {
    pub(crate) fn answer(&self, name: &str) -> Value {
        let mut answer = json!({"name": name, "metadata": self.metadata});
        match &self.outcome {
            None => {}
            Some(Outcome::Response(resource)) => {
                answer["done"] = json!(true);
                answer["response"] = resource.clone();
            }
            Some(Outcome::Error(code, message)) => {
                answer["done"] = json!(true);
                answer["error"] = json!({"code": code, "message": message});
            }
        }
        answer
    }
}

/// Starts an operation and gives its answer; it is done at once where it is only a rehearsal.
pub(crate) fn start(
    state: &mut State,
    key: &Key,
    resource: Value,
    rehearsal: bool,
    deletes: bool,
    failure: Option<(i32, String)>,
) -> Value {
    let id = state.uuid();
    let name = format!("projects/{}/locations/{}/operations/{id}", key.project, key.region);
    let typed = typed(key, resource);
    let operation = Operation {
        key: key.clone(),
        metadata: typed.clone(),
        polls_left: state.config.polls_until_done,
        not_before: Instant::now() + state.config.operation_time,
        failure,
        outcome: rehearsal.then_some(Outcome::Response(typed)),
        deletes,
    };
    let answer = operation.answer(&name);
    state.operations.insert(name.clone(), operation);
    if !rehearsal && let Some(resource) = state.resource_mut(key) {
        resource.operation = Some(id);
        resource.pending = Some(name);
    }
    answer
}

pub(crate) fn typed(key: &Key, resource: Value) -> Value {
    let mut typed =
        json!({"@type": format!("type.googleapis.com/google.cloud.run.v2.{}", key.kind.message())});
    if let (Some(into), Value::Object(from)) = (typed.as_object_mut(), resource) {
        into.extend(from);
    }
    typed
}

/// Counts a look at an operation that is under way, and ends it when it is its time.
pub(crate) fn poll(state: &mut State, name: &str, wait: bool) {
    let Some(operation) = state.operations.get_mut(name) else { return };
    if operation.outcome.is_some() {
        return;
    }
    if operation.polls_left > 0 && !(wait && operation.polls_left < u32::MAX) {
        if operation.polls_left < u32::MAX {
            operation.polls_left -= 1;
        }
        return;
    }
    if Instant::now() >= operation.not_before {
        finish(state, name);
    }
}

/// Ends an operation: what it changed takes effect, or fails.
pub(crate) fn finish(state: &mut State, name: &str) {
    let Some(operation) = state.operations.get(name).cloned() else { return };
    if operation.outcome.is_some() {
        return;
    }
    let key = operation.key;
    deploy::settle(state, &key, operation.failure.as_ref());
    let value = state.resource(&key).map(|resource| resource.value.clone()).unwrap_or_default();
    let outcome = match operation.failure {
        Some((code, message)) => Outcome::Error(code, message),
        None => Outcome::Response(typed(&key, value.clone())),
    };
    if operation.deletes
        && let Some(region) =
            state.project_mut(&key.project).and_then(|project| project.regions.get_mut(&key.region))
    {
        region.resources.remove(&(key.kind, key.name.clone()));
    }
    if let Some(resource) = state.resource_mut(&key) {
        resource.pending = None;
    }
    if let Some(operation) = state.operations.get_mut(name) {
        if matches!(outcome, Outcome::Response(_)) {
            operation.metadata = typed(&key, value);
        }
        operation.outcome = Some(outcome);
    }
}

/// `GET`, `DELETE` and `:wait` of an operation.
pub(crate) fn get(state: &mut State, name: &str, wait: bool) -> Result<Value, ApiError> {
    poll(state, name, wait);
    match state.operations.get(name) {
        Some(operation) => Ok(operation.answer(name)),
        None => Err(ApiError::not_found("Requested entity was not found.")),
    }
}

/// The operations of a region, newest first.
pub(crate) fn list(
    state: &State,
    parent: &str,
    size: Option<&str>,
    token: Option<&str>,
) -> Result<Value, ApiError> {
    let prefix = format!("{parent}/operations/");
    let mut items: Vec<(String, Value)> = state
        .operations
        .iter()
        .filter(|(name, _)| name.starts_with(&prefix))
        // The end of the name is the serial number.
        .map(|(name, operation)| {
            (name.rsplit('-').next().unwrap_or_default().to_owned(), operation.answer(name))
        })
        .collect();
    items.sort_by(|a, b| b.0.cmp(&a.0));
    let (page, next) = state.page(&prefix, size, token, items)?;
    let mut answer = json!({});
    if !page.is_empty() {
        answer["operations"] = Value::Array(page);
    }
    if let Some(next) = next {
        answer["nextPageToken"] = json!(next);
    }
    Ok(answer)
}
