//! The credentials that a webhook may send besides its signature.

use std::fmt;

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};

/// What Zammad's webhooks are configured to send as `Authorization`, kept as digests.
///
/// It adds to the signature and never replaces it.
#[derive(Clone, Default)]
pub struct WebhookCredential {
    basic: Option<digest::Digest>,
    bearer: Option<digest::Digest>,
}

impl WebhookCredential {
    /// `basic` is `user:password`, `bearer` a token. If both are there, either will do.
    #[must_use]
    pub fn new(basic: Option<&SecretString>, bearer: Option<&SecretString>) -> Self {
        let digest = |it: &SecretString| sha256(it.expose_secret().as_bytes());
        Self { basic: basic.map(digest), bearer: bearer.map(digest) }
    }

    /// Whether a delivery with this header `Authorization` is let in. Without any configured credential, all are.
    #[must_use]
    pub fn admits(&self, authorization: Option<&[u8]>) -> bool {
        if self.basic.is_none() && self.bearer.is_none() {
            return true;
        }
        let Some((scheme, credentials)) = authorization.and_then(split) else {
            return false;
        };
        if scheme.eq_ignore_ascii_case(b"basic") {
            return STANDARD.decode(credentials).is_ok_and(|it| is(self.basic.as_ref(), &it));
        }
        scheme.eq_ignore_ascii_case(b"bearer") && is(self.bearer.as_ref(), credentials)
    }
}

impl fmt::Debug for WebhookCredential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WebhookCredential")
            .field("has_basic", &self.basic.is_some())
            .field("has_bearer", &self.bearer.is_some())
            .finish_non_exhaustive()
    }
}

fn split(authorization: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = authorization.iter().position(|it| *it == b' ')?;
    let (scheme, credentials) = authorization.split_at(end);
    Some((scheme, credentials.trim_ascii()))
}

/// Digests are compared, so that how long it takes tells nothing, not even a length.
fn is(expected: Option<&digest::Digest>, given: &[u8]) -> bool {
    expected.is_some_and(|it| verify_slices_are_equal(it.as_ref(), sha256(given).as_ref()).is_ok())
}

fn sha256(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA256, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASIC: &str = "zammad:p4ssw\u{f6}rd";
    const BEARER: &str = "b34r3r-t0k3n";

    fn credential(basic: Option<&str>, bearer: Option<&str>) -> WebhookCredential {
        WebhookCredential::new(basic.map(Into::into).as_ref(), bearer.map(Into::into).as_ref())
    }

    fn basic(credentials: &str) -> String {
        format!("Basic {}", STANDARD.encode(credentials))
    }

    #[test]
    fn without_a_credential_everybody_is_let_in() {
        for authorization in [None, Some(&b"Basic ?"[..]), Some(b"")] {
            assert!(credential(None, None).admits(authorization));
        }
    }

    #[test]
    fn whoever_has_a_configured_credential_is_let_in() {
        for (credential, by_basic, by_bearer) in [
            (credential(Some(BASIC), None), true, false),
            (credential(None, Some(BEARER)), false, true),
            (credential(Some(BASIC), Some(BEARER)), true, true),
        ] {
            assert_eq!(credential.admits(Some(basic(BASIC).as_bytes())), by_basic, "{credential:?}");
            assert_eq!(credential.admits(Some(format!("Bearer {BEARER}").as_bytes())), by_bearer);
            assert!(!credential.admits(None));
        }
    }

    #[test]
    fn schemes_are_read_in_any_case() {
        let credential = credential(Some(BASIC), Some(BEARER));
        for authorization in [
            basic(BASIC).replace("Basic", "bASIC"),
            basic(BASIC).replace(' ', "  "),
            format!("bearer {BEARER}"),
            format!("BEARER   {BEARER}"),
        ] {
            assert!(credential.admits(Some(authorization.as_bytes())), "{authorization}");
        }
    }

    #[test]
    fn anything_else_is_kept_out() {
        let credential = credential(Some(BASIC), Some(BEARER));
        for authorization in [
            String::new(),
            "Basic".to_owned(),
            "Basic ".to_owned(),
            format!("Basic {BASIC}"),
            basic(""),
            basic(":"),
            basic(&BASIC[..8]),
            basic(&format!("{BASIC} ")),
            basic(&BASIC.to_uppercase()),
            basic(BEARER),
            format!("{}!", basic(BASIC)),
            basic(BASIC).replace("Basic", "Bearer"),
            BEARER.to_owned(),
            "Bearer".to_owned(),
            "Bearer ".to_owned(),
            format!("Bearer {}", &BEARER[1..]),
            format!("Bearer {BEARER}0"),
            format!("Bearer {BEARER}, {}", basic(BASIC)),
            format!("Token token={BEARER}"),
            format!("Digest {BEARER}"),
        ] {
            assert!(!credential.admits(Some(authorization.as_bytes())), "{authorization}");
        }
        assert!(!credential.admits(Some(b"Bearer \xff\xfe")));
    }

    #[test]
    fn credentials_are_never_shown() {
        let shown = format!("{:?}", credential(Some(BASIC), Some(BEARER)));

        assert!(!shown.contains("p4ssw") && !shown.contains(BEARER), "{shown}");
    }
}
