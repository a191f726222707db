//! Google's Rust clients, which cloakrun uses itself, against the stand-in.

use std::time::Duration;

use cloakrun_test_support::google::{Config, Kind};
use google_cloud_auth::credentials::{
    Credentials, anonymous, external_account, impersonated, mds, user_account,
};
use google_cloud_gax::error::rpc::Code;
use google_cloud_gax::exponential_backoff::ExponentialBackoffBuilder;
use google_cloud_gax::options::RequestOptionsBuilder;
use google_cloud_gax::paginator::ItemPaginator as _;
use google_cloud_lro::Poller as _;
use google_cloud_run::client::Services;
use google_cloud_run::model::{EnvVar, IngressTraffic};
use google_cloud_secretmanager_v1::client::SecretManagerService;
use google_cloud_wkt::FieldMask;
use serde_json::json;

use crate::discovery::Judged;
use crate::install_provider;

const PARENT: &str = "projects/demo/locations/europe-west1";

async fn services(google: &Judged) -> Services {
    install_provider();
    Services::builder()
        .with_endpoint(google.url())
        .with_credentials(anonymous::Builder::new().build())
        .build()
        .await
        .unwrap()
}

#[tokio::test]
async fn the_rust_client_reads_and_changes_services() {
    let google = Judged::demo(Config { polls_until_done: 1, ..Config::default() }).await;
    for n in 0..4 {
        google.put_service("demo", "europe-west1", &format!("more-{n}"), json!({}));
    }
    let client = services(&google).await;
    let mut listed = client.list_services().set_parent(PARENT).set_page_size(2).by_item();
    let mut names = Vec::new();
    while let Some(service) = listed.next().await {
        names.push(service.unwrap().name.rsplit('/').next().unwrap().to_owned());
    }
    assert_eq!(names, ["more-3", "more-2", "more-1", "more-0", "api", "web"]);
    let mut web = client.get_service().set_name(format!("{PARENT}/services/web")).send().await.unwrap();
    assert_eq!(web.ingress, IngressTraffic::All);
    let stale = web.clone();
    web.template.as_mut().unwrap().containers[0].env.push(EnvVar::new().set_name("RUST").set_value("yes"));
    let backoff = ExponentialBackoffBuilder::new()
        .with_initial_delay(Duration::from_millis(20))
        .with_maximum_delay(Duration::from_millis(100))
        .build()
        .unwrap();
    let changed = client
        .update_service()
        .set_service(web)
        .set_update_mask(FieldMask::default().set_paths(["template.containers"]))
        .with_polling_backoff_policy(backoff)
        .poller()
        .until_done()
        .await
        .unwrap();
    assert_eq!(changed.generation, 2);
    assert_eq!(changed.latest_ready_revision, changed.latest_created_revision);
    assert_eq!(
        google.get(Kind::Service, "demo", "europe-west1", "web").unwrap()["template"]["containers"][0]["env"]
            [3]["name"],
        "RUST"
    );
    let refused = client.update_service().set_service(stale).send().await.unwrap_err();
    assert_eq!(
        (refused.http_status_code(), refused.status().map(|status| status.code)),
        (Some(409), Some(Code::Aborted))
    );
    let missing = client.get_service().set_name(format!("{PARENT}/services/nope")).send().await.unwrap_err();
    assert_eq!(missing.status().map(|status| status.code), Some(Code::NotFound));
}

#[tokio::test]
async fn the_rust_client_sees_a_change_fail() {
    let google = Judged::demo(Config { polls_until_done: 0, ..Config::default() }).await;
    google.fail_next_change(
        &format!("{PARENT}/services/web"),
        13,
        "Revision 'web-00002-abc' is not ready and cannot serve traffic.",
    );
    let client = services(&google).await;
    let mut web = client.get_service().set_name(format!("{PARENT}/services/web")).send().await.unwrap();
    web.template.as_mut().unwrap().containers[0].image = "example.com/broken".into();
    let failed = client.update_service().set_service(web).poller().until_done().await.unwrap_err();
    assert_eq!(
        (failed.http_status_code(), failed.status().map(|status| status.code)),
        (None, Some(Code::Internal)),
        "{failed}"
    );
}

#[tokio::test]
async fn the_rust_client_reads_policies_and_secrets() {
    let google = Judged::demo(Config::default()).await;
    let client = services(&google).await;
    let policy = client.get_iam_policy().set_resource(format!("{PARENT}/services/web")).send().await.unwrap();
    assert_eq!(policy.bindings[0].members, ["allUsers"]);
    let secrets = SecretManagerService::builder()
        .with_endpoint(google.url())
        .with_credentials(anonymous::Builder::new().build())
        .build()
        .await
        .unwrap();
    let accessed = secrets
        .access_secret_version()
        .set_name("projects/demo/secrets/kc-secret/versions/latest")
        .send()
        .await
        .unwrap();
    let payload = accessed.payload.unwrap();
    assert_eq!(
        (&payload.data[..], payload.data_crc32c),
        (&b"demo-secret-two"[..], Some(i64::from(crc32c::crc32c(b"demo-secret-two"))))
    );
    let versions = secrets
        .list_secret_versions()
        .set_parent("projects/demo/secrets/kc-secret")
        .set_filter("state:ENABLED")
        .send()
        .await
        .unwrap();
    assert_eq!(versions.versions.len(), 2);
}

/// The account whose token a client with these credentials sent.
async fn accepted(google: &Judged, credentials: Credentials) -> bool {
    let client =
        Services::builder().with_endpoint(google.url()).with_credentials(credentials).build().await.unwrap();
    client.list_services().set_parent(PARENT).send().await.is_ok()
}

#[tokio::test]
async fn the_rust_credentials_get_their_tokens() {
    install_provider();
    let google = Judged::demo(Config::default()).await;
    google.require_token();
    google.accept_refresh_token("refresh", "user@example.com");
    google.accept_subject_token("subject", "principal://example");
    google.allow_impersonation("user@example.com", "auditor@demo.iam.gserviceaccount.com");
    google.serve_metadata("runner@demo.iam.gserviceaccount.com");
    assert!(!accepted(&google, anonymous::Builder::new().build()).await);
    let user = json!({"type": "authorized_user", "client_id": "id", "client_secret": "secret", "refresh_token": "refresh", "token_uri": format!("{}/token", google.url())});
    assert!(accepted(&google, user_account::Builder::new(user.clone()).build().unwrap()).await);
    let acting = json!({
        "type": "impersonated_service_account", "source_credentials": user,
        "service_account_impersonation_url": format!("{}/v1/projects/-/serviceAccounts/auditor@demo.iam.gserviceaccount.com:generateAccessToken", google.url()),
    });
    assert!(accepted(&google, impersonated::Builder::new(acting).build().unwrap()).await);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("subject");
    std::fs::write(&file, "subject").unwrap();
    let external = json!({
        "type": "external_account", "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": format!("{}/v1/token", google.url()),
        "credential_source": {"file": file},
    });
    assert!(accepted(&google, external_account::Builder::new(external).build().unwrap()).await);
    assert!(accepted(&google, mds::Builder::default().with_endpoint(google.url()).build().unwrap()).await);
}
