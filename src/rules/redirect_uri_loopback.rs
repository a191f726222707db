//! `redirect-uri-loopback`: the developer's own machine in a client that a deployed service uses.

use super::with_entries::{self, Entry, Holds};
use crate::cloud_run::urls::is_loopback;
use crate::finding::{Case, Severity, Verdict};
use crate::keycloak::entry::{Danger, Reach};
use crate::link::Link;
use crate::link::hosts::host_in;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::Fact;
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "redirect-uri-loopback",
    severity: Severity::Warning,
    title: "A client that a deployed service uses lets browsers go to the machine they run on",
    why: "Whatever listens on that port of a person's machine receives authorization codes of the deployed app.\n\n\
          On servers before 25.0.6 an entry such as `http://localhost/cb`, without a port, is worse: they cut the port off by text, so \
          that `http://localhost:1@evil.example/cb` is accepted too and the code goes to a stranger (CVE-2024-8883).",
    remedy: "Give development a client of its own, and remove the entry from this one.",
    references: &[
        "https://github.com/keycloak/keycloak/issues/33115",
        "https://datatracker.ietf.org/doc/html/rfc8252#section-7.3",
    ],
    needs: &[Fact::Clients, Fact::Services],
    check: Check::Link(check),
};

fn check(link: &Link, scene: &Scene<'_>) -> Vec<Verdict> {
    // Entries are the client's; they are named once, beside the service that it belongs to most surely.
    let logins = scene.links_of_client(link.client).filter(|other| other.uses.login);
    let first = logins.max_by_key(|other| (other.strength(), std::cmp::Reverse(other.service)));
    if first.map(|first| first.service) != Some(link.service) {
        return Vec::new();
    }
    with_entries::entries(link.client, scene).iter().filter_map(|entry| judge(entry, link, scene)).collect()
}

fn judge(entry: &Entry<'_>, link: &Link, scene: &Scene<'_>) -> Option<Verdict> {
    if matches!(entry.newest().reach, Reach::Nothing(_)) {
        return None;
    }
    let host = host_in(&entry.newest().resolved).filter(|host| is_loopback(host))?;
    let server = scene.server(link.client.realm);
    let open = entry.holds(|facts| facts.dangers.contains(&Danger::OpenLoopback));
    let name = entry.name();
    let (severity, consequence) = match open {
        Holds::Nowhere => (
            Severity::Warning,
            format!(
                "whatever listens on that port of `{host}` on a person's machine receives the {}'s answers",
                entry.list.event()
            ),
        ),
        Holds::Everywhere => (
            Severity::Error,
            format!(
                "{}, hosts of strangers are accepted as well (`http://{host}:1@evil.example/…`, CVE-2024-8883)",
                server.describe_version()
            ),
        ),
        Holds::Sometimes(_) => (
            Severity::Error,
            format!(
                "servers before 25.0.6 accept hosts of strangers as well (`http://{host}:1@evil.example/…`, CVE-2024-8883), and the version of the server is not known"
            ),
        ),
    };
    let mut evidence = vec![entry.evidence(link.client, scene, "the entry on the person's own machine")];
    evidence.push(scene.service_itself(link.service, "the deployed service that uses the client"));
    if severity == Severity::Error {
        evidence.extend(server.version_evidence().cloned());
    }
    Some(Verdict::Wrong(Case {
        severity: Some(severity),
        message: format!(
            "{}, which the deployed {} uses, has the {name}: {consequence}.",
            capitalized(&scene.name_client(link.client)),
            scene.name_service(link.service),
        ),
        remedy: None,
        evidence,
        value: Some(entry.text.to_owned()),
        fix: None,
    }))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml};

    fn judge(uri: &str, version: &str) -> Said {
        let env = [("OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("OIDC_CLIENT_ID", "web")];
        Stage::new()
            .realm(
                "shop.json",
                &format!(
                    r#"{{"realm": "shop", "attributes": {{"frontendUrl": "https://sso.example.com"}}, "clients": [
                    {{"clientId": "web", "redirectUris": ["https://web-123456789012.europe-west1.run.app/*", "{uri}"]}},
                    {{"clientId": "dev", "redirectUris": ["http://localhost:3000/*"]}}]}}"#
                ),
            )
            .service("web.yaml", &service_yaml("web", &env))
            .version(version)
            .judge("redirect-uri-loopback")
    }

    #[test]
    fn a_left_over_entry_is_a_warning() {
        let said = judge("http://localhost:3000/*", "26.7.3");
        assert_eq!(
            said.wrong,
            [
                "warning service web ↔ client web of realm shop: Client `web` of realm `shop`, which the deployed service `web` uses, has the redirect URI `http://localhost:3000/*`: whatever listens on that port of `localhost` on a person's machine receives the login's answers."
            ]
        );
        assert_eq!(
            said.places,
            [
                "shop.json clients[0].redirectUris[1] = http://localhost:3000/* (the entry on the person's own machine)",
                "web.yaml metadata.name = web (the deployed service that uses the client)",
            ]
        );
    }

    #[test]
    fn on_an_old_server_an_entry_without_a_port_is_an_open_redirect() {
        let said = judge("http://localhost/cb", "24.0.5");
        assert_eq!(
            said.wrong,
            [
                "error service web ↔ client web of realm shop: Client `web` of realm `shop`, which the deployed service `web` uses, has the redirect URI `http://localhost/cb`: by version 24.0.5, as --keycloak-version says, hosts of strangers are accepted as well (`http://localhost:1@evil.example/…`, CVE-2024-8883)."
            ]
        );
        assert!(judge("http://localhost/cb", "25.0.6").wrong[0].starts_with("warning"));
    }

    #[test]
    fn hosts_that_only_look_like_it_are_fine() {
        for uri in ["https://localhost.example.com/cb", "myapp://localhost.x/cb", "https://10.0.0.1/cb"] {
            assert!(judge(uri, "26.7.3").is_nothing(), "{uri}");
        }
        for uri in [
            "http://127.0.0.1/cb",
            "http://[::1]:8080/cb",
            "http://0.0.0.0:80/cb",
            "https://localhost:8443/cb",
        ] {
            assert_eq!(judge(uri, "26.7.3").wrong.len(), 1, "{uri}");
        }
    }
}
