//! The registered entries of a client, of both lists, each as the judged server versions take it. For the rules about entries.

use crate::finding::Evidence;
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

/// The servers that decide like `version`, in words: "servers of versions 26.7.3 and newer".
pub(super) fn servers_like(version: Version) -> String {
    let group: Option<&Generation> =
        crate::keycloak::generation::GENERATIONS.iter().find(|group| group.version == version);
    match group {
        Some(group) => format!("servers of versions {}", group.servers),
        None => format!("servers of version {version}"),
    }
}
