//! Requests that tests send without a runtime of their own.
//!
//! They run on one runtime in the background, so that a plain test, a test with a runtime and a `Drop` can all use them.

use std::sync::OnceLock;
use std::sync::mpsc;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, redirect};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

/// The longest that a test waits for one answer. Importing many clients takes longest.
const LIMIT: Duration = Duration::from_secs(120);

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header fields, names in lower case, values as text.
    pub headers: Vec<(String, String)>,
    /// The body, what is not UTF-8 replaced.
    pub body: String,
}

impl Answer {
    /// The value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// The same answer, if its status says that all went well.
    ///
    /// # Panics
    /// With what was done and what was answered, if not.
    #[track_caller]
    pub fn expect_success(self, what: &str) -> Self {
        assert!((200..300).contains(&self.status), "{what}: {} {}", self.status, self.body);
        self
    }
}

/// A client for servers on this machine: no proxies, no redirects followed.
pub(crate) fn local() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        provide_cryptography();
        Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(LIMIT)
            .build()
            .expect("a client without settings of its own can be built")
    })
}

/// Sends a request and waits for the whole answer.
///
/// # Errors
/// With the transport's words when there is no answer.
pub(crate) fn send(request: RequestBuilder) -> Result<Answer, String> {
    in_background(async move {
        let response = request.send().await?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body = String::from_utf8_lossy(&response.bytes().await?).into_owned();
        Ok(Answer { status, headers, body })
    })
    .map_err(|error: reqwest::Error| format!("{error:?}"))
}

/// Downloads a file whole, through the proxies of the environment.
///
/// # Errors
/// With the transport's words, or the status when it is not 200.
pub(crate) fn download(url: &str) -> Result<Vec<u8>, String> {
    provide_cryptography();
    let url = url.to_owned();
    in_background(async move {
        let bytes = Client::builder().build()?.get(url).send().await?.error_for_status()?.bytes().await?;
        Ok(bytes.to_vec())
    })
    .map_err(|error: reqwest::Error| format!("{error:?}"))
}

fn in_background<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    runtime().spawn(async move {
        // Nobody waits any more when the test's thread has panicked.
        let _ = sender.send(work.await);
    });
    receiver.recv().expect("the work in the background does not panic")
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime can be started")
    })
}

// Fails when another part of the test was first, which is as good.
fn provide_cryptography() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
