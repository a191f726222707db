//! Every kind of credentials, against a token server and a metadata server on this machine.

use std::time::{Duration, Instant};

use cloakrun::fault::Exit;
use cloakrun_test_support::google::{Config, Matching, StandIn, demo};
use serde_json::{Value, json};

use super::support::*;

const AUDITOR: &str = "auditor@demo.iam.gserviceaccount.com";

async fn world() -> (StandIn, World) {
    let google = StandIn::start(Config::default()).await;
    demo(&google);
    let mut world = World::of(&google);
    world.unset("CLOUDSDK_AUTH_ACCESS_TOKEN");
    (google, world)
}

fn with_file(world: &mut World, json: &Value) {
    let path = world.file("adc.json", &json.to_string());
    world.set("GOOGLE_APPLICATION_CREDENTIALS", &path);
}

fn person(google: &StandIn) -> Value {
    google.accept_refresh_token("refresh-me", "me@example.com");
    json!({
        "type": "authorized_user", "client_id": "id", "client_secret": "refresh-me-too",
        "refresh_token": "refresh-me", "token_uri": format!("{}/token", google.url()), "quota_project_id": "billed"
    })
}

#[test]
fn a_person_logs_in_by_their_refresh_token() {
    run(async {
        let (google, mut world) = world().await;
        with_file(&mut world, &person(&google));
        let answers = world.read().await.unwrap();
        assert_eq!(missing(&answers), []);
        assert_eq!(answers.identity.kind, "user");
        let calls = google.calls_to(&Matching::path("/v2/*"));
        assert!(
            !calls.is_empty() && calls.iter().all(|call| call.quota_project.as_deref() == Some("billed"))
        );
        world.set("GOOGLE_CLOUD_QUOTA_PROJECT", "elsewhere");
        google.forget_calls();
        world.read().await.unwrap();
        let calls = google.calls_to(&Matching::path("/v*/projects/*"));
        assert!(calls.iter().all(|call| call.quota_project.as_deref() == Some("elsewhere")));
    });
}

#[test]
fn credentials_in_gclouds_own_directory_are_found() {
    run(async {
        let (google, mut world) = world().await;
        let path = world.file("application_default_credentials.json", &person(&google).to_string());
        let directory = std::path::Path::new(&path).parent().unwrap().display().to_string();
        world.unset("GOOGLE_APPLICATION_CREDENTIALS");
        world.set("CLOUDSDK_CONFIG", &directory);
        let answers = world.read().await.unwrap();
        assert_eq!(answers.identity.source.to_string(), format!("the credentials in {path}"));
    });
}

#[test]
fn a_token_in_a_file_is_taken_as_it_is() {
    run(async {
        let (_google, mut world) = world().await;
        let path = world.file("token", &format!("{TOKEN}\n"));
        world.set("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", &path);
        let answers = world.read().await.unwrap();
        assert_eq!(missing(&answers), []);
        assert_eq!(answers.identity.kind, "access token");
        assert_eq!(answers.identity.source.to_string(), "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE");
    });
}

#[test]
fn a_stale_token_makes_everything_missing() {
    run(async {
        let (google, mut world) = world().await;
        world.set("CLOUDSDK_AUTH_ACCESS_TOKEN", TOKEN);
        google.expire_tokens();
        let answers = world.read().await.unwrap();
        assert_eq!(addresses(&answers), ["projects/demo"]);
        assert!(missing(&answers).iter().all(|(untold, _)| untold.why.contains("(401)")));
    });
}

#[test]
fn a_service_account_is_acted_as() {
    run(async {
        let (google, mut world) = world().await;
        google.allow_impersonation("me@example.com", AUDITOR);
        with_file(&mut world, &person(&google));
        world.flags.impersonate_service_account = Some(AUDITOR.to_owned());
        let answers = world.read().await.unwrap();
        assert_eq!(missing(&answers), []);
        assert_eq!(answers.identity.acting_as.as_deref(), Some(AUDITOR));
        assert_eq!(google.calls_to(&Matching::path("*:generateAccessToken")).len(), 1);

        world.flags.impersonate_service_account = Some("other@demo.iam.gserviceaccount.com".to_owned());
        let fault = world.read().await.unwrap_err();
        assert_eq!(fault.exit(), Exit::Usage);
        assert!(fault.hints[0].contains("roles/iam.serviceAccountTokenCreator"), "{fault} {:?}", fault.hints);
    });
}

#[test]
fn a_token_is_not_sent_to_google_where_another_server_is_named() {
    run(async {
        let (google, mut world) = world().await;
        world.set("CLOUDSDK_AUTH_ACCESS_TOKEN", TOKEN);
        world.flags.impersonate_service_account = Some(AUDITOR.to_owned());
        let fault = world.read().await.unwrap_err();
        assert_eq!(fault.exit(), Exit::Usage);
        assert!(fault.to_string().contains("no account can be impersonated"), "{fault}");
        assert!(google.calls().is_empty());
    });
}

#[test]
fn a_file_that_impersonates_and_one_of_workload_identity() {
    run(async {
        let (google, mut world) = world().await;
        let url = format!("{}/v1/projects/-/serviceAccounts/{AUDITOR}:generateAccessToken", google.url());
        google.allow_impersonation("me@example.com", AUDITOR);
        with_file(
            &mut world,
            &json!({
                "type": "impersonated_service_account", "service_account_impersonation_url": url,
                "source_credentials": person(&google), "delegates": []
            }),
        );
        let answers = world.read().await.unwrap();
        assert_eq!(answers.identity.kind, "impersonated service account");
        assert_eq!(answers.identity.email.as_deref(), Some(AUDITOR));

        let subject = world.file("subject", "refresh-me-subject");
        google.accept_subject_token("refresh-me-subject", "principal://pool/me");
        google.allow_impersonation("principal://pool/me", AUDITOR);
        with_file(
            &mut world,
            &json!({
                "type": "external_account",
                "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "token_url": format!("{}/v1/token", google.url()),
                "service_account_impersonation_url": url,
                "credential_source": {"file": subject}
            }),
        );
        let answers = world.read().await.unwrap();
        assert_eq!(missing(&answers), []);
        assert_eq!(answers.identity.kind, "external account (workload identity)");
    });
}

#[test]
fn the_metadata_server_tells_who_and_where_we_are() {
    run(async {
        let (google, mut world) = world().await;
        google.serve_metadata(AUDITOR);
        world.unset("GOOGLE_APPLICATION_CREDENTIALS");
        world.set("GCE_METADATA_HOST", google.url().trim_start_matches("http://"));
        world.flags.projects.clear();
        let answers = world.read().await.unwrap();
        assert_eq!(missing(&answers), []);
        assert_eq!(answers.identity.email.as_deref(), Some(AUDITOR));
        assert_eq!(answers.projects[0].value, "demo");
        assert_eq!(answers.projects[0].source.to_string(), "the metadata server");
    });
}

#[test]
fn without_credentials_the_run_ends_soon_and_says_what_helps() {
    run(async {
        let (_google, mut world) = world().await;
        world.unset("GOOGLE_APPLICATION_CREDENTIALS");
        world.set("GCE_METADATA_HOST", "127.0.0.1:1");
        let begun = Instant::now();
        let fault = world.read().await.unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(6));
        assert_eq!(fault.exit(), Exit::Usage);
        assert_eq!(fault.to_string(), "no credentials for Google were found");
        let hints = fault.hints.join(" ");
        for way in [
            "gcloud auth application-default login",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE",
        ] {
            assert!(hints.contains(way), "{hints}");
        }
    });
}

#[test]
fn credentials_that_are_refused_say_why() {
    run(async {
        let (google, mut world) = world().await;
        let mut revoked = person(&google);
        revoked["refresh_token"] = json!("refresh-me-revoked");
        with_file(&mut world, &revoked);
        let fault = world.read().await.unwrap_err();
        assert_eq!(fault.exit(), Exit::Usage);
        assert!(fault.to_string().contains("answered 400 `invalid_grant`"), "{fault}");
        assert!(fault.hints[0].contains("gcloud auth application-default login"));
    });
}

#[test]
fn broken_files_are_named_without_what_they_hold() {
    run(async {
        let (_google, mut world) = world().await;
        for text in [
            "refresh-me is no JSON",
            "{}",
            r#"{"type": "authorized_user", "refresh_token": "refresh-me"}"#,
            r#"{"type": "authorized_user", "client_id": "refresh-me", "client_secret": {}, "refresh_token": "refresh-me"}"#,
            r#"{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----", "client_email": "a@b.c", "private_key_id": "refresh-me", "project_id": "demo"}"#,
            r#"{"type": "something_else", "key": "refresh-me"}"#,
        ] {
            let path = world.file("broken.json", text);
            world.set("GOOGLE_APPLICATION_CREDENTIALS", &path);
            let fault = world.read().await.unwrap_err();
            assert_eq!(fault.exit(), Exit::Usage);
            assert!(fault.to_string().contains("broken.json"), "{fault}");
        }
    });
}

#[test]
fn a_token_server_that_is_silent_is_left_after_five_seconds() {
    run(async {
        let (google, mut world) = world().await;
        google.fail(Matching::path("/token"), cloakrun_test_support::google::Fault::Silent, 10);
        with_file(&mut world, &person(&google));
        let begun = Instant::now();
        let fault = world.read().await.unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(7));
        assert!(fault.to_string().contains("within 5 seconds"), "{fault}");
    });
}

#[test]
fn gclouds_switch_turns_credentials_off() {
    run(async {
        let google = StandIn::start(Config::default()).await;
        demo(&google);
        let mut world = World::of(&google);
        world.set("CLOUDSDK_AUTH_DISABLE_CREDENTIALS", "1");
        let answers = world.read().await.unwrap();
        assert_eq!(answers.identity.kind, "nobody");
        assert!(google.calls().iter().all(|call| call.bearer.is_none()));
        assert!(!missing(&answers).is_empty());
    });
}
