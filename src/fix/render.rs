//! A plan for people, and for machines.

use std::fmt::Write as _;

use super::plan::{Conflict, Manual, Plan, Reason, Step};
use super::{Edit, Phase, Safety, source};
use crate::finding::Severity;
use crate::report::{escape, json, paint, summary};
use crate::words::counted;

/// How many characters of a fingerprint people need to tell findings apart.
const SHORT: usize = 8;

/// How many findings are shown of a step.
const MOST_REASONS: usize = 4;

/// The plan for people, in lines of at most `width` columns; values stay whole, since they may be there to be copied.
///
/// `diff` gives the text of a step's change of its file, in lines, where there is one. It may hold colours, and has to have escaped
/// what was read.
pub fn people(plan: &Plan, width: usize, diff: &dyn Fn(&Step) -> Option<String>) -> String {
    let width = width.clamp(40, 132);
    let mut text = String::new();
    if plan.is_empty() {
        return format!("{}\n", paint::good("Nothing to do."));
    }
    let mut phase = None;
    for step in &plan.steps {
        if phase != Some(step.phase) {
            phase = Some(step.phase);
            let _ = writeln!(text, "{}\n", paint::strong(heading(step.phase)));
        }
        push_step(&mut text, step, width, diff(step));
    }
    if !plan.conflicts.is_empty() {
        let heading = "In conflict: none of these is made, decide which one holds";
        let _ = writeln!(text, "{}\n", paint::severity(Severity::Error, heading));
        plan.conflicts.iter().for_each(|conflict| push_conflict(&mut text, conflict, width));
    }
    if !plan.manual.is_empty() {
        let _ = writeln!(text, "{}\n", paint::strong("By hand"));
        plan.manual.iter().for_each(|manual| push_manual(&mut text, manual, width));
    }
    summary::push_wrapped(&mut text, "", "", &format!("{}.", counts(plan)), width);
    text
}

/// The plan as JSON, indented, with a line break at the end: what `--plan-out` writes.
pub fn machines(plan: &Plan) -> String {
    json::pretty(plan)
}

/// The JSON Schema of a plan, indented, with a line break at the end.
pub fn schema() -> String {
    json::pretty(&json::schema_of::<Plan>())
}

/// A plan from its JSON; what is wrong with it as a sentence.
pub fn read(text: &str) -> Result<Plan, String> {
    serde_json::from_str(text).map_err(|error| format!("This is no plan of cloakrun: {error}."))
}

fn heading(phase: Phase) -> &'static str {
    match phase {
        Phase::Expand => "Expand: allow what will be needed",
        Phase::Switch => "Switch: move over to it",
        Phase::Contract => "Contract: take away what is not needed any more",
    }
}

/// "2 steps (1 safe, 1 to review), 1 repair by hand, 1 conflict".
fn counts(plan: &Plan) -> String {
    let of = |safety: Safety| plan.steps.iter().filter(|step| step.safety == safety).count();
    let mut kinds = Vec::new();
    for (number, words) in [(of(Safety::Safe), "safe"), (of(Safety::Review), "to review")] {
        if number > 0 {
            kinds.push(format!("{number} {words}"));
        }
    }
    let mut parts = Vec::new();
    if !plan.steps.is_empty() {
        parts.push(format!("{} ({})", counted(plan.steps.len(), "step"), kinds.join(", ")));
    }
    if !plan.manual.is_empty() {
        let noun = if plan.manual.len() == 1 { "repair" } else { "repairs" };
        parts.push(format!("{} {noun} by hand", plan.manual.len()));
    }
    if !plan.conflicts.is_empty() {
        parts.push(counted(plan.conflicts.len(), "conflict"));
    }
    parts.join(", ")
}

fn push_step(text: &mut String, step: &Step, width: usize, diff: Option<String>) {
    let number = format!("{:>2}  ", step.number);
    let objects = step.objects();
    let several = objects.len() > 1;
    let place = if several {
        step.target.name().to_owned()
    } else {
        let names: Vec<String> = objects.iter().map(|object| object.describe()).collect();
        format!("{} · {}", names.join(""), step.target.name())
    };
    let safety = match step.safety {
        Safety::Safe => paint::good("safe"),
        Safety::Review | Safety::Manual => paint::severity(Severity::Warning, "review"),
    };
    let head = format!("{} · {safety}", paint::strong(&escape::one_line(&place)));
    summary::push_wrapped(text, &number, "    ", &head, width);
    let mut last = None;
    let mut last_field: Option<&str> = None;
    for change in &step.changes {
        if several && last != Some(&change.of) {
            let _ = writeln!(text, "    {}", escape::one_line(&change.of.describe()));
            last_field = None;
        }
        last = Some(&change.of);
        if last_field != Some(&change.field) {
            let _ = writeln!(text, "    {}", paint::faint(&escape::one_line(&change.field)));
        }
        last_field = Some(&change.field);
        push_edit(text, &change.edit, "      ");
    }
    if let Some(diff) = diff {
        for line in diff.lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    for reason in step.reasons.iter().take(MOST_REASONS) {
        push_reason(text, reason, width);
    }
    if step.reasons.len() > MOST_REASONS {
        let _ = writeln!(text, "    and {} more", step.reasons.len() - MOST_REASONS);
    }
    for risk in &step.risks {
        summary::push_wrapped(text, "    ", "      ", &format!("Risk: {}", escape::lines(risk)), width);
    }
    if let Some(owner) = step.owner.as_ref().filter(|_| step.target.is_live()) {
        let line = format!("Kept by {}, which may take it back.", owner.describe());
        summary::push_wrapped(text, "    ", "    ", &escape::lines(&line), width);
    }
    if !step.needs.is_empty() {
        let needs: Vec<String> = step.needs.iter().map(|need| format!("--allow {}", need.word())).collect();
        let line = format!("Needs {}", paint::command(&needs.join(" ")));
        summary::push_wrapped(text, "    ", "      ", &line, width);
    }
    if !step.after.is_empty() {
        let numbers: Vec<String> = step.after.iter().map(usize::to_string).collect();
        let line = format!(
            "After {} {}",
            if numbers.len() == 1 { "step" } else { "steps" },
            crate::words::listed(&numbers)
        );
        summary::push_wrapped(text, "    ", "      ", &line, width);
    }
    text.push('\n');
}

fn push_edit(text: &mut String, edit: &Edit, indent: &str) {
    let mut line = |sign: char, value: &str| {
        let value = escape::one_line(value);
        let line = format!("{sign} {value}");
        let painted = if sign == '+' { paint::good(&line) } else { paint::severity(Severity::Error, &line) };
        let _ = writeln!(text, "{indent}{painted}");
    };
    match edit {
        Edit::Set { from, to } => {
            line('-', &source::shown(from));
            line('+', &source::shown(to));
        }
        Edit::Create { value } => line('+', &source::shown(value)),
        Edit::Drop { value } => line('-', &source::shown(value)),
        Edit::Insert { item, .. } => line('+', &source::shown(item)),
        Edit::Remove { item, .. } => line('-', &source::shown(item)),
        Edit::AddMapper { mapper } | Edit::RemoveMapper { mapper } => {
            let sign = if matches!(edit, Edit::AddMapper { .. }) { '+' } else { '-' };
            line(sign, &format!("{} ({})", mapper.name, mapper.protocol_mapper));
            for (key, value) in &mapper.config {
                line(sign, &format!("  {key}: {value}"));
            }
        }
    }
}

fn name_reason(reason: &Reason) -> String {
    let short: String = reason.fingerprint.chars().take(SHORT).collect();
    format!("{} {}", reason.rule, paint::faint(&short))
}

fn push_reason(text: &mut String, reason: &Reason, width: usize) {
    let line = format!("{}: {}", name_reason(reason), escape::lines(&reason.message));
    summary::push_wrapped(text, "    → ", "      ", &line, width);
}

fn push_conflict(text: &mut String, conflict: &Conflict, width: usize) {
    let head = format!("`{}` of {} · {}", conflict.field, conflict.of.describe(), conflict.target.name());
    summary::push_wrapped(text, " •  ", "    ", &escape::lines(&head), width);
    for side in &conflict.sides {
        push_edit(text, &side.edit, "      ");
        push_reason(text, &side.reason, width);
    }
    text.push('\n');
}

fn push_manual(text: &mut String, manual: &Manual, width: usize) {
    let title = escape::lines(&manual.reason.title);
    summary::push_wrapped(text, " •  ", "    ", &paint::strong(&title), width);
    push_reason(text, &manual.reason, width);
    if let Some(because) = &manual.because {
        summary::push_wrapped(text, "    ", "    ", &escape::lines(because), width);
    }
    for (index, step) in manual.steps.iter().enumerate() {
        let number = format!("    {}. ", index + 1);
        let mut lines = step.trim_end().split('\n');
        let first = lines.next().unwrap_or_default();
        summary::push_wrapped(text, &number, "       ", &escape::one_line(first), width);
        // What follows is there to be copied: never broken.
        for line in lines {
            let _ = writeln!(text, "       {}", paint::command(&escape::one_line(line)));
        }
    }
    text.push('\n');
}
