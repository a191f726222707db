//! `cloakrun rules`

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::args::{AnswerFormat, RulesArgs};
use crate::cli::terminal::Terminal;
use crate::fault::{Exit, Fault};
use crate::finding::Severity;
use crate::report::columns::{self, Cell};
use crate::report::{json, paint};
use crate::rules::{self, Check, Rule};

/// A rule as `cloakrun rules --format json` prints it.
#[derive(Debug, Serialize, JsonSchema)]
struct RuleAnswer {
    id: &'static str,
    severity: Severity,
    scope: &'static str,
    title: &'static str,
    why: &'static str,
    remedy: &'static str,
    references: &'static [&'static str],
}

pub(crate) fn run(args: &RulesArgs, terminal: &Terminal) -> Result<Exit, Fault> {
    let text = match args.format {
        AnswerFormat::Table => table(rules::all(), terminal.width()),
        AnswerFormat::Json => json::pretty(&rules::all().iter().map(|rule| answer(rule)).collect::<Vec<_>>()),
    };
    terminal.write(&text)?;
    Ok(Exit::Clean)
}

/// What a rule looks at, in a word.
pub(crate) fn scope(check: &Check) -> &'static str {
    match check {
        Check::Link(_) => "link",
        Check::Issuer(_) => "issuer",
        Check::Client(_) => "client",
        Check::Service(_) => "service",
        Check::Realm(_) => "realm",
        Check::Scene(_) => "all",
        Check::Waiver(_) => "waiver",
    }
}

fn answer(rule: &Rule) -> RuleAnswer {
    RuleAnswer {
        id: rule.id,
        severity: rule.severity,
        scope: scope(&rule.check),
        title: rule.title,
        why: rule.why,
        remedy: rule.remedy,
        references: rule.references,
    }
}

fn table(rules: &[&Rule], width: usize) -> String {
    let rows = rules.iter().map(|rule| {
        vec![
            Cell::strong(rule.id),
            Cell::severity(rule.severity),
            Cell::plain(scope(&rule.check)),
            Cell::plain(rule.title),
        ]
    });
    let mut text = columns::render(&["rule", "severity", "about", "what it finds"], rows.collect(), width);
    text.push_str(&format!("\nWhat a rule means:\n  {}\n", paint::command("cloakrun explain RULE")));
    text
}
