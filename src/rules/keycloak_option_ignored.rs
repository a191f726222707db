//! `keycloak-option-ignored`: the Keycloak service sets options that its server does not read.

use super::with_keycloak::{Server, server, undecided, wrong};
use crate::finding::{Severity, Verdict};
use crate::keycloak::option_names;
use crate::keycloak::server_options::{Origin, Setting};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, ServiceId};

pub(crate) static RULE: Rule = Rule {
    id: "keycloak-option-ignored",
    severity: Severity::Warning,
    title: "The Keycloak service sets options that its server does not read",
    why: "A server reads the variables that it knows and passes over all others: what was meant does not happen, and nothing says so but a line in \
          its log at best.\n\n\
          The first hostname options (`KC_HOSTNAME_URL`, `KC_HOSTNAME_STRICT_HTTPS` …) and `KC_PROXY` are ignored from 25 on. An option that came with a later \
          version is ignored by an older server.",
    remedy: "Replace the option by the one that the server's version reads, or remove it.",
    references: &[
        "https://www.keycloak.org/docs/latest/upgrading/#new-hostname-options",
        "https://www.keycloak.org/docs/latest/upgrading/#deprecated-proxy-option",
        "https://www.keycloak.org/server/all-config",
    ],
    needs: &[Fact::Services],
    check: Check::Service(check),
};

fn check(id: ServiceId, scene: &Scene<'_>) -> Vec<Verdict> {
    let Some(server) = server(id, scene) else { return Vec::new() };
    let is_variable =
        |setting: &&Setting| setting.origin == Origin::Variable && setting.written.starts_with("KC_");
    server.options.settings.iter().filter(is_variable).filter_map(|setting| judge(&server, setting)).collect()
}

fn judge(server: &Server, setting: &Setting) -> Option<Verdict> {
    let written = &setting.written;
    let Some(option) = option_names::find(&setting.name) else { return unknown(server, setting) };
    let evidence = vec![setting.evidence("not read by the server")];
    if let Some(gone) = option.ignored_since {
        if server.is_before(gone) {
            return None;
        }
        let instead = option.instead;
        if !server.is_since(gone) {
            let reason = format!(
                "{} sets `{written}`, which servers from 25 on ignore; its version is not known.",
                server.name
            );
            return Some(undecided(reason, "Name the version with --keycloak-version.", evidence));
        }
        // The rule about proxy headers speaks of a mode that stands alone.
        let stands_alone = option.name == "proxy" && server.options.get("proxy-headers").is_none();
        if stands_alone && setting.value.text().is_some_and(|mode| mode != "none") {
            return None;
        }
        let message = format!(
            "{} sets `{written}`, which servers from 25 on ignore: what it is meant for does not happen.",
            server.name
        );
        let beside = server.options.get(if option.name == "proxy" { "proxy-headers" } else { "hostname" });
        let remedy = match beside {
            Some(used) => format!("Remove `{written}`; `{}` is what counts.", used.written),
            None => format!("Remove `{written}` and use {instead}."),
        };
        let mut evidence = evidence;
        evidence.extend(beside.map(|used| used.evidence("what the server reads instead")));
        return Some(wrong(message, Some(remedy), evidence, written.clone()));
    }
    if server.is_before(option.since) {
        let message = format!(
            "{} sets `{written}`, which came with {}: its server is older and ignores it.",
            server.name,
            option.since.major()
        );
        return Some(wrong(message, None, evidence, written.clone()));
    }
    None
}

// A start script of an image of the team's own may read any variable, so only a server that is started directly is judged.
fn unknown(server: &Server, setting: &Setting) -> Option<Verdict> {
    if option_names::is_known(&setting.name) || server.options.why_hidden().is_some() {
        return None;
    }
    let meant = option_names::nearest(&setting.name).map(option_names::variable_of);
    let message = format!("{} sets `{}`, which no version of Keycloak reads.", server.name, setting.written);
    let remedy = match meant {
        Some(meant) => format!("Write `{meant}` if that is meant, or remove it."),
        None => "Remove it, or write the name as Keycloak's list of options has it.".to_owned(),
    };
    Some(wrong(
        message,
        Some(remedy),
        vec![setting.evidence("no option of Keycloak")],
        setting.written.clone(),
    ))
}

#[cfg(test)]
mod tests {
    use crate::rules::with_keycloak::testing::{OWN_IMAGE, keycloak};

    fn judge(image: &str, arguments: &[&str], env: &[(&str, &str)]) -> crate::testing::Said {
        keycloak(image, arguments, env).judge("keycloak-option-ignored")
    }

    #[test]
    fn options_of_the_first_hostname_provider_are_ignored() {
        let env = [
            ("KC_HOSTNAME", ""),
            ("KC_HOSTNAME_STRICT_HTTPS", "false"),
            ("KC_BOOTSTRAP_ADMIN_USERNAME", "ops"),
        ];
        let said = judge(OWN_IMAGE, &[], &env);
        assert_eq!(
            said.wrong,
            [
                "warning service keycloak: Service `keycloak` sets `KC_HOSTNAME_STRICT_HTTPS`, which servers from 25 on ignore: what it is meant for does not happen."
            ]
        );
        assert_eq!(
            said.places[0],
            "keycloak.yaml spec.template.spec.containers[0].env[1].value = false (not read by the server)"
        );
    }

    #[test]
    fn the_old_mode_beside_proxy_headers_is_ignored() {
        let env = [("KC_PROXY", "edge"), ("KC_PROXY_HEADERS", "xforwarded")];
        assert_eq!(judge("shop/keycloak:26.3", &["start"], &env).values, ["KC_PROXY"]);
        // Alone it is an error of its own.
        assert!(
            judge("shop/keycloak:26.3", &["start"], &[("KC_PROXY", "edge"), ("KC_DB", "postgres")])
                .is_nothing()
        );
        assert!(judge("shop/keycloak:24.0.5", &["start"], &env).is_nothing());
    }

    #[test]
    fn the_version_decides() {
        let said = judge(OWN_IMAGE, &[], &[("KC_HOSTNAME_URL", "https://h"), ("KC_DB", "postgres")]);
        assert!(said.wrong.is_empty() && said.undecided[0].contains("version is not known"));
        assert_eq!(
            judge("shop/keycloak:23.0", &[], &[("KC_PROXY_HEADERS", "xforwarded"), ("KC_DB", "postgres")])
                .values,
            ["KC_PROXY_HEADERS"]
        );
    }

    #[test]
    fn unknown_names_are_found_where_nothing_else_reads_them() {
        let env =
            [("KC_DB_PASS", "x"), ("KC_PORT", "8080"), ("KC_SPI_X_Y", "1"), ("KC_RUN_IN_CONTAINER", "true")];
        let said = judge("quay.io/keycloak/keycloak:26.3", &["start"], &env);
        assert_eq!(said.values, ["KC_DB_PASS", "KC_PORT"]);
        assert!(judge(OWN_IMAGE, &[], &env).is_nothing());
    }
}
