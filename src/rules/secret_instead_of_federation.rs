//! `secret-instead-of-federation`: a service on Cloud Run fetches tokens with a secret where its own service account would do.

use super::with_secrets::{given, uses_secret};
use crate::cloud_run::model::Workload;
use crate::finding::{Case, Severity, Verdict};
use crate::keycloak::model::ClientField;
use crate::keycloak::version::Version;
use crate::link::Link;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::Fact;
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "secret-instead-of-federation",
    severity: Severity::Off,
    title: "A service on Cloud Run fetches tokens with a secret where its own service account would do",
    why: "A service on Cloud Run can get an ID token of its Google service account at any time, from the metadata server and without any \
          stored secret. Keycloak takes such a token in place of a client secret: nothing has to be kept, rotated or leaked.\n\n\
          It takes an identity provider for Google's tokens in the realm and a client of type `federated-jwt`; in Keycloak 26.6 it works \
          as it is, in 26.4 and 26.5 as a preview. The service's program must send the token instead of the secret. The rule is off \
          unless asked for.",
    remedy: "Add an identity provider of type `oidc` for `https://accounts.google.com` that supports client assertions and their reuse, make the client `federated-jwt` with the service account's numeric id as subject, and let the service send its ID token, made for the realm's issuer.",
    references: &[
        "https://datatracker.ietf.org/doc/html/rfc7523#section-2.2",
        "https://www.keycloak.org/docs-api/26.7.3/javadocs/org/keycloak/authentication/authenticators/client/FederatedJWTClientAuthenticator.html",
        "https://cloud.google.com/run/docs/securing/service-identity",
    ],
    needs: &[Fact::Clients, Fact::IdentityProviders],
    check: Check::Link(check),
};

const FIRST: Version = Version::new(26, 4, 0);
const SUPPORTED: Version = Version::new(26, 6, 0);

fn check(link: &Link, scene: &Scene<'_>) -> Vec<Verdict> {
    let client = scene.client(link.client);
    let service = scene.service(link.service);
    let versions = scene.versions(link.client.realm);
    // A login sends the secret as well, with the code.
    let is_for_tokens_alone = link.uses.client_credentials && !link.uses.login;
    if !is_for_tokens_alone
        || !client.enabled.is_on()
        || !client.service_accounts.is_on()
        || !uses_secret(client)
        || !service.marked_cloud_run
        || service.workload == Workload::Instance
        || !versions.iter().any(|version| *version >= FIRST)
    {
        return Vec::new();
    }
    let Some(secret) = given(link, scene).into_iter().next() else { return Vec::new() };
    let from = if versions.iter().all(|version| *version >= SUPPORTED) {
        String::new()
    } else {
        format!(
            " That takes Keycloak 26.6, or 26.4 with the preview switched on (judged {}).",
            scene.server(link.client.realm).describe_version()
        )
    };
    vec![Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} fetches tokens of its own through {} with a secret (`{}`), although its Google service account could log in without one.{from}",
            capitalized(&scene.name_service(link.service)),
            scene.name_client(link.client),
            secret.name
        ),
        remedy: None,
        evidence: vec![
            scene.client_field(
                link.client,
                ClientField::Authenticator,
                "how the client logs in; a secret unless stated",
            ),
            secret.evidence(link, scene, "the secret that would not be needed"),
        ],
        value: Some(secret.name.to_owned()),
        fix: None,
    })]
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml};

    fn judge(version: &str, client: &str, extra: (&str, &str)) -> Said {
        let realm = format!(
            r#"{{"realm": "shop", "attributes": {{"frontendUrl": "https://sso.example.com"}}, "clients": [{{"clientId": "sync", "serviceAccountsEnabled": true, "standardFlowEnabled": false {client}}}]}}"#
        );
        let env = [
            ("SPRING_SECURITY_OAUTH2_CLIENT_REGISTRATION_KEYCLOAK_CLIENT_ID", "sync"),
            ("SPRING_SECURITY_OAUTH2_CLIENT_REGISTRATION_KEYCLOAK_CLIENT_SECRET", "6Jq0e7cC1sAbd9"),
            (
                "SPRING_SECURITY_OAUTH2_CLIENT_PROVIDER_KEYCLOAK_ISSUER_URI",
                "https://sso.example.com/realms/shop",
            ),
            extra,
        ];
        Stage::new()
            .realm("shop.json", &realm)
            .service("sync.yaml", &service_yaml("sync", &env))
            .version(version)
            .judge("secret-instead-of-federation")
    }

    const MACHINE: (&str, &str) = (
        "SPRING_SECURITY_OAUTH2_CLIENT_REGISTRATION_KEYCLOAK_AUTHORIZATION_GRANT_TYPE",
        "client_credentials",
    );

    #[test]
    fn a_secret_that_is_for_tokens_of_its_own() {
        let said = judge("26.7.3", "", MACHINE);
        assert_eq!(
            said.wrong,
            [
                "info service sync ↔ client sync of realm shop: Service `sync` fetches tokens of its own through client `sync` of realm `shop` with a secret (`SPRING_SECURITY_OAUTH2_CLIENT_REGISTRATION_KEYCLOAK_CLIENT_SECRET`), although its Google service account could log in without one."
            ]
        );
        let preview = judge("26.5.5", "", MACHINE);
        assert!(
            preview.wrong[0].ends_with("(judged by version 26.5.5, as --keycloak-version says)."),
            "{preview:?}"
        );
    }

    #[test]
    fn older_servers_logins_and_other_ways_are_left_alone() {
        assert!(judge("26.3.2", "", MACHINE).is_nothing());
        let login = (MACHINE.0, "authorization_code");
        assert!(judge("26.7.3", "", login).is_nothing());
        assert!(judge("26.7.3", r#", "clientAuthenticatorType": "federated-jwt""#, MACHINE).is_nothing());
        assert!(judge("26.7.3", r#", "publicClient": true"#, MACHINE).is_nothing());
    }
}
