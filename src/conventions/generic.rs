//! Names that no recognised framework explains: what many applications mean by them, and what their endings say.

use std::borrow::Cow;

use crate::placeholder::placeholder;

use super::catalogue::catalogue;
use super::framework::IssuerForm;
use super::generic_file::Needs;
use super::reading::{Certainty, FormMismatch};
use super::role::Role;
use super::value::{self, KeycloakUrlKind, keycloak_url};
use super::view::{SettingView, ValueView};

/// What a name and its value mean on their own.
#[derive(Debug, Clone)]
pub(super) struct Guess {
    pub(super) role: Role,
    pub(super) certainty: Certainty,
    /// What stands before the ending, in small letters.
    pub(super) group: Option<String>,
    pub(super) in_browser: bool,
    /// Whether the name speaks of logins.
    pub(super) of_login: bool,
    pub(super) mismatch: Option<FormMismatch>,
    pub(super) reason: &'static str,
}

/// A name in capitals, with single underscores between its words.
fn normal(name: &str) -> Cow<'_, str> {
    let ordinary =
        name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if ordinary && !name.contains("__") && !name.starts_with('_') {
        return Cow::Borrowed(name);
    }
    let mut text = String::with_capacity(name.len() + 4);
    let mut small_before = false;
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            // `Keycloak__ClientId`, `keycloak.clientId`: a capital begins a word.
            if character.is_ascii_uppercase() && small_before {
                text.push('_');
            }
            small_before = character.is_ascii_lowercase();
            text.push(character.to_ascii_uppercase());
        } else {
            small_before = false;
            if !text.is_empty() && !text.ends_with('_') {
                text.push('_');
            }
        }
    }
    Cow::Owned(text)
}

/// What a setting means when no framework explains it; `None` when nothing speaks for a meaning.
pub(super) fn guess(setting: &SettingView<'_>) -> Option<Guess> {
    let catalogue = catalogue();
    let generic = &catalogue.generic;
    let name = normal(setting.name.trim_start_matches('-'));
    let plain = match setting.value {
        ValueView::Plain(text) => Some(text.trim()).filter(|text| !text.is_empty()),
        _ => None,
    };
    let url = plain.and_then(keycloak_url);
    let (in_browser, bare) = without_browser_prefix(&name);

    let by_end = ending(bare);
    let (mut role, mut certainty, before, reason) =
        if let Some((role, weak)) = catalogue.generic_names.get(bare) {
            let before = by_end.map_or("", |(_, _, before)| before);
            let certainty = if *weak { Certainty::Weak } else { Certainty::Likely };
            (Some(*role), certainty, before, "many applications use this name so")
        } else if let Some((role, needs, before)) = by_end {
            let enough = match needs {
                Needs::Nothing => true,
                Needs::Login => url.is_some() || has_word(before, Words::Login),
                Needs::Keycloak => has_word(before, Words::Keycloak),
            };
            (enough.then_some(role), Certainty::Likely, before, "the end of its name says so")
        } else if switches_a_check_off(bare) {
            (Some(Role::ValidationDisable), Certainty::Likely, "", "its name says so")
        } else {
            (None, Certainty::Likely, "", "")
        };
    // Most settings have nothing to do with logins.
    if role.is_none() && url.is_none() {
        return None;
    }
    let text = plain.filter(|text| placeholder(text).is_none());
    let url = url.filter(|_| text.is_some());
    let of_keycloak = url.is_some() || has_word(bare, Words::Keycloak);
    let of_login = of_keycloak || has_word(bare, Words::Login);
    if url.is_none() && words(before).any(|word| generic.foreign_words.contains(word)) {
        return None;
    }
    let mut reason = reason;
    let mut mismatch = None;
    match (role, url, text) {
        (_, Some(url), _) => {
            let by_shape = shape(role, url.kind, bare)?;
            if by_shape != role.unwrap_or(Role::Other) || role == Some(Role::Issuer) {
                reason = "its value has the shape of a Keycloak URL";
            }
            role = Some(by_shape);
            let sure = by_shape == Role::Issuer && by_end.is_some_and(|(role, ..)| role == Role::Issuer);
            certainty = if sure { Certainty::Certain } else { Certainty::Likely };
        }
        (Some(Role::Issuer), None, Some(text)) => {
            let host = value::host(text)?;
            if generic.foreign_issuer_hosts.iter().any(|foreign| is_below(host, foreign)) {
                return None;
            }
            mismatch = Some(FormMismatch { wants: IssuerForm::RealmUrl, got: IssuerForm::ServerUrl });
            certainty = if of_keycloak { Certainty::Likely } else { Certainty::Weak };
        }
        (Some(Role::Audience), None, value)
            if value.is_some_and(value::is_google_audience)
                || words(before).any(|word| generic.google_audience_words.contains(word)) =>
        {
            return None;
        }
        (Some(Role::ClientId), None, Some(text))
            if generic.foreign_client_id_ends.iter().any(|end| text.ends_with(end.as_str())) =>
        {
            return None;
        }
        (Some(Role::Realm), None, _)
            if words(before).any(|word| generic.foreign_realm_words.contains(word)) =>
        {
            return None;
        }
        // `KEYCLOAK_HOST` often holds a bare host name.
        (Some(Role::ServerUrl | Role::ServerUrlInternal), None, Some(text)) if is_host(text) => {}
        (Some(Role::RedirectUri), None, Some(text)) if text.starts_with('/') => {}
        (Some(role), None, Some(text))
            if role.is_keycloak_url() || matches!(role, Role::RedirectUri | Role::ServerUrlInternal) =>
        {
            value::split_origin(text)?;
        }
        _ => {}
    }
    let group = Some(before.trim_end_matches('_').to_ascii_lowercase()).filter(|group| !group.is_empty());
    Some(Guess { role: role?, certainty, group, in_browser, of_login, mismatch, reason })
}

/// The name without what a build tool puts before it, and whether there was any.
fn without_browser_prefix(name: &str) -> (bool, &str) {
    let found = catalogue().generic.browser_prefixes.iter().find_map(|prefix| {
        let same_letter = prefix.as_bytes().first() == name.as_bytes().first();
        same_letter.then(|| name.strip_prefix(prefix.as_str())).flatten().filter(|rest| rest.contains('_'))
    });
    found.map_or((false, name), |rest| (true, rest))
}

/// The role that a Keycloak URL gives, next to the one that the name gives.
fn shape(by_name: Option<Role>, kind: KeycloakUrlKind, name: &str) -> Option<Role> {
    let by_value = kind.role();
    match by_name {
        // A URL among redirect URIs, audiences or origins is what its name says.
        Some(role) if !role.is_keycloak_url() && role != Role::Realm && role != Role::ServerUrlInternal => {
            Some(role)
        }
        Some(_) => by_value,
        // `X_API_BASE_URL` of something below a realm is no issuer.
        None if words(name).any(|word| word == "API") => by_value.filter(|role| *role != Role::Issuer),
        None => by_value,
    }
}

fn is_below(host: &str, parent: &str) -> bool {
    host.strip_suffix(parent).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// A host name, with a port or without.
fn is_host(text: &str) -> bool {
    text.contains('.')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':'))
}

/// The longest ending of a name that means something, and what stands before it.
fn ending(name: &str) -> Option<(Role, Needs, &str)> {
    let endings = &catalogue().endings;
    let mut starts = [0_usize; 5];
    let mut count = 0;
    for (at, _) in name.rmatch_indices('_').take(4) {
        starts[count] = at + 1;
        count += 1;
    }
    if count < 4 {
        starts[count] = 0;
        count += 1;
    }
    starts[..count]
        .iter()
        .rev()
        .find_map(|start| endings.get(&name[*start..]).map(|(role, needs)| (*role, *needs, &name[..*start])))
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split('_').filter(|word| !word.is_empty())
}

#[derive(Clone, Copy)]
enum Words {
    Keycloak,
    Login,
}

fn has_word(name: &str, which: Words) -> bool {
    let generic = &catalogue().generic;
    // `RED_HAT_SSO` and `RH_SSO` are Keycloak under its seller's name.
    let sold = || name.contains("RED_HAT_SSO") || name.contains("RH_SSO");
    match which {
        Words::Keycloak => words(name).any(|word| generic.keycloak_words.contains(word)) || sold(),
        Words::Login => words(name)
            .any(|word| generic.login_words.contains(word) || generic.keycloak_words.contains(word)),
    }
}

/// `SKIP_JWT_VALIDATION`, `DISABLE_ISSUER_CHECK`, `OIDC_SKIP_TLS_VERIFY`.
fn switches_a_check_off(name: &str) -> bool {
    let mut off = false;
    for word in words(name) {
        if matches!(word, "SKIP" | "DISABLE" | "DISABLED" | "INSECURE" | "NO") {
            off = true;
        } else if off && matches!(word, "JWT" | "TOKEN" | "ISSUER" | "AUDIENCE") {
            return true;
        } else if off && matches!(word, "TLS" | "SSL" | "CERT") {
            return has_word(name, Words::Login);
        }
    }
    false
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::conventions::view::SettingSource;

    fn read(name: &str, value: &str) -> Option<(Role, Certainty)> {
        let setting = SettingView { name, source: SettingSource::Env, value: ValueView::Plain(value) };
        guess(&setting).map(|guess| (guess.role, guess.certainty))
    }

    const REALM: &str = "https://sso.example.com/realms/shop";

    #[test]
    fn vendor_prefixes_do_not_hide_the_meaning() {
        for (name, value, role) in [
            ("RED_HAT_SSO_ISSUER", REALM, Role::Issuer),
            ("SSO_KEYCLOAK_BASE_URL", "https://sso.example.com", Role::ServerUrl),
            ("SSO_KEYCLOAK_REALM", "shop", Role::Realm),
            ("SSO_KEYCLOAK_CLIENT_ID", "shop", Role::ClientId),
            ("KC_BASE_URL", "https://sso.example.com", Role::ServerUrl),
            ("KC_ADMIN_PASSWORD", "x", Role::AdminPassword),
            ("NEXT_PUBLIC_KEYCLOAK_URL", "https://sso.example.com", Role::ServerUrl),
            ("Keycloak__ClientId", "shop", Role::ClientId),
            ("Keycloak__Authority", REALM, Role::Issuer),
            ("keycloak.auth-server-url", "https://sso.example.com/auth", Role::ServerUrl),
            ("KEYCLOAK_REALM_URL", REALM, Role::Issuer),
            ("SKIP_JWT_VALIDATION", "false", Role::ValidationDisable),
            ("APP_CORS_ALLOWED_ORIGINS", "https://a.example", Role::AllowedOrigins),
        ] {
            assert_eq!(read(name, value).map(|found| found.0), Some(role), "{name}");
        }
    }

    #[test]
    fn the_shape_of_a_value_corrects_its_name() {
        for (rest, role) in [
            ("", Role::Issuer),
            ("/.well-known/openid-configuration", Role::DiscoveryUrl),
            ("/protocol/openid-connect/certs", Role::JwksUri),
            ("/protocol/openid-connect/token", Role::TokenUrl),
        ] {
            assert_eq!(read("OIDC_ISSUER", &format!("{REALM}{rest}")).unwrap().0, role, "{rest}");
            assert_eq!(read("WHATEVER", &format!("{REALM}{rest}")).unwrap().0, role, "{rest}");
        }
    }

    #[test]
    fn what_belongs_to_others_is_left_alone() {
        for (name, value) in [
            ("PUBSUB_PUSH_AUDIENCE", "shop"),
            ("IAP_AUDIENCE", "/projects/1/apps/shop"),
            ("TARGET_AUDIENCE", "shop"),
            ("SERVICE_AUDIENCE", "https://api-abc-ew.a.run.app"),
            ("GOOGLE_CLIENT_ID", "x"),
            ("GITHUB_CLIENT_SECRET", "x"),
            ("AZURE_AD_CLIENT_ID", "x"),
            ("STRIPE_CLIENT_ID", "x"),
            ("DISCORD_CLIENT_ID", "x"),
            ("OAUTH_CLIENT_ID", "1.apps.googleusercontent.com"),
            ("OIDC_ISSUER", "https://accounts.google.com"),
            ("JWT_ISSUER", "https://shop.eu.auth0.com/"),
            ("JWT_ISSUER", "shop-backend"),
            ("LIGHTSPEED_API_BASE_URL", "https://sso.example.com/realms/shop"),
            ("SHOP_API_BASE_URL", "https://sso.example.com/realms/shop/legacy"),
            ("UPSTREAM_URL", "http://localhost:8001"),
            ("DATABASE_URL", "postgres://x"),
            ("LIGHTSPEED_SSO_BASE_URL", "https://sso.example.com"),
            ("KRB5_REALM", "EXAMPLE.COM"),
            ("KEYCLOAK_ENABLED", "true"),
            ("LOG_LEVEL", "info"),
            ("NODE_TLS_REJECT_UNAUTHORIZED", "0"),
            ("", ""),
            ("_", "é"),
        ] {
            assert_eq!(read(name, value), None, "{name}={value}");
        }
    }

    #[test]
    fn a_base_url_alone_is_weak() {
        for name in ["PUBLIC_URL", "BASE_URL", "APP_URL"] {
            assert_eq!(read(name, "https://a.example"), Some((Role::BaseUrl, Certainty::Weak)), "{name}");
        }
    }
}
