//! Whether what people are sent to is there. This machine need not be able to reach it, so that nothing here is a failure.

use reqwest::Response;
use url::Url;

use crate::{
    check_up::{Line, with_causes},
    service::Links,
};

pub(super) async fn lines(links: &Links, http: &reqwest::Client) -> Vec<Line> {
    let (own, login, dashboard) = tokio::join!(
        public_url(&links.public_url, http),
        page("login URL", &links.login_url, http),
        page("dashboard URL", &links.dashboard_url, http),
    );
    // Where this service signs people in, that page is its own.
    let is_own_login = links.login_url.as_str().starts_with(links.public_url.as_str());
    let login = (!is_own_login).then_some(login);
    [own].into_iter().chain(login).chain([dashboard]).collect()
}

async fn public_url(url: &Url, http: &reqwest::Client) -> Line {
    let subject = "public URL";
    let Ok(live) = url.join("health/live") else {
        return Line::warning(subject, "has no path that anything could be appended to");
    };
    match http.get(live).send().await {
        Ok(answer) if is_ours(&answer) => Line::works(subject, "the service answers there"),
        Ok(answer) => {
            let status = answer.status();
            Line::warning(
                subject,
                format!("somebody else answers there ({status}); where does the proxy send it?"),
            )
        }
        Err(err) => {
            let mend = "before the service and its proxy have started that is as it should be";
            Line::warning(
                subject,
                format!("nobody answers there; {mend} ({})", with_causes(&err.without_url())),
            )
        }
    }
}

/// The service answers every request with an id, and its health with JSON.
fn is_ours(answer: &Response) -> bool {
    answer.status().is_success() && answer.headers().contains_key("x-request-id")
}

async fn page(subject: &'static str, url: &Url, http: &reqwest::Client) -> Line {
    match http.get(url.clone()).send().await {
        Ok(answer) if answer.status().is_server_error() || answer.status().as_u16() == 404 => {
            Line::warning(subject, format!("answers {}", answer.status()))
        }
        Ok(_) => Line::works(subject, "it answers"),
        Err(err) => Line::warning(subject, format!("nobody answers ({})", with_causes(&err.without_url()))),
    }
}
