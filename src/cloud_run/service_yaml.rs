//! Knative v1: what `gcloud run services describe` and `list` print and what `services replace` takes, jobs and worker pools too.

use std::collections::BTreeMap;

use super::containers::{KNATIVE, Reader, Remarks, Spelling, TERRAFORM_V1};
use super::marks;
use super::model::{Dialect, Ingress, Invoker, Owner, Service, TrafficTarget, Workload};
use super::texts::Texts;
use super::url_set::{Stated, settle};
use super::urls::is_project_number;
use crate::document::Node;
use crate::document::cursor::{Cursor, Outcome, ShapeFault};
use crate::known::Known;
use crate::locus::{Locus, PartId};
use crate::secrets::Tagger;
use crate::snapshot::{Fact, Snapshot};

/// Whether a document holds anything that [`read`] reads: a service, job, worker pool or instance, or a list of them.
pub fn recognises(document: &Node) -> bool {
    match document {
        Node::List(items) => items.iter().any(recognises),
        Node::Map(_) => {
            workload_of(document).is_some()
                || document.get("items").is_some_and(|items| {
                    is_list(document) && items.items().iter().any(|item| workload_of(item).is_some())
                })
        }
        _ => false,
    }
}

/// Reads the services, jobs, worker pools and instances of a document into the snapshot.
///
/// What cannot be read of one is a fault at its place; the others are read all the same.
pub fn read(part: PartId, document: &Node, tagger: &Tagger, snapshot: &mut Snapshot) -> Outcome {
    let mut remarks = Remarks::default();
    let mut services = Vec::new();
    let texts = Texts { tagger };
    visit(&Cursor::root(part, document), texts, &mut remarks, &mut services);
    remarks.finish(part, services, snapshot)
}

fn visit(cursor: &Cursor<'_>, texts: Texts<'_>, remarks: &mut Remarks, services: &mut Vec<Service>) {
    if let Node::List(_) = cursor.node() {
        cursor.items().for_each(|item| visit(&item, texts, remarks, services));
        return;
    }
    if let Some(workload) = workload_of(cursor.node()) {
        services.extend(item(cursor, workload, texts, remarks));
    } else if let Some(kind) = relative_of(cursor.node()) {
        remarks.note(cursor.at(), format!("A {kind} is not read; only services, jobs and worker pools are."));
    } else if is_list(cursor.node()) {
        if let Some(items) = cursor.get("items") {
            items.items().for_each(|item| visit(&item, texts, remarks, services));
        }
        say_what_a_list_leaves_out(cursor, remarks);
    }
}

/// Says which regions did not answer, and that a list goes on.
pub(crate) fn say_what_a_list_leaves_out(list: &Cursor<'_>, remarks: &mut Remarks) {
    if let Some(unreachable) = list.get("unreachable") {
        for region in unreachable.items() {
            let region_name = region.node().scalar().unwrap_or("a region").to_owned();
            let why =
                format!("The list says that `{region_name}` did not answer; its services are not in it.");
            remarks.missing(Fact::Services, region.at(), why);
        }
    }
    for goes_on in [list.dig(["metadata", "continue"]), list.get("nextPageToken")].into_iter().flatten() {
        if goes_on.node().scalar().is_some_and(|token| !token.is_empty()) {
            let why = "The list goes on behind this page; the rest was not read.";
            remarks.missing(Fact::Services, goes_on.at(), why);
        }
    }
}

fn workload_of(document: &Node) -> Option<Workload> {
    let version = document.get("apiVersion")?.scalar()?;
    let kind = document.get("kind")?.scalar()?;
    match kind {
        "Service" if version.starts_with("serving.knative.dev/") => Some(Workload::Service),
        _ if !version.starts_with("run.googleapis.com/") => None,
        "Service" => Some(Workload::Service),
        "Job" => Some(Workload::Job),
        "WorkerPool" => Some(Workload::WorkerPool),
        "Instance" => Some(Workload::Instance),
        _ => None,
    }
}

fn relative_of(document: &Node) -> Option<&'static str> {
    let version = document.get("apiVersion")?.scalar()?;
    let ours = ["serving.knative.dev/", "run.googleapis.com/", "domains.cloudrun.com/"];
    if !ours.iter().any(|group| version.starts_with(group)) {
        return None;
    }
    ["Revision", "Configuration", "Route", "Execution", "Task", "DomainMapping"]
        .into_iter()
        .find(|kind| document.get("kind").and_then(Node::scalar) == Some(kind))
}

fn is_list(document: &Node) -> bool {
    let kind = document.get("kind").and_then(Node::scalar);
    document.get("items").is_some() && kind.is_none_or(|kind| kind.ends_with("List"))
}

/// The pieces of a service in the Knative shape, wherever they stand in a document.
pub(crate) struct Pieces<'n> {
    pub(crate) item: Cursor<'n>,
    pub(crate) workload: Workload,
    pub(crate) dialect: Dialect,
    pub(crate) name: Option<Cursor<'n>>,
    pub(crate) project: Option<Cursor<'n>>,
    pub(crate) region: Option<Cursor<'n>>,
    pub(crate) labels: Option<Cursor<'n>>,
    pub(crate) annotations: Option<Cursor<'n>>,
    pub(crate) template_annotations: Option<Cursor<'n>>,
    pub(crate) pod: Option<Cursor<'n>>,
    pub(crate) traffic: Option<Cursor<'n>>,
    pub(crate) status: Option<Cursor<'n>>,
    pub(crate) spelling: &'static Spelling,
    pub(crate) fields: &'static Fields,
}

/// How Knative and Terraform's form of it spell the few fields outside of containers.
pub(crate) struct Fields {
    pub(crate) service_account: &'static str,
    pub(crate) revision: &'static str,
}

static FIELDS: Fields = Fields { service_account: "serviceAccountName", revision: "revisionName" };

static TERRAFORM_FIELDS: Fields =
    Fields { service_account: "service_account_name", revision: "revision_name" };

fn item(item: &Cursor<'_>, workload: Workload, texts: Texts<'_>, remarks: &mut Remarks) -> Option<Service> {
    let Some(metadata) = item.get("metadata") else {
        let message =
            "`metadata` with the name was expected in this mapping, but it is not there.".to_owned();
        remarks.faults.push(ShapeFault { at: item.at().clone(), message });
        return None;
    };
    let Some(spec) = item.get("spec") else {
        let message =
            "`spec` with the template was expected in this mapping, but it is not there.".to_owned();
        remarks.faults.push(ShapeFault { at: item.at().clone(), message });
        return None;
    };
    let mut reader = Reader { texts, spelling: &KNATIVE, aliases: BTreeMap::new(), remarks };
    let metadata = reader.mapping(&metadata, "`metadata`")?;
    let spec = reader.mapping(&spec, "`spec`")?;
    let template = reader.block(&spec, "template");
    let template_metadata = template.as_ref().and_then(|template| reader.block(template, "metadata"));
    let outer = template.as_ref().and_then(|template| reader.block(template, "spec"));
    let pod = match workload {
        Workload::Job => outer
            .and_then(|execution| reader.block(&execution, "template"))
            .and_then(|task| reader.block(&task, "spec")),
        // An instance has no revisions, so that its containers may stand without a template.
        Workload::Instance => outer.or_else(|| spec.get("containers").map(|_| spec.clone())),
        Workload::Service | Workload::WorkerPool => outer,
    };
    let labels = metadata.get("labels");
    let pieces = Pieces {
        workload,
        dialect: Dialect::Knative,
        name: metadata.get("name"),
        project: metadata.get("namespace"),
        region: labels.as_ref().and_then(|labels| labels.get("cloud.googleapis.com/location")),
        labels,
        annotations: metadata.get("annotations"),
        template_annotations: template_metadata.and_then(|metadata| metadata.get("annotations")),
        pod,
        traffic: spec.get("traffic"),
        status: item.get("status"),
        item: item.clone(),
        spelling: &KNATIVE,
        fields: &FIELDS,
    };
    Some(assemble(&pieces, texts, remarks))
}

/// A `google_cloud_run_service` of Terraform, and the same before the change that it plans.
pub(crate) fn of_terraform(
    item: &Cursor<'_>,
    before: Option<&Cursor<'_>>,
    texts: Texts<'_>,
    remarks: &mut Remarks,
) -> Service {
    let mut reader = Reader { texts, spelling: &TERRAFORM_V1, aliases: BTreeMap::new(), remarks };
    let metadata = reader.block(item, "metadata");
    let template = reader.block(item, "template");
    let template_metadata = template.as_ref().and_then(|template| reader.block(template, "metadata"));
    let pod = template.as_ref().and_then(|template| reader.block(template, "spec"));
    let status = item.get("status");
    let known_before = before.and_then(|before| before.get("status"));
    let status = status.filter(|status| !status.is_unknown() || known_before.is_none()).or(known_before);
    let pieces = Pieces {
        workload: Workload::Service,
        dialect: Dialect::TerraformV1,
        name: item.get("name"),
        project: item.get("project"),
        region: item.get("location"),
        labels: metadata.as_ref().and_then(|metadata| metadata.get("labels")),
        annotations: metadata.as_ref().and_then(|metadata| metadata.get("annotations")),
        template_annotations: template_metadata.and_then(|metadata| metadata.get("annotations")),
        pod,
        traffic: item.get("traffic"),
        status,
        item: item.clone(),
        spelling: &TERRAFORM_V1,
        fields: &TERRAFORM_FIELDS,
    };
    assemble(&pieces, texts, remarks)
}

/// A service made of its pieces.
pub(crate) fn assemble(pieces: &Pieces<'_>, texts: Texts<'_>, remarks: &mut Remarks) -> Service {
    let service_annotation = |key: &str| pieces.annotations.as_ref().and_then(|found| found.get(key));
    let template_annotation =
        |key: &str| pieces.template_annotations.as_ref().and_then(|found| found.get(key));
    let switch = |keys: &[&str]| {
        let found = keys.iter().find_map(|key| service_annotation(key));
        found.map_or(Known::Value(false), |found| texts.switch(&found))
    };
    let mut service = Service::blank(pieces.item.at(), pieces.dialect, pieces.workload);
    match &pieces.name {
        Some(name) => {
            service.name = texts.text(name);
            service.name_at = name.at().clone();
        }
        None => service.name = Known::unknown("the document gives no name"),
    }
    service.project = pieces.project.as_ref().map(|project| texts.text(project));
    service.project_number = project_number(service.project.as_ref());
    service.region = pieces.region.as_ref().map(|region| texts.text(region));
    let is_off = ["run.googleapis.com/default-url-disabled", "run.googleapis.com/disable-default-url"];
    service.default_url_disabled = switch(&is_off);
    let ingress = ["run.googleapis.com/ingress", "run.googleapis.com/ingress-status"];
    let ingress = ingress.iter().find_map(|key| service_annotation(key));
    service.ingress = ingress.map_or(Known::Value(Ingress::All), |ingress| ingress_of(texts.text(&ingress)));
    service.invoker = Invoker {
        check_disabled: switch(&["run.googleapis.com/invoker-iam-disabled"]),
        iap_enabled: switch(&["run.googleapis.com/iap-enabled"]),
        ..Invoker::unread()
    };
    if let Some(audiences) = service_annotation("run.googleapis.com/custom-audiences") {
        service.custom_audiences = audiences_of(&audiences, texts, remarks);
    }
    let scale = |template: &str, whole: &str| {
        [template_annotation(template), service_annotation(template), service_annotation(whole)]
            .into_iter()
            .flatten()
            .map(|found| texts.number(&found))
    };
    service.min_instances =
        scale("autoscaling.knative.dev/minScale", "run.googleapis.com/minScale").reduce(larger);
    service.max_instances =
        scale("autoscaling.knative.dev/maxScale", "run.googleapis.com/maxScale").reduce(smaller);
    let affinity = template_annotation("run.googleapis.com/sessionAffinity");
    service.session_affinity = affinity.map_or(Known::Value(false), |affinity| texts.switch(&affinity));
    if let Some(pod) = &pieces.pod {
        let aliases = template_annotation("run.googleapis.com/secrets");
        let aliases = aliases.and_then(|found| found.node().scalar().map(aliases_of)).unwrap_or_default();
        let mut reader = Reader { texts, spelling: pieces.spelling, aliases, remarks };
        service.containers = reader.containers(pod);
        service.service_account = texts.text_at(pod, pieces.fields.service_account);
    } else {
        let why = "The document holds no containers for it, so that its settings are not known.";
        remarks.missing(Fact::Settings, pieces.item.at(), why);
    }
    service.traffic = traffic_of(pieces, texts);
    service.owner = service.owner.or_else(|| pieces.labels.as_ref().and_then(marks::owner_by_labels));
    service.owner =
        service.owner.or_else(|| pieces.annotations.as_ref().and_then(marks::owner_by_annotations));
    service.marked_cloud_run = pieces.dialect != Dialect::Knative || marks::is_cloud_run(pieces, &service);
    if !service.marked_cloud_run {
        let text = format!(
            "`{}` names nothing that only Cloud Run has (an annotation of run.googleapis.com, a region label, an image \
             in Google's registry): it is read as a Cloud Run service, but may run elsewhere.",
            service.display_name()
        );
        remarks.note(pieces.item.at(), text);
    }
    service.mark_sole_container();
    settle(&mut service, stated_urls(pieces, texts));
    service
}

fn stated_urls(pieces: &Pieces<'_>, texts: Texts<'_>) -> Stated {
    let mut stated = Stated::default();
    let status = pieces.status.as_ref().and_then(Cursor::block);
    if let Some(url) = status.as_ref().and_then(|status| status.get("url")) {
        stated.add(&url, None);
    }
    let urls = pieces.annotations.as_ref().and_then(|found| found.get("run.googleapis.com/urls"));
    if let Some(urls) = urls {
        stated.add_all(&urls);
    }
    let targets = [status.and_then(|status| status.get("traffic")), pieces.traffic.clone()];
    for target in targets.into_iter().flatten().flat_map(|targets| targets.items()) {
        let tag = texts.text_at(&target, "tag");
        if let (Some(tag), Some(url)) = (tag.as_ref().and_then(Known::text), target.get("url")) {
            stated.add(&url, Some(tag));
        }
    }
    stated
}

fn traffic_of(pieces: &Pieces<'_>, texts: Texts<'_>) -> Vec<TrafficTarget> {
    let Some(traffic) = &pieces.traffic else { return Vec::new() };
    let targets = traffic.items().map(|target| TrafficTarget {
        revision: texts.text_at(&target, pieces.fields.revision),
        tag: texts.text_at(&target, "tag"),
        percent: target.get("percent").map(|percent| texts.number(&percent)),
    });
    targets.collect()
}

/// Custom audiences: a list, or the JSON text of one; where it is neither, the words between commas, and a note.
pub(crate) fn audiences_of(
    cursor: &Cursor<'_>,
    texts: Texts<'_>,
    remarks: &mut Remarks,
) -> Vec<(Known<String>, Locus)> {
    if let Node::List(_) = cursor.node() {
        return cursor.items().map(|item| (texts.text(&item), item.at().clone())).collect();
    }
    let at = cursor.at();
    match texts.text(cursor) {
        Known::Value(text) => match serde_json::from_str::<Vec<String>>(&text) {
            Ok(audiences) => audiences.into_iter().map(|audience| (audience.into(), at.clone())).collect(),
            Err(_) => {
                remarks.note(
                    at,
                    "The custom audiences are no JSON list of texts; the words between commas are taken.",
                );
                let words = text.split(',').map(|word| word.trim_matches(['[', ']', ' ', '"', '\'']));
                let words = words.filter(|word| !word.is_empty());
                words.map(|word| (Known::Value(word.to_owned()), at.clone())).collect()
            }
        },
        unknown => vec![(unknown, at.clone())],
    }
}

/// The project's number, where the project is written as one.
pub(crate) fn project_number(project: Option<&Known<String>>) -> Option<String> {
    project.and_then(|project| project.text()).filter(|text| is_project_number(text)).map(str::to_owned)
}

pub(crate) fn ingress_of(text: Known<String>) -> Known<Ingress> {
    match text {
        Known::Value(text) => match text.as_str() {
            "all" | "" => Known::Value(Ingress::All),
            "internal" => Known::Value(Ingress::Internal),
            "internal-and-cloud-load-balancing" => Known::Value(Ingress::InternalAndLoadBalancer),
            "none" => Known::Value(Ingress::None),
            _ => Known::unknown(format!("`{text}` is no ingress setting of Cloud Run")),
        },
        Known::Secret(tag) => Known::Secret(tag),
        Known::Unknown(why) => Known::Unknown(why),
    }
}

/// `ALIAS:projects/N/secrets/S,…`
fn aliases_of(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split(',').filter_map(|pair| pair.trim().split_once(':'));
    pairs.map(|(alias, secret)| (alias.to_owned(), secret.to_owned())).collect()
}

/// Of two bounds from below both hold, so the larger one decides; an unknown one leaves it unknown.
pub(crate) fn larger(one: Known<i64>, other: Known<i64>) -> Known<i64> {
    decide(one, other, i64::max)
}

/// Of two bounds from above both hold, so the smaller one decides; an unknown one leaves it unknown.
pub(crate) fn smaller(one: Known<i64>, other: Known<i64>) -> Known<i64> {
    decide(one, other, i64::min)
}

fn decide(one: Known<i64>, other: Known<i64>, choose: fn(i64, i64) -> i64) -> Known<i64> {
    match (one, other) {
        (Known::Value(one), Known::Value(other)) => Known::Value(choose(one, other)),
        (Known::Value(_), unknown) | (unknown, _) => unknown,
    }
}

impl Remarks {
    /// Puts everything into the snapshot.
    pub(crate) fn finish(self, part: PartId, services: Vec<Service>, snapshot: &mut Snapshot) -> Outcome {
        let items = services.len();
        snapshot.services.extend(services);
        if let Some(part) = snapshot.parts.get_mut(part.0 as usize) {
            part.notes.extend(self.notes);
            part.missing.extend(self.missing);
        }
        Outcome { items, faults: self.faults }
    }
}

impl Service {
    /// A service of which nothing is known yet but where it stands.
    pub(crate) fn blank(at: &Locus, dialect: Dialect, workload: Workload) -> Self {
        let terraform = matches!(dialect, Dialect::TerraformV1 | Dialect::TerraformV2);
        Service {
            at: at.clone(),
            dialect,
            workload,
            marked_cloud_run: true,
            name: Known::unknown("it was not read"),
            name_at: at.clone(),
            project: None,
            project_number: None,
            region: None,
            terraform_address: None,
            urls: Vec::new(),
            disabled_urls: Vec::new(),
            urls_incomplete: None,
            default_url_disabled: Known::Value(false),
            ingress: Known::Value(Ingress::All),
            invoker: Invoker::unread(),
            custom_audiences: Vec::new(),
            containers: Vec::new(),
            service_account: None,
            min_instances: None,
            max_instances: None,
            session_affinity: Known::Value(false),
            traffic: Vec::new(),
            revision_created: None,
            owner: terraform.then_some(Owner::Terraform),
        }
    }

    /// Requests arrive at the only container of a service even where it states no port.
    pub(crate) fn mark_sole_container(&mut self) {
        if !matches!(self.workload, Workload::Service | Workload::Instance) {
            return;
        }
        let mut serving = self.containers.iter_mut().filter(|container| !container.init);
        if let (Some(only), None) = (serving.next(), serving.next()) {
            only.has_port = true;
        }
    }
}

impl Invoker {
    /// Nothing of the policy was read, and nothing in front is turned off or on.
    pub(crate) fn unread() -> Self {
        Invoker {
            check_disabled: Known::Value(false),
            iap_enabled: Known::Value(false),
            members: Vec::new(),
            wider: Vec::new(),
            by_custom_role: Vec::new(),
            policy_read: false,
        }
    }
}

#[cfg(test)]
mod tests;
