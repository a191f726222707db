//! What goes wrong with a call, whose fault that is, and what may help.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::fault::{Fault, Whose};

/// Why a call gave no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// No connection, or one that broke.
    Unreachable,
    /// No answer within the time.
    TooSlow,
    /// An answer 200 that is not what Keycloak answers there: not JSON, or cut short.
    Garbled,
    /// 401 from the admin API, also with a new token.
    NotAccepted,
    /// 403: the account lacks a right.
    Forbidden,
    /// 404.
    NotFound,
    /// 429 or 503, also after waiting.
    Busy,
    /// Another answer above 499.
    ServerError,
    /// Another answer above 399.
    Refused,
    /// The server sent the call to another place, where no token is carried.
    Redirected {
        /// Where it was sent, without query.
        to: String,
    },
    /// The token endpoint refused the credentials.
    LoginRefused,
    /// Plain http to another host than this one.
    Insecure,
}

/// A call that failed. No part of it holds a token or a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Why.
    pub kind: Kind,
    /// The address that was asked, without query.
    pub address: String,
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    /// What the server said, or the library under us: a short text.
    pub told: Option<String>,
    /// What may help: sentences.
    pub hints: Vec<String>,
}

impl Trouble {
    /// A failure of a call to `address`.
    pub fn new(kind: Kind, address: &str) -> Self {
        Trouble { kind, address: bare(address), status: None, told: None, hints: Vec::new() }
    }

    /// From an answer that is none of the expected.
    pub fn of_answer(address: &str, status: u16, body: &[u8]) -> Self {
        let kind = match status {
            200..=299 => Kind::Garbled,
            401 => Kind::NotAccepted,
            403 => Kind::Forbidden,
            404 => Kind::NotFound,
            429 | 503 => Kind::Busy,
            500.. => Kind::ServerError,
            _ => Kind::Refused,
        };
        let told = told(body);
        Trouble { status: Some(status), told, ..Trouble::new(kind, address) }
    }

    /// Adds what the server or a library said.
    #[must_use]
    pub fn saying(mut self, told: impl Into<String>) -> Self {
        self.told = Some(tidy(&told.into()));
        self
    }

    /// Adds what may help.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Whether it is a matter of rights, so that a role would mend it.
    pub fn is_forbidden(&self) -> bool {
        self.kind == Kind::Forbidden
    }

    /// Whether nothing came from the server at all.
    pub fn is_silence(&self) -> bool {
        matches!(self.kind, Kind::Unreachable | Kind::TooSlow)
    }

    /// What the server said, for the end of a sentence.
    fn words(&self) -> String {
        let short = |told: &str| format!(": {}", short(told).trim_end_matches('.'));
        self.told.as_deref().map(short).unwrap_or_default()
    }

    /// The failure as an error that ends the run: wrong credentials and addresses are the person's to mend (exit 2), a server that
    /// fails leaves the run incomplete (exit 3).
    pub fn into_fault(self) -> Fault {
        let whose = match self.kind {
            Kind::LoginRefused | Kind::Insecure | Kind::Redirected { .. } | Kind::NotAccepted => {
                Whose::CommandLine
            }
            _ => Whose::Server,
        };
        let mut fault = Fault::new(whose, anyhow::anyhow!("{}", self.to_string().trim_end_matches('.')));
        fault.hints = self.hints;
        fault
    }
}

/// One sentence: which address, what it answered, what it said.
impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, words) = (&self.address, self.words());
        let status = self.status.map(|status| status.to_string()).unwrap_or_default();
        match &self.kind {
            Kind::Unreachable => write!(f, "{address} cannot be reached{words}."),
            Kind::TooSlow => write!(f, "{address} did not answer in time{words}."),
            Kind::Garbled => {
                write!(f, "{address} answered {status} with what is no answer of Keycloak{words}.")
            }
            Kind::NotAccepted => write!(f, "{address} does not accept the token (401){words}."),
            Kind::Forbidden => write!(f, "{address} is forbidden to this account (403){words}."),
            Kind::NotFound => write!(f, "{address} is not there (404){words}."),
            Kind::Busy => write!(f, "{address} is still busy after several tries ({status}){words}."),
            Kind::ServerError => write!(f, "{address} failed ({status}){words}."),
            Kind::Refused => write!(f, "{address} refused the call ({status}){words}."),
            Kind::Redirected { to } => {
                write!(f, "{address} sends the call on to {to}, and the token is not carried there.")
            }
            Kind::LoginRefused => write!(f, "{address} refused the login ({status}){words}."),
            Kind::Insecure => {
                write!(
                    f,
                    "{address} is plain http on another host, so that everybody on the way reads the token."
                )
            }
        }
    }
}

impl std::error::Error for Trouble {}

/// Keycloak's own words in an answer, whose two shapes are `errorMessage` and `error` with `error_description`.
pub(super) fn told(body: &[u8]) -> Option<String> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let value: Value = serde_json::from_slice(body).ok()?;
    // Servers up to 24 say this with nearly every error.
    let description =
        text(&value, "error_description").filter(|text| !text.starts_with("For more on this error"));
    let said = text(&value, "errorMessage").or(match (text(&value, "error"), description) {
        (Some(error), Some(description)) => Some(format!("{error}: {description}")),
        (error, description) => description.or(error),
    })?;
    Some(tidy(&said)).filter(|said| !said.is_empty())
}

/// The code in an answer of the token endpoint: `invalid_client` …
pub(super) fn code(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    value.get("error").and_then(Value::as_str).map(tidy)
}

// One line without what steers terminals and without tokens. It is shortened when it is shown, not here: half a secret would no longer
// be found by who looks for it.
fn tidy(text: &str) -> String {
    let words: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    words.split_whitespace().map(without_token).collect::<Vec<_>>().join(" ")
}

// What begins as JWTs do is taken for one, wherever it stands in a word.
fn without_token(word: &str) -> Cow<'_, str> {
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let Some(start) = word.find("eyJ") else { return Cow::Borrowed(word) };
    let rest = word[start..].trim_start_matches(is_of_token);
    Cow::Owned(format!("{}…{}", &word[..start], without_token(rest)))
}

// Of no great length.
fn short(text: &str) -> String {
    const LONGEST: usize = 300;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The address without query and fragment.
pub(super) fn bare(address: &str) -> String {
    address.split(['?', '#']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Exit;

    #[test]
    fn both_shapes_of_errors_are_read() {
        for (body, said) in [
            (r#"{"errorMessage":"Client app already exists"}"#, Some("Client app already exists")),
            (r#"{"error":"HTTP 403 Forbidden"}"#, Some("HTTP 403 Forbidden")),
            (
                r#"{"error":"invalid_client","error_description":"Invalid client"}"#,
                Some("invalid_client: Invalid client"),
            ),
            (
                r#"{"error":"unknown_error","error_description":"For more on this error consult the server log at the debug level."}"#,
                Some("unknown_error"),
            ),
            ("<html>502 Bad Gateway</html>", None),
            ("", None),
            (r#"{"error":"a\u001b[31m\nb"}"#, Some("a [31m b")),
            (r#"{"error":"bad token=eyJhbGciOi.eyJpc3M.c2ln, sorry"}"#, Some("bad token=…, sorry")),
        ] {
            assert_eq!(told(body.as_bytes()).as_deref(), said, "{body}");
        }
    }

    #[test]
    fn whose_fault_it_is_decides_how_the_run_ends() {
        let answered = |status| Trouble::of_answer("https://sso.example.com/admin/realms?max=1", status, b"");
        assert_eq!(answered(502).into_fault().exit(), Exit::Incomplete);
        assert_eq!(Trouble::new(Kind::LoginRefused, "https://a").into_fault().exit(), Exit::Usage);
        assert_eq!(Trouble::new(Kind::Unreachable, "https://a").into_fault().exit(), Exit::Incomplete);
        assert_eq!(
            answered(200).to_string(),
            "https://sso.example.com/admin/realms answered 200 with what is no answer of Keycloak."
        );
    }
}
