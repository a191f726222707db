//! What a container expects of Keycloak, put together from what its settings mean.

use super::audience::{audiences, unchecked};
use super::catalogue::catalogue;
use super::framework::{Framework, FrameworkKind, IssuerComparison};
use super::reading::{Certainty, ClientExpectation, IssuerBasis, IssuerExpectation, Reading, Understanding};
use super::role::Role;
use super::value::{self, KeycloakUrlKind, keycloak_url};

/// Fills in issuers, clients, audiences and the leeway.
pub(super) fn expect(understanding: &mut Understanding) {
    understanding.issuers = issuers(understanding);
    understanding.clients = clients(understanding);
    understanding.audiences = audiences(understanding);
    understanding.audience_unchecked = unchecked(understanding);
    understanding.leeway = leeway(understanding);
}

/// The frameworks that the container was recognised as.
pub(super) fn recognised(
    understanding: &Understanding,
) -> impl Iterator<Item = (&'static Framework, Certainty)> {
    understanding
        .frameworks
        .iter()
        .filter_map(|found| Some((catalogue().by_id(found.framework)?, found.certainty)))
}

/// How a setting that no framework explains is compared: as the recognised framework does that checks tokens or logs in.
fn compared(understanding: &Understanding, reading: &Reading) -> IssuerComparison {
    match reading.compared {
        Some(IssuerComparison::Unknown) | None => recognised(understanding)
            .map(|(framework, _)| framework.issuer.compared)
            .find(|compared| *compared != IssuerComparison::NotChecked)
            .unwrap_or(IssuerComparison::Unknown),
        Some(compared) => compared,
    }
}

fn issuers(understanding: &Understanding) -> Vec<IssuerExpectation> {
    let mut found = Vec::new();
    for reading in live(understanding) {
        match reading.role {
            Role::Issuer | Role::DiscoveryUrl | Role::DiscoveryBase => {
                found.push(named_issuer(understanding, reading))
            }
            _ => {}
        }
    }
    let alone = found.is_empty();
    found.extend(servers_with_realms(understanding, alone));
    for reading in live(understanding) {
        let is_endpoint = reading.role.is_keycloak_url()
            && !matches!(
                reading.role,
                Role::Issuer | Role::DiscoveryUrl | Role::DiscoveryBase | Role::ServerUrl
            );
        let Some(url) = reading.value.as_deref().filter(|_| is_endpoint).and_then(keycloak_url) else {
            continue;
        };
        let issuer = url.issuer();
        let known = found
            .iter_mut()
            .find(|known| known.issuer.as_deref() == Some(&issuer) && known.basis == IssuerBasis::Endpoint);
        match known {
            Some(known) => known.settings.push(reading.setting),
            None => found.push(IssuerExpectation {
                server: Some(url.server.to_owned()),
                realm: Some(url.realm.to_owned()),
                issuer: Some(issuer),
                compared: IssuerComparison::NotChecked,
                basis: IssuerBasis::Endpoint,
                ..expectation(reading)
            }),
        }
    }
    name_groups_by_registration(understanding, &mut found);
    found.sort_by(|a, b| {
        b.certainty.cmp(&a.certainty).then(a.basis.cmp(&b.basis)).then(a.settings.cmp(&b.settings))
    });
    found
}

/// An issuer of a provider belongs to the registration that refers to the provider, where they have different names.
fn name_groups_by_registration(understanding: &Understanding, issuers: &mut [IssuerExpectation]) {
    let references: Vec<&Reading> = live(understanding)
        .filter(|reading| reading.role == Role::ProviderRef && reading.value.is_some())
        .collect();
    for issuer in issuers {
        let referring = references.iter().find(|reference| {
            reference.framework == issuer.framework
                && reference.value.as_deref().map(str::to_ascii_lowercase) == issuer.group
        });
        if let Some(registration) = referring {
            issuer.group.clone_from(&registration.group);
        }
    }
}

pub(super) fn live(understanding: &Understanding) -> impl Iterator<Item = &Reading> {
    understanding
        .readings
        .iter()
        .filter(|reading| !reading.overridden && reading.held != super::reading::Held::Empty)
}

fn expectation(reading: &Reading) -> IssuerExpectation {
    IssuerExpectation {
        issuer: None,
        server: None,
        realm: None,
        unknown: reading.held.why_unknown(),
        compared: IssuerComparison::Unknown,
        basis: IssuerBasis::Issuer,
        settings: vec![reading.setting],
        framework: reading.framework,
        certainty: reading.certainty,
        group: reading.group.clone(),
        mismatch: reading.mismatch,
    }
}

/// From a setting that holds the issuer, or the URL of the document that names it.
fn named_issuer(understanding: &Understanding, reading: &Reading) -> IssuerExpectation {
    let mut compared = compared(understanding, reading);
    if reading.role == Role::DiscoveryBase {
        // Another setting names the issuer; this one says only where the document is.
        let named = live(understanding)
            .any(|other| other.role == Role::Issuer && other.framework == reading.framework);
        compared = if named { IssuerComparison::Discovered } else { compared };
    } else if reading.role == Role::DiscoveryUrl && compared != IssuerComparison::NotChecked {
        compared = IssuerComparison::Discovered;
    }
    let basis = if reading.role == Role::Issuer { IssuerBasis::Issuer } else { IssuerBasis::Discovery };
    let mut expected = IssuerExpectation { compared, basis, ..expectation(reading) };
    let Some(text) = reading.value.as_deref() else { return expected };
    let text = text.strip_suffix(value::WELL_KNOWN).unwrap_or(text);
    // Where the text itself is compared, its slash is part of it.
    let text = if compared == IssuerComparison::Exact || compared == IssuerComparison::Unknown {
        text
    } else {
        text.trim_end_matches('/')
    };
    if let Some(url) = keycloak_url(text) {
        expected.server = Some(url.server.to_owned());
        expected.realm = Some(url.realm.to_owned());
    } else if value::split_origin(text).is_some() {
        expected.server = Some(text.trim_end_matches('/').to_owned());
    }
    expected.issuer = Some(text.to_owned());
    expected
}

/// From the server's base URL and the realm's name: of the same group, else the only ones there are.
fn servers_with_realms(understanding: &Understanding, alone: bool) -> Vec<IssuerExpectation> {
    let servers: Vec<&Reading> =
        live(understanding).filter(|reading| reading.role == Role::ServerUrl).collect();
    let realms: Vec<&Reading> = live(understanding).filter(|reading| reading.role == Role::Realm).collect();
    let mut found = Vec::new();
    for server in &servers {
        let same =
            realms.iter().find(|realm| realm.group == server.group && realm.framework == server.framework);
        let realm = same.or_else(|| realms.iter().find(|realm| realm.group == server.group)).or(match realms
            .as_slice()
        {
            [only] => Some(only),
            _ => None,
        });
        let base = server.value.as_deref().map(server_base);
        let mut expected = IssuerExpectation {
            compared: compared(understanding, server),
            basis: IssuerBasis::ServerAndRealm,
            server: base.clone(),
            ..expectation(server)
        };
        // A base URL that holds the realm already is what it is.
        if let Some(url) =
            server.value.as_deref().and_then(keycloak_url).filter(|url| url.kind != KeycloakUrlKind::Admin)
        {
            expected.server = Some(url.server.to_owned());
            expected.realm = Some(url.realm.to_owned());
            expected.issuer = Some(url.issuer());
        } else if let Some(realm) = realm {
            expected.settings.push(realm.setting);
            expected.certainty = expected.certainty.min(realm.certainty);
            expected.unknown = expected.unknown.or_else(|| realm.held.why_unknown());
            expected.realm = realm.value.clone();
            expected.issuer =
                base.zip(realm.value.as_deref()).map(|(base, realm)| format!("{base}/realms/{realm}"));
        } else if let Some((realm, setting)) = realm_of_paths(understanding, server) {
            expected.settings.push(setting);
            expected.issuer = base.map(|base| format!("{base}/realms/{realm}"));
            expected.realm = Some(realm);
        } else {
            expected.unknown = expected.unknown.or_else(|| Some("no setting names the realm".to_owned()));
        }
        found.push(expected);
    }
    // A realm without a server still says which realm is meant.
    if servers.is_empty() && alone {
        found.extend(realms.iter().map(|realm| IssuerExpectation {
            basis: IssuerBasis::ServerAndRealm,
            compared: IssuerComparison::Unknown,
            realm: realm.value.clone(),
            unknown: Some("no setting names the server".to_owned()),
            ..expectation(realm)
        }));
    }
    found
}

/// The realm in endpoints that are paths below the server's base URL.
fn realm_of_paths(understanding: &Understanding, server: &Reading) -> Option<(String, usize)> {
    live(understanding).filter(|reading| reading.framework == server.framework).find_map(|reading| {
        let path =
            reading.value.as_deref()?.strip_prefix("/realms/").filter(|_| reading.role.is_keycloak_url())?;
        let realm = path.split('/').next().filter(|realm| !realm.is_empty())?;
        Some((realm.to_owned(), reading.setting))
    })
}

/// A server's base URL without a slash at the end; a bare host name is taken for `https`.
fn server_base(text: &str) -> String {
    let text = text.trim_end_matches('/');
    if value::split_origin(text).is_some() { text.to_owned() } else { format!("https://{text}") }
}

fn clients(understanding: &Understanding) -> Vec<ClientExpectation> {
    let secrets: Vec<&Reading> = live(understanding)
        .filter(|reading| matches!(reading.role, Role::ClientSecret | Role::ClientSecretFile))
        .collect();
    let mut found: Vec<ClientExpectation> = Vec::new();
    for reading in live(understanding).filter(|reading| reading.role == Role::ClientId) {
        if is_of_foreign_provider(understanding, reading) {
            continue;
        }
        let same = secrets
            .iter()
            .find(|secret| secret.group == reading.group && secret.framework == reading.framework);
        let secret = same.or_else(|| secrets.iter().find(|secret| secret.group == reading.group)).or(
            match secrets.as_slice() {
                [only] if understanding.with_role(Role::ClientId).count() == 1 => Some(only),
                _ => None,
            },
        );
        let known =
            found.iter().any(|known| known.setting == reading.setting && known.client_id == reading.value);
        if !known {
            found.push(ClientExpectation {
                client_id: reading.value.clone(),
                unknown: reading.held.why_unknown(),
                setting: reading.setting,
                secret: secret.map(|secret| secret.setting),
                framework: reading.framework,
                certainty: reading.certainty,
                group: reading.group.clone(),
            });
        }
    }
    found
}

/// Whether the framework is told to log in with another vendor: `OAUTH2_PROXY_PROVIDER=google`.
pub(super) fn is_of_foreign_provider(understanding: &Understanding, reading: &Reading) -> bool {
    live(understanding).any(|other| {
        other.role == Role::ProviderType
            && other.framework == reading.framework
            && (other.group.is_none() || other.group == reading.group)
            && other
                .value
                .as_deref()
                .is_some_and(|value| catalogue().generic.foreign_words.contains(&value.to_ascii_uppercase()))
    })
}

/// Whether the switch with a role is on.
pub(super) fn switched_on(understanding: &Understanding, role: Role) -> Option<&Reading> {
    live(understanding).find(|reading| {
        reading.role == role
            && reading.value.as_deref().is_some_and(|value| value::is_on(value) || value == "any")
    })
}

/// Whether the framework, as it is set up here, sends users to Keycloak.
pub(super) fn logs_users_in(understanding: &Understanding, framework: &Framework) -> bool {
    if framework.kind != FrameworkKind::Both {
        return framework.kind.logs_in();
    }
    match app_type(understanding, framework) {
        Some(kind) => matches!(kind, "web-app" | "hybrid" | "false"),
        None => true,
    }
}

/// What a framework that can do both is told to do, or does when it is told nothing.
fn app_type<'a>(understanding: &'a Understanding, framework: &'a Framework) -> Option<&'a str> {
    let set = live(understanding)
        .find(|reading| reading.role == Role::AppType && reading.framework == framework.id())
        .and_then(|reading| reading.value.as_deref());
    let default = framework.settings.iter().find(|setting| setting.role == Role::AppType);
    set.or(default.and_then(|setting| setting.default.as_deref()))
}

/// Whether the framework, as it is set up here, takes tokens from callers.
pub(super) fn takes_bearer_tokens(understanding: &Understanding, framework: &Framework) -> bool {
    if !framework.kind.takes_bearer_tokens() {
        return false;
    }
    match (framework.kind, app_type(understanding, framework)) {
        (FrameworkKind::Both, Some(kind)) => matches!(kind, "service" | "hybrid" | "true"),
        (FrameworkKind::Both, None) => false,
        _ => true,
    }
}

fn leeway(understanding: &Understanding) -> Option<(u32, Option<usize>)> {
    let set = live(understanding)
        .filter(|reading| reading.role == Role::Leeway)
        .find_map(|reading| Some((value::seconds(reading.value.as_deref()?)?, Some(reading.setting))));
    set.or_else(|| recognised(understanding).next().map(|(framework, _)| (framework.leeway, None)))
}
