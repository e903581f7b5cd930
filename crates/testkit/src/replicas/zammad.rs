//! Several stores of users and of what is known of the helpdesk.

use async_trait::async_trait;
use family_plan_domain::{
    LinkReason, MirroredUser, Origin, Person, Sighting, UserEdit, UserId, ZammadUserId,
    ports::{LinkError, PlanWrite, PlanWrites, StoreError, Users, ZammadUsers},
};
use time::OffsetDateTime;

use super::Replicated;

#[async_trait]
impl<P: Users + ?Sized> Users for Replicated<P> {
    async fn find(&self, user: UserId) -> Result<Option<Person>, StoreError> {
        self.next().find(user).await
    }

    async fn record(&self, edit: UserEdit) -> Result<(), StoreError> {
        self.next().record(edit).await
    }

    async fn of_zammad_users(&self, zammad_users: Vec<ZammadUserId>) -> Result<Vec<Person>, StoreError> {
        self.next().of_zammad_users(zammad_users).await
    }

    async fn link(
        &self,
        user: UserId,
        zammad_user: ZammadUserId,
        reason: LinkReason,
        origin: &Origin,
    ) -> Result<bool, LinkError> {
        self.next().link(user, zammad_user, reason, origin).await
    }

    async fn unlink(&self, user: UserId, origin: &Origin) -> Result<bool, StoreError> {
        self.next().unlink(user, origin).await
    }
}

#[async_trait]
impl<P: ZammadUsers + ?Sized> ZammadUsers for Replicated<P> {
    async fn record(&self, sightings: Vec<Sighting>) -> Result<u64, StoreError> {
        self.next().record(sightings).await
    }

    async fn find(&self, user: ZammadUserId) -> Result<Option<MirroredUser>, StoreError> {
        self.next().find(user).await
    }

    async fn not_seen_since(
        &self,
        before: OffsetDateTime,
        after: Option<ZammadUserId>,
        limit: usize,
    ) -> Result<Vec<ZammadUserId>, StoreError> {
        self.next().not_seen_since(before, after, limit).await
    }

    async fn vanish(&self, users: Vec<ZammadUserId>, at: OffsetDateTime) -> Result<(), StoreError> {
        self.next().vanish(users, at).await
    }

    async fn matches(&self, users: Vec<ZammadUserId>) -> Result<Vec<(UserId, ZammadUserId)>, StoreError> {
        self.next().matches(users).await
    }

    async fn match_of(&self, user: UserId) -> Result<Option<ZammadUserId>, StoreError> {
        self.next().match_of(user).await
    }
}

#[async_trait]
impl<P: PlanWrites + ?Sized> PlanWrites for Replicated<P> {
    async fn enqueue(&self, zammad_users: Vec<ZammadUserId>, at: OffsetDateTime) -> Result<(), StoreError> {
        self.next().enqueue(zammad_users, at).await
    }

    async fn claim(
        &self,
        limit: usize,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<PlanWrite>, StoreError> {
        self.next().claim(limit, now, until).await
    }

    async fn finish(&self, write: PlanWrite) -> Result<bool, StoreError> {
        self.next().finish(write).await
    }

    async fn postpone(&self, write: PlanWrite, at: OffsetDateTime) -> Result<(), StoreError> {
        self.next().postpone(write, at).await
    }
}
