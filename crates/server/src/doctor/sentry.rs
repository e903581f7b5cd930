//! Whether there is a Sentry to report to. Nothing is reported.

use family_plan_error_reporting::ReportingConfig;
use secrecy::ExposeSecret;
use url::Url;

use crate::check_up::{Line, with_causes};

const SUBJECT: &str = "reports";

pub(super) async fn lines(sentry: Option<&ReportingConfig>, http: &reqwest::Client) -> Vec<Line> {
    let Some(config) = sentry else {
        let text = "none is configured (FAMILY_PLAN__SENTRY__DSN): what needs a person is in the log alone";
        return vec![Line::works(SUBJECT, text)];
    };
    // Whatever is in the DSN but its host is not for others to see.
    let host = Url::parse(config.dsn.expose_secret()).map(|it| it.origin().ascii_serialization());
    let line = match host {
        Ok(host) => match http.get(&host).send().await {
            Ok(_) => {
                let text = format!(
                    "{host} answers; nothing was sent, so that it is not known whether the key counts"
                );
                Line::works(SUBJECT, text)
            }
            Err(err) => {
                let mend =
                    "failures would be lost; let this machine reach it, or mend FAMILY_PLAN__SENTRY__DSN";
                let causes = with_causes(&err.without_url());
                Line::broken(SUBJECT, format!("{host} does not answer ({causes}): {mend}"))
            }
        },
        Err(_) => Line::broken(SUBJECT, "FAMILY_PLAN__SENTRY__DSN has no host"),
    };
    vec![line]
}
