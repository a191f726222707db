//! Environments: which realms and services belong to one Keycloak.
//!
//! Several realm files that declare the same realm are several Keycloak servers. They are told apart by the configuration, by the
//! hosts of issuers, by the hosts of redirect URIs and by folders and file names, in this order; what none of them tells stays open.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::facts::Facts;
use super::hosts::host_in;
use super::names::{environment_of_name, environment_of_path};
use super::{Environment, ServiceReading, keycloaks, reading};
use crate::cloud_run::model::ServiceUrl;
use crate::config::{Config, EnvironmentConfig};
use crate::snapshot::{RealmId, ServiceId, Snapshot};

/// Realms and services counted to Keycloak servers.
#[derive(Debug, Default)]
pub(super) struct Assignment {
    /// The servers; at least one when there is any realm or service.
    pub(super) groups: Vec<Group>,
    /// The group of each realm.
    pub(super) of_realm: Vec<usize>,
    /// The group of each service; none where nothing tells it.
    pub(super) of_service: Vec<Option<usize>>,
    /// Whether there are several groups, so that their names are worth saying.
    pub(super) told_apart: bool,
}

/// One Keycloak server as far as it is told apart from others.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Its name for people; empty when there is only one.
    pub(super) name: String,
    /// Its realms.
    pub(super) realms: Vec<RealmId>,
    /// Hosts under which it is known for certain: `frontendUrl`, the URLs of its Keycloak service, the configuration.
    pub(super) hosts: BTreeSet<String>,
    /// The environment word of its name, files or hosts.
    pub(super) word: Option<&'static str>,
    folders: BTreeSet<String>,
}

/// What is known before environments are told apart.
pub(super) struct Known<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) config: &'a Config,
    pub(super) facts: &'a [Facts],
    pub(super) urls: &'a [Vec<ServiceUrl>],
    pub(super) readings: &'a [ServiceReading],
    pub(super) configured: &'a [Option<usize>],
}

/// The environment of the configuration whose `files` name the part of each service and of each realm.
pub(super) fn by_files(snapshot: &Snapshot, config: &Config) -> (Vec<Option<usize>>, Vec<Option<usize>>) {
    if config.environments.is_empty() {
        return (vec![None; snapshot.services.len()], vec![None; snapshot.realms.len()]);
    }
    let globs: Vec<_> = config.environments.iter().map(|environment| globs(&environment.files)).collect();
    let of_part: Vec<Option<usize>> = snapshot
        .parts
        .iter()
        .map(|part| globs.iter().position(|globs| names_path(globs, part.place.path())))
        .collect();
    let of = |part: u32| of_part.get(part as usize).copied().flatten();
    (
        snapshot.services.iter().map(|service| of(service.at.part.0)).collect(),
        snapshot.realms.iter().map(|realm| of(realm.at.part.0)).collect(),
    )
}

fn globs(patterns: &[String]) -> ignore::gitignore::Gitignore {
    let mut builder = ignore::gitignore::GitignoreBuilder::new("");
    for pattern in patterns {
        // A pattern that does not parse names nothing; the configuration's own check says so.
        let _ = builder.add_line(None, pattern.trim_start_matches("./"));
    }
    builder.build().unwrap_or_else(|_| ignore::gitignore::Gitignore::empty())
}

// The path is as the person gave it, the glob is relative to the configuration file: the one may begin above the other.
fn names_path(globs: &ignore::gitignore::Gitignore, path: &str) -> bool {
    let path = path.trim_start_matches("./").trim_start_matches('/');
    let starts = std::iter::once(0).chain(path.match_indices('/').map(|(at, _)| at + 1));
    starts.into_iter().any(|start| globs.matched_path_or_any_parents(&path[start..], false).is_ignore())
}

/// Tells environments apart.
pub(super) fn tell_apart(known: &Known<'_>, realms_by_files: &[Option<usize>]) -> Assignment {
    let mut assignment = group_realms(known, realms_by_files);
    for group in &mut assignment.groups {
        for realm in &group.realms {
            group.hosts.extend(hosts_of(known.snapshot, *realm));
        }
    }
    if assignment.told_apart {
        assign_services(known, &mut assignment);
    } else {
        assignment.of_service = vec![Some(0); known.snapshot.services.len()];
    }
    for index in 0..known.snapshot.services.len() {
        if let (true, Some(group)) = (known.readings[index].is_keycloak, assignment.of_service[index]) {
            assignment.groups[group]
                .hosts
                .extend(keycloaks::hosts(&known.readings[index].containers, &known.urls[index]));
        }
    }
    assignment
}

/// The hosts under which a realm is known for certain: that of its `frontendUrl`; where its server was asked, the server's own, and
/// those of the issuers that it answered.
fn hosts_of(snapshot: &Snapshot, id: RealmId) -> BTreeSet<String> {
    let realm = snapshot.realm(id);
    let mut hosts: BTreeSet<String> =
        realm.frontend_url.as_ref().and_then(|url| url.text()).and_then(host_in).into_iter().collect();
    if let Some(server) = realm.server.map(|server| snapshot.server(server)) {
        hosts.extend(host_in(&server.url));
        let own = server.discovery.iter().filter(|found| Some(found.realm.as_str()) == realm.name.text());
        for found in own {
            if let Ok(issuer) = &found.answer {
                hosts.extend([host_in(issuer), host_in(&found.asked)].into_iter().flatten());
            }
        }
    }
    hosts
}

fn group_realms(known: &Known<'_>, by_files: &[Option<usize>]) -> Assignment {
    let snapshot = known.snapshot;
    let mut names = HashMap::<&str, usize>::new();
    for realm in &snapshot.realms {
        if let Some(name) = realm.name.text() {
            *names.entry(name).or_default() += 1;
        }
    }
    let repeated = names.values().any(|count| *count > 1);
    let mut groups: Vec<Group> = known.config.environments.iter().map(configured_group).collect();
    if groups.is_empty() && !repeated {
        let realms = snapshot.realms().map(|(id, _)| id).collect();
        return Assignment {
            groups: vec![Group { realms, ..Group::default() }],
            of_realm: vec![0; snapshot.realms.len()],
            ..Assignment::default()
        };
    }
    let mut of_realm = vec![usize::MAX; snapshot.realms.len()];
    let mut by_key: BTreeMap<(u8, String), usize> = BTreeMap::new();
    for (id, realm) in snapshot.realms() {
        let path = snapshot.part(realm.at.part).place.path();
        let host = match realm.server {
            // Realms of one server belong together, whatever their frontend URLs.
            Some(server) => host_in(&snapshot.server(server).url),
            None => realm.frontend_url.as_ref().and_then(|url| url.text()).and_then(host_in),
        };
        let name = realm.name.text();
        let taken = |groups: &[Group], group: usize| {
            groups[group]
                .realms
                .iter()
                .any(|other| snapshot.realm(*other).name.text() == name && name.is_some())
        };
        let configured = by_files[id.0 as usize].or_else(|| {
            groups.iter().position(|group| host.as_ref().is_some_and(|host| group.hosts.contains(host)))
        });
        let keys = [
            host.map(|host| (0, host)),
            environment_of_path(path).map(|word| (1, word.to_owned())),
            Some((2, folder(path).to_owned())),
            Some((3, path.to_owned())),
            Some((4, format!("{path}#{}", id.0))),
        ];
        let group = configured.unwrap_or_else(|| {
            for key in keys.into_iter().flatten() {
                match by_key.get(&key) {
                    Some(&group) if !taken(&groups, group) => return group,
                    Some(_) => {}
                    None => {
                        groups.push(Group {
                            name: name_of(&key, path),
                            word: environment_of_path(path),
                            ..Group::default()
                        });
                        by_key.insert(key, groups.len() - 1);
                        return groups.len() - 1;
                    }
                }
            }
            groups.len() - 1
        });
        groups[group].realms.push(id);
        groups[group].folders.insert(folder(path).to_owned());
        of_realm[id.0 as usize] = group;
    }
    make_names_unique(&mut groups, snapshot);
    let told_apart = groups.len() > 1;
    Assignment { groups, of_realm, of_service: Vec::new(), told_apart }
}

fn configured_group(environment: &EnvironmentConfig) -> Group {
    Group {
        name: environment.name.clone(),
        hosts: environment.keycloak_urls.iter().filter_map(|url| host_in(url)).collect(),
        word: environment_of_name(&environment.name),
        ..Group::default()
    }
}

fn name_of((kind, key): &(u8, String), path: &str) -> String {
    match kind {
        0 | 1 => key.clone(),
        2 if !key.is_empty() => key.clone(),
        _ => path.to_owned(),
    }
}

// Two folders named alike, or two files of one folder: the file's path is what a person can tell them apart by.
fn make_names_unique(groups: &mut [Group], snapshot: &Snapshot) {
    let mut seen = HashSet::new();
    for group in groups.iter_mut() {
        if !seen.insert(group.name.clone()) {
            let first = group.realms.first().map(|realm| snapshot.realm(*realm).at.part);
            if let Some(part) = first {
                group.name = snapshot.part(part).place.path().to_owned();
            }
            let base = group.name.clone();
            let mut number = 2;
            while !seen.insert(group.name.clone()) {
                group.name = format!("{base} ({number})");
                number += 1;
            }
        }
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn assign_services(known: &Known<'_>, assignment: &mut Assignment) {
    let mut of_service: Vec<Option<usize>> = known.configured.to_vec();
    let hosts_of_group = by_host(&assignment.groups);
    let mentions = |index: usize| -> BTreeSet<String> {
        let facts = &known.facts[index];
        facts.issuers.iter().chain(&facts.bases).filter_map(|stated| host_in(&stated.text)).collect()
    };
    for (index, group) in of_service.iter_mut().enumerate() {
        let own: Vec<String> = if known.readings[index].is_keycloak {
            keycloaks::hosts(&known.readings[index].containers, &known.urls[index])
        } else {
            mentions(index).into_iter().collect()
        };
        *group = group.or_else(|| only(own.iter().filter_map(|host| hosts_of_group.get(host).copied())));
    }
    by_redirect_hosts(known, assignment, &mut of_service);
    for (id, service) in known.snapshot.services() {
        let index = id.0 as usize;
        if of_service[index].is_some() {
            continue;
        }
        let path = known.snapshot.part(service.at.part).place.path();
        let project = service.project.as_ref().and_then(|project| project.text());
        let word = [service.name.text(), project]
            .into_iter()
            .flatten()
            .find_map(environment_of_name)
            .or_else(|| environment_of_path(path))
            .or_else(|| mentions(index).iter().find_map(|host| environment_of_name(host)));
        of_service[index] = word
            .and_then(|word| {
                let with_word = |(at, group): (usize, &Group)| (group.word == Some(word)).then_some(at);
                only(assignment.groups.iter().enumerate().filter_map(with_word))
            })
            .or_else(|| nearest(folder(path), &assignment.groups));
    }
    spread(known, &mentions, &mut of_service);
    assignment.of_service = of_service;
}

/// The groups by host, for hosts that one group alone has.
fn by_host(groups: &[Group]) -> BTreeMap<String, usize> {
    let mut found: BTreeMap<String, Option<usize>> = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        for host in &group.hosts {
            found.entry(host.clone()).and_modify(|known| *known = None).or_insert(Some(index));
        }
    }
    found.into_iter().filter_map(|(host, group)| Some((host, group?))).collect()
}

/// A service is of the group whose clients alone have redirect URIs on its hosts.
fn by_redirect_hosts(known: &Known<'_>, assignment: &Assignment, of_service: &mut [Option<usize>]) {
    let mut wanted: HashMap<String, BTreeSet<usize>> = HashMap::new();
    for (index, urls) in known.urls.iter().enumerate() {
        let named = known.facts[index].own_urls.iter().filter_map(|stated| host_in(&stated.text));
        for host in urls.iter().filter_map(|url| host_in(&url.url)).chain(named) {
            if of_service[index].is_none() && !crate::cloud_run::urls::is_loopback(&host) {
                wanted.entry(host).or_default();
            }
        }
    }
    if wanted.is_empty() {
        return;
    }
    for (id, client) in known.snapshot.clients() {
        reading::for_each_host(client, |host, _, _| {
            if let Some(groups) = wanted.get_mut(host) {
                groups.insert(assignment.of_realm[id.realm.0 as usize]);
            }
        });
    }
    for (index, urls) in known.urls.iter().enumerate() {
        if of_service[index].is_none() {
            let named = known.facts[index].own_urls.iter().filter_map(|stated| host_in(&stated.text));
            let hosts = urls.iter().filter_map(|url| host_in(&url.url)).chain(named);
            of_service[index] = only(hosts.filter_map(|host| wanted.get(&host)).flatten().copied());
        }
    }
}

/// Services that name a Keycloak host are of the group of the others that name it; and the Keycloak behind the host as well.
fn spread(known: &Known<'_>, mentions: &dyn Fn(usize) -> BTreeSet<String>, of_service: &mut [Option<usize>]) {
    let mut by_host: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (index, group) in of_service.iter().enumerate() {
        if let (Some(group), false) = (group, known.readings[index].is_keycloak) {
            for host in mentions(index) {
                by_host.entry(host).or_default().insert(*group);
            }
        }
    }
    for (index, group) in of_service.iter_mut().enumerate() {
        if group.is_none() {
            let hosts: Vec<String> = if known.readings[index].is_keycloak {
                keycloaks::hosts(&known.readings[index].containers, &known.urls[index])
            } else {
                mentions(index).into_iter().collect()
            };
            *group = only(hosts.iter().filter_map(|host| by_host.get(host)).flatten().copied());
        }
    }
}

/// The group whose folders lie nearest to `folder`: the one with the longest common beginning, when it is one alone.
fn nearest(folder: &str, groups: &[Group]) -> Option<usize> {
    let depth = |group: &Group| {
        group.folders.iter().map(|other| common_folders(folder, other)).max().unwrap_or_default()
    };
    let deepest = groups.iter().map(depth).max()?;
    only(groups.iter().enumerate().filter_map(|(index, group)| (depth(group) == deepest).then_some(index)))
}

fn common_folders(one: &str, other: &str) -> usize {
    one.split('/').zip(other.split('/')).take_while(|(a, b)| a == b && !a.is_empty()).count()
}

fn only(values: impl Iterator<Item = usize>) -> Option<usize> {
    let values: BTreeSet<usize> = values.collect();
    if values.len() == 1 { values.into_iter().next() } else { None }
}

impl Assignment {
    /// The name of a service's environment, where several are told apart.
    pub(super) fn name_for_service(&self, service: ServiceId) -> Option<String> {
        let group = self.of_service.get(service.0 as usize).copied().flatten()?;
        self.name(group)
    }

    /// The name of a group, where several are told apart.
    pub(super) fn name(&self, group: usize) -> Option<String> {
        let name = &self.groups.get(group)?.name;
        (!name.is_empty()).then(|| name.clone())
    }

    /// The groups as environments, in their order; `is_keycloak` tells which services are Keycloak servers.
    pub(super) fn environments(&self, is_keycloak: impl Fn(ServiceId) -> bool) -> Vec<Environment> {
        let mut environments: Vec<Environment> = self
            .groups
            .iter()
            .map(|group| Environment {
                name: group.name.clone(),
                realms: group.realms.clone(),
                ..Environment::default()
            })
            .collect();
        for (id, group) in (0..).map(ServiceId).zip(&self.of_service) {
            if let Some(environment) = group.and_then(|group| environments.get_mut(group)) {
                environment.services.push(id);
                if is_keycloak(id) {
                    environment.keycloaks.push(id);
                }
            }
        }
        for environment in &mut environments {
            if let [only] = environment.keycloaks.as_slice() {
                environment.keycloak = Some(*only);
            }
        }
        environments
    }
}
