use serde_json::{Value, json};

use super::{Answers, BatchOutcome, Kind, Settings, answer, batch};
use crate::keycloak::generation::GENERATIONS;

fn run(input: &str) -> (Vec<Value>, BatchOutcome) {
    let mut output = Vec::new();
    let outcome = batch(input.as_bytes(), &mut output).unwrap();
    let text = String::from_utf8(output).unwrap();
    (text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), outcome)
}

fn one(question: Value) -> Value {
    let (mut answers, outcome) = run(&format!("{question}\n"));
    assert_eq!((answers.len(), outcome.bad_lines), (1, 0), "{answers:?}");
    answers.remove(0)
}

#[test]
fn a_redirect_question_is_answered_with_entry_and_reason() {
    let answer = one(
        json!({"id": "a", "registered": ["/cb", "https://x/*"], "root_url": "https://svc.run.app", "requested": "https://svc.run.app/cb", "version": "26.7.3"}),
    );
    assert_eq!(
        answer,
        json!({"id": "a", "accepted": true, "resolved": "https://svc.run.app/cb", "matched": "/cb", "reason": "The entry /cb says exactly this."})
    );
    assert_eq!(
        answer.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["id", "accepted", "resolved", "matched", "reason"]
    );
}

#[test]
fn a_refusal_names_the_nearest_entry() {
    let answer = one(
        json!({"id": 7, "registered": ["https://a.example/cb", "https://b.example/cb"], "requested": "https://b.example/cb/", "version": "26.7"}),
    );
    assert_eq!(answer["accepted"], json!(false));
    assert_eq!(
        answer["reason"],
        json!("No entry matches. The nearest is https://b.example/cb: it has no slash at the end.")
    );
}

#[test]
fn a_breaking_server_is_null() {
    let answer =
        one(json!({"id": "n", "registered": [":*"], "requested": "https://a/b", "version": "26.7.3"}));
    assert_eq!((&answer["accepted"], &answer["resolved"]), (&Value::Null, &Value::Null));
    assert!(answer["reason"].as_str().unwrap().contains("500"));
}

#[test]
fn defaults_are_those_of_the_protocol() {
    let relative =
        one(json!({"registered": ["/cb"], "requested": "http://localhost:8080/cb", "version": "26.7.3"}));
    assert_eq!((&relative["id"], &relative["accepted"]), (&Value::Null, &json!(true)));
    let missing = json!({"registered": ["https://a/*"], "requested": null, "version": "26.7.3"});
    assert_eq!(one(missing.clone())["accepted"], json!(false));
    let mut optional = missing;
    optional["required"] = json!(false);
    assert_eq!(one(optional)["resolved"], json!("https://a"));
}

#[test]
fn logout_and_origin_questions_are_answered() {
    let logout = |attribute: Value, version: &str| {
        let question = json!({"kind": "post_logout", "registered": ["https://a/cb"], "requested": "https://a/cb", "attribute": attribute, "version": version});
        one(question)["accepted"].clone()
    };
    assert_eq!(logout(Value::Null, "26.7.3"), json!(true));
    assert_eq!(logout(json!("-"), "26.7.3"), json!(false));
    assert_eq!(logout(json!("https://b##+"), "26.7.3"), json!(true));
    assert_eq!(logout(json!("https://b##+"), "23.0.7"), json!(false));
    let origin = |origins: Value, requested: &str, version: &str| {
        one(
            json!({"kind": "web_origin", "registered": ["https://a/cb"], "requested": requested, "web_origins": origins, "version": version}),
        )
    };
    assert_eq!(origin(json!(["+"]), "https://a", "26.7.3")["matched"], json!("+"));
    assert_eq!(
        origin(Value::Null, "https://a", "26.7.3")["accepted"],
        json!(true),
        "left out, so the server fills them in"
    );
    assert_eq!(
        origin(json!([]), "https://a", "26.7.3")["reason"],
        json!("No web origin equals it, so the server refuses the request with status 403.")
    );
    assert!(origin(json!([]), "https://a", "26.5.5")["reason"].as_str().unwrap().contains("browser"));
    assert!(
        origin(json!([]), "http://localhost:8080", "26.7.3")["reason"]
            .as_str()
            .unwrap()
            .contains("own origin")
    );
}

#[test]
fn without_a_version_every_generation_answers() {
    let agreed = one(json!({"id": "y", "registered": ["https://a/cb"], "requested": "https://a/cb"}));
    assert_eq!((&agreed["accepted"], &agreed["matched"]), (&json!(true), &json!("https://a/cb")));
    let generations = agreed["by_generation"].as_object().unwrap();
    assert_eq!(generations.len(), GENERATIONS.len());
    assert!(
        generations.values().all(|answer| answer["accepted"] == json!(true) && answer["servers"].is_string())
    );

    let mixed = one(json!({"id": "m", "registered": ["https://a*"], "requested": "https://a.evil/cb"}));
    assert_eq!(mixed.get("accepted"), None, "no yes and no no when they differ");
    assert_eq!(mixed["by_generation"]["26.3.2"]["accepted"], json!(true));
    assert_eq!(mixed["by_generation"]["26.7.4"]["accepted"], json!(false));
    let reason = mixed["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("It depends on the server's version: accepted by 21.1.2 to 22.0.1, "),
        "{reason}"
    );
    assert!(reason.ends_with("26.7.3 and newer."), "{reason}");
}

#[test]
fn a_bad_line_is_answered_and_the_rest_goes_on() {
    let input = concat!(
        "\u{feff}{\"id\":1,\"registered\":[\"*\"],\"requested\":\"https://a\",\"version\":\"26.7.3\"}\r\n",
        "\n",
        "not json\n",
        "{\"id\":\"x\",\"registered\":[],\"requestd\":\"https://a\"}\n",
        "{\"id\":\"v\",\"registered\":[],\"requested\":\"https://a\",\"version\":\"new\"}\n",
        "{\"id\":\"r\",\"requested\":\"https://a\"}\n",
        "{\"id\":\"k\",\"kind\":\"cookie\",\"registered\":[]}\n",
        "{\"id\":2,\"registered\":[\"*\"],\"requested\":\"https://a\",\"version\":\"26.7.3\"}",
    );
    let (answers, outcome) = run(input);
    assert_eq!(outcome, BatchOutcome { answered: 2, bad_lines: 5, not_accepted: 0 });
    assert_eq!((&answers[0]["id"], &answers[6]["id"]), (&json!(1), &json!(2)));
    assert_eq!((answers[1].get("id"), &answers[1]["line"]), (None, &json!(3)));
    assert_eq!((&answers[2]["id"], &answers[2]["line"]), (&json!("x"), &json!(4)));
    assert!(answers[2]["error"].as_str().unwrap().contains("requestd"));
    assert!(answers[3]["error"].as_str().unwrap().contains("\"new\" is not a Keycloak version"));
    assert!(answers[4]["error"].as_str().unwrap().contains("registered"));
    assert!(answers[5]["error"].as_str().unwrap().contains("cookie"));
}

#[test]
fn a_line_that_is_not_utf8_or_too_long_is_a_bad_line() {
    let mut output = Vec::new();
    let outcome = batch(&b"{\"id\":\"\xFF\"}\n[1]\n"[..], &mut output).unwrap();
    assert_eq!((outcome.answered, outcome.bad_lines), (0, 2));
    let mut long = vec![b'x'; super::LONGEST_LINE + 1];
    long.extend_from_slice(
        b"\n{\"registered\":[\"*\"],\"requested\":\"https://a\",\"version\":\"26.7.3\"}\n",
    );
    let mut output = Vec::new();
    let outcome = batch(long.as_slice(), &mut output).unwrap();
    assert_eq!((outcome.answered, outcome.bad_lines), (1, 1));
}

#[test]
fn one_typed_question_is_answered_too() {
    let settings = Settings {
        kind: Kind::Redirect,
        registered: vec!["https://a/*".to_owned()],
        root_url: None,
        frontend_url: super::DEFAULT_FRONTEND_URL.to_owned(),
        admin_url: None,
        attribute: None,
        web_origins: None,
        allow_oidc_parameters: false,
        version: None,
    };
    let Answers::ByGeneration(answers) = answer(settings, Some("https://a/x"), true) else {
        panic!("no version was named")
    };
    assert!(answers.iter().all(|answer| answer.answer.accepted == Some(true)));
}
