//! The browser of the API: a page of the framework's, with scripts in it.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use poem::{Response, http::header};

/// The page, and the policy that lets its own scripts and styles run, and no others.
pub(crate) struct ApiBrowser {
    html: String,
    policy: String,
}

impl ApiBrowser {
    /// The page with this source.
    pub(crate) fn new(html: String) -> Self {
        let policy = format!(
            "default-src 'none'; script-src {}; style-src {}; img-src 'self' data:; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            hashes(&html, "script"),
            hashes(&html, "style"),
        );
        Self { html, policy }
    }

    /// It as an answer.
    pub(crate) fn page(&self) -> Response {
        Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, &self.policy)
            .body(self.html.clone())
    }
}

/// The digests of what is in each `tag` of `html`, as policies name them.
fn hashes(html: &str, tag: &str) -> String {
    let (begin, end) = (format!("<{tag}"), format!("</{tag}>"));
    let mut hashes = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once(&begin)
        && let Some((_, content)) = after.split_once('>')
        && let Some((content, after)) = content.split_once(&end)
    {
        hashes.push(format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, content.as_bytes()))));
        rest = after;
    }
    hashes.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_and_style_is_named_by_its_digest() {
        let html = "<style a=\"b\">x</style><script>y</script><p>y</p><script src=\"z\">\n</script>";
        let hash =
            |content: &str| format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, content.as_bytes())));
        assert_eq!(hashes(html, "style"), hash("x"));
        assert_eq!(hashes(html, "script"), format!("{} {}", hash("y"), hash("\n")));
        // As `printf y | openssl dgst -sha256 -binary | base64` has it.
        assert_eq!(hash("y"), "'sha256-ofzkNjhU/4iM/0uOeHXWAMJoI5BBKoz3mzfQsRFIsPo='");
    }
}
