//! `client-flow-off`: a service needs a flow that its client does not have.

use super::with_clients::{naming, service_side, switch};
use crate::conventions::{Certainty, Use};
use crate::finding::{Case, Evidence, Severity, Undecided, Verdict};
use crate::fix::{Change, Datum, Fix, Phase, Safety, offer};
use crate::keycloak::model::{Client, ClientField};
use crate::link::Link;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::Fact;
use crate::words::{capitalized, listed};

pub(crate) static RULE: Rule = Rule {
    id: "client-flow-off",
    severity: Severity::Error,
    title: "A service needs a flow that its client has switched off",
    why: "A login in the browser needs the standard flow (`standardFlowEnabled`). Without it Keycloak sends the browser back at once \
          with `error=unauthorized_client`; a bearer-only client gets an error page with status 403.\n\n\
          A service that fetches tokens of its own needs service accounts (`serviceAccountsEnabled`). Without them the token request \
          gets 401 with `unauthorized_client`, and a bearer-only client is refused with `invalid_client`.\n\n\
          Terraform's `keycloak_openid_client` has all flows off unless it switches them on; a realm file has the standard flow on.",
    remedy: "Switch the flow on, or give the service a client that has it.",
    references: &[
        "https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth",
        "https://datatracker.ietf.org/doc/html/rfc6749#section-4.4",
        "https://www.keycloak.org/docs/latest/server_admin/#_oidc_clients",
        "https://registry.terraform.io/providers/keycloak/keycloak/latest/docs/resources/openid_client",
    ],
    needs: &[Fact::Clients, Fact::Services],
    check: Check::Link(check),
};

fn check(link: &Link, scene: &Scene<'_>) -> Vec<Verdict> {
    let client = scene.client(link.client);
    // What a disabled client breaks is said once.
    if client.enabled.is_off() {
        return Vec::new();
    }
    let case = Judged { link, client, scene };
    let (login, machine) = case.needs();
    let mut verdicts = Vec::new();
    if login {
        verdicts.extend(case.login());
    }
    // One cause is enough: a bearer-only client needs one repair for both.
    if machine && (verdicts.is_empty() || !client.bearer_only.is_on()) {
        verdicts.extend(case.machine());
    }
    verdicts
}

struct Judged<'a, 'b> {
    link: &'a Link,
    client: &'a Client,
    scene: &'a Scene<'b>,
}

impl Judged<'_, '_> {
    /// Whether the service logs users in through the client, and whether it fetches tokens of its own with it.
    fn needs(&self) -> (bool, bool) {
        let named = naming(self.link, self.scene);
        let grants: Vec<&str> = named.iter().filter_map(|named| named.grant()).collect();
        if !grants.is_empty() && grants.len() == named.len() {
            return (grants.contains(&"authorization_code"), grants.contains(&"client_credentials"));
        }
        // Uses are those of the service as a whole: of several clients each may be for something else.
        let others = || {
            let links = self.scene.links_of_service(self.link.service).iter();
            links.map(|other| other.client).filter(|other| *other != self.link.client)
        };
        let login = self.link.uses.login && !others().any(|other| can_log_in(self.scene.client(other)));
        let machine =
            self.link.uses.client_credentials && !others().any(|other| can_fetch(self.scene.client(other)));
        (login, machine)
    }

    fn login(&self) -> Option<Verdict> {
        let client = self.client;
        let scene = self.scene;
        let (who, service) = (scene.name_client(self.link.client), scene.name_service(self.link.service));
        if client.bearer_only.is_on() {
            let at = self.bearer_only();
            let message = format!(
                "{} is bearer-only, but {service} logs its users in through it: Keycloak answers every login with an error page and status 403.",
                capitalized(&who)
            );
            let remedy = format!(
                "Switch `{}` off and the standard flow on, or give the service a client of its own for logins.",
                self.field(ClientField::BearerOnly)
            );
            return Some(self.wrong(
                ClientField::BearerOnly,
                message,
                remedy,
                at,
                "logs its users in through it",
            ));
        }
        if let Some(why) = client.standard_flow.why_unknown() {
            return Some(self.undecided(
                format!("Whether {who} has the standard flow on, which the logins of {service} need, is not known: {why}."),
                ClientField::StandardFlow,
            ));
        }
        if !client.standard_flow.is_off() {
            return None;
        }
        if client.implicit_flow.is_on() && self.is_in_browser() {
            return Some(self.undecided(
                format!("{} has the implicit flow on and the standard flow off; which of the two the program of {service} uses in the browser stands in its code.", capitalized(&who)),
                ClientField::StandardFlow,
            ));
        }
        let at = switch(
            self.link.client,
            scene,
            ClientField::StandardFlow,
            "switches the standard flow off",
            "the client without the standard flow, which is off unless stated",
        );
        let message = format!(
            "{} has the standard flow off, but {service} logs its users in through it: Keycloak sends every login back with `error=unauthorized_client`.",
            capitalized(&who)
        );
        let remedy = format!(
            "Set `{}` to `true`, or give the service a client for logins.",
            self.field(ClientField::StandardFlow)
        );
        Some(self.wrong(ClientField::StandardFlow, message, remedy, at, "logs its users in through it"))
    }

    fn machine(&self) -> Option<Verdict> {
        let client = self.client;
        let scene = self.scene;
        let (who, service) = (scene.name_client(self.link.client), scene.name_service(self.link.service));
        if client.bearer_only.is_on() {
            let message = format!(
                "{} is bearer-only, but {service} fetches tokens of its own through it: every request is refused with `invalid_client`.",
                capitalized(&who)
            );
            let remedy = format!(
                "Switch `{}` off and service accounts on, or give the service a client of its own.",
                self.field(ClientField::BearerOnly)
            );
            return Some(self.wrong(
                ClientField::BearerOnly,
                message,
                remedy,
                self.bearer_only(),
                "fetches tokens through it",
            ));
        }
        // That a public client gets no tokens of its own is for `client-type-mismatch`.
        if client.public_client.is_on() {
            return None;
        }
        if let Some(why) = client.service_accounts.why_unknown() {
            return Some(self.undecided(
                format!("Whether {who} has service accounts on, which {service} needs to fetch tokens, is not known: {why}."),
                ClientField::ServiceAccounts,
            ));
        }
        if !client.service_accounts.is_off() {
            return None;
        }
        let at = switch(
            self.link.client,
            scene,
            ClientField::ServiceAccounts,
            "switches service accounts off",
            "the client without service accounts, which are off unless stated",
        );
        let message = format!(
            "{} has service accounts off, but {service} fetches tokens of its own through it: every request gets 401 with `unauthorized_client`.",
            capitalized(&who)
        );
        let remedy = format!(
            "Set `{}` to `true`, and give the service account the roles that it needs.",
            self.field(ClientField::ServiceAccounts)
        );
        Some(self.wrong(ClientField::ServiceAccounts, message, remedy, at, "fetches tokens through it"))
    }

    fn bearer_only(&self) -> Evidence {
        self.scene.client_field(self.link.client, ClientField::BearerOnly, "makes the client bearer-only")
    }

    /// The name of a field as the client's document writes it.
    fn field(&self, field: ClientField) -> String {
        self.client.field(field).path.below(&self.client.at.path).to_string()
    }

    fn is_in_browser(&self) -> bool {
        let containers = &self.scene.reading(self.link.service).containers;
        containers
            .iter()
            .any(|container| container.understanding.uses(Use::PublicBrowserApp) >= Some(Certainty::Likely))
    }

    /// Turns on what the service needs; of a bearer-only client first that it may have flows at all.
    fn fix(&self, fields: &[(ClientField, bool)], remedy: &str) -> Fix {
        let client = self.link.client;
        let names: Vec<String> =
            fields.iter().map(|(field, to)| format!("`{}` to `{to}`", self.field(*field))).collect();
        let title = format!("Set {} of {}", listed(&names), self.scene.name_client(client));
        let changes: Option<Vec<Change>> = fields
            .iter()
            .map(|(field, to)| offer::set(self.scene, client, *field, Datum::switch(*to), Phase::Expand))
            .collect();
        match changes {
            Some(changes) => Fix::of(title, Safety::Review, changes)
                .with_risk("The client may be used in a way in which it could not be used before."),
            None => Fix::by_hand(title, vec![remedy.to_owned()]),
        }
    }

    fn wrong(&self, field: ClientField, message: String, remedy: String, at: Evidence, tie: &str) -> Verdict {
        let needed = match field {
            ClientField::BearerOnly if self.needs().0 => {
                vec![(field, false), (ClientField::StandardFlow, true)]
            }
            ClientField::BearerOnly => vec![(field, false), (ClientField::ServiceAccounts, true)],
            field => vec![(field, true)],
        };
        // What is on already is left alone.
        let is_on = |field: ClientField| match field {
            ClientField::StandardFlow => self.client.standard_flow.is_on(),
            ClientField::ServiceAccounts => self.client.service_accounts.is_on(),
            _ => false,
        };
        let needed: Vec<_> = needed.into_iter().filter(|(field, _)| !is_on(*field)).collect();
        let fix = Some(Box::new(self.fix(&needed, &remedy)));
        Verdict::Wrong(Case {
            severity: None,
            message,
            remedy: Some(remedy),
            value: Some(self.field(field)),
            evidence: vec![at, service_side(self.link, self.scene, tie)],
            fix,
        })
    }

    fn undecided(&self, reason: String, field: ClientField) -> Verdict {
        let at = self.scene.client_field(self.link.client, field, "the switch that decides it");
        let tie = service_side(self.link, self.scene, "the service that talks through it");
        Verdict::Undecided(Undecided { reason, remedy: None, evidence: vec![at, tie] })
    }
}

fn can_log_in(client: &Client) -> bool {
    client.standard_flow.is_on() && !client.bearer_only.is_on() && !client.enabled.is_off()
}

fn can_fetch(client: &Client) -> bool {
    client.service_accounts.is_on() && !client.bearer_only.is_on() && !client.enabled.is_off()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml};

    const ISSUER: (&str, &str) = ("OIDC_ISSUER", "https://sso.example.com/realms/shop");
    const LOGIN: [(&str, &str); 3] =
        [ISSUER, ("OIDC_CLIENT_ID", "web"), ("OIDC_REDIRECT_URI", "https://shop.example.com/callback")];
    const SPRING: &str = "SPRING_SECURITY_OAUTH2_CLIENT_REGISTRATION";

    fn judge(clients: &str, env: &[(&str, &str)]) -> Said {
        let realm = format!(
            r#"{{"realm": "shop", "attributes": {{"frontendUrl": "https://sso.example.com"}}, "clients": [{clients}]}}"#
        );
        Stage::new()
            .realm("shop.json", &realm)
            .service("web.yaml", &service_yaml("web", env))
            .judge("client-flow-off")
    }

    /// A service with two registrations: one logs in, the other fetches tokens.
    fn two_registrations() -> Vec<(String, String)> {
        [
            ("PROVIDER_KEYCLOAK_ISSUER_URI", "https://sso.example.com/realms/shop"),
            ("REGISTRATION_WEB_CLIENTID", "web"),
            ("REGISTRATION_WEB_CLIENTSECRET", "s3cret"),
            ("REGISTRATION_WEB_PROVIDER", "keycloak"),
            ("REGISTRATION_WEB_AUTHORIZATIONGRANTTYPE", "authorization_code"),
            ("REGISTRATION_JOBS_CLIENTID", "jobs"),
            ("REGISTRATION_JOBS_CLIENTSECRET", "s3cret2"),
            ("REGISTRATION_JOBS_PROVIDER", "keycloak"),
            ("REGISTRATION_JOBS_AUTHORIZATIONGRANTTYPE", "client_credentials"),
        ]
        .into_iter()
        .map(|(name, value)| (format!("SPRING_SECURITY_OAUTH2_CLIENT_{name}"), value.to_owned()))
        .collect()
    }

    #[test]
    fn a_login_without_the_standard_flow_is_an_error() {
        let said = judge(r#"{"clientId": "web", "standardFlowEnabled": false}"#, &LOGIN);
        assert_eq!(
            said.wrong,
            [
                "error service web ↔ client web of realm shop: Client `web` of realm `shop` has the standard flow off, but service `web` logs its users in through it: Keycloak sends every login back with `error=unauthorized_client`."
            ]
        );
        assert_eq!(
            said.places,
            [
                "shop.json clients[0].standardFlowEnabled = false (switches the standard flow off)",
                "web.yaml spec.template.spec.containers[0].env[1].value = web (logs its users in through it)",
            ]
        );
    }

    #[test]
    fn a_bearer_only_client_logs_nobody_in() {
        let said = judge(r#"{"clientId": "web", "bearerOnly": true}"#, &LOGIN);
        assert_eq!(said.wrong.len(), 1, "{said:?}");
        assert!(said.wrong[0].contains("is bearer-only, but service `web` logs its users in"), "{said:?}");
        assert_eq!(said.places[0], "shop.json clients[0].bearerOnly = true (makes the client bearer-only)");
    }

    #[test]
    fn a_client_with_the_flow_is_fine_and_so_is_an_api() {
        assert!(judge(r#"{"clientId": "web"}"#, &LOGIN).is_nothing());
        let api = [ISSUER, ("OIDC_AUDIENCE", "api"), ("OIDC_CLIENT_ID", "api")];
        assert!(judge(r#"{"clientId": "api", "bearerOnly": true}"#, &api).is_nothing());
    }

    #[test]
    fn a_disabled_client_is_said_elsewhere() {
        let client = r#"{"clientId": "web", "enabled": false, "standardFlowEnabled": false}"#;
        assert!(judge(client, &LOGIN).is_nothing());
    }

    #[test]
    fn client_credentials_need_service_accounts() {
        let grant = format!("{SPRING}_KC_AUTHORIZATIONGRANTTYPE");
        let (id, secret) = (format!("{SPRING}_KC_CLIENTID"), format!("{SPRING}_KC_CLIENTSECRET"));
        let env = [
            ("SPRING_SECURITY_OAUTH2_CLIENT_PROVIDER_KC_ISSUER_URI", "https://sso.example.com/realms/shop"),
            (id.as_str(), "jobs"),
            (secret.as_str(), "s3cret"),
            (grant.as_str(), "client_credentials"),
        ];
        let said = judge(r#"{"clientId": "jobs"}"#, &env);
        assert_eq!(
            said.wrong,
            [
                "error service web ↔ client jobs of realm shop: Client `jobs` of realm `shop` has service accounts off, but service `web` fetches tokens of its own through it: every request gets 401 with `unauthorized_client`."
            ]
        );
        assert!(said.places[0].starts_with("shop.json clients[0].clientId = jobs"), "{said:?}");
        assert!(
            judge(
                r#"{"clientId": "jobs", "serviceAccountsEnabled": true, "standardFlowEnabled": false}"#,
                &env
            )
            .is_nothing()
        );
    }

    #[test]
    fn of_two_registrations_each_needs_its_own_flow() {
        let env = two_registrations();
        let env: Vec<(&str, &str)> =
            env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let right = r#"{"clientId": "web"}, {"clientId": "jobs", "standardFlowEnabled": false, "serviceAccountsEnabled": true}"#;
        assert!(judge(right, &env).is_nothing(), "{:?}", judge(right, &env));
        let swapped = r#"{"clientId": "jobs"}, {"clientId": "web", "standardFlowEnabled": false, "serviceAccountsEnabled": true}"#;
        assert_eq!(judge(swapped, &env).wrong.len(), 2);
    }

    #[test]
    fn a_placeholder_is_not_decided() {
        let said = judge(r#"{"clientId": "web", "standardFlowEnabled": "${FLOW}"}"#, &LOGIN);
        assert_eq!((said.wrong.len(), said.undecided.len()), (0, 1), "{said:?}");
        assert!(said.undecided[0].contains("`${FLOW}` is a placeholder"), "{said:?}");
    }

    #[test]
    fn a_program_in_the_browser_may_use_the_implicit_flow() {
        let client = r#"{"clientId": "spa", "publicClient": true, "standardFlowEnabled": false, "implicitFlowEnabled": true}"#;
        let env =
            [("VITE_OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("VITE_OIDC_CLIENT_ID", "spa")];
        let said = judge(client, &env);
        assert_eq!((said.wrong.len(), said.undecided.len()), (0, 1), "{said:?}");
        let without = client.replace(r#", "implicitFlowEnabled": true"#, "");
        assert_eq!(judge(&without, &env).wrong.len(), 1);
    }

    #[test]
    fn the_fix_turns_on_what_is_needed() {
        let fixes = |client: &str| {
            let realm = format!(
                r#"{{"realm": "shop", "attributes": {{"frontendUrl": "https://sso.example.com"}}, "clients": [{client}]}}"#
            );
            let stage = Stage::new().realm("shop.json", &realm);
            stage.service("web.yaml", &service_yaml("web", &LOGIN)).fixes("client-flow-off")
        };
        assert_eq!(
            fixes(r#"{"clientId": "web", "standardFlowEnabled": false}"#),
            ["review expand shop.json: standardFlowEnabled false → true"]
        );
        assert_eq!(
            fixes(r#"{"clientId": "web", "bearerOnly": true, "standardFlowEnabled": false}"#),
            ["review expand shop.json: bearerOnly true → false, standardFlowEnabled false → true"]
        );
    }
}
