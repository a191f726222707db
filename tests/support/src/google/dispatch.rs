//! What a request comes to: a fault, a refusal, or the answer of one of the surfaces.

use std::time::Instant;

use serde_json::{Value, json};

use super::discovery::{self, documents};
use super::error::ApiError;
use super::faults::{Fault, Hint};
use super::recorder::Answered;
use super::request::Request;
use super::store::{State, page_token};
use super::wire::Reply;
use super::{knative, projects, run, secrets, tokens};

/// A 429 as Cloud Run gives it.
fn rate_limited(project: &str, region: &str, limit: usize, hint: Hint) -> ApiError {
    let mut error = ApiError::new(
        429,
        format!("Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per region' of service 'run.googleapis.com' for consumer 'project_number:{project}'."),
    )
    .with_info(
        "RATE_LIMIT_EXCEEDED",
        "googleapis.com",
        json!({
            "service": "run.googleapis.com", "consumer": format!("projects/{project}"), "quota_limit": "ReadPerMinutePerProjectRegion",
            "quota_limit_value": limit.to_string(), "quota_location": region, "quota_metric": "run.googleapis.com/read_requests",
        }),
    );
    match hint {
        Hint::None => {}
        Hint::RetryAfter(seconds) => error.headers.push(("retry-after", seconds.to_string())),
        Hint::RetryInfo(delay) => error.details.push(json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{}s", delay.as_secs_f64())})),
    }
    error
}

/// Answers a request, unless a fault takes its place.
pub(crate) fn decide(state: &mut State, request: &mut Request, fault: Option<&Fault>) -> Reply {
    let number = |state: &State| {
        request
            .project()
            .map(|name| state.project(name).map_or(name.to_owned(), |project| project.number.clone()))
            .unwrap_or_default()
    };
    match fault {
        Some(Fault::Error(code, message)) => return Reply::error(&ApiError::new(*code, message.clone())),
        Some(Fault::RateLimited(hint)) => {
            return Reply::error(&rate_limited(
                &number(state),
                request.region.as_deref().unwrap_or("global"),
                600,
                *hint,
            ));
        }
        Some(Fault::BadGateway) => {
            return Reply::html(
                502,
                "Error 502 (Server Error)!!1",
                "The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds.",
            );
        }
        Some(Fault::Answer(status, content_type, text)) => {
            return Reply {
                status: *status,
                content_type: content_type.clone(),
                headers: Vec::new(),
                json: None,
                text: text.clone(),
            };
        }
        _ => {}
    }
    if let Some(reply) = tokens::route(state, request) {
        return reply;
    }
    let Some(method) = documents().method(&request.method, &request.segments, request.custom.as_deref())
    else {
        return Reply::html(
            404,
            "Error 404 (Not Found)!!1",
            &format!("The requested URL <code>{}</code> was not found on this server.", request.path),
        );
    };
    request.api = Some(method.api);
    request.request_schema.clone_from(&method.request);
    let mut reply = match decided(state, request, method) {
        Ok(mut value) => {
            let wanted = request
                .query
                .iter()
                .find(|(name, _)| name == "$alt")
                .or_else(|| request.query.iter().find(|(name, _)| name == "alt"));
            if wanted.is_some_and(|(_, value)| value.split(';').any(|part| part == "enum-encoding=int")) {
                documents().with_numbers(method.api, &method.response, &mut value);
            }
            Reply::json(200, value)
        }
        Err(error) => Reply::error(&error),
    };
    if let Some(value) = &mut reply.json {
        match fault {
            Some(Fault::SamePage) if reply.status == 200 => {
                value["nextPageToken"] = json!(
                    request
                        .query("pageToken")
                        .filter(|token| !token.is_empty())
                        .map_or_else(|| same_page(request), str::to_owned)
                )
            }
            Some(Fault::Planted(pointer, planted)) => plant(value, pointer, planted),
            _ => {}
        }
        if !state.config.record {
            return reply;
        }
        state.answers.push(Answered {
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            status: reply.status,
            body: value.clone(),
            spoilt: matches!(fault, Some(Fault::Planted(..) | Fault::SamePage)),
        });
    }
    reply
}

/// A token that begins where the list begins.
fn same_page(request: &Request) -> String {
    page_token(request.path.trim_start_matches('/').trim_start_matches("v2/").trim_start_matches("v1/"), "~")
}

/// Sets a place of an answer; the last part of the pointer may be new.
fn plant(value: &mut Value, pointer: &str, planted: &Value) {
    let Some((parent, last)) = pointer.rsplit_once('/') else { return };
    let last = last.replace("~1", "/").replace("~0", "~");
    match value.pointer_mut(parent) {
        Some(Value::Object(map)) => drop(map.insert(last, planted.clone())),
        Some(Value::Array(items)) => {
            if let Some(item) = last.parse::<usize>().ok().and_then(|at| items.get_mut(at)) {
                *item = planted.clone();
            }
        }
        _ => {}
    }
}

fn decided(state: &mut State, request: &Request, method: &discovery::Method) -> Result<Value, ApiError> {
    tokens::check(state, request)?;
    request.body()?;
    let unknown: Vec<(String, String)> = request
        .query
        .iter()
        .filter(|(name, _)| !documents().takes_query(method, name))
        .map(|(name, _)| {
            let text = format!("Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter. Field '{name}' could not be found in request message.");
            (String::new(), text)
        })
        .collect();
    if !unknown.is_empty() {
        return Err(ApiError::violations(&unknown));
    }
    enabled(state, request)?;
    quota(state, request)?;
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["v2", ..] => run::route(state, request),
        ["v1", "projects", _, "secrets", ..] | ["v1", "projects", _, "locations", _, "secrets", ..] => {
            secrets::route(state, request)
        }
        ["v1", "projects", project, "locations"] => projects::locations(state, request, project),
        ["v1", "projects", "-", "serviceAccounts", account]
            if request.custom.as_deref() == Some("generateAccessToken") =>
        {
            tokens::impersonate(state, request, account)
        }
        ["v1", "projects", _, "locations", ..] | ["apis", ..] => knative::route(state, request),
        ["v1" | "v3", "projects", ..] => projects::route(state, request),
        _ => Err(request.unknown()),
    }
}

fn enabled(state: &State, request: &Request) -> Result<(), ApiError> {
    let Some(project) = request.project().and_then(|name| state.project(name)) else { return Ok(()) };
    let service = request.service();
    if !state.disabled.iter().any(|(id, of)| *id == project.id && of == service) {
        return Ok(());
    }
    let title = match service {
        "run.googleapis.com" => "Cloud Run Admin API",
        "secretmanager.googleapis.com" => "Secret Manager API",
        "cloudresourcemanager.googleapis.com" => "Cloud Resource Manager API",
        _ => "IAM Service Account Credentials API",
    };
    let number = &project.number;
    let url = format!("https://console.developers.google.com/apis/api/{service}/overview?project={number}");
    Err(ApiError::new(
        403,
        format!("{title} has not been used in project {number} before or it is disabled. Enable it by visiting {url} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry."),
    )
    .with_info(
        "SERVICE_DISABLED",
        "googleapis.com",
        json!({"service": service, "serviceTitle": title, "consumer": format!("projects/{number}"), "activationUrl": url, "containerInfo": number}),
    ))
}

/// Counts a call to Cloud Run against the quota of its region; the quota project counts where one is named.
fn quota(state: &mut State, request: &Request) -> Result<(), ApiError> {
    let (Some(quota), Some(region), "run.googleapis.com") =
        (state.config.quota, request.region.clone(), request.service())
    else {
        return Ok(());
    };
    let name = request.header("x-goog-user-project").or(request.project()).unwrap_or_default();
    let number = state.project(name).map_or(name.to_owned(), |project| project.number.clone());
    let now = Instant::now();
    let taken = state.quota.entry((number.clone(), region.clone())).or_default();
    while taken.front().is_some_and(|at| now.duration_since(*at) >= quota.per) {
        taken.pop_front();
    }
    if taken.len() >= quota.calls {
        // The limit's name says a minute.
        let a_minute = quota.calls as f64 * 60.0 / quota.per.as_secs_f64().max(0.001);
        return Err(rate_limited(&number, &region, a_minute as usize, quota.hint));
    }
    taken.push_back(now);
    Ok(())
}
