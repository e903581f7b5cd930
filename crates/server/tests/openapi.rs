//! The committed OpenAPI document is the one that the server answers.

use std::fmt::Write;

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

/// What events of each type tell, for people to read.
fn catalogue(document: &Value) -> String {
    let schemas = &document["components"]["schemas"];
    let mut text = String::from(
        "# Events\n\nWhat the `data` of each type of event tells, as the OpenAPI document has it. How to follow events, or be \
         told of them, is in the [README](../README.md#telling-other-systems-what-happens).\n",
    );
    for reference in schemas["Event"]["properties"]["data"]["anyOf"].as_array().unwrap() {
        let schema = &schemas[reference["$ref"].as_str().unwrap().rsplit('/').next().unwrap()];
        let (kind, meaning) = schema["description"].as_str().unwrap().split_once(": ").unwrap();
        let meaning = meaning[..1].to_uppercase() + &meaning[1..];
        let kind = kind.trim_matches('`');
        write!(text, "\n## {kind}\n\n{meaning}\n\n| field | type | what |\n| --- | --- | --- |\n").unwrap();
        for (name, property) in schema["properties"].as_object().unwrap() {
            let reference = property["$ref"].as_str().or_else(|| property["allOf"][0]["$ref"].as_str());
            let named = reference.and_then(|it| it.rsplit('/').next());
            let mut kind = named.or_else(|| property["type"].as_str()).unwrap().to_owned();
            if let Some(format) = property["format"].as_str().filter(|it| ["uuid", "date-time"].contains(it))
            {
                write!(kind, " ({format})").unwrap();
            }
            if property["nullable"] == true {
                kind += " or null";
            }
            let what = property["description"].as_str().unwrap_or_default().replace('\n', " ");
            writeln!(text, "| `{name}` | {kind} | {what} |").unwrap();
        }
    }
    text
}

#[test]
fn the_catalogue_of_events_is_what_the_document_says() {
    let expected = catalogue(&serde_json::from_str(COMMITTED).unwrap());
    let new = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("events.md");
    std::fs::write(&new, &expected).unwrap();
    let committed = include_str!("../../../docs/events.md");
    assert!(committed == expected, "docs/events.md is out of date: put {} in its place", new.display());
}
