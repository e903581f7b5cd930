//! The code that an invite's link carries.

use aws_lc_rs::{digest, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use family_plan_domain::{CodeHash, InviteId, TokenHash};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::SecretKey;

const PURPOSE: &str = "family-plan link key v1";
const CONTEXT: &[u8] = b"family-plan invite v1";

/// The secret part of an invite's link: 43 characters of base64url.
#[derive(Debug)]
pub struct InviteCode(SecretString);

impl InviteCode {
    /// Takes what stands in a link. Whatever it is, it has a hash; a wrong one is not found.
    #[must_use]
    pub fn from_link(text: &str) -> Self {
        Self(text.into())
    }

    /// What the database knows the code by.
    #[must_use]
    pub fn hash(&self) -> CodeHash {
        CodeHash::from(sha256(self.0.expose_secret().as_bytes()))
    }

    /// The code itself: for the one answer that shows it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Turns the tokens that Zammad mints into codes.
///
/// A token is a live credential of the account that minted it, so it must not reach an invitee. The code is a keyed
/// hash of it, and opens nothing in Zammad.
pub struct LinkKey(hmac::Key);

impl LinkKey {
    /// The key for links that belongs to the server's secret key.
    #[must_use]
    pub fn new(secret: &SecretKey) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &secret.derive(PURPOSE)))
    }

    /// The code of an invite: `base64url(HMAC-SHA256(key, "family-plan invite v1" ‖ invite ‖ token))`.
    #[must_use]
    pub fn code(&self, invite: InviteId, token: &TokenHash) -> InviteCode {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(CONTEXT);
        context.update(Uuid::from(invite).as_bytes());
        context.update(token.as_ref());
        InviteCode(URL_SAFE_NO_PAD.encode(context.sign()).into())
    }
}

pub(crate) fn token_hash(token: &SecretString) -> TokenHash {
    TokenHash::from(sha256(token.expose_secret().as_bytes()))
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, bytes);
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use family_plan_domain::{InviteId, TokenHash};
    use uuid::Uuid;

    use super::*;

    fn key(text: &str) -> LinkKey {
        LinkKey::new(&SecretKey::parse(&SecretString::from(text.to_owned())).unwrap())
    }

    const KEY: &str = "5f1d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";
    const OTHER: &str = "a01d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";

    #[test]
    fn a_code_can_be_computed_again_and_depends_on_all_it_is_made_of() {
        let (one, two) = (InviteId::from(Uuid::from_u128(1)), InviteId::from(Uuid::from_u128(2)));
        let (token, other) = (TokenHash::from([1; 32]), TokenHash::from([2; 32]));
        let code = key(KEY).code(one, &token);
        assert_eq!(code.expose().len(), 43);
        assert_eq!(code.expose(), key(KEY).code(one, &token).expose());
        assert_ne!(code.expose(), key(KEY).code(two, &token).expose());
        assert_ne!(code.expose(), key(KEY).code(one, &other).expose());
        assert_ne!(code.expose(), key(OTHER).code(one, &token).expose());
    }

    #[test]
    fn a_link_leads_back_to_the_hash() {
        let code = key(KEY).code(InviteId::from(Uuid::from_u128(1)), &TokenHash::from([1; 32]));
        assert_eq!(InviteCode::from_link(code.expose()).hash(), code.hash());
    }

    #[test]
    fn a_code_is_not_shown() {
        let code = key(KEY).code(InviteId::from(Uuid::from_u128(1)), &TokenHash::from([1; 32]));
        assert!(!format!("{code:?}").contains(code.expose()));
    }
}
