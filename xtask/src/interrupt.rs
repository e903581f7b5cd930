//! Ctrl-C and its relatives: remembered when they come, acted upon where work can stop cleanly.
//!
//! The process does not die of them, so that every guard on the stack is dropped.

use std::{
    error::Error,
    fmt,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::Context;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

static ASKED_TO_STOP: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Somebody asked for the end: Ctrl-C, a closed terminal, or a termination signal.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted; whatever was started has been ended")
    }
}

impl Error for Interrupted {}

/// Remember every wish to stop from now on.
pub(crate) fn listen() -> anyhow::Result<()> {
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&ASKED_TO_STOP))
            .with_context(|| format!("could not listen for signal {signal}"))?;
    }
    Ok(())
}

/// Fails when somebody asked for the end.
pub(crate) fn check() -> Result<(), Interrupted> {
    if ASKED_TO_STOP.load(Ordering::Relaxed) { Err(Interrupted) } else { Ok(()) }
}
