//! Reads the document of a secret of Secret Manager: its versions, and what stands for their payloads.

use super::model::{Payload, SecretState, SecretVersion, StoredSecret};
use super::project::text;
use crate::document::cursor::{Cursor, Outcome};
use crate::known::Known;
use crate::secrets::{StandIn, Tagger};

/// Reads a secret's document; see [`crate::answers`] for its shape.
pub(crate) fn read(
    cursor: &Cursor<'_>,
    project: String,
    name: String,
    tagger: &Tagger,
    outcome: &mut Outcome,
) -> StoredSecret {
    let aliases = cursor.get("versionAliases");
    let aliases = aliases.iter().flat_map(Cursor::entries);
    let versions = cursor.get("versions").map(|versions| {
        versions.items().filter_map(|version| self::version(&version, tagger, outcome)).collect::<Vec<_>>()
    });
    StoredSecret {
        at: cursor.at().clone(),
        project: Some(Known::Value(project)),
        name: Known::Value(name),
        payloads: Vec::new(),
        versions: versions.map(newest_first),
        aliases: aliases.filter_map(|(alias, number)| Some((alias.to_string(), text(&number)?))).collect(),
    }
}

fn version(cursor: &Cursor<'_>, tagger: &Tagger, outcome: &mut Outcome) -> Option<SecretVersion> {
    let name = cursor.get("name").and_then(|name| text(&name));
    let number = name.as_deref().and_then(|name| name.rsplit('/').next()).filter(|number| !number.is_empty());
    let state = match cursor.get("state").as_ref().and_then(|state| state.node().scalar()) {
        Some("ENABLED") => Some(SecretState::Enabled),
        Some("DISABLED") => Some(SecretState::Disabled),
        Some("DESTROYED") => Some(SecretState::Destroyed),
        _ => None,
    };
    let (Some(number), Some(state)) = (number, state) else {
        outcome.faults.push(cursor.fault("A version of a secret with a name and a state"));
        return None;
    };
    let payload = cursor.get("payload").and_then(|payload| {
        let known = StandIn::of(payload.node().scalar()?, tagger);
        Some(Payload { tag: known.tag, trailing_newline: known.line_break })
    });
    Some(SecretVersion {
        at: cursor.at().clone(),
        number: number.to_owned(),
        state,
        created: cursor.get("createTime").and_then(|time| text(&time)?.parse().ok()),
        payload,
    })
}

// Version numbers count up from one.
fn newest_first(mut versions: Vec<SecretVersion>) -> Vec<SecretVersion> {
    versions.sort_by_key(|version| std::cmp::Reverse(version.number.parse::<u64>().unwrap_or_default()));
    versions
}
