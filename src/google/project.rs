//! Reads the document of a project: its number, its regions, who holds which role, which audit logs are written.

use super::model::{AuditConfig, Binding, Policy, Project};
use crate::document::cursor::{Cursor, Outcome};

/// Reads a project's document; see [`crate::answers`] for its shape.
pub(crate) fn read(cursor: &Cursor<'_>, id: String, outcome: &mut Outcome) -> Project {
    let policy = cursor.get("iamPolicy");
    Project {
        at: cursor.at().clone(),
        id,
        number: cursor.get("projectNumber").and_then(|number| text(&number)),
        regions: cursor
            .get("regions")
            .iter()
            .flat_map(Cursor::items)
            .filter_map(|item| text(&item))
            .collect(),
        audit: policy.as_ref().map(audit_configs),
        policy: policy.map(|found| self::policy(&found, outcome)),
    }
}

/// Reads an IAM policy.
pub(crate) fn policy(cursor: &Cursor<'_>, outcome: &mut Outcome) -> Policy {
    let mut bindings = Vec::new();
    for found in cursor.get("bindings").iter().flat_map(Cursor::items) {
        let Some(role) = found.get("role").and_then(|role| text(&role)) else {
            outcome.faults.push(found.fault("A binding with a role"));
            continue;
        };
        let members = found.get("members");
        bindings.push(Binding {
            at: found.at().clone(),
            role,
            members: members
                .iter()
                .flat_map(Cursor::items)
                .filter_map(|member| Some((text(&member)?, member.at().clone())))
                .collect(),
            conditional: found.get("condition").is_some(),
        });
    }
    Policy { bindings }
}

fn audit_configs(policy: &Cursor<'_>) -> Vec<AuditConfig> {
    let configs = policy.get("auditConfigs");
    configs
        .iter()
        .flat_map(Cursor::items)
        .filter_map(|config| {
            let logs = config.get("auditLogConfigs");
            let types = logs.iter().flat_map(Cursor::items).filter_map(|log| text(&log.get("logType")?));
            Some(AuditConfig {
                at: config.at().clone(),
                service: text(&config.get("service")?)?,
                log_types: types.collect(),
            })
        })
        .collect()
}

pub(super) fn text(cursor: &Cursor<'_>) -> Option<String> {
    cursor.node().scalar().map(str::to_owned)
}
