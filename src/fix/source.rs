//! What a person writes where a plan cannot: the change in the words of its document.

use serde_json::Value;

use super::{Change, Datum, Edit, ObjectId, holders};
use crate::cloud_run::model::Dialect as ServiceDialect;
use crate::keycloak::model::Dialect;
use crate::locus::{FieldPath, Segment};
use crate::scene::Scene;
use crate::snapshot::{PartKind, Place};

/// The changes as instructions, one each.
pub(super) fn texts(scene: &Scene<'_>, changes: &[Change]) -> Vec<String> {
    changes.iter().map(|change| text(scene, change)).collect()
}

fn text(scene: &Scene<'_>, change: &Change) -> String {
    let part = scene.snapshot.part(change.at.part);
    let terraform = match change.of {
        ObjectId::Client(id) => scene.client(id).dialect == Dialect::Terraform,
        ObjectId::Realm(id) => scene.realm(id).dialect == Dialect::Terraform,
        ObjectId::Service(id) => {
            matches!(scene.service(id).dialect, ServiceDialect::TerraformV1 | ServiceDialect::TerraformV2)
        }
    };
    // A live object that others keep is changed where they do it.
    if matches!(part.place, Place::Live { .. })
        && let Some(owner) = holders::owner(scene, change.of)
    {
        let what = match owner {
            holders::Owner::Terraform => {
                return format!("In the .tf file of {}: {}.", holders::name(scene, change.of), hcl(change));
            }
            holders::Owner::File { .. } => owner.describe(),
            other => format!("the source of {}", other.describe()),
        };
        return format!("In {what}, {}: {}.", holders::name(scene, change.of), plain(scene, change));
    }
    if terraform {
        let address = match change.of {
            ObjectId::Service(id) => scene.service(id).terraform_address.clone(),
            _ => None,
        };
        let name = address.map_or_else(|| holders::name(scene, change.of), |address| format!("`{address}`"));
        return format!("In the .tf file of {name}: {}.", hcl(change));
    }
    match part.kind {
        PartKind::FlagsFile => format!("In `{}`: {}.", part.place.path(), flag(scene, change)),
        PartKind::Answer => {
            format!("On the server, {}: {}.", holders::name(scene, change.of), plain(scene, change))
        }
        _ => format!(
            "In {}, {}: {}.",
            match &part.place {
                Place::StandardInput { .. } => "the document that was read from standard input".to_owned(),
                place => format!("`{}`", place.path()),
            },
            holders::name(scene, change.of),
            plain(scene, change)
        ),
    }
}

/// The field below its object, as people write it.
pub(super) fn field(scene: &Scene<'_>, change: &Change) -> String {
    let at = match change.of {
        ObjectId::Client(id) => &scene.client(id).at,
        ObjectId::Realm(id) => &scene.realm(id).at,
        ObjectId::Service(id) => return service_field(scene, id, change),
    };
    change.at.path.below(&at.path).to_string()
}

/// A variable is known by its name, not by its position.
fn service_field(scene: &Scene<'_>, id: crate::snapshot::ServiceId, change: &Change) -> String {
    let service = scene.service(id);
    for container in &service.containers {
        for variable in container.env.iter().filter(|variable| variable.at == change.at) {
            if let Some(name) = variable.name.text() {
                return format!("env {name}");
            }
        }
    }
    change.at.path.below(&service.at.path).to_string()
}

fn plain(scene: &Scene<'_>, change: &Change) -> String {
    let field = field(scene, change);
    match &change.edit {
        Edit::Set { from, to } => format!("set `{field}` to `{}` (it is `{}`)", shown(to), shown(from)),
        Edit::Create { value } => format!("set `{field}` to `{}`", shown(value)),
        Edit::Drop { .. } => format!("remove `{field}`"),
        Edit::Insert { item, .. } => format!("add `{}` to `{field}`", shown(item)),
        Edit::Remove { item, .. } => format!("remove `{}` from `{field}`", shown(item)),
        Edit::AddMapper { mapper } => {
            let json = serde_json::to_string(mapper).unwrap_or_default();
            format!("add this to `{field}`: {json}")
        }
        Edit::RemoveMapper { mapper } => format!("remove the mapper `{}` from `{field}`", mapper.name),
    }
}

/// The same as an argument of Terraform's language.
fn hcl(change: &Change) -> String {
    let name = last_key(&change.at.path);
    match &change.edit {
        Edit::Set { from, to } => format!("`{name} = {}` in place of `{}`", literal(to), literal(from)),
        Edit::Create { value } => format!("`{name} = {}`", literal(value)),
        Edit::Drop { .. } => format!("without `{name}`"),
        Edit::Insert { item, .. } => format!("add `{}` to `{name}`", literal(item)),
        Edit::Remove { item, .. } => format!("remove `{}` from `{name}`", literal(item)),
        Edit::AddMapper { mapper } => {
            let config = |key: &str| mapper.config.get(key).cloned().unwrap_or_default();
            let audience = |argument: &str, key: &str| {
                let value = config(key);
                if value.is_empty() { String::new() } else { format!("{argument} = {}; ", quoted(&value)) }
            };
            format!(
                "add a resource `keycloak_openid_audience_protocol_mapper` for this client with `name = {}; {}{}add_to_access_token = true; add_to_id_token = false`",
                quoted(&mapper.name),
                audience("included_client_audience", crate::keycloak::mapper::CLIENT_AUDIENCE),
                audience("included_custom_audience", crate::keycloak::mapper::CUSTOM_AUDIENCE),
            )
        }
        Edit::RemoveMapper { mapper } => format!("remove the mapper `{}`", mapper.name),
    }
}

/// A setting of a file of gcloud's flags.
fn flag(scene: &Scene<'_>, change: &Change) -> String {
    let field = field(scene, change);
    let name = field.strip_prefix("env ").unwrap_or(&field);
    match change.edit.result() {
        Some(Some(value)) => format!("set `{name}={}` among the variables", shown(value)),
        _ => plain(scene, change),
    }
}

fn last_key(path: &FieldPath) -> String {
    let keys = path.segments().into_iter().rev().filter_map(|segment| match segment {
        Segment::Key(key) => Some(key.to_string()),
        Segment::Index(_) => None,
    });
    keys.into_iter().next().unwrap_or_default()
}

/// A value as people write it.
pub(super) fn shown(datum: &Datum) -> String {
    match datum {
        Datum::Plain(Value::String(text)) => text.clone(),
        Datum::Plain(value) => value.to_string(),
        Datum::CopyOf(spot) => format!("a copy of {} in {}", spot.path, spot.target.name()),
    }
}

fn literal(datum: &Datum) -> String {
    match datum {
        Datum::Plain(Value::String(text)) => quoted(text),
        other => shown(other),
    }
}

/// A text in Terraform's quotes: `${` and `%{` would begin a template.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string().replace("${", "$${").replace("%{", "%%{")
}
