//! Findings: what is wrong, the evidence on both sides, and what to do.

use crate::fix::Fix;
use crate::locus::Locus;
use crate::snapshot::{ClientId, RealmId, ServiceId};

/// How bad a finding is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Only when asked for.
    Off,
    /// Advice.
    Info,
    /// It will fail, or it weakens what is there.
    Warning,
    /// A login, a token or a call fails now, or a stranger gets in.
    Error,
}

impl Severity {
    /// The word that reports print.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Off => "off",
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// Which side of the pair a place belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Keycloak: realms and clients.
    Keycloak,
    /// Cloud Run: services.
    CloudRun,
    /// cloakrun's own configuration.
    Configuration,
}

/// One place that proves a finding, and what it says there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Which side it stands on.
    pub side: Side,
    /// Where.
    pub at: Locus,
    /// The value there as a person may copy it; none for a field that is absent and for every secret.
    pub value: Option<String>,
    /// What this place has to do with it, as a short clause: "the nearest entry, which has another host".
    pub label: String,
}

impl Evidence {
    /// A place that proves something; `label` is a short clause without a full stop.
    pub fn new(side: Side, at: Locus, value: Option<String>, label: impl Into<String>) -> Self {
        Evidence { side, at, value, label: label.into() }
    }

    /// A place on the Keycloak side.
    pub fn keycloak(at: Locus, value: Option<String>, label: impl Into<String>) -> Self {
        Evidence::new(Side::Keycloak, at, value, label)
    }

    /// A place on the Cloud Run side.
    pub fn cloud_run(at: Locus, value: Option<String>, label: impl Into<String>) -> Self {
        Evidence::new(Side::CloudRun, at, value, label)
    }
}

/// Whom a finding is about; what selectors and waivers compare with.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// The environment, where several are told apart.
    pub environment: Option<String>,
    /// The realm.
    pub realm: Option<RealmId>,
    /// The client.
    pub client: Option<ClientId>,
    /// The service.
    pub service: Option<ServiceId>,
}

/// What a rule says about one thing that it looked at; a rule that is content says nothing.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// It is wrong.
    Wrong(Case),
    /// It could not be decided: a result of its own, never silence and never a guess.
    Undecided(Undecided),
    /// It could be decided if the person asked for more (`--read-secrets`): said, and no reason to call the run incomplete.
    Unasked(Undecided),
}

/// Something wrong.
#[derive(Debug, Clone)]
pub struct Case {
    /// Overrides the rule's severity for this case, where the rule has several.
    pub severity: Option<Severity>,
    /// What is wrong, where on each side, and what breaks for whom.
    pub message: String,
    /// What to do; the rule's general remedy where `None`.
    pub remedy: Option<String>,
    /// The places that prove it, the one to change first.
    pub evidence: Vec<Evidence>,
    /// The offending value, for waivers and fingerprints (the redirect URI, the issuer …); no secret.
    pub value: Option<String>,
    /// What would heal it, where the rule knows.
    pub fix: Option<Box<Fix>>,
}

/// Something that could not be decided.
#[derive(Debug, Clone)]
pub struct Undecided {
    /// What could not be decided, and for want of which fact; a sentence.
    pub reason: String,
    /// What would decide it.
    pub remedy: Option<String>,
    /// The places that matter.
    pub evidence: Vec<Evidence>,
}

/// A verdict of a rule with its subject, after severities and before waivers.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    /// The severity in force.
    pub severity: Severity,
    /// Stable across runs and machines: no line number and no path is part of it.
    pub fingerprint: String,
    /// Whom it is about.
    pub subject: Subject,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
    /// The places, the one to change first.
    pub evidence: Vec<Evidence>,
    /// The offending value.
    pub value: Option<String>,
    /// What would heal it, where the rule knows; for a finding in several places, in all of them.
    pub fix: Option<Box<Fix>>,
}
