//! `invoker-inert`: someone who may invoke a service by its policy, but never can.

use super::with_access::{Access, Member, is_called, project_of};
use crate::finding::{Case, Severity, Verdict};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, ServiceId};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "invoker-inert",
    severity: Severity::Warning,
    title: "A policy lets someone invoke a service who cannot",
    why: "Cloud Run lets a request in by an ID token that Google signed for a service account or a user. Identities of a workload or workforce pool \
          (`principal://…`, `principalSet://…`) get access tokens from Google's token exchange, but no such ID token: the role is theirs and \
          does nothing. A role of Keycloak that is mapped to such a principal does not reach the service this way.\n\n\
          A `deleted:` member is an account that is gone. One made anew under the same name does not have its roles.",
    remedy: "Give the role to a service account, and let the pool's identities act as it: `roles/iam.workloadIdentityUser` on the account, then its ID token.",
    references: &[
        "https://cloud.google.com/iam/docs/federated-identity-supported-services",
        "https://cloud.google.com/run/docs/authenticating/service-to-service",
        "https://cloud.google.com/iam/docs/principal-identifiers",
    ],
    needs: &[Fact::Services, Fact::InvokerPolicy],
    check: Check::Service(check),
};

fn check(id: ServiceId, scene: &Scene<'_>) -> Vec<Verdict> {
    if !is_called(scene.service(id)) {
        return Vec::new();
    }
    let access = Access::of(id, scene);
    // Without a check nobody needs the role.
    if access.check_off.is_some() {
        return Vec::new();
    }
    let speaks_for_project = is_first_of_project(id, scene);
    access
        .members
        .iter()
        .filter(|member| !member.is_wider && (!member.on_project || speaks_for_project))
        .filter_map(|member| judge(id, member, scene))
        .collect()
}

/// What holds for every service of a project is said once, for the first of them.
fn is_first_of_project(id: ServiceId, scene: &Scene<'_>) -> bool {
    let Some(project) = project_of(scene.service(id), scene) else { return false };
    let of_project = |other: &ServiceId| {
        let service = scene.service(*other);
        is_called(service) && project_of(service, scene).is_some_and(|other| std::ptr::eq(other, project))
    };
    (0..id.0).map(ServiceId).find(of_project).is_none()
}

fn judge(id: ServiceId, member: &Member, scene: &Scene<'_>) -> Option<Verdict> {
    let name = &member.name;
    let gone = name.strip_prefix("deleted:");
    let of_pool = name.starts_with("principal://iam.googleapis.com/")
        || name.starts_with("principalSet://iam.googleapis.com/");
    let is_of_pool =
        of_pool && (name.contains("/workloadIdentityPools/") || name.contains("/workforcePools/"));
    let project = project_of(scene.service(id), scene).filter(|_| member.on_project);
    let what = match project {
        Some(project) => format!("every service of project `{}`", project.id),
        None => scene.name_service(id),
    };
    let (why, remedy) = match gone {
        Some(_) => (
            "but the account is deleted: nobody calls as it any more, and one made anew under its name does not have the role",
            Some(format!(
                "Remove `{name}` from the policy, and give the role to the account that calls now."
            )),
        ),
        None if is_of_pool => (
            "but cannot: Cloud Run wants an ID token that Google signed, and the identities of a pool get none",
            None,
        ),
        None => return None,
    };
    Some(Verdict::Wrong(Case {
        severity: None,
        message: format!("{} may invoke {what} by its policy, {why}.", capitalized(&format!("`{name}`"))),
        remedy,
        evidence: vec![member.evidence.clone()],
        value: Some(name.clone()),
        fix: None,
    }))
}

#[cfg(test)]
mod tests {
    use crate::google::model::{Binding, Policy, Project};
    use crate::known::Known;
    use crate::testing::{Stage, service_yaml};

    const POOL: &str = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/keycloak/attribute.role/caller";
    const GONE: &str = "deleted:serviceAccount:old@shop.iam.gserviceaccount.com?uid=1234";

    fn stage(members: &[&str]) -> Stage {
        let mut stage =
            Stage::new().service("api.yaml", &service_yaml("api", &[]).replace("        env:\n", ""));
        let service = &mut stage.snapshot.services[0];
        let at = service.at.key("members");
        for member in members {
            service.invoker.grant(Some("roles/run.invoker"), Known::Value((*member).to_owned()), &at);
        }
        stage
    }

    #[test]
    fn identities_of_pools_and_deleted_accounts_cannot_invoke() {
        let said = stage(&[POOL, GONE]).judge("invoker-inert");
        assert_eq!(
            said.wrong[1],
            format!(
                "warning service api: `{POOL}` may invoke service `api` by its policy, but cannot: Cloud Run wants an ID token that Google signed, and the identities of a pool get none."
            )
        );
        assert!(said.wrong[0].contains("the account is deleted"), "{said:?}");
        assert_eq!(said.values, [GONE, POOL]);
    }

    #[test]
    fn those_who_can_and_those_who_deploy_are_fine() {
        let fine = [
            "allUsers",
            "serviceAccount:a@shop.iam.gserviceaccount.com",
            "user:a@example.com",
            "group:g@example.com",
        ];
        assert!(stage(&fine).judge("invoker-inert").is_nothing());
        let mut deploys = stage(&[]);
        let service = &mut deploys.snapshot.services[0];
        let at = service.at.key("members");
        service.invoker.grant(Some("roles/run.admin"), Known::Value(POOL.to_owned()), &at);
        assert!(deploys.judge("invoker-inert").is_nothing());
        let mut open = stage(&[POOL]);
        open.snapshot.services[0].invoker.check_disabled = Known::Value(true);
        assert!(open.judge("invoker-inert").is_nothing());
    }

    #[test]
    fn what_holds_for_a_project_is_said_once() {
        let two = service_yaml("api", &[("A", "b")]) + "---\n" + &service_yaml("mail", &[("A", "b")]);
        let mut stage = Stage::new().service("services.yaml", &two);
        let at = stage.snapshot.services[0].at.key("policy");
        let binding = |role: &str| Binding {
            at: at.clone(),
            role: role.to_owned(),
            members: vec![(POOL.to_owned(), at.key(role))],
            conditional: false,
        };
        stage.snapshot.projects.push(Project {
            at: at.clone(),
            id: "shop".to_owned(),
            number: Some("123456789012".to_owned()),
            regions: Vec::new(),
            policy: Some(Policy { bindings: vec![binding("roles/run.invoker"), binding("roles/editor")] }),
            audit: None,
        });
        let said = stage.judge("invoker-inert");
        assert_eq!(said.wrong.len(), 1, "{said:?}");
        assert!(said.wrong[0].contains("every service of project `shop`"), "{said:?}");
    }
}
