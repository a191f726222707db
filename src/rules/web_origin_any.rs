//! `web-origin-any`: a list of web origins that means every site.

use super::with_entries::{self, List};
use super::with_origins::{serves_pages, worst_need};
use crate::finding::{Case, Severity, Verdict};
use crate::keycloak::model::ClientField;
use crate::rules::redirect_uri_any::is_any;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "web-origin-any",
    severity: Severity::Warning,
    title: "A client's web origins mean every site",
    why: "With the web origin `*` Keycloak names the origin of whatever page asks in `Access-Control-Allow-Origin` and allows credentials: a page of \
          any site may use the client's codes and refresh tokens from its visitors' browsers and read what comes of it. `null` is sent by \
          sandboxed frames, which every site can make.\n\n\
          `+` stands for the origins of the redirect URIs, each as it is written. Of the redirect URI `*` it makes no origin at all, and of \
          `https://*` one that no browser sends: beside such an entry it allows fewer pages than its author had in mind.",
    remedy: "List the origins of the app, or `+` beside exact redirect URIs.",
    references: &[
        "https://www.keycloak.org/securing-apps/javascript-adapter",
        "https://www.keycloak.org/docs/latest/server_admin/#_oidc_clients",
        "https://github.com/keycloak/keycloak/issues/44069",
        "https://fetch.spec.whatwg.org/#http-cors-protocol",
    ],
    needs: &[Fact::Clients],
    check: Check::Client(check),
};

fn check(id: ClientId, scene: &Scene<'_>) -> Vec<Verdict> {
    let client = scene.client(id);
    if !serves_pages(client) {
        return Vec::new();
    }
    let stated = client.web_origins.as_deref().unwrap_or_default();
    let place = |wanted: &str| stated.iter().position(|entry| entry.text() == Some(wanted));
    if let Some(index) = place("*") {
        return vec![open(
            id,
            index,
            "*",
            "Keycloak lets the pages of every site use it and read the answers",
            "the entry that allows every site",
            scene,
        )];
    }
    let null = place("null").map(|index| {
        open(
            id,
            index,
            "null",
            "which every site can send from a sandboxed frame, so that Keycloak lets the pages of every site use it and read the answers",
            "the entry that sandboxed frames of every site send",
            scene,
        )
    });
    null.into_iter().chain(place("+").and_then(|index| by_redirects(id, index, scene))).collect()
}

fn open(id: ClientId, index: usize, entry: &str, effect: &str, label: &str, scene: &Scene<'_>) -> Verdict {
    let joined = if entry == "*" { ": " } else { ", " };
    Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} has the web origin `{entry}`{joined}{effect}.",
            capitalized(&scene.name_client(id))
        ),
        remedy: None,
        evidence: vec![scene.client_entry(id, ClientField::WebOrigins, index, label)],
        value: Some(entry.to_owned()),
        fix: None,
    })
}

/// `+` beside a redirect URI that accepts every host: said of public clients, whose tokens pages fetch.
fn by_redirects(id: ClientId, index: usize, scene: &Scene<'_>) -> Option<Verdict> {
    if !scene.client(id).public_client.is_on() {
        return None;
    }
    let entries = with_entries::odd_entries(id, scene);
    let wide = entries.iter().find(|entry| entry.list == List::Redirect && is_any(entry))?;
    let made = if wide.text == "*" {
        "no origin".to_owned()
    } else {
        format!("the origin `{}`, which no browser sends", wide.text.trim_end_matches('/'))
    };
    let need = worst_need(id, scene, |_| true);
    let effect = match &need {
        Some((_, what)) => format!("pages on hosts that no other redirect URI names are not allowed: {what}"),
        None => {
            "pages on hosts that no other redirect URI names are not allowed, though logins on them begin"
                .to_owned()
        }
    };
    Some(Verdict::Wrong(Case {
        severity: need.map(|(severity, _)| severity.max(Severity::Warning)),
        message: format!(
            "{} has the web origin `+` beside the redirect URI `{}`, which accepts every host. Of it `+` makes {made}, not `*`: {effect}.",
            capitalized(&scene.name_client(id)),
            wide.text,
        ),
        remedy: Some(
            "Replace the redirect URI with the exact ones of the app; `+` then stands for their origins."
                .to_owned(),
        ),
        evidence: vec![
            scene.client_entry(
                id,
                ClientField::WebOrigins,
                index,
                "stands for the origins of the redirect URIs",
            ),
            wide.evidence(id, scene, "the redirect URI that has no origin"),
        ],
        value: Some("+".to_owned()),
        fix: None,
    }))
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
            .judge("web-origin-any")
    }

    #[test]
    fn a_star_is_every_site() {
        let said = judge(r#""redirectUris": ["https://shop.example.com/*"], "webOrigins": ["+", "*"]"#);
        assert_eq!(
            said.wrong,
            [
                "warning client web of realm shop: Client `web` of realm `shop` has the web origin `*`: Keycloak lets the pages of every site use it and read the answers."
            ]
        );
        assert_eq!(
            said.places,
            ["shop.json clients[0].webOrigins[1] = * (the entry that allows every site)"]
        );
    }

    #[test]
    fn null_is_sent_by_frames_of_every_site() {
        let said = judge(r#""webOrigins": ["null", "https://shop.example.com"]"#);
        assert_eq!(said.values, ["null"]);
    }

    #[test]
    fn a_plus_beside_a_star_is_not_a_star() {
        let said = judge(r#""publicClient": true, "redirectUris": ["*"], "webOrigins": ["+"]"#);
        assert_eq!(
            said.wrong,
            [
                "warning client web of realm shop: Client `web` of realm `shop` has the web origin `+` beside the redirect URI `*`, which accepts every host. Of it `+` makes no origin, not `*`: pages on hosts that no other redirect URI names are not allowed, though logins on them begin."
            ]
        );
        let said = judge(r#""publicClient": true, "redirectUris": ["https://*"], "webOrigins": ["+"]"#);
        assert!(said.wrong[0].contains("makes the origin `https://*`, which no browser sends"), "{said:?}");
        // On the server nothing needs it.
        assert!(judge(r#""redirectUris": ["*"], "webOrigins": ["+"]"#).is_nothing());
    }

    #[test]
    fn exact_lists_and_clients_without_pages_are_fine() {
        assert!(
            judge(
                r#""redirectUris": ["https://shop.example.com/*"], "webOrigins": ["+", "https://a.example"]"#
            )
            .is_nothing()
        );
        assert!(judge(r#""redirectUris": ["*"]"#).is_nothing());
        assert!(judge(r#""standardFlowEnabled": false, "webOrigins": ["*"]"#).is_nothing());
    }
}
