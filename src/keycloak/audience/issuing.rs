//! How a token is made: mappers in the order of their priorities, on the roles and scopes in effect.

use std::collections::{BTreeMap, BTreeSet};

use super::claims::{Audiences, describe, prefixed, via};
use super::person::{Claimed, Person};
use super::scope::{
    OFFLINE_ACCESS, java_split, refuse_offline, refuse_scope, roles_in_scope, roles_of_subject,
};
use super::{Grant, NoTokens, Token, TokenRequest, TokenRoles, Via, is_lightweight, leaves_dead_clients_out};
use crate::keycloak::import::{HeldRealm, ScopeRef};
use crate::keycloak::mapper::{self, Effect, Target, Writes, breaks_on_wrong_type};
use crate::keycloak::model::{Client, Mapper, Realm, attribute};
use crate::keycloak::roles::RoleName;
use crate::keycloak::version::Version;
use crate::known::Known;

/// A role in effect, and the mapper that brought it when it is not the user's own.
type RolesInEffect = BTreeMap<RoleName, Option<String>>;

pub(super) struct Issuing<'a> {
    held: &'a HeldRealm,
    realm: &'a Realm,
    client: &'a Client,
    client_id: &'a str,
    grant: Grant,
    person: Person<'a>,
    lightweight: bool,
    scopes: Vec<ScopeRef>,
    roles: RolesInEffect,
    pub(super) undefined: Vec<String>,
    pub(super) unread: Vec<String>,
}

/// What mappers of priority 0 write into `aud`.
#[derive(Default)]
struct Written {
    added: Vec<(String, Via)>,
    replacing: Vec<Replacement>,
}

/// What one mapper puts in place of the list.
#[derive(Default)]
struct Replacement {
    /// Nothing where the value is not known.
    audiences: Vec<(String, Via)>,
    /// Whether all of them get there rather than one.
    certain: bool,
}

/// A mapper in effect and the scope that holds it; none for the client's own.
type Placed<'a> = (Option<&'a str>, &'a Mapper);

impl<'a> Issuing<'a> {
    pub(super) fn start(
        held: &'a HeldRealm,
        realm: &'a Realm,
        client: &'a Client,
        request: &TokenRequest<'_>,
    ) -> Result<Self, NoTokens> {
        let client_id = client.client_id.text().unwrap_or_default();
        let all = held.scopes_of(realm, client);
        let mut unread = all.unread;
        let (user_roles, unread_roles) = roles_of_subject(held, realm, client_id, request.subject)?;
        if unread_roles {
            unread.push("Some roles of the user could not be read.".to_owned());
        }
        let name_of = |scope: ScopeRef| held.scope(realm, scope).name.text().unwrap_or_default();
        let named: BTreeSet<&str> = request.scope.into_iter().flat_map(java_split).collect();
        let in_effect: Vec<ScopeRef> = all
            .default
            .iter()
            .copied()
            .chain(all.optional.iter().copied().filter(|&scope| named.contains(name_of(scope))))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        if let Some(scope) = request.scope
            && unread.is_empty()
        {
            let known: BTreeSet<&str> = in_effect.iter().map(|&scope| name_of(scope)).collect();
            refuse_scope(scope, &named, &known, held.version())?;
        }
        let asks_offline = in_effect.iter().any(|&scope| name_of(scope) == OFFLINE_ACCESS);
        let scopes: Vec<ScopeRef> =
            in_effect.into_iter().filter(|&scope| held.admits(scope, &user_roles)).collect();
        let effective = roles_in_scope(held, client, client_id, &scopes, user_roles, &mut unread);
        if asks_offline && request.grant != Grant::ClientCredentials && unread.is_empty() {
            refuse_offline(held, &effective)?;
        }
        let roles = effective.into_iter().map(|role| (held.roles().name(role).clone(), None)).collect();
        Ok(Issuing {
            held,
            realm,
            client,
            client_id,
            grant: request.grant,
            person: Person::of(realm, client_id, request.subject),
            lightweight: is_lightweight(client),
            scopes,
            roles,
            undefined: Vec::new(),
            unread,
        })
    }

    fn mappers(&self) -> Vec<Placed<'a>> {
        let protocol = self.client.protocol.text().unwrap_or("openid-connect");
        let own = self.client.mappers.iter().map(|mapper| (None, mapper));
        let of_scopes = self.scopes.iter().flat_map(|&scope| {
            let scope = self.held.scope(self.realm, scope);
            scope.mappers.iter().map(move |mapper| (Some(scope.name.text().unwrap_or_default()), mapper))
        });
        own.chain(of_scopes)
            .filter(|(_, mapper)| mapper.protocol.text().unwrap_or(protocol) == protocol)
            .collect()
    }

    fn writes(&mut self, mapper: &Mapper, target: Target) -> bool {
        match mapper::writes(mapper, target, self.lightweight) {
            Writes::Yes => true,
            Writes::No => false,
            Writes::Unknown(why) => {
                self.note_unread(format!(
                    "Whether the mapper `{}` writes is not known: {why}.",
                    mapper.name.text().unwrap_or("?")
                ));
                false
            }
        }
    }

    fn note_unread(&mut self, sentence: String) {
        if !self.unread.contains(&sentence) {
            self.unread.push(sentence);
        }
    }

    // Role names (priority 10) and hardcoded roles (20) work on the roles in effect before anything else reads them, whatever
    // their switches say.
    pub(super) fn apply_role_mappers(&mut self) {
        let mappers = self.mappers();
        for &(scope, mapper) in &mappers {
            let Effect::RenameRole { from, to } = mapper::effect(mapper) else { continue };
            if self.roles.remove(&from).is_some() {
                self.roles.insert(to, Some(describe(scope, mapper)));
            }
        }
        for &(scope, mapper) in &mappers {
            let Effect::AddRole(role) = mapper::effect(mapper) else { continue };
            self.roles.entry(role).or_insert_with(|| Some(describe(scope, mapper)));
        }
        if leaves_dead_clients_out(self.held.version()) {
            let dead: Vec<RoleName> =
                self.roles.keys().filter(|role| self.is_of_dead_client(role)).cloned().collect();
            for role in dead {
                self.roles.remove(&role);
            }
        }
    }

    fn is_of_dead_client(&self, role: &RoleName) -> bool {
        role.client.as_deref().is_some_and(|client| self.held.client_is_live(self.realm, client).is_off())
    }

    pub(super) fn access_token(&mut self) -> Token {
        let mut audiences = self.mapped_audiences(Target::AccessToken, None);
        for (scope, mapper) in self.mappers() {
            if !matches!(mapper::effect(mapper), Effect::ResolveAudience)
                || !self.writes(mapper, Target::AccessToken)
            {
                continue;
            }
            for (role, brought_by) in &self.roles {
                let Some(client) = role.client.as_deref().filter(|client| *client != self.client_id) else {
                    continue;
                };
                let brought =
                    brought_by.as_ref().map_or_else(String::new, |mapper| format!(", which {mapper} adds"));
                let how = format!("{} finds it through the role `{role}`{brought}", describe(scope, mapper));
                audiences.add(client, via(scope, mapper, client, Some(role.to_string()), how));
            }
        }
        let mut token = audiences.into_token();
        self.access_subject(&mut token);
        token
    }

    pub(super) fn id_token(&mut self) -> Token {
        let own = self.client_id;
        let how = "every ID token carries the client's own id".to_owned();
        let start = Via {
            claim: "aud",
            audience: Some(own.to_owned()),
            mapper: None,
            client_scope: None,
            role: None,
            how,
            at: None,
        };
        let mut token = self.mapped_audiences(Target::IdToken, Some((own, start))).into_token();
        token.sub = true;
        token
    }

    // All mappers that write audiences but audience resolving have priority 0, in an order that no server defines: beside one
    // that replaces the list, others may be lost or not.
    fn mapped_audiences(&mut self, target: Target, start: Option<(&str, Via)>) -> Audiences {
        let Written { added, replacing } = self.written_audiences(target);
        let mut audiences = Audiences::default();
        if replacing.is_empty() {
            if let Some((audience, via)) = start {
                audiences.add(audience, via);
            }
            for (audience, via) in added {
                audiences.add(&audience, via);
            }
            return audiences;
        }
        let values =
            |one: &Replacement| one.audiences.iter().map(|(value, _)| value.clone()).collect::<BTreeSet<_>>();
        let sole = replacing
            .windows(2)
            .all(|pair| values(&pair[0]) == values(&pair[1]) && !pair[0].audiences.is_empty());
        if !sole || !added.is_empty() {
            self.undefined.push(format!(
                "Several mappers write the claim `aud` of the {}, one of which replaces what is there; servers run them in no \
                 defined order, so that others may be lost.",
                target.name()
            ));
        }
        for Replacement { audiences: values, certain } in replacing {
            for (audience, via) in values {
                if sole && certain {
                    audiences.add(&audience, via);
                } else {
                    audiences.add_perhaps(&audience, via);
                }
            }
        }
        for (audience, via) in added {
            audiences.add_perhaps(&audience, via);
        }
        audiences
    }

    fn written_audiences(&mut self, target: Target) -> Written {
        let mut written = Written::default();
        for (scope, mapper) in self.mappers() {
            let effect = mapper::effect(mapper);
            let writes_it = matches!(
                effect,
                Effect::AddAudience(_)
                    | Effect::ReplaceAudience(_)
                    | Effect::ReplaceByUser(_)
                    | Effect::OfWrongType
            );
            if !writes_it || !self.writes(mapper, target) {
                continue;
            }
            let described = describe(scope, mapper);
            match effect {
                Effect::AddAudience(Known::Value(audience)) => {
                    let dropped = audience.is_client && self.leaves_out(&audience.text);
                    if !dropped {
                        let how = format!("{described} adds it");
                        let via = via(scope, mapper, &audience.text, None, how);
                        written.added.push((audience.text.to_string(), via));
                    }
                }
                Effect::ReplaceAudience(Known::Value(text)) => {
                    let how = format!("{described} sets the claim `aud` to it");
                    let value = (text.to_string(), via(scope, mapper, &text, None, how));
                    written.replacing.push(Replacement { audiences: vec![value], certain: true });
                }
                Effect::ReplaceAudience(unknown) => {
                    let why = unknown.why_unknown().unwrap_or("it is a secret").to_owned();
                    self.note_unread(format!(
                        "The value to which {described} sets the claim `aud` is not known: {why}."
                    ));
                    written.replacing.push(Replacement::default());
                }
                Effect::OfWrongType if breaks_on_wrong_type(self.held.version()) => {
                    self.note_unread(format!("The value that {described} sets the claim `aud` to is not of the JSON type that it names; servers of this version are known to answer that with status 500."));
                }
                Effect::ReplaceByUser(claim) => {
                    let (values, certain) = match self.person.claims(&claim, self.held.version()) {
                        Claimed::Nothing => continue,
                        Claimed::All(values) => (values, true),
                        Claimed::OneOf(values) => {
                            let sentence = format!(
                                "The user or its groups have several values of `{}`, of which {described} writes one into `aud`; servers \
                                 do not define which.",
                                claim.attribute
                            );
                            if !self.undefined.contains(&sentence) {
                                self.undefined.push(sentence);
                            }
                            (values, false)
                        }
                        Claimed::Unknown(why) => {
                            self.note_unread(format!(
                                "The value to which {described} sets the claim `aud` is not known: {why}."
                            ));
                            (Vec::new(), false)
                        }
                    };
                    let how = format!("{described} sets the claim `aud` to the user's `{}`", claim.attribute);
                    let audiences = values
                        .into_iter()
                        .map(|value| (value.clone(), via(scope, mapper, &value, None, how.clone())));
                    written.replacing.push(Replacement { audiences: audiences.collect(), certain });
                }
                Effect::AddAudience(unknown) => {
                    let why = unknown.why_unknown().unwrap_or("it is a secret").to_owned();
                    self.note_unread(format!("The audience that {described} adds is not known: {why}."));
                }
                _ => {}
            }
        }
        written
    }

    fn leaves_out(&self, client: &str) -> bool {
        leaves_dead_clients_out(self.held.version()) && self.held.client_is_live(self.realm, client).is_off()
    }

    fn access_subject(&mut self, token: &mut Token) {
        let mut found = |mapper: Option<(Option<&str>, &Mapper)>, how: String| {
            token.sub = true;
            token.via.push(Via {
                claim: "sub",
                audience: None,
                mapper: mapper.and_then(|(_, mapper)| mapper.name.text()).map(str::to_owned),
                client_scope: mapper.and_then(|(scope, _)| scope).map(str::to_owned),
                role: None,
                how,
                at: mapper.map(|(_, mapper)| mapper.at.clone()),
            });
        };
        if self.held.version() < Version::new(25, 0, 0) {
            found(None, "servers before 25 always write it".to_owned());
            return;
        }
        let keeps_session = self
            .client
            .attribute(attribute::CLIENT_CREDENTIALS_REFRESH)
            .and_then(|value| value.text())
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if self.grant == Grant::ClientCredentials && !keeps_session {
            found(None, "a client credentials login without a session always has it".to_owned());
            return;
        }
        for (scope, mapper) in self.mappers() {
            let always = match mapper::effect(mapper) {
                Effect::Subject { always } => always,
                _ => continue,
            };
            if always || self.writes(mapper, Target::AccessToken) {
                found(Some((scope, mapper)), format!("{} writes it", describe(scope, mapper)));
                return;
            }
        }
    }

    pub(super) fn token_roles(&mut self) -> TokenRoles {
        let mut roles = TokenRoles::default();
        for (_, mapper) in self.mappers() {
            let effect = mapper::effect(mapper);
            if !matches!(effect, Effect::ListRealmRoles { .. } | Effect::ListClientRoles { .. })
                || !self.writes(mapper, Target::AccessToken)
            {
                continue;
            }
            match effect {
                Effect::ListRealmRoles { prefix } => {
                    let of_realm = self.roles.keys().filter(|role| role.client.is_none());
                    roles.realm.extend(of_realm.map(|role| prefixed(&prefix, &role.name)));
                }
                Effect::ListClientRoles { only, under, prefix } => {
                    for role in self.roles.keys() {
                        let Some(client) = &role.client else { continue };
                        if only.as_deref().is_some_and(|only| only != &**client) {
                            continue;
                        }
                        let prefix = prefix.replace("${client_id}", client);
                        let holder = under.clone().unwrap_or_else(|| client.clone());
                        roles.client.entry(holder).or_default().insert(prefixed(&prefix, &role.name));
                    }
                }
                _ => {}
            }
        }
        roles
    }

    pub(super) fn scope_claim(&self, asks_openid: bool) -> String {
        let names = self.scopes.iter().map(|&scope| self.held.scope(self.realm, scope));
        let shown =
            names.filter(|scope| !scope.in_token_scope.is_off()).filter_map(|scope| scope.name.text());
        asks_openid.then_some("openid").into_iter().chain(shown).collect::<Vec<_>>().join(" ")
    }
}
