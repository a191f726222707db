//! The plan: which steps heal the findings, in which order, and what a person has to do.
//!
//! A plan is self-contained: it names files, addresses and fields, so that it can be written down, read by a person, and carried out by
//! a later run. It holds no secret: values are those that reports print, and secrets move by reference only ([`Datum::CopyOf`]).

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bound::Bound;
use super::edit::{Edit, Target};
use super::guards::{self, Allowance};
use super::holders::{self, Owner};
use super::{Change, Fix, ObjectId, Phase, Safety};
use super::{bound, conflicts, order, source};
use crate::finding::Finding;
use crate::locus::{FieldPath, PartId};
use crate::scene::Scene;
use crate::snapshot::Place;

#[cfg(doc)]
use super::Datum;

/// The version of the written form. Fields may be added within a version.
pub const PLAN_VERSION: &str = "1";

/// What is to be done, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "cloakrun plan")]
pub struct Plan {
    /// The version of this format.
    pub plan_version: String,
    /// The steps, in the order in which they are to be made.
    pub steps: Vec<Step>,
    /// What a person has to do.
    pub manual: Vec<Manual>,
    /// Repairs that contradict each other: none of them is among the steps.
    pub conflicts: Vec<Conflict>,
    /// What the plan was made from; when it changed, the plan does not hold any more.
    pub bound_to: Vec<Bound>,
    /// How many redirect URIs the realms have whose clients are changed.
    pub realms: Vec<RealmSize>,
}

/// What is written at once: one request, one revision, one document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Its number, counted from one.
    pub number: usize,
    /// When it belongs. A step that allows and takes away at once, because nothing has to move in between, belongs to the beginning.
    pub phase: Phase,
    /// Where it is written.
    pub target: Target,
    /// The changes, by field.
    pub changes: Vec<Planned>,
    /// The numbers of the steps that must have succeeded before.
    pub after: Vec<usize>,
    /// The fingerprints of the findings that it helps to heal.
    pub heals: Vec<String>,
    /// Why: the findings.
    pub reasons: Vec<Reason>,
    /// How far it may be trusted: as far as the least trusted of its changes.
    pub safety: Safety,
    /// Who may notice, and how; sentences.
    pub risks: Vec<String>,
    /// Who keeps the object besides this plan, and would take the change back.
    pub owner: Option<Owner>,
    /// What must be allowed by name before the step is made.
    pub needs: BTreeSet<Allowance>,
}

/// One edit of one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Planned {
    /// What the field belongs to.
    pub of: Object,
    /// The field as people know it, below its object: `redirectUris`.
    pub field: String,
    /// The field in its document.
    pub path: FieldPath,
    /// What happens to it.
    #[serde(flatten)]
    pub edit: Edit,
}

/// An object by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "object", rename_all = "kebab-case")]
pub enum Object {
    /// A realm, its client scopes among it.
    Realm {
        /// Its name; none where it is not known.
        realm: Option<String>,
    },
    /// A client.
    Client {
        /// The name of its realm; none where it is not known.
        realm: Option<String>,
        /// Its `clientId`.
        client: String,
        /// Whether Keycloak makes it by itself.
        built_in: bool,
        /// How many redirect URIs it has before the plan.
        redirect_uris: usize,
    },
    /// A service, job, worker pool or instance.
    Service {
        /// `service`, `job`, `worker-pool` or `instance`.
        workload: String,
        /// Its name.
        service: String,
        /// Its project, where known.
        project: Option<String>,
        /// Its region, where known.
        region: Option<String>,
    },
}

impl Object {
    /// What people call it: "client web in realm shop".
    pub fn describe(&self) -> String {
        let in_realm = |realm: &Option<String>| {
            realm.as_ref().map_or_else(String::new, |realm| format!(" in realm {realm}"))
        };
        match self {
            Object::Realm { realm: Some(realm) } => format!("realm {realm}"),
            Object::Realm { realm: None } => "a realm whose name is not known".to_owned(),
            Object::Client { realm, client, .. } => format!("client {client}{}", in_realm(realm)),
            Object::Service { workload, service, .. } => {
                format!("{} {service}", workload.replace('-', " "))
            }
        }
    }

    /// The realm's name, for realms and clients.
    pub fn realm(&self) -> Option<&str> {
        match self {
            Object::Realm { realm } | Object::Client { realm, .. } => realm.as_deref(),
            Object::Service { .. } => None,
        }
    }
}

/// Why a step is made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// The rule.
    pub rule: String,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// What is wrong.
    pub message: String,
    /// What the repair does.
    pub title: String,
}

/// What a person has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Manual {
    /// Why.
    pub reason: Reason,
    /// Why it is not among the steps, as a sentence; none where the repair is for people anyhow.
    pub because: Option<String>,
    /// What to do, in order: sentences, commands and lines to write.
    pub steps: Vec<String>,
}

/// Repairs that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conflict {
    /// Where.
    pub target: Target,
    /// What the field belongs to.
    pub of: Object,
    /// The field below its object.
    pub field: String,
    /// The field in its document.
    pub path: FieldPath,
    /// What each repair wants, with its finding.
    pub sides: Vec<Side>,
}

/// One side of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// The finding.
    pub reason: Reason,
    /// What its repair would do.
    #[serde(flatten)]
    pub edit: Edit,
}

/// How many redirect URIs a realm has in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RealmSize {
    /// The realm's name; none where it is not known.
    pub realm: Option<String>,
    /// How many redirect URIs its clients have; none when they were not all read.
    pub redirect_uris: Option<usize>,
    /// The places of its changed clients.
    pub targets: BTreeSet<Target>,
}

/// What of the repairs a person wants.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// `--only`: repairs of this safety alone.
    pub only: Option<Safety>,
    /// Whether objects that others keep are written live all the same. The plan then still needs [`Allowance::Owned`].
    pub owned: bool,
}

/// A repair in one document, on its way into the plan.
pub(super) struct Wish {
    pub(super) reason: Reason,
    pub(super) safety: Safety,
    pub(super) risk: Option<String>,
    pub(super) part: PartId,
    pub(super) changes: Vec<Change>,
}

impl Plan {
    /// A plan without anything to do.
    pub fn empty() -> Self {
        Plan {
            plan_version: PLAN_VERSION.to_owned(),
            steps: Vec::new(),
            manual: Vec::new(),
            conflicts: Vec::new(),
            bound_to: Vec::new(),
            realms: Vec::new(),
        }
    }

    /// The plan that heals `findings`, as far as their rules offer a fix.
    pub fn of(scene: &Scene<'_>, findings: &[Finding], wanted: Wanted) -> Self {
        let mut wishes = Vec::new();
        let mut plan = Plan::empty();
        for finding in findings {
            let Some(fix) = &finding.fix else { continue };
            if wanted.only.is_some_and(|only| only != fix.safety) {
                continue;
            }
            plan.sort_out(scene, finding, fix, wanted, &mut wishes);
        }
        plan.conflicts = conflicts::settle(scene, &mut wishes);
        let grouped = order::steps(scene, wishes);
        let mut parts: BTreeMap<PartId, BTreeSet<ObjectId>> = BTreeMap::new();
        for step in &grouped {
            parts.entry(step.part).or_default().extend(step.changes.iter().map(|change| change.of));
        }
        plan.steps = grouped.into_iter().filter_map(|step| step.told(scene)).collect();
        for (part, objects) in &parts {
            let Some(target) = target(scene, *part) else { continue };
            plan.bound_to.extend(objects.iter().map(|object| bound::of(scene, *object, &target)));
        }
        plan.realms = guards::realms(scene, &parts);
        guards::attach(&mut plan.steps);
        plan
    }

    /// Sends each document's part of a fix where it belongs: among the steps, or to a person.
    fn sort_out(
        &mut self,
        scene: &Scene<'_>,
        finding: &Finding,
        fix: &Fix,
        wanted: Wanted,
        wishes: &mut Vec<Wish>,
    ) {
        let reason = Reason {
            rule: finding.rule.to_owned(),
            fingerprint: finding.fingerprint.clone(),
            message: finding.message.clone(),
            title: fix.title.clone(),
        };
        if fix.safety == Safety::Manual || fix.changes.is_empty() {
            self.manual.push(Manual { reason, because: None, steps: fix.steps.clone() });
            return;
        }
        let mut by_part: BTreeMap<PartId, Vec<Change>> = BTreeMap::new();
        for change in &fix.changes {
            by_part.entry(change.at.part).or_default().push(change.clone());
        }
        for (part, changes) in by_part {
            match holders::hindrance(scene, part, &changes, wanted.owned) {
                None => wishes.push(Wish {
                    reason: reason.clone(),
                    safety: fix.safety,
                    risk: fix.risk.clone(),
                    part,
                    changes,
                }),
                Some(because) => {
                    let steps = source::texts(scene, &changes);
                    self.manual.push(Manual { reason: reason.clone(), because: Some(because), steps });
                }
            }
        }
        if !fix.steps.is_empty() {
            self.manual.push(Manual { reason, because: None, steps: fix.steps.clone() });
        }
    }

    /// Whether there is nothing to do for anybody.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.manual.is_empty() && self.conflicts.is_empty()
    }

    /// The plan that takes this one back. It is bound to nothing: each edit says what must stand there.
    pub fn inverse(&self) -> Plan {
        let all = self.steps.len();
        let mut steps: Vec<Step> = self.steps.iter().rev().map(Step::inverse).collect();
        for (index, step) in steps.iter_mut().enumerate() {
            step.number = index + 1;
            // What came after this step has to go before it.
            let own = all - index;
            let later = self.steps.iter().filter(|later| later.after.contains(&own));
            step.after = later.map(|later| all + 1 - later.number).collect();
            step.after.sort_unstable();
        }
        adjust_counts(&mut steps, &self.steps);
        guards::attach(&mut steps);
        let realms = self.realms.iter().map(|size| RealmSize {
            redirect_uris: size.redirect_uris.map(|before| guards::after(before, size, &self.steps)),
            ..size.clone()
        });
        Plan { steps, realms: realms.collect(), ..Plan::empty() }
    }

    /// What changed since the plan was made, as sentences; empty when it still holds.
    pub fn drift(&self, scene: &Scene<'_>) -> Vec<String> {
        bound::drift(scene, &self.bound_to)
    }

    /// What is wrong with a plan as such, whoever wrote it; `None` when it is one that [`Plan::of`] could have made.
    pub fn fault(&self) -> Option<String> {
        if self.plan_version != PLAN_VERSION {
            return Some(format!(
                "The plan is of version {}, but this program understands version {PLAN_VERSION}.",
                self.plan_version
            ));
        }
        order::fault(&self.steps).or_else(|| conflicts::fault(&self.steps))
    }
}

impl Step {
    /// The step that takes this one back.
    pub fn inverse(&self) -> Step {
        let changes = self.changes.iter().rev();
        let changes = changes.map(|change| Planned { edit: change.edit.inverse(), ..change.clone() });
        Step {
            phase: self.phase.reversed(),
            changes: changes.collect(),
            safety: Safety::Review,
            risks: Vec::new(),
            heals: Vec::new(),
            ..self.clone()
        }
    }

    /// The objects that it changes, each once.
    pub fn objects(&self) -> BTreeSet<&Object> {
        self.changes.iter().map(|change| &change.of).collect()
    }
}

/// On the way back clients have what the plan left them.
fn adjust_counts(steps: &mut [Step], forward: &[Step]) {
    let left: BTreeMap<(Target, Object), usize> = guards::redirect_uris_after(forward)
        .into_iter()
        .map(|(key, count)| (key, count.max(0) as usize))
        .collect();
    for step in steps {
        for change in &mut step.changes {
            let key = (step.target.clone(), change.of.clone());
            if let (Some(count), Object::Client { redirect_uris, .. }) = (left.get(&key), &mut change.of) {
                *redirect_uris = *count;
            }
        }
    }
}

/// Where a part can be written; `None` where it cannot be at all.
pub(super) fn target(scene: &Scene<'_>, part: PartId) -> Option<Target> {
    match &scene.snapshot.part(part).place {
        Place::File { path, document } => Some(Target::File { path: path.clone(), document: *document }),
        Place::Live { address } => Some(Target::Live { address: address.clone() }),
        Place::StandardInput { .. } => None,
    }
}

/// An object by name.
pub(super) fn object(scene: &Scene<'_>, id: ObjectId) -> Object {
    match id {
        ObjectId::Realm(id) => Object::Realm { realm: scene.realm(id).name.text().map(str::to_owned) },
        ObjectId::Client(id) => Object::Client {
            realm: scene.realm(id.realm).name.text().map(str::to_owned),
            client: scene.client_id(id).to_owned(),
            built_in: scene.is_built_in(id),
            redirect_uris: scene.client(id).redirect_uris.len(),
        },
        ObjectId::Service(id) => {
            use crate::cloud_run::model::Workload as W;
            let service = scene.service(id);
            let workload = match service.workload {
                W::Service => "service",
                W::Job => "job",
                W::WorkerPool => "worker-pool",
                W::Instance => "instance",
            };
            let text = |known: &Option<crate::known::Known<String>>| {
                known.as_ref().and_then(|known| known.text()).map(str::to_owned)
            };
            Object::Service {
                workload: workload.to_owned(),
                service: service.display_name(),
                project: text(&service.project),
                region: text(&service.region),
            }
        }
    }
}
