//! The Cloud Run side of a plan or state: services, who may invoke them, their domains, and secrets.

use std::collections::BTreeMap;

use super::references::{Candidates, References};
use super::resources::{Resource, Resources};
use crate::cloud_run::containers::Remarks;
use crate::cloud_run::model::{Service, UrlSource, Workload};
use crate::cloud_run::service_yaml::of_terraform;
use crate::cloud_run::texts::Texts;
use crate::cloud_run::url_set::{add_domain, learn_project_number};
use crate::cloud_run::v2::{self, TERRAFORM};
use crate::document::Node;
use crate::document::cursor::Cursor;
use crate::google::model::{StoredSecret, may_invoke};
use crate::known::Known;
use crate::snapshot::Fact;

/// What a document holds of Cloud Run, each service with the resource that it stands in.
#[derive(Default)]
pub(crate) struct Found<'r, 'n> {
    pub(crate) services: Vec<(Service, &'r Resource<'n>)>,
    pub(crate) secrets: Vec<(StoredSecret, &'r Resource<'n>)>,
}

/// Reads the Cloud Run side.
pub(crate) fn read<'r, 'n>(
    resources: &'r Resources<'n>,
    texts: Texts<'_>,
    remarks: &mut Remarks,
) -> Found<'r, 'n> {
    let mut found = Found::default();
    for resource in resources.all.iter().filter(|resource| !resource.address.data) {
        if let Some(mut service) = service(resource, texts, remarks) {
            service.terraform_address = Some(resource.text.to_string());
            found.services.push((service, resource));
        }
    }
    let numbers = project_numbers(resources, texts);
    for (service, _) in &mut found.services {
        let project = service.project.as_ref().and_then(|project| project.text());
        if let Some(number) = project.and_then(|project| numbers.get(project)) {
            learn_project_number(service, number);
        }
    }
    Joining { resources, texts, remarks, found: &mut found }.join();
    read_secrets(resources, texts, &mut found);
    found
}

fn service(resource: &Resource<'_>, texts: Texts<'_>, remarks: &mut Remarks) -> Option<Service> {
    let values = &resource.values;
    let same_name = |before: &&Cursor<'_>| {
        let name = |values: &Cursor<'_>, key: &str| {
            values.get(key).and_then(|value| value.node().scalar().map(str::to_owned))
        };
        ["name", "location"].iter().all(|key| name(before, key) == name(values, key))
    };
    let before = resource.before.as_ref().filter(same_name);
    let workload = match resource.kind() {
        "google_cloud_run_service" => return Some(of_terraform(values, before, texts, remarks)),
        "google_cloud_run_v2_service" => Workload::Service,
        "google_cloud_run_v2_job" => Workload::Job,
        "google_cloud_run_v2_worker_pool" => Workload::WorkerPool,
        _ => return None,
    };
    let (item, before) = (values.clone(), before.cloned());
    Some(v2::Resource { item, before, workload, words: &TERRAFORM, texts }.read(remarks))
}

/// Numbers of projects by their ids, from `google_project` as resource or data source.
fn project_numbers(resources: &Resources<'_>, texts: Texts<'_>) -> BTreeMap<String, String> {
    let projects = resources.all.iter().chain(&resources.read_before);
    let pairs =
        projects.filter(|resource| resource.kind() == "google_project").filter_map(|project| {
            match (texts.text_at(&project.values, "project_id"), texts.text_at(&project.values, "number")) {
                (Some(Known::Value(id)), Some(Known::Value(number))) => Some((id, number)),
                _ => None,
            }
        });
    pairs.collect()
}

struct Joining<'j, 'r, 'n, 't> {
    resources: &'r Resources<'n>,
    texts: Texts<'t>,
    remarks: &'j mut Remarks,
    found: &'j mut Found<'r, 'n>,
}

impl<'r, 'n> Joining<'_, 'r, 'n, '_> {
    /// Gives services their invokers and domains.
    fn join(&mut self) {
        let references = References::new(self.resources.configuration);
        let candidates: Candidates<'r, 'n> =
            self.found.services.iter().map(|(_, resource)| *resource).collect();
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, (service, _)) in self.found.services.iter().enumerate() {
            if service.workload == Workload::Service
                && let Some(name) = service.name.text()
            {
                by_name.entry(name.to_owned()).or_default().push(index);
            }
        }
        for resource in self.resources.all.iter().filter(|resource| !resource.address.data) {
            let kind = resource.kind();
            let attribute = if kind == "google_cloud_run_domain_mapping" {
                "spec"
            } else if kind.starts_with("google_cloud_run_v2_service_iam_") {
                "name"
            } else if kind.starts_with("google_cloud_run_service_iam_") {
                "service"
            } else {
                continue;
            };
            let named = match attribute {
                "spec" => {
                    let spec = resource.values.get("spec").and_then(|spec| spec.block());
                    spec.and_then(|spec| spec.get("route_name"))
                }
                _ => resource.values.get(attribute),
            };
            let Some(named) = named else { continue };
            let service = match self.texts.text(&named) {
                Known::Value(name) => self.by_name(&by_name, &name, resource),
                _ => references.target(resource, attribute, &candidates).and_then(|target| {
                    self.found.services.iter().position(|(_, of)| std::ptr::eq(*of, target))
                }),
            };
            match service {
                Some(index) => self.apply(index, resource),
                None if self.texts.text(&named).value().is_none() => {
                    let why =
                        format!("`{}` belongs to a service that is known after apply only.", resource.text);
                    let fact = if attribute == "spec" { Fact::ServiceUrls } else { Fact::InvokerPolicy };
                    self.remarks.missing(fact, named.at(), why);
                }
                // A service that is kept elsewhere.
                None => {}
            }
        }
    }

    /// The service of a name that is in the same region and project as a resource, as far as both tell.
    fn by_name(
        &self,
        by_name: &BTreeMap<String, Vec<usize>>,
        name: &str,
        resource: &Resource<'_>,
    ) -> Option<usize> {
        let short = name.rsplit('/').next().unwrap_or(name);
        let region = self.texts.text_at(&resource.values, "location");
        let project = self.texts.text_at(&resource.values, "project");
        let fits = |mine: &Option<Known<String>>, other: &Option<Known<String>>| match (
            mine.as_ref().and_then(Known::text),
            other.as_ref().and_then(Known::text),
        ) {
            (Some(mine), Some(other)) => mine == other,
            _ => true,
        };
        let fitting = by_name.get(short)?.iter().copied().filter(|&index| {
            let service = &self.found.services[index].0;
            fits(&service.region, &region) && fits(&service.project, &project)
        });
        // The same module several times: the one that shares most of the way to the resource is meant.
        let shared = |index: &usize| self.found.services[*index].1.address.shared_modules(&resource.address);
        fitting.max_by_key(|index| (shared(index), std::cmp::Reverse(*index)))
    }

    fn apply(&mut self, index: usize, resource: &'r Resource<'n>) {
        let values = &resource.values;
        let service = &mut self.found.services[index].0;
        if resource.kind() == "google_cloud_run_domain_mapping" {
            if let Some(name) = values.get("name")
                && let Known::Value(domain) = self.texts.text(&name)
            {
                add_domain(service, &domain, UrlSource::Stated, name.at());
            }
            return;
        }
        if let Some(policy) = values.get("policy_data") {
            let text = self.texts.text(&policy);
            match text.text().and_then(|text| serde_json::from_str::<Policy>(text).ok()) {
                Some(read) => {
                    for (role, member) in read.grants() {
                        service.invoker.grant(Some(&role), Known::Value(member), policy.at());
                    }
                    service.invoker.policy_read = true;
                }
                None => {
                    let why = format!("The policy of `{}` is not known.", resource.text);
                    self.remarks.missing(Fact::InvokerPolicy, policy.at(), why);
                }
            }
            return;
        }
        let role = self.texts.text_at(values, "role");
        match role.as_ref().and_then(Known::text) {
            Some(role) if may_invoke(role) == Some(false) => return,
            Some(role) if may_invoke(role).is_none() => {
                // Whether a custom role may invoke is nowhere in the document.
                let why = format!("Whether `{role}` may invoke is not known.");
                self.remarks.missing(Fact::InvokerPolicy, values.at(), why);
                return;
            }
            _ => {}
        }
        let role = role.as_ref().and_then(Known::text);
        let members = values.get("members");
        // A binding takes the role from everybody else, so it tells all who hold it.
        if resource.kind().ends_with("_iam_binding")
            && role == Some("roles/run.invoker")
            && members.as_ref().is_some_and(|members| !members.is_unknown())
        {
            service.invoker.policy_read = true;
        }
        if let Some(member) = values.get("member") {
            service.invoker.grant(role, self.texts.text(&member), member.at());
        }
        if let Some(members) = members {
            if members.is_unknown() {
                service.invoker.grant(role, self.texts.text(&members), members.at());
            }
            for member in members.items() {
                service.invoker.grant(role, self.texts.text(&member), member.at());
            }
        }
    }
}

#[derive(serde::Deserialize)]
struct Policy {
    #[serde(default)]
    bindings: Vec<Binding>,
}

#[derive(serde::Deserialize)]
struct Binding {
    #[serde(default)]
    role: String,
    #[serde(default)]
    members: Vec<String>,
}

impl Policy {
    /// The members of roles that may invoke, each with its role.
    fn grants(self) -> impl Iterator<Item = (String, String)> {
        self.bindings.into_iter().filter(|binding| may_invoke(&binding.role) == Some(true)).flat_map(
            |binding| {
                let role = binding.role;
                binding.members.into_iter().map(move |member| (role.clone(), member))
            },
        )
    }
}

fn read_secrets<'r, 'n>(resources: &'r Resources<'n>, texts: Texts<'_>, found: &mut Found<'r, 'n>) {
    let of_kind = |kinds: [&'static str; 2]| {
        resources
            .all
            .iter()
            .filter(move |resource| kinds.contains(&resource.kind()) && !resource.address.data)
    };
    for resource in of_kind(["google_secret_manager_secret", "google_secret_manager_regional_secret"]) {
        let Some(name) = texts.text_at(&resource.values, "secret_id") else { continue };
        let secret = StoredSecret {
            at: resource.values.at().clone(),
            project: texts.text_at(&resource.values, "project"),
            name,
            payloads: Vec::new(),
            versions: None,
            aliases: Vec::new(),
        };
        found.secrets.push((secret, resource));
    }
    let references = References::new(resources.configuration);
    let candidates: Candidates<'_, '_> = found.secrets.iter().map(|(_, resource)| *resource).collect();
    for version in
        of_kind(["google_secret_manager_secret_version", "google_secret_manager_regional_secret_version"])
    {
        let Some(data) = version.values.get("secret_data").filter(|data| !data.is_unknown()) else {
            continue;
        };
        let Some(payload) = payload(&data) else { continue };
        let named = texts.text_at(&version.values, "secret");
        let position = match named.as_ref().and_then(Known::text) {
            Some(path) => {
                let short = path.rsplit('/').next().unwrap_or(path);
                let mut fitting =
                    (0..found.secrets.len()).filter(|&at| found.secrets[at].0.name.text() == Some(short));
                fitting.next().filter(|_| fitting.next().is_none())
            }
            None => references
                .target(version, "secret", &candidates)
                .and_then(|target| found.secrets.iter().position(|(_, of)| std::ptr::eq(*of, target))),
        };
        if let Some(position) = position {
            found.secrets[position].0.payloads.push((texts.tag(payload), data.at().clone()));
        }
    }
}

fn payload<'n>(data: &Cursor<'n>) -> Option<&'n str> {
    match data.node() {
        Node::Text(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}
