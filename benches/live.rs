//! Live reading against the best that is possible: as many calls as it makes, as many at once as it may, and nothing else to wait for.
//!
//! `cargo bench --bench live` reads 1,000 services in 10 regions from the stand-in for Google's APIs, and 5,000 clients from a server that
//! answers as Keycloak does, both 50 ms away, and prints ratios of one run: that is what benches/README.md records.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and ends where something fails"
)]

#[allow(dead_code, unreachable_pub, reason = "of the tests, which use all of it")]
#[path = "../tests/live_keycloak/fake.rs"]
mod fake;

use std::path::Path;
use std::time::{Duration, Instant};

use cloakrun::answers::Object;
use cloakrun::google::rates::Limits;
use cloakrun::google::settings::{Flags, Settings, Surroundings};
use cloakrun::google::{self, progress};
use cloakrun::keycloak::api as keycloak;
use cloakrun_test_support::google::{Config, StandIn};
use serde_json::json;

const LATENCY: Duration = Duration::from_millis(50);
const REGIONS: [&str; 10] = [
    "asia-east1",
    "asia-northeast1",
    "europe-north1",
    "europe-west1",
    "europe-west4",
    "europe-west6",
    "us-central1",
    "us-east1",
    "us-east4",
    "us-west1",
];
const SERVICES_OF_A_REGION: usize = 100;
const CLIENTS: usize = 5_000;

fn main() {
    google::credentials::use_ring();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        of_google().await;
        of_keycloak(CLIENTS / 2).await;
        of_keycloak(CLIENTS).await;
    });
}

/// Calls that all take `LATENCY`, with so many at once.
fn best(calls: usize, at_once: usize) -> Duration {
    LATENCY * u32::try_from(calls.div_ceil(at_once)).unwrap()
}

fn told(what: &str, calls: usize, at_once: usize, took: Duration, objects: &[Object], memory: (u64, u64)) {
    let best = best(calls, at_once);
    let bytes: usize = objects.iter().map(|object| object.document().to_string().len()).sum();
    let grown = memory.1.saturating_sub(memory.0);
    println!(
        "{what}: {} objects, {calls} calls, {at_once} at once: {:.2} s, best possible {:.2} s: {:.2} times; {:.1} MB of answers, memory grew by {:.1} MB",
        objects.len(),
        took.as_secs_f64(),
        best.as_secs_f64(),
        took.as_secs_f64() / best.as_secs_f64(),
        bytes as f64 / 1e6,
        grown as f64 / 1e6,
    );
}

async fn of_google() {
    let config = Config { latency: LATENCY, record: false, ..Config::default() };
    let stand_in = StandIn::start(config).await;
    stand_in.put_project("shop", "123456789012");
    for region in REGIONS {
        for index in 0..SERVICES_OF_A_REGION {
            let env: Vec<_> = (0..20)
                .map(|at| json!({"name": format!("SETTING_{at}"), "value": format!("value {at} of {index}")}))
                .collect();
            let service = json!({"template": {"containers": [{"image": "example.com/web", "env": env}]}});
            stand_in.put_service("shop", region, &format!("web-{index}"), service);
        }
    }
    let url = stand_in.url();
    let variable = |name: &str| match name {
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS" => Some("1".to_owned()),
        name if name.starts_with("CLOUDSDK_API_ENDPOINT_OVERRIDES_") => Some(url.clone()),
        _ => None,
    };
    let file = |_: &Path| Err(std::io::ErrorKind::NotFound.into());
    let flags = Flags { projects: vec!["shop".to_owned()], ..Flags::default() };
    let settings = Settings::resolve(&flags, &Surroundings { variable: &variable, file: &file }).unwrap();
    // The rate that Google allows is left out: it is its own, and no program gets past it.
    let limits = Limits { burst: u32::MAX, per_second: 1e9, ..Limits::default() };
    let at_once = limits.in_flight;
    let before = resident();
    let started = Instant::now();
    let what = google::What { limits, ..google::What::default() };
    let answers = google::read(&settings, &what, &progress::Silent).await.unwrap();
    let took = started.elapsed();
    assert_eq!(answers.objects.len(), REGIONS.len() * SERVICES_OF_A_REGION + 1);
    assert!(answers.objects.iter().all(|object| object.missing.is_empty()));
    told("Google", stand_in.calls().len(), at_once, took, &answers.objects, (before, resident()));
}

async fn of_keycloak(clients: usize) {
    let server = fake::Fake::start(clients, |_| {
        std::thread::sleep(LATENCY);
        None
    });
    let variable = |name: &str| match name {
        "KEYCLOAK_CLIENT_ID" => Some("audit".to_owned()),
        "KEYCLOAK_CLIENT_SECRET" => Some("secret".to_owned()),
        _ => None,
    };
    let file = |_: &Path| Err(std::io::ErrorKind::NotFound.into());
    let flags = keycloak::Flags { url: Some(server.base.clone()), ..keycloak::Flags::default() };
    let login =
        keycloak::Login::read(&flags, keycloak::Surroundings { variable: &variable, file: &file }).unwrap();
    let before = resident();
    let started = Instant::now();
    let what = keycloak::What { realms: vec!["shop".to_owned()], ..keycloak::What::default() };
    let answers = keycloak::read(&login, &what, keycloak::CONCURRENCY, &keycloak::Silent).await.unwrap();
    let took = started.elapsed();
    assert_eq!(answers.objects.len(), clients + 3);
    let what = format!("Keycloak with {clients} clients");
    told(&what, server.calls().len(), keycloak::CONCURRENCY, took, &answers.objects, (before, resident()));
}

/// The resident set in bytes; Linux only, elsewhere nothing.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes =
        line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}
