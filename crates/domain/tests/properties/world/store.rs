//! Loading and saving plans as an adapter does, and what must hold of what is stored.

use family_plan_domain::{
    Change, Invite, InviteFate, InviteId, InviteState, InviteStatus, Plan, PlanId, PlanName, PlanParts,
    RevokeReason, User,
};
use uuid::Uuid;

use super::{World, user_id};

/// A plan, without its invites.
pub(super) struct Row {
    pub(super) parts: PlanParts,
    pub(super) is_closed: bool,
}

impl World {
    /// What must hold of any state, whatever led to it.
    pub(crate) fn assert_sound(&self) {
        let mut everybody = Vec::new();
        for row in self.plans.iter().filter(|it| !it.is_closed) {
            let members = &row.parts.members;
            assert!(members.iter().any(|it| it.user.id == row.parts.owner), "an owner is a member");
            everybody.extend(members.iter().map(|it| &it.user.id));
            for member in members {
                let Some(by) = &member.joined_by else { continue };
                assert!(
                    !self.detachments.contains(&(by.invite, member.user.id.clone())),
                    "{} is back by the invite they were detached from",
                    member.user.id
                );
            }
        }
        let n_seats = everybody.len();
        everybody.sort();
        everybody.dedup();
        assert_eq!(everybody.len(), n_seats, "somebody is in two plans");

        for (plan, invite) in &self.invites {
            if self.plans[*plan].is_closed {
                assert_ne!(invite.status(self.now), InviteStatus::Open, "an open invite of a closed plan");
                continue;
            }
            let members = self.plans[*plan].parts.members.iter();
            let came_by_it: Vec<_> = members
                .filter(|it| it.joined_by.as_ref().is_some_and(|by| by.invite == invite.id))
                .map(|it| &it.user.id)
                .collect();
            match &invite.state {
                InviteState::Used { by, .. } => assert_eq!(came_by_it, [by], "one member by a used invite"),
                _ => assert!(came_by_it.is_empty(), "nobody by an invite that is not used"),
            }
        }
    }

    pub(super) fn insert(&mut self, owner: usize) {
        let idx = self.plans.len();
        let id = PlanId::from(Uuid::from_u128(idx as u128));
        let name = PlanName::new("The Hills").unwrap();
        let plan = Plan::open(id, name, User::new(user_id(owner)), self.now);
        self.plans.push(Row {
            parts: PlanParts {
                id,
                name: plan.name().clone(),
                owner: plan.owner().clone(),
                user_limit: plan.user_limit(),
                created_at: plan.created_at(),
                revision: 0,
                members: Vec::new(),
                invites: Vec::new(),
            },
            is_closed: false,
        });
        self.save(idx, &plan);
    }

    /// The plan with the invites that are pending now and the one asked for, as an adapter loads it.
    pub(super) fn load(&self, idx: usize, focus: Option<usize>) -> Option<Plan> {
        self.load_with(idx, |number, invite| Some(number) == focus || invite.is_pending(self.now))
    }

    /// The plan with every invite that is open now.
    pub(super) fn load_with_open_invites(&self, idx: usize) -> Option<Plan> {
        self.load_with(idx, |_, invite| invite.status(self.now) == InviteStatus::Open)
    }

    fn load_with(&self, idx: usize, comes_along: impl Fn(usize, &Invite) -> bool) -> Option<Plan> {
        let row = &self.plans[idx];
        let invites = self.invites.iter().enumerate();
        let invites = invites.filter(|(number, (plan, invite))| *plan == idx && comes_along(*number, invite));
        (!row.is_closed).then(|| {
            Plan::from(PlanParts {
                invites: invites.map(|(_, (_, invite))| invite.clone()).collect(),
                ..row.parts.clone()
            })
        })
    }

    pub(super) fn load_invite(&self, invite: usize) -> Option<(usize, Plan, Invite)> {
        let (plan_idx, loaded) = self.invites.get(invite)?;
        let plan = self.load(*plan_idx, Some(invite))?;
        Some((*plan_idx, plan, loaded.clone()))
    }

    /// Writes what the plan's changes tell, and sees that it makes the plan as it is.
    pub(super) fn save(&mut self, idx: usize, plan: &Plan) {
        for change in plan.changes() {
            self.write(idx, plan, change);
        }
        let row = &mut self.plans[idx];
        if !plan.changes().is_empty() {
            row.parts.revision = plan.next_revision();
        }
        assert_eq!(row.parts.members, plan.members());
        assert_eq!(&row.parts.owner, plan.owner());
        assert_eq!(row.parts.user_limit, plan.user_limit());
        for (_, invite) in self.invites.iter().filter(|(of, _)| *of == idx) {
            match plan.invite(invite.id) {
                Some(decided) => assert_eq!(invite, decided),
                None => assert!(!invite.is_pending(self.now), "lost: {invite:?}"),
            }
        }
    }

    fn write(&mut self, idx: usize, plan: &Plan, change: &Change) {
        let parts = &mut self.plans[idx].parts;
        match change {
            Change::Created | Change::Renamed { .. } => (),
            Change::LimitChanged { from } => {
                assert_eq!(parts.user_limit, *from);
                parts.user_limit = plan.user_limit();
            }
            Change::OwnerChanged { from } => {
                assert_eq!(parts.owner, *from);
                parts.owner = plan.owner().clone();
            }
            Change::Closed => self.plans[idx].is_closed = true,
            Change::InviteCreated { invite, .. } => self.invites.push((idx, invite.clone())),
            Change::InviteRevoked { invite, reason } => {
                let invite = self.stored(*invite);
                let was_used = matches!(invite.state, InviteState::Used { .. });
                assert_eq!(was_used, *reason == RevokeReason::MemberDetached);
                invite.state = InviteState::Revoked;
            }
            Change::InviteAccepted { invite, user } => {
                let at = self.now;
                let invite = self.stored(*invite);
                assert_eq!(invite.state, InviteState::Open);
                invite.state = InviteState::Used { by: user.clone(), at };
            }
            Change::MemberJoined { member } => parts.members.push(member.clone()),
            Change::MemberDetached { member, fate, .. } => {
                parts.members.retain(|it| it != member);
                let Some(by) = &member.joined_by else {
                    assert_eq!(*fate, None);
                    return;
                };
                self.detachments.push((by.invite, member.user.id.clone()));
                if *fate == Some(InviteFate::Reopened) {
                    let invite = self.stored(by.invite);
                    invite.state = InviteState::Open;
                    invite.reopened = true;
                }
            }
        }
    }

    fn stored(&mut self, id: InviteId) -> &mut Invite {
        let found = self.invites.iter_mut().find(|(_, invite)| invite.id == id);
        &mut found.expect("changes are about invites that were issued").1
    }

    pub(super) fn plan_of(&self, person: usize) -> Option<PlanId> {
        let id = user_id(person);
        let rows = self.plans.iter().filter(|it| !it.is_closed);
        rows.map(|it| &it.parts).find(|it| it.members.iter().any(|it| it.user.id == id)).map(|it| it.id)
    }
}
