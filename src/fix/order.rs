//! Which changes are one step, and in which order steps are made.
//!
//! First everything is allowed that will be needed, then services move, then what is not needed any more is taken away: at no moment
//! is a login refused that worked before. Changes of one document are one step; only where something else has to move in between
//! are they two or three.

use std::collections::{BTreeMap, BTreeSet};

use super::holders::{self, Owner};
use super::plan::{Planned, Reason, Step, Wish, object, target};
use super::{Change, Edit, ObjectId, Phase, Safety, source};
use crate::locus::PartId;
use crate::scene::Scene;

/// A step before it is told by name.
pub(super) struct Draft {
    pub(super) number: usize,
    pub(super) phase: Phase,
    pub(super) part: PartId,
    pub(super) changes: Vec<Change>,
    after: Vec<usize>,
    reasons: Vec<Reason>,
    safety: Safety,
    risks: Vec<String>,
}

/// Groups what is wished for into steps.
pub(super) fn steps(scene: &Scene<'_>, wishes: Vec<Wish>) -> Vec<Draft> {
    let mut drafts: BTreeMap<(PartId, Phase), Draft> = BTreeMap::new();
    for wish in wishes {
        for change in wish.changes {
            let draft = drafts.entry((wish.part, change.phase)).or_insert_with(|| Draft {
                number: 0,
                phase: change.phase,
                part: wish.part,
                changes: Vec::new(),
                after: Vec::new(),
                reasons: Vec::new(),
                safety: Safety::Safe,
                risks: Vec::new(),
            });
            draft.take(change, &wish.reason, wish.safety, wish.risk.as_deref());
        }
    }
    let mut drafts = join(scene, drafts.into_values().collect());
    drafts.sort_by_key(|draft| (draft.phase, !is_keycloak(draft), draft.part));
    for index in 0..drafts.len() {
        let (before, rest) = drafts.split_at_mut(index);
        let own = &mut rest[0];
        own.number = index + 1;
        let comes_first = |earlier: &&Draft| earlier.phase < own.phase && are_related(scene, earlier, own);
        own.after = before.iter().filter(comes_first).map(|earlier| earlier.number).collect();
    }
    drafts
}

/// Puts the phases of a document together, unless a step elsewhere has to stand between them.
fn join(scene: &Scene<'_>, drafts: Vec<Draft>) -> Vec<Draft> {
    let switching: Vec<(PartId, BTreeSet<ObjectId>)> = drafts
        .iter()
        .filter(|draft| draft.phase == Phase::Switch)
        .map(|draft| (draft.part, draft.objects()))
        .collect();
    let mut joined: Vec<Draft> = Vec::new();
    for draft in drafts {
        let own = draft.objects();
        let stands_between = |draft: &Draft| {
            switching.iter().any(|(part, objects)| *part != draft.part && touch(scene, objects, &own))
        };
        match joined.last_mut() {
            Some(last) if last.part == draft.part && !stands_between(last) => last.absorb(draft),
            _ => joined.push(draft),
        }
    }
    joined
}

fn is_keycloak(draft: &Draft) -> bool {
    draft.changes.iter().any(|change| !matches!(change.of, ObjectId::Service(_)))
}

fn are_related(scene: &Scene<'_>, one: &Draft, other: &Draft) -> bool {
    one.part == other.part || touch(scene, &one.objects(), &other.objects())
}

/// Whether any two of the objects have to do with each other.
fn touch(scene: &Scene<'_>, some: &BTreeSet<ObjectId>, others: &BTreeSet<ObjectId>) -> bool {
    some.iter().any(|one| others.iter().any(|other| belong_together(scene, *one, *other)))
}

fn belong_together(scene: &Scene<'_>, one: ObjectId, other: ObjectId) -> bool {
    use ObjectId as O;
    match (one, other) {
        (O::Client(client), O::Service(service)) | (O::Service(service), O::Client(client)) => {
            scene.links_of_service(service).iter().any(|link| link.client == client)
        }
        (O::Realm(realm), O::Service(service)) | (O::Service(service), O::Realm(realm)) => {
            scene.reading(service).realms.contains(&realm)
        }
        (O::Realm(realm), O::Client(client)) | (O::Client(client), O::Realm(realm)) => client.realm == realm,
        (one, other) => one == other,
    }
}

impl Draft {
    fn take(&mut self, change: Change, reason: &Reason, safety: Safety, risk: Option<&str>) {
        if !self.changes.iter().any(|known| known.at == change.at && known.edit == change.edit) {
            self.changes.push(change);
        }
        if !self.reasons.contains(reason) {
            self.reasons.push(reason.clone());
        }
        self.safety = self.safety.max(safety);
        if let Some(risk) = risk
            && !self.risks.iter().any(|known| known == risk)
        {
            self.risks.push(risk.to_owned());
        }
    }

    fn absorb(&mut self, other: Draft) {
        for change in other.changes {
            if !self.changes.iter().any(|known| known.at == change.at && known.edit == change.edit) {
                self.changes.push(change);
            }
        }
        self.reasons.extend(
            other.reasons.into_iter().filter(|reason| !self.reasons.contains(reason)).collect::<Vec<_>>(),
        );
        self.risks
            .extend(other.risks.into_iter().filter(|risk| !self.risks.contains(risk)).collect::<Vec<_>>());
        self.safety = self.safety.max(other.safety);
        self.phase = self.phase.min(other.phase);
    }

    pub(super) fn objects(&self) -> BTreeSet<ObjectId> {
        self.changes.iter().map(|change| change.of).collect()
    }

    /// The step by name.
    pub(super) fn told(self, scene: &Scene<'_>) -> Option<Step> {
        let target = target(scene, self.part)?;
        let mut risks = self.risks.clone();
        let objects = self.objects();
        for id in &objects {
            risks.extend(service_risk(scene, *id, target.is_live()));
        }
        let by_terraform = |owner: &Owner| {
            *owner == Owner::Terraform
                && self.changes.iter().all(|change| matches!(change.edit, Edit::AddMapper { .. }))
        };
        let owner = if target.is_live() {
            objects.iter().find_map(|id| holders::owner(scene, *id)).filter(|owner| !by_terraform(owner))
        } else {
            None
        };
        let mut changes: Vec<&Change> = self.changes.iter().collect();
        changes.sort_by_key(|change| change.of);
        let changes = changes.into_iter().map(|change| Planned {
            of: object(scene, change.of),
            field: source::field(scene, change),
            path: change.at.path.clone(),
            edit: change.edit.clone(),
        });
        let mut heals: Vec<String> = self.reasons.iter().map(|reason| reason.fingerprint.clone()).collect();
        heals.dedup();
        Some(Step {
            number: self.number,
            phase: self.phase,
            changes: changes.collect(),
            target,
            after: self.after,
            heals,
            reasons: self.reasons,
            safety: self.safety,
            risks,
            owner,
            needs: BTreeSet::new(),
        })
    }
}

/// What every change of a service brings with it.
fn service_risk(scene: &Scene<'_>, id: ObjectId, live: bool) -> Vec<String> {
    let ObjectId::Service(id) = id else { return Vec::new() };
    let service = scene.service(id);
    let mut risks = Vec::new();
    if live {
        risks.push("Cloud Run makes a new revision, whose instances start anew.".to_owned());
    }
    let pinned = service
        .traffic
        .iter()
        .filter(|target| target.percent.as_ref().is_none_or(|share| share.value() != Some(&0)));
    let mut pinned = pinned.peekable();
    if pinned.peek().is_some() && pinned.all(|target| target.revision.is_some()) {
        risks.push(
            "Its traffic is pinned to named revisions: the change is deployed, but serves nobody until traffic is moved."
                .to_owned(),
        );
    }
    risks
}

/// What is wrong with the order of a plan that was read from somewhere.
pub(super) fn fault(steps: &[Step]) -> Option<String> {
    for (index, step) in steps.iter().enumerate() {
        if step.number != index + 1 {
            return Some(format!(
                "The steps are not numbered from one on: step {} stands at {}.",
                step.number,
                index + 1
            ));
        }
        if step.after.iter().any(|before| *before >= step.number || *before == 0) {
            return Some(format!("Step {} waits for one that does not come before it.", step.number));
        }
        if index > 0 && steps[index - 1].phase > step.phase {
            return Some(format!("Step {} comes after one of a later phase.", step.number));
        }
    }
    None
}
