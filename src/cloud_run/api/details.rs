//! What a service does not say itself: who may invoke it, and what the revisions that serve are set to.

use std::collections::BTreeSet;

use google_cloud_gax::options::RequestOptionsBuilder as _;
use google_cloud_iam_v1::model::GetPolicyOptions;
use serde_json::{Map, Value};

use super::{Clients, Place, USER_AGENT, document};
use crate::google::calls::Calls;
use crate::google::failure::Failure;
use crate::google::names::{Named, checked};

impl Clients {
    /// The IAM policy of a service, with its conditions.
    pub(crate) async fn policy(
        &self,
        calls: &Calls<'_>,
        at: Place<'_>,
        service: &str,
    ) -> Result<Map<String, Value>, Failure> {
        let resource = format!("{}/services/{service}", at.parent());
        let send = || {
            let options = GetPolicyOptions::new().set_requested_policy_version(3);
            let request = self.services.get_iam_policy().set_resource(&resource).set_options(options);
            request.with_user_agent(USER_AGENT).send()
        };
        Ok(document::of(&calls.sdk(at.region, send).await?))
    }

    /// A revision of a service.
    pub(crate) async fn revision(
        &self,
        calls: &Calls<'_>,
        at: Place<'_>,
        service: &str,
        revision: &str,
    ) -> Result<Map<String, Value>, Failure> {
        let name = format!("{}/services/{service}/revisions/{revision}", at.parent());
        let send = || self.revisions.get_revision().set_name(&name).with_user_agent(USER_AGENT).send();
        Ok(document::of(&calls.sdk(at.region, send).await?))
    }
}

/// The revisions that serve, where they are not just the newest: their settings are not those of the service's template.
///
/// What a tag alone leads to is not counted: nobody comes there but those who try it.
pub(crate) fn serving(service: &Map<String, Value>) -> Vec<String> {
    let text = |key: &str| service.get(key).and_then(Value::as_str).map(short);
    let newest = text("latestCreatedRevision");
    let ready = text("latestReadyRevision");
    let targets = ["trafficStatuses", "traffic"]
        .into_iter()
        .find_map(|key| service.get(key).and_then(Value::as_array).filter(|targets| !targets.is_empty()));
    let mut serving = BTreeSet::new();
    for target in targets.into_iter().flatten() {
        if target.get("percent").and_then(Value::as_i64).unwrap_or_default() > 0 {
            let named = target.get("revision").and_then(Value::as_str).map(short);
            serving.extend(named.filter(|name| !name.is_empty()).or(ready));
        }
    }
    // Without a word about traffic, all of it goes to the newest that is ready.
    if targets.is_none() {
        serving.extend(ready);
    }
    if newest.is_none() || serving.iter().all(|revision| Some(*revision) == newest) {
        return Vec::new();
    }
    let names = serving.into_iter().filter(|name| checked(Named::Service, name).is_ok());
    names.map(str::to_owned).collect()
}

/// The last part of a full name.
pub(crate) fn short(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn serving_of(service: Value) -> Vec<String> {
        serving(service.as_object().unwrap_or(&Map::new()))
    }

    #[test]
    fn traffic_on_the_newest_needs_no_second_look() {
        let latest = json!([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}]);
        let full = "projects/p/locations/r/services/web/revisions/web-2";
        let service =
            json!({"latestCreatedRevision": full, "latestReadyRevision": full, "trafficStatuses": latest});
        assert!(serving_of(service).is_empty());
        let service = json!({"latestCreatedRevision": full, "latestReadyRevision": full});
        assert!(serving_of(service).is_empty());
        let pinned = json!([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "web-2", "percent": 100}, {"revision": "web-1", "tag": "old"}]);
        let service =
            json!({"latestCreatedRevision": full, "latestReadyRevision": full, "trafficStatuses": pinned});
        assert!(serving_of(service).is_empty());
    }

    #[test]
    fn a_split_names_every_revision_that_serves() {
        let service = json!({
            "latestCreatedRevision": "x/revisions/web-3", "latestReadyRevision": "x/revisions/web-3",
            "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 10}, {"revision": "web-1", "percent": 90}, {"revision": "web-2", "tag": "t"}]
        });
        assert_eq!(serving_of(service), ["web-1", "web-3"]);
    }

    #[test]
    fn a_deployment_that_failed_leaves_the_last_one_serving() {
        let service = json!({
            "latestCreatedRevision": "x/revisions/web-3", "latestReadyRevision": "x/revisions/web-2",
            "trafficStatuses": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}]
        });
        assert_eq!(serving_of(service), ["web-2"]);
    }
}
