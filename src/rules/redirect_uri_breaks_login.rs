//! `redirect-uri-breaks-login`: an entry that the server cannot cope with.

use super::with_entries::{self, Entry, Holds};
use crate::finding::{Case, Severity, Verdict};
use crate::keycloak::entry::Reach;
use crate::keycloak::generation::LONGEST_STORABLE_ENTRY;
use crate::keycloak::redirect::EntryFault;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "redirect-uri-breaks-login",
    severity: Severity::Error,
    title: "A redirect URI entry that makes the server answer 500",
    why: "Servers with the repaired host wildcard (26.4.13, 26.6.3 and newer) split every wildcard entry before they compare it. An entry \
          without a scheme that has a colon behind its first slash, one that begins with a colon, and one with a port above 2147483647 \
          cannot be split: every login of the client that is compared with it ends with status 500, those meant for other entries \
          included.\n\n\
          Entries of more than 255 characters do not fit into the server's database: saving or importing them ends with status 500, and \
          a realm import stops the server's start.",
    remedy: "Write what the entry was meant to say, or remove it.",
    references: &["https://www.keycloak.org/docs/latest/server_admin/#_unspecific-redirect-uris"],
    needs: &[Fact::Clients],
    check: Check::Client(check),
};

fn check(id: ClientId, scene: &Scene<'_>) -> Vec<Verdict> {
    with_entries::odd_entries(id, scene).iter().filter_map(|entry| judge(id, entry, scene)).collect()
}

fn judge(id: ClientId, entry: &Entry<'_>, scene: &Scene<'_>) -> Option<Verdict> {
    let who = capitalized(&scene.name_client(id));
    // Post-logout entries are stored in one attribute, whose length is another matter.
    let is_stored_alone = entry.list == with_entries::List::Redirect;
    let message = if is_stored_alone && !entry.newest().is_storable() {
        format!(
            "{who} has a redirect URI of {} characters, but servers store at most {LONGEST_STORABLE_ENTRY}: importing or saving the client ends with status 500.",
            entry.newest().length
        )
    } else {
        let fault = entry.facts.iter().rev().find_map(|(_, facts)| match facts.reach {
            Reach::BreaksLogin(fault) => Some(fault),
            _ => None,
        })?;
        let when = match entry.holds(|facts| matches!(facts.reach, Reach::BreaksLogin(_))) {
            // Seen on 26.7.0 and 26.7.3; by their code all that read a star behind a host as a path.
            Holds::Sometimes(_) => " on servers of versions 26.4.13, 26.6.3 and newer".to_owned(),
            Holds::Everywhere | Holds::Nowhere => String::new(),
        };
        let why = match fault {
            EntryFault::Colon => "it has no scheme but a colon behind its first slash or at its beginning",
            EntryFault::Port => "its port is larger than 2147483647",
        };
        format!(
            "{who} has the {}, which the server cannot split, because {why}: every {} that is compared with it ends with status 500{when}, those for other entries included.",
            entry.name(),
            entry.list.event(),
        )
    };
    Some(Verdict::Wrong(Case {
        severity: None,
        message,
        remedy: None,
        evidence: vec![entry.evidence(id, scene, "the entry that the server cannot cope with")],
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
            .judge("redirect-uri-breaks-login")
    }

    #[test]
    fn newer_servers_break_on_what_older_ones_took_for_text() {
        let said = judge("app.example.com/x:*", "26.7.3");
        assert_eq!(
            said.wrong,
            [
                "error client web of realm shop: Client `web` of realm `shop` has the redirect URI `app.example.com/x:*`, which the server cannot split, because it has no scheme but a colon behind its first slash or at its beginning: every login that is compared with it ends with status 500, those for other entries included."
            ]
        );
        assert!(judge("app.example.com/x:*", "26.5.6").is_nothing());
        assert_eq!(judge("https://h:99999999999/*", "26.7.3").wrong.len(), 1);
    }

    #[test]
    fn an_entry_that_cannot_be_stored_is_named_by_its_length() {
        let long = format!("https://shop.example.com/{}", "x".repeat(240));
        assert_eq!(
            judge(&long, "26.5.5").wrong,
            [
                "error client web of realm shop: Client `web` of realm `shop` has a redirect URI of 265 characters, but servers store at most 255: importing or saving the client ends with status 500."
            ]
        );
        assert!(judge(&format!("https://shop.example.com/{}", "x".repeat(230)), "26.5.5").is_nothing());
    }
}
