//! Who asks for something.

use family_plan_domain::{Candidate, Edit, Email, Origin, PersonName, User, UserEdit, UserId};
use time::OffsetDateTime;

/// Who asks, as their token says, and in which request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The subject of the token.
    pub user: UserId,
    /// Their address.
    pub email: Option<Email>,
    /// Whether the identity provider has verified the address.
    pub email_verified: bool,
    /// Their name.
    pub name: Option<PersonName>,
    /// Whether they administer the service.
    pub is_admin: bool,
    /// Whether it is another service that acts for users.
    pub is_service: bool,
    /// The request's id, for the history and the logs.
    pub request_id: String,
}

impl Caller {
    /// Whether this is somebody who can be in a plan: everybody but a service that is nothing else.
    #[must_use]
    pub fn is_person(&self) -> bool {
        !self.is_service || self.is_admin
    }

    /// Whether they may do for any user what users may do for themselves.
    #[must_use]
    pub fn may_act_for_others(&self) -> bool {
        self.is_admin || self.is_service
    }

    pub(crate) fn origin(&self, at: OffsetDateTime) -> Origin {
        Origin { actor: Some(self.user.clone()), request_id: Some(self.request_id.clone()), at }
    }

    /// What the token tells of its subject.
    pub(crate) fn profile(&self) -> UserEdit {
        UserEdit {
            email: Edit::from_known(self.email.clone()),
            verified_email: self
                .email
                .as_ref()
                .map_or(Edit::Keep, |_| Edit::Set(self.verified_email().map(|it| it.in_lower_case()))),
            name: Edit::from_known(self.name.clone()),
            ..UserEdit::mention(self.user.clone())
        }
    }

    pub(crate) fn verified_email(&self) -> Option<Email> {
        self.email.clone().filter(|_| self.email_verified)
    }

    /// The caller as a candidate of whom nothing was known so far.
    pub(crate) fn as_newcomer(&self) -> Candidate {
        Candidate {
            user: User::new(self.user.clone()),
            verified_email: self.verified_email(),
            current_plan: None,
            detached_from_invite: false,
        }
    }
}
