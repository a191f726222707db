//! `redirect-uri-path-wildcard`: a whole host where the callback path is known. Off by default.

use super::with_callbacks::callbacks;
use super::with_entries::{self, List};
use crate::conventions::CallbackPurpose;
use crate::finding::{Case, Severity, Verdict};
use crate::fix::{Fix, Safety, offer};
use crate::keycloak::entry::Reach;
use crate::keycloak::model::ClientField;
use crate::link::Link;
use crate::link::hosts::host_in;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::Fact;
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "redirect-uri-path-wildcard",
    severity: Severity::Off,
    title: "A redirect URI entry covers a whole host although the callback path is known",
    why: "`https://shop.example.com/*` lets an attacker choose any page of the app to receive the authorization code: an open redirect or a \
          page that leaks its address is then enough to steal it.\n\n\
          It is common and works, so this rule speaks only when asked for.",
    remedy: "Register the exact redirect URI.",
    references: &[
        "https://datatracker.ietf.org/doc/html/rfc9700#section-4.1.3",
        "https://www.keycloak.org/docs/latest/server_admin/#_unspecific-redirect-uris",
    ],
    needs: &[Fact::Clients],
    check: Check::Link(check),
};

fn check(link: &Link, scene: &Scene<'_>) -> Vec<Verdict> {
    if !link.uses.login {
        return Vec::new();
    }
    let known = callbacks(link, scene, CallbackPurpose::Login);
    let on_host = |host: &str| -> Option<String> {
        let pinned = known.pinned.iter().flat_map(|pinned| &pinned.uris);
        let pinned = pinned.into_iter().find(|uri| host_in(uri).as_deref() == Some(host));
        if let Some(uri) = pinned {
            return Some(uri.clone());
        }
        let url = scene.urls(link.service).iter().find(|url| host_in(&url.url).as_deref() == Some(host))?;
        match known.paths.as_slice() {
            [only] => Some(format!("{}{only}", url.url)),
            _ => None,
        }
    };
    let mut verdicts = Vec::new();
    for entry in with_entries::entries(link.client, scene) {
        if entry.list != List::Redirect || entry.newest().reach != Reach::PathWildcard {
            continue;
        }
        let Some(exact) = host_in(&entry.newest().resolved).and_then(|host| on_host(&host)) else { continue };
        verdicts.push(Verdict::Wrong(Case {
            severity: None,
            message: format!(
                "{} has the {}, but {} uses one path of it: every page of the host may receive authorization codes.",
                capitalized(&scene.name_client(link.client)),
                entry.name(),
                scene.name_service(link.service)
            ),
            remedy: Some(format!("Register `{exact}` instead.")),
            evidence: vec![
                entry.evidence(link.client, scene, "the entry that covers the whole host"),
                scene.service_itself(link.service, "the service that uses one path of it"),
            ],
            value: Some(entry.text.to_owned()),
            fix: Some(Box::new(fix(link, entry.text, &exact, scene))),
        }));
    }
    verdicts
}

fn fix(link: &Link, wide: &str, exact: &str, scene: &Scene<'_>) -> Fix {
    let title = format!("Register `{exact}` instead of `{wide}` with {}", scene.name_client(link.client));
    let changes = offer::replace(scene, link.client, ClientField::RedirectUris, wide, exact);
    Fix::of(title, Safety::Review, changes)
        .with_risk("Logins that come back to another page of the host are refused from then on.")
}

#[cfg(test)]
mod tests {
    use crate::testing::{Stage, service_yaml, service_yaml_with};

    fn stage(uri: &str) -> Stage {
        let env = [
            ("OAUTH2_PROXY_OIDC_ISSUER_URL", "https://sso.example.com/realms/shop"),
            ("OAUTH2_PROXY_CLIENT_ID", "web"),
        ];
        Stage::new()
            .realm(
                "shop.json",
                &format!(
                    r#"{{"realm": "shop", "attributes": {{"frontendUrl": "https://sso.example.com"}}, "clients": [{{"clientId": "web", "redirectUris": ["{uri}"]}}]}}"#
                ),
            )
            .service("web.yaml", &service_yaml_with("web", "quay.io/oauth2-proxy/oauth2-proxy:v7.6.0", &env))
    }

    #[test]
    fn the_exact_uri_is_offered_when_asked_for() {
        let stage = stage("https://web-123456789012.europe-west1.run.app/*");
        let said = stage.judge("redirect-uri-path-wildcard");
        assert_eq!(said.values, ["https://web-123456789012.europe-west1.run.app/*"]);
        assert!(stage.audit().findings.iter().all(|finding| finding.rule != "redirect-uri-path-wildcard"));
    }

    #[test]
    fn an_exact_entry_and_other_hosts_are_fine() {
        for uri in
            ["https://web-123456789012.europe-west1.run.app/oauth2/callback", "https://shop.example.com/*"]
        {
            assert!(stage(uri).judge("redirect-uri-path-wildcard").is_nothing(), "{uri}");
        }
    }

    #[test]
    fn the_fix_names_the_one_page() {
        let stage = Stage::new().realm(
            "shop.json",
            r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"}, "clients": [{"clientId": "web", "redirectUris": ["https://web.example.com/*"]}]}"#,
        ).service(
            "web.yaml",
            &service_yaml(
                "web",
                &[("OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("OIDC_CLIENT_ID", "web"), ("OIDC_REDIRECT_URI", "https://web.example.com/callback")],
            ),
        );
        assert_eq!(
            stage.fixes("redirect-uri-path-wildcard"),
            [
                "review expand shop.json: redirectUris +https://web.example.com/callback, redirectUris -https://web.example.com/*"
            ]
        );
    }
}
