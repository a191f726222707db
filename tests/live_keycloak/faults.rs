//! What goes wrong with a server, and what is said of it.

use std::time::{Duration, Instant};

use cloakrun::fault::Exit;
use cloakrun::keycloak::api::{CONCURRENCY, Flags, Login};
use cloakrun::snapshot::Fact;
use serde_json::{Value, json};

use crate::fake::{self, Call, Fake, Reply, client};
use crate::support::{BY_SECRET, SECRET, all_that_is_said, clients, login, run, untold};

const CLIENTS: &str = "/admin/realms/shop/clients";
const TOKEN: &str = "/realms/master/protocol/openid-connect/token";

fn at(fake: &Fake) -> Login {
    login(Flags { url: Some(fake.base.clone()), ..Flags::default() }, &BY_SECRET)
}

fn on(place: &'static str, reply: impl Fn(&Call) -> Option<Reply>) -> impl Fn(&Call) -> Option<Reply> {
    move |call| if call.place() == place { reply(call) } else { None }
}

/// What is said of clients that could not be listed. The rest of the realm is there, and nothing is a secret.
fn clients_untold(fake: &Fake, login: &Login) -> String {
    let outcome = run(login);
    let said = all_that_is_said(&outcome);
    assert_no_secret(&said);
    let answers = outcome.unwrap();
    assert_eq!(answers.objects.len(), 2, "the server and the realm: {said}");
    let why = untold(&answers, Fact::Clients).iter().map(|untold| untold.why.as_str()).collect::<Vec<_>>();
    assert!(!why.is_empty(), "{said}");
    assert!(fake.count("/admin/realms/shop/client-scopes") > 0);
    why.join(" ")
}

fn assert_no_secret(said: &str) {
    for secret in [SECRET, "signature-"] {
        assert!(!said.contains(secret), "{secret} is seen in {said}");
    }
}

#[test]
fn a_server_that_answers_well_is_read_whole() {
    let fake = Fake::start(1234, |_| None);
    let answers = run(&at(&fake)).unwrap();
    assert_eq!(clients(&answers).len(), 1235);
    let missing: Vec<_> = answers.objects.iter().flat_map(|object| &object.missing).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(fake.most_at_once() <= CONCURRENCY, "{}", fake.most_at_once());
    assert_eq!(fake.count(TOKEN), 1);
    assert!(fake.calls().iter().all(|call| call.body.is_empty() || call.place() == TOKEN));
    for call in fake.calls() {
        let has_token = call.authorization == format!("Bearer {}", fake::token(0, 0));
        assert!(call.place().starts_with("/admin/") != call.authorization.is_empty(), "{call:?} {has_token}");
    }
}

#[test]
fn an_answer_that_is_no_json_is_a_fault_of_the_server() {
    for garbage in ["<html>welcome</html>", r#"[{"id":"a"{"error":"unknown_error"}]"#, r#"{"id":1}"#, ""] {
        let fake = Fake::start(3, on(CLIENTS, move |_| Some(Reply::text(200, garbage))));
        let why = clients_untold(&fake, &at(&fake));
        assert!(why.contains("answered 200 with what is no answer of Keycloak"), "{why}");
    }
}

#[test]
fn one_refused_token_is_renewed_once_for_all_calls() {
    let is_of_first = |call: &Call| call.authorization.ends_with("signature-0");
    let fake = Fake::start(2500, move |call| {
        (is_of_first(call) && call.place() == CLIENTS)
            .then(|| Reply::text(401, r#"{"error":"HTTP 401 Unauthorized"}"#))
    });
    let answers = run(&at(&fake)).unwrap();
    assert_eq!(clients(&answers).len(), 2501);
    assert_eq!(fake.count(TOKEN), 2);
}

#[test]
fn tokens_are_renewed_before_they_expire() {
    let fake = Fake::start(300, |call| match call.place() {
        TOKEN => Some(fake::token_answer(call.before, 0, 1)),
        CLIENTS => Some(Reply::Late(
            Duration::from_millis(800),
            Box::new(Reply::json(&json!((0..40).map(client).collect::<Vec<Value>>()))),
        )),
        _ => None,
    });
    let answers = run(&at(&fake)).unwrap();
    assert_eq!(clients(&answers).len(), 40);
    assert!(fake.count(TOKEN) >= 2, "{}", fake.count(TOKEN));
}

#[test]
fn a_token_that_is_never_accepted_ends_the_run() {
    let fake = Fake::start(1, |call| {
        call.place().starts_with("/admin").then(|| Reply::text(401, r#"{"error":"HTTP 401 Unauthorized"}"#))
    });
    let outcome = run(&at(&fake));
    assert_no_secret(&all_that_is_said(&outcome));
    let fault = outcome.unwrap_err();
    assert_eq!(fault.exit(), Exit::Usage);
    assert!(fault.hints.iter().any(|hint| hint.contains("hostname")), "{:?}", fault.hints);
}

#[test]
fn a_ready_token_is_used_as_it_is_and_cannot_be_renewed() {
    let token = fake::token(7, 0);
    let flags = |fake: &Fake| Flags { url: Some(fake.base.clone()), ..Flags::default() };
    let fake = Fake::start(1, |_| None);
    let answers = run(&login(flags(&fake), &[("KEYCLOAK_ACCESS_TOKEN", &token)])).unwrap();
    assert_eq!((fake.count(TOKEN), answers.clocks.len()), (0, 0));
    assert_eq!(untold(&answers, Fact::Clock).len(), 1);
    let fake = Fake::start(1, |call| call.place().starts_with("/admin").then(|| Reply::text(401, "{}")));
    let outcome = run(&login(flags(&fake), &[("KEYCLOAK_ACCESS_TOKEN", &token)]));
    assert_no_secret(&all_that_is_said(&outcome));
    assert_eq!(outcome.unwrap_err().exit(), Exit::Usage);
}

#[test]
fn a_busy_server_is_asked_again_when_it_says() {
    let fake = Fake::start(
        3,
        on(CLIENTS, |call| {
            (call.before == 0).then(|| Reply::Answer(429, vec!["Retry-After: 1".to_owned()], String::new()))
        }),
    );
    let started = Instant::now();
    assert_eq!(clients(&run(&at(&fake)).unwrap()).len(), 4);
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_server_that_stays_busy_or_fails_is_named() {
    for (status, words) in [
        (429, "is still busy after several tries (429)"),
        (503, "is still busy after several tries (503)"),
        (502, "failed (502)"),
        (500, "failed (500): unknown_error"),
        (409, "refused the call (409)"),
        (404, "is not there (404)"),
    ] {
        let body = if status == 500 { r#"{"error":"unknown_error"}"# } else { "<html>" };
        let fake = Fake::start(3, on(CLIENTS, move |_| Some(Reply::text(status, body))));
        let why = clients_untold(&fake, &at(&fake));
        assert!(why.contains(words), "{why}");
        let tries = if [429, 502, 503].contains(&status) { 4 } else { 1 };
        assert_eq!(fake.count(CLIENTS), tries, "{status}");
    }
}

#[test]
fn a_forbidden_call_names_the_role() {
    let fake = Fake::start(3, on(CLIENTS, |_| Some(Reply::text(403, r#"{"error":"HTTP 403 Forbidden"}"#))));
    let answers = run(&at(&fake)).unwrap();
    let told = untold(&answers, Fact::Clients);
    assert_eq!(told[0].grant.as_deref(), Some("`view-clients` of `shop-realm` in `master`"));
}

#[test]
fn a_slow_answer_is_given_up_after_the_time_that_was_set() {
    let fake = Fake::start(
        3,
        on(CLIENTS, |_| Some(Reply::Late(Duration::from_secs(20), Box::new(Reply::text(200, "[]"))))),
    );
    let mut login = at(&fake);
    login.timeout = Duration::from_secs(1);
    let started = Instant::now();
    let why = clients_untold(&fake, &login);
    assert!(why.contains("did not answer in time"), "{why}");
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}

#[test]
fn a_cut_connection_is_tried_again_and_then_named() {
    let list = json!((0..50).map(client).collect::<Vec<Value>>()).to_string();
    let half = list.clone();
    let once = Fake::start(50, on(CLIENTS, move |call| (call.before == 0).then(|| Reply::Cut(half.clone()))));
    assert_eq!(clients(&run(&at(&once)).unwrap()).len(), 51);
    let always = Fake::start(50, on(CLIENTS, move |_| Some(Reply::Cut(list.clone()))));
    let why = clients_untold(&always, &at(&always));
    assert!(why.contains("cannot be reached"), "{why}");
}

#[test]
fn pages_that_repeat_are_told() {
    let page = json!((0..100).map(client).collect::<Vec<Value>>());
    let fake = Fake::start(0, on(CLIENTS, move |_| Some(Reply::json(&page))));
    let answers = run(&at(&fake)).unwrap();
    assert_eq!(clients(&answers).len(), 100);
    let why = &untold(&answers, Fact::Clients).iter().map(|untold| &*untold.why).collect::<String>();
    assert!(why.contains("changed while it was read"), "{why}");
}

#[test]
fn no_token_and_no_secret_follow_a_redirect_to_another_host() {
    let other = Fake::start(3, |_| None);
    // Another name of this machine is another host.
    let there = other.base.replace("127.0.0.1", "localhost");
    let to = format!("{there}{CLIENTS}");
    let fake = Fake::start(3, on(CLIENTS, move |_| Some(Reply::to(&to))));
    let why = clients_untold(&fake, &at(&fake));
    assert!(why.contains("the token is not carried there"), "{why}");
    let to = format!("{there}{TOKEN}?{SECRET}");
    let fake = Fake::start(3, on(TOKEN, move |_| Some(Reply::to(&to))));
    let outcome = run(&at(&fake));
    assert_no_secret(&all_that_is_said(&outcome));
    assert_eq!(outcome.unwrap_err().exit(), Exit::Usage);
    assert!(other.calls().is_empty(), "{:?}", other.calls());
}

#[test]
fn redirects_within_the_host_are_followed() {
    let fake = Fake::start(
        3,
        on("/admin/realms/shop/roles", |call| {
            (call.before == 0).then(|| Reply::to("/admin/realms/shop/roles?first=0&max=100&again=1"))
        }),
    );
    let answers = run(&at(&fake)).unwrap();
    assert!(untold(&answers, Fact::Roles).is_empty());
    assert_eq!(fake.count("/admin/realms/shop/roles"), 2);
}

#[test]
fn a_refused_login_says_why_without_what_was_sent() {
    let echo = |call: &Call| {
        Reply::text(401, json!({"error": "unauthorized_client", "error_description": call.body}).to_string())
    };
    let fake = Fake::start(3, on(TOKEN, move |call| Some(echo(call))));
    let outcome = run(&at(&fake));
    assert_no_secret(&all_that_is_said(&outcome));
    let fault = outcome.unwrap_err();
    assert_eq!(fault.exit(), Exit::Usage);
    assert!(fault.hints.iter().any(|hint| hint.contains("`audit`")), "{:?}", fault.hints);
}

#[test]
fn a_server_that_fails_at_login_leaves_the_run_incomplete() {
    for status in [500, 503] {
        let fake = Fake::start(3, on(TOKEN, move |_| Some(Reply::text(status, "<html>"))));
        let fault = run(&at(&fake)).unwrap_err();
        assert_eq!(fault.exit(), Exit::Incomplete, "{fault}");
    }
    let gone = login(Flags { url: Some("http://127.0.0.1:9".to_owned()), ..Flags::default() }, &BY_SECRET);
    assert_eq!(run(&gone).unwrap_err().exit(), Exit::Incomplete);
}

#[test]
fn a_clock_that_is_ten_minutes_off_is_seen() {
    for later in [600, -600, 0] {
        let fake = Fake::start(1, on(TOKEN, move |call| Some(fake::token_answer(call.before, later, 60))));
        let clocks = run(&at(&fake)).unwrap().clocks;
        let clock = &clocks[0];
        assert!((clock.offset_millis - later * 1000).abs() <= clock.uncertainty_millis, "{clock:?}");
        assert!(clock.uncertainty_millis < 2000, "{clock:?}");
    }
}

#[test]
fn what_stands_elsewhere_is_pointed_out() {
    let fake = Fake::start(1, |call| {
        let inner = call.path.strip_prefix("/auth/realms/master/.well-known");
        (!call.path.starts_with("/auth")).then(|| Reply::text(404, "<html>")).or_else(|| {
            inner.map(|_| Reply::json(&json!({"issuer": "https://sso.example.com/auth/realms/master"})))
        })
    });
    for given in ["", "/", "/admin/master/console/#/shop", "/realms/shop"] {
        let flags = Flags { url: Some(format!("{}{given}", fake.base)), ..Flags::default() };
        let fault = run(&login(flags, &BY_SECRET)).unwrap_err();
        assert_eq!(fault.exit(), Exit::Usage);
        let meant = format!("{}/auth", fake.base);
        assert!(fault.hints.iter().any(|hint| hint.contains(&meant)), "{given}: {fault} {:?}", fault.hints);
    }
    let nothing = Fake::start(1, |_| Some(Reply::text(200, "<html>welcome</html>")));
    let fault = run(&at(&nothing)).unwrap_err();
    assert!(fault.to_string().contains("is no Keycloak"), "{fault}");
    let fault =
        run(&login(Flags { url: Some("http://sso.invalid".to_owned()), ..Flags::default() }, &BY_SECRET));
    assert_eq!(fault.unwrap_err().exit(), Exit::Incomplete);
}

#[test]
fn a_realm_that_is_named_and_not_there_is_a_slip() {
    let fake = Fake::start(1, |_| None);
    let mut named = at(&fake);
    named.realms = vec!["shpo".to_owned()];
    let fault = run(&named).unwrap_err();
    assert_eq!(fault.exit(), Exit::Usage);
    assert_eq!(fault.hints, ["Did you mean `shop`?"]);
}
