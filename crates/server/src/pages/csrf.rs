//! Forms that only our own pages can have posted.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use family_plan_application::SecretKey;

const PURPOSE: &str = "family-plan csrf v1";

/// Makes and checks the tokens that forms carry. A token is bound to the form and to the session of the browser that
/// the form was shown to, so that another site can neither read nor make one, and nothing has to be stored.
pub(crate) struct CsrfKey(hmac::Key);

impl CsrfKey {
    /// The key for forms that belongs to the server's secret key.
    #[must_use]
    pub(crate) fn new(secret: &SecretKey) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &secret.derive(PURPOSE)))
    }

    /// The token of the form at `path` for the browser with this `session`.
    #[must_use]
    pub(crate) fn token(&self, session: &str, path: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, &message(session, path)))
    }

    /// Whether `token` is that of the form at `path` for this `session`. Takes the same time whatever differs.
    #[must_use]
    pub(crate) fn accepts(&self, token: &str, session: &str, path: &str) -> bool {
        let Ok(tag) = URL_SAFE_NO_PAD.decode(token) else {
            return false;
        };
        hmac::verify(&self.0, &message(session, path), &tag).is_ok()
    }
}

/// Neither a token nor a path has a line break.
fn message(session: &str, path: &str) -> Vec<u8> {
    format!("{session}\n{path}").into_bytes()
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn key() -> CsrfKey {
        let secret = "5f1d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";
        CsrfKey::new(&SecretKey::parse(&SecretString::from(secret)).unwrap())
    }

    #[test]
    fn a_token_is_good_for_its_form_and_session_only() {
        let token = key().token("session", "/join/a");
        assert!(key().accepts(&token, "session", "/join/a"));
        assert!(!key().accepts(&token, "other", "/join/a"));
        assert!(!key().accepts(&token, "session", "/join/b"));
        assert!(!key().accepts("", "session", "/join/a"));
        assert!(!key().accepts("!", "session", "/join/a"));
    }
}
