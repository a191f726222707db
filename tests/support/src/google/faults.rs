//! What can be made to go wrong, and which calls it meets.

use std::time::Duration;

use serde_json::Value;

/// Which calls a fault meets; an empty one meets all.
#[derive(Debug, Clone, Default)]
pub struct Matching {
    method: Option<String>,
    path: Option<String>,
    region: Option<String>,
}

impl Matching {
    /// Every call.
    pub fn all() -> Matching {
        Matching::default()
    }

    /// The calls whose path fits a pattern, in which `*` stands for anything: `/v2/*/services`. The query is no part of it.
    pub fn path(pattern: impl Into<String>) -> Matching {
        Matching { path: Some(pattern.into()), ..Matching::default() }
    }

    /// The calls to one region.
    pub fn region(region: impl Into<String>) -> Matching {
        Matching { region: Some(region.into()), ..Matching::default() }
    }

    /// Of these calls only those to one region.
    #[must_use]
    pub fn in_region(self, region: impl Into<String>) -> Matching {
        Matching { region: Some(region.into()), ..self }
    }

    /// Of these calls only those by one verb (`PATCH`).
    #[must_use]
    pub fn by(self, method: impl Into<String>) -> Matching {
        Matching { method: Some(method.into()), ..self }
    }

    /// Whether a call is met.
    pub fn meets(&self, method: &str, path: &str, region: Option<&str>) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted == method)
            && self.region.as_deref().is_none_or(|wanted| Some(wanted) == region)
            && self.path.as_deref().is_none_or(|pattern| fits(pattern, path))
    }
}

/// Whether a text fits a pattern in which `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => {
            let Some(text) = text.strip_prefix(start) else { return false };
            rest.is_empty() || text.char_indices().any(|(at, _)| fits(rest, &text[at..])) || fits(rest, "")
        }
    }
}

/// Something that goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// An error in Google's shape: the HTTP status and the message. The status name is the usual one of the code.
    Error(u16, String),
    /// 429 in Google's shape with ErrorInfo, and a hint when to come again.
    RateLimited(Hint),
    /// 502 with the HTML page of a front end.
    BadGateway,
    /// Any answer: status, content type, body.
    Answer(u16, String, String),
    /// 200 whose JSON is cut in the middle, with a matching `Content-Length`.
    Garbage,
    /// The right answer's head and half its body, then the connection is closed.
    Cut,
    /// The connection is closed without an answer.
    Closed,
    /// The right answer, late.
    Slow(Duration),
    /// No answer, until the client gives up.
    Silent,
    /// A list whose next page is itself.
    SamePage,
    /// The right answer with one place replaced (a JSON pointer: `/services/0/generation`); for judging judges.
    Planted(String, Value),
}

/// How a 429 says when to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// Not at all.
    None,
    /// By the header `Retry-After`, in seconds.
    RetryAfter(u32),
    /// By a `RetryInfo` in the error's details.
    RetryInfo(Duration),
}

/// How often a fault that never ends happens.
pub const ALWAYS: usize = usize::MAX;

/// How many calls a region of a project takes.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    /// How many calls in any stretch of time.
    pub calls: usize,
    /// The stretch: a minute at Google, less in a test.
    pub per: Duration,
    /// What an answer 429 says.
    pub hint: Hint,
}

/// A fault that waits for its calls.
#[derive(Debug)]
pub(crate) struct Planted {
    pub(crate) matching: Matching,
    pub(crate) fault: Fault,
    pub(crate) times: usize,
}

#[cfg(test)]
mod tests {
    use super::Matching;

    #[test]
    fn a_pattern_meets_what_it_says() {
        let list = "/v2/projects/demo/locations/europe-west1/services";
        let west = Some("europe-west1");
        assert!(Matching::all().meets("GET", list, None));
        assert!(Matching::path("/v2/*/services").meets("GET", list, west));
        assert!(Matching::path("*/services*").meets("GET", list, west));
        assert!(!Matching::path("/v2/*/services").meets("GET", &format!("{list}/web"), west));
        assert!(!Matching::path("/v2/*/services").in_region("us-east1").meets("GET", list, west));
        assert!(!Matching::region("europe-west1").meets("GET", "/v1/projects/demo", None));
        assert!(!Matching::path("/v2/*/services").by("PATCH").meets("GET", list, west));
    }
}
