//! `check` with servers on both sides or on one.

use serde_json::{Value, json};

use crate::scene::{PROJECT, REGION, Shop, address};
use crate::world::{files, finding, findings};

/// The places of a finding: `keycloak ADDRESS FIELD = VALUE`.
fn places(finding: &Value) -> Vec<String> {
    let all = finding["places"].as_array().unwrap();
    all.iter()
        .map(|place| {
            let text = |key: &str| place[key].as_str().unwrap_or("nothing").to_owned();
            format!("{} {} {} = {}", text("side"), text("file"), text("field"), text("value"))
        })
        .collect()
}

const FINDINGS: [&str; 6] = [
    "error issuer-mismatch client backoffice service backoffice",
    "error audience-never-issued service orders",
    "error redirect-uri-missing client web service web",
    "error secret-mismatch client web service web",
    "warning events-off",
    "warning redirect-uri-stale client web",
];

#[test]
fn faults_on_both_sides_are_found_in_what_the_servers_tell() {
    let shop = Shop::open("26.7.3");
    let world = shop.world();
    let (said, report) = world.check(&["--read-secrets", "--skip-rule", "audit-logs-off"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let mut expected = FINDINGS.to_vec();
    expected.push("warning service-open service reports");
    expected.sort_unstable();
    let mut found = findings(&report);
    found.sort_unstable();
    assert_eq!(found, expected);

    let realm = format!("{}/admin/realms/{}", shop.realm.server().base(), shop.realm.name());
    let service = |region: &str, name: &str| format!("projects/{PROJECT}/locations/{region}/services/{name}");
    let web = service(REGION, "web");
    let missing = finding(&report, "redirect-uri-missing");
    assert_eq!(missing["subject"]["realm"], shop.realm.name());
    assert_eq!(
        places(missing),
        [
            format!("keycloak {realm}/clients/web redirectUris[1] = {}/oauth2/callbak", address("web")),
            format!(
                "cloud-run {web} template.containers[0].env[4].value = {}/oauth2/callback",
                address("web")
            ),
        ]
    );
    let secret = finding(&report, "secret-mismatch");
    assert!(secret["places"].as_array().unwrap().iter().all(|place| place["value"].is_null()), "{secret}");
    let stale = places(finding(&report, "redirect-uri-stale"));
    assert_eq!(
        stale,
        [
            format!("keycloak {realm}/clients/web redirectUris[0] = {}/oauth2/callback", address("gone")),
            format!("cloud-run projects/{PROJECT} regions = {REGION}, us-central1"),
        ]
    );
    let open = places(finding(&report, "service-open"));
    assert!(
        open[0].starts_with(&format!("cloud-run {} iamPolicy", service("us-central1", "reports"))),
        "{open:?}"
    );
    // The lines of both sides stand on standard error and name servers, not files.
    assert!(
        said.err.contains(&format!("projects/{PROJECT}: service backoffice, service orders")),
        "{}",
        said.err
    );

    // Without payloads the question stays open; with `--fail-on never` and nothing else open the run is clean.
    let (said, report) = world.check(&["--rule", "secret-mismatch"]);
    assert_eq!(said.code, 0, "payloads were not asked for, so their lack fails nothing: {}", said.err);
    assert_eq!(report["undecided"].as_array().unwrap().len(), 2);
    let (said, _) = world.check(&["--read-secrets", "--rule", "secret-mismatch", "--fail-on", "never"]);
    assert_eq!(said.code, 0);
}

#[test]
fn a_healed_shop_is_clean_and_the_table_fits_its_reader() {
    let shop = Shop::open("24.0.5");
    let world = shop.world();
    let table = world.run(&["check", "--read-secrets"]);
    assert_eq!(table.code, 1);
    for line in table.out.lines() {
        let is_text = line.split_whitespace().count() > 1;
        assert!(!is_text || line.chars().count() <= 80, "a line of the table is too wide: {line}");
    }
    assert!(table.out.contains("Looked at 1 realm with "), "{}", table.out);
    shop.heal();
    let (said, report) = world.check(&["--read-secrets"]);
    assert_eq!((said.code, findings(&report)), (0, Vec::new()), "{}", said.err);
    assert_eq!(report["undecided"], json!([]));
    // Nothing was written anywhere but where it belongs.
    assert_eq!(files(&world.work()), Default::default());
}

#[test]
fn one_side_may_be_files() {
    let shop = Shop::open("26.7.3");
    let mut world = shop.world();
    let (_, whole) = world.check(&["--rule", "redirect-uri-missing,issuer-mismatch"]);

    // Services from files: what the same project would be deployed from.
    let service = |name: &str, issuer: &str| {
        format!(
            "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: '{}'\n  labels:\n    \
             cloud.googleapis.com/location: {REGION}\nspec:\n  template:\n    spec:\n      containers:\n      - image: example.com/app\n        env:\n        \
             - name: OAUTH2_PROXY_PROVIDER\n          value: oidc\n        - name: OAUTH2_PROXY_OIDC_ISSUER_URL\n          value: {issuer}\n        \
             - name: OAUTH2_PROXY_CLIENT_ID\n          value: {name}\n        - name: OAUTH2_PROXY_REDIRECT_URL\n          value: {}/oauth2/callback\n",
            crate::scene::NUMBER,
            address(name)
        )
    };
    let wrong = shop.issuer().replace("sso.shop.test/", "sso.shop.test/auth/");
    world.work_file("deploy/web.yaml", &service("web", &shop.issuer()));
    world.work_file("deploy/backoffice.yaml", &service("backoffice", &wrong));
    world.unset("CLOAKRUN_PROJECT");
    let (said, mixed) = world.check(&["deploy", "--rule", "redirect-uri-missing,issuer-mismatch"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert_eq!(findings(&mixed), findings(&whole));
    assert_eq!(finding(&mixed, "redirect-uri-missing")["places"][1]["file"], "deploy/web.yaml");

    // The realm from a file, the services live.
    let realm = shop.realm.admin(reqwest::Method::POST, "/partial-export?exportClients=true", None).json();
    world.work_file("realm.json", &serde_json::to_string_pretty(&realm).unwrap());
    world.unset("CLOAKRUN_KEYCLOAK_URL");
    let (said, mixed) =
        world.check(&["realm.json", "--project", PROJECT, "--rule", "redirect-uri-missing,issuer-mismatch"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert_eq!(findings(&mixed), findings(&whole));
    assert_eq!(finding(&mixed, "redirect-uri-missing")["places"][0]["file"], "realm.json");
}

#[test]
fn names_that_people_already_have_are_enough() {
    let shop = Shop::open("26.7.3");
    let server = shop.realm.server().base().to_owned();
    let realm = shop.realm.name().to_owned();
    let mut world = shop.world();
    let secret = "cloakrun-secret";
    let (_, expected) = world.check(&["--rule", "redirect-uri-missing"]);
    for name in ["URL", "LOGIN_REALM", "CLIENT_ID", "CLIENT_SECRET"] {
        world.unset(&format!("CLOAKRUN_KEYCLOAK_{name}"));
    }
    world.unset("CLOAKRUN_PROJECT");
    // gcloud's configuration file, and the names of Terraform's provider; a directory without files.
    world.file(
        ".config/gcloud/configurations/config_work",
        &format!("[core]\nproject = {PROJECT}\n[run]\nregion = {REGION}\n"),
    );
    world.file(".config/gcloud/active_config", "work");
    world
        .set("KEYCLOAK_URL", &server)
        .set("KEYCLOAK_REALM", &realm)
        .set("KEYCLOAK_CLIENT_ID", "cloakrun")
        .set("KEYCLOAK_CLIENT_SECRET", secret);
    let (said, report) = world.check(&["--rule", "redirect-uri-missing"]);
    assert_eq!(findings(&report), findings(&expected), "{}", said.err);
    assert!(
        said.err.contains(
            "Nothing here to read; reading the Keycloak and the project that the environment names."
        ),
        "{}",
        said.err
    );
    assert!(said.err.contains(&format!("Only the realm `{realm}` is read")), "{}", said.err);

    // Those of keycloak-config-cli.
    for name in ["KEYCLOAK_REALM", "KEYCLOAK_CLIENT_ID", "KEYCLOAK_CLIENT_SECRET"] {
        world.unset(name);
    }
    world
        .set("KEYCLOAK_LOGINREALM", &realm)
        .set("KEYCLOAK_CLIENTID", "cloakrun")
        .set("KEYCLOAK_CLIENTSECRET", secret)
        .set("KEYCLOAK_GRANTTYPE", "client_credentials");
    let (said, report) = world.check(&["--realm", &realm, "--rule", "redirect-uri-missing"]);
    assert_eq!(findings(&report), findings(&expected), "{}", said.err);
}
