//! What has to be known again when a browser comes back from the provider.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use family_plan_application::SecretKey;
use serde::{Deserialize, Serialize};

const PURPOSE: &str = "family-plan sign-in v1";

/// An attempt to sign in.
#[derive(Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Attempt {
    /// What proves to the provider that the code is used by whom it was asked for (PKCE).
    pub(super) verifier: String,
    /// What the ID token must say.
    pub(super) nonce: String,
    /// Where to go on to; checked before the attempt began.
    pub(super) next: String,
    /// Until when it may take, in seconds since 1970.
    pub(super) expires_at: i64,
}

/// Seals attempts for the browser that began them, so that nothing has to be stored, and any replica can go on. Nobody can
/// read or make one, and in another browser it is worth nothing: with somebody else's attempt one would be signed in as
/// them without noticing.
pub(super) struct AttemptKey(RandomizedNonceKey);

impl AttemptKey {
    /// The key for attempts that belongs to the server's secret key.
    pub(super) fn new(secret: &SecretKey) -> Self {
        let key = RandomizedNonceKey::new(&AES_256_GCM, &secret.derive(PURPOSE));
        Self(key.expect("a derived key has 32 bytes"))
    }

    /// The attempt as a text that can stand in an address.
    pub(super) fn seal(&self, attempt: &Attempt, browser: &str) -> String {
        let mut sealed = serde_json::to_vec(attempt).expect("texts and numbers are JSON");
        let nonce = self.0.seal_in_place_append_tag(Aad::from(browser), &mut sealed);
        let nonce = nonce.expect("a few hundred bytes can be sealed");
        URL_SAFE_NO_PAD.encode([nonce.as_ref().as_slice(), &sealed].concat())
    }

    /// The attempt that was sealed for this browser.
    pub(super) fn open(&self, sealed: &str, browser: &str) -> Option<Attempt> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let (nonce, mut sealed) = (Nonce::try_assume_unique_for_key(nonce).ok()?, sealed.to_vec());
        let opened = self.0.open_in_place(nonce, Aad::from(browser), &mut sealed).ok()?;
        serde_json::from_slice(opened).ok()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn key(secret: &str) -> AttemptKey {
        AttemptKey::new(&SecretKey::parse(&SecretString::from(secret)).unwrap())
    }

    #[test]
    fn an_attempt_is_opened_by_the_same_installation_for_the_same_browser_only() {
        let ours = key("5f1d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1");
        let others = key("6f1d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1");
        let attempt = Attempt {
            verifier: "a verifier".to_owned(),
            nonce: "a nonce".to_owned(),
            next: "https://family.example/join/x".to_owned(),
            expires_at: 7,
        };
        let sealed = ours.seal(&attempt, "browser");
        assert_eq!(ours.open(&sealed, "browser").as_ref(), Some(&attempt));
        assert_ne!(sealed, ours.seal(&attempt, "browser"), "nothing is sealed twice in the same way");
        assert_eq!(ours.open(&sealed, "another"), None);
        assert_eq!(others.open(&sealed, "browser"), None);
        assert!(!sealed.contains(&URL_SAFE_NO_PAD.encode("verifier")));

        let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        for idx in 0..bytes.len() {
            let mut forged = bytes.clone();
            forged[idx] ^= 1;
            assert_eq!(ours.open(&URL_SAFE_NO_PAD.encode(&forged), "browser"), None, "{idx}");
            assert_eq!(ours.open(&URL_SAFE_NO_PAD.encode(&bytes[..idx]), "browser"), None, "{idx}");
        }
        assert_eq!(ours.open("!", "browser"), None);
    }
}
