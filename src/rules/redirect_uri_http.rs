//! `redirect-uri-http`: codes travel unencrypted.

use super::with_entries::{self, Entry, List};
use crate::cloud_run::urls::is_loopback;
use crate::finding::{Case, Severity, Verdict};
use crate::fix::{Datum, Fix, Phase, Safety, offer};
use crate::keycloak::entry::Reach;
use crate::keycloak::model::ClientField;
use crate::link::hosts::host_in;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "redirect-uri-http",
    severity: Severity::Warning,
    title: "A redirect URI with http on a host of the network",
    why: "The browser carries the authorization code to an http address unencrypted, and everybody on the way can read it.\n\n\
          On a run.app host http means something else as well: Cloud Run answers there with https alone, and an app that asks for an http \
          redirect URI does not trust the header `X-Forwarded-Proto` that tells it so. Registering the http form hides the fault; the \
          browser is redirected to https afterwards, and the login may fail for its cookies.",
    remedy: "Register the https form, and let the app trust `X-Forwarded-Proto` so that it asks for it.",
    references: &[
        "https://datatracker.ietf.org/doc/html/rfc9700#section-2.6",
        "https://cloud.google.com/run/docs/container-contract#tls",
    ],
    needs: &[Fact::Clients],
    check: Check::Client(check),
};

fn check(id: ClientId, scene: &Scene<'_>) -> Vec<Verdict> {
    with_entries::odd_entries(id, scene).iter().filter_map(|entry| judge(id, entry, scene)).collect()
}

fn judge(id: ClientId, entry: &Entry<'_>, scene: &Scene<'_>) -> Option<Verdict> {
    let facts = entry.newest();
    if matches!(facts.reach, Reach::Anything | Reach::AnyHost | Reach::Nothing(_) | Reach::BreaksLogin(_)) {
        return None;
    }
    let resolved = facts.resolved.as_str();
    let is_http = resolved.get(..7).is_some_and(|front| front.eq_ignore_ascii_case("http://"));
    let host = host_in(resolved).filter(|_| is_http)?;
    if is_loopback(&host) {
        return None;
    }
    let what = match entry.list {
        _ if host.ends_with(".run.app") => {
            "but Cloud Run answers with https alone: the app asks for http because it does not trust `X-Forwarded-Proto`"
        }
        List::Redirect => "so that authorization codes travel unencrypted",
        List::PostLogout => "so that people land on an unencrypted page after logout",
    };
    let secure = format!("https{}", &resolved[4..]);
    let relative = entry.text.starts_with('/');
    let message = if relative {
        format!(
            "{} has the {}, which `rootUrl` makes `{resolved}`, {what}.",
            capitalized(&scene.name_client(id)),
            entry.name()
        )
    } else {
        format!("{} has the {} with http, {what}.", capitalized(&scene.name_client(id)), entry.name())
    };
    Some(Verdict::Wrong(Case {
        severity: None,
        message,
        remedy: Some(if relative {
            "Write `rootUrl` with https.".to_owned()
        } else {
            format!(
                "Register `{secure}` instead, and let the app trust `X-Forwarded-Proto` so that it asks for it."
            )
        }),
        evidence: vec![entry.evidence(id, scene, "the entry with http")],
        value: Some(entry.text.to_owned()),
        fix: fix(id, entry, &host, &secure, scene).map(Box::new),
    }))
}

fn fix(id: ClientId, entry: &Entry<'_>, host: &str, secure: &str, scene: &Scene<'_>) -> Option<Fix> {
    let client = scene.name_client(id);
    let risk = "An app that still asks for the http form is refused from then on.";
    // The app does ask for http: without the entry its logins would end at once.
    if host.ends_with(".run.app") {
        let steps = vec![
            "Let the app trust the header `X-Forwarded-Proto`, so that it asks for https.".to_owned(),
            format!("Add `{secure}` to the {}s of {client}.", entry.list.noun()),
            format!("Remove `{}` from them once the app asks for https.", entry.text),
        ];
        return Some(Fix::by_hand(format!("Move the {} of {client} to https", entry.name()), steps));
    }
    if entry.text.starts_with('/') {
        let root_url = scene.client(id).root_url.as_ref().and_then(|url| url.text())?;
        let right = format!(
            "https{}",
            root_url.get(..7).filter(|front| front.eq_ignore_ascii_case("http://")).map(|_| &root_url[4..])?
        );
        let change = offer::set(scene, id, ClientField::RootUrl, Datum::text(&right), Phase::Expand)?;
        let title = format!("Set `rootUrl` of {client} to `{right}`");
        return Some(Fix::of(title, Safety::Review, vec![change]).with_risk(risk));
    }
    let title = format!("Write `{secure}` for the {} of {client}", entry.name());
    let changes = offer::replace(scene, id, entry.list.field(), entry.text, secure);
    Some(Fix::of(title, Safety::Review, changes).with_risk(risk))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage};

    fn judge(client: &str) -> Said {
        Stage::new()
            .realm(
                "shop.json",
                &format!(r#"{{"realm": "shop", "clients": [{{"clientId": "web", {client}}}]}}"#),
            )
            .judge("redirect-uri-http")
    }

    #[test]
    fn http_on_the_network_is_said_and_run_app_has_its_own_reason() {
        let said = judge(
            r#""redirectUris": ["http://shop.example.com/cb", "http://shop-123456789012.europe-west1.run.app/*"],
               "attributes": {"post.logout.redirect.uris": "http://shop.example.com/bye"}"#,
        );
        assert_eq!(
            said.wrong,
            [
                "warning client web of realm shop: Client `web` of realm `shop` has the post-logout redirect URI `http://shop.example.com/bye` with http, so that people land on an unencrypted page after logout.",
                "warning client web of realm shop: Client `web` of realm `shop` has the redirect URI `http://shop.example.com/cb` with http, so that authorization codes travel unencrypted.",
                "warning client web of realm shop: Client `web` of realm `shop` has the redirect URI `http://shop-123456789012.europe-west1.run.app/*` with http, but Cloud Run answers with https alone: the app asks for http because it does not trust `X-Forwarded-Proto`.",
            ]
        );
    }

    #[test]
    fn loopback_https_and_custom_schemes_are_fine() {
        assert!(judge(r#""redirectUris": ["http://localhost:3000/*", "http://127.0.0.1/cb", "http://[::1]/cb", "https://shop.example.com/*", "myapp://cb", "/cb"]"#).is_nothing());
    }

    #[test]
    fn a_root_url_with_http_is_found_through_a_relative_entry() {
        let said = judge(r#""rootUrl": "http://shop.example.com", "redirectUris": ["/cb"]"#);
        assert_eq!(
            said.wrong,
            [
                "warning client web of realm shop: Client `web` of realm `shop` has the redirect URI `/cb`, which `rootUrl` makes `http://shop.example.com/cb`, so that authorization codes travel unencrypted."
            ]
        );
    }

    #[test]
    fn the_fix_moves_to_https_where_the_app_is_not_the_cause() {
        let stage = Stage::new().realm(
            "shop.json",
            r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"}, "clients": [{"clientId": "web", "redirectUris": ["http://shop.example.com/cb", "http://shop-123456789012.europe-west1.run.app/*"]}]}"#,
        );
        assert_eq!(
            stage.fixes("redirect-uri-http"),
            [
                "review expand shop.json: redirectUris +https://shop.example.com/cb, redirectUris -http://shop.example.com/cb",
                "by hand Move the redirect URI `http://shop-123456789012.europe-west1.run.app/*` of client `web` of realm `shop` to https",
            ]
        );
        let relative = Stage::new().realm(
            "shop.json",
            r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"}, "clients": [{"clientId": "web", "rootUrl": "http://shop.example.com", "redirectUris": ["/cb"]}]}"#,
        );
        assert_eq!(
            relative.fixes("redirect-uri-http"),
            ["review expand shop.json: rootUrl http://shop.example.com → https://shop.example.com"]
        );
    }
}
