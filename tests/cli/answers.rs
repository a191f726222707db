//! `accepts`, `audience`, `links`, `rules` and `explain`.

use cloakrun::rules;
use serde_json::Value;

use crate::check::{REALM, SERVICE};
use crate::{cloakrun, directory, run, said};

fn pair() -> tempfile::TempDir {
    directory(&[("realm.json", REALM), ("web.yaml", &SERVICE.replace("webb", "web"))])
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

const CALLBACK: &str = "https://web-123456789012.europe-west1.run.app/oauth2/callback";

#[test]
fn accepts_says_yes_with_the_entry_and_its_place() {
    let directory = pair();
    let said = run(directory.path(), &["accepts", "web", CALLBACK, "realm.json", "-q"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.starts_with(&format!("yes  {CALLBACK}\n")), "{}", said.out);
    assert!(said.out.contains(&format!("realm.json:10:24  {CALLBACK}")), "{}", said.out);
}

#[test]
fn accepts_says_no_with_the_nearest_entry() {
    let directory = pair();
    let said = run(directory.path(), &["accepts", "web", &format!("{CALLBACK}/"), "-q"]);
    assert_eq!(said.code, 1);
    assert!(said.out.starts_with("no  ") && said.out.contains("The nearest is"), "{}", said.out);
    let said = run(directory.path(), &["accepts", "web", &format!("{CALLBACK}/"), "-q", "--format", "json"]);
    let answer = json(&said.out);
    assert_eq!(
        (said.code, &answer["verdict"], &answer["accepted"]),
        (1, &Value::from("refused"), &Value::from(false))
    );
}

#[test]
fn accepts_asks_every_generation_when_the_version_is_not_known() {
    let realm = r#"{"realm": "r", "enabled": true, "clients": [{"clientId": "c", "redirectUris": ["https://host*"]}]}"#;
    let directory = directory(&[("realm.json", realm)]);
    let args = ["accepts", "c", "https://host.evil.example/x", "-q", "--format", "json"];
    let said = run(directory.path(), &args);
    assert_eq!((said.code, &json(&said.out)["verdict"]), (3, &Value::from("differs")));
    let said = run(directory.path(), &[&args[..], &["--keycloak-version", "26.7.4"]].concat());
    assert_eq!((said.code, &json(&said.out)["verdict"]), (1, &Value::from("refused")));
    let said = run(directory.path(), &[&args[..], &["--keycloak-version", "24.0.5"]].concat());
    assert_eq!((said.code, &json(&said.out)["verdict"]), (0, &Value::from("accepted")));
}

#[test]
fn accepts_does_not_guess_behind_a_placeholder() {
    let realm = r#"{"realm": "r", "enabled": true, "clients": [{"clientId": "c", "redirectUris": ["${APP_URL}/cb"]}]}"#;
    let directory = directory(&[("realm.json", realm)]);
    let said = run(directory.path(), &["accepts", "c", "https://app.example/cb", "-q"]);
    assert_eq!(said.code, 3, "{}", said.out);
    assert!(said.out.contains("${APP_URL}"), "{}", said.out);
}

#[test]
fn accepts_names_the_nearest_client() {
    let directory = pair();
    let said = run(directory.path(), &["accepts", "wbe", CALLBACK, "-q"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.contains("Did you mean `web`?"), "{}", said.err);
}

#[test]
fn a_batch_is_answered_line_by_line_and_a_bad_line_is_told() {
    let directory = directory(&[]);
    let question = r#"{"id":1,"registered":["https://a.example/*"],"requested":"https://a.example/b","version":"26.7.3"}"#;
    let lines = format!("{question}\nnonsense\n{}\n", question.replace("\"id\":1", "\"id\":\"two\""));
    let answered = said(cloakrun(directory.path()).args(["accepts", "--batch", "-"]).write_stdin(lines));
    assert_eq!(answered.code, 2);
    let answers: Vec<Value> = answered.out.lines().map(json).collect();
    assert_eq!(answers.len(), 3);
    assert_eq!((&answers[0]["id"], &answers[0]["accepted"]), (&Value::from(1), &Value::from(true)));
    assert_eq!(answers[1]["line"], 2);
    assert_eq!(answers[2]["id"], "two");
    std::fs::write(directory.path().join("questions.jsonl"), format!("{question}\n")).unwrap();
    let said = run(directory.path(), &["accepts", "--batch", "questions.jsonl"]);
    assert_eq!((said.code, said.err.as_str(), said.out.lines().count()), (0, "", 1));
}

#[test]
fn audience_tells_both_tokens() {
    let directory = pair();
    let said = run(directory.path(), &["audience", "web", "-q", "--format", "json"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    let answer = json(&said.out);
    assert_eq!(answer["access_token"]["aud"], json(r#"["account"]"#));
    assert_eq!(answer["id_token"]["aud"], json(r#"["web"]"#));
    assert_eq!(answer["access_token"]["sub"], true);
    assert!(answer["roles"]["realm"].is_array() && answer["access_token"]["via"].is_array());
    let said = run(directory.path(), &["audience", "web", "-q"]);
    assert!(said.out.contains("access token\n  aud  account"), "{}", said.out);
}

#[test]
fn audience_tells_what_the_server_refuses() {
    let directory = pair();
    let said = run(directory.path(), &["audience", "web", "--service-account", "-q"]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.out.contains("No token: the server answers 401"), "{}", said.out);
}

#[test]
fn links_tell_who_and_why() {
    let directory = pair();
    let said = run(directory.path(), &["links", "-q"]);
    assert_eq!(said.code, 0);
    assert!(said.out.contains("`OAUTH2_PROXY_CLIENT_ID` is `web`"), "{}", said.out);
    let answer = json(&run(directory.path(), &["links", "-q", "--format", "json"]).out);
    let link = &answer["links"][0];
    assert_eq!(
        (&link["service"], &link["client"], &link["realm"]),
        (&"web".into(), &"web".into(), &"shop".into())
    );
    assert!(link["clues"][0]["text"].is_string());
    let mut narrow = cloakrun(directory.path());
    let narrow = said_at(narrow.args(["links", "-q"]).env("COLUMNS", "60"));
    assert!(narrow.lines().all(|line| line.chars().count() <= 60 || !line.contains(' ')), "{narrow}");
}

fn said_at(command: &mut assert_cmd::Command) -> String {
    said(command).out
}

#[test]
fn every_rule_is_listed_and_explained() {
    let directory = directory(&[]);
    let listed = json(&run(directory.path(), &["rules", "--format", "json"]).out);
    let table = run(directory.path(), &["rules"]).out;
    assert_eq!(listed.as_array().unwrap().len(), rules::all().len());
    for rule in rules::all() {
        assert!(table.contains(rule.id), "{}", rule.id);
        let said = run(directory.path(), &["explain", rule.id]);
        assert_eq!(said.code, 0);
        assert!(said.out.starts_with(rule.id) && said.out.contains("What to do"), "{}", said.out);
    }
    let said = run(directory.path(), &["explain", "issuer-missmatch"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
}
