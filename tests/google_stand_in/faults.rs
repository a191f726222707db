//! What goes wrong on demand: quotas, broken answers, broken connections; and the counts of calls.

use std::time::Duration;

use cloakrun_test_support::google::{ALWAYS, Config, Fault, Hint, Matching, Quota, StandIn};
use futures_util::future::join_all;
use serde_json::json;

use crate::discovery::Judged;
use crate::{call, client, get};

const SERVICES: &str = "/v2/projects/demo/locations/europe-west1/services";

#[tokio::test]
async fn a_region_takes_so_many_calls() {
    let quota = Quota { calls: 3, per: Duration::from_secs(60), hint: Hint::RetryAfter(7) };
    let google = Judged::demo(Config { quota: Some(quota), ..Config::default() }).await;
    for _ in 0..3 {
        get(&google, SERVICES).await;
    }
    let response = client().get(format!("{}{SERVICES}", google.url())).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!(body["error"]["status"], "RESOURCE_EXHAUSTED");
    let info = &body["error"]["details"][0]["metadata"];
    assert_eq!(
        (&info["quota_limit"], &info["quota_limit_value"], &info["quota_location"]),
        (&json!("ReadPerMinutePerProjectRegion"), &json!("3"), &json!("europe-west1"))
    );
    // Other regions and other APIs have their own.
    get(&google, "/v2/projects/demo/locations/us-central1/services").await;
    get(&google, "/v1/projects/demo/secrets").await;
    google.configure(|config| config.quota = None);
    google.fail(Matching::path("/v2/*"), Fault::RateLimited(Hint::RetryInfo(Duration::from_millis(1500))), 1);
    let (_, body) = call(&google, "GET", SERVICES, None).await;
    assert_eq!(body["error"]["details"][1]["retryDelay"], "1.5s");
}

#[tokio::test]
async fn answers_and_connections_break_on_demand() {
    let google = Judged::demo(Config::default()).await;
    google.fail(Matching::path("/v2/*/services").in_region("europe-west1"), Fault::BadGateway, 1);
    let response = client().get(format!("{}{SERVICES}", google.url())).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 502);
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    get(&google, SERVICES).await;
    google.fail(Matching::all(), Fault::Error(503, "The service is currently unavailable.".into()), 1);
    assert_eq!(call(&google, "GET", SERVICES, None).await.1["error"]["status"], "UNAVAILABLE");
    google.fail(Matching::all().by("GET"), Fault::Closed, 1);
    assert!(client().get(format!("{}{SERVICES}", google.url())).send().await.is_err());
    google.fail(Matching::all(), Fault::Cut, 1);
    assert!(client().get(format!("{}{SERVICES}", google.url())).send().await.unwrap().bytes().await.is_err());
    google.fail(Matching::all(), Fault::Garbage, 1);
    let response = client().get(format!("{}{SERVICES}", google.url())).send().await.unwrap();
    assert!(response.status().is_success() && response.json::<serde_json::Value>().await.is_err());
    google.fail(Matching::all(), Fault::Silent, 1);
    let waiting =
        client().get(format!("{}{SERVICES}", google.url())).timeout(Duration::from_millis(300)).send().await;
    assert!(waiting.unwrap_err().is_timeout());
    google.fail(Matching::path("/v2/*/services"), Fault::SamePage, ALWAYS);
    let first = get(&google, &format!("{SERVICES}?pageSize=1")).await;
    let token = first["nextPageToken"].as_str().unwrap();
    let second = get(&google, &format!("{SERVICES}?pageSize=1&pageToken={token}")).await;
    assert_eq!(first, second);
    google.heal();
    google.fail(Matching::all(), Fault::Planted("/services/0/generation".into(), json!(5)), 1);
    assert_eq!(get(&google, SERVICES).await["services"][0]["generation"], 5);
    assert_eq!(get(&google, SERVICES).await["services"][0]["generation"], "1");
}

#[tokio::test]
async fn calls_under_way_are_counted() {
    let google = Judged::demo(Config { latency: Duration::from_millis(200), ..Config::default() }).await;
    let one = client();
    let urls = (0..8).map(|n| {
        format!(
            "{}/v2/projects/demo/locations/{}/services",
            google.url(),
            if n < 5 { "europe-west1" } else { "us-central1" }
        )
    });
    join_all(urls.map(|url| one.get(url).send()))
        .await
        .into_iter()
        .for_each(|answer| assert!(answer.unwrap().status().is_success()));
    let calls = google.calls();
    assert_eq!(calls.len(), 8);
    let most = |region: &str| {
        calls
            .iter()
            .filter(|call| call.region.as_deref() == Some(region))
            .map(|call| call.in_flight_in_region)
            .max()
            .unwrap()
    };
    assert!(calls.iter().map(|call| call.in_flight).max().unwrap() <= 8);
    assert!(most("europe-west1") <= 5 && most("us-central1") <= 3);
    google.latency(Duration::ZERO);
    get(&google, SERVICES).await;
    assert_eq!(google.calls().last().unwrap().in_flight, 1, "none is counted twice");
}

#[tokio::test]
async fn what_google_would_not_have_cannot_be_put() {
    let refused = tokio::spawn(async {
        let google = StandIn::start(Config::default()).await;
        google.put_project("demo", "1");
        google.put_service("demo", "europe-west1", "web", json!({"customAudience": ["x"]}));
    });
    assert!(refused.await.unwrap_err().is_panic());
}
