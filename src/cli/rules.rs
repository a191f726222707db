//! `cloakrun rules`

use schemars::JsonSchema;
use serde::Serialize;
use tabled::builder::Builder;
use tabled::settings::object::{Columns, Object, Rows};
use tabled::settings::{Modify, Padding, Style, Width};

use crate::cli::args::{AnswerFormat, RulesArgs};
use crate::cli::terminal::Terminal;
use crate::fault::{Exit, Fault};
use crate::finding::Severity;
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
    let mut builder = Builder::default();
    builder.push_record(["rule", "severity", "about", "what it finds"].map(paint::faint));
    for rule in rules {
        let severity = paint::severity(rule.severity, rule.severity.word());
        builder.push_record([
            paint::strong(rule.id),
            severity,
            scope(&rule.check).to_owned(),
            rule.title.to_owned(),
        ]);
    }
    let mut table = builder.build();
    let longest = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    // Two blanks between columns; "severity" and "service" are the widest words of theirs.
    let left = width.saturating_sub(longest + 2 + 10 + 9).max(24);
    table.with(Style::empty()).with(Padding::new(0, 2, 0, 0));
    table.with(Modify::new(Columns::one(3)).with(Padding::zero()));
    table.with(Modify::new(Columns::one(3).not(Rows::first())).with(Width::wrap(left).keep_words(true)));
    let mut text: String = table.to_string().lines().map(|line| format!("{}\n", line.trim_end())).collect();
    text.push_str(&format!("\nWhat a rule means:\n  {}\n", paint::command("cloakrun explain RULE")));
    text
}
