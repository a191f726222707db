//! `cloakrun explain`

use crate::cli::args::ExplainArgs;
use crate::cli::rules::scope;
use crate::cli::terminal::Terminal;
use crate::fault::{Exit, Fault};
use crate::report::{paint, summary};
use crate::rules::{self, Rule};
use crate::suggest::did_you_mean;

pub(crate) fn run(args: &ExplainArgs, terminal: &Terminal) -> Result<Exit, Fault> {
    let rule = find(&args.rule)?;
    terminal.write(&explain(rule, terminal.width().min(100)))?;
    Ok(Exit::Clean)
}

/// The rule with the id `id`, or what to type instead.
pub(crate) fn find(id: &str) -> Result<&'static Rule, Fault> {
    rules::all().iter().find(|rule| rule.id == id).copied().ok_or_else(|| {
        Fault::usage(format!("there is no rule `{id}`."))
            .maybe_hint(did_you_mean(id, rules::all().iter().map(|rule| rule.id)))
            .hint("`cloakrun rules` lists them all.")
    })
}

fn explain(rule: &Rule, width: usize) -> String {
    let mut text = String::new();
    let severity = paint::severity(rule.severity, rule.severity.word());
    text.push_str(&format!("{}  {severity}, looks at: {}\n\n", paint::strong(rule.id), scope(&rule.check)));
    summary::push_wrapped(&mut text, "", "", rule.title, width);
    section(&mut text, "Why it matters", rule.why, width);
    section(&mut text, "What to do", rule.remedy, width);
    if !rule.references.is_empty() {
        text.push_str(&format!("\n{}\n", paint::strong("References")));
        for reference in rule.references {
            text.push_str(&format!("  {reference}\n"));
        }
    }
    text.push_str(&format!("\n{}\n", paint::strong("To accept a finding, in cloakrun.yaml")));
    text.push_str(&format!("  waivers:\n    - rule: {}\n      client: CLIENT\n      reason: WHY\n", rule.id));
    text
}

fn section(text: &mut String, heading: &str, body: &str, width: usize) {
    text.push_str(&format!("\n{}\n", paint::strong(heading)));
    for (number, paragraph) in body.split("\n\n").enumerate() {
        if number > 0 {
            text.push('\n');
        }
        // Line breaks inside of a paragraph are those of the source file.
        let paragraph = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        summary::push_wrapped(text, "  ", "  ", &paragraph, width);
    }
}
