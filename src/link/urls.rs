//! The whole set of URLs of each service: what its document states, what the configuration adds, and what hosts elsewhere in the input reveal.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::facts::Facts;
use super::hosts::host_in;
use crate::cloud_run::model::{Service, ServiceUrl, UrlForm, UrlSource, Workload};
use crate::cloud_run::urls::{RunAppForm, RunAppUrl};
use crate::config::{Config, EnvironmentConfig};
use crate::keycloak::model::ClientField;
use crate::locus::Locus;
use crate::snapshot::{ServiceId, Snapshot};

/// Where each run.app host that the input mentions first stands.
type Observed = BTreeMap<RunAppUrl, Locus>;

/// The URLs of every service, by [`ServiceId`].
pub(super) fn complete(
    snapshot: &Snapshot,
    config: &Config,
    facts: &[Facts],
    environments: &[Option<&EnvironmentConfig>],
) -> Vec<Vec<ServiceUrl>> {
    let observed = observe(snapshot, facts);
    let projects = Projects::new(snapshot, &observed, environments);
    let mut by_name: HashMap<&str, Vec<(&RunAppUrl, &Locus)>> = HashMap::new();
    for (url, at) in &observed {
        by_name.entry(&url.service).or_default().push((url, at));
    }
    snapshot
        .services()
        .map(|(id, service)| {
            let environment = environments[id.0 as usize];
            let mut urls = service.urls.clone();
            configured(service, config, environment, &mut urls);
            let may_have_default =
                service.workload == Workload::Service && !service.default_url_disabled.is_on();
            if let (true, Some(name)) = (may_have_default, service.name.text()) {
                let seen = by_name.get(name).map(Vec::as_slice).unwrap_or_default();
                revealed(id, service, seen, &projects, &mut urls);
            }
            urls
        })
        .collect()
}

fn add(urls: &mut Vec<ServiceUrl>, url: String, form: UrlForm, source: UrlSource, at: &Locus) {
    if !urls.iter().any(|known| known.url == url) {
        urls.push(ServiceUrl { url, form, source, at: at.clone() });
    }
}

fn configured(
    service: &Service,
    config: &Config,
    environment: Option<&EnvironmentConfig>,
    urls: &mut Vec<ServiceUrl>,
) {
    let Some(name) = service.name.text() else { return };
    for (index, entry) in config.services.iter().enumerate() {
        let place = |field: &str, element: usize| {
            let entry = config.service_at(index);
            entry.map_or_else(|| service.name_at.clone(), |entry| entry.key(field).index(element))
        };
        let elsewhere = entry
            .environment
            .as_ref()
            .is_some_and(|wanted| environment.is_some_and(|environment| environment.name != *wanted));
        if entry.name != name || elsewhere {
            continue;
        }
        for (element, url) in entry.urls.iter().enumerate() {
            let url = url.trim_end_matches('/').to_owned();
            let form = form_of(&url);
            add(urls, url, form, UrlSource::Configured, &place("urls", element));
        }
        for (element, domain) in entry.domains.iter().enumerate() {
            let domain = domain.trim_end_matches('/');
            let url = if domain.contains("://") { domain.to_owned() } else { format!("https://{domain}") };
            add(urls, url, UrlForm::Custom, UrlSource::Configured, &place("domains", element));
        }
    }
}

fn form_of(url: &str) -> UrlForm {
    match RunAppUrl::parse(url) {
        Some(RunAppUrl { tag: Some(tag), .. }) => UrlForm::Tagged(tag),
        Some(RunAppUrl { form: RunAppForm::Deterministic { .. }, .. }) => UrlForm::Deterministic,
        Some(RunAppUrl { form: RunAppForm::Hash { .. }, .. }) => UrlForm::Hash,
        None => UrlForm::Custom,
    }
}

/// Adds the default URLs that other places reveal: a host that bears the service's own name, or the project's number.
fn revealed(
    id: ServiceId,
    service: &Service,
    seen: &[(&RunAppUrl, &Locus)],
    projects: &Projects,
    urls: &mut Vec<ServiceUrl>,
) {
    let number = projects.number(id);
    let region = service.region.as_ref().and_then(|region| region.text());
    let fits = |url: &RunAppUrl| {
        url.tag.is_none() && region.is_none_or(|region| url.region().is_none_or(|seen| seen == region))
    };
    if !urls.iter().any(|url| url.form == UrlForm::Deterministic) {
        let own: Vec<_> = seen
            .iter()
            .filter(|(url, _)| fits(url))
            .filter(|(url, _)| {
                url.project_number().is_some_and(|seen| number.is_none_or(|(number, _)| number == seen))
            })
            .collect();
        if let [(url, at)] = own.as_slice() {
            add(urls, url.url(), UrlForm::Deterministic, UrlSource::Clue, at);
        } else if let (true, Some((number, at)), Some(name), Some(region)) =
            (own.is_empty(), number, service.name.text(), region)
            && let Ok(url) = RunAppUrl::deterministic(name, None, number, region)
        {
            add(urls, url.url(), UrlForm::Deterministic, UrlSource::Clue, at);
        }
    }
    if !urls.iter().any(|url| url.form == UrlForm::Hash) {
        let own: Vec<_> = seen.iter().filter(|(url, _)| url.hash().is_some() && fits(url)).collect();
        let of_project: Vec<_> = own
            .iter()
            .filter(|(url, _)| url.hash().is_some_and(|hash| projects.has_hash(id, hash)))
            .collect();
        let chosen = match (own.as_slice(), of_project.as_slice()) {
            ([only], _) => Some(*only),
            (_, [only]) => Some(**only),
            _ => None,
        };
        if let Some((url, at)) = chosen {
            add(urls, url.url(), UrlForm::Hash, UrlSource::Clue, at);
        }
    }
}

/// All run.app hosts of the input, each with the first place that names it.
fn observe(snapshot: &Snapshot, facts: &[Facts]) -> Observed {
    let mut observed = Observed::new();
    for facts in facts {
        for mention in &facts.mentions {
            if let (Some(url), Some(evidence)) = (run_app(&mention.text), mention.evidence.first()) {
                observed.entry(url).or_insert_with(|| evidence.at.clone());
            }
        }
    }
    for (_, client) in snapshot.clients() {
        let single = [(&client.root_url, ClientField::RootUrl), (&client.base_url, ClientField::BaseUrl)];
        for (text, field) in single {
            if let Some(url) = text.as_ref().and_then(|text| text.text()).and_then(run_app) {
                observed.entry(url).or_insert_with(|| client.field(field));
            }
        }
        let origins = client.web_origins.as_deref().unwrap_or_default();
        for (list, field) in
            [(client.redirect_uris.as_slice(), ClientField::RedirectUris), (origins, ClientField::WebOrigins)]
        {
            for (index, entry) in list.iter().enumerate() {
                if let Some(url) = entry.text().and_then(run_app) {
                    observed.entry(url).or_insert_with(|| client.entry(field, index));
                }
            }
        }
    }
    observed
}

fn run_app(text: &str) -> Option<RunAppUrl> {
    if !text.contains(".run.app") {
        return None;
    }
    RunAppUrl::parse(&host_in(text)?)
}

/// What is known of the projects that the services are in.
struct Projects {
    of_service: Vec<usize>,
    numbers: Vec<BTreeMap<String, Locus>>,
    hashes: Vec<BTreeSet<String>>,
    everywhere: BTreeMap<String, Locus>,
    unnamed: Option<usize>,
}

impl Projects {
    fn new(snapshot: &Snapshot, observed: &Observed, environments: &[Option<&EnvironmentConfig>]) -> Self {
        let mut keys: BTreeMap<String, usize> = BTreeMap::new();
        let mut by_name: HashMap<&str, Vec<ServiceId>> = HashMap::new();
        let mut of_service = Vec::with_capacity(snapshot.services.len());
        for (id, service) in snapshot.services() {
            let project = service.project.as_ref().and_then(|project| project.text());
            let key = project
                .or(service.project_number.as_deref())
                .or(environments[id.0 as usize].map(|environment| environment.name.as_str()))
                .unwrap_or_default();
            let next = keys.len();
            of_service.push(*keys.entry(key.to_owned()).or_insert(next));
            if let Some(name) = service.name.text() {
                by_name.entry(name).or_default().push(id);
            }
        }
        let mut projects = Projects {
            of_service,
            numbers: vec![BTreeMap::new(); keys.len()],
            hashes: vec![BTreeSet::new(); keys.len()],
            everywhere: BTreeMap::new(),
            unnamed: keys.get("").copied(),
        };
        for (id, service) in snapshot.services() {
            let number = service.project_number.as_deref();
            let configured =
                environments[id.0 as usize].and_then(|environment| environment.project_number.as_deref());
            if let Some(number) = number.or(configured) {
                projects.learn_number(id, number, &service.at);
            }
            for url in &service.urls {
                if let Some(parsed) = RunAppUrl::parse(&url.url) {
                    projects.learn(id, &parsed, &url.at);
                }
            }
        }
        for (url, at) in observed {
            let Some(named) = by_name.get(url.service.as_str()) else { continue };
            let fitting: Vec<ServiceId> = named
                .iter()
                .copied()
                .filter(|id| {
                    let region = snapshot.service(*id).region.as_ref().and_then(|region| region.text());
                    region.is_none_or(|region| url.region().is_none_or(|seen| seen == region))
                })
                .collect();
            let projects_of: BTreeSet<usize> =
                fitting.iter().map(|id| projects.of_service[id.0 as usize]).collect();
            if let (1, Some(first)) = (projects_of.len(), fitting.first()) {
                projects.learn(*first, url, at);
            }
        }
        projects
    }

    fn learn(&mut self, id: ServiceId, url: &RunAppUrl, at: &Locus) {
        if let Some(number) = url.project_number() {
            self.learn_number(id, number, at);
        }
        if let Some(hash) = url.hash() {
            self.hashes[self.of_service[id.0 as usize]].insert(hash.to_owned());
        }
    }

    fn learn_number(&mut self, id: ServiceId, number: &str, at: &Locus) {
        let project = self.of_service[id.0 as usize];
        self.numbers[project].entry(number.to_owned()).or_insert_with(|| at.clone());
        self.everywhere.entry(number.to_owned()).or_insert_with(|| at.clone());
    }

    /// The number of the service's project and the place that reveals it, when exactly one is known.
    fn number(&self, id: ServiceId) -> Option<(&str, &Locus)> {
        let project = self.of_service[id.0 as usize];
        let own = &self.numbers[project];
        let known = if own.is_empty() && self.unnamed == Some(project) { &self.everywhere } else { own };
        let mut numbers = known.iter();
        let (number, at) = numbers.next()?;
        numbers.next().is_none().then_some((number.as_str(), at))
    }

    fn has_hash(&self, id: ServiceId, hash: &str) -> bool {
        self.hashes[self.of_service[id.0 as usize]].contains(hash)
    }
}
