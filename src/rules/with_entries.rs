//! The registered entries of a client, of both lists, each as the judged server versions take it. For the rules about entries.

use crate::finding::{Evidence, Undecided, Verdict};
use crate::keycloak::entry::{EntryFacts, examine};
use crate::keycloak::generation::Generation;
use crate::keycloak::model::{Client, ClientField, Dialect, attribute};
use crate::keycloak::post_logout;
use crate::keycloak::redirect::base_url;
use crate::keycloak::version::Version;
use crate::scene::Scene;
use crate::snapshot::ClientId;

const POST_LOGOUT: ClientField = ClientField::Attribute(attribute::POST_LOGOUT_REDIRECT_URIS);

/// Stands for the frontend URL where it is not known; what an entry is does not depend on it.
const FRONTEND_NOT_KNOWN: &str = "https://frontend-url.invalid";

/// Which list an entry stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    /// `redirectUris`
    Redirect,
    /// `post.logout.redirect.uris`
    PostLogout,
}

impl List {
    /// The entry's kind as messages name it.
    pub(super) fn noun(self) -> &'static str {
        match self {
            List::Redirect => "redirect URI",
            List::PostLogout => "post-logout redirect URI",
        }
    }

    /// What the server does at the entry's end of the conversation, as messages name it.
    pub(super) fn event(self) -> &'static str {
        match self {
            List::Redirect => "login",
            List::PostLogout => "logout",
        }
    }
}

/// An entry whose text is known.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) list: List,
    /// Its position in its list.
    pub(super) index: usize,
    pub(super) text: &'a str,
    /// What it is to a server, oldest judged version first.
    pub(super) facts: Vec<(Version, EntryFacts)>,
}

/// On which of the judged versions something holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holds {
    Nowhere,
    Everywhere,
    /// The server's version is not known, and only some versions do it; which, in words that begin a clause: "servers of version 26.7.4".
    Sometimes(String),
}

impl Entry<'_> {
    /// On which of the judged versions `is` holds.
    pub(super) fn holds(&self, is: impl Fn(&EntryFacts) -> bool) -> Holds {
        let hits: Vec<String> = self
            .facts
            .iter()
            .filter(|(_, facts)| is(facts))
            .map(|(version, _)| version.to_string())
            .collect();
        match hits.len() {
            0 => Holds::Nowhere,
            all if all == self.facts.len() => Holds::Everywhere,
            _ => Holds::Sometimes(hits.join(" and ")),
        }
    }

    /// The facts of the newest judged version.
    pub(super) fn newest(&self) -> &EntryFacts {
        &self.facts[self.facts.len() - 1].1
    }

    /// The entry in backquotes with its kind: "redirect URI `https://shop.example.com/*`".
    pub(super) fn name(&self) -> String {
        format!("{} `{}`", self.list.noun(), self.text)
    }

    /// The entry's place. Of a joined attribute the whole attribute, with the entry as its value.
    pub(super) fn evidence(&self, id: ClientId, scene: &Scene<'_>, label: impl Into<String>) -> Evidence {
        let client = scene.client(id);
        let at = match self.list {
            List::Redirect => client.entry(ClientField::RedirectUris, self.index),
            List::PostLogout if client.dialect == Dialect::Terraform => client.entry(POST_LOGOUT, self.index),
            List::PostLogout => client.field(POST_LOGOUT),
        };
        Evidence::keycloak(at, Some(self.text.to_owned()), label)
    }
}

/// Whether the client takes part in logins through the browser, so that its entries matter.
pub(super) fn takes_browsers(client: &Client) -> bool {
    !client.bearer_only.is_on() && (!client.standard_flow.is_off() || client.implicit_flow.is_on())
}

/// The entries of both lists of a client whose logins go through the browser; none of any other client.
pub(super) fn entries<'a>(id: ClientId, scene: &Scene<'a>) -> Vec<Entry<'a>> {
    let client = scene.client(id);
    if !takes_browsers(client) {
        return Vec::new();
    }
    let root_url = client.root_url.as_ref().and_then(|url| url.text());
    let base = base_url(root_url, scene.frontend_url(id.realm).unwrap_or(FRONTEND_NOT_KNOWN), None);
    let facts = |text: &str| {
        let versions = scene.versions(id.realm).iter();
        versions.map(|version| (*version, examine(text, &base, *version))).collect()
    };
    let redirects = (0..).zip(&client.redirect_uris).filter_map(|(index, text)| {
        let text = text.text()?;
        Some(Entry { list: List::Redirect, index, text, facts: facts(text) })
    });
    let stored = client.attribute(attribute::POST_LOGOUT_REDIRECT_URIS).and_then(|text| text.text());
    let post_logout = stored.map(post_logout::elements).unwrap_or_default();
    let closed = post_logout.first() == Some(&"-");
    let post_logouts =
        (0..).zip(post_logout).filter(move |(_, text)| !closed && *text != "+" && !text.is_empty());
    redirects
        .chain(post_logouts.map(|(index, text)| Entry {
            list: List::PostLogout,
            index,
            text,
            facts: facts(text),
        }))
        .collect()
}

/// What cannot be judged because an entry's text is not known: said once for each client, and by one rule only.
pub(super) fn unknown_entries(id: ClientId, scene: &Scene<'_>, what: &str) -> Vec<Verdict> {
    let client = scene.client(id);
    if !takes_browsers(client) {
        return Vec::new();
    }
    let mut evidence = Vec::new();
    let mut whys = Vec::new();
    for (index, entry) in client.redirect_uris.iter().enumerate() {
        if let Some(why) = entry.why_unknown() {
            evidence.push(scene.client_entry(
                id,
                ClientField::RedirectUris,
                index,
                "an entry that is not known",
            ));
            whys.push(why.to_owned());
        }
    }
    let attribute = client.attribute(attribute::POST_LOGOUT_REDIRECT_URIS);
    if let Some(why) = attribute.and_then(|text| text.why_unknown()) {
        evidence.push(scene.client_field(id, POST_LOGOUT, "entries that are not known"));
        whys.push(why.to_owned());
    }
    if evidence.is_empty() {
        return Vec::new();
    }
    whys.sort_unstable();
    whys.dedup();
    vec![Verdict::Undecided(Undecided {
        reason: format!("{what} of {} is not known: {}.", scene.name_client(id), whys.join("; ")),
        remedy: None,
        evidence,
    })]
}

/// The servers that decide like `version`, in words: "servers of versions 26.7.3 and newer".
pub(super) fn servers_like(version: Version) -> String {
    let group: Option<&Generation> =
        crate::keycloak::generation::GENERATIONS.iter().find(|group| group.version == version);
    match group {
        Some(group) => format!("servers of versions {}", group.servers),
        None => format!("servers of version {version}"),
    }
}

/// The host of an absolute URL as text: behind `//`, before path, query and fragment, without user-info and port; in lower case.
pub(super) fn host_of(text: &str) -> Option<String> {
    let (_, behind) = text.split_once("://")?;
    let authority = behind.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next()?,
        None => host.split(':').next()?,
    };
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

/// Whether a host is the machine itself: `localhost`, `127.0.0.0/8`, `::1`, and `0.0.0.0`, which browsers take for it.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host == "::1"
        || host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_from_text() {
        let hosts: Vec<Option<String>> = [
            "https://Shop.example.com:8443/x",
            "http://[::1]:9/cb",
            "http://u@h/",
            "myapp:cb",
            "https:///x",
            "/cb",
        ]
        .into_iter()
        .map(host_of)
        .collect();
        let expected = [Some("shop.example.com"), Some("::1"), Some("h"), None, None, None];
        assert_eq!(hosts, expected.map(|host| host.map(str::to_owned)));
    }

    #[test]
    fn only_the_machine_itself_is_loopback() {
        for host in ["localhost", "127.0.0.1", "127.9.8.7", "::1", "0.0.0.0", "app.localhost"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in
            ["localhost.example.com", "localhost.arxiv.org", "10.0.0.1", "127.0.0.1.nip.io", "mylocalhost"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
