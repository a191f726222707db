//! Custom domains that are mapped to services. Only the older API has them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Place;
use crate::google::calls::Calls;
use crate::google::failure::{Failure, Kind};
use crate::google::settings::Endpoint;

/// The domains of each service of a region, in order.
///
/// Not every region has domain mappings, and private endpoints have no older API: where it is not found, nothing is mapped.
///
/// # Errors
/// Why they are not known.
pub(crate) async fn by_service(
    calls: &Calls<'_>,
    endpoint: &Endpoint,
    at: Place<'_>,
) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let mut mapped: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut seen: Vec<String> = Vec::new();
    let mut token = String::new();
    let path = format!("/v1/{}/domainmappings", at.parent());
    loop {
        let mut query = vec![("limit", "100")];
        if !token.is_empty() {
            query.push(("continue", &token));
        }
        let answer = match calls.get(at.region, endpoint.base(), &path, &query).await {
            Ok(answer) => answer,
            Err(failure) if matches!(failure.kind, Kind::NotFound | Kind::Status(501)) => return Ok(mapped),
            Err(failure) => return Err(failure),
        };
        for mapping in answer.get("items").and_then(Value::as_array).into_iter().flatten() {
            let text = |pointer: &str| mapping.pointer(pointer).and_then(Value::as_str);
            if let (Some(domain), Some(service)) = (text("/metadata/name"), text("/spec/routeName")) {
                mapped.entry(service.to_owned()).or_default().push(domain.to_owned());
            }
        }
        let next =
            answer.pointer("/metadata/continue").and_then(Value::as_str).unwrap_or_default().to_owned();
        if next.is_empty() {
            break;
        }
        seen.push(std::mem::replace(&mut token, next));
        if seen.contains(&token) {
            return Err(Failure::of(Kind::Garbage));
        }
    }
    mapped.values_mut().for_each(|domains| domains.sort());
    Ok(mapped)
}
