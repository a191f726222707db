//! The completion scripts: kept in the repository, up to date, and loaded by the real shells where they are installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{directory, run};

const SCRIPTS: [(&str, &str); 5] = [
    ("bash", "cloakrun.bash"),
    ("zsh", "_cloakrun"),
    ("fish", "cloakrun.fish"),
    ("elvish", "cloakrun.elv"),
    ("powershell", "_cloakrun.ps1"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("completions")
}

#[test]
fn the_scripts_in_the_repository_are_up_to_date() {
    let directory = directory(&[]);
    for (shell, file) in SCRIPTS {
        let said = run(directory.path(), &["completions", shell]);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{shell}");
        // Kept are those of the usual build; one without live reading has fewer arguments.
        if cfg!(not(feature = "live")) {
            continue;
        }
        let path = folder().join(file);
        if std::env::var("SNAPSHOTS").is_ok_and(|action| action == "overwrite") {
            std::fs::write(&path, &said.out).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == said.out,
            "completions/{file} is out of date: cloakrun completions {shell} > completions/{file}"
        );
    }
}

/// What a shell prints for `script`; none when the shell is not installed.
fn shell(program: &str, args: &[&str]) -> Option<String> {
    match Command::new(program).args(args).output() {
        Ok(output) => {
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success() && error.is_empty(), "{program}: {error}");
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => panic!("{program}: {error}"),
    }
}

#[test]
fn bash_completes_commands_and_choices() {
    let script = folder().join("cloakrun.bash");
    let ask = |words: &str, last: usize| {
        let program = format!(
            "source '{}'; COMP_WORDS=({words}); COMP_CWORD={last}; _cloakrun cloakrun \"${{COMP_WORDS[{last}]}}\" \
             \"${{COMP_WORDS[{}]}}\"; echo \"${{COMPREPLY[@]}}\"",
            script.display(),
            last - 1
        );
        shell("bash", &["--norc", "-c", &program])
    };
    let Some(commands) = ask("cloakrun ch", 1) else { return };
    assert_eq!(commands.trim(), "check");
    assert_eq!(ask("cloakrun check --format ''", 3).unwrap().trim(), "table full concise json");
}

#[test]
fn zsh_loads_the_script() {
    let program = format!(
        "autoload -U compinit; compinit -u -D; source '{}'; print -r -- $_comps[cloakrun]",
        folder().join("_cloakrun").display()
    );
    if let Some(said) = shell("zsh", &["-f", "-c", &program]) {
        assert_eq!(said.trim(), "_cloakrun");
    }
}

#[test]
fn fish_completes_commands() {
    let program = format!("source '{}'; complete -C 'cloakrun ch'", folder().join("cloakrun.fish").display());
    if let Some(said) = shell("fish", &["--no-config", "-c", &program]) {
        assert!(said.starts_with("check"), "{said}");
    }
}
