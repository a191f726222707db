//! `root-url-trailing-slash`: relative entries get two slashes.

use super::with_entries::{self, takes_browsers};
use crate::finding::{Case, Severity, Verdict};
use crate::fix::{Datum, Fix, Phase, Safety, offer};
use crate::keycloak::model::ClientField;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact};

pub(crate) static RULE: Rule = Rule {
    id: "root-url-trailing-slash",
    severity: Severity::Warning,
    title: "A root URL ends in a slash and redirect URI entries begin with one",
    why: "Keycloak puts `rootUrl` and a relative entry together as they stand: `https://shop.example.com/` and `/cb` become \
          `https://shop.example.com//cb`, which no app asks for. The login ends with \"Invalid parameter: redirect_uri\".",
    remedy: "Remove the slash at the end of `rootUrl`.",
    references: &["https://www.keycloak.org/docs/latest/server_admin/#_oidc_clients"],
    needs: &[Fact::Clients],
    check: Check::Client(check),
};

fn check(id: ClientId, scene: &Scene<'_>) -> Vec<Verdict> {
    let client = scene.client(id);
    let Some(root_url) = client.root_url.as_ref().and_then(|url| url.text()) else { return Vec::new() };
    if !root_url.ends_with('/') || !takes_browsers(client) {
        return Vec::new();
    }
    let entries = with_entries::entries(id, scene);
    let Some(entry) = entries.iter().find(|entry| entry.text.starts_with('/')) else { return Vec::new() };
    vec![Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "`rootUrl` of {} ends in a slash, so that its {} becomes `{root_url}{}`, which no app asks for: the {} is refused.",
            scene.name_client(id),
            entry.name(),
            entry.text,
            entry.list.event()
        ),
        remedy: Some(format!("Set `rootUrl` to `{}`.", root_url.trim_end_matches('/'))),
        evidence: vec![
            scene.client_field(id, ClientField::RootUrl, "the root URL with a slash at its end"),
            entry.evidence(id, scene, "an entry that begins with a slash"),
        ],
        value: Some(root_url.to_owned()),
        fix: fix(id, root_url, scene).map(Box::new),
    })]
}

fn fix(id: ClientId, root_url: &str, scene: &Scene<'_>) -> Option<Fix> {
    let right = root_url.trim_end_matches('/');
    let change = offer::set(scene, id, ClientField::RootUrl, Datum::text(right), Phase::Expand)?;
    let title = format!("Set `rootUrl` of {} to `{right}`", scene.name_client(id));
    Some(Fix::of(title, Safety::Safe, vec![change]))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage};

    fn judge(root: &str, uri: &str) -> Said {
        Stage::new()
            .realm(
                "shop.json",
                &format!(
                    r#"{{"realm": "shop", "clients": [{{"clientId": "web", "rootUrl": "{root}", "redirectUris": ["https://x.example.com/*", "{uri}"]}}]}}"#
                ),
            )
            .judge("root-url-trailing-slash")
    }

    #[test]
    fn two_slashes_are_shown() {
        let said = judge("https://shop.example.com/", "/cb");
        assert_eq!(
            said.wrong,
            [
                "warning client web of realm shop: `rootUrl` of client `web` of realm `shop` ends in a slash, so that its redirect URI `/cb` becomes `https://shop.example.com//cb`, which no app asks for: the login is refused."
            ]
        );
        assert_eq!(
            said.places,
            [
                "shop.json clients[0].rootUrl = https://shop.example.com/ (the root URL with a slash at its end)",
                "shop.json clients[0].redirectUris[1] = /cb (an entry that begins with a slash)",
            ]
        );
    }

    #[test]
    fn one_slash_is_right() {
        assert!(judge("https://shop.example.com", "/cb").is_nothing());
        assert!(judge("https://shop.example.com/", "https://shop.example.com/cb").is_nothing());
    }

    #[test]
    fn the_fix_takes_the_slash_away() {
        let stage = Stage::new().realm(
            "shop.json",
            r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"}, "clients": [{"clientId": "web", "rootUrl": "https://shop.example.com/", "redirectUris": ["/cb"]}]}"#,
        );
        assert_eq!(
            stage.fixes("root-url-trailing-slash"),
            ["safe expand shop.json: rootUrl https://shop.example.com/ → https://shop.example.com"]
        );
    }
}
