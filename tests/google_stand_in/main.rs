//! Judges the stand-in for Google's APIs: Google's descriptions of the APIs, gcloud, Google's Python clients, Google's Rust clients, and
//! what is known of the real servers' behaviour.
//!
//! Every answer that the stand-in gives in these tests is checked against Google's discovery documents ([`discovery::Judged`]).
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests; a judge that is not there is named")]

mod behaviour;
mod children;
mod credentials;
mod discovery;
mod faults;
mod gcloud;
mod operations;
mod python;
mod sdk;
mod wire;

use std::sync::Once;

use serde_json::Value;

/// The one provider of cryptography that all clients in this process use.
fn install_provider() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        rustls::crypto::ring::default_provider().install_default().expect("nothing else installs one");
    });
}

/// A client that goes by no proxy.
fn client() -> reqwest::Client {
    install_provider();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Calls and gives status and JSON; `Null` where the answer is none.
async fn call(
    google: &cloakrun_test_support::google::StandIn,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> (u16, Value) {
    let mut request = client().request(method.parse().unwrap(), format!("{}{path}", google.url()));
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
}

/// Calls and gives the JSON of a success.
async fn get(google: &cloakrun_test_support::google::StandIn, path: &str) -> Value {
    let (status, body) = call(google, "GET", path, None).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// The names at the end of a list's resource names.
fn names(list: &Value) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .map(|item| item["name"].as_str().unwrap().rsplit('/').next().unwrap().to_owned())
        .collect()
}
