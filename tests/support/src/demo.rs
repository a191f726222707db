//! A small shop to try cloakrun on: a realm on a real Keycloak and a project on the stand-in for Google's APIs, with mistakes of the usual
//! kinds between them.

use serde_json::{Value, json};

use crate::google::{Kind, StandIn};
use crate::keycloak::{Keycloak, Realm};

/// The realm.
pub const REALM: &str = "shop";
/// The project.
pub const PROJECT: &str = "shop-demo";
/// The client with whose service account cloakrun reads the realm.
pub const ACCOUNT: &str = "cloakrun";
/// What that service account needs of `realm-management`, as the README says.
pub const ROLES: [&str; 4] = ["view-clients", "view-realm", "view-users", "view-identity-providers"];

const NUMBER: &str = "418273645546";
const REGION: &str = "europe-west1";
/// The secret of client `storefront`, on both sides.
const STOREFRONT_SECRET: &str = "s7Wq3ZtVn1LxKc94mPbR2yHd";
/// The secret of client `back-office`, on both sides.
const BACK_OFFICE_SECRET: &str = "Jd82kQvX0rTfW5aYhG3nLzE7";

/// Makes the realm, which is deleted when it is dropped, and gives the secret of [`ACCOUNT`].
///
/// # Panics
/// When the server refuses something, such as a realm of this name that is already there.
pub fn realm(server: &Keycloak) -> (Realm<'_>, String) {
    let realm = server
        .import_realm(&json!({
            "realm": REALM,
            "displayName": "Corner Shop",
            "enabled": true,
            "eventsEnabled": true,
            "adminEventsEnabled": true,
            "clients": [storefront(), back_office(), {"clientId": "shop-api", "name": "Orders and stock", "bearerOnly": true}],
        }))
        .unwrap_or_else(|answer| panic!("creating realm {REALM}: {} {}", answer.status, answer.body));
    let secret = realm.service_account(ACCOUNT, &ROLES);
    (realm, secret)
}

/// Its redirect URI has the one URL of the service, the service's own setting the other; nothing puts `shop-api` into its tokens.
fn storefront() -> Value {
    let [_, by_hash] = urls("storefront");
    json!({
        "clientId": "storefront",
        "name": "Shop window",
        "secret": STOREFRONT_SECRET,
        "publicClient": false,
        "standardFlowEnabled": true,
        "directAccessGrantsEnabled": false,
        "redirectUris": [
            format!("{by_hash}/api/auth/callback/keycloak"),
            "http://localhost:3000/api/auth/callback/keycloak",
        ],
        "webOrigins": ["+"],
        "attributes": {"pkce.code.challenge.method": "S256", "post.logout.redirect.uris": "+"},
    })
}

/// A client without a mistake.
fn back_office() -> Value {
    let entries: Vec<String> =
        urls("back-office").iter().map(|url| format!("{url}/oauth2/callback")).collect();
    json!({
        "clientId": "back-office",
        "name": "Back office",
        "secret": BACK_OFFICE_SECRET,
        "publicClient": false,
        "standardFlowEnabled": true,
        "directAccessGrantsEnabled": false,
        "redirectUris": entries,
        "webOrigins": [],
        "attributes": {"pkce.code.challenge.method": "S256"},
        "protocolMappers": [{
            "name": "own audience",
            "protocol": "openid-connect",
            "protocolMapper": "oidc-audience-mapper",
            "config": {"included.client.audience": "back-office", "id.token.claim": "false", "access.token.claim": "true"},
        }],
    })
}

fn urls(service: &str) -> [String; 2] {
    crate::google::urls(PROJECT, NUMBER, REGION, service)
}

/// Puts the project in; its services log in at `keycloak`, a base URL.
pub fn project(google: &StandIn, keycloak: &str) {
    let issuer = format!("{keycloak}/realms/{REALM}");
    let [storefront, _] = urls("storefront");
    let [api, _] = urls("shop-api");
    google.put_project(PROJECT, NUMBER);
    google.put_secret(PROJECT, "storefront-keycloak", &[STOREFRONT_SECRET]);
    google.put_secret(PROJECT, "storefront-session", &["a-session-key-of-the-demo"]);
    google.put_secret(PROJECT, "back-office-keycloak", &[BACK_OFFICE_SECRET]);
    google.put_secret(PROJECT, "back-office-cookie", &["a-cookie-key-of-the-demo"]);
    serve(
        google,
        "storefront",
        "web/storefront:2.4",
        json!([
            {"name": "AUTH_URL", "value": storefront},
            secret("AUTH_SECRET", "storefront-session"),
            {"name": "AUTH_KEYCLOAK_ID", "value": "storefront"},
            secret("AUTH_KEYCLOAK_SECRET", "storefront-keycloak"),
            {"name": "AUTH_KEYCLOAK_ISSUER", "value": issuer},
            {"name": "SHOP_API_URL", "value": api},
        ]),
    );
    serve(
        google,
        "shop-api",
        "web/api:1.9",
        json!([
            {"name": "SPRING_SECURITY_OAUTH2_RESOURCESERVER_JWT_ISSUER_URI", "value": format!("{issuer}/")},
            {"name": "SPRING_SECURITY_OAUTH2_RESOURCESERVER_JWT_AUDIENCES", "value": "shop-api"},
        ]),
    );
    let [back_office, _] = urls("back-office");
    serve(
        google,
        "back-office",
        "oauth2-proxy/oauth2-proxy:v7.15.2",
        json!([
            {"name": "OAUTH2_PROXY_PROVIDER", "value": "keycloak-oidc"},
            {"name": "OAUTH2_PROXY_OIDC_ISSUER_URL", "value": issuer},
            {"name": "OAUTH2_PROXY_CLIENT_ID", "value": "back-office"},
            secret("OAUTH2_PROXY_CLIENT_SECRET", "back-office-keycloak"),
            secret("OAUTH2_PROXY_COOKIE_SECRET", "back-office-cookie"),
            {"name": "OAUTH2_PROXY_REDIRECT_URL", "value": format!("{back_office}/oauth2/callback")},
            {"name": "OAUTH2_PROXY_CODE_CHALLENGE_METHOD", "value": "S256"},
            {"name": "OAUTH2_PROXY_EMAIL_DOMAINS", "value": "*"},
            {"name": "OAUTH2_PROXY_UPSTREAMS", "value": "http://127.0.0.1:3000"},
        ]),
    );
    serve(google, "reports", "web/reports:0.3", json!([{"name": "REPORTS_BUCKET", "value": "shop-reports"}]));
    google.put_project_policy(
        PROJECT,
        json!({
            "bindings": [{"role": "roles/owner", "members": ["user:owner@shop.example.com"]}],
            "auditConfigs": [{"service": "secretmanager.googleapis.com", "auditLogConfigs": [{"logType": "DATA_READ"}]}],
        }),
    );
}

fn secret(variable: &str, secret: &str) -> Value {
    json!({"name": variable, "valueSource": {"secretKeyRef": {"secret": secret, "version": "latest"}}})
}

/// A service that everybody may call.
fn serve(google: &StandIn, name: &str, image: &str, env: Value) {
    let image = format!("{REGION}-docker.pkg.dev/{PROJECT}/{image}");
    google.put_service(
        PROJECT,
        REGION,
        name,
        json!({"template": {"containers": [{"image": image, "env": env}]}}),
    );
    let policy = json!({"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]});
    google.put_policy(Kind::Service, PROJECT, REGION, name, policy);
}

/// The variables that point cloakrun, and kcadm.sh and gcloud as far as they know them, at the two servers.
pub fn environment(keycloak: &str, secret: &str, google: &str) -> Vec<(String, String)> {
    let mut variables: Vec<(String, String)> = [
        ("CLOAKRUN_KEYCLOAK_URL", keycloak),
        ("CLOAKRUN_KEYCLOAK_LOGIN_REALM", REALM),
        ("CLOAKRUN_KEYCLOAK_CLIENT_ID", ACCOUNT),
        ("CLOAKRUN_KEYCLOAK_CLIENT_SECRET", secret),
        ("CLOUDSDK_AUTH_DISABLE_CREDENTIALS", "1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let apis = ["RUN", "SECRETMANAGER", "CLOUDRESOURCEMANAGER", "IAMCREDENTIALS"];
    variables
        .extend(apis.map(|api| (format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}"), format!("{google}/"))));
    variables.push(("NO_PROXY".to_owned(), "127.0.0.1".to_owned()));
    variables
}
