//! `redirect-uri-closed`: the only accepted URLs are ones that browsers cannot reach.

use super::with_callbacks::is_public;
use super::with_entries::{self, List};
use crate::cloud_run::model::{Ingress, ServiceUrl, UrlForm};
use crate::cloud_run::urls::is_loopback;
use crate::finding::{Case, Severity, Verdict};
use crate::keycloak::entry::Reach;
use crate::link::Link;
use crate::link::hosts::host_in;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::Fact;
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "redirect-uri-closed",
    severity: Severity::Error,
    title: "The only redirect URIs of a client are on URLs that browsers cannot reach",
    why: "After the login Keycloak sends the browser to a redirect URI that it accepts. When each of them is a run.app URL that is turned \
          off, or of a service whose ingress lets in only the project's network or its load balancer, the browser gets Google's error page \
          instead of the app.",
    remedy: "Register the URL by which people reach the app, its custom domain for instance, or open the run.app URL.",
    references: &[
        "https://cloud.google.com/run/docs/securing/ingress",
        "https://cloud.google.com/run/docs/triggering/https-request#disable-url",
    ],
    needs: &[Fact::Clients, Fact::Services],
    check: Check::Link(check),
};

fn check(link: &Link, scene: &Scene<'_>) -> Vec<Verdict> {
    if !link.uses.login {
        return Vec::new();
    }
    let service = scene.service(link.service);
    let is_off = service.default_url_disabled.is_on();
    let own: Vec<&ServiceUrl> = scene.urls(link.service).iter().chain(&service.disabled_urls).collect();
    let mut closed = None;
    for entry in with_entries::entries(link.client, scene) {
        if entry.list != List::Redirect
            || matches!(entry.newest().reach, Reach::Nothing(_) | Reach::BreaksLogin(_))
        {
            continue;
        }
        let Some(host) = host_in(&entry.newest().resolved) else { return Vec::new() };
        if is_loopback(&host) {
            continue;
        }
        let Some(url) = own.iter().find(|url| host_in(&url.url).as_deref() == Some(&host)) else {
            return Vec::new();
        };
        let is_reachable = url.form == UrlForm::Custom || (!is_off && is_public(url, link, scene));
        if is_reachable {
            return Vec::new();
        }
        closed = closed.or(Some(entry));
    }
    let has_unknown = scene.client(link.client).redirect_uris.iter().any(|entry| entry.text().is_none());
    let Some(entry) = closed.filter(|_| !has_unknown) else { return Vec::new() };
    let why = match service.ingress.value() {
        _ if is_off => "its run.app URLs are turned off",
        Some(Ingress::Internal) => "its ingress lets in the project's network only",
        Some(Ingress::InternalAndLoadBalancer) => {
            "its ingress lets in the project's network and load balancers only"
        }
        _ => "its ingress lets nobody in",
    };
    vec![Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} accepts only redirect URIs on run.app URLs of {}, such as `{}`, which browsers cannot reach: {why}. Every login ends on an error page of Google.",
            capitalized(&scene.name_client(link.client)),
            scene.name_service(link.service),
            entry.text
        ),
        remedy: None,
        evidence: vec![
            entry.evidence(link.client, scene, "an entry that browsers cannot reach"),
            scene.service_itself(link.service, format!("the service; {why}")),
        ],
        value: Some(entry.text.to_owned()),
        fix: None,
    })]
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml};

    fn judge(annotation: &str, uris: &str) -> Said {
        let env = [("OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("OIDC_CLIENT_ID", "web")];
        let yaml = service_yaml("web", &env)
            .replace("  labels:", &format!("  annotations:\n    {annotation}\n  labels:"));
        Stage::new()
            .realm(
                "shop.json",
                &format!(
                    r#"{{"realm": "shop", "attributes": {{"frontendUrl": "https://sso.example.com"}}, "clients": [{{"clientId": "web", "redirectUris": [{uris}]}}]}}"#
                ),
            )
            .service("web.yaml", &yaml)
            .judge("redirect-uri-closed")
    }

    const OWN: &str = r#""https://web-123456789012.europe-west1.run.app/cb""#;

    #[test]
    fn an_internal_service_cannot_take_browsers_back() {
        let said =
            judge("run.googleapis.com/ingress: internal", &format!(r#"{OWN}, "http://localhost:3000/cb""#));
        assert_eq!(
            said.wrong,
            [
                "error service web ↔ client web of realm shop: Client `web` of realm `shop` accepts only redirect URIs on run.app URLs of service `web`, such as `https://web-123456789012.europe-west1.run.app/cb`, which browsers cannot reach: its ingress lets in the project's network only. Every login ends on an error page of Google."
            ]
        );
    }

    #[test]
    fn turned_off_urls_cannot_either() {
        let said = judge("run.googleapis.com/default-url-disabled: 'true'", OWN);
        assert!(said.wrong[0].contains("its run.app URLs are turned off"), "{said:?}");
    }

    #[test]
    fn another_way_in_is_enough() {
        for uris in [format!(r#"{OWN}, "https://shop.example.com/cb""#), r#""*""#.to_owned(), String::new()] {
            assert!(judge("run.googleapis.com/ingress: internal", &uris).is_nothing(), "{uris}");
        }
        assert!(judge("run.googleapis.com/ingress: all", OWN).is_nothing());
    }
}
