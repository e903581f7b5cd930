//! What Zammad, or a proxy in front of it, says when it will not.

use std::{fmt, time::Duration};

use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde_json::Value;

const TEXT_MAX_CHARS: usize = 300;
const REQUEST_ID_MAX_CHARS: usize = 64;

/// An answer without success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// What Zammad says about it, for people: it changes between releases.
    pub text: Option<String>,
    /// What it calls the request in its log.
    pub request_id: Option<String>,
    /// How long it asked to be left alone.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    pub(crate) fn new(
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        redact: impl Fn(&str) -> String,
    ) -> Self {
        let text = error_text(body).or_else(|| match status {
            401 | 403 => headers.get("x-failure")?.to_str().ok().map(str::to_owned),
            _ => None,
        });
        Self {
            status,
            text: text.and_then(|it| printable(&redact(&it), TEXT_MAX_CHARS)),
            request_id: request_id(headers, redact),
            retry_after: retry_after(headers),
        }
    }

    /// Whether there were too many requests.
    pub(crate) fn is_overload(&self) -> bool {
        self.status == 429
    }

    /// Whether something broke on the way, or at Zammad.
    pub(crate) fn is_failure(&self) -> bool {
        (500..600).contains(&self.status)
    }

    /// Whether Zammad hides what happened, which it does when something went wrong that it did not foresee.
    pub(crate) fn is_masked(&self) -> bool {
        self.text.as_deref().is_some_and(|it| it.starts_with("Error ID "))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status.fmt(formatter)?;
        if (300..400).contains(&self.status) {
            formatter.write_str(" (a redirect, which is not followed)")?;
        }
        if let Some(text) = &self.text {
            write!(formatter, ": {text}")?;
        }
        if let Some(id) = &self.request_id {
            write!(formatter, " (request {id})")?;
        }
        Ok(())
    }
}

/// What Zammad calls a request in its log.
pub(crate) fn request_id(headers: &HeaderMap, redact: impl Fn(&str) -> String) -> Option<String> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    printable(&redact(id), REQUEST_ID_MAX_CHARS)
}

/// The `error` of Zammad's envelope, which old routes answer as a list.
fn error_text(body: &[u8]) -> Option<String> {
    let envelope: Value = serde_json::from_slice(body).ok()?;
    let error = envelope.get("error")?;
    let text = error.as_str().or_else(|| error.get(0)?.as_str())?;
    Some(text.to_owned())
}

/// A start of `text` that cannot disturb a log; `None` when nothing is left.
pub(crate) fn printable(text: &str, max_chars: usize) -> Option<String> {
    let clean: String =
        text.trim().chars().map(|it| if it.is_control() { ' ' } else { it }).take(max_chars).collect();
    (!clean.is_empty()).then_some(clean)
}

/// `Retry-After` in seconds, or as a date, which is compared with the server's own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = rfc2822::parse(value).ok()?.timestamp();
    let now = rfc2822::parse(headers.get(DATE)?.to_str().ok()?).ok()?.timestamp();
    let seconds = u64::try_from(then.as_second() - now.as_second()).unwrap_or(0);
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderName;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn refusal(status: u16, pairs: &[(&'static str, &'static str)], body: &str) -> Refusal {
        Refusal::new(status, &headers(pairs), body.as_bytes(), |it| it.replace("s3cr3t", "***"))
    }

    #[test]
    fn the_text_is_that_of_the_envelope() {
        for (body, text) in [
            (r#"{"error":"Not authorized","error_human":"Not authorized"}"#, Some("Not authorized")),
            (r#"{"error":["This email address is taken."]}"#, Some("This email address is taken.")),
            (r#"{"message":"failed","notice":["no"]}"#, None),
            (r#"{"error":[]}"#, None),
            (r#"{"error":{"a":1}}"#, None),
            (r#"{"error":""}"#, None),
            (r#""error""#, None),
            ("<html>502 Bad Gateway</html>", None),
            ("", None),
        ] {
            assert_eq!(refusal(422, &[], body).text.as_deref(), text, "{body}");
        }
    }

    #[test]
    fn x_failure_stands_in_where_credentials_are_refused() {
        let x_failure = [("x-failure", "Authentication required")];

        for (status, text) in
            [(401, Some("Authentication required")), (403, Some("Authentication required")), (422, None)]
        {
            assert_eq!(refusal(status, &x_failure, "<html>").text.as_deref(), text, "{status}");
        }
        assert_eq!(refusal(403, &x_failure, r#"{"error":"No"}"#).text.as_deref(), Some("No"));
    }

    #[test]
    fn texts_are_bounded_and_fit_for_a_log() {
        let body = format!("{{\"error\":\"two\\nlines {}\"}}", "x".repeat(1000));

        let text = refusal(422, &[], &body).text.unwrap();

        assert!(text.starts_with("two lines xxx"), "{text}");
        assert_eq!(text.chars().count(), TEXT_MAX_CHARS);
    }

    #[test]
    fn a_secret_that_is_cut_off_in_the_middle_is_redacted_all_the_same() {
        let body = format!("{{\"error\":\"{}s3cr3t\"}}", "x".repeat(TEXT_MAX_CHARS - 3));

        assert!(refusal(401, &[], &body).text.unwrap().ends_with("x***"));
    }

    #[test]
    fn the_request_id_is_kept() {
        let id = [("x-request-id", "8ba30b65-9b33-4ba3-8c4e-4a3ee7a4a1d4")];

        let refusal =
            refusal(500, &id, r#"{"error":"Error ID 3kq9Zp1x: Please contact your administrator."}"#);

        assert!(refusal.is_masked());
        assert_eq!(
            refusal.to_string(),
            "500: Error ID 3kq9Zp1x: Please contact your administrator. (request 8ba30b65-9b33-4ba3-8c4e-4a3ee7a4a1d4)",
        );
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        for (pairs, seconds) in [
            (vec![], None),
            (vec![("retry-after", "120")], Some(120)),
            (vec![("retry-after", "0")], Some(0)),
            (vec![("retry-after", "-1")], None),
            (vec![("retry-after", "soon")], None),
            (vec![("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT"), ("date", date)], Some(30)),
            (vec![("retry-after", "Wed, 21 Oct 2015 07:27:00 GMT"), ("date", date)], Some(0)),
            (vec![("retry-after", date)], None),
        ] {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(refusal(503, &pairs, "").retry_after, expected, "{pairs:?}");
        }
    }
}
