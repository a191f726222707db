//! `accepts` against the endpoints of real servers: login, logout, and the origins of browser pages.

use std::collections::{BTreeMap, BTreeSet};

use cloakrun::accepts::{Answers, Kind, Prepared, Settings};
use cloakrun::keycloak::redirect::Registration;
use cloakrun::keycloak::web_origin::{AllowedOrigins, OriginVerdict, filled_in};
use cloakrun_test_support::keycloak::{Keycloak, Realm};
use serde_json::{Value, json};

use crate::factor;
use crate::random::Random;
use crate::uris;

const CLIENTS: usize = 90;
const REQUESTS: usize = 5;
const LOGOUT_REQUESTS: usize = 2;
const ORIGINS: usize = 2;

/// A client as the server holds it: what it was given may have been changed when it was stored.
struct Stored {
    client_id: String,
    redirect_uris: Vec<String>,
    root_url: Option<String>,
    post_logout: Option<String>,
    web_origins: Vec<String>,
    /// Whether the web origins were left out.
    fills_in: bool,
}

/// What was asked and found different.
#[derive(Default)]
struct Comparison {
    accepted: usize,
    refused: usize,
    broken: usize,
    differences: Vec<String>,
}

impl Comparison {
    fn add(&mut self, theirs: Option<bool>, ours: Option<bool>, case: impl FnOnce() -> String) {
        match theirs {
            Some(true) => self.accepted += 1,
            Some(false) => self.refused += 1,
            None => self.broken += 1,
        }
        if theirs != ours {
            self.differences.push(format!("{} server: {theirs:?}, we: {ours:?}", case()));
        }
    }

    fn finish(self, what: &str, least: usize) {
        let Comparison { accepted, refused, broken, differences } = self;
        println!("{what}: {accepted} accepted, {refused} refused, {broken} broken");
        assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
        // Cases that nearly all end alike would prove nothing.
        assert!(accepted >= least && refused >= least, "{what}: too few of one kind");
    }
}

/// Makes the generated clients in a realm of their own and reads back how the server stored them.
fn stored(realm: &Realm<'_>, random: &mut Random) -> Vec<Stored> {
    let clients: Vec<Value> = (0..CLIENTS * factor())
        .map(|number| {
            let entries: BTreeSet<String> =
                (0..*random.pick(&[1, 1, 1, 2, 2, 3, 5])).map(|_| uris::entry(random)).collect();
            let mut client = json!({
                "clientId": format!("c{number}"), "enabled": true, "publicClient": true, "standardFlowEnabled": true,
                "directAccessGrantsEnabled": true, "redirectUris": entries});
            if let Some(root_url) = uris::root_url(random) {
                client["rootUrl"] = json!(root_url);
            }
            if let Some(post_logout) = uris::post_logout(random) {
                client["attributes"] = json!({"post.logout.redirect.uris": post_logout});
            }
            if random.percent(70) {
                let origins: BTreeSet<String> =
                    (0..random.below(4)).map(|_| uris::web_origin(random)).collect();
                client["webOrigins"] = json!(origins);
            }
            client
        })
        .collect();
    realm.import_clients(&clients);
    let held: BTreeMap<String, Value> = realm
        .clients()
        .into_iter()
        .map(|client| (client["clientId"].as_str().unwrap().to_owned(), client))
        .collect();
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    clients
        .iter()
        .map(|client| {
            let client_id = client["clientId"].as_str().unwrap();
            let held = &held[client_id];
            Stored {
                client_id: client_id.to_owned(),
                redirect_uris: texts(&held["redirectUris"]),
                root_url: held["rootUrl"].as_str().map(str::to_owned),
                post_logout: held["attributes"]["post.logout.redirect.uris"].as_str().map(str::to_owned),
                web_origins: texts(&held["webOrigins"]),
                fills_in: client["webOrigins"].is_null(),
            }
        })
        .collect()
}

impl Stored {
    fn prepared(&self, kind: Kind, server: &Keycloak) -> Prepared {
        Prepared::new(Settings {
            kind,
            registered: self.redirect_uris.clone(),
            root_url: self.root_url.clone(),
            frontend_url: server.base().to_owned(),
            admin_url: None,
            attribute: self.post_logout.clone(),
            web_origins: Some(self.web_origins.clone()),
            allow_oidc_parameters: false,
            version: Some(server.version().parse().unwrap()),
        })
    }

    fn origins(&self, server: &Keycloak) -> AllowedOrigins {
        let registration = Registration {
            registered: &self.redirect_uris,
            root_url: self.root_url.as_deref(),
            frontend_url: server.base(),
            admin_url: None,
            allow_oidc_parameters: false,
        };
        AllowedOrigins::new(&self.web_origins, &registration, server.version().parse().unwrap())
    }
}

fn accepted(prepared: &Prepared, requested: Option<&str>) -> Option<bool> {
    match prepared.answer(requested, true) {
        Answers::One(answer) => answer.accepted,
        Answers::ByGeneration(_) => panic!("one version was asked"),
    }
}

fn has_no_host(uri: &str) -> bool {
    let behind = uri.split_once("//").map_or("", |(_, behind)| behind);
    let authority = behind.split(['/', '?', '#']).next().unwrap_or_default();
    authority.is_empty() || authority.ends_with('@')
}

fn accepts_says_what_a_server_does(version: &str) {
    let server = Keycloak::server(version);
    let realm = server.realm("redirects");
    let mut random = Random::of("redirects");
    let clients = stored(&realm, &mut random);
    let (mut logins, mut logouts, mut pages) =
        (Comparison::default(), Comparison::default(), Comparison::default());
    for client in &clients {
        let (client_id, root_url) = (&client.client_id, client.root_url.as_deref());
        let prepared = client.prepared(Kind::Redirect, server);
        for _ in 0..REQUESTS {
            let requested = uris::request(&mut random, &client.redirect_uris, root_url, server.base());
            let theirs = realm.accepts_redirect(client_id, requested.as_deref());
            logins.add(theirs, accepted(&prepared, requested.as_deref()), || {
                format!(
                    "login on {version}: {:?} with root URL {root_url:?}, {requested:?};",
                    client.redirect_uris
                )
            });
        }
        let prepared = client.prepared(Kind::PostLogout, server);
        let attribute = client.post_logout.as_deref();
        let parts: Vec<String> =
            attribute.unwrap_or_default().split("##").map(|part| part.trim().to_owned()).collect();
        for _ in 0..LOGOUT_REQUESTS {
            let entries =
                if attribute.is_none() || random.percent(20) { &client.redirect_uris } else { &parts };
            let requested = uris::request(&mut random, entries, root_url, server.base());
            let Some(requested) = requested.filter(|requested| !requested.is_empty()) else { continue };
            let theirs = realm.accepts_logout(client_id, &requested);
            // It is allowed, but the answer that would send the browser there cannot be built: up to 24 without a host, later with a
            // user and no host. The login endpoint gets as far as the login page with it.
            if theirs.is_none() && has_no_host(&requested) {
                continue;
            }
            logouts.add(theirs, accepted(&prepared, Some(&requested)), || {
                format!(
                    "logout on {version}: {attribute:?}, {:?} with root URL {root_url:?}, {requested:?};",
                    client.redirect_uris
                )
            });
        }
        if client.fills_in {
            let filled: BTreeSet<String> = filled_in(&client.redirect_uris).into_iter().collect();
            let held: BTreeSet<String> = client.web_origins.iter().cloned().collect();
            if filled != held {
                pages.differences.push(format!(
                    "filled in on {version}: {:?} gives {held:?}, we: {filled:?}",
                    client.redirect_uris
                ));
            }
        }
        let origins = client.origins(server);
        for _ in 0..ORIGINS {
            let known: Vec<&str> = origins.origins().iter().map(|allowed| allowed.origin.as_str()).collect();
            let origin = match known.is_empty() || random.percent(50) {
                true => uris::origin(&mut random),
                false => (*random.pick(&known)).to_owned(),
            };
            // A header holds no others.
            let origin: String = origin.chars().filter(|c| c.is_ascii() && !c.is_ascii_control()).collect();
            let theirs = realm.judges_origin(client_id, &origin);
            let ours = origins.judge(&origin, server.base());
            let case = || {
                format!(
                    "origin on {version}: {:?}, {:?} with root URL {root_url:?}, {origin:?};",
                    client.web_origins, client.redirect_uris
                )
            };
            pages.add(Some(theirs.allowed), Some(ours.is_allowed()), case);
            if theirs.refused != (ours == OriginVerdict::Unread { refused: true }) {
                pages.differences.push(format!("{} server: {theirs:?}, we: {ours:?}", case()));
            }
        }
    }
    logins.finish(&format!("logins on {version}"), 60 * factor());
    logouts.finish(&format!("logouts on {version}"), 20 * factor());
    pages.finish(&format!("origins on {version}"), 20 * factor());
}

#[test]
fn accepts_says_what_26_7_3_does() {
    accepts_says_what_a_server_does("26.7.3");
}

#[test]
fn accepts_says_what_24_0_5_does() {
    accepts_says_what_a_server_does("24.0.5");
}

#[test]
fn accepts_says_what_22_0_5_does() {
    accepts_says_what_a_server_does("22.0.5");
}
