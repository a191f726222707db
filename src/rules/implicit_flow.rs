//! `implicit-flow`: a client may get tokens in the address of a page.

use crate::finding::{Case, Severity, Undecided, Verdict};
use crate::fix::{Datum, Fix, Phase, Safety, offer};
use crate::keycloak::model::ClientField;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "implicit-flow",
    severity: Severity::Warning,
    title: "A client has the implicit flow on",
    why: "The implicit flow puts access tokens into the fragment of a redirect, where the browser's history, scripts of the page and \
          every open redirect behind the redirect URI can read them. OAuth 2.1 has dropped it.\n\n\
          Single-page apps use the authorization code flow with PKCE instead.",
    remedy: "Set `implicitFlowEnabled` to false and use the standard flow with PKCE.",
    references: &[
        "https://datatracker.ietf.org/doc/html/rfc9700#section-2.1.2",
        "https://www.keycloak.org/securing-apps/oidc-layers#_implicit_flow",
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
    if let Some(why) = client.implicit_flow.why_unknown() {
        return vec![Verdict::Undecided(Undecided {
            reason: format!("Whether {who} has the implicit flow on is not known: {why}."),
            remedy: None,
            evidence: vec![scene.client_field(
                id,
                ClientField::ImplicitFlow,
                "the switch, whose value is not known",
            )],
        })];
    }
    if !client.implicit_flow.is_on() {
        return Vec::new();
    }
    vec![Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} has the implicit flow on: whoever asks with `response_type=token` gets access tokens in the address of a page, where scripts and the browser's history can read them.",
            capitalized(&who)
        ),
        remedy: None,
        evidence: vec![scene.client_field(id, ClientField::ImplicitFlow, "the switch of the implicit flow")],
        value: None,
        fix: fix(id, scene).map(Box::new),
    })]
}

fn fix(id: ClientId, scene: &Scene<'_>) -> Option<Fix> {
    let change = offer::set(scene, id, ClientField::ImplicitFlow, Datum::switch(false), Phase::Contract)?;
    let title = format!("Turn the implicit flow of {} off", scene.name_client(id));
    Some(
        Fix::of(title, Safety::Review, vec![change])
            .with_risk("Apps that ask for `response_type=token` or `id_token` get no tokens from then on."),
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
                {"clientId": "old", "implicitFlowEnabled": true},
                {"clientId": "new", "implicitFlowEnabled": false},
                {"clientId": "plain"},
                {"clientId": "api", "bearerOnly": true, "implicitFlowEnabled": true}]}"#,
        );
        let said = stage.judge("implicit-flow");
        assert_eq!(
            said.wrong,
            [
                "warning client old of realm shop: Client `old` of realm `shop` has the implicit flow on: whoever asks with `response_type=token` gets access tokens in the address of a page, where scripts and the browser's history can read them."
            ]
        );
        assert_eq!(
            said.places,
            ["shop.json clients[0].implicitFlowEnabled = true (the switch of the implicit flow)"]
        );
        assert_eq!(said.undecided, Vec::<String>::new());
    }

    #[test]
    fn a_placeholder_is_not_decided() {
        let stage = Stage::new().realm(
            "shop.json",
            r#"{"realm": "shop", "clients": [{"clientId": "web", "implicitFlowEnabled": "$(env:IMPLICIT)"}]}"#,
        );
        let said = stage.judge("implicit-flow");
        assert_eq!(said.wrong, Vec::<String>::new());
        assert_eq!(said.undecided.len(), 1);
    }

    #[test]
    fn the_fix_turns_it_off() {
        let stage = Stage::new().realm(
            "shop.json",
            r#"{"realm": "shop", "clients": [{"clientId": "old", "implicitFlowEnabled": true}]}"#,
        );
        assert_eq!(
            stage.fixes("implicit-flow"),
            ["review contract shop.json: implicitFlowEnabled true → false"]
        );
    }
}
