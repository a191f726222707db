//! `audit-logs-off`: nobody can tell who reads the client secrets of a project.

use std::collections::BTreeMap;

use super::with_secrets::{GivenValue, given, name_and_project, project, projects_of};
use super::with_tokens::listed;
use crate::finding::{Case, Evidence, Severity, Subject, Undecided, Verdict};
use crate::google::model::{AuditConfig, Project};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, ServiceId};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "audit-logs-off",
    severity: Severity::Warning,
    title: "A project that holds client secrets does not log who reads them",
    why: "Reading a secret is a data access (`DATA_READ`), and Google logs those only where they are switched on: for \
          `secretmanager.googleapis.com` or for all services, in the policy of the project, its folder or its organization. Without the \
          logs nobody can tell after a leak who has read a client's secret, or whether anybody still uses an old version.",
    remedy: "Switch the `DATA_READ` audit logs of `secretmanager.googleapis.com` on, in the project's IAM policy under `auditConfigs`.",
    references: &[
        "https://cloud.google.com/secret-manager/docs/audit-logging",
        "https://cloud.google.com/logging/docs/audit/configure-data-access",
    ],
    needs: &[Fact::ProjectPolicy, Fact::AuditConfiguration],
    check: Check::Scene(check),
};

const SECRET_MANAGER: &str = "secretmanager.googleapis.com";

fn check(scene: &Scene<'_>) -> Vec<(Subject, Verdict)> {
    // By project: the first service that gets a client's secret from it, and the secrets.
    let mut holders: BTreeMap<&str, (ServiceId, &Project, Vec<&str>)> = BTreeMap::new();
    for link in scene.links.links.iter().filter(|link| !link.is_weak()) {
        for given in given(link, scene) {
            let GivenValue::Stored { secret, .. } = given.value else { continue };
            let Some(project) = project(&projects_of(secret, link.service, scene), scene) else { continue };
            let (_, _, names) =
                holders.entry(project.id.as_str()).or_insert_with(|| (link.service, project, Vec::new()));
            let (name, _) = name_and_project(secret);
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    holders
        .into_values()
        .filter_map(|(service, project, names)| {
            Some((scene.subject_of_service(service), judge(project, &names, scene)?))
        })
        .collect()
}

fn judge(project: &Project, names: &[&str], scene: &Scene<'_>) -> Option<Verdict> {
    let secrets = listed(names.iter().copied(), "and");
    let itself = |label: &str| Evidence::cloud_run(project.at.clone(), Some(project.id.clone()), label);
    let Some(audit) = &project.audit else {
        let missing = scene.snapshot.part(project.at.part).missing.iter();
        let missing = missing
            .into_iter()
            .find(|missing| matches!(missing.fact, Fact::AuditConfiguration | Fact::ProjectPolicy));
        let why = missing.map_or("its IAM policy was not read", |missing| missing.why.trim_end_matches('.'));
        return Some(Verdict::Undecided(Undecided {
            reason: format!(
                "Whether project `{}`, which holds client secrets ({secrets}), logs who reads them is not known: {why}.",
                project.id
            ),
            remedy: Some(
                "Read the project's policy, with `roles/iam.securityReviewer` on the project.".to_owned(),
            ),
            evidence: vec![itself("the project")],
        }));
    };
    if audit
        .iter()
        .any(|entry| is_about_secrets(entry) && entry.log_types.iter().any(|kind| kind == "DATA_READ"))
    {
        return None;
    }
    // An entry that logs other kinds is where this one belongs.
    let place = match audit.iter().find(|entry| is_about_secrets(entry)) {
        Some(entry) => Evidence::cloud_run(
            entry.at.clone(),
            Some(entry.log_types.join(", ")),
            "logs other kinds, and no reading of data",
        ),
        None => itself("the project, whose policy switches no such logs on"),
    };
    Some(Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} holds client secrets ({secrets}), and its policy does not switch on the logs of who reads them (`DATA_READ` of `{SECRET_MANAGER}`): unless a folder or the organization above it does, which was not read, nobody can tell who has read them.",
            capitalized(&format!("project `{}`", project.id))
        ),
        remedy: None,
        evidence: vec![place],
        value: Some(project.id.clone()),
        fix: None,
    }))
}

fn is_about_secrets(entry: &AuditConfig) -> bool {
    entry.service == SECRET_MANAGER || entry.service == "allServices"
}

#[cfg(test)]
mod tests {
    use crate::google::model::{AuditConfig, Project};
    use crate::locus::{FieldPath, Locus, PartId};
    use crate::rules::with_secrets::testing::{Live, live};
    use crate::snapshot::{Fact, Missing};
    use crate::testing::{Said, Stage};

    fn stage(audit: Option<&[(&str, &[&str])]>) -> Stage {
        let mut stage = live(&Live::default());
        let at = Locus::new(PartId(2), FieldPath::root());
        let entry = |(service, kinds): &(&str, &[&str])| AuditConfig {
            at: at.key("iamPolicy"),
            service: (*service).to_owned(),
            log_types: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        };
        stage.snapshot.projects.push(Project {
            at: at.clone(),
            id: "shop-prod".to_owned(),
            number: Some("123456789012".to_owned()),
            regions: Vec::new(),
            policy: None,
            audit: audit.map(|entries| entries.iter().map(entry).collect()),
        });
        stage
    }

    fn judge(audit: Option<&[(&str, &[&str])]>) -> Said {
        stage(audit).judge("audit-logs-off")
    }

    #[test]
    fn a_project_that_logs_no_reading() {
        let said = judge(Some(&[]));
        assert_eq!(
            said.wrong,
            [
                "warning service web: Project `shop-prod` holds client secrets (`web-secret`), and its policy does not switch on the logs of who reads them (`DATA_READ` of `secretmanager.googleapis.com`): unless a folder or the organization above it does, which was not read, nobody can tell who has read them."
            ]
        );
        let other = judge(Some(&[("secretmanager.googleapis.com", &["ADMIN_READ", "DATA_WRITE"])]));
        assert!(other.places[0].contains("iamPolicy = ADMIN_READ, DATA_WRITE"), "{other:?}");
        assert_eq!(judge(Some(&[("run.googleapis.com", &["DATA_READ"])])).wrong.len(), 1);
    }

    #[test]
    fn a_project_that_logs_it_is_fine() {
        assert!(judge(Some(&[("secretmanager.googleapis.com", &["DATA_READ"])])).is_nothing());
        assert!(judge(Some(&[("allServices", &["ADMIN_READ", "DATA_READ"])])).is_nothing());
    }

    #[test]
    fn projects_that_were_not_read_are_left_alone_and_policies_are_not_decided() {
        assert!(live(&Live::default()).judge("audit-logs-off").is_nothing());
        let mut stage = stage(None);
        let why = "The account lacks `resourcemanager.projects.getIamPolicy`.".to_owned();
        stage.snapshot.parts[2].missing.push(Missing { fact: Fact::ProjectPolicy, why, at: None });
        let said = stage.judge("audit-logs-off");
        assert_eq!(said.undecided.len(), 1, "{said:?}");
        assert!(said.undecided[0].contains("is not known: The account lacks"), "{said:?}");
    }
}
