//! What is wrong with the credentials, and what helps.

use std::error::Error;
use std::sync::LazyLock;
use std::time::Duration;

use google_cloud_auth::build_errors::Error as BuildError;
use google_cloud_auth::errors::CredentialsError;
use google_cloud_gax::error::Error as SdkError;
use regex::Regex;

use crate::fault::Fault;
use crate::google::settings::{CredentialSource, Settings};

/// There are no credentials anywhere.
pub(super) fn no_credentials(settings: &Settings) -> Fault {
    let named = match &settings.credentials.value {
        CredentialSource::MetadataServer { host: Some(host) } => {
            format!("GCE_METADATA_HOST names a metadata server at {host}, which does not answer.")
        }
        _ => "GOOGLE_APPLICATION_CREDENTIALS names no file, gcloud's directory holds no application_default_credentials.json, and this machine has no metadata server.".to_owned(),
    };
    ways(Fault::usage("no credentials for Google were found").hint(named))
}

/// The three usual ways to have some.
fn ways(fault: Fault) -> Fault {
    fault
        .hint("On a machine of your own, log in once: `gcloud auth application-default login`.")
        .hint("In CI, set GOOGLE_APPLICATION_CREDENTIALS to the file of a workload identity or of a service account's key.")
        .hint("With a token at hand, write it to a file and set CLOUDSDK_AUTH_ACCESS_TOKEN_FILE to its path: `gcloud auth print-access-token > token`.")
}

/// The credentials are there and cannot be used.
pub(super) fn broken(settings: &Settings, error: &BuildError) -> Fault {
    // The words of the parser may quote the file.
    let why = if error.is_missing_field() {
        error.to_string()
    } else if error.is_unknown_type() || error.is_not_supported() {
        "their `type` is not one that can be used".to_owned()
    } else {
        "they are no JSON of a known shape, or a field of theirs lacks or has the wrong type".to_owned()
    };
    ways(Fault::usage(format!("{} cannot be used: {why}", place(settings))))
}

/// No token was given for the credentials.
pub(super) fn refused(settings: &Settings, error: &CredentialsError) -> Fault {
    let seen = Seen::of(error);
    let place = place(settings);
    let whose = match &settings.impersonate {
        Some(target) => format!("for {} by {place}", target.value.target),
        None => format!("for {place}"),
    };
    let fault = match (&seen.word, seen.status) {
        (Some(word), Some(status)) => Fault::usage(format!(
            "Google gives no token {whose}: the token server answered {status} `{word}`"
        )),
        (Some(word), None) => {
            Fault::usage(format!("Google gives no token {whose}: the token server answered `{word}`"))
        }
        (None, Some(status)) => {
            Fault::usage(format!("Google gives no token {whose}: the token server answered {status}"))
        }
        (None, None) if error.is_transient() => {
            Fault::usage(format!("no token can be had {whose}: the token server cannot be reached"))
        }
        (None, None) => Fault::usage(format!("no token can be had {whose}: the credentials cannot be used")),
    };
    match (seen.word.as_deref(), seen.status, &settings.impersonate) {
        (Some("invalid_grant" | "invalid_rapt"), ..) => fault.hint(
            "They have expired or were revoked. Log in again: `gcloud auth application-default login`.",
        ),
        (_, Some(403 | 404), Some(target)) => fault.hint(format!(
            "To act as {0} you need `iam.serviceAccounts.getAccessToken` on it (roles/iam.serviceAccountTokenCreator); or it does not exist.",
            target.value.target
        )),
        _ => ways(fault),
    }
}

/// The library asks another server for an impersonated account only when it finds its address in a file of credentials. Asking
/// Google's instead would send it a token that is not meant for it.
pub(super) fn impersonation_elsewhere(settings: &Settings) -> Fault {
    let endpoint = &settings.endpoints.iam_credentials;
    Fault::usage(format!(
        "with {} no account can be impersonated through {}",
        place(settings),
        endpoint.value
    ))
    .hint(format!("{} names that endpoint.", endpoint.source))
    .hint("Give credentials as a file, by GOOGLE_APPLICATION_CREDENTIALS, or take the endpoint away.")
}

/// The token server says nothing.
pub(super) fn silent(settings: &Settings, limit: Duration) -> Fault {
    if matches!(settings.credentials.value, CredentialSource::MetadataServer { .. }) {
        return no_credentials(settings);
    }
    Fault::usage(format!("no token came for {} within {} seconds", place(settings), limit.as_secs()))
        .hint("Look whether this machine reaches the token server, and whether HTTPS_PROXY is needed.")
}

fn place(settings: &Settings) -> String {
    match &settings.credentials.value {
        CredentialSource::File { path, .. } => format!("the credentials in {}", path.display()),
        CredentialSource::Token(_) => format!("the token of {}", settings.credentials.source),
        CredentialSource::MetadataServer { .. } => "the metadata server".to_owned(),
        CredentialSource::Anonymous => "nobody".to_owned(),
    }
}

/// What of an error of the library may be shown: a status, and the word by which OAuth servers name errors.
struct Seen {
    status: Option<u16>,
    word: Option<String>,
}

impl Seen {
    fn of(error: &CredentialsError) -> Self {
        static WORD: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r#""error"\s*:\s*"([a-z_]{3,40})""#).expect("the expression is constant and right")
        });
        let mut seen = Seen { status: None, word: None };
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = cause {
            if let Some(error) = error.downcast_ref::<reqwest::Error>() {
                seen.status = seen.status.or(error.status().map(|status| status.as_u16()));
            }
            if let Some(error) = error.downcast_ref::<SdkError>() {
                seen.status = seen.status.or(error.http_status_code());
            }
            if seen.word.is_none() {
                seen.word = WORD.captures(&error.to_string()).map(|found| found[1].to_owned());
            }
            cause = error.source();
        }
        seen
    }
}
