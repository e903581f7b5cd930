//! HTTP in front of the helpdesk: record the request, fail if told to, else answer.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::answer;
use crate::connection::{ResetSwitch, ResettableListener};
use crate::failure::Failure;
use crate::incoming::Incoming;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::shared::Shared;

/// Serve until `stop` is sent or dropped.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>, stop: oneshot::Receiver<()>) {
    let app = Router::new().fallback(receive).with_state(shared);
    let service = app.into_make_service_with_connect_info::<ResetSwitch>();
    let server = axum::serve(ResettableListener(listener), service);
    tokio::select! {
        _ = server => (),
        _ = stop => (),
    }
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<ResetSwitch>,
    request: Request,
) -> Response {
    let Ok(incoming) = Incoming::read(request).await else {
        return Refusal::bad_request().into_answer(false).into_response(false);
    };
    let (operation, id) = Operation::route(&incoming.method, incoming.uri.path());
    let call = Call { shared: &shared, incoming: &incoming, operation, id };
    let (failure, mut recovered) = shared.admit(&incoming, operation);
    let Some(failure) = failure else {
        return call.answer();
    };
    match failure {
        Failure::Slow(duration) => {
            sleep(duration).await;
            call.answer()
        }
        Failure::Hang => {
            // An error means that the simulator is gone, and this task with it.
            drop(recovered.changed().await);
            call.answer()
        }
        Failure::HangAfterEffect => {
            let response = call.answer();
            drop(recovered.changed().await);
            response
        }
        Failure::ConnectionReset => {
            connection.reset();
            Response::default()
        }
        Failure::ResetAfterEffect => {
            let response = call.answer();
            connection.reset();
            response
        }
        Failure::TokenAccessDisabled => {
            let settings = shared.desk().settings;
            call.answer_with(Settings { api_token_access: false, ..settings })
        }
        Failure::TooManyRequests { retry_after } => too_many_requests(retry_after),
        Failure::Html502 => nginx_page(StatusCode::BAD_GATEWAY),
        Failure::Html503 => nginx_page(StatusCode::SERVICE_UNAVAILABLE),
        Failure::GarbageBody => {
            answer::plain(StatusCode::OK, "application/json; charset=utf-8", "{\"token\":".to_owned())
        }
        Failure::EmptyBody => Response::new(Body::empty()),
        Failure::Unauthorized => call.refuse(Refusal::unauthorized("Can't find User for Token")),
        Failure::Forbidden => {
            let text = shared.desk().version.token_lacks_permission_text();
            call.refuse(Refusal::forbidden(text))
        }
        Failure::MaskedUnprocessable => call.refuse(Refusal::masked_unprocessable("simulated")),
        Failure::InternalError => call.refuse(Refusal::internal("simulated")),
    }
}

/// A request that was understood.
struct Call<'request> {
    shared: &'request Shared,
    incoming: &'request Incoming,
    operation: Operation,
    id: &'request str,
}

impl Call<'_> {
    fn answer(&self) -> Response {
        let settings = self.shared.desk().settings;
        self.answer_with(settings)
    }

    fn answer_with(&self, settings: Settings) -> Response {
        let answer = self.shared.desk().respond(settings, self.operation, self.id, self.incoming);
        answer.into_response(self.incoming.prefers_html())
    }

    fn refuse(&self, refusal: Refusal) -> Response {
        refusal.into_answer(false).into_response(self.incoming.prefers_html())
    }
}

/// What the rate limiter in front of Rails says.
fn too_many_requests(retry_after: Option<u32>) -> Response {
    let mut response = answer::plain(StatusCode::TOO_MANY_REQUESTS, "text/plain", "Retry later\n".to_owned());
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// What nginx says while Rails is away.
fn nginx_page(status: StatusCode) -> Response {
    let page = format!(
        "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    let mut response = answer::plain(status, "text/html", page);
    response.headers_mut().insert(header::SERVER, HeaderValue::from_static("nginx"));
    response
}
