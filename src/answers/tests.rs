#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::*;
use crate::audit::{self, Audit};
use crate::config::Config;
use crate::files::{self, Inputs, Limits};
use crate::scene::{Options, Scene};
use crate::secrets::Tagger;
use crate::snapshot::Snapshot;
use crate::testing::said;
use crate::{answers::folder, reading};

const SERVER: &str = "https://sso.example.com";

fn object(resource: Resource, body: Value) -> Object {
    let Value::Object(body) = body else { unreachable!("an object") };
    Object::new(resource, body)
}

fn both_sides() -> Answers {
    let (server, realm) = (SERVER.to_owned(), "shop".to_owned());
    let (project, region) = ("shop-prod".to_owned(), "europe-west1".to_owned());
    let of_server = Resource::KeycloakServer { server: server.clone() };
    let of_realm = Resource::Realm { server: server.clone(), realm: realm.clone() };
    let of_client = |client: &str| Resource::Client {
        server: server.clone(),
        realm: realm.clone(),
        client: client.to_owned(),
    };
    let service =
        Resource::Service { project: project.clone(), region: region.clone(), service: "web".to_owned() };
    let mut of_project = object(
        Resource::Project { project },
        json!({"projectId": "shop-prod", "projectNumber": "123456789012", "regions": ["europe-west1"],
               "iamPolicy": {"bindings": [{"role": "roles/run.admin", "members": ["group:ops@example.com"]}]}}),
    );
    of_project.missing.push(Untold {
        fact: Fact::Services,
        why: "The services of us-east1 could not be listed.".to_owned(),
        grant: Some("roles/run.viewer".to_owned()),
        region: Some("us-east1".to_owned()),
    });
    let mut answers = Answers {
        objects: vec![
            object(
                service,
                json!({
                    "name": "projects/shop-prod/locations/europe-west1/services/web",
                    "urls": ["https://web-123456789012.europe-west1.run.app", "https://web-abcdefghij-ew.a.run.app"],
                    "template": {"containers": [{"image": "quay.io/oauth2-proxy/oauth2-proxy:v7.15.4", "args": ["--client-secret", "hunter2"], "env": [
                        {"name": "OAUTH2_PROXY_PROVIDER", "value": "keycloak-oidc"},
                        {"name": "OAUTH2_PROXY_OIDC_ISSUER_URL", "value": "https://sso.example.com/realms/shop"},
                        {"name": "OAUTH2_PROXY_CLIENT_SECRET", "value": "hunter2\n"},
                        {"name": "OAUTH2_PROXY_COOKIE_SECRET", "value": "changeme"},
                    ]}]},
                    "iamPolicy": {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]},
                                                {"role": "organizations/1/roles/mine", "members": ["group:x@example.com"]}]},
                    "domainMappings": ["app.example.com"],
                }),
            ),
            of_project,
            object(
                of_client("web"),
                json!({"id": "1", "clientId": "web", "enabled": true, "secret": "hunter2", "standardFlowEnabled": true,
                "redirectUris": ["https://web-abcdefghij-ew.a.run.app/oauth2/callback", "https://app.example.com/*"],
                "defaultClientScopes": []}),
            ),
            object(
                of_client("api"),
                json!({"id": "2", "clientId": "api", "enabled": true, "secret": "", "serviceAccountsEnabled": true}),
            ),
            object(
                of_realm,
                json!({"realm": "shop", "enabled": true, "sslRequired": "external", "clientScopes": []}),
            ),
            object(
                of_server,
                json!({"version": "26.7.3", "discovery": [
                {"realm": "shop", "asked": SERVER, "issuer": "https://sso.example.com/realms/shop"}]}),
            ),
        ],
        clocks: vec![Clock { server, offset_millis: -90_000, uncertainty_millis: 1_000 }],
    };
    answers.sort();
    answers
}

fn audited(snapshot: &Snapshot) -> (Vec<String>, Audit) {
    let config = Config::default();
    let scene = Scene::new(snapshot, &config, &Options::default());
    let audit = audit::run(&scene, &audit::Options::default());
    let said = said(&scene, &audit);
    let mut all = said.wrong;
    all.extend(said.undecided);
    all.extend(audit.gaps.iter().map(|gap| gap.message.clone()));
    (all, audit)
}

#[test]
fn a_folder_tells_what_the_live_run_saw() {
    let (limits, tagger) = (Limits::default(), Tagger::new().unwrap());
    let answers = both_sides();
    let live = reading::read_with(&Inputs::default(), &answers, &limits, &tagger).snapshot;
    let directory = tempfile::tempdir().unwrap();
    folder::write(&answers, directory.path(), &tagger, "2026-11-24T12:00:00Z".parse().unwrap()).unwrap();
    let inputs =
        files::gather(&[directory.path().to_owned()], directory.path(), &limits, &mut std::io::empty());
    // A key of another run: the tags come from the files.
    let again = reading::read(&inputs, &limits, &Tagger::new().unwrap()).snapshot;
    assert_eq!(live.failures, []);
    assert_eq!(again.failures, []);
    let ((said, of_live), (said_again, of_folder)) = (audited(&live), audited(&again));
    assert_eq!(said, said_again);
    assert!(!said.is_empty());
    let fingerprints = |audit: &Audit| -> Vec<String> {
        audit.findings.iter().map(|finding| finding.fingerprint.clone()).collect()
    };
    assert_eq!(fingerprints(&of_live), fingerprints(&of_folder));
}

#[test]
fn answers_become_one_picture() {
    let tagger = Tagger::new().unwrap();
    let snapshot =
        reading::read_with(&Inputs::default(), &both_sides(), &Limits::default(), &tagger).snapshot;
    assert_eq!(snapshot.failures, []);
    let [realm] = snapshot.realms.as_slice() else { panic!("{} realms", snapshot.realms.len()) };
    let ids: Vec<_> = realm.clients.iter().map(|client| client.client_id.text().unwrap()).collect();
    assert_eq!(ids, ["api", "web"]);
    let server = snapshot.server(realm.server.unwrap());
    assert_eq!((server.url.as_str(), server.clock.unwrap().offset_millis), (SERVER, -90_000));
    let service = &snapshot.services[0];
    let members: Vec<String> = service
        .invoker
        .members
        .iter()
        .map(|(member, _)| member.text().or(member.why_unknown()).unwrap().to_owned())
        .collect();
    assert_eq!(
        members,
        [
            "`group:x@example.com` holds the custom role `organizations/1/roles/mine`, whose rights were not read",
            "allUsers",
            "group:ops@example.com",
        ]
    );
    assert!(service.invoker.policy_read);
    assert!(service.urls.iter().any(|url| url.url == "https://app.example.com"));
    let place = snapshot.part(realm.clients[1].at.part).place.path();
    assert_eq!(place, "https://sso.example.com/admin/realms/shop/clients/web");
}

#[test]
fn what_a_server_did_not_tell_makes_the_run_incomplete() {
    let tagger = Tagger::new().unwrap();
    let snapshot =
        reading::read_with(&Inputs::default(), &both_sides(), &Limits::default(), &tagger).snapshot;
    let (_, audit) = audited(&snapshot);
    let gap = audit.gaps.iter().find(|gap| gap.message.contains("us-east1")).unwrap();
    assert_eq!(gap.message, "The services of us-east1 could not be listed. roles/run.viewer would show it.");
    assert_eq!(gap.incomplete, Some(crate::finding::Severity::Error));
    assert_eq!(gap.file, Some(("projects/shop-prod".to_owned(), None, None)));
}

#[test]
fn a_realm_that_may_not_be_seen_is_not_taken_for_a_disabled_one() {
    let resource = Resource::Realm { server: SERVER.to_owned(), realm: "shop".to_owned() };
    let mut thinned = object(resource, json!({"realm": "shop", "displayName": "Shop"}));
    thinned.untold(Fact::Realms, "The realm is shown by its name only.", Some("`view-realm`"));
    let answers = Answers { objects: vec![thinned], clocks: Vec::new() };
    let tagger = Tagger::new().unwrap();
    let snapshot = reading::read_with(&Inputs::default(), &answers, &Limits::default(), &tagger).snapshot;
    assert_eq!(
        snapshot.realms[0].enabled.why_unknown(),
        Some("the account may not see the settings of the realm")
    );
}

#[test]
fn an_answer_that_is_none_is_told_with_its_field() {
    let mut answers = both_sides();
    for object in &mut answers.objects {
        match &object.resource {
            Resource::Client { client, .. } if client == "web" => {
                object.body.insert("redirectUris".to_owned(), json!({"0": "https://a"}));
            }
            Resource::KeycloakServer { .. } => {
                object.body.insert("version".to_owned(), json!("next"));
            }
            _ => {}
        }
    }
    let tagger = Tagger::new().unwrap();
    let snapshot = reading::read_with(&Inputs::default(), &answers, &Limits::default(), &tagger).snapshot;
    let told: Vec<(&str, Option<&str>, &str)> = snapshot
        .failures
        .iter()
        .map(|failure| (failure.path.as_str(), failure.field.as_deref(), failure.message.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                SERVER,
                Some("version"),
                "The version of a Keycloak server was expected here, but a text stands there."
            ),
            (
                "https://sso.example.com/admin/realms/shop/clients/web",
                Some("redirectUris"),
                "The server answered a mapping here; expected a list of texts."
            ),
        ]
    );
}

#[test]
fn a_folder_of_a_newer_cloakrun_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let manifest = r#"{"cloakrun": {"kind": "snapshot", "format": 99}, "clocks": []}"#;
    std::fs::write(directory.path().join(folder::MANIFEST), manifest).unwrap();
    let limits = Limits::default();
    let inputs =
        files::gather(&[directory.path().to_owned()], directory.path(), &limits, &mut std::io::empty());
    let snapshot = reading::read(&inputs, &limits, &Tagger::new().unwrap()).snapshot;
    assert_eq!(
        snapshot.failures[0].message,
        "The folder has layout 99, and this cloakrun knows layouts up to 1. Use a newer cloakrun."
    );
}
