//! The issuer of a service set anew, in the form in which its settings hold it.

use super::{Change, Datum, Edit, ObjectId, Phase};
use crate::cloud_run::model::{Container, EnvValue};
use crate::conventions::{IssuerComparison, IssuerForm};
use crate::known::Known;
use crate::link::IssuerReading;
use crate::link::naming::realm_url;
use crate::link::reading::container_reading;
use crate::locus::Locus;
use crate::scene::Scene;
use crate::snapshot::ServiceId;

/// What follows an issuer in the URL of its discovery document.
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// The changes after which the service expects `right`; `None` when its settings do not show how to get there.
///
/// The new settings are read again as rules read them, so that what is offered is known to heal.
pub fn issuer(
    scene: &Scene<'_>,
    id: ServiceId,
    expected: &IssuerReading,
    right: &str,
) -> Option<Vec<Change>> {
    let reading = scene.reading(id).containers.get(expected.container)?;
    let found = reading.understanding.issuers.get(expected.expectation)?;
    let mut container = scene.service(id).containers.get(expected.container)?.clone();
    let wants = found.mismatch.map(|mismatch| mismatch.wants);
    let mut changes = Vec::new();
    for setting in &found.settings {
        let place = reading.settings.get(*setting)?;
        let old = place.value.as_deref()?;
        let new = new_value(old, &expected.issuer, right, wants)?;
        if new == old {
            continue;
        }
        let (from, to) = put(&mut container, &place.name, &place.at, old, &new)?;
        changes.push(Change {
            of: ObjectId::Service(id),
            at: place.at.clone(),
            edit: Edit::Set { from: Datum::text(from), to: Datum::text(to) },
            phase: Phase::Switch,
        });
    }
    let again = container_reading(&container);
    let now = again.understanding.issuers.iter().find(|issuer| issuer.settings == found.settings)?;
    let forgives =
        matches!(now.compared, IssuerComparison::ForgivesTrailingSlash | IssuerComparison::Discovered);
    let is_right = now
        .issuer
        .as_deref()
        .is_some_and(|issuer| issuer == right || forgives && issuer.trim_end_matches('/') == right);
    let fits = now.mismatch.is_none_or(|mismatch| mismatch.got == IssuerForm::RealmUrlWithSlash);
    (is_right && fits && !changes.is_empty()).then_some(changes)
}

/// What a setting has to say for the issuer to be `right`: the same kind of value as it has, unless another kind is wanted.
fn new_value(old: &str, expected: &str, right: &str, wants: Option<IssuerForm>) -> Option<String> {
    let target = realm_url(right)?;
    let source = realm_url(old);
    if let Some(form) = wants {
        // The one setting holds a URL of another kind than it should.
        return match (form, source.is_some() || old.contains("://")) {
            (_, false) => Some(old.to_owned()),
            (IssuerForm::RealmUrl | IssuerForm::RealmOrDiscoveryUrl, _) => Some(right.to_owned()),
            (IssuerForm::RealmUrlWithSlash, _) => Some(format!("{right}/")),
            (IssuerForm::DiscoveryUrl, _) => Some(format!("{right}{DISCOVERY}")),
            (IssuerForm::ServerUrl, _) => Some(target.base.to_owned()),
        };
    }
    if let Some(parts) = source {
        let rest = if parts.rest == "/" { "" } else { parts.rest };
        return Some(format!("{right}{rest}"));
    }
    if let Some(known) = realm_url(expected) {
        if old == known.realm {
            return Some(target.realm.to_owned());
        }
        if old.trim_end_matches('/') == known.base.trim_end_matches('/') {
            let slash = if old.ends_with('/') { "/" } else { "" };
            return Some(format!("{}{slash}", target.base));
        }
    }
    old.contains(expected.trim_end_matches('/')).then(|| old.replace(expected.trim_end_matches('/'), right))
}

/// Puts a value into a copy of the container; the text that stood at the place, and the one that stands there now.
fn put(container: &mut Container, name: &str, at: &Locus, old: &str, new: &str) -> Option<(String, String)> {
    for variable in &mut container.env {
        if variable.at == *at && variable.name.text() == Some(name) {
            let EnvValue::Literal(Known::Value(text)) = &mut variable.value else { return None };
            let before = std::mem::replace(text, new.to_owned());
            return (before == old).then(|| (before, new.to_owned()));
        }
    }
    // The whole word is changed, which is `--flag=value` or the value alone; a word that a secret was cut out of is left alone.
    let mut words = container.command.iter_mut().chain(&mut container.args).filter(|(_, place)| place == at);
    let (word, _) = words.next()?;
    if words.next().is_some() {
        return None;
    }
    let Known::Value(text) = word else { return None };
    let front = text.strip_suffix(old).filter(|front| front.is_empty() || front.ends_with('='))?;
    let after = format!("{front}{new}");
    let before = std::mem::replace(text, after.clone());
    Some((before, after))
}
