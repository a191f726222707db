//! What would issue an audience that a client's access tokens do not carry: the mapper that comes nearest, and what keeps it.

use super::claims::describe;
use super::scope::roles_of_subject;
use super::{Subject, TokenRequest, is_lightweight};
use crate::keycloak::import::{HeldRealm, ScopeRef};
use crate::keycloak::mapper::{self, CLIENT_AUDIENCE, CUSTOM_AUDIENCE, Effect, Target, Writes};
use crate::keycloak::model::{Client, Mapper, Realm};
use crate::known::Known;
use crate::locus::Locus;

/// Something that would issue an audience, but does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    /// What keeps it.
    pub obstacle: Obstacle,
    /// The place to look at: the mapper's, where there is one, else the client's.
    pub at: Locus,
    /// The whole as a clause: "the client's mapper `x` issues it, but only into the ID token".
    pub text: String,
}

/// What keeps an audience from being issued; the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// The mapper writes into the ID token only.
    IdTokenOnly,
    /// The mapper writes into lightweight access tokens only, and this client's are not.
    LightweightOnly,
    /// The client's access tokens are lightweight, and the mapper does not write into those.
    NotInLightweight,
    /// The mapper writes into none of the tokens.
    SwitchedOff,
    /// The mapper names a client as well, and then its custom audience is ignored.
    Shadowed,
    /// The mapper's client scope is in effect only when the request names it.
    OptionalScope,
    /// The mapper's client scope is given only to users with certain roles.
    ScopeNeedsRole,
    /// Audience resolving would find the client, for users who have one of its roles.
    UserNeedsRole,
    /// Users may have roles of the client, but they are not in the scope of this one (full scope is off).
    RoleNotInScope,
    /// The server leaves a disabled or missing client out.
    ClientNotLive,
    /// The mapper stands in a client scope that the client does not have.
    ForeignScope,
    /// Audience resolving is not in effect: the client scope `roles` is missing.
    NoResolving,
}

/// What would issue `audience` to access tokens of `client`, the nearest first; empty when nothing comes near, or when it is
/// issued.
pub fn near_misses(
    held: &HeldRealm,
    realm: &Realm,
    client: &Client,
    request: &TokenRequest<'_>,
    audience: &str,
) -> Vec<NearMiss> {
    if super::issue(held, realm, client, request)
        .is_ok_and(|tokens| tokens.access_token.has_audience(audience))
    {
        return Vec::new();
    }
    let search = Search { held, realm, client, request, audience };
    let mut found = search.by_mapper();
    found.extend(search.by_role());
    found.sort_by_key(|miss| miss.obstacle);
    found
}

struct Search<'a> {
    held: &'a HeldRealm,
    realm: &'a Realm,
    client: &'a Client,
    request: &'a TokenRequest<'a>,
    audience: &'a str,
}

impl Search<'_> {
    fn by_mapper(&self) -> Vec<NearMiss> {
        let scopes = self.held.scopes_of(self.realm, self.client);
        let mut found: Vec<NearMiss> =
            self.client.mappers.iter().filter_map(|mapper| self.consider(None, mapper, None)).collect();
        for (name, scope) in self.held.scopes() {
            let hurdle = self.hurdle(name, scope, &scopes.default, &scopes.optional);
            for mapper in &self.held.scope(self.realm, scope).mappers {
                found.extend(self.consider(Some(name), mapper, hurdle.as_ref()));
            }
        }
        found
    }

    // What keeps a scope out of effect; none when it is in effect.
    fn hurdle(
        &self,
        name: &str,
        scope: ScopeRef,
        default: &[ScopeRef],
        optional: &[ScopeRef],
    ) -> Option<(Obstacle, String)> {
        let requested = self.request.scope.is_some_and(|scope| scope.split(' ').any(|asked| asked == name));
        if !default.contains(&scope) && !optional.contains(&scope) {
            return Some((Obstacle::ForeignScope, "the client does not have that client scope".to_owned()));
        }
        if !default.contains(&scope) && !requested {
            let why = format!(
                "that client scope is optional, and only in effect when the request's `scope` names `{name}`"
            );
            return Some((Obstacle::OptionalScope, why));
        }
        let id = self.client.client_id.text().unwrap_or_default();
        let (roles, _) = roles_of_subject(self.held, self.realm, id, self.request.subject).ok()?;
        if self.held.admits(scope, &roles) {
            return None;
        }
        let needed: Vec<String> = self
            .held
            .mapped_to_scope(scope)
            .iter()
            .map(|&role| format!("`{}`", self.held.roles().name(role)))
            .collect();
        let why = format!("that client scope is given only to users with the role {}", needed.join(" or "));
        Some((Obstacle::ScopeNeedsRole, why))
    }

    fn consider(
        &self,
        scope: Option<&str>,
        mapper: &Mapper,
        hurdle: Option<&(Obstacle, String)>,
    ) -> Option<NearMiss> {
        let shadowed = mapper.config.get(CUSTOM_AUDIENCE).and_then(Known::text) == Some(self.audience);
        let (obstacle, but) = match mapper::effect(mapper) {
            Effect::AddAudience(Known::Value(issued)) if &*issued.text == self.audience => {
                match (self.switches(mapper), hurdle) {
                    (Some(kept), _) => kept,
                    (None, Some((obstacle, why))) => (*obstacle, why.clone()),
                    (None, None) if issued.is_client => {
                        let why = "this version leaves a disabled or missing client out of the tokens";
                        (Obstacle::ClientNotLive, why.to_owned())
                    }
                    (None, None) => return None,
                }
            }
            Effect::AddAudience(_) if shadowed && mapper.config.contains_key(CLIENT_AUDIENCE) => {
                let why = "it names a client as well, and then the custom audience is ignored";
                (Obstacle::Shadowed, why.to_owned())
            }
            _ => return None,
        };
        let text = format!("{} would issue it, but {but}", describe(scope, mapper));
        Some(NearMiss { obstacle, at: mapper.at.clone(), text })
    }

    fn switches(&self, mapper: &Mapper) -> Option<(Obstacle, String)> {
        let writes = |target, lightweight| mapper::writes(mapper, target, lightweight) == Writes::Yes;
        let lightweight = is_lightweight(self.client);
        if writes(Target::AccessToken, lightweight) {
            return None;
        }
        let (obstacle, why) = if lightweight && writes(Target::AccessToken, false) {
            let why = "the client's access tokens are lightweight and it does not write into those (`lightweight.claim`)";
            (Obstacle::NotInLightweight, why)
        } else if !lightweight && writes(Target::AccessToken, true) {
            (Obstacle::LightweightOnly, "only into lightweight access tokens, which this client does not use")
        } else if writes(Target::IdToken, lightweight) {
            (Obstacle::IdTokenOnly, "only into the ID token (`access.token.claim` is not `true`)")
        } else {
            (
                Obstacle::SwitchedOff,
                "it is not switched on for access tokens (`access.token.claim` is not `true`)",
            )
        };
        Some((obstacle, why.to_owned()))
    }

    // Audience resolving: the audience is another client of which a role is in effect.
    fn by_role(&self) -> Option<NearMiss> {
        let roles = self.held.roles();
        let of_audience = roles.roles_of_client(self.audience);
        if of_audience.is_empty() || self.client.client_id.text() == Some(self.audience) {
            return None;
        }
        let resolving = self.resolving_mapper();
        let example =
            of_audience.iter().map(|&role| roles.name(role).name.to_string()).min().unwrap_or_default();
        let id = self.client.client_id.text().unwrap_or_default();
        let (held_roles, _) = roles_of_subject(self.held, self.realm, id, self.request.subject).ok()?;
        let has_role = of_audience.iter().any(|role| held_roles.contains(role));
        let (obstacle, text) = if resolving.is_none() {
            let text = format!(
                "`{}` is a client with roles, but the client scope with audience resolving (`roles`) is not in effect",
                self.audience
            );
            (Obstacle::NoResolving, text)
        } else if has_role && self.client.full_scope.is_off() {
            let text = format!(
                "the user has a role of `{}`, but full scope is off and no role of it is in the client's scope",
                self.audience
            );
            (Obstacle::RoleNotInScope, text)
        } else if has_role {
            return None;
        } else {
            let who = match self.request.subject {
                Subject::ServiceAccount => "the service account does not have one",
                Subject::User(_) => "this user does not have one",
                Subject::AnyUser => "users do not have one by default",
            };
            let text = format!(
                "audience resolving issues it to users with a role of `{}` (`{example}` …), and {who}",
                self.audience
            );
            (Obstacle::UserNeedsRole, text)
        };
        let at = resolving.unwrap_or_else(|| self.client.at.clone());
        Some(NearMiss { obstacle, at, text })
    }

    fn resolving_mapper(&self) -> Option<Locus> {
        let scopes = self.held.scopes_of(self.realm, self.client);
        let of_scopes = scopes.default.iter().flat_map(|&scope| &self.held.scope(self.realm, scope).mappers);
        self.client
            .mappers
            .iter()
            .chain(of_scopes)
            .find(|mapper| {
                mapper::effect(mapper) == Effect::ResolveAudience
                    && mapper::writes(mapper, Target::AccessToken, is_lightweight(self.client)) == Writes::Yes
            })
            .map(|mapper| mapper.at.clone())
    }
}
