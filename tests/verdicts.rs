//! What real Keycloak servers of 14 versions answered must be what we answer, without exception.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use cloakrun::accepts::{Answer, Answers, Kind, Settings, answer};
use cloakrun::keycloak::post_logout::PostLogoutMatcher;
use cloakrun::keycloak::redirect::{Endpoint, Matcher, Registration, Verdict};
use cloakrun::keycloak::version::Version;
use cloakrun::keycloak::web_origin::{AllowedOrigins, OriginVerdict, filled_in};
use serde::Deserialize;

/// The URL that the recording servers were reached under.
const RECEIVED_AT: &str = "http://127.0.0.1:18201";
/// Their configured hostname, where the recordings name none.
const FRONTEND: &str = "https://sso.example.com/";

#[derive(Deserialize)]
struct RedirectCase {
    id: String,
    registered: Vec<String>,
    root_url: Option<String>,
    requested: Option<String>,
    frontend_url: Option<String>,
    admin_url: Option<String>,
    require_redirect_uri: Option<bool>,
    verdict: BTreeMap<String, Option<bool>>,
}

#[derive(Deserialize)]
struct PostLogoutCase {
    id: String,
    attribute: Option<String>,
    redirect_uris: Vec<String>,
    root_url: Option<String>,
    requested: Option<String>,
    verdict: BTreeMap<String, Option<bool>>,
}

#[derive(Deserialize)]
struct WebOriginCase {
    id: String,
    web_origins: Option<Vec<String>>,
    redirect_uris: Vec<String>,
    root_url: Option<String>,
    origin: String,
    stored: Vec<String>,
    allowed: BTreeMap<String, bool>,
    refused_403: BTreeMap<String, bool>,
}

fn settings(kind: Kind, registered: &[String], root_url: Option<&str>, version: &str) -> Settings {
    Settings {
        kind,
        registered: registered.to_vec(),
        root_url: root_url.map(str::to_owned),
        frontend_url: FRONTEND.to_owned(),
        admin_url: None,
        attribute: None,
        web_origins: None,
        allow_oidc_parameters: false,
        version: Some(version.parse().unwrap()),
    }
}

fn one(answers: Answers) -> Answer {
    match answers {
        Answers::One(answer) => answer.as_ref().clone(),
        Answers::ByGeneration(_) => panic!("one version was asked"),
    }
}

#[test]
fn redirect_uris_are_judged_as_servers_judged_them() {
    let cases: Vec<RedirectCase> =
        serde_json::from_str(include_str!("data/keycloak/redirect_verdicts.json")).unwrap();
    let mut differences = Vec::new();
    let mut count = 0;
    for case in &cases {
        for (version, expected) in &case.verdict {
            let mut settings = settings(Kind::Redirect, &case.registered, case.root_url.as_deref(), version);
            settings.frontend_url = case.frontend_url.clone().unwrap_or_else(|| FRONTEND.to_owned());
            settings.admin_url.clone_from(&case.admin_url);
            let answer =
                one(answer(settings, case.requested.as_deref(), case.require_redirect_uri.unwrap_or(true)));
            count += 1;
            if answer.accepted != *expected {
                differences.push(format!("{} on {version}: expected {expected:?}, got {answer:?}", case.id));
            }
        }
    }
    assert!(count > 34_000, "{count}");
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn post_logout_uris_are_judged_as_servers_judged_them() {
    let cases: Vec<PostLogoutCase> =
        serde_json::from_str(include_str!("data/keycloak/post_logout_verdicts.json")).unwrap();
    let mut differences = Vec::new();
    for case in &cases {
        for (version, expected) in &case.verdict {
            let mut settings =
                settings(Kind::PostLogout, &case.redirect_uris, case.root_url.as_deref(), version);
            settings.attribute.clone_from(&case.attribute);
            let answer = one(answer(settings, case.requested.as_deref(), true));
            if answer.accepted != *expected {
                differences.push(format!("{} on {version}: expected {expected:?}, got {answer:?}", case.id));
            }
        }
    }
    assert_eq!(cases.len(), 112);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn web_origins_are_judged_as_servers_judged_them() {
    let cases: Vec<WebOriginCase> =
        serde_json::from_str(include_str!("data/keycloak/web_origin_verdicts.json")).unwrap();
    let mut differences = Vec::new();
    for case in &cases {
        let entries = case.web_origins.clone().unwrap_or_else(|| filled_in(&case.redirect_uris));
        let sorted = |list: &[String]| list.iter().cloned().collect::<std::collections::BTreeSet<_>>();
        assert_eq!(sorted(&entries), sorted(&case.stored), "{}", case.id);
        let registration = Registration {
            registered: &case.redirect_uris,
            root_url: case.root_url.as_deref(),
            frontend_url: FRONTEND,
            admin_url: None,
            allow_oidc_parameters: false,
        };
        for (version, allowed) in &case.allowed {
            let origins = AllowedOrigins::new(&entries, &registration, version.parse().unwrap());
            let verdict = origins.judge(&case.origin, RECEIVED_AT);
            let refused = verdict == OriginVerdict::Unread { refused: true };
            if verdict.is_allowed() != *allowed || refused != case.refused_403[version] {
                differences.push(format!(
                    "{} on {version}: expected {allowed} and {}, got {verdict:?}",
                    case.id, case.refused_403[version]
                ));
            }
            let mut settings =
                settings(Kind::WebOrigin, &case.redirect_uris, case.root_url.as_deref(), version);
            settings.web_origins.clone_from(&case.web_origins);
            assert_eq!(
                one(answer(settings, Some(&case.origin), true)).accepted,
                Some(*allowed),
                "{} on {version}",
                case.id
            );
        }
    }
    assert_eq!(cases.len(), 63);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn a_closed_logout_says_so() {
    let registration = Registration {
        registered: &["https://a/x"],
        root_url: None,
        frontend_url: FRONTEND,
        admin_url: None,
        allow_oidc_parameters: false,
    };
    let matcher = PostLogoutMatcher::new(&registration, Some("-"), Version::new(26, 7, 3));
    let verdict = matcher.judge(Some("https://a/x"));
    assert_eq!(verdict.accepted(), Some(false));
    assert!(matcher.reason(Some("https://a/x"), &verdict).contains("begins with -"));
}

#[derive(Deserialize)]
struct ClassCase {
    registered: Vec<String>,
    root_url: Option<String>,
    frontend_url: String,
    requested: Option<String>,
    required: bool,
    /// What the server's class returned: the URI, `false` for none, `null` when it threw.
    answers: BTreeMap<String, Option<serde_json::Value>>,
}

/// The class that decides, taken from 17 releases and asked directly (so without the cleaning and the length limit of the endpoint).
#[test]
fn answers_and_resolved_uris_are_those_of_the_deciding_class() {
    let cases: Vec<ClassCase> =
        serde_json::from_str(include_str!("data/keycloak/redirect_class_answers.json")).unwrap();
    assert!(cases.len() > 300);
    for case in &cases {
        let registration = Registration {
            registered: &case.registered,
            root_url: case.root_url.as_deref(),
            frontend_url: &case.frontend_url,
            admin_url: Some("https://admin.example.com/"),
            allow_oidc_parameters: false,
        };
        for (version, expected) in &case.answers {
            let matcher = Matcher::new(&registration, version.parse().unwrap(), Endpoint::Logout);
            let answer = match matcher.judge(case.requested.as_deref(), case.required) {
                Verdict::Accepted(acceptance) => {
                    Some(serde_json::Value::String(acceptance.resolved.into_owned()))
                }
                Verdict::Refused(_) => Some(serde_json::Value::Bool(false)),
                Verdict::Breaks(_) => None,
            };
            assert_eq!(
                &answer, expected,
                "{:?} {:?} {:?} on {version}",
                case.registered, case.root_url, case.requested
            );
        }
    }
}
