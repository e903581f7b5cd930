//! The rules told a second time: a log of what happened, from which everything is worked out anew each time.

mod log;

use self::log::{Entry, Issued};
use crate::command::{Answer, CAP, Command, UNVERIFIED};

/// Everything that happened so far.
pub(crate) struct Model {
    log: Vec<Entry>,
    now: i64,
    slots: [usize; 2],
    n_plans: usize,
}

impl Model {
    /// 0 and 1 have a plan each, under the default settings but for the limit.
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            log: vec![
                Entry::Set { limit, holding: true, revoking: false },
                Entry::Opened { plan: 0, owner: 0 },
                Entry::Opened { plan: 1, owner: 1 },
            ],
            now: 0,
            slots: [0, 1],
            n_plans: 2,
        }
    }

    pub(crate) fn run(&mut self, command: &Command) -> Answer {
        match *command {
            Command::Open { slot, owner } => self.open(slot, owner),
            Command::Issue { slot, recipient, lifetime } => self.issue(slot, recipient, lifetime),
            Command::Accept { invite, person } => self.accept(invite, person),
            Command::Detach { slot, person, .. } => self.detach(slot, person),
            Command::Revoke { invite } => self.revoke(invite),
            Command::Resend { invite, lifetime } => self.resend(invite, lifetime),
            Command::Transfer { slot, to } => self.transfer(slot, to),
            Command::Limit { slot, limit } => self.on(slot, |plan| Entry::Limited { plan, limit }),
            Command::Set { limit, holding, revoking } => {
                self.log.push(Entry::Set { limit, holding, revoking });
                Answer::Done
            }
            Command::Wait { milliseconds } => {
                self.now += milliseconds;
                Answer::Done
            }
            Command::Close { slot } => self.on(slot, |plan| Entry::Closed { plan }),
        }
    }

    /// Limit, taken and promised seats; `None` when the place is empty.
    pub(crate) fn seats(&self, slot: usize) -> Option<(u32, u32, u32)> {
        let plan = self.slots[slot];
        (!self.is_closed(plan)).then(|| (self.limit(plan), self.taken(plan), self.promised(plan)))
    }

    /// The owner and then everybody in the plan, the longest first; `None` when the place is empty.
    pub(crate) fn members_of(&self, slot: usize) -> Option<Vec<usize>> {
        let plan = self.slots[slot];
        (!self.is_closed(plan)).then(|| [vec![self.owner(plan)], self.members(plan)].concat())
    }

    /// Whether a seat is promised to whoever comes by the invite.
    pub(crate) fn held_seat(&self, invite: usize) -> bool {
        self.issued(invite).is_some() && self.promises(invite)
    }

    /// What the invite is, as the API names it; nothing once its plan is closed.
    pub(crate) fn standing(&self, invite: usize) -> Option<&'static str> {
        let issued = self.issued(invite)?;
        if self.is_closed(issued.plan) {
            None
        } else if self.is_revoked(invite) {
            Some("revoked")
        } else if self.holder(invite).is_some() {
            Some("used")
        } else if issued.expires - self.now <= 0 {
            Some("expired")
        } else {
            Some("open")
        }
    }

    /// What accepting would answer.
    pub(crate) fn verdict(&self, invite: usize, person: usize) -> Answer {
        let (Some(issued), Some(standing)) = (self.issued(invite), self.standing(invite)) else {
            return Answer::NoSuchThing;
        };
        if self.holder(invite) == Some(person) {
            return Answer::Replayed;
        }
        match standing {
            "revoked" => return Answer::Refused("invite_revoked"),
            "used" => return Answer::Refused("invite_used"),
            "expired" => return Answer::Refused("invite_expired"),
            _ => (),
        }
        let is_addressed = match issued.recipient {
            Some(recipient) => recipient == person && person != UNVERIFIED,
            None => true,
        };
        if !is_addressed || self.was_detached_from(invite, person) {
            return Answer::Refused("invite_barred");
        }
        if self.owner(issued.plan) == person {
            return Answer::Refused("own_plan");
        }
        if (0..self.n_plans).any(|plan| self.members(plan).contains(&person)) {
            return Answer::Refused("already_in_plan");
        }
        // Counted as if they were in already: the others' promises must still fit, their own no longer counts.
        let others = if self.promises(invite) { 0 } else { self.promised(issued.plan) };
        if self.limit(issued.plan) < self.taken(issued.plan) + 1 + others {
            return self.full(issued.plan);
        }
        let slot = usize::from(self.slots[1] == issued.plan);
        Answer::Joined { slot }
    }

    fn open(&mut self, slot: usize, owner: usize) -> Answer {
        if !self.is_closed(self.slots[slot]) {
            return Answer::NoSuchThing;
        }
        if (0..self.n_plans).any(|plan| self.members(plan).contains(&owner)) {
            return Answer::Refused("already_in_plan");
        }
        self.slots[slot] = self.n_plans;
        self.log.push(Entry::Opened { plan: self.n_plans, owner });
        self.n_plans += 1;
        Answer::Done
    }

    fn issue(&mut self, slot: usize, recipient: Option<usize>, lifetime: i64) -> Answer {
        let plan = self.slots[slot];
        if self.is_closed(plan) {
            return Answer::NoSuchThing;
        }
        if !self.has_free(plan) {
            return self.full(plan);
        }
        if CAP <= self.n_pending(plan) {
            return Answer::Refused("too_many_invites");
        }
        self.log.push(Entry::Issued(Issued { plan, recipient, expires: self.now + lifetime }));
        Answer::Done
    }

    fn accept(&mut self, invite: usize, person: usize) -> Answer {
        let answer = self.verdict(invite, person);
        if let (Answer::Joined { .. }, Some(issued)) = (&answer, self.issued(invite)) {
            self.log.push(Entry::Joined { plan: issued.plan, invite, person });
        }
        answer
    }

    fn detach(&mut self, slot: usize, person: usize) -> Answer {
        let plan = self.slots[slot];
        if self.is_closed(plan) {
            return Answer::NoSuchThing;
        }
        if !self.members(plan).contains(&person) {
            return Answer::Refused("not_a_member");
        }
        if self.owner(plan) == person {
            return Answer::Refused("owner_cannot_leave");
        }
        let is_for_this = |it: usize| self.issued(it).is_some_and(|issued| issued.plan == plan);
        let invite = (0..self.n_invites()).find(|&it| is_for_this(it) && self.holder(it) == Some(person));
        let (_, _, revoking) = self.settings();
        self.log.push(Entry::Left { plan, person, revoking });
        Answer::Detached { invite: invite.and_then(|it| self.standing(it)) }
    }

    fn revoke(&mut self, invite: usize) -> Answer {
        match self.standing(invite) {
            None => Answer::NoSuchThing,
            Some(standing) => {
                if standing == "open" {
                    self.log.push(Entry::Revoked { invite });
                }
                Answer::Done
            }
        }
    }

    fn resend(&mut self, invite: usize, lifetime: i64) -> Answer {
        let (Some(issued), Some(standing)) = (self.issued(invite), self.standing(invite)) else {
            return Answer::NoSuchThing;
        };
        if standing == "used" {
            return Answer::Refused("invite_used");
        }
        if !self.promises(invite) && !self.has_free(issued.plan) {
            return self.full(issued.plan);
        }
        if !self.is_pending(invite) && CAP <= self.n_pending(issued.plan) {
            return Answer::Refused("too_many_invites");
        }
        self.log.push(Entry::Revoked { invite });
        self.log.push(Entry::Issued(Issued { expires: self.now + lifetime, ..issued }));
        Answer::Done
    }

    fn n_pending(&self, plan: usize) -> u32 {
        let is_one =
            |&it: &usize| self.issued(it).is_some_and(|issued| issued.plan == plan) && self.is_pending(it);
        (0..self.n_invites()).filter(is_one).map(|_| 1).sum()
    }

    fn transfer(&mut self, slot: usize, to: usize) -> Answer {
        let plan = self.slots[slot];
        if !self.is_closed(plan) && !self.members(plan).contains(&to) {
            return Answer::Refused("not_a_member");
        }
        self.on(slot, |plan| Entry::Transferred { plan, to })
    }

    fn on(&mut self, slot: usize, entry: impl Fn(usize) -> Entry) -> Answer {
        let plan = self.slots[slot];
        if self.is_closed(plan) {
            return Answer::NoSuchThing;
        }
        self.log.push(entry(plan));
        Answer::Done
    }
}
