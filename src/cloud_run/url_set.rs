//! The set of URLs that a service answers on: what its document states, and what follows from it.

use super::model::{Service, ServiceUrl, UrlForm, UrlSource, Workload};
use super::urls::{Origin, RunAppForm, RunAppUrl, is_project_number};
use crate::document::cursor::Cursor;
use crate::locus::Locus;
use crate::placeholder::placeholder;

/// What a document says of a service's URLs.
#[derive(Debug, Default)]
pub(crate) struct Stated {
    urls: Vec<ServiceUrl>,
    /// Whether the document lists all default URLs, not only the main one.
    whole: bool,
    unknown: Option<String>,
}

impl Stated {
    /// A URL at `cursor`, of a revision with a tag or of the service itself.
    pub(crate) fn add(&mut self, cursor: &Cursor<'_>, tag: Option<&str>) {
        match cursor.node().scalar() {
            Some(text) => self.add_text(text, cursor.at(), tag),
            None if cursor.is_unknown() => self.not_known(cursor, "known after apply"),
            None => {}
        }
    }

    /// A list of all default URLs: a list, or the JSON text of one.
    pub(crate) fn add_all(&mut self, cursor: &Cursor<'_>) {
        if cursor.is_unknown() {
            self.not_known(cursor, "known after apply");
            return;
        }
        self.whole = true;
        for item in cursor.items() {
            self.add(&item, None);
        }
        let Some(text) = cursor.node().scalar() else { return };
        match serde_json::from_str::<Vec<String>>(text) {
            Ok(urls) => urls.iter().for_each(|url| self.add_text(url, cursor.at(), None)),
            Err(_) => {
                self.whole = false;
                self.not_known(cursor, "no JSON list of texts");
            }
        }
    }

    /// Why a URL is not known, unless something said so before.
    pub(crate) fn not_known(&mut self, cursor: &Cursor<'_>, why: &str) {
        let field = cursor.at().path.last().map(|segment| match segment {
            crate::locus::Segment::Key(key) => key.to_string(),
            crate::locus::Segment::Index(index) => format!("[{index}]"),
        });
        let field = field.unwrap_or_default();
        self.unknown.get_or_insert_with(|| format!("`{field}` is {why}"));
    }

    fn add_text(&mut self, text: &str, at: &Locus, tag: Option<&str>) {
        if let Some(found) = placeholder(text) {
            self.unknown.get_or_insert_with(|| format!("`{found}` is a placeholder"));
            return;
        }
        let Some(origin) = Origin::of(text) else { return };
        let url = origin.to_string();
        if self.urls.iter().any(|known| known.url == url) {
            return;
        }
        let form = form_of(&url, tag);
        self.urls.push(ServiceUrl { url, form, source: UrlSource::Stated, at: at.clone() });
    }
}

/// The form of a URL.
pub(crate) fn form_of(url: &str, tag: Option<&str>) -> UrlForm {
    let parsed = RunAppUrl::parse(url);
    let tag = parsed.as_ref().and_then(|url| url.tag.as_deref()).or(tag);
    match (tag, parsed.as_ref().map(|url| &url.form)) {
        (Some(tag), _) => UrlForm::Tagged(tag.to_owned()),
        (None, Some(RunAppForm::Deterministic { .. })) => UrlForm::Deterministic,
        (None, Some(RunAppForm::Hash { .. })) => UrlForm::Hash,
        (None, None) => UrlForm::Custom,
    }
}

/// Gives a service its URLs: those stated, then those that follow from its name, project number, region and tags.
///
/// A URL of its own that the document states also tells project number and region.
pub(crate) fn settle(service: &mut Service, stated: Stated) {
    let mut urls = stated.urls;
    if service.workload != Workload::Service && service.workload != Workload::Instance {
        return;
    }
    learn_from_own_urls(service, &urls);
    let mut incomplete = stated.unknown;
    if service.workload == Workload::Service && service.marked_cloud_run {
        derive(service, &mut urls);
        let has = |form: &UrlForm| urls.iter().any(|url| url.form == *form);
        let (deterministic, hash) = (has(&UrlForm::Deterministic), has(&UrlForm::Hash));
        incomplete = incomplete
            .or_else(|| (!stated.whole).then(|| what_is_missing(service, deterministic, hash)).flatten());
        if service.traffic.iter().any(|target| target.tag.as_ref().is_some_and(|tag| tag.value().is_none())) {
            incomplete.get_or_insert_with(|| "a traffic tag is unknown".to_owned());
        }
    }
    if let Some(why) = service.default_url_disabled.why_unknown() {
        incomplete
            .get_or_insert_with(|| format!("whether its run.app URLs are turned off is unknown: {why}"));
    }
    if service.default_url_disabled.is_on() {
        let (closed, open) = urls.into_iter().partition(|url| is_run_app(&url.url));
        service.disabled_urls = closed;
        urls = open;
        incomplete = None;
    }
    service.urls = urls;
    service.urls_incomplete = incomplete;
}

/// Gives a service the number of its project, which another part of the document tells, and the URLs that follow from it.
pub(crate) fn learn_project_number(service: &mut Service, number: &str) {
    if service.project_number.is_some() || !is_project_number(number) {
        return;
    }
    service.project_number = Some(number.to_owned());
    let mut urls = std::mem::take(&mut service.urls);
    urls.append(&mut service.disabled_urls);
    let unknown = service.urls_incomplete.take().filter(|why| !why.starts_with(NOT_TOLD));
    let whole = unknown.is_none() && urls.iter().any(|url| url.form == UrlForm::Deterministic);
    settle(service, Stated { urls, whole, unknown });
}

/// Adds a custom domain of a service.
pub(crate) fn add_domain(service: &mut Service, domain: &str, source: UrlSource, at: &Locus) {
    let Some(origin) = Origin::of(&format!("https://{domain}")) else { return };
    let url = origin.to_string();
    if service.urls.iter().all(|known| known.url != url) {
        service.urls.push(ServiceUrl { url, form: UrlForm::Custom, source, at: at.clone() });
    }
}

fn is_run_app(url: &str) -> bool {
    url.ends_with(".run.app")
}

fn learn_from_own_urls(service: &mut Service, urls: &[ServiceUrl]) {
    let own = urls.iter().filter_map(|url| RunAppUrl::parse(&url.url));
    let own =
        own.filter(|url| service.name.text().is_none_or(|name| name == url.service)).collect::<Vec<_>>();
    for url in own {
        let RunAppForm::Deterministic { project_number, region } = url.form else { continue };
        service.project_number.get_or_insert(project_number);
        if service.region.as_ref().is_none_or(|known| known.value().is_none()) {
            service.region = Some(region.into());
        }
    }
}

fn derive(service: &Service, urls: &mut Vec<ServiceUrl>) {
    let region = service.region.as_ref().and_then(|region| region.text());
    if let (Some(name), Some(number), Some(region)) = (service.name.text(), &service.project_number, region)
        && let Ok(url) = RunAppUrl::deterministic(name, None, number, region)
    {
        push_derived(service, urls, &url);
    }
    let mains: Vec<RunAppUrl> =
        urls.iter().filter_map(|url| RunAppUrl::parse(&url.url)).filter(|url| url.tag.is_none()).collect();
    for target in &service.traffic {
        let Some(tag) = target.tag.as_ref().and_then(|tag| tag.text()) else { continue };
        for main in &mains {
            push_derived(service, urls, &main.with_tag(Some(tag)));
        }
    }
}

fn push_derived(service: &Service, urls: &mut Vec<ServiceUrl>, url: &RunAppUrl) {
    let text = url.url();
    // What does not parse back is longer than hosts may be, or has a tag that cannot be one: no such URL exists.
    if RunAppUrl::parse(&text).as_ref() != Some(url) || urls.iter().any(|known| known.url == text) {
        return;
    }
    let form = form_of(&text, None);
    let at = service.name_at.clone();
    urls.push(ServiceUrl { url: text, form, source: UrlSource::Derived, at });
}

const NOT_TOLD: &str = "its document does not tell ";

fn what_is_missing(service: &Service, deterministic: bool, hash: bool) -> Option<String> {
    let unknown = |what: &str| Some(format!("{NOT_TOLD}{what}"));
    match (deterministic, hash) {
        (true, true) => None,
        (true, false) => {
            unknown("its second URL, `https://NAME-HASH-CODE.a.run.app`, and nothing derives it")
        }
        (false, _) if service.name.value().is_none() => unknown("its name"),
        (false, _) if service.project_number.is_none() => {
            unknown("the project's number, of which `https://NAME-PROJECTNUMBER.REGION.run.app` is made")
        }
        (false, _) if service.region.as_ref().is_none_or(|region| region.value().is_none()) => {
            unknown("its region, of which `https://NAME-PROJECTNUMBER.REGION.run.app` is made")
        }
        (false, true) => None,
        (false, false) => unknown("any of its URLs"),
    }
}
