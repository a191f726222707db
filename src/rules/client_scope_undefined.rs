//! `client-scope-undefined`: clients or the realm name client scopes that do not exist after import.

use std::collections::BTreeSet;

use super::with_tokens::listed;
use crate::finding::{Case, Evidence, Severity, Verdict};
use crate::keycloak::import::{ScopeUse, UndefinedScope};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact, RealmId};
use crate::words::{capitalized, counted};

pub(crate) static RULE: Rule = Rule {
    id: "client-scope-undefined",
    severity: Severity::Warning,
    title: "A realm file names client scopes that do not exist after import",
    why: "Keycloak makes its built-in client scopes (`profile`, `email`, `roles`, `basic` …) only when the file has no `clientScopes`. \
          A file with a list of its own gets nothing else: names in clients or in the realm's defaults that the list does not define \
          are skipped with a warning in the server's log. The mappers that are expected of them never run, so that roles, `sub`, \
          audiences or origins are missing from tokens, and a login that asks for such a scope is refused with `invalid_scope`.",
    remedy: "Define the client scopes in the file's `clientScopes`, or leave that list out so that the server makes the built-in ones.",
    references: &[
        "https://www.keycloak.org/docs/latest/server_admin/#_client_scopes",
        "https://github.com/keycloak/keycloak-operator/issues/496",
    ],
    needs: &[Fact::ClientScopes],
    check: Check::Realm(check),
};

/// Of places that name a scope, this many are shown for each.
const MOST_PLACES: usize = 3;

fn check(id: RealmId, scene: &Scene<'_>) -> Vec<Verdict> {
    // A name that only older servers do not know says that the file is for a newer one.
    let Some(held) = scene.held(id).last() else { return Vec::new() };
    let realm = scene.realm(id);
    let is_judged = |used: &ScopeUse| match used {
        ScopeUse::Realm { .. } => true,
        ScopeUse::Client { client, .. } => scene.is_judged(ClientId { realm: id, client: *client }),
    };
    let mut names = Vec::new();
    let mut evidence = Vec::new();
    let mut clients = BTreeSet::new();
    let mut by_realm = false;
    for scope in held.undefined_scopes() {
        let uses: Vec<&ScopeUse> = scope.uses.iter().filter(|used| is_judged(used)).collect();
        if uses.is_empty() {
            continue;
        }
        names.push(scope);
        for used in &uses {
            match used {
                ScopeUse::Realm { .. } => by_realm = true,
                ScopeUse::Client { client, .. } => {
                    clients.insert(*client);
                }
            }
        }
        evidence.extend(
            uses.iter()
                .take(MOST_PLACES)
                .map(|used| Evidence::keycloak(used.at(realm), Some(scope.name.to_string()), "names it")),
        );
    }
    if names.is_empty() {
        return Vec::new();
    }
    if realm.client_scopes.is_some() {
        evidence.push(Evidence::keycloak(
            realm.at.key("clientScopes"),
            None,
            "the file's own list, beside which servers make no built-in scopes",
        ));
    }
    let who = match (by_realm, clients.len()) {
        (true, 0) => "its defaults name".to_owned(),
        (true, count) => format!("its defaults and {} name", counted(count, "client")),
        (false, 1) => "1 client names".to_owned(),
        (false, count) => format!("{} name", counted(count, "client")),
    };
    let shown = listed(names.iter().map(|scope| &*scope.name), "and");
    let verb = if names.len() == 1 { "does" } else { "do" };
    let why = if realm.client_scopes.is_some() {
        " because the file has a list `clientScopes` of its own and does not define"
    } else {
        " because no server makes"
    };
    let it = if names.len() == 1 { "it" } else { "them" };
    vec![Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{}: {who} {shown}, which {verb} not exist after import,{why} {it}. Servers skip the names; {}.",
            capitalized(&scene.name_realm(id)),
            consequences(&names),
        ),
        remedy: None,
        evidence,
        value: Some(names.iter().map(|scope| &*scope.name).collect::<Vec<_>>().join(" ")),
        fix: None,
    })]
}

/// What is missing from tokens, as a clause.
fn consequences(names: &[&UndefinedScope]) -> String {
    let lost: Vec<&str> = names
        .iter()
        .filter_map(|scope| match &*scope.name {
            "basic" => Some("the subject (`sub`)"),
            "roles" => Some("roles and the audiences that follow from them"),
            "web-origins" => Some("allowed origins"),
            "profile" => Some("names"),
            "email" => Some("addresses"),
            _ => None,
        })
        .collect();
    match lost.as_slice() {
        [] => "the mappers expected of them never run".to_owned(),
        [only] => format!("tokens lack {only}"),
        [before @ .., last] => format!("tokens lack {} and {last}", before.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage};

    fn judge(scopes: &str, defaults: &str, client: &str) -> Said {
        let realm = format!(
            r#"{{"realm": "shop", {scopes} {defaults} "clients": [
                {{"clientId": "web", "defaultClientScopes": {client}}},
                {{"clientId": "app", "defaultClientScopes": {client}}},
                {{"clientId": "account", "defaultClientScopes": ["acr"]}}]}}"#
        );
        Stage::new().realm("shop.json", &realm).version("26.5.5").judge("client-scope-undefined")
    }

    const OWN: &str = r#""clientScopes": [{"name": "orders", "protocol": "openid-connect"}],"#;

    #[test]
    fn one_finding_names_all() {
        let found = judge(
            OWN,
            r#""defaultDefaultClientScopes": ["profile", "orders"],"#,
            r#"["orders", "basic", "roles"]"#,
        );
        assert_eq!(
            found.wrong,
            [
                "warning realm shop: Realm `shop`: its defaults and 2 clients name `basic`, `profile` and `roles`, which do not \
              exist after import, because the file has a list `clientScopes` of its own and does not define them. Servers skip \
              the names; tokens lack the subject (`sub`), names and roles and the audiences that follow from them."
            ]
        );
        assert_eq!(
            found.places,
            [
                "shop.json clients[0].defaultClientScopes[1] = basic (names it)",
                "shop.json clients[1].defaultClientScopes[1] = basic (names it)",
                "shop.json defaultDefaultClientScopes[0] = profile (names it)",
                "shop.json clients[0].defaultClientScopes[2] = roles (names it)",
                "shop.json clients[1].defaultClientScopes[2] = roles (names it)",
                "shop.json clientScopes (the file's own list, beside which servers make no built-in scopes)",
            ]
        );
        assert_eq!(found.values, ["basic profile roles"]);
    }

    #[test]
    fn without_a_list_servers_make_the_built_in_ones() {
        assert!(judge("", "", r#"["profile", "basic", "roles"]"#).is_nothing());
        let own = judge("", "", r#"["profile", "orders"]"#);
        assert!(
            own.wrong[0]
                .contains("name `orders`, which does not exist after import, because no server makes it"),
            "{own:?}"
        );
    }

    #[test]
    fn defined_scopes_are_fine_and_built_in_clients_are_left_alone() {
        assert!(judge(OWN, "", r#"["orders", "offline_access"]"#).is_nothing());
    }

    #[test]
    fn a_scope_of_newer_servers_is_not_judged_by_older_ones() {
        let realm = r#"{"realm": "shop", "clients": [{"clientId": "web", "defaultClientScopes": ["basic", "organization"]}]}"#;
        assert!(Stage::new().realm("shop.json", realm).judge("client-scope-undefined").is_nothing());
    }
}
