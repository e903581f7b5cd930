//! The plan: who is in it, who may come, and every decision about that.

mod admission;
mod invites;
mod members;

use time::OffsetDateTime;

pub use self::{
    invites::{InviteCap, IssueRefusal, PlanFull, ResendRefusal},
    members::{DetachRefusal, Detachment, NotAMember},
};
use crate::{
    Capacity, Change, DetachReason, Invite, InviteFate, InviteId, PlanId, PlanName, RevokeReason, Seats,
    Settings, SettingsRevision, SettingsValues, User, UserEdit, UserId,
};

/// Owner or member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Invites, removes, renames, hands over, closes. Exactly one in each plan.
    Owner,
    /// Uses a seat, and may leave.
    Member,
}

impl Role {
    /// Its name in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
        }
    }
}

/// The invite by which a member came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedBy {
    /// Which one.
    pub invite: InviteId,
    /// Whether only one address could accept it.
    pub bound_to_recipient: bool,
    /// Until when it could be accepted.
    pub expires_at: OffsetDateTime,
}

/// Somebody who has a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: User,
    /// The invite by which they came; the one who opened the plan came by none.
    pub joined_by: Option<JoinedBy>,
    /// Since when.
    pub joined_at: OffsetDateTime,
}

/// What a plan is made of: an adapter fills it from its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanParts {
    /// Which plan.
    pub id: PlanId,
    /// Its name.
    pub name: PlanName,
    /// Its owner, who is one of the members.
    pub owner: UserId,
    /// A limit that counts instead of the one in the settings.
    pub user_limit: Option<Capacity>,
    /// Since when there is such a plan.
    pub created_at: OffsetDateTime,
    /// Counts its saves.
    pub revision: i64,
    /// Everybody who has a seat, the longest first.
    pub members: Vec<Member>,
    /// The invites that are [pending](Invite::is_pending), and those that are decided upon.
    pub invites: Vec<Invite>,
}

/// A family plan, and what has been decided about it since it was loaded.
///
/// Its methods take the time and the [`Settings`], answer with a value or a refusal, and record what changed;
/// nothing is written until the plan is given to [`Plans::save`](crate::ports::Plans::save).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    parts: PlanParts,
    changes: Vec<Change>,
    decided_under: Option<SettingsRevision>,
}

impl From<PlanParts> for Plan {
    fn from(parts: PlanParts) -> Self {
        Self { parts, changes: Vec::new(), decided_under: None }
    }
}

impl Plan {
    /// A new plan, with its owner as the only member.
    #[must_use]
    pub fn open(id: PlanId, name: PlanName, owner: User, now: OffsetDateTime) -> Self {
        let parts = PlanParts {
            id,
            name,
            owner: owner.id.clone(),
            user_limit: None,
            created_at: now,
            revision: 0,
            members: vec![Member { user: owner, joined_by: None, joined_at: now }],
            invites: Vec::new(),
        };
        let joined = Change::MemberJoined { member: parts.members[0].clone() };
        Self { parts, changes: vec![Change::Created, joined], decided_under: None }
    }

    /// Which plan.
    #[must_use]
    pub fn id(&self) -> PlanId {
        self.parts.id
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &PlanName {
        &self.parts.name
    }

    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> &UserId {
        &self.parts.owner
    }

    /// Its own limit, which counts instead of the one in the settings.
    #[must_use]
    pub fn user_limit(&self) -> Option<Capacity> {
        self.parts.user_limit
    }

    /// Since when there is such a plan.
    #[must_use]
    pub fn created_at(&self) -> OffsetDateTime {
        self.parts.created_at
    }

    /// Everybody who has a seat, the longest first.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.parts.members
    }

    /// The invites that are [pending](Invite::is_pending), and those the plan was loaded for.
    #[must_use]
    pub fn invites(&self) -> &[Invite] {
        &self.parts.invites
    }

    /// The member of that id.
    #[must_use]
    pub fn member(&self, user: &UserId) -> Option<&Member> {
        self.parts.members.iter().find(|it| it.user.id == *user)
    }

    /// The invite of that id, if the plan was loaded with it.
    #[must_use]
    pub fn invite(&self, invite: InviteId) -> Option<&Invite> {
        self.parts.invites.iter().find(|it| it.id == invite)
    }

    /// What a member is in this plan.
    #[must_use]
    pub fn role_of(&self, member: &UserId) -> Role {
        if *member == self.parts.owner { Role::Owner } else { Role::Member }
    }

    /// The revision at which it was loaded; 0 when it was never saved.
    #[must_use]
    pub fn revision(&self) -> i64 {
        self.parts.revision
    }

    /// The revision that the next save makes.
    #[must_use]
    pub fn next_revision(&self) -> i64 {
        self.parts.revision + 1
    }

    /// What was decided since it was loaded, in order.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The settings that a decision relied on: a save must fail when they are no longer in force.
    #[must_use]
    pub fn decided_under(&self) -> Option<SettingsRevision> {
        self.decided_under
    }

    /// The seats at `now`: people have one each, and so has every invite that
    /// [holds one](Invite::holds_seat).
    #[must_use]
    pub fn seats(&self, now: OffsetDateTime, settings: &SettingsValues) -> Seats {
        let held = self.parts.invites.iter().filter(|it| it.holds_seat(now, settings)).count();
        Seats {
            limit: self.parts.user_limit.unwrap_or(settings.user_limit).get(),
            used: count(self.parts.members.len()),
            held: count(held),
        }
    }

    /// Gives it another name. The same name again changes nothing.
    pub fn rename(&mut self, name: PlanName) {
        if name != self.parts.name {
            let from = std::mem::replace(&mut self.parts.name, name);
            self.changes.push(Change::Renamed { from });
        }
    }

    /// Sets its own limit, or clears it. A limit below the number of members is allowed: nobody is removed, and
    /// nobody joins until there is room again.
    pub fn limit_to(&mut self, user_limit: Option<Capacity>) {
        if user_limit != self.parts.user_limit {
            let from = std::mem::replace(&mut self.parts.user_limit, user_limit);
            self.changes.push(Change::LimitChanged { from });
        }
    }

    /// Hands the plan over to another of its members; the former owner stays a member.
    ///
    /// # Errors
    ///
    /// When `new_owner` is not in the plan.
    pub fn transfer(&mut self, new_owner: &UserId) -> Result<(), NotAMember> {
        if self.member(new_owner).is_none() {
            return Err(NotAMember);
        }
        if *new_owner != self.parts.owner {
            let from = std::mem::replace(&mut self.parts.owner, new_owner.clone());
            self.changes.push(Change::OwnerChanged { from });
        }
        Ok(())
    }

    /// Ends the plan: detaches everybody, the owner last, and revokes every invite that could be accepted; it has to be
    /// loaded [with all of them](crate::ports::Plans::load_with_open_invites).
    pub fn close(&mut self) {
        for invite in std::mem::take(&mut self.parts.invites) {
            if invite.state == crate::InviteState::Open {
                self.changes
                    .push(Change::InviteRevoked { invite: invite.id, reason: RevokeReason::PlanClosed });
            }
        }
        let mut members = std::mem::take(&mut self.parts.members);
        members.sort_by_key(|it| it.user.id == self.parts.owner);
        for member in members {
            let fate = member.joined_by.as_ref().map(|_| InviteFate::Kept);
            self.changes.push(Change::MemberDetached { member, reason: DetachReason::PlanClosed, fate });
        }
        self.changes.push(Change::Closed);
    }

    /// Takes over what is newly known about a member. It is no change of the plan, and a save does not write it.
    pub fn learn(&mut self, edit: &UserEdit) {
        if let Some(member) = self.parts.members.iter_mut().find(|it| it.user.id == edit.id) {
            member.user.apply(edit);
        }
    }

    fn decide_under<'a>(&mut self, settings: &'a Settings) -> &'a SettingsValues {
        self.decided_under = Some(settings.revision);
        &settings.values
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).expect("a plan has far fewer than 2^32 seats")
}
