//! A request, taken apart: in all the ways in which clients send it.

use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::discovery;
use super::error::ApiError;
use super::store::REGIONS;

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The parts of the path, decoded, without the custom verb.
    pub(crate) segments: Vec<String>,
    /// `access` of `…:access`.
    pub(crate) custom: Option<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) region: Option<String>,
    pub(crate) bearer: Option<String>,
    pub(crate) form: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    unreadable: bool,
    headers: HeaderMap,
    pub(crate) api: Option<&'static str>,
    pub(crate) request_schema: Option<String>,
}

impl Request {
    pub(crate) fn read(head: &http::request::Parts, body: &[u8]) -> Request {
        let path = head.uri.path().to_owned();
        let (plain, custom) = match path.rsplit_once('/').and_then(|(_, last)| last.rsplit_once(':')) {
            Some((_, custom)) if custom.chars().all(|c| c.is_ascii_alphabetic()) && !custom.is_empty() => {
                (&path[..path.len() - custom.len() - 1], Some(custom.to_owned()))
            }
            _ => (path.as_str(), None),
        };
        let segments: Vec<String> = plain.trim_start_matches('/').split('/').map(decode).collect();
        let header =
            |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let overridden = header("x-http-method-override").filter(|_| head.method == Method::POST);
        // A proxy's request names the host in its line; that one counts.
        let host = head
            .uri
            .authority()
            .map(|authority| authority.as_str().to_owned())
            .or_else(|| header("host"))
            .unwrap_or_default();
        let of_host = REGIONS
            .iter()
            .map(|(region, _)| *region)
            .filter(|region| host.strip_prefix(region).is_some_and(|rest| rest.starts_with('-')));
        let of_path = segments
            .iter()
            .position(|segment| segment == "locations")
            .and_then(|at| segments.get(at + 1))
            .filter(|region| *region != "-");
        let region =
            of_path.cloned().or_else(|| of_host.max_by_key(|region| region.len()).map(str::to_owned));
        let is_form = header("content-type")
            .is_some_and(|of| of.starts_with("application/x-www-form-urlencoded"))
            && !body.starts_with(b"{");
        let text = std::str::from_utf8(body).unwrap_or_default();
        let parsed = (!body.is_empty() && !is_form).then(|| serde_json::from_slice(body));
        Request {
            method: overridden.unwrap_or_else(|| head.method.to_string()),
            custom,
            segments,
            query: pairs(head.uri.query().unwrap_or_default()),
            region,
            bearer: header("authorization")
                .and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned)),
            form: if is_form { pairs(text) } else { Vec::new() },
            unreadable: matches!(parsed, Some(Err(_))),
            body: parsed.and_then(Result::ok),
            headers: head.headers.clone(),
            api: None,
            request_schema: None,
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
            Some(_) => Err(ApiError::invalid(
                "Invalid JSON payload received. Unknown name \"\": Root element must be a message.",
            )),
        }
    }

    /// The API a call is for, by the name under which projects enable it.
    pub(crate) fn service(&self) -> &'static str {
        match self.api {
            Some("secretmanager.v1") => "secretmanager.googleapis.com",
            Some("cloudresourcemanager.v1" | "cloudresourcemanager.v3") => {
                "cloudresourcemanager.googleapis.com"
            }
            Some("iamcredentials.v1") => "iamcredentials.googleapis.com",
            _ => "run.googleapis.com",
        }
    }

    /// A path that the API has and the stand-in has not.
    pub(crate) fn unknown(&self) -> ApiError {
        ApiError {
            status: "UNIMPLEMENTED",
            ..ApiError::new(501, format!("The stand-in does not have {} {}.", self.method, self.path))
        }
    }

    /// The project of the path.
    pub(crate) fn project(&self) -> Option<&str> {
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
    parts
        .map(|part| {
            part.split_once('=')
                .map_or_else(|| (plain(part), String::new()), |(name, value)| (plain(name), plain(value)))
        })
        .collect()
}
