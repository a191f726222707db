//! `audience-never-issued`: a service demands an audience that no token sent to it carries.

use std::collections::BTreeMap;

use regex::Regex;

use super::with_audiences::{Issuable, id_tokens};
use super::with_issuers::{containers, evidence_of, issuers_of_container, names_of};
use super::with_tokens::{Kind, Requests, listed, name_tokens, own_logins, requests, senders};
use crate::conventions::{AudienceExpectation, Certainty, TokenKind};
use crate::finding::{Case, Evidence, Severity, Subject, Undecided, Verdict};
use crate::fix::{Fix, Phase, Safety, offer};
use crate::keycloak::audience::nearest::{NearMiss, Obstacle, near_misses};
use crate::keycloak::audience::{IssuedTokens, TokenRequest};
use crate::keycloak::mapper;
use crate::keycloak::model::{ClientField, Completeness, Dialect};
use crate::keycloak::version::Version;
use crate::link::{ContainerReading, Link, NamedRealm};
use crate::locus::Locus;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, RealmId, ServiceId};
use crate::suggest;
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "audience-never-issued",
    severity: Severity::Error,
    title: "A service demands an audience that no token sent to it carries",
    why: "A service that checks the audience accepts a token only when `aud` holds what its settings name. Keycloak puts nothing there \
          by itself: not the id of the client that asked, and not that of the service. Audiences come from audience mappers, of the \
          client or of its default client scopes, and from audience resolving, which adds every other client of which the user has a \
          role. The usual surprise is `aud: account` and 401 for every call.\n\n\
          A mapper may be there and not write: without `access.token.claim` it reaches the ID token only, with lightweight tokens it \
          needs `lightweight.claim`, in an optional client scope it waits for the `scope` parameter. It is named when there is one. \
          Where only users with a certain role get the audience, the finding is a warning.\n\n\
          Which tokens reach a service is known where a client's origin may call it, where a service that logs in through the client \
          names its URL, or where a link is pinned. Otherwise the finding rests on the whole realm: nothing in it issues the audience.",
    remedy: "Add an audience mapper (`oidc-audience-mapper`) for this audience to the client, or to a default client scope of it, with \
             `access.token.claim` set to `true`.",
    references: &[
        "https://www.keycloak.org/docs/latest/server_admin/#audience-support",
        "https://datatracker.ietf.org/doc/html/rfc7519#section-4.1.3",
        "https://datatracker.ietf.org/doc/html/rfc9068#section-4",
        "https://github.com/keycloak/keycloak/issues/12415",
        "https://github.com/keycloak/keycloak/issues/35262",
    ],
    needs: &[Fact::Clients, Fact::ClientScopes, Fact::Roles, Fact::Services],
    check: Check::Scene(check),
};

fn check(scene: &Scene<'_>) -> Vec<(Subject, Verdict)> {
    let mut verdicts = Vec::new();
    let mut realms = BTreeMap::new();
    for (service, _) in scene.snapshot.services() {
        if scene.reading(service).is_keycloak {
            continue;
        }
        for (container, reading) in containers(service, scene) {
            for expected in &reading.understanding.audiences {
                if !is_judged(service, container, reading, expected, scene) {
                    continue;
                }
                let demand = Demand::new(service, container, expected, scene);
                let mut links = senders(service, scene);
                links.extend(own_logins(service, expected.framework, scene));
                links.dedup_by_key(|link| link.client);
                if links.is_empty() {
                    verdicts.extend(demand.by_realm(&mut realms));
                }
                for link in links {
                    let subject = scene.subject_of_link(link);
                    verdicts.extend(demand.by_link(link).map(|verdict| (subject, verdict)));
                }
            }
        }
        verdicts.extend(id_tokens(service, scene));
    }
    verdicts
}

/// Among more audiences than this no slip is looked for.
const MOST_COMPARED: usize = 500;

/// Whether a container demands the audience of Keycloak's tokens, and not of another issuer's or in the browser.
fn is_judged(
    service: ServiceId,
    container: usize,
    reading: &ContainerReading,
    expected: &AudienceExpectation,
    scene: &Scene<'_>,
) -> bool {
    if expected.certainty == Certainty::Weak
        || expected.token != TokenKind::Access
        || scene.reading(service).realms.is_empty()
    {
        return false;
    }
    // What is built into a program for the browser is a parameter of its requests.
    let in_browser = reading
        .understanding
        .readings
        .iter()
        .any(|found| found.in_browser && expected.settings.contains(&found.setting));
    let mut own = issuers_of_container(service, container, scene)
        .filter(|(_, found)| found.framework == expected.framework)
        .peekable();
    let is_of_another =
        own.peek().is_some() && own.all(|(issuer, _)| issuer.names == NamedRealm::NotKeycloak);
    !in_browser && !is_of_another
}

/// An audience that a container of a service demands.
struct Demand<'a, 'b> {
    service: ServiceId,
    container: usize,
    expected: &'a AudienceExpectation,
    patterns: Vec<Regex>,
    why_unknown: Option<String>,
    scene: &'a Scene<'b>,
}

/// What tokens were found to carry.
enum Found<'r> {
    Carried,
    Lacking(Box<Lacking<'r>>),
    Open(String),
}

struct Lacking<'r> {
    version: Version,
    kind: Kind,
    request: TokenRequest<'r>,
    tokens: IssuedTokens,
    /// A version whose servers do issue it.
    unlike: Option<Version>,
}

impl<'a, 'b> Demand<'a, 'b> {
    fn new(
        service: ServiceId,
        container: usize,
        expected: &'a AudienceExpectation,
        scene: &'a Scene<'b>,
    ) -> Self {
        let mut why_unknown = expected.unknown.clone();
        let mut patterns = Vec::new();
        if expected.regex {
            for text in &expected.any_of {
                match Regex::new(&format!("^(?:{text})$")) {
                    Ok(pattern) => patterns.push(pattern),
                    Err(_) => {
                        why_unknown = Some(format!("`{text}` is no regular expression that is understood"))
                    }
                }
            }
        }
        Demand { service, container, expected, patterns, why_unknown, scene }
    }

    fn accepts(&self, audience: &str) -> bool {
        self.expected.any_of.iter().any(|wanted| wanted == audience)
            || self.patterns.iter().any(|pattern| pattern.is_match(audience))
    }

    fn by_link(&self, link: &Link) -> Option<Verdict> {
        let requests = requests(link.client, self.scene);
        let found: Vec<Found<'_>> =
            requests.kinds.iter().filter_map(|kind| self.tokens(link, &requests, *kind)).collect();
        // What the services do not tell may be either, so one that carries it is enough.
        if !requests.are_told && found.iter().any(|found| matches!(found, Found::Carried)) {
            return None;
        }
        let mut open = None;
        for found in found {
            match found {
                Found::Lacking(lacking) => return Some(self.lacking(link, &requests, &lacking)),
                Found::Open(why) => open = open.or(Some(why)),
                Found::Carried => {}
            }
        }
        open.map(|why| {
            Verdict::Undecided(Undecided {
                reason: format!(
                    "Whether access tokens of {} carry the audience {} that {} demands is not known: {}.",
                    self.scene.name_client(link.client),
                    self.wanted(),
                    self.scene.name_service(self.service),
                    clause(&why),
                ),
                remedy: None,
                evidence: self.evidence(link),
            })
        })
    }

    /// What the tokens of one kind carry on servers of every version; none when the client gets none.
    fn tokens<'r>(&self, link: &Link, requests: &'r Requests, kind: Kind) -> Option<Found<'r>> {
        let mut carried = None;
        let mut lacking: Option<Lacking<'_>> = None;
        let mut open = None;
        for held in self.scene.held(link.client.realm) {
            let Some((request, tokens)) = requests.issue(kind, link.client, held, self.scene) else {
                continue;
            };
            let token = &tokens.access_token;
            if token.aud.iter().any(|audience| self.accepts(audience)) {
                carried = Some(held.version());
            } else if token.perhaps.iter().any(|audience| self.accepts(audience)) {
                open = open.or_else(|| tokens.undefined.first().cloned());
            } else if let Some(why) = tokens.unread.first() {
                open = open.or_else(|| Some(why.clone()));
            } else if let Some(why) = &self.why_unknown {
                open = open.or_else(|| Some(format!("{} is not: {why}.", self.settings())));
            } else {
                lacking = Some(Lacking { version: held.version(), kind, request, tokens, unlike: None });
            }
        }
        match (lacking, open, carried) {
            (Some(lacking), _, unlike) => Some(Found::Lacking(Box::new(Lacking { unlike, ..lacking }))),
            (None, Some(why), _) => Some(Found::Open(why)),
            (None, None, Some(_)) => Some(Found::Carried),
            (None, None, None) => None,
        }
    }

    fn lacking(&self, link: &Link, requests: &Requests, lacking: &Lacking<'_>) -> Verdict {
        let scene = self.scene;
        let client = link.client;
        let near = self.near(link, lacking);
        let tokens = name_tokens(client, &lacking.request, scene);
        let mut evidence: Vec<Evidence> = near
            .iter()
            .map(|(_, miss)| Evidence::keycloak(miss.at.clone(), None, "would issue it, but does not"))
            .collect();
        evidence.push(scene.client_itself(client, "the client whose tokens reach the service"));
        evidence.extend(self.evidence(link));
        let obstacle = near.as_ref().map(|(_, miss)| miss.obstacle);
        let by_role = matches!(obstacle, Some(Obstacle::ScopeNeedsRole | Obstacle::UserNeedsRole));
        let roles_are_known = lacking.kind == Kind::ServiceAccount
            && scene.realm(client.realm).dialect == Dialect::RealmFile
            && scene.realm(client.realm).complete == Completeness::Additions;
        let by_scope = obstacle == Some(Obstacle::OptionalScope) && lacking.kind == Kind::User;
        if by_scope && !requests.scope_is_told
            || by_role && lacking.kind == Kind::ServiceAccount && !roles_are_known
        {
            let text = near.map(|(_, miss)| miss.text).unwrap_or_default();
            return Verdict::Undecided(Undecided {
                reason: format!(
                    "Whether {tokens} carry the audience {} that {} demands is not known: {text}.",
                    self.wanted(),
                    scene.name_service(self.service),
                ),
                remedy: Some(self.remedy(link, obstacle)),
                evidence,
            });
        }
        if by_scope {
            evidence.extend(requests.evidence.iter().cloned());
        }
        let consequence =
            if by_role { "it refuses the calls of all others" } else { "it refuses every call with them" };
        let mut message = if by_role {
            format!(
                "{} demands the audience {} ({}), which {tokens} carry only for users with a role: {consequence}.",
                capitalized(&scene.name_service(self.service)),
                self.wanted(),
                self.settings(),
            )
        } else {
            format!(
                "{} demands the audience {} ({}), but {tokens} {}: {consequence}.",
                capitalized(&scene.name_service(self.service)),
                self.wanted(),
                self.settings(),
                carry(&lacking.tokens),
            )
        };
        if let Some((_, miss)) = &near {
            message.push_str(&format!(" {}.", capitalized(&miss.text)));
        } else if let Some(slip) = self.slip_of(lacking.tokens.access_token.aud.iter().map(String::as_str)) {
            message.push_str(&format!(" The nearest that they carry is `{slip}`."));
        }
        if let Some(unlike) = lacking.unlike {
            message.push_str(&format!(
                " So it is on servers of version {}; those of version {unlike} issue it.",
                lacking.version
            ));
        }
        Verdict::Wrong(Case {
            severity: by_role.then_some(Severity::Warning),
            message,
            remedy: Some(self.remedy(link, obstacle)),
            evidence,
            value: self.expected.any_of.first().cloned(),
            fix: self.fix(link, near.as_ref().map(|(_, miss)| miss)).map(Box::new),
        })
    }

    /// What comes nearest to issuing one of the audiences, with the audience.
    fn near(&self, link: &Link, lacking: &Lacking<'_>) -> Option<(&'a str, NearMiss)> {
        let realm = self.scene.realm(link.client.realm);
        let client = self.scene.client(link.client);
        let held = self.scene.held(link.client.realm);
        let held = held.iter().find(|held| held.version() == lacking.version)?;
        if self.expected.regex {
            return None;
        }
        let of = |audience: &'a String| {
            let miss = near_misses(held, realm, client, &lacking.request, audience).into_iter().next()?;
            Some((audience.as_str(), miss))
        };
        self.expected.any_of.iter().filter_map(of).min_by_key(|(_, miss)| miss.obstacle)
    }

    fn remedy(&self, link: &Link, obstacle: Option<Obstacle>) -> String {
        use Obstacle as O;
        let client = self.scene.name_client(link.client);
        match obstacle {
            Some(O::IdTokenOnly | O::LightweightOnly | O::SwitchedOff) => {
                "Set `access.token.claim` of that mapper to `true`.".to_owned()
            }
            Some(O::NotInLightweight) => format!(
                "Set `lightweight.claim` of that mapper to `true`, or turn lightweight access tokens of {client} off."
            ),
            Some(O::Shadowed) => {
                "Remove `included.client.audience` from that mapper, or give each audience a mapper of its own.".to_owned()
            }
            Some(O::OptionalScope) => {
                format!("Make that client scope a default one of {client}, or let its logins ask for it.")
            }
            Some(O::ForeignScope) => format!("Make that client scope a default one of {client}."),
            _ => self.add_mapper(&client, link.client.realm),
        }
    }

    /// What lets the client's access tokens carry the audience: the switch of a mapper that would write it, else a mapper of its own.
    fn fix(&self, link: &Link, near: Option<&NearMiss>) -> Option<Fix> {
        use Obstacle as O;
        let (client, scene) = (link.client, self.scene);
        let switch = near.and_then(|miss| match miss.obstacle {
            O::IdTokenOnly | O::LightweightOnly | O::SwitchedOff => Some((miss, mapper::ACCESS_SWITCH)),
            O::NotInLightweight => Some((miss, mapper::LIGHTWEIGHT_SWITCH)),
            _ => None,
        });
        if let Some((miss, key)) = switch
            && let Some((change, is_shared)) =
                offer::set_mapper(scene, client, &miss.at, key, "true", Phase::Expand)
        {
            let title = format!("Set `{key}` of the mapper that writes {} to `true`", self.wanted());
            return Some(if is_shared {
                Fix::of(title, Safety::Review, vec![change])
                    .with_risk("Tokens of all clients that have this client scope carry the audience.")
            } else {
                Fix::of(title, Safety::Safe, vec![change])
            });
        }
        let audience = self.expected.any_of.first().filter(|_| !self.expected.regex)?;
        let held = scene.held(client.realm).last();
        let is_client = held.is_some_and(|held| held.client(scene.realm(client.realm), audience).is_some());
        let title =
            format!("Let access tokens of {} carry the audience `{audience}`", scene.name_client(client));
        Some(Fix::of(
            title,
            Safety::Safe,
            vec![offer::add_audience_mapper(scene, client, audience, is_client)],
        ))
    }

    fn add_mapper(&self, to: &str, realm: RealmId) -> String {
        let Some(audience) = self.expected.any_of.first().filter(|_| !self.expected.regex) else {
            return RULE.remedy.to_owned();
        };
        let held = self.scene.held(realm).last();
        let is_client = held.is_some_and(|held| held.client(self.scene.realm(realm), audience).is_some());
        let field = if is_client { mapper::CLIENT_AUDIENCE } else { mapper::CUSTOM_AUDIENCE };
        format!(
            "Add an audience mapper (`oidc-audience-mapper`) to {to} or to a default client scope of it, with `{field}` set to `{audience}` and `access.token.claim` set to `true`."
        )
    }

    /// Nobody knows which clients call: wrong only when nothing in the realm issues the audience.
    fn by_realm(&self, known: &mut BTreeMap<RealmId, Issuable>) -> Option<(Subject, Verdict)> {
        let scene = self.scene;
        let realms = &scene.reading(self.service).realms;
        let subject = Subject {
            realm: if let [only] = realms.as_slice() { Some(*only) } else { None },
            ..scene.subject_of_service(self.service)
        };
        let who = scene.name_service(self.service);
        let mut evidence = self.settings_as_evidence();
        if self.expected.any_of.is_empty() && self.why_unknown.is_none() {
            return None;
        }
        let mut why = self.why_unknown.as_ref().map(|why| format!("{} is not: {why}", self.settings()));
        let mut slip = None;
        for realm in realms {
            let issuable = known.entry(*realm).or_insert_with(|| Issuable::of(*realm, scene));
            if let Some((text, at)) = self.issuable_in(issuable, *realm) {
                why = why.or(Some(format!("which clients call it is not, and {text}")));
                evidence.extend(at.map(|at| Evidence::keycloak(at, None, "would issue it")));
            } else if let Some(open) = &issuable.open {
                why = why.or(Some(clause(open)));
            }
            slip = slip.or_else(|| self.slip_of(issuable.by_mapper.keys().map(|text| &**text)));
        }
        if let Some(why) = why {
            return Some((
                subject,
                Verdict::Undecided(Undecided {
                    reason: format!(
                        "Whether tokens carry the audience {} that {who} demands is not known: {why}.",
                        self.wanted()
                    ),
                    remedy: Some(
                        "Pin a link to each client that calls the service in cloakrun.yaml.".to_owned(),
                    ),
                    evidence,
                }),
            ));
        }
        let names: Vec<String> = realms.iter().map(|realm| scene.name_realm(*realm)).collect();
        let names = names.join(" or ");
        let meant = self.client_of_this_name(realms);
        let mut message = format!(
            "{} demands the audience {} ({}), but nothing in {names} issues it: no mapper writes it, and no client of this name has roles that would bring it. Whichever client calls, its access token is refused.",
            capitalized(&who),
            self.wanted(),
            self.settings(),
        );
        if let Some(slip) = slip {
            message.push_str(&format!(" The nearest that a mapper writes is `{slip}`."));
        }
        evidence.push(match meant {
            Some(client) => client,
            None => scene.realm_itself(*realms.first()?, "the realm that does not issue it"),
        });
        let remedy = self.add_mapper("each client that calls it", *realms.first()?);
        Some((
            subject,
            Verdict::Wrong(Case {
                severity: None,
                message,
                fix: Some(Box::new(Fix::by_hand(
                    format!("Issue the audience {}", self.wanted()),
                    vec![remedy.clone()],
                ))),
                remedy: Some(remedy),
                evidence,
                value: self.expected.any_of.first().cloned(),
            }),
        ))
    }

    /// What issues one of the audiences to some client of the realm.
    fn issuable_in(&self, issuable: &Issuable, realm: RealmId) -> Option<(String, Option<Locus>)> {
        if self.expected.regex {
            let (text, (at, how)) = issuable.by_mapper.iter().find(|(text, _)| self.accepts(text))?;
            return Some((format!("{how} writes `{text}`"), Some(at.clone())));
        }
        self.expected.any_of.iter().find_map(|audience| {
            if let Some((at, how)) = issuable.by_mapper.get(audience.as_str()) {
                return Some((format!("{how} writes it"), Some(at.clone())));
            }
            let held = self.scene.held(realm).last()?;
            let has_roles = !held.roles().roles_of_client(audience).is_empty();
            has_roles
                .then(|| (format!("audience resolving issues it to users with a role of `{audience}`"), None))
        })
    }

    /// The client whose id is demanded, as a place.
    fn client_of_this_name(&self, realms: &[RealmId]) -> Option<Evidence> {
        let label = "the client that is meant; its id is in no token by itself";
        realms.iter().find_map(|id| {
            let (realm, held) = (self.scene.realm(*id), self.scene.held(*id).last()?);
            self.expected.any_of.iter().find_map(|audience| {
                let client = held.client(realm, audience)?;
                let at = client.field(ClientField::ClientId);
                Some(Evidence::keycloak(at, Some(audience.clone()), label))
            })
        })
    }

    fn slip_of<'t>(&self, audiences: impl Iterator<Item = &'t str>) -> Option<String> {
        let wanted = self.expected.any_of.first().filter(|_| !self.expected.regex)?;
        let mut audiences: Vec<&str> = audiences.take(MOST_COMPARED + 1).collect();
        if audiences.len() > MOST_COMPARED {
            return None;
        }
        audiences.sort_unstable();
        suggest::nearest(wanted, audiences).map(str::to_owned)
    }

    /// The audiences in words: "`a` or `b`".
    fn wanted(&self) -> String {
        if self.expected.any_of.is_empty() {
            return "of another setting".to_owned();
        }
        listed(self.expected.any_of.iter().map(String::as_str), "or")
    }

    fn settings(&self) -> String {
        names_of(self.service, self.container, &self.expected.settings, self.scene)
    }

    fn settings_as_evidence(&self) -> Vec<Evidence> {
        evidence_of(
            self.service,
            self.container,
            &self.expected.settings,
            "demands this audience",
            self.scene,
        )
    }

    fn evidence(&self, link: &Link) -> Vec<Evidence> {
        let mut evidence = self.settings_as_evidence();
        for place in link.clues.first().iter().flat_map(|clue| &clue.evidence) {
            if !evidence.iter().any(|known| known.at == place.at) {
                evidence.push(place.clone());
            }
        }
        evidence
    }
}

fn carry(tokens: &IssuedTokens) -> String {
    let audiences = &tokens.access_token.aud;
    if audiences.is_empty() {
        return "carry no audience at all".to_owned();
    }
    format!("carry only {}", listed(audiences.iter().map(String::as_str), "and"))
}

/// A sentence as a clause.
fn clause(sentence: &str) -> String {
    let text = sentence.trim_end_matches('.');
    let mut chars = text.chars();
    let begins_small = |text: &str| {
        text.starts_with("The ")
            || text.starts_with("Whether ")
            || text.starts_with("Some ")
            || text.starts_with("Several ")
            || text.starts_with("Not ")
    };
    if begins_small(text) {
        return chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default();
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml, service_yaml_with};

    const ISSUER: (&str, &str) = ("OIDC_ISSUER", "https://sso.example.com/realms/shop");
    const ORIGIN: (&str, &str) = ("CORS_ALLOWED_ORIGINS", "https://shop.example.com");
    const NO_SCOPES: &str = r#""defaultClientScopes": [],"#;

    fn realm(rest: &str, client: &str) -> String {
        format!(
            r#"{{"realm": "shop", "attributes": {{"frontendUrl": "https://sso.example.com"}}, {rest} "clients": [
                {{"clientId": "web", "publicClient": true, "rootUrl": "https://shop.example.com", {client} "redirectUris": ["/*"]}},
                {{"clientId": "orders", "bearerOnly": true}}]}}"#
        )
    }

    fn mapper(config: &str) -> String {
        format!(
            r#""protocolMappers": [{{"name": "for-orders", "protocol": "openid-connect",
                "protocolMapper": "oidc-audience-mapper", "config": {{{config}}}}}],"#
        )
    }

    fn judge_with(rest: &str, client: &str, env: &[(&str, &str)]) -> Said {
        Stage::new()
            .realm("shop.json", &realm(rest, client))
            .service("api.yaml", &service_yaml("api", env))
            .version("26.5.5")
            .judge("audience-never-issued")
    }

    fn judge(client: &str) -> Said {
        judge_with("", client, &[ISSUER, ("OIDC_AUDIENCE", "orders"), ORIGIN])
    }

    #[test]
    fn tokens_that_carry_it_are_fine() {
        let found = judge(&mapper(r#""included.client.audience": "orders", "access.token.claim": "true""#));
        assert!(found.is_nothing(), "{found:?}");
    }

    #[test]
    fn tokens_without_it_are_refused() {
        let found = judge("");
        assert_eq!(
            found.wrong,
            [
                "error service api ↔ client web of realm shop: Service `api` demands the audience `orders` (`OIDC_AUDIENCE`), but \
              access tokens of client `web` of realm `shop` carry only `account`: it refuses every call with them."
            ]
        );
        assert_eq!(
            found.places[..2],
            [
                "shop.json clients[0].clientId = web (the client whose tokens reach the service)",
                "api.yaml spec.template.spec.containers[0].env[1].value = orders (demands this audience)",
            ]
        );
        assert_eq!(found.values, ["orders"]);
        let bare = judge(NO_SCOPES);
        assert!(bare.wrong[0].contains("carry no audience at all"), "{bare:?}");
    }

    #[test]
    fn the_mapper_that_does_not_write_is_named() {
        let found = judge(&mapper(r#""included.client.audience": "orders", "id.token.claim": "true""#));
        assert!(
            found.wrong[0].ends_with(
                "it refuses every call with them. The client's mapper `for-orders` would issue it, but only into the ID token \
                 (`access.token.claim` is not `true`)."
            ),
            "{found:?}"
        );
        assert_eq!(found.places[0], "shop.json clients[0].protocolMappers[0] (would issue it, but does not)");
    }

    #[test]
    fn lightweight_tokens_need_a_switch_of_their_own() {
        let attributes = r#""attributes": {"client.use.lightweight.access.token.enabled": "true"},"#;
        let mapper = mapper(r#""included.client.audience": "orders", "access.token.claim": "true""#);
        let found = judge(&format!("{attributes}{mapper}"));
        assert!(found.wrong[0].contains("lightweight"), "{found:?}");
    }

    #[test]
    fn users_with_a_role_are_a_warning() {
        let roles = r#""roles": {"client": {"orders": [{"name": "reader"}]}},"#;
        let found = judge_with(roles, "", &[ISSUER, ("OIDC_AUDIENCE", "orders"), ORIGIN]);
        assert_eq!(
            found.wrong,
            [
                "warning service api ↔ client web of realm shop: Service `api` demands the audience `orders` (`OIDC_AUDIENCE`), \
              which access tokens of client `web` of realm `shop` carry only for users with a role: it refuses the calls of all \
              others. Audience resolving issues it to users with a role of `orders` (`reader` …), and users do not have one by \
              default."
            ]
        );
    }

    #[test]
    fn an_optional_scope_hangs_on_the_request() {
        let scopes = format!(
            r#""clientScopes": [{{"name": "api", "protocol": "openid-connect", {} "attributes": {{}}}}],"#,
            mapper(r#""included.client.audience": "orders", "access.token.claim": "true""#)
        );
        let optional = r#""optionalClientScopes": ["api"],"#;
        let api = [ISSUER, ("OIDC_AUDIENCE", "orders"), ORIGIN];
        let found = judge_with(&scopes, optional, &api);
        assert_eq!((found.wrong.len(), found.undecided.len()), (0, 1), "{found:?}");
        assert!(
            found.undecided[0].contains("only in effect when the request's `scope` names `api`"),
            "{found:?}"
        );
        // A service that logs in through the client and tells its scopes decides it.
        let with_web = |scope: &str| {
            let web = [
                ("OAUTH2_PROXY_OIDC_ISSUER_URL", ISSUER.1),
                ("OAUTH2_PROXY_CLIENT_ID", "web"),
                ("OAUTH2_PROXY_SCOPE", scope),
                ("OAUTH2_PROXY_REDIRECT_URL", "https://shop.example.com/oauth2/callback"),
            ];
            Stage::new()
                .realm("shop.json", &realm(&scopes, optional))
                .service("api.yaml", &service_yaml("api", &api))
                .service("web.yaml", &service_yaml_with("web", "quay.io/oauth2-proxy/oauth2-proxy:v7", &web))
                .version("26.5.5")
                .judge("audience-never-issued")
        };
        assert!(with_web("openid api").is_nothing());
        let without = with_web("openid email");
        assert_eq!((without.wrong.len(), without.undecided.len()), (1, 0), "{without:?}");
    }

    #[test]
    fn where_no_caller_is_known_the_realm_decides() {
        let alone = |rest: &str| judge_with(rest, "", &[ISSUER, ("OIDC_AUDIENCE", "orders")]);
        let found = alone("");
        assert_eq!(
            found.wrong,
            [
                "error service api ↔ realm shop: Service `api` demands the audience `orders` (`OIDC_AUDIENCE`), but nothing in \
              realm `shop` issues it: no mapper writes it, and no client of this name has roles that would bring it. Whichever \
              client calls, its access token is refused."
            ]
        );
        assert_eq!(
            found.places[1],
            "shop.json clients[1].clientId = orders (the client that is meant; its id is in no token by itself)"
        );
        let by_roles = alone(r#""roles": {"client": {"orders": [{"name": "reader"}]}},"#);
        assert_eq!((by_roles.wrong.len(), by_roles.undecided.len()), (0, 1), "{by_roles:?}");
        assert!(by_roles.undecided[0].contains("which clients call it is not"), "{by_roles:?}");
    }

    #[test]
    fn a_slip_is_named() {
        let mapper = mapper(r#""included.custom.audience": "order", "access.token.claim": "true""#);
        let found = judge(&mapper);
        assert!(found.wrong[0].ends_with("The nearest that they carry is `order`."), "{found:?}");
    }

    #[test]
    fn regular_expressions_are_matched() {
        let env = |audience: &'static str| [("PGRST_JWT_AUD", audience), ISSUER, ORIGIN];
        let mapper = mapper(r#""included.custom.audience": "orders-eu", "access.token.claim": "true""#);
        let judge = |audience: &'static str| {
            Stage::new()
                .realm("shop.json", &realm("", &mapper))
                .service("api.yaml", &service_yaml_with("api", "postgrest/postgrest:v13", &env(audience)))
                .version("26.5.5")
                .judge("audience-never-issued")
        };
        assert!(judge("orders-[a-z]+").is_nothing());
        assert_eq!(judge("stock-[a-z]+").wrong.len(), 1);
    }

    #[test]
    fn placeholders_are_undecided() {
        let found = judge_with("", "", &[ISSUER, ("OIDC_AUDIENCE", "${AUDIENCE}"), ORIGIN]);
        assert_eq!((found.wrong.len(), found.undecided.len()), (0, 1), "{found:?}");
    }

    #[test]
    fn audiences_of_google_and_of_other_issuers_are_left_alone() {
        let push = ("PUBSUB_PUSH_AUDIENCE", "https://api-123456789012.europe-west1.run.app/jobs");
        assert!(judge_with("", "", &[ISSUER, push, ORIGIN]).is_nothing());
        let google = [("OIDC_ISSUER", "https://accounts.google.com"), ("OIDC_AUDIENCE", "orders"), ORIGIN];
        assert!(judge_with("", "", &google).is_nothing());
        let browser = [
            ("VITE_OIDC_ISSUER", ISSUER.1),
            ("VITE_OIDC_CLIENT_ID", "web"),
            ("VITE_OIDC_AUDIENCE", "orders"),
        ];
        assert!(judge_with("", "", &browser).is_nothing());
    }

    #[test]
    fn an_id_token_without_the_clients_own_id() {
        let replaces = r#""protocolMappers": [{"name": "aud", "protocol": "openid-connect",
            "protocolMapper": "oidc-hardcoded-claim-mapper",
            "config": {"claim.name": "aud", "claim.value": "shop", "id.token.claim": "true"}}],"#;
        let env = [ISSUER, ("OIDC_CLIENT_ID", "web"), ("OIDC_REDIRECT_URI", "https://shop.example.com/cb")];
        let found = judge_with("", replaces, &env);
        assert_eq!(found.wrong.len(), 1, "{found:?}");
        assert!(
            found.wrong[0]
                .contains("ID tokens of client `web` of realm `shop` do not carry the client's own id"),
            "{found:?}"
        );
        assert!(judge_with("", "", &env).is_nothing());
    }

    #[test]
    fn the_fix_adds_a_mapper_or_lets_the_one_that_is_there_write() {
        let fixes = |client: &str| {
            let stage = Stage::new().realm("shop.json", &realm("", client));
            let env = [ISSUER, ("OIDC_AUDIENCE", "orders"), ORIGIN];
            stage
                .service("api.yaml", &service_yaml("api", &env))
                .version("26.5.5")
                .fixes("audience-never-issued")
        };
        assert_eq!(
            fixes(""),
            [
                "safe expand shop.json: protocolMappers +audience orders {\"access.token.claim\": \"true\", \"id.token.claim\": \"false\", \"included.client.audience\": \"orders\"}"
            ]
        );
        assert_eq!(
            fixes(&mapper(r#""included.client.audience": "orders", "id.token.claim": "true""#)),
            ["safe expand shop.json: protocolMappers[0].config[\"access.token.claim\"] → true"]
        );
    }
}
