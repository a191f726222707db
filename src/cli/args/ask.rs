//! The commands that ask: their arguments.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

use super::{AnswerFormat, Selection, Server};

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
#[command(about = "Print the JSON Schema of the report, of a plan or of the configuration")]
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
    /// A plan of repairs
    Plan,
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
