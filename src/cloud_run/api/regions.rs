//! The regions of a project in which something may run.

use serde_json::Value;

use crate::google::calls::Calls;
use crate::google::failure::{Failure, Kind};
use crate::google::names::{Named, checked};
use crate::google::settings::Endpoint;

/// The regions that a project uses, in order.
///
/// The older API marks those in which the project has or had something. Where it marks none and says nothing else about them, all of
/// them count: the mark is documented nowhere.
///
/// # Errors
/// Why they are not known.
pub(crate) async fn in_use(
    calls: &Calls<'_>,
    endpoint: &Endpoint,
    project: &str,
) -> Result<Vec<String>, Failure> {
    let mut marked = Vec::new();
    let mut all = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    let mut token = String::new();
    let path = format!("/v1/projects/{project}/locations");
    loop {
        let mut query = vec![("pageSize", "200")];
        if !token.is_empty() {
            query.push(("pageToken", &token));
        }
        let answer = calls.get(LANE, endpoint.base(), &path, &query).await?;
        for location in answer.get("locations").and_then(Value::as_array).into_iter().flatten() {
            let Some(id) = id_of(location) else { continue };
            if location.get("labels").and_then(|labels| labels.get("initialized")).is_some_and(is_true) {
                marked.push(id.clone());
            }
            all.push(id);
        }
        let next = answer.get("nextPageToken").and_then(Value::as_str).unwrap_or_default().to_owned();
        if next.is_empty() {
            break;
        }
        seen.push(std::mem::replace(&mut token, next));
        if seen.contains(&token) {
            return Err(Failure::of(Kind::Garbage));
        }
    }
    let mut regions = if marked.is_empty() { all } else { marked };
    regions.sort();
    regions.dedup();
    Ok(regions)
}

/// Calls that are of no region.
const LANE: &str = "Cloud Run";

fn id_of(location: &Value) -> Option<String> {
    let text = |key: &str| location.get(key).and_then(Value::as_str);
    let id = text("locationId").or_else(|| text("name")?.rsplit('/').next())?;
    // What is no name cannot be asked for.
    checked(Named::Region, id).ok().map(str::to_owned)
}

fn is_true(label: &Value) -> bool {
    label.as_bool().unwrap_or_else(|| label.as_str() == Some("true"))
}
