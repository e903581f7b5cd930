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

/// How full plans are, all together, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// How many plans there are.
    pub plans: u64,
    /// Those with as many people as seats.
    pub plans_at_limit: u64,
    /// Those with more people than seats.
    pub plans_over_limit: u64,
    /// People beyond the limit of their plan.
    pub people_over_limit: u64,
}

impl Occupancy {
    /// Counts `plans` more, each with `excess` people more than seats; less than none where seats are free.
    #[must_use]
    pub fn and(self, plans: u64, excess: i64) -> Self {
        let over_by = u64::try_from(excess).unwrap_or_default();
        Self {
            plans: self.plans + plans,
            plans_at_limit: self.plans_at_limit + if excess == 0 { plans } else { 0 },
            plans_over_limit: self.plans_over_limit + if over_by == 0 { 0 } else { plans },
            people_over_limit: self.people_over_limit + plans * over_by,
        }
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

    #[test]
    fn only_people_beyond_the_seats_are_over_the_limit() {
        let occupancy = Occupancy::default().and(4, -3).and(3, 0).and(2, 1).and(1, 5);
        assert_eq!(
            occupancy,
            Occupancy { plans: 10, plans_at_limit: 3, plans_over_limit: 3, people_over_limit: 7 }
        );
    }
}
