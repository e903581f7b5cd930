//! Where a request carries its token.

use poem::{
    Request,
    http::{Method, header},
};
use url::Url;

/// A token, and how it came.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The token.
    pub token: String,
    /// Whether the browser sent it by itself, as it does with cookies.
    pub is_ambient: bool,
}

impl Credential {
    /// The token of the `Authorization` header, else that of `cookie`.
    #[must_use]
    pub fn of(request: &Request, cookie: Option<&str>) -> Option<Self> {
        let authorization = request.header(header::AUTHORIZATION).and_then(|it| it.split_once(' '));
        if let Some((scheme, token)) = authorization
            && scheme.eq_ignore_ascii_case("bearer")
        {
            return Some(Self { token: token.trim().to_owned(), is_ambient: false });
        }
        let token = cookie_value(request, cookie?)?;
        Some(Self { token, is_ambient: true })
    }
}

/// The value of the cookie with this name.
pub(crate) fn cookie_value(request: &Request, name: &str) -> Option<String> {
    let cookies = request.headers().get_all(header::COOKIE);
    let mut pairs = cookies.iter().filter_map(|it| it.to_str().ok()).flat_map(|it| it.split(';'));
    let value = pairs.find_map(|it| it.trim().strip_prefix(name)?.strip_prefix('='))?;
    Some(value.trim_matches('"').to_owned())
}

/// Which page made a browser send a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageOrigin {
    /// One of ours, or none at all: clients that are no browsers say nothing, and send no cookies they were not given.
    Own,
    /// The browser does not tell. Pages that send no referrer, as ours do, have the origin `null` in browsers that do
    /// not name the site besides; so have hostile ones.
    Undisclosed,
    /// Another site's.
    Foreign,
}

impl PageOrigin {
    /// What the browser says. Requests that change nothing may come from anywhere.
    #[must_use]
    pub fn of(request: &Request, public_url: &Url) -> Self {
        if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
            return Self::Own;
        }
        match (request.header("sec-fetch-site"), request.header(header::ORIGIN)) {
            (Some("same-origin" | "none"), _) | (None, None) => Self::Own,
            (None, Some("null")) => Self::Undisclosed,
            (None, Some(origin)) if origin == public_url.origin().ascii_serialization() => Self::Own,
            (Some(_), _) | (None, Some(_)) => Self::Foreign,
        }
    }
}
