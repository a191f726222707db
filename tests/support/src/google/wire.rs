//! HTTP: what clients send, in all the ways they send it, and what they get.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt, Either, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use super::discovery::{self, documents};
use super::error::ApiError;
use super::faults::{ALWAYS, Fault, Hint};
use super::recorder::{Answered, Call};
use super::store::{REGIONS, State, page_token};
use super::{knative, projects, run, secrets, tokens};

/// A request, taken apart.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The parts of the path, decoded, without the custom verb.
    pub(crate) segments: Vec<String>,
    /// `access` of `…:access`.
    pub(crate) custom: Option<String>,
    query: Vec<(String, String)>,
    pub(crate) region: Option<String>,
    pub(crate) bearer: Option<String>,
    pub(crate) form: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    unreadable: bool,
    headers: HeaderMap,
    pub(crate) api: Option<&'static str>,
    pub(crate) request_schema: Option<String>,
    response_schema: Option<String>,
}

impl Request {
    fn read(head: &http::request::Parts, body: &[u8]) -> Request {
        let path = head.uri.path().to_owned();
        let (plain, custom) = match path.rsplit_once('/').and_then(|(_, last)| last.rsplit_once(':')) {
            Some((_, custom)) if custom.chars().all(|c| c.is_ascii_alphabetic()) && !custom.is_empty() => {
                (&path[..path.len() - custom.len() - 1], Some(custom.to_owned()))
            }
            _ => (path.as_str(), None),
        };
        let segments: Vec<String> = plain.trim_start_matches('/').split('/').map(decode).collect();
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let overridden = header("x-http-method-override").filter(|_| head.method == Method::POST);
        // A proxy's request names the host in its line; that one counts.
        let host = head.uri.authority().map(|authority| authority.as_str().to_owned()).or_else(|| header("host")).unwrap_or_default();
        let of_host = REGIONS.iter().map(|(region, _)| *region).filter(|region| host.strip_prefix(region).is_some_and(|rest| rest.starts_with('-')));
        let of_path = segments.iter().position(|segment| segment == "locations").and_then(|at| segments.get(at + 1)).filter(|region| *region != "-");
        let region = of_path.cloned().or_else(|| of_host.max_by_key(|region| region.len()).map(str::to_owned));
        let is_form = header("content-type").is_some_and(|of| of.starts_with("application/x-www-form-urlencoded")) && !body.starts_with(b"{");
        let text = std::str::from_utf8(body).unwrap_or_default();
        let parsed = (!body.is_empty() && !is_form).then(|| serde_json::from_slice(body));
        Request {
            method: overridden.unwrap_or_else(|| head.method.to_string()),
            custom,
            segments,
            query: pairs(head.uri.query().unwrap_or_default()),
            region,
            bearer: header("authorization").and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned)),
            form: if is_form { pairs(text) } else { Vec::new() },
            unreadable: matches!(parsed, Some(Err(_))),
            body: parsed.and_then(Result::ok),
            headers: head.headers.clone(),
            api: None,
            request_schema: None,
            response_schema: None,
            path,
        }
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let is = |key: &str| key == name || discovery::camel_case(key) == name;
        self.query.iter().find(|(key, _)| is(key)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.query(name) == Some("true")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn body(&self) -> Result<&Value, ApiError> {
        static NOTHING: Value = Value::Null;
        if self.unreadable {
            return Err(ApiError::invalid("Invalid JSON payload received. Unexpected token."));
        }
        match &self.body {
            Some(Value::Object(_)) | None => Ok(self.body.as_ref().unwrap_or(&NOTHING)),
            Some(_) => Err(ApiError::invalid("Invalid JSON payload received. Unknown name \"\": Root element must be a message.")),
        }
    }

    /// The API a call is for, by the name under which projects enable it.
    pub(crate) fn service(&self) -> &'static str {
        match self.api {
            Some("secretmanager.v1") => "secretmanager.googleapis.com",
            Some("cloudresourcemanager.v1" | "cloudresourcemanager.v3") => "cloudresourcemanager.googleapis.com",
            Some("iamcredentials.v1") => "iamcredentials.googleapis.com",
            _ => "run.googleapis.com",
        }
    }

    /// A path that the API has and the stand-in has not.
    pub(crate) fn unknown(&self) -> ApiError {
        ApiError { status: "UNIMPLEMENTED", ..ApiError::new(501, format!("The stand-in does not have {} {}.", self.method, self.path)) }
    }

    /// The project of the path.
    fn project(&self) -> Option<&str> {
        let at = self.segments.iter().position(|segment| segment == "projects" || segment == "namespaces")?;
        self.segments.get(at + 1).map(String::as_str)
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The pairs of a query or form. Only `&` separates: real clients send `;` inside values, `=` in them, and names without either.
fn pairs(text: &str) -> Vec<(String, String)> {
    let parts = text.split('&').filter(|part| !part.is_empty());
    let plain = |text: &str| decode(&text.replace('+', " "));
    parts.map(|part| part.split_once('=').map_or_else(|| (plain(part), String::new()), |(name, value)| (plain(name), plain(value)))).collect()
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    content_type: String,
    headers: Vec<(String, String)>,
    pub(crate) json: Option<Value>,
    text: String,
}

impl Reply {
    pub(crate) fn json(status: u16, value: Value) -> Reply {
        Reply { status, content_type: "application/json; charset=UTF-8".into(), headers: Vec::new(), json: Some(value), text: String::new() }
    }

    pub(crate) fn text(status: u16, text: &str) -> Reply {
        Reply { status, content_type: "application/text".into(), headers: Vec::new(), json: None, text: text.into() }
    }

    pub(crate) fn html(status: u16, title: &str, words: &str) -> Reply {
        let text = format!(
            "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <meta name=viewport content=\"initial-scale=1, minimum-scale=1, width=device-width\">\n  <title>{title}</title>\n  <p><b>{status}.</b> <ins>That’s an error.</ins>\n  <p>{words}  <ins>That’s all we know.</ins>\n"
        );
        Reply { status, content_type: "text/html; charset=UTF-8".into(), headers: Vec::new(), json: None, text }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn error(error: &ApiError) -> Reply {
        let reply = Reply { headers: error.headers.iter().map(|(name, value)| ((*name).into(), value.clone())).collect(), ..Reply::json(error.code, error.body()) };
        if error.code == 401 { reply.header("www-authenticate", "Bearer realm=\"https://accounts.google.com/\"") } else { reply }
    }

    fn bytes(&self) -> Bytes {
        match &self.json {
            Some(value) => serde_json::to_string_pretty(value).map(|text| text + "\n").unwrap_or_default().into(),
            None => self.text.clone().into(),
        }
    }
}

/// What happens on the wire.
enum Deed {
    Whole(Bytes),
    Half(Bytes),
    Close,
    Never,
}

pub(crate) type Shared = Arc<Mutex<State>>;

/// The store; a test that panicked while it held it does not make the others fail too.
pub(crate) fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves until its task is ended.
pub(crate) async fn serve(listener: TcpListener, shared: Shared) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(connection(stream, Arc::clone(&shared)));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, shared: Shared) {
    stream.set_nodelay(true).ok();
    let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
    // A client that goes away is no fault of the server.
    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
}

type Body = Either<Full<Bytes>, StreamBody<stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, std::io::Error>>>>>;

fn closed() -> std::io::Error {
    std::io::Error::other("closed on demand")
}

/// Takes a call out of the count of those in flight, however it ends.
struct InFlight {
    shared: Shared,
    region: String,
    call: usize,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = lock(&self.shared);
        for name in ["", self.region.as_str()] {
            if let Some(count) = state.in_flight.get_mut(name) {
                *count = count.saturating_sub(1);
            }
            if self.region.is_empty() {
                break;
            }
        }
    }
}

async fn answer(request: hyper::Request<Incoming>, shared: Shared) -> Result<hyper::Response<Body>, std::io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| closed())?.to_bytes();
    let mut request = Request::read(&head, &body);
    let (in_flight, fault, wait) = arrive(&shared, &request);
    let slow = if let Some(Fault::Slow(slow)) = &fault { *slow } else { Duration::ZERO };
    if !(wait + slow).is_zero() {
        tokio::time::sleep(wait + slow).await;
    }
    let (reply, deed) = {
        let mut state = lock(&shared);
        let reply = decide(&mut state, &mut request, fault.as_ref());
        let deed = match fault {
            Some(Fault::Closed) => Deed::Close,
            Some(Fault::Silent) => Deed::Never,
            Some(Fault::Cut) => Deed::Half(reply.bytes()),
            Some(Fault::Garbage) => {
                let whole = reply.bytes();
                Deed::Whole(whole.slice(..whole.len() / 2))
            }
            _ => Deed::Whole(reply.bytes()),
        };
        if !matches!(deed, Deed::Close | Deed::Never) {
            state.calls[in_flight.call].status = reply.status;
        }
        (reply, deed)
    };
    let body = match deed {
        Deed::Close => return Err(closed()),
        Deed::Never => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            return Err(closed());
        }
        Deed::Whole(bytes) => Either::Left(Full::new(bytes)),
        Deed::Half(bytes) => {
            let half = bytes.slice(..bytes.len() / 2);
            Either::Right(StreamBody::new(stream::iter(vec![Ok(Frame::data(half)), Err(closed())])))
        }
    };
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = hyper::Response::builder().status(status).header("content-type", &reply.content_type).header("server", "Google Frontend");
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    response.body(body).map_err(|_| closed())
}

/// Counts a call and picks the fault that meets it.
fn arrive(shared: &Shared, request: &Request) -> (InFlight, Option<Fault>, Duration) {
    let mut state = lock(shared);
    let region = request.region.clone().unwrap_or_default();
    let mut count = |name: &str| {
        let count = state.in_flight.entry(name.to_owned()).or_default();
        *count += 1;
        *count
    };
    let in_flight = count("");
    let in_flight_in_region = if region.is_empty() { 0 } else { count(&region) };
    state.calls.push(Call {
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.query.clone(),
        region: request.region.clone(),
        status: 0,
        at: Instant::now(),
        in_flight,
        in_flight_in_region,
        bearer: request.bearer.clone(),
        quota_project: request.header("x-goog-user-project").map(str::to_owned),
        user_agent: request.header("user-agent").map(str::to_owned),
        body: request.body.clone(),
    });
    let call = state.calls.len() - 1;
    let met = state.faults.iter().position(|planted| planted.times > 0 && planted.matching.meets(&request.method, &request.path, request.region.as_deref()));
    let fault = met.map(|at| {
        let planted = &mut state.faults[at];
        if planted.times != ALWAYS {
            planted.times -= 1;
        }
        planted.fault.clone()
    });
    let wait = state.config.latency;
    drop(state);
    (InFlight { shared: Arc::clone(shared), region, call }, fault, wait)
}

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

fn decide(state: &mut State, request: &mut Request, fault: Option<&Fault>) -> Reply {
    let number = |state: &State| request.project().map(|name| state.project(name).map_or(name.to_owned(), |project| project.number.clone())).unwrap_or_default();
    match fault {
        Some(Fault::Error(code, message)) => return Reply::error(&ApiError::new(*code, message.clone())),
        Some(Fault::RateLimited(hint)) => {
            return Reply::error(&rate_limited(&number(state), request.region.as_deref().unwrap_or("global"), 600, *hint));
        }
        Some(Fault::BadGateway) => {
            return Reply::html(502, "Error 502 (Server Error)!!1", "The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds.");
        }
        Some(Fault::Answer(status, content_type, text)) => {
            return Reply { status: *status, content_type: content_type.clone(), headers: Vec::new(), json: None, text: text.clone() };
        }
        _ => {}
    }
    if let Some(reply) = tokens::route(state, request) {
        return reply;
    }
    let Some(method) = documents().method(&request.method, &request.segments, request.custom.as_deref()) else {
        return Reply::html(404, "Error 404 (Not Found)!!1", &format!("The requested URL <code>{}</code> was not found on this server.", request.path));
    };
    request.api = Some(method.api);
    request.request_schema.clone_from(&method.request);
    request.response_schema = Some(method.response.clone());
    let mut reply = match decided(state, request, method) {
        Ok(mut value) => {
            let wanted = request.query.iter().find(|(name, _)| name == "$alt").or_else(|| request.query.iter().find(|(name, _)| name == "alt"));
            if wanted.is_some_and(|(_, value)| value.split(';').any(|part| part == "enum-encoding=int")) {
                documents().with_numbers(method.api, &method.response, &mut value);
            }
            Reply::json(200, value)
        }
        Err(error) => Reply::error(&error),
    };
    if let Some(value) = &mut reply.json {
        match fault {
            Some(Fault::SamePage) if reply.status == 200 => value["nextPageToken"] = json!(request.query("pageToken").filter(|token| !token.is_empty()).map_or_else(|| same_page(request), str::to_owned)),
            Some(Fault::Planted(pointer, planted)) => plant(value, pointer, planted),
            _ => {}
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
        ["v1", "projects", _, "secrets", ..] | ["v1", "projects", _, "locations", _, "secrets", ..] => secrets::route(state, request),
        ["v1", "projects", project, "locations"] => projects::locations(state, request, project),
        ["v1", "projects", "-", "serviceAccounts", account] if request.custom.as_deref() == Some("generateAccessToken") => tokens::impersonate(state, request, account),
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
    let (Some(quota), Some(region), "run.googleapis.com") = (state.config.quota, request.region.clone(), request.service()) else { return Ok(()) };
    let name = request.header("x-goog-user-project").or(request.project()).unwrap_or_default();
    let number = state.project(name).map_or(name.to_owned(), |project| project.number.clone());
    let now = Instant::now();
    let taken = state.quota.entry((number.clone(), region.clone())).or_default();
    while taken.front().is_some_and(|at| now.duration_since(*at) >= quota.per) {
        taken.pop_front();
    }
    if taken.len() >= quota.calls {
        return Err(rate_limited(&number, &region, quota.calls, quota.hint));
    }
    taken.push_back(now);
    Ok(())
}

