//! `audience-mapper-dangling`: an audience mapper names a client that is missing or disabled.

use crate::finding::{Case, Evidence, Severity, Subject, Undecided, Verdict};
use crate::keycloak::audience::leaves_dead_clients_out;
use crate::keycloak::import::HeldRealm;
use crate::keycloak::mapper::{self, CLIENT_AUDIENCE};
use crate::keycloak::model::{Dialect, Mapper};
use crate::known::Known;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, RealmId};
use crate::suggest;

pub(crate) static RULE: Rule = Rule {
    id: "audience-mapper-dangling",
    severity: Severity::Warning,
    title: "An audience mapper names a client that is missing or disabled",
    why: "A mapper with `included.client.audience` puts the id of that client into `aud`. Servers before 26.6.8 (and 26.7 before \
          26.7.5) write the text whatever it is, so that a service of a client which was renamed or turned off is still addressed. \
          Later ones leave missing and disabled clients out, and every token loses the audience with the upgrade.\n\n\
          What is meant as plain text belongs into `included.custom.audience`, which no server compares with its clients.",
    remedy: "Name a client that exists and is enabled, or write the text into `included.custom.audience`.",
    references: &[
        "https://www.keycloak.org/docs/latest/server_admin/#audience-support",
        "https://github.com/keycloak/keycloak/issues/31022",
    ],
    needs: &[Fact::Clients, Fact::ClientScopes],
    check: Check::Scene(check),
};

fn check(scene: &Scene<'_>) -> Vec<(Subject, Verdict)> {
    let mut verdicts = Vec::new();
    for (id, realm) in scene.snapshot.realms() {
        for scope in realm.client_scopes.iter().flatten() {
            let who = format!(
                "client scope `{}` of {}",
                scope.name.text().unwrap_or("(unknown)"),
                scene.name_realm(id)
            );
            let found = scope.mappers.iter().filter_map(|mapper| judge(id, mapper, &who, scene));
            verdicts.extend(found.map(|verdict| (scene.subject_of_realm(id), verdict)));
        }
        for client in scene.judged_clients_of(id) {
            for mapper in &scene.client(client).mappers {
                let verdict = judge(id, mapper, &scene.name_client(client), scene);
                verdicts.extend(verdict.map(|verdict| (scene.subject_of_client(client), verdict)));
            }
        }
    }
    verdicts
}

fn judge(realm: RealmId, mapper: &Mapper, who: &str, scene: &Scene<'_>) -> Option<Verdict> {
    if mapper.provider.text() != Some("oidc-audience-mapper") {
        return None;
    }
    let Known::Value(audience) = mapper::audience(mapper)?.clone() else { return None };
    if !audience.is_client {
        return None;
    }
    let text = &*audience.text;
    let held = scene.held(realm);
    let newest = held.last()?;
    let live = newest.client_is_live(scene.realm(realm), text);
    if live.is_on() {
        return None;
    }
    let name = mapper.name.text().unwrap_or("(unknown)");
    let client = newest.client(scene.realm(realm), text);
    let mut evidence = vec![Evidence::keycloak(
        mapper.at.key("config").key(CLIENT_AUDIENCE),
        Some(text.to_owned()),
        "names the client",
    )];
    if mapper.dialect == Dialect::Terraform {
        evidence[0].at = mapper.at.key("included_client_audience");
    }
    // Only a file of a whole realm tells that a client is missing; Terraform and keycloak-config-cli add to what is there.
    let adds =
        matches!(scene.realm(realm).dialect, Dialect::Terraform | Dialect::ConfigCli) && client.is_none();
    let why_unknown = live.why_unknown().map(str::to_owned);
    let why_unknown =
        why_unknown.or_else(|| adds.then(|| "it is not among the clients that were read".to_owned()));
    if let Some(why) = why_unknown {
        return Some(Verdict::Undecided(Undecided {
            reason: format!(
                "Whether client `{text}`, which the audience mapper `{name}` of {who} names, exists and is enabled is not known: {why}."
            ),
            remedy: Some("Read an export of the realm as well.".to_owned()),
            evidence,
        }));
    }
    if let Some(client) = client {
        evidence.push(Evidence::keycloak(
            client.at.key("enabled"),
            Some("false".to_owned()),
            "the client is disabled",
        ));
    }
    let state = if client.is_some() { "is disabled" } else { "does not exist" };
    let nearest = nearest(realm, text, client.is_some(), scene);
    let meant = if is_uuid(text) {
        " It looks like an internal id, which the admin console of 25.0.0 and 25.0.1 stored instead of the clientId.".to_owned()
    } else {
        nearest.as_ref().map(|nearest| format!(" The nearest is `{nearest}`.")).unwrap_or_default()
    };
    Some(Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "The audience mapper `{name}` of {who} names client `{text}`, which {state}: {}.{meant}",
            effect(held, scene.server(realm).version_known())
        ),
        remedy: Some(match nearest {
            Some(nearest) => format!(
                "Set `{CLIENT_AUDIENCE}` to `{nearest}` if that client is meant, or write `{text}` into `included.custom.audience`."
            ),
            None if client.is_some() => format!("Enable client `{text}`, or remove the mapper."),
            None => format!("Add client `{text}`, or write the text into `included.custom.audience`."),
        }),
        evidence,
        value: Some(text.to_owned()),
        fix: None,
    }))
}

/// Among more clients than this no slip is looked for.
const MOST_COMPARED: usize = 500;

/// What servers of the judged versions make of it.
fn effect(held: &[HeldRealm], is_known: bool) -> &'static str {
    let leaves_out = |held: &HeldRealm| leaves_dead_clients_out(held.version());
    if held.iter().all(leaves_out) {
        "servers of this version leave it out of the tokens, so no service gets this audience"
    } else if is_known {
        "servers of this version write the text all the same; with the repair of 26.6.8 they leave it out, and the tokens lose this audience"
    } else {
        "servers write the text all the same, but those with the repair of 26.6.8 leave it out of the tokens"
    }
}

fn nearest(realm: RealmId, text: &str, is_there: bool, scene: &Scene<'_>) -> Option<String> {
    if is_there || scene.realm(realm).clients.len() > MOST_COMPARED {
        return None;
    }
    let clients = scene.realm(realm).clients.iter();
    let near_in_length = |id: &&str| id.len().abs_diff(text.len()) <= 3;
    suggest::nearest(text, clients.filter_map(|client| client.client_id.text()).filter(near_in_length))
        .map(str::to_owned)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage};

    fn stage(client_audience: &str) -> Stage {
        let realm = format!(
            r#"{{"realm": "shop", "clients": [
                {{"clientId": "web", "protocolMappers": [{{"name": "for-orders", "protocol": "openid-connect",
                  "protocolMapper": "oidc-audience-mapper",
                  "config": {{"included.client.audience": "{client_audience}", "access.token.claim": "true"}}}}]}},
                {{"clientId": "orders"}}, {{"clientId": "old", "enabled": false}}]}}"#
        );
        Stage::new().realm("shop.json", &realm)
    }

    fn judge(client_audience: &str, version: &str) -> Said {
        stage(client_audience).version(version).judge("audience-mapper-dangling")
    }

    #[test]
    fn a_client_that_exists_is_fine() {
        assert!(judge("orders", "26.7.3").is_nothing());
        assert!(judge("account", "26.7.3").is_nothing());
    }

    #[test]
    fn a_missing_client_is_still_written_by_older_servers() {
        let found = judge("ordres", "26.5.5");
        assert_eq!(
            found.wrong,
            [
                "warning client web of realm shop: The audience mapper `for-orders` of client `web` of realm `shop` names client \
              `ordres`, which does not exist: servers of this version write the text all the same; with the repair of \
              26.6.8 they leave it out, and the tokens lose this audience. The nearest is `orders`."
            ]
        );
        assert_eq!(
            found.places,
            [
                "shop.json clients[0].protocolMappers[0].config[\"included.client.audience\"] = ordres (names the client)"
            ]
        );
        assert_eq!(found.values, ["ordres"]);
    }

    #[test]
    fn a_disabled_client_is_left_out_by_newer_servers() {
        let found = judge("old", "26.6.8");
        assert!(
            found.wrong[0].contains("which is disabled: servers of this version leave it out"),
            "{found:?}"
        );
        assert_eq!(found.places[1], "shop.json clients[2].enabled = false (the client is disabled)");
        let unknown = stage("old").judge("audience-mapper-dangling");
        assert!(
            unknown.wrong[0].contains("but those with the repair of 26.6.8 leave it out of the tokens"),
            "{unknown:?}"
        );
    }

    #[test]
    fn an_internal_id_is_recognised() {
        let found = judge("0a1b2c3d-0000-4000-8000-0123456789ab", "25.0.6");
        assert!(found.wrong[0].contains("It looks like an internal id"), "{found:?}");
    }

    #[test]
    fn custom_audiences_are_no_clients() {
        let realm = r#"{"realm": "shop", "clients": [], "clientScopes": [{"name": "orders", "protocol": "openid-connect",
            "protocolMappers": [
              {"name": "a", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
               "config": {"included.custom.audience": "https://api.example.com", "access.token.claim": "true"}},
              {"name": "b", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
               "config": {"included.client.audience": "gone", "access.token.claim": "true"}}]}]}"#;
        let found =
            Stage::new().realm("shop.json", realm).version("26.5.5").judge("audience-mapper-dangling");
        assert_eq!(found.wrong.len(), 1, "{found:?}");
        assert!(
            found.wrong[0].starts_with(
                "warning realm shop: The audience mapper `b` of client scope `orders` of realm `shop`"
            ),
            "{found:?}"
        );
    }
}
