//! Whether a container is Keycloak itself, and which of its options are set.

use std::collections::BTreeMap;

use super::catalogue::catalogue;
use super::framework::FrameworkId;
use super::interpret::hold;
use super::reading::{Certainty, KeycloakServer, Reading};
use super::role::Role;
use super::view::{ContainerView, SettingSource, SettingView};

/// The option that a setting sets when the container is Keycloak: `hostname-strict` for `KC_HOSTNAME_STRICT` and `--hostname-strict`.
///
/// Names alone do not make a container Keycloak: programs that talk to it have settings of their own that begin with `KC_`.
pub fn keycloak_option(setting: &SettingView<'_>) -> Option<String> {
    match setting.source {
        SettingSource::Env => {
            let rest = setting.name.strip_prefix("KC_")?;
            (!rest.is_empty()).then(|| rest.to_ascii_lowercase().replace('_', "-"))
        }
        SettingSource::Flag => {
            let rest = setting.name.strip_prefix("--")?;
            (!rest.is_empty()).then(|| rest.to_owned())
        }
    }
}

/// Decides whether a container is a Keycloak server: by its image's name together with anything that does not contradict,
/// by two or more options that only the server has, or by the server's start command with one of them.
pub(super) fn keycloak_server(view: &ContainerView<'_>) -> Option<KeycloakServer> {
    let file = &catalogue().generic.keycloak_server;
    let image = view.image.and_then(server_image);
    let own: Vec<&str> = view
        .settings
        .iter()
        .filter(|setting| is_server_option(setting))
        .map(|setting| setting.name)
        .collect();
    let command = view.words.iter().find(|word| file.commands.contains(**word)).copied();
    let program = view.words.iter().any(|word| matches!(word.rsplit('/').next(), Some("kc.sh")));
    let (certainty, reason) = match (image, own.as_slice(), command) {
        (Some(word), [], None) => (Certainty::Likely, format!("its image is `{word}`")),
        (Some(word), [], Some(command)) => {
            (Certainty::Certain, format!("its image is `{word}` and it runs `{command}`"))
        }
        (Some(word), [name, ..], _) => {
            (Certainty::Certain, format!("its image is `{word}` and `{name}` is an option of the server"))
        }
        (None, [first, second, ..], _) => {
            (Certainty::Certain, format!("`{first}` and `{second}` are options of the server"))
        }
        (None, [name], Some(command)) => {
            (Certainty::Certain, format!("it runs `{command}` with the server's option `{name}`"))
        }
        (None, _, _) if program => (Certainty::Certain, "it runs `kc.sh`".to_owned()),
        _ => return None,
    };
    let mut options: BTreeMap<String, usize> = BTreeMap::new();
    // The command line wins over the environment.
    for source in [SettingSource::Env, SettingSource::Flag] {
        for (position, setting) in view.settings.iter().enumerate() {
            if let Some(option) = keycloak_option(setting).filter(|_| setting.source == source) {
                options.insert(option, position);
            }
        }
    }
    Some(KeycloakServer { certainty, reason, options, command: command.map(str::to_owned) })
}

/// The settings of a Keycloak server that make its first administrator.
pub(super) fn administrators(view: &ContainerView<'_>) -> Vec<Reading> {
    let readings = view.settings.iter().enumerate().filter_map(|(position, setting)| {
        let option = keycloak_option(setting);
        let role = match (option.as_deref(), setting.name) {
            (Some("bootstrap-admin-username" | "bootstrap-admin-client-id"), _)
            | (_, "KEYCLOAK_ADMIN" | "KEYCLOAK_USER") => Role::AdminUser,
            (Some("bootstrap-admin-password" | "bootstrap-admin-client-secret"), _)
            | (_, "KEYCLOAK_ADMIN_PASSWORD" | "KEYCLOAK_PASSWORD") => Role::AdminPassword,
            _ => return None,
        };
        let (value, held) = hold(setting, role);
        Some(Reading {
            setting: position,
            role,
            framework: FrameworkId::GENERIC,
            value: value.map(str::to_owned),
            held,
            certainty: Certainty::Certain,
            reason: format!("`{}` is an option of the Keycloak server", setting.name),
            group: None,
            captures: BTreeMap::new(),
            mismatch: None,
            compared: None,
            in_browser: false,
            overridden: false,
            regex: false,
            convention: None,
        })
    });
    readings.collect()
}

/// Whether only a Keycloak server has this setting.
fn is_server_option(setting: &SettingView<'_>) -> bool {
    let file = &catalogue().generic.keycloak_server;
    if setting.source == SettingSource::Env {
        if file.other_names.contains(setting.name) {
            return true;
        }
        let Some(option) = setting.name.strip_prefix("KC_") else { return false };
        return file.options.contains(option)
            || file.beginnings.iter().any(|start| option.starts_with(start.as_str()));
    }
    let Some(option) = setting.name.strip_prefix("--") else { return false };
    // Other servers have flags such as `--http-port` and `--log-level` too.
    ["hostname", "proxy-headers", "spi-", "optimized", "import-realm", "db-url", "cache-stack", "features"]
        .iter()
        .any(|start| option.starts_with(start))
}

/// The name in the image's path that is Keycloak's: the last component, unless a word of it names a companion.
fn server_image(image: &str) -> Option<&str> {
    let file = &catalogue().generic.keycloak_server;
    let image = image.split('@').next().unwrap_or(image);
    let last = image.rsplit('/').next()?;
    let name = last.split(':').next()?;
    let mut words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    let mut is_keycloak = false;
    let clean = words.all(|word| {
        is_keycloak |= matches!(word, "keycloak" | "keycloakx" | "rhbk" | "rhsso");
        !file.companion_images.contains(word)
    });
    (is_keycloak && clean).then_some(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::conventions::view::ValueView;

    fn view<'a>(
        image: Option<&'a str>,
        env: &[&'a str],
        flags: &[&'a str],
        words: &[&'a str],
    ) -> ContainerView<'a> {
        let setting =
            |source| move |name: &&'a str| SettingView { name, source, value: ValueView::Plain("x") };
        let mut settings: Vec<_> = env.iter().map(setting(SettingSource::Env)).collect();
        settings.extend(flags.iter().map(setting(SettingSource::Flag)));
        ContainerView { image, settings, words: words.to_vec() }
    }

    #[test]
    fn servers_are_recognised() {
        for view in [
            view(Some("quay.io/keycloak/keycloak:26.3"), &[], &[], &[]),
            view(Some("gcr.io/shop/keycloak-service:latest"), &["KC_HOSTNAME"], &[], &[]),
            view(Some("europe-docker.pkg.dev/$PROJECT_ID/r/keycloak"), &[], &[], &["start"]),
            view(None, &["KC_BOOTSTRAP_ADMIN_USERNAME", "KC_BOOTSTRAP_ADMIN_PASSWORD", "DB_ADDR"], &[], &[]),
            view(Some("gcr.io/shop/sso"), &["KC_DB_URL", "KC_HOSTNAME_STRICT"], &[], &[]),
            view(None, &[], &["--hostname-strict"], &["start"]),
            view(None, &[], &[], &["/opt/keycloak/bin/kc.sh", "start"]),
        ] {
            assert!(keycloak_server(&view).is_some(), "{view:?}");
        }
    }

    #[test]
    fn clients_of_keycloak_are_no_servers() {
        for view in [
            view(
                Some("gcr.io/shop/arx-keycloak/oauth2-authenticator"),
                &["KEYCLOAK_SERVER_URL", "KEYCLOAK_REALM"],
                &[],
                &[],
            ),
            view(
                Some("shop/authenticator"),
                &["KC_BASE_URL", "KC_ADMIN_USER", "KC_ADMIN_PASSWORD"],
                &[],
                &[],
            ),
            view(Some("quay.io/gogatekeeper/keycloak-gatekeeper"), &[], &[], &[]),
            view(
                Some("adorsys/keycloak-config-cli"),
                &["KEYCLOAK_URL", "KEYCLOAK_USER", "KEYCLOAK_PASSWORD"],
                &[],
                &[],
            ),
            view(Some("shop/keycloak-react-demo/spring-backend"), &["KEYCLOAK_REALM_URL"], &[], &[]),
            view(Some("shop/web"), &["PROXY_MODE"], &["--http-port", "--log-level"], &["start"]),
            view(None, &[], &[], &["start"]),
        ] {
            assert!(keycloak_server(&view).is_none(), "{view:?}");
        }
    }

    #[test]
    fn flags_win_over_variables() {
        let view = view(Some("keycloak"), &["KC_HOSTNAME", "KC_HTTP_PORT"], &["--hostname"], &["start-dev"]);
        let server = keycloak_server(&view).unwrap();
        assert_eq!(server.options["hostname"], 2);
        assert_eq!(server.options["http-port"], 1);
        assert_eq!(server.command.as_deref(), Some("start-dev"));
    }
}
