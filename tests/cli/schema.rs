//! The JSON Schemas: valid themselves, and kept by what is really written.

use crate::{directory, run};

#[test]
fn both_schemas_are_schemas() {
    let directory = directory(&[]);
    for of in ["report", "config"] {
        let said = run(directory.path(), &["schema", of]);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{of}");
        let schema: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        jsonschema::meta::validate(&schema).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}
