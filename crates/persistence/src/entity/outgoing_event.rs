//! Rows of `outgoing_events`: what an endpoint is, or was, to be told.

use family_plan_domain::{Attempt, Event, FeedPlace, Outgoing, OutgoingState};
use sea_orm::entity::prelude::*;

use crate::{
    error::{InColumn, SqlError},
    instant::from_millis,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outgoing_events")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) endpoint_id: Uuid,
    /// The event's place in the feed.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) sequence: i64,
    pub(crate) lane: Uuid,
    pub(crate) state: String,
    pub(crate) attempts: i32,
    pub(crate) attempted_at: Option<i64>,
    pub(crate) status: Option<i32>,
    pub(crate) failure: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The row together with the event that it is about.
    pub(crate) fn about(self, event: &Event) -> Result<Outgoing, SqlError> {
        let state = OutgoingState::parse(&self.state).ok_or("it is no state");
        let status = self.status.map(u16::try_from).transpose().in_column("outgoing_events.status")?;
        let last_attempt = self.attempted_at.map(|at| {
            let at = from_millis(at).in_column("outgoing_events.attempted_at")?;
            Ok(Attempt { at, status, failure: self.failure })
        });
        Ok(Outgoing {
            event: event.id,
            place: FeedPlace(self.sequence),
            kind: event.kind,
            plan: event.plan,
            happened_at: event.at,
            state: state.in_column("outgoing_events.state")?,
            attempts: u32::try_from(self.attempts).in_column("outgoing_events.attempts")?,
            last_attempt: last_attempt.transpose().map_err(|err: SqlError| err)?,
        })
    }
}
