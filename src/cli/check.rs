//! `cloakrun check`

use std::path::Path;

use anyhow::Context as _;

use crate::audit::{self, Audit};
use crate::cli::args::{CheckArgs, FailOn, Global, Selection};
use crate::cli::explain;
use crate::cli::looking::{self, Sight};
use crate::cli::terminal::{self, Terminal};
use crate::fault::{Exit, Fault, Whose};
use crate::locus::FieldPath;
use crate::report::{Format, NextStep, Report, gather, position, summary};
use crate::scene::Scene;
use crate::shell;
use crate::snapshot::{Place, Snapshot};
use crate::suggest::did_you_mean;

/// Columns of a report that is written to a file: nobody's terminal.
const FILE_WIDTH: usize = 100;

pub(crate) fn run(args: &CheckArgs, global: &Global, terminal: &Terminal) -> Result<Exit, Fault> {
    for id in args.rules.iter().chain(&args.skip_rules) {
        explain::find(id)?;
    }
    let server = looking::server(&args.server)?;
    let sight = looking::look(&args.paths, &args.server, &args.selection.realms, global, terminal)?;
    let scene = Scene::new(&sight.snapshot, &sight.config, &server);
    check_names(&scene, &args.selection)?;
    let audit = audit::run(&scene, &options(args, &sight));
    let exit = exit(&audit, &sight, args);
    let mut formats = args.reports.iter().map(|further| further.format).chain([args.format]);
    let quotes = formats.any(|format| format == Format::Full);
    let mut find = |place: &Place, wanted: &[(usize, FieldPath)]| sight.excerpts(place, wanted);
    let mut report = gather::report(&scene, &audit, exit, quotes, &mut find);
    report.show_suppressed = args.show_suppressed;
    advise(&mut report, args, &sight.snapshot);
    write(&report, args, terminal)?;
    Ok(exit)
}

fn options(args: &CheckArgs, sight: &Sight) -> audit::Options {
    let mut selection = selection(&args.selection);
    // What is about a service alone is wanted all the same, where `--realm` only says which realm to read.
    if sight.realms_are_chosen {
        selection.is_part = !selection.realms.is_empty();
        selection.realms.clear();
    }
    audit::Options {
        selection: audit::Selection {
            rules: args.rules.clone(),
            skipped_rules: args.skip_rules.clone(),
            ..selection
        },
        min_severity: Some(args.min_severity.severity()),
        today: Some(jiff::ZonedDateTime::now().date()),
    }
}

/// The selection by name.
pub(crate) fn selection(selection: &Selection) -> audit::Selection {
    audit::Selection {
        clients: selection.clients.clone(),
        services: selection.services.clone(),
        realms: selection.realms.clone(),
        ..audit::Selection::default()
    }
}

/// How the run ends: an unreadable path that the person named is their mistake, whatever else was found.
fn exit(audit: &Audit, sight: &Sight, args: &CheckArgs) -> Exit {
    let fail_on = args.fail_on.severity();
    if sight.snapshot.failures.iter().any(|failure| failure.named) {
        return Exit::Usage;
    }
    if fail_on.is_some_and(|severity| audit.fails(severity)) {
        return Exit::Findings;
    }
    let incomplete = match args.fail_on {
        FailOn::Never => audit.gaps.iter().any(|gap| gap.incomplete.is_some()),
        _ => fail_on.is_some_and(|severity| audit.is_incomplete(severity)),
    };
    if incomplete && !args.allow_partial { Exit::Incomplete } else { Exit::Clean }
}

/// A name that nothing has selects nothing, and a run that judges nothing must not look like a clean one.
pub(crate) fn check_names(scene: &Scene<'_>, selection: &Selection) -> Result<(), Fault> {
    let snapshot = scene.snapshot;
    let clients: Vec<&str> = snapshot.clients().map(|(id, _)| scene.client_id(id)).collect();
    let services: Vec<String> = snapshot.services.iter().map(|service| service.display_name()).collect();
    let realms: Vec<&str> = snapshot.realms().map(|(id, _)| scene.realm_name(id)).collect();
    known("client", &selection.clients, &clients)?;
    known("service", &selection.services, &services.iter().map(String::as_str).collect::<Vec<_>>())?;
    known("realm", &selection.realms, &realms)
}

fn known(what: &str, wanted: &[String], there: &[&str]) -> Result<(), Fault> {
    match wanted.iter().find(|name| !there.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Fault::usage(format!("no {what} `{name}` is in what was read."))
            .maybe_hint(did_you_mean(name, there.iter().copied()))),
    }
}

/// What to type next: what the audit advises, then the explanation of the worst finding.
fn advise(report: &mut Report, args: &CheckArgs, snapshot: &Snapshot) {
    let given = given(args);
    if report.looked.realms + report.looked.services == 0 {
        report.next.extend(both_sides(snapshot));
    }
    for step in &mut report.next {
        if let Some(rest) = step.command.strip_prefix("cloakrun check ") {
            step.command = format!("cloakrun check{given} {rest}");
        }
    }
    let worst = report.findings.first().or(report.undecided.first()).map(|entry| entry.rule.clone());
    if let Some(rule) = worst {
        report.next.push(NextStep {
            purpose: "More about a rule".to_owned(),
            command: format!("cloakrun explain {rule}"),
        });
    }
    // What servers answered has no lines.
    let mut places = report.findings.iter().flat_map(|entry| &entry.places);
    if args.format == Format::Table && places.any(|place| place.line.is_some()) {
        report.next.push(NextStep {
            purpose: "The lines themselves, both sides".to_owned(),
            command: format!("cloakrun check{given} --format full"),
        });
    }
}

/// What this run was given to read, as it would be typed again: a blank and a word, and so on.
fn given(args: &CheckArgs) -> String {
    let paths = args.paths.iter().map(|path| path.to_string_lossy().into_owned());
    #[cfg(feature = "live")]
    let servers = {
        let realms = args.selection.realms.iter().flat_map(|realm| ["--realm".to_owned(), realm.clone()]);
        let typed = args.server.live.typed();
        let realms: Vec<String> = if typed.is_empty() { Vec::new() } else { realms.collect() };
        typed.into_iter().chain(realms)
    };
    #[cfg(not(feature = "live"))]
    let servers = std::iter::empty::<String>();
    paths.chain(servers).map(|word| format!(" {}", shell::word(&word))).collect()
}

/// How both sides become something to check, without those that were asked.
fn both_sides(snapshot: &Snapshot) -> Vec<NextStep> {
    let step =
        |purpose: &str, command: &str| NextStep { purpose: purpose.to_owned(), command: command.to_owned() };
    let (no_server, no_project) = (snapshot.servers.is_empty(), snapshot.projects.is_empty());
    let mut steps = Vec::new();
    if no_server {
        steps.push(step(
            "Export a realm where its Keycloak runs",
            "kc.sh export --realm REALM --file realm.json",
        ));
    }
    if no_project {
        steps.push(step(
            "Write the services of a project into a file",
            "gcloud run services list --project PROJECT --format export > services.yaml",
        ));
    }
    if cfg!(feature = "live") {
        match (no_server, no_project) {
            (true, true) => steps.push(step(
                "Read both sides as they are now",
                "cloakrun check --keycloak-url https://HOST --realm REALM --project PROJECT",
            )),
            (true, false) => steps.push(step(
                "Read the realm from its Keycloak as it is now",
                "cloakrun check --keycloak-url https://HOST --realm REALM",
            )),
            (false, true) => steps.push(step(
                "Read the services of a project as they are now",
                "cloakrun check --project PROJECT",
            )),
            (false, false) => steps.push(step("See what this account may not see", "cloakrun doctor")),
        }
    }
    steps
}

fn write(report: &Report, args: &CheckArgs, terminal: &Terminal) -> Result<(), Fault> {
    for further in &args.reports {
        write_file(&further.path, &further.format.render(report, FILE_WIDTH))?;
    }
    match &args.output {
        Some(path) => write_file(path, &args.format.render(report, FILE_WIDTH))?,
        None => terminal.write(&args.format.render(report, terminal.width()))?,
    }
    if args.format.is_for_machines() || args.output.is_some() {
        for gap in report.looked.unread.iter().filter(|gap| gap.incomplete) {
            let place = gap.file.as_ref().map(|file| format!("{}: ", position(file, gap.line, gap.column)));
            terminal.warn(&format!("{}{}", place.unwrap_or_default(), gap.message));
        }
        terminal.say(&format!("Looked at {}: {}.", summary::looked_at(report), summary::counts(report)));
    }
    Ok(())
}

fn write_file(path: &Path, text: &str) -> Result<(), Fault> {
    std::fs::write(path, terminal::plain(text))
        .with_context(|| format!("cannot write the report to {}", path.display()))
        .map_err(|error| Fault::new(Whose::Output, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_where_a_shell_would_break_them() {
        assert_eq!(shell::word("deploy/web-1.yaml"), "deploy/web-1.yaml");
        assert_eq!(shell::word("it's here"), "'it'\\''s here'");
    }
}
