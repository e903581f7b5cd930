//! The site that people sign in at, and whose dashboard they go on to.

use std::net::SocketAddr;

use url::form_urlencoded;
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path},
};

use super::scene::{DOMAIN, person};
use crate::{jwt::hs256, world::COOKIE};

/// A running site. It signs in whoever tells their name.
pub(super) struct Site(MockServer);

impl Site {
    /// Starts it.
    pub(super) async fn start() -> Self {
        let server = MockServer::start().await;
        Mock::given(method("GET")).and(path("/login")).respond_with(form).mount(&server).await;
        Mock::given(method("POST")).and(path("/login")).respond_with(sign_in).mount(&server).await;
        let dashboard = page("Dashboard", "");
        Mock::given(method("GET")).and(path("/dashboard")).respond_with(dashboard).mount(&server).await;
        Self(server)
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        *self.0.address()
    }
}

fn form(request: &Request) -> ResponseTemplate {
    let next = parameter(request.url.query().unwrap_or_default().as_bytes(), "next");
    let next = next.replace('&', "&amp;").replace('"', "&quot;");
    let main = format!(
        "<form method=\"post\"><input type=\"hidden\" name=\"next\" value=\"{next}\">\
         <label>Name <input name=\"user\"></label><button>Sign in</button></form>"
    );
    page("Sign in", &main)
}

fn sign_in(request: &Request) -> ResponseTemplate {
    let (user, next) = (parameter(&request.body, "user"), parameter(&request.body, "next"));
    let cookie =
        format!("{COOKIE}={}; Domain={DOMAIN}; Path=/; HttpOnly; SameSite=Lax", hs256(&person(&user)));
    ResponseTemplate::new(303).insert_header("Location", next).insert_header("Set-Cookie", cookie)
}

fn parameter(form: &[u8], name: &str) -> String {
    let found = form_urlencoded::parse(form).find(|(it, _)| it == name);
    found.map(|(_, it)| it.into_owned()).unwrap_or_default()
}

fn page(title: &str, main: &str) -> ResponseTemplate {
    let html =
        format!("<!doctype html><html lang=\"en\"><title>{title}</title><h1>{title}</h1>{main}</html>");
    ResponseTemplate::new(200).set_body_raw(html, "text/html; charset=utf-8")
}
