//! The v1 (Knative) surface of Cloud Run, which gcloud speaks.

use serde_json::{Value, json};

use super::error::ApiError;
use super::store::State;
use super::wire::Request;

pub(crate) fn route(_state: &mut State, request: &Request) -> Result<Value, ApiError> {
    Err(request.unknown())
}

pub(crate) fn put_mapping(state: &mut State, project: &str, region: &str, domain: &str, service: &str) {
    let created = state.now();
    let uid = state.uuid();
    let version = state.serial();
    let project = state.project_mut(project).expect("the project was put");
    let number = project.number.clone();
    let region_of = project.regions.entry(region.to_owned()).or_default();
    region_of.initialized = true;
    let ready = |of: &str| json!({"type": of, "status": "True", "lastTransitionTime": created});
    let mapping = json!({
        "apiVersion": "domains.cloudrun.com/v1",
        "kind": "DomainMapping",
        "metadata": {
            "name": domain, "namespace": number, "uid": uid, "resourceVersion": format!("AAY{version:08}"), "generation": 1, "creationTimestamp": created,
            "selfLink": format!("/apis/domains.cloudrun.com/v1/namespaces/{number}/domainmappings/{domain}"),
            "labels": {"cloud.googleapis.com/location": region},
        },
        "spec": {"routeName": service, "certificateMode": "AUTOMATIC"},
        "status": {
            "observedGeneration": 1, "mappedRouteName": service, "url": format!("https://{domain}"),
            "conditions": [ready("Ready"), ready("CertificateProvisioned"), ready("DomainRoutable")],
            "resourceRecords": [{"type": "CNAME", "rrdata": "ghs.googlehosted.com."}],
        },
    });
    region_of.mappings.insert(domain.to_owned(), mapping);
}
