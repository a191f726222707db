//! Help: what the program says of itself, and that it keeps its word.

use cloakrun::fault;
use snapbox::assert_data_eq;

use crate::{cloakrun, directory, run, said};

#[test]
fn without_a_command_the_short_help_is_an_error_of_usage() {
    let directory = directory(&[]);
    let said = run(directory.path(), &[]);
    assert_eq!(said.code, 2);
    assert_eq!(said.out, "");
    if cfg!(feature = "live") {
        assert_data_eq!(said.err.clone(), snapbox::file!["snapshots/no-command.txt"]);
    }
    assert!(said.err.contains("Usage: "), "{}", said.err);
}

const COMMANDS: [&str; 9] =
    ["", "check", "accepts", "audience", "links", "rules", "explain", "schema", "completions"];
#[cfg(feature = "live")]
const OF_SERVERS: &[&str] = &["doctor", "snapshot"];
#[cfg(not(feature = "live"))]
const OF_SERVERS: &[&str] = &[];

/// The pages of a build that reads live servers; those of one that does not are shorter, and that their commands exist is enough.
#[test]
fn help_of_every_command() {
    let directory = directory(&[]);
    let mut pages = String::new();
    for command in COMMANDS.iter().chain(OF_SERVERS).copied() {
        let args: Vec<&str> = [command, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let said = run(directory.path(), &args);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{command}");
        pages.push_str(&format!("$ cloakrun {}\n{}\n", args.join(" "), said.out));
    }
    if cfg!(feature = "live") {
        assert_data_eq!(pages, snapbox::file!["snapshots/help.txt"].raw());
    }
}

#[test]
fn help_prints_the_table_of_exit_codes() {
    let directory = directory(&[]);
    for args in [&["--help"][..], &["-h"], &["check", "--help"]] {
        assert!(run(directory.path(), args).out.contains(&fault::exit_table()), "{args:?}");
    }
}

#[test]
fn a_command_that_does_not_exist_is_met_with_the_nearest() {
    let directory = directory(&[]);
    let said = run(directory.path(), &["chek"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("'check'"), "{}", said.err);
}

#[test]
fn an_unknown_format_lists_the_choices() {
    let directory = directory(&[]);
    let said = run(directory.path(), &["check", "--format", "sarfi"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("[possible values: table, full, concise, json]"), "{}", said.err);
}

#[test]
fn help_has_colours_only_where_they_are_wanted() {
    let directory = directory(&[]);
    let plain = run(directory.path(), &["--help"]);
    assert!(!plain.out.contains('\u{1b}'));
    let painted = said(cloakrun(directory.path()).args(["--help"]).env("CLICOLOR_FORCE", "1"));
    assert!(painted.out.contains('\u{1b}'));
    let refused =
        said(cloakrun(directory.path()).args(["--color=never", "--help"]).env("CLICOLOR_FORCE", "1"));
    assert_eq!(refused.out, plain.out);
}

#[test]
fn the_version_is_that_of_the_package() {
    let directory = directory(&[]);
    let said = run(directory.path(), &["--version"]);
    assert_eq!(said.out, format!("cloakrun {}\n", env!("CARGO_PKG_VERSION")));
}
