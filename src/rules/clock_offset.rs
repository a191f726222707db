//! `clock-offset`: Keycloak's clock is off by more than its services forgive.

use crate::finding::{Case, Evidence, Severity, Subject, Verdict};
use crate::keycloak::server::{ClockReading, KeycloakServer};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, RealmId, ServerId, ServiceId};
use crate::words::counted;

pub(crate) static RULE: Rule = Rule {
    id: "clock-offset",
    severity: Severity::Warning,
    title: "Keycloak's clock is off, perhaps by more than its services forgive",
    why: "A service compares the times in a token with its own clock, and Cloud Run's follow Google's. When Keycloak's clock is ahead, fresh \
          tokens are from the future and many libraries refuse them, until as much time has passed; when it is behind, tokens end early, and \
          tokens that services sign themselves seem to come from the future. Libraries forgive between nothing and a few minutes.\n\n\
          Keycloak sends no `Date` header of its own. The clock is read from the `iat` of a token just fetched, which has whole seconds, and \
          compared with this machine's: run it where the clock is kept right.",
    remedy: "Let the machine that Keycloak runs on follow NTP; on Google Cloud `metadata.google.internal`.",
    references: &[
        "https://datatracker.ietf.org/doc/html/rfc7519#section-4.1.5",
        "https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation",
        "https://cloud.google.com/compute/docs/instances/configure-ntp",
    ],
    needs: &[Fact::Clock],
    check: Check::Scene(check),
};

/// What is always forgiven, in milliseconds.
const TOLERATED: i64 = 2000;

/// How long access tokens live where the realm does not say, in seconds.
const LIFESPAN: i64 = 300;

fn check(scene: &Scene<'_>) -> Vec<(Subject, Verdict)> {
    let mut verdicts = Vec::new();
    for (id, server) in (0..).map(ServerId).zip(&scene.snapshot.servers) {
        let Some(clock) = server.clock else { continue };
        if certain(clock) <= TOLERATED {
            continue;
        }
        let realms: Vec<RealmId> = scene
            .snapshot
            .realms()
            .filter(|(_, realm)| realm.server == Some(id))
            .map(|(realm, _)| realm)
            .collect();
        let before = verdicts.len();
        for realm in &realms {
            for service in services(*realm, scene) {
                verdicts.extend(judge(service, *realm, server, clock, scene));
            }
        }
        // What no service refuses is said once, of the server.
        if verdicts.len() == before {
            let subject = realms.first().map(|realm| scene.subject_of_realm(*realm)).unwrap_or_default();
            verdicts.push((subject, warning(server, clock)));
        }
    }
    verdicts
}

/// By how many milliseconds the clock is off at least.
fn certain(clock: ClockReading) -> i64 {
    clock.offset_millis.abs().saturating_sub(clock.uncertainty_millis.abs())
}

/// The services that check tokens of the realm: those that log in through its clients, and those that are called with its tokens.
fn services(realm: RealmId, scene: &Scene<'_>) -> Vec<ServiceId> {
    let links = scene.links.links.iter();
    let mut services: Vec<ServiceId> = links
        .filter(|link| link.client.realm == realm && !link.is_weak() && (link.uses.login || link.uses.bearer))
        .map(|link| link.service)
        .collect();
    services.sort_unstable();
    services.dedup();
    services
}

fn judge(
    id: ServiceId,
    realm: RealmId,
    server: &KeycloakServer,
    clock: ClockReading,
    scene: &Scene<'_>,
) -> Option<(Subject, Verdict)> {
    // The strictest of its containers; where no framework is recognised, what it forgives is not known.
    let containers = &scene.reading(id).containers;
    let (container, leeway, setting) = (0..)
        .zip(containers)
        .filter_map(|(index, container)| {
            container.understanding.leeway.map(|(leeway, setting)| (index, i64::from(leeway), setting))
        })
        .min_by_key(|(_, leeway, _)| *leeway)?;
    // A clock that is behind ends tokens early; only when it eats up their whole life is every one of them refused.
    let lifespan = scene.realm(realm).access_token_lifespan.as_ref().and_then(|known| known.value()).copied();
    let forgiven = if clock.offset_millis > 0 { leeway } else { leeway + lifespan.unwrap_or(LIFESPAN) };
    if certain(clock) <= forgiven.saturating_mul(1000) {
        return None;
    }
    let service = scene.name_service(id);
    let breaks = if clock.offset_millis > 0 {
        format!(
            "{service} forgives {}, and takes fresh tokens for ones from the future",
            counted_seconds(leeway)
        )
    } else {
        format!(
            "{service} forgives {}, and takes every token for one that has expired",
            counted_seconds(leeway)
        )
    };
    let mut evidence = vec![place(server)];
    evidence.push(match setting {
        Some(setting) => scene.setting(id, container, setting, "how many seconds the service forgives"),
        None => scene.service_itself(id, "the service, which forgives what its framework does"),
    });
    let subject = Subject { service: Some(id), ..scene.subject_of_realm(realm) };
    Some((
        subject,
        Verdict::Wrong(Case {
            severity: Some(Severity::Error),
            message: format!("The clock of Keycloak `{}` is {}; {breaks}.", server.url, off(clock)),
            remedy: None,
            evidence,
            value: None,
            fix: None,
        }),
    ))
}

fn warning(server: &KeycloakServer, clock: ClockReading) -> Verdict {
    let breaks = if clock.offset_millis > 0 {
        "services that forgive less refuse its fresh tokens"
    } else {
        "its tokens end that much too early for services"
    };
    Verdict::Wrong(Case {
        severity: None,
        message: format!("The clock of Keycloak `{}` is {}: {breaks}.", server.url, off(clock)),
        remedy: None,
        evidence: vec![place(server)],
        value: None,
        fix: None,
    })
}

fn place(server: &KeycloakServer) -> Evidence {
    Evidence::keycloak(server.at.clone(), None, "the server, whose clock was read from a token just fetched")
}

/// How far a clock is off in words: "4.2 seconds ahead of this machine's, give or take 1 second".
fn off(clock: ClockReading) -> String {
    let direction = if clock.offset_millis > 0 { "ahead of" } else { "behind" };
    let way = format!("{} {direction} this machine's", decimal(clock.offset_millis.abs()));
    match clock.uncertainty_millis.abs() {
        0 => way,
        uncertainty => format!("{way}, give or take {}", decimal(uncertainty)),
    }
}

fn decimal(millis: i64) -> String {
    let tenths = (millis + 50) / 100;
    match (tenths / 10, tenths % 10) {
        (whole, 0) => counted_seconds(whole),
        (whole, rest) => format!("{whole}.{rest} seconds"),
    }
}

fn counted_seconds(seconds: i64) -> String {
    counted(usize::try_from(seconds).unwrap_or_default(), "second")
}

#[cfg(test)]
mod tests {
    use crate::keycloak::server::{ClockReading, KeycloakServer, ServerVersion};
    use crate::locus::{FieldPath, Locus, PartId};
    use crate::snapshot::ServerId;
    use crate::testing::{Said, Stage, service_yaml, service_yaml_with};

    fn judge(offset_millis: i64, uncertainty_millis: i64, service: &str) -> Said {
        let realm = r#"{"realm": "shop", "accessTokenLifespan": 300, "attributes": {"frontendUrl": "https://sso.example.com"}, "clients": [{"clientId": "web"}]}"#;
        let mut stage = Stage::new().realm("shop.json", realm).service("web.yaml", service);
        let at = Locus::new(PartId(0), FieldPath::root());
        stage.snapshot.realms[0].server = Some(ServerId(0));
        stage.snapshot.servers.push(KeycloakServer {
            at,
            url: "https://sso.example.com".to_owned(),
            version: ServerVersion::Between { from: None, to: None, why: String::new() },
            discovery: Vec::new(),
            clock: Some(ClockReading { offset_millis, uncertainty_millis }),
        });
        stage.judge("clock-offset")
    }

    /// oauth2-proxy is Go's library, which forgives nothing.
    fn proxy() -> String {
        service_yaml_with(
            "web",
            "quay.io/oauth2-proxy/oauth2-proxy:v7.6.0",
            &[
                ("OAUTH2_PROXY_PROVIDER", "keycloak-oidc"),
                ("OAUTH2_PROXY_OIDC_ISSUER_URL", "https://sso.example.com/realms/shop"),
                ("OAUTH2_PROXY_CLIENT_ID", "web"),
                ("OAUTH2_PROXY_CLIENT_SECRET", "6Jq0e7cC1sAbd9"),
            ],
        )
    }

    /// A program of which nothing is known.
    fn unknown() -> String {
        service_yaml(
            "web",
            &[("OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("OIDC_CLIENT_ID", "web")],
        )
    }

    #[test]
    fn a_clock_that_a_service_does_not_forgive() {
        let said = judge(600_000, 1000, &proxy());
        assert_eq!(said.wrong.len(), 1, "{said:?}");
        assert!(
            said.wrong[0].starts_with("error service web ↔ realm shop: The clock of Keycloak `https://sso.example.com` is 600 seconds ahead of this machine's, give or take 1 second; service `web` forgives "),
            "{said:?}"
        );
        // Behind by less than tokens live, they only end early.
        let behind = judge(-60_000, 1000, &proxy());
        assert!(behind.wrong[0].starts_with("warning realm shop: The clock of Keycloak `https://sso.example.com` is 60 seconds behind this machine's"), "{behind:?}");
        let dead = judge(-900_000, 1000, &proxy());
        assert!(dead.wrong[0].contains("takes every token for one that has expired"), "{dead:?}");
    }

    #[test]
    fn a_program_of_which_nothing_is_known_may_forgive_it() {
        let said = judge(4200, 1000, &unknown());
        assert_eq!(
            said.wrong,
            [
                "warning realm shop: The clock of Keycloak `https://sso.example.com` is 4.2 seconds ahead of this machine's, give or take 1 second: services that forgive less refuse its fresh tokens."
            ]
        );
    }

    #[test]
    fn what_may_be_a_reading_error_is_fine() {
        assert!(judge(2900, 1000, &proxy()).is_nothing());
        assert!(judge(-1500, 0, &proxy()).is_nothing());
        assert!(judge(0, 1000, &unknown()).is_nothing());
    }
}
