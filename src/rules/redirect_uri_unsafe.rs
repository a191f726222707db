//! `redirect-uri-unsafe`: an entry that is dangerous whatever it lets in.

use super::with_entries::{self, Entry};
use crate::finding::{Case, Severity, Verdict};
use crate::keycloak::entry::{Danger, Reach};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "redirect-uri-unsafe",
    severity: Severity::Error,
    title: "A redirect URI entry is dangerous by its scheme, user name, path or parameters",
    why: "`javascript:` and `data:` run or show what an attacker writes. A user name (`https://shop.example.com@evil.tld`) makes people \
          and checks take it for the host. A path with `..` leaves the folder that a wildcard was meant for. A parameter such as `state` or \
          `code` in a redirect URI lets an attacker choose what the app believes to be the answer of the login.\n\n\
          Newer servers refuse some of these in every request; older ones let them pass, and none refuses all of them when it saves.",
    remedy: "Remove the entry, and register the plain redirect URI of the app.",
    references: &[
        "https://datatracker.ietf.org/doc/html/rfc9700#section-4.1",
        "https://github.com/keycloak/keycloak/issues/47718",
        "https://github.com/keycloak/keycloak/issues/49430",
    ],
    needs: &[Fact::Clients],
    check: Check::Client(check),
};

fn check(id: ClientId, scene: &Scene<'_>) -> Vec<Verdict> {
    with_entries::odd_entries(id, scene).iter().filter_map(|entry| judge(id, entry, scene)).collect()
}

fn judge(id: ClientId, entry: &Entry<'_>, scene: &Scene<'_>) -> Option<Verdict> {
    let facts = entry.newest();
    // What no request can match lets nobody in; the rule about dead entries names it.
    let is_dead = entry.facts.iter().all(|(_, facts)| matches!(facts.reach, Reach::Nothing(_)));
    // Loopback entries have a rule of their own.
    let danger = facts.dangers.iter().copied().find(|danger| *danger != Danger::OpenLoopback)?;
    if is_dead && danger != Danger::Scheme {
        return None;
    }
    let what = match danger {
        Danger::Scheme => "whose scheme runs or shows whatever an attacker appends".to_owned(),
        Danger::UserInfo => {
            "which has a user name in front of its host, so that people and checks take it for the host"
                .to_owned()
        }
        Danger::ParentAccess => {
            "whose path leads to a parent folder, out of the place that it seems to allow".to_owned()
        }
        Danger::OpenLoopback => return None,
        Danger::ReservedParameter(name) => {
            format!(
                "which brings the parameter `{name}` of the login protocol along, so that the app takes it for the server's answer"
            )
        }
    };
    Some(Verdict::Wrong(Case {
        severity: None,
        message: format!("{} has the {}, {what}.", capitalized(&scene.name_client(id)), entry.name()),
        remedy: None,
        evidence: vec![entry.evidence(id, scene, "the dangerous entry")],
        value: Some(entry.text.to_owned()),
        fix: None,
    }))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage};

    fn judge(uri: &str, version: &str) -> Said {
        Stage::new()
            .realm(
                "shop.json",
                &format!(
                    r#"{{"realm": "shop", "clients": [{{"clientId": "web", "redirectUris": ["{uri}"]}}]}}"#
                ),
            )
            .version(version)
            .judge("redirect-uri-unsafe")
    }

    #[test]
    fn each_danger_is_named() {
        for (uri, word) in [
            ("javascript:alert(1)", "scheme"),
            ("Data:text/html,x", "scheme"),
            ("https://user@shop.example.com/cb", "user name"),
            ("https://shop.example.com/a/../cb", "parent folder"),
            ("https://shop.example.com/cb?state=x", "`state`"),
        ] {
            let said = judge(uri, "26.5.5");
            assert_eq!(said.values, [uri]);
            assert!(said.wrong[0].contains(word), "{:?}", said.wrong);
        }
    }

    #[test]
    fn ordinary_entries_are_left_alone() {
        for uri in
            ["https://shop.example.com/cb?tenant=1", "myapp://cb", "https://shop.example.com/a..b", "/*"]
        {
            assert!(judge(uri, "26.7.3").is_nothing(), "{uri}");
        }
    }
}
