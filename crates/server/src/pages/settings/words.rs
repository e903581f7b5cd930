//! Settings, and what they would do, in words.

use family_plan_domain::{DetachedInvites, InviteTtl, Occupancy, SettingsValues};

/// One of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    UserLimit,
    InviteTtl,
    PendingInvites,
    DetachedInvites,
}

impl Setting {
    /// All of them, in the order of the form.
    pub(super) const ALL: [Self; 4] =
        [Self::UserLimit, Self::InviteTtl, Self::PendingInvites, Self::DetachedInvites];

    /// The name of its field, as in the API.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::UserLimit => "user_limit",
            Self::InviteTtl => "invite_ttl_seconds",
            Self::PendingInvites => "pending_invites_hold_seats",
            Self::DetachedInvites => "detached_invites",
        }
    }

    /// The id of what a link to it leads to: the input, or the first of several.
    pub(super) fn first_field(self) -> &'static str {
        match self {
            Self::UserLimit | Self::InviteTtl => self.name(),
            Self::PendingInvites => "pending_invites_hold_seats-true",
            Self::DetachedInvites => "detached_invites-reopen",
        }
    }

    /// What it is called.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::UserLimit => "Seats of a plan",
            Self::InviteTtl => "Lifetime of an invite, in seconds",
            Self::PendingInvites => "Open invites hold a seat",
            Self::DetachedInvites => "Invite of a person who is detached",
        }
    }

    /// What has to be typed or chosen.
    pub(super) fn requirement(self) -> &'static str {
        match self {
            Self::UserLimit => "Enter a whole number from 1 to 100.",
            Self::InviteTtl => "Enter a whole number from 60 (1 minute) to 2592000 (30 days).",
            Self::PendingInvites => "Choose whether open invites hold a seat.",
            Self::DetachedInvites => "Choose what becomes of the invite.",
        }
    }

    /// Its value among `values`.
    pub(super) fn worded(self, values: &SettingsValues) -> String {
        match self {
            Self::UserLimit => values.user_limit.get().to_string(),
            Self::InviteTtl => {
                format!("{} ({})", values.invite_ttl.seconds(), lifetime(values.invite_ttl))
            }
            Self::PendingInvites => if values.pending_invites_hold_seats { "yes" } else { "no" }.to_owned(),
            Self::DetachedInvites => match values.detached_invites {
                DetachedInvites::Reopen => "it can be used again",
                DetachedInvites::Revoke => "it is revoked",
            }
            .to_owned(),
        }
    }
}

/// One setting that two sets of values have differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) setting: Setting,
    pub(super) from: String,
    pub(super) to: String,
}

/// All that differs between two sets of values.
pub(super) fn differences(from: &SettingsValues, to: &SettingsValues) -> Vec<Difference> {
    let worded = Setting::ALL.map(|it| Difference { setting: it, from: it.worded(from), to: it.worded(to) });
    worded.into_iter().filter(|it| it.from != it.to).collect()
}

/// A lifetime in the largest units, exactly.
pub(super) fn lifetime(ttl: InviteTtl) -> String {
    let seconds = ttl.seconds();
    let parts = [
        (seconds / 86_400, "day", "days"),
        (seconds / 3_600 % 24, "hour", "hours"),
        (seconds / 60 % 60, "minute", "minutes"),
        (seconds % 60, "second", "seconds"),
    ];
    let parts = parts.into_iter().filter(|(n, ..)| *n != 0);
    parts.map(|(n, one, many)| counted(n.into(), one, many)).collect::<Vec<_>>().join(" ")
}

/// What a limit would do to the plans there are.
pub(super) fn effect(occupancy: &Occupancy) -> String {
    if occupancy.plans_over_limit == 0 {
        return "No plan would be over the limit.".to_owned();
    }
    format!(
        "{} with {} would be over the limit; nobody is removed.",
        counted(occupancy.plans_over_limit, "plan", "plans"),
        counted(occupancy.people_over_limit, "person", "people"),
    )
}

fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use family_plan_domain::Capacity;

    use super::*;

    #[test]
    fn a_lifetime_is_told_exactly() {
        for (seconds, expected) in [
            (60, "1 minute"),
            (172_800, "2 days"),
            (86_400, "1 day"),
            (90_061, "1 day 1 hour 1 minute 1 second"),
            (5_400, "1 hour 30 minutes"),
            (7_322, "2 hours 2 minutes 2 seconds"),
            (2_592_000, "30 days"),
        ] {
            assert_eq!(lifetime(InviteTtl::new(seconds).unwrap()), expected);
        }
    }

    #[test]
    fn an_effect_is_told_of_none_one_and_many() {
        let over = |plans_over_limit, people_over_limit| {
            effect(&Occupancy { plans: 50, plans_at_limit: 7, plans_over_limit, people_over_limit })
        };
        assert_eq!(over(0, 0), "No plan would be over the limit.");
        assert_eq!(over(1, 1), "1 plan with 1 person would be over the limit; nobody is removed.");
        assert_eq!(over(1, 3), "1 plan with 3 people would be over the limit; nobody is removed.");
        assert_eq!(over(12, 31), "12 plans with 31 people would be over the limit; nobody is removed.");
    }

    #[test]
    fn only_what_differs_is_a_difference() {
        let from = SettingsValues::default();
        assert!(differences(&from, &from).is_empty());
        let to = SettingsValues {
            invite_ttl: InviteTtl::new(60).unwrap(),
            detached_invites: DetachedInvites::Revoke,
            ..from
        };
        let told: Vec<_> =
            differences(&from, &to).into_iter().map(|it| (it.setting, it.from, it.to)).collect();
        assert_eq!(
            told,
            [
                (Setting::InviteTtl, "172800 (2 days)".to_owned(), "60 (1 minute)".to_owned()),
                (Setting::DetachedInvites, "it can be used again".to_owned(), "it is revoked".to_owned()),
            ]
        );
    }

    #[test]
    fn the_bounds_that_are_told_are_those_that_are_kept() {
        let bounds = |setting: Setting| {
            let words = setting.requirement().split(|it: char| !it.is_ascii_digit());
            let numbers: Vec<i64> = words.filter_map(|it| it.parse().ok()).collect();
            (numbers[0], *numbers.iter().max().unwrap())
        };
        let (least, most) = bounds(Setting::UserLimit);
        let kept = [least - 1, least, most, most + 1].map(|it| Capacity::new(it).is_ok());
        assert_eq!(kept, [false, true, true, false]);
        let (least, most) = bounds(Setting::InviteTtl);
        let kept = [least - 1, least, most, most + 1].map(|it| InviteTtl::new(it).is_ok());
        assert_eq!(kept, [false, true, true, false]);
    }
}
