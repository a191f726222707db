//! A small project to try things on.

use serde_json::json;

use super::{Kind, StandIn};

/// Fills a stand-in with the project `demo`: three services in two regions, a job, a secret, policies.
pub fn demo(google: &StandIn) {
    google.put_project("demo", "123456789012");
    google.put_secret("demo", "kc-secret", &["demo-secret-one", "demo-secret-two"]);
    google.put_service(
        "demo",
        "europe-west1",
        "web",
        json!({
            "labels": {"team": "shop"},
            "template": {
                "serviceAccount": "web@demo.iam.gserviceaccount.com",
                "containers": [{
                    "image": "europe-docker.pkg.dev/demo/apps/web:1",
                    "env": [
                        {"name": "OAUTH2_PROXY_OIDC_ISSUER_URL", "value": "https://sso.example.com/realms/shop"},
                        {"name": "OAUTH2_PROXY_CLIENT_ID", "value": "web"},
                        {"name": "OAUTH2_PROXY_CLIENT_SECRET", "valueSource": {"secretKeyRef": {"secret": "kc-secret", "version": "latest"}}},
                    ],
                }],
            },
        }),
    );
    google.put_service(
        "demo",
        "europe-west1",
        "api",
        json!({
            "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY",
            "customAudiences": ["https://api.example.com"],
            "template": {
                "containers": [{
                    "image": "europe-docker.pkg.dev/demo/apps/api:7",
                    "env": [{"name": "SPRING_SECURITY_OAUTH2_RESOURCESERVER_JWT_ISSUER_URI", "value": "https://sso.example.com/realms/shop"}],
                }],
            },
        }),
    );
    google.put_service(
        "demo",
        "us-central1",
        "reports",
        json!({"template": {"containers": [{"image": "us-docker.pkg.dev/demo/apps/reports:2"}]}}),
    );
    google.put_job(
        "demo",
        "europe-west1",
        "cleanup",
        json!({"template": {"template": {"containers": [{"image": "europe-docker.pkg.dev/demo/apps/cleanup:1"}]}}}),
    );
    google.put_policy(
        Kind::Service,
        "demo",
        "europe-west1",
        "web",
        json!({"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}),
    );
    google.put_project_policy(
        "demo",
        json!({
            "bindings": [
                {"role": "roles/owner", "members": ["user:owner@example.com"]},
                {"role": "roles/run.viewer", "members": ["serviceAccount:auditor@demo.iam.gserviceaccount.com"]},
            ],
            "auditConfigs": [{"service": "secretmanager.googleapis.com", "auditLogConfigs": [{"logType": "DATA_READ"}]}],
        }),
    );
    google.put_domain_mapping("demo", "europe-west1", "shop.example.com", "web");
}
