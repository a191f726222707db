//! `client-disabled`: a service talks through a client that is disabled.

use super::with_clients::service_side;
use crate::finding::{Case, Severity, Undecided, Verdict};
use crate::keycloak::model::ClientField;
use crate::link::{Link, Strength};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::Fact;
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "client-disabled",
    severity: Severity::Error,
    title: "A service talks through a client that is disabled",
    why: "Keycloak treats a disabled client like one that is not there: browsers see an error page instead of the login, token \
          requests get 401 with `invalid_client`, and introspection with its credentials is refused. Tokens that were issued before \
          are accepted until they expire by whoever checks them alone, so the failure shows late.",
    remedy: "Enable the client, or point the service at the client that took its place.",
    references: &[
        "https://datatracker.ietf.org/doc/html/rfc6749#section-5.2",
        "https://www.keycloak.org/docs/latest/server_admin/#_oidc_clients",
    ],
    needs: &[Fact::Clients, Fact::Services],
    check: Check::Link(check),
};

fn check(link: &Link, scene: &Scene<'_>) -> Vec<Verdict> {
    let client = scene.client(link.client);
    if client.enabled.is_on() || !matters(link, scene) {
        return Vec::new();
    }
    let (who, service) = (scene.name_client(link.client), scene.name_service(link.service));
    let field = |label: &str| scene.client_field(link.client, ClientField::Enabled, label);
    let tie = service_side(link, scene, "the service that talks through it");
    if let Some(why) = client.enabled.why_unknown() {
        return vec![Verdict::Undecided(Undecided {
            reason: format!("Whether {who} is enabled is not known: {why}."),
            remedy: None,
            evidence: vec![field("the switch whose value is not known"), tie],
        })];
    }
    let uses = link.uses;
    let breaks = match (uses.login, uses.client_credentials, uses.bearer) {
        (true, true, _) => {
            "logs its users in and fetches tokens through it: users see an error page instead of the login, token requests get 401 with `invalid_client`"
        }
        (true, false, _) => "logs its users in through it: they see an error page instead of the login",
        (false, true, _) => "fetches tokens through it: every request gets 401 with `invalid_client`",
        (false, false, true) => "is called with its tokens: nobody gets one any more",
        (false, false, false) => "talks through it: Keycloak refuses its logins and its token requests",
    };
    vec![Verdict::Wrong(Case {
        severity: None,
        message: format!("{} is disabled, but {service} {breaks}.", capitalized(&who)),
        remedy: None,
        evidence: vec![field("switches the client off"), tie],
        value: None,
        fix: None,
    })]
}

/// Whether anything of the service breaks. An API misses one of several callers only when no other one is left; the caller itself
/// has a link of its own.
fn matters(link: &Link, scene: &Scene<'_>) -> bool {
    let is_called_only = link.uses.bearer && !link.uses.login && !link.uses.client_credentials;
    if !is_called_only || link.strength() == Strength::Certain {
        return true;
    }
    let mut callers = scene.links_of_service(link.service).iter().filter(|other| other.uses.bearer);
    callers.all(|other| scene.client(other.client).enabled.is_off() || other.client == link.client)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Stage, service_yaml};

    const ISSUER: (&str, &str) = ("OIDC_ISSUER", "https://sso.example.com/realms/shop");

    fn stage(clients: &str, env: &[(&str, &str)]) -> Stage {
        let realm = format!(
            r#"{{"realm": "shop", "attributes": {{"frontendUrl": "https://sso.example.com"}}, "clients": [{clients}]}}"#
        );
        let env = [&[ISSUER], env].concat();
        Stage::new().realm("shop.json", &realm).service("web.yaml", &service_yaml("web", &env))
    }

    const LOGIN: [(&str, &str); 2] =
        [("OIDC_CLIENT_ID", "web"), ("OIDC_REDIRECT_URI", "https://shop.example.com/callback")];

    #[test]
    fn a_login_through_a_disabled_client_is_an_error() {
        let said = stage(r#"{"clientId": "web", "enabled": false}"#, &LOGIN).judge("client-disabled");
        assert_eq!(
            said.wrong,
            [
                "error service web ↔ client web of realm shop: Client `web` of realm `shop` is disabled, but service `web` logs its users in through it: they see an error page instead of the login."
            ]
        );
        assert_eq!(
            said.places,
            [
                "shop.json clients[0].enabled = false (switches the client off)",
                "web.yaml spec.template.spec.containers[0].env[1].value = web (the service that talks through it)",
            ]
        );
    }

    #[test]
    fn an_enabled_client_is_fine_whether_it_says_so_or_not() {
        for client in [r#"{"clientId": "web"}"#, r#"{"clientId": "web", "enabled": "true"}"#] {
            assert!(stage(client, &LOGIN).judge("client-disabled").is_nothing(), "{client}");
        }
    }

    #[test]
    fn a_disabled_client_that_nothing_uses_is_fine() {
        let clients = r#"{"clientId": "web"}, {"clientId": "old", "enabled": false}"#;
        assert!(stage(clients, &LOGIN).judge("client-disabled").is_nothing());
    }

    #[test]
    fn a_placeholder_is_not_decided() {
        let said =
            stage(r#"{"clientId": "web", "enabled": "${WEB_ENABLED}"}"#, &LOGIN).judge("client-disabled");
        assert_eq!(said.wrong, Vec::<String>::new());
        assert_eq!(said.undecided.len(), 1, "{said:?}");
        assert!(said.undecided[0].contains("`${WEB_ENABLED}` is a placeholder"), "{said:?}");
    }

    #[test]
    fn an_api_misses_only_its_last_caller() {
        let origins = ("CORS_ALLOWED_ORIGINS", "https://shop.example.com,https://old.example.com");
        let env = [("OIDC_AUDIENCE", "api"), origins];
        let old = r#"{"clientId": "old", "enabled": false, "redirectUris": ["https://old.example.com/*"]}"#;
        let new = r#"{"clientId": "new", "redirectUris": ["https://shop.example.com/*"]}"#;
        assert!(stage(&format!("{old}, {new}"), &env).judge("client-disabled").is_nothing());
        let said = stage(old, &env).judge("client-disabled");
        assert_eq!(
            said.wrong,
            [
                "error service web ↔ client old of realm shop: Client `old` of realm `shop` is disabled, but service `web` is called with its tokens: nobody gets one any more."
            ]
        );
    }

    #[test]
    fn what_rests_on_a_guess_is_not_called_wrong() {
        let realm = r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"},
            "clients": [{"clientId": "web", "enabled": false}]}"#;
        let env = [
            ("AUTH_ISSUER", "https://sso.example.com/realms/shop"),
            ("OIDC_REDIRECT_URI", "https://x.example.com/cb"),
        ];
        let said = Stage::new()
            .realm("shop.json", realm)
            .service("web.yaml", &service_yaml("web", &env))
            .judge("client-disabled");
        assert_eq!(said.wrong, Vec::<String>::new(), "{said:?}");
        assert_eq!(said.undecided.len(), 1, "{said:?}");
    }
}
