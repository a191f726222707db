//! Reading and its errors: pages, permissions, policies, secrets.

use cloakrun_test_support::google::{Config, Kind};
use serde_json::json;

use crate::discovery::Judged;
use crate::{call, get, names};

const SERVICES: &str = "/v2/projects/demo/locations/europe-west1/services";

#[tokio::test]
async fn lists_come_in_pages_with_the_newest_first() {
    let google = Judged::start(Config { page_size: 4, ..Config::default() }).await;
    google.put_project("demo", "123456789012");
    for n in 0..7 {
        google.put_service("demo", "europe-west1", &format!("s{n}"), json!({}));
    }
    let first = get(&google, &format!("{SERVICES}?pageSize=3&pageToken=&showDeleted=false")).await;
    assert_eq!(names(&first["services"]), ["s6", "s5", "s4"]);
    let token = first["nextPageToken"].as_str().unwrap().to_owned();
    // What is made in between does not shift the next page.
    google.put_service("demo", "europe-west1", "late", json!({}));
    let second = get(&google, &format!("{SERVICES}?pageSize=1000&pageToken={token}")).await;
    assert_eq!(names(&second["services"]), ["s3", "s2", "s1", "s0"]);
    assert!(second.get("nextPageToken").is_none());
    let most = get(&google, SERVICES).await;
    assert_eq!(names(&most["services"]).len(), 4, "the server's own limit");
    for path in [
        format!("/v2/projects/demo/locations/europe-west1/jobs?pageToken={token}"),
        format!("{SERVICES}?pageToken=x"),
        format!("{SERVICES}?pageSize=-1"),
    ] {
        assert_eq!(call(&google, "GET", &path, None).await.0, 400, "{path}");
    }
    assert_eq!(get(&google, "/v2/projects/demo/locations/us-east1/services").await, json!({}));
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_is_said_in_googles_words() {
    let google = Judged::demo(Config::default()).await;
    google.deny("run.services.getIamPolicy", "projects/demo/locations/europe-west1");
    google.deny("run.services.list", "projects/123456789012/locations/us-central1");
    google.deny("secretmanager.versions.access", "projects/demo/secrets/kc-secret");
    google.deny("resourcemanager.projects.getIamPolicy", "projects/demo");
    let cases = [
        (
            "GET",
            "/v2/projects/demo/locations/-/services",
            400,
            "INVALID_ARGUMENT",
            "Request contains an invalid argument.",
        ),
        (
            "GET",
            "/v2/projects/demo/locations/europe-west1/services/nope",
            404,
            "NOT_FOUND",
            "Resource 'nope' of kind 'SERVICE' in region 'europe-west1' in project 'demo' does not exist.",
        ),
        (
            "GET",
            "/v2/projects/demo/locations/europe-west1/services/web:getIamPolicy?options.requestedPolicyVersion=3",
            403,
            "PERMISSION_DENIED",
            "Permission 'run.services.getIamPolicy' denied on resource 'projects/demo/locations/europe-west1/services/web' (or resource may not exist).",
        ),
        (
            "GET",
            "/v2/projects/demo/locations/us-central1/services",
            403,
            "PERMISSION_DENIED",
            "Permission 'run.services.list' denied on resource 'projects/demo/locations/us-central1' (or resource may not exist).",
        ),
        (
            "GET",
            "/v2/projects/other/locations/us-central1/services",
            403,
            "PERMISSION_DENIED",
            "Permission 'run.services.list' denied on resource 'projects/other/locations/us-central1' (or resource may not exist).",
        ),
        (
            "GET",
            "/v1/projects/demo/secrets/kc-secret/versions/latest:access",
            403,
            "PERMISSION_DENIED",
            "Permission 'secretmanager.versions.access' denied for resource 'projects/123456789012/secrets/kc-secret/versions/latest' (or it may not exist).",
        ),
        (
            "GET",
            "/v1/projects/demo/secrets/nope",
            404,
            "NOT_FOUND",
            "Secret [projects/123456789012/secrets/nope] not found.",
        ),
        (
            "POST",
            "/v1/projects/demo:getIamPolicy",
            403,
            "PERMISSION_DENIED",
            "Permission 'resourcemanager.projects.getIamPolicy' denied on resource '//cloudresourcemanager.googleapis.com/projects/demo' (or it may not exist).",
        ),
        (
            "GET",
            "/v2/projects/demo/locations/europe-west1/services?pagesSize=1",
            400,
            "INVALID_ARGUMENT",
            "Invalid JSON payload received. Unknown name \"pagesSize\": Cannot bind query parameter. Field 'pagesSize' could not be found in request message.",
        ),
    ];
    for (method, path, status, name, message) in cases {
        let (got, body) = call(&google, method, path, None).await;
        assert_eq!(
            (got, body["error"]["status"].as_str(), body["error"]["message"].as_str()),
            (status, Some(name), Some(message)),
            "{path}"
        );
    }
    // What v1 lists of all regions leaves out the one that may not be seen, and says so.
    let all = get(&google, "/v1/projects/demo/locations/-/services").await;
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    assert_eq!(all["unreachable"], json!(["us-central1"]));
    google.disable_api("demo", "run.googleapis.com");
    let (status, body) = call(&google, "GET", SERVICES, None).await;
    assert_eq!((status, body["error"]["details"][0]["reason"].as_str()), (403, Some("SERVICE_DISABLED")));
    assert_eq!(call(&google, "GET", "/v1/projects/demo/secrets", None).await.0, 200);
    google.heal();
    assert_eq!(call(&google, "GET", SERVICES, None).await.0, 200);
}

#[tokio::test]
async fn both_addresses_tags_and_regions_are_there() {
    let google = Judged::demo(Config::default()).await;
    google.put_service(
        "demo",
        "europe-west1",
        "tagged",
        json!({"traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}, {"type": 1, "tag": "blue"}]}),
    );
    google.put_service("demo", "europe-west1", "quiet", json!({"defaultUriDisabled": true}));
    let tagged = get(&google, &format!("{SERVICES}/tagged")).await;
    assert_eq!(tagged["urls"][0], "https://tagged-123456789012.europe-west1.run.app");
    assert_eq!(tagged["urls"][1], tagged["uri"]);
    let host = tagged["uri"].as_str().unwrap().strip_prefix("https://").unwrap();
    assert_eq!(tagged["trafficStatuses"][1]["uri"], format!("https://blue---{host}"));
    let quiet = get(&google, &format!("{SERVICES}/quiet")).await;
    assert!(quiet.get("uri").is_none() && quiet.get("urls").is_none());
    let locations = get(&google, "/v1/projects/demo/locations").await;
    let used: Vec<_> = locations["locations"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|region| region["labels"]["initialized"] == "true")
        .map(|region| region["locationId"].as_str().unwrap())
        .collect();
    assert_eq!(used, ["us-central1", "europe-west1"]);
    assert!(locations["locations"].as_array().unwrap().len() > 30);
    let mappings = get(&google, "/v1/projects/demo/locations/europe-west1/domainmappings").await;
    assert_eq!(mappings["items"][0]["spec"]["routeName"], "web");
    assert_eq!(
        get(&google, "/apis/domains.cloudrun.com/v1/namespaces/demo/domainmappings").await["items"],
        mappings["items"]
    );
    let jobs = get(&google, "/v2/projects/demo/locations/europe-west1/jobs").await;
    assert_eq!(jobs["jobs"][0]["template"]["taskCount"], 1);
    google.put_worker_pool("demo", "europe-west1", "pool", json!({}));
    assert_eq!(
        names(&get(&google, "/v2/projects/demo/locations/europe-west1/workerPools").await["workerPools"]),
        ["pool"]
    );
}

#[tokio::test]
async fn policies_have_versions_and_etags() {
    let google = Judged::demo(Config::default()).await;
    let condition = json!({"title": "t", "expression": "request.time < timestamp('2027-01-01T00:00:00Z')"});
    let bindings = json!([{"role": "roles/run.invoker", "members": ["allUsers"]}, {"role": "roles/run.viewer", "members": ["group:g@example.com"], "condition": condition}]);
    google.put_policy(Kind::Service, "demo", "europe-west1", "api", json!({"bindings": bindings}));
    let path = format!("{SERVICES}/api");
    let whole = get(&google, &format!("{path}:getIamPolicy?options.requestedPolicyVersion=3")).await;
    assert_eq!((&whole["version"], &whole["bindings"]), (&json!(3), &bindings));
    let thin = get(&google, &format!("{path}:getIamPolicy")).await;
    assert!(
        thin["bindings"][1].get("condition").is_none()
            && thin["bindings"][1]["role"].as_str().unwrap().contains("_withcond_")
    );
    let mut changed = whole.clone();
    changed["bindings"][0]["members"] = json!(["serviceAccount:a@demo.iam.gserviceaccount.com"]);
    let (status, first) = call(
        &google,
        "POST",
        &format!("{path}:setIamPolicy"),
        Some(json!({"policy": changed, "updateMask": "bindings,etag"})),
    )
    .await;
    assert_eq!(status, 200, "{first}");
    assert_ne!(first["etag"], whole["etag"]);
    let (status, stale) =
        call(&google, "POST", &format!("{path}:setIamPolicy"), Some(json!({"policy": changed}))).await;
    assert_eq!((status, stale["error"]["status"].as_str()), (409, Some("ABORTED")));
    assert!(
        stale["error"]["message"]
            .as_str()
            .unwrap()
            .starts_with("There were concurrent policy changes. Please retry")
    );
    let (status, _) = call(&google, "POST", &format!("{path}:setIamPolicy"), Some(json!({"policy": {"bindings": [{"role": "roles/run.invoker", "members": ["somebody"]}], "version": 3}}))).await;
    assert_eq!(status, 400, "a member without type");
    assert_eq!(
        get(&google, "/v2/projects/demo/locations/us-central1/services/reports:getIamPolicy").await,
        json!({"etag": "ACAB"})
    );
    google.deny("run.services.update", "");
    let asked = json!({"permissions": ["run.services.get", "run.services.update"]});
    let (_, held) = call(&google, "POST", &format!("{path}:testIamPermissions"), Some(asked)).await;
    assert_eq!(held, json!({"permissions": ["run.services.get"]}));
    // The audit configuration of a project stays where a change does not name it.
    let (_, project) = call(&google, "POST", "/v3/projects/123456789012:getIamPolicy", None).await;
    assert_eq!(project["auditConfigs"][0]["service"], "secretmanager.googleapis.com");
    let (status, after) = call(
        &google,
        "POST",
        "/v1/projects/demo:setIamPolicy",
        Some(json!({"policy": {"bindings": project["bindings"], "etag": project["etag"]}})),
    )
    .await;
    assert_eq!((status, &after["auditConfigs"]), (200, &project["auditConfigs"]));
}

#[tokio::test]
async fn secrets_have_versions_with_states() {
    let google = Judged::demo(Config::default()).await;
    let secret = "/v1/projects/demo/secrets/kc-secret";
    let access = get(&google, &format!("{secret}/versions/latest:access")).await;
    assert_eq!(access["name"], "projects/123456789012/secrets/kc-secret/versions/2");
    assert_eq!(access["payload"]["dataCrc32c"], crc32c::crc32c(b"demo-secret-two").to_string());
    let (_, disabled) = call(&google, "POST", &format!("{secret}/versions/2:disable"), Some(json!({}))).await;
    assert_eq!(disabled["state"], "DISABLED");
    // The newest version counts as the latest, whatever its state.
    let (status, refused) = call(&google, "GET", &format!("{secret}/versions/latest:access"), None).await;
    assert_eq!((status, refused["error"]["status"].as_str()), (400, Some("FAILED_PRECONDITION")));
    for filter in ["state:ENABLED", "state=ENABLED", "state%3AENABLED"] {
        assert_eq!(
            names(&get(&google, &format!("{secret}/versions?filter={filter}")).await["versions"]),
            ["1"]
        );
    }
    assert_eq!(call(&google, "GET", &format!("{secret}/versions?filter=colour:RED"), None).await.0, 400);
    let wrong = json!({"payload": {"data": "bmV3", "dataCrc32c": "1"}});
    assert_eq!(call(&google, "POST", &format!("{secret}:addVersion"), Some(wrong)).await.0, 400);
    let (status, added) = call(
        &google,
        "POST",
        &format!("{secret}:addVersion"),
        Some(json!({"payload": {"data": "bmV3", "dataCrc32c": crc32c::crc32c(b"new").to_string()}})),
    )
    .await;
    assert_eq!(
        (status, added["name"].as_str()),
        (200, Some("projects/123456789012/secrets/kc-secret/versions/3"))
    );
    let page = get(&google, &format!("{secret}/versions?pageSize=2")).await;
    assert_eq!(
        (names(&page["versions"]), &page["totalSize"]),
        (vec!["3".to_owned(), "2".to_owned()], &json!(3))
    );
    let (_, gone) = call(&google, "POST", &format!("{secret}/versions/3:destroy"), Some(json!({}))).await;
    assert!(gone["destroyTime"].is_string());
    assert_eq!(call(&google, "POST", &format!("{secret}/versions/3:enable"), Some(json!({}))).await.0, 400);
    let (status, made) = call(
        &google,
        "POST",
        "/v1/projects/demo/secrets?secretId=other",
        Some(json!({"replication": {"automatic": {}}, "labels": {"a": "b"}})),
    )
    .await;
    assert_eq!((status, made["name"].as_str()), (200, Some("projects/123456789012/secrets/other")));
    assert_eq!(names(&get(&google, "/v1/projects/demo/secrets").await["secrets"]), ["other", "kc-secret"]);
    assert_eq!(
        call(
            &google,
            "POST",
            "/v1/projects/demo/secrets?secretId=other",
            Some(json!({"replication": {"automatic": {}}}))
        )
        .await
        .0,
        409
    );
}
