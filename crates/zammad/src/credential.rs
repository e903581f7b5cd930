//! The token of an account, ready to be sent and never to be shown.

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

/// A token is empty, or holds spaces, line breaks or other characters that no token has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token consists of visible ASCII characters, and of one at least")]
pub struct UnusableToken;

pub(crate) struct Credential {
    token: SecretString,
    header: HeaderValue,
}

impl Credential {
    pub(crate) fn new(token: SecretString) -> Result<Self, UnusableToken> {
        let text = token.expose_secret();
        if text.is_empty() || !text.bytes().all(|it| it.is_ascii_graphic()) {
            return Err(UnusableToken);
        }
        let mut header = HeaderValue::try_from(format!("Token token={text}")).map_err(|_| UnusableToken)?;
        header.set_sensitive(true);
        Ok(Self { token, header })
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// `text` without the token: whoever answers may repeat what was sent.
    pub(crate) fn redact(&self, text: &str) -> String {
        text.replace(self.token.expose_secret(), "[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_never_shown() {
        let credential = Credential::new("s3cr3t".into()).unwrap();

        assert_eq!(credential.header(), "Token token=s3cr3t");
        assert_eq!(format!("{:?}", credential.header()), "Sensitive");
    }

    #[test]
    fn a_token_that_cannot_be_sent_is_refused() {
        for token in ["", " ", "two words", "s3cr3t\n", "s\u{e9}cret", "a\0b"] {
            assert_eq!(Credential::new(token.into()).err(), Some(UnusableToken), "{token:?}");
        }
    }

    #[test]
    fn an_answer_that_repeats_the_token_is_redacted() {
        let credential = Credential::new("s3cr3t".into()).unwrap();

        assert_eq!(credential.redact("no user for s3cr3t, s3cr3t!"), "no user for [redacted], [redacted]!");
    }
}
