//! gcloud as judge: its commands must succeed against the stand-in, and do there what they say.

use cloakrun_test_support::google::{Config, Kind};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::children;
use crate::discovery::Judged;

struct Gcloud<'a> {
    google: &'a Judged,
    home: TempDir,
}

impl Gcloud<'_> {
    async fn try_run(&self, arguments: &[&str]) -> (bool, String, String) {
        let mut command = children::command("gcloud", self.home.path());
        let url = self.google.url();
        command
            .args(arguments)
            .env("CLOUDSDK_CONFIG", self.home.path().join("gcloud"))
            .env("CLOUDSDK_CORE_PROJECT", "demo")
            .env("CLOUDSDK_CORE_DISABLE_PROMPTS", "1")
            .env("CLOUDSDK_CORE_DISABLE_USAGE_REPORTING", "true")
            .env("CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK", "true")
            .env("CLOUDSDK_AUTH_DISABLE_CREDENTIALS", "1")
            // gcloud writes the region in front of the host, a name that nothing resolves: the stand-in is the proxy too.
            // What goes by no proxy is matched by the end of the name, so that must not be said of 127.0.0.1.
            .env_remove("NO_PROXY")
            .env("HTTP_PROXY", &url);
        for api in ["RUN", "SECRETMANAGER", "CLOUDRESOURCEMANAGER", "IAM"] {
            command.env(format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}"), format!("{url}/"));
        }
        children::run(command, self.home.path()).await
    }

    async fn run(&self, arguments: &[&str]) -> String {
        let (success, output, errors) = self.try_run(arguments).await;
        assert!(success, "gcloud {} failed:\n{output}\n{errors}", arguments.join(" "));
        output
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--format=json"]].concat()).await;
        serde_json::from_str(&output).unwrap_or_else(|error| panic!("{error}: {output}"))
    }
}

#[tokio::test]
async fn gcloud_is_satisfied() {
    if !children::exists("gcloud") {
        eprintln!("skipped: gcloud is not installed, so it does not judge the stand-in for Google's APIs");
        return;
    }
    let google = Judged::demo(Config { polls_until_done: 1, ..Config::default() }).await;
    let gcloud = Gcloud { google: &google, home: TempDir::new().unwrap() };
    let web = || google.get(Kind::Service, "demo", "europe-west1", "web").unwrap();
    let region = "--region=europe-west1";

    let all = gcloud.json(&["run", "services", "list"]).await;
    let mut names: Vec<&str> =
        all.as_array().unwrap().iter().map(|service| service["metadata"]["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["api", "reports", "web"]);
    assert_eq!(gcloud.json(&["run", "services", "list", region]).await.as_array().unwrap().len(), 2);

    let before = web();
    let updated = gcloud
        .try_run(&[
            "run",
            "services",
            "update",
            "web",
            region,
            "--update-env-vars=K=v",
            "--update-secrets=S=kc-secret:latest",
        ])
        .await;
    assert!(updated.0, "{}", updated.2);
    assert!(
        updated.2.contains("https://web-123456789012.europe-west1.run.app"),
        "the first of the URLs is printed: {}",
        updated.2
    );
    let after = web();
    let env = after["template"]["containers"][0]["env"].as_array().unwrap();
    assert_eq!(env.len(), 5);
    assert!(env.contains(&json!({"name": "K", "value": "v"})));
    assert!(env.contains(
        &json!({"name": "S", "valueSource": {"secretKeyRef": {"secret": "kc-secret", "version": "latest"}}})
    ));
    assert_ne!(after["latestReadyRevision"], before["latestReadyRevision"]);
    assert_eq!(
        (&after["uid"], &after["labels"], &after["template"]["serviceAccount"]),
        (&before["uid"], &before["labels"], &before["template"]["serviceAccount"])
    );

    gcloud.run(&["run", "services", "update", "web", region, "--add-custom-audiences=https://x"]).await;
    assert_eq!(web()["customAudiences"], json!(["https://x"]));

    let exported = gcloud.run(&["run", "services", "describe", "web", region, "--format=export"]).await;
    let changed = exported.replace("value: v\n", "value: w\n");
    assert_ne!(changed, exported);
    let file = gcloud.home.path().join("web.yaml");
    std::fs::write(&file, changed).unwrap();
    let file = file.to_str().unwrap().to_owned();
    let before = web();
    gcloud.run(&["run", "services", "replace", &file, region, "--dry-run"]).await;
    assert_eq!(web(), before, "only a rehearsal");
    gcloud.run(&["run", "services", "replace", &file, region]).await;
    assert!(
        web()["template"]["containers"][0]["env"]
            .as_array()
            .unwrap()
            .contains(&json!({"name": "K", "value": "w"}))
    );

    let policy = gcloud.json(&["run", "services", "get-iam-policy", "web", region]).await;
    assert_eq!(policy["bindings"], json!([{"role": "roles/run.invoker", "members": ["allUsers"]}]));
    let member = "serviceAccount:a@demo.iam.gserviceaccount.com";
    gcloud
        .run(&[
            "run",
            "services",
            "add-iam-policy-binding",
            "web",
            region,
            &format!("--member={member}"),
            "--role=roles/run.invoker",
        ])
        .await;
    let policy = google.policy(Kind::Service, "demo", "europe-west1", "web").unwrap();
    assert_eq!(policy["bindings"][0]["members"], json!(["allUsers", member]));

    let revisions = gcloud.json(&["run", "revisions", "list", "--service=web", region]).await;
    assert_eq!(
        revisions.as_array().unwrap().len(),
        google.revisions(Kind::Service, "demo", "europe-west1", "web").len()
    );

    let secrets = gcloud.json(&["secrets", "list"]).await;
    assert_eq!(secrets[0]["name"], "projects/123456789012/secrets/kc-secret");
    assert_eq!(gcloud.json(&["secrets", "versions", "list", "kc-secret"]).await.as_array().unwrap().len(), 2);
    assert_eq!(
        gcloud.run(&["secrets", "versions", "access", "latest", "--secret=kc-secret"]).await,
        "demo-secret-two"
    );
    gcloud.run(&["secrets", "versions", "disable", "2", "--secret=kc-secret"]).await;
    assert_eq!(google.versions("demo", "kc-secret")[1]["state"], "DISABLED");
    let (success, _, errors) =
        gcloud.try_run(&["secrets", "versions", "access", "latest", "--secret=kc-secret"]).await;
    assert!(!success && errors.contains("is in DISABLED state"), "{errors}");

    let policy = gcloud.json(&["projects", "get-iam-policy", "demo"]).await;
    assert_eq!(policy["auditConfigs"][0]["service"], "secretmanager.googleapis.com");
}
