//! How patient the adapter is.

use std::time::Duration;

/// How long to wait for what. The defaults suit a Zammad that people work with at the same time.
#[derive(Clone, Debug)]
pub struct Pace {
    /// All attempts of one mint, or of one write, together, the pauses between them included; also each read on its own.
    pub deadline: Duration,
    /// How often minting, reading a page and writing are attempted at most.
    pub attempts: u16,
    /// The pause after a first attempt. Each later one is twice as long; up to as much again is added at random.
    pub first_pause: Duration,
    /// What a pause may grow to, before the random part.
    pub longest_pause: Duration,
    /// All attempts of one listing together, of all tokens or of a page of users. It is longer than `deadline`, because
    /// Zammad takes its time for thousands, and nobody waits for them: the first attempt gets half of this.
    pub listing: Duration,
    /// How long setting up a connection may take.
    pub connecting: Duration,
    /// How long a readiness check may take.
    pub checking: Duration,
    /// How long an attempt of unknown outcome is given to come to its end, before its token is looked for.
    pub settling: Duration,
    /// How many requests in a row must fail for Zammad to be left alone: time-outs, lost connections and statuses from
    /// 500 on are failures, every other answer starts the count anew.
    pub failures: u16,
    /// How long Zammad is left alone at first: requests fail at once. Then one is made to find out whether it works
    /// again, and if not, it is left alone for twice as long as before.
    pub rest: Duration,
    /// What a rest may grow to.
    pub longest_rest: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(10),
            attempts: 3,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(2),
            listing: Duration::from_mins(1),
            connecting: Duration::from_secs(2),
            checking: Duration::from_secs(2),
            settling: Duration::from_secs(3),
            failures: 5,
            rest: Duration::from_secs(15),
            longest_rest: Duration::from_mins(2),
        }
    }
}

impl Pace {
    /// How long the look-up of the time zone may take: a small part of the deadline, since minting goes on without.
    pub(crate) fn zone_look_up(&self) -> Duration {
        self.deadline / 10
    }
}
