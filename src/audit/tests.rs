//! Tests of the audit itself: selection, severities, waivers, fingerprints, and what could not be looked at.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::{Audit, Options, run};
use crate::finding::Severity;
use crate::testing::{Stage, said, service_yaml};

const REALM: &str = r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"},
    "clients": [{"clientId": "web", "publicClient": true, "redirectUris": ["https://shop.example.com/*"],
    "attributes": {"pkce.code.challenge.method": "S256"}}]}"#;

/// A service that names a client which is not there.
fn stage() -> Stage {
    let env = [("OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("OIDC_CLIENT_ID", "wbe")];
    Stage::new().realm("shop.json", REALM).service("web.yaml", &service_yaml("shop-web", &env))
}

fn audit(stage: &Stage, change: impl FnOnce(&mut Options)) -> Audit {
    let mut options = Options { today: Some(jiff::civil::date(2027, 3, 1)), ..Options::default() };
    change(&mut options);
    run(&stage.scene(), &options)
}

fn rules(audit: &Audit) -> Vec<&'static str> {
    audit.findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn a_waiver_takes_a_finding_out_and_keeps_it() {
    let stage = stage()
        .config("waivers:\n- {rule: client-unknown, service: shop-web, reason: It moves next week.}\n");
    let audit = audit(&stage, |_| {});
    assert_eq!(rules(&audit), Vec::<&str>::new());
    assert_eq!(audit.suppressed.len(), 1);
    assert_eq!(audit.suppressed[0].reason, "It moves next week.");
}

#[test]
fn a_waiver_for_others_is_unused_and_said_with_its_place() {
    let stage = stage().config("waivers:\n- {rule: client-unknown, service: other, reason: Old.}\n");
    let scene = stage.scene();
    let audit = audit(&stage, |_| {});
    assert_eq!(rules(&audit), ["client-unknown", "waiver-unused"]);
    let said = said(&scene, &audit);
    assert_eq!(said.places.last().unwrap(), "cloakrun.yaml waivers[0] = client-unknown (the waiver)");
    assert!(
        said.wrong[1].contains("The waiver of `client-unknown` for service `other` matches no finding."),
        "{said:?}"
    );
}

#[test]
fn a_waiver_is_not_called_unused_when_not_everything_was_looked_at() {
    let stage = stage().config("waivers:\n- {rule: client-unknown, service: other, reason: Old.}\n");
    let selected = audit(&stage, |options| options.selection.services.push("shop-web".to_owned()));
    assert_eq!(rules(&selected), ["client-unknown"]);
    let one_side =
        Stage::new().realm("shop.json", REALM).config("waivers:\n- {rule: client-unknown, reason: Old.}\n");
    assert!(!rules(&audit(&one_side, |_| {})).contains(&"waiver-unused"));
}

#[test]
fn an_expired_waiver_accepts_nothing_and_says_why_the_finding_is_back() {
    let stage = |until: &str| {
        stage().config(&format!("waivers:\n- {{rule: client-unknown, reason: Soon., until: '{until}'}}\n"))
    };
    assert_eq!(rules(&audit(&stage("2027-03-01"), |_| {})), Vec::<&str>::new());
    assert_eq!(rules(&audit(&stage("2027-02-28"), |_| {})), ["client-unknown", "waiver-expired"]);
}

#[test]
fn severities_follow_the_configuration_and_rules_can_be_off() {
    let info = stage().config("severities: {client-unknown: info}\n");
    assert_eq!(audit(&info, |_| {}).findings[0].severity, Severity::Info);
    let below = audit(&info, |options| options.min_severity = Some(Severity::Warning));
    assert_eq!((below.findings.len(), below.below_min_severity), (0, 1));
    let off = stage().config("severities: {client-unknown: 'off'}\n");
    assert_eq!(rules(&audit(&off, |_| {})), Vec::<&str>::new());
    let asked = audit(&off, |options| options.selection.rules.push("client-unknown".to_owned()));
    assert_eq!(rules(&asked), ["client-unknown"]);
    let skipped =
        audit(&stage(), |options| options.selection.skipped_rules.push("client-unknown".to_owned()));
    assert_eq!(rules(&skipped), Vec::<&str>::new());
}

#[test]
fn selectors_keep_what_concerns_the_named() {
    let realm = |name: &str| audit(&stage(), |options| options.selection.realms.push(name.to_owned()));
    assert_eq!(rules(&realm("shop")), ["client-unknown"]);
    assert_eq!(rules(&realm("crm")), Vec::<&str>::new());
    let client = audit(&stage(), |options| options.selection.clients.push("web".to_owned()));
    assert_eq!(rules(&client), Vec::<&str>::new());
}

#[test]
fn fingerprints_know_no_paths_and_no_positions() {
    let one = audit(&stage(), |_| {});
    let env =
        [("PORT", "8080"), ("OIDC_CLIENT_ID", "wbe"), ("OIDC_ISSUER", "https://sso.example.com/realms/shop")];
    let moved = Stage::new().service("elsewhere/service.yaml", &service_yaml("shop-web", &env)).realm(
        "keycloak/realm.json",
        &REALM.replace("\"clients\": [", "\"clients\": [{\"clientId\": \"first\"},"),
    );
    let two = audit(&moved, |options| options.selection.rules.push("client-unknown".to_owned()));
    assert_eq!(one.findings[0].fingerprint, two.findings[0].fingerprint);
    let other_value = [("OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("OIDC_CLIENT_ID", "wbee")];
    let other =
        Stage::new().realm("shop.json", REALM).service("web.yaml", &service_yaml("shop-web", &other_value));
    assert_ne!(one.findings[0].fingerprint, audit(&other, |_| {}).findings[0].fingerprint);
}

#[test]
fn a_service_declared_twice_gives_each_finding_once_with_both_places() {
    let env = [("OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("OIDC_CLIENT_ID", "wbe")];
    let stage = stage().service("again.yaml", &service_yaml("shop-web", &env));
    let audit = audit(&stage, |options| options.selection.rules.push("client-unknown".to_owned()));
    assert_eq!(rules(&audit), ["client-unknown"]);
    let paths: Vec<&str> = audit.findings[0]
        .evidence
        .iter()
        .map(|evidence| stage.snapshot.part(evidence.at.part).place.path())
        .collect();
    assert!(paths.contains(&"web.yaml") && paths.contains(&"again.yaml"), "{paths:?}");
}

#[test]
fn a_missing_side_is_said_with_what_is_known_of_it() {
    let env = [("OIDC_ISSUER", "https://sso.example.com/realms/shop")];
    let services = Stage::new()
        .service("a.yaml", &service_yaml("a", &env))
        .service("b.yaml", &service_yaml("b", &env))
        .service("c.yaml", &service_yaml("c", &env));
    let found = services.audit();
    assert_eq!(found.gaps[0].message, "No realm found; 3 services name realm `shop` at sso.example.com.");
    assert!(found.is_incomplete(Severity::Error));
    assert_eq!(found.next[0].command, "kc.sh export --realm shop --file shop-realm.json");
    let live = |command| cfg!(feature = "live").then_some(command);
    let second = found.next.get(1).map(|next| next.command.as_str());
    assert_eq!(second, live("cloakrun check --keycloak-url https://sso.example.com --realm shop"));
    let realm = REALM.replace("https://shop.example.com", "https://web-123456789012.europe-west1.run.app");
    let found = Stage::new().realm("shop.json", &realm).audit();
    assert_eq!(
        found.gaps[0].message,
        "No Cloud Run service found; 1 client has redirect URIs on run.app hosts of project number 123456789012 in europe-west1."
    );
    assert_eq!(
        found.next[0].command,
        "gcloud run services list --project 123456789012 --region europe-west1 --format export > services.yaml"
    );
    let second = found.next.get(1).map(|next| next.command.as_str());
    assert_eq!(second, live("cloakrun check --project 123456789012 --region europe-west1"));
}

#[test]
fn placeholders_in_place_of_the_issuer_are_undecided_once() {
    let env = [
        ("KEYCLOAK_URL", "${{ vars.URL }}"),
        ("KEYCLOAK_REALM", "${{ vars.REALM }}"),
        ("KEYCLOAK_CLIENT_ID", "${{ vars.CLIENT }}"),
    ];
    let stage = Stage::new().realm("shop.json", REALM).service("web.yaml", &service_yaml("shop-web", &env));
    let audit = audit(&stage, |_| {});
    let reasons: Vec<&str> = audit.undecided.iter().map(|open| open.reason.as_str()).collect();
    let about_issuer =
        reasons.iter().filter(|reason| reason.starts_with("The issuer that service `shop-web`")).count();
    assert_eq!(about_issuer, 1, "{reasons:?}");
}
