//! `issuer-unstable`: the issuer of a realm follows the host by which Keycloak is called.

use std::collections::BTreeSet;

use super::with_keycloak::{Server, server, undecided, wrong};
use crate::finding::{Evidence, Severity, Subject, Verdict};
use crate::keycloak::server::Discovery;
use crate::keycloak::server_issuer::{ServerIssuer, server_issuer};
use crate::known::Known;
use crate::link::hosts::host_in;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::scene::issuer::issuers_answered;
use crate::snapshot::{Fact, RealmId, ServiceId};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "issuer-unstable",
    severity: Severity::Error,
    title: "The issuer of a realm follows the host by which Keycloak is called",
    why: "Without a fixed hostname Keycloak takes the issuer from each request: every Cloud Run service has two run.app URLs and may have domains and tags \
          besides, and each gives an issuer of its own. A token that was fetched through one URL is refused by every service that compares with another.\n\n\
          With `proxy-headers` the issuer follows `X-Forwarded-Host` as well, so that whoever sends that header chooses the host in links and issuers.\n\n\
          A realm's `frontendUrl` fixes the issuer of that realm.",
    remedy: "Set `KC_HOSTNAME` to the full URL by which browsers reach Keycloak, such as `https://sso.example.com`.",
    references: &[
        "https://www.keycloak.org/server/hostname",
        "https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation",
        "https://github.com/keycloak/keycloak/issues/49967",
    ],
    needs: &[Fact::Discovery],
    check: Check::Scene(check),
};

fn check(scene: &Scene<'_>) -> Vec<(Subject, Verdict)> {
    let realms =
        scene.snapshot.realms().filter_map(|(id, _)| Some((scene.subject_of_realm(id), judge(id, scene)?)));
    let served: BTreeSet<ServiceId> =
        scene.snapshot.realms().flat_map(|(id, _)| scene.server(id).keycloaks.clone()).collect();
    // Of a Keycloak whose realms were not read, its settings alone decide.
    let alone = scene.snapshot.services().filter(|(id, _)| !served.contains(id)).filter_map(|(id, _)| {
        let server = server(id, scene)?;
        Some((scene.subject_of_service(id), by_server(None, id, &server, scene)?))
    });
    realms.chain(alone).collect()
}

fn judge(id: RealmId, scene: &Scene<'_>) -> Option<Verdict> {
    let answers = issuers_answered(scene.snapshot, id);
    let answered: BTreeSet<&str> = answers.iter().map(|(_, issuer)| *issuer).collect();
    if answered.len() > 1 {
        return Some(by_answers(id, &answers, scene));
    }
    let asked: BTreeSet<Option<String>> = answers.iter().map(|(found, _)| host_in(&found.asked)).collect();
    // The same answer through several hosts is as fixed as can be seen from outside.
    if asked.len() > 1 {
        return None;
    }
    // Without its Keycloak's settings nothing about the realm tells; the rule about mismatches speaks where an issuer is expected.
    let keycloaks = &scene.server(id).keycloaks;
    if keycloaks.is_empty() {
        return None;
    }
    let realm = scene.realm(id);
    if let Some(frontend) = &realm.frontend_url {
        match frontend {
            Known::Value(url) if is_fixed_by(url) => return None,
            Known::Value(_) => {}
            unknown => {
                let why = unknown.why_unknown().unwrap_or("it is a secret");
                let at = realm.at.keys(["attributes", "frontendUrl"]);
                let evidence = vec![Evidence::keycloak(at, None, "fixes the issuer when it is a URL")];
                let reason = format!(
                    "Whether the issuer of {} is fixed is not known, because its `frontendUrl` is not: {why}.",
                    scene.name_realm(id)
                );
                return Some(undecided(reason, "Check what is really deployed.", evidence));
            }
        }
    }
    match keycloaks.as_slice() {
        [keycloak] => by_server(Some(id), *keycloak, &server(*keycloak, scene)?, scene),
        several => by_several(id, several, scene),
    }
}

/// The server answered different issuers through different URLs.
fn by_answers(id: RealmId, answers: &[(&Discovery, &str)], scene: &Scene<'_>) -> Verdict {
    let told: Vec<String> =
        answers.iter().map(|(found, issuer)| format!("`{issuer}` at {}", found.asked)).collect();
    let message = format!(
        "{} issues tokens under the host of each request: its server answered {}. Tokens of one are refused where another is expected.",
        capitalized(&scene.name_realm(id)),
        told.join(" and ")
    );
    let evidence = answers
        .iter()
        .map(|(found, issuer)| {
            let label = format!("answered at {}", found.asked);
            Evidence::keycloak(found.at.key("issuer"), Some((*issuer).to_owned()), label)
        })
        .chain([scene.realm_itself(id, "the realm whose issuer varies")])
        .collect();
    wrong(message, None, evidence, "hostname")
}

/// Of several services that may hold the realm, one with a visible hostname is enough to keep still: it is as likely the one.
fn by_several(id: RealmId, keycloaks: &[ServiceId], scene: &Scene<'_>) -> Option<Verdict> {
    let mut evidence = Vec::new();
    let mut follow = true;
    let mut names = Vec::new();
    for keycloak in keycloaks {
        let server = server(*keycloak, scene)?;
        let version = *server.versions.last()?;
        match server_issuer(&server.options, scene.realm_name(id), &hosts(*keycloak, scene), version) {
            ServerIssuer::Fixed { .. } => return None,
            ServerIssuer::Undecided { candidates, .. } if !candidates.is_empty() => return None,
            ServerIssuer::DoesNotStart { .. } => continue,
            ServerIssuer::FollowsHost { .. } => {}
            ServerIssuer::Undecided { .. } => follow = false,
        }
        names.push(scene.name_service(*keycloak));
        let shown = server.evidence_of(&["hostname", "hostname-strict"], "leaves the issuer to the request");
        if shown.is_empty() {
            evidence.push(server.absence("no hostname here"));
        }
        evidence.extend(shown);
    }
    if names.is_empty() {
        return None;
    }
    evidence.push(scene.realm_itself(id, "the realm whose issuer varies"));
    let realm = scene.name_realm(id);
    let (either, names) = (if names.len() == 2 { "neither" } else { "none of them" }, listed(&names));
    Some(if follow {
        let message = format!(
            "{} issues tokens under the host of each request, whether {names} holds it: {either} fixes a hostname. Every URL of the service gives an issuer of its own; tokens of one are refused where another is expected.",
            capitalized(&realm)
        );
        wrong(message, None, evidence, "hostname")
    } else {
        let reason = format!(
            "Whether the issuer of {realm} is fixed is not known: {names} may hold it, {either} sets a `hostname` that can be seen, and images may set it themselves, whose Dockerfiles and start scripts were not read."
        );
        undecided(reason, RULE.remedy, evidence)
    })
}

/// "a or b", "a, b or c".
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [before @ .., last] => format!("{} or {last}", before.join(", ")),
    }
}

fn hosts(keycloak: ServiceId, scene: &Scene<'_>) -> Vec<String> {
    let mut hosts: Vec<String> = scene.urls(keycloak).iter().filter_map(|url| host_in(&url.url)).collect();
    hosts.dedup();
    hosts
}

fn is_fixed_by(frontend_url: &str) -> bool {
    crate::keycloak::base_uri::is_http_url(frontend_url)
}

fn by_server(
    id: Option<RealmId>,
    keycloak: ServiceId,
    server: &Server,
    scene: &Scene<'_>,
) -> Option<Verdict> {
    let version = *server.versions.last()?;
    let name = id.and_then(|id| scene.realm(id).name.text()).unwrap_or("REALM");
    let realm = id
        .map_or_else(|| format!("each realm of {}", scene.name_service(keycloak)), |id| scene.name_realm(id));
    match server_issuer(&server.options, name, &hosts(keycloak, scene), version) {
        // That a server does not start, `keycloak-will-not-start` says.
        ServerIssuer::Fixed { .. } | ServerIssuer::DoesNotStart { .. } => None,
        ServerIssuer::FollowsHost { reason, issuers, evidence } => {
            let mut issuers: Vec<String> =
                issuers.into_iter().map(|(_, issuer)| format!("`{issuer}`")).collect();
            issuers.dedup();
            let known = match issuers.as_slice() {
                [] => String::new(),
                [only] => format!(" (among them {only})"),
                several => format!(": {}", several.join(", ")),
            };
            let spoofed = match server.options.get("proxy-headers").and_then(|setting| setting.value.text()) {
                Some("xforwarded") => " and of the header `X-Forwarded-Host`",
                Some("forwarded") => " and of the header `Forwarded`",
                _ => "",
            };
            let message = format!(
                "{} issues tokens under the host of each request{spoofed}, because on service `{}` {reason}. Every URL of the service gives an issuer of its own{known}; tokens of one are refused where another is expected.",
                capitalized(&realm),
                scene.service(keycloak).display_name(),
            );
            let mut evidence: Vec<Evidence> = evidence
                .into_iter()
                .map(|evidence| Evidence { label: "leaves the issuer to the request".to_owned(), ..evidence })
                .collect();
            if evidence.is_empty() {
                evidence.push(server.absence("no hostname here"));
            }
            evidence.extend(id.map(|id| scene.realm_itself(id, "the realm whose issuer varies")));
            Some(wrong(message, None, evidence, "hostname"))
        }
        ServerIssuer::Undecided { why, candidates, mut evidence } => {
            // Which of several fixed issuers it is, is another rule's question; here it matters only that none follows the host.
            if !candidates.is_empty() {
                return None;
            }
            if evidence.is_empty() {
                evidence.push(server.absence("does not tell the hostname"));
            }
            let reason = format!(
                "Whether the issuer of {realm} is fixed is not known: of service `{}`, {why}.",
                scene.service(keycloak).display_name()
            );
            Some(undecided(reason, RULE.remedy, evidence))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::with_keycloak::testing::{OWN_IMAGE, keycloak_yaml};
    use crate::testing::{Said, Stage};

    const SHOP: &str = r#"{"realm": "shop", "clients": [{"clientId": "web", "redirectUris": ["https://web.example.com/*"]}]}"#;

    fn judge_realm(realm: &str, image: &str, arguments: &[&str], env: &[(&str, &str)]) -> Said {
        Stage::new()
            .realm("shop.json", realm)
            .service("keycloak.yaml", &keycloak_yaml(image, arguments, env))
            .judge("issuer-unstable")
    }

    fn judge(image: &str, arguments: &[&str], env: &[(&str, &str)]) -> Said {
        judge_realm(SHOP, image, arguments, env)
    }

    #[test]
    fn no_hostname_with_strict_off_follows_the_host() {
        let env = [("KC_HOSTNAME", ""), ("KC_HOSTNAME_STRICT", "false"), ("KC_PROXY_HEADERS", "xforwarded")];
        let said = judge(OWN_IMAGE, &[], &env);
        assert_eq!(
            said.wrong,
            [
                "error realm shop: Realm `shop` issues tokens under the host of each request and of the header `X-Forwarded-Host`, because on service `keycloak` `hostname-strict` is false and no `hostname` is set. Every URL of the service gives an issuer of its own (among them `https://keycloak-123456789012.europe-west1.run.app/realms/shop`); tokens of one are refused where another is expected."
            ]
        );
        assert_eq!(
            said.places[0],
            "keycloak.yaml spec.template.spec.containers[0].env[0].value =  (leaves the issuer to the request)"
        );
        let by_argument = judge(OWN_IMAGE, &["start", "--hostname-strict=false"], &[]);
        assert_eq!(by_argument.wrong.len(), 1);
        assert_eq!(judge("quay.io/keycloak/keycloak:26.3", &["start-dev"], &[]).wrong.len(), 1);
    }

    #[test]
    fn a_hostname_fixes_it() {
        for hostname in ["https://sso.example.com", "sso.example.com"] {
            assert!(
                judge(
                    OWN_IMAGE,
                    &[],
                    &[("KC_HOSTNAME", hostname), ("KC_HOSTNAME_STRICT", "false"), ("KC_DB", "postgres")]
                )
                .is_nothing()
            );
        }
    }

    #[test]
    fn a_frontend_url_fixes_the_realm() {
        let realm = SHOP.replace(
            "\"clients\"",
            "\"attributes\": {\"frontendUrl\": \"https://sso.example.com\"}, \"clients\"",
        );
        assert!(judge_realm(&realm, OWN_IMAGE, &["start", "--hostname-strict=false"], &[]).is_nothing());
    }

    #[test]
    fn an_image_may_fix_it() {
        let said = judge(OWN_IMAGE, &[], &[("KC_DB", "postgres"), ("KC_PROXY_HEADERS", "xforwarded")]);
        assert!(said.wrong.is_empty());
        assert_eq!(
            said.undecided,
            [
                "realm shop: Whether the issuer of realm `shop` is fixed is not known: of service `keycloak`, no `hostname` is set; the image may set it itself, and its Dockerfile was not read."
            ]
        );
        let placeholder = judge(OWN_IMAGE, &[], &[("KC_HOSTNAME", "${HOST}"), ("KC_DB", "postgres")]);
        assert!(placeholder.undecided[0].contains("`hostname` is not known"));
    }

    #[test]
    fn of_several_keycloaks_one_with_a_hostname_is_enough() {
        let judge = |one: &[(&str, &str)], other: &[(&str, &str)]| {
            let other = keycloak_yaml(OWN_IMAGE, &[], other).replace("name: keycloak", "name: auth");
            Stage::new()
                .realm("shop.json", SHOP)
                .service("keycloak.yaml", &keycloak_yaml(OWN_IMAGE, &[], one))
                .service("auth.yaml", &other)
                .judge("issuer-unstable")
        };
        let silent = ("KC_DB", "postgres");
        let said = judge(&[silent, ("KEYCLOAK_START", "start-dev")], &[silent]);
        assert!(said.wrong.is_empty());
        assert_eq!(
            said.undecided,
            [
                "realm shop: Whether the issuer of realm `shop` is fixed is not known: service `keycloak` or service `auth` may hold it, neither sets a `hostname` that can be seen, and images may set it themselves, whose Dockerfiles and start scripts were not read."
            ]
        );
        let follows = ("KC_HOSTNAME_STRICT", "false");
        assert_eq!(judge(&[silent, follows], &[silent, follows]).wrong.len(), 1);
        assert!(judge(&[silent, ("KC_HOSTNAME", "sso.example.com")], &[silent, follows]).is_nothing());
    }

    #[test]
    fn a_realm_without_its_keycloak_is_left_alone() {
        assert!(Stage::new().realm("shop.json", SHOP).judge("issuer-unstable").is_nothing());
    }

    #[test]
    fn a_keycloak_whose_realms_were_not_read_is_judged_by_its_settings() {
        let env = [("KC_HOSTNAME_STRICT", "false")];
        let said = Stage::new()
            .service("keycloak.yaml", &keycloak_yaml(OWN_IMAGE, &["start"], &env))
            .judge("issuer-unstable");
        assert_eq!(said.wrong.len(), 1, "{:?}", said.wrong);
        assert!(said.wrong[0].contains("Each realm of service `keycloak` issues tokens"), "{:?}", said.wrong);
    }
}
