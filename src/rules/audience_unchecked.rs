//! `audience-unchecked`: a resource server that checks no audience.

use super::with_issuers::{containers, evidence_of, is_of_keycloak, names_of};
use crate::conventions::{AudienceCheck, AudienceUnchecked, Certainty, Role, Use, framework};
use crate::finding::{Case, Severity, Undecided, Verdict};
use crate::link::ContainerReading;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, ServiceId};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "audience-unchecked",
    severity: Severity::Warning,
    title: "A resource server checks no audience",
    why: "Without a check of the audience every access token of the realm gets in: one that a user gave to quite another application, \
          or that leaked from it, works here too. Most frameworks check the signature, the issuer and the time by themselves, and \
          the audience only when they are told one.\n\n\
          It is said where the framework is known by its image or by names of its own. Of an application that nothing tells about, \
          the settings show only that they name no audience; its code may check one.",
    remedy: "Tell the service its audience, and let the tokens of its callers carry it by an audience mapper.",
    references: &[
        "https://datatracker.ietf.org/doc/html/rfc8725#section-3.9",
        "https://datatracker.ietf.org/doc/html/rfc9700#section-2.3",
        "https://docs.spring.io/spring-security/reference/servlet/oauth2/resource-server/jwt.html",
        "https://www.keycloak.org/docs/latest/server_admin/#audience-support",
    ],
    needs: &[Fact::Services],
    check: Check::Service(check),
};

fn check(service: ServiceId, scene: &Scene<'_>) -> Vec<Verdict> {
    // One container that checks the audience stands in front of the others, or behind them.
    let checks_one =
        containers(service, scene).any(|(_, container)| !container.understanding.audiences.is_empty());
    if checks_one || scene.reading(service).is_keycloak {
        return Vec::new();
    }
    containers(service, scene)
        .filter(|(container, _)| is_of_keycloak(service, *container, scene))
        .filter_map(|(container, reading)| judge(service, container, reading, scene))
        .collect()
}

fn judge(
    service: ServiceId,
    container: usize,
    reading: &ContainerReading,
    scene: &Scene<'_>,
) -> Option<Verdict> {
    let understanding = &reading.understanding;
    // An audience under a name that nobody reads is for `setting-ignored`, and its repair is this one's too.
    if understanding.ignored.iter().any(|ignored| ignored.intended == Role::Audience) {
        return None;
    }
    match &understanding.audience_unchecked {
        Some(unchecked) if unchecked.certainty > Certainty::Weak => {
            Some(wrong(service, container, reading, unchecked, scene))
        }
        _ => undecided(service, container, reading, scene),
    }
}

fn wrong(
    service: ServiceId,
    container: usize,
    reading: &ContainerReading,
    unchecked: &AudienceUnchecked,
    scene: &Scene<'_>,
) -> Verdict {
    let realms = &scene.reading(service).realms;
    let realm = match realms.as_slice() {
        [only] => scene.name_realm(*only),
        _ => "its realm".to_owned(),
    };
    let by = reading
        .understanding
        .frameworks
        .iter()
        .find(|found| found.framework == unchecked.framework && found.certainty < Certainty::Certain)
        .map(|found| format!(" (The framework is known because {}.)", found.reason));
    let message = format!(
        "{} checks no audience: {} Every access token of {realm} gets in, whichever client it was issued to.{}",
        capitalized(&scene.name_service(service)),
        unchecked.why,
        by.unwrap_or_default(),
    );
    let remedy = unchecked.would_check.first().map(|setting| {
        format!("Set `{setting}` to the service's audience, and let the tokens of its callers carry it by an audience mapper.")
    });
    let never = framework(unchecked.framework)
        .is_some_and(|framework| framework.audience.access_token == AudienceCheck::Never);
    let remedy = remedy.or_else(|| {
        never.then(|| {
            "Check the audience in the application's own code, or in a gateway before it.".to_owned()
        })
    });
    Verdict::Wrong(Case {
        severity: None,
        message,
        remedy,
        evidence: evidence_of(
            service,
            container,
            &unchecked.settings,
            "tells whose tokens it accepts, but not for whom they must be",
            scene,
        ),
        value: Some(unchecked.framework.as_str().to_owned()),
        fix: None,
    })
}

/// A container that takes tokens, of which nothing tells what it checks.
fn undecided(
    service: ServiceId,
    container: usize,
    reading: &ContainerReading,
    scene: &Scene<'_>,
) -> Option<Verdict> {
    let understanding = &reading.understanding;
    let certainty = understanding.uses(Use::ResourceServer)?;
    // Some libraries demand an audience in code, some look for roles of a client instead, and whoever asks Keycloak about each
    // token is told whether it is meant for the caller.
    let always =
        understanding.frameworks.iter().filter_map(|found| framework(found.framework)).any(|framework| {
            framework.kind.takes_bearer_tokens()
                && matches!(
                    framework.audience.access_token,
                    AudienceCheck::Required | AudienceCheck::ClientId
                )
        });
    let otherwise = [Role::AllowedResources, Role::IntrospectionUrl]
        .into_iter()
        .any(|role| understanding.with_role(role).next().is_some());
    // A client without a secret may be that of a program in the browser; that it is an API is worth a word only where
    // nothing about it is known.
    let is_known = understanding.clients.iter().any(|client| client.client_id.is_some());
    let is_told = understanding.clients.is_empty() || !scene.reading(service).unknown.is_empty();
    let is_guess = certainty == Certainty::Weak && (is_known || !is_told);
    if always || otherwise || is_guess {
        return None;
    }
    let settings: Vec<usize> =
        understanding.issuers.iter().flat_map(|issuer| issuer.settings.iter().copied()).collect();
    let names = names_of(service, container, &settings, scene);
    let by = if names.is_empty() { String::new() } else { format!(" beside {names}") };
    let guess = if certainty == Certainty::Weak { ", should it take any," } else { "" };
    Some(Verdict::Undecided(Undecided {
        reason: format!(
            "Whether {} checks the audience of access tokens{guess} is not known: no setting names one{by}, and what its code does is not visible.",
            scene.name_service(service),
        ),
        remedy: Some("Let the service check its audience, and name it in a setting.".to_owned()),
        evidence: evidence_of(service, container, &settings, "tells whose tokens it accepts", scene),
    }))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml_with};

    const REALM: &str =
        r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"}, "clients": []}"#;
    const URL: &str = "https://sso.example.com/realms/shop";

    fn judge(image: &str, env: &[(&str, &str)]) -> Said {
        Stage::new()
            .realm("shop.json", REALM)
            .service("api.yaml", &service_yaml_with("api", image, env))
            .judge("audience-unchecked")
    }

    #[test]
    fn a_spring_service_with_an_issuer_alone() {
        let found = judge("gcr.io/shop/spring-backend", &[("KEYCLOAK_REALM_URL", URL)]);
        assert_eq!(
            found.wrong,
            [
                "warning service api: Service `api` checks no audience: Spring Boot resource server checks an audience only when \
              it is told one, and it is told none. Every access token of realm `shop` gets in, whichever client it was issued \
              to. (The framework is known because its image's name holds `spring`.)"
            ]
        );
        assert_eq!(
            found.places,
            [
                "api.yaml spec.template.spec.containers[0].env[0].value = https://sso.example.com/realms/shop (tells whose tokens it accepts, but not for whom they must be)"
            ]
        );
        assert_eq!(found.undecided, Vec::<String>::new());
    }

    #[test]
    fn one_that_is_told_an_audience_is_fine() {
        let issuer = ("SPRING_SECURITY_OAUTH2_RESOURCESERVER_JWT_ISSUER_URI", URL);
        let audience = ("SPRING_SECURITY_OAUTH2_RESOURCESERVER_JWT_AUDIENCES", "orders");
        assert!(judge("gcr.io/shop/api", &[issuer, audience]).is_nothing());
        let without = judge("gcr.io/shop/api", &[issuer]);
        assert_eq!(without.wrong.len(), 1, "{without:?}");
        assert!(!without.wrong[0].contains("The framework is known because"), "{without:?}");
    }

    #[test]
    fn code_that_nobody_sees_is_undecided() {
        let found = judge("gcr.io/shop/auth-proxy:v4", &[("KEYCLOAK_ISSUER", URL)]);
        assert_eq!(
            found.undecided,
            [
                "service api: Whether service `api` checks the audience of access tokens, should it take any, is not known: \
              no setting names one beside `KEYCLOAK_ISSUER`, and what its code does is not visible."
            ]
        );
        assert_eq!(found.wrong, Vec::<String>::new());
        let placeholders = judge(
            "gcr.io/shop/authorizer",
            &[
                ("KEYCLOAK_SERVER_URL", "${{ vars.KEYCLOAK_SERVER_URL }}"),
                ("KEYCLOAK_REALM", "${{ vars.KEYCLOAK_REALM }}"),
                ("KEYCLOAK_CLIENT_ID", "${{ vars.KEYCLOAK_CLIENT_ID }}"),
            ],
        );
        assert_eq!((placeholders.wrong.len(), placeholders.undecided.len()), (0, 1), "{placeholders:?}");
    }

    #[test]
    fn keys_make_a_resource_server() {
        let keys = ("JWKS_URI", "https://sso.example.com/realms/shop/protocol/openid-connect/certs");
        let found = judge("gcr.io/shop/gate:v4", &[("KEYCLOAK_ISSUER", URL), keys]);
        assert!(
            found.undecided[0].contains("checks the audience of access tokens is not known"),
            "{found:?}"
        );
    }

    #[test]
    fn an_audience_that_is_not_read_is_another_rules() {
        let found = judge(
            "mcr.microsoft.com/dotnet/aspnet:9.0",
            &[
                ("Authentication__Schemes__Bearer__Authority", URL),
                ("Authentication__Schemes__Bearer__Audience", "orders"),
            ],
        );
        assert!(found.is_nothing(), "{found:?}");
    }

    #[test]
    fn logins_and_tokens_of_others_are_left_alone() {
        let login =
            [("OIDC_ISSUER", URL), ("OIDC_CLIENT_ID", "web"), ("OIDC_CLIENT_SECRET", "s3cret-value-1")];
        assert!(judge("gcr.io/shop/web", &login).is_nothing());
        let google = ("SPRING_SECURITY_OAUTH2_RESOURCESERVER_JWT_ISSUER_URI", "https://accounts.google.com");
        assert!(judge("gcr.io/shop/api", &[google]).is_nothing());
        assert!(judge("quay.io/keycloak/keycloak:26.3", &[("KC_DB", "postgres")]).is_nothing());
    }
}
