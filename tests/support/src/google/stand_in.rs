//! The stand-in as a test holds it: what is in its store, and what goes wrong.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::faults::{Fault, Matching, Planted};
use super::recorder::{Answered, Call};
use super::store::{Denial, Key, Project, State};
use super::wire::{self, Shared, lock};
use super::{Config, Kind, deploy, knative, run, secrets};

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

    /// Puts a service, replacing one of that name and its revisions: v2 fields, enums by name or number. What is not given is as after a deployment that
    /// succeeded; output-only fields that are given are kept as given.
    ///
    /// # Panics
    ///
    /// When the project is not there, or when Google would not take it (an unknown field, a wrong type).
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
        deploy::put(&mut state, &key, described);
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
        state.resource(&key).map(|resource| resource.value.clone())
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

    /// Takes the tokens that a service account's key signs for itself.
    pub fn accept_key_of(&self, account: &str) {
        lock(&self.shared).tokens.signers.push(account.to_owned());
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
