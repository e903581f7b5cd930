//! The server's secret key, from which every other key is derived.

use aws_lc_rs::hkdf;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use secrecy::{ExposeSecret, SecretSlice, SecretString};

const MIN_BYTES: usize = 32;

/// Why a text cannot be the secret key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakSecretKey {
    /// It is neither hex nor base64.
    #[error("must be at least 32 bytes, as hex or base64 (make one with `openssl rand -hex 32`)")]
    Unreadable,
    /// It is too short to be unguessable.
    #[error("must be at least 32 bytes, as hex or base64 (make one with `openssl rand -hex 32`)")]
    Short,
    /// It has few different bytes, or counts up, as examples do.
    #[error("must be random bytes; this looks like an example (make one with `openssl rand -hex 32`)")]
    Example,
}

/// At least 32 random bytes that only the servers of one installation know.
#[derive(Debug)]
pub struct SecretKey(SecretSlice<u8>);

impl SecretKey {
    /// Reads a key from hex or base64.
    ///
    /// # Errors
    ///
    /// See [`WeakSecretKey`].
    pub fn parse(text: &SecretString) -> Result<Self, WeakSecretKey> {
        let text = text.expose_secret().trim();
        let bytes = decode(text).ok_or(WeakSecretKey::Unreadable)?;
        if bytes.len() < MIN_BYTES {
            return Err(WeakSecretKey::Short);
        }
        if looks_like_an_example(&bytes) {
            return Err(WeakSecretKey::Example);
        }
        Ok(Self(bytes.into()))
    }

    /// A key for one purpose (HKDF with SHA-256, RFC 5869): it tells nothing about this key nor about others.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "32 bytes can always be had")]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let info = [purpose.as_bytes()];
        let mut key = [0; 32];
        hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
            .extract(self.0.expose_secret())
            .expand(&info, hkdf::HKDF_SHA256)
            .and_then(|it| it.fill(&mut key))
            .expect("32 bytes are one block of SHA-256");
        key
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    if let Some(bytes) = decode_hex(text) {
        return Some(bytes);
    }
    [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD].iter().find_map(|it| it.decode(text).ok())
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|it| it.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

/// 32 random bytes have about 30 different values, and hardly ever fewer than 20; `000…`, `abababab…` and
/// `0123456789abcdef0123…` have far fewer, and `00010203…` goes up by one each time.
fn looks_like_an_example(bytes: &[u8]) -> bool {
    let mut distinct = bytes.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let counts_up = bytes.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == 1);
    distinct.len() < 16 || counts_up
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SecretKey, WeakSecretKey> {
        SecretKey::parse(&SecretString::from(text.to_owned()))
    }

    const HEX: &str = "5f1d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";

    #[test]
    fn hex_and_base64_are_the_same_key() {
        let bytes = decode_hex(HEX).unwrap();
        let from_hex = parse(HEX).unwrap().derive("a");
        assert_eq!(parse(&STANDARD.encode(&bytes)).unwrap().derive("a"), from_hex);
        assert_eq!(parse(&URL_SAFE_NO_PAD.encode(&bytes)).unwrap().derive("a"), from_hex);
    }

    #[test]
    fn every_purpose_has_its_own_key() {
        let key = parse(HEX).unwrap();
        assert_eq!(key.derive("a"), key.derive("a"));
        assert_ne!(key.derive("a"), key.derive("b"));
    }

    #[test]
    fn a_weak_key_is_refused() {
        assert_eq!(parse("not a key!").unwrap_err(), WeakSecretKey::Unreadable);
        assert_eq!(parse(&HEX[..62]).unwrap_err(), WeakSecretKey::Short);
        for example in [
            "00".repeat(32),
            "abcd".repeat(16),
            "0123456789abcdef".repeat(4),
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f".to_owned(),
        ] {
            assert_eq!(parse(&example).unwrap_err(), WeakSecretKey::Example, "{example}");
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        assert!(!format!("{:?}", parse(HEX).unwrap()).contains("5f"));
    }
}
