//! The feed: the events of all plans in one order.

use crate::Event;

/// An event's place in the feed. It is given after the event was saved, one after the other, so that whoever reads on
/// from a place never skips an event, however many are being saved meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedPlace(pub i64);

impl FeedPlace {
    /// Before every event.
    pub const START: Self = Self(0);
}

/// An event that has its place in the feed.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedEvent {
    /// Its place.
    pub place: FeedPlace,
    /// The event.
    pub event: Event,
}
