//! JSON as Rails writes it.

use serde_json::Value;

/// `value` in one line, with what could end a script written as an escape; other letters stay as they are.
pub(crate) fn text(value: &Value) -> String {
    // None of these five has a place outside of a string.
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn five_letters_are_escaped_and_the_others_are_not() {
        let value = json!({"<a>": "Café & \u{2028}\u{2029} – 😀 \"\\/\n", "n": 0.0});
        let expected = r#"{"\u003ca\u003e":"Café \u0026 \u2028\u2029 – 😀 \"\\/\n","n":0.0}"#;

        assert_eq!(text(&value), expected);
        assert_eq!(serde_json::from_str::<Value>(&text(&value)).unwrap(), value);
    }

    #[test]
    fn a_written_payload_comes_out_as_it_went_in() {
        let wire = include_str!("../data/webhook-default-payload.composed-full.wire.json");

        assert_eq!(text(&serde_json::from_str(wire).unwrap()), wire);
    }
}
