//! The audit: runs every rule on what it looks at, applies severities, waivers and selectors, and says what could not be looked at.

mod fingerprint;
mod gaps;
mod select;
#[cfg(test)]
mod tests;
mod waivers;

use std::collections::{BTreeMap, BTreeSet, HashMap};

#[cfg(feature = "live")]
pub(crate) use gaps::worst_for_want_of;
pub use gaps::{Gap, NextCommand};
pub use select::Selection;

use crate::conventions::Use;
use crate::finding::{Evidence, Finding, Severity, Subject, Undecided, Verdict};
use crate::fix::Fix;
use crate::link::{Strength, Tells, UnknownSetting};
use crate::rules::{self, Check, Rule};
use crate::scene::Scene;
use crate::snapshot::ServiceId;

/// What the person asks of an audit.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which rules and whom to judge.
    pub selection: Selection,
    /// Findings below it are left out (`--min-severity`).
    pub min_severity: Option<Severity>,
    /// The day of the run, for waivers with a date; without it no waiver expires.
    pub today: Option<jiff::civil::Date>,
}

/// What an audit found.
#[derive(Debug, Clone)]
pub struct Audit {
    /// What is wrong, in the order in which it is to be read: the worst first, then by environment, realm, service, client and rule.
    pub findings: Vec<Finding>,
    /// What could not be decided, each reason once a subject.
    pub undecided: Vec<Open>,
    /// Findings that waivers accept.
    pub suppressed: Vec<Suppressed>,
    /// Findings that were left out because they are below `min_severity`.
    pub below_min_severity: usize,
    /// What could not be looked at at all, or is worth a remark.
    pub gaps: Vec<Gap>,
    /// What to type next to look at the rest, the most useful first.
    pub next: Vec<NextCommand>,
    /// What was looked at.
    pub counts: Counts,
}

/// Something that a rule could not decide.
#[derive(Debug, Clone)]
pub struct Open {
    /// The rule's id; where several rules are undecided about a subject for the same reason, the first of them.
    pub rule: &'static str,
    /// The other rules that are undecided for the same reason.
    pub also: Vec<&'static str>,
    /// The severity that a finding of the rule would have.
    pub severity: Severity,
    /// Stable across runs and machines.
    pub fingerprint: String,
    /// Whom it is about.
    pub subject: Subject,
    /// What could not be decided, and for want of which fact.
    pub reason: String,
    /// What would decide it.
    pub remedy: Option<String>,
    /// The places that matter.
    pub evidence: Vec<Evidence>,
}

/// A finding that a waiver accepts.
#[derive(Debug, Clone)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// The waiver's position in the configuration, counted from zero.
    pub waiver: usize,
    /// The waiver's reason.
    pub reason: String,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Realms.
    pub realms: usize,
    /// Their clients.
    pub clients: usize,
    /// Services, jobs and worker pools.
    pub services: usize,
    /// Links between services and clients.
    pub links: usize,
}

impl Audit {
    /// Whether something could not be looked at, so that a run without findings is not clean: a gap, or an undecided result of a
    /// rule whose findings would be at least `fail_on`.
    pub fn is_incomplete(&self, fail_on: Severity) -> bool {
        self.gaps.iter().any(|gap| gap.incomplete.is_some_and(|severity| severity >= fail_on))
            || self.undecided.iter().any(|open| open.severity >= fail_on)
    }

    /// Whether a finding is at least `fail_on`.
    pub fn fails(&self, fail_on: Severity) -> bool {
        self.findings.iter().any(|finding| finding.severity >= fail_on)
    }
}

/// Runs the rules.
pub fn run(scene: &Scene<'_>, options: &Options) -> Audit {
    let mut gathered = Gathered::default();
    for rule in rules::all() {
        let Some(severity) = select::severity(rule, scene.config, &options.selection) else { continue };
        if !matches!(rule.check, Check::Waiver(_)) {
            gathered.apply(rule, severity, scene, &options.selection);
        }
    }
    let gaps = gaps::gaps(scene);
    let looked_at_all = !gaps.iter().any(|gap| gap.incomplete.is_some());
    let mut findings = merge(scene, gathered.findings);
    let suppressed = waivers::apply(scene, options, looked_at_all, &mut findings);
    let below = |finding: &Finding| options.min_severity.is_some_and(|least| finding.severity < least);
    let before = findings.len();
    findings.retain(|finding| !below(finding));
    let below_min_severity = before - findings.len();
    let order = Order::new(scene);
    findings.sort_by_cached_key(|finding| order.of_finding(scene, finding));
    let mut undecided = gathered.undecided;
    undecided.retain(|open| options.min_severity.is_none_or(|least| open.severity >= least));
    let undecided = group(scene, undecided, &order);
    Audit {
        findings,
        undecided,
        suppressed,
        below_min_severity,
        next: gaps::next(scene),
        gaps,
        counts: Counts {
            realms: scene.snapshot.realms.len(),
            clients: scene.snapshot.realms.iter().map(|realm| realm.clients.len()).sum(),
            services: scene.snapshot.services.len(),
            links: scene.links.links.len(),
        },
    }
}

#[derive(Default)]
struct Gathered {
    findings: Vec<Finding>,
    undecided: Vec<Open>,
}

impl Gathered {
    fn apply(&mut self, rule: &'static Rule, severity: InForce, scene: &Scene<'_>, selection: &Selection) {
        let snapshot = scene.snapshot;
        match rule.check {
            Check::Link(check) => {
                for link in &scene.links.links {
                    let subject = scene.subject_of_link(link);
                    self.judge(rule, severity, scene, selection, subject, || {
                        let verdicts = check(link, scene);
                        if link.strength() > Strength::Weak {
                            verdicts
                        } else {
                            guesses(link, scene, verdicts)
                        }
                    });
                }
            }
            Check::Issuer(check) => {
                for (id, _) in snapshot.services() {
                    if let Some(open) = unknown_issuer(id, scene) {
                        let subject = scene.subject_of_service(id);
                        self.judge(rule, severity, scene, selection, subject, || vec![open]);
                    }
                    for issuer in &scene.reading(id).issuers {
                        let subject = scene.subject_of_issuer(id, issuer);
                        self.judge(rule, severity, scene, selection, subject, || check(id, issuer, scene));
                    }
                }
            }
            Check::Client(check) => {
                for id in scene.judged_clients() {
                    let subject = scene.subject_of_client(id);
                    self.judge(rule, severity, scene, selection, subject, || check(id, scene));
                }
            }
            Check::Service(check) => {
                for (id, _) in snapshot.services() {
                    let subject = scene.subject_of_service(id);
                    self.judge(rule, severity, scene, selection, subject, || check(id, scene));
                }
            }
            Check::Realm(check) => {
                for (id, _) in snapshot.realms() {
                    let subject = scene.subject_of_realm(id);
                    self.judge(rule, severity, scene, selection, subject, || check(id, scene));
                }
            }
            Check::Scene(check) => {
                for (subject, verdict) in check(scene) {
                    if selection.includes(scene, &subject) {
                        self.take(rule, severity, scene, &subject, verdict);
                    }
                }
            }
            Check::Waiver(_) => {}
        }
    }

    fn judge(
        &mut self,
        rule: &'static Rule,
        severity: InForce,
        scene: &Scene<'_>,
        selection: &Selection,
        subject: Subject,
        check: impl FnOnce() -> Vec<Verdict>,
    ) {
        if !selection.includes(scene, &subject) {
            return;
        }
        for verdict in check() {
            self.take(rule, severity, scene, &subject, verdict);
        }
    }

    fn open(&mut self, rule: &'static Rule, severity: Severity, subject: &Subject, open: Undecided) {
        self.undecided.push(Open {
            rule: rule.id,
            also: Vec::new(),
            severity,
            fingerprint: String::new(),
            subject: subject.clone(),
            reason: open.reason,
            remedy: open.remedy,
            evidence: open.evidence,
        });
    }

    fn take(
        &mut self,
        rule: &'static Rule,
        severity: InForce,
        scene: &Scene<'_>,
        subject: &Subject,
        verdict: Verdict,
    ) {
        match verdict {
            Verdict::Wrong(case) => {
                let fingerprint = fingerprint::of(
                    scene,
                    rule.id,
                    subject,
                    case.evidence.first(),
                    case.value.as_deref(),
                    None,
                );
                self.findings.push(Finding {
                    rule: rule.id,
                    severity: severity.of(case.severity),
                    fingerprint,
                    subject: subject.clone(),
                    message: case.message,
                    remedy: case.remedy.unwrap_or_else(|| rule.remedy.to_owned()),
                    evidence: case.evidence,
                    value: case.value,
                    fix: case.fix,
                });
            }
            Verdict::Undecided(open) => self.open(rule, severity.of(None), subject, open),
            Verdict::Unasked(open) => self.open(rule, Severity::Info, subject, open),
        }
    }
}

/// The severity of a rule in this run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InForce {
    /// What the configuration says; it holds for every case.
    configured: Option<Severity>,
    /// What holds where a case says nothing.
    otherwise: Severity,
}

impl InForce {
    fn of(self, case: Option<Severity>) -> Severity {
        self.configured.or(case).unwrap_or(self.otherwise)
    }
}

/// That the issuer of a service is not known, because the settings that would tell it hold no values. Said once a service, and only
/// where a realm was read that it could be compared with.
fn unknown_issuer(id: ServiceId, scene: &Scene<'_>) -> Option<Verdict> {
    let reading = scene.reading(id);
    let is_login = |what: Use| what != Use::AdministersKeycloak;
    let talks = reading
        .containers
        .iter()
        .flat_map(|container| &container.understanding.uses)
        .any(|found| is_login(found.what));
    if scene.snapshot.realms.is_empty() || !reading.issuers.is_empty() || !talks {
        return None;
    }
    let unknown: Vec<&UnknownSetting> =
        reading.unknown.iter().filter(|unknown| unknown.tells != Tells::ClientId).collect();
    let (first, more) = unknown.split_first()?;
    let others: String = more.iter().map(|other| format!(", `{}`: {}", other.setting, other.why)).collect();
    Some(Verdict::Undecided(Undecided {
        reason: format!(
            "The issuer that {} expects is not known (`{}`: {}{others}).",
            scene.name_service(id),
            first.setting,
            first.why
        ),
        remedy: Some(
            "Read what is really deployed: `gcloud run services describe NAME --format export`.".to_owned(),
        ),
        evidence: unknown
            .iter()
            .map(|unknown| Evidence::cloud_run(unknown.at.clone(), None, "would tell the issuer"))
            .collect(),
    }))
}

/// A link that rests on one soft clue is a guess, and so is everything that is wrong because of it.
fn guesses(link: &crate::link::Link, scene: &Scene<'_>, verdicts: Vec<Verdict>) -> Vec<Verdict> {
    verdicts
        .into_iter()
        .map(|verdict| match verdict {
            Verdict::Wrong(case) => Verdict::Undecided(Undecided {
                reason: format!(
                    "It is only a guess that {} talks through {}: {}. If it does: {}",
                    scene.name_service(link.service),
                    scene.name_client(link.client),
                    link.reason(),
                    case.message
                ),
                remedy: Some("Pin the link under `links` in cloakrun.yaml, or name the client in the service's settings.".to_owned()),
                evidence: case.evidence,
            }),
            open @ (Verdict::Undecided(_) | Verdict::Unasked(_)) => open,
        })
        .collect()
}

/// Findings with the same fingerprint are the same finding seen in two places (a service declared twice), unless they say different things.
fn merge(scene: &Scene<'_>, findings: Vec<Finding>) -> Vec<Finding> {
    let mut merged: Vec<Finding> = Vec::with_capacity(findings.len());
    let mut known: HashMap<String, usize> = HashMap::with_capacity(findings.len());
    for mut finding in findings {
        let mut round = 0;
        loop {
            match known.get(&finding.fingerprint) {
                None => {
                    known.insert(finding.fingerprint.clone(), merged.len());
                    merged.push(finding);
                    break;
                }
                Some(&index) if merged[index].message == finding.message => {
                    let same = &mut merged[index];
                    same.severity = same.severity.max(finding.severity);
                    for evidence in finding.evidence {
                        if !same.evidence.contains(&evidence) {
                            same.evidence.push(evidence);
                        }
                    }
                    same.fix = Fix::of_both(same.fix.take(), finding.fix);
                    break;
                }
                Some(_) => {
                    round += 1;
                    let more = format!("{}\0{round}", finding.message);
                    finding.fingerprint = fingerprint::of(
                        scene,
                        finding.rule,
                        &finding.subject,
                        finding.evidence.first(),
                        finding.value.as_deref(),
                        Some(&more),
                    );
                }
            }
        }
    }
    merged
}

/// Each reason once a subject, the rules that share it listed together.
fn group(scene: &Scene<'_>, undecided: Vec<Open>, order: &Order) -> Vec<Open> {
    let mut grouped: Vec<Open> = Vec::new();
    let mut known: BTreeMap<(Subject, String), usize> = BTreeMap::new();
    for open in undecided {
        match known.get(&(open.subject.clone(), open.reason.clone())) {
            Some(&index) => {
                let same = &mut grouped[index];
                same.severity = same.severity.max(open.severity);
                if same.rule != open.rule && !same.also.contains(&open.rule) {
                    same.also.push(open.rule);
                }
                for evidence in open.evidence {
                    if !same.evidence.contains(&evidence) {
                        same.evidence.push(evidence);
                    }
                }
            }
            None => {
                known.insert((open.subject.clone(), open.reason.clone()), grouped.len());
                grouped.push(open);
            }
        }
    }
    let mut seen = BTreeSet::new();
    for open in &mut grouped {
        let of = |more: Option<&str>, open: &Open| {
            fingerprint::of(scene, open.rule, &open.subject, open.evidence.first(), Some("undecided"), more)
        };
        open.fingerprint = of(None, open);
        if !seen.insert(open.fingerprint.clone()) {
            open.fingerprint = of(Some(&open.reason), open);
            seen.insert(open.fingerprint.clone());
        }
    }
    grouped.sort_by_cached_key(|open| order.of_open(scene, open));
    grouped
}

/// The order in which results are read.
struct Order {
    rules: HashMap<&'static str, usize>,
}

type Key = (std::cmp::Reverse<Severity>, [String; 4], usize, String, Option<crate::locus::Locus>, String);

impl Order {
    fn new(_: &Scene<'_>) -> Self {
        Order { rules: rules::all().iter().enumerate().map(|(index, rule)| (rule.id, index)).collect() }
    }

    fn of_finding(&self, scene: &Scene<'_>, finding: &Finding) -> Key {
        let at = finding.evidence.first();
        self.key(scene, finding.severity, &finding.subject, finding.rule, at, &finding.message)
    }

    fn of_open(&self, scene: &Scene<'_>, open: &Open) -> Key {
        self.key(scene, open.severity, &open.subject, open.rule, open.evidence.first(), &open.reason)
    }

    fn key(
        &self,
        scene: &Scene<'_>,
        severity: Severity,
        subject: &Subject,
        rule: &'static str,
        first: Option<&Evidence>,
        text: &str,
    ) -> Key {
        let names = fingerprint::subject_names(scene, subject);
        let path = first.map(|evidence| scene.snapshot.part(evidence.at.part).place.path().to_owned());
        let rule = self.rules.get(rule).copied().unwrap_or_default();
        let at = first.map(|evidence| evidence.at.clone());
        (std::cmp::Reverse(severity), names, rule, path.unwrap_or_default(), at, text.to_owned())
    }
}
