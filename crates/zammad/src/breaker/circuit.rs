//! When requests are let through. It knows no clock: whoever asks says when that is.

use std::{
    cmp::{max, min},
    mem,
    time::Duration,
};

use tokio::time::Instant;

use super::BreakerState;
use crate::Pace;

/// How long to wait for what a probe finds out.
const WHILE_PROBED: Duration = Duration::from_secs(1);

/// What a request tells of Zammad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It answered.
    Works,
    /// It did not, or told of a failure.
    Broken,
    /// Nothing: nobody waited for the answer.
    Unknown,
}

/// What became of the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transition {
    /// It opened for so long.
    Opened(Duration),
    /// The probe failed; it is open again for so long.
    Reopened(Duration),
    /// It closed.
    Closed,
}

/// Counts the phases of a circuit. What a request tells concerns the phase that let it through, and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Epoch(u64);

enum Phase {
    Closed { n_failures: u16 },
    Open { until: Instant, rest: Duration },
    HalfOpen { is_probed: bool, rest: Duration },
}

pub(super) struct Circuit {
    n_failures_to_open: u16,
    first_rest: Duration,
    longest_rest: Duration,
    phase: Phase,
    epoch: Epoch,
}

impl Circuit {
    pub(super) fn new(pace: &Pace) -> Self {
        Self {
            n_failures_to_open: pace.failures,
            first_rest: pace.rest,
            longest_rest: max(pace.rest, pace.longest_rest),
            phase: Phase::Closed { n_failures: 0 },
            epoch: Epoch(0),
        }
    }

    /// Lets a request through, or answers how long it would have to wait.
    pub(super) fn enter(&mut self, now: Instant) -> Result<Epoch, Duration> {
        if let Phase::Open { until, rest } = self.phase {
            if now < until {
                return Err(until - now);
            }
            self.begin(Phase::HalfOpen { is_probed: false, rest });
        }
        if let Phase::HalfOpen { is_probed, .. } = &mut self.phase
            && mem::replace(is_probed, true)
        {
            return Err(WHILE_PROBED);
        }
        Ok(self.epoch)
    }

    /// Takes note of what a request told that was let through in `epoch`.
    pub(super) fn settle(&mut self, epoch: Epoch, verdict: Verdict, now: Instant) -> Option<Transition> {
        if epoch != self.epoch {
            return None;
        }
        match (&mut self.phase, verdict) {
            (Phase::Closed { n_failures }, Verdict::Broken) => {
                *n_failures += 1;
                (self.n_failures_to_open <= *n_failures).then(|| {
                    self.open(self.first_rest, now);
                    Transition::Opened(self.first_rest)
                })
            }
            (Phase::Closed { n_failures }, Verdict::Works) => {
                *n_failures = 0;
                None
            }
            (Phase::HalfOpen { rest, .. }, Verdict::Broken) => {
                let rest = min(rest.saturating_mul(2), self.longest_rest);
                self.open(rest, now);
                Some(Transition::Reopened(rest))
            }
            (Phase::HalfOpen { .. }, Verdict::Works) => {
                self.begin(Phase::Closed { n_failures: 0 });
                Some(Transition::Closed)
            }
            (Phase::HalfOpen { is_probed, .. }, Verdict::Unknown) => {
                *is_probed = false;
                None
            }
            (Phase::Closed { .. }, Verdict::Unknown) | (Phase::Open { .. }, _) => None,
        }
    }

    pub(super) fn state(&self, now: Instant) -> BreakerState {
        match self.phase {
            Phase::Closed { .. } => BreakerState::Closed,
            Phase::Open { until, .. } if now < until => BreakerState::Open,
            Phase::Open { .. } | Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    fn open(&mut self, rest: Duration, now: Instant) {
        self.begin(Phase::Open { until: now + rest, rest });
    }

    fn begin(&mut self, phase: Phase) {
        self.phase = phase;
        self.epoch = Epoch(self.epoch.0 + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(15);

    fn circuit() -> (Circuit, Instant) {
        (Circuit::new(&Pace::default()), Instant::now())
    }

    /// Lets a request through that tells `verdict`.
    fn tell(circuit: &mut Circuit, verdict: Verdict, now: Instant) -> Option<Transition> {
        let epoch = circuit.enter(now).unwrap();
        circuit.settle(epoch, verdict, now)
    }

    fn opened() -> (Circuit, Instant) {
        let (mut circuit, now) = circuit();
        for _ in 0..4 {
            assert_eq!(tell(&mut circuit, Verdict::Broken, now), None);
        }
        assert_eq!(tell(&mut circuit, Verdict::Broken, now), Some(Transition::Opened(REST)));
        (circuit, now)
    }

    #[test]
    fn the_fifth_failure_in_a_row_opens_it() {
        let (circuit, now) = opened();

        assert_eq!(circuit.state(now), BreakerState::Open);
    }

    #[test]
    fn a_success_in_between_starts_the_count_anew() {
        let (mut circuit, now) = circuit();
        for verdict in [Verdict::Broken, Verdict::Works].repeat(20) {
            assert_eq!(tell(&mut circuit, verdict, now), None);
        }

        for _ in 0..4 {
            assert_eq!(tell(&mut circuit, Verdict::Broken, now), None);
        }
        assert_eq!(circuit.state(now), BreakerState::Closed);
    }

    #[test]
    fn what_nobody_waited_for_neither_counts_nor_starts_the_count_anew() {
        let (mut circuit, now) = circuit();
        for verdict in [Verdict::Broken, Verdict::Unknown].repeat(4) {
            assert_eq!(tell(&mut circuit, verdict, now), None);
        }

        assert_eq!(tell(&mut circuit, Verdict::Broken, now), Some(Transition::Opened(REST)));
    }

    #[test]
    fn nothing_passes_until_the_rest_is_over() {
        let (mut circuit, now) = opened();

        assert_eq!(circuit.enter(now), Err(REST));
        let just_before = Duration::from_millis(14_999);
        assert_eq!(circuit.enter(now + just_before), Err(Duration::from_millis(1)));
        assert_eq!(circuit.state(now + just_before), BreakerState::Open);
        assert_eq!(circuit.state(now + REST), BreakerState::HalfOpen);
        circuit.enter(now + REST).unwrap();
        assert_eq!(circuit.enter(now + REST), Err(WHILE_PROBED));
        assert_eq!(circuit.state(now + REST), BreakerState::HalfOpen);
    }

    #[test]
    fn a_probe_that_works_closes_it() {
        let (mut circuit, now) = opened();

        assert_eq!(tell(&mut circuit, Verdict::Works, now + REST), Some(Transition::Closed));

        assert_eq!(circuit.state(now + REST), BreakerState::Closed);
        for _ in 0..4 {
            assert_eq!(tell(&mut circuit, Verdict::Broken, now + REST), None);
        }
        assert_eq!(tell(&mut circuit, Verdict::Broken, now + REST), Some(Transition::Opened(REST)));
    }

    #[test]
    fn each_probe_that_fails_doubles_the_rest_up_to_a_limit() {
        let (mut circuit, mut now) = opened();

        let mut rest = REST;
        for seconds in [30, 60, 120, 120] {
            now += rest;
            rest = Duration::from_secs(seconds);
            assert_eq!(tell(&mut circuit, Verdict::Broken, now), Some(Transition::Reopened(rest)));
            assert_eq!(circuit.enter(now), Err(rest));
        }
    }

    #[test]
    fn a_probe_that_nobody_waited_for_leaves_its_place_to_another() {
        let (mut circuit, now) = opened();

        assert_eq!(tell(&mut circuit, Verdict::Unknown, now + REST), None);

        assert_eq!(circuit.state(now + REST), BreakerState::HalfOpen);
        assert_eq!(tell(&mut circuit, Verdict::Works, now + REST), Some(Transition::Closed));
    }

    #[test]
    fn requests_of_an_earlier_phase_tell_nothing() {
        let (mut circuit, now) = circuit();
        let early = circuit.enter(now).unwrap();
        for _ in 0..5 {
            tell(&mut circuit, Verdict::Broken, now);
        }

        assert_eq!(circuit.settle(early, Verdict::Works, now), None);
        assert_eq!(circuit.settle(early, Verdict::Broken, now), None);
        assert_eq!(circuit.enter(now), Err(REST));

        let probe = circuit.enter(now + REST).unwrap();
        for verdict in [Verdict::Works, Verdict::Broken, Verdict::Unknown] {
            assert_eq!(circuit.settle(early, verdict, now + REST), None);
        }
        assert_eq!(circuit.enter(now + REST), Err(WHILE_PROBED));
        assert_eq!(circuit.settle(probe, Verdict::Works, now + REST), Some(Transition::Closed));
    }

    #[test]
    fn a_first_rest_beyond_the_limit_is_made_and_does_not_grow() {
        let rest = Duration::from_hours(1);
        let now = Instant::now();
        let mut circuit = Circuit::new(&Pace { failures: 1, rest, ..Pace::default() });

        assert_eq!(tell(&mut circuit, Verdict::Broken, now), Some(Transition::Opened(rest)));
        assert_eq!(tell(&mut circuit, Verdict::Broken, now + rest), Some(Transition::Reopened(rest)));
    }
}
