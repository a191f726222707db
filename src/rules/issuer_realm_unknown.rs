//! `issuer-realm-unknown`: a service names a Keycloak that was read, but no realm of it.

use super::with_issuers::{expectation, names_of};
use crate::cloud_run::urls;
use crate::conventions::IssuerBasis;
use crate::finding::{Case, Severity, Undecided, Verdict};
use crate::link::naming::is_near;
use crate::link::{IssuerReading, NamedRealm};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, RealmId, ServiceId};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "issuer-realm-unknown",
    severity: Severity::Error,
    title: "A service names a realm that its Keycloak does not have",
    why: "Keycloak answers 404 under `/realms/NAME` when it has no realm of this name: the service finds neither the discovery \
          document nor keys, so no login completes and no token is accepted. Names of realms are compared byte for byte; `Shop` and \
          `shop` are two realms.\n\n\
          Of realms in files nobody knows whether they are all that a Keycloak has. A name that is a slip away from a realm that was \
          read is wrong; another name is undecided until its realm is read too.",
    remedy: "Name the realm as Keycloak spells it, or create the realm.",
    references: &[
        "https://www.keycloak.org/securing-apps/oidc-layers",
        "https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationRequest",
    ],
    needs: &[Fact::Realms, Fact::Services],
    check: Check::Issuer(check),
};

/// The realm of administrators, which every server has.
const MASTER: &str = "master";

fn check(service: ServiceId, expected: &IssuerReading, scene: &Scene<'_>) -> Vec<Verdict> {
    let NamedRealm::UnknownRealm { name, known } = &expected.names else { return Vec::new() };
    let Some(found) = expectation(service, expected, scene) else { return Vec::new() };
    if name == MASTER || is_said_by_another(service, expected, scene) {
        return Vec::new();
    }
    let who = scene.name_service(service);
    let settings = names_of(service, expected.container, &found.settings, scene);
    let mut evidence = expected.evidence.clone();
    let Some(nearest) = nearest(name, known, scene) else {
        evidence.extend(
            known.iter().map(|realm| scene.realm_itself(*realm, "a realm of this Keycloak that was read")),
        );
        let names: Vec<String> = known.iter().map(|realm| scene.name_realm(*realm)).collect();
        let host = urls::host(&expected.issuer).unwrap_or_else(|| expected.issuer.clone());
        return vec![Verdict::Undecided(Undecided {
            reason: format!(
                "Whether the Keycloak at {host} has a realm `{name}`, which {who} names in {settings}, is not known: of its realms only {} was read.",
                names.join(" and ")
            ),
            remedy: Some(format!("Export realm `{name}` as well and check both together.")),
            evidence,
        })];
    };
    let right = scene.realm_name(nearest);
    evidence.push(scene.realm_itself(nearest, "the realm with the nearest name"));
    let does = match found.basis {
        IssuerBasis::Endpoint => "names an endpoint of",
        _ => "expects tokens of",
    };
    vec![Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} {does} realm `{name}` (`{}`), but its Keycloak has no such realm; the nearest is `{right}`. Keycloak answers 404 there, so no login completes and no token is accepted.",
            capitalized(&who),
            expected.issuer,
        ),
        remedy: Some(format!("Set {settings} so that the realm is `{right}`, or create realm `{name}`.")),
        evidence,
        value: Some(expected.issuer.clone()),
        fix: None,
    })]
}

/// Whether an issuer of the service names the same realm, so that nothing need be said of an endpoint besides; of keys beside an
/// issuer `jwks-mismatch` speaks.
fn is_said_by_another(service: ServiceId, expected: &IssuerReading, scene: &Scene<'_>) -> bool {
    let is_endpoint = |issuer: &IssuerReading| {
        expectation(service, issuer, scene).is_some_and(|found| found.basis == IssuerBasis::Endpoint)
    };
    is_endpoint(expected)
        && scene
            .reading(service)
            .issuers
            .iter()
            .any(|other| !is_endpoint(other) && (other.names == expected.names || names_keys(expected)))
}

fn names_keys(expected: &IssuerReading) -> bool {
    let is_key_url = |evidence: &crate::finding::Evidence| {
        evidence.value.as_deref().is_some_and(|value| value.ends_with("/protocol/openid-connect/certs"))
    };
    expected.evidence.iter().any(is_key_url)
}

/// The realm of which the name is a slip; names that differ in their numbers only are siblings.
fn nearest(name: &str, known: &[RealmId], scene: &Scene<'_>) -> Option<RealmId> {
    let without_digits = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    known
        .iter()
        .filter_map(|realm| Some((*realm, scene.realm(*realm).name.text()?)))
        .filter(|(_, other)| is_near(other, name) && without_digits(other) != without_digits(name))
        .min_by_key(|(_, other)| strsim::damerau_levenshtein(other, name))
        .map(|(realm, _)| realm)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml};

    const REALM: &str = r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"},
        "clients": [{"clientId": "web"}]}"#;

    fn judge(env: &[(&str, &str)]) -> Said {
        Stage::new()
            .realm("shop.json", REALM)
            .service("web.yaml", &service_yaml("web", env))
            .judge("issuer-realm-unknown")
    }

    fn issuer(url: &str) -> Said {
        judge(&[("OIDC_ISSUER", url), ("OIDC_CLIENT_ID", "web")])
    }

    #[test]
    fn a_realm_of_the_keycloak_is_fine() {
        assert!(issuer("https://sso.example.com/realms/shop").is_nothing());
    }

    #[test]
    fn a_slip_is_wrong_and_the_nearest_realm_is_named() {
        let found = issuer("https://sso.example.com/realms/shopp");
        assert_eq!(
            found.wrong,
            ["error service web: Service `web` expects tokens of realm `shopp` \
              (`https://sso.example.com/realms/shopp`), but its Keycloak has no such realm; the nearest is `shop`. Keycloak \
              answers 404 there, so no login completes and no token is accepted."]
        );
        assert_eq!(
            found.places,
            [
                "web.yaml spec.template.spec.containers[0].env[0].value = https://sso.example.com/realms/shopp (the issuer that the service expects)",
                "shop.json realm = shop (the realm with the nearest name)",
            ]
        );
        assert_eq!(found.values, ["https://sso.example.com/realms/shopp"]);
        assert_eq!(issuer("https://sso.example.com/realms/Shop").wrong.len(), 1);
    }

    #[test]
    fn a_realm_that_may_not_have_been_read_is_undecided() {
        let found = issuer("https://sso.example.com/realms/crm");
        assert_eq!(
            found.undecided,
            [
                "service web: Whether the Keycloak at sso.example.com has a realm `crm`, which service `web` names in \
              `OIDC_ISSUER`, is not known: of its realms only realm `shop` was read."
            ]
        );
        assert_eq!(found.wrong, Vec::<String>::new());
        let sibling = issuer("https://sso.example.com/realms/shop2");
        assert_eq!((sibling.wrong.len(), sibling.undecided.len()), (0, 1));
    }

    #[test]
    fn an_endpoint_beside_its_issuer_is_not_said_twice() {
        let certs = "https://sso.example.com/realms/shopp/protocol/openid-connect/certs";
        let both = judge(&[("OIDC_ISSUER", "https://sso.example.com/realms/shopp"), ("JWKS_URI", certs)]);
        assert_eq!(both.wrong.len(), 1, "{both:?}");
        let alone = judge(&[("JWKS_URI", certs)]);
        assert_eq!(alone.wrong.len(), 1, "{alone:?}");
        assert!(alone.wrong[0].contains("names an endpoint of realm `shopp`"), "{alone:?}");
    }

    #[test]
    fn every_server_has_master_and_other_keycloaks_are_not_judged() {
        assert!(issuer("https://sso.example.com/realms/master").is_nothing());
        assert!(issuer("https://id.example.org/realms/crm").is_nothing());
    }
}
