//! Tests of linking, through the real readers.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::{ClueKind, NamedBy, NamedRealm, Strength};
use crate::cloud_run::model::UrlSource;
use crate::scene::Scene;
use crate::snapshot::ServiceId;
use crate::testing::{Stage, service_yaml, service_yaml_with};

/// A service without a project number, so that its URL does not follow from its own document.
fn bare_service(name: &str, env: &[(&str, &str)]) -> String {
    service_yaml(name, env).replace("  namespace: '123456789012'\n", "")
}

/// `service -> client of realm (kinds)` for every link.
fn links(scene: &Scene<'_>) -> Vec<String> {
    scene
        .links
        .links
        .iter()
        .map(|link| {
            let kinds: Vec<String> = link.clues.iter().map(|clue| format!("{:?}", clue.kind)).collect();
            let environment = link.environment.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
            format!(
                "{} -> {} of {}{environment} ({})",
                scene.service(link.service).display_name(),
                scene.client_id(link.client),
                scene.realm_name(link.client.realm),
                kinds.join(", ")
            )
        })
        .collect()
}

fn urls(scene: &Scene<'_>, service: u32) -> Vec<String> {
    scene.urls(ServiceId(service)).iter().map(|url| format!("{} {:?}", url.url, url.source)).collect()
}

const SHOP: &str = r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"}, "clients": [
    {"clientId": "web", "publicClient": true, "redirectUris": ["https://shop.example.com/*"]},
    {"clientId": "admin", "redirectUris": ["https://admin.example.com/*"], "secret": "s3cr3t-of-admin-0815"},
    {"clientId": "billing-user", "redirectUris": ["https://pay.example.com/cb"]}]}"#;
const ISSUER: (&str, &str) = ("OIDC_ISSUER", "https://sso.example.com/realms/shop");

#[test]
fn a_client_id_in_the_settings_settles_it() {
    let env = [ISSUER, ("OIDC_CLIENT_ID", "admin")];
    let stage = Stage::new().realm("shop.json", SHOP).service("web.yaml", &service_yaml("web", &env));
    let scene = stage.scene();
    assert_eq!(links(&scene), ["web -> admin of shop (ClientIdAndIssuer)"]);
    assert_eq!(scene.links.links[0].strength(), Strength::Certain);
}

#[test]
fn without_a_client_id_a_redirect_uri_on_the_services_host_tells() {
    let realm = SHOP.replace("https://shop.example.com", "https://web-123456789012.europe-west1.run.app");
    let stage = Stage::new().realm("shop.json", &realm).service("web.yaml", &service_yaml("web", &[ISSUER]));
    let scene = stage.scene();
    assert_eq!(links(&scene), ["web -> web of shop (RedirectHost, Name)"]);
    assert_eq!(scene.links.links[0].strength(), Strength::Probable);
    assert!(scene.links.links[0].uses.login);
}

#[test]
fn clients_that_fit_equally_well_are_listed_and_not_chosen() {
    let realm = SHOP
        .replace("https://shop.example.com", "https://web-123456789012.europe-west1.run.app")
        .replace("https://admin.example.com", "https://web-123456789012.europe-west1.run.app");
    let stage = Stage::new().realm("shop.json", &realm).service("app.yaml", &service_yaml("web", &[]));
    let scene = stage.scene();
    assert_eq!(links(&scene), Vec::<String>::new());
    let candidates: Vec<&str> =
        scene.links.ambiguities[0].candidates.iter().map(|(client, _)| scene.client_id(*client)).collect();
    assert_eq!(candidates, ["web", "admin"]);
}

#[test]
fn an_equal_secret_tells_a_client() {
    let env = [ISSUER, ("OIDC_CLIENT_SECRET", "s3cr3t-of-admin-0815")];
    let stage = Stage::new().realm("shop.json", SHOP).service("x.yaml", &service_yaml("backoffice", &env));
    assert_eq!(links(&stage.scene()), ["backoffice -> admin of shop (EqualSecret)"]);
}

#[test]
fn a_secret_named_after_a_client_is_a_weak_clue() {
    let text = service_yaml("payments", &[ISSUER])
        + "        - name: BILLING_USER_SECRET\n          valueFrom:\n            secretKeyRef: {name: billing_user_client_secret, key: latest}\n";
    let stage = Stage::new().realm("shop.json", SHOP).service("p.yaml", &text);
    let scene = stage.scene();
    assert_eq!(links(&scene), ["payments -> billing-user of shop (SecretName)"]);
    assert!(scene.links.links[0].is_weak());
}

#[test]
fn names_alone_link_nothing_without_a_realm() {
    let stage =
        Stage::new().realm("shop.json", SHOP).service("web.yaml", &service_yaml("web", &[("PORT", "8080")]));
    assert_eq!(links(&stage.scene()), Vec::<String>::new());
}

#[test]
fn pages_that_an_api_of_the_realm_serves_are_linked_by_name() {
    let realm = r#"{"realm": "cup", "clients": [
        {"clientId": "cup-frontend", "publicClient": true, "redirectUris": ["http://localhost:5173/*"]},
        {"clientId": "cup-backend", "standardFlowEnabled": false}]}"#;
    let origin = "https://cup-prod-frontend-123456789012.europe-west1.run.app";
    let api = [
        ("SPRING_SECURITY_OAUTH2_RESOURCESERVER_JWT_ISSUER_URI", "https://sso.example.com/realms/cup"),
        ("APP_CORS_ALLOWED_ORIGINS", origin),
    ];
    let stage = Stage::new()
        .realm("cup.json", realm)
        .service("f.yaml", &service_yaml("cup-prod-frontend", &[("PORT", "8080")]))
        .service("b.yaml", &service_yaml("cup-prod-backend", &api))
        .service("w.yaml", &service_yaml("cup-prod-worker", &[("LEVEL", "info")]));
    let scene = stage.scene();
    let found = links(&scene);
    assert!(
        found.contains(&"cup-prod-frontend -> cup-frontend of cup (Name, Realm)".to_owned()),
        "{found:?}"
    );
    assert!(!found.iter().any(|link| link.contains("cup-prod-worker")), "{found:?}");
    let link = scene.links.links.iter().find(|link| link.service == ServiceId(0)).unwrap();
    assert_eq!(link.strength(), Strength::Probable);
}

#[test]
fn an_api_is_linked_to_the_clients_that_call_it() {
    let web =
        [ISSUER, ("OIDC_CLIENT_ID", "web"), ("API_URL", "https://api-123456789012.europe-west1.run.app")];
    let api =
        [("SPRING_SECURITY_OAUTH2_RESOURCESERVER_JWT_ISSUER_URI", "https://sso.example.com/realms/shop")];
    let stage = Stage::new()
        .realm("shop.json", SHOP)
        .service("web.yaml", &service_yaml("web", &web))
        .service("api.yaml", &service_yaml("api", &api));
    let scene = stage.scene();
    assert_eq!(links(&scene), ["web -> web of shop (ClientIdAndIssuer)", "api -> web of shop (Caller)"]);
    assert!(scene.links.links[1].uses.bearer && !scene.links.links[1].uses.login);
}

#[test]
fn pinned_links_come_first_and_unused_pins_are_said() {
    let stage = Stage::new().realm("shop.json", SHOP).service("web.yaml", &service_yaml("web", &[])).config(
        "links:\n- {service: web, client: admin, callback-paths: [/cb]}\n- {service: gone, client: web}\n",
    );
    let scene = stage.scene();
    assert_eq!(links(&scene), ["web -> admin of shop (Pinned)"]);
    assert_eq!(scene.links.links[0].callback_paths, ["/cb"]);
    assert_eq!(scene.links.unused_pins.len(), 1);
}

#[test]
fn a_number_that_a_redirect_uri_reveals_completes_the_urls() {
    let realm = SHOP.replace("https://shop.example.com", "https://web-987654321098.europe-west1.run.app");
    let stage = Stage::new()
        .realm("shop.json", &realm)
        .service("web.yaml", &bare_service("web", &[]))
        .service("api.yaml", &bare_service("api", &[]));
    let scene = stage.scene();
    assert_eq!(urls(&scene, 0), ["https://web-987654321098.europe-west1.run.app Clue"]);
    // The same unnamed project and region: the number holds for its other services too.
    assert_eq!(urls(&scene, 1), ["https://api-987654321098.europe-west1.run.app Clue"]);
    assert!(scene.urls(ServiceId(0)).iter().all(|url| url.source == UrlSource::Clue));
}

#[test]
fn two_numbers_leave_it_open() {
    let realm = SHOP
        .replace("https://shop.example.com", "https://web-987654321098.europe-west1.run.app")
        .replace("https://admin.example.com", "https://web-111111111111.europe-west1.run.app");
    let stage = Stage::new().realm("shop.json", &realm).service("web.yaml", &bare_service("web", &[]));
    assert_eq!(urls(&stage.scene(), 0), Vec::<String>::new());
}

#[test]
fn hash_hosts_are_recognised_and_words_are_no_hash() {
    let realm = SHOP
        .replace("https://shop.example.com", "https://web-ab12cd34ef-ew.a.run.app")
        .replace("https://admin.example.com", "https://web-should-come-with-deploy-ew.a.run.app");
    let stage = Stage::new().realm("shop.json", &realm).service("web.yaml", &bare_service("web", &[]));
    assert_eq!(urls(&stage.scene(), 0), ["https://web-ab12cd34ef-ew.a.run.app Clue"]);
}

#[test]
fn custom_domains_of_the_configuration_are_urls() {
    let stage = Stage::new()
        .realm("shop.json", SHOP)
        .service("web.yaml", &bare_service("web", &[]))
        .config("services:\n- {name: web, domains: [shop.example.com]}\n");
    let scene = stage.scene();
    assert_eq!(urls(&scene, 0), ["https://shop.example.com Configured"]);
    assert_eq!(links(&scene), ["web -> web of shop (RedirectHost)"]);
}

/// Realm `shop` four times, each with a client `web` on another host.
fn environments(name: impl Fn(&str) -> String) -> Stage {
    ["dev", "staging", "prod"].into_iter().fold(Stage::new(), |stage, environment| {
        let realm = format!(
            r#"{{"realm": "shop", "clients": [{{"clientId": "web", "redirectUris": ["https://{environment}.shop.example.com/*"]}}]}}"#
        );
        stage.realm(&name(environment), &realm)
    })
}

#[test]
fn realms_of_one_name_are_told_apart_by_issuer_hosts() {
    let realm = |host: &str| SHOP.replace("https://sso.example.com", host);
    let env = |host: &'static str| [("OIDC_ISSUER", host), ("OIDC_CLIENT_ID", "web")];
    let stage = Stage::new()
        .realm("a/realm.json", &realm("https://sso-a.example.com"))
        .realm("b/realm.json", &realm("https://sso-b.example.com"))
        .service("one.yaml", &service_yaml("one", &env("https://sso-b.example.com/realms/shop")))
        .service("two.yaml", &service_yaml("two", &env("https://sso-a.example.com/realms/shop")));
    let scene = stage.scene();
    assert_eq!(
        links(&scene),
        [
            "one -> web of shop in sso-b.example.com (ClientIdAndIssuer)",
            "two -> web of shop in sso-a.example.com (ClientIdAndIssuer)"
        ]
    );
}

#[test]
fn realms_of_one_name_are_told_apart_by_folders_and_by_words() {
    let env = [("OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("OIDC_CLIENT_ID", "web")];
    let by_folder = environments(|name| format!("envs/{name}/realm.json"))
        .service("envs/prod/web.yaml", &service_yaml("web", &env))
        .service("envs/dev/web.yaml", &service_yaml("web", &env));
    assert_eq!(
        links(&by_folder.scene()),
        ["web -> web of shop in prod (ClientIdAndIssuer)", "web -> web of shop in dev (ClientIdAndIssuer)"]
    );
    let by_word = environments(|name| format!("keycloak/shop-{name}.json"))
        .service("deploy/service-production.yaml", &service_yaml("web", &env));
    assert_eq!(links(&by_word.scene()), ["web -> web of shop in prod (ClientIdAndIssuer)"]);
}

#[test]
fn realms_of_one_name_are_told_apart_by_redirect_hosts() {
    let stage = environments(|name| format!("{name}.json"))
        .service("web.yaml", &service_yaml("web", &[("OIDC_CLIENT_ID", "web")]))
        .config("services:\n- {name: web, domains: [staging.shop.example.com]}\n");
    assert_eq!(links(&stage.scene()), ["web -> web of shop in staging (ClientId, RedirectHost)"]);
}

#[test]
fn realms_of_one_name_are_told_apart_by_the_configuration() {
    let config = "environments:\n- {name: blue, files: ['one.json', 'web.yaml']}\n- {name: green, files: ['two.json']}\n";
    let env = [("OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("OIDC_CLIENT_ID", "web")];
    let stage = Stage::new()
        .realm("one.json", r#"{"realm": "shop", "clients": [{"clientId": "web"}]}"#)
        .realm("two.json", r#"{"realm": "shop", "clients": [{"clientId": "web"}]}"#)
        .service("web.yaml", &service_yaml("web", &env))
        .config(config);
    assert_eq!(links(&stage.scene()), ["web -> web of shop in blue (ClientIdAndIssuer)"]);
}

#[test]
fn what_nothing_tells_apart_is_ambiguous() {
    let env = [("OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("OIDC_CLIENT_ID", "web")];
    let stage = Stage::new()
        .realm("one.json", r#"{"realm": "shop", "clients": [{"clientId": "web"}]}"#)
        .realm("two.json", r#"{"realm": "shop", "clients": [{"clientId": "web"}]}"#)
        .service("web.yaml", &service_yaml("web", &env));
    let scene = stage.scene();
    assert_eq!(links(&scene), Vec::<String>::new());
    assert_eq!(scene.links.ambiguities.len(), 1);
    assert!(matches!(scene.reading(ServiceId(0)).issuers[0].names, NamedRealm::Ambiguous(_)));
}

#[test]
fn an_issuer_names_keycloak_by_any_host_of_its_service() {
    let keycloak = service_yaml_with("keycloak", "quay.io/keycloak/keycloak:26.3", &[("KC_DB", "postgres")]);
    let issuer = "https://keycloak-123456789012.europe-west1.run.app/realms/shop";
    let other = "https://keycloak-123456789012.europe-west1.run.app/realms/crm";
    let realm = r#"{"realm": "shop", "clients": []}"#;
    let stage = Stage::new()
        .realm("shop.json", realm)
        .service("keycloak.yaml", &keycloak)
        .service("a.yaml", &service_yaml("a", &[("OIDC_ISSUER", issuer)]))
        .service("b.yaml", &service_yaml("b", &[("OIDC_ISSUER", other)]));
    let scene = stage.scene();
    let named = |id: u32| &scene.reading(ServiceId(id)).issuers[0];
    assert!(matches!(named(1).names, NamedRealm::Realm(_)));
    assert_eq!(named(1).by, NamedBy::Host);
    assert!(matches!(named(2).names, NamedRealm::UnknownRealm { .. }));
}

#[test]
fn another_environments_keycloak_is_elsewhere() {
    let realm = SHOP.replace("https://sso.example.com", "https://sso-dev.example.com");
    let env = [("OIDC_ISSUER", "https://sso-prod.example.com/realms/shop")];
    let stage = Stage::new().realm("shop.json", &realm).service("a.yaml", &service_yaml("a", &env));
    let scene = stage.scene();
    assert!(matches!(scene.reading(ServiceId(0)).issuers[0].names, NamedRealm::Elsewhere { .. }));
}

#[test]
fn a_host_that_very_many_clients_name_tells_nothing_and_costs_nothing() {
    let clients: Vec<String> = (0..2_000)
        .map(|index| {
            format!(r#"{{"clientId": "c{index}", "redirectUris": ["https://web-123456789012.europe-west1.run.app/{index}"]}}"#)
        })
        .collect();
    let realm = format!(r#"{{"realm": "shop", "clients": [{}]}}"#, clients.join(","));
    let stage = Stage::new().realm("shop.json", &realm).service("web.yaml", &service_yaml("web", &[]));
    let scene = stage.scene();
    assert_eq!(links(&scene), Vec::<String>::new());
    assert!(scene.links.notes[0].1.starts_with("2000 clients name the host"), "{:?}", scene.links.notes);
}

#[test]
fn strength_needs_a_hard_clue_or_two_soft_ones() {
    let hard = [ClueKind::RedirectHost, ClueKind::EqualSecret, ClueKind::BaseUrl, ClueKind::Origin];
    assert!(hard.into_iter().all(ClueKind::is_hard));
    assert!(!ClueKind::Name.is_hard() && !ClueKind::SecretName.is_hard() && !ClueKind::Realm.is_hard());
}
