//! `password-grant`: a client may collect passwords itself.

use crate::finding::{Case, Severity, Undecided, Verdict};
use crate::fix::{Datum, Fix, Phase, Safety, offer};
use crate::keycloak::model::ClientField;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "password-grant",
    severity: Severity::Warning,
    title: "A client has the password grant on (direct access grants)",
    why: "With direct access grants the app asks people for their Keycloak password and sends it on. Second factors, required actions \
          and identity providers are passed by, and a public client lets everybody on the network try passwords against the token \
          endpoint.\n\n\
          The admin API turns it on for every client that is created without saying otherwise; realm files do not.",
    remedy: "Set `directAccessGrantsEnabled` to false; for machines use a service account, for people the standard flow.",
    references: &[
        "https://datatracker.ietf.org/doc/html/rfc9700#section-2.4",
        "https://www.keycloak.org/securing-apps/oidc-layers#_resource_owner_password_credentials_flow",
    ],
    needs: &[Fact::Clients],
    check: Check::Client(check),
};

fn check(id: ClientId, scene: &Scene<'_>) -> Vec<Verdict> {
    let client = scene.client(id);
    if client.bearer_only.is_on() {
        return Vec::new();
    }
    let who = scene.name_client(id);
    if let Some(why) = client.direct_access_grants.why_unknown() {
        return vec![Verdict::Undecided(Undecided {
            reason: format!("Whether {who} has the password grant on is not known: {why}."),
            remedy: None,
            evidence: vec![scene.client_field(
                id,
                ClientField::DirectAccessGrants,
                "the switch, whose value is not known",
            )],
        })];
    }
    if !client.direct_access_grants.is_on() {
        return Vec::new();
    }
    let consequence = if client.public_client.is_on() {
        "anyone who knows the client id can try passwords against the token endpoint, past second factors and identity providers"
    } else {
        "the app may collect passwords itself, past second factors and identity providers"
    };
    let evidence = if client.stated.direct_access_grants {
        scene.client_field(id, ClientField::DirectAccessGrants, "the switch of the password grant")
    } else {
        scene.client_itself(id, "the client, whose password grant is on by default")
    };
    vec![Verdict::Wrong(Case {
        severity: None,
        message: format!("{} has direct access grants on: {consequence}.", capitalized(&who)),
        remedy: None,
        evidence: vec![evidence],
        value: None,
        fix: fix(id, scene).map(Box::new),
    })]
}

fn fix(id: ClientId, scene: &Scene<'_>) -> Option<Fix> {
    let change =
        offer::set(scene, id, ClientField::DirectAccessGrants, Datum::switch(false), Phase::Contract)?;
    let title = format!("Turn direct access grants of {} off", scene.name_client(id));
    Some(
        Fix::of(title, Safety::Review, vec![change]).with_risk(
            "Apps and scripts that send passwords to the token endpoint get no tokens from then on.",
        ),
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::Stage;

    #[test]
    fn only_a_client_that_has_it_on_is_named() {
        let stage = Stage::new().realm(
            "shop.json",
            r#"{"realm": "shop", "clients": [
                {"clientId": "spa", "publicClient": true, "directAccessGrantsEnabled": true},
                {"clientId": "web", "directAccessGrantsEnabled": "true"},
                {"clientId": "off", "directAccessGrantsEnabled": false},
                {"clientId": "absent"},
                {"clientId": "admin-cli", "publicClient": true, "directAccessGrantsEnabled": true}]}"#,
        );
        let said = stage.judge("password-grant");
        assert_eq!(
            said.wrong,
            [
                "warning client spa of realm shop: Client `spa` of realm `shop` has direct access grants on: anyone who knows the client id can try passwords against the token endpoint, past second factors and identity providers.",
                "warning client web of realm shop: Client `web` of realm `shop` has direct access grants on: the app may collect passwords itself, past second factors and identity providers.",
            ]
        );
        assert_eq!(said.undecided, Vec::<String>::new());
    }

    #[test]
    fn the_fix_turns_it_off() {
        let stage = Stage::new().realm(
            "shop.json",
            r#"{"realm": "shop", "clients": [{"clientId": "web", "directAccessGrantsEnabled": "true"}]}"#,
        );
        assert_eq!(
            stage.fixes("password-grant"),
            ["review contract shop.json: directAccessGrantsEnabled true → false"]
        );
    }
}
