//! `doctor` for accounts of different rights.

use std::collections::BTreeSet;

use cloakrun_test_support::google::{ALWAYS, Fault, Matching};
use serde_json::Value;

use crate::scene::{PROJECT, Shop};
use crate::world::{DOCUMENTED, Said, World};

fn diagnosis(world: &World, args: &[&str]) -> (Said, Value) {
    let said = world.run(&[&["doctor", "--format", "json"], args].concat());
    let diagnosis = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    (said, diagnosis)
}

/// What is not told, with the right that would show it.
fn lacks(diagnosis: &Value) -> BTreeSet<String> {
    let all = diagnosis["missing"].as_array().unwrap();
    all.iter()
        .map(|lack| {
            format!("{}: {}", lack["fact"].as_str().unwrap(), lack["grant"].as_str().unwrap_or("nothing"))
        })
        .collect()
}

/// The rights that a rule asks for.
fn grants<'a>(diagnosis: &'a Value, rule: &str) -> Vec<&'a str> {
    let rules = diagnosis["rules"].as_array().unwrap();
    let found = rules.iter().find(|found| found["rule"] == rule);
    found.map_or_else(Vec::new, |found| {
        found["grants"].as_array().unwrap().iter().map(|grant| grant.as_str().unwrap()).collect()
    })
}

#[test]
fn it_says_which_role_is_missing_for_which_rule() {
    let shop = Shop::open("26.7.3");
    let mut world = shop.world();
    world.unset("CLOAKRUN_PROJECT");
    let server = shop.realm.server().base();
    let mut run_as = |name: &str, roles: &[&str]| {
        let secret = shop.realm.service_account(name, roles);
        world.keycloak(server, shop.realm.name(), name, &secret);
        let table = world.run(&["doctor", "--realm", shop.realm.name()]);
        let (said, diagnosis) = diagnosis(&world, &["--realm", shop.realm.name()]);
        assert_eq!(said.code, table.code);
        assert!(
            table.out.lines().all(|line| line.chars().count() <= 80 || !line.trim().contains(' ')),
            "{}",
            table.out
        );
        (said.code, diagnosis, table.out)
    };

    let (code, all, table) = run_as("auditor", &DOCUMENTED);
    assert_eq!(code, 0);
    assert_eq!(all["keycloak"]["login"]["client"], "auditor");
    assert_eq!(all["keycloak"]["realms"][0]["realm"], shop.realm.name());
    assert!(all["keycloak"]["clock"]["offset_millis"].as_i64().unwrap().abs() < 3000, "{all}");
    assert!(all["google"].is_null());
    assert_eq!(
        lacks(&all),
        BTreeSet::from(["keycloak-version: `manage-realm` of `realm-management`".to_owned()])
    );
    assert!(table.contains("client secret from CLOAKRUN_KEYCLOAK_CLIENT_SECRET"), "{table}");
    assert!(table.contains("hidden from this account; between 26."), "{table}");

    let (code, clients, table) = run_as("clients-only", &["view-clients"]);
    assert_eq!(code, 3);
    assert!(lacks(&clients).contains("realms: `view-realm` of `realm-management`"), "{clients:#}");
    assert_eq!(grants(&clients, "events-off"), ["`view-events` of `realm-management`"]);
    assert!(grants(&clients, "redirect-uri-missing").is_empty());
    assert!(table.contains("Rules that cannot decide every case"), "{table}");

    let (code, nothing, table) = run_as("nobody-there", &[]);
    assert_eq!(code, 3);
    assert!(lacks(&nothing).contains("clients: `view-clients` of `realm-management`"), "{nothing:#}");
    assert!(
        grants(&nothing, "redirect-uri-missing").contains(&"`view-clients` of `realm-management`"),
        "{table}"
    );
}

#[test]
fn it_says_which_permission_is_missing_for_which_rule() {
    let shop = Shop::open("26.7.3");
    let world = shop.world();
    let (said, all) = diagnosis(&world, &[]);
    assert_eq!(said.code, 0, "{all:#}");
    let project = &all["google"]["projects"][0];
    assert_eq!(
        (&project["project"], &project["services"], &project["secrets"]),
        (&PROJECT.into(), &4.into(), &2.into())
    );
    assert_eq!(project["from"], "CLOAKRUN_PROJECT");
    assert_eq!(all["google"]["from"], "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE");

    shop.google.deny("run.services.getIamPolicy", "");
    let (said, denied) = diagnosis(&world, &[]);
    let told = lacks(&denied);
    assert!(told.iter().any(|lack| lack.contains("run.services.getIamPolicy")), "{told:?}");
    assert!(said.code == 0 || said.code == 3);

    shop.google.deny("run.services.list", "projects/shop-prod/locations/us-central1");
    let (said, denied) = diagnosis(&world, &[]);
    assert_eq!(said.code, 3, "{denied:#}");
    assert!(lacks(&denied).iter().any(|lack| lack.contains("run.services.list")), "{denied:#}");
    let regions = &denied["google"]["projects"][0]["regions"];
    assert_eq!(regions, &serde_json::json!(["europe-west1"]));
    let table = world.run(&["doctor"]);
    assert!(table.out.contains("us-central1"), "{}", table.out);

    // Payloads are asked for and may not be read.
    shop.google.heal();
    shop.google.deny("secretmanager.versions.access", "");
    let (_, denied) = diagnosis(&world, &["--read-secrets"]);
    let wanted = grants(&denied, "secret-mismatch");
    assert!(wanted.iter().any(|grant| grant.contains("secretmanager.versions.access")), "{denied:#}");
    shop.google.heal();
    shop.google.disable_api(PROJECT, "secretmanager.googleapis.com");
    let table = world.run(&["doctor"]);
    assert!(table.out.contains("enable"), "{}", table.out);
    shop.google.heal();
    shop.google.fail(Matching::path("*"), Fault::Error(401, "no".into()), ALWAYS);
    let table = world.run(&["doctor"]);
    assert_eq!(table.code, 3, "{}", table.out);
}

#[test]
fn refused_logins_are_mistakes_of_who_calls() {
    let shop = Shop::open("24.0.5");
    let mut world = shop.world();
    for (name, value, words) in [
        ("CLOAKRUN_KEYCLOAK_CLIENT_SECRET", "planted-and-quite-wrong", "refused the login (401)"),
        ("CLOAKRUN_KEYCLOAK_CLIENT_ID", "nobody-of-this-name", "refused the login (401)"),
        ("CLOAKRUN_KEYCLOAK_LOGIN_REALM", "no-such-realm", "has no realm `no-such-realm` to log in to"),
    ] {
        world.keep_secret("planted-and-quite-wrong");
        let (set, before) = (name, world.get(name));
        world.set(set, value);
        let said = world.run(&["doctor"]);
        // Where the environment names a side and not the command line, the other side is told all the same.
        said.says(words);
        assert!(matches!(said.code, 2 | 3), "{said:?}");
        world.set(set, &before);
    }
    let mut nothing = World::new();
    let said = nothing.run(&["doctor"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("neither a Keycloak nor a Google Cloud project is named"), "{}", said.err);
    nothing.set("CLOAKRUN_KEYCLOAK_URL", shop.realm.server().base());
    let said = nothing.run(&["doctor"]);
    assert_eq!(said.code, 2, "{said:?}");
}
