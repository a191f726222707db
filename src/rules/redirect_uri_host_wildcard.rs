//! `redirect-uri-host-wildcard`: a star right behind the host.

use super::with_entries::{self, Entry, Holds};
use crate::finding::{Case, Severity, Verdict};
use crate::fix::{Fix, Safety, offer};
use crate::keycloak::entry::{EntryFacts, Reach};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "redirect-uri-host-wildcard",
    severity: Severity::Error,
    title: "A redirect URI entry has its star right behind the host",
    why: "Servers before 26.6.3 (26.4.13 on its line) compare such an entry as a plain beginning: `https://shop.example.com*` accepts \
          `https://shop.example.com.evil.tld`, whose owner then receives the authorization codes. Newer servers read it as \
          `https://shop.example.com/*`.\n\n\
          `https://host:*` accepts every port but not the default one, which no URL spells out.",
    remedy: "Write the slash: `https://host/*`, or better the exact redirect URI.",
    references: &[
        "https://github.com/keycloak/keycloak/issues/48430",
        "https://www.keycloak.org/docs/latest/server_admin/#_unspecific-redirect-uris",
    ],
    needs: &[Fact::Clients],
    check: Check::Client(check),
};

fn check(id: ClientId, scene: &Scene<'_>) -> Vec<Verdict> {
    with_entries::odd_entries(id, scene).iter().filter_map(|entry| judge(id, entry, scene)).collect()
}

fn is_glued(facts: &EntryFacts) -> bool {
    matches!(facts.reach, Reach::HostWildcard { .. } | Reach::AnyPort { .. })
}

fn is_open(facts: &EntryFacts) -> bool {
    matches!(facts.reach, Reach::HostWildcard { open: true, .. } | Reach::AnyPort { open: true, .. })
}

fn judge(id: ClientId, entry: &Entry<'_>, scene: &Scene<'_>) -> Option<Verdict> {
    if entry.holds(is_glued) == Holds::Nowhere {
        return None;
    }
    let (any_port, host) = entry.facts.iter().find_map(|(_, facts)| match &facts.reach {
        Reach::HostWildcard { host, .. } => Some((false, host.as_str())),
        Reach::AnyPort { host, .. } => Some((true, host.as_str())),
        _ => None,
    })?;
    let scheme = entry.text.split("://").next().unwrap_or("https");
    let slashed = format!("{scheme}://{host}/*");
    let stranger = if any_port {
        format!("{scheme}://{host}:x@evil.example")
    } else {
        format!("{scheme}://{host}.evil.example")
    };
    let open =
        format!("accepts `{stranger}` as well, so that a stranger's site receives authorization codes");
    let closed = if any_port {
        "accepts every port of this host but not the default one".to_owned()
    } else {
        format!("is read as `{slashed}`")
    };
    let version = scene.server(id.realm);
    let (severity, what) = match entry.holds(is_open) {
        Holds::Everywhere => (Severity::Error, format!("which, {}, {open}", version.describe_version())),
        Holds::Sometimes(_) => (
            Severity::Error,
            format!(
                "which {open} on servers before 26.6.3 and {closed} on newer ones; the version of the server is not known"
            ),
        ),
        Holds::Nowhere => (Severity::Warning, format!("which, {}, {closed}", version.describe_version())),
    };
    let mut evidence = vec![entry.evidence(id, scene, "the star right behind the host")];
    evidence.extend(version.version_evidence().cloned());
    Some(Verdict::Wrong(Case {
        severity: Some(severity),
        message: format!("{} has the {}, {what}.", capitalized(&scene.name_client(id)), entry.name()),
        remedy: Some(format!("Write `{slashed}`, or better the exact redirect URI.")),
        evidence,
        value: Some(entry.text.to_owned()),
        fix: Some(Box::new(fix(id, entry, any_port, &slashed, scene))),
    }))
}

/// The star behind a slash accepts what an honest app on the host asks for; on other ports only the entry with the star behind the
/// colon does.
fn fix(id: ClientId, entry: &Entry<'_>, any_port: bool, slashed: &str, scene: &Scene<'_>) -> Fix {
    let title = format!("Write `{slashed}` for the {} of {}", entry.name(), scene.name_client(id));
    let changes = offer::replace(scene, id, entry.list.field(), entry.text, slashed);
    if any_port {
        Fix::of(title, Safety::Review, changes).with_risk(
            "Apps of this host that answer on another port than the default one are refused from then on.",
        )
    } else {
        Fix::of(title, Safety::Safe, changes)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage};

    fn judge(uri: &str, version: Option<&str>) -> Said {
        let stage = Stage::new().realm(
            "shop.json",
            &format!(r#"{{"realm": "shop", "clients": [{{"clientId": "web", "redirectUris": ["{uri}"]}}]}}"#),
        );
        match version {
            Some(version) => stage.version(version),
            None => stage,
        }
        .judge("redirect-uri-host-wildcard")
    }

    #[test]
    fn before_the_repair_it_is_open() {
        assert_eq!(
            judge("https://shop.example.com*", Some("26.5.5")).wrong,
            [
                "error client web of realm shop: Client `web` of realm `shop` has the redirect URI `https://shop.example.com*`, which, by version 26.5.5, as --keycloak-version says, accepts `https://shop.example.com.evil.example` as well, so that a stranger's site receives authorization codes."
            ]
        );
    }

    #[test]
    fn after_it_is_read_with_a_slash() {
        assert_eq!(
            judge("https://shop.example.com*", Some("26.7.3")).wrong,
            [
                "warning client web of realm shop: Client `web` of realm `shop` has the redirect URI `https://shop.example.com*`, which, by version 26.7.3, as --keycloak-version says, is read as `https://shop.example.com/*`."
            ]
        );
    }

    #[test]
    fn without_a_version_it_is_an_error_and_says_so() {
        assert_eq!(
            judge("https://shop.example.com*", None).wrong,
            [
                "error client web of realm shop: Client `web` of realm `shop` has the redirect URI `https://shop.example.com*`, which accepts `https://shop.example.com.evil.example` as well, so that a stranger's site receives authorization codes on servers before 26.6.3 and is read as `https://shop.example.com/*` on newer ones; the version of the server is not known."
            ]
        );
    }

    #[test]
    fn other_wildcards_are_not_its_business() {
        for uri in ["*", "https://*", "https://shop.example.com/*", "https://shop.example.com/cb*", "/*"] {
            assert!(judge(uri, None).is_nothing(), "{uri}");
        }
    }

    #[test]
    fn the_fix_puts_the_slash_in() {
        let fixes = |uris: &str| {
            let stage = Stage::new().realm(
                "shop.json",
                &format!(
                    r#"{{"realm": "shop", "clients": [{{"clientId": "web", "redirectUris": [{uris}]}}]}}"#
                ),
            );
            stage.fixes("redirect-uri-host-wildcard")
        };
        assert_eq!(
            fixes(r#""https://shop.example.com*""#),
            [
                "safe expand shop.json: redirectUris +https://shop.example.com/*, redirectUris -https://shop.example.com*"
            ]
        );
        assert_eq!(
            fixes(r#""https://shop.example.com*", "https://shop.example.com/*""#),
            ["safe contract shop.json: redirectUris -https://shop.example.com*"],
            "what is there already is not added again"
        );
    }
}
