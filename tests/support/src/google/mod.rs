//! A stand-in for Cloud Run, Secret Manager, IAM and Resource Manager: stateful, and as strict as the real ones.
//!
//! One store ([`StandIn`]) behind all surfaces: Cloud Run v2 and the older v1 (Knative) that gcloud speaks, Secret Manager v1, Resource
//! Manager v1 and v3, an OAuth token endpoint, impersonation and a metadata server. Requests are read by Google's published
//! descriptions of these APIs: an unknown field or query name is refused as Google refuses it.
//!
//! It is HTTP on a free port of 127.0.0.1; clients get its address as endpoint:
//!
//! ```no_run
//! # async fn demo() {
//! use cloakrun_test_support::google::{Config, Fault, Matching, StandIn};
//! use serde_json::json;
//!
//! let google = StandIn::start(Config::default()).await;
//! google.put_project("demo", "123456789012");
//! google.put_service("demo", "europe-west1", "web", json!({"template": {"containers": [{"image": "example.com/web"}]}}));
//! google.put_secret("demo", "kc-secret", &["first", "second"]);
//! google.deny("run.services.getIamPolicy", "projects/demo/locations/europe-west1");
//! google.fail(Matching::path("/v2/*/services").in_region("us-east1"), Fault::BadGateway, 2);
//! let endpoint = google.url();
//! assert!(google.calls().is_empty());
//! # }
//! ```

mod demo;
mod discovery;
mod error;
mod faults;
mod iam;
mod knative;
mod knative_shape;
mod operations;
mod projects;
mod recorder;
mod run;
mod secrets;
mod store;
mod tokens;
mod wire;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use self::demo::demo;
pub use self::faults::{ALWAYS, Fault, Hint, Matching, Quota};
pub use self::recorder::{Answered, Call};

use self::error::ApiError;
use self::faults::Planted;
use self::store::{Denial, Key, Project, REGIONS, State};
use self::wire::{Shared, lock};

/// How a stand-in behaves.
#[derive(Debug, Clone)]
pub struct Config {
    /// The port; 0 takes a free one.
    pub port: u16,
    /// The most items of a page, and how many a page has when nothing is asked.
    pub page_size: usize,
    /// How often an operation is still under way when it is looked at; [`u32::MAX`] for one that never ends.
    pub polls_until_done: u32,
    /// How long an operation takes at least.
    pub operation_time: Duration,
    /// How long every answer takes.
    pub latency: Duration,
    /// How many calls a region takes; none for any number.
    pub quota: Option<Quota>,
    /// The regions there are besides those in use; empty for all that Cloud Run has.
    pub regions: Vec<String>,
    /// Who makes changes, as `creator` and `lastModifier` name them.
    pub caller: String,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            port: 0,
            page_size: 100,
            polls_until_done: 2,
            operation_time: Duration::ZERO,
            latency: Duration::ZERO,
            quota: None,
            regions: Vec::new(),
            caller: "deployer@demo.iam.gserviceaccount.com".into(),
        }
    }
}

/// What runs on Cloud Run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A service.
    Service,
    /// A job.
    Job,
    /// A worker pool.
    WorkerPool,
}

impl Kind {
    fn of_collection(name: &str) -> Option<Kind> {
        [Kind::Service, Kind::Job, Kind::WorkerPool].into_iter().find(|kind| kind.collection() == name)
    }

    fn collection(self) -> &'static str {
        match self {
            Kind::Service => "services",
            Kind::Job => "jobs",
            Kind::WorkerPool => "workerPools",
        }
    }

    /// The word in permissions.
    fn noun(self) -> &'static str {
        match self {
            Kind::Service => "services",
            Kind::Job => "jobs",
            Kind::WorkerPool => "workerpools",
        }
    }

    fn message(self) -> &'static str {
        match self {
            Kind::Service => "Service",
            Kind::Job => "Job",
            Kind::WorkerPool => "WorkerPool",
        }
    }

    fn schema(self) -> &'static str {
        match self {
            Kind::Service => "GoogleCloudRunV2Service",
            Kind::Job => "GoogleCloudRunV2Job",
            Kind::WorkerPool => "GoogleCloudRunV2WorkerPool",
        }
    }

    fn shouted(self) -> &'static str {
        match self {
            Kind::Service => "SERVICE",
            Kind::Job => "JOB",
            Kind::WorkerPool => "WORKER_POOL",
        }
    }

    fn id_parameter(self) -> &'static str {
        match self {
            Kind::Service => "serviceId",
            Kind::Job => "jobId",
            Kind::WorkerPool => "workerPoolId",
        }
    }
}

/// The two addresses of a service: the one made of the project's number, and the one made of a hash.
fn urls(project: &str, number: &str, region: &str, service: &str) -> [String; 2] {
    let code = REGIONS.iter().find(|(known, _)| *known == region).map_or("xx", |(_, code)| code);
    let mut rest = u64::from(crc32c::crc32c(project.as_bytes())).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let hash: String = (0..10)
        .map(|_| {
            let letter = char::from(b"abcdefghijklmnopqrstuvwxyz234567"[(rest % 32) as usize]);
            rest /= 32;
            letter
        })
        .collect();
    [
        format!("https://{service}-{number}.{region}.run.app"),
        format!("https://{service}-{hash}-{code}.a.run.app"),
    ]
}

/// A missing permission in the words of Cloud Run.
fn denied(permission: &str, resource: &str) -> ApiError {
    ApiError::new(
        403,
        format!("Permission '{permission}' denied on resource '{resource}' (or resource may not exist)."),
    )
}

impl State {
    fn permit(&self, permission: &str, resource: &str) -> Result<(), ApiError> {
        if self.is_denied(permission, resource) { Err(denied(permission, resource)) } else { Ok(()) }
    }
}

/// A running stand-in; it ends when this is dropped.
#[derive(Debug)]
pub struct StandIn {
    shared: Shared,
    port: u16,
    task: JoinHandle<()>,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl StandIn {
    /// Starts one on the running Tokio runtime, with an empty store.
    ///
    /// # Panics
    ///
    /// When the port cannot be had.
    pub async fn start(config: Config) -> StandIn {
        let listener = TcpListener::bind(("127.0.0.1", config.port)).await.expect("a port of 127.0.0.1");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let shared: Shared = Arc::new(Mutex::new(State::new(config)));
        let task = tokio::spawn(wire::serve(listener, Arc::clone(&shared)));
        StandIn { shared, port, task }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address, without a slash at the end: `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Changes how it behaves from now on.
    pub fn configure(&self, change: impl FnOnce(&mut Config)) {
        change(&mut lock(&self.shared).config);
    }

    /// How long every answer takes from now on.
    pub fn latency(&self, latency: Duration) {
        self.configure(|config| config.latency = latency);
    }

    /// Adds a project; one that is there already is kept.
    pub fn put_project(&self, id: &str, number: &str) {
        let mut state = lock(&self.shared);
        let (created, etag) = (state.now(), state.policy_etag());
        let policy = json!({"version": 1, "etag": etag, "bindings": [{"role": "roles/owner", "members": ["user:owner@example.com"]}]});
        state.projects.entry(id.to_owned()).or_insert_with(|| Project {
            id: id.to_owned(),
            number: number.to_owned(),
            created,
            policy,
            regions: Default::default(),
            secrets: Default::default(),
        });
    }

    /// Marks a region as one in which the project has had something; putting something there does so too.
    ///
    /// # Panics
    ///
    /// When the project is not there.
    pub fn initialize_region(&self, project: &str, region: &str) {
        let mut state = lock(&self.shared);
        let project = state.project_mut(project).expect("the project was put");
        project.regions.entry(region.to_owned()).or_default().initialized = true;
    }

    /// Puts a service, replacing one of that name: v2 fields, enums by name or number. What is not given is as after a deployment that
    /// succeeded; output-only fields that are given are kept as given.
    ///
    /// # Panics
    ///
    /// When the project is not there, or when Google would not take it (an unknown field, a wrong type, traffic that is not 100 %).
    pub fn put_service(&self, project: &str, region: &str, name: &str, service: Value) {
        self.put(Kind::Service, project, region, name, &service);
    }

    /// Puts a job, as [`StandIn::put_service`].
    ///
    /// # Panics
    ///
    /// As [`StandIn::put_service`].
    pub fn put_job(&self, project: &str, region: &str, name: &str, job: Value) {
        self.put(Kind::Job, project, region, name, &job);
    }

    /// Puts a worker pool, as [`StandIn::put_service`].
    ///
    /// # Panics
    ///
    /// As [`StandIn::put_service`].
    pub fn put_worker_pool(&self, project: &str, region: &str, name: &str, pool: Value) {
        self.put(Kind::WorkerPool, project, region, name, &pool);
    }

    fn put(&self, kind: Kind, project: &str, region: &str, name: &str, described: &Value) {
        let mut state = lock(&self.shared);
        let key = run::key(&state, project, region, kind, name)
            .unwrap_or_else(|_| panic!("there is no project {project} or no region {region}"));
        run::put(&mut state, &key, described);
    }

    /// Takes a service, job or worker pool away.
    pub fn remove(&self, kind: Kind, project: &str, region: &str, name: &str) {
        let mut state = lock(&self.shared);
        if let Some(region) = state.project_mut(project).and_then(|project| project.regions.get_mut(region)) {
            region.resources.remove(&(kind, name.to_owned()));
        }
    }

    /// A service, job or worker pool as it is now: the v2 resource, enums by name.
    pub fn get(&self, kind: Kind, project: &str, region: &str, name: &str) -> Option<Value> {
        let state = lock(&self.shared);
        let key = run::key(&state, project, region, kind, name).ok()?;
        run::value(state.resource(&key))
    }

    /// The revisions of a service or worker pool, oldest first.
    pub fn revisions(&self, kind: Kind, project: &str, region: &str, name: &str) -> Vec<Value> {
        let state = lock(&self.shared);
        let key = run::key(&state, project, region, kind, name).ok();
        key.and_then(|key| state.resource(&key).map(|resource| resource.revisions.clone()))
            .unwrap_or_default()
    }

    /// Sets the IAM policy of a service, job or worker pool; the etag is made.
    ///
    /// # Panics
    ///
    /// When it is not there.
    pub fn put_policy(&self, kind: Kind, project: &str, region: &str, name: &str, policy: Value) {
        let mut state = lock(&self.shared);
        let policy = with_etag(&mut state, policy);
        let key = Key { project: project.to_owned(), region: region.to_owned(), kind, name: name.to_owned() };
        state.resource_mut(&key).expect("the resource was put").policy = Some(policy);
    }

    /// The IAM policy of a service, job or worker pool as it is now.
    pub fn policy(&self, kind: Kind, project: &str, region: &str, name: &str) -> Option<Value> {
        let state = lock(&self.shared);
        state
            .resource(&Key {
                project: project.to_owned(),
                region: region.to_owned(),
                kind,
                name: name.to_owned(),
            })?
            .policy
            .clone()
    }

    /// Sets the IAM policy of a project, with `auditConfigs`; the etag is made.
    ///
    /// # Panics
    ///
    /// When the project is not there.
    pub fn put_project_policy(&self, project: &str, policy: Value) {
        let mut state = lock(&self.shared);
        let policy = with_etag(&mut state, policy);
        state.project_mut(project).expect("the project was put").policy = policy;
    }

    /// The IAM policy of a project as it is now.
    pub fn project_policy(&self, project: &str) -> Option<Value> {
        lock(&self.shared).project(project).map(|project| project.policy.clone())
    }

    /// Puts a secret with the payloads of its versions, oldest first, all enabled.
    ///
    /// # Panics
    ///
    /// When the project is not there.
    pub fn put_secret(&self, project: &str, name: &str, payloads: &[&str]) {
        self.put_secret_with(project, name, payloads, json!({}));
    }

    /// Puts a secret, as [`StandIn::put_secret`], with fields of the secret itself (`versionAliases`, `labels`, `rotation`).
    ///
    /// # Panics
    ///
    /// When the project is not there, or Secret Manager has no such fields.
    pub fn put_secret_with(&self, project: &str, name: &str, payloads: &[&str], described: Value) {
        let mut state = lock(&self.shared);
        let project = state.project(project).expect("the project was put").clone();
        let payloads: Vec<Vec<u8>> = payloads.iter().map(|payload| payload.as_bytes().to_vec()).collect();
        secrets::put(&mut state, &project, name, &payloads, &described);
    }

    /// Changes fields of a version (`state`, `createTime`).
    ///
    /// # Panics
    ///
    /// When there is no such version.
    pub fn set_version(&self, project: &str, secret: &str, version: usize, fields: Value) {
        let mut state = lock(&self.shared);
        let secret = state
            .project_mut(project)
            .and_then(|project| project.secrets.get_mut(&(None, secret.to_owned())));
        let version = secret
            .and_then(|secret| secret.versions.get_mut(version.wrapping_sub(1)))
            .expect("the version was put");
        if let (Some(into), Value::Object(fields)) = (version.value.as_object_mut(), fields) {
            into.extend(fields);
        }
    }

    /// The versions of a secret, oldest first, without their payloads.
    pub fn versions(&self, project: &str, secret: &str) -> Vec<Value> {
        let state = lock(&self.shared);
        let secret =
            state.project(project).and_then(|project| project.secrets.get(&(None, secret.to_owned())));
        secret
            .map(|secret| secret.versions.iter().map(|version| version.value.clone()).collect())
            .unwrap_or_default()
    }

    /// Maps a domain to a service of a region.
    ///
    /// # Panics
    ///
    /// When the project is not there.
    pub fn put_domain_mapping(&self, project: &str, region: &str, domain: &str, service: &str) {
        let mut state = lock(&self.shared);
        knative::put_mapping(&mut state, project, region, domain, service);
    }

    /// Lets matching calls go wrong, so many times ([`ALWAYS`]); the first planted fault that matches and is not used up counts.
    pub fn fail(&self, matching: Matching, fault: Fault, times: usize) {
        lock(&self.shared).faults.push(Planted { matching, fault, times });
    }

    /// Lets the next change of a resource (`projects/P/locations/R/services/S`) be taken and then fail, with a code of `google.rpc.Code`
    /// (13: INTERNAL) and the message.
    pub fn fail_next_change(&self, resource: &str, code: i32, message: &str) {
        lock(&self.shared).failures.push((resource.to_owned(), code, message.to_owned()));
    }

    /// Takes a permission (`run.services.list`) away on every resource whose name begins with this one; empty for all.
    pub fn deny(&self, permission: &str, resource: &str) {
        lock(&self.shared)
            .denials
            .push(Denial { permission: permission.to_owned(), resource: resource.to_owned() });
    }

    /// Disables an API (`run.googleapis.com`) in a project.
    pub fn disable_api(&self, project: &str, service: &str) {
        lock(&self.shared).disabled.push((project.to_owned(), service.to_owned()));
    }

    /// Takes back all faults, denials and disabled APIs.
    pub fn heal(&self) {
        let mut state = lock(&self.shared);
        state.faults.clear();
        state.denials.clear();
        state.disabled.clear();
        state.failures.clear();
    }

    /// Asks for a good bearer token from now on: one that this stand-in gave, or one of [`StandIn::accept_token`].
    pub fn require_token(&self) {
        lock(&self.shared).tokens.required = true;
    }

    /// Takes a token as one of an account.
    pub fn accept_token(&self, token: &str, account: &str) {
        lock(&self.shared).tokens.good.insert(token.to_owned(), account.to_owned());
    }

    /// Lets every token that was given or accepted expire.
    pub fn expire_tokens(&self) {
        let mut state = lock(&self.shared);
        let good = std::mem::take(&mut state.tokens.good);
        state.tokens.expired.extend(good.into_keys());
    }

    /// Takes a refresh token at `POST /token` as one of an account.
    pub fn accept_refresh_token(&self, token: &str, account: &str) {
        lock(&self.shared).tokens.refresh.insert(token.to_owned(), account.to_owned());
    }

    /// Takes a subject token at the exchange (`POST /v1/token`) as one of an account or principal.
    pub fn accept_subject_token(&self, token: &str, account: &str) {
        lock(&self.shared).tokens.subject.insert(token.to_owned(), account.to_owned());
    }

    /// Lets one account act as another, by `:generateAccessToken`.
    pub fn allow_impersonation(&self, actor: &str, account: &str) {
        lock(&self.shared).tokens.actors.entry(account.to_owned()).or_default().push(actor.to_owned());
    }

    /// Is a metadata server too, with the tokens of an account.
    pub fn serve_metadata(&self, account: &str) {
        lock(&self.shared).tokens.metadata = Some(account.to_owned());
    }

    /// All calls so far, in the order in which they arrived.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared).calls.clone()
    }

    /// The calls that match.
    pub fn calls_to(&self, matching: &Matching) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| matching.meets(&call.method, &call.path, call.region.as_deref()));
        calls
    }

    /// Forgets the calls so far; none may be under way.
    pub fn forget_calls(&self) {
        lock(&self.shared).calls.clear();
    }

    /// All answers of the Google APIs so far, with their whole bodies.
    pub fn answers(&self) -> Vec<Answered> {
        lock(&self.shared).answers.clone()
    }
}

fn with_etag(state: &mut State, mut policy: Value) -> Value {
    let conditional =
        policy["bindings"].as_array().into_iter().flatten().any(|binding| binding.get("condition").is_some());
    policy["version"] = json!(if conditional { 3 } else { 1 });
    policy["etag"] = json!(state.policy_etag());
    policy
}
