//! Where credentials come from: an OAuth token endpoint, the exchange of a security token, impersonation, the metadata server.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::error::ApiError;
use super::request::Request;
use super::store::State;
use super::wire::Reply;

/// A seconds' worth of an hour: how long Google's tokens live.
const LIFE_SECONDS: i64 = 3600;

/// Tokens that were given out, and what they are given for.
#[derive(Default)]
pub(crate) struct Tokens {
    /// Whether calls need one.
    pub(crate) required: bool,
    /// Those that are good, and whose they are.
    pub(crate) good: BTreeMap<String, String>,
    /// Those that were good.
    pub(crate) expired: Vec<String>,
    /// Refresh tokens: the token and whose it is.
    pub(crate) refresh: BTreeMap<String, String>,
    /// Subject tokens of the exchange: the token and whose it is.
    pub(crate) subject: BTreeMap<String, String>,
    /// Accounts whose keys sign tokens of their own, as the clients of Google do with a service account's key.
    pub(crate) signers: Vec<String>,
    /// Whom one may act as, by account: who may.
    pub(crate) actors: BTreeMap<String, Vec<String>>,
    /// The account of the metadata server; none where there is no such server.
    pub(crate) metadata: Option<String>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Tokens {{ required: {}, good: {}, expired: {} }}",
            self.required,
            self.good.len(),
            self.expired.len()
        )
    }
}

const MISSING: &str = "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.";
const INVALID: &str = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.";

/// Refuses a call without a good token, where tokens are asked for.
pub(crate) fn check(state: &State, request: &Request) -> Result<(), ApiError> {
    if !state.tokens.required {
        return Ok(());
    }
    let service = json!({"service": request.service(), "method": request.path});
    match request.bearer.as_deref() {
        None => Err(ApiError::new(401, MISSING).with_info("CREDENTIALS_MISSING", "googleapis.com", service)),
        Some(token) if state.tokens.good.contains_key(token) => Ok(()),
        Some(token) if is_self_signed(token, &state.tokens.signers) => Ok(()),
        Some(token) if state.tokens.expired.iter().any(|old| old == token) => {
            Err(ApiError::new(401, INVALID).with_info("ACCESS_TOKEN_EXPIRED", "googleapis.com", service))
        }
        Some(_) => Err(ApiError::new(401, INVALID).with_info(
            "ACCESS_TOKEN_TYPE_UNSUPPORTED",
            "googleapis.com",
            service,
        )),
    }
}

/// Whether a token is one that the key of such an account signed, by what it says of itself: the signature is not looked at.
fn is_self_signed(token: &str, signers: &[String]) -> bool {
    let payload = token.split('.').nth(1).and_then(|payload| BASE64_URL_SAFE_NO_PAD.decode(payload).ok());
    let claims: Value = payload.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    let is_in_time = claims["exp"].as_i64().is_some_and(|end| end > Timestamp::now().as_second());
    is_in_time && claims["iss"] == claims["sub"] && signers.iter().any(|signer| claims["iss"] == **signer)
}

fn issue(state: &mut State, account: &str) -> String {
    let token = format!("ya29.stand-in-{}", state.uuid());
    state.tokens.good.insert(token.clone(), account.to_owned());
    token
}

fn refused(status: u16, error: &str, description: &str) -> Reply {
    Reply::json(status, json!({"error": error, "error_description": description}))
}

/// Answers what is no API of Cloud Run; none where the path is none of these.
pub(crate) fn route(state: &mut State, request: &Request) -> Option<Reply> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("POST", ["token"] | ["oauth2", "v4", "token"] | ["v1", "token"]) => Some(token(state, request)),
        ("GET", ["tokeninfo"] | ["oauth2", "v3", "tokeninfo"]) => Some(info(state, request)),
        ("GET", [""] | ["computeMetadata", ..]) if state.tokens.metadata.is_some() => {
            Some(metadata(state, request, &segments))
        }
        ("GET", [""] | ["computeMetadata", ..]) => Some(Reply::html(
            404,
            "Error 404 (Not Found)!!1",
            "The requested URL was not found on this server.",
        )),
        _ => None,
    }
}

fn token(state: &mut State, request: &Request) -> Reply {
    let field = |name: &str| -> String {
        let in_form = request.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        in_form
            .or_else(|| request.body.as_ref().and_then(|body| body[name].as_str()).map(str::to_owned))
            .unwrap_or_default()
    };
    let subject = match field("grant_type").as_str() {
        "refresh_token" => match state.tokens.refresh.get(&field("refresh_token")) {
            Some(account) if !field("client_id").is_empty() && !field("client_secret").is_empty() => {
                account.clone()
            }
            Some(_) => return refused(401, "invalid_client", "The OAuth client was not found."),
            None => return refused(400, "invalid_grant", "Bad Request"),
        },
        "urn:ietf:params:oauth:grant-type:token-exchange" => {
            match state.tokens.subject.get(&field("subject_token")) {
                Some(_) if field("audience").is_empty() => {
                    return refused(400, "invalid_request", "Invalid value for \"audience\".");
                }
                Some(account) => account.clone(),
                None => {
                    return refused(
                        400,
                        "invalid_grant",
                        "ID Token issued does not match the expected issuer or audience.",
                    );
                }
            }
        }
        _ => return refused(400, "unsupported_grant_type", "Invalid grant_type"),
    };
    let exchanged = field("grant_type").contains("token-exchange");
    let mut answer = json!({"access_token": issue(state, &subject), "expires_in": LIFE_SECONDS - 1, "token_type": "Bearer"});
    if exchanged {
        answer["issued_token_type"] = json!("urn:ietf:params:oauth:token-type:access_token");
    } else {
        answer["scope"] = json!("https://www.googleapis.com/auth/cloud-platform");
    }
    Reply::json(200, answer)
}

fn info(state: &State, request: &Request) -> Reply {
    match request.query("access_token").and_then(|token| state.tokens.good.get(token)) {
        Some(account) => Reply::json(
            200,
            json!({
                "azp": "32555940559.apps.googleusercontent.com", "aud": "32555940559.apps.googleusercontent.com", "email": account, "email_verified": "true",
                "scope": "https://www.googleapis.com/auth/cloud-platform", "expires_in": (LIFE_SECONDS - 1).to_string(), "access_type": "online",
            }),
        ),
        None => refused(400, "invalid_token", "Invalid Value"),
    }
}

fn metadata(state: &mut State, request: &Request, segments: &[&str]) -> Reply {
    let with_flavor =
        |reply: Reply| reply.header("metadata-flavor", "Google").header("server", "Metadata Server for VM");
    if segments.first() == Some(&"computeMetadata") && request.header("metadata-flavor") != Some("Google") {
        return with_flavor(Reply::html(
            403,
            "Error 403 (Forbidden)!!1",
            "Your client does not have permission to get URL from this server. Missing Metadata-Flavor:Google header.",
        ));
    }
    let account = state.tokens.metadata.clone().unwrap_or_default();
    let first = state
        .projects
        .values()
        .next()
        .map(|project| (project.id.clone(), project.number.clone()))
        .unwrap_or_default();
    let rest = segments.get(2..).unwrap_or_default();
    let reply = match rest {
        ["instance", "service-accounts", who, "token"] if *who == "default" || *who == account => {
            Reply::json(
                200,
                json!({"access_token": issue(state, &account), "expires_in": LIFE_SECONDS - 1, "token_type": "Bearer"}),
            )
        }
        ["instance", "service-accounts", "default", "email"] => Reply::text(200, &account),
        ["instance", "region"] => Reply::text(200, &format!("projects/{}/regions/europe-west1", first.1)),
        ["project", "project-id"] => Reply::text(200, &first.0),
        ["project", "numeric-project-id"] => Reply::text(200, &first.1),
        ["universe", "universe-domain"] => Reply::text(200, "googleapis.com"),
        [] => Reply::text(200, "computeMetadata/\n"),
        _ => Reply::html(404, "Error 404 (Not Found)!!1", "The requested URL was not found on this server."),
    };
    with_flavor(reply)
}

/// `:generateAccessToken`: a token of an account for one who may act as it.
pub(crate) fn impersonate(state: &mut State, request: &Request, account: &str) -> Result<Value, ApiError> {
    let caller = request.bearer.as_ref().and_then(|token| state.tokens.good.get(token)).cloned();
    let Some(caller) = caller else {
        return Err(ApiError::new(401, if request.bearer.is_some() { INVALID } else { MISSING }));
    };
    let may = state.tokens.actors.get(account).is_some_and(|actors| actors.contains(&caller));
    if !may {
        return Err(ApiError::new(
            403,
            "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
        )
        .with_info(
            "IAM_PERMISSION_DENIED",
            "iam.googleapis.com",
            json!({"permission": "iam.serviceAccounts.getAccessToken"}),
        ));
    }
    let body = super::discovery::documents().read(
        "iamcredentials.v1",
        "GenerateAccessTokenRequest",
        request.body()?,
    )?;
    if body["scope"].as_array().is_none_or(Vec::is_empty) {
        return Err(ApiError::invalid("Request contains an invalid argument."));
    }
    let seconds = body["lifetime"]
        .as_str()
        .and_then(|text| text.trim_end_matches('s').parse::<i64>().ok())
        .unwrap_or(LIFE_SECONDS);
    let expires =
        Timestamp::now().saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
    Ok(json!({"accessToken": issue(state, account), "expireTime": format!("{expires:.0}")}))
}
