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
        if let Some(authorization) = request.header(header::AUTHORIZATION) {
            let (scheme, token) = authorization.split_once(' ')?;
            return scheme
                .eq_ignore_ascii_case("bearer")
                .then(|| Self { token: token.trim().to_owned(), is_ambient: false });
        }
        let token = cookie_value(request, cookie?)?;
        Some(Self { token, is_ambient: true })
    }
}

fn cookie_value(request: &Request, name: &str) -> Option<String> {
    let cookies = request.headers().get_all(header::COOKIE);
    let mut pairs = cookies.iter().filter_map(|it| it.to_str().ok()).flat_map(|it| it.split(';'));
    let value = pairs.find_map(|it| it.trim().strip_prefix(name)?.strip_prefix('='))?;
    Some(value.trim_matches('"').to_owned())
}

/// Whether the request comes from one of our own pages, or from no page at all. A browser says where a page's request
/// comes from; other clients do not, and send no cookies that they were not given.
#[must_use]
pub fn is_same_origin(request: &Request, public_url: &Url) -> bool {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    if let Some(site) = request.header("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match request.header(header::ORIGIN) {
        Some(origin) => origin == public_url.origin().ascii_serialization(),
        None => true,
    }
}
