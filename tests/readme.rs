//! The README cannot lie: its sessions are run, and its tables of exit codes and of names in the environment are the program's. Those of its
//! sessions that need servers are run in `tests/demo.rs`.
//!
//! Sessions stand in ```` ```console ```` blocks: `$ cloakrun …`, then (where it is not 0) `? CODE`, then what is printed on both streams at
//! 100 columns. `cargo run … --` stands for the program just built.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use cloakrun::fault::EXITS;

fn readme() -> Option<String> {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).ok()
}

#[test]
fn sessions_print_what_the_readme_shows() {
    let Some(readme) = readme() else { return };
    let sessions = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("README.md");
    std::fs::write(&sessions, for_trycmd(&readme)).unwrap();
    let cases = trycmd::TestCases::new();
    for variable in ["CLICOLOR_FORCE", "FORCE_COLOR"] {
        cases.env(variable, "0");
    }
    cases.env("COLUMNS", "100").env("NO_COLOR", "1").case(&sessions);
}

/// The README with `cargo run … --` as the program itself, and the blank line before the end of a block that trycmd wants.
fn for_trycmd(readme: &str) -> String {
    let mut text = String::new();
    let mut in_session = false;
    for line in readme.lines() {
        if in_session && line.starts_with("```") {
            text.push('\n');
            in_session = false;
        } else if line.starts_with("```console") {
            in_session = true;
        }
        match line.strip_prefix("$ cargo run ").and_then(|command| command.split_once("-- ")) {
            Some((_, args)) if in_session => text.push_str(&format!("$ cloakrun {args}")),
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_table_of_exit_codes_is_the_programs() {
    let Some(readme) = readme() else { return };
    for (exit, meaning) in EXITS {
        let row = format!("| {} | {meaning} |", exit.code());
        assert!(readme.contains(&row), "the README has no row\n{row}");
    }
}

/// Every name of the environment that the login to Keycloak reads stands in the README.
#[test]
fn names_in_the_environment_are_in_the_readme() {
    let Some(readme) = readme() else { return };
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/keycloak/api/settings.rs");
    let source = std::fs::read_to_string(source).unwrap();
    let is_name = |text: &&str| {
        text.len() > 8 && text.chars().all(|c| c.is_ascii_uppercase() || c == '_') && text.contains('_')
    };
    let names: Vec<&str> = source.split('"').filter(is_name).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(readme.contains(&format!("`{name}`")), "the README does not name {name}");
    }
}
