//! Reports: what was found, in words and places, and one file per format.
//!
//! [`Report`] is the picture that all formats draw: names instead of ids, lines and columns instead of symbolic places. It is made
//! once (see [`gather`]); a format is a function from it to text, opens no file and knows no terminal.

pub mod columns;
pub mod concise;
pub mod diff;
pub mod escape;
pub mod full;
pub mod gather;
pub mod json;
pub mod paint;
pub mod places;
pub mod quote;
#[cfg(test)]
mod sample;
pub mod summary;
pub mod table;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;

use crate::fault::Exit;
use crate::finding::{Severity, Side};

/// Everything that a format may tell.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was read, in the order of reading.
    pub inputs: Vec<Input>,
    /// Which service talks through which client.
    pub links: Vec<LinkEntry>,
    /// What is wrong, in the order in which it is to be read.
    pub findings: Vec<Entry>,
    /// What could not be decided; the message is the reason.
    pub undecided: Vec<Entry>,
    /// What a waiver accepts.
    pub suppressed: Vec<Suppressed>,
    /// What was looked at, and what could not be.
    pub looked: Looked,
    /// Whether the reader asked to see what waivers accept (`--show-suppressed`).
    pub show_suppressed: bool,
    /// What to type next: commands, the most useful one first.
    pub next: Vec<NextStep>,
    /// How the run ends.
    pub exit: Exit,
}

/// A document that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The path as the person gave it; `<stdin>` for standard input.
    pub path: String,
    /// What it was taken for, as a word for machines: `realm`, `knative`, `terraform-plan` …
    pub kind: &'static str,
    /// The same for people: "Keycloak realm".
    pub described: &'static str,
    /// What it holds: `realm shop`, `client web`, `service api`.
    pub items: Vec<Item>,
}

/// A thing that a document holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// `realm`, `clients`, `service`, `job`, `worker-pool`.
    pub kind: &'static str,
    /// Its name; for clients the name of their realm.
    pub name: String,
    /// For a realm the number of its clients.
    pub clients: Option<usize>,
}

/// A link as reports tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkEntry {
    /// Whom it joins.
    pub subject: SubjectNames,
    /// Why they belong together, the strongest clue first.
    pub clues: Vec<ClueEntry>,
    /// What the service uses the client for: `login`, `client-credentials`, `bearer`.
    pub uses: Vec<&'static str>,
}

/// A clue as reports tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClueEntry {
    /// The kind of clue as a word: `client-id`, `redirect-host` …
    pub kind: &'static str,
    /// The clue in words.
    pub text: String,
}

/// Whom an entry is about, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubjectNames {
    /// The environment, where several are told apart.
    pub environment: Option<String>,
    /// The realm's name.
    pub realm: Option<String>,
    /// The client's id.
    pub client: Option<String>,
    /// The service's name.
    pub service: Option<String>,
}

/// A finding, or something that could not be decided.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The rule's id.
    pub rule: String,
    /// What the rule looks for, in one line.
    pub title: String,
    /// The severity in force.
    pub severity: Severity,
    /// Stable across runs and machines.
    pub fingerprint: String,
    /// Whom it is about.
    pub subject: SubjectNames,
    /// What is wrong, or why it could not be decided.
    pub message: String,
    /// What to do; empty when nothing in particular.
    pub remedy: String,
    /// The places, the one to change first.
    pub places: Vec<PlaceEntry>,
    /// For something undecided: other rules that are undecided for the same reason.
    pub also: Vec<String>,
}

/// A finding that a waiver accepts.
#[derive(Debug, Clone)]
pub struct Suppressed {
    /// The finding.
    pub entry: Entry,
    /// The waiver's reason.
    pub reason: String,
}

/// A place as reports tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceEntry {
    /// Which side it stands on.
    pub side: Side,
    /// The file as the person gave it; `<stdin>` for standard input.
    pub file: String,
    /// The line, counted from one, where it could be found.
    pub line: Option<usize>,
    /// The column in characters, counted from one.
    pub column: Option<usize>,
    /// The field: `clients[3].redirectUris[0]`; for Terraform the attribute.
    pub field: String,
    /// The address of the Terraform resource that holds the field.
    pub resource: Option<String>,
    /// The value there; none for absent fields and for every secret.
    pub value: Option<String>,
    /// What this place has to do with the finding.
    pub label: String,
    /// The line as `full` quotes it, without anything secret.
    pub quote: Option<Quote>,
}

/// A source line that may be shown: the part of it that holds the field; whatever else stands in the line is blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The text, every character in the column that it has in the source.
    pub text: String,
    /// Bytes of `text` that the carets point at.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

/// What was looked at, and what could not be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// Realms that were read.
    pub realms: usize,
    /// Their clients.
    pub clients: usize,
    /// Services, jobs and worker pools.
    pub services: usize,
    /// Links between services and clients.
    pub links: usize,
    /// Findings that were left out because they are below `--min-severity`.
    pub below_min_severity: usize,
    /// What could not be looked at, and remarks on how things were read.
    pub unread: Vec<Unread>,
}

/// Something that could not be looked at, or a remark on how something was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The file it is about, where it is about one.
    pub file: Option<String>,
    /// The line, counted from one, where known.
    pub line: Option<usize>,
    /// The column in characters, counted from one, where known.
    pub column: Option<usize>,
    /// What is not known and why: full sentences.
    pub message: String,
    /// Whether it makes the run incomplete; otherwise it is a remark.
    pub incomplete: bool,
}

/// Something to type next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextStep {
    /// What for: "Read the Keycloak side".
    pub purpose: String,
    /// The command.
    pub command: String,
}

/// A format of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum)]
pub enum Format {
    /// A table for people, with the values to copy below each row
    Table,
    /// Source lines quoted, both sides one below the other
    Full,
    /// One line per finding: path:line:col: severity[rule] message
    Concise,
    /// JSON, described by `cloakrun schema report`
    Json,
}

impl Format {
    /// The report in this format; `width` is that of the reader's terminal in columns.
    ///
    /// Formats for people hold the escape sequences of colours; whoever writes them to a place without colours strips them.
    pub fn render(self, report: &Report, width: usize) -> String {
        match self {
            Format::Table => table::render(report, width),
            Format::Full => full::render(report, width),
            Format::Concise => concise::render(report),
            Format::Json => json::render(report),
        }
    }

    /// Whether the format is for machines, so that nothing but itself may stand on standard output.
    pub fn is_for_machines(self) -> bool {
        matches!(self, Format::Concise | Format::Json)
    }
}

impl SubjectNames {
    /// "service shop-web ↔ client web in realm shop (prod)", as far as it is known; empty when it is about nobody in particular.
    pub fn describe(&self) -> String {
        let mut client = self.client.as_ref().map(|client| format!("client {client}"));
        if let Some(realm) = &self.realm {
            client = Some(match client {
                Some(client) => format!("{client} in realm {realm}"),
                None => format!("realm {realm}"),
            });
        }
        let service = self.service.as_ref().map(|service| format!("service {service}"));
        let pair = [service, client].into_iter().flatten().collect::<Vec<_>>().join(" ↔ ");
        match &self.environment {
            Some(environment) if pair.is_empty() => format!("environment {environment}"),
            Some(environment) => format!("{pair} · {environment}"),
            None => pair,
        }
    }
}

impl PlaceEntry {
    /// `path:line:col`, as far as it is known: what editors open.
    pub fn position(&self) -> String {
        position(&self.file, self.line, self.column)
    }
}

/// `path:line:col`, as far as it is known: what editors open.
pub fn position(file: &str, line: Option<usize>, column: Option<usize>) -> String {
    let mut position = escape::one_line(file).into_owned();
    if let Some(line) = line {
        position.push_str(&format!(":{line}"));
        if let Some(column) = column {
            position.push_str(&format!(":{column}"));
        }
    }
    position
}
