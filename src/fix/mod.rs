//! Repairs as data: what rules offer, and the plan that is made of it.
//!
//! ```text
//! rule ─▶ Fix ─▶ Plan ─▶ admit ─▶ Admitted ─▶ (whoever writes)
//! ```
//!
//! A rule that knows what heals its finding offers a [`Fix`]: changes of fields, each with what must stand there before
//! ([`Edit`]). [`plan::Plan::of`] gathers the fixes of many findings: equal changes merge, opposed ones are a conflict, changes of one
//! object become one step, and steps stand in an order in which no login breaks on the way. [`admit`] compares a plan with what the
//! person allows. Nothing here reads, writes or holds a secret.

pub mod admit;
mod bound;
mod conflicts;
mod edit;
mod guards;
mod holders;
pub mod offer;
mod order;
pub mod plan;
pub mod render;
pub mod retarget;
mod source;
#[cfg(test)]
mod tests;

pub use edit::{Datum, Edit, ListForm, MapperText, Spot, Target};
pub use guards::Allowance;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::locus::Locus;
use crate::snapshot::{ClientId, RealmId, ServiceId};

/// What would heal a finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    /// What it does, in a few words without a full stop: "Add `https://…` to the redirect URIs of client `web`".
    pub title: String,
    /// Whether it may be carried out unseen.
    pub safety: Safety,
    /// The changes, which are carried out together or not at all in each document; none where a person has to do it.
    pub changes: Vec<Change>,
    /// What a person has to do, one sentence or command each, in order; empty where `changes` do it all.
    pub steps: Vec<String>,
    /// Who may notice, and how; a sentence.
    pub risk: Option<String>,
}

/// How far a fix may be trusted.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Safety {
    /// Nothing that works now can break by it.
    Safe,
    /// Somebody should look at it first: it takes away what may be in use, or restarts a service.
    Review,
    /// A person has to do it.
    Manual,
}

/// When in a change over of two systems an edit belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Allow what will be needed.
    Expand,
    /// Move over to it.
    Switch,
    /// Take away what is not needed any more.
    Contract,
}

impl Phase {
    /// The phase of the way back.
    pub fn reversed(self) -> Self {
        match self {
            Phase::Expand => Phase::Contract,
            Phase::Switch => Phase::Switch,
            Phase::Contract => Phase::Expand,
        }
    }
}

/// One edit of one field, as rules offer it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What the field belongs to.
    pub of: ObjectId,
    /// The field.
    pub at: Locus,
    /// What happens to it.
    pub edit: Edit,
    /// When.
    pub phase: Phase,
}

/// An object of the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectId {
    /// A realm, its client scopes among it.
    Realm(RealmId),
    /// A client.
    Client(ClientId),
    /// A service, job or worker pool.
    Service(ServiceId),
}

impl Fix {
    /// A fix that changes fields by itself.
    pub fn of(title: impl Into<String>, safety: Safety, changes: Vec<Change>) -> Self {
        Fix { title: title.into(), safety, changes, steps: Vec::new(), risk: None }
    }

    /// What a person has to do.
    pub fn by_hand(title: impl Into<String>, steps: Vec<String>) -> Self {
        Fix { title: title.into(), safety: Safety::Manual, changes: Vec::new(), steps, risk: None }
    }

    /// The same fix with a sentence on who may notice it.
    pub fn with_risk(self, risk: impl Into<String>) -> Self {
        Fix { risk: Some(risk.into()), ..self }
    }

    /// The fix of a finding that was made twice, about the same thing in two places: what both do, and as careful as the more
    /// careful of them.
    pub fn of_both(one: Option<Box<Fix>>, other: Option<Box<Fix>>) -> Option<Box<Fix>> {
        let (mut both, other) = match (one, other) {
            (Some(one), Some(other)) => (one, other),
            (one, other) => return one.or(other),
        };
        both.safety = both.safety.max(other.safety);
        let new: Vec<Change> =
            other.changes.into_iter().filter(|change| !both.changes.contains(change)).collect();
        both.changes.extend(new);
        let new: Vec<String> = other.steps.into_iter().filter(|step| !both.steps.contains(step)).collect();
        both.steps.extend(new);
        both.risk = both.risk.or(other.risk);
        Some(both)
    }
}
