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

mod checks;
mod demo;
mod deploy;
mod discovery;
mod dispatch;
mod error;
mod faults;
mod iam;
mod knative;
mod knative_annotations;
mod knative_shape;
mod knative_wanted;
mod operations;
mod projects;
mod recorder;
mod request;
mod run;
mod secrets;
mod stand_in;
mod store;
mod tokens;
mod wire;

use std::time::Duration;

pub use self::demo::demo;
pub use self::faults::{ALWAYS, Fault, Hint, Matching, Quota};
pub use self::recorder::{Answered, Call};
pub use self::stand_in::StandIn;

use self::error::ApiError;
use self::store::{REGIONS, State};

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
    /// Whether whole answers are kept for [`StandIn::answers`]; not for a benchmark.
    pub record: bool,
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
            record: true,
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
pub(crate) fn urls(project: &str, number: &str, region: &str, service: &str) -> [String; 2] {
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
