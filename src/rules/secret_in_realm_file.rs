//! `secret-in-realm-file`: a realm file holds a usable client secret.

use super::with_secrets::uses_secret;
use crate::finding::{Case, Evidence, Severity, Side, Undecided, Verdict};
use crate::keycloak::model::{ClientField, ClientSecret, Dialect};
use crate::link::ClueKind;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, PartKind, Place};

pub(crate) static RULE: Rule = Rule {
    id: "secret-in-realm-file",
    severity: Severity::Warning,
    title: "A realm file holds a usable client secret",
    why: "Whoever reads the file, a copy of the repository or its history can get tokens as the client, and log in as its service account \
          where it has one. A secret that says `change-me-in-prod` works like any other once the file is imported.\n\n\
          Keycloak fills placeholders such as `${WEB_SECRET}` from the environment when it imports a file, and makes a secret by itself \
          when there is none. Exports with `**********` hold no secret.",
    remedy: "Put a placeholder in its place, set the value where the file is imported, and give the client a new secret.",
    references: &[
        "https://www.keycloak.org/server/importExport#_using_environment_variables_within_the_realm_configuration_files",
        "https://github.com/adorsys/keycloak-config-cli#variable-substitution",
        "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html",
    ],
    needs: &[],
    check: Check::Client(check),
};

fn check(id: ClientId, scene: &Scene<'_>) -> Vec<Verdict> {
    let client = scene.client(id);
    let ClientSecret::Held { says_replace_me, .. } = client.secret else { return Vec::new() };
    let part = scene.snapshot.part(client.at.part);
    // A plan or state of Terraform is no realm file, what a command prints into a pipe is kept nowhere, and what a server answered is
    // where it belongs: in the server. A snapshot folder holds a tag in its place.
    if client.dialect == Dialect::Terraform
        || part.kind == PartKind::Answer
        || matches!(part.place, Place::StandardInput { .. })
        || !uses_secret(client)
    {
        return Vec::new();
    }
    let who = scene.name_client(id);
    let mut evidence = vec![scene.client_field(id, ClientField::Secret, "the secret in plain text")];
    if let Some(why) = client.public_client.why_unknown() {
        evidence.push(scene.client_field(
            id,
            ClientField::PublicClient,
            "decides whether the secret is used",
        ));
        return vec![Verdict::Undecided(Undecided {
            reason: format!(
                "Whether the secret of {who} in the realm file can be used is not known, because it is not known whether the client is public: {why}."
            ),
            remedy: None,
            evidence,
        })];
    }
    evidence.extend(same_secret(id, scene));
    let remark = if says_replace_me {
        " Its text says that it is to be replaced, but until somebody does, it works on every server that imports the file."
    } else {
        ""
    };
    let placeholder = match client.dialect {
        Dialect::ConfigCli => "$(env:NAME)",
        _ => "${NAME}",
    };
    vec![Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "The secret of {who} stands as plain text in the realm file: whoever reads the file or its history can get tokens as the client.{remark}"
        ),
        remedy: Some(format!(
            "Write a placeholder such as `{placeholder}` in its place, set the value where the file is imported, and give the client a new secret."
        )),
        evidence,
        value: None,
        fix: None,
    })]
}

/// The settings of services that hold the same secret.
fn same_secret(id: ClientId, scene: &Scene<'_>) -> Vec<Evidence> {
    let clues = scene.links_of_client(id).flat_map(|link| &link.clues);
    clues
        .filter(|clue| clue.kind == ClueKind::EqualSecret)
        .flat_map(|clue| &clue.evidence)
        .filter(|place| place.side == Side::CloudRun)
        .map(|place| Evidence { label: "a service that has the same secret".to_owned(), ..place.clone() })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml};

    fn stage(client: &str) -> Stage {
        Stage::new().realm(
            "shop.json",
            &format!(r#"{{"realm": "shop", "attributes": {{"frontendUrl": "https://sso.example.com"}}, "clients": [{{"clientId": "web", {client}}}]}}"#),
        )
    }

    fn judge(client: &str) -> Said {
        stage(client).judge("secret-in-realm-file")
    }

    #[test]
    fn a_usable_secret_is_said_and_not_shown() {
        let said = judge(r#""secret": "6Jq0e7cC1sAbd9""#);
        assert_eq!(
            said.wrong,
            [
                "warning client web of realm shop: The secret of client `web` of realm `shop` stands as plain text in the realm file: whoever reads the file or its history can get tokens as the client."
            ]
        );
        assert_eq!(said.places, ["shop.json clients[0].secret (the secret in plain text)"]);
        assert!(!format!("{said:?}").contains("6Jq0e7"));
    }

    #[test]
    fn a_secret_that_says_replace_me_is_said_once_with_that_remark() {
        let said = judge(r#""secret": "change-me-in-prod""#);
        assert_eq!(said.wrong.len(), 1);
        assert!(said.wrong[0].ends_with("it works on every server that imports the file."), "{said:?}");
        assert!(!format!("{said:?}").contains("change-me"));
    }

    #[test]
    fn what_is_no_usable_secret_is_fine() {
        for client in [
            r#""secret": "**********""#,
            r#""secret": "${WEB_SECRET}""#,
            r#""secret": "$(env:WEB_SECRET)""#,
            r#""secret": "${vault.web}""#,
            r#""secret": """#,
            r#""secret": null"#,
            r#""description": "none at all""#,
            r#""secret": "6Jq0e7cC1sAbd9", "publicClient": true"#,
            r#""secret": "6Jq0e7cC1sAbd9", "bearerOnly": true"#,
            r#""secret": "6Jq0e7cC1sAbd9", "enabled": false"#,
            r#""secret": "6Jq0e7cC1sAbd9", "clientAuthenticatorType": "client-jwt""#,
        ] {
            assert!(judge(client).is_nothing(), "{client}: {:?}", judge(client));
        }
    }

    #[test]
    fn built_in_clients_of_an_export_are_left_alone() {
        let realm = r#"{"realm": "shop", "clients": [{"clientId": "realm-management", "bearerOnly": true, "secret": "a8fh3kdl"},
            {"clientId": "broker", "secret": "kdfj39dk"}]}"#;
        assert!(Stage::new().realm("shop.json", realm).judge("secret-in-realm-file").is_nothing());
    }

    #[test]
    fn a_service_with_the_same_secret_is_shown() {
        let env = [
            ("OIDC_ISSUER", "https://sso.example.com/realms/shop"),
            ("OIDC_CLIENT_ID", "web"),
            ("OIDC_CLIENT_SECRET", "6Jq0e7cC1sAbd9"),
        ];
        let said = stage(r#""secret": "6Jq0e7cC1sAbd9""#)
            .service("web.yaml", &service_yaml("web", &env))
            .judge("secret-in-realm-file");
        assert_eq!(
            said.places[1..],
            ["web.yaml spec.template.spec.containers[0].env[2].value (a service that has the same secret)"]
        );
    }

    #[test]
    fn a_client_of_unknown_type_is_not_decided() {
        let said = judge(r#""secret": "6Jq0e7cC1sAbd9", "publicClient": "${PUBLIC}""#);
        assert_eq!((said.wrong.len(), said.undecided.len()), (0, 1), "{said:?}");
    }
}
