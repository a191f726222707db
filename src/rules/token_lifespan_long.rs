//! `token-lifespan-long`: access tokens live longer than an hour.

use super::with_clients::gets_tokens;
use crate::finding::{Case, Severity, Subject, Undecided, Verdict};
use crate::keycloak::model::{ClientField, attribute};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact, RealmId};
use crate::words::{capitalized, counted, seconds};

pub(crate) static RULE: Rule = Rule {
    id: "token-lifespan-long",
    severity: Severity::Warning,
    title: "Access tokens live longer than an hour",
    why: "A service that checks tokens by itself accepts a stolen token, or one of a person who has been locked out, until it expires: \
          logging out and disabling the user do not reach it.\n\n\
          The client's attribute `access.token.lifespan` wins over the realm's `accessTokenLifespan`; Keycloak's default is five \
          minutes. `-1` means as long as the session, ten hours by default.",
    remedy: "Shorten the lifespan to minutes; refresh tokens keep people logged in.",
    references: &[
        "https://www.keycloak.org/docs/latest/server_admin/#_timeouts",
        "https://datatracker.ietf.org/doc/html/rfc9700#section-2.2",
    ],
    needs: &[Fact::Realms, Fact::Clients],
    check: Check::Scene(check),
};

/// The longest lifespan that nobody is warned of, in seconds.
const LONGEST: i64 = 3600;

const FIELD: ClientField = ClientField::Attribute(attribute::ACCESS_TOKEN_LIFESPAN);

fn check(scene: &Scene<'_>) -> Vec<(Subject, Verdict)> {
    let mut verdicts = Vec::new();
    for (realm, _) in scene.snapshot.realms() {
        // The realm's lifespan is said once for the realm, not for each of its clients.
        let clients = scene.judged_clients_of(realm).filter(|id| gets_tokens(scene.client(*id)));
        let (own, following): (Vec<ClientId>, Vec<ClientId>) =
            clients.partition(|id| scene.client(*id).attribute(attribute::ACCESS_TOKEN_LIFESPAN).is_some());
        if let Some(verdict) = judge_realm(realm, following.len(), scene) {
            verdicts.push((scene.subject_of_realm(realm), verdict));
        }
        for client in own {
            verdicts.extend(
                judge_client(client, scene).map(|verdict| (scene.subject_of_client(client), verdict)),
            );
        }
    }
    verdicts
}

fn judge_realm(id: RealmId, clients: usize, scene: &Scene<'_>) -> Option<Verdict> {
    let lifespan = scene.realm(id).access_token_lifespan.as_ref()?;
    let lifespan = *lifespan.value()?;
    if lifespan <= LONGEST || clients == 0 {
        return None;
    }
    Some(Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} gives access tokens that live {} to {} of its own: a stolen token, or one of a locked-out person, works that long.",
            capitalized(&scene.name_realm(id)),
            seconds(lifespan),
            counted(clients, "client"),
        ),
        remedy: None,
        evidence: vec![scene.realm_lifespan(id, "the lifespan of access tokens in seconds")],
        value: Some(lifespan.to_string()),
        fix: None,
    }))
}

fn judge_client(id: ClientId, scene: &Scene<'_>) -> Option<Verdict> {
    let client = scene.client(id);
    let who = scene.name_client(id);
    let stated = client.attribute(attribute::ACCESS_TOKEN_LIFESPAN)?;
    let evidence =
        vec![scene.client_field(id, FIELD, "the lifespan of this client's access tokens in seconds")];
    if let Some(why) = stated.why_unknown() {
        return Some(Verdict::Undecided(Undecided {
            reason: format!("How long access tokens of {who} live is not known: {why}."),
            remedy: None,
            evidence,
        }));
    }
    let text = stated.text()?;
    // Text that is no number is stored unchecked; servers then take the realm's lifespan.
    let lifespan: i64 = text.trim().parse().ok()?;
    let lives = match lifespan {
        -1 => "as long as the session".to_owned(),
        long if long > LONGEST => seconds(long),
        _ => return None,
    };
    Some(Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "Access tokens of {who} live {lives}: a stolen token, or one of a locked-out person, works that long."
        ),
        remedy: None,
        evidence,
        value: Some(text.to_owned()),
        fix: None,
    }))
}

#[cfg(test)]
mod tests {
    use crate::testing::Stage;

    #[test]
    fn a_client_and_a_realm_are_named_once_each() {
        let stage = Stage::new().realm(
            "shop.json",
            r#"{"realm": "shop", "accessTokenLifespan": 43200, "clients": [
                {"clientId": "a"}, {"clientId": "b"},
                {"clientId": "short", "attributes": {"access.token.lifespan": "300"}},
                {"clientId": "long", "attributes": {"access.token.lifespan": "5400"}},
                {"clientId": "session", "attributes": {"access.token.lifespan": "-1"}},
                {"clientId": "api", "bearerOnly": true}]}"#,
        );
        let said = stage.judge("token-lifespan-long");
        assert_eq!(
            said.wrong,
            [
                "warning realm shop: Realm `shop` gives access tokens that live 12 hours to 2 clients of its own: a stolen token, or one of a locked-out person, works that long.",
                "warning client long of realm shop: Access tokens of client `long` of realm `shop` live 90 minutes: a stolen token, or one of a locked-out person, works that long.",
                "warning client session of realm shop: Access tokens of client `session` of realm `shop` live as long as the session: a stolen token, or one of a locked-out person, works that long.",
            ]
        );
        assert_eq!(
            said.places[0],
            "shop.json accessTokenLifespan = 43200 (the lifespan of access tokens in seconds)"
        );
    }

    #[test]
    fn an_hour_is_not_too_long() {
        let stage = Stage::new().realm(
            "shop.json",
            r#"{"realm": "shop", "accessTokenLifespan": 3600, "clients": [{"clientId": "a"}]}"#,
        );
        assert!(stage.judge("token-lifespan-long").is_nothing());
    }

    #[test]
    fn built_in_clients_alone_are_no_reason() {
        let stage = Stage::new().realm(
            "shop.json",
            r#"{"realm": "shop", "accessTokenLifespan": 86400, "clients": [{"clientId": "account"}]}"#,
        );
        assert!(stage.judge("token-lifespan-long").is_nothing());
    }
}
