//! Panics: those that somebody catches are failures like others; those that nobody does are reported when they happen.

use std::{
    cell::RefCell,
    future::poll_fn,
    panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook},
    pin::pin,
    sync::Once,
    task::Poll,
};

use sentry::{Hub, integrations::panic::PanicIntegration, protocol::Exception};

use crate::trail::with_current_trail;

/// A panic that was caught. Its text says no more: what panics say can hold anything, and has been written to stderr.
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

/// From now on panics are reported.
pub(crate) fn tell() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let next = take_hook();
        set_hook(Box::new(move |info| {
            notice(info);
            next(info);
        }));
    });
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
