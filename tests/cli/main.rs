//! The program as people and scripts meet it: a scrubbed environment, real files, exit codes and both streams.
#![allow(clippy::unwrap_used, reason = "tests")]

mod answers;
mod check;
mod completions;
mod config;
mod help;
mod schema;

use std::path::Path;

use assert_cmd::Command;

/// The program in `directory`, with an environment of which nothing leaks in from the machine.
pub(crate) fn cloakrun(directory: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("cloakrun"));
    command.env_clear().current_dir(directory);
    command.env("HOME", directory).env("COLUMNS", "100").env("LANG", "C.UTF-8").env("TERM", "xterm");
    command
}

/// What a run said.
#[must_use]
pub(crate) struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs the program in `directory`.
pub(crate) fn run(directory: &Path, args: &[&str]) -> Said {
    said(cloakrun(directory).args(args))
}

/// Runs `command` and gathers what it said, whatever its exit code.
pub(crate) fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A directory with these files.
pub(crate) fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
}
