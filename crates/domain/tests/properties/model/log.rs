//! What happened, and what follows from it at this moment.

use super::Model;
use crate::command::Answer;

/// Something that happened. Plans and invites are counted from 0.
pub(super) enum Entry {
    Opened { plan: usize, owner: usize },
    Closed { plan: usize },
    Transferred { plan: usize, to: usize },
    Limited { plan: usize, limit: Option<u32> },
    Set { limit: u32, holding: bool, revoking: bool },
    Issued(Issued),
    Revoked { invite: usize },
    Joined { plan: usize, invite: usize, person: usize },
    Left { plan: usize, person: usize, revoking: bool },
}

#[derive(Clone, Copy)]
pub(super) struct Issued {
    pub(super) plan: usize,
    pub(super) recipient: Option<usize>,
    pub(super) expires: i64,
}

impl Model {
    pub(super) fn settings(&self) -> (u32, bool, bool) {
        let set = |it: &Entry| match *it {
            Entry::Set { limit, holding, revoking } => Some((limit, holding, revoking)),
            _ => None,
        };
        self.log.iter().rev().find_map(set).expect("the log begins with the settings")
    }

    pub(super) fn issues(&self) -> impl Iterator<Item = Issued> {
        self.log.iter().filter_map(|it| match *it {
            Entry::Issued(issued) => Some(issued),
            _ => None,
        })
    }

    pub(super) fn n_invites(&self) -> usize {
        self.issues().count()
    }

    pub(super) fn issued(&self, invite: usize) -> Option<Issued> {
        self.issues().nth(invite)
    }

    pub(super) fn is_closed(&self, plan: usize) -> bool {
        self.log.iter().any(|it| matches!(*it, Entry::Closed { plan: closed } if closed == plan))
    }

    pub(super) fn owner(&self, plan: usize) -> usize {
        let owner = |it: &Entry| match *it {
            Entry::Opened { plan: opened, owner } if opened == plan => Some(owner),
            Entry::Transferred { plan: transferred, to } if transferred == plan => Some(to),
            _ => None,
        };
        self.log.iter().rev().find_map(owner).expect("a plan was opened by somebody")
    }

    pub(super) fn limit(&self, plan: usize) -> u32 {
        let limited = |it: &Entry| match *it {
            Entry::Limited { plan: limited, limit } if limited == plan => Some(limit),
            _ => None,
        };
        let own = self.log.iter().rev().find_map(limited).flatten();
        own.unwrap_or(self.settings().0)
    }

    pub(super) fn members(&self, plan: usize) -> Vec<usize> {
        let mut members = Vec::new();
        for entry in &self.log {
            match *entry {
                Entry::Opened { plan: there, owner } if there == plan => members.push(owner),
                Entry::Joined { plan: there, person, .. } if there == plan => members.push(person),
                Entry::Left { plan: there, person, .. } if there == plan => {
                    members.retain(|it| *it != person);
                }
                Entry::Closed { plan: there } if there == plan => members.clear(),
                _ => (),
            }
        }
        members
    }

    pub(super) fn taken(&self, plan: usize) -> u32 {
        u32::try_from(self.members(plan).len()).expect("few people")
    }

    pub(super) fn promised(&self, plan: usize) -> u32 {
        let promises = |(invite, issued): (usize, Issued)| issued.plan == plan && self.promises(invite);
        let n_promised = self.issues().enumerate().filter(|it| promises(*it)).count();
        u32::try_from(n_promised).expect("few invites")
    }

    pub(super) fn has_free(&self, plan: usize) -> bool {
        let with_one_more = self.taken(plan) + self.promised(plan) + 1;
        with_one_more <= self.limit(plan)
    }

    pub(super) fn full(&self, plan: usize) -> Answer {
        Answer::Full { limit: self.limit(plan), used: self.taken(plan), held: self.promised(plan) }
    }

    pub(super) fn promises(&self, invite: usize) -> bool {
        let (_, holding, _) = self.settings();
        holding && self.is_pending(invite)
    }

    pub(super) fn is_pending(&self, invite: usize) -> bool {
        self.standing(invite) == Some("open") && self.stays(invite).next().is_none()
    }

    /// Everybody who ever came by the invite, and how they left, if they did.
    pub(super) fn stays(&self, invite: usize) -> impl Iterator<Item = (usize, Option<&Entry>)> {
        self.log.iter().enumerate().filter_map(move |(idx, entry)| match *entry {
            Entry::Joined { plan, invite: by, person } if by == invite => {
                let ends = |it: &&Entry| {
                    matches!(**it, Entry::Left { plan: left, person: who, .. } if left == plan && who == person)
                };
                Some((person, self.log[idx..].iter().find(ends)))
            }
            _ => None,
        })
    }

    pub(super) fn holder(&self, invite: usize) -> Option<usize> {
        self.stays(invite).find(|(_, end)| end.is_none()).map(|(person, _)| person)
    }

    pub(super) fn was_detached_from(&self, invite: usize, person: usize) -> bool {
        self.stays(invite).any(|(who, end)| who == person && end.is_some())
    }

    pub(super) fn is_revoked(&self, invite: usize) -> bool {
        let is_bound = self.issued(invite).is_some_and(|it| it.recipient.is_some());
        let revoked = |it: &Entry| matches!(*it, Entry::Revoked { invite: revoked } if revoked == invite);
        self.log.iter().any(revoked)
            || self.stays(invite).any(|(_, end)| match end {
                Some(Entry::Left { revoking, .. }) => *revoking || is_bound,
                _ => false,
            })
    }
}
