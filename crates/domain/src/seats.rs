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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capacity_is_1_to_100() {
        for seats in [1, 2, 5, 100] {
            assert_eq!(i64::from(Capacity::new(seats).unwrap().get()), seats);
        }
        for seats in [i64::MIN, -1, 0, 101, (1 << 32) + 5, i64::MAX] {
            assert!(Capacity::new(seats).is_err(), "{seats}");
        }
    }

    #[test]
    fn the_numbers_add_up() {
        // limit, used, held: a free seat, room for a promised one, available, over by
        let cases = [
            ((5, 1, 0), (true, true, 4, 0)),
            ((5, 1, 3), (true, true, 1, 0)),
            ((5, 1, 4), (false, true, 0, 0)),
            ((5, 4, 1), (false, true, 0, 0)),
            ((5, 5, 0), (false, false, 0, 0)),
            ((2, 1, 3), (false, true, 0, 0)),
            ((2, 4, 0), (false, false, 0, 2)),
            ((2, 4, 1), (false, false, 0, 2)),
            ((1, 1, 0), (false, false, 0, 0)),
        ];
        for ((limit, used, held), expected) in cases {
            let seats = Seats { limit, used, held };
            let actual =
                (seats.has_free(), seats.has_room_for_promised(), seats.available(), seats.over_by());
            assert_eq!(actual, expected, "{seats:?}");
        }
    }
}
