//! A shop with faults: a realm on a real server, and services on the stand-in.

use cloakrun_test_support::google::{Config, Kind, StandIn};
use cloakrun_test_support::keycloak::{Keycloak, Realm};
use serde_json::{Value, json};

use crate::world::{DOCUMENTED, World, google};

pub(crate) const PROJECT: &str = "shop-prod";
pub(crate) const NUMBER: &str = "123456789012";
pub(crate) const REGION: &str = "europe-west1";
/// Secrets that may be shown nowhere.
pub(crate) const WEB_SECRET: &str = "planted-secret-of-web";
pub(crate) const OLD_WEB_SECRET: &str = "planted-secret-of-web-before";
pub(crate) const ADMIN_SECRET: &str = "planted-secret-of-backoffice";

/// The shop.
pub(crate) struct Shop {
    pub(crate) realm: Realm<'static>,
    /// The secret of the account that may read all.
    account: String,
    pub(crate) google: StandIn,
}

/// The address of a service, by the project's number.
pub(crate) fn address(service: &str) -> String {
    format!("https://{service}-{NUMBER}.{REGION}.run.app")
}

impl Shop {
    /// Opens one on the server of a version.
    pub(crate) fn open(version: &str) -> Shop {
        let realm = Keycloak::server(version).realm("shop");
        let account = realm.service_account("cloakrun", &DOCUMENTED);
        let shop = Shop { realm, account, google: google(Config::default()) };
        shop.put_clients();
        shop.put_services(&shop.google);
        shop
    }

    /// Another stand-in with the same services, for runs side by side.
    pub(crate) fn another_google(&self) -> StandIn {
        let google = google(Config::default());
        self.put_services(&google);
        google
    }

    /// The issuer that the server tells.
    pub(crate) fn issuer(&self) -> String {
        format!("https://sso.shop.test/realms/{}", self.realm.name())
    }

    /// A world in which both sides are named by the environment.
    pub(crate) fn world(&self) -> World {
        let mut world = World::new();
        for secret in [WEB_SECRET, OLD_WEB_SECRET, ADMIN_SECRET] {
            world.keep_secret(secret);
        }
        let realm = &self.realm;
        world.keycloak(realm.server().base(), realm.name(), "cloakrun", &self.account);
        world.google(&self.google, PROJECT);
        world
    }

    /// Mends everything that is wrong.
    pub(crate) fn heal(&self) {
        let google = &self.google;
        self.realm.change(&json!({
            "adminEventsEnabled": true, "eventsExpiration": 2_592_000,
            "attributes": {"frontendUrl": "https://sso.shop.test", "adminEventsExpiration": "2592000"}}));
        let mut web = self.realm.client("web");
        web["redirectUris"] = json!([format!("{}/oauth2/callback", address("web"))]);
        self.realm.put_client("web", &web).expect_success("changing web");
        self.realm.create_client(&json!({
            "clientId": "shop", "publicClient": true, "fullScopeAllowed": false, "redirectUris": ["https://shop.example.com/callback"],
            "attributes": {"pkce.code.challenge.method": "S256"},
            "protocolMappers": [{
                "name": "orders", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
                "config": {"included.custom.audience": "orders-api", "access.token.claim": "true"}}]}));
        google.put_secret(PROJECT, "web-secret", &[WEB_SECRET]);
        for service in ["web", "backoffice"] {
            google.put_service(PROJECT, REGION, service, login(service, &self.issuer()));
        }
        let nobody = json!({"bindings": []});
        google.put_policy(Kind::Service, PROJECT, "us-central1", "reports", nobody);
        let everyone = json!({"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]});
        for service in ["web", "backoffice", "orders"] {
            google.put_policy(Kind::Service, PROJECT, REGION, service, everyone.clone());
        }
        let kinds = json!([{"logType": "ADMIN_READ"}, {"logType": "DATA_READ"}]);
        let logs = json!([{"service": "secretmanager.googleapis.com", "auditLogConfigs": kinds}]);
        google.put_project_policy(PROJECT, json!({"bindings": [], "auditConfigs": logs}));
    }

    fn put_clients(&self) {
        self.realm
            .change(&json!({"eventsEnabled": true, "attributes": {"frontendUrl": "https://sso.shop.test"}}));
        self.realm.create_client(&json!({
            "clientId": "web", "publicClient": false, "secret": WEB_SECRET, "fullScopeAllowed": false,
            "redirectUris": [format!("{}/oauth2/callback", address("gone")), format!("{}/oauth2/callbak", address("web"))],
            "attributes": {"pkce.code.challenge.method": "S256"}}));
        self.realm.create_client(&json!({
            "clientId": "backoffice", "publicClient": false, "secret": ADMIN_SECRET, "fullScopeAllowed": false,
            "redirectUris": [format!("{}/oauth2/callback", address("backoffice"))],
            "attributes": {"pkce.code.challenge.method": "S256"}}));
    }

    fn put_services(&self, google: &StandIn) {
        google.put_project(PROJECT, NUMBER);
        google.put_secret(PROJECT, "web-secret", &[OLD_WEB_SECRET]);
        google.put_secret(PROJECT, "backoffice-secret", &[ADMIN_SECRET]);
        google.put_service(PROJECT, REGION, "web", login("web", &self.issuer()));
        let wrong = self.issuer().replace("sso.shop.test/", "sso.shop.test/auth/");
        google.put_service(PROJECT, REGION, "backoffice", login("backoffice", &wrong));
        google.put_service(
            PROJECT,
            REGION,
            "orders",
            container(&[
                ("SPRING_SECURITY_OAUTH2_RESOURCESERVER_JWT_ISSUER_URI", json!(self.issuer())),
                ("SPRING_SECURITY_OAUTH2_RESOURCESERVER_JWT_AUDIENCES", json!("orders-api")),
            ]),
        );
        google.put_service(PROJECT, "us-central1", "reports", container(&[]));
        for (region, service) in [(REGION, "web"), (REGION, "backoffice"), ("us-central1", "reports")] {
            let everyone = json!({"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]});
            google.put_policy(Kind::Service, PROJECT, region, service, everyone);
        }
    }
}

/// A service that logs people in through a client of its name.
fn login(client: &str, issuer: &str) -> Value {
    container(&[
        ("OAUTH2_PROXY_PROVIDER", json!("oidc")),
        ("OAUTH2_PROXY_OIDC_ISSUER_URL", json!(issuer)),
        ("OAUTH2_PROXY_CLIENT_ID", json!(client)),
        ("OAUTH2_PROXY_CLIENT_SECRET", json!({"secret": format!("{client}-secret"), "version": "latest"})),
        ("OAUTH2_PROXY_REDIRECT_URL", json!(format!("{}/oauth2/callback", address(client)))),
        ("OAUTH2_PROXY_CODE_CHALLENGE_METHOD", json!("S256")),
    ])
}

/// A service of one container with these variables; an object names a secret.
fn container(variables: &[(&str, Value)]) -> Value {
    let variables: Vec<Value> = variables
        .iter()
        .map(|(name, value)| match value {
            Value::Object(_) => json!({"name": name, "valueSource": {"secretKeyRef": value}}),
            _ => json!({"name": name, "value": value}),
        })
        .collect();
    json!({"template": {
        "serviceAccount": "apps@shop-prod.iam.gserviceaccount.com",
        "containers": [{"image": "europe-docker.pkg.dev/shop-prod/apps/app:1", "env": variables}]}})
}
