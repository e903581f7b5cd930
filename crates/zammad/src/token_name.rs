//! The names by which the tokens of invites are found.

use family_plan_domain::InviteId;
use uuid::Uuid;

/// What only the names of invites' tokens begin with.
pub(crate) const PREFIX: &str = "FamilyPlanInvite ";

/// The name of the token of an invite.
pub(crate) fn token_name(invite: InviteId) -> String {
    format!("{PREFIX}{invite}")
}

/// The invite whose token has exactly this name.
pub(crate) fn named_invite(name: &str) -> Option<InviteId> {
    let id = name.strip_prefix(PREFIX)?;
    let invite = InviteId::from(Uuid::try_parse(id).ok()?);
    // Ids can be written in other ways, but we write them in one.
    (invite.to_string() == id).then_some(invite)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01a1fc66-0b5e-7c3d-8f21-9e4d5a6b7c8d";

    #[test]
    fn a_name_tells_its_invite() {
        let invite = InviteId::from(Uuid::try_parse(ID).unwrap());

        assert_eq!(token_name(invite), format!("FamilyPlanInvite {ID}"));
        assert_eq!(named_invite(&token_name(invite)), Some(invite));
    }

    #[test]
    fn other_names_are_not_ours() {
        for name in [
            "",
            "FamilyPlanInvite",
            "FamilyPlanInvite ",
            ID,
            &format!("FamilyPlanInvite{ID}"),
            &format!("FamilyPlanInvite  {ID}"),
            &format!("FamilyPlanInvite\t{ID}"),
            &format!("FamilyPlanInvite\u{a0}{ID}"),
            &format!(" FamilyPlanInvite {ID}"),
            &format!("FamilyPlanInvite {ID} "),
            &format!("FamilyPlanInvite {ID}\n"),
            &format!("FamilyPlanInvite {ID}x"),
            &format!("My FamilyPlanInvite {ID}"),
            &format!("familyplaninvite {ID}"),
            &format!("FAMILYPLANINVITE {ID}"),
            &format!("FamilyPlanInvite {}", ID.to_uppercase()),
            &format!("FamilyPlanInvite {}", ID.replace("7c3d", "7C3d")),
            &format!("FamilyPlanInvite {}", ID.replace('-', "")),
            &format!("FamilyPlanInvite {{{ID}}}"),
            &format!("FamilyPlanInvite urn:uuid:{ID}"),
            &format!("FamilyPlanInvite {}", &ID[1..]),
            &format!("FamilyPlanInvite {}", ID.replace("66", "6g")),
            &format!("FamilyPlanInvite {ID} (copy)"),
        ] {
            assert_eq!(named_invite(name), None, "{name:?}");
        }
    }
}
