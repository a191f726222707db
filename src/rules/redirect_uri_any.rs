//! `redirect-uri-any`: an entry that accepts every host.

use super::with_entries::{self, Entry, List};
use crate::finding::{Case, Severity, Verdict};
use crate::keycloak::entry::Reach;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "redirect-uri-any",
    severity: Severity::Error,
    title: "A redirect URI entry accepts every host",
    why: "With `*`, `http://*` or `https://*` anybody can send a person to your login page with a redirect URI of their own and receives \
          the authorization code, and with it, from a public client, the person's tokens.\n\n\
          `*` accepts every http and https URL and every relative one; it never lets a custom scheme in.",
    remedy: "Replace the entry with the exact redirect URIs of the app.",
    references: &[
        "https://datatracker.ietf.org/doc/html/rfc9700#section-2.1",
        "https://www.keycloak.org/docs/latest/server_admin/#_unspecific-redirect-uris",
    ],
    needs: &[Fact::Clients],
    check: Check::Client(check),
};

fn check(id: ClientId, scene: &Scene<'_>) -> Vec<Verdict> {
    let entries = with_entries::odd_entries(id, scene);
    let wide = entries.iter().filter(|entry| is_any(entry));
    wide.map(|entry| judge(id, entry, scene)).collect()
}

/// Whether the entry is this rule's; other rules about wildcards leave it alone.
pub(super) fn is_any(entry: &Entry<'_>) -> bool {
    matches!(entry.newest().reach, Reach::Anything | Reach::AnyHost)
}

fn judge(id: ClientId, entry: &Entry<'_>, scene: &Scene<'_>) -> Verdict {
    let client = scene.client(id);
    let consequence = match entry.list {
        List::PostLogout => "any site can use the logout page to send people to itself, in your name",
        List::Redirect if client.public_client.is_on() => {
            "a stranger's link to your login page ends on the stranger's site with an authorization code, which this public client's id turns into the person's tokens"
        }
        List::Redirect => {
            "a stranger's link to your login page ends on the stranger's site with an authorization code"
        }
    };
    Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} has the {}, which accepts every host: {consequence}.",
            capitalized(&scene.name_client(id)),
            entry.name()
        ),
        remedy: None,
        evidence: vec![entry.evidence(id, scene, "the entry that accepts every host")],
        value: Some(entry.text.to_owned()),
        fix: None,
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::Stage;

    fn judge(client: &str) -> crate::testing::Said {
        Stage::new()
            .realm(
                "shop.json",
                &format!(r#"{{"realm": "shop", "clients": [{{"clientId": "web", {client}}}]}}"#),
            )
            .judge("redirect-uri-any")
    }

    #[test]
    fn every_form_is_found_in_both_lists() {
        let said = judge(
            r#""publicClient": true, "redirectUris": ["*", "http://*", "https://*"], "attributes": {"post.logout.redirect.uris": "https://*##+"}"#,
        );
        assert_eq!(said.values, ["https://*", "*", "http://*", "https://*"]);
        assert_eq!(
            said.wrong[1],
            "error client web of realm shop: Client `web` of realm `shop` has the redirect URI `*`, which accepts every host: a stranger's link to your login page ends on the stranger's site with an authorization code, which this public client's id turns into the person's tokens."
        );
        assert_eq!(
            said.places,
            [
                "shop.json clients[0].attributes[\"post.logout.redirect.uris\"] = https://* (the entry that accepts every host)",
                "shop.json clients[0].redirectUris[0] = * (the entry that accepts every host)",
                "shop.json clients[0].redirectUris[1] = http://* (the entry that accepts every host)",
                "shop.json clients[0].redirectUris[2] = https://* (the entry that accepts every host)",
            ]
        );
    }

    #[test]
    fn relative_wildcards_and_hosts_are_not_for_the_world() {
        assert!(
            judge(r#""redirectUris": ["/*", "https://shop.example.com/*", "https://shop*", "myapp:*"]"#)
                .is_nothing()
        );
    }

    #[test]
    fn a_client_without_browser_logins_is_left_alone() {
        assert!(judge(r#""standardFlowEnabled": false, "redirectUris": ["*"]"#).is_nothing());
        assert!(judge(r#""bearerOnly": true, "redirectUris": ["*"]"#).is_nothing());
    }
}
