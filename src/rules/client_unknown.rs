//! `client-unknown`: a service names a client id that its realm does not have.

use crate::finding::{Case, Evidence, Severity, Subject, Undecided, Verdict};
use crate::keycloak::import::is_built_in_id;
use crate::keycloak::model::Dialect;
use crate::link::naming::is_near;
use crate::link::{ClientIdReading, NamedClient};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact, RealmId, ServiceId};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "client-unknown",
    severity: Severity::Error,
    title: "A service uses a client id that its realm does not have",
    why: "Keycloak answers every login and every token request of an unknown client with an error: browsers see \
          \"Client not found\", programs get 401 with `invalid_client`.\n\n\
          Client ids are compared byte for byte; `Web` and `web` are two clients.",
    remedy: "Use the id of a client of the realm, or add the client to the realm.",
    references: &[
        "https://datatracker.ietf.org/doc/html/rfc6749#section-5.2",
        "https://www.keycloak.org/docs/latest/server_admin/#_oidc_clients",
    ],
    needs: &[Fact::Clients, Fact::Services],
    check: Check::Scene(check),
};

fn check(scene: &Scene<'_>) -> Vec<(Subject, Verdict)> {
    if scene.snapshot.realms.is_empty() {
        // Nothing to compare with; that no realm was found is said once for the whole run.
        return Vec::new();
    }
    let mut verdicts = Vec::new();
    let mut effort = MOST_COMPARISONS;
    for (id, _) in scene.snapshot.services() {
        for named in &scene.reading(id).client_ids {
            let subject = Subject { realm: realm_of(named), ..scene.subject_of_service(id) };
            verdicts.extend(judge(id, named, scene, &mut effort).map(|verdict| (subject, verdict)));
        }
    }
    verdicts
}

/// How many pairs of ids are compared in one run to find near ones: looking for what was meant must not cost more than the audit.
const MOST_COMPARISONS: usize = 50_000;

fn realm_of(named: &ClientIdReading) -> Option<RealmId> {
    match &named.names {
        NamedClient::NotInRealms(realms) if realms.len() == 1 => realms.first().copied(),
        _ => None,
    }
}

fn judge(
    service: ServiceId,
    named: &ClientIdReading,
    scene: &Scene<'_>,
    effort: &mut usize,
) -> Option<Verdict> {
    let who = scene.name_service(service);
    let is_settled = matches!(named.names, NamedClient::Unknown(_) | NamedClient::Nowhere)
        && scene.links_of_service(service).iter().any(|link| link.pinned);
    if is_settled {
        return None;
    }
    let setting =
        Evidence::cloud_run(named.at.clone(), named.id.text().map(str::to_owned), "the client id in use");
    match (&named.names, named.id.text()) {
        (NamedClient::NotInRealms(realms), Some(text)) => {
            not_in_realms(&who, named, text, realms, setting, scene, effort)
        }
        (NamedClient::Nowhere, Some(text)) => Some(Verdict::Undecided(Undecided {
            reason: format!(
                "No realm that was read has a client `{text}`, which {who} names in `{}`; which realm the service logs in at is not known, so the client may be in another.",
                named.setting
            ),
            remedy: Some(
                "Name the issuer in the service's settings, or pin the link in cloakrun.yaml.".to_owned(),
            ),
            evidence: vec![setting],
        })),
        (NamedClient::Unknown(why), _) => Some(Verdict::Undecided(Undecided {
            reason: format!(
                "Whether the realm has the client of {who} is not known, because `{}` is not: {why}.",
                named.setting
            ),
            remedy: Some("Check what is really deployed, or pin the link in cloakrun.yaml.".to_owned()),
            evidence: vec![setting],
        })),
        _ => None,
    }
}

fn not_in_realms(
    who: &str,
    named: &ClientIdReading,
    text: &str,
    realms: &[RealmId],
    setting: Evidence,
    scene: &Scene<'_>,
    effort: &mut usize,
) -> Option<Verdict> {
    if realms.iter().any(|realm| is_built_in_id(scene.realm(*realm), text)) {
        return None;
    }
    let names: Vec<String> = realms.iter().map(|realm| scene.name_realm(*realm)).collect();
    let names = names.join(" and ");
    let nearest = nearest(realms, text, scene, effort);
    let mut evidence = vec![setting];
    match nearest {
        Some(client) => evidence.push(scene.client_itself(client, "the client with the nearest id")),
        None => evidence
            .extend(realms.iter().map(|realm| scene.realm_itself(*realm, "the realm without this client"))),
    }
    // Terraform may keep some clients of a realm and leave others to hands or to another state.
    let may_be_elsewhere = realms.iter().any(|realm| scene.realm(*realm).dialect == Dialect::Terraform);
    if may_be_elsewhere && nearest.is_none() {
        return Some(Verdict::Undecided(Undecided {
            reason: format!(
                "{names} has no client `{text}` in Terraform, which {who} names in `{}`; it may be kept elsewhere.",
                named.setting
            ),
            remedy: Some("Read an export of the realm as well.".to_owned()),
            evidence,
        }));
    }
    let remedy = nearest.map(|client| {
        format!(
            "Set `{}` to `{}` if that client is meant, or add client `{text}` to {names}.",
            named.setting,
            scene.client_id(client)
        )
    });
    Some(Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} names client `{text}` in `{}`, but {names} has no client of this id: Keycloak refuses its logins with \"Client not found\" and its token requests with `invalid_client`.",
            capitalized(who),
            named.setting
        ),
        remedy,
        evidence,
        value: Some(text.to_owned()),
        fix: None,
    }))
}

/// The client whose id is so near that it is probably meant.
fn nearest(realms: &[RealmId], text: &str, scene: &Scene<'_>, effort: &mut usize) -> Option<ClientId> {
    let mut best: Option<(usize, ClientId)> = None;
    for realm in realms {
        let clients = &scene.realm(*realm).clients;
        for (client, held) in (0..).map(|client| ClientId { realm: *realm, client }).zip(clients) {
            let Some(other) = held.client_id.text() else { continue };
            if other.len().abs_diff(text.len()) > 3 || *effort == 0 {
                continue;
            }
            *effort -= 1;
            if is_near(other, text) && !scene.is_built_in(client) {
                let distance = strsim::damerau_levenshtein(other, text);
                if best.is_none_or(|(least, _)| distance < least) {
                    best = Some((distance, client));
                }
            }
        }
    }
    best.map(|(_, client)| client)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Stage, service_yaml};

    const REALM: &str = r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"},
        "clients": [{"clientId": "shop-web"}, {"clientId": "shop-api"}]}"#;
    const ISSUER: (&str, &str) = ("OIDC_ISSUER", "https://sso.example.com/realms/shop");

    fn stage(id: &str) -> Stage {
        let env = [ISSUER, ("OIDC_CLIENT_ID", id)];
        Stage::new().realm("shop.json", REALM).service("web.yaml", &service_yaml("web", &env))
    }

    #[test]
    fn a_client_of_the_realm_is_fine() {
        assert!(stage("shop-web").judge("client-unknown").is_nothing());
    }

    #[test]
    fn a_client_that_is_not_there_is_an_error_and_the_nearest_is_named() {
        let found = stage("shop_web").judge("client-unknown");
        assert_eq!(
            found.wrong,
            [
                "error service web ↔ realm shop: Service `web` names client `shop_web` in `OIDC_CLIENT_ID`, but realm `shop` \
              has no client of this id: Keycloak refuses its logins with \"Client not found\" and its token requests with \
              `invalid_client`."
            ]
        );
        assert_eq!(
            found.places,
            [
                "web.yaml spec.template.spec.containers[0].env[1].value = shop_web (the client id in use)",
                "shop.json clients[0].clientId = shop-web (the client with the nearest id)",
            ]
        );
        assert_eq!(found.values, ["shop_web"]);
    }

    #[test]
    fn case_matters() {
        assert_eq!(stage("Shop-Web").judge("client-unknown").wrong.len(), 1);
    }

    #[test]
    fn clients_that_servers_make_by_themselves_exist() {
        assert!(stage("admin-cli").judge("client-unknown").is_nothing());
    }

    #[test]
    fn a_placeholder_is_undecided() {
        let found = stage("${{ vars.CLIENT_ID }}").judge("client-unknown");
        assert_eq!(found.wrong, Vec::<String>::new());
        assert_eq!(found.undecided.len(), 1, "{found:?}");
        assert!(
            found.undecided[0].contains("`OIDC_CLIENT_ID` is not: `${{ vars.CLIENT_ID }}` is a placeholder"),
            "{found:?}"
        );
    }

    #[test]
    fn a_realm_elsewhere_is_not_this_rules_business() {
        let env = [("OIDC_ISSUER", "https://id.example.org/realms/crm"), ("OIDC_CLIENT_ID", "crm")];
        let stage = Stage::new().realm("shop.json", REALM).service("crm.yaml", &service_yaml("crm", &env));
        assert!(stage.judge("client-unknown").is_nothing());
    }

    #[test]
    fn without_any_realm_there_is_nothing_to_compare() {
        let env = [ISSUER, ("OIDC_CLIENT_ID", "web")];
        let stage = Stage::new().service("web.yaml", &service_yaml("web", &env));
        assert!(stage.judge("client-unknown").is_nothing());
    }
}
