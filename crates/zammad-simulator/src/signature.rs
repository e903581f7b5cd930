//! How a webhook is signed.

use std::fmt::Write as _;

use aws_lc_rs::hmac;

/// The value of `X-Hub-Signature` for a body, as it is on the wire: `sha1=` and the HMAC-SHA1 of it in hex digits.
#[must_use]
pub fn hub_signature(signature_token: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, signature_token.as_bytes());
    let mut text = "sha1=".to_owned();
    for byte in hmac::sign(&key, body).as_ref() {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::hub_signature;

    #[test]
    fn the_vectors_of_the_contract_are_met() {
        let full = include_str!("../data/webhook-default-payload.composed-full.wire.json");
        let no_article = include_str!("../data/webhook-no-article.composed.wire.json");
        let vectors = [
            (r#"{"ticket":{},"article":{}}"#, "caf67549118642f811ed9ad5fe708d35bdc4cc3c"),
            (
                r#"{"ticket":{"title":"Café \u003cb\u003e"},"article":{}}"#,
                "d65ce363c46f922b949259e69413aed35a58af4a",
            ),
            (full, "3af24f8aec19e29086aacb8557681c42e3da9a17"),
            (no_article, "1405c69b1b9d785a8a86c317769c7d99ca1aa194"),
        ];

        for (body, hex) in vectors {
            assert_eq!(hub_signature("s3cr3t-t0k3n", body.as_bytes()), format!("sha1={hex}"), "{body}");
        }
    }
}
