//! Tokens: asked for, given, expired.

use cloakrun_test_support::google::Config;
use serde_json::{Value, json};

use crate::client;
use crate::discovery::Judged;

const SERVICES: &str = "/v2/projects/demo/locations/europe-west1/services";

async fn with(google: &Judged, token: Option<&str>) -> (u16, Value) {
    let mut request = client().get(format!("{}{SERVICES}", google.url()));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn form(google: &Judged, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
    let response = client().post(format!("{}{path}", google.url())).form(fields).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_call_needs_a_good_token_where_one_is_asked_for() {
    let google = Judged::demo(Config::default()).await;
    assert_eq!(with(&google, None).await.0, 200);
    google.require_token();
    google.accept_token("good", "auditor@demo.iam.gserviceaccount.com");
    let reason = |body: &Value| body["error"]["details"][0]["reason"].as_str().map(str::to_owned);
    let (status, missing) = with(&google, None).await;
    assert_eq!((status, reason(&missing).as_deref()), (401, Some("CREDENTIALS_MISSING")));
    let (status, wrong) = with(&google, Some("bad")).await;
    assert_eq!((status, reason(&wrong).as_deref()), (401, Some("ACCESS_TOKEN_TYPE_UNSUPPORTED")));
    assert_eq!(with(&google, Some("good")).await.0, 200);
    google.expire_tokens();
    let (status, expired) = with(&google, Some("good")).await;
    assert_eq!((status, reason(&expired).as_deref()), (401, Some("ACCESS_TOKEN_EXPIRED")));
    assert!(!format!("{:?}", google.calls()).contains("good"), "tokens are not shown");
}

#[tokio::test]
async fn tokens_come_from_all_sources() {
    let google = Judged::demo(Config::default()).await;
    google.require_token();
    google.accept_refresh_token("refresh", "user@example.com");
    google.accept_subject_token("subject", "principal://example");
    google.allow_impersonation("user@example.com", "auditor@demo.iam.gserviceaccount.com");
    let grant = [
        ("grant_type", "refresh_token"),
        ("client_id", "id"),
        ("client_secret", "secret"),
        ("refresh_token", "refresh"),
    ];
    let (status, user) = form(&google, "/token", &grant).await;
    assert_eq!((status, user["token_type"].as_str()), (200, Some("Bearer")));
    let user = user["access_token"].as_str().unwrap().to_owned();
    assert_eq!(with(&google, Some(&user)).await.0, 200);
    let (status, refused) = form(
        &google,
        "/token",
        &[
            ("grant_type", "refresh_token"),
            ("client_id", "id"),
            ("client_secret", "s"),
            ("refresh_token", "old"),
        ],
    )
    .await;
    assert_eq!((status, refused["error"].as_str()), (400, Some("invalid_grant")));
    let exchange = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("audience", "//iam.googleapis.com/x"),
        ("subject_token", "subject"),
    ];
    let (status, exchanged) = form(&google, "/v1/token", &exchange).await;
    assert_eq!(
        (status, exchanged["issued_token_type"].as_str()),
        (200, Some("urn:ietf:params:oauth:token-type:access_token"))
    );
    let act = |token: String, account: &str| {
        let url = format!("{}/v1/projects/-/serviceAccounts/{account}:generateAccessToken", google.url());
        let body = json!({"scope": ["https://www.googleapis.com/auth/cloud-platform"], "lifetime": "3600s"});
        async move {
            let response = client().post(url).bearer_auth(token).json(&body).send().await.unwrap();
            (response.status().as_u16(), response.json::<Value>().await.unwrap())
        }
    };
    let (status, acting) = act(user.clone(), "auditor@demo.iam.gserviceaccount.com").await;
    assert_eq!(status, 200, "{acting}");
    assert_eq!(with(&google, acting["accessToken"].as_str()).await.0, 200);
    assert_eq!(act(user, "other@demo.iam.gserviceaccount.com").await.0, 403);
    assert_eq!(act("bad".into(), "auditor@demo.iam.gserviceaccount.com").await.0, 401);
}

#[tokio::test]
async fn the_metadata_server_wants_its_header() {
    let google = Judged::demo(Config::default()).await;
    let path = "/computeMetadata/v1/instance/service-accounts/default/token?scopes=https://www.googleapis.com/auth/cloud-platform";
    let plain = || client().get(format!("{}{path}", google.url()));
    assert_eq!(plain().header("metadata-flavor", "Google").send().await.unwrap().status().as_u16(), 404);
    google.serve_metadata("runner@demo.iam.gserviceaccount.com");
    assert_eq!(plain().send().await.unwrap().status().as_u16(), 403);
    let response = plain().header("metadata-flavor", "Google").send().await.unwrap();
    assert_eq!(response.headers()["metadata-flavor"], "Google");
    google.require_token();
    let token: Value = response.json().await.unwrap();
    assert_eq!(with(&google, token["access_token"].as_str()).await.0, 200);
    let project = client()
        .get(format!("{}/computeMetadata/v1/project/project-id", google.url()))
        .header("metadata-flavor", "Google")
        .send()
        .await
        .unwrap();
    assert_eq!(project.text().await.unwrap(), "demo");
}
