//! What the helpdesk's webhooks delivered.

use time::OffsetDateTime;

use crate::{DeliveryId, text::to_reason};

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is still to be applied.
    Pending,
    /// What it tells is known now.
    Applied,
    /// It tells nothing of users.
    Ignored,
    /// It cannot be applied; it is kept, and can be replayed.
    Failed,
}

impl DeliveryState {
    /// The state of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Pending, Self::Applied, Self::Ignored, Self::Failed].into_iter().find(|it| it.as_str() == name)
    }

    /// Its name, as the API and the database have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Applied => "applied",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
        }
    }
}

/// A delivery that was just verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// Which one.
    pub id: DeliveryId,
    /// SHA-256 of the body: the same body again is the same delivery, whatever else came with it.
    pub digest: [u8; 32],
    /// What the helpdesk calls it; at most 255 characters. Nobody signed that, so it is for reading only.
    pub delivery_id: Option<String>,
    /// When it came.
    pub received_at: OffsetDateTime,
    /// The bytes.
    pub body: Vec<u8>,
}

/// A delivery that somebody has taken on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedDelivery {
    /// Which one.
    pub id: DeliveryId,
    /// The bytes.
    pub body: Vec<u8>,
}

/// A delivery as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which one.
    pub id: DeliveryId,
    /// What the helpdesk called it.
    pub delivery_id: Option<String>,
    /// When it came.
    pub received_at: OffsetDateTime,
    /// What became of it.
    pub state: DeliveryState,
    /// How often somebody took it on.
    pub attempts: u32,
    /// Why it was ignored or failed; at most 500 characters.
    pub reason: Option<String>,
}

/// What became of a claimed delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// What it tells is known now.
    Applied,
    /// It tells nothing of users, for this reason.
    Ignored(String),
    /// It cannot be applied, for this reason.
    Failed(String),
}

impl DeliveryOutcome {
    /// The state of such a delivery.
    #[must_use]
    pub fn state(&self) -> DeliveryState {
        match self {
            Self::Applied => DeliveryState::Applied,
            Self::Ignored(_) => DeliveryState::Ignored,
            Self::Failed(_) => DeliveryState::Failed,
        }
    }

    /// The reason as it is kept: its first 500 characters.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Applied => None,
            Self::Ignored(reason) | Self::Failed(reason) => Some(to_reason(reason)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_found_by_its_name() {
        use DeliveryState::{Applied, Failed, Ignored, Pending};

        for state in [Pending, Applied, Ignored, Failed] {
            assert_eq!(DeliveryState::parse(state.as_str()), Some(state));
        }
        assert_eq!(DeliveryState::parse("Pending"), None);
        assert_eq!(DeliveryState::parse(""), None);
    }

    #[test]
    fn an_outcome_tells_the_state_and_as_much_of_the_reason_as_is_kept() {
        let long = "é".repeat(501);
        let outcomes = [
            (DeliveryOutcome::Applied, DeliveryState::Applied, None),
            (DeliveryOutcome::Ignored("a ticket".to_owned()), DeliveryState::Ignored, Some("a ticket")),
            (DeliveryOutcome::Failed("no\0id".to_owned()), DeliveryState::Failed, Some("no id")),
            (DeliveryOutcome::Failed(long.clone()), DeliveryState::Failed, Some(&long[..1000])),
        ];
        for (outcome, state, reason) in outcomes {
            assert_eq!(outcome.state(), state);
            assert_eq!(outcome.reason().as_deref(), reason);
        }
    }
}
