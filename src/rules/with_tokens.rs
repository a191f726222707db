//! What the rules about access tokens share: whose tokens reach a service, and how they were asked for.

use std::collections::BTreeSet;

use super::with_issuers::containers;
use crate::conventions::{FrameworkId, Role, framework};
use crate::finding::Evidence;
use crate::keycloak::audience::{Grant, IssuedTokens, NoTokens, TokenRequest, issue};
use crate::keycloak::import::HeldRealm;
use crate::keycloak::model::Client;
use crate::link::{ClueKind, Link};
use crate::scene::Scene;
use crate::snapshot::{ClientId, ServiceId};

/// The links whose clients send their access tokens to a service; empty when it is not known which do.
///
/// A client that an API names as its own need not be the one whose tokens it gets, so that such a link does not count.
pub(super) fn senders<'s>(id: ServiceId, scene: &'s Scene<'_>) -> Vec<&'s Link> {
    scene.links_of_service(id).iter().filter(|link| is_sender(link)).collect()
}

fn is_sender(link: &Link) -> bool {
    let shows = |kind: ClueKind| matches!(kind, ClueKind::Origin | ClueKind::Audience | ClueKind::Caller);
    link.uses.bearer && !link.is_weak() && (link.pinned || link.clues.iter().any(|clue| shows(clue.kind)))
}

/// The links whose clients a service logs in through, of which it looks at the access tokens itself, as some proxies do.
pub(super) fn own_logins<'s>(id: ServiceId, by: FrameworkId, scene: &'s Scene<'_>) -> Vec<&'s Link> {
    let looks = framework(by).is_some_and(|framework| {
        framework.kind.logs_in()
            && !framework.kind.takes_bearer_tokens()
            && !framework.settings.iter().any(|setting| setting.role == Role::BearerAccept)
    });
    let links = scene.links_of_service(id).iter();
    links.filter(|link| looks && link.uses.login && !link.is_weak()).collect()
}

/// How tokens of a client are asked for.
#[derive(Debug)]
pub(super) struct Requests {
    /// Of users, of the service account, or both.
    pub(super) kinds: Vec<Kind>,
    /// Whether the services that use the client tell; else it is what the client can do.
    pub(super) are_told: bool,
    /// The parameter `scope` of a login; `openid` where no setting tells it.
    scope: String,
    /// Whether a setting tells the scopes that are asked for.
    pub(super) scope_is_told: bool,
    /// The settings that do.
    pub(super) evidence: Vec<Evidence>,
}

/// Whose tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    ServiceAccount,
}

impl Requests {
    fn request(&self, kind: Kind, client: &Client) -> TokenRequest<'_> {
        match kind {
            Kind::User => TokenRequest::of_user(client, None).with_scope(Some(&self.scope)),
            Kind::ServiceAccount => TokenRequest::SERVICE_ACCOUNT,
        }
    }

    /// The tokens, with the request that got them; a `scope` that the server refuses is left out.
    pub(super) fn issue<'r>(
        &'r self,
        kind: Kind,
        id: ClientId,
        held: &HeldRealm,
        scene: &Scene<'_>,
    ) -> Option<(TokenRequest<'r>, IssuedTokens)> {
        let (realm, client) = (scene.realm(id.realm), scene.client(id));
        let request = self.request(kind, client);
        match issue(held, realm, client, &request) {
            Ok(tokens) => Some((request, tokens)),
            Err(NoTokens::Refused(refusal)) if refusal.error == "invalid_scope" => {
                let request = TokenRequest::of_user(client, None);
                issue(held, realm, client, &request).ok().map(|tokens| (request, tokens))
            }
            // What keeps the client from getting tokens at all is for the rules about clients.
            Err(_) => None,
        }
    }
}

/// How tokens of a client are asked for: as the services do that use it, else in every way that the client allows.
pub(super) fn requests(id: ClientId, scene: &Scene<'_>) -> Requests {
    let client = scene.client(id);
    let mut kinds = Vec::new();
    let used = |is: fn(&Link) -> bool| scene.links_of_client(id).any(|link| !link.is_weak() && is(link));
    if used(|link| link.uses.login) {
        kinds.push(Kind::User);
    }
    if used(|link| link.uses.client_credentials) {
        kinds.push(Kind::ServiceAccount);
    }
    let are_told = !kinds.is_empty();
    if !are_told {
        let logs_in = [&client.standard_flow, &client.implicit_flow, &client.direct_access_grants];
        if logs_in.into_iter().any(|flow| !flow.is_off()) {
            kinds.push(Kind::User);
        }
        if client.service_accounts.is_on() && !client.public_client.is_on() {
            kinds.push(Kind::ServiceAccount);
        }
    }
    let mut asked = BTreeSet::new();
    let mut evidence = Vec::new();
    let mut scope_is_told = false;
    for link in scene.links_of_client(id).filter(|link| link.uses.login) {
        for (container, reading) in containers(link.service, scene) {
            for found in reading.understanding.with_role(Role::Scopes) {
                if let Some(value) = &found.value {
                    asked.extend(value.split([' ', ',']).filter(|name| !name.is_empty()).map(str::to_owned));
                    scope_is_told = true;
                    evidence.push(scene.setting(
                        link.service,
                        container,
                        found.setting,
                        "the scopes that are asked for",
                    ));
                }
            }
        }
    }
    asked.insert("openid".to_owned());
    let scope = asked.into_iter().collect::<Vec<_>>().join(" ");
    Requests { kinds, are_told, scope, scope_is_told, evidence }
}

/// The tokens in words: "access tokens of client `web` of realm `shop`".
pub(super) fn name_tokens(id: ClientId, request: &TokenRequest<'_>, scene: &Scene<'_>) -> String {
    match request.grant {
        Grant::ClientCredentials => {
            format!("access tokens of the service account of {}", scene.name_client(id))
        }
        _ => format!("access tokens of {}", scene.name_client(id)),
    }
}

/// Names in a sentence: "`a`", "`a` and `b`", "`a`, `b` and 3 more".
pub(super) fn listed<'t>(names: impl IntoIterator<Item = &'t str>, last: &str) -> String {
    const MOST: usize = 5;
    let names: Vec<&str> = names.into_iter().collect();
    let mut shown: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    if names.len() > MOST {
        shown.push(format!("{} more", names.len() - MOST));
    }
    match shown.split_last() {
        Some((only, [])) => only.clone(),
        Some((end, before)) => format!("{} {last} {end}", before.join(", ")),
        None => String::new(),
    }
}
