//! `snapshot`, and `check` of what it wrote.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::scene::{PROJECT, REGION, Shop, WEB_SECRET, address};
use crate::world::{Said, World, files, finding, findings};

/// A world in which only the folder and the key are known, so that no server is asked.
fn alone(world: &mut World) {
    for name in ["CLOAKRUN_KEYCLOAK_URL", "CLOAKRUN_PROJECT"] {
        world.unset(name);
    }
}

/// Rule, subject, message and fingerprint of each finding, and of what is undecided.
fn verdicts(report: &Value) -> Vec<Value> {
    let of = |key: &str| report[key].as_array().unwrap().clone();
    let all = of("findings").into_iter().chain(of("undecided"));
    let mut all: Vec<Value> = all
        .map(|mut finding| {
            for place in finding["places"].as_array_mut().unwrap() {
                // What a folder tells besides: the file in place of the address, with its line.
                for key in ["file", "line", "column"] {
                    place[key] = Value::Null;
                }
            }
            finding
        })
        .collect();
    all.sort_by_key(Value::to_string);
    all
}

fn unlike(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differ = |name: &&String| before.get(*name) != after.get(*name);
    names.into_iter().filter(differ).cloned().collect()
}

fn snapshot(world: &World, args: &[&str]) -> (Said, BTreeMap<String, String>) {
    let said = world.run(&[&["snapshot", "snap"], args].concat());
    (said, files(&world.work().join("snap")))
}

#[test]
fn a_folder_tells_what_the_live_servers_told() {
    let shop = Shop::open("26.7.3");
    let mut world = shop.world();
    let (_, live) = world.check(&["--read-secrets"]);
    let (said, folder) = snapshot(&world, &["--read-secrets"]);
    assert_eq!((said.code, said.out.as_str()), (0, ""), "{}", said.err);
    assert!(said.err.starts_with("snap: 18 objects: 18 new.\n"), "{}", said.err);
    assert_eq!(folder.len(), 19);
    let key = std::fs::read_to_string(world.work().join("../state/cloakrun/snapshot.key")).unwrap();
    assert!(!folder.values().any(|text| text.contains(key.trim())));

    // The servers are named by the environment still, and are not asked.
    let (said, with_names) = world.check(&["snap"]);
    assert!(said.err.contains("The files hold what a Keycloak answered"), "{}", said.err);
    alone(&mut world);
    let (said, read) = world.check(&["snap"]);
    assert_eq!(said.code, 1);
    assert_eq!(verdicts(&read), verdicts(&with_names));
    assert_eq!(verdicts(&read), verdicts(&live));
    // Places are files with lines now.
    let place = &finding(&read, "redirect-uri-missing")["places"][0];
    let file = place["file"].as_str().unwrap();
    assert!(file.starts_with("snap/keycloak/127.0.0.1") && file.ends_with("/clients/web.json"), "{place}");
    let line =
        folder[file.strip_prefix("snap/").unwrap()].lines().nth(place["line"].as_u64().unwrap() as usize - 1);
    assert!(line.unwrap().contains("/oauth2/callbak"), "{line:?}");

    // Elsewhere, where the key of the tags is not known, tags of one folder are still those of one key.
    let other = World::new();
    for (name, text) in &folder {
        other.work_file(&format!("snap/{name}"), text);
    }
    let (said, elsewhere) = other.check(&["snap"]);
    assert_eq!((said.code, verdicts(&elsewhere)), (1, verdicts(&live)), "{}", said.err);
}

#[test]
fn drift_is_a_diff_of_what_changed() {
    let shop = Shop::open("24.0.5");
    let mut world = shop.world();
    let manifest = "cloakrun-snapshot.json".to_owned();
    let (_, first) = snapshot(&world, &["--read-secrets"]);
    let number = first.len() - 1;
    let (said, second) = snapshot(&world, &["--read-secrets"]);
    assert!(said.err.starts_with(&format!("snap: {number} objects: {number} unchanged.\n")), "{}", said.err);
    let changed = unlike(&first, &second);
    assert!(changed.is_empty() || changed == [manifest.as_str()], "{changed:?}");

    let mut web = shop.realm.client("web");
    web["redirectUris"] = json!([format!("{}/oauth2/callback", address("web"))]);
    shop.realm.put_client("web", &web).expect_success("changing web");
    let (said, third) = snapshot(&world, &["--read-secrets"]);
    assert!(said.err.contains("1 changed"), "{}", said.err);
    let mut changed = unlike(&second, &third);
    changed.retain(|name| *name != manifest);
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(changed[0].ends_with("/clients/web.json"));

    // The payload becomes the client's secret: its tag is that of the client then, and the rule is silent.
    let tag = |folder: &BTreeMap<String, String>, end: &str, pointer: &str| -> Value {
        let (_, text) = folder.iter().find(|(name, _)| name.ends_with(end)).unwrap();
        let document: Value = serde_json::from_str(text).unwrap();
        let found = document.pointer(pointer).cloned();
        found.unwrap_or_else(|| panic!("{pointer} is not in {document:#}"))
    };
    shop.google.put_secret(PROJECT, "web-secret", &[WEB_SECRET]);
    let (_, fourth) = snapshot(&world, &["--read-secrets"]);
    let of_client = tag(&fourth, "/clients/web.json", "/secret");
    assert_eq!(of_client, tag(&fourth, "/secrets/web-secret.json", "/versions/0/payload"));
    assert_ne!(of_client, tag(&third, "/secrets/web-secret.json", "/versions/0/payload"));

    // What is gone goes, and nothing else.
    let id = shop.realm.id_of("backoffice");
    shop.realm.admin(reqwest::Method::DELETE, &format!("/clients/{id}"), None).expect_success("deleting it");
    shop.google.remove(cloakrun_test_support::google::Kind::Service, PROJECT, REGION, "orders");
    let (said, fifth) = snapshot(&world, &["--read-secrets"]);
    let gone: Vec<&String> = fourth.keys().filter(|name| !fifth.contains_key(*name)).collect();
    assert_eq!(gone.len(), 2, "{gone:?}: {}", said.err);
    assert!(gone[0].ends_with("services/orders.json") && gone[1].ends_with("clients/backoffice.json"));
    assert!(said.err.contains("2 removed"), "{}", said.err);

    alone(&mut world);
    let (_, report) = world.check(&["snap", "--rule", "secret-mismatch,redirect-uri-missing"]);
    assert_eq!(findings(&report), Vec::<String>::new());
}

#[test]
fn somebody_elses_folder_is_left_alone() {
    let shop = Shop::open("26.7.3");
    let world = shop.world();
    world.work_file("snap/notes.txt", "mine");
    let (said, after) = snapshot(&world, &[]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("snap holds files and no cloakrun-snapshot.json"), "{}", said.err);
    assert_eq!(after, BTreeMap::from([("notes.txt".to_owned(), "mine".to_owned())]));
    assert!(shop.google.calls().is_empty(), "that is known before any server is asked");
}
