//! How far a pull got, on stderr: a bar on a terminal, a line now and then elsewhere.

use std::{
    fmt::Write,
    io::{IsTerminal, stderr},
    time::Duration,
};

use family_plan_domain::{Sync, SyncKind};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use tokio::time::Instant;

/// Between two lines where there is no terminal.
const LINE: Duration = Duration::from_secs(5);
const COUNTING: &str = "{spinner} {human_pos} users, {rate}; {msg}";
const FILLING: &str = "{wide_bar} {human_pos} of {human_len} users, {rate}; {msg}";

/// Shows how far a pull got.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    /// How many users a full pull is going to see.
    expected: Option<u64>,
    next_line: Instant,
    is_watching: bool,
}

impl Progress {
    /// The last pull tells how many users to expect, if it was full.
    pub(super) fn new(before: &Sync) -> Self {
        let last = before.run.as_ref().filter(|_| !before.is_running() && before.last_error.is_none());
        Self {
            bar: stderr().is_terminal().then(|| ProgressBar::new_spinner().with_style(style(COUNTING))),
            expected: last.filter(|it| it.kind == SyncKind::Full).map(|it| it.users_seen),
            next_line: Instant::now() + LINE,
            is_watching: false,
        }
    }

    /// Shows how far the pull got that runs.
    pub(super) fn show(&mut self, sync: &Sync) {
        let Some(run) = sync.run.as_ref().filter(|_| sync.is_running()) else {
            return;
        };
        let text = format!("{} new or changed, {} gone", run.users_changed, run.users_vanished);
        if let Some(bar) = &self.bar {
            if let Some(expected) = self.expected.take_if(|_| run.kind == SyncKind::Full) {
                bar.set_length(expected);
                bar.set_style(style(FILLING));
            }
            if bar.length().is_some_and(|it| it < run.users_seen) {
                bar.set_length(run.users_seen);
            }
            let is_first = bar.position() == 0;
            bar.set_position(run.users_seen);
            if is_first {
                // What others have read does not count for the rate.
                bar.reset_eta();
            }
            bar.set_message(text);
        } else if self.next_line <= Instant::now() {
            self.next_line += LINE;
            eprintln!("{} seen, {text}", run.users_seen);
        }
    }

    /// Says, once, that somebody else is at it.
    pub(super) fn show_other(&mut self) {
        if self.is_watching {
            return;
        }
        self.is_watching = true;
        self.say(
            "Another process pulls already; if it ends before it is done, this one goes on in its place.",
        );
    }

    fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    let rate = |state: &ProgressState, text: &mut dyn Write| {
        // What cannot be written is not shown.
        let _ = write!(text, "{:.0}/s", state.per_sec());
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .with_key("rate", rate)
}
