//! Addresses: the run.app URLs of Cloud Run, and origins and hosts of URLs in general.
//!
//! A service has a deterministic URL (name, project number, region) and a hash URL (name, hash of the project, code of the
//! region). The first can be derived; the second can only be recognised, because neither the hash nor the code of a new
//! region follows from anything that files say. Source: Google's documentation on triggering services by HTTPS, and the
//! messages with which the API refuses longer names and tags.

use std::fmt;

/// A name of a service has fewer than 50 characters.
pub const NAME_LIMIT: usize = 49;

/// A tag and the name of its service together have at most 46 characters.
pub const TAG_AND_NAME_LIMIT: usize = 46;

/// A label of a host name has at most 63 bytes.
pub const LABEL_LIMIT: usize = 63;

/// The length of the part of a hash URL that stands for the project.
pub const HASH_LENGTH: usize = 10;

/// A run.app URL taken apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunAppUrl {
    /// The name of the service.
    pub service: String,
    /// The tag of the revision, for `https://TAG---…`.
    pub tag: Option<String>,
    /// What the rest of the host is made of.
    pub form: RunAppForm,
}

/// The two forms of run.app hosts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunAppForm {
    /// `SERVICE-PROJECTNUMBER.REGION.run.app`
    Deterministic {
        /// The number of the project, digits only.
        project_number: String,
        /// The region: `europe-west1`.
        region: String,
    },
    /// `SERVICE-HASH-CODE.a.run.app`
    Hash {
        /// Ten characters that are the same for all services of a project.
        hash: String,
        /// Two letters for the region; see [`region_of_code`].
        code: String,
    },
}

/// Why a run.app URL cannot exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchUrl {
    /// The name is no name of a service.
    #[error("a service's name has 1 to 49 lower-case letters, digits and hyphens and begins with a letter")]
    Name,
    /// The tag is no tag.
    #[error("a traffic tag has lower-case letters, digits and hyphens and begins with a letter")]
    Tag,
    /// Tag and name are too long together.
    #[error("a traffic tag and the service's name have at most 46 characters together")]
    TagAndName,
    /// The project number is no number.
    #[error("a project number has digits only")]
    ProjectNumber,
    /// The region is no region.
    #[error("a region looks like `europe-west1`")]
    Region,
    /// The first label of the host would be too long for the domain name system.
    #[error("name, tag and project number do not fit into one label of 63 bytes")]
    Label,
}

impl RunAppUrl {
    /// The deterministic URL of a service, with a tag or without.
    ///
    /// # Errors
    /// When a part is not of the form that Cloud Run accepts, or the host would be too long: then no such URL exists.
    pub fn deterministic(
        service: &str,
        tag: Option<&str>,
        project_number: &str,
        region: &str,
    ) -> Result<Self, NoSuchUrl> {
        if !is_service_name(service) {
            return Err(NoSuchUrl::Name);
        }
        if let Some(tag) = tag {
            if !is_label(tag) {
                return Err(NoSuchUrl::Tag);
            }
            if tag.len() + service.len() > TAG_AND_NAME_LIMIT {
                return Err(NoSuchUrl::TagAndName);
            }
        }
        if !is_project_number(project_number) {
            return Err(NoSuchUrl::ProjectNumber);
        }
        if !is_region(region) {
            return Err(NoSuchUrl::Region);
        }
        let url = RunAppUrl {
            service: service.to_owned(),
            tag: tag.map(str::to_owned),
            form: RunAppForm::Deterministic {
                project_number: project_number.to_owned(),
                region: region.to_owned(),
            },
        };
        if url.label().len() > LABEL_LIMIT {
            return Err(NoSuchUrl::Label);
        }
        Ok(url)
    }

    /// Takes apart the host of a URL, or a bare host; none when it is no run.app URL of a service.
    ///
    /// A host like `keycloak-should-come-in-deploy-step-uc.a.run.app` is none: what stands before the code is no hash.
    pub fn parse(url_or_host: &str) -> Option<Self> {
        let host = host(url_or_host)?;
        let place = host.strip_suffix(".run.app")?;
        let (label, zone) = place.split_once('.')?;
        if label.len() > LABEL_LIMIT {
            return None;
        }
        let (tag, rest) = match label.split_once("---") {
            Some((tag, rest)) if is_label(tag) => (Some(tag.to_owned()), rest),
            Some(_) => return None,
            None => (None, label),
        };
        let (service, form) = if zone == "a" {
            let (before, code) = rest.rsplit_once('-')?;
            let (service, hash) = before.rsplit_once('-')?;
            if !is_hash(hash) || code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_lowercase()) {
                return None;
            }
            (service, RunAppForm::Hash { hash: hash.to_owned(), code: code.to_owned() })
        } else {
            let (service, project_number) = rest.rsplit_once('-')?;
            if !is_project_number(project_number) || !is_region(zone) {
                return None;
            }
            let project_number = project_number.to_owned();
            (service, RunAppForm::Deterministic { project_number, region: zone.to_owned() })
        };
        is_service_name(service).then(|| RunAppUrl { service: service.to_owned(), tag, form })
    }

    /// The same URL for a tag of the service, or without one.
    pub fn with_tag(&self, tag: Option<&str>) -> Self {
        RunAppUrl { tag: tag.map(str::to_owned), ..self.clone() }
    }

    /// The host: `web-123456789012.europe-west1.run.app`.
    pub fn host(&self) -> String {
        let zone = match &self.form {
            RunAppForm::Deterministic { region, .. } => region,
            RunAppForm::Hash { .. } => "a",
        };
        format!("{}.{zone}.run.app", self.label())
    }

    /// The URL without a path and without a trailing slash.
    pub fn url(&self) -> String {
        format!("https://{}", self.host())
    }

    /// The project number, for the deterministic form.
    pub fn project_number(&self) -> Option<&str> {
        match &self.form {
            RunAppForm::Deterministic { project_number, .. } => Some(project_number),
            RunAppForm::Hash { .. } => None,
        }
    }

    /// The hash of the project, for the hash form.
    pub fn hash(&self) -> Option<&str> {
        match &self.form {
            RunAppForm::Deterministic { .. } => None,
            RunAppForm::Hash { hash, .. } => Some(hash),
        }
    }

    /// The region: stated by the deterministic form, looked up for the code of the hash form where that code is known.
    pub fn region(&self) -> Option<&str> {
        match &self.form {
            RunAppForm::Deterministic { region, .. } => Some(region),
            RunAppForm::Hash { code, .. } => region_of_code(code),
        }
    }

    fn label(&self) -> String {
        let tag = self.tag.as_deref().map(|tag| format!("{tag}---")).unwrap_or_default();
        match &self.form {
            RunAppForm::Deterministic { project_number, .. } => {
                format!("{tag}{}-{project_number}", self.service)
            }
            RunAppForm::Hash { hash, code } => format!("{tag}{}-{hash}-{code}", self.service),
        }
    }
}

/// The URL.
impl fmt::Display for RunAppUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url())
    }
}

/// The region that a code in hash URLs stands for; for information only, as new regions have codes that are not listed.
///
/// Source: `runsd/regions.go` of ahmetb/runsd.
pub fn region_of_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "an" => "asia-northeast1",
        "as" => "asia-southeast1",
        "de" => "asia-east1",
        "df" => "asia-east2",
        "dt" => "asia-northeast2",
        "du" => "asia-northeast3",
        "el" => "asia-south1",
        "em" => "asia-south2",
        "et" => "asia-southeast2",
        "ew" => "europe-west1",
        "ey" => "europe-west3",
        "ez" => "europe-west4",
        "km" => "australia-southeast2",
        "lm" => "europe-central2",
        "lz" => "europe-north1",
        "nn" => "northamerica-northeast1",
        "nw" => "europe-west2",
        "oa" => "europe-west6",
        "rj" => "southamerica-east1",
        "ts" => "australia-southeast1",
        "uc" => "us-central1",
        "ue" => "us-east1",
        "uk" => "us-east4",
        "uw" => "us-west1",
        "wl" => "us-west2",
        "wm" => "us-west3",
        "wn" => "us-west4",
        _ => return None,
    })
}

/// Whether a text is a name that Cloud Run accepts for a service.
pub fn is_service_name(text: &str) -> bool {
    text.len() <= NAME_LIMIT && is_label(text)
}

/// Whether a text is the number of a project: digits, not beginning with zero.
pub fn is_project_number(text: &str) -> bool {
    (1..=19).contains(&text.len()) && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text looks like a region: `europe-west1`, `northamerica-northeast2`.
pub fn is_region(text: &str) -> bool {
    let Some((place, rest)) = text.split_once('-') else { return false };
    let direction = rest.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    is_word(place) && is_word(direction) && (1..=2).contains(&(rest.len() - direction.len()))
}

fn is_hash(text: &str) -> bool {
    text.len() == HASH_LENGTH && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_lowercase)
        && !text.ends_with('-')
        && bytes.len() <= LABEL_LIMIT
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
}

/// The origin of a URL: scheme, host and port, in lower case, the default port of the scheme left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The scheme in lower case.
    pub scheme: String,
    /// The host in lower case; an IPv6 address keeps its brackets.
    pub host: String,
    /// The port, unless it is the scheme's default.
    pub port: Option<u16>,
}

impl Origin {
    /// The origin of a URL with a scheme and a host; none of anything else, and none where the port is no number.
    pub fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.trim().split_once("://")?;
        if !is_scheme(scheme) {
            return None;
        }
        let scheme = scheme.to_ascii_lowercase();
        let (host, port) = host_and_port(authority(rest))?;
        let port = match port {
            None | Some("") => None,
            Some(digits) => Some(digits.parse::<u16>().ok()?),
        };
        let port = port.filter(|port| default_port(&scheme) != Some(*port));
        Some(Origin { scheme, host: host.to_ascii_lowercase(), port })
    }
}

/// The origin as browsers write it: `https://app.example.com`, `http://localhost:8080`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// The host of a URL, or of a bare `host`, `host:port` or `host/path`, in lower case; an IPv6 address keeps its brackets.
///
/// None where no host stands: a relative path, an empty text, a scheme without an authority (`mailto:…`).
/// What stands there may still be no host that exists (`*.example.com`): it is taken as it is written.
pub fn host(url_or_host: &str) -> Option<String> {
    let text = url_or_host.trim();
    let rest = match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        Some(_) => return None,
        None => text.strip_prefix("//").unwrap_or(text),
    };
    let (host, port) = host_and_port(authority(rest))?;
    let port_is_number =
        port.is_none_or(|port| port == "*" || port.bytes().all(|byte| byte.is_ascii_digit()));
    (port_is_number && !host.contains(char::is_whitespace)).then(|| host.to_ascii_lowercase())
}

/// Whether a host is the browser's own machine: `localhost` and names below it, 127.0.0.0/8, `[::1]`, and `0.0.0.0`,
/// which reaches it as well.
pub fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    if host == "localhost" || host.ends_with(".localhost") || host == "0.0.0.0" {
        return true;
    }
    let address = host.trim_start_matches('[').trim_end_matches(']');
    address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn authority(rest: &str) -> &str {
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let authority = &rest[..end];
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

fn host_and_port(authority: &str) -> Option<(&str, Option<&str>)> {
    let (host, port) = if authority.starts_with('[') {
        let close = authority.find(']')?;
        let (host, after) = authority.split_at(close + 1);
        match after {
            "" => (host, None),
            _ => (host, Some(after.strip_prefix(':')?)),
        }
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    (!host.is_empty()).then_some((host, port))
}

fn is_scheme(text: &str) -> bool {
    text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "ftp" => Some(21),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_forms_are_taken_apart() {
        let url = RunAppUrl::parse("https://web-123456789012.europe-west1.run.app/cb").unwrap();
        assert_eq!(url, RunAppUrl::deterministic("web", None, "123456789012", "europe-west1").unwrap());
        let url = RunAppUrl::parse("https://pr-7---my-web-apanptkfaq-as.a.run.app").unwrap();
        assert_eq!(url.service, "my-web");
        assert_eq!(url.tag.as_deref(), Some("pr-7"));
        assert_eq!(url.hash(), Some("apanptkfaq"));
        assert_eq!(url.region(), Some("asia-southeast1"));
        assert_eq!(url.url(), "https://pr-7---my-web-apanptkfaq-as.a.run.app");
    }

    #[test]
    fn what_only_looks_like_a_run_app_url_is_none() {
        for text in [
            "https://keycloak-should-come-in-deploy-step-uc.a.run.app",
            "https://a.run.app",
            "https://run.app",
            "https://web.run.app",
            "https://web-123.a.run.app",
            "https://web-europe-west1.run.app",
            "https://web-0123.europe-west1.run.app",
            "https://web-123456789012.europe-west1.run.app.evil.example",
            "https://*---web-apanptkfaq-as.a.run.app",
            "https://-123456789012.europe-west1.run.app",
            "/relative",
            "",
        ] {
            assert_eq!(RunAppUrl::parse(text), None, "{text}");
        }
    }

    #[test]
    fn names_and_tags_that_do_not_fit_have_no_url() {
        let number = "123456789012";
        let long = "a".repeat(49);
        assert!(RunAppUrl::deterministic(&long, None, number, "us-central1").is_ok());
        let longer = "a".repeat(50);
        assert_eq!(RunAppUrl::deterministic(&longer, None, number, "us-central1"), Err(NoSuchUrl::Name));
        assert_eq!(
            RunAppUrl::deterministic(&long, None, "12345678901234", "us-central1"),
            Err(NoSuchUrl::Label)
        );
        let name = "a".repeat(40);
        assert!(RunAppUrl::deterministic(&name, Some("tagged"), number, "us-central1").is_ok());
        assert_eq!(
            RunAppUrl::deterministic(&name, Some("tagging"), number, "us-central1"),
            Err(NoSuchUrl::TagAndName)
        );
        assert_eq!(RunAppUrl::deterministic("Web", None, number, "us-central1"), Err(NoSuchUrl::Name));
        assert_eq!(
            RunAppUrl::deterministic("web", None, "shop", "us-central1"),
            Err(NoSuchUrl::ProjectNumber)
        );
        assert_eq!(RunAppUrl::deterministic("web", None, number, "us"), Err(NoSuchUrl::Region));
    }

    #[test]
    fn origins_are_compared_as_browsers_do() {
        let origin = |url| Origin::of(url).map(|origin| origin.to_string());
        assert_eq!(origin("HTTPS://App.Example.com:443/x?y"), Some("https://app.example.com".to_owned()));
        assert_eq!(origin("http://localhost:8080"), Some("http://localhost:8080".to_owned()));
        assert_eq!(origin("http://user:pw@[::1]:80/"), Some("http://[::1]".to_owned()));
        assert_eq!(origin("https://host:99999/"), None);
        assert_eq!(origin("app.example.com"), None);
        assert_eq!(origin("mailto:someone@example.com"), None);
    }

    #[test]
    fn hosts_are_found_with_and_without_a_scheme() {
        assert_eq!(host("https://App.example.com:8443/x").as_deref(), Some("app.example.com"));
        assert_eq!(host("app.example.com:8080").as_deref(), Some("app.example.com"));
        assert_eq!(host("app.example.com/path").as_deref(), Some("app.example.com"));
        assert_eq!(host("http://[::1]:80/").as_deref(), Some("[::1]"));
        assert_eq!(host("https://user@evil.example@app.example.com/").as_deref(), Some("app.example.com"));
        assert_eq!(host("mailto:someone"), None);
        assert_eq!(host("/path"), None);
        assert_eq!(host(""), None);
        assert!(is_loopback("localhost") && is_loopback("127.3.2.1") && is_loopback("[::1]"));
        assert!(!is_loopback("localhost.example.org"));
    }

    proptest! {
        #[test]
        fn what_is_built_is_parsed_back(
            service in "[a-z]([a-z0-9]|-[a-z0-9]){0,10}",
            tag in proptest::option::of("[a-z]([a-z0-9]|-[a-z0-9]){0,8}"),
            number in "[1-9][0-9]{0,12}",
            region in "(us|europe|asia|northamerica)-(west|central|northeast)[1-9][0-9]?",
            hash in "[a-z0-9]{10}",
            code in "[a-z]{2}",
        ) {
            let url = RunAppUrl::deterministic(&service, tag.as_deref(), &number, &region).unwrap();
            prop_assert_eq!(RunAppUrl::parse(&url.url()), Some(url.clone()));
            prop_assert_eq!(RunAppUrl::parse(&url.host()), Some(url));
            let url = RunAppUrl { service, tag, form: RunAppForm::Hash { hash, code } };
            prop_assert_eq!(RunAppUrl::parse(&url.url()), Some(url));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            let _ = (RunAppUrl::parse(&text), Origin::of(&text), host(&text), is_loopback(&text));
        }

        #[test]
        fn what_is_parsed_is_built_back(text in "[a-z0-9-]{1,40}\\.(a|us-central1)\\.run\\.app") {
            if let Some(url) = RunAppUrl::parse(&text) {
                prop_assert_eq!(url.host(), text);
            }
        }
    }
}
