//! The README's words about live servers, on live servers: its sessions with the demo print what it shows, and its tables of roles are what a
//! real Keycloak and the stand-in for Google's APIs hide without each of them.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cloakrun::finding::Severity;
use cloakrun::rules;
use cloakrun::snapshot::Fact;
use cloakrun_test_support::demo::{self, PROJECT, ROLES};
use cloakrun_test_support::google::{Config, Kind, StandIn};
use cloakrun_test_support::keycloak::{Keycloak, Realm};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const KEYCLOAK: &str = "26.7.3";
/// The addresses that the README shows in place of those with free ports.
const SHOWN_KEYCLOAK: &str = "http://127.0.0.1:18080";
const SHOWN_GOOGLE: &str = "http://127.0.0.1:18085";

fn readme() -> Option<String> {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).ok()
}

fn google(keycloak: &str) -> (Runtime, StandIn) {
    let runtime = Runtime::new().unwrap();
    let google = runtime.block_on(StandIn::start(Config::default()));
    demo::project(&google, keycloak);
    (runtime, google)
}

/// What a run printed, standard error first, and its exit code.
struct Said {
    code: i32,
    out: String,
    err: String,
}

/// Runs cloakrun in `directory`, with nothing of this process's environment but what it needs to run.
fn run(directory: &Path, args: &[&str], environment: &[(String, String)]) -> Said {
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_cloakrun"))
        .args(args)
        .current_dir(directory)
        .env_clear()
        .env("HOME", directory)
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A session of the README: what is typed behind `tests/demo -- cloakrun`, and what is shown for it.
struct Session {
    args: Vec<String>,
    shown: String,
}

/// The sessions stand in blocks that begin with `$ tests/demo -- cloakrun …`.
fn sessions(readme: &str) -> Vec<Session> {
    let mut sessions = Vec::new();
    for block in readme.split("\n```text\n").skip(1) {
        let block = block.split("\n```").next().unwrap();
        let Some((command, shown)) =
            block.strip_prefix("$ tests/demo -- cloakrun ").and_then(|rest| rest.split_once('\n'))
        else {
            continue;
        };
        let args = command.split_whitespace().map(str::to_owned).collect();
        sessions.push(Session { args, shown: format!("{shown}\n") });
    }
    sessions
}

/// A text without what differs from run to run: free ports and the seconds between two clocks.
fn settled(text: &str, addresses: &[(&str, &str)]) -> String {
    let mut text = text.to_owned();
    for (real, shown) in addresses {
        text = text.replace(real, shown);
        let (real, shown) = (real.replace("http://", ""), shown.replace("http://", ""));
        text = text.replace(&real.replace(':', "%3A"), &shown.replace(':', "%3A"));
    }
    let clock = |line: &str| line.trim_start().starts_with("clock ");
    text.lines().map(|line| if clock(line) { "  clock\n".to_owned() } else { format!("{line}\n") }).collect()
}

#[test]
fn sessions_with_the_demo_print_what_the_readme_shows() {
    let Some(readme) = readme() else { return };
    let keycloak = Keycloak::server(KEYCLOAK);
    let (realm, secret) = demo::realm(keycloak);
    let (_runtime, google) = google(keycloak.base());
    let url = google.url();
    let environment = demo::environment(keycloak.base(), &secret, &url);
    let addresses = [(keycloak.base(), SHOWN_KEYCLOAK), (url.as_str(), SHOWN_GOOGLE)];
    let directory = TempDir::new().unwrap();
    let sessions = sessions(&readme);
    let commands: BTreeSet<&str> = sessions.iter().map(|session| session.args[0].as_str()).collect();
    assert_eq!(commands, BTreeSet::from(["check", "doctor", "snapshot"]));
    for session in &sessions {
        let args: Vec<&str> = session.args.iter().map(String::as_str).collect();
        let said = run(directory.path(), &args, &environment);
        assert!(!said.out.contains(&secret) && !said.err.contains(&secret), "a secret is shown");
        let code = if said.code == 0 { String::new() } else { format!("? {}\n", said.code) };
        let printed = format!("{code}{}{}", said.err, said.out);
        let printed = settled(printed.trim_end(), &addresses);
        assert_eq!(printed, settled(&session.shown, &[]), "cloakrun {}", args.join(" "));
    }
    // What the snapshot holds is what was asked: it gives the same findings.
    let findings = |said: &Said| {
        let report: Value = serde_json::from_str(&said.out).unwrap();
        let of = |finding: &Value| finding["rule"].as_str().unwrap().to_owned();
        report["findings"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    let live = run(directory.path(), &["check", "--project", PROJECT, "--format", "json"], &environment);
    let kept = run(directory.path(), &["check", "shop-state", "--format", "json"], &[]);
    assert_eq!(findings(&live), findings(&kept), "{}", kept.err);
    drop(realm);
}

/// More rules than this are counted in the README, not named.
const MOST_NAMED: usize = 8;

/// The row of a role in the README's tables: the facts that it shows, whether a run without it ends with 3, the rules that want for it.
fn row(role: &str, facts: &BTreeSet<Fact>) -> String {
    let wanting: Vec<_> =
        rules::all().iter().filter(|rule| rule.needs.iter().any(|fact| facts.contains(fact))).collect();
    let incomplete = facts.iter().any(|fact| fact.is_judged_itself())
        || wanting.iter().any(|rule| rule.severity == Severity::Error);
    let words: BTreeSet<&str> = facts.iter().map(|fact| fact.word()).collect();
    let words: Vec<&str> = words.into_iter().collect();
    let wanting: BTreeSet<String> = wanting.iter().map(|rule| format!("`{}`", rule.id)).collect();
    let wanting = if wanting.len() > MOST_NAMED {
        format!("{} of {}", wanting.len(), rules::all().len())
    } else {
        wanting.into_iter().collect::<Vec<_>>().join(", ")
    };
    format!("| `{role}` | {} | {} | {wanting} |", words.join(", "), if incomplete { "yes" } else { "no" })
}

fn assert_table(readme: &str, rows: &[String]) {
    let table = rows.join("\n");
    assert!(readme.contains(&table), "the README does not have this table:\n{table}");
}

/// What `doctor` says to be missing: each fact with what would grant it.
fn missing(args: &[&str], environment: &[(String, String)]) -> BTreeMap<Fact, String> {
    let directory = TempDir::new().unwrap();
    let said = run(directory.path(), &[&["doctor", "--format", "json"], args].concat(), environment);
    let diagnosis: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}", said.err));
    assert_eq!(diagnosis["failures"].as_array().map(Vec::len), Some(0), "{diagnosis}");
    diagnosis["missing"]
        .as_array()
        .unwrap()
        .iter()
        .map(|lack| {
            let fact = Fact::try_from(lack["fact"].as_str().unwrap().to_owned()).unwrap();
            (fact, lack["grant"].as_str().unwrap_or_default().to_owned())
        })
        .collect()
}

#[test]
fn a_keycloak_hides_without_each_role_what_the_readme_says() {
    let Some(readme) = readme() else { return };
    let keycloak = Keycloak::server(KEYCLOAK);
    let realm = keycloak.realm("roles");
    realm.service_account("another", &ROLES);
    let mut rows = Vec::new();
    for (index, role) in ROLES.iter().enumerate() {
        let others: Vec<&str> = ROLES.iter().filter(|other| *other != role).copied().collect();
        let found = lacking(&realm, &format!("without-{index}"), &others);
        for (fact, grant) in &found {
            // Who sees the realm's settings sees in them which events are kept; there is a smaller role for that alone.
            let alone = if *fact == Fact::Events { "view-events" } else { role };
            assert!(grant.contains(alone), "without {role}, {fact:?} would be shown by {grant}");
        }
        rows.push(row(role, &found.into_keys().collect()));
    }
    assert_table(&readme, &rows);
    let found = lacking(&realm, "all", &ROLES);
    assert!(found.is_empty(), "with all roles, there lack {found:?}");
}

/// What an account with these roles is not told, besides the version, which no role of theirs tells.
fn lacking(realm: &Realm<'_>, account: &str, roles: &[&str]) -> BTreeMap<Fact, String> {
    let secret = realm.service_account(account, roles);
    let environment = [
        ("CLOAKRUN_KEYCLOAK_URL", realm.server().base()),
        ("CLOAKRUN_KEYCLOAK_LOGIN_REALM", realm.name()),
        ("CLOAKRUN_KEYCLOAK_CLIENT_ID", account),
        ("CLOAKRUN_KEYCLOAK_CLIENT_SECRET", &secret),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut found = missing(&["--realm", realm.name()], &environment);
    found.remove(&Fact::KeycloakVersion);
    found
}

/// A service whose newest revision does not serve: of such a one revisions are read besides the service.
fn pin(runtime: &Runtime, google: &StandIn) {
    let with = |image: &str| json!({"template": {"containers": [{"image": image}]}});
    google.put_service(PROJECT, "europe-west1", "pinned", with("example.com/web:1"));
    let revisions = google.revisions(Kind::Service, PROJECT, "europe-west1", "pinned");
    let first = revisions[0]["name"].as_str().unwrap().rsplit('/').next().unwrap();
    let mut pinned = with("example.com/web:2");
    pinned["traffic"] =
        json!([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": first, "percent": 100}]);
    let url = format!("{}/v2/projects/{PROJECT}/locations/europe-west1/services/pinned", google.url());
    cloakrun::google::credentials::use_ring();
    let change = reqwest::Client::builder().no_proxy().build().unwrap().patch(url).json(&pinned);
    let changed = runtime.block_on(async { change.send().await.unwrap().status() });
    assert_eq!(changed, 200);
}

/// Each role with those of its permissions that reading takes.
const PERMISSIONS: [(&str, &[&str]); 4] = [
    (
        "roles/run.viewer",
        &[
            "run.locations.list",
            "run.services.list",
            "run.services.getIamPolicy",
            "run.jobs.list",
            "run.workerpools.list",
            "run.domainmappings.list",
            "run.revisions.get",
        ],
    ),
    ("roles/browser", &["resourcemanager.projects.getIamPolicy"]),
    ("roles/secretmanager.viewer", &["secretmanager.versions.list"]),
    ("roles/secretmanager.secretAccessor", &["secretmanager.versions.access"]),
];

#[test]
fn google_hides_without_each_role_what_the_readme_says() {
    let Some(readme) = readme() else { return };
    let (runtime, google) = google(SHOWN_KEYCLOAK);
    pin(&runtime, &google);
    let environment = demo::environment("", "", &google.url());
    let environment: Vec<_> =
        environment.into_iter().filter(|(name, _)| !name.contains("KEYCLOAK")).collect();
    let args = ["--project", PROJECT, "--read-secrets"];
    assert_eq!(missing(&args, &environment), BTreeMap::new());
    let mut rows = Vec::new();
    for (role, permissions) in PERMISSIONS {
        let mut facts = BTreeSet::new();
        for permission in permissions {
            google.deny(permission, &format!("projects/{PROJECT}"));
            for (fact, grant) in missing(&args, &environment) {
                assert_eq!(grant, format!("`{permission}` ({role})"), "{fact:?}");
                facts.insert(fact);
            }
            google.heal();
        }
        rows.push(row(role, &facts));
    }
    assert_table(&readme, &rows);
}
