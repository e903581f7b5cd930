//! People and plans to test with.

use std::sync::Arc;

use family_plan_domain::{
    Candidate, CodeHash, Edit, Email, Invite, InviteCap, InviteId, NewInvite, Origin, PersonName, Plan,
    PlanName, Settings, SettingsRevision, SettingsValues, Sighting, TokenHash, User, UserEdit, UserId,
    ZammadUser, ZammadUserId, ports::Ids,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::START;

/// The id of a user.
///
/// # Panics
///
/// When `id` is none.
#[must_use]
pub fn user_id(id: &str) -> UserId {
    UserId::new(id).expect("a test chooses valid ids")
}

/// A user of whom the name and the address are known.
///
/// # Panics
///
/// When `id` is none.
#[must_use]
pub fn user(id: &str) -> User {
    User {
        name: PersonName::new(id).ok(),
        email: Email::new(&format!("{id}@example.com")).ok(),
        ..User::new(user_id(id))
    }
}

/// An e-mail address.
///
/// # Panics
///
/// When `address` is none.
#[must_use]
pub fn email(address: &str) -> Email {
    Email::new(address).expect("a test chooses valid addresses")
}

/// The settings as they are before anybody changes them.
#[must_use]
pub fn default_settings() -> Settings {
    Settings {
        values: SettingsValues::default(),
        revision: SettingsRevision(1),
        updated_at: START,
        updated_by: None,
    }
}

/// What `actor` causes at `at`.
#[must_use]
pub fn origin(actor: &UserId, at: OffsetDateTime) -> Origin {
    Origin { actor: Some(actor.clone()), request_id: Some("test".to_owned()), at }
}

/// Somebody who holds an invite's link, is in no plan, and whose address nobody verified.
#[must_use]
pub fn candidate(user: User) -> Candidate {
    Candidate { user, verified_email: None, current_plan: None, detached_from_invite: false }
}

/// An invite to be issued at `now` for two days.
#[must_use]
pub fn new_invite(id: InviteId, issued_by: &UserId, now: OffsetDateTime) -> NewInvite {
    NewInvite {
        id,
        code: code_of(id),
        token: TokenHash::from([0xab; 32]),
        issued_by: issued_by.clone(),
        expires_at: now + Duration::days(2),
    }
}

/// What the code of that invite hashes to, if it is a [`new_invite`].
#[must_use]
pub fn code_of(invite: InviteId) -> CodeHash {
    let id = *Uuid::from(invite).as_bytes();
    let mut digest = [0xff; 32];
    digest[..16].copy_from_slice(&id);
    CodeHash::from(digest)
}

/// A user of the helpdesk with an address of their own, who last changed at `updated_at`.
#[must_use]
pub fn zammad_user(id: i64, updated_at: OffsetDateTime) -> ZammadUser {
    ZammadUser {
        id: ZammadUserId(id),
        email: Some(format!("zammad{id}@example.com")),
        firstname: "Zoe".to_owned(),
        lastname: format!("Zammad {id}"),
        active: true,
        updated_at,
    }
}

/// What a webhook tells: that `user` was there when they last changed.
#[must_use]
pub fn sighting(user: ZammadUser) -> Sighting {
    let at = user.updated_at;
    Sighting { user, at }
}

/// Builds plans that exist in no store, under the default settings.
pub struct PlanBuilder {
    plan: Plan,
    ids: Arc<dyn Ids>,
    now: OffsetDateTime,
}

impl PlanBuilder {
    /// A plan of `owner`, who is alone in it.
    ///
    /// # Panics
    ///
    /// When `owner` is no user id.
    #[must_use]
    pub fn new(owner: &str, ids: Arc<dyn Ids>) -> Self {
        let name = PlanName::new("The Hills").expect("it is a name");
        Self { plan: Plan::open(ids.next().into(), name, user(owner), START), ids, now: START }
    }

    /// One more member, who came by an invite of their own.
    ///
    /// # Panics
    ///
    /// When `member` is no user id, or there is no seat for them.
    #[must_use]
    pub fn with_member(mut self, member: &str) -> Self {
        let invite = self.issue();
        self.plan
            .accept(&invite, candidate(user(member)), self.now, &default_settings())
            .expect("there is a seat");
        self
    }

    /// One more open invite.
    ///
    /// # Panics
    ///
    /// When there is no seat for it.
    #[must_use]
    pub fn with_invite(mut self) -> Self {
        self.issue();
        self
    }

    /// The plan, with everything that made it as its changes.
    #[must_use]
    pub fn build(self) -> Plan {
        self.plan
    }

    fn issue(&mut self) -> Invite {
        let invite = new_invite(self.ids.next().into(), self.plan.owner(), self.now);
        self.plan
            .issue(invite, None, InviteCap::default(), self.now, &default_settings())
            .expect("there is a seat")
    }
}

/// What makes a store know `user`.
#[must_use]
pub fn introduction(user: &User) -> UserEdit {
    UserEdit {
        id: user.id.clone(),
        email: Edit::Set(user.email.clone()),
        verified_email: Edit::Set(user.verified_email.clone()),
        name: Edit::Set(user.name.clone()),
        individual_plan: Edit::Set(user.individual_plan.clone()),
    }
}
