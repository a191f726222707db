//! A world with a stand-in, and what was read from it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use cloakrun::answers::{Object, Resource, Untold};
use cloakrun::fault::Fault;
use cloakrun::google::progress::{Progress, Silent, Step};
use cloakrun::google::rates::Limits;
use cloakrun::google::settings::{Flags, Settings, Surroundings};
use cloakrun::google::{GoogleAnswers, What, read};
use cloakrun::snapshot::Fact;
use cloakrun_test_support::google::StandIn;
use serde_json::Value;

pub(crate) const TOKEN: &str = "ya29.a-token-that-nobody-may-see";

/// The environment of a run.
pub(crate) struct World {
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) flags: Flags,
    pub(crate) what: What,
    // Keeps the directory until the end.
    _home: tempfile::TempDir,
}

impl World {
    /// One in which the stand-in is all of Google, with the project `demo` and a ready token.
    pub(crate) fn of(google: &StandIn) -> World {
        let home = tempfile::tempdir().unwrap();
        google.accept_token(TOKEN, "auditor@demo.iam.gserviceaccount.com");
        google.require_token();
        let mut world = World {
            variables: BTreeMap::new(),
            flags: Flags { projects: vec!["demo".to_owned()], ..Flags::default() },
            what: What { limits: quick(), ..What::default() },
            _home: home,
        };
        let home = world._home.path().display().to_string();
        world.set("HOME", &home);
        world.set("GOOGLE_APPLICATION_CREDENTIALS", &format!("{home}/none.json"));
        world.set("CLOUDSDK_AUTH_ACCESS_TOKEN", TOKEN);
        for api in ["RUN", "SECRETMANAGER", "CLOUDRESOURCEMANAGER", "IAMCREDENTIALS"] {
            world.set(&format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}"), &format!("{}/", google.url()));
        }
        world
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// Writes a file and gives its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self._home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    pub(crate) fn settings(&self) -> Result<Settings, Fault> {
        let variable = |name: &str| self.variables.get(name).cloned();
        let file = |path: &Path| std::fs::read_to_string(path);
        Settings::resolve(&self.flags, &Surroundings { variable: &variable, file: &file })
    }

    pub(crate) async fn read(&self) -> Result<GoogleAnswers, Fault> {
        self.read_with(&Silent).await
    }

    pub(crate) async fn read_with(&self, progress: &dyn Progress) -> Result<GoogleAnswers, Fault> {
        let settings = self.settings()?;
        let outcome = read(&settings, &self.what, progress).await;
        // Whatever a test is about: nothing that is shown holds a secret.
        let shown = match &outcome {
            Ok(answers) => {
                let missing: Vec<_> = answers.objects.iter().map(|object| &object.missing).collect();
                format!("{answers:?} {missing:?} {settings:?}")
            }
            Err(fault) => format!("{fault} {fault:?} {:?} {settings:?}", fault.hints),
        };
        for secret in ["ya29", "demo-secret", "<html", "BEGIN PRIVATE", "refresh-me"] {
            assert!(!shown.contains(secret), "{secret} is shown: {shown}");
        }
        outcome
    }
}

/// Short waits, so that tests of failures are not slow.
pub(crate) fn quick() -> Limits {
    Limits {
        first_wait: Duration::from_millis(5),
        attempt_time: Duration::from_millis(1500),
        call_time: Duration::from_secs(6),
        ..Limits::default()
    }
}

/// Runs a test on a runtime of its own.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    cloakrun::google::credentials::use_ring();
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test)
}

pub(crate) fn service<'a>(answers: &'a GoogleAnswers, region: &str, name: &str) -> &'a Object {
    let wanted =
        Resource::Service { project: "demo".to_owned(), region: region.to_owned(), service: name.to_owned() };
    find(answers, &wanted)
}

pub(crate) fn secret<'a>(answers: &'a GoogleAnswers, name: &str) -> &'a Object {
    find(answers, &Resource::Secret { project: "demo".to_owned(), secret: name.to_owned() })
}

pub(crate) fn project(answers: &GoogleAnswers) -> &Object {
    find(answers, &Resource::Project { project: "demo".to_owned() })
}

fn find<'a>(answers: &'a GoogleAnswers, wanted: &Resource) -> &'a Object {
    let found = answers.objects.iter().find(|object| object.resource == *wanted);
    found.unwrap_or_else(|| panic!("{} is not among {:?}", wanted.address(), addresses(answers)))
}

pub(crate) fn addresses(answers: &GoogleAnswers) -> Vec<String> {
    answers.objects.iter().map(|object| object.resource.address()).collect()
}

/// All that is missing anywhere.
pub(crate) fn missing(answers: &GoogleAnswers) -> Vec<(&Untold, String)> {
    let of = |object: &Object| object.resource.address();
    let all = answers.objects.iter();
    all.flat_map(|object| object.missing.iter().map(move |untold| (untold, of(object)))).collect()
}

pub(crate) fn untold(object: &Object, fact: Fact) -> &Untold {
    let found = object.missing.iter().find(|untold| untold.fact == fact);
    found.unwrap_or_else(|| panic!("{fact:?} is not among {:?}", object.missing))
}

pub(crate) fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// Remembers the steps.
#[derive(Default)]
pub(crate) struct Steps(pub(crate) Mutex<Vec<String>>);

impl Progress for Steps {
    fn report(&self, step: Step<'_>) {
        self.0.lock().unwrap().push(format!("{step:?}"));
    }
}
