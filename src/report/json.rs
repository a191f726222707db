//! `json`: the report for machines, as types of its own.
//!
//! The types below are the contract: nothing inside cloakrun is dumped by accident, and what changes here changes on purpose. Keys
//! may be added within a version; renaming or removing one, or changing its meaning, makes a new [`SCHEMA_VERSION`].

use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde::Serialize;

use crate::finding::{Severity, Side};
use crate::report::{self, Entry};

/// The version of the types below.
pub const SCHEMA_VERSION: &str = "1";

/// The report of `cloakrun check --format json`. Every key is always there; what is not known or does not apply is null.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "cloakrun report")]
pub struct Report {
    /// The version of this format. Keys may be added within a version; ignore those that you do not know.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    pub schema_version: &'static str,
    /// What made the report.
    pub tool: Tool,
    /// What was read, in the order of reading.
    pub inputs: Vec<Input>,
    /// Which service talks through which client.
    pub links: Vec<Link>,
    /// What is wrong, in the order in which it is to be read.
    pub findings: Vec<Finding>,
    /// What could not be decided.
    pub undecided: Vec<Undecided>,
    /// What waivers of the configuration accept.
    pub suppressed: Vec<Suppressed>,
    /// What was looked at, what could not be, and the counts.
    pub summary: Summary,
}

/// The program that made the report.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Tool {
    /// `cloakrun`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// A document that was read.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Input {
    /// The path as given, or relative to where the walk began, with `/`; `<stdin>` for standard input.
    pub path: String,
    /// What the document was taken for: `realm`, `realm-users`, `realm-import`, `clients`, `knative`, `cloud-run-v2`,
    /// `terraform-plan`, `terraform-state`, `flags-file`, `env-vars-file` or `configuration`.
    pub kind: &'static str,
    /// What it holds.
    pub items: Vec<Item>,
}

/// A thing that a document holds.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// `realm`, `clients`, `service`, `job`, `worker-pool` or `instance`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// For a realm or a list of clients: how many clients.
    pub clients: Option<usize>,
}

/// A service and a client that belong together.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Link {
    /// The environment, where several are told apart.
    pub environment: Option<String>,
    /// The realm's name.
    pub realm: Option<String>,
    /// The client's id.
    pub client: Option<String>,
    /// The service's name.
    pub service: Option<String>,
    /// What the service uses the client for: `login`, `client-credentials`, `bearer`.
    pub uses: Vec<&'static str>,
    /// Why they belong together, the strongest clue first.
    pub clues: Vec<Clue>,
}

/// One reason to believe that a service and a client belong together.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Clue {
    /// The kind of clue: `pinned`, `client-id-and-issuer`, `client-id`, `redirect-host`, `equal-secret`, `audience`, `base-url`,
    /// `origin`, `caller`, `secret-name`, `name` or `realm`.
    pub kind: &'static str,
    /// The clue in words.
    pub text: String,
}

/// Something wrong.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// The rule's id; `cloakrun explain RULE` tells more.
    pub rule: String,
    /// The severity in force.
    pub severity: Severity,
    /// The same finding has the same fingerprint in every run and on every machine.
    pub fingerprint: String,
    /// Whom it is about.
    pub subject: Subject,
    /// What is wrong. For something undecided: what the rule looks for.
    pub message: String,
    /// What to do.
    pub remedy: String,
    /// The places that prove it, the one to change first.
    pub places: Vec<Place>,
}

/// Something that could not be decided.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Undecided {
    /// The finding that it would be; its message says what the rule looks for.
    #[serde(flatten)]
    pub finding: Finding,
    /// Why it could not be decided.
    pub reason: String,
    /// Other rules that are undecided for the same reason.
    pub also: Vec<String>,
}

/// A finding that a waiver accepts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Suppressed {
    /// The finding itself.
    #[serde(flatten)]
    pub finding: Finding,
    /// The reason that the waiver gives.
    pub reason: String,
}

/// Whom a finding is about.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Subject {
    /// The environment, where several are told apart.
    pub environment: Option<String>,
    /// The realm's name.
    pub realm: Option<String>,
    /// The client's id.
    pub client: Option<String>,
    /// The service's name.
    pub service: Option<String>,
}

/// A place in what was read.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Place {
    /// `keycloak`, `cloud-run` or `configuration`.
    pub side: SideName,
    /// The file's path; `<stdin>` for standard input.
    pub file: String,
    /// The line, counted from one.
    pub line: Option<usize>,
    /// The column in characters, counted from one.
    pub column: Option<usize>,
    /// The field: `clients[3].redirectUris[0]`. For Terraform the attribute of the resource.
    pub field: String,
    /// The address of the Terraform resource that holds the field.
    pub resource: Option<String>,
    /// The value there; null for absent fields and for every secret.
    pub value: Option<String>,
    /// What this place has to do with the finding.
    pub label: String,
}

/// A side of the pair.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SideName {
    /// Realms and clients.
    Keycloak,
    /// Services.
    CloudRun,
    /// cloakrun's own configuration.
    Configuration,
}

/// What was looked at, what could not be, and the counts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// Realms that were read.
    pub realms: usize,
    /// Their clients.
    pub clients: usize,
    /// Services, jobs and worker pools.
    pub services: usize,
    /// Links between services and clients.
    pub links: usize,
    /// Findings of severity `error`.
    pub errors: usize,
    /// Findings of severity `warning`.
    pub warnings: usize,
    /// Findings of severity `info`.
    pub infos: usize,
    /// How many could not be decided.
    pub undecided: usize,
    /// How many a waiver accepts.
    pub suppressed: usize,
    /// Findings that were left out because they are below `--min-severity`.
    pub below_min_severity: usize,
    /// Whether everything could be looked at and decided.
    pub complete: bool,
    /// What could not be looked at.
    pub not_looked_at: Vec<Remark>,
    /// Remarks on how things were read.
    pub remarks: Vec<Remark>,
    /// The exit code of the run.
    pub exit_code: u8,
}

/// A sentence about what was read, or was not.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Remark {
    /// The file it is about, where it is about one.
    pub file: Option<String>,
    /// The line, counted from one.
    pub line: Option<usize>,
    /// The column in characters, counted from one.
    pub column: Option<usize>,
    /// What is not known, and why.
    pub message: String,
}

/// The report as JSON, indented, with a line break at the end.
pub fn render(report: &report::Report) -> String {
    pretty(&Report::from(report))
}

/// The JSON Schema of the report, indented, with a line break at the end.
pub fn schema() -> String {
    pretty(&schema_of::<Report>())
}

/// The schema of what is written as `T`; draft 2020-12.
pub(crate) fn schema_of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

/// `value` as indented JSON with a line break at the end.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    // Own types with text keys: serialising them into memory cannot fail.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

impl From<&report::Report> for Report {
    fn from(report: &report::Report) -> Self {
        Report {
            schema_version: SCHEMA_VERSION,
            tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
            inputs: report.inputs.iter().map(Input::from).collect(),
            links: report.links.iter().map(Link::from).collect(),
            findings: report.findings.iter().map(Finding::from).collect(),
            undecided: report.undecided.iter().map(undecided).collect(),
            suppressed: report
                .suppressed
                .iter()
                .map(|suppressed| Suppressed {
                    finding: Finding::from(&suppressed.entry),
                    reason: suppressed.reason.clone(),
                })
                .collect(),
            summary: Summary::from(report),
        }
    }
}

impl From<&report::Input> for Input {
    fn from(input: &report::Input) -> Self {
        let items = input.items.iter().map(|item| Item {
            kind: item.kind,
            name: item.name.clone(),
            clients: item.clients,
        });
        Input { path: input.path.clone(), kind: input.kind, items: items.collect() }
    }
}

impl From<&report::LinkEntry> for Link {
    fn from(link: &report::LinkEntry) -> Self {
        let subject = link.subject.clone();
        let clues = link.clues.iter().map(|clue| Clue { kind: clue.kind, text: clue.text.clone() });
        Link {
            environment: subject.environment,
            realm: subject.realm,
            client: subject.client,
            service: subject.service,
            uses: link.uses.clone(),
            clues: clues.collect(),
        }
    }
}

impl From<&Entry> for Finding {
    fn from(entry: &Entry) -> Self {
        let subject = entry.subject.clone();
        Finding {
            rule: entry.rule.clone(),
            severity: entry.severity,
            fingerprint: entry.fingerprint.clone(),
            subject: Subject {
                environment: subject.environment,
                realm: subject.realm,
                client: subject.client,
                service: subject.service,
            },
            message: entry.message.clone(),
            remedy: entry.remedy.clone(),
            places: entry.places.iter().map(Place::from).collect(),
        }
    }
}

fn undecided(entry: &Entry) -> Undecided {
    let mut finding = Finding::from(entry);
    let reason = std::mem::replace(&mut finding.message, entry.title.clone());
    Undecided { finding, reason, also: entry.also.clone() }
}

impl From<&report::PlaceEntry> for Place {
    fn from(place: &report::PlaceEntry) -> Self {
        Place {
            side: match place.side {
                Side::Keycloak => SideName::Keycloak,
                Side::CloudRun => SideName::CloudRun,
                Side::Configuration => SideName::Configuration,
            },
            file: place.file.clone(),
            line: place.line,
            column: place.column,
            field: place.field.clone(),
            resource: place.resource.clone(),
            value: place.value.clone(),
            label: place.label.clone(),
        }
    }
}

impl From<&report::Report> for Summary {
    fn from(report: &report::Report) -> Self {
        let looked = &report.looked;
        let of = |severity| report.findings.iter().filter(|entry| entry.severity == severity).count();
        let remarks = |incomplete| {
            let remarks = looked.unread.iter().filter(|gap| gap.incomplete == incomplete).map(|gap| Remark {
                file: gap.file.clone(),
                line: gap.line,
                column: gap.column,
                message: gap.message.clone(),
            });
            remarks.collect::<Vec<_>>()
        };
        Summary {
            realms: looked.realms,
            clients: looked.clients,
            services: looked.services,
            links: looked.links,
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
            infos: of(Severity::Info),
            undecided: report.undecided.len(),
            suppressed: report.suppressed.len(),
            below_min_severity: looked.below_min_severity,
            complete: report.undecided.is_empty() && !looked.unread.iter().any(|gap| gap.incomplete),
            not_looked_at: remarks(true),
            remarks: remarks(false),
            exit_code: report.exit.code(),
        }
    }
}
