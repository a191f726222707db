//! `issuer-mismatch`: a service expects another issuer than the one that its realm issues.

use crate::cloud_run::urls::{self, Origin};
use crate::conventions::{Certainty, IssuerBasis, IssuerComparison, IssuerExpectation, IssuerForm};
use crate::finding::{Case, Evidence, Severity, Undecided, Verdict};
use crate::fix::{Fix, Safety, retarget};
use crate::link::naming::realm_url;
use crate::link::{IssuerReading, NamedBy, NamedRealm};
use crate::rules::{Check, Rule};
use crate::scene::issuer::are_forms_of_one_service;
use crate::scene::{RealmIssuer, Scene};
use crate::snapshot::{Fact, RealmId, ServiceId};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "issuer-mismatch",
    severity: Severity::Error,
    title: "A service expects another issuer than its realm issues",
    why: "Every token says who issued it in `iss`, and a service accepts it only when that is, byte for byte, the issuer \
          that its settings name: another scheme, host, port or path, another case, a slash at the end are all another \
          issuer. Users then end up in a login that never completes, callers get 401.\n\n\
          Keycloak builds the issuer of its frontend URL (the realm's `frontendUrl`, else the server's `hostname`) and \
          `/realms/NAME`, without a slash at the end. A Cloud Run service answers on two hosts, so the usual slip is to \
          name the other one. `/auth` in the path belongs to servers before 17 and to those with `http-relative-path`.\n\n\
          Some libraries forgive a slash at the end, and some take the issuer from the discovery document; what is known \
          of the framework in use is taken into account.",
    remedy: "Set the service's issuer to the one that the realm issues.",
    references: &[
        "https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation",
        "https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation",
        "https://www.keycloak.org/server/hostname",
        "https://github.com/keycloak/keycloak/issues/11584",
        "https://github.com/oauth2-proxy/oauth2-proxy/issues/2756",
        "https://github.com/provectus/kafka-ui/issues/4208",
    ],
    needs: &[Fact::Realms, Fact::Services],
    check: Check::Issuer(check),
};

fn check(service: ServiceId, expected: &IssuerReading, scene: &Scene<'_>) -> Vec<Verdict> {
    let container = scene.reading(service).containers.get(expected.container);
    let Some(found) =
        container.and_then(|container| container.understanding.issuers.get(expected.expectation))
    else {
        return Vec::new();
    };
    // An endpoint says which realm is talked to, but nothing is compared with it.
    let is_compared = found.basis != IssuerBasis::Endpoint && found.compared != IssuerComparison::NotChecked;
    if !is_compared || found.certainty == Certainty::Weak {
        return Vec::new();
    }
    let case = Judged { service, expected, found, scene };
    match &expected.names {
        NamedRealm::Realm(realm) => case.against(*realm).into_iter().collect(),
        NamedRealm::Ambiguous(realms) => case.ambiguous(realms),
        NamedRealm::Elsewhere { .. } => case.elsewhere().into_iter().collect(),
        // `issuer-realm-unknown` speaks of the first, and the second is no Keycloak.
        NamedRealm::UnknownRealm { .. } | NamedRealm::NotKeycloak => Vec::new(),
    }
}

struct Judged<'a, 'b> {
    service: ServiceId,
    expected: &'a IssuerReading,
    found: &'a IssuerExpectation,
    scene: &'a Scene<'b>,
}

impl Judged<'_, '_> {
    fn against(&self, realm: RealmId) -> Option<Verdict> {
        let issuer = &self.scene.server(realm).issuer;
        let expected = self.expected.issuer.as_str();
        // A slash too many leads to the discovery document all the same; there the issuers differ.
        let form = self.found.mismatch.filter(|mismatch| mismatch.got != IssuerForm::RealmUrlWithSlash);
        if let Some(mismatch) = form {
            let remedy = issuer.known().first().map(|known| format!("The realm's issuer is `{known}`."));
            let message = format!(
                "{} of {} wants {}, but has {}: the realm's keys and metadata are not found there, so no token is accepted.",
                self.settings(),
                self.scene.name_service(self.service),
                mismatch.wants.describe(),
                mismatch.got.describe(),
            );
            let right = issuer.known().first().cloned();
            return Some(self.wrong(realm, message, remedy, right.as_deref()));
        }
        if issuer.known().iter().any(|known| self.agrees(known)) {
            return None;
        }
        match issuer {
            // That a server does not read the proxy's headers, `keycloak-proxy-headers` says.
            RealmIssuer::Fixed { issuer: right, lacks_headers: true, .. } if is_https_of(expected, right) => {
                None
            }
            RealmIssuer::Fixed { issuer: right, .. } => self.differs(realm, right),
            RealmIssuer::FollowsRequest { issuers, why, .. } => {
                // The host is the request's own; only what cannot come from a request is wrong for certain.
                let same_host = issuers.iter().find(|known| urls::host(known) == urls::host(expected));
                match same_host {
                    Some(right) if is_https_of(expected, right) => None,
                    Some(right) => self.differs(realm, right),
                    None => self.by_shape(realm).or_else(|| {
                        Some(self.undecided(
                            realm,
                            &format!(
                                "{why}, and {} is not among its hosts that were read",
                                host_of(expected)
                            ),
                        ))
                    }),
                }
            }
            RealmIssuer::OneOf { issuers, why, .. } => self.by_shape(realm).or_else(|| {
                let same_host = issuers.iter().any(|known| urls::host(known) == urls::host(expected));
                match issuers.first() {
                    Some(right) if !same_host => self.differs(realm, right),
                    _ => Some(self.undecided(realm, why)),
                }
            }),
            RealmIssuer::Unknown { why, .. } => self.by_shape(realm).or_else(|| self.by_others(realm, why)),
        }
    }

    /// Whether the service accepts tokens of `issuer`.
    fn agrees(&self, issuer: &str) -> bool {
        let expected = self.expected.issuer.as_str();
        match self.found.compared {
            IssuerComparison::ForgivesTrailingSlash => expected.trim_end_matches('/') == issuer,
            IssuerComparison::Discovered => {
                let path = |url: &str| {
                    realm_url(url).map(|parts| (path_of(parts.base).to_owned(), parts.realm.to_owned()))
                };
                let same_path = path(expected.trim_end_matches('/')) == path(issuer);
                let reaches =
                    urls::host(expected) == urls::host(issuer) || self.is_host_of_keycloak(expected);
                same_path && reaches
            }
            _ => expected == issuer,
        }
    }

    fn is_host_of_keycloak(&self, url: &str) -> bool {
        let Some(host) = urls::host(url) else { return false };
        self.scene.services_on_host(&host).iter().any(|service| self.scene.reading(*service).is_keycloak)
    }

    fn differs(&self, realm: RealmId, right: &str) -> Option<Verdict> {
        let difference = difference(&self.expected.issuer, right);
        let how = self.consequence();
        let by_name = match self.expected.by {
            NamedBy::RealmName => {
                " (The realm is taken for the one that is meant because its name is equal.)"
            }
            _ => "",
        };
        let message = format!(
            "{} expects the issuer `{}`, but {} issues `{right}`: {difference}. {how}.{by_name}",
            self.scene.name_service(self.service),
            self.expected.issuer,
            self.scene.name_realm(realm),
        );
        let remedy = format!("Set {} so that the issuer is `{right}`.", self.settings());
        Some(self.wrong(realm, capitalized(&message), Some(remedy), Some(right)))
    }

    /// What no Keycloak issues, whatever its host.
    fn by_shape(&self, realm: RealmId) -> Option<Verdict> {
        self.has_wrong_slash().then(|| self.differs(realm, self.expected.issuer.trim_end_matches('/')))?
    }

    fn has_wrong_slash(&self) -> bool {
        let forgives = matches!(
            self.found.compared,
            IssuerComparison::ForgivesTrailingSlash | IssuerComparison::Discovered
        );
        self.expected.issuer.ends_with('/') && !forgives
    }

    /// Of a realm that was not read only the slash is wrong for certain; that it was not read is said once for the whole run.
    fn elsewhere(&self) -> Option<Verdict> {
        let expected = &self.expected.issuer;
        if !self.has_wrong_slash() || realm_url(expected).is_none_or(|parts| parts.rest != "/") {
            return None;
        }
        let right = expected.trim_end_matches('/');
        let message = format!(
            "{} expects the issuer `{expected}`, but no issuer of Keycloak has a slash at the end. {}.",
            self.scene.name_service(self.service),
            self.consequence(),
        );
        Some(Verdict::Wrong(Case {
            severity: None,
            message: capitalized(&message),
            remedy: Some(format!("Set {} so that the issuer is `{right}`.", self.settings())),
            evidence: self.expected.evidence.clone(),
            value: Some(expected.clone()),
            fix: Some(Box::new(self.fix(right))),
        }))
    }

    fn consequence(&self) -> &'static str {
        match self.found.compared {
            IssuerComparison::Discovered => "It looks for the discovery document there and does not find it",
            IssuerComparison::Unknown => {
                "Most libraries compare the two byte for byte, so it refuses every token"
            }
            _ => "It compares the two byte for byte, so it refuses every token",
        }
    }

    /// Nothing tells the realm's issuer; but services that expect different ones cannot all be right.
    fn by_others(&self, realm: RealmId, why: &str) -> Option<Verdict> {
        let parts = realm_url(&self.expected.issuer)?;
        if path_of(parts.base).trim_end_matches('/') == "/auth" {
            return Some(self.undecided(
                realm,
                &format!("{why}; `/auth` is right only with `http-relative-path`, or before version 17"),
            ));
        }
        let own = self.expected.issuer.trim_end_matches('/');
        let others_differ = self.scene.expected_issuers(realm).iter().any(|other| other != own);
        others_differ.then(|| self.undecided(realm, &format!("{why}, and other services expect another one")))
    }

    fn ambiguous(&self, realms: &[RealmId]) -> Vec<Verdict> {
        // Where the client is ambiguous for the same reason, `link-ambiguous` says so.
        let by_link = self.scene.links.ambiguities.iter().any(|found| found.service == self.service);
        if by_link
            || realms
                .iter()
                .any(|realm| self.scene.server(*realm).issuer.known().iter().any(|known| self.agrees(known)))
        {
            return Vec::new();
        }
        let mut evidence = self.expected.evidence.clone();
        evidence
            .extend(realms.iter().map(|realm| self.scene.realm_itself(*realm, "a realm that may be meant")));
        let name = realms.first().map(|realm| self.scene.name_realm(*realm)).unwrap_or_default();
        vec![Verdict::Undecided(Undecided {
            reason: format!(
                "Whether `{}`, which {} expects, is its realm's issuer is not known: {} files declare {name}, and nothing tells which of them this service uses.",
                self.expected.issuer,
                self.scene.name_service(self.service),
                realms.len(),
            ),
            remedy: Some("Name the environments and their files in cloakrun.yaml.".to_owned()),
            evidence,
        })]
    }

    fn undecided(&self, realm: RealmId, why: &str) -> Verdict {
        Verdict::Undecided(Undecided {
            reason: format!(
                "Whether {} issues `{}`, which {} expects, is not known: {why}.",
                self.scene.name_realm(realm),
                self.expected.issuer,
                self.scene.name_service(self.service),
            ),
            remedy: Some(
                "Set `keycloak-urls` of the environment in cloakrun.yaml, or read the settings of Keycloak's own service."
                    .to_owned(),
            ),
            evidence: self.evidence(realm),
        })
    }

    /// Sets what the issuer is made of, in the form in which the framework wants it.
    fn fix(&self, right: &str) -> Fix {
        let service = self.scene.name_service(self.service);
        let title = format!("Let {service} expect the issuer `{right}`");
        match retarget::issuer(self.scene, self.service, self.expected, right) {
            Some(changes) => Fix::of(title, Safety::Review, changes),
            None => {
                let step = format!("Set {} of {service} so that the issuer is `{right}`.", self.settings());
                Fix::by_hand(title, vec![step])
            }
        }
    }

    fn wrong(&self, realm: RealmId, message: String, remedy: Option<String>, right: Option<&str>) -> Verdict {
        Verdict::Wrong(Case {
            severity: None,
            message: capitalized(&message),
            remedy,
            evidence: self.evidence(realm),
            value: Some(self.expected.issuer.clone()),
            fix: right.map(|right| Box::new(self.fix(right))),
        })
    }

    /// The settings first, for they are to be changed; then what decides the realm's issuer.
    fn evidence(&self, realm: RealmId) -> Vec<Evidence> {
        let mut evidence = self.expected.evidence.clone();
        let decides = self.scene.server(realm).issuer.evidence();
        if decides.is_empty() {
            evidence.push(self.scene.realm_itself(realm, "the realm that the issuer names"));
        }
        evidence.extend(decides.iter().cloned());
        evidence
    }

    /// The names of the settings that make the issuer: "`A` and `B`".
    fn settings(&self) -> String {
        let names: Vec<String> = self
            .found
            .settings
            .iter()
            .map(|setting| {
                format!("`{}`", self.scene.setting_name(self.service, self.expected.container, *setting))
            })
            .collect();
        names.join(" and ")
    }
}

/// Whether the one is the other with https in place of http.
fn is_https_of(secure: &str, plain: &str) -> bool {
    secure.strip_prefix("https://").is_some_and(|rest| plain.strip_prefix("http://") == Some(rest))
}

/// How an expected issuer differs from the right one, as a clause.
fn difference(expected: &str, right: &str) -> String {
    if expected.trim_end_matches('/') == right {
        return "it has a slash at the end".to_owned();
    }
    let mut parts = Vec::new();
    if let (Some(one), Some(other)) = (Origin::of(expected), Origin::of(right)) {
        if one.host != other.host {
            if are_forms_of_one_service(expected, right) {
                parts.push("it has the other run.app host of the same service".to_owned());
            } else {
                parts.push(format!("it has the host `{}` instead of `{}`", one.host, other.host));
            }
        }
        if one.scheme != other.scheme {
            parts.push(format!("it has the scheme `{}` instead of `{}`", one.scheme, other.scheme));
        }
        if one.port != other.port {
            let named = |port: Option<u16>| port.map_or("no port".to_owned(), |port| format!("port {port}"));
            parts.push(format!("it has {} instead of {}", named(one.port), named(other.port)));
        }
    }
    if let (Some(one), Some(other)) = (realm_url(expected), realm_url(right)) {
        let (path, right_path) = (path_of(one.base), path_of(other.base));
        if path != right_path {
            parts.push(match (path, right_path) {
                (path, "") => format!("it has `{path}` before `/realms`"),
                ("", path) => format!("it lacks `{path}` before `/realms`"),
                (path, other) => format!("it has `{path}` before `/realms` instead of `{other}`"),
            });
        }
        if one.realm != other.realm {
            parts.push(format!("it spells the realm `{}` instead of `{}`", one.realm, other.realm));
        }
        if one.rest.len() > 1 {
            parts.push(format!("it goes on with `{}`", one.rest));
        } else if one.rest == "/" {
            parts.push("it has a slash at the end".to_owned());
        }
    }
    if parts.is_empty() { in_writing(expected, right).to_owned() } else { parts.join(", ") }
}

/// How two issuers differ that name the same place.
fn in_writing(expected: &str, right: &str) -> &'static str {
    if expected.eq_ignore_ascii_case(right) {
        return "its letters are of another case";
    }
    let without_port = [("https://", ":443/"), ("http://", ":80/")].iter().any(|(scheme, port)| {
        expected.starts_with(scheme) && expected.replacen(port, "/", 1).eq_ignore_ascii_case(right)
    });
    if without_port {
        "it names the scheme's own port, which Keycloak leaves out"
    } else {
        "it is written differently"
    }
}

/// What follows the host in a base URL.
fn path_of(base: &str) -> &str {
    let rest = base.split_once("://").map_or(base, |(_, rest)| rest);
    rest.find('/').map_or("", |slash| &rest[slash..])
}

fn host_of(url: &str) -> String {
    urls::host(url).unwrap_or_else(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::testing::{Stage, service_yaml, service_yaml_with};

    const REALM: &str = r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"},
        "clients": [{"clientId": "web", "publicClient": true, "redirectUris": ["https://shop.example.com/*"]}]}"#;
    const BARE: &str = r#"{"realm": "shop", "clients": []}"#;

    fn stage(issuer: &str) -> Stage {
        let env = [("OIDC_ISSUER", issuer), ("OIDC_CLIENT_ID", "web")];
        Stage::new().realm("shop.json", REALM).service("web.yaml", &service_yaml("web", &env))
    }

    #[test]
    fn the_right_issuer_is_fine() {
        assert!(stage("https://sso.example.com/realms/shop").judge("issuer-mismatch").is_nothing());
    }

    #[test]
    fn another_host_is_another_issuer() {
        let found = stage("https://auth.example.com/realms/shop").judge("issuer-mismatch");
        assert_eq!(
            found.wrong,
            ["error service web ↔ client web of realm shop: Service `web` expects the issuer \
              `https://auth.example.com/realms/shop`, but realm `shop` issues `https://sso.example.com/realms/shop`: it has \
              the host `auth.example.com` instead of `sso.example.com`. Most libraries compare the two byte for byte, so it \
              refuses every token. (The realm is taken for the one that is meant because its name is equal.)"]
        );
        assert_eq!(
            found.places,
            [
                "web.yaml spec.template.spec.containers[0].env[0].value = https://auth.example.com/realms/shop (the issuer that the service expects)",
                "shop.json attributes.frontendUrl = https://sso.example.com (decides the issuer)",
            ]
        );
        assert_eq!(found.values, ["https://auth.example.com/realms/shop"]);
    }

    #[test]
    fn the_parts_that_differ_are_named() {
        let right = "https://sso.example.com/realms/shop";
        assert_eq!(difference("https://sso.example.com/realms/shop/", right), "it has a slash at the end");
        assert_eq!(
            difference("http://sso.example.com/realms/shop", right),
            "it has the scheme `http` instead of `https`"
        );
        assert_eq!(
            difference("https://sso.example.com:8443/realms/shop", right),
            "it has port 8443 instead of no port"
        );
        assert_eq!(
            difference("https://sso.example.com/auth/realms/shop", right),
            "it has `/auth` before `/realms`"
        );
        assert_eq!(
            difference(
                "https://kc-ab12cd34ef-ew.a.run.app/realms/shop",
                "https://kc-123456789012.europe-west1.run.app/realms/shop"
            ),
            "it has the other run.app host of the same service"
        );
    }

    #[test]
    fn the_hostname_of_the_keycloak_service_decides() {
        let keycloak = service_yaml_with(
            "keycloak",
            "quay.io/keycloak/keycloak:26.3",
            &[("KC_HOSTNAME", "https://sso.example.com"), ("KC_PROXY_HEADERS", "xforwarded")],
        );
        let stage = |issuer: &str| {
            Stage::new()
                .realm("shop.json", BARE)
                .service("keycloak.yaml", &keycloak)
                .service("api.yaml", &service_yaml("api", &[("OIDC_ISSUER", issuer)]))
        };
        assert!(stage("https://sso.example.com/realms/shop").judge("issuer-mismatch").is_nothing());
        let found =
            stage("https://keycloak-123456789012.europe-west1.run.app/realms/shop").judge("issuer-mismatch");
        assert_eq!(found.wrong.len(), 1, "{found:?}");
        assert!(
            found.wrong[0].contains("it has the host `keycloak-123456789012.europe-west1.run.app` instead"),
            "{found:?}"
        );
        assert!(
            found.places[1].starts_with("keycloak.yaml spec.template.spec.containers[0].env[0].value"),
            "{found:?}"
        );
    }

    #[test]
    fn without_a_fixed_hostname_every_host_of_keycloak_will_do() {
        let keycloak = service_yaml_with(
            "keycloak",
            "quay.io/keycloak/keycloak:26.3",
            &[("KC_HOSTNAME_STRICT", "false"), ("KC_PROXY_HEADERS", "xforwarded")],
        );
        let stage = |issuer: &str| {
            Stage::new()
                .realm("shop.json", BARE)
                .service("keycloak.yaml", &keycloak)
                .service("api.yaml", &service_yaml("api", &[("OIDC_ISSUER", issuer)]))
        };
        let host = "https://keycloak-123456789012.europe-west1.run.app";
        assert!(stage(&format!("{host}/realms/shop")).judge("issuer-mismatch").is_nothing());
        assert_eq!(stage(&format!("{host}/auth/realms/shop")).judge("issuer-mismatch").wrong.len(), 1);
        assert_eq!(stage("https://sso.example.com/realms/shop").judge("issuer-mismatch").undecided.len(), 1);
    }

    #[test]
    fn what_nothing_decides_is_undecided_only_where_services_disagree() {
        let api = |name: &str, issuer: &str| service_yaml(name, &[("OIDC_ISSUER", issuer)]);
        let one = Stage::new()
            .realm("shop.json", BARE)
            .service("a.yaml", &api("a", "https://sso.example.com/realms/shop"));
        assert!(one.judge("issuer-mismatch").is_nothing());
        let two =
            one.service("b.yaml", &api("b", "https://auth.example.com/realms/shop")).judge("issuer-mismatch");
        assert_eq!((two.wrong.len(), two.undecided.len()), (0, 2), "{two:?}");
        let slash = Stage::new()
            .realm("shop.json", BARE)
            .service("a.yaml", &api("a", "https://sso.example.com/realms/shop/"));
        assert_eq!(slash.judge("issuer-mismatch").wrong.len(), 1);
    }

    #[test]
    fn issuers_of_others_and_of_other_environments_are_left_alone() {
        assert!(stage("https://accounts.google.com").judge("issuer-mismatch").is_nothing());
        assert!(stage("https://sso.example.com/realms/crm").judge("issuer-mismatch").is_nothing());
    }

    #[test]
    fn what_differs_in_writing_only_is_named() {
        let case = "https://SSO.example.com/realms/shop";
        assert_eq!(
            difference(case, "https://sso.example.com/realms/shop"),
            "its letters are of another case"
        );
        let port = "https://sso.example.com:443/realms/shop";
        assert!(difference(port, "https://sso.example.com/realms/shop").contains("own port"));
    }

    #[test]
    fn a_slash_is_wrong_without_any_realm() {
        let env = [("OIDC_ISSUER", "https://sso.example.com/realms/shop/"), ("OIDC_CLIENT_ID", "web")];
        let said = Stage::new().service("web.yaml", &service_yaml("web", &env)).judge("issuer-mismatch");
        assert_eq!(said.wrong.len(), 1, "{:?}", said.wrong);
        assert!(said.wrong[0].contains("no issuer of Keycloak has a slash at the end"), "{:?}", said.wrong);
    }

    #[test]
    fn the_fix_keeps_the_form_that_the_setting_has() {
        let fixes = |env: &[(&str, &str)]| {
            let stage = Stage::new().realm("shop.json", REALM).service("web.yaml", &service_yaml("web", env));
            stage.fixes("issuer-mismatch")
        };
        assert_eq!(
            fixes(&[("OIDC_ISSUER", "https://auth.example.com/realms/shop"), ("OIDC_CLIENT_ID", "web")]),
            [
                "review switch web.yaml: env OIDC_ISSUER https://auth.example.com/realms/shop → https://sso.example.com/realms/shop"
            ]
        );
        assert_eq!(
            fixes(&[
                ("KEYCLOAK_URL", "https://auth.example.com/auth/"),
                ("KEYCLOAK_REALM", "shop"),
                ("KEYCLOAK_CLIENT_ID", "web")
            ]),
            [
                "review switch web.yaml: env KEYCLOAK_URL https://auth.example.com/auth/ → https://sso.example.com/"
            ]
        );
    }

    #[test]
    fn the_fix_of_an_argument_changes_the_whole_word() {
        let service = service_yaml_with("web", "quay.io/oauth2-proxy/oauth2-proxy:v7", &[]).replace(
            "        env:\n",
            "        args: ['--oidc-issuer-url=https://sso.example.com/realms/shop/', '--client-id=web']\n",
        );
        let stage = Stage::new().realm("shop.json", REALM).service("web.yaml", &service);
        assert_eq!(
            stage.fixes("issuer-mismatch"),
            [
                "review switch web.yaml: spec.template.spec.containers[0].args[0] --oidc-issuer-url=https://sso.example.com/realms/shop/ → --oidc-issuer-url=https://sso.example.com/realms/shop"
            ]
        );
    }
}
