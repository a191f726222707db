//! `keycloak-admin-exposed`: the admin console answers on the URL that everybody reaches.

use super::with_keycloak::{Server, server, undecided, wrong};
use crate::cloud_run::model::{Ingress, Service};
use crate::finding::{Evidence, Severity, Verdict};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, ServiceId};

pub(crate) static RULE: Rule = Rule {
    id: "keycloak-admin-exposed",
    severity: Severity::Warning,
    title: "Keycloak's admin console answers on the public URL",
    why: "A Keycloak that users log in at is public, and its admin console and admin API are on the same host: `/admin/master/console/` answers \
          under every URL of the service, whatever its hostname is. A stolen or guessed administrator password is then all it takes.\n\n\
          `hostname-admin` moves the console to a URL of its own; the paths `/admin/` and `/realms/master/` of the public one still have to be closed by a load \
          balancer.",
    remedy: "Set `KC_HOSTNAME_ADMIN` to a URL that only administrators reach, and close `/admin/` and `/realms/master/` on the public host.",
    references: &[
        "https://www.keycloak.org/server/hostname",
        "https://www.keycloak.org/server/reverseproxy",
        "https://github.com/keycloak/keycloak/issues/12450",
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
    let has_own_host = ["hostname-admin", "hostname-admin-url"]
        .iter()
        .any(|name| options.text(name).is_some() || options.why_unknown(name).is_some());
    let is_off = options
        .text("features-disabled")
        .is_some_and(|features| features.split(',').any(|feature| feature.trim().starts_with("admin")));
    let behind_balancer = service.ingress.value().is_some_and(|ingress| *ingress != Ingress::All);
    if has_own_host || is_off || behind_balancer || service.invoker.iap_enabled.is_on() {
        return None;
    }
    let everyone = |member: &str| matches!(member, "allUsers" | "allAuthenticatedUsers");
    let opened = service.invoker.members.iter().find(|(member, _)| member.text().is_some_and(everyone));
    if let Some((member, at)) = opened {
        let evidence =
            Evidence::cloud_run(at.clone(), member.text().map(str::to_owned), "who may call the service");
        return Some(exposed(server, evidence));
    }
    if service.invoker.check_disabled.is_on() {
        return Some(exposed(server, server.itself("anyone may call it")));
    }
    if service.invoker.policy_read {
        return None;
    }
    let reason = format!(
        "{} does not say who may call it, so whether its admin console is public is not known.",
        server.name
    );
    Some(undecided(reason, RULE.remedy, vec![server.itself("may be called by anyone or not")]))
}

fn exposed(server: &Server, who: Evidence) -> Verdict {
    let message = format!(
        "{} may be called by anyone and sets no `hostname-admin`: its admin console and admin API answer on the public URL.",
        server.name
    );
    let mut evidence = vec![who];
    evidence.extend(server.evidence_of(&["hostname"], "the hostname that the console shares"));
    wrong(message, None, evidence, "hostname-admin")
}

#[cfg(test)]
mod tests {
    use crate::known::Known;
    use crate::rules::with_keycloak::testing::{OWN_IMAGE, keycloak};
    use crate::testing::Stage;

    fn public(env: &[(&str, &str)]) -> Stage {
        let mut stage = keycloak(OWN_IMAGE, &["start"], env);
        stage.snapshot.services[0].invoker.check_disabled = Known::Value(true);
        stage
    }

    #[test]
    fn a_public_console_is_found() {
        let said = public(&[("KC_DB", "postgres")]).judge("keycloak-admin-exposed");
        assert_eq!(
            said.wrong,
            [
                "warning service keycloak: Service `keycloak` may be called by anyone and sets no `hostname-admin`: its admin console and admin API answer on the public URL."
            ]
        );
        let mut by_member = keycloak(OWN_IMAGE, &["start"], &[("KC_DB", "postgres")]);
        let service = &mut by_member.snapshot.services[0];
        let at = service.at.key("members");
        service.invoker.members.push((Known::Value("allUsers".to_owned()), at));
        assert_eq!(by_member.judge("keycloak-admin-exposed").wrong.len(), 1);
    }

    #[test]
    fn a_host_of_its_own_or_closed_doors_are_fine() {
        assert!(
            public(&[("KC_HOSTNAME_ADMIN", "https://admin.example.com")])
                .judge("keycloak-admin-exposed")
                .is_nothing()
        );
        let mut inside = public(&[("KC_DB", "postgres")]);
        inside.snapshot.services[0].ingress =
            Known::Value(crate::cloud_run::model::Ingress::InternalAndLoadBalancer);
        assert!(inside.judge("keycloak-admin-exposed").is_nothing());
    }

    #[test]
    fn who_may_call_is_not_always_known() {
        let said = keycloak(OWN_IMAGE, &["start"], &[("KC_DB", "postgres")]).judge("keycloak-admin-exposed");
        assert!(said.wrong.is_empty() && said.undecided[0].contains("does not say who may call it"));
    }
}
