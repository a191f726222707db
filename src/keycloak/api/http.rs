//! Sends requests: how many at once, how long each may take, when one is sent again, and where a token may go.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Certificate, Client, RequestBuilder, Response, StatusCode, redirect};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;
use url::{Host, Url};

use super::trouble::{Kind, Trouble, bare};
use crate::fault::{Fault, Whose};

/// How many requests are under way at once when nothing else is said; a server of two cores is not helped by more.
pub const CONCURRENCY: usize = 8;
/// How often a request is sent before its failure counts.
const TRIES: u32 = 4;
/// The longest wait between two tries, whatever the server asks for.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// The wait before the second try where the server says nothing; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// How many redirects within one host are followed.
const REDIRECTS: usize = 5;
/// After this many calls in a row without any answer a host counts as gone, and no further call waits for it.
const SILENCES: u32 = 3;
/// The largest answer that is read; a page of a hundred clients has some 150 kB.
const LARGEST: usize = 256 << 20;

/// A client for one server and those it names in discovery.
pub(super) struct Http {
    client: Client,
    places: Semaphore,
    allow_http: bool,
    silences: Mutex<BTreeMap<String, u32>>,
}

/// An answer, whatever its status.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    headers: HeaderMap,
}

impl Answer {
    /// Where the answer sends the caller, if it does.
    fn location(&self) -> Option<&str> {
        if !(300..400).contains(&self.status) {
            return None;
        }
        self.headers.get(LOCATION).and_then(|value| value.to_str().ok())
    }
}

impl Http {
    /// A client whose requests take at most `timeout` each, `concurrency` at once.
    ///
    /// # Errors
    /// When the certificates are none, or the system's cannot be used.
    pub(super) fn new(
        timeout: Duration,
        concurrency: usize,
        certificates: Option<&[u8]>,
        allow_http: bool,
    ) -> Result<Http, Fault> {
        // The second of two that install it is told so; both mean the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .user_agent(concat!("cloakrun/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(timeout.min(Duration::from_secs(10)))
            .timeout(timeout);
        if let Some(pem) = certificates {
            let found = Certificate::from_pem_bundle(pem).ok().filter(|found| !found.is_empty());
            let Some(found) = found else {
                return Err(Fault::new(
                    Whose::Input,
                    anyhow::anyhow!("the file that --keycloak-ca-file names holds no certificate in PEM"),
                ));
            };
            client = client.tls_certs_merge(found);
        }
        let client = client.build().map_err(|error| {
            Fault::new(Whose::Server, anyhow::Error::new(error).context("no HTTPS connections can be made"))
        })?;
        let places = Semaphore::new(concurrency.max(1));
        Ok(Http { client, places, allow_http, silences: Mutex::default() })
    }

    /// Asks for a document, with a token or without. Redirects are followed within the host; without a token to others as well, but
    /// never from https to http.
    ///
    /// # Errors
    /// When there is no answer, or none but "later" after several tries.
    pub(super) async fn get(&self, address: &str, token: Option<&SecretString>) -> Result<Answer, Trouble> {
        let mut url = Url::parse(address)
            .map_err(|error| Trouble::new(Kind::Refused, address).saying(format!("no URL: {error}")))?;
        for _ in 0..REDIRECTS {
            if token.is_some() {
                self.admit(&url)?;
            }
            let answer = self
                .patiently(address, true, || {
                    let request = self.client.get(url.clone()).header(ACCEPT, "application/json");
                    match token {
                        Some(token) => request.header(AUTHORIZATION, bearer(token)),
                        None => request,
                    }
                })
                .await?;
            let Some(location) = answer.location() else { return Ok(answer) };
            let Ok(next) = url.join(location) else { return Ok(answer) };
            let same_host = next.origin() == url.origin();
            let may_leave = token.is_none() && (next.scheme() == "https" || url.scheme() == "http");
            if !same_host && !may_leave {
                let to = without_user_info(&next);
                return Err(Trouble::new(Kind::Redirected { to }, address));
            }
            url = next;
        }
        Err(Trouble::new(Kind::Refused, address).saying("it sends the call around in circles"))
    }

    /// Sends a form. No redirect is followed, as the form holds secrets. It is sent again where nothing can have come of it.
    ///
    /// # Errors
    /// When there is no answer, or none but "later" after several tries.
    pub(super) async fn post(&self, address: &str, form: &[(&str, &str)]) -> Result<Answer, Trouble> {
        let url = Url::parse(address)
            .map_err(|error| Trouble::new(Kind::Refused, address).saying(format!("no URL: {error}")))?;
        self.admit(&url)?;
        let answer = self.patiently(address, false, || self.client.post(url.clone()).form(form)).await?;
        match answer.location().and_then(|location| url.join(location).ok()) {
            Some(next) => Err(Trouble::new(Kind::Redirected { to: without_user_info(&next) }, address)),
            None => Ok(answer),
        }
    }

    // Whether a token or a secret may go there.
    fn admit(&self, url: &Url) -> Result<(), Trouble> {
        if url.scheme() == "https" || self.allow_http || is_this_host(url) {
            return Ok(());
        }
        Err(Trouble::new(Kind::Insecure, url.as_str())
            .hint("Use the https address, or accept plain http with --allow-http."))
    }

    async fn patiently(
        &self,
        address: &str,
        repeatable: bool,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Answer, Trouble> {
        let host = host(address);
        if self.silences(&host) >= SILENCES {
            return Err(Trouble::new(Kind::Unreachable, address)
                .saying("the server gave no answer to the calls before either"));
        }
        let mut tried = 0;
        loop {
            tried += 1;
            let outcome = self.once(address, request()).await;
            let wait = match &outcome {
                Ok(answer) => later(answer),
                Err(failure) => again(failure, repeatable).then_some(None),
            };
            match wait {
                Some(asked) if tried < TRIES => {
                    tokio::time::sleep(asked.unwrap_or_else(|| backoff(tried)).min(LONGEST_WAIT)).await;
                }
                _ => {
                    return match outcome {
                        Ok(answer) => {
                            self.count_silences(host, |_| 0);
                            Ok(answer)
                        }
                        Err(failure) => {
                            if failure.trouble.is_silence() {
                                self.count_silences(host, |before| before + 1);
                            }
                            Err(failure.trouble)
                        }
                    };
                }
            }
        }
    }

    fn silences(&self, host: &str) -> u32 {
        self.silences.lock().map_or(0, |known| known.get(host).copied().unwrap_or(0))
    }

    fn count_silences(&self, host: String, change: impl Fn(u32) -> u32) {
        // Nothing panics while it holds the lock; a count that is lost would only cost time.
        if let Ok(mut known) = self.silences.lock() {
            let count = known.entry(host).or_default();
            *count = change(*count);
        }
    }

    async fn once(&self, address: &str, request: RequestBuilder) -> Result<Answer, Failure> {
        // Nobody closes the semaphore; without a permit the request would only not be counted.
        let _place = self.places.acquire().await;
        let failed = |error: reqwest::Error| Failure::of(address, &error);
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        let headers = response.headers().clone();
        let body = whole(response).await.map_err(failed)?;
        let Some(body) = body else {
            let trouble = Trouble::new(Kind::Garbled, address).saying("the answer has no end");
            return Err(Failure { trouble, connected: true });
        };
        Ok(Answer { status: status.as_u16(), body, headers })
    }
}

fn host(address: &str) -> String {
    Url::parse(address).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

struct Failure {
    trouble: Trouble,
    connected: bool,
}

impl Failure {
    fn of(address: &str, error: &reqwest::Error) -> Failure {
        let connected = !error.is_connect();
        // A URL in the error could carry what ours carries.
        let kind = if error.is_timeout() { Kind::TooSlow } else { Kind::Unreachable };
        let mut trouble = Trouble::new(kind, address).saying(causes(error));
        if trouble.told.as_deref().is_some_and(|told| told.contains("certificate")) {
            trouble = trouble
                .hint("If the server's certificate is of your own authority, name its file with --keycloak-ca-file.");
        }
        Failure { trouble, connected }
    }
}

// The innermost cause says most: "connection refused", "certificate has expired".
fn causes(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    if std::ptr::addr_eq(innermost, error) {
        let outermost = if error.is_timeout() { "the time is up" } else { "the connection broke" };
        return outermost.to_owned();
    }
    innermost.to_string()
}

async fn whole(mut response: Response) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > LARGEST {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

// Whether to ask again later, and when, where the server says it.
fn later(answer: &Answer) -> Option<Option<Duration>> {
    let status = StatusCode::from_u16(answer.status).ok()?;
    let passing = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ];
    passing.contains(&status).then(|| {
        let asked = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        asked.and_then(|text| retry_after(text, SystemTime::now()))
    })
}

/// What `Retry-After` asks for: seconds, or a moment.
fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp().as_second();
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Some(Duration::from_secs(u64::try_from(moment).unwrap_or_default().saturating_sub(now)))
}

// What reached the server is sent again only where sending it twice changes nothing. A server that is too slow gets no second chance:
// its person has waited long enough.
fn again(failure: &Failure, repeatable: bool) -> bool {
    failure.trouble.kind == Kind::Unreachable
        && (repeatable || !failure.connected)
        && !failure.trouble.told.as_deref().is_some_and(|told| told.contains("certificate"))
}

fn backoff(tried: u32) -> Duration {
    let full = FIRST_WAIT * 2u32.saturating_pow(tried - 1);
    // Between half and the whole, so that tasks that failed together do not come again together.
    let share = getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX));
    full.mul_f64(0.5 + share / 2.0)
}

fn bearer(token: &SecretString) -> HeaderValue {
    let text = format!("Bearer {}", token.expose_secret());
    // A token that is no header text is refused by the server as none would be.
    let mut value = HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
    value.set_sensitive(true);
    value
}

/// Whether the URL stays on this machine.
pub(super) fn is_this_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

fn without_user_info(url: &Url) -> String {
    let mut url = url.clone();
    // Fails for addresses that have no host, and those have no user either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    bare(url.as_str())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_server_says_when_to_come_again_in_seconds_or_as_a_moment() {
        let now = UNIX_EPOCH + Duration::from_secs(1_445_412_480);
        assert_eq!(retry_after("3", now), Some(Duration::from_secs(3)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:05 GMT", now), Some(Duration::from_secs(5)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:27:05 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }

    #[test]
    fn tokens_go_over_plain_http_to_this_machine_only() {
        let admits = |url: &str, allow: bool| {
            let http = Http::new(Duration::from_secs(1), 1, None, allow).unwrap();
            http.admit(&Url::parse(url).unwrap()).is_ok()
        };
        for url in
            ["http://localhost:8080/a", "http://127.0.0.3/", "http://[::1]:8080/", "https://sso.example.com/"]
        {
            assert!(admits(url, false), "{url}");
        }
        for url in ["http://sso.example.com/", "http://localhost.example.com/", "http://10.0.0.1/"] {
            assert!(!admits(url, false), "{url}");
            assert!(admits(url, true), "{url}");
        }
    }

    #[test]
    fn waits_grow_and_are_not_all_the_same() {
        let waits: Vec<Duration> = (0..20).map(|_| backoff(3)).collect();
        let full = FIRST_WAIT * 4;
        assert!(waits.iter().all(|wait| *wait >= full / 2 && *wait <= full), "{waits:?}");
        assert!(waits.iter().any(|wait| *wait != waits[0]));
    }

    #[test]
    fn an_authority_file_without_certificates_is_an_error_of_its_author() {
        let fault = Http::new(Duration::from_secs(1), 1, Some(b"nothing"), false).err().unwrap();
        assert_eq!(fault.exit(), crate::fault::Exit::Usage);
    }
}
