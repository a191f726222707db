//! The issuer of a realm for one request, as servers of each version compute it.
//!
//! From 25 on Keycloak's `HostnameV2Provider` decides, before that the first hostname provider. Checked against a real 26.7.3
//! (`tests/data/keycloak/issuer_cases.json`).

#[cfg(test)]
mod tests;

use crate::keycloak::base_uri::{
    Broken, ProxyHeaders, RequestHeaders, UriBuilder, encode_segment, is_http_url, seen,
};
use crate::keycloak::java_uri::JavaUri;
use crate::keycloak::version::Version;

/// First version that honours `X-Forwarded-Prefix` (Keycloak 26.6 upgrading guide).
const PREFIX_HONOURED: Version = Version::new(26, 6, 0);
/// First version with the second hostname provider: `hostname` may be a URL, and the options of the first one are ignored.
pub(crate) const SECOND_HOSTNAME: Version = Version::new(25, 0, 0);
/// First version with `proxy-headers`.
pub(crate) const PROXY_HEADERS_OPTION: Version = Version::new(24, 0, 0);

/// The server options that an issuer depends on. An option set to an empty text counts as not set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IssuerOptions {
    /// `hostname`: a host, or from 25 on a full URL.
    pub hostname: Option<String>,
    /// `hostname-admin`.
    pub hostname_admin: Option<String>,
    /// `hostname-strict`.
    pub hostname_strict: Option<bool>,
    /// `hostname-backchannel-dynamic`.
    pub backchannel_dynamic: bool,
    /// `proxy-headers`.
    pub proxy_headers: ProxyHeaders,
    /// `http-relative-path`; empty for the root.
    pub relative_path: String,
    /// `proxy`, read before 25 only.
    pub proxy: Option<String>,
    /// `hostname-url`, read before 25 only.
    pub hostname_url: Option<String>,
    /// `hostname-path`, read before 25 only.
    pub hostname_path: Option<String>,
    /// `hostname-port`, read before 25 only.
    pub hostname_port: Option<u16>,
    /// `hostname-strict-https`, read before 25 only.
    pub hostname_strict_https: Option<bool>,
    /// Whether the server runs by `start-dev`.
    pub development: bool,
}

impl IssuerOptions {
    /// Reads the options among the words of a command line: `--name=value` or `--name value`. Others are passed over.
    pub fn from_words<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let mut options = IssuerOptions::default();
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.next() {
            if word == "start-dev" {
                options.development = true;
            }
            let Some(option) = word.strip_prefix("--") else { continue };
            match option.split_once('=') {
                Some((name, value)) => options.set(name, value),
                None => {
                    if let Some(value) = words.next_if(|next| !next.starts_with('-')) {
                        options.set(option, value);
                    }
                }
            }
        }
        options
    }

    /// Sets one option by its name without dashes in front; unknown names are passed over.
    pub fn set(&mut self, name: &str, value: &str) {
        let text = || Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        let switch = || value.trim().parse().ok();
        match name {
            "hostname" => self.hostname = text(),
            "hostname-admin" => self.hostname_admin = text(),
            "hostname-strict" => self.hostname_strict = switch(),
            "hostname-backchannel-dynamic" => self.backchannel_dynamic = switch() == Some(true),
            "proxy-headers" => {
                self.proxy_headers = match value.trim() {
                    "forwarded" => ProxyHeaders::Forwarded,
                    "xforwarded" => ProxyHeaders::XForwarded,
                    _ => ProxyHeaders::None,
                }
            }
            "http-relative-path" => {
                let path = value.trim().trim_end_matches('/');
                let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
                self.relative_path = format!("{slash}{path}");
            }
            "proxy" => self.proxy = text(),
            "hostname-url" => self.hostname_url = text(),
            "hostname-path" => self.hostname_path = text(),
            "hostname-port" => self.hostname_port = value.trim().parse().ok(),
            "hostname-strict-https" => self.hostname_strict_https = switch(),
            _ => {}
        }
    }

    /// Why a server of `version` does not start with these hostname options, as a clause; none when they are fine.
    pub fn why_not_startable(&self, version: Version) -> Option<String> {
        let strict = self.hostname_strict.unwrap_or(!self.development);
        if version < SECOND_HOSTNAME {
            let named = self.hostname.is_some() || self.hostname_url.is_some();
            return (strict && !named)
                .then(|| "strict hostname resolution is on and no hostname is set".to_owned());
        }
        let url = self.hostname.as_deref().is_some_and(is_url_form);
        match &self.hostname {
            None if strict => {
                return Some("`hostname` is not set and `hostname-strict` is not false".to_owned());
            }
            Some(hostname) if !is_valid_hostname(hostname) => {
                return Some(format!(
                    "`hostname` is `{hostname}`, which is neither a plain host name nor a valid URL"
                ));
            }
            _ => {}
        }
        if let Some(admin) = &self.hostname_admin {
            if !(is_url_form(admin) && is_valid_hostname(admin)) {
                return Some(format!("`hostname-admin` is `{admin}`, which is not a valid URL"));
            }
            if !url {
                return Some("`hostname-admin` is set and `hostname` is not a full URL".to_owned());
            }
        }
        (self.backchannel_dynamic && !url)
            .then(|| "`hostname-backchannel-dynamic` is on and `hostname` is not a full URL".to_owned())
    }
}

/// Whether a `hostname` is taken for a URL rather than a host: it begins with `http://` or `https://` in lower case.
pub fn is_url_form(hostname: &str) -> bool {
    hostname.starts_with("http://") || hostname.starts_with("https://")
}

fn is_valid_hostname(hostname: &str) -> bool {
    if is_url_form(hostname) {
        let slashed = if hostname.ends_with('/') { hostname.to_owned() } else { format!("{hostname}/") };
        return JavaUri::parse(&slashed)
            .is_ok_and(|uri| uri.user_info.is_none() && uri.query.is_none() && uri.fragment.is_none());
    }
    JavaUri::parse(&format!("http://{hostname}")).is_ok_and(|uri| uri.host == Some(hostname))
}

/// Why a request gets no issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoIssuer {
    /// The server does not start with these options; why, as a clause.
    #[error("the server does not start: {0}")]
    DoesNotStart(String),
    /// The server answers with this status: 500 when a URL cannot be built, 400 for a request without a host.
    #[error("the server answers with status {0}")]
    Status(u16),
}

/// The issuer in the discovery document that a server of `version`, listening on plain HTTP, answers a request with these headers.
///
/// `frontend_url` is the realm attribute `frontendUrl`; a blank or invalid one is ignored.
///
/// # Errors
/// When the server does not start with these options, or answers with an error.
pub fn issuer_of_request(
    options: &IssuerOptions,
    realm_name: &str,
    frontend_url: Option<&str>,
    headers: &RequestHeaders,
    version: Version,
) -> Result<String, NoIssuer> {
    if let Some(why) = options.why_not_startable(version) {
        return Err(NoIssuer::DoesNotStart(why));
    }
    let believed = believed_headers(options, version);
    let seen = seen(headers, believed, version >= PREFIX_HONOURED).ok_or(NoIssuer::Status(400))?;
    let request = format!("{}{}{}/", seen.origin, seen.prefix, options.relative_path);
    issuer_at(options, realm_name, frontend_url, &request, version).map_err(|Broken| NoIssuer::Status(500))
}

// Until 24 the modes of `proxy` believed both kinds of header; `proxy-headers` came with 24.
fn believed_headers(options: &IssuerOptions, version: Version) -> ProxyHeaders {
    let mode_believes =
        options.proxy.as_deref().is_some_and(|mode| matches!(mode, "edge" | "reencrypt" | "passthrough"));
    if version >= PROXY_HEADERS_OPTION && options.proxy_headers != ProxyHeaders::None {
        options.proxy_headers
    } else if version < SECOND_HOSTNAME && mode_believes {
        ProxyHeaders::XForwarded
    } else {
        ProxyHeaders::None
    }
}

fn issuer_at(
    options: &IssuerOptions,
    realm_name: &str,
    frontend_url: Option<&str>,
    request: &str,
    version: Version,
) -> Result<String, Broken> {
    let mut builder = match realm_base(frontend_url, version)? {
        Some(builder) => builder,
        None if version >= SECOND_HOSTNAME => base(options, request)?,
        None => base_before_25(options, request)?,
    };
    builder.build()?;
    builder.drop_default_port();
    let mut issuer = UriBuilder::from_uri(&builder.build()?)?;
    issuer.path("/realms");
    issuer.path(&encode_segment(realm_name));
    issuer.build()
}

fn realm_base(frontend_url: Option<&str>, version: Version) -> Result<Option<UriBuilder>, Broken> {
    let Some(url) = frontend_url else { return Ok(None) };
    let is_blank = url.trim_matches(|character: char| character <= ' ').is_empty();
    if is_blank || !is_http_url(url) {
        return Ok(None);
    }
    let built = UriBuilder::from_template(url).and_then(|builder| builder.build().map(|_| builder));
    match built {
        // The first hostname provider catches what cannot be built and goes on without it (seen on 24.0.5).
        Err(Broken) if version < SECOND_HOSTNAME => Ok(None),
        other => other.map(Some),
    }
}

fn base(options: &IssuerOptions, request: &str) -> Result<UriBuilder, Broken> {
    match &options.hostname {
        Some(url) if is_url_form(url) => {
            let slashed = if url.ends_with('/') { url.clone() } else { format!("{url}/") };
            UriBuilder::from_uri(&slashed)
        }
        Some(host) => {
            let mut builder = UriBuilder::from_uri(request)?;
            builder.host(host);
            Ok(builder)
        }
        None => UriBuilder::from_uri(request),
    }
}

// In production the first provider forces https and the default port, unless told otherwise.
fn base_before_25(options: &IssuerOptions, request: &str) -> Result<UriBuilder, Broken> {
    if let Some(url) = &options.hostname_url {
        return UriBuilder::from_uri(url);
    }
    let Some(host) = &options.hostname else { return UriBuilder::from_uri(request) };
    let mut builder = UriBuilder::from_uri(request)?;
    builder.host(host);
    let strict_https = options.hostname_strict_https.unwrap_or(!options.development);
    if strict_https {
        builder.scheme_and_port("https", options.hostname_port);
    } else if options.hostname_port.is_some() {
        builder.port(options.hostname_port);
    }
    if let Some(path) = &options.hostname_path {
        builder.replace_path(path);
    }
    Ok(builder)
}
