//! Problems as bodies, and the log lines of those that need a person.

use std::{error::Error, time::Duration};

use family_plan_zammad::ZammadError;
use poem::{
    IntoResponse, Response,
    http::{HeaderMap, StatusCode, header},
};
use poem_openapi::{Object, types::ToJSON};
use url::Url;

use super::{Code, FieldError, Problem};

/// The body of every refusal and failure (RFC 9457).
#[derive(Debug, Object)]
#[oai(rename = "Problem", skip_serializing_if_is_none)]
pub struct ProblemBody {
    /// An address under `/problems/` that explains this kind of problem.
    r#type: String,
    /// A few words for it.
    title: String,
    /// The status of the answer.
    status: u16,
    /// What is wrong, in a sentence.
    detail: String,
    /// The kind of problem; decide by this.
    code: String,
    /// The request, for whoever asks the operators about it.
    request_id: String,
    /// With `plan_full`: how many seats there are.
    limit: Option<u32>,
    /// With `plan_full`: how many of them people have.
    used: Option<u32>,
    /// With `plan_full`: how many of them open invites hold.
    held: Option<u32>,
    /// With `invalid_request`: everything that is wrong.
    errors: Option<Vec<FieldError>>,
    /// With `unauthenticated`: where to sign in.
    login_url: Option<String>,
}

/// What all answers of one installation have in common.
#[derive(Clone, Debug)]
pub struct ProblemContext {
    /// What the addresses of problem types begin with.
    pub public_url: Url,
    /// Where people sign in.
    pub login_url: Url,
}

impl ProblemContext {
    /// The answer that tells of `problem`.
    #[must_use]
    pub fn render(&self, problem: &Problem, request_id: &str) -> Response {
        let code = problem.code;
        let body = ProblemBody {
            r#type: self.problem_type(code),
            title: code.title().to_owned(),
            status: code.status().as_u16(),
            detail: problem.detail.clone().into_owned(),
            code: code.as_str().to_owned(),
            request_id: request_id.to_owned(),
            limit: problem.seats.map(|it| it.limit),
            used: problem.seats.map(|it| it.used),
            held: problem.seats.map(|it| it.held),
            errors: (!problem.errors.is_empty()).then(|| problem.errors.clone()),
            login_url: (code == Code::Unauthenticated).then(|| self.login_url.to_string()),
        };
        let mut response = Response::builder()
            .status(code.status())
            .content_type("application/problem+json")
            .body(body.to_json_string());
        // HTTP asks for a challenge with each of them.
        if code.status() == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        problem.say_when_to_come_back(response.headers_mut());
        response.set_data(code);
        response.into_response()
    }

    fn problem_type(&self, code: Code) -> String {
        self.public_url
            .join(&format!("problems/{}", code.as_str()))
            .expect("a problem's name is a path")
            .into()
    }
}

impl Problem {
    /// Sets `Retry-After` where it is known.
    pub(crate) fn say_when_to_come_back(&self, headers: &mut HeaderMap) {
        if let Some(pause) = self.retry_after {
            headers.insert(header::RETRY_AFTER, whole_seconds(pause).into());
        }
    }
}

/// At least one, and none too few: whoever comes back too early is refused again.
fn whole_seconds(pause: Duration) -> u64 {
    let has_rest = 0 < pause.subsec_nanos();
    pause.as_secs().saturating_add(has_rest.into()).max(1)
}

/// Writes the failures that need a person to the log; refusals are nobody's failure. While the helpdesk is left alone, what
/// it is not asked for needs nobody: the failures before that were told.
pub fn log_failure(problem: &Problem, request_id: &str) {
    let (code, error) = (problem.code.as_str(), problem.source());
    if is_held_back(error) {
        tracing::warn!(code, request_id, error, "the request failed");
    } else if problem.code.status().is_server_error() {
        tracing::error!(code, request_id, error, "the request failed");
    }
}

fn is_held_back(error: Option<&(dyn Error + 'static)>) -> bool {
    let zammad = error.and_then(|it| it.downcast_ref::<ZammadError>());
    zammad.is_some_and(|it| matches!(it, ZammadError::BreakerOpen { .. }))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use family_plan_domain::ports::HelpDeskError;
    use tracing::{Event, Level, Subscriber};
    use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

    use super::*;

    #[derive(Clone, Default)]
    struct Levels(Arc<Mutex<Vec<Level>>>);

    impl<S: Subscriber> Layer<S> for Levels {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            self.0.lock().unwrap().push(*event.metadata().level());
        }
    }

    fn logged(problem: &Problem) -> Vec<Level> {
        let levels = Levels::default();
        let subscriber = tracing_subscriber::registry().with(levels.clone());
        tracing::subscriber::with_default(subscriber, || log_failure(problem, "request"));
        levels.0.lock().unwrap().clone()
    }

    #[test]
    fn a_helpdesk_that_fails_is_an_error_and_one_that_is_left_alone_a_warning() {
        let failed = |err: ZammadError| Problem::from(HelpDeskError::from(err));
        let left_alone = ZammadError::BreakerOpen { retry_after: Duration::from_secs(15) };

        assert_eq!(logged(&failed(ZammadError::TimedOut)), [Level::ERROR]);
        assert_eq!(logged(&failed(ZammadError::ExpiryOutOfRange)), [Level::ERROR]);
        assert_eq!(logged(&failed(left_alone)), [Level::WARN]);
        assert!(logged(&Problem::new(Code::NotFound)).is_empty());
    }

    #[test]
    fn pauses_are_rounded_up_to_whole_seconds() {
        for (milliseconds, seconds) in [(0, 1), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (14_999, 15)] {
            assert_eq!(whole_seconds(Duration::from_millis(milliseconds)), seconds, "{milliseconds}");
        }
        assert_eq!(whole_seconds(Duration::MAX), u64::MAX);
    }
}
