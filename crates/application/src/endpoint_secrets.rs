//! What endpoints know the service by, kept so that the database alone gives nothing away.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    error::Unspecified,
    rand,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use family_plan_domain::{Endpoint, EndpointId, SealedSecret, ports::StoreError};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::SecretKey;

const PURPOSE: &str = "family-plan endpoint secrets v1";
/// What Standard Webhooks has secrets begin with.
const PREFIX: &str = "whsec_";
const SECRET_BYTES: usize = 32;

/// Why there is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointSecretError {
    /// It was sealed with a key that the server does not have any more, or is damaged.
    #[error(
        "a signing secret cannot be read: set FAMILY_PLAN__SERVER__PREVIOUS_SECRET_KEYS to the key it was sealed with, or \
         rotate the secret"
    )]
    Unreadable,
    /// There is no randomness to be had.
    #[error("there is no randomness")]
    NoRandomness,
}

impl From<EndpointSecretError> for StoreError {
    fn from(err: EndpointSecretError) -> Self {
        Self::new(err)
    }
}

/// What the server's keys can do with the secrets of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readability {
    /// They are sealed with the current key.
    Current,
    /// An earlier key is still needed for one of them.
    Earlier,
    /// None of the keys opens one of them.
    Unreadable,
}

/// A secret that was read.
pub(crate) struct Opened {
    /// The secret.
    pub(crate) secret: SecretString,
    /// Whether it was sealed with an earlier key, and is better sealed anew.
    pub(crate) is_stale: bool,
}

/// Seals the secrets of endpoints (AES-256-GCM), each for its endpoint, and opens them again.
pub struct EndpointSecrets {
    current: RandomizedNonceKey,
    previous: Vec<RandomizedNonceKey>,
}

impl EndpointSecrets {
    /// Seals with what belongs to `current`; opens also what was sealed with the keys that were in its place before.
    #[must_use]
    pub fn new(current: &SecretKey, previous: &[SecretKey]) -> Self {
        Self { current: sealing_key(current), previous: previous.iter().map(sealing_key).collect() }
    }

    /// What the keys can do with the secrets that sign for `endpoint` at `now`.
    #[must_use]
    pub fn readability(&self, endpoint: &Endpoint, now: OffsetDateTime) -> Readability {
        let mut readability = Readability::Current;
        for sealed in endpoint.signing_secrets(now) {
            match self.open(endpoint.id, sealed) {
                Ok(Opened { is_stale: false, .. }) => (),
                Ok(Opened { is_stale: true, .. }) => readability = Readability::Earlier,
                Err(_) => return Readability::Unreadable,
            }
        }
        readability
    }

    /// A new secret: `whsec_` and 32 random bytes as base64.
    pub(crate) fn make(
        &self,
        endpoint: EndpointId,
    ) -> Result<(SecretString, SealedSecret), EndpointSecretError> {
        let mut bytes = [0; SECRET_BYTES];
        rand::fill(&mut bytes).map_err(|_| EndpointSecretError::NoRandomness)?;
        let sealed = self.seal_bytes(endpoint, &bytes)?;
        Ok((shown(&bytes), sealed))
    }

    pub(crate) fn open(
        &self,
        endpoint: EndpointId,
        sealed: &SealedSecret,
    ) -> Result<Opened, EndpointSecretError> {
        let (bytes, is_stale) = self.open_bytes(endpoint, sealed)?;
        Ok(Opened { secret: shown(bytes.expose_secret()), is_stale })
    }

    /// The same secret, sealed with the current key.
    pub(crate) fn seal_anew(
        &self,
        endpoint: EndpointId,
        sealed: &SealedSecret,
    ) -> Result<SealedSecret, EndpointSecretError> {
        let (bytes, _) = self.open_bytes(endpoint, sealed)?;
        self.seal_bytes(endpoint, bytes.expose_secret())
    }

    fn seal_bytes(&self, endpoint: EndpointId, secret: &[u8]) -> Result<SealedSecret, EndpointSecretError> {
        let mut sealed = secret.to_vec();
        let nonce = self
            .current
            .seal_in_place_append_tag(bound_to(endpoint), &mut sealed)
            .map_err(|_| EndpointSecretError::NoRandomness)?;
        Ok(SealedSecret([nonce.as_ref().as_slice(), &sealed].concat()))
    }

    fn open_bytes(
        &self,
        endpoint: EndpointId,
        SealedSecret(sealed): &SealedSecret,
    ) -> Result<(SecretSlice<u8>, bool), EndpointSecretError> {
        let keys = std::iter::once(&self.current).chain(&self.previous);
        let mut opened =
            keys.zip(0..).filter_map(|(key, n)| Some((open_with(key, endpoint, sealed).ok()?, n != 0)));
        opened.next().ok_or(EndpointSecretError::Unreadable)
    }
}

fn sealing_key(key: &SecretKey) -> RandomizedNonceKey {
    RandomizedNonceKey::new(&AES_256_GCM, &key.derive(PURPOSE)).expect("32 bytes are a key of AES-256")
}

fn open_with(
    key: &RandomizedNonceKey,
    endpoint: EndpointId,
    sealed: &[u8],
) -> Result<SecretSlice<u8>, Unspecified> {
    let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN).ok_or(Unspecified)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce)?;
    let mut secret = ciphertext.to_vec();
    let n_bytes = key.open_in_place(nonce, bound_to(endpoint), &mut secret)?.len();
    secret.truncate(n_bytes);
    Ok(secret.into())
}

/// What was sealed for one endpoint is of no use in the row of another.
fn bound_to(endpoint: EndpointId) -> Aad<[u8; 16]> {
    Aad::from(Uuid::from(endpoint).into_bytes())
}

fn shown(secret: &[u8]) -> SecretString {
    format!("{PREFIX}{}", STANDARD.encode(secret)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "5f1d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";
    const NEW: &str = "a01d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";

    fn key(text: &str) -> SecretKey {
        SecretKey::parse(&text.to_owned().into()).unwrap()
    }

    fn endpoint(n: u128) -> EndpointId {
        EndpointId::from(Uuid::from_u128(n))
    }

    #[test]
    fn a_secret_is_32_bytes_that_nobody_had_before() {
        let secrets = EndpointSecrets::new(&key(NEW), &[]);
        let [one, other] = [(); 2].map(|()| secrets.make(endpoint(1)).unwrap());
        let bytes = one.0.expose_secret().strip_prefix("whsec_").unwrap();
        assert_eq!(STANDARD.decode(bytes).unwrap().len(), 32);
        assert_ne!(one.0.expose_secret(), other.0.expose_secret());
        assert_ne!(one.1, other.1);
    }

    #[test]
    fn a_sealed_secret_is_opened_for_its_endpoint_alone() {
        let secrets = EndpointSecrets::new(&key(NEW), &[]);
        let (secret, sealed) = secrets.make(endpoint(1)).unwrap();
        let opened = secrets.open(endpoint(1), &sealed).unwrap();
        assert_eq!((opened.secret.expose_secret(), opened.is_stale), (secret.expose_secret(), false));
        assert!(secrets.open(endpoint(2), &sealed).is_err());
        for n in 0..sealed.0.len() {
            let mut damaged = sealed.clone();
            damaged.0[n] ^= 1;
            assert_eq!(secrets.open(endpoint(1), &damaged).err(), Some(EndpointSecretError::Unreadable));
        }
        assert!(secrets.open(endpoint(1), &SealedSecret(vec![1; 11])).is_err());
    }

    #[test]
    fn what_an_earlier_key_sealed_is_opened_and_sealed_anew() {
        let old = EndpointSecrets::new(&key(OLD), &[]);
        let (secret, sealed) = old.make(endpoint(1)).unwrap();
        assert!(EndpointSecrets::new(&key(NEW), &[]).open(endpoint(1), &sealed).is_err());

        let new = EndpointSecrets::new(&key(NEW), &[key(OLD)]);
        let opened = new.open(endpoint(1), &sealed).unwrap();
        assert_eq!((opened.secret.expose_secret(), opened.is_stale), (secret.expose_secret(), true));
        let anew = new.seal_anew(endpoint(1), &sealed).unwrap();
        let opened = EndpointSecrets::new(&key(NEW), &[]).open(endpoint(1), &anew).unwrap();
        assert_eq!((opened.secret.expose_secret(), opened.is_stale), (secret.expose_secret(), false));
    }
}
