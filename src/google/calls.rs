//! One call to one of Google's APIs: with our headers, in its lane, its answer as JSON or the reason why not.

use std::future::Future;
use std::time::Duration;

use google_cloud_gax::error::Error as SdkError;
use reqwest::{Method, Url};
use serde_json::Value;

use super::credentials::Credentials;
use super::failure::{Failure, Kind};
use super::progress::Progress;
use super::rates::{Limits, Rates};

/// More than any answer of a page of a list has, and little enough to hold.
const LONGEST_ANSWER: usize = 64 << 20;

/// All that calls have in common.
pub(crate) struct Calls<'p> {
    http: reqwest::Client,
    credentials: Credentials,
    rates: Rates<'p>,
}

impl<'p> Calls<'p> {
    pub(crate) fn new(
        credentials: Credentials,
        limits: Limits,
        progress: &'p dyn Progress,
    ) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("cloakrun/", env!("CARGO_PKG_VERSION")))
            // A redirect would carry the token to wherever it points.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10).min(limits.attempt_time))
            .build()
            .map_err(|error| Failure::of_http(&error))?;
        Ok(Calls { http, credentials, rates: Rates::new(limits, progress) })
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// `GET` of what `base` has at `path`, with a query.
    pub(crate) async fn get(
        &self,
        lane: &str,
        base: &str,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Value, Failure> {
        self.json(lane, Method::GET, &format!("{base}{path}"), query, None).await
    }

    /// `POST` of a body to what `base` has at `path`.
    pub(crate) async fn post(
        &self,
        lane: &str,
        base: &str,
        path: &str,
        body: &Value,
    ) -> Result<Value, Failure> {
        self.json(lane, Method::POST, &format!("{base}{path}"), &[], Some(body)).await
    }

    /// A call of the SDK.
    pub(crate) async fn sdk<T, F>(&self, lane: &str, send: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, SdkError>>,
    {
        self.rates
            .call(lane, || {
                let sent = send();
                async { sent.await.map_err(|error| Failure::of_sdk(&error)) }
            })
            .await
    }

    async fn json(
        &self,
        lane: &str,
        method: Method,
        url: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        // Names are checked and endpoints are URLs.
        let mut url = Url::parse(url).map_err(|_| Failure::of(Kind::Garbage))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.rates.call(lane, || self.attempt(method.clone(), url.clone(), body)).await
    }

    async fn attempt(&self, method: Method, url: Url, body: Option<&Value>) -> Result<Value, Failure> {
        let mut request = self.http.request(method, url).headers(self.credentials.headers().await?);
        if let Some(body) = body {
            request = request.json(body);
        }
        let mut answer = request.send().await.map_err(|error| Failure::of_http(&error))?;
        let status = answer.status();
        let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after = retry_after.map(str::to_owned);
        let mut text = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|error| Failure::of_http(&error))? {
            if text.len() + piece.len() > LONGEST_ANSWER {
                return Err(Failure::of(Kind::Garbage));
            }
            text.extend_from_slice(&piece);
        }
        if !status.is_success() {
            return Err(Failure::of_answer(status.as_u16(), &text, retry_after.as_deref()));
        }
        match serde_json::from_slice(&text) {
            Ok(answer @ Value::Object(_)) => Ok(answer),
            _ => Err(Failure::of(Kind::Garbage)),
        }
    }
}
