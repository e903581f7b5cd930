//! Whether a delivery comes from Zammad.

use std::fmt;

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};

const SCHEME: &[u8] = b"sha1=";
const TAG_BYTES: usize = 20;

/// The signature tokens that Zammad's webhooks may be configured with: more than one while they are being changed.
#[derive(Clone)]
pub struct WebhookSecrets(Vec<hmac::Key>);

/// Why a delivery is not taken for one of Zammad's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureRefusal {
    /// There is nothing to verify it with.
    #[error("no signature token is configured")]
    NoSecret,
    /// Zammad does not sign empty bodies.
    #[error("the body is empty")]
    EmptyBody,
    /// There is no signature.
    #[error("the signature is missing")]
    Missing,
    /// The signature is not one of Zammad's.
    #[error("the signature is not `sha1=` and 40 lower-case hex digits")]
    Malformed,
    /// The body was signed with another token, or changed on the way.
    #[error("the signature does not fit")]
    Wrong,
}

impl WebhookSecrets {
    /// Blank ones are left out: Zammad signs nothing with those.
    #[must_use]
    pub fn new(secrets: &[SecretString]) -> Self {
        let texts = secrets.iter().map(ExposeSecret::expose_secret).filter(|it| !it.trim().is_empty());
        Self(texts.map(|it| hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, it.as_bytes())).collect())
    }

    /// Whether there is none, so that nothing is taken for Zammad's.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks the header `X-Hub-Signature` of a delivery against its body as it was received. How long that takes does
    /// not tell which secret fits, or how well.
    ///
    /// # Errors
    ///
    /// [`SignatureRefusal`] when the body is not known to come from Zammad.
    pub fn verify(&self, body: &[u8], signature: Option<&[u8]>) -> Result<(), SignatureRefusal> {
        if self.0.is_empty() {
            return Err(SignatureRefusal::NoSecret);
        }
        if body.is_empty() {
            return Err(SignatureRefusal::EmptyBody);
        }
        let tag = tag(signature.ok_or(SignatureRefusal::Missing)?).ok_or(SignatureRefusal::Malformed)?;
        let n_fitting = self.0.iter().filter(|it| hmac::verify(it, body, &tag).is_ok()).count();
        if n_fitting == 0 {
            return Err(SignatureRefusal::Wrong);
        }
        Ok(())
    }
}

impl fmt::Debug for WebhookSecrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WebhookSecrets").field("n_secrets", &self.0.len()).finish_non_exhaustive()
    }
}

fn tag(signature: &[u8]) -> Option<[u8; TAG_BYTES]> {
    let digits = signature.strip_prefix(SCHEME)?;
    if digits.len() != 2 * TAG_BYTES {
        return None;
    }
    let mut tag = [0; TAG_BYTES];
    for (byte, pair) in tag.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = hex_value(pair[0])? << 4 | hex_value(pair[1])?;
    }
    Some(tag)
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "s3cr3t-t0k3n";
    const BODY: &[u8] = br#"{"ticket":{},"article":{}}"#;
    const SIGNATURE: &str = "sha1=caf67549118642f811ed9ad5fe708d35bdc4cc3c";

    fn secrets(texts: &[&str]) -> WebhookSecrets {
        let texts: Vec<SecretString> = texts.iter().map(|it| (*it).into()).collect();
        WebhookSecrets::new(&texts)
    }

    fn verify(body: &[u8], signature: &str) -> Result<(), SignatureRefusal> {
        secrets(&[SECRET]).verify(body, Some(signature.as_bytes()))
    }

    fn sign(secret: &str, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
        let tag = hmac::sign(&key, body);
        tag.as_ref().iter().fold("sha1=".to_owned(), |text, it| format!("{text}{it:02x}"))
    }

    #[test]
    fn what_zammad_signed_is_let_in() {
        let escaped = "{\"ticket\":{\"title\":\"Caf\u{e9} \\u003cb\\u003e\"},\"article\":{}}";
        let full = include_bytes!("../tests/fixtures/webhook-default-payload.composed-full.wire.json");
        let no_article = include_bytes!("../tests/fixtures/webhook-no-article.composed.wire.json");
        for (body, digits) in [
            (BODY, "caf67549118642f811ed9ad5fe708d35bdc4cc3c"),
            (escaped.as_bytes(), "d65ce363c46f922b949259e69413aed35a58af4a"),
            (full.as_slice(), "3af24f8aec19e29086aacb8557681c42e3da9a17"),
            (no_article.as_slice(), "1405c69b1b9d785a8a86c317769c7d99ca1aa194"),
        ] {
            assert_eq!(verify(body, &format!("sha1={digits}")), Ok(()), "{digits}");
        }
    }

    #[test]
    fn every_configured_secret_will_do() {
        for configured in [["old", SECRET], [SECRET, "new"], ["", SECRET]] {
            assert_eq!(secrets(&configured).verify(BODY, Some(SIGNATURE.as_bytes())), Ok(()));
        }
        let others = secrets(&["old", "new"]);
        assert_eq!(others.verify(BODY, Some(SIGNATURE.as_bytes())), Err(SignatureRefusal::Wrong));
    }

    #[test]
    fn without_a_secret_nothing_is_let_in() {
        for configured in [&[][..], &[""], &[" "]] {
            for secret in ["", " ", SECRET] {
                let signature = sign(secret, BODY);

                let outcome = secrets(configured).verify(BODY, Some(signature.as_bytes()));

                assert_eq!(outcome, Err(SignatureRefusal::NoSecret));
            }
        }
    }

    #[test]
    fn what_is_not_signed_is_refused() {
        assert_eq!(secrets(&[SECRET]).verify(BODY, None), Err(SignatureRefusal::Missing));
        assert_eq!(verify(b"", &sign(SECRET, b"")), Err(SignatureRefusal::EmptyBody));
    }

    #[test]
    fn a_signature_has_one_form() {
        let digits = SIGNATURE.strip_prefix("sha1=").unwrap();
        for signature in [
            String::new(),
            "sha1=".to_owned(),
            digits.to_owned(),
            SIGNATURE[..44].to_owned(),
            format!("{SIGNATURE}0"),
            format!("{SIGNATURE}{digits}"),
            format!("{SIGNATURE}, {SIGNATURE}"),
            format!(" {SIGNATURE}"),
            format!("{SIGNATURE} "),
            format!("sha1= {}", &digits[1..]),
            format!("sha1=+{}", &digits[1..]),
            format!("SHA1={digits}"),
            format!("sha256={digits}"),
            format!("sha1={}", digits.to_uppercase()),
            format!("sha1={}g", &digits[..39]),
            format!("sha1={}\u{e9}", &digits[..38]),
        ] {
            assert_eq!(verify(BODY, &signature), Err(SignatureRefusal::Malformed), "{signature}");
        }
    }

    #[test]
    fn every_bit_of_body_and_signature_counts() {
        for idx in 0..BODY.len() * 8 {
            let mut body = BODY.to_vec();
            body[idx / 8] ^= 1 << (idx % 8);
            assert_eq!(verify(&body, SIGNATURE), Err(SignatureRefusal::Wrong), "bit {idx}");
        }
        for idx in 5..45 {
            let digit = if SIGNATURE.as_bytes()[idx] == b'0' { "1" } else { "0" };
            let mut signature = SIGNATURE.to_owned();
            signature.replace_range(idx..=idx, digit);
            assert_eq!(verify(BODY, &signature), Err(SignatureRefusal::Wrong), "digit {idx}");
        }
    }

    #[test]
    fn secrets_are_never_shown() {
        assert!(!format!("{:?}", secrets(&[SECRET])).contains(SECRET));
    }

    proptest! {
        #[test]
        fn whoever_has_one_of_the_secrets_can_sign_and_nobody_can_change_what_was_signed(
            body in prop::collection::vec(any::<u8>(), 1..200),
            configured in prop::collection::vec("[!-~]{1,80}", 1..4),
            signer in any::<prop::sample::Index>(),
            place in any::<prop::sample::Index>(),
            difference in 1..=u8::MAX,
        ) {
            let texts: Vec<&str> = configured.iter().map(String::as_str).collect();
            let secrets = secrets(&texts);
            let signature = sign(texts[signer.index(texts.len())], &body);
            prop_assert_eq!(secrets.verify(&body, Some(signature.as_bytes())), Ok(()));

            let mut changed = body;
            let place = place.index(changed.len());
            changed[place] ^= difference;
            prop_assert_eq!(secrets.verify(&changed, Some(signature.as_bytes())), Err(SignatureRefusal::Wrong));
        }

        #[test]
        fn no_signature_is_too_strange(signature in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(secrets(&[SECRET]).verify(BODY, Some(&signature)).is_err());
        }
    }
}
