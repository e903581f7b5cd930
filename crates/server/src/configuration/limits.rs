//! The section that keeps abuse within limits.

use std::num::NonZeroU32;

use family_plan_domain::InviteCap;

use super::reader::{Reader, value};

/// How much of what is enough.
#[derive(Debug)]
pub struct LimitsConfiguration {
    /// How often; `None` for as often as one likes.
    pub rates: Option<Rates>,
    /// How many invites of a plan may be open at once: a rule, which holds without rates as well.
    pub open_invites_per_plan: InviteCap,
}

/// How often something may be done in a minute, be it all at once or one after the other.
#[derive(Clone, Debug)]
pub struct Rates {
    /// Invites issued or sent again by one caller.
    pub issues_per_caller: NonZeroU32,
    /// Invites issued or sent again from one address.
    pub issues_per_address: NonZeroU32,
    /// Previews by one caller who is signed in.
    pub previews_per_caller: NonZeroU32,
    /// Previews from one address.
    pub previews_per_address: NonZeroU32,
    /// Acceptances of one caller that are refused.
    pub refusals_per_caller: NonZeroU32,
    /// Codes asked for from one address that belong to no invite.
    pub guesses_per_address: NonZeroU32,
}

pub(super) fn limits(reader: &mut Reader) -> LimitsConfiguration {
    let enabled = reader.optional("limits.enabled", value("must be true or false")).unwrap_or(true);
    let open_invites_per_plan = reader.optional("limits.open_invites_per_plan", |it| {
        InviteCap::new(it.parse().unwrap_or(0)).map_err(|err| err.requirement())
    });
    // Generous, since many people can be behind one address; far from what a program tries that guesses.
    let rates = Rates {
        issues_per_caller: rate(reader, "limits.issues_per_caller", 300),
        issues_per_address: rate(reader, "limits.issues_per_address", 1_200),
        previews_per_caller: rate(reader, "limits.previews_per_caller", 1_200),
        previews_per_address: rate(reader, "limits.previews_per_address", 3_000),
        refusals_per_caller: rate(reader, "limits.refusals_per_caller", 60),
        guesses_per_address: rate(reader, "limits.guesses_per_address", 60),
    };
    LimitsConfiguration {
        rates: enabled.then_some(rates),
        open_invites_per_plan: open_invites_per_plan.unwrap_or_default(),
    }
}

fn rate(reader: &mut Reader, name: &str, default: u32) -> NonZeroU32 {
    let rate = reader.optional(name, |it| match it.parse::<NonZeroU32>() {
        Ok(rate) if rate.get() <= 1_000_000 => Ok(rate),
        _ => Err("must be a number a minute from 1 to 1000000"),
    });
    rate.unwrap_or(NonZeroU32::new(default).unwrap_or(NonZeroU32::MIN))
}
