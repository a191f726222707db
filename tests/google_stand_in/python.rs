//! Google's Python clients as judges: the script `tests/support/judges/google_clients.py` must be satisfied.

use std::path::{Path, PathBuf};
use std::process::Command;

use cloakrun_test_support::google::{Config, Kind};
use serde_json::json;
use tempfile::TempDir;

use crate::children;
use crate::discovery::Judged;

const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/judges/requirements.txt");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/judges/google_clients.py");

/// A Python that has the clients: the one of `CLOAKRUN_JUDGES_PYTHON`, or that of a virtual environment, which is made where it is
/// missing or has other versions.
fn python() -> Result<PathBuf, String> {
    if let Some(python) = std::env::var_os("CLOAKRUN_JUDGES_PYTHON") {
        return Ok(python.into());
    }
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    let folder = cache.ok_or("there is no home for a virtual environment")?.join("cloakrun-judges");
    let (python, stamp) = (folder.join("bin/python"), folder.join("requirements.txt"));
    let wanted = std::fs::read(REQUIREMENTS).map_err(|error| error.to_string())?;
    if std::fs::read(&stamp).is_ok_and(|made| made == wanted) && python.is_file() {
        return Ok(python);
    }
    if !children::exists("python3") {
        return Err("python3 is not installed".into());
    }
    step(Command::new("python3").arg("-m").arg("venv").arg(&folder))?;
    step(Command::new(&python).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
        REQUIREMENTS,
    ]))?;
    std::fs::write(stamp, wanted).map_err(|error| error.to_string())?;
    Ok(python)
}

fn step(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

#[tokio::test]
async fn googles_python_clients_are_satisfied() {
    let python = match tokio::task::spawn_blocking(python).await.unwrap() {
        Ok(python) => python,
        Err(why) => {
            eprintln!("skipped: Google's Python clients do not judge the stand-in for Google's APIs: {why}");
            return;
        }
    };
    assert!(Path::new(SCRIPT).is_file());
    let google = Judged::demo(Config { polls_until_done: 1, ..Config::default() }).await;
    for n in 0..5 {
        google.put_service("demo", "us-east1", &format!("page-{n}"), json!({"labels": {"n": n.to_string()}}));
    }
    google.put_service("demo", "europe-west1", "broken", json!({}));
    google.fail_next_change(
        "projects/demo/locations/europe-west1/services/broken",
        13,
        "Revision 'broken-00002-abc' is not ready and cannot serve traffic.",
    );
    let home = TempDir::new().unwrap();
    let mut command = children::command(python, home.path());
    command.arg(SCRIPT).arg(google.url());
    let (success, output, errors) = children::run(command, home.path()).await;
    assert!(success, "{output}\n{errors}");
    let web = google.get(Kind::Service, "demo", "europe-west1", "web").unwrap();
    assert_eq!(web["customAudiences"], json!(["https://python.example.com"]));
    assert_eq!(web["template"]["containers"][0]["env"].as_array().unwrap().len(), 4);
    assert_eq!(web["labels"], json!({"team": "shop"}), "not in the mask");
    let policy = google.policy(Kind::Service, "demo", "europe-west1", "api").unwrap();
    assert_eq!(policy["bindings"][0]["members"], json!(["allAuthenticatedUsers"]));
    assert_eq!(google.versions("demo", "kc-secret").len(), 3);
    assert_eq!(google.versions("demo", "kc-secret")[0]["state"], "DISABLED");
}
