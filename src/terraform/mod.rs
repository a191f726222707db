//! Both sides from what `terraform show -json` prints of a plan or a state.
//!
//! It is evaluated, so that no interpreter of Terraform's language is needed. What Terraform does not know before it has
//! applied is unknown here too, and what it holds for sensitive becomes a tag at once.

mod address;
mod cloud_run;
mod keycloak;
mod mappers;
mod references;
mod registry;
mod resources;

use self::resources::collect;
use crate::cloud_run::containers::Remarks;
use crate::cloud_run::texts::Texts;
use crate::document::Node;
use crate::document::cursor::{Cursor, Outcome};
use crate::locus::PartId;
use crate::secrets::Tagger;
use crate::snapshot::{PartKind, Snapshot};

/// What `terraform show -json` printed a document of, if it did: [`PartKind::TerraformPlan`] or [`PartKind::TerraformState`].
pub fn recognises(document: &Node) -> Option<PartKind> {
    document.get("format_version")?.scalar()?;
    if document.get("resource_changes").is_some() || document.get("planned_values").is_some() {
        return Some(PartKind::TerraformPlan);
    }
    let state = document.get("values").is_some_and(|values| values.get("root_module").is_some());
    // The state of nothing has no `values`.
    (state || document.get("terraform_version").is_some()).then_some(PartKind::TerraformState)
}

/// Reads the services, realms and clients of a plan or state into the snapshot.
///
/// What cannot be read of one is a fault at its place; the others are read all the same.
pub fn read(part: PartId, document: &Node, tagger: &Tagger, snapshot: &mut Snapshot) -> Outcome {
    let resources = collect(&Cursor::root(part, document));
    let texts = Texts { tagger };
    let mut remarks = Remarks::default();
    let found = cloud_run::read(&resources, texts, &mut remarks);
    let realms = keycloak::read(&resources, texts, &mut remarks);
    let realms_read = realms.len();
    snapshot.realms.extend(realms);
    snapshot.secrets.extend(found.secrets.into_iter().map(|(secret, _)| secret));
    let services = found.services.into_iter().map(|(service, _)| service).collect();
    let mut outcome = remarks.finish(part, services, snapshot);
    outcome.items += realms_read;
    outcome
}

#[cfg(test)]
mod tests;
