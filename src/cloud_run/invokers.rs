//! Which roles hold the right to invoke a service, and who holds such a role.

use super::model::Invoker;
use crate::known::Known;
use crate::locus::Locus;

/// Roles that hold the right to invoke (`run.routes.invoke`), as their published permissions say; those for invoking alone first.
const INVOKERS: [&str; 16] = [
    "roles/run.invoker",
    "roles/run.servicesInvoker",
    "roles/run.admin",
    "roles/run.developer",
    "roles/run.editor",
    "roles/run.sourceDeveloper",
    "roles/editor",
    "roles/owner",
    "roles/cloudfunctions.admin",
    "roles/cloudfunctions.developer",
    "roles/cloudfunctions.editor",
    "roles/firebase.admin",
    "roles/firebase.developAdmin",
    "roles/iam.devOps",
    "roles/iam.dataScientist",
    "roles/iam.mlEngineer",
];

/// How many of them are for invoking alone.
const FOR_INVOKING_ALONE: usize = 2;

/// Whether a role holds the right to invoke a service. Of a custom role nothing is known.
pub(crate) fn may_invoke(role: &str) -> bool {
    INVOKERS.contains(&role)
}

/// Whether a role is for invoking alone, so that a member who cannot invoke holds it for nothing.
pub(crate) fn is_for_invoking_alone(role: &str) -> bool {
    INVOKERS[..FOR_INVOKING_ALONE].contains(&role)
}

impl Invoker {
    /// Notes a member of a role that may invoke; a role that is not known counts as one for more than invoking.
    pub(crate) fn grant(&mut self, role: Option<&str>, member: Known<String>, at: &Locus) {
        if !role.is_some_and(is_for_invoking_alone) {
            self.wider.push((member.clone(), at.clone()));
        }
        self.members.push((member, at.clone()));
    }
}
