//! `cloakrun check`: its arguments.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

use super::{Selection, Server};
use crate::fault;
use crate::finding::Severity;
use crate::report::Format;

#[cfg(not(feature = "live"))]
const ABOUT: &str = "\
Checks realm and service files, and says which logins and tokens will fail, why, and what to do.

Without PATHS the current directory is walked (ignore files respected) and files are recognised by their content.";

#[cfg(feature = "live")]
const ABOUT: &str = "\
Checks both sides, and says which logins and tokens will fail, why, and what to do. Nothing is written.

PATHS are files and directories; files are recognised by their content, and ignore files are respected. --keycloak-url and \
--project read what is on the servers now. With neither, the current directory is walked. One side may come from files and the \
other from its servers.";

/// `cloakrun check`
#[derive(Debug, Args)]
#[command(
    about = "Check both sides, and say what will fail",
    long_about = ABOUT,
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

    use super::*;

    #[test]
    fn further_reports_name_format_and_file() {
        let to = report_to("json=out/report.json").unwrap();
        assert_eq!((to.format, to.path), (Format::Json, PathBuf::from("out/report.json")));
        assert!(report_to("jsn=x").unwrap_err().contains("table, full, concise, json"));
        assert!(report_to("json=").is_err());
        assert!(report_to("json").is_err());
    }
}
