//! Live reading with accounts that may see little, with tokens that expire meanwhile, and of many clients.

use std::collections::{BTreeMap, BTreeSet};

use cloakrun::answers::{Object, Resource};
use cloakrun::keycloak::api::{CONCURRENCY, Flags, KeycloakAnswers, Login, Silent, Surroundings, What, read};
use cloakrun_test_support::keycloak::{Keycloak, Realm};
use serde_json::{Value, json};

/// The roles that a client audit needs, as the documentation names them, and nothing that may write.
const DOCUMENTED: [&str; 5] =
    ["view-clients", "view-events", "view-identity-providers", "view-realm", "view-users"];
const MANY: usize = 3000;

fn run(server: &Keycloak, login_realm: &str, realm: &str, variables: &[(&str, &str)]) -> KeycloakAnswers {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    let flags = Flags {
        url: Some(server.base().to_owned()),
        login_realm: Some(login_realm.to_owned()),
        realms: vec![realm.to_owned()],
        ..Flags::default()
    };
    let around = Surroundings {
        variable: &|name| variables.get(name).map(|value| (*value).to_owned()),
        file: &|path| std::fs::read_to_string(path),
    };
    let login = Login::read(&flags, around).unwrap();
    let what = What { realms: vec![realm.to_owned()], ..What::default() };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut answers = runtime.block_on(read(&login, &what, CONCURRENCY, &Silent)).unwrap();
    answers.objects.sort_by(|one, other| one.resource.cmp(&other.resource));
    answers
}

fn run_as_service_account(realm: &Realm<'_>, client_id: &str, secret: &str) -> KeycloakAnswers {
    let variables = [("CLOAKRUN_KEYCLOAK_CLIENT_ID", client_id), ("CLOAKRUN_KEYCLOAK_CLIENT_SECRET", secret)];
    run(realm.server(), realm.name(), realm.name(), &variables)
}

fn run_as_administrator(realm: &Realm<'_>) -> KeycloakAnswers {
    let variables = [("CLOAKRUN_KEYCLOAK_USER", "admin"), ("CLOAKRUN_KEYCLOAK_PASSWORD", "admin")];
    run(realm.server(), "master", realm.name(), &variables)
}

/// What was not told with the roles that would show it: `events: view-events`.
fn untold(answers: &KeycloakAnswers) -> BTreeSet<String> {
    answers
        .objects
        .iter()
        .flat_map(|object| &object.missing)
        .map(|untold| {
            let fact = serde_json::to_value(untold.fact).unwrap();
            let grant = untold.grant.as_deref().unwrap_or("nothing would");
            let grant = grant.strip_suffix(" of `realm-management`").unwrap_or(grant).replace('`', "");
            format!("{}: {grant}", fact.as_str().unwrap())
        })
        .collect()
}

/// A realm with something of each kind that can be hidden.
fn realm(server: &Keycloak) -> Realm<'_> {
    let realm = server.realm("live");
    realm.change(&json!({"eventsEnabled": true, "accessTokenLifespan": 120}));
    realm.create_client(&json!({
        "clientId": "web", "publicClient": false, "secret": "secret-of-web", "redirectUris": ["https://app.example.com/*"],
        "serviceAccountsEnabled": true, "fullScopeAllowed": false}));
    realm.create_client(
        &json!({"clientId": "spa", "publicClient": true, "redirectUris": ["https://spa.example.com/*"]}),
    );
    let provider = json!({
        "alias": "google", "providerId": "oidc", "enabled": true,
        "config": {"clientId": "c", "clientSecret": "s", "authorizationUrl": "https://idp.example.com/a", "tokenUrl": "https://idp.example.com/t"}});
    let post = reqwest::Method::POST;
    realm
        .admin(post.clone(), "/identity-provider/instances", Some(&provider))
        .expect_success("adding a provider");
    realm.admin(post.clone(), "/roles", Some(&json!({"name": "staff"}))).expect_success("adding a role");
    realm.admin(post, "/groups", Some(&json!({"name": "ops"}))).expect_success("adding a group");
    realm
}

/// Which roles an account has, and what it is not told then.
type Expected<'a> = (&'a [&'a str], &'a [&'a str]);

fn accounts_are_told_what_they_lack(version: &str, expected: &[Expected<'_>]) {
    let realm = realm(Keycloak::server(version));
    let mut differences = Vec::new();
    for (number, (roles, missing)) in expected.iter().enumerate() {
        let client_id = format!("auditor-{number}");
        let secret = realm.service_account(&client_id, roles);
        let answers = run_as_service_account(&realm, &client_id, &secret);
        let missing: BTreeSet<String> = missing.iter().map(|missing| (*missing).to_owned()).collect();
        let seen = untold(&answers);
        if seen != missing {
            differences.push(format!("{roles:?} on {version}: expected {missing:#?}, got {seen:#?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn accounts_of_26_7_3_are_told_what_they_lack() {
    let version = "keycloak-version: manage-realm";
    let providers = "identity-providers: view-identity-providers";
    let blind = [
        version,
        providers,
        "realms: view-realm",
        "roles: view-realm",
        "roles: view-clients",
        "client-policies: view-realm",
        "clients: view-clients",
        "client-scopes: view-clients",
        "events: view-events",
        "service-account-roles: view-clients and view-users",
    ];
    let without = |gone: &[&str]| -> Vec<&'static str> {
        blind.iter().copied().filter(|told| !gone.contains(told)).collect()
    };
    let of_clients = [
        "clients: view-clients",
        "client-scopes: view-clients",
        "roles: view-clients",
        "service-account-roles: view-clients and view-users",
    ];
    let of_realm =
        ["realms: view-realm", "roles: view-realm", "client-policies: view-realm", "events: view-events"];
    let mut with_clients = without(&of_clients);
    with_clients.push("service-account-roles: view-users");
    let mut with_people = without(&of_clients);
    with_people.push("service-account-roles: view-realm");
    accounts_are_told_what_they_lack(
        "26.7.3",
        &[
            (&[], &blind),
            (&["view-clients"], &with_clients),
            (&["query-clients"], &blind),
            (&["view-realm"], &without(&of_realm)),
            (&["view-users"], &blind),
            (&["view-events"], &without(&["events: view-events"])),
            (&["view-identity-providers"], &without(&[providers])),
            (&["view-clients", "view-users"], &with_people),
            (&["view-clients", "view-realm"], &[version, providers, "service-account-roles: view-users"]),
            (&["view-clients", "view-realm", "view-users", "view-events"], &[version, providers]),
            (&DOCUMENTED, &[version]),
        ],
    );
}

#[test]
fn accounts_of_24_0_5_are_told_what_they_lack() {
    // It shows its version to whoever has any role, identity providers with the realm, and the names of roles to whoever may query anything.
    let providers = "identity-providers: view-identity-providers";
    let blind = [
        providers,
        "realms: view-realm",
        "roles: view-realm",
        "roles: view-clients",
        "client-policies: view-realm",
        "clients: view-clients",
        "client-scopes: view-clients",
        "events: view-events",
        "service-account-roles: view-clients and view-users",
    ];
    let without = |gone: &[&str]| -> Vec<&'static str> {
        blind.iter().copied().filter(|told| !gone.contains(told)).collect()
    };
    let mut unknown = blind.to_vec();
    unknown.push("keycloak-version: manage-realm");
    let of_clients = [
        "clients: view-clients",
        "client-scopes: view-clients",
        "roles: view-clients",
        "roles: view-realm",
        "service-account-roles: view-clients and view-users",
    ];
    // Their names, but not what they contain.
    let contents = "roles: view-realm and view-clients";
    let with = |told: &[&'static str], more: &[&'static str]| [told, more].concat();
    let with_clients = with(&without(&of_clients), &[contents]);
    let with_names = with(&without(&["roles: view-realm"]), &[contents]);
    let of_realm = [
        "realms: view-realm",
        "roles: view-realm",
        "client-policies: view-realm",
        "events: view-events",
        providers,
    ];
    accounts_are_told_what_they_lack(
        "24.0.5",
        &[
            (&[], &unknown),
            (&["view-clients"], &with(&with_clients, &["service-account-roles: view-users"])),
            (&["query-clients"], &with_names),
            (&["view-realm"], &without(&of_realm)),
            (&["view-users"], &with_names),
            (&["view-events"], &without(&["events: view-events"])),
            (&["view-identity-providers"], &without(&[providers])),
            (&["view-clients", "view-users"], &with_clients),
            (&["view-clients", "view-realm"], &["service-account-roles: view-users"]),
            (&["view-clients", "view-realm", "view-users", "view-events"], &[]),
            (&DOCUMENTED, &[]),
        ],
    );
}

/// Whoever has nothing and gets each time what the run asks for ends at the documented roles, and there sees what an administrator sees.
fn following_the_hints_ends_at_the_documented_roles(version: &str) {
    let realm = realm(Keycloak::server(version));
    let mut roles: BTreeSet<String> = BTreeSet::new();
    let answers = loop {
        let client_id = format!("auditor-{}", roles.len());
        let granted: Vec<&str> = roles.iter().map(String::as_str).collect();
        let secret = realm.service_account(&client_id, &granted);
        let answers = run_as_service_account(&realm, &client_id, &secret);
        let before = roles.len();
        for told in untold(&answers) {
            let (fact, grant) = told.split_once(": ").unwrap();
            // The role that shows the version may also write, which the run says.
            if fact != "keycloak-version" {
                roles.extend(grant.replace(" and ", ", ").split(", ").map(str::to_owned));
            }
        }
        if roles.len() == before {
            break answers;
        }
    };
    let documented: BTreeSet<String> = DOCUMENTED.map(str::to_owned).into();
    assert!(roles.is_subset(&documented), "{roles:?}");
    let (seen, all) = (comparable(&answers.objects), comparable(&run_as_administrator(&realm).objects));
    assert_eq!(seen.keys().collect::<Vec<_>>(), all.keys().collect::<Vec<_>>());
    for (address, body) in &all {
        assert_eq!(&seen[address], body, "{address} on {version}");
    }
}

/// Realms and clients without what a server computes for the caller.
fn comparable(objects: &[Object]) -> BTreeMap<String, Value> {
    objects
        .iter()
        .filter(|object| !matches!(object.resource, Resource::KeycloakServer { .. }))
        .map(|object| {
            let mut body = Value::Object(object.body.clone());
            forget_access(&mut body);
            (object.resource.address(), body)
        })
        .collect()
}

fn forget_access(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("access");
            fields.values_mut().for_each(forget_access);
        }
        Value::Array(list) => list.iter_mut().for_each(forget_access),
        _ => {}
    }
}

#[test]
fn following_the_hints_of_26_7_3_ends_at_the_documented_roles() {
    following_the_hints_ends_at_the_documented_roles("26.7.3");
}

#[test]
fn following_the_hints_of_24_0_5_ends_at_the_documented_roles() {
    following_the_hints_ends_at_the_documented_roles("24.0.5");
}

#[test]
fn three_thousand_clients_are_read_while_tokens_expire() {
    let server = Keycloak::server("26.7.3");
    let realm = server.realm("many");
    let clients: Vec<Value> = (0..MANY)
        .map(|number| {
            json!({
                "clientId": format!("client-{number:04}"), "publicClient": true,
                "redirectUris": [format!("https://app-{number}.example.com/*")], "fullScopeAllowed": true})
        })
        .collect();
    realm.import_clients(&clients);
    let secret = realm.service_account("auditor", &DOCUMENTED);
    realm.change(&json!({"accessTokenLifespan": 3, "eventsEnabled": true}));
    let answers = run_as_service_account(&realm, "auditor", &secret);
    let read: Vec<&str> = answers
        .objects
        .iter()
        .filter_map(|object| match &object.resource {
            Resource::Client { client, .. } => Some(client.as_str()),
            _ => None,
        })
        .collect();
    let distinct: BTreeSet<&str> = read.iter().copied().collect();
    assert_eq!(read.len(), distinct.len());
    let listed = realm.clients();
    let listed: BTreeSet<&str> = listed.iter().map(|client| client["clientId"].as_str().unwrap()).collect();
    assert!(listed.len() > MANY);
    assert_eq!(distinct, listed);
    assert_eq!(untold(&answers), BTreeSet::from(["keycloak-version: manage-realm".to_owned()]));
    let logins = realm.get("/events?type=CLIENT_LOGIN&client=auditor&max=1000");
    let logins = logins.as_array().unwrap().len();
    println!("{} clients read with {logins} logins", read.len());
    assert!(logins > 1, "no token expired while the clients were read");
}
