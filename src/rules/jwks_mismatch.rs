//! `jwks-mismatch`: a service reads keys elsewhere than at its issuer, or holds a key as text.

use std::net::IpAddr;

use super::with_issuers::{containers, evidence_of, is_of_keycloak, issuers_of_container};
use crate::cloud_run::urls;
use crate::conventions::{Certainty, FrameworkId, Held, Reading, Role};
use crate::finding::{Case, Evidence, Severity, Verdict};
use crate::link::naming::{RealmUrl, realm_url, unescape};
use crate::link::{IssuerReading, NamedBy, NamedRealm};
use crate::rules::{Check, Rule};
use crate::scene::issuer::are_forms_of_one_service;
use crate::scene::{RealmIssuer, Scene};
use crate::snapshot::{Fact, ServiceId};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "jwks-mismatch",
    severity: Severity::Warning,
    title: "A service reads keys elsewhere than at its issuer, or holds a key as text",
    why: "Each realm signs with keys of its own and publishes them at `ISSUER/protocol/openid-connect/certs`. Keys of another realm or \
          another Keycloak fit no signature: every token is refused, or, where the issuer is not compared, tokens of the wrong realm \
          are accepted.\n\n\
          A key pinned as text fits until the realm's keys rotate. Then every token is refused until someone deploys the new key, \
          and a key that was taken out of use because it leaked is trusted on.",
    remedy: "Let the service read the keys at its issuer's `/protocol/openid-connect/certs`, or by discovery.",
    references: &[
        "https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata",
        "https://www.keycloak.org/docs/latest/server_admin/#rotating-keys",
        "https://www.keycloak.org/securing-apps/oidc-layers",
    ],
    needs: &[Fact::Services],
    check: Check::Service(check),
};

fn check(service: ServiceId, scene: &Scene<'_>) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (container, reading) in containers(service, scene) {
        for found in &reading.understanding.readings {
            let case = Judged { service, container, found, scene };
            match found.role {
                _ if found.overridden || found.certainty == Certainty::Weak => {}
                Role::JwksUri => verdicts.extend(case.key_url()),
                Role::PublicKey => verdicts.extend(case.pinned_key()),
                _ => {}
            }
        }
    }
    verdicts
}

struct Judged<'a, 'b> {
    service: ServiceId,
    container: usize,
    found: &'a Reading,
    scene: &'a Scene<'b>,
}

impl Judged<'_, '_> {
    fn key_url(&self) -> Option<Verdict> {
        let url = self.found.value.as_deref()?;
        let keys = realm_url(url)?;
        let issuer = self.issuer()?;
        let expected = realm_url(issuer.issuer.trim_end_matches('/'))?;
        let differs = if unescape(keys.realm) != unescape(expected.realm) {
            format!("of realm `{}`", unescape(keys.realm))
        } else if keys.base == expected.base || self.is_same_keycloak(url, &keys, issuer, &expected) {
            return None;
        } else if urls::host(keys.base) == urls::host(expected.base) {
            "below another path".to_owned()
        } else {
            "on another host".to_owned()
        };
        let name = self.scene.setting_name(self.service, self.container, self.found.setting);
        let consequence = if differs.starts_with("of realm") {
            "keys of another realm fit no signature, so every token is refused"
        } else {
            "unless the same realm answers there too, no key fits and every token is refused"
        };
        let mut evidence = vec![self.setting("where the service reads keys")];
        evidence.extend(issuer.evidence.iter().cloned());
        Some(Verdict::Wrong(Case {
            severity: None,
            message: format!(
                "{} reads keys {differs} (`{name}` is `{url}`) but expects tokens of the issuer `{}`: {consequence}.",
                capitalized(&self.scene.name_service(self.service)),
                issuer.issuer,
            ),
            remedy: Some(format!(
                "Set `{name}` to `{}/protocol/openid-connect/certs`, or leave it to discovery.",
                issuer.issuer.trim_end_matches('/')
            )),
            evidence,
            value: Some(url.to_owned()),
            fix: None,
        }))
    }

    /// The issuer whose tokens are checked with the keys: of the same settings, else the only one of the container.
    fn issuer(&self) -> Option<&IssuerReading> {
        let all: Vec<_> = issuers_of_container(self.service, self.container, self.scene)
            .filter(|(_, found)| found.certainty > Certainty::Weak)
            .collect();
        let of_framework = |framework: FrameworkId| framework == self.found.framework;
        let same = all
            .iter()
            .find(|(_, found)| of_framework(found.framework) && found.group == self.found.group)
            .or_else(|| all.iter().find(|(_, found)| found.group == self.found.group));
        match (same, all.as_slice()) {
            (Some((issuer, _)), _) | (None, [(issuer, _)]) => Some(issuer),
            _ => None,
        }
    }

    fn is_same_keycloak(
        &self,
        url: &str,
        keys: &RealmUrl<'_>,
        issuer: &IssuerReading,
        expected: &RealmUrl<'_>,
    ) -> bool {
        let path = |base: &str| {
            let rest = base.split_once("://").map_or(base, |(_, rest)| rest);
            rest.find('/').map(|slash| rest[slash..].to_owned())
        };
        let Some(host) = urls::host(keys.base) else { return true };
        // An address inside the network is the same Keycloak's by the back door, with a path of its own perhaps.
        if is_internal(&host) {
            return true;
        }
        if path(keys.base) != path(expected.base) {
            return false;
        }
        // Another scheme on the same host is `issuer-insecure`'s business, or nobody's.
        if urls::host(expected.base).as_deref() == Some(host.as_str())
            || are_forms_of_one_service(keys.base, expected.base)
        {
            return true;
        }
        let services = self.scene.services_on_host(&host);
        let there = urls::host(expected.base).map(|host| self.scene.services_on_host(&host).to_vec());
        if there.is_some_and(|there| there.iter().any(|service| services.contains(service))) {
            return true;
        }
        self.is_known_host(url) && (issuer.by == NamedBy::Host || self.is_wrong_issuer(issuer))
    }

    /// Whether the URL is on a host of the Keycloak that has the realm.
    fn is_known_host(&self, url: &str) -> bool {
        let reading = self.scene.reading(self.service);
        reading.issuers.iter().any(|issuer| {
            issuer.by == NamedBy::Host
                && url.strip_prefix(issuer.issuer.as_str()).is_some_and(|rest| rest.starts_with('/'))
        })
    }

    /// Whether the issuer itself is known to be wrong, which `issuer-mismatch` says.
    fn is_wrong_issuer(&self, issuer: &IssuerReading) -> bool {
        let NamedRealm::Realm(realm) = issuer.names else { return false };
        let right = &self.scene.server(realm).issuer;
        matches!(right, RealmIssuer::Fixed { .. } | RealmIssuer::OneOf { .. })
            && !right.known().contains(&issuer.issuer)
    }

    fn pinned_key(&self) -> Option<Verdict> {
        if self.found.held == Held::Empty || !is_of_keycloak(self.service, self.container, self.scene) {
            return None;
        }
        let name = self.scene.setting_name(self.service, self.container, self.found.setting);
        let issuer = self.issuer();
        let at = issuer.map_or("the realm's".to_owned(), |issuer| format!("`{}`", issuer.issuer));
        // The key itself is long and says nothing to a reader.
        let place = Evidence { value: None, ..self.setting("holds the key as text") };
        Some(Verdict::Wrong(Case {
            severity: None,
            message: format!(
                "{} holds the realm's key as text in `{name}`: when the realm's keys rotate, it refuses every token until someone deploys the new key, and it goes on trusting the old one.",
                capitalized(&self.scene.name_service(self.service)),
            ),
            remedy: Some(match issuer {
                Some(_) => format!(
                    "Remove `{name}` and let the service read the keys of {at} at `/protocol/openid-connect/certs` below it."
                ),
                None => format!(
                    "Remove `{name}` and let the service read the keys at the realm's `/protocol/openid-connect/certs`."
                ),
            }),
            evidence: vec![place],
            value: Some(name.to_owned()),
            fix: None,
        }))
    }

    fn setting(&self, label: &str) -> Evidence {
        let found = evidence_of(self.service, self.container, &[self.found.setting], label, self.scene);
        found.into_iter().next().unwrap_or_else(|| self.scene.service_itself(self.service, label))
    }
}

/// Whether a host is reached only inside a network.
fn is_internal(host: &str) -> bool {
    let by_name = !host.contains('.')
        || [".internal", ".local", ".svc", ".lan", ".intern"].iter().any(|end| host.ends_with(end));
    let by_address = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_private() || address.is_loopback() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_loopback() || (address.segments()[0] & 0xfe00) == 0xfc00,
        Err(_) => false,
    };
    by_name || by_address || urls::is_loopback(host)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml, service_yaml_with};

    const ISSUER: (&str, &str) = ("OIDC_ISSUER", "https://sso.example.com/realms/shop");

    fn judge(env: &[(&str, &str)]) -> Said {
        Stage::new().service("api.yaml", &service_yaml("api", env)).judge("jwks-mismatch")
    }

    fn keys(base: &str) -> Said {
        let url = format!("{base}/protocol/openid-connect/certs");
        judge(&[ISSUER, ("OIDC_JWKS_URI", &url)])
    }

    #[test]
    fn keys_of_the_issuer_are_fine() {
        assert!(keys("https://sso.example.com/realms/shop").is_nothing());
        assert!(judge(&[ISSUER]).is_nothing());
    }

    #[test]
    fn keys_of_another_realm_fit_no_signature() {
        let found = keys("https://sso.example.com/realms/crm");
        assert_eq!(
            found.wrong,
            ["warning service api: Service `api` reads keys of realm `crm` (`OIDC_JWKS_URI` is \
              `https://sso.example.com/realms/crm/protocol/openid-connect/certs`) but expects tokens of the issuer \
              `https://sso.example.com/realms/shop`: keys of another realm fit no signature, so every token is refused."]
        );
        assert_eq!(
            found.places,
            [
                "api.yaml spec.template.spec.containers[0].env[1].value = https://sso.example.com/realms/crm/protocol/openid-connect/certs (where the service reads keys)",
                "api.yaml spec.template.spec.containers[0].env[0].value = https://sso.example.com/realms/shop (the issuer that the service expects)",
            ]
        );
    }

    #[test]
    fn another_host_or_path_is_doubtful() {
        let host = keys("https://auth.example.org/realms/shop");
        assert!(host.wrong[0].contains("reads keys on another host"), "{host:?}");
        let path = keys("https://sso.example.com/auth/realms/shop");
        assert!(path.wrong[0].contains("reads keys below another path"), "{path:?}");
    }

    #[test]
    fn other_addresses_of_the_same_keycloak_are_fine() {
        assert!(keys("http://keycloak:8080/realms/shop").is_nothing());
        assert!(keys("http://10.0.0.7:8080/auth/realms/shop").is_nothing());
        assert!(keys("https://keycloak.shop.internal/realms/shop").is_nothing());
        let forms = judge(&[
            ("OIDC_ISSUER", "https://kc-ab12cd34ef-ew.a.run.app/realms/shop"),
            (
                "OIDC_JWKS_URI",
                "https://kc-123456789012.europe-west1.run.app/realms/shop/protocol/openid-connect/certs",
            ),
        ]);
        assert!(forms.is_nothing(), "{forms:?}");
    }

    #[test]
    fn the_keycloak_service_answers_on_its_run_app_host_too() {
        let keycloak = service_yaml_with(
            "keycloak",
            "quay.io/keycloak/keycloak:26.3",
            &[("KC_HOSTNAME", "https://sso.example.com"), ("KC_PROXY_HEADERS", "xforwarded")],
        );
        let certs =
            "https://keycloak-123456789012.europe-west1.run.app/realms/shop/protocol/openid-connect/certs";
        let found = Stage::new()
            .realm("shop.json", r#"{"realm": "shop", "clients": []}"#)
            .service("keycloak.yaml", &keycloak)
            .service("api.yaml", &service_yaml("api", &[ISSUER, ("OIDC_JWKS_URI", certs)]))
            .judge("jwks-mismatch");
        assert!(found.is_nothing(), "{found:?}");
    }

    #[test]
    fn a_pinned_key_goes_stale() {
        let found = judge(&[
            ("KEYCLOAK_ISSUER", "https://sso.example.com/realms/shop"),
            ("KEYCLOAK_REALM_PUBLIC_KEY", "MIIBIjANBgkqhkiG9w0B"),
        ]);
        assert_eq!(found.wrong.len(), 1, "{found:?}");
        assert!(found.wrong[0].contains("holds the realm's key as text in `KEYCLOAK_REALM_PUBLIC_KEY`"));
        assert_eq!(
            found.places,
            ["api.yaml spec.template.spec.containers[0].env[1].value (holds the key as text)"]
        );
        assert_eq!(found.values, ["KEYCLOAK_REALM_PUBLIC_KEY"]);
    }

    #[test]
    fn keys_of_others_are_left_alone() {
        let google = [
            ("OIDC_ISSUER", "https://accounts.google.com"),
            ("OIDC_JWKS_URI", "https://www.googleapis.com/oauth2/v3/certs"),
        ];
        assert!(judge(&google).is_nothing());
        assert!(judge(&[ISSUER, ("OIDC_JWKS_URI", "${JWKS}")]).is_nothing());
    }
}
