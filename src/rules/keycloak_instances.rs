//! `keycloak-instances`: several instances of Keycloak that do not share their caches.

use super::with_keycloak::{Server, server, shown, undecided, with_severity, wrong};
use crate::cloud_run::model::Service;
use crate::finding::{Evidence, Severity, Verdict};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, ServiceId};

pub(crate) static RULE: Rule = Rule {
    id: "keycloak-instances",
    severity: Severity::Warning,
    title: "Several instances of Keycloak do not share their caches",
    why: "A login that has begun lives in the cache of one instance. Instances on Cloud Run cannot reach each other, so that neither the embedded \
          cluster nor `cache=local` shares it: when the next request of the browser goes to another instance, the login ends with \"Page has expired\" or starts \
          anew, now and then and more often under load.\n\n\
          Session affinity on Cloud Run is best effort: it holds mostly, not always.",
    remedy: "Allow one instance (`maxScale: 1`), or keep the caches in an external Infinispan (`KC_CACHE_REMOTE_HOST`).",
    references: &[
        "https://www.keycloak.org/server/caching",
        "https://github.com/infinispan/infinispan/issues/13214",
        "https://cloud.google.com/run/docs/configuring/session-affinity",
    ],
    needs: &[Fact::Services],
    check: Check::Service(check),
};

fn check(id: ServiceId, scene: &Scene<'_>) -> Vec<Verdict> {
    let Some(server) = server(id, scene) else { return Vec::new() };
    judge(&server, scene.service(id)).into_iter().collect()
}

fn judge(server: &Server, service: &Service) -> Option<Verdict> {
    let options = &server.options;
    if options.get("cache-remote-host").is_some() {
        return None;
    }
    let local = options.get("cache").filter(|cache| cache.value.text() == Some("local"));
    let most = match service.max_instances.as_ref().map(|most| most.value()) {
        Some(Some(most)) if *most > 1 => Some(*most),
        Some(_) => return None,
        // Without a maximum Cloud Run starts up to a hundred; only who turned clustering off has surely not thought of that.
        None => None,
    };
    if most.is_none() && local.is_none() {
        return None;
    }
    let mut evidence = vec![server.itself(if most.is_some() {
        "may run in several instances"
    } else {
        "has no maximum of instances"
    })];
    if let Some(file) = options.get("cache-config-file") {
        let reason = format!(
            "{} may run in several instances, and its caches are configured in a file ({}) that was not read.",
            server.name,
            shown(file)
        );
        return Some(undecided(reason, RULE.remedy, vec![file.evidence("configures the caches")]));
    }
    let count = most.map_or_else(
        || "as many instances as Cloud Run likes".to_owned(),
        |most| format!("up to {most} instances"),
    );
    let how = match local {
        Some(cache) => {
            evidence.push(Evidence { label: "turns sharing off".to_owned(), ..cache.evidence("") });
            format!("with {}", shown(cache))
        }
        None => "with caches that they cannot share, because instances on Cloud Run do not reach each other"
            .to_owned(),
    };
    let message = format!(
        "{} may run in {count} {how}: logins fail now and then, when two requests of one browser go to two instances.",
        server.name
    );
    let verdict =
        wrong(message, None, evidence, most.map_or_else(|| "no maximum".to_owned(), |most| most.to_string()));
    // With affinity most browsers stay where they are.
    Some(if service.session_affinity.is_on() { with_severity(verdict, Severity::Info) } else { verdict })
}

#[cfg(test)]
mod tests {
    use crate::known::Known;
    use crate::rules::with_keycloak::testing::{OWN_IMAGE, keycloak};
    use crate::testing::{Said, Stage};

    fn stage(most: Option<i64>, env: &[(&str, &str)]) -> Stage {
        let mut stage = keycloak(OWN_IMAGE, &["start"], env);
        stage.snapshot.services[0].max_instances = most.map(Known::Value);
        stage
    }

    fn judge(most: Option<i64>, env: &[(&str, &str)]) -> Said {
        stage(most, env).judge("keycloak-instances")
    }

    #[test]
    fn several_instances_without_a_shared_cache_are_found() {
        let said = judge(Some(3), &[("KC_DB", "postgres")]);
        assert_eq!(
            said.wrong,
            [
                "warning service keycloak: Service `keycloak` may run in up to 3 instances with caches that they cannot share, because instances on Cloud Run do not reach each other: logins fail now and then, when two requests of one browser go to two instances."
            ]
        );
        assert!(
            judge(None, &[("KC_CACHE", "local"), ("KC_DB", "postgres")]).wrong[0]
                .contains("as Cloud Run likes with `KC_CACHE=local`")
        );
        let mut sticky = stage(Some(3), &[("KC_DB", "postgres")]);
        sticky.snapshot.services[0].session_affinity = Known::Value(true);
        assert!(sticky.judge("keycloak-instances").wrong[0].starts_with("info"));
    }

    #[test]
    fn one_instance_or_a_remote_cache_is_fine() {
        assert!(judge(Some(1), &[("KC_CACHE", "local")]).is_nothing());
        assert!(judge(None, &[("KC_DB", "postgres")]).is_nothing());
        assert!(
            judge(Some(5), &[("KC_CACHE_REMOTE_HOST", "infinispan"), ("KC_DB", "postgres")]).is_nothing()
        );
    }

    #[test]
    fn a_file_of_caches_is_open() {
        assert!(
            judge(Some(2), &[("KC_CACHE_CONFIG_FILE", "caches.xml"), ("KC_DB", "postgres")]).undecided[0]
                .contains("was not read")
        );
    }
}
