//! `waiver-expired`: a waiver whose date has passed.

use super::waiver_unused::narrowed;
use crate::finding::{Case, Evidence, Severity, Side, Verdict};
use crate::rules::{Check, Rule, WaiverUse};
use crate::scene::Scene;

pub(crate) static RULE: Rule = Rule {
    id: "waiver-expired",
    severity: Severity::Warning,
    title: "The date of a waiver has passed",
    why: "A waiver with `until` holds to the end of that day. Afterwards it accepts nothing, so the findings that it \
          accepted are reported again; this warning says why they are back.",
    remedy: "Repair what the waiver accepted and remove it, or give it a new date and check that its reason still holds.",
    references: &["https://www.rfc-editor.org/rfc/rfc3339#section-5.6"],
    needs: &[],
    check: Check::Waiver(check),
};

fn check(state: &WaiverUse<'_>, scene: &Scene<'_>) -> Vec<Verdict> {
    let (Some(until), true) = (state.until, state.is_expired()) else { return Vec::new() };
    let waiver = state.waiver;
    let back = match state.matches {
        0 => "It would accept nothing any more.".to_owned(),
        1 => "The finding that it accepted is reported again.".to_owned(),
        several => format!("The {several} findings that it accepted are reported again."),
    };
    vec![Verdict::Wrong(Case {
        severity: None,
        message: format!("The waiver of `{}`{} held until {until}. {back}", waiver.rule, narrowed(state)),
        remedy: None,
        evidence: scene
            .config
            .waiver_at(state.index)
            .map(|at| {
                Evidence::new(Side::Configuration, at.key("until"), Some(until.to_string()), "the last day")
            })
            .into_iter()
            .collect(),
        value: Some(waiver.rule.clone()),
        fix: None,
    })]
}
