//! Tokens of an identity provider, made by hand: also those that no provider would make.

use aws_lc_rs::{
    encoding::{AsBigEndian, EcPrivateKeyBin},
    hmac,
    rand::SystemRandom,
    rsa::{self, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// What the servers under test share with the identity provider.
pub(crate) const SECRET: &str = "vq0J8wK2yXr5uT1nZ7cF4mB9hD6gL3sQ";

/// The end of the century: no test goes by the wall clock.
pub(crate) const NEVER: i64 = 4_102_444_800;

/// Long ago.
pub(crate) const LONG_AGO: i64 = 1_000_000_000;

/// Signs with the shared secret.
pub(crate) fn hs256(claims: &Value) -> String {
    hs256_with(SECRET.as_bytes(), &json!({"alg": "HS256", "typ": "JWT"}), claims)
}

/// Signs with any secret, under any header.
pub(crate) fn hs256_with(secret: &[u8], header: &Value, claims: &Value) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    signed(header, claims, |message| hmac::sign(&key, message).as_ref().to_vec())
}

/// Signs claims that no JSON value can hold with the shared secret.
pub(crate) fn hs256_text(claims: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    signed_text(r#"{"alg":"HS256"}"#, claims, |message| hmac::sign(&key, message).as_ref().to_vec())
}

/// Does not sign at all.
pub(crate) fn unsigned(claims: &Value) -> String {
    signed(&json!({"alg": "none", "typ": "JWT"}), claims, |_| Vec::new())
}

fn signed(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    signed_text(&header.to_string(), &claims.to_string(), sign)
}

fn signed_text(header: &str, claims: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A key pair of a provider that publishes its keys.
pub(crate) enum ProviderKey {
    Rsa { id: String, pair: Box<RsaKeyPair>, modulus: Vec<u8>, exponent: Vec<u8> },
    Elliptic { id: String, pair: Box<EcdsaKeyPair> },
}

impl ProviderKey {
    pub(crate) fn rsa(id: &str) -> Self {
        let pair = rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
        let modulus = pair.public_key().modulus().big_endian_without_leading_zero().to_vec();
        let exponent = pair.public_key().exponent().big_endian_without_leading_zero().to_vec();
        Self::Rsa { id: id.to_owned(), pair: Box::new(pair), modulus, exponent }
    }

    pub(crate) fn elliptic(id: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self::Elliptic { id: id.to_owned(), pair: Box::new(pair) }
    }

    /// The key as the provider publishes it.
    pub(crate) fn published(&self) -> Value {
        match self {
            Self::Rsa { id, modulus, exponent, .. } => json!({
                "kty": "RSA", "use": "sig", "alg": "RS256", "kid": id,
                "n": URL_SAFE_NO_PAD.encode(modulus), "e": URL_SAFE_NO_PAD.encode(exponent),
            }),
            Self::Elliptic { id, pair } => {
                let point = &pair.public_key().as_ref()[1..];
                json!({
                    "kty": "EC", "use": "sig", "alg": "ES256", "kid": id, "crv": "P-256",
                    "x": URL_SAFE_NO_PAD.encode(&point[..32]), "y": URL_SAFE_NO_PAD.encode(&point[32..]),
                })
            }
        }
    }

    /// The elliptic key with its private half, as its owner keeps it.
    pub(crate) fn private(&self) -> Value {
        let Self::Elliptic { pair, .. } = self else { panic!("only elliptic keys are given away") };
        let scalar: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().unwrap();
        let mut key = self.published();
        key["d"] = json!(URL_SAFE_NO_PAD.encode(scalar.as_ref()));
        key
    }

    /// Signs as the provider does.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        match self {
            Self::Rsa { id, .. } => self.sign_under(&json!({"alg": "RS256", "kid": id}), claims),
            Self::Elliptic { id, .. } => self.sign_under(&json!({"alg": "ES256", "kid": id}), claims),
        }
    }

    /// Signs under any header.
    pub(crate) fn sign_under(&self, header: &Value, claims: &Value) -> String {
        let random = SystemRandom::new();
        signed(header, claims, |message| match self {
            Self::Rsa { pair, .. } => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
            Self::Elliptic { pair, .. } => pair.sign(&random, message).unwrap().as_ref().to_vec(),
        })
    }

    /// The public modulus: what an attacker has to take for a shared secret.
    pub(crate) fn public_bytes(&self) -> &[u8] {
        match self {
            Self::Rsa { modulus, .. } => modulus,
            Self::Elliptic { pair, .. } => pair.public_key().as_ref(),
        }
    }
}
