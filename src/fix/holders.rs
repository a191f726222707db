//! Who else keeps an object, and which documents can be written at all.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Change, Edit, ObjectId};
use crate::cloud_run::model::{Dialect as ServiceDialect, Owner as ServiceOwner};
use crate::keycloak::model::Dialect;
use crate::known::Known;
use crate::locus::PartId;
use crate::scene::Scene;
use crate::snapshot::{ClientId, PartKind, Place, RealmId, ServiceId};

/// What keeps an object besides people: it would take back what is written past it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Owner {
    /// Terraform.
    Terraform,
    /// Cloud Deploy.
    CloudDeploy,
    /// Config Connector.
    ConfigConnector,
    /// keycloak-config-cli, by the marks that it leaves in the realm.
    ConfigCli,
    /// A file that was read along with it and declares the same object.
    File {
        /// Its path.
        path: String,
        /// What the file is: "file for keycloak-config-cli".
        what: String,
    },
}

impl Owner {
    /// Who it is, as a noun: "Terraform", "the file `realm.json` (Keycloak realm)".
    pub fn describe(&self) -> String {
        match self {
            Owner::Terraform => "Terraform".to_owned(),
            Owner::CloudDeploy => "Cloud Deploy".to_owned(),
            Owner::ConfigConnector => "Config Connector".to_owned(),
            Owner::ConfigCli => "keycloak-config-cli".to_owned(),
            Owner::File { path, what } => format!("the file `{path}` ({what})"),
        }
    }
}

/// Who keeps an object that is written live.
pub(super) fn owner(scene: &Scene<'_>, id: ObjectId) -> Option<Owner> {
    match id {
        ObjectId::Service(id) => {
            let marked = scene.service(id).owner.map(|owner| match owner {
                ServiceOwner::Terraform => Owner::Terraform,
                ServiceOwner::CloudDeploy => Owner::CloudDeploy,
                ServiceOwner::ConfigConnector => Owner::ConfigConnector,
            });
            marked.or_else(|| service_twin(scene, id))
        }
        ObjectId::Client(id) => client_twin(scene, id).or_else(|| marked_realm(scene, id.realm)),
        ObjectId::Realm(id) => {
            let twin = scene.snapshot.realms().find(|(other, realm)| {
                *other != id && is_source(scene, realm.at.part) && is_same_realm(scene, id, *other)
            });
            let twin = twin.map(|twin| file(scene, twin.1.at.part, twin.1.dialect == Dialect::Terraform));
            twin.or_else(|| marked_realm(scene, id))
        }
    }
}

fn marked_realm(scene: &Scene<'_>, id: RealmId) -> Option<Owner> {
    scene.realm(id).by_config_cli.then_some(Owner::ConfigCli)
}

/// Whether two realms that were read may be one on one server. What the files do not tell apart may be the same: a change that is held
/// back without need can be allowed, one that is taken back by the next deployment is a surprise.
fn is_same_realm(scene: &Scene<'_>, one: RealmId, other: RealmId) -> bool {
    let names = (scene.realm(one).name.text(), scene.realm(other).name.text());
    if matches!(names, (Some(one), Some(other)) if one != other) {
        return false;
    }
    let issuers = (scene.server(one).issuer.known(), scene.server(other).issuer.known());
    if !issuers.0.is_empty() && !issuers.1.is_empty() {
        return issuers.0.iter().any(|issuer| issuers.1.contains(issuer));
    }
    scene.config.environments.is_empty()
        || scene.links.environment_of(one) == scene.links.environment_of(other)
}

fn client_twin(scene: &Scene<'_>, id: ClientId) -> Option<Owner> {
    let name = scene.client(id).client_id.text()?;
    let (_, twin) = scene.snapshot.clients().find(|(other, client)| {
        *other != id
            && client.client_id.text() == Some(name)
            && is_source(scene, client.at.part)
            && is_same_realm(scene, id.realm, other.realm)
    })?;
    Some(file(scene, twin.at.part, twin.dialect == Dialect::Terraform))
}

fn service_twin(scene: &Scene<'_>, id: ServiceId) -> Option<Owner> {
    let own = scene.service(id);
    let name = own.name.text()?;
    let agrees = |one: &Option<Known<String>>, other: &Option<Known<String>>| {
        let texts = (one.as_ref().and_then(|one| one.text()), other.as_ref().and_then(|other| other.text()));
        !matches!(texts, (Some(one), Some(other)) if one != other)
    };
    let configured = !scene.config.environments.is_empty();
    let (_, twin) = scene.snapshot.services().find(|(other, service)| {
        *other != id
            && service.name.text() == Some(name)
            && service.workload == own.workload
            && agrees(&service.region, &own.region)
            && is_source(scene, service.at.part)
            && (!configured || scene.reading(*other).environment == scene.reading(id).environment)
    })?;
    let by_terraform = matches!(twin.dialect, ServiceDialect::TerraformV1 | ServiceDialect::TerraformV2);
    Some(file(scene, twin.at.part, by_terraform))
}

/// Whether a part is a document from which objects are made, rather than a picture of a server.
fn is_source(scene: &Scene<'_>, part: PartId) -> bool {
    let part = scene.snapshot.part(part);
    part.kind != PartKind::Answer && !matches!(part.place, Place::Live { .. })
}

fn file(scene: &Scene<'_>, part: PartId, by_terraform: bool) -> Owner {
    if by_terraform {
        return Owner::Terraform;
    }
    let part = scene.snapshot.part(part);
    Owner::File { path: part.place.path().to_owned(), what: part.kind.describe().to_owned() }
}

/// Why changes of a part are not written by a plan, as a sentence; `None` when they are.
pub(super) fn hindrance(
    scene: &Scene<'_>,
    part: PartId,
    changes: &[Change],
    owned_too: bool,
) -> Option<String> {
    let document = scene.snapshot.part(part);
    let path = document.place.path();
    match (&document.place, document.kind) {
        (Place::StandardInput { .. }, _) => {
            Some("What was read from standard input cannot be written back.".to_owned())
        }
        (_, PartKind::TerraformPlan | PartKind::TerraformState) => {
            Some(format!("`{path}` is what Terraform made of its own files, which only a person can change."))
        }
        (_, PartKind::FlagsFile) => {
            Some(format!("`{path}` holds settings as one text of gcloud, which only a person can change."))
        }
        (Place::File { .. }, PartKind::Answer) => Some(format!(
            "`{path}` is a picture of a server: the object itself is changed by a run that reads the server."
        )),
        (Place::Live { .. }, _) if !owned_too => {
            let objects: std::collections::BTreeSet<ObjectId> =
                changes.iter().map(|change| change.of).collect();
            objects.into_iter().find_map(|id| {
                let owner = owner(scene, id)?;
                let is_tolerated = owner == Owner::Terraform
                    && changes.iter().all(|change| matches!(change.edit, Edit::AddMapper { .. }));
                (!is_tolerated).then(|| {
                    format!(
                        "{} is kept by {}, which would take the change back: change it there, or allow `owned`.",
                        crate::words::capitalized(&name(scene, id)),
                        owner.describe()
                    )
                })
            })
        }
        _ => None,
    }
}

pub(super) fn name(scene: &Scene<'_>, id: ObjectId) -> String {
    match id {
        ObjectId::Realm(id) => scene.name_realm(id),
        ObjectId::Client(id) => scene.name_client(id),
        ObjectId::Service(id) => scene.name_service(id),
    }
}
