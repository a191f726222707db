//! An object of Google's client as the document that the API answers to whoever asks for names: enums by name, maps in order.
//!
//! The client itself asks for numbers and writes numbers, and its maps come in another order every time.

use google_cloud_iam_v1::model::audit_log_config::LogType;
use google_cloud_run::model::{
    EncryptionKeyRevocationAction, ExecutionEnvironment, IngressTraffic, InstanceSplitAllocationType,
    Service, TrafficTargetAllocationType, condition, empty_dir_volume_source::Medium,
    execution_reference::CompletionStatus, service_scaling::ScalingMode, vpc_access::VpcEgress,
};
use google_cloud_secretmanager_v1::model::secret_version::State as VersionState;
use serde::Serialize;
use serde_json::{Map, Value};

/// The document of an object.
pub(crate) fn of<T: Serialize>(object: &T) -> Map<String, Value> {
    // What the client has read it can write.
    match serde_json::to_value(object) {
        Ok(mut value) => {
            tidy(&mut value, "");
            match value {
                Value::Object(fields) => fields,
                _ => Map::new(),
            }
        }
        Err(_) => Map::new(),
    }
}

fn tidy(value: &mut Value, parent: &str) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                match value.as_i64().and_then(|number| i32::try_from(number).ok()) {
                    Some(number) => {
                        if let Some(name) = name_of(parent, key, number) {
                            *value = Value::String(name);
                        }
                    }
                    None => tidy(value, key),
                }
            }
            fields.sort_keys();
            if parent.is_empty()
                && let Some(name) = fields.shift_remove("name")
            {
                fields.shift_insert(0, "name".to_owned(), name);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| tidy(item, parent)),
        _ => {}
    }
}

/// The name of an enum's value by the field that holds it and the field above that; none where the field holds no enum, or the
/// client knows no such value.
fn name_of(parent: &str, key: &str, number: i32) -> Option<String> {
    macro_rules! name {
        ($kind:ty) => {
            <$kind>::from(number).name().map(str::to_owned)
        };
    }
    match (parent, key) {
        (_, "launchStage") => Service::new().set_launch_stage(number).launch_stage.name().map(str::to_owned),
        (_, "ingress") => name!(IngressTraffic),
        (_, "executionEnvironment") => name!(ExecutionEnvironment),
        (_, "encryptionKeyRevocationAction") => name!(EncryptionKeyRevocationAction),
        ("traffic" | "trafficStatuses", "type") => name!(TrafficTargetAllocationType),
        ("instanceSplits" | "instanceSplitStatuses", "type") => name!(InstanceSplitAllocationType),
        ("conditions" | "terminalCondition", "state") => name!(condition::State),
        ("conditions" | "terminalCondition", "severity") => name!(condition::Severity),
        ("conditions" | "terminalCondition", "reason") => name!(condition::CommonReason),
        ("conditions" | "terminalCondition", "revisionReason") => name!(condition::RevisionReason),
        ("conditions" | "terminalCondition", "executionReason") => name!(condition::ExecutionReason),
        (_, "completionStatus") => name!(CompletionStatus),
        ("emptyDir", "medium") => name!(Medium),
        ("vpcAccess", "egress") => name!(VpcEgress),
        ("scaling", "scalingMode") => name!(ScalingMode),
        ("auditLogConfigs", "logType") => name!(LogType),
        ("", "state") => name!(VersionState),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use google_cloud_run::model::{Job, Revision};
    use serde_json::json;

    use super::*;

    #[test]
    fn enums_are_names_and_everything_else_is_as_it_came() {
        let answer = json!({
            "name": "projects/shop/locations/europe-west1/services/web",
            "generation": "3",
            "labels": {"zone": "a", "app": "web"},
            "ingress": 2,
            "launchStage": 4,
            "traffic": [{"type": 2, "revision": "web-1", "percent": 100}],
            "terminalCondition": {"type": "Ready", "state": 4, "severity": 1, "revisionReason": 5},
            "conditions": [{"type": "RoutesReady", "state": 99}],
            "scaling": {"minInstanceCount": 1, "scalingMode": 1},
            "someFutureField": {"b": 1, "a": 2},
            "template": {
                "executionEnvironment": 2,
                "containers": [{"image": "web", "ports": [{"name": "http1", "containerPort": 8080}]}],
                "vpcAccess": {"egress": 2},
                "volumes": [{"name": "v", "emptyDir": {"medium": 1}}],
                "maxInstanceRequestConcurrency": 80
            }
        });
        let service: Service = serde_json::from_value(answer).unwrap();
        let document = Value::Object(of(&service));
        let expected = json!({
            "name": "projects/shop/locations/europe-west1/services/web",
            "conditions": [{"state": 99, "type": "RoutesReady"}],
            "generation": "3",
            "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY",
            "labels": {"app": "web", "zone": "a"},
            "launchStage": "GA",
            "scaling": {"minInstanceCount": 1, "scalingMode": "AUTOMATIC"},
            "someFutureField": {"a": 2, "b": 1},
            "template": {
                "containers": [{"image": "web", "ports": [{"containerPort": 8080, "name": "http1"}]}],
                "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2",
                "maxInstanceRequestConcurrency": 80,
                "volumes": [{"emptyDir": {"medium": "MEMORY"}, "name": "v"}],
                "vpcAccess": {"egress": "PRIVATE_RANGES_ONLY"}
            },
            "terminalCondition": {"revisionReason": "RECREATING", "severity": "ERROR", "state": "CONDITION_SUCCEEDED", "type": "Ready"},
            "traffic": [{"percent": 100, "revision": "web-1", "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"}]
        });
        assert_eq!(
            serde_json::to_string_pretty(&document).unwrap(),
            serde_json::to_string_pretty(&expected).unwrap()
        );
    }

    #[test]
    fn jobs_and_revisions_too() {
        let job: Job = serde_json::from_value(json!({
            "launchStage": 4, "latestCreatedExecution": {"name": "x", "completionStatus": 1},
            "template": {"template": {"maxRetries": 3, "executionEnvironment": 1}}
        }))
        .unwrap();
        let job = Value::Object(of(&job));
        assert_eq!(job["latestCreatedExecution"]["completionStatus"], "EXECUTION_SUCCEEDED");
        assert_eq!(job["template"]["template"]["executionEnvironment"], "EXECUTION_ENVIRONMENT_GEN1");
        assert_eq!(job["template"]["template"]["maxRetries"], 3);
        let revision: Revision =
            serde_json::from_value(json!({"executionEnvironment": 2, "generation": "1"})).unwrap();
        assert_eq!(of(&revision)["executionEnvironment"], "EXECUTION_ENVIRONMENT_GEN2");
    }
}
