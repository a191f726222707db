//! `waiver-unused`: a waiver that accepts nothing.

use crate::finding::{Case, Evidence, Severity, Side, Verdict};
use crate::rules::{Check, Rule, WaiverUse};
use crate::scene::Scene;

pub(crate) static RULE: Rule = Rule {
    id: "waiver-unused",
    severity: Severity::Warning,
    title: "A waiver matches no finding",
    why: "A waiver that matches nothing is either left over from something that was repaired, or misspelt, so that it \
          accepts nothing. Left in place it would silently accept the same problem when it comes back.\n\n\
          It is said only when everything was looked at: with a side missing, a file unreadable or a selection of rules, \
          clients, services or realms, a waiver may match what this run did not see.",
    remedy: "Remove the waiver, or correct what it names.",
    references: &["https://embarkstudios.github.io/cargo-deny/checks/advisories/cfg.html"],
    needs: &[],
    check: Check::Waiver(check),
};

fn check(state: &WaiverUse<'_>, scene: &Scene<'_>) -> Vec<Verdict> {
    if state.matches > 0 || !state.looked_at_all {
        return Vec::new();
    }
    let waiver = state.waiver;
    vec![Verdict::Wrong(Case {
        severity: None,
        message: format!("The waiver of `{}`{} matches no finding.", waiver.rule, narrowed(state)),
        remedy: None,
        evidence: scene
            .config
            .waiver_at(state.index)
            .map(|at| Evidence::new(Side::Configuration, at, Some(waiver.rule.clone()), "the waiver"))
            .into_iter()
            .collect(),
        value: Some(waiver.rule.clone()),
        fix: None,
    })]
}

/// What a waiver is narrowed to, as a clause that follows its rule.
pub(crate) fn narrowed(state: &WaiverUse<'_>) -> String {
    let waiver = state.waiver;
    let parts = [("client", &waiver.client), ("service", &waiver.service), ("value", &waiver.value)];
    let named: Vec<String> =
        parts.into_iter().filter_map(|(kind, name)| Some(format!("{kind} `{}`", name.as_deref()?))).collect();
    if named.is_empty() { String::new() } else { format!(" for {}", named.join(", ")) }
}
