//! The command line: its types, whose doc comments are the help.
//!
//! This file stands alone: it knows the words of the command line and nothing of what they set off. Every long option has a
//! twin in the environment, `--fail-on` for example `CLOAKRUN_FAIL_ON`.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::fault;
use crate::finding::Severity;
use crate::report::Format;

/// What people type first.
pub const EXAMPLES: &str = "\
Examples:
  cloakrun check                           everything below this directory
  cloakrun check shop-realm.json deploy/   these files and directories
  cloakrun accepts web https://app.example.com/callback shop-realm.json";

const ENVIRONMENT: &str = "\
Every long option can be set in the environment too: --fail-on by CLOAKRUN_FAIL_ON, --no-config by CLOAKRUN_NO_CONFIG=1.";

/// Checks that Keycloak clients and Google Cloud Run services fit together.
///
/// cloakrun reads realm files and Cloud Run service files, works out which service talks through which client, and says which
/// logins and tokens will fail, why, and what to do.
#[derive(Debug, Parser)]
#[command(
    name = "cloakrun",
    version,
    max_term_width = 100,
    subcommand_required = false,
    after_help = format!("{EXAMPLES}\n\n{}\n\n{ENVIRONMENT}", fault::exit_table()),
)]
pub struct Cli {
    /// What goes for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do; without it the short help is printed.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What goes for every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t = When::Auto,
        env = "CLOAKRUN_COLOR",
        hide_env = true
    )]
    pub color: When,
    /// Say nothing besides the report, warnings and errors
    #[arg(
        long,
        short,
        global = true,
        env = "CLOAKRUN_QUIET",
        hide_env = true,
        value_parser = FalseyValueParser::new()
    )]
    pub quiet: bool,
    /// List every file that was read, however many there are
    #[arg(
        long,
        short,
        global = true,
        env = "CLOAKRUN_VERBOSE",
        hide_env = true,
        value_parser = FalseyValueParser::new()
    )]
    pub verbose: bool,
    /// Configuration to use, instead of the cloakrun.yaml found upward from this directory
    #[arg(
        long,
        short,
        global = true,
        value_name = "FILE",
        env = "CLOAKRUN_CONFIG",
        hide_env = true,
        conflicts_with = "no_config"
    )]
    pub config: Option<PathBuf>,
    /// Use no configuration at all
    #[arg(
        long,
        global = true,
        env = "CLOAKRUN_NO_CONFIG",
        hide_env = true,
        value_parser = FalseyValueParser::new()
    )]
    pub no_config: bool,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb says no; CLICOLOR_FORCE and FORCE_COLOR say yes
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check realm and service files, and say what will fail
    #[command(visible_alias = "audit")]
    Check(Box<CheckArgs>),
    /// Say whether a Keycloak would accept a redirect URI for a client, and why or why not
    Accepts(Box<AcceptsArgs>),
    /// Say which audiences the tokens of a client carry, and through which mapper
    Audience(Box<AudienceArgs>),
    /// Show which service talks through which client, and the clues
    Links(Box<LinksArgs>),
    /// List the rules
    Rules(RulesArgs),
    /// Explain a rule: what breaks for whom, and what to do
    Explain(ExplainArgs),
    /// Print the JSON Schema of the report or of the configuration
    Schema(SchemaArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

/// `cloakrun check`
///
/// Without PATHS the current directory is walked (ignore files respected) and files are recognised by their content.
#[derive(Debug, Args)]
#[command(
    about = "Check realm and service files, and say what will fail",
    long_about = "Checks realm and service files, and says which logins and tokens will fail, why, and what to do.\n\n\
        Without PATHS the current directory is walked (ignore files respected) and files are recognised by their content.",
    after_help = fault::exit_table(),
)]
pub struct CheckArgs {
    /// Files and directories to read; `-` reads one document from standard input
    #[arg(value_name = "PATHS")]
    pub paths: Vec<PathBuf>,

    /// Format of the report
    #[arg(
        long,
        short,
        value_enum,
        default_value_t = Format::Table,
        env = "CLOAKRUN_FORMAT",
        hide_env = true,
        help_heading = "Report"
    )]
    pub format: Format,
    /// Write the report to FILE instead of standard output
    #[arg(
        long,
        short,
        value_name = "FILE",
        env = "CLOAKRUN_OUTPUT",
        hide_env = true,
        help_heading = "Report"
    )]
    pub output: Option<PathBuf>,
    /// Write the report in another format to a file as well; may be repeated
    #[arg(
        long = "report",
        value_name = "FORMAT=FILE",
        value_parser = report_to,
        value_delimiter = ',',
        env = "CLOAKRUN_REPORT",
        hide_env = true,
        help_heading = "Report"
    )]
    pub reports: Vec<ReportTo>,
    /// Lowest severity of a finding that makes the run fail
    #[arg(
        long,
        value_enum,
        value_name = "SEVERITY",
        default_value_t = FailOn::Error,
        env = "CLOAKRUN_FAIL_ON",
        hide_env = true,
        help_heading = "Report"
    )]
    pub fail_on: FailOn,
    /// Leave out findings below this severity; they then count for nothing
    #[arg(
        long,
        value_enum,
        value_name = "SEVERITY",
        default_value_t = Least::Info,
        env = "CLOAKRUN_MIN_SEVERITY",
        hide_env = true,
        help_heading = "Report"
    )]
    pub min_severity: Least,
    /// Let the run succeed although something could not be looked at
    #[arg(
        long,
        env = "CLOAKRUN_ALLOW_PARTIAL",
        hide_env = true,
        value_parser = FalseyValueParser::new(),
        help_heading = "Report"
    )]
    pub allow_partial: bool,
    /// Show what waivers accept, with their reasons
    #[arg(
        long,
        env = "CLOAKRUN_SHOW_SUPPRESSED",
        hide_env = true,
        value_parser = FalseyValueParser::new(),
        help_heading = "Report"
    )]
    pub show_suppressed: bool,

    /// Only these rules, also those that are off by default; may be repeated
    #[arg(
        long = "rule",
        value_name = "RULE",
        value_delimiter = ',',
        env = "CLOAKRUN_RULE",
        hide_env = true,
        help_heading = "Selection"
    )]
    pub rules: Vec<String>,
    /// Not these rules; may be repeated
    #[arg(
        long = "skip-rule",
        value_name = "RULE",
        value_delimiter = ',',
        env = "CLOAKRUN_SKIP_RULE",
        hide_env = true,
        help_heading = "Selection"
    )]
    pub skip_rules: Vec<String>,
    /// What findings may be about.
    #[command(flatten)]
    pub selection: Selection,
    /// Which server.
    #[command(flatten)]
    pub server: Server,
}

/// Selection by name.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct Selection {
    /// Only what is about this client; may be repeated
    #[arg(
        long = "client",
        value_name = "CLIENT",
        value_delimiter = ',',
        env = "CLOAKRUN_CLIENT",
        hide_env = true
    )]
    pub clients: Vec<String>,
    /// Only what is about this service; may be repeated
    #[arg(
        long = "service",
        value_name = "SERVICE",
        value_delimiter = ',',
        env = "CLOAKRUN_SERVICE",
        hide_env = true
    )]
    pub services: Vec<String>,
    /// Only what is about this realm; may be repeated
    #[arg(
        long = "realm",
        value_name = "REALM",
        value_delimiter = ',',
        env = "CLOAKRUN_REALM",
        hide_env = true
    )]
    pub realms: Vec<String>,
}

/// Which server judges.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Server")]
pub struct Server {
    /// Version of the Keycloak server, such as 26.7.3; beats what files and configuration say
    #[arg(long, value_name = "VERSION", env = "CLOAKRUN_KEYCLOAK_VERSION", hide_env = true)]
    pub keycloak_version: Option<String>,
}

/// `cloakrun accepts`
#[derive(Debug, Args)]
#[command(
    about = "Say whether a Keycloak would accept a redirect URI for a client, and why or why not",
    long_about = "Says whether a Keycloak would accept a redirect URI for a client: yes or no, the entry that matched, or the \
        nearest entry and the step that refused. Without a version the answer is given for every generation of servers \
        since 21.\n\n\
        With --batch, questions are read as JSON Lines {id, kind, registered, root_url, requested, version, required, \
        frontend_url, admin_url, attribute, web_origins} and answered as JSON Lines in the same order; a line that is no \
        question is answered with an error, and the exit code is then 2.",
    after_help = "Exit codes:\n  \
        0  accepted (with --batch: every line was a question and is answered)\n  \
        1  refused, or the server answers with an error of its own\n  \
        2  the command line is wrong, there is no such client, or a line of the batch is no question\n  \
        3  servers of different versions differ and the version is not known, or a placeholder decides"
)]
pub struct AcceptsArgs {
    /// The client's id
    #[arg(value_name = "CLIENT", required_unless_present = "batch")]
    pub client: Option<String>,
    /// The URI that a browser would bring
    #[arg(value_name = "URI", required_unless_present = "batch")]
    pub uri: Option<String>,
    /// Files and directories that hold the client; the current directory when none is given
    #[arg(value_name = "FILES")]
    pub paths: Vec<PathBuf>,
    /// What the URI is
    #[arg(
        long,
        value_enum,
        default_value_t = UriKind::Redirect,
        env = "CLOAKRUN_KIND",
        hide_env = true
    )]
    pub kind: UriKind,
    /// Answer questions from a file of JSON Lines; `-` for standard input
    #[arg(
        long,
        value_name = "FILE",
        env = "CLOAKRUN_BATCH",
        hide_env = true,
        conflicts_with_all = ["client", "uri", "paths"]
    )]
    pub batch: Option<PathBuf>,
    /// The realm, where several have a client of this id
    #[arg(long, value_name = "REALM", env = "CLOAKRUN_REALM", hide_env = true)]
    pub realm: Option<String>,
    /// Format of the answer
    #[arg(
        long,
        short,
        value_enum,
        default_value_t = AnswerFormat::Table,
        env = "CLOAKRUN_FORMAT",
        hide_env = true
    )]
    pub format: AnswerFormat,
    /// Which server.
    #[command(flatten)]
    pub server: Server,
}

/// What a URI is to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UriKind {
    /// Where a login comes back to
    Redirect,
    /// Where a logout ends
    PostLogout,
    /// The origin of a page that calls Keycloak from the browser
    WebOrigin,
}

/// `cloakrun audience`
#[derive(Debug, Args)]
#[command(
    about = "Say which audiences the tokens of a client carry, and through which mapper",
    after_help = "Exit codes:\n  \
        0  the audiences are known\n  \
        2  the command line is wrong, or there is no such client\n  \
        3  a placeholder or a part that was not read leaves them open"
)]
pub struct AudienceArgs {
    /// The client's id
    #[arg(value_name = "CLIENT")]
    pub client: String,
    /// Files and directories that hold the client; the current directory when none is given
    #[arg(value_name = "FILES")]
    pub paths: Vec<PathBuf>,
    /// An optional scope that is asked for besides `openid`; may be repeated
    #[arg(
        long = "scope",
        value_name = "SCOPE",
        value_delimiter = ',',
        env = "CLOAKRUN_SCOPE",
        hide_env = true
    )]
    pub scopes: Vec<String>,
    /// The token that the client gets for itself (client credentials)
    #[arg(
        long,
        env = "CLOAKRUN_SERVICE_ACCOUNT",
        hide_env = true,
        value_parser = FalseyValueParser::new(),
        conflicts_with = "user"
    )]
    pub service_account: bool,
    /// The user who logs in, by login name; without it a user with the default roles only
    #[arg(long, value_name = "NAME", env = "CLOAKRUN_USER", hide_env = true)]
    pub user: Option<String>,
    /// The realm, where several have a client of this id
    #[arg(long, value_name = "REALM", env = "CLOAKRUN_REALM", hide_env = true)]
    pub realm: Option<String>,
    /// Format of the answer
    #[arg(
        long,
        short,
        value_enum,
        default_value_t = AnswerFormat::Table,
        env = "CLOAKRUN_FORMAT",
        hide_env = true
    )]
    pub format: AnswerFormat,
    /// Which server.
    #[command(flatten)]
    pub server: Server,
}

/// `cloakrun links`
#[derive(Debug, Args)]
#[command(about = "Show which service talks through which client, and the clues")]
pub struct LinksArgs {
    /// Files and directories to read; the current directory when none is given
    #[arg(value_name = "PATHS")]
    pub paths: Vec<PathBuf>,
    /// What links may be about.
    #[command(flatten)]
    pub selection: Selection,
    /// Which server.
    #[command(flatten)]
    pub server: Server,
    /// Format of the answer
    #[arg(
        long,
        short,
        value_enum,
        default_value_t = AnswerFormat::Table,
        env = "CLOAKRUN_FORMAT",
        hide_env = true
    )]
    pub format: AnswerFormat,
}

/// `cloakrun rules`
#[derive(Debug, Args)]
#[command(about = "List the rules")]
pub struct RulesArgs {
    /// Format of the list
    #[arg(
        long,
        short,
        value_enum,
        default_value_t = AnswerFormat::Table,
        env = "CLOAKRUN_FORMAT",
        hide_env = true
    )]
    pub format: AnswerFormat,
}

/// `cloakrun explain`
#[derive(Debug, Args)]
#[command(about = "Explain a rule: what breaks for whom, and what to do")]
pub struct ExplainArgs {
    /// The rule's id, as reports print it
    #[arg(value_name = "RULE")]
    pub rule: String,
}

/// `cloakrun schema`
#[derive(Debug, Args)]
#[command(about = "Print the JSON Schema of the report or of the configuration")]
pub struct SchemaArgs {
    /// Which schema
    #[arg(value_enum, value_name = "OF")]
    pub of: SchemaOf,
}

/// What a JSON Schema is printed of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// The report of `cloakrun check --format json`
    Report,
    /// The configuration file, cloakrun.yaml
    Config,
}

/// `cloakrun completions`
#[derive(Debug, Args)]
#[command(about = "Print a completion script for a shell")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// A format of the answers that are no reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnswerFormat {
    /// For people
    Table,
    /// JSON
    Json,
}

/// Lowest severity of a finding that makes the run fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors
    Error,
    /// Errors and warnings
    Warning,
    /// Every finding
    Info,
    /// None
    Never,
}

impl FailOn {
    /// The lowest severity that makes the run fail; none when no finding does.
    pub fn severity(self) -> Option<Severity> {
        match self {
            FailOn::Error => Some(Severity::Error),
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Info => Some(Severity::Info),
            FailOn::Never => None,
        }
    }
}

/// Lowest severity that is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Least {
    /// Errors
    Error,
    /// Errors and warnings
    Warning,
    /// Everything
    Info,
}

impl Least {
    /// The severity itself.
    pub fn severity(self) -> Severity {
        match self {
            Least::Error => Severity::Error,
            Least::Warning => Severity::Warning,
            Least::Info => Severity::Info,
        }
    }
}

/// A further report and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportTo {
    /// The format.
    pub format: Format,
    /// The file.
    pub path: PathBuf,
}

fn report_to(text: &str) -> Result<ReportTo, String> {
    let choices = || {
        let names = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        names.map(|name| name.get_name().to_owned()).collect::<Vec<_>>().join(", ")
    };
    let (format, path) = text
        .split_once('=')
        .ok_or_else(|| format!("write FORMAT=FILE, where FORMAT is one of {}", choices()))?;
    let format = Format::from_str(format, false)
        .map_err(|_| format!("`{format}` is no format; choose one of {}", choices()))?;
    if path.is_empty() {
        return Err("the name of the file is missing behind `=`".to_owned());
    }
    Ok(ReportTo { format, path: PathBuf::from(path) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_long_option_has_its_twin_in_the_environment() {
        let mut command = Cli::command();
        command.build();
        let mut options: Vec<_> = command.get_arguments().cloned().collect();
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            options.extend(sub.get_arguments().cloned());
        }
        for option in options {
            let Some(long) = option.get_long().filter(|long| !["help", "version"].contains(long)) else {
                continue;
            };
            let twin = format!("CLOAKRUN_{}", long.to_uppercase().replace('-', "_"));
            let env = option.get_env().map(|env| env.to_string_lossy().into_owned());
            assert_eq!(env, Some(twin), "--{long}");
        }
    }

    #[test]
    fn further_reports_name_format_and_file() {
        let to = report_to("json=out/report.json").unwrap();
        assert_eq!((to.format, to.path), (Format::Json, PathBuf::from("out/report.json")));
        assert!(report_to("jsn=x").unwrap_err().contains("table, full, concise, json"));
        assert!(report_to("json=").is_err());
        assert!(report_to("json").is_err());
    }
}
