//! Why a call to Google failed, in words of our own.
//!
//! Nothing of what a server wrote is shown but what has a shape that we know: the name of a permission, the name of a quota, a status.
//! So no page of HTML and no token that a proxy echoes can get into a message.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use google_cloud_gax::error::Error as SdkError;
use google_cloud_gax::error::rpc::StatusDetails;
use regex::Regex;
use serde_json::Value;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind.
    pub kind: Kind,
    /// The permission that lacks, where the server named it: `run.services.list`.
    pub permission: Option<String>,
    /// How long the server asks to wait before the next attempt.
    pub wait: Option<Duration>,
    /// The quota that is used up, and how many calls a minute it grants where that was told.
    pub quota: Option<(String, Option<u32>)>,
    /// How often it was tried.
    pub attempts: u32,
}

/// The kinds of failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// 401, or no token could be had.
    Unauthenticated,
    /// 403: the right lacks, or the object does not exist; Google does not tell the two apart.
    Denied,
    /// 403: the API is not enabled in the project.
    ApiDisabled,
    /// 404.
    NotFound,
    /// 429: a quota is used up.
    Throttled,
    /// Another status of an error.
    Status(u16),
    /// No connection came about, or it broke.
    Unreachable,
    /// Nothing came in time.
    TimedOut,
    /// What came is not what the API answers.
    Garbage,
}

impl Failure {
    /// A failure of which no more is known than its kind.
    pub fn of(kind: Kind) -> Self {
        Failure { kind, permission: None, wait: None, quota: None, attempts: 1 }
    }

    /// Whether another attempt may succeed.
    pub fn is_passing(&self) -> bool {
        match self.kind {
            Kind::Throttled | Kind::Unreachable | Kind::TimedOut => true,
            Kind::Status(status) => matches!(status, 500 | 502 | 503 | 504),
            _ => false,
        }
    }

    /// From an HTTP status that is an error, the server's answer and what its `Retry-After` says.
    pub fn of_answer(status: u16, body: &[u8], retry_after: Option<&str>) -> Self {
        let mut failure = match serde_json::from_slice::<Value>(body) {
            Ok(answer) => {
                let error = answer.get("error").unwrap_or(&Value::Null);
                let mut failure = Failure::of(kind_of(status, ""));
                failure.learn_message(error.get("message").and_then(Value::as_str).unwrap_or_default());
                for detail in error.get("details").and_then(Value::as_array).into_iter().flatten() {
                    failure.learn_detail(status, detail);
                }
                failure
            }
            Err(_) => Failure::of(kind_of(status, "")),
        };
        let seconds = retry_after.and_then(|text| text.trim().parse().ok());
        failure.wait = failure.wait.max(seconds.map(Duration::from_secs));
        failure
    }

    /// From an error of the SDK.
    pub fn of_sdk(error: &SdkError) -> Self {
        if error.is_authentication() {
            return Failure::of(Kind::Unauthenticated);
        }
        if error.is_timeout() {
            return Failure::of(Kind::TimedOut);
        }
        if error.is_deserialization() {
            return Failure::of(Kind::Garbage);
        }
        let Some(status) = error.http_status_code() else { return Failure::of(Kind::Unreachable) };
        let header = error.http_headers().and_then(|headers| headers.get("retry-after"));
        let retry_after = header.and_then(|value| value.to_str().ok());
        let mut failure = Failure::of_answer(status, &[], retry_after);
        if let Some(answer) = error.status() {
            failure.learn_message(&answer.message);
            for detail in &answer.details {
                match detail {
                    StatusDetails::ErrorInfo(info) => {
                        failure.learn_reason(status, &info.reason, |key| {
                            info.metadata.get(key).map(String::as_str)
                        });
                    }
                    StatusDetails::RetryInfo(info) => {
                        let delay = info.retry_delay.and_then(|delay| Duration::try_from(delay).ok());
                        failure.wait = failure.wait.max(delay);
                    }
                    _ => {}
                }
            }
        }
        failure
    }

    /// From an error of the HTTP client.
    pub fn of_http(error: &reqwest::Error) -> Self {
        let kind = if error.is_timeout() {
            Kind::TimedOut
        } else if error.is_decode() {
            Kind::Garbage
        } else {
            Kind::Unreachable
        };
        Failure::of(kind)
    }

    fn learn_message(&mut self, message: &str) {
        static PERMISSION: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"['`]([a-z]{2,40}\.[a-zA-Z]{2,40}\.[a-zA-Z]{2,40})['`]")
                .expect("the expression is constant and right")
        });
        if self.kind == Kind::Denied
            && let Some(found) = PERMISSION.captures(message)
        {
            self.permission = Some(found[1].to_owned());
        }
    }

    fn learn_detail(&mut self, status: u16, detail: &Value) {
        let text = |key: &str| detail.get(key).and_then(Value::as_str);
        match text("@type").and_then(|name| name.rsplit('.').next()) {
            Some("ErrorInfo") => {
                let metadata =
                    |key: &str| detail.get("metadata").and_then(|data| data.get(key)).and_then(Value::as_str);
                self.learn_reason(status, text("reason").unwrap_or_default(), metadata);
            }
            Some("RetryInfo") => {
                let seconds = text("retryDelay").and_then(|delay| delay.strip_suffix('s')?.parse().ok());
                let wait = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                self.wait = self.wait.max(wait);
            }
            _ => {}
        }
    }

    fn learn_reason<'d>(&mut self, status: u16, reason: &str, metadata: impl Fn(&str) -> Option<&'d str>) {
        self.kind = kind_of(status, reason);
        if let Some(permission) = metadata("permission").filter(|name| is_word(name)) {
            self.permission = Some(permission.to_owned());
        }
        if self.kind == Kind::Throttled
            && let Some(name) = metadata("quota_limit").filter(|name| is_word(name))
        {
            let granted = metadata("quota_limit_value").and_then(|value| value.parse().ok());
            self.quota = Some((name.to_owned(), granted));
        }
    }
}

fn kind_of(status: u16, reason: &str) -> Kind {
    match (status, reason) {
        (403, "SERVICE_DISABLED") => Kind::ApiDisabled,
        // Quota of the consumer, which older APIs answer with 403.
        (403, "RATE_LIMIT_EXCEEDED") | (429, _) => Kind::Throttled,
        (401, _) => Kind::Unauthenticated,
        (403, _) => Kind::Denied,
        (404, _) => Kind::NotFound,
        _ => Kind::Status(status),
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 80
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte))
}

/// What went wrong, to follow "because": `it was refused (403)`.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Unauthenticated => f.write_str("Google does not accept the credentials (401)")?,
            Kind::Denied => f.write_str("it was refused (403)")?,
            Kind::ApiDisabled => f.write_str("the API is not enabled in the project (403)")?,
            Kind::NotFound => f.write_str("it was not found (404)")?,
            Kind::Throttled => f.write_str("a quota is used up (429)")?,
            Kind::Status(status) => write!(f, "the server answered with the error {status}")?,
            Kind::Unreachable => f.write_str("the server could not be reached, or the connection broke")?,
            Kind::TimedOut => f.write_str("the server did not answer in time")?,
            Kind::Garbage => f.write_str("the answer is not what the API answers")?,
        }
        if let Some((name, granted)) = &self.quota {
            write!(f, ": {name}")?;
            if let Some(granted) = granted {
                write!(f, ", {granted} a minute")?;
            }
        }
        if self.attempts > 1 {
            write!(f, ", {} times in a row", self.attempts)?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_html_is_a_status_and_no_more() {
        let failure = Failure::of_answer(502, b"<html>Bearer ya29.secret</html>", None);
        assert_eq!(failure.kind, Kind::Status(502));
        assert!(failure.is_passing());
        assert_eq!(failure.to_string(), "the server answered with the error 502");
    }

    #[test]
    fn a_refusal_names_the_permission() {
        let body = br#"{"error": {"code": 403, "message": "Permission 'run.services.list' denied on resource 'projects/x' (or resource may not exist).", "status": "PERMISSION_DENIED"}}"#;
        let failure = Failure::of_answer(403, body, None);
        assert_eq!((failure.kind, failure.permission.as_deref()), (Kind::Denied, Some("run.services.list")));
        let body = br#"{"error": {"code": 403, "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "IAM_PERMISSION_DENIED", "metadata": {"permission": "secretmanager.versions.list"}}]}}"#;
        let failure = Failure::of_answer(403, body, None);
        assert_eq!(failure.permission.as_deref(), Some("secretmanager.versions.list"));
        let body = br#"{"error": {"details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}]}}"#;
        assert_eq!(Failure::of_answer(403, body, None).kind, Kind::ApiDisabled);
    }

    #[test]
    fn a_used_up_quota_tells_how_long_to_wait() {
        let body = br#"{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.5s"},
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED",
             "metadata": {"quota_limit": "ReadPerMinutePerProjectRegion", "quota_limit_value": "600"}}]}}"#;
        let failure = Failure::of_answer(429, body, Some("1"));
        assert_eq!(failure.wait, Some(Duration::from_millis(1500)));
        assert_eq!(
            failure.to_string(),
            "a quota is used up (429): ReadPerMinutePerProjectRegion, 600 a minute"
        );
        assert_eq!(Failure::of_answer(429, b"", Some("7")).wait, Some(Duration::from_secs(7)));
        assert_eq!(Failure::of_answer(429, b"", Some("Wed, 21 Oct 2026 07:28:00 GMT")).wait, None);
    }

    #[test]
    fn what_a_server_writes_where_words_belong_is_left_out() {
        let body = br#"{"error": {"code": 429, "details": [{"@type": "x.ErrorInfo", "reason": "R", "metadata": {"quota_limit": "Bearer ya29 <script>"}}]}}"#;
        assert_eq!(Failure::of_answer(429, body, None).quota, None);
    }
}
