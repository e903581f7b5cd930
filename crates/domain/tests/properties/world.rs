//! The real plans, with a store around them that keeps what their changes tell and nothing else.

mod store;

use family_plan_domain::{
    AcceptRefusal, Candidate, Capacity, CodeHash, DetachReason, DetachRefusal, DetachedInvites, Email,
    Invite, InviteCap, InviteId, IssueRefusal, NewInvite, Plan, PlanFull, ResendRefusal, RevokeReason,
    Settings, SettingsRevision, SettingsValues, TokenHash, User, UserId, Verdict,
};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use self::store::Row;
use crate::command::{Answer, CAP, Command, UNVERIFIED};

const START: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

/// What is stored, and the time.
pub(crate) struct World {
    now: OffsetDateTime,
    settings: Settings,
    /// Every plan there ever was, without its invites.
    plans: Vec<Row>,
    /// Every invite there ever was, and the plan it is for.
    invites: Vec<(usize, Invite)>,
    /// Who was ever detached from which invite.
    detachments: Vec<(InviteId, UserId)>,
    slots: [usize; 2],
}

impl World {
    /// 0 and 1 have a plan each, under the default settings but for the limit.
    pub(crate) fn new(limit: u32) -> Self {
        let mut world = Self {
            now: START,
            settings: Settings {
                values: SettingsValues { user_limit: capacity(limit), ..SettingsValues::default() },
                revision: SettingsRevision(1),
                updated_at: START,
                updated_by: None,
            },
            plans: Vec::new(),
            invites: Vec::new(),
            detachments: Vec::new(),
            slots: [0, 1],
        };
        for owner in [0, 1] {
            world.insert(owner);
        }
        world
    }

    pub(crate) fn run(&mut self, command: &Command) -> Answer {
        match *command {
            Command::Open { slot, owner } => self.open(slot, owner),
            Command::Accept { invite, person } => self.accept(invite, person),
            Command::Revoke { invite } => self.revoke(invite),
            Command::Resend { invite, lifetime } => self.resend(invite, lifetime),
            Command::Set { limit, holding, revoking } => self.set(limit, holding, revoking),
            Command::Wait { milliseconds } => {
                self.now += Duration::milliseconds(milliseconds);
                Answer::Done
            }
            Command::Issue { slot, recipient, lifetime } => {
                let fresh = self.fresh(lifetime);
                self.decide(slot, |plan, now, settings| {
                    match plan.issue(fresh, recipient.map(shouted_email), cap(), now, settings) {
                        Ok(_) => Answer::Done,
                        Err(refusal) => issue_answer(refusal),
                    }
                })
            }
            Command::Detach { slot, person, leaves } => self.decide(slot, |plan, now, settings| {
                let reason = if leaves { DetachReason::Left } else { DetachReason::Removed };
                match plan.detach(&user_id(person), reason, now, settings) {
                    Ok(detachment) => {
                        Answer::Detached { invite: detachment.invite.map(|(_, status)| status.as_str()) }
                    }
                    Err(DetachRefusal::NotAMember) => Answer::Refused("not_a_member"),
                    Err(DetachRefusal::Owner) => Answer::Refused("owner_cannot_leave"),
                }
            }),
            Command::Transfer { slot, to } => self.decide(slot, |plan, _, _| {
                let transferred = plan.transfer(&user_id(to));
                transferred.map_or(Answer::Refused("not_a_member"), |()| Answer::Done)
            }),
            Command::Limit { slot, limit } => self.decide(slot, |plan, _, _| {
                plan.limit_to(limit.map(capacity));
                Answer::Done
            }),
            Command::Close { slot } => {
                let idx = self.slots[slot];
                let Some(mut plan) = self.load_with_open_invites(idx) else {
                    return Answer::NoSuchThing;
                };
                plan.close();
                self.finish(idx, &plan, Answer::Done)
            }
        }
    }

    /// Limit, taken and promised seats; `None` when the place is empty.
    pub(crate) fn seats(&self, slot: usize) -> Option<(u32, u32, u32)> {
        let plan = self.load(self.slots[slot], None)?;
        let seats = plan.seats(self.now, &self.settings.values);
        Some((seats.limit, seats.used, seats.held))
    }

    /// The owner and then everybody in the plan, the longest first; `None` when the place is empty.
    pub(crate) fn members(&self, slot: usize) -> Option<Vec<usize>> {
        let plan = self.load(self.slots[slot], None)?;
        let members = plan.members().iter().map(|it| &it.user.id);
        Some(std::iter::once(plan.owner()).chain(members).map(number).collect())
    }

    pub(crate) fn n_invites(&self) -> usize {
        self.invites.len()
    }

    /// What the invite is, as the API names it; nothing once its plan is closed.
    pub(crate) fn standing(&self, invite: usize) -> Option<&'static str> {
        let (plan, invite) = &self.invites[invite];
        (!self.plans[*plan].is_closed).then(|| invite.status(self.now).as_str())
    }

    /// What accepting would answer.
    pub(crate) fn verdict(&self, invite: usize, person: usize) -> Answer {
        let Some((plan_idx, plan, invite)) = self.load_invite(invite) else {
            return Answer::NoSuchThing;
        };
        let candidate = self.candidate(&invite, person);
        match plan.verdict(&invite, &candidate, self.now, &self.settings.values) {
            Verdict::Accept => self.joined(plan_idx),
            Verdict::AlreadyAccepted => Answer::Replayed,
            Verdict::Refused(refusal) => refusal_answer(refusal),
        }
    }

    fn open(&mut self, slot: usize, owner: usize) -> Answer {
        if !self.plans[self.slots[slot]].is_closed {
            return Answer::NoSuchThing;
        }
        if self.plan_of(owner).is_some() {
            return Answer::Refused("already_in_plan");
        }
        self.slots[slot] = self.plans.len();
        self.insert(owner);
        Answer::Done
    }

    fn accept(&mut self, invite: usize, person: usize) -> Answer {
        let previewed = self.verdict(invite, person);
        let Some((plan_idx, mut plan, loaded)) = self.load_invite(invite) else {
            return Answer::NoSuchThing;
        };
        let candidate = self.candidate(&loaded, person);
        let answer = match plan.accept(&loaded, candidate, self.now, &self.settings) {
            Ok(accepted) if accepted.replayed => {
                assert_eq!(plan.changes(), []);
                Answer::Replayed
            }
            Ok(_) => self.joined(plan_idx),
            Err(refusal) => refusal_answer(refusal),
        };
        assert_eq!(answer, previewed, "what was shown is what is done");
        self.finish(plan_idx, &plan, answer)
    }

    fn revoke(&mut self, invite: usize) -> Answer {
        let Some((plan_idx, mut plan, loaded)) = self.load_invite(invite) else {
            return Answer::NoSuchThing;
        };
        plan.revoke(loaded.id, RevokeReason::Requested, self.now);
        self.finish(plan_idx, &plan, Answer::Done)
    }

    fn resend(&mut self, invite: usize, lifetime: i64) -> Answer {
        let Some((plan_idx, mut plan, loaded)) = self.load_invite(invite) else {
            return Answer::NoSuchThing;
        };
        let checked = plan.check_resend(loaded.id, cap(), self.now, &self.settings.values);
        let resent = plan.resend(loaded.id, self.fresh(lifetime), cap(), self.now, &self.settings);
        assert_eq!(resent.as_ref().err(), checked.as_ref().err(), "what was checked is what is done");
        let answer = match resent {
            Ok(_) => Answer::Done,
            Err(ResendRefusal::NotFound) => Answer::NoSuchThing,
            Err(ResendRefusal::Used) => Answer::Refused("invite_used"),
            Err(ResendRefusal::New(refusal)) => issue_answer(refusal),
        };
        self.finish(plan_idx, &plan, answer)
    }

    fn set(&mut self, limit: u32, holding: bool, revoking: bool) -> Answer {
        self.settings.revision.0 += 1;
        self.settings.values = SettingsValues {
            user_limit: capacity(limit),
            pending_invites_hold_seats: holding,
            detached_invites: if revoking { DetachedInvites::Revoke } else { DetachedInvites::Reopen },
            ..self.settings.values
        };
        Answer::Done
    }

    fn decide(
        &mut self,
        slot: usize,
        decision: impl FnOnce(&mut Plan, OffsetDateTime, &Settings) -> Answer,
    ) -> Answer {
        let idx = self.slots[slot];
        let Some(mut plan) = self.load(idx, None) else {
            return Answer::NoSuchThing;
        };
        let answer = decision(&mut plan, self.now, &self.settings);
        self.finish(idx, &plan, answer)
    }

    fn finish(&mut self, idx: usize, plan: &Plan, answer: Answer) -> Answer {
        if matches!(answer, Answer::Refused(_) | Answer::Full { .. }) {
            assert_eq!(plan.changes(), [], "a refusal changes nothing");
        }
        self.save(idx, plan);
        answer
    }

    fn fresh(&self, lifetime: i64) -> NewInvite {
        NewInvite {
            id: InviteId::from(Uuid::from_u128(self.invites.len() as u128)),
            code: CodeHash::from([1; 32]),
            token: TokenHash::from([2; 32]),
            issued_by: user_id(0),
            expires_at: self.now + Duration::milliseconds(lifetime),
        }
    }

    fn candidate(&self, invite: &Invite, person: usize) -> Candidate {
        let id = user_id(person);
        Candidate {
            verified_email: (person != UNVERIFIED).then(|| email(person)),
            current_plan: self.plan_of(person),
            detached_from_invite: self.detachments.contains(&(invite.id, id.clone())),
            user: User::new(id),
        }
    }

    fn joined(&self, plan: usize) -> Answer {
        Answer::Joined { slot: usize::from(self.slots[1] == plan) }
    }
}

fn issue_answer(refusal: IssueRefusal) -> Answer {
    match refusal {
        IssueRefusal::Full(full) => full_answer(full),
        IssueRefusal::TooManyInvites => Answer::Refused("too_many_invites"),
    }
}

fn full_answer(PlanFull(seats): PlanFull) -> Answer {
    Answer::Full { limit: seats.limit, used: seats.used, held: seats.held }
}

fn refusal_answer(refusal: AcceptRefusal) -> Answer {
    Answer::Refused(match refusal {
        AcceptRefusal::Revoked => "invite_revoked",
        AcceptRefusal::Used => "invite_used",
        AcceptRefusal::Expired => "invite_expired",
        AcceptRefusal::Barred => "invite_barred",
        AcceptRefusal::OwnPlan => "own_plan",
        AcceptRefusal::AlreadyInPlan => "already_in_plan",
        AcceptRefusal::Full(full) => return full_answer(full),
    })
}

fn cap() -> InviteCap {
    InviteCap::new(i64::from(CAP)).unwrap()
}

fn capacity(seats: u32) -> Capacity {
    Capacity::new(i64::from(seats)).unwrap()
}

fn user_id(person: usize) -> UserId {
    UserId::new(&person.to_string()).unwrap()
}

fn number(user: &UserId) -> usize {
    user.as_str().parse().unwrap()
}

fn email(person: usize) -> Email {
    Email::new(&format!("person{person}@example.com")).unwrap()
}

/// The same address as an owner may type it.
fn shouted_email(person: usize) -> Email {
    Email::new(&format!("PERSON{person}@Example.com")).unwrap()
}
