//! Which audiences a container demands, and whether it checks any.

use super::catalogue::catalogue;
use super::expect::{is_of_foreign_provider, live, recognised, switched_on, takes_bearer_tokens};
use super::framework::{AudienceCheck, Framework, FrameworkId};
use super::reading::{AudienceExpectation, AudienceUnchecked, Certainty, Reading, TokenKind, Understanding};
use super::role::Role;
use super::setting::ListFormat;
use super::value;

/// The audiences that it demands.
pub(super) fn audiences(understanding: &Understanding) -> Vec<AudienceExpectation> {
    let mut found: Vec<AudienceExpectation> = Vec::new();
    if switched_on(understanding, Role::AudienceCheckDisable).is_some() {
        return found;
    }
    for reading in live(understanding).filter(|reading| reading.role == Role::Audience) {
        match found
            .iter_mut()
            .find(|known| known.framework == reading.framework && known.regex == reading.regex)
        {
            // One of several audiences of a framework is enough.
            Some(known) if reading.framework != FrameworkId::GENERIC => {
                known.any_of.extend(reading.value.clone());
                known.settings.push(reading.setting);
                known.unknown = known.unknown.take().or_else(|| reading.held.why_unknown());
            }
            _ => found.push(AudienceExpectation {
                token: TokenKind::Access,
                any_of: reading.value.iter().flat_map(|value| generic_items(reading, value)).collect(),
                unknown: reading.held.why_unknown(),
                regex: reading.regex,
                settings: vec![reading.setting],
                framework: reading.framework,
                certainty: reading.certainty,
            }),
        }
    }
    for (framework, certainty) in recognised(understanding) {
        found.extend(client_id_as_audience(understanding, framework, certainty));
    }
    for expected in &mut found {
        expected.settings.dedup();
    }
    found
}

/// A value whose name nobody explains may be a list.
fn generic_items(reading: &Reading, value: &str) -> Vec<String> {
    if reading.framework != FrameworkId::GENERIC {
        return vec![value.to_owned()];
    }
    value::items(value, Some(ListFormat::Comma)).into_iter().map(str::to_owned).collect()
}

/// Frameworks that look for the client id in the audience of access tokens.
fn client_id_as_audience(
    understanding: &Understanding,
    framework: &Framework,
    certainty: Certainty,
) -> Option<AudienceExpectation> {
    let told = switched_on(understanding, Role::AudienceCheckEnable)
        .is_some_and(|switch| switch.framework == framework.id());
    let checks = framework.audience.access_token == AudienceCheck::ClientId
        || framework.audience.access_token == AudienceCheck::WhenSet && told;
    if !checks {
        return None;
    }
    let takes_bearer = framework.kind.takes_bearer_tokens()
        || framework.audience.access_token_group.is_some()
        || !framework.settings.iter().any(|setting| setting.role == Role::BearerAccept)
        || switched_on(understanding, Role::BearerAccept).is_some();
    let of_group = |reading: &&Reading| {
        reading.framework == framework.id()
            && (framework.audience.access_token_group.is_none()
                || reading.group == framework.audience.access_token_group)
            && !is_of_foreign_provider(understanding, reading)
    };
    let ids: Vec<&Reading> =
        live(understanding).filter(|reading| reading.role == Role::ClientId).filter(of_group).collect();
    if !takes_bearer || ids.is_empty() {
        return None;
    }
    let accepted = live(understanding)
        .filter(|reading| matches!(reading.role, Role::ClientId | Role::ExtraAudience))
        .filter(of_group);
    let mut expected = AudienceExpectation {
        token: TokenKind::Access,
        any_of: Vec::new(),
        unknown: None,
        regex: false,
        settings: Vec::new(),
        framework: framework.id(),
        certainty,
    };
    for reading in accepted {
        expected.any_of.extend(reading.value.clone());
        expected.settings.push(reading.setting);
        expected.unknown = expected.unknown.or_else(|| reading.held.why_unknown());
    }
    Some(expected)
}

/// A recognised resource server that checks no audience, or is told not to.
pub(super) fn unchecked(understanding: &Understanding) -> Option<AudienceUnchecked> {
    let settings: Vec<usize> = live(understanding)
        .filter(|reading| {
            reading.certainty > Certainty::Weak
                && matches!(
                    reading.role,
                    Role::Issuer
                        | Role::DiscoveryUrl
                        | Role::ServerUrl
                        | Role::Realm
                        | Role::JwksUri
                        | Role::PublicKey
                        | Role::JwksOrSecret
                )
        })
        .map(|reading| reading.setting)
        .collect();
    if let Some(reading) = switched_on(understanding, Role::AudienceCheckDisable) {
        let name = catalogue().by_id(reading.framework).map_or("It", |framework| framework.name.as_str());
        return Some(AudienceUnchecked {
            framework: reading.framework,
            certainty: reading.certainty,
            why: format!("{name} is told not to check the audience."),
            settings: vec![reading.setting],
            would_check: Vec::new(),
        });
    }
    if settings.is_empty() {
        return None;
    }
    recognised(understanding).find_map(|(framework, certainty)| {
        if !takes_bearer_tokens(understanding, framework) {
            return None;
        }
        let told = switched_on(understanding, Role::AudienceCheckEnable).is_some() || live(understanding).any(|reading| {
            reading.role == Role::Audience || reading.role == Role::AllowedResources && reading.framework == framework.id()
        });
        // A configuration file that is not seen may name the audience.
        let by_file = framework.audience_settings().next().is_none();
        if framework.audience.access_token == AudienceCheck::WhenSet && by_file {
            return None;
        }
        let own = live(understanding)
            .any(|reading| settings.contains(&reading.setting) && reading.framework == framework.id());
        let certainty = if own { certainty } else { certainty.min(Certainty::Likely) };
        let intended = understanding.ignored.iter().any(|ignored| ignored.intended == Role::Audience);
        let why = match framework.audience.access_token {
            AudienceCheck::Never if !told => format!("{} never checks the audience.", framework.name),
            AudienceCheck::WhenSet if !told && intended => {
                format!("{} checks an audience only when it is told one, and the setting that should tell it is not read.", framework.name)
            }
            AudienceCheck::WhenSet if !told => {
                format!("{} checks an audience only when it is told one, and it is told none.", framework.name)
            }
            _ => return None,
        };
        Some(AudienceUnchecked {
            framework: framework.id(),
            certainty,
            why,
            settings: settings.clone(),
            would_check: framework.audience_settings().map(str::to_owned).collect(),
        })
    })
}
