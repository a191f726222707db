//! What a realm can issue to anybody, and what its ID tokens carry. For the rule about audiences that are never issued.

use std::collections::HashMap;
use std::sync::Arc;

use super::with_issuers::containers;
use crate::conventions::{AudienceCheck, framework};
use crate::finding::{Case, Evidence, Subject, Verdict};
use crate::fix::{Fix, Phase, Safety, offer};
use crate::keycloak::audience::{TokenRequest, Via, issue};
use crate::keycloak::import::HeldRealm;
use crate::keycloak::mapper::{self, Effect};
use crate::keycloak::model::{Dialect, Mapper};
use crate::known::Known;
use crate::link::Link;
use crate::locus::Locus;
use crate::scene::Scene;
use crate::snapshot::{RealmId, ServiceId};

/// Which audiences a realm can issue to anybody at all.
pub(super) struct Issuable {
    /// Audiences that a mapper writes, with its place and what it is, whatever keeps it from writing.
    pub(super) by_mapper: HashMap<Arc<str>, (Locus, String)>,
    /// Why there may be more, as a sentence.
    pub(super) open: Option<String>,
}

impl Issuable {
    pub(super) fn of(id: RealmId, scene: &Scene<'_>) -> Self {
        let realm = scene.realm(id);
        let mut found = Issuable { by_mapper: HashMap::new(), open: None };
        let held = scene.held(id).last();
        if let Some(why) = held.and_then(HeldRealm::why_scopes_unknown) {
            found.open = Some(why.to_owned());
        }
        if matches!(realm.dialect, Dialect::Terraform | Dialect::ConfigCli) {
            found.open = Some("Not all of the realm is in what was read.".to_owned());
        }
        for client in &realm.clients {
            for mapper in &client.mappers {
                found.add(mapper, || {
                    format!("a mapper of client `{}`", client.client_id.text().unwrap_or("(unknown)"))
                });
            }
        }
        for (name, scope) in
            held.iter().flat_map(|held| held.scopes().map(|(name, scope)| (name, held.scope(realm, scope))))
        {
            for mapper in &scope.mappers {
                found.add(mapper, || format!("a mapper of the client scope `{name}`"));
            }
        }
        found
    }

    fn add(&mut self, mapper: &Mapper, how: impl Fn() -> String) {
        let text = match mapper::effect(mapper) {
            Effect::AddAudience(Known::Value(audience)) => audience.text,
            Effect::ReplaceAudience(Known::Value(text)) => text,
            Effect::AddAudience(_) | Effect::ReplaceAudience(_) => {
                let name = mapper.name.text().unwrap_or("?");
                self.open = Some(format!("The audience that the mapper `{name}` writes is not known."));
                return;
            }
            Effect::AddRole(role) | Effect::RenameRole { to: role, .. } => match role.client {
                Some(client) => client,
                None => return,
            },
            _ => return,
        };
        self.by_mapper.entry(text).or_insert_with(|| (mapper.at.clone(), how()));
    }
}

/// Logins: the ID token carries the client's own id unless a mapper replaces the claim.
pub(super) fn id_tokens(service: ServiceId, scene: &Scene<'_>) -> Vec<(Subject, Verdict)> {
    let checks_nothing = containers(service, scene).any(|(_, container)| {
        container.understanding.frameworks.iter().any(|found| {
            framework(found.framework).is_some_and(|framework| {
                framework.kind.logs_in() && framework.audience.id_token == AudienceCheck::Never
            })
        })
    });
    if checks_nothing {
        return Vec::new();
    }
    let links = scene.links_of_service(service).iter().filter(|link| link.uses.login && !link.is_weak());
    links.filter_map(|link| Some((scene.subject_of_link(link), id_token(link, scene)?))).collect()
}

/// Takes the mapper that replaces the claim out of ID tokens; access tokens keep it.
fn fix(link: &Link, at: &Locus, scene: &Scene<'_>) -> Option<Fix> {
    let (change, is_shared) =
        offer::set_mapper(scene, link.client, at, mapper::ID_SWITCH, "false", Phase::Switch)?;
    let title = format!("Let ID tokens of {} carry its own id", scene.name_client(link.client));
    let whose = if is_shared { "all clients that have this client scope" } else { "this client" };
    Some(
        Fix::of(title, Safety::Review, vec![change])
            .with_risk(format!("ID tokens of {whose} lose the audience that the mapper writes.")),
    )
}

fn id_token(link: &Link, scene: &Scene<'_>) -> Option<Verdict> {
    let own = scene.client(link.client).client_id.text()?;
    let (realm, client) = (scene.realm(link.client.realm), scene.client(link.client));
    let held = scene.held(link.client.realm).last()?;
    let issued = issue(held, realm, client, &TokenRequest::LOGIN).ok()?;
    let token = issued.id_token?;
    if token.has_audience(own) || token.perhaps.iter().any(|audience| audience == own) {
        return None;
    }
    let replacing = token.via.iter().find(|via| via.claim == "aud");
    let mut evidence: Vec<Evidence> = replacing
        .and_then(|via| via.at.clone())
        .map(|at| Evidence::keycloak(at, token.aud.first().cloned(), "replaces the audience of ID tokens"))
        .into_iter()
        .collect();
    evidence.extend(link.clues.first().into_iter().flat_map(|clue| clue.evidence.iter().cloned()));
    let how = replacing.map_or("a mapper replaces the claim", |Via { how, .. }| how.as_str());
    Some(Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "ID tokens of {} do not carry the client's own id, because {how}: {} refuses every login.",
            scene.name_client(link.client),
            scene.name_service(link.service),
        ),
        remedy: Some(
            "Turn `id.token.claim` of that mapper off, or use an audience mapper, which adds to the list."
                .to_owned(),
        ),
        evidence,
        value: Some(own.to_owned()),
        fix: replacing.and_then(|via| via.at.as_ref()).and_then(|at| fix(link, at, scene)).map(Box::new),
    }))
}
