//! `redirect-uri-stale`: an entry on a run.app host that no service answers on any more.

use super::with_entries::{self, Entry};
use crate::cloud_run::urls::{RunAppUrl, is_loopback};
use crate::finding::{Case, Evidence, Severity, Undecided, Verdict};
use crate::fix::{Fix, Safety, offer};
use crate::link::hosts::host_in;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact, ServiceId};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "redirect-uri-stale",
    severity: Severity::Warning,
    title: "A redirect URI entry names a run.app host on which no service answers",
    why: "A service that was deleted, renamed or moved to another region leaves its redirect URIs behind, and so do removed tags and turned-off \
          run.app URLs. Whoever may deploy to the project can bring the name back and then receives the authorization codes of logins \
          that a stranger starts.\n\n\
          Both forms of a living service's URL are alive, the one with the project number and the one with the project's hash. A service \
          that is not among the files may still exist, so this is said only where a listing (`gcloud run services list --format export`) \
          or the service itself decides it.",
    remedy: "Remove the entry.",
    references: &[
        "https://cloud.google.com/run/docs/triggering/https-request",
        "https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration#tags",
    ],
    needs: &[Fact::Clients, Fact::Services],
    check: Check::Client(check),
};

fn check(id: ClientId, scene: &Scene<'_>) -> Vec<Verdict> {
    if !scene.has_services() {
        return Vec::new();
    }
    let mut verdicts = Vec::new();
    let (mut turned_off, mut elsewhere) = (Vec::new(), false);
    let mut open: Vec<(String, Evidence)> = Vec::new();
    for entry in with_entries::entries(id, scene) {
        let Some(host) = host_in(&entry.newest().resolved) else { continue };
        let Some(url) = RunAppUrl::parse(&host) else {
            elsewhere |= !is_loopback(&host);
            continue;
        };
        match fate(&url, &host, scene) {
            Fate::Alive => elsewhere = true,
            Fate::TurnedOff { why, evidence } => {
                turned_off.push(wrong(id, &entry, &why, evidence, Safety::Review, scene));
            }
            Fate::Dead { why, evidence } => {
                verdicts.push(wrong(id, &entry, &why, evidence, Safety::Safe, scene));
            }
            Fate::NotKnown => {
                open.push((host, entry.evidence(id, scene, "an entry whose service was not read")));
            }
        }
    }
    // Where nothing else is accepted, the rule about closed services speaks.
    if elsewhere || !open.is_empty() {
        verdicts.extend(turned_off);
    }
    if !open.is_empty() {
        verdicts.push(undecided(id, open, scene));
    }
    verdicts
}

/// What became of the service behind a host.
enum Fate {
    Alive,
    TurnedOff { why: String, evidence: Vec<Evidence> },
    Dead { why: String, evidence: Vec<Evidence> },
    NotKnown,
}

fn fate(url: &RunAppUrl, host: &str, scene: &Scene<'_>) -> Fate {
    let here = scene.services_on_host(host);
    if !here.is_empty() {
        let turned_off = here.iter().copied().find(|id| scene.service(*id).default_url_disabled.is_on());
        return match turned_off {
            Some(id) if here.iter().all(|id| scene.service(*id).default_url_disabled.is_on()) => {
                Fate::TurnedOff {
                    why: format!("the run.app URLs of {} are turned off", scene.name_service(id)),
                    evidence: vec![scene.service_itself(id, "the service whose run.app URLs are turned off")],
                }
            }
            _ => Fate::Alive,
        };
    }
    if let Some(tag) = &url.tag {
        let base = url.with_tag(None).host();
        if let Some(id) = scene.services_on_host(&base).first().copied() {
            return fate_of_tag(tag, id, scene);
        }
    }
    match scene.listing_without(url) {
        Some(listed) => Fate::Dead {
            why: format!(
                "no service of this name is among the services listed for its project{}",
                of_region(url)
            ),
            evidence: vec![listed],
        },
        None => Fate::NotKnown,
    }
}

fn of_region(url: &RunAppUrl) -> String {
    url.region().map_or_else(String::new, |region| format!(" in {region}"))
}

fn fate_of_tag(tag: &str, id: ServiceId, scene: &Scene<'_>) -> Fate {
    let traffic = &scene.service(id).traffic;
    let knows_all = !traffic.is_empty()
        && traffic.iter().all(|target| target.tag.as_ref().is_none_or(|tag| tag.text().is_some()));
    if !knows_all {
        return Fate::NotKnown;
    }
    if traffic.iter().any(|target| target.tag.as_ref().and_then(|tag| tag.text()) == Some(tag)) {
        return Fate::Alive;
    }
    Fate::Dead {
        why: format!("{} has no traffic tag `{tag}`", scene.name_service(id)),
        evidence: vec![scene.service_itself(id, "the service without this tag")],
    }
}

fn wrong(
    id: ClientId,
    entry: &Entry<'_>,
    why: &str,
    other_side: Vec<Evidence>,
    safety: Safety,
    scene: &Scene<'_>,
) -> Verdict {
    let mut evidence = vec![entry.evidence(id, scene, "the entry that nothing answers")];
    evidence.extend(other_side);
    Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} has the {} on a host that no service answers on: {why}. Whoever may deploy to the project can claim it.",
            capitalized(&scene.name_client(id)),
            entry.name()
        ),
        remedy: None,
        evidence,
        value: Some(entry.text.to_owned()),
        fix: Some(Box::new(fix(id, entry, safety, scene))),
    })
}

/// What is turned off may be turned on again, so somebody should look at it first.
fn fix(id: ClientId, entry: &Entry<'_>, safety: Safety, scene: &Scene<'_>) -> Fix {
    let title = format!("Remove the {} of {}", entry.name(), scene.name_client(id));
    Fix::of(title, safety, vec![offer::remove(scene, id, entry.list.field(), entry.text)])
}

fn undecided(id: ClientId, open: Vec<(String, Evidence)>, scene: &Scene<'_>) -> Verdict {
    let mut hosts: Vec<String> = open.iter().map(|(host, _)| format!("`{host}`")).collect();
    hosts.sort_unstable();
    hosts.dedup();
    Verdict::Undecided(Undecided {
        reason: format!(
            "Whether a service still answers on {}, which {} accepts, is not known: it is not among the services that were read.",
            hosts.join(", "),
            scene.name_client(id)
        ),
        remedy: Some(
            "Add the answer of `gcloud run services list --format export` for its project.".to_owned(),
        ),
        evidence: open.into_iter().map(|(_, evidence)| evidence).collect(),
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml};

    fn realm(uri: &str) -> Stage {
        Stage::new().realm(
            "shop.json",
            &format!(r#"{{"realm": "shop", "clients": [{{"clientId": "web", "redirectUris": ["{uri}"]}}]}}"#),
        )
    }

    fn listed(uri: &str) -> Said {
        let item = |name: &str| {
            format!(
                "- apiVersion: serving.knative.dev/v1\n  kind: Service\n  metadata:\n    name: {name}\n    namespace: '123456789012'\n    labels: {{cloud.googleapis.com/location: europe-west1}}\n  spec:\n    traffic:\n    - {{percent: 100, latestRevision: true}}\n    - {{tag: blue, revisionName: {name}-1}}\n    template: {{spec: {{containers: [{{image: x}}]}}}}\n  status: {{url: 'https://{name}-abcdefghij-ew.a.run.app'}}\n"
            )
        };
        realm(uri).service("list.yaml", &(item("web") + &item("api"))).judge("redirect-uri-stale")
    }

    #[test]
    fn both_forms_and_a_tag_of_a_living_service_are_alive() {
        for uri in [
            "https://web-123456789012.europe-west1.run.app/cb",
            "https://web-abcdefghij-ew.a.run.app/cb",
            "https://blue---web-abcdefghij-ew.a.run.app/cb",
            "https://shop.example.com/cb",
            "https://keycloak-should-come-in-deploy-step-uc.a.run.app/*",
        ] {
            assert!(listed(uri).is_nothing(), "{uri}: {:?}", listed(uri));
        }
    }

    #[test]
    fn a_service_that_the_listing_lacks_is_gone() {
        let said = listed("https://old-123456789012.europe-west1.run.app/cb");
        assert_eq!(
            said.wrong,
            [
                "warning client web of realm shop: Client `web` of realm `shop` has the redirect URI `https://old-123456789012.europe-west1.run.app/cb` on a host that no service answers on: no service of this name is among the services listed for its project in europe-west1. Whoever may deploy to the project can claim it."
            ]
        );
        assert_eq!(listed("https://old-abcdefghij-ew.a.run.app/cb").wrong.len(), 1);
        assert_eq!(
            listed("https://web-123456789012.us-central1.run.app/cb").wrong.len(),
            1,
            "another region"
        );
    }

    #[test]
    fn a_removed_tag_is_gone() {
        let said = listed("https://green---web-123456789012.europe-west1.run.app/cb");
        assert!(said.wrong[0].contains("service `web` has no traffic tag `green`"), "{said:?}");
    }

    #[test]
    fn another_project_is_not_decided() {
        let said = listed("https://web-999999999999.europe-west1.run.app/cb");
        assert_eq!(said.wrong, Vec::<String>::new());
        assert_eq!(
            said.undecided,
            [
                "client web of realm shop: Whether a service still answers on `web-999999999999.europe-west1.run.app`, which client `web` of realm `shop` accepts, is not known: it is not among the services that were read."
            ]
        );
    }

    #[test]
    fn a_file_of_one_service_is_no_listing() {
        let stage = realm("https://old-123456789012.europe-west1.run.app/cb")
            .service("web.yaml", &service_yaml("web", &[]));
        let said = stage.judge("redirect-uri-stale");
        assert_eq!((said.wrong.len(), said.undecided.len()), (0, 1));
    }

    #[test]
    fn without_any_service_nothing_is_said() {
        assert!(
            realm("https://old-123456789012.europe-west1.run.app/cb")
                .judge("redirect-uri-stale")
                .is_nothing()
        );
    }

    #[test]
    fn the_fix_removes_what_is_proven_to_be_gone() {
        let list = "- apiVersion: serving.knative.dev/v1\n  kind: Service\n  metadata:\n    name: web\n    namespace: '123456789012'\n    labels: {cloud.googleapis.com/location: europe-west1}\n  spec:\n    template: {spec: {containers: [{image: x}]}}\n  status: {url: 'https://web-abcdefghij-ew.a.run.app'}\n- apiVersion: serving.knative.dev/v1\n  kind: Service\n  metadata:\n    name: api\n    namespace: '123456789012'\n    labels: {cloud.googleapis.com/location: europe-west1}\n  spec:\n    template: {spec: {containers: [{image: x}]}}\n  status: {url: 'https://api-abcdefghij-ew.a.run.app'}\n";
        let stage = realm("https://old-123456789012.europe-west1.run.app/cb").service("list.yaml", list);
        assert_eq!(
            stage.fixes("redirect-uri-stale"),
            ["safe contract shop.json: redirectUris -https://old-123456789012.europe-west1.run.app/cb"]
        );
    }
}
