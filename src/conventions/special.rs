//! Settings whose meaning is not in one name and one value: several settings in a value, and names that are nearly right.

use std::collections::BTreeMap;

use super::blob;
use super::catalogue::catalogue;
use super::framework::{Framework, FrameworkId};
use super::identify::ADAPTER_FILE;
use super::interpret::{Interpreted, article, compared, form_mismatch, hold, shown, wants};
use super::reading::{Certainty, Held, IgnoredSetting, Reading};
use super::role::Role;
use super::setting::{BlobFormat, SettingConvention};
use super::shield::is_public_key_set;
use super::template::Template;
use super::view::{SettingSource, SettingView, ValueView};

/// The meanings inside a value that holds several settings.
pub(super) fn open_blob(
    setting: &SettingView<'_>,
    framework: &Framework,
    convention: &SettingConvention,
    base: &Reading,
    interpreted: &mut Interpreted,
) {
    let (_, held) = hold(setting, Role::Blob);
    let text = match (setting.value, &held) {
        (ValueView::Plain(text), Held::Secret) => text,
        _ => {
            interpreted.readings.push(Reading { held, ..base.clone() });
            return;
        }
    };
    if convention.blob == BlobFormat::Arguments {
        interpreted.readings.push(Reading { held, ..base.clone() });
        return;
    }
    for found in blob::fields(convention, text) {
        let role = found.field.role;
        if role == Role::Other {
            continue;
        }
        let role = match role {
            Role::JwksOrSecret if is_public_key(&found.value) => Role::PublicKey,
            role => role,
        };
        let inner = SettingView { value: ValueView::Plain(&found.value), ..*setting };
        let (value, held) = hold(&inner, role);
        let value = value.map(str::to_owned);
        let compared = compared(framework, role, found.field.compared);
        let mismatch = wants(framework, role, found.field.form)
            .zip(value.as_deref())
            .and_then(|(wants, text)| form_mismatch(wants, text, compared));
        interpreted.readings.push(Reading {
            role,
            value,
            held,
            mismatch,
            compared,
            group: found.group,
            reason: format!(
                "`{}` holds {} of {} at {}",
                setting.name,
                article(role),
                framework.name,
                found.field.path
            ),
            ..base.clone()
        });
    }
}

pub(super) fn is_public_key(text: &str) -> bool {
    text.contains("-----BEGIN PUBLIC KEY")
        || text.contains("-----BEGIN CERTIFICATE")
        || is_public_key_set(text)
}

/// A variable of any name that holds Keycloak's adapter file.
pub(super) fn keycloak_json(
    position: usize,
    setting: &SettingView<'_>,
    interpreted: &mut Interpreted,
) -> bool {
    let ValueView::Plain(text) = setting.value else { return false };
    if !text.starts_with('{') || !text.contains(ADAPTER_FILE) {
        return false;
    }
    let Some(framework) = catalogue().by_id(FrameworkId("keycloak-connect")) else { return false };
    let Some(convention) = framework.settings.iter().find(|setting| !setting.fields.is_empty()) else {
        return false;
    };
    let base = Reading {
        setting: position,
        role: Role::Blob,
        framework: framework.id(),
        value: None,
        held: Held::Secret,
        certainty: Certainty::Certain,
        reason: format!("`{}` holds the adapter's file", setting.name),
        group: None,
        captures: BTreeMap::new(),
        mismatch: None,
        compared: None,
        in_browser: false,
        overridden: false,
        regex: false,
        convention: Some(convention.name.as_str()),
    };
    open_blob(setting, framework, convention, &base, interpreted);
    true
}

/// A name that a framework would read but for its underscores or its plural.
pub(super) fn near_miss(position: usize, setting: &SettingView<'_>, interpreted: &mut Interpreted) -> bool {
    if setting.source != SettingSource::Env {
        return false;
    }
    let catalogue = catalogue();
    let Some((named, captures)) = catalogue.near_misses(setting.name).into_iter().next() else {
        return false;
    };
    let framework = catalogue.framework(named.framework);
    let convention = catalogue.setting(named);
    let right = Template::fill(&convention.name, &captures);
    interpreted.ignored.push(IgnoredSetting {
        setting: position,
        framework: framework.id(),
        intended: convention.role,
        why: format!("{} reads `{right}`; `{}` is another name to it.", framework.name, setting.name),
        right_name: Some(right),
        value: shown(setting, convention.role),
    });
    true
}
