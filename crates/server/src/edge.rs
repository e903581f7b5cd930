//! What happens to every request: it gets an id, its problems become answers, and a line in the log tells of it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use family_plan_error_reporting::catching;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use poem::{
    Endpoint, Request, Response, Result,
    error::MethodNotAllowedError,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
};
use tokio::time::Instant;
use tracing::{Instrument, field::Empty};

use crate::{
    address::ClientAddress,
    metrics::Course,
    problem::{Code, Problem, render::log_failure},
    routes::AllowedMethods,
    security_headers,
    service::Service,
    upload,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, for logs, histories, and people who ask about it.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// Answers every request, whatever happens to it inside.
pub(crate) async fn answer<E: Endpoint<Output = Response>>(
    next: Arc<E>,
    mut request: Request,
    service: Arc<Service>,
    allowed: Arc<AllowedMethods>,
) -> Result<Response> {
    let started = Instant::now();
    let request_id = request_id(request.headers(), &service);
    replace_what_is_no_utf8(&mut request);
    request.set_data(RequestId(request_id.clone()));
    request.set_data(address_of(&request, &service));
    let body = request.take_body();
    request.set_body(upload::in_time(body, service.body_time));
    request.set_data(Arc::clone(&service));
    let course = Arc::new(Course::default());
    request.set_data(Arc::clone(&course));
    let (method, uri) = (request.method().clone(), request.uri().clone());

    let span = tracing::info_span!("request", %method, request_id, route = Empty, operation = Empty);
    family_plan_traces::continue_trace(&span, request.headers());
    let mut response = async {
        match catching(next.call(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(err)) => answer_to(err, &service, &allowed, &uri, &request_id).await,
            Err(panic) => {
                let problem = Problem::failure(Code::Internal, panic);
                log_failure(&problem, &request_id);
                service.problems.render(&problem, &request_id)
            }
        }
    }
    .instrument(span.clone())
    .await;

    set_headers(response.headers_mut(), &uri, &request_id);
    security_headers::set(response.headers_mut(), service.links.public_url.scheme() == "https");
    if matches!(response.status(), StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
        // The rest of the body is not read, so that nothing can follow on the same connection.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    service.metrics.counters().answered(&method, &course, &response, started.elapsed());
    let status = response.status().as_u16();
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(parent: &span, status, elapsed_ms, "answered");
    family_plan_traces::answered(&span, status);
    Ok(response)
}

fn address_of(request: &Request, service: &Service) -> ClientAddress {
    // There is always a peer but in a test without a connection.
    let peer =
        request.remote_addr().as_socket_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), SocketAddr::ip);
    service.trusted_proxies.client(peer, request.headers())
}

/// The router refuses a path that is no UTF-8 before anybody is asked who they are. Replaced, it is a path like any other,
/// of something that is not there.
fn replace_what_is_no_utf8(request: &mut Request) {
    let uri = request.uri();
    if percent_decode_str(uri.path()).decode_utf8().is_ok() {
        return;
    }
    let segments = uri.path().split('/').map(|segment| {
        let text = percent_decode_str(segment).decode_utf8_lossy();
        utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string()
    });
    let mut path = segments.collect::<Vec<_>>().join("/");
    if let Some(query) = uri.query() {
        path = format!("{path}?{query}");
    }
    if let Ok(replaced) = path.parse() {
        *request.uri_mut() = replaced;
    }
}

fn request_id(headers: &HeaderMap, service: &Service) -> String {
    let is_fine = |id: &&str| {
        (1..=128).contains(&id.len())
            && id.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'_' | b'-'))
    };
    let sent = headers.get(REQUEST_ID).and_then(|it| it.to_str().ok()).filter(is_fine);
    sent.map_or_else(|| service.ids.next().to_string(), ToOwned::to_owned)
}

/// The answer to what went wrong. What the framework says is put into our words.
async fn answer_to(
    err: poem::Error,
    service: &Service,
    allowed: &AllowedMethods,
    uri: &Uri,
    request_id: &str,
) -> Response {
    if err.is_from_response() {
        return err.into_response();
    }
    if let Some(problem) = err.downcast_ref::<Problem>() {
        log_failure(problem, request_id);
        return service.problems.render(problem, request_id);
    }
    if err.is::<MethodNotAllowedError>() {
        let mut response = service.problems.render(&Problem::new(Code::MethodNotAllowed), request_id);
        if let Some(methods) = allowed.at(uri).await {
            response.headers_mut().insert(header::ALLOW, methods);
        }
        return response;
    }
    let problem = match err.status() {
        StatusCode::NOT_FOUND => Problem::new(Code::NotFound),
        status if status.is_client_error() => {
            Problem::new(Code::MalformedRequest).with_detail("The request cannot be read.")
        }
        _ => Problem::failure(Code::Internal, err.to_string()),
    };
    log_failure(&problem, request_id);
    service.problems.render(&problem, request_id)
}

fn set_headers(headers: &mut HeaderMap, uri: &Uri, request_id: &str) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    let is_problem = headers.get(header::CONTENT_TYPE).is_some_and(|it| it == "application/problem+json");
    let is_private =
        ["/v1", "/join", "/admin", "/login", "/logout"].iter().any(|it| uri.path().starts_with(it));
    if is_private || is_problem {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
