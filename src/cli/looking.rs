//! Reading both sides: the configuration, the files, and on standard error what was taken for what.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cli::args::{Global, Server};
use crate::cli::keys;
#[cfg(feature = "live")]
use crate::cli::live;
use crate::cli::terminal::Terminal;
use crate::config::{Config, load};
use crate::document::Format;
use crate::document::excerpt::{Excerpt, excerpts};
use crate::fault::{Exit, Fault, Whose};
use crate::files::{self, Limits};
use crate::keycloak::model::Realm;
use crate::keycloak::version::Version;
use crate::locus::FieldPath;
use crate::report::summary::count;
use crate::report::{Input, escape, gather, paint, position};
use crate::secrets::Tagger;
use crate::snapshot::{Place, ReadFailure, Snapshot};
use crate::{reading, rules, scene};

/// With more files than this only their number is told; `--verbose` lists them.
const FEW: usize = 8;

/// What a run sees.
#[derive(Debug)]
pub(crate) struct Sight {
    pub config: Config,
    pub snapshot: Snapshot,
    /// Whether `--realm` has done its work: no others were asked for of a live Keycloak, and no file holds any.
    pub realms_are_chosen: bool,
    files: files::Inputs,
    config_text: Option<(String, String)>,
}

impl Sight {
    /// Where fields of a file that was read stand, with their lines.
    pub(crate) fn excerpts(&self, place: &Place, wanted: &[(usize, FieldPath)]) -> Vec<Option<Excerpt>> {
        match &self.config_text {
            Some((config, text)) if config == place.path() => excerpts(text, Format::Yaml, wanted),
            _ => self.files.excerpts(place.path(), &Limits::default(), wanted),
        }
    }
}

/// Reads the configuration, `paths` and the live servers that are asked for; the current directory when there are none of either.
///
/// `realms` are those that the person named; of a live Keycloak no others are read.
pub(crate) fn look(
    paths: &[PathBuf],
    server: &Server,
    realms: &[String],
    global: &Global,
    terminal: &Terminal,
) -> Result<Sight, Fault> {
    let (mut config, config_text) = configuration(global)?;
    let limits = Limits::default();
    let tagger = tagger()?;
    let walk = || files::gather(paths, Path::new("."), &limits, &mut std::io::stdin().lock());
    #[cfg(feature = "live")]
    let (files, reading) = {
        let mut sides = live::Sides::named(&server.live, !paths.is_empty());
        let walks = !paths.is_empty() || !sides.any();
        let files = if walks { walk() } else { files::Inputs::default() };
        let mut reading = reading::read(&files, &limits, &tagger);
        if paths.is_empty() && walks && is_empty(&reading.snapshot) {
            let implied = live::Sides::implied(&server.live);
            if implied.both() {
                terminal.say(
                    "Nothing here to read; reading the Keycloak and the project that the environment names.",
                );
                sides = implied;
            }
        }
        sides = sides.without_those_of(&reading.snapshot, &server.live, terminal);
        if sides.any() {
            let asked = live::ask(sides, &server.live, realms, &files, global, &config, terminal)?;
            reading = reading::read_with(&files, &asked.answers, &limits, &tagger);
            reading.snapshot.failures.extend(asked.failures);
        }
        (files, reading)
    };
    #[cfg(not(feature = "live"))]
    let (files, reading) = {
        let _ = (server, realms);
        let files = walk();
        let reading = reading::read(&files, &limits, &tagger);
        (files, reading)
    };
    let mut snapshot = reading.snapshot;
    let realms_are_chosen =
        !snapshot.realms.is_empty() && snapshot.realms.iter().all(|realm| is_live(&snapshot, realm));
    refuse_only_mistakes(&snapshot)?;
    if let Some((path, _)) = &config_text {
        config.part = Some(snapshot.add_configuration(path));
    }
    tell(&gather::inputs(&snapshot), terminal);
    for hint in &reading.hints {
        terminal.say(&hint_line(&hint.paths, &hint.text));
    }
    Ok(Sight { config, snapshot, realms_are_chosen, files, config_text })
}

#[cfg(feature = "live")]
fn is_empty(snapshot: &Snapshot) -> bool {
    snapshot.realms.is_empty() && snapshot.services.is_empty() && snapshot.failures.is_empty()
}

fn is_live(snapshot: &Snapshot, realm: &Realm) -> bool {
    matches!(snapshot.part(realm.at.part).place, Place::Live { .. })
}

/// What makes the tags of this run: with the key of this person's snapshots where there is one, so that theirs can be compared.
fn tagger() -> Result<Tagger, Fault> {
    let kept = keys::default_file().and_then(|file| keys::read(&file).ok().flatten());
    let made = kept.map_or_else(Tagger::new, |key| Tagger::with_key(&key));
    made.context("the operating system has no random numbers to give")
        .map_err(|error| Fault::new(Whose::Input, error))
}

/// Ends the run when the person named paths, and nothing but mistakes came of them.
fn refuse_only_mistakes(snapshot: &Snapshot) -> Result<(), Fault> {
    let nothing = snapshot.realms.is_empty() && snapshot.services.is_empty();
    if !nothing || !snapshot.failures.iter().any(|failure| failure.named) {
        return Ok(());
    }
    let lines: Vec<String> = snapshot.failures.iter().map(failure_line).collect();
    Err(Fault::new(Whose::Input, anyhow::anyhow!("{}", lines.join("\n"))))
}

fn failure_line(failure: &ReadFailure) -> String {
    format!(
        "{}: {}",
        position(&failure.path, failure.line, failure.column),
        escape::one_line(&failure.message)
    )
}

/// Tells what could not be read, for commands whose answer has no place for it.
pub(crate) fn tell_failures(snapshot: &Snapshot, terminal: &Terminal) {
    for failure in &snapshot.failures {
        terminal.error(&failure_line(failure));
    }
}

/// How a run ends that asks about what was read: an unreadable path that the person named is their mistake, another one, or
/// nothing at all to read, leaves the answer incomplete.
pub(crate) fn exit(snapshot: &Snapshot) -> Exit {
    if snapshot.failures.iter().any(|failure| failure.named) {
        Exit::Usage
    } else if !snapshot.failures.is_empty() || (snapshot.realms.is_empty() && snapshot.services.is_empty()) {
        Exit::Incomplete
    } else {
        Exit::Clean
    }
}

/// What the command line says of the server.
pub(crate) fn server(server: &Server) -> Result<scene::Options, Fault> {
    let version = server.keycloak_version.as_deref().map(str::parse::<Version>).transpose();
    let keycloak_version = version.map_err(|error| Fault::usage(format!("--keycloak-version: {error}.")))?;
    Ok(scene::Options { keycloak_version, now: Some(jiff::Timestamp::now()) })
}

/// The configuration in force, and its path and text where it stands in a file.
pub(crate) fn configuration(global: &Global) -> Result<(Config, Option<(String, String)>), Fault> {
    if global.no_config {
        return Ok((Config::default(), None));
    }
    let found = match &global.config {
        Some(path) => Some(path.clone()),
        None => std::env::current_dir().ok().and_then(|directory| load::find_upward(&directory)),
    };
    let Some(path) = found else { return Ok((Config::default(), None)) };
    let shown = shown(&path);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("the configuration {shown} cannot be read"))
        .map_err(|error| Fault::new(Whose::Configuration, error))?;
    let ids: Vec<&str> = rules::all().iter().map(|rule| rule.id).collect();
    let config = load::parse(&shown, &text, &ids).map_err(|mistakes| {
        let lines: Vec<String> = mistakes
            .iter()
            .map(|mistake| match &mistake.hint {
                Some(hint) => format!("{mistake} {hint}"),
                None => mistake.to_string(),
            })
            .collect();
        Fault::new(Whose::Configuration, anyhow::anyhow!("{}", lines.join("\n")))
    })?;
    Ok((config, Some((shown, text))))
}

/// A path for people: relative to the current directory where it lies below, with `/`.
fn shown(path: &Path) -> String {
    let relative =
        std::env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    relative.as_deref().unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// "infra/main.tf and 3 more: what to do".
fn hint_line(paths: &[String], text: &str) -> String {
    let named = match paths {
        [] => String::new(),
        [one] => format!("{one}: "),
        [first, rest @ ..] => format!("{first} and {} more: ", rest.len()),
    };
    format!("{} {}{text}", paint::strong("hint:"), escape::one_line(&named))
}

fn tell(inputs: &[Input], terminal: &Terminal) {
    let lines = lines(inputs);
    if lines.len() <= FEW || terminal.is_verbose() {
        for line in lines {
            terminal.say(&line);
        }
    } else {
        terminal.say(&format!("{} files: {} (-v lists them)", lines.len(), totals(inputs)));
    }
}

/// One line per file: "deploy/api.yaml: service shop-api".
fn lines(inputs: &[Input]) -> Vec<String> {
    let mut lines: Vec<(&str, Vec<String>)> = Vec::new();
    let mut index: HashMap<&str, usize> = HashMap::new();
    for input in inputs {
        let told = match input.items.as_slice() {
            [] => vec![input.described.to_owned()],
            items => items.iter().map(describe).collect(),
        };
        let at = *index.entry(&input.path).or_insert_with(|| {
            lines.push((&input.path, Vec::new()));
            lines.len() - 1
        });
        lines[at].1.extend(told);
    }
    lines
        .into_iter()
        .map(|(path, told)| {
            let more = told.len().saturating_sub(FEW);
            let mut text = told[..told.len() - more].join(", ");
            if more > 0 {
                text.push_str(&format!(" and {more} more"));
            }
            format!("{} {}", paint::faint(&format!("{}:", escape::one_line(path))), escape::one_line(&text))
        })
        .collect()
}

fn describe(item: &crate::report::Item) -> String {
    let clients = item.clients.map(|clients| count(clients, "client", "clients"));
    match (item.kind, clients) {
        ("clients", Some(clients)) => clients,
        (kind, Some(clients)) => format!("{kind} {} with {clients}", item.name),
        (kind, None) => format!("{} {}", kind.replace('-', " "), item.name),
    }
}

fn totals(inputs: &[Input]) -> String {
    let items = || inputs.iter().flat_map(|input| &input.items);
    let of = |kind: &str| items().filter(|item| item.kind == kind).count();
    let clients: usize = items().filter_map(|item| item.clients).sum();
    let parts = [
        (of("realm"), "realm", "realms"),
        (clients, "client", "clients"),
        (of("service"), "service", "services"),
        (of("job"), "job", "jobs"),
        (of("worker-pool"), "worker pool", "worker pools"),
    ];
    let parts = parts.into_iter().filter(|(number, ..)| *number > 0);
    parts.map(|(number, one, many)| count(number, one, many)).collect::<Vec<_>>().join(", ")
}
