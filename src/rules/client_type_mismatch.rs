//! `client-type-mismatch`: a service sends a secret to a public client, or has none for a confidential one.

use super::with_clients::{Named, is_of_a_store, is_secret, naming, switch};
use crate::cloud_run::model::{Container, Dialect, EnvValue};
use crate::cloud_run::secret_names::is_no_secret;
use crate::conventions::{Certainty, Held, Role, Use, framework};
use crate::finding::{Case, Evidence, Severity, Undecided, Verdict};
use crate::keycloak::model::{Client, ClientField};
use crate::known::Known;
use crate::link::{ClueKind, ContainerReading, Link};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, PartKind};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "client-type-mismatch",
    severity: Severity::Warning,
    title: "A service sends a secret to a public client, or has none for a confidential one",
    why: "A public client has no secret: Keycloak does not look at the one that a service sends, so everybody who knows the client's id \
          can take the service's place at the token endpoint. And a public client gets no tokens of its own: the client credentials \
          grant answers 401 with `unauthorized_client`.\n\n\
          A confidential client must authenticate. Without its secret people still reach the login form, and then the exchange of the \
          code fails with 401 and `unauthorized_client`. A program in the browser can keep no secret, so its client must be public.",
    remedy: "Make the client's type fit the service: confidential with a secret for what runs on a server, public with PKCE for what runs in the browser.",
    references: &[
        "https://datatracker.ietf.org/doc/html/rfc6749#section-2.1",
        "https://datatracker.ietf.org/doc/html/rfc9700#section-2.5",
        "https://www.keycloak.org/docs/latest/server_admin/#_oidc_clients",
    ],
    needs: &[Fact::Clients, Fact::Services],
    check: Check::Link(check),
};

fn check(link: &Link, scene: &Scene<'_>) -> Vec<Verdict> {
    let client = scene.client(link.client);
    // A client that is disabled or bearer-only has its own rules.
    if client.enabled.is_off() || client.bearer_only.is_on() {
        return Vec::new();
    }
    let named = naming(link, scene);
    if named.is_empty() {
        return Vec::new();
    }
    let case = Judged { link, client, scene, named };
    let verdict = match &client.public_client {
        Known::Value(true) => case.public(),
        Known::Value(false) => case.confidential(),
        Known::Unknown(why) => case.unknown_type(why),
        Known::Secret(_) => None,
    };
    verdict.into_iter().collect()
}

struct Judged<'a, 'b> {
    link: &'a Link,
    client: &'a Client,
    scene: &'a Scene<'b>,
    named: Vec<Named<'a>>,
}

/// Whether a setting with a secret sends one.
enum Sent<'a> {
    Yes(&'a Named<'a>, usize),
    Unknown(&'a Named<'a>, usize, String),
}

impl Judged<'_, '_> {
    /// The client's secret among the settings.
    fn sent(&self) -> Option<Sent<'_>> {
        let mut found = self.named.iter().filter_map(|named| {
            let secret = named.secret()?;
            let place = named.of.settings.get(secret.setting)?;
            if place
                .value
                .as_deref()
                .is_some_and(|text| secret.role == Role::ClientSecret && is_no_secret(text))
            {
                return None;
            }
            // The program in the browser does not see what only the server's side is given.
            if named.is_in_browser() && !secret.in_browser && self.is_shared(named, secret.setting) {
                return None;
            }
            Some(match &secret.held {
                Held::Placeholder { .. } | Held::Unknown => {
                    let why = place.unknown.clone().or_else(|| secret.held.why_unknown());
                    Sent::Unknown(named, secret.setting, why.unwrap_or_else(|| "it is not known".to_owned()))
                }
                _ => Sent::Yes(named, secret.setting),
            })
        });
        found.next()
    }

    /// Whether another client of the container claims the same secret: then it may be that client's alone.
    fn is_shared(&self, named: &Named<'_>, secret: usize) -> bool {
        let others = named.of.understanding.clients.iter();
        others
            .filter(|other| other.secret == Some(secret))
            .any(|other| other.client_id != named.found.client_id)
    }

    fn public(&self) -> Option<Verdict> {
        let sent = self.sent()?;
        let (Sent::Yes(named, setting) | Sent::Unknown(named, setting, _)) = &sent;
        if self.is_shared(named, *setting) {
            return None;
        }
        let (who, service) = self.names();
        let name = self.scene.setting_name(self.link.service, named.container, *setting);
        let place = |label: &str| Evidence {
            value: None,
            ..self.scene.setting(self.link.service, named.container, *setting, label)
        };
        let public = switch(
            self.link.client,
            self.scene,
            ClientField::PublicClient,
            "makes the client public",
            "the public client",
        );
        if let Sent::Unknown(_, _, why) = &sent {
            return Some(Verdict::Undecided(Undecided {
                reason: format!(
                    "Whether {service} sends a secret to {who}, which is public, is not known, because `{name}` is not: {why}."
                ),
                remedy: None,
                evidence: vec![place("would be the secret"), public],
            }));
        }
        let uses = self.link.uses;
        let breaks = if uses.client_credentials && !uses.login {
            "a public client gets no tokens of its own, so every request is answered with 401 and `unauthorized_client`"
        } else {
            "Keycloak does not look at the secret, so everybody who knows the client's id can take the service's place"
        };
        Some(Verdict::Wrong(Case {
            severity: None,
            message: format!(
                "{} sends a secret (`{name}`) to {who}, but that client is public: {breaks}.",
                capitalized(&service)
            ),
            remedy: Some(format!(
                "Make the client confidential ({}) and give the service its secret; if its programs run in the browser, remove `{name}` instead.",
                self.set_public("false", "CONFIDENTIAL")
            )),
            evidence: vec![public, place("the secret that the service sends")],
            value: Some(name.to_owned()),
            fix: None,
        }))
    }

    fn confidential(&self) -> Option<Verdict> {
        // Flags say what one deployment changes: secrets may be given by another one.
        let is_partial = self.scene.service(self.link.service).dialect == Dialect::Flags;
        if is_partial || self.has_other_credentials() || self.has_secret() {
            return None;
        }
        let named = self.named.iter().find(|named| named.is_in_browser());
        let is_in_browser = named.is_some();
        let named = named.or_else(|| self.named.iter().find(|named| is_told(named)))?;
        let (who, service) = self.names();
        let id = self.scene.setting(
            self.link.service,
            named.container,
            named.found.setting,
            "names the client, and no setting holds its secret",
        );
        let confidential = switch(
            self.link.client,
            self.scene,
            ClientField::PublicClient,
            "makes the client confidential",
            "the client, which is confidential unless it says that it is public",
        );
        if is_in_browser {
            let name = self.scene.setting_name(self.link.service, named.container, named.found.setting);
            return Some(Verdict::Wrong(Case {
                severity: None,
                message: format!(
                    "{} builds {who} into a program for the browser (`{name}`), which can keep no secret, but that client is confidential: people reach the login form, and then the exchange of the code fails with 401 and `unauthorized_client`.",
                    capitalized(&service)
                ),
                remedy: Some(format!(
                    "Make the client public ({}) and enforce PKCE with S256.",
                    self.set_public("true", "PUBLIC")
                )),
                evidence: vec![
                    confidential,
                    Evidence { label: "names the client in the browser".to_owned(), ..id },
                ],
                value: Some(name.to_owned()),
                fix: None,
            }));
        }
        if let Some(why) = self.may_hold(named) {
            return Some(Verdict::Undecided(Undecided {
                reason: format!("Whether {service} has the secret of {who}, which is confidential, is not known: {why}."),
                remedy: Some("Name the setting as the framework does, or make the client public if the service sends no secret.".to_owned()),
                evidence: vec![confidential, id],
            }));
        }
        let breaks = if self.link.uses.login {
            "people reach the login form, and then the exchange of the code fails with 401 and `unauthorized_client`"
        } else {
            "every token request is answered with 401 and `unauthorized_client`"
        };
        Some(Verdict::Wrong(Case {
            severity: None,
            message: format!(
                "{} talks through {who}, which is confidential, but none of its settings holds the client's secret: {breaks}.",
                capitalized(&service)
            ),
            remedy: Some("Give the service the client's secret by a reference to Secret Manager, or make the client public if it runs in the browser.".to_owned()),
            evidence: vec![confidential, id],
            value: None,
            fix: None,
        }))
    }

    fn unknown_type(&self, why: &str) -> Option<Verdict> {
        let matters = self.sent().is_some() || self.confidential().is_some();
        let (who, service) = self.names();
        let field = self.scene.client_field(
            self.link.client,
            ClientField::PublicClient,
            "the switch that decides it",
        );
        matters.then(|| {
            Verdict::Undecided(Undecided {
                reason: format!(
                    "Whether {who} needs a secret, as {service} {} one, is not known: {why}.",
                    if self.sent().is_some() { "sends" } else { "does not send" }
                ),
                remedy: None,
                evidence: vec![field],
            })
        })
    }

    fn names(&self) -> (String, String) {
        (self.scene.name_client(self.link.client), self.scene.name_service(self.link.service))
    }

    /// How the client's document makes it public or confidential.
    fn set_public(&self, switch: &str, access_type: &str) -> String {
        let field = self.client.field(ClientField::PublicClient).path.below(&self.client.at.path);
        match self.client.dialect {
            crate::keycloak::model::Dialect::Terraform => format!("`{field} = \"{access_type}\"`"),
            _ => format!("`\"{field}\": {switch}`"),
        }
    }

    /// Whether the client authenticates with something else than a secret, or it is not known with what.
    fn has_other_credentials(&self) -> bool {
        let authenticator = self.client.authenticator.as_ref();
        !authenticator.is_none_or(|known| matches!(known.text(), Some("client-secret" | "client-secret-jwt")))
    }

    /// Whether anything that the service is given can be the client's secret.
    fn has_secret(&self) -> bool {
        let by_clue = |kind| matches!(kind, ClueKind::EqualSecret | ClueKind::SecretName);
        if self.sent().is_some() || self.link.clues.iter().any(|clue| by_clue(clue.kind)) {
            return true;
        }
        let reading = self.scene.reading(self.link.service);
        let of_another = |of: &ContainerReading, setting: usize| {
            of.understanding.clients.iter().any(|other| {
                other.secret == Some(setting) && other.client_id.as_deref() != self.client.client_id.text()
            })
        };
        let unclaimed = reading.containers.iter().any(|of| {
            let secrets = of.understanding.readings.iter().filter(|reading| is_secret(reading));
            secrets.filter(|secret| secret.held != Held::Empty).any(|secret| !of_another(of, secret.setting))
        });
        let containers = &self.scene.service(self.link.service).containers;
        unclaimed || containers.iter().any(|container| !container.secret_files.is_empty())
    }

    /// What else may hold the secret, as a clause.
    fn may_hold(&self, named: &Named<'_>) -> Option<String> {
        if let Some(missing) = self.scene.missing_of_service(self.link.service, Fact::Settings) {
            return Some(format!("not all of its settings are ({})", missing.why.trim_end_matches('.')));
        }
        let service = self.scene.service(self.link.service);
        if self.scene.snapshot.part(service.at.part).kind == PartKind::EnvVarsFile {
            return Some(
                "only its env-vars file was read, and secrets are given beside it (`--set-secrets`)"
                    .to_owned(),
            );
        }
        let reading = self.scene.reading(self.link.service);
        for (container, of) in service.containers.iter().zip(&reading.containers) {
            if let Some(name) = unexplained(container, of) {
                return Some(format!("`{name}` may hold it"));
            }
        }
        let of_framework = framework(named.found.framework);
        let knows_secrets = of_framework
            .is_some_and(|known| known.settings.iter().any(|setting| setting.role == Role::ClientSecret));
        let is_sure = named.found.certainty == Certainty::Certain && knows_secrets;
        (!is_sure).then(|| "none of its settings is one, but its image may hold it".to_owned())
    }
}

/// Whether settings say that the service itself logs in or fetches tokens with the client.
fn is_told(named: &Named<'_>) -> bool {
    let is_likely = |what| named.of.understanding.uses(what) >= Some(Certainty::Likely);
    is_likely(Use::LogsUsersIn) || is_likely(Use::ClientCredentials) || is_likely(Use::PublicBrowserApp)
}

/// A setting that nothing explains and that may hold the secret: one that comes from Secret Manager, a key, a file of settings.
fn unexplained<'c>(container: &'c Container, of: &ContainerReading) -> Option<&'c str> {
    const SIGNS: [&str; 7] =
        ["SECRET", "CREDENTIAL", "PRIVATE_KEY", "ASSERTION", "KEYSTORE", "CONFIG", "APPLICATION_JSON"];
    let explained = |name: &str| {
        of.understanding.readings.iter().any(|reading| {
            of.settings.get(reading.setting).is_some_and(|place| place.name == name)
                && reading.role != Role::Blob
        })
    };
    let may = |name: &str, is_reference: bool| {
        let upper = name.to_ascii_uppercase().replace(['-', '.'], "_");
        (is_reference || SIGNS.iter().any(|sign| upper.contains(sign)))
            && !is_of_a_store(name)
            && !explained(name)
    };
    let variables = container.env.iter().filter_map(|variable| {
        let name = variable.name.text()?;
        let is_empty = variable.value == EnvValue::Literal(Known::Value(String::new()));
        let is_reference = matches!(variable.value, EnvValue::SecretReference { .. });
        (!is_empty && may(name, is_reference)).then_some(name)
    });
    let flags = container.args.iter().chain(&container.command).filter_map(|(word, _)| {
        let name = word.text()?.split('=').next()?;
        (name.starts_with("--") && may(name, false)).then_some(name)
    });
    variables.chain(flags).next()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml, service_yaml_with};

    const REALM: &str = "https://sso.example.com/realms/shop";
    const LOGIN: [(&str, &str); 3] = [
        ("OIDC_ISSUER", REALM),
        ("OIDC_CLIENT_ID", "web"),
        ("OIDC_REDIRECT_URI", "https://shop.example.com/callback"),
    ];
    const PUBLIC: &str = r#"{"clientId": "web", "publicClient": true}"#;
    const CONFIDENTIAL: &str = r#"{"clientId": "web", "secret": "**********"}"#;

    fn stage(clients: &str) -> Stage {
        let realm = format!(
            r#"{{"realm": "shop", "attributes": {{"frontendUrl": "https://sso.example.com"}}, "clients": [{clients}]}}"#
        );
        Stage::new().realm("shop.json", &realm)
    }

    fn judge(clients: &str, env: &[(&str, &str)]) -> Said {
        stage(clients).service("web.yaml", &service_yaml("web", env)).judge("client-type-mismatch")
    }

    fn proxy(clients: &str, env: &[(&str, &str)]) -> Said {
        let known = [
            ("OAUTH2_PROXY_PROVIDER", "keycloak-oidc"),
            ("OAUTH2_PROXY_OIDC_ISSUER_URL", REALM),
            ("OAUTH2_PROXY_CLIENT_ID", "web"),
            ("OAUTH2_PROXY_COOKIE_SECRET", "0123456789abcdef0123456789abcdef"),
        ];
        let yaml =
            service_yaml_with("web", "quay.io/oauth2-proxy/oauth2-proxy:v7.9.0", &[&known, env].concat());
        stage(clients).service("web.yaml", &yaml).judge("client-type-mismatch")
    }

    #[test]
    fn a_secret_for_a_public_client_is_said() {
        let said = judge(PUBLIC, &[&LOGIN[..], &[("OIDC_CLIENT_SECRET", "s3cret-of-web")]].concat());
        assert_eq!(
            said.wrong,
            [
                "warning service web ↔ client web of realm shop: Service `web` sends a secret (`OIDC_CLIENT_SECRET`) to client `web` of realm `shop`, but that client is public: Keycloak does not look at the secret, so everybody who knows the client's id can take the service's place."
            ]
        );
        assert_eq!(
            said.places,
            [
                "shop.json clients[0].publicClient = true (makes the client public)",
                "web.yaml spec.template.spec.containers[0].env[3].value (the secret that the service sends)",
            ]
        );
        assert!(!format!("{said:?}").contains("s3cret"));
    }

    #[test]
    fn what_fits_is_fine() {
        assert!(judge(PUBLIC, &LOGIN).is_nothing());
        let with_secret = [&LOGIN[..], &[("OIDC_CLIENT_SECRET", "s3cret-of-web")]].concat();
        assert!(judge(CONFIDENTIAL, &with_secret).is_nothing());
        for empty in ["", "none"] {
            let env = [&LOGIN[..], &[("OIDC_CLIENT_SECRET", empty)]].concat();
            assert!(judge(PUBLIC, &env).is_nothing(), "{empty}");
        }
    }

    #[test]
    fn a_placeholder_for_the_secret_is_not_decided() {
        let said = judge(PUBLIC, &[&LOGIN[..], &[("OIDC_CLIENT_SECRET", "${WEB_SECRET}")]].concat());
        assert_eq!((said.wrong.len(), said.undecided.len()), (0, 1), "{said:?}");
        assert!(said.undecided[0].contains("`${WEB_SECRET}` is a placeholder"), "{said:?}");
    }

    #[test]
    fn a_recognised_program_without_the_secret_is_said() {
        let said = proxy(CONFIDENTIAL, &[]);
        assert_eq!(
            said.wrong,
            [
                "warning service web ↔ client web of realm shop: Service `web` talks through client `web` of realm `shop`, which is confidential, but none of its settings holds the client's secret: people reach the login form, and then the exchange of the code fails with 401 and `unauthorized_client`."
            ]
        );
        assert_eq!(
            said.places,
            [
                "shop.json clients[0].clientId = web (the client, which is confidential unless it says that it is public)",
                "web.yaml spec.template.spec.containers[0].env[2].value = web (names the client, and no setting holds its secret)",
            ]
        );
    }

    #[test]
    fn a_secret_from_anywhere_will_do() {
        for env in [
            ("OAUTH2_PROXY_CLIENT_SECRET", "s3cret-of-web"),
            ("OAUTH2_PROXY_CLIENT_SECRET", "${SECRET}"),
            ("OAUTH2_PROXY_CLIENT_SECRET_FILE", "/secrets/web"),
        ] {
            assert!(proxy(CONFIDENTIAL, &[env]).is_nothing(), "{env:?}");
        }
        let yaml = service_yaml_with(
            "web",
            "quay.io/oauth2-proxy/oauth2-proxy:v7.9.0",
            &[("OAUTH2_PROXY_OIDC_ISSUER_URL", REALM), ("OAUTH2_PROXY_CLIENT_ID", "web")],
        );
        let mounted = format!(
            "{yaml}        volumeMounts:\n        - name: secrets\n          mountPath: /secrets\n      volumes:\n      - name: secrets\n        secret:\n          secretName: web\n"
        );
        assert!(stage(CONFIDENTIAL).service("web.yaml", &mounted).judge("client-type-mismatch").is_nothing());
    }

    #[test]
    fn other_ways_to_authenticate_need_no_secret() {
        for authenticator in ["client-jwt", "client-x509", "federated-jwt", "${AUTH}"] {
            let client = format!(r#"{{"clientId": "web", "clientAuthenticatorType": "{authenticator}"}}"#);
            assert!(proxy(&client, &[]).is_nothing(), "{authenticator}");
        }
    }

    #[test]
    fn what_may_hold_the_secret_leaves_it_open() {
        let said = proxy(CONFIDENTIAL, &[("OAUTH2_PROXY_ALPHA_CONFIG", "/etc/proxy/alpha.yaml")]);
        assert_eq!((said.wrong.len(), said.undecided.len()), (0, 1), "{said:?}");
        // An application of one's own may have it in its image.
        let said = judge(CONFIDENTIAL, &LOGIN);
        assert_eq!((said.wrong.len(), said.undecided.len()), (0, 1), "{said:?}");
        assert!(said.undecided[0].contains("its image may hold it"), "{said:?}");
    }

    #[test]
    fn an_api_that_knows_its_own_client_needs_no_secret() {
        let env = [("OIDC_ISSUER", REALM), ("OIDC_CLIENT_ID", "web"), ("OIDC_AUDIENCE", "web")];
        assert!(judge(CONFIDENTIAL, &env).is_nothing());
        let guess = [("OIDC_ISSUER", REALM), ("OIDC_CLIENT_ID", "web")];
        assert!(judge(CONFIDENTIAL, &guess).is_nothing());
    }

    #[test]
    fn a_program_in_the_browser_needs_a_public_client() {
        let env = [("VITE_OIDC_ISSUER", REALM), ("VITE_OIDC_CLIENT_ID", "web")];
        let said = judge(CONFIDENTIAL, &env);
        assert_eq!(said.wrong.len(), 1, "{said:?}");
        assert!(
            said.wrong[0].contains(
                "builds client `web` of realm `shop` into a program for the browser (`VITE_OIDC_CLIENT_ID`)"
            ),
            "{said:?}"
        );
        assert!(judge(PUBLIC, &env).is_nothing());
    }

    #[test]
    fn a_secret_of_another_client_is_not_sent_by_the_browser() {
        let clients = r#"{"clientId": "web", "publicClient": true}, {"clientId": "server"}"#;
        let env = [
            ("KEYCLOAK_ISSUER", REALM),
            ("NEXT_PUBLIC_KEYCLOAK_CLIENT_ID", "web"),
            ("KEYCLOAK_CLIENT_ID", "server"),
            ("KEYCLOAK_CLIENT_SECRET", "s3cret-of-server"),
        ];
        assert!(judge(clients, &env).is_nothing(), "{:?}", judge(clients, &env));
    }

    #[test]
    fn an_unknown_type_is_not_decided() {
        let client = r#"{"clientId": "web", "publicClient": "${PUBLIC}"}"#;
        let said = judge(client, &[&LOGIN[..], &[("OIDC_CLIENT_SECRET", "s3cret-of-web")]].concat());
        assert_eq!((said.wrong.len(), said.undecided.len()), (0, 1), "{said:?}");
        assert!(said.undecided[0].contains("`${PUBLIC}` is a placeholder"), "{said:?}");
    }

    #[test]
    fn a_public_client_gets_no_tokens_of_its_own() {
        let env = [
            ("SPRING_SECURITY_OAUTH2_CLIENT_PROVIDER_KC_ISSUER_URI", REALM),
            ("SPRING_SECURITY_OAUTH2_CLIENT_REGISTRATION_KC_CLIENTID", "web"),
            ("SPRING_SECURITY_OAUTH2_CLIENT_REGISTRATION_KC_CLIENTSECRET", "s3cret-of-web"),
            ("SPRING_SECURITY_OAUTH2_CLIENT_REGISTRATION_KC_AUTHORIZATIONGRANTTYPE", "client_credentials"),
        ];
        let said = judge(PUBLIC, &env);
        assert_eq!(said.wrong.len(), 1, "{said:?}");
        assert!(said.wrong[0].contains("a public client gets no tokens of its own"), "{said:?}");
    }
}
