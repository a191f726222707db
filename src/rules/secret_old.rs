//! `secret-old`: a client's secret has expired, is about to, or has been the same for long.

use super::with_clients::gets_tokens;
use super::with_secrets::GivenValue;
use super::with_secrets::{Resolved, day, given, is_live, resolve, stored, time, uses_secret};
use super::with_tokens::listed;
use crate::finding::{Case, Evidence, Severity, Subject, Undecided, Verdict};
use crate::keycloak::model::{ClientField, attribute};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact, RealmId};
use crate::words::counted;

pub(crate) static RULE: Rule = Rule {
    id: "secret-old",
    severity: Severity::Warning,
    title: "A client's secret has expired, is about to, or has been the same for long",
    why: "The longer a secret stays the same, the more copies of it there are, and the more people who have left know it. Under a policy \
          of secret rotation a secret also expires: from that second on Keycloak refuses the client, and the secret before it as well, \
          with the same words as for a wrong one.\n\n\
          How long is long, `secret-max-age` in the configuration tells in days; 90 unless set. The age is that of the attribute \
          `client.secret.creation.time`, which the server writes when it makes a secret itself. A secret that a person or a file gave has \
          no age there; the version in Secret Manager that the service uses may tell one.",
    remedy: "Give the client a new secret, add it to Secret Manager as a new version, and let the service take that one.",
    references: &[
        "https://www.keycloak.org/docs/latest/server_admin/#_secret_rotation",
        "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html",
        "https://cloud.google.com/secret-manager/docs/rotation-recommendations",
    ],
    needs: &[Fact::Clients],
    check: Check::Scene(check),
};

/// Days after which a secret is old where the configuration names none.
const MAX_AGE: u32 = 90;

/// Days before its end in which a secret is about to expire.
const SOON: i64 = 7;

const DAY: i64 = 86_400;

fn check(scene: &Scene<'_>) -> Vec<(Subject, Verdict)> {
    let Some(now) = scene.now else { return Vec::new() };
    let mut verdicts = Vec::new();
    for (realm, _) in scene.snapshot.realms() {
        let mut unknown = Vec::new();
        for id in scene.judged_clients_of(realm) {
            let client = scene.client(id);
            if !uses_secret(client) || !gets_tokens(client) || client.public_client.why_unknown().is_some() {
                continue;
            }
            match judge(id, now, scene) {
                Aged::Fine => {}
                Aged::Wrong(verdict) => verdicts.push((scene.subject_of_client(id), verdict)),
                Aged::Unknown => unknown.push(id),
            }
        }
        verdicts.extend(
            not_known(realm, &unknown, scene).map(|verdict| (scene.subject_of_realm(realm), verdict)),
        );
    }
    verdicts
}

enum Aged {
    Fine,
    Wrong(Verdict),
    /// Nothing tells when the secret was made.
    Unknown,
}

fn judge(id: ClientId, now: jiff::Timestamp, scene: &Scene<'_>) -> Aged {
    let client = scene.client(id);
    let who = scene.name_client(id);
    let field = |name, label: &str| scene.client_field(id, ClientField::Attribute(name), label);
    let wrong = |severity, message, evidence, value: jiff::Timestamp| {
        Aged::Wrong(Verdict::Wrong(Case {
            severity,
            message,
            remedy: None,
            evidence,
            value: Some(day(value)),
            fix: None,
        }))
    };
    if let Some(end) = time(client, attribute::SECRET_EXPIRATION_TIME) {
        let place =
            field(attribute::SECRET_EXPIRATION_TIME, "when the secret expires, in seconds since 1970");
        if end <= now {
            let message = format!(
                "The secret of {who} expired on {}: Keycloak refuses the client from then on, even with the secret before it, with the words for a wrong secret.",
                day(end)
            );
            return wrong(Some(Severity::Error), message, vec![place], end);
        }
        if end.as_second() - now.as_second() <= SOON * DAY {
            let message = format!(
                "The secret of {who} expires on {}: from then on Keycloak refuses the client.",
                day(end)
            );
            return wrong(None, message, vec![place], end);
        }
    }
    let days = i64::from(scene.config.secret_max_age.unwrap_or(MAX_AGE));
    let is_old = |made: jiff::Timestamp| now.as_second() - made.as_second() > days * DAY;
    if let Some(made) = time(client, attribute::SECRET_CREATION_TIME) {
        if !is_old(made) {
            return Aged::Fine;
        }
        // What a file tells was so when it was written.
        let source = if is_live(scene, client.at.part) { "" } else { ", as its file tells," };
        let message = format!(
            "The secret of {who} has{source} been the same since {}, longer than the {} that a secret may last.",
            day(made),
            counted(usize::try_from(days).unwrap_or_default(), "day")
        );
        let place = field(attribute::SECRET_CREATION_TIME, "when the secret was made, in seconds since 1970");
        return wrong(None, message, vec![place], made);
    }
    // A service that logs in with a version of Secret Manager has had this secret since that version was made.
    let Some((made, version, place)) = made_by_version(id, scene) else { return Aged::Unknown };
    if !is_old(made) {
        return Aged::Fine;
    }
    let message = format!(
        "The secret of {who} has been the same since {} at least, when {version} was made that its service uses: longer than the {} that a secret may last.",
        day(made),
        counted(usize::try_from(days).unwrap_or_default(), "day")
    );
    let client = scene.client_itself(id, "the client, whose secret was given and has no age of its own");
    wrong(None, message, vec![client, place], made)
}

/// When the version of Secret Manager was made that a service of the client uses; the newest of them.
fn made_by_version(id: ClientId, scene: &Scene<'_>) -> Option<(jiff::Timestamp, String, Evidence)> {
    let links = scene.links_of_client(id).filter(|link| !link.is_weak());
    let versions = links.flat_map(|link| {
        given(link, scene).into_iter().filter_map(|given| {
            let GivenValue::Stored { secret, version, .. } = given.value else { return None };
            let Resolved::Version(_, found) = resolve(stored(secret, link.service, scene)?, version) else {
                return None;
            };
            let name = super::with_secrets::name_version(
                secret,
                Some(&crate::known::Known::Value(found.number.clone())),
            );
            Some((
                found.created?,
                name,
                Evidence::cloud_run(found.at.clone(), None, "the version that its service uses"),
            ))
        })
    });
    versions.max_by_key(|(made, ..)| *made)
}

/// The clients that services use and whose secrets have no age, once a realm, and only where a server was asked: a file that tells
/// no age is the usual one.
fn not_known(realm: RealmId, clients: &[ClientId], scene: &Scene<'_>) -> Option<Verdict> {
    let bound: Vec<ClientId> = clients
        .iter()
        .copied()
        .filter(|id| scene.is_bound(*id) && is_live(scene, scene.client(*id).at.part))
        .collect();
    let first = bound.first()?;
    let names = listed(bound.iter().map(|id| scene.client_id(*id)), "and");
    let (whose, them) = match bound.len() {
        1 => ("secret of client", "it"),
        _ => ("secrets of clients", "them"),
    };
    Some(Verdict::Undecided(Undecided {
        reason: format!(
            "The age of the {whose} {names} of {} is not known: a person or a file gave {them}, and then Keycloak notes no time.",
            scene.name_realm(realm)
        ),
        remedy: Some(
            "Let Keycloak make a new secret (Credentials, Regenerate), and give it to the service."
                .to_owned(),
        ),
        evidence: vec![scene.client_itself(*first, "a client whose secret has no age")],
    }))
}

#[cfg(test)]
mod tests {
    use crate::rules::with_secrets::testing::{Live, live};
    use crate::testing::{Said, Stage};

    fn stage(client: &str) -> Stage {
        let realm = format!(r#"{{"realm": "shop", "clients": [{{"clientId": "web", {client}}}]}}"#);
        Stage::new().realm("shop.json", &realm).now("2027-03-01T12:00:00Z")
    }

    fn judge(client: &str) -> Said {
        stage(client).judge("secret-old")
    }

    fn at(attribute: &str, time: &str) -> String {
        let time: jiff::Timestamp = time.parse().unwrap_or_default();
        format!(r#""attributes": {{"{attribute}": "{}"}}"#, time.as_second())
    }

    const MADE: &str = "client.secret.creation.time";
    const ENDS: &str = "client.secret.expiration.time";

    #[test]
    fn a_secret_that_has_been_the_same_for_long() {
        let said = judge(&at(MADE, "2026-11-30T11:00:00Z"));
        assert_eq!(
            said.wrong,
            [
                "warning client web of realm shop: The secret of client `web` of realm `shop` has, as its file tells, been the same since 2026-11-30, longer than the 90 days that a secret may last."
            ]
        );
        assert_eq!(said.values, ["2026-11-30"]);
        assert!(
            said.places[0]
                .starts_with(r#"shop.json clients[0].attributes["client.secret.creation.time"] = "#)
        );
        assert!(judge(&at(MADE, "2026-12-05T00:00:00Z")).is_nothing());
        let longer = stage(&at(MADE, "2026-11-30T11:00:00Z")).config("secret-max-age: 365");
        assert!(longer.judge("secret-old").is_nothing());
    }

    #[test]
    fn an_expired_secret_locks_the_client_out() {
        let said = judge(&at(ENDS, "2027-02-20T00:00:00Z"));
        assert!(said.wrong[0].starts_with("error client web of realm shop: The secret of client `web` of realm `shop` expired on 2027-02-20:"), "{said:?}");
        let soon = judge(&at(ENDS, "2027-03-05T00:00:00Z"));
        assert!(soon.wrong[0].starts_with("warning client web of realm shop: The secret of client `web` of realm `shop` expires on 2027-03-05:"), "{soon:?}");
        assert!(judge(&at(ENDS, "2027-04-05T00:00:00Z")).is_nothing());
    }

    #[test]
    fn what_uses_no_secret_or_tells_no_time_is_fine() {
        let old = at(MADE, "2020-01-01T00:00:00Z");
        for client in [
            format!(r#"{old}, "publicClient": true"#),
            format!(r#"{old}, "bearerOnly": true"#),
            format!(r#"{old}, "enabled": false"#),
            format!(r#"{old}, "clientAuthenticatorType": "federated-jwt""#),
            r#""secret": "6Jq0e7cC1sAbd9""#.to_owned(),
            r#""attributes": {"client.secret.creation.time": "0"}"#.to_owned(),
            r#""attributes": {"client.secret.creation.time": "1577836800000"}"#.to_owned(),
            r#""attributes": {"client.secret.creation.time": "${MADE}"}"#.to_owned(),
        ] {
            assert!(judge(&client).is_nothing(), "{client}");
        }
    }

    #[test]
    fn a_given_secret_is_as_old_as_the_version_that_its_service_uses() {
        let said = live(&Live::default()).judge("secret-old");
        assert!(said.wrong[0].contains("has been the same since 2026-04-01 at least, when version 2 of the secret `web-secret` was made that its service uses"), "{said:?}");
        let mut unread = live(&Live::default());
        unread.snapshot.secrets.clear();
        let said = unread.judge("secret-old");
        assert_eq!(
            said.undecided,
            [
                "realm shop: The age of the secret of client `web` of realm `shop` is not known: a person or a file gave it, and then Keycloak notes no time."
            ],
        );
    }

    #[test]
    fn without_a_clock_nothing_is_old() {
        let mut stage = stage(&at(MADE, "2020-01-01T00:00:00Z"));
        stage.options.now = None;
        assert!(stage.judge("secret-old").is_nothing());
    }
}
