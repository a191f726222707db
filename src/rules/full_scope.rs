//! `full-scope`: tokens of a client carry every role of the user. Off by default.

use super::with_clients::gets_tokens;
use crate::finding::{Case, Severity, Verdict};
use crate::keycloak::model::ClientField;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "full-scope",
    severity: Severity::Off,
    title: "Tokens of a client carry every role of the user",
    why: "With `fullScopeAllowed` every token of the client carries all roles of the user, those of other clients included, and through \
          them other clients in its audience: whoever steals the token may call them all.\n\n\
          It is Keycloak's default for every new client, so this rule speaks only when asked for.",
    remedy: "Set `fullScopeAllowed` to false and map the roles that the client's tokens need to its scope.",
    references: &[
        "https://www.keycloak.org/docs/latest/server_admin/#_role_scope_mappings",
        "https://datatracker.ietf.org/doc/html/rfc9700#section-2.3",
    ],
    needs: &[Fact::Clients],
    check: Check::Client(check),
};

fn check(id: ClientId, scene: &Scene<'_>) -> Vec<Verdict> {
    let client = scene.client(id);
    if !gets_tokens(client) || !client.full_scope.is_on() {
        return Vec::new();
    }
    let evidence = if client.stated.full_scope {
        scene.client_field(id, ClientField::FullScope, "full scope is allowed")
    } else {
        scene.client_itself(id, "the client, whose full scope is allowed by default")
    };
    vec![Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} has full scope allowed: its tokens carry every role of the user, for other clients too.",
            capitalized(&scene.name_client(id))
        ),
        remedy: None,
        evidence: vec![evidence],
        value: None,
        fix: None,
    })]
}

#[cfg(test)]
mod tests {
    use crate::testing::Stage;

    fn stage() -> Stage {
        Stage::new().realm(
            "shop.json",
            r#"{"realm": "shop", "clients": [
                {"clientId": "web", "fullScopeAllowed": true},
                {"clientId": "narrow", "fullScopeAllowed": false},
                {"clientId": "api", "bearerOnly": true}]}"#,
        )
    }

    #[test]
    fn it_speaks_when_asked_for() {
        let said = stage().judge("full-scope");
        assert_eq!(said.places, ["shop.json clients[0].fullScopeAllowed = true (full scope is allowed)"]);
    }

    #[test]
    fn it_keeps_still_otherwise() {
        assert!(stage().audit().findings.iter().all(|finding| finding.rule != "full-scope"));
    }
}
