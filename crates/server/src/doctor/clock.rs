//! Whether this machine's clock agrees with those of others.

use std::sync::{Arc, Mutex, PoisonError};

use family_plan_domain::ports::Clock;
use reqwest::{
    Response,
    header::{AGE, DATE},
};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc2822};
use url::Url;

use crate::check_up::{Line, Mark};

/// Whoever tells the time over HTTP leaves out parts of a second, and takes a while to answer.
const AGREEMENT: Duration = Duration::seconds(5);
/// What tokens are let pass with when they expire.
const TOLERANCE: Duration = Duration::seconds(30);

/// The clocks of others, as they were found.
pub(super) struct Clocks {
    own: Arc<dyn Clock>,
    found: Mutex<Vec<(&'static str, Duration)>>,
}

impl Clocks {
    pub(super) fn new(own: Arc<dyn Clock>) -> Self {
        Self { own, found: Mutex::default() }
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        self.own.now()
    }

    /// Takes note of what somebody's clock says now.
    pub(super) fn note(&self, whose: &'static str, theirs: OffsetDateTime) {
        let ahead = self.now() - theirs;
        self.found.lock().unwrap_or_else(PoisonError::into_inner).push((whose, ahead));
    }

    /// Takes note of the time that an answer tells, if it does.
    pub(super) fn note_answer(&self, whose: &'static str, answer: &Response) {
        let header = |name| answer.headers().get(name).and_then(|it| it.to_str().ok());
        let date = header(DATE).and_then(|it| OffsetDateTime::parse(it, &Rfc2822).ok());
        // A cache on the way tells when the answer was made, and how long ago that was (RFC 9111).
        let age = header(AGE).and_then(|it| it.parse().ok()).unwrap_or(0);
        if let Some(date) = date.and_then(|it| it.checked_add(Duration::seconds(age))) {
            self.note(whose, date);
        }
    }

    /// Asks for the time at `url`. Who does not answer is somebody else's concern.
    pub(super) async fn ask(&self, whose: &'static str, http: &reqwest::Client, url: &Url) {
        if let Ok(answer) = http.get(url.clone()).send().await {
            self.note_answer(whose, &answer);
        }
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        found.sort_by_key(|(whose, _)| *whose);
        if found.is_empty() {
            return vec![Line::warning(
                "this machine",
                "nobody tells the time that it could be compared with",
            )];
        }
        found.into_iter().map(|(whose, ahead)| Line::new(whose, judged(ahead))).collect()
    }
}

/// How it is when this machine's clock is `ahead` of another.
fn judged(ahead: Duration) -> (Mark, String) {
    let off = ahead.abs();
    if off <= AGREEMENT {
        return (Mark::Works, format!("agrees with this machine's, to {} s", off.whole_seconds() + 1));
    }
    let direction = if ahead.is_positive() { "ahead of" } else { "behind" };
    let seconds = off.whole_seconds();
    let mend = "let both keep the time with NTP (`timedatectl` says whether this one does)";
    if off <= TOLERANCE {
        return (Mark::Warning, format!("this machine's clock is {seconds} s {direction} it; {mend}"));
    }
    let harm = "invites and tokens expire at the wrong time";
    (Mark::Broken, format!("this machine's clock is {seconds} s {direction} it: {harm}; {mend}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_further_off_the_worse() {
        for (seconds, mark, words) in [
            (0, Mark::Works, "agrees"),
            (5, Mark::Works, "agrees"),
            (-5, Mark::Works, "agrees"),
            (6, Mark::Warning, "6 s ahead of it"),
            (-30, Mark::Warning, "30 s behind it"),
            (31, Mark::Broken, "31 s ahead of it"),
            (-3_600, Mark::Broken, "3600 s behind it"),
        ] {
            let (judged, text) = judged(Duration::seconds(seconds));
            assert_eq!(judged, mark, "{seconds}");
            assert!(text.contains(words), "{text}");
        }
    }
}
