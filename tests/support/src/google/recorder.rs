//! What was asked and what was answered, for assertions, benchmarks and judges.

use std::fmt;
use std::time::Instant;

use serde_json::Value;

/// A call as it arrived.
#[derive(Clone)]
pub struct Call {
    /// The verb, `X-HTTP-Method-Override` applied.
    pub method: String,
    /// The path as sent, without the query.
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The region, of the path or of the host; none where the call has none.
    pub region: Option<String>,
    /// The HTTP status of the answer; 0 where there was none (closed, silent, still waiting).
    pub status: u16,
    /// When it arrived.
    pub at: Instant,
    /// How many calls were being answered when it arrived, itself among them.
    pub in_flight: usize,
    /// The same for the calls of its region.
    pub in_flight_in_region: usize,
    /// The bearer token; not shown by `Debug`.
    pub bearer: Option<String>,
    /// `x-goog-user-project`.
    pub quota_project: Option<String>,
    /// `user-agent`.
    pub user_agent: Option<String>,
    /// The body, where it is JSON; not shown by `Debug`.
    pub body: Option<Value>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}", self.method, self.path, self.status)
    }
}

/// A call and its whole answer.
#[derive(Clone)]
pub struct Answered {
    /// The verb.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The HTTP status.
    pub status: u16,
    /// The body; secrets are in it.
    pub body: Value,
    /// Whether a planted fault changed it.
    pub spoilt: bool,
}

impl fmt::Debug for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}", self.method, self.path, self.status)
    }
}
