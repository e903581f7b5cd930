//! The attribute of Zammad's users that tells of their plan.

use std::{fmt, str::FromStr};

/// What Zammad refuses as a name, as far as is known: words that it reserves, methods that every record has, and what
/// its users have already. It is not complete, because every release, and every package, adds methods; Zammad itself
/// has the last word when somebody creates the attribute.
const TAKEN: [&str; 3] = [
    // Reserved by Zammad.
    "_doc _id _type alter avatar blob create date datetime destroy drop false icon id index initials integer \
     permission search select subscribe table timestamp translate true unsubscribe url validate varchar",
    // Methods of a record, or of its class.
    "action association attribute attributes becomes cache_key cache_version changed changes class clone connection \
     decrement delete dup encode_with errors freeze hash increment init_with inspect logger method model_name reload \
     save scope send slice toggle touch transaction update values_at with_lock",
    // What users have.
    "active address authorizations city country created_at created_by department email fax firstname fullname groups \
     image image_source last_login lastname login login_failed mobile note organization organizations out_of_office \
     out_of_office_end_at out_of_office_replacement out_of_office_start_at overview_sortings password permissions \
     phone preferences roles source street tokens two_factor_preferences updated_at updated_by verified vip web zip",
];

/// The name of an attribute that was added to Zammad's users, such as `plan`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanAttribute(String);

impl PlanAttribute {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// No attribute of that name can be added to Zammad's users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableAttribute {
    /// Zammad has rules for names.
    #[error(
        "an attribute's name consists of at most 63 lower-case letters, digits and `_`, has a letter, and does not \
         end in `_id` or `_ids`"
    )]
    Name,
    /// The name means something else.
    #[error(
        "Zammad has reserved this name, or its users already have something of that name; try `plan_in_force`"
    )]
    Taken,
}

impl FromStr for PlanAttribute {
    type Err = UnusableAttribute;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let has_letter = text.bytes().any(|it| it.is_ascii_lowercase());
        let is_plain = text.bytes().all(|it| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        // PostgreSQL cuts longer names of columns.
        let is_long = 63 < text.len();
        if TAKEN.iter().flat_map(|it| it.split(' ')).any(|it| it == text) {
            return Err(UnusableAttribute::Taken);
        }
        if !has_letter || !is_plain || is_long || text.ends_with("_id") || text.ends_with("_ids") {
            return Err(UnusableAttribute::Name);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for PlanAttribute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_name_will_do() {
        for name in
            ["plan", "plan_code", "family_plan", "p", "plan2", "2nd_plan", "_plan", "plan_identity", "ids"]
        {
            assert_eq!(name.parse::<PlanAttribute>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn zammads_rules_for_names_are_kept() {
        for name in [
            "",
            "_",
            "12",
            "Plan",
            "pl\u{e4}n",
            "plan code",
            "plan-code",
            "plan.code",
            "plan_id",
            "plan_ids",
            " plan",
        ] {
            assert_eq!(name.parse::<PlanAttribute>(), Err(UnusableAttribute::Name), "{name:?}");
        }
        assert_eq!("p".repeat(64).parse::<PlanAttribute>(), Err(UnusableAttribute::Name));
    }

    #[test]
    fn what_zammad_has_already_is_taken() {
        for name in
            ["id", "_id", "select", "email", "note", "organization", "updated_at", "attribute", "hash", "vip"]
        {
            assert_eq!(name.parse::<PlanAttribute>(), Err(UnusableAttribute::Taken), "{name}");
        }
    }
}
