//! The rules: one file each, with its documentation, its check and its tests.

use crate::finding::{Severity, Verdict};
use crate::link::Link;
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact, RealmId, ServiceId};

/// A rule, as a value: one without documentation does not compile.
#[derive(Debug)]
pub struct Rule {
    /// What people type, waive and search for; it does not change once shipped.
    pub id: &'static str,
    /// How bad its findings are unless a case says otherwise.
    pub severity: Severity,
    /// What it finds, in one line.
    pub title: &'static str,
    /// What breaks for whom, and how the servers decide it. Paragraphs are separated by empty lines.
    pub why: &'static str,
    /// What to do about a finding.
    pub remedy: &'static str,
    /// Where the facts come from: specifications, documentation, issues.
    pub references: &'static [&'static str],
    /// The facts it cannot do without; what is missing makes it undecided.
    pub needs: &'static [Fact],
    /// What it looks at, and how.
    pub check: Check,
}

/// What a rule looks at, and how it judges.
///
/// A check is a function of the scene: no input and output, no clock, no randomness.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// Every link of a service and a client.
    Link(fn(&Link, &Scene<'_>) -> Vec<Verdict>),
    /// Every client that is enabled, speaks OpenID Connect and is not built in.
    Client(fn(ClientId, &Scene<'_>) -> Vec<Verdict>),
    /// Every service, job and worker pool.
    Service(fn(ServiceId, &Scene<'_>) -> Vec<Verdict>),
    /// Every realm.
    Realm(fn(RealmId, &Scene<'_>) -> Vec<Verdict>),
    /// The scene as a whole; each verdict with its subject.
    Scene(fn(&Scene<'_>) -> Vec<(crate::finding::Subject, Verdict)>),
}

/// All rules, in the order of the documentation.
pub fn all() -> &'static [&'static Rule] {
    &[]
}
