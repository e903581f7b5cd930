//! The `Authorization` header, as Rails reads it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What an `Authorization` header says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// `Basic`: a login (or e-mail address) and a password.
    Password { login: String, password: String },
    /// `Token token=…`
    Token(String),
    /// `Bearer …`: a personal token first, else one of `OAuth2`.
    Bearer(String),
}

impl Credentials {
    /// `None` for a scheme nobody knows, which counts as no credentials.
    pub(crate) fn read(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ')?;
        match scheme.to_ascii_lowercase().as_str() {
            "basic" => basic(rest),
            "token" => Some(Self::Token(token(rest))),
            "bearer" => Some(Self::Bearer(token(rest))),
            _ => None,
        }
    }
}

fn basic(text: &str) -> Option<Credentials> {
    let decoded = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
    let (login, password) = decoded.split_once(':')?;
    Some(Credentials::Password { login: login.to_owned(), password: password.to_owned() })
}

/// `token="abc", nonce="def"`, `token=abc` or plain `abc`.
fn token(text: &str) -> String {
    let first = text.split([',', ';']).next().unwrap_or_default().trim();
    first.strip_prefix("token=").unwrap_or(first).trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_token_is_read() {
        let token = Some(Credentials::Token("abc".to_owned()));

        assert_eq!(Credentials::read("Token token=abc"), token);
        assert_eq!(Credentials::read("Token token=\"abc\", nonce=\"def\""), token);
        assert_eq!(Credentials::read("Token abc"), token);
        assert_eq!(Credentials::read("Bearer abc"), Some(Credentials::Bearer("abc".to_owned())));
    }

    #[test]
    fn basic_may_hold_colons_in_the_password() {
        let password = Credentials::Password { login: "me".to_owned(), password: "a:b".to_owned() };

        assert_eq!(Credentials::read("Basic bWU6YTpi"), Some(password));
    }

    #[test]
    fn other_schemes_are_no_credentials() {
        assert_eq!(Credentials::read("Digest abc"), None);
        assert_eq!(Credentials::read("abc"), None);
    }
}
