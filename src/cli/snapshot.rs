//! `cloakrun snapshot`

use crate::answers::folder::{self, Written};
use crate::audit::worst_for_want_of;
use crate::cli::args::{Global, SnapshotArgs};
use crate::cli::live::{self, Sides};
use crate::cli::terminal::Terminal;
use crate::cli::{keys, looking};
use crate::fault::{Exit, Fault, Whose};
use crate::files::Inputs;
use crate::finding::Severity;
use crate::report::summary::count;
use crate::secrets::Tagger;

pub(crate) fn run(args: &SnapshotArgs, global: &Global, terminal: &Terminal) -> Result<Exit, Fault> {
    let sides = Sides::all(&args.live);
    if !sides.any() {
        return Err(nothing_named());
    }
    folder::refuse_foreign(&args.folder)?;
    let file = args.key_file.clone().or_else(keys::default_file);
    let file = file.ok_or_else(|| {
        Fault::usage("no home directory is known that could hold the key of the tags")
            .hint("Name a file for it with `--key-file`.")
    })?;
    let key = keys::read_or_make(&file)?;
    let tagger = Tagger::with_key(&key).map_err(|error| Fault::new(Whose::Input, error))?;
    let (config, _) = looking::configuration(global)?;
    let asked = live::ask(sides, &args.live, &args.realms, &Inputs::default(), global, &config, terminal)?;
    let written = folder::write(&asked.answers, &args.folder, &tagger, jiff::Timestamp::now())?;
    terminal.say(&told(&written, &args.folder.display().to_string()));
    let mut incomplete = !asked.failures.is_empty();
    for failure in &asked.failures {
        terminal.warn(&format!("{}: {}", failure.path, failure.message));
    }
    for object in &asked.answers.objects {
        for untold in &object.missing {
            incomplete |= worst_for_want_of(untold.fact) == Some(Severity::Error);
            let grant = untold.grant.as_ref().map(|grant| format!(" {grant} would show it."));
            let grant = grant.unwrap_or_default();
            terminal.warn(&format!("{}: {}{grant}", object.resource.address(), untold.why));
        }
    }
    Ok(if incomplete && !args.allow_partial { Exit::Incomplete } else { Exit::Clean })
}

/// What commands about live servers say when nothing names any.
pub(crate) fn nothing_named() -> Fault {
    Fault::usage("neither a Keycloak nor a Google Cloud project is named")
        .hint("Name a Keycloak with `--keycloak-url URL`, and a project with `--project PROJECT`.")
}

fn told(written: &Written, folder: &str) -> String {
    let whole = written.added + written.changed + written.unchanged;
    let changes: Vec<String> = [
        (written.added, "new"),
        (written.changed, "changed"),
        (written.unchanged, "unchanged"),
        (written.removed, "removed"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| format!("{number} {word}"))
    .collect();
    let changes = if changes.is_empty() { String::new() } else { format!(": {}", changes.join(", ")) };
    format!("{folder}: {}{changes}.", count(whole, "object", "objects"))
}
