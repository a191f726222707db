//! Who holds a role that may invoke a service.

use super::model::Invoker;
use crate::google::model::{Policy, may_invoke};
use crate::known::Known;
use crate::locus::Locus;

/// Roles that are for invoking and nothing else, so that a member who cannot invoke holds them for nothing.
const FOR_INVOKING_ALONE: [&str; 2] = ["roles/run.invoker", "roles/run.servicesInvoker"];

/// Whether a role is for invoking and nothing else.
pub(crate) fn is_for_invoking_alone(role: &str) -> bool {
    FOR_INVOKING_ALONE.contains(&role)
}

impl Invoker {
    /// Notes a member of a role, unless the role may not invoke; one whose name is not known counts as one that may, and for more than that.
    pub(crate) fn grant(&mut self, role: Option<&str>, member: Known<String>, at: &Locus) {
        match role.map_or(Some(true), may_invoke) {
            Some(false) => {}
            Some(true) => {
                if !role.is_some_and(is_for_invoking_alone) {
                    self.wider.push((member.clone(), at.clone()));
                }
                self.members.push((member, at.clone()));
            }
            None => {
                let name = member.text().unwrap_or("somebody");
                let why = format!(
                    "`{name}` holds the custom role `{}`, whose rights were not read",
                    role.unwrap_or_default()
                );
                self.members.push((Known::unknown(why), at.clone()));
                self.by_custom_role.push((member, at.clone()));
            }
        }
    }

    /// Notes all members of a policy that may invoke. Bindings under a condition count as well: whom they let in, and when, is theirs to say.
    pub(crate) fn grant_all(&mut self, policy: &Policy) {
        for binding in &policy.bindings {
            for (member, at) in &binding.members {
                self.grant(Some(&binding.role), Known::Value(member.clone()), at);
            }
        }
    }
}
