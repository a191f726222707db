//! Where Google's servers are, and where else gcloud is told to look for them.

use std::fmt;

use url::{Host, Url};

use super::{Source, Sourced};
use crate::fault::Fault;

/// The address of an API: a URL without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    /// The address, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The addresses of the APIs that are asked, each with what gave it.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// Cloud Run.
    pub run: Sourced<Endpoint>,
    /// Secret Manager.
    pub secret_manager: Sourced<Endpoint>,
    /// Resource Manager: projects and their IAM policies.
    pub resource_manager: Sourced<Endpoint>,
    /// IAM Credentials, which gives the tokens of impersonated accounts.
    pub iam_credentials: Sourced<Endpoint>,
}

impl Endpoints {
    /// Those that `overridden` names by gcloud's name of the API, and Google's own for the rest.
    pub(super) fn resolve(
        allow_http: bool,
        overridden: impl Fn(&str) -> Option<Sourced<String>>,
    ) -> Result<Endpoints, Fault> {
        let endpoint = |api: &str| match overridden(api) {
            Some(found) => {
                let value = endpoint(&found.value, allow_http).map_err(|why| {
                    Fault::usage(format!("{:?} is no endpoint: {why}", found.value))
                        .hint(format!("{} names it.", found.source))
                })?;
                Ok(Sourced { value, source: found.source })
            }
            None => Ok(Sourced {
                value: Endpoint(format!("https://{api}.googleapis.com")),
                source: Source::Default,
            }),
        };
        Ok(Endpoints {
            run: endpoint("run")?,
            secret_manager: endpoint("secretmanager")?,
            resource_manager: endpoint("cloudresourcemanager")?,
            iam_credentials: endpoint("iamcredentials")?,
        })
    }
}

fn endpoint(text: &str, allow_http: bool) -> Result<Endpoint, &'static str> {
    let url = Url::parse(text.trim()).map_err(|_| "it is no URL")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL with a password would end up in messages");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("paths are added at its end, so it takes neither a query nor a fragment");
    }
    match url.scheme() {
        "https" => {}
        "http" if allow_http || is_loopback(&url) => {}
        "http" => return Err("it would send the token unencrypted; `--allow-http` permits that"),
        _ => return Err("it speaks neither https nor http"),
    }
    if url.host().is_none() {
        return Err("it names no host");
    }
    Ok(Endpoint(url.as_str().trim_end_matches('/').to_owned()))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str, allow_http: bool) -> Result<String, &'static str> {
        endpoint(text, allow_http).map(|endpoint| endpoint.0)
    }

    #[test]
    fn an_endpoint_may_have_a_path_and_a_slash() {
        assert_eq!(
            base("https://run.europe-west1.rep.googleapis.com/", false).as_deref(),
            Ok("https://run.europe-west1.rep.googleapis.com")
        );
        assert_eq!(base("http://127.0.0.1:9/base/", false).as_deref(), Ok("http://127.0.0.1:9/base"));
        assert_eq!(base("http://[::1]:9", false).as_deref(), Ok("http://[::1]:9"));
        assert_eq!(base("http://localhost:9", false).as_deref(), Ok("http://localhost:9"));
    }

    #[test]
    fn plain_http_goes_to_this_machine_only() {
        for text in ["http://run.example.com/", "http://10.0.0.1/", "http://localhost.evil.tld/"] {
            assert!(base(text, false).is_err_and(|why| why.contains("--allow-http")), "{text}");
            assert!(base(text, true).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_endpoint() {
        for text in
            ["127.0.0.1:9", "run", "ftp://run", "https://me:pw@run/", "https://run/?a=b", "https://run/#a"]
        {
            assert!(base(text, true).is_err(), "{text}");
        }
    }
}
