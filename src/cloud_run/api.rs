//! Cloud Run as it is now: what runs in each region of a project, read through Google's own client.

pub(crate) mod details;
pub(crate) mod document;
pub(crate) mod domains;
pub(crate) mod references;
pub(crate) mod regions;

use std::future::Future;

use google_cloud_gax::client_builder::Result as BuilderResult;
use google_cloud_gax::options::RequestOptionsBuilder as _;
use google_cloud_gax::retry_policy::NeverRetry;
use google_cloud_run::client::{Jobs, Revisions, Services, WorkerPools};
use serde_json::{Map, Value};

use crate::google::calls::Calls;
use crate::google::failure::{Failure, Kind};
use crate::google::settings::Endpoint;

/// How many items a page is asked to have. The API documents no most; it gives what it gives.
const PAGE: i32 = 100;

/// The clients of Cloud Run, built once: each loads the certificates anew.
#[derive(Clone)]
pub(crate) struct Clients {
    services: Services,
    jobs: Jobs,
    worker_pools: WorkerPools,
    revisions: Revisions,
}

impl Clients {
    pub(crate) async fn build(calls: &Calls<'_>, endpoint: &Endpoint) -> BuilderResult<Self> {
        let credentials = calls.credentials();
        // Retries are for `Calls`, which knows of quotas.
        macro_rules! client {
            ($client:ident) => {{
                let builder = $client::builder()
                    .with_endpoint(endpoint.base())
                    .with_credentials(credentials.for_sdk())
                    .with_retry_policy(NeverRetry);
                async { tokio::spawn(builder.build()).await }
            }};
        }
        let (services, jobs, worker_pools, revisions) =
            futures_util::join!(client!(Services), client!(Jobs), client!(WorkerPools), client!(Revisions));
        // A task ends otherwise only by a panic inside the library.
        const WHOLE: &str = "building a client does not panic";
        Ok(Clients {
            services: services.expect(WHOLE)?,
            jobs: jobs.expect(WHOLE)?,
            worker_pools: worker_pools.expect(WHOLE)?,
            revisions: revisions.expect(WHOLE)?,
        })
    }

    /// All services of a region.
    pub(crate) async fn services(&self, calls: &Calls<'_>, at: Place<'_>) -> Listed {
        all_pages(async |token| {
            let send = || {
                let request = self.services.list_services().set_parent(at.parent());
                let request = request.set_page_size(PAGE).set_page_token(token.clone());
                request.with_user_agent(USER_AGENT).send()
            };
            let page = calls.sdk(at.region, send).await?;
            Ok((page.services.iter().map(document::of).collect(), page.next_page_token))
        })
        .await
    }

    /// All jobs of a region.
    pub(crate) async fn jobs(&self, calls: &Calls<'_>, at: Place<'_>) -> Listed {
        all_pages(async |token| {
            let send = || {
                let request = self.jobs.list_jobs().set_parent(at.parent());
                let request = request.set_page_size(PAGE).set_page_token(token.clone());
                request.with_user_agent(USER_AGENT).send()
            };
            let page = calls.sdk(at.region, send).await?;
            Ok((page.jobs.iter().map(document::of).collect(), page.next_page_token))
        })
        .await
    }

    /// All worker pools of a region.
    pub(crate) async fn worker_pools(&self, calls: &Calls<'_>, at: Place<'_>) -> Listed {
        all_pages(async |token| {
            let send = || {
                let request = self.worker_pools.list_worker_pools().set_parent(at.parent());
                let request = request.set_page_size(PAGE).set_page_token(token.clone());
                request.with_user_agent(USER_AGENT).send()
            };
            let page = calls.sdk(at.region, send).await?;
            Ok((page.worker_pools.iter().map(document::of).collect(), page.next_page_token))
        })
        .await
    }
}

pub(crate) const USER_AGENT: &str = concat!("cloakrun/", env!("CARGO_PKG_VERSION"));

/// A region of a project.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) project: &'a str,
    pub(crate) region: &'a str,
}

impl Place<'_> {
    pub(crate) fn parent(self) -> String {
        format!("projects/{}/locations/{}", self.project, self.region)
    }
}

/// What a list gave, and why that is not all, if it is not.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) items: Vec<Map<String, Value>>,
    pub(crate) failure: Option<Failure>,
}

/// Page after page until the last one; what came before a failure is kept.
pub(crate) async fn all_pages<'f, F>(mut page: impl FnMut(String) -> F) -> Listed
where
    F: Future<Output = Result<(Vec<Map<String, Value>>, String), Failure>> + 'f,
{
    let mut listed = Listed::default();
    let mut seen: Vec<String> = Vec::new();
    let mut names = std::collections::HashSet::new();
    let mut token = String::new();
    loop {
        match page(token.clone()).await {
            Ok((items, next)) => {
                // A server that repeats a page tells nothing new.
                let is_new = |item: &Map<String, Value>| {
                    item.get("name").is_none_or(|name| names.insert(name.to_string()))
                };
                listed.items.extend(items.into_iter().filter(is_new));
                if next.is_empty() {
                    return listed;
                }
                seen.push(token);
                if seen.contains(&next) {
                    // It would never end, and the items would repeat.
                    listed.failure = Some(Failure::of(Kind::Garbage));
                    return listed;
                }
                token = next;
            }
            Err(failure) => {
                listed.failure = Some(failure);
                return listed;
            }
        }
    }
}
