//! Signs in a document: that a Knative service is one of Cloud Run, and who else keeps it.

use super::model::{EnvValue, Owner, Service};
use super::service_yaml::Pieces;
use crate::document::cursor::Cursor;

/// Whether anything in a Knative service exists on Cloud Run only.
///
/// An image in Google's registry counts, because hand-written files often have no other sign; the samples of Knative itself
/// (`gcr.io/knative-…`) do not. What Cloud Run refuses (config maps, images to be built by ko) counts against that.
pub(crate) fn is_cloud_run(pieces: &Pieces<'_>, service: &Service) -> bool {
    let keyed = [&pieces.labels, &pieces.annotations, &pieces.template_annotations];
    let by_key = keyed.into_iter().flatten().flat_map(|found| found.entries()).any(|(key, _)| {
        key.starts_with("run.googleapis.com/")
            || key.starts_with("cloud.googleapis.com/")
            || key.starts_with("cnrm.cloud.google.com/")
    });
    let account = service.service_account.as_ref().and_then(|account| account.text());
    by_key
        || !pieces
            .item
            .node()
            .get("apiVersion")
            .and_then(|version| version.scalar())
            .is_none_or(|version| version.starts_with("serving.knative.dev/"))
        || service.project_number.is_some()
        || account.is_some_and(|account| account.ends_with(".gserviceaccount.com"))
        || pieces.status.as_ref().and_then(|status| status.get("url")).is_some_and(|url| {
            url.node().scalar().is_some_and(|url| url.trim_end_matches('/').ends_with(".run.app"))
        })
        || service.containers.iter().any(|container| {
            container.image.as_ref().and_then(|image| image.text()).is_some_and(is_google_image)
                || container.env.iter().any(|variable| is_secret_manager(&variable.value))
        })
}

/// Versions of Secret Manager are numbers or `latest`; keys of a Kubernetes secret are names of files.
fn is_secret_manager(value: &EnvValue) -> bool {
    let EnvValue::SecretReference { version: Some(version), .. } = value else { return false };
    version.text().is_some_and(|version| {
        version == "latest" || (!version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

fn is_google_image(image: &str) -> bool {
    let Some((host, path)) = image.split_once('/') else { return false };
    let container_registry = host == "gcr.io" || host.ends_with(".gcr.io");
    (container_registry && !path.starts_with("knative-")) || host.ends_with("-docker.pkg.dev")
}

/// Who else keeps a service, by its labels.
pub(crate) fn owner_by_labels(labels: &Cursor<'_>) -> Option<Owner> {
    let label = |key: &str| labels.get(key).and_then(|value| value.node().scalar());
    if label("goog-terraform-provisioned") == Some("true") {
        return Some(Owner::Terraform);
    }
    if label("managed-by-cnrm") == Some("true") {
        return Some(Owner::ConfigConnector);
    }
    let managers = ["managed-by", "app.kubernetes.io/managed-by"];
    managers.into_iter().find_map(label).and_then(owner_by_client)
}

/// Who else keeps a service, by its annotations.
pub(crate) fn owner_by_annotations(annotations: &Cursor<'_>) -> Option<Owner> {
    if annotations.entries().any(|(key, _)| key.starts_with("cnrm.cloud.google.com/")) {
        return Some(Owner::ConfigConnector);
    }
    let client = annotations.get("run.googleapis.com/client-name")?;
    owner_by_client(client.node().scalar()?)
}

/// Who keeps a service, by the name of the tool that deployed it last.
pub(crate) fn owner_by_client(client: &str) -> Option<Owner> {
    let client = client.to_ascii_lowercase();
    if client.contains("terraform") {
        Some(Owner::Terraform)
    } else if client.contains("cloud-deploy") || client.contains("clouddeploy") {
        Some(Owner::CloudDeploy)
    } else if client.contains("config-connector") || client.contains("cnrm") {
        Some(Owner::ConfigConnector)
    } else {
        None
    }
}
