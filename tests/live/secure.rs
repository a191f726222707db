//! TLS, and keys of Google's service accounts.

use cloakrun_test_support::faults::{Authority, Proxy};
use serde_json::json;

use crate::scene::{PROJECT, Shop};
use crate::world::{findings, wait};

#[test]
fn a_server_of_an_own_authority_is_believed_when_its_file_is_named() {
    let shop = Shop::open("26.7.3");
    let mut world = shop.world();
    world.unset("CLOAKRUN_PROJECT");
    let authority = Authority::make();
    let proxy = wait(Proxy::start_tls(shop.realm.server().base(), &authority));
    let file = world.file("authority.pem", authority.pem()).display().to_string();
    world.set("CLOAKRUN_KEYCLOAK_URL", &proxy.url());

    let said = world.run(&["check", "--realm", shop.realm.name()]);
    assert_eq!(said.code, 3, "{said:?}");
    said.says("cannot be reached: invalid peer certificate: UnknownIssuer");
    said.says("name its file with --keycloak-ca-file");
    assert!(proxy.calls().is_empty());

    let said = world.run(&["check", "--keycloak-ca-file", &file]);
    // There are no services to judge, and that is said.
    assert_eq!(said.code, 3, "{said:?}");
    said.says(&format!("{}: realm {}", proxy.url(), shop.realm.name()));
    let said = world.run(&["doctor", "--keycloak-ca-file", &file]);
    said.says("verified by the certificates of the system and of");

    let other = world.file("other.pem", Authority::make().pem()).display().to_string();
    let said = world.run(&["doctor", "--keycloak-ca-file", &other]);
    said.says("invalid peer certificate");
    let none = world.file("none.pem", "no certificate\n").display().to_string();
    let said = world.run(&["doctor", "--keycloak-ca-file", &none]);
    said.says("holds no certificate in PEM");

    // A certificate of the right authority for another host.
    let elsewhere =
        wait(Proxy::start_tls_named(shop.realm.server().base(), &authority, &["sso.example.com"]));
    world.set("CLOAKRUN_KEYCLOAK_URL", &elsewhere.url());
    let said = world.run(&["doctor", "--keycloak-ca-file", &file]);
    assert_eq!(said.code, 3, "{said:?}");
    said.says("not valid for name");
    world.keep_tokens_of(&proxy);
}

#[test]
fn the_key_of_a_service_account_logs_in() {
    let shop = Shop::open("26.7.3");
    let mut world = shop.world();
    shop.google.accept_key_of("auditor@shop-prod.iam.gserviceaccount.com");
    let (_, expected) = world.check(&["--rule", "redirect-uri-missing"]);
    // A key made for these tests, of an account that is nowhere.
    let pem = include_str!("../live_keycloak/test-only-key.pem");
    let key = json!({
        "type": "service_account", "project_id": PROJECT, "private_key_id": "1", "private_key": pem,
        "client_email": "auditor@shop-prod.iam.gserviceaccount.com", "client_id": "1",
        "token_uri": format!("{}/token", shop.google.url())});
    let path = world.file("key.json", &key.to_string()).display().to_string();
    for line in pem.lines().filter(|line| line.len() > 30 && !line.contains("KEY")) {
        world.keep_secret(line);
    }
    world.unset("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE").unset("CLOAKRUN_PROJECT");
    world.set("GOOGLE_APPLICATION_CREDENTIALS", &path);
    let (said, report) =
        world.check(&["--keycloak-url", shop.realm.server().base(), "--rule", "redirect-uri-missing", "-v"]);
    assert_eq!(findings(&report), findings(&expected), "{}", said.err);
    let said = world.run(&["doctor"]);
    said.says("auditor@shop-prod.iam.gserviceaccount.com");
    said.says(&format!("{PROJECT} from the credentials in"));

    world.set(
        "GOOGLE_APPLICATION_CREDENTIALS",
        &world.file("broken.json", "{\"type\": \"service_account\"}").display().to_string(),
    );
    let said = world.run(&["check", "--project", PROJECT]);
    assert_eq!(said.code, 2, "{said:?}");
    said.says("broken.json cannot be used");
    world.set("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json");
    let said = world.run(&["check", "--project", PROJECT]);
    assert_eq!(said.code, 2, "{said:?}");
    said.says("GOOGLE_APPLICATION_CREDENTIALS names this file");
}
