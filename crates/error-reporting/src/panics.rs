//! Panics: those that somebody catches are failures like others; those that nobody does are reported when they happen.

use std::{
    backtrace::Backtrace,
    cell::RefCell,
    future::poll_fn,
    panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook},
    pin::pin,
    sync::Once,
    task::Poll,
    thread,
};

use sentry::{Hub, integrations::panic::PanicIntegration, protocol::Exception};
use tracing::dispatcher;

use crate::trail::with_current_trail;

/// Lines about panics, which are reported when they happen, or by whoever catches them.
pub(crate) const TARGET: &str = "panic";

/// A panic that was caught. Its text says no more: what panics say can hold anything, and stands in the log already.
#[derive(Debug, thiserror::Error)]
#[error("a panic")]
pub struct Panic {
    exception: Option<Box<Exception>>,
}

impl Panic {
    /// What happened, with the way there; `None` when it happened elsewhere, and was reported there.
    pub(crate) fn exception(&self) -> Option<&Exception> {
        self.exception.as_deref()
    }
}

#[derive(Default)]
struct Watch {
    /// Whether somebody catches what this thread does.
    is_kept: bool,
    seen: Option<Box<Exception>>,
}

thread_local! {
    static WATCH: RefCell<Watch> = RefCell::default();
}

/// Does `work`; a panic in it is not reported, but becomes an error, which is, once it is logged.
///
/// # Errors
///
/// [`Panic`] if there was one.
pub async fn catching<F: Future>(work: F) -> Result<F::Output, Panic> {
    let mut work = pin!(work);
    poll_fn(|context| {
        let before = WATCH.replace(Watch { is_kept: true, seen: None });
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        let watch = WATCH.replace(before);
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
            Err(_payload) => Poll::Ready(Err(Panic { exception: watch.seen })),
        }
    })
    .await
}

/// From now on panics are reported, if there is where to, and stand in the log, if there is one: the runtime's own way,
/// past everything that takes secrets out, is for programs without.
pub fn tell_of_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let otherwise = take_hook();
        set_hook(Box::new(move |info| {
            notice(info);
            if dispatcher::has_been_set() { log(info) } else { otherwise(info) }
        }));
    });
}

/// Whoever catches it says that something failed, so that this only says what it was.
fn log(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("of no words");
    let at = info.location().map(ToString::to_string);
    let thread = thread::current();
    let thread = thread.name();
    let stacktrace = Backtrace::force_capture();
    if WATCH.with_borrow(|it| it.is_kept) {
        tracing::warn!(target: TARGET, at, thread, error = message, %stacktrace, "a panic");
    } else {
        tracing::error!(target: TARGET, at, thread, error = message, %stacktrace, "a panic that nobody catches");
    }
}

fn notice(info: &PanicHookInfo<'_>) {
    let event = PanicIntegration::new().event_from_panic_info(info);
    let is_kept = WATCH.with_borrow(|it| it.is_kept);
    if is_kept {
        let exception = event.exception.into_iter().next().map(Box::new);
        WATCH.with_borrow_mut(|it| it.seen = exception);
        return;
    }
    let mut event = Some(event);
    with_current_trail(|trail| event.take().map(|it| trail.capture(it)));
    if let Some(event) = event {
        Hub::main().capture_event(event);
    }
}
