//! Applying the changes of a plan.

use family_plan_domain::{
    Change, InviteFate, InviteId, InviteState, Member, Origin, Plan, PlanId, PlanParts,
    ports::{Ids, SaveError, StoreError},
};

use super::{Membership, State, StoredInvite, StoredPlan};

impl State {
    /// May leave half of the changes behind when it fails.
    pub(super) fn save(&mut self, plan: &Plan, origin: &Origin, ids: &dyn Ids) -> Result<(), SaveError> {
        if plan.changes().contains(&Change::Created) {
            self.create(plan)?;
        }
        self.bump_revision(plan)?;
        for (position, change) in (0..).zip(plan.changes()) {
            self.apply(plan.id(), change, origin)?;
            self.events.push(change.event(ids.next().into(), plan, position, origin));
        }
        Ok(())
    }

    fn create(&mut self, plan: &Plan) -> Result<(), SaveError> {
        if self.plans.contains_key(&plan.id()) {
            return Err(SaveError::Stale);
        }
        let parts = PlanParts {
            id: plan.id(),
            name: plan.name().clone(),
            owner: plan.owner().clone(),
            user_limit: plan.user_limit(),
            created_at: plan.created_at(),
            revision: plan.revision(),
            members: Vec::new(),
            invites: Vec::new(),
        };
        let stored = StoredPlan { parts, is_closed: false };
        self.plans.insert(plan.id(), stored);
        Ok(())
    }

    fn bump_revision(&mut self, plan: &Plan) -> Result<(), SaveError> {
        let settings = self.settings.revision;
        if plan.decided_under().is_some_and(|it| it != settings) {
            return Err(SaveError::Stale);
        }
        let Some(stored) = self.plans.get_mut(&plan.id()) else {
            return Err(SaveError::Stale);
        };
        if stored.is_closed || stored.parts.revision != plan.revision() {
            return Err(SaveError::Stale);
        }
        stored.parts.revision = plan.next_revision();
        stored.parts.name = plan.name().clone();
        stored.parts.owner = plan.owner().clone();
        stored.parts.user_limit = plan.user_limit();
        stored.is_closed = plan.changes().contains(&Change::Closed);
        Ok(())
    }

    fn apply(&mut self, plan: PlanId, change: &Change, origin: &Origin) -> Result<(), SaveError> {
        match change {
            Change::InviteCreated { invite, code, token } => {
                if self.invites.values().any(|it| it.code == *code) {
                    return Err(StoreError::new("there is an invite with that code").into());
                }
                let (code, token) = (*code, *token);
                let stored =
                    StoredInvite { plan, invite: invite.clone(), code, token, is_token_given_up: false };
                self.invites.insert(invite.id, stored);
            }
            Change::InviteRevoked { invite, .. } => {
                self.stored(plan, *invite)?.invite.state = InviteState::Revoked;
            }
            Change::InviteAccepted { invite, user } => {
                let invite = &mut self.stored(plan, *invite)?.invite;
                if invite.state != InviteState::Open {
                    return Err(SaveError::Stale);
                }
                invite.state = InviteState::Used { by: user.clone(), at: origin.at };
            }
            Change::MemberJoined { member } => self.join(plan, member)?,
            Change::MemberDetached { member, fate, .. } => self.detach(plan, member, *fate)?,
            // Those are columns of the plan itself.
            Change::Created
            | Change::Renamed { .. }
            | Change::LimitChanged { .. }
            | Change::OwnerChanged { .. }
            | Change::Closed => (),
        }
        Ok(())
    }

    fn join(&mut self, plan: PlanId, member: &Member) -> Result<(), SaveError> {
        if !self.users.contains_key(&member.user.id) {
            return Err(StoreError::new("a member is a user who was mentioned before").into());
        }
        if self.place_of(&member.user.id).is_some() {
            return Err(SaveError::Stale);
        }
        self.memberships.push(Membership {
            plan,
            user: member.user.id.clone(),
            invite: member.joined_by.as_ref().map(|it| it.invite),
            joined_at: member.joined_at,
            is_over: false,
        });
        Ok(())
    }

    fn detach(&mut self, plan: PlanId, member: &Member, fate: Option<InviteFate>) -> Result<(), SaveError> {
        self.memberships
            .iter_mut()
            .find(|it| it.plan == plan && it.user == member.user.id && !it.is_over)
            .ok_or(SaveError::Stale)?
            .is_over = true;
        if fate == Some(InviteFate::Reopened)
            && let Some(joined_by) = &member.joined_by
        {
            let invite = &mut self.stored(plan, joined_by.invite)?.invite;
            invite.state = InviteState::Open;
            invite.reopened = true;
        }
        Ok(())
    }

    fn stored(&mut self, plan: PlanId, invite: InviteId) -> Result<&mut StoredInvite, SaveError> {
        self.invites.get_mut(&invite).filter(|it| it.plan == plan).ok_or(SaveError::Stale)
    }
}
