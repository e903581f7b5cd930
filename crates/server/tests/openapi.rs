//! The committed OpenAPI document is the one that the server answers.

use family_plan_server::openapi_document;
use serde_json::Value;

const COMMITTED: &str = include_str!("../../../openapi/family-plan.json");

#[test]
fn the_committed_document_is_what_the_code_says() {
    let document = openapi_document().unwrap();
    assert!(
        document == COMMITTED,
        "openapi/family-plan.json is out of date: run `cargo xtask openapi`, look at the difference, and commit it"
    );
}

#[test]
fn every_operation_has_an_id_a_summary_and_described_answers() {
    let document: Value = serde_json::from_str(COMMITTED).unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            assert!(operation["operationId"].is_string(), "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path}");
            for (status, answer) in operation["responses"].as_object().unwrap() {
                assert_ne!(answer["description"], "", "{method} {path} {status}");
            }
        }
    }
}
