//! The registered entries of a client, of both lists, each as the judged server versions take it. For the rules about entries.

use std::cell::LazyCell;

use crate::finding::Evidence;
use crate::keycloak::entry::{EntryFacts, examine, is_plain};
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

    /// The list as a field of a client.
    pub(super) fn field(self) -> ClientField {
        match self {
            List::Redirect => ClientField::RedirectUris,
            List::PostLogout => POST_LOGOUT,
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
    entries_where(id, scene, |_| true)
}

/// Those entries that are not what nearly all entries are, an `https` URL or folder that every version takes for what it says.
pub(super) fn odd_entries<'a>(id: ClientId, scene: &Scene<'a>) -> Vec<Entry<'a>> {
    entries_where(id, scene, |resolved| !is_plain(resolved))
}

/// Those entries that are `wanted`, asked with each entry as the server resolves it. Realms have hundreds of thousands of entries, of which
/// most rules want a handful; only these are taken apart.
fn entries_where<'a>(id: ClientId, scene: &Scene<'a>, wanted: impl Fn(&str) -> bool) -> Vec<Entry<'a>> {
    let client = scene.client(id);
    if !takes_browsers(client) {
        return Vec::new();
    }
    let base = LazyCell::new(|| {
        let root_url = client.root_url.as_ref().and_then(|url| url.text());
        base_url(root_url, scene.frontend_url(id.realm).unwrap_or(FRONTEND_NOT_KNOWN), None)
    });
    let mut found = Vec::new();
    let mut look_at = |list: List, index: usize, text: &'a str| {
        let is_wanted = if text.starts_with('/') { wanted(&[&base, text].concat()) } else { wanted(text) };
        if is_wanted {
            let versions = scene.versions(id.realm).iter();
            let facts = versions.map(|version| (*version, examine(text, &base, *version))).collect();
            found.push(Entry { list, index, text, facts });
        }
    };
    for (index, text) in client.redirect_uris.iter().enumerate() {
        if let Some(text) = text.text() {
            look_at(List::Redirect, index, text);
        }
    }
    let stored = client.attribute(attribute::POST_LOGOUT_REDIRECT_URIS).and_then(|text| text.text());
    let post_logout = stored.map(post_logout::elements).unwrap_or_default();
    if post_logout.first() != Some(&"-") {
        for (index, text) in post_logout.into_iter().enumerate() {
            if text != "+" && !text.is_empty() {
                look_at(List::PostLogout, index, text);
            }
        }
    }
    found
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
