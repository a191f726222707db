//! Which realm an issuer or a base URL names.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::environments::Assignment;
use super::names::environment_of_name;
use super::{NamedBy, NamedRealm};
use crate::cloud_run::urls;
use crate::snapshot::{RealmId, ServiceId, Snapshot};

/// Finds the realms that issuers name.
pub(super) struct Naming<'a> {
    snapshot: &'a Snapshot,
    assignment: &'a Assignment,
    by_name: HashMap<&'a str, Vec<RealmId>>,
    /// Realms whose own name is not known (a bare list of clients, a placeholder): they may be any.
    unnamed: Vec<RealmId>,
    by_host: BTreeMap<&'a str, BTreeSet<usize>>,
    /// Hosts that services name together with a realm that was read; they are the Keycloak's by hearsay only.
    heard: BTreeMap<String, BTreeSet<usize>>,
}

/// A URL of Keycloak, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RealmUrl<'u> {
    /// What stands before `/realms/`.
    pub(crate) base: &'u str,
    /// The realm's name as written.
    pub(crate) realm: &'u str,
    /// What follows the realm's name.
    pub(crate) rest: &'u str,
}

/// Takes a URL under a realm apart: `https://host/auth/realms/NAME/…`.
pub(crate) fn realm_url(url: &str) -> Option<RealmUrl<'_>> {
    let (base, after) = url.split_once("/realms/")?;
    if !base.contains("://") {
        return None;
    }
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (realm, rest) = after.split_at(end);
    (!realm.is_empty()).then_some(RealmUrl { base, realm, rest })
}

/// The name of a realm as it stands in a URL, with its escapes resolved where they are of the common kind.
pub(crate) fn unescape(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let [first, after @ ..] = rest {
        if let (b'%', [high, low, tail @ ..]) = (first, after) {
            let digits = [*high, *low];
            if let Some(byte) =
                std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok())
            {
                bytes.push(byte);
                rest = tail;
                continue;
            }
        }
        bytes.push(*first);
        rest = after;
    }
    String::from_utf8(bytes).unwrap_or_else(|_| name.to_owned())
}

impl<'a> Naming<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, assignment: &'a Assignment) -> Self {
        let mut by_name: HashMap<&str, Vec<RealmId>> = HashMap::new();
        let mut unnamed = Vec::new();
        for (id, realm) in snapshot.realms() {
            match realm.name.text() {
                Some(name) => by_name.entry(name).or_default().push(id),
                None => unnamed.push(id),
            }
        }
        let mut by_host: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (index, group) in assignment.groups.iter().enumerate() {
            for host in &group.hosts {
                by_host.entry(host).or_default().insert(index);
            }
        }
        Naming { snapshot, assignment, by_name, unnamed, by_host, heard: BTreeMap::new() }
    }

    /// Remembers that a service names `realm` at `host`, so that other realms named there are known to be of the same Keycloak.
    pub(super) fn hear(&mut self, service: ServiceId, url: &str) {
        let Some(named) = realm_url(url) else { return };
        let Some(host) = urls::host(named.base) else { return };
        if let (NamedRealm::Realm(realm), _) = self.named(service, url) {
            let group = self.assignment.of_realm[realm.0 as usize];
            self.heard.entry(host).or_default().insert(group);
        }
    }

    /// What an issuer of a service names, and how that is known.
    pub(super) fn named(&self, service: ServiceId, issuer: &str) -> (NamedRealm, NamedBy) {
        let Some(parts) = realm_url(issuer) else { return (NamedRealm::NotKeycloak, NamedBy::Nothing) };
        let Some(host) = urls::host(parts.base) else { return (NamedRealm::NotKeycloak, NamedBy::Nothing) };
        let name = unescape(parts.realm);
        let same = self.by_name.get(name.as_str()).unwrap_or(&self.unnamed).as_slice();
        // Certain hosts outweigh the service's own environment, and that outweighs hearsay.
        let certain = only(self.by_host.get(host.as_str()));
        let heard = only(self.heard.get(&host));
        let group = certain.or(self.assignment.of_service[service.0 as usize]).or(heard);
        let in_group: Vec<RealmId> = match group {
            Some(group) => same
                .iter()
                .copied()
                .filter(|realm| self.assignment.of_realm[realm.0 as usize] == group)
                .collect(),
            None => same.to_vec(),
        };
        let elsewhere = || NamedRealm::Elsewhere { host: host.clone(), realm: name.clone() };
        match in_group.as_slice() {
            [realm] if certain.is_some() => (NamedRealm::Realm(*realm), NamedBy::Host),
            [realm] => {
                let home = self.assignment.of_realm[realm.0 as usize];
                if self.is_foreign(&host, home) {
                    (elsewhere(), NamedBy::Nothing)
                } else {
                    (NamedRealm::Realm(*realm), NamedBy::RealmName)
                }
            }
            [] => match group
                .and_then(|group| self.unknown_realm(group, &host, &name, certain.or(heard) == Some(group)))
            {
                Some(unknown) => unknown,
                None => (elsewhere(), NamedBy::Nothing),
            },
            several => (NamedRealm::Ambiguous(several.to_vec()), NamedBy::RealmName),
        }
    }

    /// The realms of the Keycloak at a base URL without a realm, for a service.
    pub(super) fn realms_at(&self, service: ServiceId, base: &str) -> Vec<RealmId> {
        let Some(host) = urls::host(base) else { return Vec::new() };
        let group = self.group_of_host(&host).or(self.assignment.of_service[service.0 as usize]);
        match group {
            Some(group) if self.group_of_host(&host).is_some() || !self.is_foreign(&host, group) => {
                self.user_realms(group)
            }
            _ => Vec::new(),
        }
    }

    /// The realms of a group without `master`, which is for administrators, unless it is the only one.
    pub(super) fn user_realms(&self, group: usize) -> Vec<RealmId> {
        let all = &self.assignment.groups[group].realms;
        let without: Vec<RealmId> = all
            .iter()
            .copied()
            .filter(|realm| self.snapshot.realm(*realm).name.text() != Some("master"))
            .collect();
        if without.is_empty() { all.clone() } else { without }
    }

    fn group_of_host(&self, host: &str) -> Option<usize> {
        only(self.by_host.get(host).or_else(|| self.heard.get(host)))
    }

    fn unknown_realm(
        &self,
        group: usize,
        host: &str,
        name: &str,
        host_is_known: bool,
    ) -> Option<(NamedRealm, NamedBy)> {
        let known: Vec<RealmId> = self.assignment.groups[group].realms.clone();
        if known.iter().all(|realm| self.snapshot.realm(*realm).name.text().is_none()) {
            return None;
        }
        let is_near = known
            .iter()
            .any(|realm| self.snapshot.realm(*realm).name.text().is_some_and(|known| is_near(known, name)));
        let by = if host_is_known { NamedBy::Host } else { NamedBy::RealmName };
        let is_this = host_is_known || (is_near && !self.is_foreign(host, group));
        is_this.then(|| (NamedRealm::UnknownRealm { name: name.to_owned(), known }, by))
    }

    /// Whether a host cannot be this Keycloak's, although it may serve a realm of the same name: another environment's.
    fn is_foreign(&self, host: &str, group: usize) -> bool {
        let group = &self.assignment.groups[group];
        let all_loopback = !group.hosts.is_empty() && group.hosts.iter().all(|host| urls::is_loopback(host));
        if all_loopback && !urls::is_loopback(host) {
            return true;
        }
        let word = environment_of_name(host);
        let own: BTreeSet<&str> =
            group.hosts.iter().filter_map(|host| environment_of_name(host)).chain(group.word).collect();
        word.is_some_and(|word| !own.is_empty() && !own.contains(word))
    }
}

fn only(groups: Option<&BTreeSet<usize>>) -> Option<usize> {
    let groups = groups?;
    if groups.len() == 1 { groups.first().copied() } else { None }
}

/// Whether two names of realms are so alike that one is probably meant for the other.
pub(crate) fn is_near(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let longest = one.chars().count().max(other.chars().count());
    strsim::damerau_levenshtein(&one, &other) <= (longest / 4).clamp(1, 3)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_realm_stands_after_realms() {
        let url =
            realm_url("https://sso.example.com/auth/realms/shop/protocol/openid-connect/certs").unwrap();
        assert_eq!((url.base, url.realm), ("https://sso.example.com/auth", "shop"));
        assert_eq!(url.rest, "/protocol/openid-connect/certs");
        assert_eq!(realm_url("https://sso.example.com/realms/"), None);
        assert_eq!(realm_url("/realms/shop"), None);
        assert_eq!(unescape("my%20shop"), "my shop");
        assert_eq!(unescape("100%"), "100%");
    }

    #[test]
    fn near_names_are_one_slip_apart() {
        assert!(is_near("shop", "Shop"));
        assert!(is_near("shop", "shopp"));
        assert!(!is_near("shop", "crm"));
    }
}
