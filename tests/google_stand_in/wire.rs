//! What real clients put on the wire: spellings of queries, verbs in headers, absolute request lines.

use std::io::{Read, Write};
use std::net::TcpStream;

use cloakrun_test_support::google::{Config, Kind};
use serde_json::{Value, json};

use crate::discovery::Judged;

/// Sends text and gives status and JSON.
async fn raw(google: &Judged, head: &str, body: &str) -> (u16, Value) {
    let text = format!("{head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let port = google.port();
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        (status, serde_json::from_str(body).unwrap_or_default())
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn queries_are_taken_as_clients_spell_them() {
    let google = Judged::demo(Config::default()).await;
    let list = "/v2/projects/demo/locations/europe-west1/services";
    // Rust, Java (a raw `;`, a name without `=`), Node (a raw second `=`), none.
    for (query, number) in [
        ("?pageSize=0&pageToken=&showDeleted=false&%24alt=json%3Benum-encoding%3Dint", true),
        ("?$alt=json;enum-encoding%3Dint&pageToken", true),
        ("?$alt=json%3Benum-encoding=int", true),
        ("?alt=json&prettyPrint=false", false),
        ("?page_size=5", false),
        ("", false),
    ] {
        let (status, body) =
            raw(&google, &format!("GET {list}{query} HTTP/1.1\r\nHost: 127.0.0.1"), "").await;
        assert_eq!(status, 200, "{query}: {body}");
        let service = &body["services"][1];
        let expected = if number {
            [json!(1), json!(4), json!(4), json!(1)]
        } else {
            [
                json!("INGRESS_TRAFFIC_ALL"),
                json!("GA"),
                json!("CONDITION_SUCCEEDED"),
                json!("TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"),
            ]
        };
        assert_eq!(
            [
                &service["ingress"],
                &service["launchStage"],
                &service["terminalCondition"]["state"],
                &service["traffic"][0]["type"]
            ],
            expected.each_ref(),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_verb_may_stand_in_a_header() {
    let google = Judged::demo(Config { polls_until_done: 0, ..Config::default() }).await;
    let path = "/v2/projects/demo/locations/europe-west1/services/web?updateMask=ingress&$alt=json;enum-encoding%3Dint";
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-HTTP-Method-Override: PATCH\r\nContent-Type: application/json"
    );
    let (status, operation) = raw(&google, &head, r#"{"ingress":2}"#).await;
    assert_eq!(status, 200, "{operation}");
    assert_eq!(operation["metadata"]["ingress"], 2, "numbers inside an operation too");
    assert_eq!(
        google.get(Kind::Service, "demo", "europe-west1", "web").unwrap()["ingress"],
        "INGRESS_TRAFFIC_INTERNAL_ONLY"
    );
    let (status, _) = raw(&google, &head.replace("X-HTTP", "X-Nothing"), "{}").await;
    assert_eq!(status, 404);
    let (status, body) = raw(&google, &head, "{").await;
    assert_eq!((status, body["error"]["status"].as_str()), (400, Some("INVALID_ARGUMENT")));
}

#[tokio::test]
async fn the_region_may_stand_in_the_host() {
    let google = Judged::demo(Config::default()).await;
    let path = "/apis/serving.knative.dev/v1/namespaces/demo/services";
    let port = google.port();
    let items = |body: &Value| body["items"].as_array().map_or(0, Vec::len);
    let (_, all) = raw(&google, &format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}"), "").await;
    let (_, by_host) =
        raw(&google, &format!("GET {path} HTTP/1.1\r\nHost: europe-west1-127.0.0.1:{port}"), "").await;
    let (_, by_line) = raw(
        &google,
        &format!("GET http://us-central1-127.0.0.1:{port}{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}"),
        "",
    )
    .await;
    let (_, by_number) = raw(
        &google,
        &format!(
            "GET {} HTTP/1.1\r\nHost: europe-west1-127.0.0.1:{port}",
            path.replace("demo", "123456789012")
        ),
        "",
    )
    .await;
    assert_eq!([items(&all), items(&by_host), items(&by_line), items(&by_number)], [3, 2, 1, 2]);
    let (_, first) = raw(&google, &format!("GET {path}?limit=2 HTTP/1.1\r\nHost: 127.0.0.1"), "").await;
    let token = first["metadata"]["continue"].as_str().unwrap();
    let (_, rest) =
        raw(&google, &format!("GET {path}?limit=2&continue={token} HTTP/1.1\r\nHost: 127.0.0.1"), "").await;
    assert_eq!([items(&first), items(&rest)], [2, 1]);
}

#[tokio::test]
async fn the_old_surface_writes_to_the_same_store() {
    let google = Judged::demo(Config { polls_until_done: 0, ..Config::default() }).await;
    let host = "HTTP/1.1\r\nHost: europe-west1-127.0.0.1\r\nContent-Type: application/json";
    let path = "/apis/serving.knative.dev/v1/namespaces/demo/services/web";
    let (_, mut web) = raw(&google, &format!("GET {path} {host}"), "").await;
    let before = google.get(Kind::Service, "demo", "europe-west1", "web").unwrap();
    let (status, same) = raw(&google, &format!("PUT {path} {host}"), &web.to_string()).await;
    assert_eq!(status, 200, "{same}");
    let after = google.get(Kind::Service, "demo", "europe-west1", "web").unwrap();
    assert_eq!(
        (&after["template"], &after["generation"]),
        (&before["template"], &before["generation"]),
        "a round trip changes nothing"
    );
    let (status, stale) = raw(&google, &format!("PUT {path} {host}"), &web.to_string()).await;
    assert_eq!((status, stale["error"]["status"].as_str()), (409, Some("ABORTED")));
    web["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    web["metadata"]["annotations"]["run.googleapis.com/custom-audiences"] = json!("[\"https://x\"]");
    web["metadata"]["annotations"]["run.googleapis.com/ingress"] = json!("internal");
    let (status, rehearsed) = raw(&google, &format!("PUT {path}?dryRun=all {host}"), &web.to_string()).await;
    assert_eq!(
        (status, &rehearsed["metadata"]["annotations"]["run.googleapis.com/ingress"]),
        (200, &json!("internal"))
    );
    assert!(
        google.get(Kind::Service, "demo", "europe-west1", "web").unwrap().get("customAudiences").is_none()
    );
    raw(&google, &format!("PUT {path} {host}"), &web.to_string()).await;
    let (_, got) = raw(&google, &format!("GET {path} {host}"), "").await;
    assert_eq!(got["status"]["conditions"][0]["status"], "True");
    let after = google.get(Kind::Service, "demo", "europe-west1", "web").unwrap();
    assert_eq!(
        (&after["customAudiences"], &after["ingress"]),
        (&json!(["https://x"]), &json!("INGRESS_TRAFFIC_INTERNAL_ONLY"))
    );
}
