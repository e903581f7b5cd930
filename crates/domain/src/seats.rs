//! Counting seats.

use crate::InvalidValue;

/// How many people a plan may hold, its owner included: 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Capacity(u32);

impl Capacity {
    /// A capacity of `seats`.
    ///
    /// # Errors
    ///
    /// When `seats` is not 1 to 100.
    pub fn new(seats: i64) -> Result<Self, InvalidValue> {
        match u32::try_from(seats) {
            Ok(seats @ 1..=100) => Ok(Self(seats)),
            _ => Err(InvalidValue("must be a whole number from 1 to 100")),
        }
    }

    /// The number of seats.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

/// The seats of a plan at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    /// How many there are.
    pub limit: u32,
    /// Taken by people, the owner included.
    pub used: u32,
    /// Promised by open invites.
    pub held: u32,
}

impl Seats {
    /// Whether a seat is neither taken nor promised.
    #[must_use]
    pub fn has_free(self) -> bool {
        self.used + self.held < self.limit
    }

    /// Whether somebody who was promised a seat can take it.
    #[must_use]
    pub fn has_room_for_promised(self) -> bool {
        self.used < self.limit
    }

    /// Seats that are neither taken nor promised.
    #[must_use]
    pub fn available(self) -> u32 {
        self.limit.saturating_sub(self.used + self.held)
    }

    /// People beyond the limit; they stay, but nobody joins them.
    #[must_use]
    pub fn over_by(self) -> u32 {
        self.used.saturating_sub(self.limit)
    }
}
