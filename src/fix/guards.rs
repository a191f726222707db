//! What must be allowed by name, and how much of a realm a plan takes away. Computed from the plan itself, whoever wrote it.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ObjectId;
use super::edit::{Datum, Edit, Target};
use super::plan::{Object, Planned, RealmSize, Step, target};
use crate::locus::{FieldPath, PartId, Segment};
use crate::scene::Scene;
use crate::snapshot::{Fact, RealmId};

/// What `--allow NAME` allows.
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
#[serde(rename_all = "kebab-case")]
pub enum Allowance {
    /// Take away the last redirect URI of a client
    LastRedirectUri,
    /// Make a service public, or close one
    Exposure,
    /// Turn off a flow or a client
    TurnOff,
    /// Change the realm `master` or its clients
    MasterRealm,
    /// Change clients that Keycloak makes by itself
    BuiltInClients,
    /// Write objects live that a file, Terraform or another program keeps
    Owned,
    /// Take away more redirect URIs of a realm than usual
    Many,
}

impl Allowance {
    /// The word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Allowance::LastRedirectUri => "last-redirect-uri",
            Allowance::Exposure => "exposure",
            Allowance::TurnOff => "turn-off",
            Allowance::MasterRealm => "master-realm",
            Allowance::BuiltInClients => "built-in-clients",
            Allowance::Owned => "owned",
            Allowance::Many => "many",
        }
    }
}

/// Writes into each step what it needs.
pub(super) fn attach(steps: &mut [Step]) {
    let needed: Vec<BTreeSet<Allowance>> = {
        let last = last_redirect_uris(steps);
        steps
            .iter()
            .map(|step| {
                let mut needs: BTreeSet<Allowance> =
                    of_step(step).into_iter().map(|(need, _)| need).collect();
                if last.iter().any(|(number, _)| *number == step.number) {
                    needs.insert(Allowance::LastRedirectUri);
                }
                needs
            })
            .collect()
    };
    for (step, needs) in steps.iter_mut().zip(needed) {
        step.needs = needs;
    }
}

/// What a step needs, each with the reason as a clause that begins with the object.
pub(super) fn of_step(step: &Step) -> Vec<(Allowance, String)> {
    let mut needs = Vec::new();
    let mut need = |what: Allowance, why: String| {
        if !needs.contains(&(what, why.clone())) {
            needs.push((what, why));
        }
    };
    for change in &step.changes {
        let who = change.of.describe();
        if change.of.realm().is_some_and(|realm| realm == "master") {
            need(Allowance::MasterRealm, format!("{who} belongs to the realm that administers the server"));
        }
        if matches!(change.of, Object::Client { built_in: true, .. }) {
            need(Allowance::BuiltInClients, format!("{who} is one that Keycloak makes by itself"));
        }
        if let Some(what) = turns_off(change) {
            need(Allowance::TurnOff, format!("{who} loses `{what}`"));
        }
        if is_exposure(change) {
            need(Allowance::Exposure, format!("`{}` decides who may call {who}", change.field));
        }
    }
    if step.target.is_live()
        && let Some(owner) = &step.owner
    {
        let who = step.objects().into_iter().map(Object::describe).collect::<Vec<_>>().join(" and ");
        need(Allowance::Owned, format!("{who} is kept by {}", owner.describe()));
    }
    needs
}

const SWITCHES: [&str; 10] = [
    "enabled",
    "standardFlowEnabled",
    "implicitFlowEnabled",
    "directAccessGrantsEnabled",
    "serviceAccountsEnabled",
    "standard_flow_enabled",
    "implicit_flow_enabled",
    "direct_access_grants_enabled",
    "service_accounts_enabled",
    "authorizationServicesEnabled",
];

/// The switch that a change turns off: what worked through it ends.
fn turns_off(change: &Planned) -> Option<&str> {
    if matches!(change.of, Object::Service { .. }) {
        return None;
    }
    let path = change.path.segments();
    let Some(Segment::Key(key)) = path.last() else { return None };
    let is = |on: bool| match change.edit.result() {
        Some(Some(Datum::Plain(Value::Bool(value)))) => *value == on,
        Some(Some(Datum::Plain(Value::String(text)))) => text == if on { "true" } else { "false" },
        // Without the field it is not known what holds; a guard that cannot be computed holds.
        Some(_) => true,
        None => false,
    };
    let off = SWITCHES.contains(&&**key) && is(false) || &**key == "bearerOnly" && is(true);
    off.then_some(&change.field)
}

const EXPOSURE: [&str; 13] = [
    "ingress",
    "invokerIamDisabled",
    "invoker_iam_disabled",
    "iapEnabled",
    "iap_enabled",
    "defaultUriDisabled",
    "default_uri_disabled",
    "iamPolicy",
    "bindings",
    "run.googleapis.com/ingress",
    "run.googleapis.com/invoker-iam-disabled",
    "run.googleapis.com/iap-enabled",
    "run.googleapis.com/default-url-disabled",
];

fn is_exposure(change: &Planned) -> bool {
    let names = |path: &FieldPath| {
        path.segments().into_iter().any(|segment| match segment {
            Segment::Key(key) => EXPOSURE.contains(&&**key),
            Segment::Index(_) => false,
        })
    };
    matches!(change.of, Object::Service { .. }) && names(&change.path)
}

fn is_redirect_list(path: &FieldPath) -> bool {
    matches!(path.last(), Some(Segment::Key(key)) if matches!(&**key, "redirectUris" | "valid_redirect_uris"))
}

/// By how many redirect URIs a change makes the client richer.
fn difference(change: &Planned) -> i64 {
    match change.edit {
        _ if !is_redirect_list(&change.path) => 0,
        Edit::Insert { .. } => 1,
        Edit::Remove { .. } => -1,
        _ => 0,
    }
}

/// How many redirect URIs each changed client has after all steps.
pub(super) fn redirect_uris_after(steps: &[Step]) -> BTreeMap<(Target, Object), i64> {
    let mut counts = BTreeMap::new();
    for step in steps {
        for change in &step.changes {
            if let Object::Client { redirect_uris, .. } = &change.of {
                let key = (step.target.clone(), change.of.clone());
                let count = counts.entry(key).or_insert(i64::try_from(*redirect_uris).unwrap_or(i64::MAX));
                *count += difference(change);
            }
        }
    }
    counts
}

/// The steps that leave a client without any redirect URI that had one, with the client.
pub(super) fn last_redirect_uris(steps: &[Step]) -> Vec<(usize, String)> {
    let after = redirect_uris_after(steps);
    let mut found = Vec::new();
    for step in steps {
        for object in step.objects() {
            let takes = step.changes.iter().any(|change| change.of == *object && difference(change) < 0);
            let left = after.get(&(step.target.clone(), object.clone()));
            if takes && left.is_some_and(|left| *left <= 0) {
                found.push((step.number, object.describe()));
            }
        }
    }
    found
}

/// How many redirect URIs the steps take away in a realm's places.
pub(super) fn taken(size: &RealmSize, steps: &[Step]) -> usize {
    let of_realm = |step: &&Step| size.targets.contains(&step.target);
    steps
        .iter()
        .filter(of_realm)
        .flat_map(|step| &step.changes)
        .filter(|change| change.of.realm() == size.realm.as_deref() && difference(change) < 0)
        .count()
}

/// How many a realm has after the steps that had `before`.
pub(super) fn after(before: usize, size: &RealmSize, steps: &[Step]) -> usize {
    let of_realm = |step: &&Step| size.targets.contains(&step.target);
    let change: i64 = steps
        .iter()
        .filter(of_realm)
        .flat_map(|step| &step.changes)
        .filter(|change| change.of.realm() == size.realm.as_deref())
        .map(difference)
        .sum();
    usize::try_from(i64::try_from(before).unwrap_or(i64::MAX).saturating_add(change)).unwrap_or(0)
}

/// The sizes of the realms whose clients a plan changes.
pub(super) fn realms(scene: &Scene<'_>, parts: &BTreeMap<PartId, BTreeSet<ObjectId>>) -> Vec<RealmSize> {
    let mut targets: BTreeMap<RealmId, BTreeSet<Target>> = BTreeMap::new();
    for (part, objects) in parts {
        let Some(target) = target(scene, *part) else { continue };
        for object in objects {
            let realm = match object {
                ObjectId::Client(id) => id.realm,
                ObjectId::Realm(id) => *id,
                ObjectId::Service(_) => continue,
            };
            targets.entry(realm).or_default().insert(target.clone());
        }
    }
    targets
        .into_iter()
        .map(|(id, targets)| {
            let realm = scene.realm(id);
            let is_whole = scene.missing_of_realm(id, Fact::Clients).is_none();
            let count = realm.clients.iter().map(|client| client.redirect_uris.len()).sum();
            RealmSize {
                realm: realm.name.text().map(str::to_owned),
                redirect_uris: is_whole.then_some(count),
                targets,
            }
        })
        .collect()
}
