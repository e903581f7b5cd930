//! What an ID token must say besides what every token must (OpenID Connect Core 1.0, 3.1.3.7).

use serde_json::{Map, Value};

/// What the ID token of an attempt to sign in says.
pub(crate) struct Expected<'a> {
    /// The client it was issued to.
    pub(crate) client_id: &'a str,
    /// What the attempt was begun with.
    pub(crate) nonce: &'a str,
}

impl Expected<'_> {
    pub(super) fn is_met_by(&self, claims: &Map<String, Value>) -> bool {
        let is_for_us = match claims.get("aud") {
            Some(Value::String(audience)) => audience == self.client_id,
            Some(Value::Array(audiences)) => audiences.iter().any(|it| it == self.client_id),
            _ => false,
        };
        let is_to_us = claims.get("azp").is_none_or(|it| it == self.client_id);
        is_for_us && is_to_us && claims.get("nonce").is_some_and(|it| it == self.nonce)
    }
}

/// For how many seconds a token is good from its issue on.
pub(super) fn life(claims: &Map<String, Value>) -> Option<u64> {
    let instant = |name: &str| claims.get(name).and_then(Value::as_u64);
    instant("exp")?.checked_sub(instant("iat")?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EXPECTED: Expected<'_> = Expected { client_id: "family-plan", nonce: "n" };

    fn is_met_by(claims: &Value) -> bool {
        EXPECTED.is_met_by(claims.as_object().unwrap())
    }

    #[test]
    fn an_id_token_is_for_us_and_of_this_attempt() {
        assert!(is_met_by(&json!({"aud": "family-plan", "nonce": "n"})));
        assert!(is_met_by(&json!({"aud": ["others", "family-plan"], "azp": "family-plan", "nonce": "n"})));
        for claims in [
            json!({"aud": "family-plan"}),
            json!({"aud": "family-plan", "nonce": "m"}),
            json!({"aud": "family-plan", "nonce": ["n"]}),
            json!({"nonce": "n"}),
            json!({"aud": "others", "nonce": "n"}),
            json!({"aud": ["others"], "nonce": "n"}),
            json!({"aud": ["others", "family-plan"], "azp": "others", "nonce": "n"}),
            json!({"aud": "family-plan", "azp": null, "nonce": "n"}),
        ] {
            assert!(!is_met_by(&claims), "{claims}");
        }
    }

    #[test]
    fn a_life_is_from_issue_to_expiry() {
        let life = |claims: Value| life(claims.as_object().unwrap());
        assert_eq!(life(json!({"iat": 100, "exp": 1000})), Some(900));
        assert_eq!(life(json!({"exp": 1000})), None);
        assert_eq!(life(json!({"iat": 1001, "exp": 1000})), None);
    }
}
