//! A program and everything it starts, ended as a whole.

use std::{
    fs::File,
    io,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use rustix::{
    io::Errno,
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, test_kill_process_group, waitid},
};

use crate::interrupt;

/// How often a running program is looked at.
pub(crate) const PULSE: Duration = Duration::from_millis(50);

/// How long a program may take to end itself before it is ended.
const GRACE: Duration = Duration::from_secs(5);

/// How long the rest of an ended group may take to vanish.
const SILENCE: Duration = Duration::from_secs(1);

/// A running program at the head of its own process group, which ends when this is dropped.
pub(crate) struct Group {
    leader: Child,
    is_over: bool,
    farewell: Signal,
}

impl Group {
    /// Start `command` without standard input. Ctrl-C at a terminal does not reach it: it reaches us.
    pub(crate) fn start(command: &mut Command) -> anyhow::Result<Self> {
        Self::start_ended_by(command, Signal::TERM)
    }

    /// As [`Group::start`], for a program that ends best when it gets `farewell`.
    pub(crate) fn start_ended_by(command: &mut Command, farewell: Signal) -> anyhow::Result<Self> {
        interrupt::check()?;
        let leader = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("could not start {}", command.get_program().display()))?;
        Ok(Self { leader, is_over: false, farewell })
    }

    /// Whether the program has ended. Its id stays reserved until it is waited for.
    pub(crate) fn has_ended(&self) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(self.id()), options)?.is_some())
    }

    /// Wait for the program, then end what it left running.
    ///
    /// Fails when somebody asks for the end; the group ends then.
    pub(crate) fn wait(mut self) -> anyhow::Result<ExitStatus> {
        while !self.has_ended()? {
            interrupt::check()?;
            thread::sleep(PULSE);
        }
        self.end().context("could not end a program")
    }

    /// Wait for the program even when somebody asks for the end, since half of its work would do harm.
    pub(crate) fn wait_regardless(mut self) -> anyhow::Result<ExitStatus> {
        while !self.has_ended()? {
            thread::sleep(PULSE);
        }
        self.end().context("could not end a program")
    }

    /// End what still runs of the group, and tell how the program ended.
    fn end(&mut self) -> io::Result<ExitStatus> {
        if !self.has_ended()? {
            kill_process_group(self.id(), self.farewell)?;
            let deadline = Instant::now() + GRACE;
            while !self.has_ended()? && Instant::now() < deadline {
                thread::sleep(PULSE);
            }
        }
        // Before the wait: after it the id may belong to somebody else.
        match kill_process_group(self.id(), Signal::KILL) {
            Ok(()) | Err(Errno::SRCH | Errno::PERM) => (),
            Err(err) => return Err(err.into()),
        }
        self.is_over = true;
        let status = self.leader.wait()?;
        self.await_silence();
        Ok(status)
    }

    /// Wait a little until nothing of the group is left that could still write a file.
    fn await_silence(&self) {
        let deadline = Instant::now() + SILENCE;
        while test_kill_process_group(self.id()).is_ok() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn id(&self) -> Pid {
        Pid::from_child(&self.leader)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        if let Err(err) = self.end() {
            eprintln!("xtask: could not end process {}: {err}", self.leader.id());
        }
    }
}

/// Run `command` to its end. Fails when it does.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = Group::start(command)?.wait()?;
    if !status.success() {
        bail!("{} failed: {status}", shown(command));
    }
    Ok(())
}

/// Run `command` to its end with its output in `log`, which a failure quotes.
pub(crate) fn run_logged(command: &mut Command, log: &Path) -> anyhow::Result<()> {
    let file = File::create(log).with_context(|| format!("could not write {}", log.display()))?;
    let status = Group::start(command.stdout(file.try_clone()?).stderr(file))?.wait()?;
    if !status.success() {
        bail!("{} failed: {status}\n{}", shown(command), quoted(log));
    }
    Ok(())
}

/// What `log` says, for a person who has to find out why something failed.
pub(crate) fn quoted(log: &Path) -> String {
    std::fs::read_to_string(log).unwrap_or_else(|err| format!("(no log: {err})"))
}

/// The command line as one would type it, quotes aside.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|it| it.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
