//! What can be asked for, and what can be answered, in words that the plan and the model share.

use std::ops::Range;

use proptest::prelude::*;

/// The people, shared by all plans. 0 and 1 open the first two.
pub(crate) const PEOPLE: Range<usize> = 0..6;
/// The one whose identity provider vouches for no address.
pub(crate) const UNVERIFIED: usize = 5;
/// How many invites may be open in a plan; few, so that plans come to that.
pub(crate) const CAP: u32 = 3;

/// One step. There are two places for plans, `slot` 0 and 1; invites are counted in the order of issue.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    Open { slot: usize, owner: usize },
    Issue { slot: usize, recipient: Option<usize>, lifetime: i64 },
    Accept { invite: usize, person: usize },
    Detach { slot: usize, person: usize, leaves: bool },
    Revoke { invite: usize },
    Resend { invite: usize, lifetime: i64 },
    Transfer { slot: usize, to: usize },
    Limit { slot: usize, limit: Option<u32> },
    Set { limit: u32, holding: bool, revoking: bool },
    Wait { milliseconds: i64 },
    Close { slot: usize },
}

/// What comes of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    NoSuchThing,
    Joined { slot: usize },
    Replayed,
    Detached { invite: Option<&'static str> },
    Full { limit: u32, used: u32, held: u32 },
    Refused(&'static str),
}

impl Answer {
    /// For counting.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Done => "done".to_owned(),
            Self::NoSuchThing => "no such thing".to_owned(),
            Self::Joined { .. } => "joined".to_owned(),
            Self::Replayed => "replayed".to_owned(),
            Self::Detached { invite: Some(state) } => format!("detached, invite {state}"),
            Self::Detached { invite: None } => "detached, no invite".to_owned(),
            Self::Full { .. } => "plan_full".to_owned(),
            Self::Refused(code) => (*code).to_owned(),
        }
    }
}

impl Command {
    /// The same step when its invite is counted back from the newest of `n_invites`, as it is at first: late ones
    /// are of more interest.
    pub(crate) fn counted_from_the_first(&self, n_invites: usize) -> Self {
        let mut command = self.clone();
        if let Self::Accept { invite, .. } | Self::Revoke { invite } | Self::Resend { invite, .. } =
            &mut command
        {
            // One too many stands for an invite that is not there.
            *invite = n_invites.checked_sub(*invite + 1).unwrap_or(n_invites);
        }
        command
    }
}

/// Any step; the settings' limit is mostly `limit`.
pub(crate) fn any_under(limit: u32) -> impl Strategy<Value = Command> {
    let slot = || 0..2_usize;
    // Lifetimes and waits are short and alike, so that the very moment of expiry is met often.
    let lifetime = || 1..40_i64;
    let invite = || 0..8_usize;
    prop_oneof![
        8 => (slot(), PEOPLE).prop_map(|(slot, owner)| Command::Open { slot, owner }),
        12 => (slot(), prop::option::weighted(0.3, PEOPLE), lifetime())
            .prop_map(|(slot, recipient, lifetime)| Command::Issue { slot, recipient, lifetime }),
        24 => (invite(), PEOPLE).prop_map(|(invite, person)| Command::Accept { invite, person }),
        12 => (slot(), PEOPLE, any::<bool>())
            .prop_map(|(slot, person, leaves)| Command::Detach { slot, person, leaves }),
        2 => invite().prop_map(|invite| Command::Revoke { invite }),
        4 => (invite(), lifetime()).prop_map(|(invite, lifetime)| Command::Resend { invite, lifetime }),
        4 => (slot(), PEOPLE).prop_map(|(slot, to)| Command::Transfer { slot, to }),
        2 => (slot(), prop::option::of(1..=5_u32)).prop_map(|(slot, limit)| Command::Limit { slot, limit }),
        2 => (prop_oneof![3 => Just(limit), 1 => 1..=5_u32], any::<bool>(), any::<bool>())
            .prop_map(|(limit, holding, revoking)| Command::Set { limit, holding, revoking }),
        6 => (1..8_i64).prop_map(|milliseconds| Command::Wait { milliseconds }),
        1 => slot().prop_map(|slot| Command::Close { slot }),
    ]
}
