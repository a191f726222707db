//! Who may call a service, as far as it was read. For the rules about access.

use crate::cloud_run::invokers::is_for_invoking_alone;
use crate::cloud_run::model::{Dialect, Ingress, Service, Workload};
use crate::finding::Evidence;
use crate::google::model::{Project, may_invoke};
use crate::known::Known;
use crate::scene::Scene;
use crate::snapshot::{Fact, ServiceId};

/// Someone who holds a role that may invoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// As policies write it: `allUsers`, `serviceAccount:…`.
    pub(super) name: String,
    /// Where it stands.
    pub(super) evidence: Evidence,
    /// Whether the role is for more than invoking.
    pub(super) is_wider: bool,
    /// Whether it holds on the whole project.
    pub(super) on_project: bool,
}

/// Who may call a service.
#[derive(Debug)]
pub(super) struct Access {
    /// Those who hold a role that may invoke, on the service or its project, each once.
    pub(super) members: Vec<Member>,
    /// Whether those on the service are all that there are.
    pub(super) is_read: bool,
    /// Why they may not be all, as a sentence, where a document should have told it and does not.
    pub(super) failed: Option<String>,
    /// Whether Google checks nothing before the service is asked: the place of the switch.
    pub(super) check_off: Option<Evidence>,
    /// Whether it is not known if Google checks: why, as a clause.
    pub(super) check_unknown: Option<String>,
    /// Whether Identity-Aware Proxy stands in front: the place of the switch.
    pub(super) iap: Option<Evidence>,
}

/// Everybody, without any token.
pub(super) const ALL_USERS: &str = "allUsers";
/// Everybody with an account of Google's.
pub(super) const ALL_ACCOUNTS: &str = "allAuthenticatedUsers";

impl Access {
    /// Who may call the service.
    pub(super) fn of(id: ServiceId, scene: &Scene<'_>) -> Self {
        let service = scene.service(id);
        let invoker = &service.invoker;
        let mut members: Vec<Member> = Vec::new();
        let mut failed = scene.missing_of_service(id, Fact::InvokerPolicy).map(|missing| missing.why.clone());
        for grant in &invoker.members {
            match &grant.0 {
                Known::Value(name) => members.push(Member {
                    name: name.clone(),
                    evidence: Evidence::cloud_run(grant.1.clone(), Some(name.clone()), "may invoke it"),
                    is_wider: invoker.wider.contains(grant),
                    on_project: false,
                }),
                // Whether a custom role may invoke matters only where it would let everybody in.
                _ if invoker.by_custom_role.iter().any(|(name, at)| *at == grant.1 && is_one(name)) => {}
                member => {
                    let why = member.why_unknown().unwrap_or("it is taken for a secret");
                    failed.get_or_insert(format!("A member that may invoke it is not known: {why}."));
                }
            }
        }
        let of_project = project_of(service, scene).and_then(|project| project.policy.as_ref());
        let bindings = of_project.map(|policy| policy.bindings.as_slice()).unwrap_or_default();
        for binding in bindings.iter().filter(|binding| may_invoke(&binding.role) == Some(true)) {
            for (name, at) in &binding.members {
                let label = "may invoke every service of the project";
                let evidence = Evidence::cloud_run(at.clone(), Some(name.clone()), label);
                let is_wider = !is_for_invoking_alone(&binding.role);
                // The reader may have counted those of the project to the service's own.
                if let Some(known) = members.iter_mut().find(|known| known.evidence.at == *at) {
                    known.on_project = true;
                    continue;
                }
                members.push(Member { name: name.clone(), evidence, is_wider, on_project: true });
            }
        }
        let switch = |name: &str, label: &str| switch(id, service, name, label, scene);
        Access {
            members,
            is_read: invoker.policy_read && failed.is_none(),
            failed,
            check_off: invoker
                .check_disabled
                .is_on()
                .then(|| switch("invoker", "turns Google's invoker check off")),
            check_unknown: invoker.check_disabled.why_unknown().map(str::to_owned),
            iap: invoker.iap_enabled.is_on().then(|| switch("iap", "puts Identity-Aware Proxy in front")),
        }
    }

    /// The member of this name.
    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

/// Whether a member is known to be some one, and not everybody.
fn is_one(member: &Known<String>) -> bool {
    member.text().is_some_and(|name| !matches!(name, ALL_USERS | ALL_ACCOUNTS))
}

/// The project that a service is in, where it was read.
pub(super) fn project_of<'a>(service: &Service, scene: &Scene<'a>) -> Option<&'a Project> {
    let named = service.project.as_ref().and_then(|project| project.text());
    scene.snapshot.projects.iter().find(|project| {
        named == Some(project.id.as_str())
            || project.number.is_some() && (project.number == service.project_number)
            || project.number.as_deref().is_some_and(|number| named == Some(number))
    })
}

/// The place of a switch, by the names that each dialect gives it; the service where it has none of its own.
fn switch(id: ServiceId, service: &Service, name: &str, label: &str, scene: &Scene<'_>) -> Evidence {
    let (annotation, v2, terraform) = match name {
        "iap" => ("run.googleapis.com/iap-enabled", "iapEnabled", "iap_enabled"),
        _ => ("run.googleapis.com/invoker-iam-disabled", "invokerIamDisabled", "invoker_iam_disabled"),
    };
    let at = match service.dialect {
        Dialect::Knative => service.at.key("metadata").key("annotations").key(annotation),
        Dialect::V2 => service.at.key(v2),
        Dialect::TerraformV2 => service.at.key(terraform),
        Dialect::TerraformV1 | Dialect::Flags => return scene.service_itself(id, label),
    };
    Evidence::cloud_run(at, Some("true".to_owned()), label)
}

/// Whether a workload is called by URL, so that it matters who may.
pub(super) fn is_called(service: &Service) -> bool {
    matches!(service.workload, Workload::Service | Workload::Instance)
}

/// Whether every network reaches the service's URLs.
pub(super) fn is_on_the_internet(service: &Service) -> bool {
    service.ingress.value() == Some(&Ingress::All)
}
