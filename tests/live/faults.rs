//! What goes wrong on the way, on either side: the words, the exit code, and that nothing leaks.

use std::time::Duration;

use cloakrun_test_support::faults::{Fault, Proxy};
use cloakrun_test_support::google::{self, ALWAYS, Hint, Matching};

use crate::scene::Shop;
use crate::world::{Said, World, proxy};

const HTML: &str =
    "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Welcome to the proxy</body></html>";

/// A run against a shop whose Keycloak stands behind a proxy.
struct Trouble<'s> {
    shop: &'s Shop,
    proxy: Proxy,
    world: World,
}

/// Runs every case in a thread of its own: they mostly wait.
fn side_by_side<T: Send>(cases: impl IntoIterator<Item = T>, run: impl Fn(T) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| run(case));
        }
    });
}

impl Trouble<'_> {
    fn new(shop: &Shop) -> Trouble<'_> {
        let proxy = proxy(shop.realm.server().base());
        let mut world = shop.world();
        world.set("CLOAKRUN_KEYCLOAK_URL", &proxy.url());
        Trouble { shop, proxy, world }
    }

    /// Runs with and without many words; nothing that either says is a secret, also none of the tokens that passed.
    fn run(&self, args: &[&str]) -> Said {
        let said = self.world.run(args);
        let verbose = self.world.run(&[args, &["-v"]].concat());
        assert_eq!(said.code, verbose.code, "{said:?} {verbose:?}");
        self.world.keep_tokens_of(&self.proxy);
        for said in [&said, &verbose] {
            let all = format!("{}{}", said.out, said.err);
            self.world.look_for_secrets(&format!("{args:?}"), &all);
            assert!(!all.contains("<html") && !all.contains("Welcome to the proxy"), "{all}");
            assert!(!all.contains("panicked"), "{all}");
        }
        said
    }

    /// What `check` makes of a Keycloak that answers so to some calls.
    fn keycloak(&self, path: &str, fault: Fault, args: &[&str]) -> Said {
        self.proxy.heal();
        self.proxy.fail(Matching::path(path), fault, ALWAYS);
        self.run(&[&["check", "--rule", "redirect-uri-missing,audience-never-issued"], args].concat())
    }
}

const DISCOVERY: &str = "*/.well-known/openid-configuration";
const TOKEN: &str = "*/openid-connect/token";
const CLIENTS: &str = "/admin/realms/*/clients";
const NOWHERE: &str = "http://127.0.0.1:1";

#[test]
fn a_keycloak_that_cannot_be_logged_in_to() {
    let shop = Shop::open("26.7.3");
    let trouble = Trouble::new(&shop);
    let html = |status| Fault::Answer(status, "text/html".into(), HTML.into());
    let quick: &[&str] = &["--timeout", "700ms"];
    let cases = [
        (DISCOVERY, Fault::Silent, quick, 3, "did not answer in time"),
        (DISCOVERY, Fault::Closed, &[], 3, "cannot be reached"),
        (DISCOVERY, Fault::Cut, &[], 3, "cannot be reached"),
        (DISCOVERY, html(200), &[], 2, "is no Keycloak"),
        (DISCOVERY, Fault::Garbage, &[], 2, "is no Keycloak"),
        (DISCOVERY, html(403), &[], 3, "Cloud Run's invoker check, IAP, an ingress setting"),
        (DISCOVERY, Fault::Status(404), &[], 2, "there is no Keycloak at"),
        (DISCOVERY, Fault::Status(500), &[], 3, "failed (500)"),
        (DISCOVERY, html(503), &[], 3, "is still busy after several tries (503)"),
        (TOKEN, Fault::Silent, quick, 3, "did not answer in time"),
        (TOKEN, html(502), &[], 3, "failed (502)"),
        (TOKEN, Fault::Garbage, &[], 3, "answered 200 with what is no answer of Keycloak"),
        (TOKEN, Fault::Status(401), &[], 2, "refused the login (401)"),
        (TOKEN, Fault::Status(403), &[], 2, "refused the login (403)"),
        (TOKEN, Fault::Status(429), &[], 3, "is still busy after several tries (429)"),
        (TOKEN, Fault::Echo(400), &[], 2, "refused the login (400)"),
        (TOKEN, Fault::Echo(500), &[], 3, "failed (500)"),
    ];
    side_by_side(cases, |(path, fault, args, code, words)| {
        let trouble = Trouble::new(&shop);
        let named = format!("{path} {fault:?}");
        // Named by a flag, so that it ends the run.
        let url = trouble.proxy.url();
        let said = trouble.keycloak(path, fault, &[&["--keycloak-url", &url], args].concat());
        assert_eq!((said.code, said.out.as_str()), (code, ""), "{named}: {}", said.err);
        said.says(words);
        assert!(said.err.starts_with("error: "), "{named}: {}", said.err);
    });
    let said = trouble.run(&["check", "--keycloak-url", NOWHERE]);
    assert_eq!(said.code, 3);
    said.says("127.0.0.1:1/realms/");
    said.says("cannot be reached: Connection refused");
}

#[test]
fn a_keycloak_that_fails_meanwhile() {
    let shop = Shop::open("24.0.5");
    let trouble = Trouble::new(&shop);
    let html = |status| Fault::Answer(status, "text/html".into(), HTML.into());
    let cases = [
        (Fault::Silent, &["--timeout", "700ms"][..], "did not answer in time"),
        (Fault::Closed, &[], "cannot be reached"),
        (Fault::Cut, &[], "cannot be reached"),
        (Fault::Garbage, &[], "with what is no answer of Keycloak: broken JSON"),
        (html(200), &[], "with what is no answer of Keycloak"),
        (Fault::Status(401), &[], "does not accept the token (401)"),
        (Fault::Status(403), &[], "`view-clients` of `realm-management` would show it"),
        (Fault::Status(404), &[], "is not there (404)"),
        (Fault::Status(409), &[], "refused the call (409)"),
        (Fault::Status(429), &[], "is still busy after several tries (429)"),
        (Fault::Status(500), &[], "failed (500)"),
        (html(502), &[], "failed (502)"),
        (html(503), &[], "is still busy after several tries (503)"),
        (Fault::Echo(500), &[], "failed (500)"),
    ];
    side_by_side(cases, |(fault, args, words)| {
        let trouble = Trouble::new(&shop);
        let named = format!("{fault:?}");
        let said = trouble.keycloak(CLIENTS, fault, args);
        assert_eq!(said.code, 3, "{named}: {}{}", said.out, said.err);
        said.says(words);
        assert!(!said.out.contains("audience-never-issued client"), "{named}: {}", said.out);
    });
    // A passing failure is no failure.
    trouble.proxy.heal();
    trouble.proxy.fail(Matching::path(CLIENTS), Fault::Status(503), 1);
    trouble.proxy.fail(Matching::path("/admin/*"), Fault::Closed, 1);
    let said = trouble.run(&["check", "--rule", "redirect-uri-missing"]);
    assert_eq!(said.code, 1, "{said:?}");
}

#[test]
fn pages_that_repeat_end() {
    let shop = Shop::open("26.7.3");
    let trouble = Trouble::new(&shop);
    let clients: Vec<_> = (0..250)
        .map(|number| {
            serde_json::json!({"clientId": format!("client-{number}"), "publicClient": true, "redirectUris": [format!("https://{number}.example.com/")]})
        })
        .collect();
    trouble.shop.realm.import_clients(&clients);
    let said = trouble.keycloak(CLIENTS, Fault::SamePage, &[]);
    assert_eq!(said.code, 3, "{said:?}");
    said.says("the list of clients changed while it was read");
    trouble.shop.google.fail(Matching::path("/v2/*/services"), google::Fault::SamePage, ALWAYS);
    trouble.proxy.heal();
    let said = trouble.run(&["check", "--rule", "issuer-insecure"]);
    assert_eq!(said.code, 3, "{said:?}");
    said.says("Looked at 1 realm with 259 clients, 4 services");
}

#[test]
fn a_clock_ten_minutes_off_is_told() {
    let shop = Shop::open("26.7.3");
    let trouble = Trouble::new(&shop);
    for (seconds, words) in [(600, "ahead"), (-600, "behind")] {
        trouble.proxy.shift_clock(seconds);
        let said = trouble.run(&["check", "--rule", "clock-offset"]);
        said.says("clock-offset");
        said.says(words);
        let said = trouble.run(&["doctor"]);
        said.says(words);
        assert!(said.words().contains("599.") || said.words().contains("600."), "{said:?}");
    }
}

#[test]
fn a_google_that_fails() {
    let shop = Shop::open("26.7.3");
    let html = google::Fault::Answer(403, "text/html".into(), HTML.into());
    let error = |code| google::Fault::Error(code, format!("no, and {}", crate::world::GOOGLE_TOKEN));
    let cases = [
        (google::Fault::Silent, &["--timeout", "4s"][..], "time"),
        (google::Fault::Closed, &[], "the server could not be reached, or the connection broke"),
        (google::Fault::Cut, &[], ""),
        (google::Fault::Garbage, &[], ""),
        (html, &[], "(403)"),
        (error(401), &[], "does not accept the credentials (401)"),
        (error(403), &[], "run.services.list"),
        (error(404), &[], "404"),
        (error(409), &[], "409"),
        (google::Fault::RateLimited(Hint::RetryInfo(Duration::from_millis(100))), &[], "quota"),
        (error(500), &[], "500"),
        (google::Fault::BadGateway, &[], "502"),
        (error(503), &[], "503"),
    ];
    side_by_side(cases, |(fault, args, words)| {
        let named = format!("{fault:?}");
        let google = shop.another_google();
        let mut trouble = Trouble::new(&shop);
        trouble.world.google(&google, crate::scene::PROJECT);
        google.fail(Matching::path("/v2/*/services").in_region("us-central1"), fault, ALWAYS);
        let said = trouble.world.run(&[&["check", "--rule", "redirect-uri-missing"], args].concat());
        // The other region is judged all the same, and its finding decides the code.
        assert_eq!(said.code, 1, "{named}: {said:?}");
        said.says("us-central1");
        said.says(words);
        said.says("redirect-uri-missing");
        let all = format!("{}{}", said.out, said.err);
        assert!(!all.contains("Welcome to the proxy") && !all.contains("That’s an error"), "{all}");
        let said = trouble.world.run(&[&["check", "--rule", "issuer-insecure", "-v"], args].concat());
        assert_eq!(said.code, 3, "{named}: {said:?}");
    });
}
