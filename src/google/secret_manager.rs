//! The secrets that services take: which versions there are, and on demand what is in those in use.

use std::collections::BTreeSet;

use google_cloud_gax::client_builder::Result as BuilderResult;
use google_cloud_gax::options::RequestOptionsBuilder as _;
use google_cloud_gax::retry_policy::NeverRetry;
use google_cloud_secretmanager_v1::client::SecretManagerService;
use serde_json::{Map, Value};

use super::calls::Calls;
use super::failure::{Failure, Kind};
use super::lacks::Lack;
use super::settings::Endpoint;
use crate::answers::{Object, Resource};
use crate::cloud_run::api::references::SecretName;
use crate::cloud_run::api::{Listed, USER_AGENT, all_pages, document};
use crate::snapshot::Fact;

/// How many versions a page is asked to have; the API gives at most 25,000.
const PAGE: i32 = 250;

/// Google counts reads of metadata and of payloads apart: 600 and 90,000 a minute.
const LANE: &str = "Secret Manager";
const LANE_OF_PAYLOADS: &str = "Secret Manager's payloads";

/// Secret Manager.
#[derive(Clone)]
pub(crate) struct Secrets {
    client: SecretManagerService,
}

impl Secrets {
    pub(crate) async fn build(calls: &Calls<'_>, endpoint: &Endpoint) -> BuilderResult<Self> {
        let builder = SecretManagerService::builder()
            .with_endpoint(endpoint.base())
            .with_credentials(calls.credentials().for_sdk())
            .with_retry_policy(NeverRetry);
        Ok(Secrets { client: builder.build().await? })
    }

    /// A secret with its versions, and with the payloads of those `in_use` and of the newest if `with_payloads`.
    pub(crate) async fn read(
        &self,
        calls: &Calls<'_>,
        secret: &SecretName,
        in_use: &BTreeSet<String>,
        with_payloads: bool,
    ) -> Object {
        let (project, name) = secret;
        let full = format!("projects/{project}/secrets/{name}");
        let (about, versions) = futures_util::join!(self.about(calls, &full), self.versions(calls, &full));
        let resource = Resource::Secret { project: project.clone(), secret: name.clone() };
        let mut object = Object::new(resource, Map::new());
        let lack = Lack {
            fact: Fact::SecretVersions,
            what: format!("The versions of the secret {name} in project {project}"),
            permission: "secretmanager.versions.list",
            role: "roles/secretmanager.viewer",
            api: "secretmanager.googleapis.com",
            project,
            region: None,
        };
        match about {
            Ok(about) => object.body = about,
            Err(failure) if versions.failure.is_none() => {
                let what = format!("The aliases of the secret {name} in project {project}");
                let permission = "secretmanager.secrets.get";
                object.missing.push(Lack { what, permission, ..lack.clone() }.because(&failure));
            }
            // Said once, with the versions.
            Err(_) => {}
        }
        if let Some(failure) = &versions.failure {
            object.missing.push(lack.because(failure));
        }
        let mut versions = versions.items;
        versions.sort_by_key(|version| std::cmp::Reverse(number(version)));
        if with_payloads {
            let wanted = wanted(&object.body, &versions, in_use);
            self.add_payloads(calls, &full, &mut versions, &wanted, &lack, &mut object).await;
        }
        let versions = versions.into_iter().map(Value::Object).collect();
        object.body.insert("versions".to_owned(), Value::Array(versions));
        object
    }

    async fn about(&self, calls: &Calls<'_>, full: &str) -> Result<Map<String, Value>, Failure> {
        let send = || self.client.get_secret().set_name(full).with_user_agent(USER_AGENT).send();
        Ok(document::of(&calls.sdk(LANE, send).await?))
    }

    async fn versions(&self, calls: &Calls<'_>, full: &str) -> Listed {
        all_pages(async |token: String| {
            let send = || {
                let request = self.client.list_secret_versions().set_parent(full);
                let request = request.set_page_size(PAGE).set_page_token(token.clone());
                request.with_user_agent(USER_AGENT).send()
            };
            let page = calls.sdk(LANE, send).await?;
            Ok((page.versions.iter().map(document::of).collect(), page.next_page_token))
        })
        .await
    }

    async fn add_payloads(
        &self,
        calls: &Calls<'_>,
        full: &str,
        versions: &mut [Map<String, Value>],
        wanted: &BTreeSet<u64>,
        lack: &Lack<'_>,
        object: &mut Object,
    ) {
        for version in versions {
            let number = number(version);
            // Of any other state there is nothing to read.
            if !wanted.contains(&number) || version.get("state").and_then(Value::as_str) != Some("ENABLED") {
                continue;
            }
            match self.payload(calls, &format!("{full}/versions/{number}")).await {
                Ok(Some(text)) => {
                    version.insert("payload".to_owned(), Value::String(text));
                }
                Ok(None) => object.untold(
                    Fact::SecretPayloads,
                    format!("Version {number} is no text, so that no service can take it as a variable."),
                    None,
                ),
                Err(failure) => {
                    let lack = Lack {
                        fact: Fact::SecretPayloads,
                        what: format!("Version {number} of the secret"),
                        permission: "secretmanager.versions.access",
                        role: "roles/secretmanager.secretAccessor",
                        ..lack.clone()
                    };
                    object.missing.push(lack.because(&failure));
                }
            }
        }
    }

    /// What is in a version; none if it is no text.
    async fn payload(&self, calls: &Calls<'_>, version: &str) -> Result<Option<String>, Failure> {
        let send =
            || self.client.access_secret_version().set_name(version).with_user_agent(USER_AGENT).send();
        let answer = calls.sdk(LANE_OF_PAYLOADS, send).await?;
        let payload = answer.payload.ok_or(Failure::of(Kind::Garbage))?;
        // The client does not look at the checksum.
        if let Some(expected) = payload.data_crc32c
            && i64::from(crc32c::crc32c(&payload.data)) != expected
        {
            return Err(Failure::of(Kind::Garbage));
        }
        Ok(String::from_utf8(payload.data.to_vec()).ok())
    }
}

fn number(version: &Map<String, Value>) -> u64 {
    let name = version.get("name").and_then(Value::as_str).unwrap_or_default();
    name.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// The numbers of the versions in use, and of the newest, which is what `latest` means whatever its state.
fn wanted(
    secret: &Map<String, Value>,
    versions: &[Map<String, Value>],
    in_use: &BTreeSet<String>,
) -> BTreeSet<u64> {
    let aliases = secret.get("versionAliases");
    let by_alias = |alias: &str| match aliases?.get(alias)? {
        Value::String(number) => number.parse().ok(),
        number => number.as_u64(),
    };
    let mut wanted: BTreeSet<u64> = versions.first().map(number).into_iter().collect();
    wanted.extend(in_use.iter().filter_map(|version| version.parse().ok().or_else(|| by_alias(version))));
    wanted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_aliases_and_the_newest_are_wanted() {
        let as_map = |value: Value| value.as_object().cloned().unwrap_or_default();
        let secret = as_map(json!({"versionAliases": {"live": "3", "old": "1"}}));
        let versions: Vec<_> = (1..=5_u64)
            .rev()
            .map(|number| as_map(json!({"name": format!("projects/1/secrets/s/versions/{number}")})))
            .collect();
        let in_use = ["latest", "2", "live", "unknown"].map(str::to_owned).into_iter().collect();
        assert_eq!(wanted(&secret, &versions, &in_use), [2, 3, 5].into());
    }
}
