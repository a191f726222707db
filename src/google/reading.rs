//! Reads projects of Google Cloud into answers: Cloud Run in every region, IAM policies, and the secrets that services take.
//!
//! Everything is asked at once, as far as [`super::rates`] lets it. What cannot be read becomes a missing fact of the object that
//! would hold it; only missing credentials and a missing project end the run. Dropping the future ends reading at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::{Map, Value};

use super::calls::Calls;
use super::credentials::{Credentials, Identity};
use super::lacks::Lack;
use super::progress::{Progress, Step};
use super::projects;
use super::rates::Limits;
use super::secret_manager::Secrets;
use super::settings::{Settings, Sourced};
use crate::answers::{Object, Resource};
use crate::cloud_run::api::details::{serving, short};
use crate::cloud_run::api::references::{References, collect};
use crate::cloud_run::api::{Clients, Listed, Place, domains, regions};
use crate::fault::{Fault, Whose};
use crate::snapshot::Fact;

/// What is to be read, and how fast.
#[derive(Debug, Clone, Default)]
pub struct What {
    /// `--read-secrets`: whether the payloads of secrets are read. It takes a right that nobody who audits should have by default, and
    /// it appears in access logs.
    pub read_secrets: bool,
    /// How fast is asked.
    pub limits: Limits,
}

/// What Google answered.
#[derive(Debug, Clone)]
pub struct GoogleAnswers {
    /// Projects, services, jobs, worker pools and secrets, in order.
    pub objects: Vec<Object>,
    /// Who we are.
    pub identity: Identity,
    /// The projects that were read, each with what named it.
    pub projects: Vec<Sourced<String>>,
}

/// Reads all projects of `settings`.
///
/// # Errors
/// There are no credentials or no token is given for them; no project is named; the clients cannot be made.
pub async fn read(settings: &Settings, what: &What, progress: &dyn Progress) -> Result<GoogleAnswers, Fault> {
    let credentials = Credentials::obtain(settings).await?;
    progress.report(Step::Identified);
    let identity = credentials.identity.clone();
    let mut projects = settings.projects.clone();
    if projects.is_empty() {
        projects.extend(credentials.project.clone());
    }
    if projects.is_empty() {
        return Err(settings.no_project());
    }
    let broken = |error: &dyn std::fmt::Display| {
        Fault::new(
            Whose::CommandLine,
            anyhow::anyhow!("the clients of Google's APIs cannot be made: {error}"),
        )
    };
    let calls = Calls::new(credentials, what.limits.clone(), progress).map_err(|failure| broken(&failure))?;
    let endpoints = &settings.endpoints;
    let (clients, secrets) = futures_util::join!(
        Clients::build(&calls, &endpoints.run.value),
        Secrets::build(&calls, &endpoints.secret_manager.value)
    );
    let reading =
        Reading { settings, calls: &calls, clients: clients.map_err(|error| broken(&error))?, progress };
    let read = join_all(projects.iter().map(|project| reading.project(&project.value))).await;
    let mut objects = Vec::new();
    let mut references = References::new();
    for project in read {
        objects.extend(project.objects);
        for (secret, versions) in project.references {
            references.entry(secret).or_default().extend(versions);
        }
    }
    let secrets = secrets.map_err(|error| broken(&error))?;
    let done = AtomicUsize::new(0);
    objects.extend(
        join_all(references.iter().map(async |(secret, versions)| {
            let object = secrets.read(&calls, secret, versions, what.read_secrets).await;
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            progress.report(Step::Secret { done, of: references.len() });
            object
        }))
        .await,
    );
    objects.sort_by(|one, other| one.resource.cmp(&other.resource));
    Ok(GoogleAnswers { objects, identity, projects })
}

struct Reading<'r> {
    settings: &'r Settings,
    calls: &'r Calls<'r>,
    clients: Clients,
    progress: &'r dyn Progress,
}

#[derive(Default)]
struct ProjectRead {
    objects: Vec<Object>,
    references: References,
}

#[derive(Default)]
struct Counts {
    regions: AtomicUsize,
    services: AtomicUsize,
    services_done: AtomicUsize,
}

impl Reading<'_> {
    async fn project(&self, project: &str) -> ProjectRead {
        let endpoint = &self.settings.endpoints.resource_manager.value;
        let (about, policy, ran) = futures_util::join!(
            projects::about(self.calls, endpoint, project),
            projects::policy(self.calls, endpoint, project),
            self.regions(project)
        );
        let resource = Resource::Project { project: project.to_owned() };
        let mut object = Object::new(resource, Map::new());
        let mut objects = Vec::new();
        let mut references = References::new();
        let mut read = Vec::new();
        for region in ran.regions {
            object.missing.extend(region.missing);
            if region.whole {
                read.push(Value::String(region.name));
            }
            for item in region.objects {
                collect(&item.body, project, &mut references);
                objects.push(item);
            }
        }
        object.missing.extend(ran.missing);
        let mut body = Map::new();
        let (id, number) = match about {
            Ok(about) => (about.id, about.number),
            // The addresses of services hold the number, and nothing else needs it.
            Err(_) => (None, objects.iter().find_map(number_in)),
        };
        body.insert("projectId".to_owned(), Value::String(id.unwrap_or_else(|| project.to_owned())));
        if let Some(number) = number {
            body.insert("projectNumber".to_owned(), Value::String(number));
        }
        body.insert("regions".to_owned(), Value::Array(read));
        match policy {
            Ok(policy) => {
                body.insert("iamPolicy".to_owned(), Value::Object(policy));
            }
            Err(failure) => {
                for (fact, what) in [
                    (Fact::ProjectPolicy, "The IAM policy"),
                    (Fact::AuditConfiguration, "The audit configuration"),
                ] {
                    let lack = Lack {
                        fact,
                        what: format!("{what} of project {project}"),
                        permission: "resourcemanager.projects.getIamPolicy",
                        role: "roles/browser",
                        api: "cloudresourcemanager.googleapis.com",
                        project,
                        region: None,
                    };
                    object.missing.push(lack.because(&failure));
                }
            }
        }
        object.body = body;
        objects.push(object);
        ProjectRead { objects, references }
    }

    async fn regions(&self, project: &str) -> RegionsRead {
        let named: Vec<String> = self.settings.regions.iter().map(|region| region.value.clone()).collect();
        let names = if named.is_empty() {
            match regions::in_use(self.calls, &self.settings.endpoints.run.value, project).await {
                Ok(names) => names,
                Err(failure) => {
                    let untold = |fact, what: &str| {
                        let lack = Lack {
                            fact,
                            what: format!("The regions of project {project}, and so its {what},"),
                            permission: "run.locations.list",
                            ..lack(Place { project, region: "" }, fact, String::new(), "")
                        };
                        crate::answers::Untold { region: None, ..lack.because(&failure) }
                    };
                    let missing = [
                        untold(Fact::Services, "services"),
                        untold(Fact::Jobs, "jobs"),
                        untold(Fact::WorkerPools, "worker pools"),
                    ];
                    return RegionsRead { regions: Vec::new(), missing: missing.into() };
                }
            }
        } else {
            named
        };
        self.progress.report(Step::Regions { project, count: names.len() });
        let counts = Counts::default();
        let read = names.iter().map(async |region| {
            let read = self.region(Place { project, region }, &counts).await;
            let done = counts.regions.fetch_add(1, Ordering::Relaxed) + 1;
            let found = read.objects.len();
            self.progress.report(Step::Region { project, region, found, done, of: names.len() });
            read
        });
        RegionsRead { regions: join_all(read).await, missing: Vec::new() }
    }

    async fn region(&self, at: Place<'_>, counts: &Counts) -> RegionRead {
        let Place { project, region } = at;
        let mapped = domains::by_service(self.calls, &self.settings.endpoints.run.value, at);
        let (services, jobs, pools, mapped) = futures_util::join!(
            self.services(at, counts),
            self.clients.jobs(self.calls, at),
            self.clients.worker_pools(self.calls, at),
            mapped
        );
        let (mut objects, failure) = services;
        let mut missing = Vec::new();
        let whole = failure.is_none();
        let mut note = |failure: Option<_>, fact, what: &str, permission| {
            if let Some(failure) = failure {
                let what = format!("The {what} of region {region} in project {project}");
                missing.push(lack(at, fact, what, permission).because(&failure));
            }
        };
        note(failure, Fact::Services, "services", "run.services.list");
        note(jobs.failure, Fact::Jobs, "jobs", "run.jobs.list");
        note(pools.failure, Fact::WorkerPools, "worker pools", "run.workerpools.list");
        match mapped {
            Ok(mut mapped) => {
                for object in &mut objects {
                    let Resource::Service { service, .. } = &object.resource else { continue };
                    if let Some(names) = mapped.remove(service) {
                        let names = names.into_iter().map(Value::String).collect();
                        object.body.insert("domainMappings".to_owned(), Value::Array(names));
                    }
                }
            }
            Err(failure) => {
                note(Some(failure), Fact::DomainMappings, "domain mappings", "run.domainmappings.list");
            }
        }
        let (project, region) = (project.to_owned(), region.to_owned());
        objects.extend(jobs.items.into_iter().filter_map(|item| {
            let (project, region) = (project.clone(), region.clone());
            Some(Object::new(Resource::Job { project, region, job: name_of(&item)? }, item))
        }));
        objects.extend(pools.items.into_iter().filter_map(|item| {
            let (project, region) = (project.clone(), region.clone());
            Some(Object::new(Resource::WorkerPool { project, region, worker_pool: name_of(&item)? }, item))
        }));
        RegionRead { name: region, objects, missing, whole }
    }

    /// The services of a region with their details.
    async fn services(
        &self,
        at: Place<'_>,
        counts: &Counts,
    ) -> (Vec<Object>, Option<super::failure::Failure>) {
        let Listed { items, failure } = self.clients.services(self.calls, at).await;
        counts.services.fetch_add(items.len(), Ordering::Relaxed);
        let detailed = items.into_iter().filter_map(|item| Some((name_of(&item)?, item)));
        let detailed = detailed.map(async |(name, item)| {
            let object = self.service(at, name, item).await;
            let done = counts.services_done.fetch_add(1, Ordering::Relaxed) + 1;
            let of = counts.services.load(Ordering::Relaxed);
            self.progress.report(Step::Service { done, of });
            object
        });
        (join_all(detailed).await, failure)
    }

    async fn service(&self, at: Place<'_>, name: String, item: Map<String, Value>) -> Object {
        let wanted = serving(&item);
        let revisions = wanted.iter().map(|revision| self.clients.revision(self.calls, at, &name, revision));
        let (policy, revisions) =
            futures_util::join!(self.clients.policy(self.calls, at, &name), join_all(revisions));
        let resource = Resource::Service {
            project: at.project.to_owned(),
            region: at.region.to_owned(),
            service: name.clone(),
        };
        let mut object = Object::new(resource, item);
        match policy {
            Ok(policy) => {
                object.body.insert("iamPolicy".to_owned(), Value::Object(policy));
            }
            Err(failure) => {
                let what = format!("The IAM policy of service {name}");
                let lack = lack(at, Fact::InvokerPolicy, what, "run.services.getIamPolicy");
                object.missing.push(lack.because(&failure));
            }
        }
        let mut read = Vec::new();
        for (revision, answer) in wanted.iter().zip(revisions) {
            match answer {
                Ok(answer) => read.push(Value::Object(answer)),
                Err(failure) => {
                    let what = format!("Revision {revision} of service {name}, which serves,");
                    let lack = lack(at, Fact::Revisions, what, "run.revisions.get");
                    object.missing.push(lack.because(&failure));
                }
            }
        }
        if !read.is_empty() {
            object.body.insert("servingRevisions".to_owned(), Value::Array(read));
        }
        object
    }
}

struct RegionsRead {
    regions: Vec<RegionRead>,
    missing: Vec<crate::answers::Untold>,
}

struct RegionRead {
    name: String,
    objects: Vec<Object>,
    missing: Vec<crate::answers::Untold>,
    /// Whether all its services are known.
    whole: bool,
}

fn lack<'a>(at: Place<'a>, fact: Fact, what: String, permission: &'static str) -> Lack<'a> {
    Lack {
        fact,
        what,
        permission,
        role: "roles/run.viewer",
        api: "run.googleapis.com",
        project: at.project,
        region: Some(at.region),
    }
}

fn name_of(item: &Map<String, Value>) -> Option<String> {
    let name = short(item.get("name")?.as_str()?);
    // A path is built of it.
    let good = super::names::checked(super::names::Named::Service, name).is_ok();
    good.then(|| name.to_owned())
}

/// The project's number in the addresses of a service: `https://web-123456789012.europe-west1.run.app`.
fn number_in(object: &Object) -> Option<String> {
    let Resource::Service { region, service, .. } = &object.resource else { return None };
    let urls = object.body.get("urls").and_then(Value::as_array).into_iter().flatten();
    urls.chain(object.body.get("uri")).filter_map(Value::as_str).find_map(|url| {
        let host = url.strip_prefix("https://")?.strip_suffix(&format!(".{region}.run.app"))?;
        let number = host.strip_prefix(service.as_str())?.strip_prefix('-')?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| number.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::google::progress::Silent;

    /// A runtime of several threads may carry reading out.
    #[test]
    fn reading_can_be_sent_to_another_thread() {
        fn sendable<T: Send>(_: impl FnOnce(&'static Settings, &'static What) -> T) {}
        sendable(|settings, what| read(settings, what, &Silent));
    }
}
