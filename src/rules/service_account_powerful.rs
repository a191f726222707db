//! `service-account-powerful`: the service account of a client holds admin roles.

use super::with_tokens::listed;
use crate::finding::{Case, Evidence, Severity, Subject, Undecided, Verdict};
use crate::keycloak::model::{Client, ClientField, Completeness, Dialect, Realm, User};
use crate::keycloak::roles::{RoleGraph, RoleName};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "service-account-powerful",
    severity: Severity::Error,
    title: "The service account of a client holds admin roles of Keycloak",
    why: "Whoever gets the client's secret gets its service account's tokens, and with these roles administers the realm: `manage-clients` \
          reads the secrets of all clients and takes any of them over, `manage-users` sets passwords, `impersonation` logs in as \
          anybody, `realm-admin` does all of it. A service that only checks or fetches tokens needs none of them.\n\n\
          Roles count however they are held: directly, through a group, or inside another role. In the realm `master` the roles of every \
          `…-realm` client, and `admin` and `create-realm`, reach other realms.",
    remedy: "Take the roles away; give the account the narrowest role that its work needs, such as `view-users` or `query-clients`.",
    references: &[
        "https://www.keycloak.org/docs/latest/server_admin/#_service_accounts",
        "https://www.keycloak.org/docs/latest/server_admin/#realm-specific-roles",
        "https://www.keycloak.org/docs/latest/server_admin/#_per_realm_admin_permissions",
    ],
    needs: &[Fact::ServiceAccountRoles],
    check: Check::Scene(check),
};

/// Roles of `realm-management` (in `master`: of the `…-realm` clients) that change what others may do, the strongest first.
const POWERFUL: [&str; 7] = [
    "realm-admin",
    "manage-realm",
    "manage-clients",
    "manage-users",
    "impersonation",
    "manage-identity-providers",
    "manage-authorization",
];

fn check(scene: &Scene<'_>) -> Vec<(Subject, Verdict)> {
    // Only of such clients is it undecided when roles are not told.
    scene
        .judged_clients()
        .flat_map(|id| {
            judge(id, scene).into_iter().map(move |verdict| (scene.subject_of_client(id), verdict))
        })
        .collect()
}

fn judge(id: ClientId, scene: &Scene<'_>) -> Vec<Verdict> {
    let client = scene.client(id);
    let realm = scene.realm(id.realm);
    if !client.service_accounts.is_on() || client.public_client.is_on() || client.bearer_only.is_on() {
        return Vec::new();
    }
    let Some(client_id) = client.client_id.text() else { return Vec::new() };
    let user = realm.service_account(client_id);
    // Which version matters only for roles of organizations, which are none of these.
    let Some(version) = scene.versions(id.realm).last().copied() else { return Vec::new() };
    let graph = RoleGraph::of(realm, version);
    let (roles, unread) = match user {
        Some(user) => graph.roles_of_user(realm, user),
        None => graph.roles_of_new_user(realm),
    };
    let is_master = realm.name.text() == Some("master");
    let mut powerful: Vec<&RoleName> =
        roles.iter().map(|role| graph.name(*role)).filter(|role| is_powerful(role, is_master)).collect();
    powerful.sort_by_key(|role| (rank(role), role.to_string()));
    if powerful.is_empty() {
        return undecided(id, user, unread, scene).into_iter().collect();
    }
    // What another of them contains needs no word of its own.
    let contained = |role: &RoleName| {
        powerful.iter().any(|other| {
            let within = graph.find(other).map(|found| graph.expand([found])).unwrap_or_default();
            *other != role && graph.find(role).is_some_and(|found| within.contains(&found))
        })
    };
    let mut said: Vec<&RoleName> = powerful.iter().copied().filter(|role| !contained(role)).collect();
    if said.is_empty() {
        said = powerful.clone();
    }
    let shown: Vec<String> = said.iter().map(|role| role.name.to_string()).collect();
    let who = scene.name_client(id);
    let ways: Vec<String> = said.iter().filter_map(|role| way(realm, user, &graph, role)).collect();
    let way = if ways.is_empty() { String::new() } else { format!(" ({})", deduplicated(&ways).join("; ")) };
    vec![Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "The service account of {who} holds {}{way}: whoever gets the client's secret {}.",
            listed(shown.iter().map(String::as_str), "and"),
            power(&said),
        ),
        remedy: None,
        evidence: evidence(id, client, user, &said, scene),
        value: Some(said.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
        fix: None,
    })]
}

fn is_powerful(role: &RoleName, is_master: bool) -> bool {
    match role.client.as_deref() {
        None => is_master && matches!(&*role.name, "admin" | "create-realm"),
        Some("realm-management") => POWERFUL.contains(&&*role.name),
        Some(client) => is_master && client.ends_with("-realm") && POWERFUL.contains(&&*role.name),
    }
}

fn rank(role: &RoleName) -> usize {
    if role.client.is_none() {
        return 0;
    }
    POWERFUL.iter().position(|name| *name == &*role.name).map_or(POWERFUL.len(), |position| position + 1)
}

/// What the strongest of the roles lets its holder do.
fn power(roles: &[&RoleName]) -> &'static str {
    let Some(first) = roles.first() else { return "administers Keycloak" };
    match &*first.name {
        "admin" => "administers every realm",
        "create-realm" => "makes realms and administers them",
        "realm-admin" | "manage-realm" => "administers the realm",
        "manage-clients" => "reads the secrets of all clients and takes any of them over",
        "manage-users" => "sets the password of any user",
        "impersonation" => "logs in as any user",
        "manage-identity-providers" => "decides whose logins the realm believes",
        _ => "decides who may do what",
    }
}

/// How the account holds a role, where it does not hold it directly.
fn way(realm: &Realm, user: Option<&User>, graph: &RoleGraph, role: &RoleName) -> Option<String> {
    let wanted = graph.find(role)?;
    let (mut realm_roles, mut client_roles) = (Vec::new(), Vec::new());
    match user {
        Some(user) => {
            realm_roles.extend(user.realm_roles.iter().filter_map(|name| name.text()));
            let of_clients = user.client_roles.iter();
            client_roles.extend(
                of_clients.flat_map(|(client, names)| names.iter().map(move |name| (client.clone(), name))),
            );
        }
        None => {
            return Some(format!("every new user has it, by `{}`", graph.name(graph.default_role())));
        }
    }
    let direct =
        realm_roles
            .iter()
            .map(|name| RoleName::of_realm(*name))
            .chain(client_roles.iter().filter_map(|(client, name)| {
                Some(RoleName::of_client(client.clone(), name.value()?.clone()))
            }))
            .collect::<Vec<_>>();
    if direct.contains(role) {
        return None;
    }
    if let Some(holder) =
        direct.iter().find(|held| graph.find(held).is_some_and(|held| graph.expand([held]).contains(&wanted)))
    {
        return Some(format!("inside the role `{holder}`"));
    }
    let paths = user.map(|user| user.groups.as_slice()).unwrap_or_default();
    let through = paths.iter().filter_map(|path| path.text()).find(|path| {
        let alone = [crate::known::Known::Value(std::sync::Arc::from(*path))];
        let (groups, _) = crate::keycloak::roles::groups_at(realm, &alone);
        groups.iter().any(|group| {
            let of_realm = group.realm_roles.iter().filter_map(|name| name.value().cloned());
            let of_clients = group.client_roles.iter().flat_map(|(client, names)| {
                names.iter().filter_map(move |name| Some((client.clone(), name.value()?.clone())))
            });
            let held = of_realm
                .map(RoleName::of_realm)
                .chain(of_clients.map(|(client, name)| RoleName::of_client(client, name)))
                .filter_map(|name| graph.find(&name));
            graph.expand(held).contains(&wanted)
        })
    });
    through.map(|path| format!("through the group `{path}`"))
}

fn deduplicated(ways: &[String]) -> Vec<&str> {
    let mut said: Vec<&str> = Vec::new();
    for way in ways {
        if !said.contains(&way.as_str()) {
            said.push(way);
        }
    }
    said
}

fn evidence(
    id: ClientId,
    client: &Client,
    user: Option<&User>,
    said: &[&RoleName],
    scene: &Scene<'_>,
) -> Vec<Evidence> {
    let switch = scene.client_field(id, ClientField::ServiceAccounts, "gives the client a service account");
    let Some(user) = user else { return vec![switch] };
    let label = "the service account, which holds the roles";
    let place = user.at.clone().map(|at| {
        if client.dialect == Dialect::Terraform {
            return Evidence::keycloak(at, None, label);
        }
        let direct = said
            .iter()
            .filter_map(|role| role.client.as_ref())
            .find(|client| user.client_roles.contains_key(*client));
        let (at, label) = match direct {
            Some(client) => (at.key("clientRoles").key(client.clone()), "the roles of the service account"),
            None if !user.groups.is_empty() && user.realm_roles.is_empty() => {
                (at.key("groups"), "the groups of the service account")
            }
            None if !user.realm_roles.is_empty() => {
                (at.key("realmRoles"), "the roles of the service account")
            }
            None => (at, label),
        };
        Evidence::keycloak(at, None, label)
    });
    place.into_iter().chain([switch]).collect()
}

/// Why it is not known whether the account holds such a role, where it is not.
fn undecided(id: ClientId, user: Option<&User>, unread: bool, scene: &Scene<'_>) -> Option<Verdict> {
    let realm = scene.realm(id.realm);
    let who = scene.name_client(id);
    let (missing, part) =
        (scene.missing_of_realm(id.realm, Fact::ServiceAccountRoles), scene.client(id).at.part);
    let missing = missing.or_else(|| {
        let part = scene.snapshot.part(part);
        part.missing.iter().find(|missing| missing.fact == Fact::ServiceAccountRoles)
    });
    let (why, remedy) = if let Some(missing) = missing {
        (missing.why.trim_end_matches('.').to_owned(), None)
    } else if user.is_none() && realm.complete == Completeness::Export {
        let remedy =
            "Export the realm with its users, or read it live with `view-users` of `realm-management`."
                .to_owned();
        ("what was read of the realm holds no user that is this service account".to_owned(), Some(remedy))
    } else if unread && realm.complete != Completeness::ClientsOnly {
        ("a role or group that it may hold has a name that is not known".to_owned(), None)
    } else {
        return None;
    };
    let mut reason = format!("Whether the service account of {who} holds admin roles is not known: {why}");
    reason.push('.');
    Some(Verdict::Undecided(Undecided {
        reason: capitalized(&reason),
        remedy,
        evidence: vec![scene.client_field(
            id,
            ClientField::ServiceAccounts,
            "gives the client a service account",
        )],
    }))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage};

    fn stage(realm: &str, client: &str) -> Stage {
        Stage::new().realm(
            "shop.json",
            &format!(r#"{{"realm": "shop", {realm} "clients": [{{"clientId": "sync", "serviceAccountsEnabled": true {client}}}]}}"#),
        )
    }

    fn judge(realm: &str) -> Said {
        stage(realm, "").judge("service-account-powerful")
    }

    const USER: &str = r#""username": "service-account-sync", "serviceAccountClientId": "sync""#;

    #[test]
    fn a_role_that_the_account_holds_directly() {
        let said = judge(&format!(
            r#""users": [{{{USER}, "clientRoles": {{"realm-management": ["view-users", "manage-users", "impersonation"]}}}}],"#
        ));
        assert_eq!(
            said.wrong,
            [
                "error client sync of realm shop: The service account of client `sync` of realm `shop` holds `manage-users` and `impersonation`: \
                 whoever gets the client's secret sets the password of any user."
            ]
        );
        assert_eq!(
            said.places,
            [
                "shop.json users[0].clientRoles.realm-management (the roles of the service account)",
                "shop.json clients[0].serviceAccountsEnabled = true (gives the client a service account)",
            ]
        );
        assert_eq!(said.values, ["realm-management.manage-users realm-management.impersonation"]);
    }

    #[test]
    fn what_realm_admin_contains_is_not_listed_beside_it() {
        let said = judge(&format!(
            r#""users": [{{{USER}, "clientRoles": {{"realm-management": ["realm-admin", "manage-users"]}}}}],"#
        ));
        assert!(
            said.wrong[0]
                .contains("holds `realm-admin`: whoever gets the client's secret administers the realm."),
            "{said:?}"
        );
    }

    #[test]
    fn roles_come_through_groups_and_composites() {
        let group = judge(&format!(
            r#""groups": [{{"name": "ops", "path": "/ops", "clientRoles": {{"realm-management": ["manage-clients"]}}}}],
               "users": [{{{USER}, "groups": ["/ops"]}}],"#
        ));
        assert!(group.wrong[0].contains("holds `manage-clients` (through the group `/ops`)"), "{group:?}");
        assert!(group.places[0].contains("users[0].groups"), "{group:?}");
        let composite = judge(&format!(
            r#""roles": {{"realm": [{{"name": "helpdesk", "composite": true, "composites": {{"client": {{"realm-management": ["impersonation"]}}}}}}]}},
               "users": [{{{USER}, "realmRoles": ["helpdesk"]}}],"#
        ));
        assert!(
            composite.wrong[0].contains("holds `impersonation` (inside the role `helpdesk`)"),
            "{composite:?}"
        );
        let every = judge(
            r#""roles": {"realm": [{"name": "default-roles-shop", "composite": true, "composites": {"client": {"realm-management": ["manage-users"]}}}]},
               "defaultRole": {"name": "default-roles-shop"},"#,
        );
        assert!(every.wrong[0].contains("(every new user has it, by `default-roles-shop`)"), "{every:?}");
    }

    #[test]
    fn in_master_the_clients_of_other_realms_count() {
        let stage = |roles: &str, realm: &str| {
            Stage::new()
                .realm(
                    "master.json",
                    &format!(r#"{{"realm": "{realm}", "users": [{{{USER}, {roles}}}], "clients": [{{"clientId": "sync", "serviceAccountsEnabled": true}}]}}"#),
                )
                .judge("service-account-powerful")
        };
        let other = stage(r#""clientRoles": {"shop-realm": ["manage-realm"]}"#, "master");
        assert!(other.wrong[0].contains("holds `manage-realm`"), "{other:?}");
        let admin = stage(r#""realmRoles": ["admin"]"#, "master");
        assert!(
            admin.wrong[0]
                .contains("holds `admin`: whoever gets the client's secret administers every realm"),
            "{admin:?}"
        );
        // Elsewhere these are roles of an application.
        assert!(stage(r#""realmRoles": ["admin"]"#, "shop").is_nothing());
        assert!(stage(r#""clientRoles": {"shop-realm": ["manage-realm"]}"#, "shop").is_nothing());
    }

    #[test]
    fn reading_and_applications_are_fine() {
        let user = |roles: &str| format!(r#""users": [{{{USER}, {roles}}}],"#);
        assert!(
            judge(&user(r#""clientRoles": {"realm-management": ["view-users", "query-clients"]}"#))
                .is_nothing()
        );
        assert!(judge(&user(r#""clientRoles": {"orders": ["realm-admin", "manage-users"]}"#)).is_nothing());
        assert!(judge("").is_nothing());
        let admin = user(r#""clientRoles": {"realm-management": ["realm-admin"]}"#);
        assert!(stage(&admin, r#", "publicClient": true"#).judge("service-account-powerful").is_nothing());
        assert!(stage(&admin, r#", "enabled": false"#).judge("service-account-powerful").is_nothing());
    }

    #[test]
    fn an_export_without_the_account_and_unknown_names_are_not_decided() {
        let built_in: Vec<String> =
            ["account", "admin-cli", "broker", "security-admin-console", "realm-management"]
                .iter()
                .map(|id| format!(r#"{{"clientId": "{id}"}}"#))
                .collect();
        let realm = format!(
            r#"{{"realm": "shop", "clients": [{{"clientId": "sync", "serviceAccountsEnabled": true}}, {}]}}"#,
            built_in.join(", ")
        );
        let export = Stage::new().realm("shop.json", &realm).judge("service-account-powerful");
        assert_eq!(
            export.undecided,
            [
                "client sync of realm shop: Whether the service account of client `sync` of realm `shop` holds admin roles is not known: \
                 what was read of the realm holds no user that is this service account."
            ]
        );
        let unknown = judge(&format!(r#""users": [{{{USER}, "realmRoles": ["${{ROLE}}"]}}],"#));
        assert_eq!((unknown.wrong.len(), unknown.undecided.len()), (0, 1), "{unknown:?}");
    }
}
