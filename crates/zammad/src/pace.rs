//! How patient the adapter is.

use std::time::Duration;

/// How long to wait for what. The defaults suit a Zammad that people work with at the same time.
#[derive(Clone, Debug)]
pub struct Pace {
    /// All attempts of one mint together, the pauses between them included; also each read on its own.
    pub deadline: Duration,
    /// How often minting is attempted at most.
    pub attempts: u16,
    /// The pause after a first attempt. Each later one is twice as long; up to as much again is added at random.
    pub first_pause: Duration,
    /// What a pause may grow to, before the random part.
    pub longest_pause: Duration,
    /// How long setting up a connection may take.
    pub connecting: Duration,
    /// How long a readiness check may take.
    pub checking: Duration,
    /// How long an attempt of unknown outcome is given to come to its end, before its token is looked for.
    pub settling: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(10),
            attempts: 3,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(2),
            connecting: Duration::from_secs(2),
            checking: Duration::from_secs(2),
            settling: Duration::from_secs(3),
        }
    }
}

impl Pace {
    /// How long the look-up of the time zone may take: a small part of the deadline, since minting goes on without.
    pub(crate) fn zone_look_up(&self) -> Duration {
        self.deadline / 10
    }
}
