//! Web origins as browsers and servers take them, and which of a service's pages need one. For the rules about web origins.

use super::redirect_uri_missing::has_domain_in_front;
use super::with_callbacks::{callbacks, is_public, label_of};
use super::with_clients::naming;
use super::with_entries::takes_browsers;
use crate::cloud_run::model::{UrlForm, Workload};
use crate::cloud_run::urls::is_loopback;
use crate::conventions::{CallbackPurpose, Certainty, Role, Use, framework};
use crate::finding::{Evidence, Severity};
use crate::keycloak::import::{HeldOrigins, web_origins};
use crate::keycloak::model::Client;
use crate::keycloak::redirect::Registration;
use crate::keycloak::version::Version;
use crate::keycloak::web_origin::{AllowedOrigins, OriginVerdict};
use crate::link::hosts::host_in;
use crate::link::{ContainerReading, Link};
use crate::scene::Scene;
use crate::snapshot::ClientId;

/// Stands for the frontend URL where it is not known.
const FRONTEND_NOT_KNOWN: &str = "https://frontend-url.invalid";

/// Whether a page in a browser can get tokens through the client at all, so that its web origins matter.
pub(super) fn serves_pages(client: &Client) -> bool {
    let by_password =
        client.public_client.is_on() && !client.bearer_only.is_on() && client.direct_access_grants.is_on();
    takes_browsers(client) || by_password
}

/// The origin that a browser sends from a page at this URL; none where the text has no host that a page can be on.
pub(super) fn origin_of_page(url: &str) -> Option<String> {
    let (scheme, behind) = url.trim().split_once("://")?;
    let authority = &behind[..behind.find(['/', '?', '#', '\\']).unwrap_or(behind.len())];
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_ascii_lowercase();
    let scheme = scheme.to_ascii_lowercase();
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_graphic() && !"*,;|<>\"'".contains(c));
    if !is_scheme || !is_host {
        return None;
    }
    let default_port = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => "",
    };
    let host = host.strip_suffix(default_port).unwrap_or(&host);
    Some(format!("{scheme}://{host}"))
}

/// Whether an origin, or an entry that is meant for one, is on a loopback host.
pub(super) fn is_on_loopback(origin: &str) -> bool {
    let host = host_in(origin).or_else(|| host_in(&format!("http://{origin}")));
    host.is_some_and(|host| is_loopback(&host))
}

/// The origins that a client allows, as servers of each judged version hold them.
#[derive(Debug)]
pub(super) struct Origins<'a> {
    /// Oldest version first.
    by_version: Vec<(Version, AllowedOrigins)>,
    /// The stated entries with their positions; none where the server fills the list in.
    pub(super) stated: Option<Vec<(usize, &'a str)>>,
    /// Why an entry, or a redirect URI that counts for one, is not known: a clause with the entry's position.
    pub(super) unknown: Option<(Option<usize>, String)>,
}

impl<'a> Origins<'a> {
    /// The origins that a client allows.
    pub(super) fn of(id: ClientId, scene: &Scene<'a>) -> Self {
        let client = scene.client(id);
        let mut unknown = None;
        let (entries, stated): (Vec<String>, _) = match web_origins(client) {
            HeldOrigins::Stated(texts) => {
                let mut known = Vec::with_capacity(texts.len());
                for (index, text) in texts.iter().enumerate() {
                    match text.text() {
                        Some(text) => known.push((index, text)),
                        None => {
                            let why = text.why_unknown().unwrap_or("it is taken for a secret");
                            unknown.get_or_insert((Some(index), why.to_owned()));
                        }
                    }
                }
                (known.iter().map(|(_, text)| (*text).to_owned()).collect(), Some(known))
            }
            HeldOrigins::FilledIn(filled) => (filled.into_iter().map(|(origin, _)| origin).collect(), None),
        };
        let registered: Vec<&str> = client.redirect_uris.iter().filter_map(|uri| uri.text()).collect();
        let by_redirects = stated.is_none() || entries.iter().any(|entry| entry == "+");
        if by_redirects && unknown.is_none() {
            unknown = unknown_redirect(client).map(|why| (None, why));
        }
        let registration = Registration {
            registered: &registered,
            root_url: client.root_url.as_ref().and_then(|url| url.text()).filter(|url| !url.is_empty()),
            frontend_url: scene.frontend_url(id.realm).unwrap_or(FRONTEND_NOT_KNOWN),
            admin_url: None,
            allow_oidc_parameters: false,
        };
        let versions = scene.versions(id.realm).iter();
        let by_version = versions
            .map(|version| (*version, AllowedOrigins::new(&entries, &registration, *version)))
            .collect();
        Origins { by_version, stated, unknown }
    }

    /// Whether pages of this origin may read the answers; every version decides alike.
    pub(super) fn allow(&self, origin: &str) -> bool {
        self.by_version.iter().any(|(_, allowed)| allowed.judge(origin, "").is_allowed())
    }

    /// Whether the list names this text, and not only by `+` or because a server fills it in.
    fn name(&self, origin: &str) -> bool {
        self.stated.iter().flatten().any(|(_, text)| *text == origin)
    }

    /// Whether the list takes origins from the redirect URIs.
    pub(super) fn follow_redirects(&self) -> bool {
        self.stated.as_ref().is_none_or(|stated| stated.iter().any(|(_, text)| *text == "+"))
    }

    /// What a page of an origin that is not allowed meets.
    pub(super) fn refusal(&self, origin: &str) -> Refusal {
        let refuses = |(_, allowed): &&(Version, AllowedOrigins)| {
            matches!(allowed.judge(origin, ""), OriginVerdict::Unread { refused: true })
        };
        match self.by_version.iter().filter(refuses).count() {
            0 => Refusal::Unread,
            all if all == self.by_version.len() => Refusal::Refused,
            _ => Refusal::ByVersion,
        }
    }
}

fn unknown_redirect(client: &Client) -> Option<String> {
    let entry = client.redirect_uris.iter().find_map(|uri| uri.why_unknown());
    let relative = client.redirect_uris.iter().any(|uri| uri.text().is_some_and(|uri| uri.starts_with('/')));
    let root = client.root_url.as_ref().and_then(|url| url.why_unknown()).filter(|_| relative);
    match (entry, root) {
        (Some(why), _) => Some(format!("a redirect URI whose origin counts is not: {why}")),
        (None, Some(why)) => Some(format!("`rootUrl`, to which redirect URIs are relative, is not: {why}")),
        (None, None) => None,
    }
}

/// What a page of an origin that is not allowed meets at the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// An answer that the browser keeps from the page.
    Unread,
    /// 403 "Invalid origin".
    Refused,
    /// The one or the other: the server's version is not known.
    ByVersion,
}

impl Refusal {
    /// How bad it is for the pages by which people usually come.
    pub(super) fn severity(self) -> Severity {
        match self {
            Refusal::Unread => Severity::Warning,
            Refusal::Refused | Refusal::ByVersion => Severity::Error,
        }
    }

    /// What happens, as a clause.
    pub(super) fn consequence(self) -> &'static str {
        match self {
            Refusal::Unread => {
                "the browser keeps the answer of the token endpoint from the page, and the login ends there"
            }
            Refusal::Refused => "the token endpoint answers 403 \"Invalid origin\", and the login ends there",
            Refusal::ByVersion => {
                "from 26.6.3 on the token endpoint answers 403 \"Invalid origin\", before that (the server's version is not known) the browser keeps its answer from the page, and either way the login ends there"
            }
        }
    }
}

/// Whether the pages of a link's service fetch tokens themselves, by the client of the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum InBrowser {
    /// Yes; why, as a clause.
    Yes(String),
    /// It has a public client and no secret, and nothing tells more.
    Perhaps,
    /// No: it logs people in on the server, or does not log in.
    No,
}

/// Whether the pages of a link's service fetch tokens themselves.
pub(super) fn in_browser(link: &Link, scene: &Scene<'_>) -> InBrowser {
    let client = scene.client(link.client);
    let is_login = link.uses.login && takes_browsers(client);
    if !is_login || !client.public_client.is_on() || scene.service(link.service).workload != Workload::Service
    {
        return InBrowser::No;
    }
    let containers = &scene.reading(link.service).containers;
    let named = naming(link, scene);
    if named.iter().any(|named| named.secret().is_some()) || containers.iter().any(logs_in_on_server) {
        return InBrowser::No;
    }
    if let Some(named) = named.iter().find(|named| named.is_in_browser()) {
        let name = scene.setting_name(link.service, named.container, named.found.setting);
        return InBrowser::Yes(format!("`{name}` is built into a program for the browser"));
    }
    let uses = || containers.iter().flat_map(|container| &container.understanding.uses);
    let of_browser = uses().find(|found| found.what == Use::PublicBrowserApp);
    if let Some(found) = of_browser.filter(|found| found.certainty >= Certainty::Likely) {
        return InBrowser::Yes(found.reason.clone());
    }
    let does_more = uses().any(|found| {
        found.certainty >= Certainty::Likely
            && matches!(found.what, Use::ResourceServer | Use::LogsUsersIn | Use::ClientCredentials)
    });
    if does_more { InBrowser::No } else { InBrowser::Perhaps }
}

/// Whether a container logs people in with its own requests to Keycloak: a library or proxy that does, or a client's secret.
fn logs_in_on_server(container: &ContainerReading) -> bool {
    let understanding = &container.understanding;
    let by_framework = understanding.frameworks.iter().any(|found| {
        found.certainty >= Certainty::Likely
            && framework(found.framework).is_some_and(|framework| framework.kind.logs_in())
    });
    by_framework
        || [Role::ClientSecret, Role::ClientSecretFile]
            .into_iter()
            .any(|role| understanding.with_role(role).next().is_some())
}

/// An origin of a service's pages that its client does not allow.
#[derive(Debug)]
pub(super) struct Page {
    /// The origin as browsers send it.
    pub(super) origin: String,
    /// What tells the URL.
    pub(super) evidence: Vec<Evidence>,
    /// How people come by it.
    pub(super) way: Way,
}

/// How people come to a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By the URL that settings pin, or else the service's main one.
    Usual,
    /// By another of its URLs, or one with a domain in front.
    Other,
    /// By a tagged URL.
    Tagged,
}

/// The origins of the pages of a link's service that its client does not allow, the usual one first. Left out are those on which no login
/// can begin, unless it is the usual one: they need a redirect URI first.
pub(super) fn refused_pages(link: &Link, origins: &Origins<'_>, scene: &Scene<'_>) -> Vec<Page> {
    let login = callbacks(link, scene, CallbackPurpose::Login);
    let mut pages: Vec<Page> = Vec::new();
    let own = scene.frontend_url(link.client.realm).and_then(origin_of_page);
    let mut add = |url: &str, evidence: Vec<Evidence>, way: Way| {
        // Pages on Keycloak's own host need no leave.
        let origin = origin_of_page(url).filter(|origin| own.as_ref() != Some(origin));
        if let Some(origin) = origin
            && !origins.allow(&origin)
            && !pages.iter().any(|page| page.origin == origin)
        {
            pages.push(Page { origin, evidence, way });
        }
    };
    for pinned in &login.pinned {
        if let Some(uri) = pinned.uris.first() {
            add(uri, pinned.evidence.clone(), Way::Usual);
        }
    }
    if !login.pinned.is_empty() || !login.unknown.is_empty() {
        return pages;
    }
    let main = scene.main_url(link.service).map(|url| &url.url);
    let behind_domain = has_domain_in_front(link, scene);
    for url in scene.urls(link.service).iter().filter(|url| is_public(url, link, scene)) {
        let way = match &url.form {
            UrlForm::Tagged(_) => Way::Tagged,
            UrlForm::Custom => Way::Other,
            _ if Some(&url.url) != main || behind_domain => Way::Other,
            _ => Way::Usual,
        };
        if way == Way::Usual || takes_back_to(&url.url, link, scene) {
            add(&url.url, vec![scene.service_url(url, label_of(url))], way);
        }
    }
    pages.sort_by_key(|page| page.way != Way::Usual);
    pages
}

/// Whether a redirect URI of the client is on the URL's host, or on any.
fn takes_back_to(url: &str, link: &Link, scene: &Scene<'_>) -> bool {
    let client = scene.client(link.client);
    let host = host_in(url);
    let root = client.root_url.as_ref().and_then(|url| url.text()).and_then(host_in);
    client.redirect_uris.iter().filter_map(|uri| uri.text()).any(|uri| {
        matches!(uri, "*" | "https://*")
            || host_in(uri) == host
            || (uri.starts_with('/') && root.is_some() && root == host)
    })
}

/// The pages that need a web origin which they lack, where the service is taken for a program in the browser; with why it is.
pub(super) fn needed(link: &Link, origins: &Origins<'_>, scene: &Scene<'_>) -> Option<(String, Vec<Page>)> {
    let why = match in_browser(link, scene) {
        InBrowser::No => return None,
        InBrowser::Yes(why) => Some(why),
        InBrowser::Perhaps => None,
    };
    let pages = refused_pages(link, origins, scene);
    // The redirect URI that is missing as well brings the origin with it.
    let pages: Vec<Page> = pages
        .into_iter()
        .filter(|page| !origins.follow_redirects() || takes_back_to(&page.origin, link, scene))
        .collect();
    if pages.is_empty() {
        return None;
    }
    let why = why.or_else(|| {
        // Who lets an origin of the service in has pages in mind, and so has who lets in those of a person's machine.
        let own = scene.urls(link.service).iter().filter_map(|url| origin_of_page(&url.url));
        let lets_in_own = own.into_iter().any(|origin| origins.name(&origin));
        let stated = origins.stated.as_deref().unwrap_or_default();
        let is_of_development = !stated.is_empty() && stated.iter().all(|(_, text)| is_on_loopback(text));
        (lets_in_own || is_of_development)
            .then(|| "it has a public client with web origins, and no secret".to_owned())
    })?;
    Some((why, pages))
}

impl Page {
    /// How bad it is that the page's origin is not allowed.
    pub(super) fn severity(&self, refusal: Refusal) -> Severity {
        match (self.way, refusal.severity()) {
            (Way::Usual, severity) => severity,
            (Way::Other, Severity::Error) => Severity::Warning,
            (Way::Other | Way::Tagged, _) => Severity::Info,
        }
    }
}

/// The worst that an entry does to a service whose pages need the origin that was meant: how bad, and which service with what happens, as
/// a clause.
pub(super) fn worst_need(
    id: ClientId,
    scene: &Scene<'_>,
    is_meant: impl Fn(&str) -> bool,
) -> Option<(Severity, String)> {
    let mut links = scene.links_of_client(id).filter(|link| !link.is_weak()).peekable();
    links.peek()?;
    let origins = Origins::of(id, scene);
    let mut worst: Option<(Severity, String)> = None;
    for link in links {
        let Some((_, pages)) = needed(link, &origins, scene) else { continue };
        for page in pages.iter().filter(|page| is_meant(&page.origin)) {
            let refusal = origins.refusal(&page.origin);
            let severity = page.severity(refusal);
            if worst.as_ref().is_none_or(|(known, _)| *known < severity) {
                let service = scene.name_service(link.service);
                worst = Some((severity, format!("on pages of {service} {}", refusal.consequence())));
            }
        }
    }
    worst
}

/// An entry that equals no origin that a browser sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    /// What is wrong with it, as a clause behind "it".
    pub(super) fault: &'static str,
    /// The origin that was meant, where the entry tells it.
    pub(super) meant: Option<String>,
}

/// Why no browser ever sends an entry as its origin; none for one that some page's origin can be, and for `*`, `+` and blank entries.
pub(super) fn malformed(entry: &str) -> Option<Malformed> {
    if matches!(entry, "*" | "+" | "null") || entry.trim().is_empty() {
        return None;
    }
    let meant = origin_of_page(entry);
    if meant.as_deref() == Some(entry) {
        return None;
    }
    let meant = meant.or_else(|| bare_host(entry));
    Some(Malformed { fault: fault_of(entry), meant })
}

/// The origin that a host without a scheme is meant for.
fn bare_host(entry: &str) -> Option<String> {
    if entry.contains("://") || !entry.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let scheme = if is_on_loopback(entry) { "http" } else { "https" };
    let origin = origin_of_page(&format!("{scheme}://{entry}"))?;
    (origin.contains('.') || scheme == "http").then_some(origin)
}

fn fault_of(entry: &str) -> &'static str {
    if entry.trim() != entry {
        return "has a blank at one end";
    }
    let Some((scheme, behind)) = entry.split_once("://") else {
        return "names no scheme";
    };
    let authority = &behind[..behind.find(['/', '?', '#', '\\']).unwrap_or(behind.len())];
    let rest = &behind[authority.len()..];
    if authority.contains('*') {
        return "has a star in its host, which stands for itself only";
    }
    if authority.contains('@') {
        return "names a user";
    }
    if !authority.is_ascii() {
        return "has letters in its host that browsers send in Punycode";
    }
    match rest {
        "" => {}
        "/" => return "has a slash at the end",
        "/*" => return "has a path wildcard, which origins do not have",
        _ => return "has a path, which origins do not have",
    }
    if format!("{scheme}{authority}").contains(|c: char| c.is_ascii_uppercase()) {
        return "has capital letters, which browsers send as small ones";
    }
    if authority.ends_with(":443") || authority.ends_with(":80") {
        return "names the default port, which browsers leave out";
    }
    "is no origin that a browser can send"
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_origin_is_what_browsers_send() {
        for (url, origin) in [
            ("https://Shop.example.com/cb?x=/y", "https://shop.example.com"),
            ("https://shop.example.com:443", "https://shop.example.com"),
            ("http://localhost:80/", "http://localhost"),
            ("http://localhost:3000/*", "http://localhost:3000"),
            ("https://u@h.example", "https://h.example"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert_eq!(origin_of_page(url).as_deref(), Some(origin), "{url}");
        }
        for text in
            ["shop.example.com", "/*", "https://*", "https://*.run.app", "https://", "+", "https://ü.example"]
        {
            assert_eq!(origin_of_page(text), None, "{text}");
        }
    }

    #[test]
    fn entries_that_no_browser_sends_are_told_apart() {
        for fine in
            ["*", "+", "", " ", "null", "https://a.example", "http://localhost:3000", "ionic://localhost"]
        {
            assert_eq!(malformed(fine), None, "{fine:?}");
        }
        for (entry, fault, meant) in [
            ("https://a.example/", "slash", Some("https://a.example")),
            ("https://a.example/*", "path wildcard", Some("https://a.example")),
            ("https://a.example/app", "path", Some("https://a.example")),
            ("https://a.example:443", "default port", Some("https://a.example")),
            ("https://A.example", "capital", Some("https://a.example")),
            ("https://a.example ", "blank", Some("https://a.example")),
            ("https://*.a.example", "star", None),
            ("a.example", "no scheme", Some("https://a.example")),
            ("localhost:3000", "no scheme", Some("http://localhost:3000")),
            ("myapp:*", "no scheme", None),
            ("/*", "no scheme", None),
            ("**", "no scheme", None),
            ("https://ü.example", "Punycode", None),
        ] {
            let found = malformed(entry).unwrap();
            assert!(found.fault.contains(fault), "{entry}: {found:?}");
            assert_eq!(found.meant.as_deref(), meant, "{entry}");
        }
    }
}
