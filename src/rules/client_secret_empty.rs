//! `client-secret-empty`: the stored secret of a confidential client is empty.

use super::with_clients::gets_tokens;
use super::with_secrets::uses_secret;
use crate::finding::{Case, Severity, Undecided, Verdict};
use crate::keycloak::model::{ClientField, ClientSecret};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact};

pub(crate) static RULE: Rule = Rule {
    id: "client-secret-empty",
    severity: Severity::Error,
    title: "The stored secret of a confidential client is empty",
    why: "Keycloak keeps an empty secret as it is given and compares it like any other: a request with `client_secret=` and nothing behind \
          it, or with HTTP Basic `id:`, is answered with a token. Whoever knows the client's id can use the client.\n\n\
          Where a file or a request names no secret at all, the server makes one by itself; only `\"secret\": \"\"` stores an empty one.",
    remedy: "Leave `secret` out so that the server makes one, or put a placeholder in its place, and give the service the new secret.",
    references: &[
        "https://datatracker.ietf.org/doc/html/rfc6749#section-2.3.1",
        "https://www.keycloak.org/docs/latest/server_admin/#_client-credentials",
        "https://datatracker.ietf.org/doc/html/rfc9700#section-2.5",
    ],
    needs: &[Fact::Clients, Fact::ClientSecrets],
    check: Check::Client(check),
};

fn check(id: ClientId, scene: &Scene<'_>) -> Vec<Verdict> {
    let client = scene.client(id);
    let by_jwt = client.authenticator.as_ref().and_then(|name| name.text()) == Some("client-secret-jwt");
    if client.secret != ClientSecret::Empty || by_jwt || !uses_secret(client) || !gets_tokens(client) {
        return Vec::new();
    }
    let who = scene.name_client(id);
    let mut evidence = vec![scene.client_field(id, ClientField::Secret, "the empty secret")];
    if let Some(why) = client.public_client.why_unknown() {
        evidence.push(scene.client_field(
            id,
            ClientField::PublicClient,
            "decides whether the secret is used",
        ));
        return vec![Verdict::Undecided(Undecided {
            reason: format!(
                "Whether the empty secret of {who} can be used is not known, because it is not known whether the client is public: {why}."
            ),
            remedy: None,
            evidence,
        })];
    }
    let gets = if client.service_accounts.is_on() {
        evidence.push(scene.client_field(
            id,
            ClientField::ServiceAccounts,
            "lets the client get tokens of its own",
        ));
        "whoever knows the client's id gets tokens of its service account with `client_secret=` and nothing behind it"
    } else {
        "whoever knows the client's id can take its place at the token endpoint with `client_secret=` and nothing behind it"
    };
    vec![Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "The stored secret of {who} is empty, and servers take an empty password for it: {gets}."
        ),
        remedy: None,
        evidence,
        value: None,
        fix: None,
    })]
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage};

    fn judge(client: &str) -> Said {
        let realm = format!(r#"{{"realm": "shop", "clients": [{{"clientId": "web", {client}}}]}}"#);
        Stage::new().realm("shop.json", &realm).judge("client-secret-empty")
    }

    #[test]
    fn an_empty_secret_is_an_open_door() {
        let said = judge(r#""secret": "", "serviceAccountsEnabled": true"#);
        assert_eq!(
            said.wrong,
            [
                "error client web of realm shop: The stored secret of client `web` of realm `shop` is empty, and servers take an empty password for it: \
                 whoever knows the client's id gets tokens of its service account with `client_secret=` and nothing behind it."
            ]
        );
        assert_eq!(said.places[0], "shop.json clients[0].secret (the empty secret)");
        assert_eq!(judge(r#""secret": """#).wrong.len(), 1);
    }

    #[test]
    fn what_is_no_empty_secret_is_fine() {
        for client in [
            r#""secret": null"#,
            r#""description": "none at all""#,
            r#""secret": "**********""#,
            r#""secret": "${WEB_SECRET}""#,
            r#""secret": "${WEB_SECRET:}""#,
            r#""secret": "", "publicClient": true"#,
            r#""secret": "", "bearerOnly": true"#,
            r#""secret": "", "enabled": false"#,
            r#""secret": "", "clientAuthenticatorType": "client-jwt""#,
            r#""secret": "", "clientAuthenticatorType": "client-secret-jwt""#,
            r#""secret": "", "clientAuthenticatorType": "federated-jwt""#,
            r#""secret": "", "standardFlowEnabled": false"#,
        ] {
            assert!(judge(client).is_nothing(), "{client}: {:?}", judge(client));
        }
    }

    #[test]
    fn a_client_of_unknown_type_is_not_decided() {
        let said = judge(r#""secret": "", "publicClient": "${PUBLIC}""#);
        assert_eq!((said.wrong.len(), said.undecided.len()), (0, 1), "{said:?}");
    }
}
