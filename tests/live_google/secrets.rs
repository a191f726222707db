//! Secret Manager: only the secrets that something takes, and their payloads only on demand.

use cloakrun::snapshot::Fact;
use cloakrun_test_support::google::{ALWAYS, Config, Fault, Matching, StandIn};
use serde_json::{Value, json};

use super::support::*;

async fn shop() -> StandIn {
    let google = StandIn::start(Config::default()).await;
    google.put_project("demo", "1");
    let aliases = json!({"versionAliases": {"live": "2"}});
    google.put_secret_with(
        "demo",
        "kc",
        &["demo-secret-1", "demo-secret-2\n", "demo-secret-3", "demo-secret-4"],
        aliases,
    );
    google.put_secret("demo", "unused", &["demo-secret-5"]);
    google.set_version("demo", "kc", 1, json!({"state": "DESTROYED"}));
    let takes = |version: &str| json!({"name": format!("S_{}", version.to_uppercase()), "valueSource": {"secretKeyRef": {"secret": "kc", "version": version}}});
    google.put_service(
        "demo",
        "europe-west1",
        "web",
        json!({"template": {"containers": [{"image": "x", "env": [takes("live"), takes("1")]}]}}),
    );
    google
}

fn payloads(body: &serde_json::Map<String, Value>) -> Vec<(String, Option<&str>)> {
    let versions = body["versions"].as_array().unwrap();
    let told = |version: &Value| version["name"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    versions.iter().map(|version| (told(version), version.get("payload").and_then(Value::as_str))).collect()
}

#[test]
fn payloads_are_read_on_demand_of_what_is_in_use_and_the_newest() {
    run(async {
        let google = shop().await;
        let mut world = World::of(&google);
        world.what.read_secrets = true;
        let answers = world.read().await.unwrap();
        assert_eq!(missing(&answers), []);
        let found = secret(&answers, "kc");
        let told = |number: &str, payload| (number.to_owned(), payload);
        assert_eq!(
            payloads(&found.body),
            [
                told("4", Some("demo-secret-4")),
                told("3", None),
                told("2", Some("demo-secret-2\n")),
                told("1", None),
            ]
        );
        let states: Vec<_> =
            found.body["versions"].as_array().unwrap().iter().map(|version| &version["state"]).collect();
        assert_eq!(states, ["ENABLED", "ENABLED", "ENABLED", "DESTROYED"]);
        assert_eq!(found.body["versionAliases"], json!({"live": "2"}));
        assert!(google.calls_to(&Matching::path("*/secrets/unused*")).is_empty());
        assert_eq!(google.calls_to(&Matching::path("*:access")).len(), 2);
    });
}

#[test]
fn a_disabled_newest_version_is_told_and_not_read() {
    run(async {
        let google = shop().await;
        google.set_version("demo", "kc", 4, json!({"state": "DISABLED"}));
        let mut world = World::of(&google);
        world.what.read_secrets = true;
        let answers = world.read().await.unwrap();
        assert_eq!(missing(&answers), []);
        let found = secret(&answers, "kc");
        assert_eq!(found.body["versions"][0]["state"], "DISABLED");
        assert_eq!(payloads(&found.body)[0].1, None);
    });
}

#[test]
fn a_wrong_checksum_is_no_payload() {
    run(async {
        let google = shop().await;
        let fault = Fault::Planted("/payload/dataCrc32c".to_owned(), json!("12345"));
        google.fail(Matching::path("*/versions/4:access"), fault, ALWAYS);
        let mut world = World::of(&google);
        world.what.read_secrets = true;
        let answers = world.read().await.unwrap();
        let found = secret(&answers, "kc");
        assert_eq!(payloads(&found.body)[0].1, None);
        let untold = untold(found, Fact::SecretPayloads);
        assert_eq!(
            untold.why,
            "Version 4 of the secret could not be read: the answer is not what the API answers."
        );
    });
}

#[test]
fn what_is_refused_of_a_secret_names_its_right() {
    run(async {
        let google = shop().await;
        google.deny("secretmanager.versions.access", "");
        let mut world = World::of(&google);
        world.what.read_secrets = true;
        let answers = world.read().await.unwrap();
        let refused = untold(secret(&answers, "kc"), Fact::SecretPayloads);
        let grant = "`secretmanager.versions.access` (roles/secretmanager.secretAccessor)";
        assert_eq!(refused.grant.as_deref(), Some(grant));
        google.deny("secretmanager.versions.list", "");
        google.deny("secretmanager.secrets.get", "");
        let answers = world.read().await.unwrap();
        let refused = untold(secret(&answers, "kc"), Fact::SecretVersions);
        assert_eq!(
            refused.grant.as_deref(),
            Some("`secretmanager.versions.list` (roles/secretmanager.viewer)")
        );
        assert_eq!(missing(&answers).len(), 1);
    });
}

#[test]
fn a_secret_that_is_gone_has_no_versions() {
    run(async {
        let google = shop().await;
        let takes =
            json!({"name": "S", "valueSource": {"secretKeyRef": {"secret": "gone", "version": "latest"}}});
        google.put_job(
            "demo",
            "europe-west1",
            "clean",
            json!({"template": {"template": {"containers": [{"image": "x", "env": [takes]}]}}}),
        );
        let answers = World::of(&google).read().await.unwrap();
        let gone = secret(&answers, "gone");
        // That it does not exist is an answer: it has no version, and a rule says so.
        assert_eq!(gone.missing, []);
        assert_eq!(gone.body["versions"], json!([]));
    });
}
