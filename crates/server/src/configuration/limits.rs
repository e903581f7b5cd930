//! The section that keeps abuse within limits.

use family_plan_domain::InviteCap;

use super::reader::Reader;

/// How much of what is enough.
#[derive(Debug)]
pub struct LimitsConfiguration {
    /// How many invites of a plan may be open at once.
    pub open_invites_per_plan: InviteCap,
}

pub(super) fn limits(reader: &mut Reader) -> LimitsConfiguration {
    let open_invites_per_plan = reader.optional("limits.open_invites_per_plan", |it| {
        InviteCap::new(it.parse().unwrap_or(0)).map_err(|err| err.requirement())
    });
    LimitsConfiguration { open_invites_per_plan: open_invites_per_plan.unwrap_or_default() }
}
