//! A stand-in for the site that people sign in at, and whose dashboard they go on to.

use std::{io, net::SocketAddr, sync::Arc};

use askama::Template;
use poem::{
    EndpointExt, IntoResponse, Response, Route, Server, get, handler,
    http::{StatusCode, header},
    listener::TcpListener,
    web::{Data, Form, Html, Query},
};
use serde::Deserialize;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{
    people::{Person, USERS},
    world::COOKIE,
};
use crate::identity::IdentityConfig;

/// The running site.
pub(super) struct Site {
    stop: CancellationToken,
    server: JoinHandle<io::Result<()>>,
}

struct Context {
    service_url: String,
    keys: Arc<IdentityConfig>,
}

impl Site {
    /// Starts the site at `address` for people of the service at `service_url`.
    pub(super) fn start(address: SocketAddr, service_url: &str, keys: Arc<IdentityConfig>) -> Self {
        let context = Arc::new(Context { service_url: service_url.to_owned(), keys });
        let routes = Route::new()
            .at("/login", get(offer).post(sign_in))
            .at("/dashboard", get(dashboard))
            .data(context);
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let server =
            Server::new(TcpListener::bind(address)).run_with_graceful_shutdown(routes, stopped, None);
        Self { stop, server: tokio::spawn(server) }
    }

    /// Stops it.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        // Nobody misses the site once the demo ends.
        let _ = self.server.await;
    }
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct SignIn {
    user: String,
    next: String,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><main>
<h1>Sign in (demo)</h1><p>There are no passwords here: be whoever you like.</p>
<form method="post"><input type="hidden" name="next" value="{{ next }}">
{% for person in people %}<p><button name="user" value="{{ person.id }}">{{ person.name }}</button></p>{% endfor %}
</form></main></html>"#
)]
struct LoginPage<'a> {
    people: &'a [Person],
    next: &'a str,
}

#[handler]
fn offer(Query(query): Query<Next>) -> Response {
    match (LoginPage { people: USERS, next: &query.next }).render() {
        Ok(html) => Html(html).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into(),
    }
}

/// Signs somebody in, and sends them back to the service, nowhere else.
#[handler]
fn sign_in(Form(form): Form<SignIn>, Data(context): Data<&Arc<Context>>) -> Response {
    let Some(person) = USERS.iter().find(|it| it.id == form.user) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into();
    };
    let next = if form.next.starts_with(&context.service_url) { form.next.as_str() } else { "/dashboard" };
    let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax", person.token_for(&context.keys));
    Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(header::LOCATION, next)
        .header(header::SET_COOKIE, cookie)
        .finish()
}

#[handler]
fn dashboard() -> Html<&'static str> {
    Html(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Dashboard</title>\
         <h1>Dashboard (demo)</h1><p>This is where people go on once they have joined a plan.</p></html>",
    )
}
