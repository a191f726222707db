//! Projects: their number, and who holds which role on the whole of them.

use serde_json::{Map, Value, json};

use super::calls::Calls;
use super::failure::{Failure, Kind};
use super::settings::Endpoint;

const LANE: &str = "Resource Manager";

/// A project's id and number.
pub(crate) struct About {
    pub(crate) id: Option<String>,
    pub(crate) number: Option<String>,
}

/// What a project is called, by its id or its number.
pub(crate) async fn about(calls: &Calls<'_>, endpoint: &Endpoint, project: &str) -> Result<About, Failure> {
    let answer = calls.get(LANE, endpoint.base(), &format!("/v1/projects/{project}"), &[]).await?;
    let text = |key: &str| match answer.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    Ok(About { id: text("projectId"), number: text("projectNumber") })
}

/// The IAM policy of a project, with its conditions and its audit configuration.
pub(crate) async fn policy(
    calls: &Calls<'_>,
    endpoint: &Endpoint,
    project: &str,
) -> Result<Map<String, Value>, Failure> {
    let path = format!("/v1/projects/{project}:getIamPolicy");
    let body = json!({"options": {"requestedPolicyVersion": 3}});
    match calls.post(LANE, endpoint.base(), &path, &body).await? {
        Value::Object(policy) => Ok(policy),
        _ => Err(Failure::of(Kind::Garbage)),
    }
}
