//! Waivers: findings that the configuration accepts, and what is said about the waivers themselves.

use super::{Options, Suppressed, fingerprint, select};
use crate::config::Waiver;
use crate::finding::{Finding, Verdict};
use crate::rules::{self, Check, WaiverUse};
use crate::scene::Scene;

/// Takes the findings that a waiver accepts out of `findings`, and adds what rules say about waivers.
pub(super) fn apply(
    scene: &Scene<'_>,
    options: &Options,
    looked_at_all: bool,
    findings: &mut Vec<Finding>,
) -> Vec<Suppressed> {
    let waivers = &scene.config.waivers;
    if waivers.is_empty() {
        return Vec::new();
    }
    let until: Vec<_> = waivers.iter().map(until).collect();
    let has_passed =
        |index: usize| matches!((until[index], options.today), (Some(until), Some(today)) if until < today);
    let mut matches = vec![0; waivers.len()];
    let mut suppressed = Vec::new();
    let mut kept = Vec::with_capacity(findings.len());
    for finding in findings.drain(..) {
        let mut accepted = None;
        for (index, waiver) in waivers.iter().enumerate() {
            if accepts(waiver, &finding, scene) {
                matches[index] += 1;
                if accepted.is_none() && !has_passed(index) {
                    accepted = Some(index);
                }
            }
        }
        match accepted {
            Some(waiver) => {
                suppressed.push(Suppressed { finding, waiver, reason: waivers[waiver].reason.clone() });
            }
            None => kept.push(finding),
        }
    }
    *findings = kept;
    for (index, waiver) in waivers.iter().enumerate() {
        let rule_ran = rules::find(&waiver.rule)
            .is_some_and(|rule| select::severity(rule, scene.config, &options.selection).is_some());
        let state = WaiverUse {
            waiver,
            index,
            matches: matches[index],
            until: until[index],
            today: options.today,
            looked_at_all: looked_at_all && rule_ran && options.selection.is_everything(),
        };
        findings.extend(about(scene, options, &state));
    }
    suppressed
}

fn until(waiver: &Waiver) -> Option<jiff::civil::Date> {
    waiver.until.as_deref()?.parse().ok()
}

fn accepts(waiver: &Waiver, finding: &Finding, scene: &Scene<'_>) -> bool {
    let client = finding.subject.client.map(|client| scene.client_id(client));
    let service = finding.subject.service.and_then(|service| scene.service(service).name.text());
    waiver.rule == finding.rule
        && waiver.client.as_deref().is_none_or(|wanted| client == Some(wanted))
        && waiver.service.as_deref().is_none_or(|wanted| service == Some(wanted))
        && waiver.value.as_deref().is_none_or(|wanted| finding.value.as_deref() == Some(wanted))
}

fn about(scene: &Scene<'_>, options: &Options, state: &WaiverUse<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for rule in rules::all() {
        let Check::Waiver(check) = rule.check else { continue };
        let Some(severity) = select::severity(rule, scene.config, &options.selection) else { continue };
        for verdict in check(state, scene) {
            let Verdict::Wrong(case) = verdict else { continue };
            // What a waiver says is what it is recognised by; its position is not.
            let waiver = state.waiver;
            let parts = [&waiver.client, &waiver.service, &waiver.value, &waiver.until];
            let more: Vec<&str> = parts.into_iter().map(|part| part.as_deref().unwrap_or_default()).collect();
            let fingerprint = fingerprint::of(
                scene,
                rule.id,
                &crate::finding::Subject::default(),
                None,
                Some(&waiver.rule),
                Some(&more.join("\0")),
            );
            found.push(Finding {
                rule: rule.id,
                severity: severity.of(case.severity),
                fingerprint,
                subject: crate::finding::Subject::default(),
                message: case.message,
                remedy: case.remedy.unwrap_or_else(|| rule.remedy.to_owned()),
                evidence: case.evidence,
                value: case.value,
                fix: None,
            });
        }
    }
    found
}
