//! `subject-missing`: access tokens that a service gets carry no `sub`.

use std::collections::{BTreeSet, HashMap};

use super::with_issuers::{containers, is_of_keycloak};
use super::with_tokens::{Kind, listed, requests, senders};
use crate::conventions::{Certainty, Role, Use};
use crate::finding::{Case, Evidence, Severity, Subject, Undecided, Verdict};
use crate::keycloak::audience::is_lightweight;
use crate::keycloak::import::HeldRealm;
use crate::keycloak::model::{Client, ClientField, ScopeNames, attribute};
use crate::keycloak::version::Version;
use crate::link::Link;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact, RealmId, ServiceId};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "subject-missing",
    severity: Severity::Error,
    title: "Access tokens that a service gets carry no subject",
    why: "Since Keycloak 25 a mapper writes `sub`, the id of the user, into access tokens; it is part of the client scope `basic`. A \
          client without that scope, and without a mapper of its own (`oidc-sub-mapper`), gets access tokens that do not say whose \
          they are. The login works all the same, for the ID token and the user info have it; the API that asks the token for its \
          user answers 400 or 401.\n\n\
          It happens to realm files with a list `clientScopes` of their own: servers then make no built-in scopes, and an import adds \
          `basic` only when the file's `keycloakVersion` is older than 25.",
    remedy: "Define the client scope `basic` with a mapper `oidc-sub-mapper` whose `access.token.claim` is `true`, and make it a default \
             scope of the client.",
    references: &[
        "https://www.keycloak.org/docs/latest/upgrading/#new-default-client-scope-basic",
        "https://datatracker.ietf.org/doc/html/rfc9068#section-2.2",
        "https://github.com/keycloak/keycloak/issues/31082",
        "https://github.com/keycloak/keycloak/issues/34306",
    ],
    needs: &[Fact::Clients, Fact::ClientScopes, Fact::Services],
    check: Check::Scene(check),
};

fn check(scene: &Scene<'_>) -> Vec<(Subject, Verdict)> {
    let mut verdicts = Vec::new();
    let mut realms: HashMap<RealmId, Realm> = HashMap::new();
    let mut said: BTreeSet<ClientId> = BTreeSet::new();
    let mut wholly_said: BTreeSet<RealmId> = BTreeSet::new();
    let mut guesses = Vec::new();
    for (service, _) in scene.snapshot.services() {
        let takes = if scene.reading(service).is_keycloak { None } else { takes_tokens(service, scene) };
        let Some(certainty) = takes else { continue };
        let links = senders(service, scene);
        for link in &links {
            let subject = scene.subject_of_link(link);
            said.insert(link.client);
            verdicts.extend(by_link(link, scene).map(|verdict| (subject, verdict)));
        }
        if let ([], [realm]) = (links.as_slice(), scene.reading(service).realms.as_slice()) {
            let known = realms.entry(*realm).or_insert_with(|| Realm::of(*realm, scene));
            let subject = Subject { realm: Some(*realm), ..scene.subject_of_service(service) };
            let verdict = by_realm(service, certainty, *realm, known, scene);
            let verdict = verdict.map(|verdict| (subject, verdict));
            if certainty == Certainty::Weak {
                guesses.extend(verdict.map(|verdict| (*realm, verdict)));
            } else {
                wholly_said.insert(*realm);
                verdicts.extend(verdict);
            }
        }
    }
    let logins = scene.links.links.iter().filter(|link| link.uses.login && !link.is_weak());
    let mut warned: BTreeSet<RealmId> = BTreeSet::new();
    for link in
        logins.filter(|link| !said.contains(&link.client) && !wholly_said.contains(&link.client.realm))
    {
        if let Some(verdict) = by_login(link, scene) {
            warned.insert(link.client.realm);
            verdicts.push((scene.subject_of_link(link), verdict));
        }
    }
    // What is said of a login of the realm need not be guessed at for another service.
    let unsaid = guesses.into_iter().filter(|(realm, _)| !warned.contains(realm));
    verdicts.extend(unsaid.map(|(_, verdict)| verdict));
    verdicts
}

/// A service that logs people in reads the ID token, which has the subject; what it does with the access token is not visible.
fn by_login(link: &Link, scene: &Scene<'_>) -> Option<Verdict> {
    let Carried::Nothing { version, always } = carried(link.client, scene) else { return None };
    let mut evidence = cause(link.client, scene);
    evidence.extend(link.clues.first().into_iter().flat_map(|clue| clue.evidence.iter().cloned()));
    Some(Verdict::Wrong(Case {
        severity: Some(Severity::Warning),
        message: format!(
            "The access tokens that {} gets through {} carry no `sub`{}: {}. The login works, for the ID token has it; an API that the access token is sent to does not learn whose it is.",
            scene.name_service(link.service),
            scene.name_client(link.client),
            on_versions(version, always),
            why(link.client, scene),
        ),
        remedy: Some(remedy(link.client, scene)),
        evidence,
        value: None,
        fix: None,
    }))
}

/// How surely a service looks into access tokens itself; one that asks Keycloak about each is told the subject.
fn takes_tokens(service: ServiceId, scene: &Scene<'_>) -> Option<Certainty> {
    let introspects = containers(service, scene)
        .any(|(_, container)| container.understanding.with_role(Role::IntrospectionUrl).next().is_some());
    if introspects {
        return None;
    }
    containers(service, scene)
        .filter(|(container, _)| is_of_keycloak(service, *container, scene))
        .filter_map(|(_, reading)| {
            let certainty = reading.understanding.uses(Use::ResourceServer)?;
            // A client without a secret is rather that of a program in the browser.
            let is_guess = certainty == Certainty::Weak && !reading.understanding.clients.is_empty();
            (!is_guess).then_some(certainty)
        })
        .max()
}

/// What access tokens of users carry.
#[derive(Debug, Clone)]
enum Carried {
    Subject,
    /// None on servers of this version; whether all versions agree.
    Nothing {
        version: Version,
        always: bool,
    },
    NotKnown(String),
    /// No user gets tokens of the client.
    NoTokens,
}

fn carried(id: ClientId, scene: &Scene<'_>) -> Carried {
    let requests = requests(id, scene);
    if !requests.kinds.contains(&Kind::User) {
        return Carried::NoTokens;
    }
    let mut found = Carried::NoTokens;
    let mut has_subject = false;
    for held in scene.held(id.realm) {
        let Some((_, tokens)) = requests.issue(Kind::User, id, held, scene) else { continue };
        if tokens.access_token.sub {
            has_subject = true;
        } else if let Some(why) = tokens.unread.into_iter().next() {
            found = Carried::NotKnown(why);
        } else {
            found = Carried::Nothing { version: held.version(), always: true };
        }
    }
    match found {
        Carried::NoTokens if has_subject => Carried::Subject,
        Carried::Nothing { version, .. } => Carried::Nothing { version, always: !has_subject },
        found => found,
    }
}

fn by_link(link: &Link, scene: &Scene<'_>) -> Option<Verdict> {
    let client = scene.name_client(link.client);
    let service = scene.name_service(link.service);
    let mut evidence = cause(link.client, scene);
    evidence.extend(link.clues.first().into_iter().flat_map(|clue| clue.evidence.iter().cloned()));
    match carried(link.client, scene) {
        Carried::Subject | Carried::NoTokens => None,
        Carried::NotKnown(why) => Some(Verdict::Undecided(Undecided {
            reason: format!(
                "Whether access tokens of {client}, which {service} gets, carry `sub` is not known: {}.",
                why.trim_end_matches('.')
            ),
            remedy: None,
            evidence,
        })),
        Carried::Nothing { version, always } => Some(Verdict::Wrong(Case {
            severity: None,
            message: format!(
                "Access tokens of {client} carry no `sub`{}, and {service} gets them: {}. Users log in, but what asks the token for its user fails.",
                on_versions(version, always),
                why(link.client, scene),
            ),
            remedy: Some(remedy(link.client, scene)),
            evidence,
            value: None,
            fix: None,
        })),
    }
}

/// What the access tokens of a realm's clients carry.
struct Realm {
    without: Vec<ClientId>,
    /// Their ids in words.
    names: String,
    with: usize,
    not_known: Option<String>,
    version: Option<(Version, bool)>,
}

impl Realm {
    /// Clients that share their lists of scopes and have no mappers of their own are alike, so that each kind is looked at once.
    fn of(id: RealmId, scene: &Scene<'_>) -> Self {
        let mut realm =
            Realm { without: Vec::new(), names: String::new(), with: 0, not_known: None, version: None };
        let mut alike: HashMap<_, Carried> = HashMap::new();
        let address = |names: &Option<ScopeNames>| names.as_ref().map(|names| names.as_ptr() as usize);
        for client in scene.judged_clients_of(id) {
            let held = scene.client(client);
            if held.bearer_only.is_on() {
                continue;
            }
            let may_be_alike = held.mappers.is_empty() && !scene.is_bound(client);
            let carried = if may_be_alike {
                let flows = [&held.standard_flow, &held.implicit_flow, &held.direct_access_grants]
                    .map(|flow| flow.is_off());
                let others = [held.consent_required.is_on(), held.full_scope.is_off(), is_lightweight(held)];
                let key = (address(&held.default_scopes), address(&held.optional_scopes), flows, others);
                alike.entry(key).or_insert_with(|| carried(client, scene)).clone()
            } else {
                carried(client, scene)
            };
            match carried {
                Carried::Subject => realm.with += 1,
                Carried::NoTokens => {}
                Carried::NotKnown(why) => realm.not_known = Some(why),
                Carried::Nothing { version, always } => {
                    realm.version = Some((version, always));
                    realm.without.push(client);
                }
            }
        }
        realm.names = listed(realm.without.iter().map(|client| scene.client_id(*client)), "and");
        realm
    }
}

/// Nobody knows which clients call: wrong only when no client of the realm gets tokens of users with a subject.
fn by_realm(
    service: ServiceId,
    certainty: Certainty,
    id: RealmId,
    realm: &Realm,
    scene: &Scene<'_>,
) -> Option<Verdict> {
    let first = *realm.without.first()?;
    let who = scene.name_service(service);
    let clients = &realm.names;
    let of_realm = scene.name_realm(id);
    let mut evidence = cause(first, scene);
    evidence.extend(
        realm
            .without
            .iter()
            .skip(1)
            .take(4)
            .map(|client| scene.client_itself(*client, "a client whose tokens carry none")),
    );
    evidence.push(
        scene
            .reading(service)
            .issuers
            .iter()
            .flat_map(|issuer| issuer.evidence.iter().cloned())
            .next()
            .unwrap_or_else(|| scene.service_itself(service, "gets access tokens")),
    );
    let some_carry_it = realm.with > 0 || realm.not_known.is_some();
    if some_carry_it && certainty == Certainty::Weak {
        return None;
    }
    if some_carry_it {
        return Some(Verdict::Undecided(Undecided {
            reason: format!(
                "Whether the access tokens that {who} gets carry `sub` is not known: those of {clients} of {of_realm} do not, and which clients call it is not known."
            ),
            remedy: Some("Pin a link to each client that calls the service in cloakrun.yaml.".to_owned()),
            evidence,
        }));
    }
    if certainty == Certainty::Weak {
        return Some(Verdict::Undecided(Undecided {
            reason: format!(
                "Whether {who} looks into access tokens is not known, for its settings name an issuer alone. If it does, it finds no `sub` in those of users of {of_realm} (got through {clients}): {}.",
                why(first, scene),
            ),
            remedy: Some(remedy(first, scene)),
            evidence,
        }));
    }
    let (version, always) = realm.version?;
    let plural =
        if realm.without.len() == 1 { "the only client that gets any is" } else { "they are got through" };
    Some(Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} takes access tokens of {of_realm}, but those of users carry no `sub`{} ({plural} {clients}): {}. Users log in, but what asks the token for its user fails.",
            capitalized(&who),
            on_versions(version, always),
            why(first, scene),
        ),
        remedy: Some(remedy(first, scene)),
        evidence,
        value: None,
        fix: None,
    }))
}

fn on_versions(version: Version, always: bool) -> String {
    if always { String::new() } else { format!(" on servers from 25 on (judged by {version})") }
}

/// The scope that would write the subject, where the realm has it.
fn has_basic(id: ClientId, scene: &Scene<'_>) -> bool {
    let held: Option<&HeldRealm> = scene.held(id.realm).last();
    held.is_some_and(|held| held.scopes().any(|(name, _)| name == "basic"))
}

fn names_basic(client: &Client) -> bool {
    client.default_scopes.iter().flat_map(|names| names.iter()).any(|name| name.text() == Some("basic"))
}

/// Why there is no subject, as a clause.
fn why(id: ClientId, scene: &Scene<'_>) -> String {
    let client = scene.client(id);
    if is_lightweight(client) {
        return "its access tokens are lightweight, and no subject mapper writes into those".to_owned();
    }
    match (has_basic(id, scene), names_basic(client)) {
        (true, false) => "the client lacks the client scope `basic`, whose mapper writes it, and has no mapper of its own".to_owned(),
        (true, true) => "the client scope `basic` of this realm has no mapper that writes it into access tokens".to_owned(),
        (false, true) => {
            "the client names the client scope `basic`, which the file's `clientScopes` do not define".to_owned()
        }
        (false, false) => {
            "the file's `clientScopes` do not define `basic`, whose mapper writes it, and the client has no mapper of its own".to_owned()
        }
    }
}

fn remedy(id: ClientId, scene: &Scene<'_>) -> String {
    let client = scene.client(id);
    if is_lightweight(client) {
        return "Turn lightweight access tokens of the client off, or set `lightweight.claim` of its subject mapper to `true`.".to_owned();
    }
    if has_basic(id, scene) && !names_basic(client) {
        return "Add `basic` to the default client scopes of the client.".to_owned();
    }
    RULE.remedy.to_owned()
}

/// The places that show it, the one to change first.
fn cause(id: ClientId, scene: &Scene<'_>) -> Vec<Evidence> {
    let client = scene.client(id);
    let realm = scene.realm(id.realm);
    if is_lightweight(client) {
        let field = ClientField::Attribute(attribute::LIGHTWEIGHT);
        return vec![scene.client_field(id, field, "the client's access tokens are lightweight")];
    }
    let mut evidence = Vec::new();
    if realm.client_scopes.is_some() && !has_basic(id, scene) {
        let at = realm.at.key("clientScopes");
        evidence.push(Evidence::keycloak(at, None, "defines no `basic` and makes servers define none"));
    }
    if client.default_scopes.is_some() {
        let label = "the client's default scopes, none of which writes the subject";
        evidence.push(scene.client_field(id, ClientField::DefaultScopes, label));
    } else {
        evidence.push(scene.client_itself(id, "a client whose access tokens carry no subject"));
    }
    evidence
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml};

    const ISSUER: (&str, &str) = ("OIDC_ISSUER", "https://sso.example.com/realms/shop");
    const OWN_SCOPES: &str = r#""clientScopes": [{"name": "orders", "protocol": "openid-connect"}],"#;
    const BASIC: &str = r#""clientScopes": [{"name": "basic", "protocol": "openid-connect", "protocolMappers": [
        {"name": "sub", "protocol": "openid-connect", "protocolMapper": "oidc-sub-mapper", "config": {"access.token.claim": "true"}}]}],"#;

    fn stage(scopes: &str, client: &str, origins: &str) -> Stage {
        let realm = format!(
            r#"{{"realm": "shop", "attributes": {{"frontendUrl": "https://sso.example.com"}}, {scopes} "clients": [
                {{"clientId": "web", "publicClient": true, "rootUrl": "https://shop.example.com", {client} "redirectUris": ["/*"]}}]}}"#
        );
        let api = service_yaml("api", &[ISSUER, ("OIDC_AUDIENCE", "x"), ("CORS_ALLOWED_ORIGINS", origins)]);
        Stage::new().realm("shop.json", &realm).service("api.yaml", &api)
    }

    fn judge(scopes: &str, client: &str) -> Said {
        stage(scopes, client, "https://shop.example.com").version("26.5.5").judge("subject-missing")
    }

    #[test]
    fn a_list_of_scopes_without_basic() {
        let found = judge(OWN_SCOPES, r#""defaultClientScopes": ["orders"],"#);
        assert_eq!(
            found.wrong,
            [
                "error service api ↔ client web of realm shop: Access tokens of client `web` of realm `shop` carry no `sub`, and \
              service `api` gets them: the file's `clientScopes` do not define `basic`, whose mapper writes it, and the client \
              has no mapper of its own. Users log in, but what asks the token for its user fails."
            ]
        );
        assert_eq!(
            found.places[..2],
            [
                "shop.json clientScopes (defines no `basic` and makes servers define none)",
                "shop.json clients[0].defaultClientScopes = orders (the client's default scopes, none of which writes the subject)",
            ]
        );
    }

    #[test]
    fn a_client_that_leaves_basic_out() {
        let found = judge("", r#""defaultClientScopes": ["profile"],"#);
        assert!(found.wrong[0].contains("the client lacks the client scope `basic`"), "{found:?}");
        let named = judge(OWN_SCOPES, r#""defaultClientScopes": ["basic"],"#);
        assert!(
            named.wrong[0]
                .contains("names the client scope `basic`, which the file's `clientScopes` do not define"),
            "{named:?}"
        );
    }

    #[test]
    fn with_basic_or_an_older_server_it_is_fine() {
        assert!(judge("", "").is_nothing());
        assert!(judge(BASIC, r#""defaultClientScopes": ["basic"],"#).is_nothing());
        let own = r#""defaultClientScopes": ["orders"],"#;
        let older = stage(OWN_SCOPES, own, "https://shop.example.com").version("24.0.5");
        assert!(older.judge("subject-missing").is_nothing());
        // An import of a file of an older server adds `basic`.
        let old_file = format!(r#""keycloakVersion": "24.0.5", {OWN_SCOPES}"#);
        assert!(judge(&old_file, own).is_nothing());
        let mapper = r#""defaultClientScopes": ["orders"], "protocolMappers": [{"name": "sub", "protocol": "openid-connect",
            "protocolMapper": "oidc-sub-mapper", "config": {"access.token.claim": "true"}}],"#;
        assert!(judge(OWN_SCOPES, mapper).is_nothing());
    }

    #[test]
    fn versions_that_differ_are_named() {
        let found = stage(OWN_SCOPES, "", "https://shop.example.com").judge("subject-missing");
        assert!(found.wrong[0].contains("carry no `sub` on servers from 25 on (judged by "), "{found:?}");
    }

    #[test]
    fn where_no_caller_is_known_all_clients_must_lack_it() {
        let stage = |second: &str, keys: (&str, &str)| {
            let realm = format!(
                r#"{{"realm": "shop", "attributes": {{"frontendUrl": "https://sso.example.com"}}, "clients": [
                    {{"clientId": "web", "defaultClientScopes": ["profile"]}},
                    {{"clientId": "app", "defaultClientScopes": [{second}]}}]}}"#
            );
            Stage::new()
                .realm("shop.json", &realm)
                .service("api.yaml", &service_yaml("api", &[("KEYCLOAK_ISSUER", ISSUER.1), keys]))
                .version("26.5.5")
                .judge("subject-missing")
        };
        const KEYS: (&str, &str) =
            ("JWKS_URI", "https://sso.example.com/realms/shop/protocol/openid-connect/certs");
        let none = stage(r#""email""#, KEYS);
        assert_eq!(none.wrong.len(), 1, "{none:?}");
        assert!(
            none.wrong[0].starts_with("error service api ↔ realm shop: Service `api` takes access tokens of realm `shop`, but those of users carry no `sub` (they are got through `web` and `app`)"),
            "{none:?}"
        );
        let some = stage(r#""basic""#, KEYS);
        assert_eq!((some.wrong.len(), some.undecided.len()), (0, 1), "{some:?}");
        assert!(
            some.undecided[0]
                .contains("those of `web` of realm `shop` do not, and which clients call it is not known"),
            "{some:?}"
        );
        // An issuer alone may be that of a program that logs users in.
        let issuer_alone = stage(r#""email""#, ("LOG_LEVEL", "info"));
        assert_eq!((issuer_alone.wrong.len(), issuer_alone.undecided.len()), (0, 1), "{issuer_alone:?}");
        assert!(stage(r#""basic""#, ("LOG_LEVEL", "info")).is_nothing());
    }

    #[test]
    fn of_a_login_it_is_only_a_warning() {
        let env = [
            ISSUER,
            ("OIDC_CLIENT_ID", "web"),
            ("OIDC_CLIENT_SECRET", "s3cret-value-1"),
            ("OIDC_REDIRECT_URI", "https://shop.example.com/cb"),
        ];
        let realm = r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"}, "clients": [
            {"clientId": "web", "defaultClientScopes": ["profile"], "redirectUris": ["https://shop.example.com/cb"]}]}"#;
        let found = Stage::new()
            .realm("shop.json", realm)
            .service("web.yaml", &service_yaml("web", &env))
            .version("26.5.5")
            .judge("subject-missing");
        assert_eq!(found.wrong.len(), 1, "{found:?}");
        assert!(found.wrong[0].starts_with("warning service web"), "{found:?}");
    }
}
