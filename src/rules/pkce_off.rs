//! `pkce-off`: a client logs people in without enforced PKCE.

use crate::finding::{Case, Severity, Undecided, Verdict};
use crate::fix::{Datum, Fix, Phase, Safety, offer};
use crate::keycloak::model::{ClientField, attribute};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "pkce-off",
    severity: Severity::Warning,
    title: "A client logs people in without enforced PKCE",
    why: "Without PKCE a stolen authorization code can be turned into tokens by whoever holds it; for a public client nothing else \
          stands in the way.\n\n\
          Keycloak demands a code challenge only when the client's attribute `pkce.code.challenge.method` names a method, and then \
          exactly that one. Empty or absent means that requests without a challenge pass. `plain` sends the verifier itself and \
          protects against little.",
    remedy: "Set the client's attribute `pkce.code.challenge.method` to `S256` once the app sends a challenge; current OpenID Connect libraries do by themselves.",
    references: &[
        "https://datatracker.ietf.org/doc/html/rfc9700#section-2.1.1",
        "https://datatracker.ietf.org/doc/html/rfc7636#section-7.2",
        "https://www.keycloak.org/docs/latest/server_admin/#_mitigating_security_threats",
    ],
    needs: &[Fact::Clients],
    check: Check::Client(check),
};

const FIELD: ClientField = ClientField::Attribute(attribute::PKCE_METHOD);

fn check(id: ClientId, scene: &Scene<'_>) -> Vec<Verdict> {
    let client = scene.client(id);
    // Without any redirect URI no browser ever comes back with a code.
    if !client.standard_flow.is_on() || client.bearer_only.is_on() || client.redirect_uris.is_empty() {
        return Vec::new();
    }
    let who = scene.name_client(id);
    let method = client.attribute(attribute::PKCE_METHOD);
    if let Some(why) = method.and_then(|method| method.why_unknown()) {
        return vec![Verdict::Undecided(Undecided {
            reason: format!("Whether {who} enforces PKCE is not known, because its method is not: {why}."),
            remedy: None,
            evidence: vec![scene.client_field(id, FIELD, "the PKCE method, whose value is not known")],
        })];
    }
    let finding = match method.and_then(|method| method.text()) {
        Some("S256") => return Vec::new(),
        Some("plain") => "enforces PKCE with method `plain`, which sends the verifier itself",
        None | Some("") => "has the standard flow on and enforces no PKCE",
        // Any other method is stored unchecked, and then no request can meet it; that fails closed.
        Some(_) => return Vec::new(),
    };
    let consequence = if client.public_client.is_on() {
        "whoever gets hold of an authorization code of this public client turns it into tokens"
    } else {
        "an authorization code that is injected into another person's login is not noticed"
    };
    let evidence = match method {
        Some(_) => scene.client_field(id, FIELD, "the PKCE method in force"),
        None => scene.client_itself(id, "the client without `pkce.code.challenge.method`"),
    };
    vec![Verdict::Wrong(Case {
        severity: None,
        message: format!("{} {finding}: {consequence}.", capitalized(&who)),
        remedy: None,
        evidence: vec![evidence],
        value: None,
        fix: fix(id, scene).map(Box::new),
    })]
}

fn fix(id: ClientId, scene: &Scene<'_>) -> Option<Fix> {
    let change = offer::set(scene, id, FIELD, Datum::text("S256"), Phase::Contract)?;
    let title = format!("Demand PKCE with S256 of {}", scene.name_client(id));
    Some(
        Fix::of(title, Safety::Review, vec![change])
            .with_risk("Logins of an app that sends no code challenge are refused from then on."),
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::Stage;

    fn realm(client: &str) -> Stage {
        Stage::new().realm(
            "shop.json",
            &format!(r#"{{"realm": "shop", "clients": [{{"clientId": "web", "redirectUris": ["https://shop.example.com/cb"], {client}}}]}}"#),
        )
    }

    #[test]
    fn without_a_redirect_uri_no_code_is_ever_handed_out() {
        let bare = r#"{"realm": "shop", "clients": [{"clientId": "web", "publicClient": true}]}"#;
        assert!(Stage::new().realm("shop.json", bare).judge("pkce-off").is_nothing());
    }

    #[test]
    fn a_public_client_without_pkce_is_said() {
        let said = realm(r#""publicClient": true"#).judge("pkce-off");
        assert_eq!(
            said.wrong,
            [
                "warning client web of realm shop: Client `web` of realm `shop` has the standard flow on and enforces no PKCE: whoever gets hold of an authorization code of this public client turns it into tokens."
            ]
        );
        assert_eq!(
            said.places,
            ["shop.json clients[0].clientId = web (the client without `pkce.code.challenge.method`)"]
        );
    }

    #[test]
    fn plain_is_no_protection() {
        let said = realm(r#""attributes": {"pkce.code.challenge.method": "plain"}"#).judge("pkce-off");
        assert_eq!(
            said.wrong,
            [
                "warning client web of realm shop: Client `web` of realm `shop` enforces PKCE with method `plain`, which sends the verifier itself: an authorization code that is injected into another person's login is not noticed."
            ]
        );
        assert_eq!(
            said.places,
            [
                "shop.json clients[0].attributes[\"pkce.code.challenge.method\"] = plain (the PKCE method in force)"
            ]
        );
    }

    #[test]
    fn s256_a_machine_client_and_an_api_are_fine() {
        for client in [
            r#""attributes": {"pkce.code.challenge.method": "S256"}"#,
            r#""standardFlowEnabled": false, "serviceAccountsEnabled": true"#,
            r#""bearerOnly": true"#,
            r#""enabled": false"#,
            r#""protocol": "saml""#,
        ] {
            assert!(realm(client).judge("pkce-off").is_nothing(), "{client}");
        }
    }

    #[test]
    fn a_placeholder_is_not_decided() {
        let said = realm(r#""attributes": {"pkce.code.challenge.method": "${PKCE}"}"#).judge("pkce-off");
        assert_eq!(said.wrong, Vec::<String>::new());
        assert_eq!(said.undecided.len(), 1);
        assert!(said.undecided[0].contains("${PKCE}"), "{:?}", said.undecided);
    }

    #[test]
    fn the_fix_demands_s256() {
        assert_eq!(
            realm(r#""publicClient": true"#).fixes("pkce-off"),
            ["review contract shop.json: attributes[\"pkce.code.challenge.method\"] → S256"]
        );
        assert_eq!(
            realm(r#""attributes": {"pkce.code.challenge.method": "plain"}"#).fixes("pkce-off"),
            ["review contract shop.json: attributes[\"pkce.code.challenge.method\"] plain → S256"]
        );
    }
}
