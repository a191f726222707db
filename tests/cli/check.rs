//! `check`, from files to exit code.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::{cloakrun, directory, run, said};

/// A realm with one client, and a service that names another one.
pub(crate) const REALM: &str = r#"{
  "realm": "shop",
  "enabled": true,
  "keycloakVersion": "26.7.3",
  "clients": [
    {
      "clientId": "web",
      "enabled": true,
      "secret": "tZ8kPq2mVx4R",
      "redirectUris": ["https://web-123456789012.europe-west1.run.app/oauth2/callback"],
      "attributes": {"pkce.code.challenge.method": "S256"}
    }
  ]
}
"#;

/// A service that logs in as `webb`, which the realm does not have.
pub(crate) const SERVICE: &str = r#"apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: web
  namespace: "123456789012"
  labels:
    cloud.googleapis.com/location: europe-west1
  annotations:
    run.googleapis.com/urls: '["https://web-123456789012.europe-west1.run.app"]'
spec:
  template:
    spec:
      containers:
      - image: quay.io/oauth2-proxy/oauth2-proxy:v7.7.1
        env:
        - name: OAUTH2_PROXY_PROVIDER
          value: keycloak-oidc
        - name: OAUTH2_PROXY_OIDC_ISSUER_URL
          value: https://sso.example.com/realms/shop
        - name: OAUTH2_PROXY_CLIENT_ID
          value: webb
        - name: OAUTH2_PROXY_REDIRECT_URL
          value: https://web-123456789012.europe-west1.run.app/oauth2/callback
"#;

fn pair() -> tempfile::TempDir {
    directory(&[("keycloak/realm.json", REALM), ("deploy/web.yaml", SERVICE)])
}

#[test]
fn a_wrong_client_id_is_an_error_in_every_format() {
    let directory = pair();
    for format in ["table", "full", "concise", "json"] {
        let said = run(directory.path(), &["check", "--format", format, "--rule", "client-unknown"]);
        assert_eq!(said.code, 1, "{format}: {}{}", said.out, said.err);
        assert!(said.out.contains("deploy/web.yaml") && said.out.contains("webb"), "{format}: {}", said.out);
        assert!(said.err.contains("keycloak/realm.json: realm shop with 1 client"), "{}", said.err);
        assert!(!said.out.contains('\u{1b}') && !said.err.contains('\u{1b}'), "{format}");
    }
}

#[test]
fn concise_has_one_line_per_finding() {
    let directory = pair();
    let said = run(directory.path(), &["check", "-q", "-f", "concise", "--rule", "client-unknown"]);
    assert_eq!((said.out.lines().count(), said.err.as_str()), (1, ""));
    assert!(said.out.starts_with("deploy/web.yaml:21:18: error[client-unknown] "), "{}", said.out);
}

#[test]
fn full_quotes_both_sides() {
    let directory = pair();
    let said = run(directory.path(), &["check", "-q", "-f", "full", "--rule", "client-unknown"]);
    for line in [
        "error[client-unknown]",
        "--> deploy/web.yaml:21:18",
        "21 |           value: webb",
        "::: keycloak/realm.json:7:19",
    ] {
        assert!(said.out.contains(line), "{line} is missing in\n{}", said.out);
    }
}

#[test]
fn secrets_appear_nowhere() {
    let directory = pair();
    for format in ["table", "full", "concise", "json"] {
        let said = run(directory.path(), &["check", "-v", "--format", format]);
        assert!(!said.out.contains("tZ8kPq2mVx4R") && !said.err.contains("tZ8kPq2mVx4R"), "{format}");
    }
}

#[test]
fn nothing_to_look_at_is_no_success() {
    let directory = directory(&[("notes.txt", "nothing of ours")]);
    let said = run(directory.path(), &["check"]);
    assert_eq!(said.code, 3);
    assert!(said.out.contains("Neither a Keycloak realm nor a Cloud Run service was found."), "{}", said.out);
    assert!(said.out.contains("\n  gcloud run services list "), "what to do: {}", said.out);
    assert_eq!(run(directory.path(), &["check", "--allow-partial"]).code, 0);
}

#[test]
fn one_side_alone_is_judged_and_incomplete() {
    let directory = directory(&[("web.yaml", SERVICE)]);
    let said = run(directory.path(), &["check"]);
    assert_eq!(said.code, 3);
    assert!(
        said.out.contains("No realm found; 1 service names realm `shop` at sso.example.com."),
        "{}",
        said.out
    );
    assert!(said.out.contains("kc.sh export --realm shop"), "the next command: {}", said.out);
    // The other way reads the same again beside the server.
    let live = "cloakrun check web.yaml --keycloak-url https://sso.example.com --realm shop";
    let said = run(directory.path(), &["check", "web.yaml"]);
    assert_eq!(said.out.contains(live), cfg!(feature = "live"), "{}", said.out);
}

#[test]
fn a_broken_file_is_told_with_its_place_and_the_others_are_checked() {
    let directory = directory(&[
        ("realm.json", REALM),
        ("web.yaml", SERVICE),
        ("broken.yaml", "apiVersion: serving.knative.dev/v1\nkind: Service\nspec:\n  - a\n  b: c\n"),
    ]);
    let said = run(directory.path(), &["check", "--skip-rule", "client-unknown"]);
    assert_eq!(said.code, 3, "{}", said.out);
    assert!(said.out.contains("broken.yaml:5:3: "), "{}", said.out);
    assert!(said.out.contains("Looked at 1 realm with 1 client, 1 service"), "{}", said.out);
    let machine = run(directory.path(), &["check", "-q", "-f", "json", "--skip-rule", "client-unknown"]);
    assert!(machine.err.starts_with("warning: broken.yaml:5:3: "), "{}", machine.err);
}

#[test]
fn a_named_path_that_is_not_there_is_an_error_of_usage() {
    let directory = pair();
    let said = run(directory.path(), &["check", "nothere.json"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert_eq!(said.err, "error: nothere.json: There is no such file or directory.\n");
    let said = run(directory.path(), &["check", "keycloak", "nothere.json"]);
    assert_eq!(said.code, 2);
    assert!(said.out.contains("nothere.json: There is no such file or directory."), "{}", said.out);
}

#[test]
fn standard_input_is_read_where_a_dash_stands() {
    let directory = directory(&[("web.yaml", SERVICE)]);
    let mut command = cloakrun(directory.path());
    let said = said(
        command
            .args(["check", "-f", "concise", "-", "web.yaml", "--rule", "client-unknown"])
            .write_stdin(REALM),
    );
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("<stdin>: realm shop with 1 client"), "{}", said.err);
}

#[test]
fn names_that_nothing_has_are_errors_with_a_suggestion() {
    let directory = pair();
    for (args, wrong, hint) in [
        (
            ["check", "--rule", "client-unknwon"],
            "there is no rule `client-unknwon`.",
            "Did you mean `client-unknown`?",
        ),
        (["check", "--skip-rule", "client-unknwon"], "there is no rule", "`cloakrun rules` lists them all."),
        (["check", "--client", "wbe"], "no client `wbe` is in what was read.", "Did you mean `web`?"),
        (["check", "--service", "wbe"], "no service `wbe` is in what was read.", "Did you mean `web`?"),
        (["check", "--realm", "shpo"], "no realm `shpo` is in what was read.", "Did you mean `shop`?"),
        (["check", "--keycloak-version", "new"], "\"new\" is not a Keycloak version", ""),
    ] {
        let said = run(directory.path(), &args);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{args:?}");
        assert!(said.err.contains(wrong) && said.err.contains(hint), "{args:?}: {}", said.err);
    }
}

#[test]
fn selection_and_thresholds_decide_what_counts() {
    let directory = pair();
    let code = |args: &[&str]| {
        let all: Vec<&str> =
            ["check", "-q", "--rule", "client-unknown"].iter().chain(args).copied().collect();
        run(directory.path(), &all).code
    };
    assert_eq!(code(&[]), 1);
    assert_eq!(code(&["--service", "web"]), 1);
    assert_eq!(code(&["--fail-on", "never"]), 0);
    assert_eq!(code(&["--fail-on", "warning"]), 1);
}

#[test]
fn options_can_come_from_the_environment_and_flags_beat_it() {
    let directory = pair();
    let args = ["check", "-q", "--rule", "client-unknown"];
    let never = said(cloakrun(directory.path()).args(args).env("CLOAKRUN_FAIL_ON", "never"));
    assert_eq!(never.code, 0);
    let mut command = cloakrun(directory.path());
    let beaten = said(command.args(args).args(["--fail-on", "error"]).env("CLOAKRUN_FAIL_ON", "never"));
    assert_eq!(beaten.code, 1);
    let concise = said(cloakrun(directory.path()).args(args).env("CLOAKRUN_FORMAT", "concise"));
    assert!(concise.out.starts_with("deploy/web.yaml:21:18:"), "{}", concise.out);
}

#[test]
fn tables_fit_sixty_columns_and_values_stay_whole() {
    let directory = pair();
    for format in ["table", "full"] {
        let mut command = cloakrun(directory.path());
        let said = said(
            command.args(["check", "-q", "-f", format, "--rule", "client-unknown"]).env("COLUMNS", "60"),
        );
        for line in said.out.lines() {
            assert!(line.chars().count() <= 60, "{format}: {line}");
        }
        assert!(said.out.lines().any(|line| line.contains("webb")), "{}", said.out);
    }
}

#[test]
fn colours_come_on_request_and_no_color_is_kept() {
    let directory = pair();
    let args = ["check", "--rule", "client-unknown"];
    let always = said(cloakrun(directory.path()).args(args).args(["--color", "always"]).env("NO_COLOR", "1"));
    assert!(always.out.contains("\u{1b}[1;31merror\u{1b}[0m"), "{:?}", always.out);
    let none = said(cloakrun(directory.path()).args(args).env("FORCE_COLOR", "1").env("NO_COLOR", "1"));
    assert!(!none.out.contains('\u{1b}'));
    let json = said(cloakrun(directory.path()).args(["check", "-f", "json", "--color", "always"]));
    assert!(!json.out.contains('\u{1b}'));
}

#[test]
fn escape_sequences_in_data_do_not_reach_the_terminal() {
    let realm = REALM.replace("\"web\"", "\"we\\u001b]0;owned\\u0007b\"");
    let directory = directory(&[("realm.json", &realm), ("web.yaml", SERVICE)]);
    for format in ["table", "full", "concise"] {
        let said = run(directory.path(), &["check", "--format", format]);
        assert!(!said.out.contains('\u{1b}') && !said.out.contains('\u{7}'), "{format}: {:?}", said.out);
    }
}

#[test]
fn reports_go_to_files_and_a_failed_write_is_told() {
    let directory = pair();
    let said = run(
        directory.path(),
        &[
            "check",
            "-q",
            "--rule",
            "client-unknown",
            "--output",
            "r.txt",
            "--report",
            "json=r.json",
            "--color",
            "always",
        ],
    );
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    let table = std::fs::read_to_string(directory.path().join("r.txt")).unwrap();
    assert!(table.contains("client-unknown") && !table.contains('\u{1b}'), "{table}");
    let json = std::fs::read_to_string(directory.path().join("r.json")).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["schema_version"], "1");
    let failed = run(directory.path(), &["check", "-q", "--output", "no/such/place.txt"]);
    assert_eq!(failed.code, 5);
    assert!(
        failed.err.starts_with("error: cannot write the report to no/such/place.txt: "),
        "{}",
        failed.err
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let directory = pair();
    let mut child = Command::new(env!("CARGO_BIN_EXE_cloakrun"))
        .args(["rules", "--format", "json"])
        .current_dir(directory.path())
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::with_capacity(1, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
#[cfg(unix)]
fn a_directory_that_may_not_be_written_is_checked_all_the_same() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = pair();
    let before = std::fs::metadata(directory.path()).unwrap().permissions();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let said = run(directory.path(), &["check", "--rule", "client-unknown"]);
    std::fs::set_permissions(directory.path(), before).unwrap();
    assert_eq!(said.code, 1);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let directory = pair();
    for format in ["table", "full", "concise", "json"] {
        let first = run(directory.path(), &["check", "--format", format]);
        let second = run(directory.path(), &["check", "--format", format]);
        assert_eq!(first.out, second.out, "{format}");
    }
}
