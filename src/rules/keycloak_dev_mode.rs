//! `keycloak-dev-mode`: a deployed Keycloak that runs by `start-dev`, or keeps its data inside the container.

use super::with_keycloak::{Server, server, shown, undecided, wrong};
use crate::cloud_run::model::Container;
use crate::finding::{Evidence, Severity, Verdict};
use crate::keycloak::server_options::{Origin, Setting, StartMode};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, ServiceId};

pub(crate) static RULE: Rule = Rule {
    id: "keycloak-dev-mode",
    severity: Severity::Error,
    title: "A deployed Keycloak runs in development mode or on a database inside its container",
    why: "`start-dev` turns HTTP on, does without a fixed hostname, keeps caches local and themes uncached; its makers do not support it in production.\n\n\
          The databases `dev-file` and `dev-mem` (H2) live in the container. Cloud Run starts containers anew at any time: users, clients and \
          signing keys are gone then, and every token that was issued before is refused.",
    remedy: "Start Keycloak with `start`, and set `KC_DB` and its companions to a database outside the container.",
    references: &[
        "https://www.keycloak.org/server/configuration-production",
        "https://www.keycloak.org/server/db",
        "https://cloud.google.com/run/docs/container-contract#filesystem",
    ],
    needs: &[Fact::Services],
    check: Check::Service(check),
};

fn check(id: ServiceId, scene: &Scene<'_>) -> Vec<Verdict> {
    let Some(server) = server(id, scene) else { return Vec::new() };
    let service = scene.service(id);
    let container = &service.containers[server.options.container];
    development(&server).or_else(|| database(&server, container)).into_iter().collect()
}

fn development(server: &Server) -> Option<Verdict> {
    let Some((StartMode::Development, origin, place)) = &server.options.mode else { return None };
    let evidence = vec![Evidence { label: "starts the development mode".to_owned(), ..place.clone() }];
    let how = match origin {
        Origin::Handed => "hands `start-dev` to the start script of its image",
        Origin::Argument | Origin::Variable => "runs Keycloak by `start-dev`",
    };
    let message = format!(
        "{} {how}: it has no fixed hostname, no shared caches, and without a database of its own all users, clients and keys are gone with each new container.",
        server.name
    );
    let remedy = "Start with `start` and set hostname, database and `http-enabled`.";
    Some(wrong(message, Some(remedy.to_owned()), evidence, "start-dev"))
}

fn database(server: &Server, container: &Container) -> Option<Verdict> {
    let options = &server.options;
    let is_inside = |setting: &&Setting| {
        setting.value.text().is_some_and(|value| {
            let value = value.trim().to_ascii_lowercase();
            (setting.name == "db" && matches!(value.as_str(), "dev-file" | "dev-mem"))
                || (setting.name == "db-url" && value.starts_with("jdbc:h2:"))
        })
    };
    let stated: Vec<&Setting> = ["db", "db-url"].iter().filter_map(|name| options.get(name)).collect();
    if let Some(setting) = stated.iter().copied().find(|setting| is_inside(setting)) {
        let message =
            format!("{} keeps its data inside the container, by {}: {LOST}", server.name, shown(setting));
        return Some(wrong(
            message,
            None,
            vec![setting.evidence("a database inside the container")],
            setting.written.clone(),
        ));
    }
    if !stated.is_empty() || names_a_database(container) {
        return None;
    }
    let evidence = vec![server.absence("no database here")];
    if options.stock_image {
        let message = format!(
            "{} names no database, so that Keycloak keeps its data inside the container (`dev-file`): {LOST}",
            server.name
        );
        return Some(wrong(message, None, evidence, "db"));
    }
    let reason = format!(
        "{} names no database; if its image does not either, Keycloak keeps its data inside the container.",
        server.name
    );
    Some(undecided(
        reason,
        "Set `KC_DB` and its companions on the service, so that they do not depend on the image.",
        evidence,
    ))
}

const LOST: &str = "users, clients and signing keys are gone whenever Cloud Run starts a new one, and tokens issued before are refused.";

// Any name of a database connection, of Keycloak's options or of a start script's own.
fn names_a_database(container: &Container) -> bool {
    container.env.iter().filter_map(|variable| variable.name.text()).any(|name| {
        let name = name.to_ascii_uppercase();
        ["DB_", "_DB", "JDBC", "DATABASE", "POSTGRES", "PGHOST", "MYSQL", "MARIADB"]
            .iter()
            .any(|part| name.contains(part))
    })
}

#[cfg(test)]
mod tests {
    use crate::rules::with_keycloak::testing::{OWN_IMAGE, keycloak};

    fn judge(image: &str, arguments: &[&str], env: &[(&str, &str)]) -> crate::testing::Said {
        keycloak(image, arguments, env).judge("keycloak-dev-mode")
    }

    #[test]
    fn development_mode_is_wrong_however_it_is_said() {
        let said = judge("quay.io/keycloak/keycloak:26.3", &["start-dev"], &[("KC_DB", "postgres")]);
        assert_eq!(
            said.wrong,
            [
                "error service keycloak: Service `keycloak` runs Keycloak by `start-dev`: it has no fixed hostname, no shared caches, and without a database of its own all users, clients and keys are gone with each new container."
            ]
        );
        assert_eq!(
            said.places,
            [
                "keycloak.yaml spec.template.spec.containers[0].args[0] = start-dev (starts the development mode)"
            ]
        );
        let handed = judge(OWN_IMAGE, &[], &[("KEYCLOAK_START", "start-dev"), ("KC_DB_USER", "kc")]);
        assert_eq!(
            handed.places,
            [
                "keycloak.yaml spec.template.spec.containers[0].env[0].value = start-dev (starts the development mode)"
            ]
        );
    }

    #[test]
    fn a_database_inside_the_container_is_wrong() {
        let said = judge(OWN_IMAGE, &["start"], &[("KC_DB", "dev-file")]);
        assert_eq!(said.values, ["KC_DB"]);
        let url = judge(OWN_IMAGE, &["start", "--db-url=jdbc:h2:file:/data/kc"], &[]);
        assert_eq!(url.values, ["--db-url"]);
        assert_eq!(judge("quay.io/keycloak/keycloak:26.3", &["start"], &[]).values, ["db"]);
    }

    #[test]
    fn another_database_is_fine() {
        assert!(judge(OWN_IMAGE, &["start"], &[("KC_DB", "postgres")]).is_nothing());
        assert!(judge(OWN_IMAGE, &[], &[("KC_HOSTNAME", "h"), ("DB_ADDR", "10.0.0.3")]).is_nothing());
        assert!(judge(OWN_IMAGE, &[], &[("KC_HOSTNAME", "h"), ("KC_DB_URL_HOST", "${DB}")]).is_nothing());
    }

    #[test]
    fn an_image_may_name_the_database() {
        let said = judge(OWN_IMAGE, &[], &[("KC_HOSTNAME", "h")]);
        assert!(said.wrong.is_empty() && said.undecided[0].contains("names no database"));
    }
}
