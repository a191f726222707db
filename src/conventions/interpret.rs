//! What each setting means, once it is known which frameworks read it.

use std::collections::BTreeMap;

use crate::placeholder::placeholder;

use super::catalogue::catalogue;
use super::framework::{Framework, FrameworkId, IssuerComparison, IssuerForm};
use super::generic::Guess;
use super::identify::Candidate;
use super::reading::{Certainty, FormMismatch, Held, Identified, IgnoredSetting, Reading};
use super::role::Role;
use super::setting::SettingConvention;
use super::special::{is_public_key, keycloak_json, near_miss, open_blob};
use super::template::Template;
use super::value::{self, KeycloakUrlKind, keycloak_url};
use super::view::{ContainerView, SettingSource, SettingView, ValueView};

/// What the settings mean, and which of them nothing reads.
pub(super) struct Interpreted {
    pub(super) readings: Vec<Reading>,
    pub(super) ignored: Vec<IgnoredSetting>,
}

/// Gives every setting its meaning: that of a recognised framework, else of the only framework that uses the name,
/// else what many applications mean by it.
pub(super) fn interpret(
    view: &ContainerView<'_>,
    candidates: &[Vec<Candidate>],
    guesses: Vec<Option<Guess>>,
    identified: &[Identified],
) -> Interpreted {
    let mut interpreted = Interpreted { readings: Vec::new(), ignored: Vec::new() };
    for (position, ((setting, candidates), guess)) in
        view.settings.iter().zip(candidates).zip(guesses).enumerate()
    {
        if by_framework(position, setting, candidates, identified, &mut interpreted) {
            continue;
        }
        if !candidates.iter().any(|one| one.captures.is_empty())
            && near_miss(position, setting, &mut interpreted)
        {
            continue;
        }
        if keycloak_json(position, setting, &mut interpreted) {
            continue;
        }
        if let Some(guess) = guess {
            interpreted.readings.push(generic_reading(position, setting, guess));
        }
    }
    override_by_flags(view, &mut interpreted.readings);
    keep_company(&mut interpreted.readings);
    interpreted
}

/// Whether a framework explains the setting.
fn by_framework(
    position: usize,
    setting: &SettingView<'_>,
    candidates: &[Candidate],
    identified: &[Identified],
    interpreted: &mut Interpreted,
) -> bool {
    let catalogue = catalogue();
    let mut explained = false;
    let mut roles = Vec::new();
    for found in identified {
        let ours =
            candidates.iter().filter(|one| catalogue.framework(one.named.framework).id() == found.framework);
        // A whole name says more than a name with a part that stands for any key.
        let ours: Vec<&Candidate> = ours.collect();
        let exact = ours.iter().any(|one| one.captures.is_empty());
        for candidate in ours.into_iter().filter(|one| !exact || one.captures.is_empty()).take(1) {
            explained = true;
            let convention = catalogue.setting(candidate.named);
            if !roles.contains(&convention.role) {
                roles.push(convention.role);
                explain(position, setting, candidate, found.certainty, interpreted);
            }
        }
    }
    if !explained
        && setting.source == SettingSource::Env
        && let [candidate] = candidates.iter().filter(|one| one.own).collect::<Vec<_>>()[..]
    {
        explained = true;
        explain(position, setting, candidate, Certainty::Likely, interpreted);
    }
    explained
}

/// The meaning by a framework's convention.
fn explain(
    position: usize,
    setting: &SettingView<'_>,
    candidate: &Candidate,
    certainty: Certainty,
    interpreted: &mut Interpreted,
) {
    let catalogue = catalogue();
    let framework = catalogue.framework(candidate.named.framework);
    let convention = catalogue.setting(candidate.named);
    if let Some(ignored) = &convention.ignored {
        interpreted.ignored.push(IgnoredSetting {
            setting: position,
            framework: framework.id(),
            intended: convention.role,
            why: ignored.why.clone(),
            right_name: ignored.instead.as_ref().map(|name| Template::fill(name, &candidate.captures)),
            value: shown(setting, convention.role),
        });
        return;
    }
    let group = convention.group.clone().or_else(|| {
        let (_, key) = candidate.captures.iter().find(|(key, _)| key != "N")?;
        Some(if framework.names.keep_case { key.clone() } else { key.to_ascii_lowercase() })
    });
    // Another vendor's provider in a framework that can have several.
    if group
        .as_deref()
        .is_some_and(|group| catalogue.generic.foreign_words.contains(&group.to_ascii_uppercase()))
    {
        return;
    }
    if convention.role == Role::Other {
        return;
    }
    let role = match (convention.role, setting.value) {
        // Keys for checking only are no secret, but they go stale.
        (Role::JwksOrSecret, ValueView::Plain(text)) if is_public_key(text) => Role::PublicKey,
        (role, _) => role,
    };
    let base = Reading {
        setting: position,
        role,
        framework: framework.id(),
        value: None,
        held: Held::Unknown,
        certainty,
        reason: format!("`{}` is {} of {}", setting.name, article(convention.role), framework.name),
        group,
        captures: candidate.captures.iter().cloned().collect(),
        mismatch: None,
        compared: compared(framework, convention.role, convention.compared),
        in_browser: setting.name.starts_with("NEXT_PUBLIC_"),
        overridden: false,
        regex: convention.regex,
        convention: Some(convention.name.as_str()),
    };
    if convention.role == Role::Blob {
        open_blob(setting, framework, convention, &base, interpreted);
        return;
    }
    push_items(setting, convention, wants(framework, convention.role, convention.form), base, interpreted);
}

pub(super) fn article(role: Role) -> String {
    format!("the setting for {}", role.name().replace('_', " "))
}

pub(super) fn compared(
    framework: &Framework,
    role: Role,
    own: Option<IssuerComparison>,
) -> Option<IssuerComparison> {
    match role {
        Role::Issuer | Role::DiscoveryBase | Role::ServerUrl => {
            Some(own.unwrap_or(framework.issuer.compared))
        }
        // Where the document is says nothing about what it names.
        Role::DiscoveryUrl => Some(own.unwrap_or(match framework.issuer.compared {
            IssuerComparison::NotChecked => IssuerComparison::NotChecked,
            _ => IssuerComparison::Discovered,
        })),
        _ => None,
    }
}

pub(super) fn wants(framework: &Framework, role: Role, own: Option<IssuerForm>) -> Option<IssuerForm> {
    match role {
        Role::Issuer | Role::DiscoveryBase => Some(own.unwrap_or(match framework.issuer.form {
            // The framework's form is that of its server setting.
            IssuerForm::ServerUrl | IssuerForm::DiscoveryUrl
                if own.is_none() && role == Role::DiscoveryBase =>
            {
                IssuerForm::RealmUrl
            }
            form => form,
        })),
        Role::DiscoveryUrl => Some(own.unwrap_or(IssuerForm::DiscoveryUrl)),
        Role::ServerUrl => Some(own.unwrap_or(IssuerForm::ServerUrl)),
        _ => None,
    }
}

/// One reading for the value, or for every item of a list.
fn push_items(
    setting: &SettingView<'_>,
    convention: &SettingConvention,
    wants: Option<IssuerForm>,
    base: Reading,
    interpreted: &mut Interpreted,
) {
    let (value, held) = hold(setting, base.role);
    let Some(text) = value else {
        interpreted.readings.push(Reading { held, ..base });
        return;
    };
    if convention.any.as_deref() == Some(text) {
        let role =
            if base.role == Role::Issuer { Role::IssuerCheckDisable } else { Role::AudienceCheckDisable };
        let value = Some(text.to_owned());
        interpreted.readings.push(Reading { role, held, value, compared: None, ..base });
        return;
    }
    for item in value::items(text, convention.list) {
        let mismatch = wants.and_then(|wants| form_mismatch(wants, item, base.compared));
        interpreted.readings.push(Reading {
            value: Some(item.to_owned()),
            held: held.clone(),
            mismatch,
            ..base.clone()
        });
    }
}

/// The text of a setting where it may be shown, and how the setting holds it.
pub(super) fn hold<'a>(setting: &SettingView<'a>, role: Role) -> (Option<&'a str>, Held) {
    match setting.value {
        ValueView::Plain(text) => {
            let trimmed = text.trim();
            if trimmed.is_empty() && role.is_switch() && setting.source == SettingSource::Flag {
                // A flag without a value switches on.
                (Some("true"), Held::Literal)
            } else if trimmed.is_empty() {
                (None, Held::Empty)
            } else if let Some(found) = placeholder(text) {
                (None, Held::Placeholder { text: found.to_owned() })
            } else if role.is_secret() {
                (None, Held::Secret)
            } else {
                (Some(trimmed), Held::Literal)
            }
        }
        ValueView::Secret => (None, Held::Secret),
        ValueView::SecretReference { secret } => (None, Held::Reference { secret: secret.to_owned() }),
        ValueView::Unknown => (None, Held::Unknown),
    }
}

pub(super) fn shown(setting: &SettingView<'_>, role: Role) -> Option<String> {
    hold(setting, role).0.map(str::to_owned)
}

/// Whether a URL is of another kind than the setting wants.
pub(super) fn form_mismatch(
    wants: IssuerForm,
    text: &str,
    compared: Option<IssuerComparison>,
) -> Option<FormMismatch> {
    value::split_origin(text)?;
    let got = match keycloak_url(text).map(|url| url.kind) {
        Some(KeycloakUrlKind::Realm) => IssuerForm::RealmUrl,
        Some(KeycloakUrlKind::RealmWithSlash) => IssuerForm::RealmUrlWithSlash,
        Some(KeycloakUrlKind::Discovery) => IssuerForm::DiscoveryUrl,
        None if !text.ends_with(value::WELL_KNOWN) => IssuerForm::ServerUrl,
        _ => return None,
    };
    let forgiven = match (wants, got) {
        (IssuerForm::RealmUrl | IssuerForm::RealmOrDiscoveryUrl, IssuerForm::RealmUrlWithSlash) => {
            compared != Some(IssuerComparison::Exact)
        }
        (IssuerForm::RealmOrDiscoveryUrl, IssuerForm::RealmUrl | IssuerForm::DiscoveryUrl) => true,
        _ => wants == got,
    };
    (!forgiven).then_some(FormMismatch { wants, got })
}

fn generic_reading(position: usize, setting: &SettingView<'_>, guess: Guess) -> Reading {
    let (value, held) = hold(setting, guess.role);
    let compared = guess.role.is_keycloak_url().then_some(IssuerComparison::Unknown);
    let certainty = match guess.certainty {
        // The words of the name alone: other logins use them too.
        Certainty::Likely if guess.role == Role::ClientId && !guess.of_login => Certainty::Weak,
        Certainty::Likely if guess.role == Role::ClientSecret && !guess.of_login => Certainty::Weak,
        certainty => certainty,
    };
    Reading {
        setting: position,
        role: guess.role,
        framework: FrameworkId::GENERIC,
        value: value.map(str::to_owned),
        held,
        certainty,
        reason: guess.reason.to_owned(),
        group: guess.group,
        captures: BTreeMap::new(),
        mismatch: guess.mismatch,
        compared: compared
            .filter(|_| matches!(guess.role, Role::Issuer | Role::DiscoveryUrl | Role::ServerUrl)),
        in_browser: guess.in_browser,
        overridden: false,
        regex: false,
        convention: None,
    }
}

/// A flag wins over the environment variable of the same framework and role.
fn override_by_flags(view: &ContainerView<'_>, readings: &mut [Reading]) {
    let by_flag: Vec<(FrameworkId, Role, Option<String>)> = readings
        .iter()
        .filter(|reading| {
            view.settings[reading.setting].source == SettingSource::Flag
                && reading.framework != FrameworkId::GENERIC
        })
        .map(|reading| (reading.framework, reading.role, reading.group.clone()))
        .collect();
    if by_flag.is_empty() {
        return;
    }
    for reading in readings {
        if view.settings[reading.setting].source == SettingSource::Env {
            reading.overridden = by_flag.iter().any(|(framework, role, group)| {
                (*framework, *role) == (reading.framework, reading.role) && *group == reading.group
            });
        }
    }
}

/// Names that any login may use count only beside something that speaks of Keycloak; without it, a name in front of which a
/// vendor or a team put a word of its own means nothing to us.
fn keep_company(readings: &mut Vec<Reading>) {
    let needs_company = |reading: &Reading| {
        reading.framework == FrameworkId::GENERIC
            && matches!(
                reading.role,
                Role::ClientId
                    | Role::ClientSecret
                    | Role::ClientSecretFile
                    | Role::Audience
                    | Role::RedirectUri
            )
    };
    let speaks = |reading: &Reading| {
        reading.role.is_keycloak_url() && reading.certainty > Certainty::Weak || reading.role == Role::Realm
    };
    let company: Vec<Option<String>> =
        readings.iter().filter(|reading| speaks(reading)).map(|reading| reading.group.clone()).collect();
    let related = |group: &Option<String>| {
        company.iter().any(|other| match (group, other) {
            (Some(group), Some(other)) => {
                group == other || group.starts_with(other.as_str()) || other.starts_with(group.as_str())
            }
            _ => false,
        })
    };
    readings.retain_mut(|reading| {
        if !needs_company(reading) {
            return true;
        }
        if reading.certainty == Certainty::Weak {
            if related(&reading.group) {
                reading.certainty = Certainty::Likely;
                return true;
            }
            // A bare `CLIENT_ID` is anybody's; with a word in front and no company it is somebody else's.
            if reading.group.is_none() {
                if !company.is_empty() {
                    reading.certainty = Certainty::Likely;
                }
                return true;
            }
            return !company.is_empty();
        }
        if company.is_empty() && reading.role == Role::Audience {
            reading.certainty = Certainty::Weak;
        }
        true
    });
}
