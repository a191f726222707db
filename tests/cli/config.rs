//! The configuration: found, refused with its place, or left alone.

use crate::check::{REALM, SERVICE};
use crate::{directory, run};

fn with(config: &str) -> tempfile::TempDir {
    directory(&[("realm.json", REALM), ("web.yaml", SERVICE), ("cloakrun.yaml", config)])
}

#[test]
fn a_waiver_accepts_a_finding_and_says_why() {
    let directory =
        with("waivers:\n  - rule: client-unknown\n    service: web\n    reason: Renamed next week.\n");
    let said = run(directory.path(), &["check", "-q", "--rule", "client-unknown", "--show-suppressed"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(
        said.out.contains("waived: Renamed next week.") && said.out.contains("1 suppressed"),
        "{}",
        said.out
    );
    let said = run(directory.path(), &["check", "-q", "--rule", "client-unknown", "--no-config"]);
    assert_eq!(said.code, 1);
}

#[test]
fn a_waiver_that_matches_nothing_is_told_with_its_line() {
    let directory = with("waivers:\n  - rule: client-unknown\n    client: nobody\n    reason: Left over.\n");
    let said = run(directory.path(), &["check", "-q", "-f", "concise"]);
    let told = |line: &str| line.starts_with("cloakrun.yaml:2:5: warning[waiver-unused] ");
    assert!(said.out.lines().any(told), "{}", said.out);
}

#[test]
fn a_mistake_is_told_with_line_column_and_what_was_meant() {
    let directory = with("severities:\n  client-unknwon: off\n");
    let said = run(directory.path(), &["check"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert_eq!(
        said.err,
        "error: cloakrun.yaml:2:19: There is no rule `client-unknwon`. Did you mean `client-unknown`?\n"
    );
}

#[test]
fn it_is_found_upward_and_another_can_be_named() {
    let directory = with("severities:\n  client-unknown: info\n");
    std::fs::create_dir(directory.path().join("below")).unwrap();
    let below = directory.path().join("below");
    let args = ["check", "-q", "-f", "concise", "--rule", "client-unknown", "../realm.json", "../web.yaml"];
    let said = run(&below, &args);
    assert!(said.out.contains("info[client-unknown]"), "{}{}", said.out, said.err);
    std::fs::write(below.join("other.yaml"), "severities: {client-unknown: warning}\n").unwrap();
    let said = run(&below, &[&args[..], &["--config", "other.yaml"]].concat());
    assert!(said.out.contains("warning[client-unknown]"), "{}{}", said.out, said.err);
    let said = run(&below, &[&args[..], &["--config", "nothere.yaml"]].concat());
    assert_eq!(said.code, 2);
    assert!(said.err.contains("the configuration nothere.yaml cannot be read"), "{}", said.err);
}

#[test]
fn both_ways_at_once_are_refused() {
    let directory = with("");
    assert_eq!(run(directory.path(), &["check", "--no-config", "--config", "cloakrun.yaml"]).code, 2);
}
