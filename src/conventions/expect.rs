//! What a container expects of Keycloak, put together from what its settings mean.

use super::catalogue::catalogue;
use super::framework::{AudienceCheck, Framework, FrameworkId, FrameworkKind, IssuerComparison};
use super::reading::{
    AudienceExpectation, AudienceUnchecked, Certainty, ClientExpectation, IssuerBasis, IssuerExpectation,
    Reading, TokenKind, Understanding,
};
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
    found.sort_by(|a, b| {
        b.certainty.cmp(&a.certainty).then(a.basis.cmp(&b.basis)).then(a.settings.cmp(&b.settings))
    });
    found
}

fn live(understanding: &Understanding) -> impl Iterator<Item = &Reading> {
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
fn switched_on(understanding: &Understanding, role: Role) -> Option<&Reading> {
    live(understanding).find(|reading| {
        reading.role == role
            && reading.value.as_deref().is_some_and(|value| value::is_on(value) || value == "any")
    })
}

fn audiences(understanding: &Understanding) -> Vec<AudienceExpectation> {
    let mut found: Vec<AudienceExpectation> = Vec::new();
    if switched_on(understanding, Role::AudienceCheckDisable).is_some() {
        return found;
    }
    for reading in live(understanding).filter(|reading| reading.role == Role::Audience) {
        match found
            .iter_mut()
            .find(|known| known.framework == reading.framework && known.regex == reading.regex)
        {
            // One of several audiences of a framework is enough.
            Some(known) if reading.framework != FrameworkId::GENERIC => {
                known.any_of.extend(reading.value.clone());
                known.settings.push(reading.setting);
                known.unknown = known.unknown.take().or_else(|| reading.held.why_unknown());
            }
            _ => found.push(AudienceExpectation {
                token: TokenKind::Access,
                any_of: reading.value.iter().flat_map(|value| generic_items(reading, value)).collect(),
                unknown: reading.held.why_unknown(),
                regex: reading.regex,
                settings: vec![reading.setting],
                framework: reading.framework,
                certainty: reading.certainty,
            }),
        }
    }
    for (framework, certainty) in recognised(understanding) {
        found.extend(client_id_as_audience(understanding, framework, certainty));
    }
    for expected in &mut found {
        expected.settings.dedup();
    }
    found
}

/// A value whose name nobody explains may be a list.
fn generic_items(reading: &Reading, value: &str) -> Vec<String> {
    if reading.framework != FrameworkId::GENERIC {
        return vec![value.to_owned()];
    }
    value::items(value, Some(super::framework::ListFormat::Comma)).into_iter().map(str::to_owned).collect()
}

/// Frameworks that look for the client id in the audience of access tokens.
fn client_id_as_audience(
    understanding: &Understanding,
    framework: &Framework,
    certainty: Certainty,
) -> Option<AudienceExpectation> {
    let told = switched_on(understanding, Role::AudienceCheckEnable)
        .is_some_and(|switch| switch.framework == framework.id());
    let checks = framework.audience.access_token == AudienceCheck::ClientId
        || framework.audience.access_token == AudienceCheck::WhenSet && told;
    if !checks {
        return None;
    }
    let takes_bearer = framework.kind.takes_bearer_tokens()
        || framework.audience.access_token_group.is_some()
        || !framework.settings.iter().any(|setting| setting.role == Role::BearerAccept)
        || switched_on(understanding, Role::BearerAccept).is_some();
    let of_group = |reading: &&Reading| {
        reading.framework == framework.id()
            && (framework.audience.access_token_group.is_none()
                || reading.group == framework.audience.access_token_group)
            && !is_of_foreign_provider(understanding, reading)
    };
    let ids: Vec<&Reading> =
        live(understanding).filter(|reading| reading.role == Role::ClientId).filter(of_group).collect();
    if !takes_bearer || ids.is_empty() {
        return None;
    }
    let accepted = live(understanding)
        .filter(|reading| matches!(reading.role, Role::ClientId | Role::ExtraAudience))
        .filter(of_group);
    let mut expected = AudienceExpectation {
        token: TokenKind::Access,
        any_of: Vec::new(),
        unknown: None,
        regex: false,
        settings: Vec::new(),
        framework: framework.id(),
        certainty,
    };
    for reading in accepted {
        expected.any_of.extend(reading.value.clone());
        expected.settings.push(reading.setting);
        expected.unknown = expected.unknown.or_else(|| reading.held.why_unknown());
    }
    Some(expected)
}

/// A recognised resource server that checks no audience, or is told not to.
fn unchecked(understanding: &Understanding) -> Option<AudienceUnchecked> {
    let settings: Vec<usize> = live(understanding)
        .filter(|reading| {
            reading.certainty > Certainty::Weak
                && matches!(
                    reading.role,
                    Role::Issuer
                        | Role::DiscoveryUrl
                        | Role::ServerUrl
                        | Role::Realm
                        | Role::JwksUri
                        | Role::PublicKey
                        | Role::JwksOrSecret
                )
        })
        .map(|reading| reading.setting)
        .collect();
    if let Some(reading) = switched_on(understanding, Role::AudienceCheckDisable) {
        let name = catalogue().by_id(reading.framework).map_or("It", |framework| framework.name.as_str());
        return Some(AudienceUnchecked {
            framework: reading.framework,
            certainty: reading.certainty,
            why: format!("{name} is told not to check the audience."),
            settings: vec![reading.setting],
            would_check: Vec::new(),
        });
    }
    if settings.is_empty() {
        return None;
    }
    recognised(understanding).find_map(|(framework, certainty)| {
        if !takes_bearer_tokens(understanding, framework) {
            return None;
        }
        let told = switched_on(understanding, Role::AudienceCheckEnable).is_some() || live(understanding).any(|reading| {
            reading.role == Role::Audience || reading.role == Role::AllowedResources && reading.framework == framework.id()
        });
        // A configuration file that is not seen may name the audience.
        let by_file = framework.audience_settings().next().is_none();
        if framework.audience.access_token == AudienceCheck::WhenSet && by_file {
            return None;
        }
        let own = live(understanding)
            .any(|reading| settings.contains(&reading.setting) && reading.framework == framework.id());
        let certainty = if own { certainty } else { certainty.min(Certainty::Likely) };
        let intended = understanding.ignored.iter().any(|ignored| ignored.intended == Role::Audience);
        let why = match framework.audience.access_token {
            AudienceCheck::Never if !told => format!("{} never checks the audience.", framework.name),
            AudienceCheck::WhenSet if !told && intended => {
                format!("{} checks an audience only when it is told one, and the setting that should tell it is not read.", framework.name)
            }
            AudienceCheck::WhenSet if !told => {
                format!("{} checks an audience only when it is told one, and it is told none.", framework.name)
            }
            _ => return None,
        };
        Some(AudienceUnchecked {
            framework: framework.id(),
            certainty,
            why,
            settings: settings.clone(),
            would_check: framework.audience_settings().map(str::to_owned).collect(),
        })
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
