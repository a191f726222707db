//! The command line: its types, whose doc comments are the help.
//!
//! These files stand alone: they know the words of the command line and nothing of what they set off. Every long option has a
//! twin in the environment, `--fail-on` for example `CLOAKRUN_FAIL_ON`.

mod ask;
mod check;
#[cfg(feature = "live")]
mod live;

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use ask::{
    AcceptsArgs, AudienceArgs, CompletionsArgs, ExplainArgs, LinksArgs, RulesArgs, SchemaArgs, SchemaOf,
    UriKind,
};
pub use check::{CheckArgs, FailOn, Least, ReportTo};
#[cfg(feature = "live")]
pub use live::{DoctorArgs, Live, SnapshotArgs};

use crate::fault;

/// What people type first.
#[cfg(not(feature = "live"))]
pub const EXAMPLES: &str = "\
Examples:
  cloakrun check                           everything below this directory
  cloakrun check shop-realm.json deploy/   these files and directories
  cloakrun accepts web https://app.example.com/callback shop-realm.json";

/// What people type first.
#[cfg(feature = "live")]
pub const EXAMPLES: &str = "\
Examples:
  cloakrun check                           everything below this directory
  cloakrun check shop-realm.json deploy/   these files and directories
  cloakrun check --keycloak-url https://sso.example.com --realm shop --project shop-prod
                                           both sides as they are now; nothing is written
  cloakrun doctor --keycloak-url https://sso.example.com --project shop-prod
                                           who asks there, and what they may not see
  cloakrun accepts web https://app.example.com/callback shop-realm.json";

#[cfg(not(feature = "live"))]
const ABOUT: &str = "\
Checks that Keycloak clients and Google Cloud Run services fit together.

cloakrun reads realm files and Cloud Run service files, works out which service talks through which client, and says which \
logins and tokens will fail, why, and what to do.";

#[cfg(feature = "live")]
const ABOUT: &str = "\
Checks that Keycloak clients and Google Cloud Run services fit together.

cloakrun reads both sides, from files or as they are now on the servers, works out which service talks through which client, and \
says which logins and tokens will fail, why, and what to do.";

const ENVIRONMENT: &str = "\
Every long option can be set in the environment too: --fail-on by CLOAKRUN_FAIL_ON, --no-config by CLOAKRUN_NO_CONFIG=1.";

/// The command line as a whole.
#[derive(Debug, Parser)]
#[command(
    name = "cloakrun",
    version,
    about = "Checks that Keycloak clients and Google Cloud Run services fit together",
    long_about = ABOUT,
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
    /// Check both sides, and say what will fail
    #[command(visible_alias = "audit")]
    Check(Box<CheckArgs>),
    /// Say whether a Keycloak would accept a redirect URI for a client, and why or why not
    Accepts(Box<AcceptsArgs>),
    /// Say which audiences the tokens of a client carry, and through which mapper
    Audience(Box<AudienceArgs>),
    /// Show which service talks through which client, and the clues
    Links(Box<LinksArgs>),
    /// Say as whom both sides are asked, what may be read, and what is missing for which rule
    #[cfg(feature = "live")]
    Doctor(Box<DoctorArgs>),
    /// Write what both sides answer into a folder, without secrets, for `check` to read again
    #[cfg(feature = "live")]
    Snapshot(Box<SnapshotArgs>),
    /// List the rules
    Rules(RulesArgs),
    /// Explain a rule: what breaks for whom, and what to do
    Explain(ExplainArgs),
    /// Print the JSON Schema of the report, of a plan or of the configuration
    Schema(SchemaArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
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
    /// Which servers are asked.
    #[cfg(feature = "live")]
    #[command(flatten)]
    pub live: Live,
}

/// A format of the answers that are no reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnswerFormat {
    /// For people
    Table,
    /// JSON
    Json,
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
}
