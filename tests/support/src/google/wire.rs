//! HTTP: connections, and answers as they go out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use http::StatusCode;
use http_body_util::{BodyExt, Either, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

use super::dispatch::decide;
use super::error::ApiError;
use super::faults::{ALWAYS, Fault};
use super::recorder::Call;
use super::request::Request;
use super::store::State;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) json: Option<Value>,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(status: u16, value: Value) -> Reply {
        Reply {
            status,
            content_type: "application/json; charset=UTF-8".into(),
            headers: Vec::new(),
            json: Some(value),
            text: String::new(),
        }
    }

    pub(crate) fn text(status: u16, text: &str) -> Reply {
        Reply {
            status,
            content_type: "application/text".into(),
            headers: Vec::new(),
            json: None,
            text: text.into(),
        }
    }

    pub(crate) fn html(status: u16, title: &str, words: &str) -> Reply {
        let text = format!(
            "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <meta name=viewport content=\"initial-scale=1, minimum-scale=1, width=device-width\">\n  <title>{title}</title>\n  <p><b>{status}.</b> <ins>That’s an error.</ins>\n  <p>{words}  <ins>That’s all we know.</ins>\n"
        );
        Reply {
            status,
            content_type: "text/html; charset=UTF-8".into(),
            headers: Vec::new(),
            json: None,
            text,
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn error(error: &ApiError) -> Reply {
        let reply = Reply {
            headers: error.headers.iter().map(|(name, value)| ((*name).into(), value.clone())).collect(),
            ..Reply::json(error.code, error.body())
        };
        if error.code == 401 {
            reply.header("www-authenticate", "Bearer realm=\"https://accounts.google.com/\"")
        } else {
            reply
        }
    }

    fn bytes(&self) -> Bytes {
        match &self.json {
            Some(value) => {
                serde_json::to_string_pretty(value).map(|text| text + "\n").unwrap_or_default().into()
            }
            None => self.text.clone().into(),
        }
    }
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

type Body = Either<Full<Bytes>, StreamBody<BoxStream<'static, Result<Frame<Bytes>, std::io::Error>>>>;

/// Some bytes, then the end of the connection: late enough for the bytes to be on their way.
fn cut(bytes: Bytes) -> impl Stream<Item = Result<Frame<Bytes>, std::io::Error>> {
    stream::iter([Ok(Frame::data(bytes))]).chain(stream::once(async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err(closed())
    }))
}

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

async fn answer(
    request: hyper::Request<Incoming>,
    shared: Shared,
) -> Result<hyper::Response<Body>, std::io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| closed())?.to_bytes();
    let mut request = Request::read(&head, &body);
    let (in_flight, fault, wait) = arrive(&shared, &request);
    let slow = if let Some(Fault::Slow(slow)) = &fault { *slow } else { Duration::ZERO };
    if !(wait + slow).is_zero() {
        tokio::time::sleep(wait + slow).await;
    }
    let reply = {
        let mut state = lock(&shared);
        let reply = decide(&mut state, &mut request, fault.as_ref());
        if !matches!(fault, Some(Fault::Closed | Fault::Silent))
            && let Some(call) = state.calls.get_mut(in_flight.call)
        {
            call.status = reply.status;
        }
        reply
    };
    let bytes = reply.bytes();
    let mut whole = bytes.len();
    let body = match fault {
        Some(Fault::Closed) => return Err(closed()),
        Some(Fault::Silent) => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            return Err(closed());
        }
        Some(Fault::Garbage) => {
            whole /= 2;
            Either::Left(Full::new(bytes.slice(..whole)))
        }
        Some(Fault::Cut) => Either::Right(StreamBody::new(cut(bytes.slice(..whole / 2)).boxed())),
        _ => Either::Left(Full::new(bytes)),
    };
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = hyper::Response::builder()
        .status(status)
        .header("content-type", &reply.content_type)
        .header("server", "Google Frontend")
        .header("content-length", whole);
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
    let met = state.faults.iter().position(|planted| {
        planted.times > 0 && planted.matching.meets(&request.method, &request.path, request.region.as_deref())
    });
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
