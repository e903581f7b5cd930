//! How many tests did what.

use std::{iter::Sum, ops::Add};

/// Tests by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) ignored: usize,
}

impl Counts {
    pub(super) fn total(self) -> usize {
        self.passed + self.failed + self.ignored
    }

    /// What is left of these without `part` of them.
    pub(super) fn without(self, part: Self) -> Self {
        Self {
            passed: self.passed.saturating_sub(part.passed),
            failed: self.failed.saturating_sub(part.failed),
            ignored: self.ignored.saturating_sub(part.ignored),
        }
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            ignored: self.ignored + other.ignored,
        }
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Add::add)
    }
}
