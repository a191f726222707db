//! A proxy between a client and a server that makes things go wrong: slow, cut, garbage, errors, a clock that is off.
//!
//! It passes requests on as they come, with the `Host` by which it was asked, so that a Keycloak behind it issues its tokens for the
//! proxy's address. Every token that passes is remembered, for tests that look for leaks.
//!
//! ```no_run
//! # async fn demo() {
//! use cloakrun_test_support::faults::{Fault, Proxy};
//! use cloakrun_test_support::google::{ALWAYS, Matching};
//!
//! let proxy = Proxy::start("http://127.0.0.1:8080").await;
//! proxy.fail(Matching::path("*/clients"), Fault::Status(503), ALWAYS);
//! let endpoint = proxy.url();
//! # }
//! ```

mod authority;
mod message;
mod tokens;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::{Client, Method, redirect};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

pub use self::authority::Authority;
use self::message::{Asked, Reply};
use self::tokens::Tokens;
use crate::google::{ALWAYS, Matching};

/// Something that goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The right answer, late.
    Slow(Duration),
    /// No answer, until the client gives up.
    Silent,
    /// The connection is closed without an answer.
    Closed,
    /// The right answer's head and half its body, then the connection is closed.
    Cut,
    /// 200 with half of the right body, as if it were whole.
    Garbage,
    /// A status with Keycloak's usual error document.
    Status(u16),
    /// Any answer: status, content type, body.
    Answer(u16, String, String),
    /// As [`Fault::Answer`], with the request's own `Authorization` and form in the body: a server that repeats what it was sent.
    Echo(u16),
    /// The first page of a list, whichever page was asked for.
    SamePage,
}

/// A running proxy; it ends when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    port: u16,
    scheme: &'static str,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    upstream: String,
    client: Client,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    faults: Vec<(Matching, Fault, usize)>,
    calls: Vec<String>,
    tokens: Tokens,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Starts one on the running Tokio runtime, in front of a server (`http://127.0.0.1:8080`).
    ///
    /// # Panics
    /// When no port can be had.
    pub async fn start(upstream: &str) -> Proxy {
        Proxy::on_port(upstream, None).await
    }

    /// Starts one that speaks TLS, with a certificate of this authority for `localhost` and `127.0.0.1`.
    ///
    /// # Panics
    /// When no port can be had.
    pub async fn start_tls(upstream: &str, authority: &Authority) -> Proxy {
        Proxy::on_port(upstream, Some(authority.acceptor(&["localhost", "127.0.0.1"]))).await
    }

    /// Starts one that speaks TLS, with a certificate of this authority for other names.
    ///
    /// # Panics
    /// When no port can be had.
    pub async fn start_tls_named(upstream: &str, authority: &Authority, names: &[&str]) -> Proxy {
        Proxy::on_port(upstream, Some(authority.acceptor(names))).await
    }

    async fn on_port(upstream: &str, tls: Option<TlsAcceptor>) -> Proxy {
        // An error says that there is a provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .build()
            .expect("a client without settings of its own can be built");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port of 127.0.0.1");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared { upstream: upstream.to_owned(), client, state: Mutex::default() });
        let task = tokio::spawn(serve(listener, tls, Arc::clone(&shared)));
        Proxy { shared, port, scheme, task }
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> String {
        let host = if self.scheme == "https" { "localhost" } else { "127.0.0.1" };
        format!("{}://{host}:{}", self.scheme, self.port)
    }

    /// Lets matching calls go wrong, so many times ([`ALWAYS`]); the first that matches and is not used up counts.
    pub fn fail(&self, matching: Matching, fault: Fault, times: usize) {
        self.shared.lock().faults.push((matching, fault, times));
    }

    /// Shows the server's clock off by so many seconds: in the `iat` and `exp` of the tokens that pass.
    pub fn shift_clock(&self, seconds: i64) {
        self.shared.lock().tokens.shift = seconds;
    }

    /// Takes back everything that goes wrong.
    pub fn heal(&self) {
        let mut state = self.shared.lock();
        state.faults.clear();
        state.tokens.shift = 0;
    }

    /// All calls so far: `GET /admin/realms?max=100`.
    pub fn calls(&self) -> Vec<String> {
        self.shared.lock().calls.clone()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.shared.lock().calls.clear();
    }

    /// All tokens that passed so far, either way.
    pub fn tokens(&self) -> BTreeSet<String> {
        self.shared.lock().tokens.seen.clone()
    }
}

impl Shared {
    // A test that panicked while it held the lock does not make the others fail too.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault_for(&self, asked: &Asked) -> Option<Fault> {
        let mut state = self.lock();
        state.calls.push(format!("{} {}", asked.method, asked.target));
        let path = asked.target.split('?').next().unwrap_or_default();
        let found = state
            .faults
            .iter_mut()
            .find(|(matching, _, times)| *times > 0 && matching.meets(&asked.method, path, None))?;
        if found.2 != ALWAYS {
            found.2 -= 1;
        }
        Some(found.1.clone())
    }

    async fn pass_on(&self, asked: &Asked) -> Option<Reply> {
        let method = Method::from_bytes(asked.method.as_bytes()).ok()?;
        let mut request = self
            .client
            .request(method, format!("{}{}", self.upstream, asked.target))
            .body(asked.body.clone());
        for (name, value) in &asked.headers {
            let value = self.lock().tokens.given_back(value);
            if !["connection", "content-length", "accept-encoding"].contains(&name.as_str()) {
                request = request.header(name, value);
            }
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .filter(|(name, _)| {
                !["connection", "content-length", "transfer-encoding"].contains(&name.as_str())
            })
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body = response.bytes().await.ok()?.to_vec();
        let body = self.lock().tokens.handed_out(body);
        Some(Reply { status, headers, body })
    }
}

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                stream.set_nodelay(true).ok();
                let (tls, shared) = (tls.clone(), Arc::clone(&shared));
                connections.spawn(async move {
                    match tls {
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => converse(stream, &shared).await,
                            // A client that does not believe the certificate is what tests are about.
                            Err(_) => None,
                        },
                        None => converse(stream, &shared).await,
                    }
                });
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

// Until either side closes the connection.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, shared: &Shared) -> Option<()> {
    let mut buffer = Vec::new();
    loop {
        let mut asked = Asked::read(&mut stream, &mut buffer).await?;
        let fault = shared.fault_for(&asked);
        match &fault {
            Some(Fault::Closed) => return None,
            Some(Fault::Silent) => return std::future::pending().await,
            Some(Fault::Slow(time)) => tokio::time::sleep(*time).await,
            Some(Fault::SamePage) => asked.ask_for_first_page(),
            _ => {}
        }
        let mut reply = match &fault {
            Some(Fault::Status(status)) => Reply::error(*status),
            Some(Fault::Answer(status, content_type, body)) => Reply::of(*status, content_type, body),
            Some(Fault::Echo(status)) => Reply::echo(*status, &asked),
            _ => shared.pass_on(&asked).await.unwrap_or_else(|| Reply::error(502)),
        };
        if let Some(Fault::Garbage) = &fault {
            reply.body.truncate(reply.body.len() / 2);
        }
        let mut bytes = reply.bytes();
        if let Some(Fault::Cut) = &fault {
            bytes.truncate(bytes.len() - reply.body.len() / 2 - 1);
        }
        stream.write_all(&bytes).await.ok()?;
        stream.flush().await.ok()?;
        if let Some(Fault::Cut) = &fault {
            stream.shutdown().await.ok();
            return None;
        }
    }
}

#[cfg(test)]
mod tests;
