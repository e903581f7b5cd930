//! A family to try the rules on: Ann's plan, the settings, and fresh ids.

use family_plan_domain::{
    AcceptRefusal, Accepted, Candidate, Capacity, CodeHash, DetachReason, DetachRefusal, DetachedInvites,
    Detachment, Email, Invite, InviteCap, InviteId, IssueRefusal, NewInvite, Plan, PlanId, PlanName,
    PlanParts, ResendRefusal, Seats, Settings, SettingsRevision, SettingsValues, TokenHash, User, UserId,
    Verdict,
};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

/// When everything happens, unless a test says otherwise.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
/// When every invite expires.
pub(crate) const EXPIRY: OffsetDateTime = datetime!(2026-03-03 12:00 UTC);
/// The shortest time there is.
pub(crate) const MS: Duration = Duration::MILLISECOND;

/// Ann's plan and what surrounds it.
pub(crate) struct Scene {
    pub(crate) plan: Plan,
    pub(crate) settings: Settings,
    pub(crate) cap: InviteCap,
    n_ids: u128,
}

impl Scene {
    /// Ann alone in a plan that was saved once, with `limit` seats by the settings.
    pub(crate) fn with_limit(limit: i64) -> Self {
        let values = SettingsValues { user_limit: capacity(limit), ..SettingsValues::default() };
        let plan = Plan::open(plan_id(1), plan_name("The Hills"), person("ann"), NOW);
        let mut scene = Self {
            plan,
            settings: Settings { values, revision: SettingsRevision(3), updated_at: NOW, updated_by: None },
            cap: InviteCap::default(),
            n_ids: 0,
        };
        scene.save();
        scene
    }

    /// The same, but open invites hold no seat.
    pub(crate) fn without_holding(limit: i64) -> Self {
        let mut scene = Self::with_limit(limit);
        scene.settings.values.pending_invites_hold_seats = false;
        scene
    }

    /// The same, but a detached member's invite is revoked.
    pub(crate) fn revoking(limit: i64) -> Self {
        let mut scene = Self::with_limit(limit);
        scene.settings.values.detached_invites = DetachedInvites::Revoke;
        scene
    }

    /// Takes the plan as it is for saved: what was decided so far is no longer among its changes.
    pub(crate) fn save(&mut self) {
        self.plan = Plan::from(PlanParts { revision: self.plan.next_revision(), ..self.parts() });
    }

    /// Puts an invite of any state before the plan, as a load does.
    pub(crate) fn put(&mut self, invite: &Invite) {
        let mut parts = self.parts();
        parts.invites.retain(|it| it.id != invite.id);
        parts.invites.push(invite.clone());
        self.plan = Plan::from(parts);
    }

    pub(crate) fn fresh(&mut self) -> NewInvite {
        self.n_ids += 1;
        NewInvite {
            id: InviteId::from(Uuid::from_u128(self.n_ids)),
            code: CodeHash::from([1; 32]),
            token: TokenHash::from([2; 32]),
            issued_by: user_id("ann"),
            expires_at: EXPIRY,
        }
    }

    pub(crate) fn try_issue(&mut self) -> Result<Invite, IssueRefusal> {
        let fresh = self.fresh();
        self.plan.issue(fresh, None, self.cap, NOW, &self.settings)
    }

    pub(crate) fn issue(&mut self) -> Invite {
        self.try_issue().unwrap()
    }

    pub(crate) fn issue_to(&mut self, name: &str) -> Invite {
        let fresh = self.fresh();
        self.plan.issue(fresh, Some(email(name)), self.cap, NOW, &self.settings).unwrap()
    }

    pub(crate) fn try_resend(&mut self, old: &Invite, now: OffsetDateTime) -> Result<Invite, ResendRefusal> {
        let fresh = NewInvite { expires_at: now + Duration::days(2), ..self.fresh() };
        self.plan.resend(old.id, fresh, self.cap, now, &self.settings)
    }

    pub(crate) fn try_join(&mut self, name: &str, invite: &Invite) -> Result<Accepted, AcceptRefusal> {
        self.plan.accept(invite, candidate(name), NOW, &self.settings)
    }

    /// Lets somebody in by a fresh invite, which is answered as used.
    pub(crate) fn join(&mut self, name: &str) -> Invite {
        let invite = self.issue();
        self.join_by(name, &invite)
    }

    /// Lets somebody in by `invite`, which is answered as used.
    pub(crate) fn join_by(&mut self, name: &str, invite: &Invite) -> Invite {
        self.try_join(name, invite).unwrap();
        self.invite(invite)
    }

    pub(crate) fn try_remove(&mut self, name: &str) -> Result<Detachment, DetachRefusal> {
        self.plan.detach(&user_id(name), DetachReason::Removed, NOW, &self.settings)
    }

    pub(crate) fn remove(&mut self, name: &str) -> Detachment {
        self.try_remove(name).unwrap()
    }

    /// The invite as the plan has it now.
    pub(crate) fn invite(&self, invite: &Invite) -> Invite {
        self.plan.invite(invite.id).unwrap().clone()
    }

    pub(crate) fn verdict(&self, invite: &Invite, candidate: &Candidate) -> Verdict {
        self.verdict_at(invite, candidate, NOW)
    }

    pub(crate) fn verdict_at(&self, invite: &Invite, candidate: &Candidate, now: OffsetDateTime) -> Verdict {
        self.plan.verdict(invite, candidate, now, &self.settings.values)
    }

    pub(crate) fn seats(&self) -> Seats {
        self.seats_at(NOW)
    }

    pub(crate) fn seats_at(&self, now: OffsetDateTime) -> Seats {
        self.plan.seats(now, &self.settings.values)
    }

    /// Everybody in the plan, the longest first.
    pub(crate) fn members(&self) -> Vec<&str> {
        self.plan.members().iter().map(|it| it.user.id.as_str()).collect()
    }

    fn parts(&self) -> PlanParts {
        PlanParts {
            id: self.plan.id(),
            name: self.plan.name().clone(),
            owner: self.plan.owner().clone(),
            user_limit: self.plan.user_limit(),
            created_at: self.plan.created_at(),
            revision: self.plan.revision(),
            members: self.plan.members().to_vec(),
            invites: self.plan.invites().to_vec(),
        }
    }
}

pub(crate) fn seats(limit: u32, used: u32, held: u32) -> Seats {
    Seats { limit, used, held }
}

pub(crate) fn capacity(seats: i64) -> Capacity {
    Capacity::new(seats).unwrap()
}

pub(crate) fn plan_id(id: u128) -> PlanId {
    PlanId::from(Uuid::from_u128(id))
}

pub(crate) fn plan_name(name: &str) -> PlanName {
    PlanName::new(name).unwrap()
}

pub(crate) fn user_id(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

pub(crate) fn email(name: &str) -> Email {
    Email::new(&format!("{name}@example.com")).unwrap()
}

pub(crate) fn person(name: &str) -> User {
    User::new(user_id(name))
}

/// Somebody in no plan, with a verified address of their own.
pub(crate) fn candidate(name: &str) -> Candidate {
    Candidate {
        user: person(name),
        verified_email: Some(email(name)),
        current_plan: None,
        detached_from_invite: false,
    }
}

/// Somebody who was detached from the invite before.
pub(crate) fn detached_candidate(name: &str) -> Candidate {
    Candidate { detached_from_invite: true, ..candidate(name) }
}
