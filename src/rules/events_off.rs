//! `events-off`: a realm that services use keeps no login events or no admin events, or not for long.

use crate::finding::{Case, Evidence, Severity, Subject, Undecided, Verdict};
use crate::keycloak::model::Realm;
use crate::known::Known;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, RealmId};
use crate::words::{capitalized, listed, seconds};

pub(crate) static RULE: Rule = Rule {
    id: "events-off",
    severity: Severity::Warning,
    title: "A realm that services use does not keep its login or admin events",
    why: "Login events tell who logged in, from where, through which client, and which attempts failed and why (`invalid_redirect_uri`, \
          `invalid_client_credentials`): the first thing to look at when a service cannot log in, and after a break-in. Admin events tell \
          who changed a client. Keycloak keeps neither unless told to; failed logins also go to the server's log.\n\n\
          Only what a document states is judged: a file that says nothing of events leaves a realm as it is.",
    remedy: "Set `eventsEnabled` and `adminEventsEnabled` to `true`, and `eventsExpiration` and the realm attribute `adminEventsExpiration` to at least a week.",
    references: &[
        "https://www.keycloak.org/docs/latest/server_admin/#configuring-auditing-to-track-events",
        "https://docs.redhat.com/en/documentation/red_hat_build_of_keycloak/26.2/html/server_administration_guide/configuring_auditing_to_track_events",
        "https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html",
    ],
    needs: &[Fact::Events],
    check: Check::Scene(check),
};

/// Events that are kept for less are gone before anybody looks, in seconds.
const SHORTEST: i64 = 7 * 86_400;

/// Without these kinds nothing tells who logged in and who failed to.
const LOGINS: [&str; 2] = ["LOGIN", "LOGIN_ERROR"];

fn check(scene: &Scene<'_>) -> Vec<(Subject, Verdict)> {
    // Only where it matters is it undecided when events are not told.
    let realms = scene.snapshot.realms();
    realms
        .flat_map(|(id, _)| {
            judge(id, scene).into_iter().map(move |verdict| (scene.subject_of_realm(id), verdict))
        })
        .collect()
}

fn judge(id: RealmId, scene: &Scene<'_>) -> Vec<Verdict> {
    if !is_used(id, scene) {
        return Vec::new();
    }
    let realm = scene.realm(id);
    if let Some(missing) = scene.missing_of_realm(id, Fact::Events) {
        return vec![Verdict::Undecided(Undecided {
            reason: format!(
                "Whether {} keeps login and admin events is not known: {}.",
                scene.name_realm(id),
                missing.why.trim_end_matches('.')
            ),
            remedy: None,
            evidence: vec![scene.realm_itself(id, "the realm")],
        })];
    }
    let mut faults = Vec::new();
    let mut evidence = Vec::new();
    let mut place = |key: &str, value: Option<String>, label: &str| {
        evidence.push(Evidence::keycloak(realm.at.key(key), value, label));
    };
    let events = &realm.events;
    let (logins, admin) = (is_off(events.logins.as_ref()), is_off(events.admin.as_ref()));
    if logins {
        place("eventsEnabled", Some("false".to_owned()), "login events are not kept");
    }
    if admin {
        place("adminEventsEnabled", Some("false".to_owned()), "admin events are not kept");
    }
    let cannot_be_told = match (logins, admin) {
        (true, false) => "who logged in to the services that use it",
        (false, true) => "who changed its clients",
        _ => "who logged in to the services that use it, or who changed their clients",
    };
    match (logins, admin) {
        (true, true) => faults.push("keeps neither login events nor admin events".to_owned()),
        (true, false) => faults.push("keeps no login events".to_owned()),
        (false, true) => faults.push("keeps no admin events".to_owned()),
        (false, false) => {}
    }
    if is_on(events.logins.as_ref()) {
        if let Some(short) = too_short(events.login_expiration.as_ref()) {
            faults.push(format!("forgets login events after {}", seconds(short)));
            place("eventsExpiration", Some(short.to_string()), "for how many seconds login events are kept");
        }
        let lacking = lacking_kinds(realm);
        if !lacking.is_empty() {
            faults.push(format!("keeps no events of the kind {}", listed(&lacking)));
            place("enabledEventTypes", None, "the kinds of events that are kept");
        }
    }
    if is_on(events.admin.as_ref())
        && let Some(short) = too_short(events.admin_expiration.as_ref())
    {
        faults.push(format!("forgets admin events after {}", seconds(short)));
        let at = realm.at.key("attributes").key("adminEventsExpiration");
        evidence.push(Evidence::keycloak(
            at,
            Some(short.to_string()),
            "for how many seconds admin events are kept",
        ));
    }
    if faults.is_empty() {
        return Vec::new();
    }
    vec![Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} {}: nobody can tell afterwards {cannot_be_told}.",
            capitalized(&scene.name_realm(id)),
            listed(&faults)
        ),
        remedy: None,
        evidence,
        value: None,
        fix: None,
    })]
}

/// Whether services use the realm: one talks through a client of it, or its settings name it.
fn is_used(id: RealmId, scene: &Scene<'_>) -> bool {
    let links = scene.links.links.iter();
    links.filter(|link| !link.is_weak()).any(|link| link.client.realm == id)
        || !scene.expected_issuers(id).is_empty()
}

fn is_off(switch: Option<&Known<bool>>) -> bool {
    switch.is_some_and(Known::is_off)
}

fn is_on(switch: Option<&Known<bool>>) -> bool {
    switch.is_some_and(Known::is_on)
}

/// The time after which events are forgotten, where it is too short; 0 is for good.
fn too_short(expiration: Option<&Known<i64>>) -> Option<i64> {
    expiration.and_then(Known::value).copied().filter(|kept| (1..SHORTEST).contains(kept))
}

/// Which of the kinds that matter a list leaves out; an empty list means all kinds.
fn lacking_kinds(realm: &Realm) -> Vec<String> {
    let kinds = &realm.events.login_types;
    if kinds.is_empty() || kinds.iter().any(|kind| kind.text().is_none()) {
        return Vec::new();
    }
    let lacking = LOGINS.into_iter().filter(|wanted| !kinds.iter().any(|kind| kind.text() == Some(*wanted)));
    lacking.map(|kind| format!("`{kind}`")).collect()
}

#[cfg(test)]
mod tests {
    use crate::snapshot::{Fact, Missing};
    use crate::testing::{Said, Stage, service_yaml};

    fn stage(events: &str) -> Stage {
        let realm = format!(
            r#"{{"realm": "shop", {events} "attributes": {{"frontendUrl": "https://sso.example.com", "adminEventsExpiration": "86400"}}, "clients": [{{"clientId": "web"}}]}}"#
        );
        Stage::new().realm("shop.json", &realm)
    }

    fn web() -> String {
        service_yaml(
            "web",
            &[("OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("OIDC_CLIENT_ID", "web")],
        )
    }

    fn judge(events: &str) -> Said {
        stage(events).service("web.yaml", &web()).judge("events-off")
    }

    #[test]
    fn events_that_are_not_kept() {
        let said = judge(r#""eventsEnabled": false, "adminEventsEnabled": false,"#);
        assert_eq!(
            said.wrong,
            [
                "warning realm shop: Realm `shop` keeps neither login events nor admin events: nobody can tell afterwards who logged in to the services that use it, or who changed their clients."
            ]
        );
        assert_eq!(
            said.places,
            [
                "shop.json eventsEnabled = false (login events are not kept)",
                "shop.json adminEventsEnabled = false (admin events are not kept)",
            ]
        );
        let one = judge(r#""eventsEnabled": true, "eventsExpiration": 0, "adminEventsEnabled": false,"#);
        assert!(
            one.wrong[0]
                .ends_with("keeps no admin events: nobody can tell afterwards who changed its clients."),
            "{one:?}"
        );
    }

    #[test]
    fn events_that_are_gone_too_soon_or_of_other_kinds() {
        let said = judge(
            r#""eventsEnabled": true, "eventsExpiration": 3600, "enabledEventTypes": ["LOGOUT", "LOGIN"], "adminEventsEnabled": true,"#,
        );
        assert!(
            said.wrong[0].contains("forgets login events after 1 hour, keeps no events of the kind `LOGIN_ERROR` and forgets admin events after 24 hours"),
            "{said:?}"
        );
    }

    #[test]
    fn what_is_kept_or_not_stated_is_fine() {
        for events in [
            r#""eventsEnabled": true, "eventsExpiration": 2592000, "enabledEventTypes": []"#,
            r#""eventsEnabled": true, "enabledEventTypes": ["LOGIN", "LOGIN_ERROR", "LOGOUT"]"#,
            r#""eventsEnabled": "${EVENTS}""#,
            r#""displayName": "Shop""#,
        ] {
            assert!(judge(&format!("{events},")).is_nothing(), "{events}");
        }
    }

    #[test]
    fn a_realm_that_no_service_uses_is_left_alone() {
        let off = r#""eventsEnabled": false, "adminEventsEnabled": false,"#;
        assert!(stage(off).judge("events-off").is_nothing());
        let elsewhere = service_yaml("web", &[("OIDC_ISSUER", "https://login.example.org/realms/other")]);
        assert!(stage(off).service("web.yaml", &elsewhere).judge("events-off").is_nothing());
    }

    #[test]
    fn what_could_not_be_read_is_not_decided() {
        let mut stage = stage("").service("web.yaml", &web());
        let why = "The server does not show it to this account.".to_owned();
        stage.snapshot.parts[0].missing.push(Missing { fact: Fact::Events, why, at: None });
        let said = stage.judge("events-off");
        assert_eq!(
            said.undecided,
            [
                "realm shop: Whether realm `shop` keeps login and admin events is not known: The server does not show it to this account."
            ]
        );
    }
}
