//! Changes: masks, etags, operations that take time and can fail.

use cloakrun_test_support::google::{Config, Kind};
use serde_json::{Value, json};

use crate::discovery::Judged;
use crate::{call, get};

const WEB: &str = "/v2/projects/demo/locations/europe-west1/services/web";

fn web(google: &Judged) -> Value {
    google.get(Kind::Service, "demo", "europe-west1", "web").unwrap()
}

/// Polls until it is done; gives the operation and how often it was not.
async fn finished(google: &Judged, operation: &Value) -> (Value, usize) {
    for unfinished in 0..50 {
        let polled = get(google, &format!("/v2/{}", operation["name"].as_str().unwrap())).await;
        if polled["done"] == true {
            return (polled, unfinished);
        }
    }
    panic!("never done");
}

#[tokio::test]
async fn a_change_is_taken_at_once_and_takes_effect_later() {
    let google = Judged::demo(Config { polls_until_done: 3, ..Config::default() }).await;
    let before = web(&google);
    let mut body = before.clone();
    body["template"]["containers"][0]["env"].as_array_mut().unwrap().push(json!({"name": "A", "value": "b"}));
    body["labels"] = json!({"other": "label"});
    let (status, operation) = call(
        &google,
        "PATCH",
        &format!(
            "{WEB}?updateMask=template.containers%2Ccustom_audiences&validateOnly=false&allowMissing=false"
        ),
        Some(body.clone()),
    )
    .await;
    assert_eq!(status, 200, "{operation}");
    assert!(operation.get("done").is_none());
    assert!(
        operation["name"].as_str().unwrap().starts_with("projects/demo/locations/europe-west1/operations/")
    );
    let meanwhile = web(&google);
    assert_eq!(
        (&meanwhile["reconciling"], &meanwhile["generation"], &meanwhile["observedGeneration"]),
        (&json!(true), &json!("2"), &json!("1"))
    );
    assert_ne!(meanwhile["latestCreatedRevision"], meanwhile["latestReadyRevision"]);
    let (done, unfinished) = finished(&google, &operation).await;
    assert_eq!(unfinished, 3);
    let after = web(&google);
    assert_eq!(done["response"]["etag"], after["etag"]);
    assert_eq!(after["latestReadyRevision"], after["latestCreatedRevision"]);
    assert_eq!(after["template"]["containers"][0]["env"].as_array().unwrap().len(), 4);
    assert_eq!(after["labels"], before["labels"], "not in the mask");
    assert_eq!((&after["uid"], &after["createTime"]), (&before["uid"], &before["createTime"]));
    assert_eq!(google.revisions(Kind::Service, "demo", "europe-west1", "web").len(), 2);
    // The etag of before is stale now.
    let (status, stale) = call(&google, "PATCH", WEB, Some(body)).await;
    assert_eq!((status, stale["error"]["status"].as_str()), (409, Some("ABORTED")));
}

#[tokio::test]
async fn without_a_mask_everything_is_replaced_but_what_the_server_keeps() {
    let google = Judged::demo(Config { polls_until_done: 0, ..Config::default() }).await;
    let before = web(&google);
    let body = json!({"uid": "mine", "generation": "77", "etag": "", "template": {"revision": "", "annotations": {}, "executionEnvironment": 0, "containers": [{"image": "example.com/new", "env": [{"name": "E", "value": ""}]}]}});
    let (status, operation) =
        call(&google, "PATCH", &format!("{WEB}?validateOnly=true"), Some(body.clone())).await;
    assert_eq!((status, &operation["done"]), (200, &json!(true)));
    assert_eq!(operation["response"]["template"]["containers"][0]["image"], "example.com/new");
    assert_eq!(web(&google), before, "only a rehearsal");
    let (_, operation) = call(&google, "PATCH", WEB, Some(body)).await;
    finished(&google, &operation).await;
    let after = web(&google);
    assert!(after.get("labels").is_none());
    assert_eq!((&after["uid"], &after["generation"]), (&before["uid"], &json!("2")));
    let template = after["template"].as_object().unwrap();
    assert!(
        !["revision", "annotations", "executionEnvironment", "serviceAccount"]
            .iter()
            .any(|field| template.contains_key(*field))
    );
    assert_eq!(after["template"]["containers"][0]["env"], json!([{"name": "E"}]));
    for (mask, status) in
        [("template.containerz", 400), ("template.containers.image", 400), ("labels.team", 200), ("uid", 200)]
    {
        let body = json!({"labels": {"team": "x", "y": "z"}, "uid": "mine"});
        assert_eq!(
            call(&google, "PATCH", &format!("{WEB}?updateMask={mask}"), Some(body)).await.0,
            status,
            "{mask}"
        );
    }
    assert_eq!(web(&google)["labels"], json!({"team": "x"}));
}

#[tokio::test]
async fn names_google_does_not_have_are_refused() {
    let google = Judged::demo(Config::default()).await;
    let body = json!({"template": {"containres": [], "containers": [{"image": 5, "env": [{"name": "A", "valueSource": {"secretKeyRef": {"secretName": "x"}}}]}]}, "ingress": "EVERYTHING"});
    let (status, refused) = call(&google, "PATCH", WEB, Some(body)).await;
    assert_eq!(status, 400);
    let message = refused["error"]["message"].as_str().unwrap();
    for part in [
        "Unknown name \"containres\" at 'template': Cannot find field.",
        "Unknown name \"secretName\" at 'template.containers[0].env[0].valueSource.secretKeyRef': Cannot find field.",
        "Invalid value at 'template.containers[0].image' (TYPE_STRING), 5",
        "Invalid value at 'ingress' (TYPE_ENUM), \"EVERYTHING\"",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let cases = [
        json!({"template": {"containers": []}}),
        json!({"template": {"containers": [{"image": "i", "env": [{"name": "PORT", "value": "1"}]}]}}),
        json!({"template": {"containers": [{"image": "i"}]}, "traffic": [{"type": 1, "percent": 50}]}),
        json!({"template": {"containers": [{"image": "i"}]}, "traffic": [{"type": 1, "percent": 100, "tag": "a-tag-that-is-far-too-long-for-a-host-name-of-this"}]}),
        json!({"template": {"containers": [{"image": "i"}]}, "traffic": [{"type": 2, "percent": 100, "revision": "web-00099-abc"}]}),
    ];
    for body in cases {
        assert_eq!(call(&google, "PATCH", WEB, Some(body.clone())).await.0, 400, "{body}");
    }
}

#[tokio::test]
async fn a_revision_name_is_used_once() {
    let google = Judged::demo(Config { polls_until_done: 0, ..Config::default() }).await;
    google.put_service(
        "demo",
        "europe-west1",
        "named",
        json!({"template": {"revision": "named-blue", "containers": [{"image": "i"}]}}),
    );
    let path = "/v2/projects/demo/locations/europe-west1/services/named";
    let mut body = get(&google, path).await;
    body["template"]["containers"][0]["env"] = json!([{"name": "A", "value": "b"}]);
    let (status, refused) =
        call(&google, "PATCH", &format!("{path}?updateMask=template.containers"), Some(body.clone())).await;
    assert_eq!(status, 409);
    assert_eq!(
        refused["error"]["message"],
        "Revision named 'named-blue' with different configuration already exists."
    );
    body["template"]["revision"] = json!("");
    let (status, operation) = call(
        &google,
        "PATCH",
        &format!("{path}?updateMask=template.containers,template.revision"),
        Some(body),
    )
    .await;
    assert_eq!(status, 200, "{operation}");
    finished(&google, &operation).await;
    assert_eq!(google.revisions(Kind::Service, "demo", "europe-west1", "named").len(), 2);
}

#[tokio::test]
async fn a_change_that_fails_leaves_the_old_revision_serving() {
    let google = Judged::demo(Config { polls_until_done: 1, ..Config::default() }).await;
    let before = web(&google);
    google.fail_next_change("projects/demo/locations/europe-west1/services/web", 13, "Revision 'web-00002-abc' is not ready and cannot serve traffic. The user-provided container failed to start and listen on PORT=8080.");
    let mut body = before.clone();
    body["template"]["containers"][0]["image"] = json!("example.com/broken");
    let (_, operation) = call(&google, "PATCH", WEB, Some(body)).await;
    let (done, _) = finished(&google, &operation).await;
    assert_eq!(done["error"]["code"], 13);
    assert!(done.get("response").is_none());
    let after = web(&google);
    assert_eq!(after["terminalCondition"]["state"], "CONDITION_FAILED");
    assert_eq!(after["latestReadyRevision"], before["latestReadyRevision"]);
    assert_ne!(after["latestCreatedRevision"], before["latestCreatedRevision"]);
    // A secret that is not there makes it fail without being told so; the message names the place in the list.
    let mut body = get(&google, WEB).await;
    body["template"]["containers"][0]["env"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "S", "valueSource": {"secretKeyRef": {"secret": "nope", "version": "latest"}}}));
    let (_, operation) = call(&google, "PATCH", WEB, Some(body)).await;
    let (done, _) = finished(&google, &operation).await;
    let message = done["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("spec.template.spec.containers[0].env[3].value_from.secret_key_ref.name")
            && message.contains("was not found"),
        "{message}"
    );
}

#[tokio::test]
async fn services_jobs_and_pools_are_made_and_removed() {
    let google = Judged::demo(Config { polls_until_done: 0, ..Config::default() }).await;
    let parent = "/v2/projects/demo/locations/us-east1";
    for (collection, parameter, body) in [
        ("services", "serviceId", json!({"template": {"containers": [{"image": "i"}]}})),
        ("jobs", "jobId", json!({"template": {"template": {"containers": [{"image": "i"}]}}})),
        ("workerPools", "workerPoolId", json!({"template": {"containers": [{"image": "i"}]}})),
    ] {
        let (status, operation) =
            call(&google, "POST", &format!("{parent}/{collection}?{parameter}=fresh"), Some(body.clone()))
                .await;
        assert_eq!(status, 200, "{operation}");
        finished(&google, &operation).await;
        assert_eq!(
            call(&google, "POST", &format!("{parent}/{collection}?{parameter}=fresh"), Some(body.clone()))
                .await
                .0,
            409
        );
        assert_eq!(
            call(&google, "POST", &format!("{parent}/{collection}?{parameter}=Not%20legal"), Some(body))
                .await
                .0,
            400
        );
        let path = format!("{parent}/{collection}/fresh");
        let made = get(&google, &path).await;
        let (status, operation) = call(&google, "PATCH", &path, Some(made.clone())).await;
        assert_eq!(status, 200, "{operation}");
        finished(&google, &operation).await;
        assert_eq!(call(&google, "DELETE", &format!("{path}?etag=%22old%22"), None).await.0, 409);
        let (_, operation) = call(&google, "DELETE", &path, None).await;
        finished(&google, &operation).await;
        assert_eq!(call(&google, "GET", &path, None).await.0, 404);
    }
    let (status, _) = call(
        &google,
        "PATCH",
        &format!("{parent}/services/missing"),
        Some(json!({"template": {"containers": [{"image": "i"}]}})),
    )
    .await;
    assert_eq!(status, 404);
    let (status, operation) = call(
        &google,
        "PATCH",
        &format!("{parent}/services/missing?allowMissing=true"),
        Some(json!({"template": {"containers": [{"image": "i"}]}})),
    )
    .await;
    assert_eq!(status, 200, "{operation}");
    let (_, waited) = call(
        &google,
        "POST",
        &format!("/v2/{}:wait", operation["name"].as_str().unwrap()),
        Some(json!({"timeout": "5s"})),
    )
    .await;
    assert_eq!(waited["done"], true);
    let listed = get(&google, &format!("{parent}/operations")).await;
    assert_eq!(listed["operations"][0]["name"], operation["name"]);
}
