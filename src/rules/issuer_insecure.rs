//! `issuer-insecure`: a service expects an issuer over plain http.

use super::with_issuers::{expectation, names_of};
use crate::cloud_run::urls;
use crate::conventions::{Certainty, IssuerBasis};
use crate::finding::{Case, Severity, Verdict};
use crate::link::{IssuerReading, NamedRealm};
use crate::rules::{Check, Rule};
use crate::scene::{RealmIssuer, Scene};
use crate::snapshot::{Fact, ServiceId};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "issuer-insecure",
    severity: Severity::Warning,
    title: "A service expects an issuer over plain http",
    why: "A service reads the realm's keys where its issuer says. Over http whoever sits on the way can hand it keys of their own, \
          and it then accepts tokens that they sign. OpenID Connect wants https for every issuer; only a loopback address is left \
          alone here.\n\n\
          Behind Cloud Run a Keycloak with an http issuer usually does not read the proxy's headers: requests arrive at the container \
          unencrypted, and it takes their scheme for its own.",
    remedy: "Let Keycloak issue https (`proxy-headers=xforwarded`, or a hostname that is a full URL) and name that issuer.",
    references: &[
        "https://openid.net/specs/openid-connect-discovery-1_0.html#IssuerDiscovery",
        "https://datatracker.ietf.org/doc/html/rfc8414#section-2",
        "https://www.keycloak.org/server/reverseproxy",
    ],
    needs: &[Fact::Services],
    check: Check::Issuer(check),
};

fn check(service: ServiceId, expected: &IssuerReading, scene: &Scene<'_>) -> Vec<Verdict> {
    let Some(found) = expectation(service, expected, scene) else { return Vec::new() };
    let is_judged = found.basis != IssuerBasis::Endpoint
        && found.certainty > Certainty::Weak
        && expected.names != NamedRealm::NotKeycloak;
    let Some(host) = urls::host(&expected.issuer).filter(|_| is_judged && is_http(&expected.issuer)) else {
        return Vec::new();
    };
    if urls::is_loopback(&host) || is_mismatch(expected, scene) {
        return Vec::new();
    }
    let mut evidence = expected.evidence.clone();
    if let NamedRealm::Realm(realm) = expected.names {
        evidence.extend(scene.server(realm).issuer.evidence().iter().cloned());
    }
    let https = expected.issuer.replacen("http", "https", 1);
    let settings = names_of(service, expected.container, &found.settings, scene);
    vec![Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} expects the issuer `{}`, which has no https: it reads the realm's keys unencrypted, and whoever sits on the way can hand it keys of their own and sign tokens that it accepts.",
            capitalized(&scene.name_service(service)),
            expected.issuer,
        ),
        remedy: Some(format!(
            "Let Keycloak issue `{https}` (`proxy-headers=xforwarded`, or a hostname that is a full URL), then set {settings} to it."
        )),
        evidence,
        value: Some(expected.issuer.clone()),
        fix: None,
    })]
}

fn is_http(url: &str) -> bool {
    url.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
}

/// Whether the realm is known to issue something else, which `issuer-mismatch` says.
fn is_mismatch(expected: &IssuerReading, scene: &Scene<'_>) -> bool {
    let NamedRealm::Realm(realm) = expected.names else { return false };
    let expected = expected.issuer.trim_end_matches('/');
    match &scene.server(realm).issuer {
        RealmIssuer::Fixed { issuer, .. } => issuer != expected,
        RealmIssuer::FollowsRequest { issuers, .. } => {
            issuers.iter().any(|known| known != expected && urls::host(known) == urls::host(expected))
        }
        RealmIssuer::OneOf { issuers, .. } => !issuers.iter().any(|known| known == expected),
        RealmIssuer::Unknown { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml};

    fn judge(frontend: &str, issuer: &str) -> Said {
        let realm = format!(r#"{{"realm": "shop", "attributes": {{{frontend}}}, "clients": []}}"#);
        Stage::new()
            .realm("shop.json", &realm)
            .service("api.yaml", &service_yaml("api", &[("OIDC_ISSUER", issuer)]))
            .judge("issuer-insecure")
    }

    const HTTP: &str = "http://sso.example.com/realms/shop";

    #[test]
    fn an_http_issuer_is_said_with_what_decides_it() {
        let found = judge(r#""frontendUrl": "http://sso.example.com""#, HTTP);
        assert_eq!(
            found.wrong,
            ["warning service api ↔ realm shop: Service `api` expects the issuer \
              `http://sso.example.com/realms/shop`, which has no https: it reads the realm's keys unencrypted, and whoever sits \
              on the way can hand it keys of their own and sign tokens that it accepts."]
        );
        assert_eq!(
            found.places,
            [
                "api.yaml spec.template.spec.containers[0].env[0].value = http://sso.example.com/realms/shop (the issuer that the service expects)",
                "shop.json attributes.frontendUrl = http://sso.example.com (decides the issuer)",
            ]
        );
    }

    #[test]
    fn one_side_alone_is_enough() {
        let alone = Stage::new()
            .service("api.yaml", &service_yaml("api", &[("OIDC_ISSUER", HTTP)]))
            .judge("issuer-insecure");
        assert_eq!(alone.wrong.len(), 1, "{alone:?}");
        assert_eq!(judge("", HTTP).wrong.len(), 1);
    }

    #[test]
    fn a_realm_that_issues_https_is_a_mismatch() {
        assert!(judge(r#""frontendUrl": "https://sso.example.com""#, HTTP).is_nothing());
    }

    #[test]
    fn https_loopback_and_others_are_left_alone() {
        assert!(judge("", "https://sso.example.com/realms/shop").is_nothing());
        assert!(judge("", "http://localhost:8080/realms/shop").is_nothing());
        assert!(judge("", "http://127.0.0.1:8080/realms/shop").is_nothing());
        assert!(judge("", "http://auth.example.com/").is_nothing());
    }
}
