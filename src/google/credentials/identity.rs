//! Who we are, as far as the credentials themselves tell.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::google::names::{Named, checked};
use crate::google::settings::{CredentialSource, Settings, Source};

/// Who we are to Google, for `cloakrun doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The kind of the credentials: `service account key`, `user` …
    pub kind: &'static str,
    /// What named them.
    pub source: Source,
    /// The e-mail address, where the file or the metadata server tells it.
    pub email: Option<String>,
    /// The service account that we act as, where it is another.
    pub acting_as: Option<String>,
    /// The project that calls are counted against, where one was named.
    pub quota_project: Option<String>,
}

impl Identity {
    pub(super) fn of(settings: &Settings) -> Self {
        let (kind, email) = match &settings.credentials.value {
            CredentialSource::Anonymous => ("nobody", None),
            CredentialSource::Token(_) => ("access token", None),
            CredentialSource::MetadataServer { .. } => ("metadata server", None),
            CredentialSource::File { json, .. } => {
                of_file(&serde_json::from_str(json.expose_secret()).unwrap_or_default())
            }
        };
        Identity {
            kind,
            source: settings.credentials.source.clone(),
            email,
            acting_as: settings.impersonate.as_ref().map(|found| found.value.target.clone()),
            quota_project: settings.quota_project.as_ref().map(|found| found.value.clone()),
        }
    }
}

fn of_file(file: &Value) -> (&'static str, Option<String>) {
    let text = |key: &str| file.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let impersonated = || text("service_account_impersonation_url").and_then(account_in);
    match text("type").unwrap_or_default() {
        "service_account" => ("service account key", text("client_email").and_then(address)),
        "authorized_user" => ("user", text("account").and_then(address)),
        "impersonated_service_account" => ("impersonated service account", impersonated()),
        "external_account" => ("external account (workload identity)", impersonated()),
        _ => ("unknown", None),
    }
}

/// `…/serviceAccounts/ACCOUNT:generateAccessToken`
fn account_in(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("/serviceAccounts/")?;
    address(rest.split(':').next()?)
}

/// Only what is an address is shown.
fn address(text: &str) -> Option<String> {
    let is_plain = text.len() <= 200
        && text.contains('@')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@._+-".contains(&byte));
    is_plain.then(|| text.to_owned())
}

/// What the metadata server tells of the machine.
pub(super) struct Metadata {
    pub(super) email: Option<String>,
    pub(super) project: Option<String>,
}

impl Metadata {
    /// Asks the metadata server; nothing if there is none.
    pub(super) async fn ask(host: Option<&str>) -> Option<Metadata> {
        let base = format!("http://{}/computeMetadata/v1", host.unwrap_or("metadata.google.internal"));
        // It stands on this machine or beside it: no proxy reaches it.
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(4))
            .build()
            .ok()?;
        let get = async |path: &str| {
            let request = client.get(format!("{base}/{path}")).header("Metadata-Flavor", "Google");
            let answer = request.send().await.ok()?;
            let is_told = answer.status().is_success();
            let text = answer.text().await.ok()?;
            Some(is_told.then(|| text.trim().to_owned()))
        };
        let email = get("instance/service-accounts/default/email").await?;
        let project = get("project/project-id").await.flatten();
        Some(Metadata {
            email: email.as_deref().and_then(address),
            project: project.filter(|project| checked(Named::Project, project).is_ok()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_file_tells_whose_it_is() {
        let key = json!({"type": "service_account", "client_email": "a@shop.iam.gserviceaccount.com"});
        assert_eq!(of_file(&key), ("service account key", Some("a@shop.iam.gserviceaccount.com".to_owned())));
        let pool = json!({"type": "external_account", "service_account_impersonation_url": "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/b@shop.iam.gserviceaccount.com:generateAccessToken"});
        assert_eq!(of_file(&pool).1.as_deref(), Some("b@shop.iam.gserviceaccount.com"));
        assert_eq!(of_file(&json!({"type": "authorized_user", "account": ""})), ("user", None));
        assert_eq!(of_file(&json!({"type": "service_account", "client_email": "a@b\u{1b}[31m"})).1, None);
    }
}
