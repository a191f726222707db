//! `keycloak-default-admin`: the first administrator of Keycloak has a password that everybody tries first.

use super::with_keycloak::{Server, server, wrong};
use crate::finding::{Evidence, Severity, Verdict};
use crate::keycloak::server_options::Setting;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, ServiceId};

pub(crate) static RULE: Rule = Rule {
    id: "keycloak-default-admin",
    severity: Severity::Error,
    title: "Keycloak's first administrator has a password that everybody tries first",
    why: "The bootstrap credentials make the first administrator when the realm `master` is created. He may change every realm, read every client secret \
          and log in as any user, and his login page is on the same URL as everybody's.\n\n\
          `admin` with `admin` is what scanners try within minutes of a host's first certificate.",
    remedy: "Keep the bootstrap password in Secret Manager and reference it; on a server that is already running, change the administrator's password.",
    references: &[
        "https://www.keycloak.org/server/bootstrap-admin-recovery",
        "https://cloud.google.com/run/docs/configuring/services/secrets",
    ],
    needs: &[Fact::Services],
    check: Check::Service(check),
};

fn check(id: ServiceId, scene: &Scene<'_>) -> Vec<Verdict> {
    let Some(server) = server(id, scene) else { return Vec::new() };
    let passwords = ["bootstrap-admin-password", "bootstrap-admin-client-secret"];
    let is_default = |setting: &&Setting| setting.well_known && passwords.contains(&setting.name.as_str());
    server.options.settings.iter().filter(is_default).map(|setting| judge(&server, setting)).collect()
}

fn judge(server: &Server, setting: &Setting) -> Verdict {
    let user = server.options.text("bootstrap-admin-username");
    let who = match user {
        Some(user) if setting.name == "bootstrap-admin-password" => {
            format!(" for the administrator `{user}`")
        }
        _ => String::new(),
    };
    let message = format!(
        "{} sets `{}`{who} to a password that everybody tries first: whoever reaches the login page of realm `master` takes the server over.",
        server.name, setting.written
    );
    // The value itself is left out: it may be in use.
    let mut evidence = vec![Evidence::cloud_run(setting.at.clone(), None, "a well-known password")];
    evidence.extend(server.evidence_of(&["bootstrap-admin-username"], "the administrator's name"));
    wrong(message, None, evidence, setting.written.clone())
}

#[cfg(test)]
mod tests {
    use crate::rules::with_keycloak::testing::{OWN_IMAGE, keycloak};

    fn judge(env: &[(&str, &str)]) -> crate::testing::Said {
        keycloak(OWN_IMAGE, &["start"], env).judge("keycloak-default-admin")
    }

    #[test]
    fn well_known_passwords_are_found_and_not_shown() {
        let said =
            judge(&[("KC_BOOTSTRAP_ADMIN_USERNAME", "admin"), ("KC_BOOTSTRAP_ADMIN_PASSWORD", "changeme")]);
        assert_eq!(
            said.wrong,
            [
                "error service keycloak: Service `keycloak` sets `KC_BOOTSTRAP_ADMIN_PASSWORD` for the administrator `admin` to a password that everybody tries first: whoever reaches the login page of realm `master` takes the server over."
            ]
        );
        assert_eq!(said.values, ["KC_BOOTSTRAP_ADMIN_PASSWORD"]);
        assert!(!format!("{said:?}").contains("changeme"));
        assert_eq!(judge(&[("KEYCLOAK_ADMIN_PASSWORD", "admin")]).values, ["KEYCLOAK_ADMIN_PASSWORD"]);
        let argument =
            keycloak(OWN_IMAGE, &["start", "--bootstrap-admin-password=admin"], &[("KC_DB", "postgres")]);
        assert_eq!(argument.judge("keycloak-default-admin").values, ["--bootstrap-admin-password"]);
    }

    #[test]
    fn other_passwords_and_placeholders_are_not_its_business() {
        assert!(
            judge(&[("KC_BOOTSTRAP_ADMIN_PASSWORD", "vK3!f0-eeW"), ("KC_DB_PASSWORD", "admin")]).is_nothing()
        );
        assert!(judge(&[("KC_BOOTSTRAP_ADMIN_PASSWORD", "${ADMIN_PASSWORD}")]).is_nothing());
    }
}
