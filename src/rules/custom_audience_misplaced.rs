//! `custom-audience-misplaced`: a custom audience of Cloud Run that is meant for Keycloak's tokens.

use super::with_issuers::{containers, evidence_of, is_of_keycloak};
use crate::cloud_run::urls;
use crate::finding::{Case, Evidence, Severity, Undecided, Verdict};
use crate::link::naming::realm_url;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, ServiceId};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "custom-audience-misplaced",
    severity: Severity::Warning,
    title: "A custom audience of Cloud Run is meant for Keycloak's tokens",
    why: "Custom audiences widen one check only: that of Google's invoker, who accepts an ID token of Google's for the service's URLs \
          and for these texts. Cloud Run never looks at a token of Keycloak's, so the id of a Keycloak client or the URL of a realm \
          among them does nothing for callers with such tokens. Whoever put it there believes in a check that does not take place.\n\n\
          The audience of Keycloak's tokens is checked by the application, and written by an audience mapper.",
    remedy: "Remove the custom audience; name the audience in the application's settings and issue it by an audience mapper.",
    references: &[
        "https://cloud.google.com/run/docs/configuring/custom-audiences",
        "https://www.keycloak.org/docs/latest/server_admin/#audience-support",
    ],
    needs: &[Fact::Services],
    check: Check::Service(check),
};

fn check(service: ServiceId, scene: &Scene<'_>) -> Vec<Verdict> {
    let audiences = &scene.service(service).custom_audiences;
    if audiences.is_empty() || scene.reading(service).is_keycloak {
        return Vec::new();
    }
    let who = scene.name_service(service);
    let takes_tokens = containers(service, scene).any(|(container, reading)| {
        !reading.understanding.is_empty() && is_of_keycloak(service, container, scene)
    });
    let mut verdicts = Vec::new();
    for (audience, at) in audiences {
        let place = |label: &str| Evidence::cloud_run(at.clone(), audience.text().map(str::to_owned), label);
        let Some(text) = audience.text() else {
            if takes_tokens {
                let why = audience.why_unknown().unwrap_or("it is taken for a secret");
                verdicts.push(Verdict::Undecided(Undecided {
                    reason: format!("Whether a custom audience of {who} is meant for Keycloak's tokens is not known: {why}."),
                    remedy: None,
                    evidence: vec![place("the custom audience, whose value is not known")],
                }));
            }
            continue;
        };
        let Some((what, others)) = meant(service, text, scene) else { continue };
        let mut evidence = vec![place("the custom audience")];
        evidence.extend(others);
        verdicts.push(Verdict::Wrong(Case {
            severity: None,
            message: format!(
                "{} has the custom audience `{text}`, {what}: custom audiences count for Google's own tokens at the invoker check, and Cloud Run never looks at those of Keycloak.",
                capitalized(&who)
            ),
            remedy: None,
            evidence,
            value: Some(text.to_owned()),
            fix: None,
        }));
    }
    verdicts
}

/// What of Keycloak's a custom audience names, as a clause, with its places; none where Google's callers may use it.
fn meant(service: ServiceId, text: &str, scene: &Scene<'_>) -> Option<(String, Vec<Evidence>)> {
    if realm_url(text).is_some() {
        return Some(("which is the URL of a Keycloak realm".to_owned(), Vec::new()));
    }
    let reading = scene.reading(service);
    let demanded = containers(service, scene).find_map(|(container, reading)| {
        let expected =
            reading.understanding.audiences.iter().find(|expected| {
                !expected.regex && expected.any_of.iter().any(|audience| audience == text)
            })?;
        is_of_keycloak(service, container, scene).then(|| {
            evidence_of(
                service,
                container,
                &expected.settings,
                "demands this audience of Keycloak's tokens",
                scene,
            )
        })
    });
    let is_url = text.contains("://") || urls::host(text).is_some_and(|host| host.contains('.'));
    if is_url {
        // A URL may be meant for both, unless nobody is asked for a token of Google's at all.
        let is_open = scene.service(service).invoker.check_disabled.is_on();
        let is_own = reading.urls.iter().any(|url| urls::host(&url.url) == urls::host(text));
        return demanded.filter(|_| is_open && !is_own).map(|evidence| {
            (
                "which its settings demand of Keycloak's tokens while the invoker check is off".to_owned(),
                evidence,
            )
        });
    }
    for realm in &reading.realms {
        let held = scene.held(*realm).last()?;
        if let Some(client) = held.client(scene.realm(*realm), text) {
            let name = scene.name_realm(*realm);
            let place = Evidence::keycloak(
                client.field(crate::keycloak::model::ClientField::ClientId),
                Some(text.to_owned()),
                "the client of this id",
            );
            let evidence = std::iter::once(place).chain(demanded.into_iter().flatten()).collect();
            return Some((format!("the id of a client of {name}"), evidence));
        }
    }
    demanded.map(|evidence| ("which its settings demand of Keycloak's tokens".to_owned(), evidence))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml};

    const REALM: &str = r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"},
        "clients": [{"clientId": "orders"}]}"#;

    fn judge_with(audiences: &str, env: &[(&str, &str)], open: bool) -> Said {
        let annotation = format!(
            "  annotations:\n    run.googleapis.com/custom-audiences: '{audiences}'\n    run.googleapis.com/invoker-iam-disabled: '{open}'\n  labels:"
        );
        let yaml = service_yaml("api", env).replacen("  labels:", &annotation, 1);
        Stage::new().realm("shop.json", REALM).service("api.yaml", &yaml).judge("custom-audience-misplaced")
    }

    fn judge(audiences: &str) -> Said {
        judge_with(audiences, &[("OIDC_ISSUER", "https://sso.example.com/realms/shop")], false)
    }

    #[test]
    fn the_id_of_a_client_is_meant_for_keycloak() {
        let found = judge(r#"["orders"]"#);
        assert_eq!(
            found.wrong,
            [
                "warning service api: Service `api` has the custom audience `orders`, the id of a client of realm `shop`: custom \
              audiences count for Google's own tokens at the invoker check, and Cloud Run never looks at those of Keycloak."
            ]
        );
        assert_eq!(found.values, ["orders"]);
        assert!(found.places[1].starts_with("shop.json clients[0].clientId = orders"), "{found:?}");
    }

    #[test]
    fn the_url_of_a_realm_is_too() {
        let found = judge(r#"["https://sso.example.com/realms/shop"]"#);
        assert!(found.wrong[0].contains("which is the URL of a Keycloak realm"), "{found:?}");
    }

    #[test]
    fn what_callers_with_tokens_of_google_use_is_fine() {
        assert!(judge(r#"["https://api.example.com"]"#).is_nothing());
        assert!(judge(r#"["nightly-jobs"]"#).is_nothing());
    }

    #[test]
    fn a_url_counts_only_where_nobody_asks_for_tokens_of_google() {
        let env = [
            ("OIDC_ISSUER", "https://sso.example.com/realms/shop"),
            ("OIDC_AUDIENCE", "https://api.example.com"),
        ];
        assert!(judge_with(r#"["https://api.example.com"]"#, &env, false).is_nothing());
        let open = judge_with(r#"["https://api.example.com"]"#, &env, true);
        assert_eq!(open.wrong.len(), 1, "{open:?}");
    }

    #[test]
    fn a_placeholder_is_undecided() {
        let found = judge(r#"["${AUDIENCE}"]"#);
        assert_eq!((found.wrong.len(), found.undecided.len()), (0, 1), "{found:?}");
    }
}
