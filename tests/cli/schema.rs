//! The JSON Schemas: valid themselves, and kept by what is really written.

use std::path::Path;

use serde_json::Value;

use crate::{directory, run};

fn schema(of: &str) -> Value {
    let directory = directory(&[]);
    let said = run(directory.path(), &["schema", of]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{of}");
    serde_json::from_str(&said.out).unwrap()
}

#[test]
fn all_schemas_are_schemas() {
    for of in ["report", "plan", "config"] {
        let schema = schema(of);
        jsonschema::meta::validate(&schema).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}

#[test]
fn every_report_keeps_the_schema() {
    let validator = jsonschema::validator_for(&schema("report")).unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut checked = 0;
    for situation in std::fs::read_dir(fixtures).unwrap() {
        let situation = situation.unwrap().path();
        if !situation.is_dir() {
            continue;
        }
        let said = run(&situation, &["check", "-q", "--format", "json", "--show-suppressed"]);
        if said.out.is_empty() {
            // A situation of a configuration that cannot be read.
            assert_eq!(said.code, 2, "{}: {}", situation.display(), said.err);
            continue;
        }
        let report: Value = serde_json::from_str(&said.out).unwrap();
        if let Err(error) = validator.validate(&report) {
            panic!("{}: {error} at {}", situation.display(), error.instance_path());
        }
        assert_eq!(report["summary"]["exit_code"], said.code, "{}", situation.display());
        checked += 1;
    }
    assert!(checked > 50, "only {checked} situations were checked");
}

#[test]
fn the_schema_refuses_what_is_no_report() {
    let validator = jsonschema::validator_for(&schema("report")).unwrap();
    for wrong in [r#"{}"#, r#"{"schema_version": "2"}"#, r#"[]"#] {
        assert!(!validator.is_valid(&serde_json::from_str(wrong).unwrap()), "{wrong}");
    }
}

#[test]
fn the_schema_of_the_configuration_knows_what_the_reader_knows() {
    let validator = jsonschema::validator_for(&schema("config")).unwrap();
    let valid = |text: &str| validator.is_valid(&serde_json::from_str(text).unwrap());
    assert!(valid(r#"{"waivers": [{"rule": "pkce-off", "reason": "public client of a partner"}]}"#));
    assert!(!valid(r#"{"waivers": [{"rule": "pkce-off"}]}"#), "a waiver needs a reason");
    assert!(!valid(r#"{"waiver": []}"#), "unknown keys are refused");
    assert!(!valid(r#"{"severities": {"pkce-off": "fatal"}}"#));
}
