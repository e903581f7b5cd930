//! Failures that come again and again: whoever was told ten times in a minute knows.

use std::{
    collections::HashMap,
    fmt::Write,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use sentry::protocol::{Event, Exception, Frame};

/// How many events of one kind are told in a minute.
const IN_A_MINUTE: u32 = 10;
const MINUTE: Duration = Duration::from_mins(1);
/// How many kinds are told apart. There are far fewer, unless something makes up names.
const MAX_KINDS: usize = 1_000;

/// Holds back what is told often enough, kind by kind, in this process.
#[derive(Default)]
pub(crate) struct Storms(Mutex<HashMap<String, Minute>>);

struct Minute {
    began: Instant,
    n_told: u32,
    n_held_back: u64,
}

impl Storms {
    /// The event, if there is room for it in the minute that `now` is in. The first of another minute tells how many of its
    /// kind were held back before.
    pub(crate) fn pass(&self, mut event: Event<'static>, now: Instant) -> Option<Event<'static>> {
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = kind(&event);
        if MAX_KINDS <= minutes.len() && !minutes.contains_key(&kind) {
            minutes.retain(|_, it| now < it.began + MINUTE);
            if MAX_KINDS <= minutes.len() {
                return None;
            }
        }
        let minute = minutes.entry(kind).or_insert(Minute { began: now, n_told: 0, n_held_back: 0 });
        if minute.began + MINUTE <= now {
            if minute.n_held_back != 0 {
                event.extra.insert("held_back".to_owned(), minute.n_held_back.into());
            }
            *minute = Minute { began: now, n_told: 0, n_held_back: 0 };
        }
        if minute.n_told == IN_A_MINUTE {
            minute.n_held_back += 1;
            return None;
        }
        minute.n_told += 1;
        Some(event)
    }
}

/// What is the same of events that tell of the same: not what they say of it, which names ids and numbers.
fn kind(event: &Event<'_>) -> String {
    let tags = ["code", "operation", "worker"].iter().map(|it| event.tags.get(*it).map(String::as_str));
    let texts = [event.logger.as_deref(), event.message.as_deref(), event.transaction.as_deref()];
    let types = event.exception.iter().map(|it| Some(it.ty.as_str()));
    let parts = tags.chain(texts).chain(types).map(Option::unwrap_or_default);
    let mut kind = parts.collect::<Vec<_>>().join("\n");
    // Of a panic that nobody catches, that is all there is to tell it by.
    if let Some(frame) = event.exception.iter().find_map(innermost) {
        let _ = write!(kind, "\n{:?} {:?} {:?}", frame.function, frame.filename, frame.lineno);
    }
    kind
}

fn innermost(exception: &Exception) -> Option<&Frame> {
    exception.stacktrace.as_ref()?.frames.iter().rev().find(|it| it.in_app == Some(true))
}

#[cfg(test)]
mod tests {
    use sentry::protocol::Stacktrace;
    use serde_json::json;

    use super::*;

    fn event(worker: &str, id: u32) -> Event<'static> {
        let mut event = Event { message: Some("a worker fails".to_owned()), ..Event::default() };
        event.tags.insert("worker".to_owned(), worker.to_owned());
        event.tags.insert("request_id".to_owned(), id.to_string());
        event
    }

    fn n_told(storms: &Storms, worker: &str, now: Instant) -> usize {
        (0..100).filter_map(|id| storms.pass(event(worker, id), now)).count()
    }

    #[test]
    fn of_each_kind_ten_are_told_in_a_minute() {
        let (storms, start) = (Storms::default(), Instant::now());
        assert_eq!(n_told(&storms, "inbox", start), 10);
        assert_eq!(n_told(&storms, "events", start), 10);
        assert_eq!(n_told(&storms, "inbox", start + Duration::from_secs(59)), 0);
        assert_eq!(n_told(&storms, "inbox", start + MINUTE), 10);
    }

    #[test]
    fn panics_are_told_apart_by_where_they_come_from() {
        let panic = |line| {
            let frame = Frame { in_app: Some(true), lineno: Some(line), ..Frame::default() };
            let stacktrace = Some(Stacktrace { frames: vec![frame], ..Stacktrace::default() });
            let exception = Exception { ty: "panic".to_owned(), stacktrace, ..Exception::default() };
            Event { exception: vec![exception].into(), ..Event::default() }
        };
        let (storms, start) = (Storms::default(), Instant::now());
        assert_eq!((0..100).filter_map(|_| storms.pass(panic(7), start)).count(), 10);
        assert!(storms.pass(panic(8), start).is_some());
    }

    #[test]
    fn how_many_were_held_back_is_told_by_the_next() {
        let (storms, start) = (Storms::default(), Instant::now());
        n_told(&storms, "inbox", start);
        let next = storms.pass(event("inbox", 1), start + MINUTE).unwrap();
        assert_eq!(next.extra["held_back"], json!(90));
        let after = storms.pass(event("inbox", 2), start + MINUTE).unwrap();
        assert!(after.extra.is_empty(), "once");
        let later = storms.pass(event("inbox", 3), start + 2 * MINUTE).unwrap();
        assert!(later.extra.is_empty(), "none was held back");
    }

    #[test]
    fn names_that_are_made_up_take_no_end_of_memory() {
        let (storms, start) = (Storms::default(), Instant::now());
        let pass = |n: usize, now| storms.pass(event(&n.to_string(), 0), now);
        assert_eq!((0..2_000).filter_map(|n| pass(n, start)).count(), MAX_KINDS);
        assert!(pass(7, start).is_some(), "what is known goes on");
        assert_eq!((0..2_000).filter_map(|n| pass(n + 5_000, start + MINUTE)).count(), MAX_KINDS);
    }
}
