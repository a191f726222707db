//! `link-ambiguous`: a service fits several clients equally well.

use crate::finding::{Evidence, Severity, Side, Subject, Undecided, Verdict};
use crate::link::{Ambiguity, Clue};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact};
use crate::words::{capitalized, counted};

pub(crate) static RULE: Rule = Rule {
    id: "link-ambiguous",
    severity: Severity::Error,
    title: "A service fits several clients equally well",
    why: "Which client a service talks through is told by its settings or by the configuration; where neither does, redirect URIs, \
          secrets and names are looked at. When several clients fit equally well none is picked, because a wrong pick would judge the \
          service by somebody else's redirect URIs. What depends on the client is then not judged for this service.",
    remedy: "Pin the client under `links` in cloakrun.yaml, or name it in the service's settings.",
    references: &["https://www.keycloak.org/docs/latest/server_admin/#_oidc_clients"],
    needs: &[Fact::Clients, Fact::Services],
    check: Check::Scene(check),
};

/// Of the candidates this many get a line to paste.
const MOST_LINES: usize = 3;

fn check(scene: &Scene<'_>) -> Vec<(Subject, Verdict)> {
    scene
        .links
        .ambiguities
        .iter()
        .filter(|ambiguity| !is_pinned(ambiguity, scene))
        .map(|ambiguity| {
            let own = scene.subject_of_service(ambiguity.service);
            let environment = ambiguity.environment.clone().or(own.environment.clone());
            (Subject { environment, ..own }, Verdict::Undecided(judge(ambiguity, scene)))
        })
        .collect()
}

/// Whether the configuration has picked one of the candidates.
fn is_pinned(ambiguity: &Ambiguity, scene: &Scene<'_>) -> bool {
    let pinned = scene.links_of_service(ambiguity.service).iter().filter(|link| link.pinned);
    pinned.into_iter().any(|link| ambiguity.candidates.iter().any(|(client, _)| *client == link.client))
}

fn judge(ambiguity: &Ambiguity, scene: &Scene<'_>) -> Undecided {
    let clients: Vec<String> = ambiguity
        .candidates
        .iter()
        .map(|(client, clues)| match reasons(clues) {
            reasons if reasons.is_empty() => name(*client, scene),
            reasons => format!("{} ({reasons})", name(*client, scene)),
        })
        .collect();
    let more = match ambiguity.left_out {
        0 => String::new(),
        count => format!("; and {count} more"),
    };
    let lines: Vec<String> = ambiguity
        .candidates
        .iter()
        .take(MOST_LINES)
        .map(|(client, _)| pin(ambiguity, *client, scene))
        .collect();
    let choice = if ambiguity.candidates.len() > MOST_LINES {
        "as one of these lines does"
    } else {
        "with one of these lines"
    };
    Undecided {
        reason: format!(
            "{} fits {} equally well, so what depends on its client is not judged: {}{more}.",
            capitalized(&scene.name_service(ambiguity.service)),
            counted(ambiguity.candidates.len() + ambiguity.left_out, "client"),
            clients.join("; ")
        ),
        remedy: Some(format!(
            "Pin the right client in cloakrun.yaml, {choice}:\nlinks:\n{}",
            lines.join("\n")
        )),
        evidence: evidence(ambiguity, scene),
    }
}

fn name(client: ClientId, scene: &Scene<'_>) -> String {
    match scene.links.environment_of(client.realm) {
        Some(environment) => format!("{} in {environment}", scene.name_client(client)),
        None => scene.name_client(client),
    }
}

fn reasons(clues: &[Clue]) -> String {
    let texts: Vec<&str> = clues.iter().map(|clue| clue.text.as_str()).collect();
    texts.join(", ")
}

/// A line of the configuration that pins the service to the client.
fn pin(ambiguity: &Ambiguity, client: ClientId, scene: &Scene<'_>) -> String {
    let mut entries = vec![
        ("service", scene.service(ambiguity.service).name.text()),
        ("client", scene.client(client).client_id.text()),
        ("realm", scene.realm(client.realm).name.text()),
    ];
    if scene.links.several_environments() {
        entries.push(("environment", scene.links.environment_of(client.realm)));
    }
    let entries: Vec<String> = entries
        .into_iter()
        .filter_map(|(key, value)| Some(format!("{key}: {}", yaml_text(value?))))
        .collect();
    format!("- {{{}}}", entries.join(", "))
}

/// A text as YAML's flow style takes it for a text: in quotes where it could be something else.
fn yaml_text(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'))
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n"
        );
    if is_plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// Each place once: those of the service first, then those of every candidate.
fn evidence(ambiguity: &Ambiguity, scene: &Scene<'_>) -> Vec<Evidence> {
    let mut places: Vec<Evidence> = Vec::new();
    let all = || ambiguity.candidates.iter().flat_map(|(_, clues)| clues).flat_map(|clue| &clue.evidence);
    for side in [Side::CloudRun, Side::Keycloak] {
        for place in all().filter(|place| place.side == side) {
            if !places.iter().any(|known| known.at == place.at) {
                places.push(place.clone());
            }
        }
    }
    if places.is_empty() {
        places.push(scene.service_itself(ambiguity.service, "the service"));
    }
    places
}

#[cfg(test)]
mod tests {
    use crate::testing::{Stage, service_yaml};

    /// Two clients name the same host of a service whose settings do not name one.
    fn two_on_a_host() -> Stage {
        let realm = r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"}, "clients": [
            {"clientId": "web", "redirectUris": ["https://gate-123456789012.europe-west1.run.app/callback"]},
            {"clientId": "9 lives", "redirectUris": ["https://gate-123456789012.europe-west1.run.app/*"]}]}"#;
        let env = [("OIDC_ISSUER", "https://sso.example.com/realms/shop")];
        Stage::new().realm("shop.json", realm).service("gate.yaml", &service_yaml("gate", &env))
    }

    #[test]
    fn the_candidates_are_listed_with_their_clues() {
        let said = two_on_a_host().judge("link-ambiguous");
        assert_eq!(said.wrong, Vec::<String>::new());
        assert_eq!(
            said.undecided,
            [
                "service gate: Service `gate` fits 2 clients equally well, so what depends on its client is not judged: client `web` of realm `shop` (a redirect URI of the client names gate-123456789012.europe-west1.run.app, where the service answers); client `9 lives` of realm `shop` (a redirect URI of the client names gate-123456789012.europe-west1.run.app, where the service answers)."
            ]
        );
    }

    #[test]
    fn the_lines_to_paste_pin_the_client() {
        let stage = two_on_a_host();
        let audit = stage.audit();
        let open = audit.undecided.iter().find(|open| open.rule == "link-ambiguous");
        let remedy = open.and_then(|open| open.remedy.clone()).unwrap_or_default();
        let (said, yaml) = remedy.split_once('\n').unwrap_or_default();
        assert_eq!(said, "Pin the right client in cloakrun.yaml, with one of these lines:");
        assert_eq!(
            yaml,
            "links:\n- {service: gate, client: web, realm: shop}\n- {service: gate, client: \"9 lives\", realm: shop}"
        );
        for skipped in ["- {service: gate, client: web,", "- {service: gate, client: \"9"] {
            let lines: Vec<&str> = yaml.lines().filter(|line| !line.starts_with(skipped)).collect();
            let pinned = two_on_a_host().config(&lines.join("\n"));
            assert!(pinned.judge("link-ambiguous").is_nothing(), "{lines:?}");
            assert_eq!(pinned.scene().links.links.len(), 1);
        }
    }

    #[test]
    fn a_client_id_in_two_realms_is_ambiguous_until_it_is_pinned() {
        let realm = |name: &str| format!(r#"{{"realm": "{name}", "clients": [{{"clientId": "web"}}]}}"#);
        let stage = || {
            Stage::new().realm("one.json", &realm("one")).realm("two.json", &realm("two")).service(
                "web.yaml",
                &service_yaml("web", &[("OIDC_CLIENT_ID", "web"), ("OIDC_CLIENT_SECRET", "x9!fk2")]),
            )
        };
        let said = stage().judge("link-ambiguous");
        assert_eq!(said.undecided.len(), 1, "{said:?}");
        assert!(
            said.undecided[0].contains("client `web` of realm `one` (`OIDC_CLIENT_ID` is `web`)"),
            "{said:?}"
        );
        let pinned = stage().config("links:\n- {service: web, client: web, realm: two}\n");
        assert!(pinned.judge("link-ambiguous").is_nothing());
    }

    #[test]
    fn one_client_that_fits_best_is_no_question() {
        let realm = r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"},
            "clients": [{"clientId": "web"}, {"clientId": "other"}]}"#;
        let env = [("OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("OIDC_CLIENT_ID", "web")];
        let stage = Stage::new().realm("shop.json", realm).service("web.yaml", &service_yaml("web", &env));
        assert!(stage.judge("link-ambiguous").is_nothing());
    }
}
