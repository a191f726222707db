//! `redirect-uri-dead`: an entry that no request can match.

use super::with_entries::{self, Entry, Holds};
use crate::finding::{Case, Severity, Verdict};
use crate::fix::{Fix, Safety, offer};
use crate::keycloak::entry::{DeadReason, EntryFacts, Reach};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "redirect-uri-dead",
    severity: Severity::Warning,
    title: "A redirect URI entry that no request can match",
    why: "Keycloak knows one wildcard: a single star at the very end of an entry without `?` and `#`. Everywhere else a star is an \
          ordinary character, so `https://*.run.app/*` matches no host. Entries that Java cannot parse, entries with a fragment and \
          relative entries without a leading slash match nothing either.\n\n\
          The admin console saves such entries without a word; logins that were meant to be covered by them end with \
          \"Invalid parameter: redirect_uri\".",
    remedy: "Write what the entry was meant to say, or remove it.",
    references: &[
        "https://www.keycloak.org/docs/latest/server_admin/#_unspecific-redirect-uris",
        "https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/net/URI.html",
    ],
    needs: &[Fact::Clients],
    check: Check::Client(check),
};

fn check(id: ClientId, scene: &Scene<'_>) -> Vec<Verdict> {
    with_entries::odd_entries(id, scene).iter().filter_map(|entry| judge(id, entry, scene)).collect()
}

fn reason(facts: &EntryFacts) -> Option<&DeadReason> {
    match &facts.reach {
        Reach::Nothing(reason) => Some(reason),
        _ => None,
    }
}

fn judge(id: ClientId, entry: &Entry<'_>, scene: &Scene<'_>) -> Option<Verdict> {
    // A schemeless or dangerous entry is named by the rule about dangers, where it is one.
    if !entry.newest().dangers.is_empty() && reason(entry.newest()).is_none() {
        return None;
    }
    // Where the entry makes some server answer 500, the rule about that speaks.
    if entry.facts.iter().any(|(_, facts)| matches!(facts.reach, Reach::BreaksLogin(_))) {
        return None;
    }
    let (version, why) =
        entry.facts.iter().rev().find_map(|(version, facts)| Some((*version, reason(facts)?)))?;
    let when = match entry.holds(|facts| reason(facts).is_some()) {
        Holds::Nowhere => return None,
        Holds::Everywhere => String::new(),
        Holds::Sometimes(_) => format!(" on {}", with_entries::servers_like(version)),
    };
    Some(Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} has the {}, which no request can match{when}: {}.",
            capitalized(&scene.name_client(id)),
            entry.name(),
            why.describe(entry.text)
        ),
        remedy: None,
        evidence: vec![entry.evidence(id, scene, "the entry that matches nothing")],
        value: Some(entry.text.to_owned()),
        fix: Some(Box::new(fix(id, entry, when.is_empty(), scene))),
    }))
}

/// What no server accepts can go; where only servers of some versions do, the server's own may be another.
fn fix(id: ClientId, entry: &Entry<'_>, everywhere: bool, scene: &Scene<'_>) -> Fix {
    let safety = if everywhere { Safety::Safe } else { Safety::Review };
    let title = format!("Remove the {} of {}", entry.name(), scene.name_client(id));
    Fix::of(title, safety, vec![offer::remove(scene, id, entry.list.field(), entry.text)])
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage};

    fn judge(uri: &str) -> Said {
        let uri = serde_json::to_string(uri).unwrap_or_default();
        Stage::new()
            .realm(
                "shop.json",
                &format!(
                    r#"{{"realm": "shop", "clients": [{{"clientId": "web", "redirectUris": [{uri}]}}]}}"#
                ),
            )
            .version("26.7.3")
            .judge("redirect-uri-dead")
    }

    #[test]
    fn a_star_in_a_host_label_matches_no_host() {
        let said = judge("https://*.a.run.app/*");
        assert_eq!(
            said.wrong,
            [
                "warning client web of realm shop: Client `web` of realm `shop` has the redirect URI `https://*.a.run.app/*`, which no request can match: a star inside of a host is an ordinary character to Keycloak; only a star at the very end is a wildcard, so each host needs an entry of its own."
            ]
        );
        assert_eq!(
            said.places,
            ["shop.json clients[0].redirectUris[0] = https://*.a.run.app/* (the entry that matches nothing)"]
        );
    }

    #[test]
    fn each_kind_of_dead_entry_is_named() {
        for uri in [
            "https://shop.example.com/*/cb",
            "https://shop.example.com/cb?x=*",
            "https://shop.example.com/#/*",
            "https://shop.example.com/a b",
            "https://shop.example.com/{tenant}/cb",
            "https://shop.example.com/cb#here",
            "shop.example.com/*",
        ] {
            assert_eq!(judge(uri).values, [uri]);
        }
    }

    #[test]
    fn living_entries_are_left_alone() {
        for uri in [
            "/*",
            "/cb",
            "https://shop.example.com/cb*",
            "https://shop.example.com/cb?a=1",
            "myapp://cb",
            "http://localhost",
            "*",
        ] {
            assert!(judge(uri).is_nothing(), "{uri}");
        }
    }

    #[test]
    fn the_fix_removes_it_from_its_list() {
        let stage = Stage::new().realm(
            "shop.json",
            r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"}, "clients": [{"clientId": "web", "redirectUris": ["https://*.a.run.app/*", "https://shop.example.com/cb"],
                "attributes": {"post.logout.redirect.uris": "+##https://*.example.com/bye"}}]}"#,
        );
        assert_eq!(
            stage.version("26.7.3").fixes("redirect-uri-dead"),
            [
                "safe contract shop.json: attributes[\"post.logout.redirect.uris\"] -https://*.example.com/bye, redirectUris -https://*.a.run.app/*"
            ]
        );
    }
}
