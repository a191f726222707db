//! Who we are to Google: Application Default Credentials in all their forms, a ready token, impersonation, or nobody.
//!
//! Google's own library makes the tokens. What is added here: the file that gcloud's `CLOUDSDK_CONFIG` points at, which the library does
//! not look for; a limit of five seconds on the first token, since without credentials the library asks a metadata server that is not
//! there for a minute; and errors of our own words, since those of the library carry what servers and files hold.

mod identity;
mod trouble;

use std::time::Duration;

use google_cloud_auth::credentials::{
    self as sdk, CacheableResource, Credentials as Inner, CredentialsProvider, EntityTag,
};
use google_cloud_auth::errors::CredentialsError;
use http::header::AUTHORIZATION;
use http::{Extensions, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio::time::timeout;

pub use self::identity::Identity;
use self::identity::Metadata;
use super::failure::{Failure, Kind};
use super::settings::{CredentialSource, Impersonation, Settings, Source, Sourced};
use crate::fault::Fault;

/// How long the first token may take.
const FIRST_TOKEN: Duration = Duration::from_secs(5);
/// What is asked for: the rights are a matter of roles.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Credentials that have given a first token.
#[derive(Clone)]
pub struct Credentials {
    inner: Inner,
    /// Who we are by them.
    pub identity: Identity,
    /// The project that the metadata server names.
    pub project: Option<Sourced<String>>,
}

impl Credentials {
    /// Makes the credentials of `settings` and fetches the first token.
    ///
    /// # Errors
    /// There are none, they are broken, or no token can be had for them. All end a run with the code for a wrong command line.
    pub async fn obtain(settings: &Settings) -> Result<Credentials, Fault> {
        use_ring();
        let mut identity = Identity::of(settings);
        let mut project = None;
        if let CredentialSource::MetadataServer { host } = &settings.credentials.value {
            let Some(told) = Metadata::ask(host.as_deref()).await else {
                return Err(trouble::no_credentials(settings));
            };
            identity.email = told.email;
            project = told.project.map(|value| Sourced { value, source: Source::MetadataServer });
        }
        if impersonates_elsewhere(settings)
            && !matches!(settings.credentials.value, CredentialSource::File { .. })
        {
            return Err(trouble::impersonation_elsewhere(settings));
        }
        let inner = build(settings).map_err(|error| trouble::broken(settings, &error))?;
        let credentials = Credentials { inner, identity, project };
        match timeout(FIRST_TOKEN, credentials.inner.headers(Extensions::new())).await {
            Ok(Ok(_)) => Ok(credentials),
            Ok(Err(error)) => Err(trouble::refused(settings, &error)),
            Err(_) => Err(trouble::silent(settings, FIRST_TOKEN)),
        }
    }

    /// The headers that a request needs.
    ///
    /// # Errors
    /// No token can be had any more.
    pub(crate) async fn headers(&self) -> Result<HeaderMap, Failure> {
        match self.inner.headers(Extensions::new()).await {
            Ok(CacheableResource::New { data, .. }) => Ok(data),
            // Only answered to whoever says what they have.
            Ok(CacheableResource::NotModified) => Ok(HeaderMap::new()),
            Err(_) => Err(Failure::of(Kind::Unauthenticated)),
        }
    }

    /// The credentials as the clients of the SDK take them.
    pub(crate) fn for_sdk(&self) -> Inner {
        self.inner.clone()
    }
}

/// Makes ring the provider of cryptography, once for the process: without one the first TLS client panics.
pub fn use_ring() {
    // An error says that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

type Built = Result<Inner, google_cloud_auth::build_errors::Error>;

fn build(settings: &Settings) -> Built {
    let impersonate = settings.impersonate.as_ref().map(|found| &found.value);
    let quota = settings.quota_project.as_ref().map(|found| found.value.clone());
    let source_quota = if impersonate.is_some() { None } else { quota.clone() };
    let source = match &settings.credentials.value {
        CredentialSource::Anonymous => return Ok(Ready::nobody(quota).into()),
        CredentialSource::Token(token) => Ready::token(token, source_quota).into(),
        CredentialSource::File { json, .. } => {
            let json: Value = serde_json::from_str(json.expose_secret()).unwrap_or(Value::Null);
            if let Some(impersonate) = impersonate
                && impersonates_elsewhere(settings)
            {
                return impersonated_elsewhere(settings, impersonate, json, quota);
            }
            of_file(json, source_quota)?
        }
        CredentialSource::MetadataServer { host } => {
            let mut builder = sdk::mds::Builder::default().with_scopes([SCOPE]);
            if let Some(host) = host {
                builder = builder.with_endpoint(format!("http://{host}"));
            }
            if let Some(quota) = source_quota {
                builder = builder.with_quota_project_id(quota);
            }
            builder.build()?
        }
    };
    let Some(impersonate) = impersonate else { return Ok(source) };
    let mut builder = sdk::impersonated::Builder::from_source_credentials(source)
        .with_target_principal(&impersonate.target)
        .with_delegates(&impersonate.delegates)
        .with_scopes([SCOPE]);
    if let Some(quota) = quota {
        builder = builder.with_quota_project_id(quota);
    }
    builder.build()
}

/// Whether the tokens of an impersonated account come from another server than Google's.
fn impersonates_elsewhere(settings: &Settings) -> bool {
    settings.impersonate.is_some()
        && settings.endpoints.iam_credentials.source != Source::Default
        && !matches!(settings.credentials.value, CredentialSource::Anonymous)
}

/// Impersonation through another server than Google's, for which the library takes no address but in a file.
fn impersonated_elsewhere(
    settings: &Settings,
    impersonate: &Impersonation,
    source: Value,
    quota: Option<String>,
) -> Built {
    let base = settings.endpoints.iam_credentials.value.base();
    let address = format!("{base}/v1/projects/-/serviceAccounts/{}:generateAccessToken", impersonate.target);
    let mut builder = sdk::impersonated::Builder::new(json!({
        "type": "impersonated_service_account",
        "service_account_impersonation_url": address,
        "source_credentials": source,
        "delegates": impersonate.delegates,
    }))
    .with_scopes([SCOPE]);
    if let Some(quota) = quota {
        builder = builder.with_quota_project_id(quota);
    }
    builder.build()
}

fn of_file(json: Value, quota: Option<String>) -> Built {
    macro_rules! built {
        ($builder:expr) => {{
            let builder = $builder;
            match quota {
                Some(quota) => builder.with_quota_project_id(quota).build(),
                None => builder.build(),
            }
        }};
    }
    match json.get("type").and_then(Value::as_str).unwrap_or_default() {
        // A person's scopes were chosen at the login.
        "authorized_user" => built!(sdk::user_account::Builder::new(json)),
        "service_account" => {
            let scopes = sdk::service_account::AccessSpecifier::from_scopes([SCOPE]);
            built!(sdk::service_account::Builder::new(json).with_access_specifier(scopes))
        }
        "impersonated_service_account" => {
            built!(sdk::impersonated::Builder::new(json).with_scopes([SCOPE]))
        }
        // Also for what is no kind at all: this builder says what lacks.
        _ => built!(sdk::external_account::Builder::new(json).with_scopes([SCOPE])),
    }
}

/// Headers that stay the same: those of a ready token, or none.
#[derive(Clone)]
struct Ready {
    headers: HeaderMap,
    tag: EntityTag,
}

impl Ready {
    fn nobody(quota: Option<String>) -> Self {
        let mut headers = HeaderMap::new();
        if let Some(Ok(quota)) = quota.map(HeaderValue::try_from) {
            headers.insert("x-goog-user-project", quota);
        }
        Ready { headers, tag: EntityTag::new() }
    }

    fn token(token: &SecretString, quota: Option<String>) -> Self {
        let mut ready = Ready::nobody(quota);
        // A token that fits in no header is sent as none, and refused with 401.
        if let Ok(mut value) = HeaderValue::try_from(format!("Bearer {}", token.expose_secret())) {
            value.set_sensitive(true);
            ready.headers.insert(AUTHORIZATION, value);
        }
        ready
    }
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ready").finish_non_exhaustive()
    }
}

impl CredentialsProvider for Ready {
    async fn headers(
        &self,
        extensions: Extensions,
    ) -> Result<CacheableResource<HeaderMap>, CredentialsError> {
        if extensions.get::<EntityTag>() == Some(&self.tag) {
            return Ok(CacheableResource::NotModified);
        }
        Ok(CacheableResource::New { entity_tag: self.tag.clone(), data: self.headers.clone() })
    }

    async fn universe_domain(&self) -> Option<String> {
        None
    }
}
