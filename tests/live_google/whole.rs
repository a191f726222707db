//! A project that can be read whole.

use std::time::{Duration, Instant};

use cloakrun::answers::Resource;
use cloakrun_test_support::google::{Config, Hint, Kind, Matching, Quota, StandIn, demo};
use serde_json::{Value, json};

use super::support::*;

#[test]
fn a_project_is_read_whole() {
    run(async {
        let google = StandIn::start(Config::default()).await;
        demo(&google);
        let answers = World::of(&google).read().await.unwrap();
        assert_eq!(missing(&answers), []);
        assert_eq!(
            addresses(&answers),
            [
                "projects/demo",
                "projects/demo/locations/europe-west1/services/api",
                "projects/demo/locations/europe-west1/services/web",
                "projects/demo/locations/us-central1/services/reports",
                "projects/demo/locations/europe-west1/jobs/cleanup",
                "projects/demo/secrets/kc-secret",
            ]
        );
        let project = project(&answers);
        assert_eq!(project.body["projectId"], "demo");
        assert_eq!(project.body["projectNumber"], "123456789012");
        assert_eq!(texts(&project.body["regions"]), ["europe-west1", "us-central1"]);
        let policy = &project.body["iamPolicy"];
        assert_eq!(policy["bindings"][0]["role"], "roles/owner");
        assert_eq!(policy["auditConfigs"][0]["auditLogConfigs"][0]["logType"], "DATA_READ");

        let web = service(&answers, "europe-west1", "web");
        assert_eq!(web.body["iamPolicy"]["bindings"][0]["members"], json!(["allUsers"]));
        assert_eq!(texts(&web.body["domainMappings"]), ["shop.example.com"]);
        assert!(!web.body.contains_key("servingRevisions"));
        let api = service(&answers, "europe-west1", "api");
        assert_eq!(api.body["ingress"], "INGRESS_TRAFFIC_INTERNAL_ONLY");
        assert!(api.body["generation"].is_string());
        assert!(api.body["iamPolicy"].is_object() && !api.body.contains_key("domainMappings"));

        let secret = secret(&answers, "kc-secret");
        let versions = secret.body["versions"].as_array().unwrap();
        let told: Vec<_> = versions
            .iter()
            .map(|version| {
                let number = version["name"].as_str().unwrap().rsplit('/').next().unwrap();
                (number, version["state"].as_str().unwrap(), version.get("payload"))
            })
            .collect();
        assert_eq!(told, [("2", "ENABLED", None), ("1", "ENABLED", None)]);
        assert!(google.calls_to(&Matching::path("*:access")).is_empty());
    });
}

/// Enums by name, numbers and maps as the API gives them: the client of Google's that reads for us leaves no mark.
#[test]
fn what_is_read_is_what_the_server_holds() {
    run(async {
        let google = StandIn::start(Config::default()).await;
        demo(&google);
        google.put_service(
            "demo",
            "europe-west1",
            "full",
            json!({
                "labels": {"b": "2", "a": "1", "c": "3"},
                "ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
                "launchStage": "BETA",
                "scaling": {"scalingMode": "MANUAL", "manualInstanceCount": 2},
                "template": {
                    "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2",
                    "vpcAccess": {"connector": "c", "egress": "ALL_TRAFFIC"},
                    "timeout": "300s",
                    "containers": [{"image": "example.com/full", "resources": {"limits": {"memory": "1Gi", "cpu": "1"}}}],
                    "volumes": [{"name": "v", "emptyDir": {"medium": "MEMORY", "sizeLimit": "1Gi"}}]
                }
            }),
        );
        let world = World::of(&google);
        let answers = world.read().await.unwrap();
        for (kind, name) in [(Kind::Service, "full"), (Kind::Service, "web"), (Kind::Job, "cleanup")] {
            let held = google.get(kind, "demo", "europe-west1", name).unwrap();
            let ends = format!("/{name}");
            let read = answers.objects.iter().find(|object| object.resource.address().ends_with(&ends));
            let mut read = read.unwrap().body.clone();
            for added in ["iamPolicy", "domainMappings"] {
                read.remove(added);
            }
            assert_eq!(sorted(&Value::Object(read)), sorted(&held));
        }
        let again = world.read().await.unwrap();
        let text = |answers: &cloakrun::google::GoogleAnswers| {
            answers.objects.iter().map(|object| object.document().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(text(&answers), text(&again));
    });
}

fn sorted(value: &Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    let text = serde_json::to_string_pretty(&value).unwrap();
    // The client writes no more digits of a second than it must.
    regex::Regex::new(r#"(:\d\d\.\d*[1-9])0+Z""#).unwrap().replace_all(&text, "${1}Z\"").into_owned()
}

#[test]
fn every_page_of_every_list_is_read() {
    run(async {
        let google = StandIn::start(Config { page_size: 3, ..Config::default() }).await;
        google.put_project("demo", "1");
        for number in 0..10 {
            let service = json!({"template": {"containers": [{"image": "x"}]}});
            google.put_service("demo", "europe-west1", &format!("s{number}"), service.clone());
            google.put_service("demo", "us-east1", &format!("s{number}"), service);
        }
        let answers = World::of(&google).read().await.unwrap();
        assert_eq!(missing(&answers), []);
        let services =
            answers.objects.iter().filter(|object| matches!(object.resource, Resource::Service { .. }));
        assert_eq!(services.count(), 20);
    });
}

#[test]
fn only_the_named_regions_are_asked() {
    run(async {
        let google = StandIn::start(Config::default()).await;
        demo(&google);
        let mut world = World::of(&google);
        world.flags.regions = vec!["us-central1".to_owned()];
        let answers = world.read().await.unwrap();
        assert_eq!(texts(&project(&answers).body["regions"]), ["us-central1"]);
        assert!(google.calls_to(&Matching::region("europe-west1")).is_empty());
        assert!(google.calls_to(&Matching::path("*/locations")).is_empty());
    });
}

#[test]
fn revisions_that_serve_are_read_where_traffic_is_not_on_the_newest() {
    run(async {
        let google = StandIn::start(Config { polls_until_done: 0, ..Config::default() }).await;
        google.put_project("demo", "1");
        let with = |issuer: &str| json!({"template": {"containers": [{"image": "x", "env": [{"name": "ISSUER", "value": issuer}]}]}});
        google.put_service("demo", "europe-west1", "web", with("old"));
        let revisions = google.revisions(Kind::Service, "demo", "europe-west1", "web");
        let first = revisions[0]["name"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let mut pinned = with("new");
        pinned["traffic"] =
            json!([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": first, "percent": 100}]);
        let url = format!("{}/v2/projects/demo/locations/europe-west1/services/web", google.url());
        let changed = reqwest::Client::new().patch(url).json(&pinned).send().await.unwrap();
        assert_eq!(changed.status(), 200);
        let answers = World::of(&google).read().await.unwrap();
        assert_eq!(missing(&answers), []);
        let web = service(&answers, "europe-west1", "web");
        let serving = web.body["servingRevisions"].as_array().unwrap();
        assert_eq!(serving.len(), 1);
        assert!(serving[0]["name"].as_str().unwrap().ends_with(&first));
        assert_eq!(serving[0]["containers"][0]["env"][0]["value"], "old");
    });
}

#[test]
fn a_quota_is_kept_to_and_nothing_is_lost() {
    run(async {
        let quota = Quota {
            calls: 8,
            per: Duration::from_millis(400),
            hint: Hint::RetryInfo(Duration::from_millis(400)),
        };
        let google = StandIn::start(Config { quota: Some(quota), ..Config::default() }).await;
        google.put_project("demo", "1");
        for number in 0..12 {
            let service = json!({"template": {"containers": [{"image": "x"}]}});
            google.put_service("demo", "europe-west1", &format!("s{number}"), service);
        }
        let mut world = World::of(&google);
        world.what.limits.attempts = 8;
        world.what.limits.per_second = 15.0;
        let steps = Steps::default();
        let answers = world.read_with(&steps).await.unwrap();
        assert_eq!(missing(&answers), []);
        let refused = google.calls().iter().filter(|call| call.status == 429).count();
        assert!(refused > 0 && refused < 20, "{refused} calls were refused");
        let steps = steps.0.lock().unwrap();
        assert!(steps.iter().any(|step| step.starts_with("Waiting { lane: \"europe-west1\"")), "{steps:?}");
    });
}

#[test]
fn progress_counts_to_the_end() {
    run(async {
        let google = StandIn::start(Config::default()).await;
        demo(&google);
        let steps = Steps::default();
        World::of(&google).read_with(&steps).await.unwrap();
        let steps = steps.0.lock().unwrap();
        for step in [
            "Identified",
            "Regions { project: \"demo\", count: 2 }",
            "Service { done: 3, of: 3 }",
            "Secret { done: 1, of: 1 }",
        ] {
            assert!(steps.iter().any(|seen| seen == step), "{step} is not in {steps:?}");
        }
        assert_eq!(steps.iter().filter(|step| step.starts_with("Region {")).count(), 2);
    });
}

#[test]
fn reading_ends_at_once_when_it_is_dropped() {
    run(async {
        let google = StandIn::start(Config { latency: Duration::from_secs(20), ..Config::default() }).await;
        demo(&google);
        let world = World::of(&google);
        let begun = Instant::now();
        let ended = tokio::time::timeout(Duration::from_millis(300), world.read()).await;
        assert!(ended.is_err() && begun.elapsed() < Duration::from_secs(1));
    });
}
