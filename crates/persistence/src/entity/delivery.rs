//! Rows of `zammad_deliveries`.

use family_plan_domain::{Delivery, DeliveryState, NewDelivery};
use sea_orm::{ActiveValue::Set, entity::prelude::*};

use crate::{
    error::{InColumn, SqlError},
    instant::{from_millis, to_millis},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "zammad_deliveries")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) digest: Vec<u8>,
    pub(crate) delivery_id: Option<String>,
    pub(crate) received_at: i64,
    pub(crate) state: String,
    pub(crate) attempts: i32,
    pub(crate) reason: Option<String>,
    pub(crate) size: i64,
    pub(crate) claimed_by: Option<Uuid>,
    pub(crate) claimed_until: Option<i64>,
    pub(crate) settled_at: Option<i64>,
    pub(crate) body: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What a list shows: not the body.
#[derive(Clone, Debug, DerivePartialModel)]
#[sea_orm(entity = "Entity")]
pub(crate) struct Listed {
    id: Uuid,
    delivery_id: Option<String>,
    received_at: i64,
    state: String,
    attempts: i32,
    reason: Option<String>,
}

impl TryFrom<Listed> for Delivery {
    type Error = SqlError;

    fn try_from(row: Listed) -> Result<Self, SqlError> {
        let state = DeliveryState::parse(&row.state).ok_or("it is no state");
        Ok(Self {
            id: row.id.into(),
            delivery_id: row.delivery_id,
            received_at: from_millis(row.received_at).in_column("zammad_deliveries.received_at")?,
            state: state.in_column("zammad_deliveries.state")?,
            attempts: u32::try_from(row.attempts).in_column("zammad_deliveries.attempts")?,
            reason: row.reason,
        })
    }
}

/// A delivery that nobody has taken on.
impl TryFrom<NewDelivery> for ActiveModel {
    type Error = SqlError;

    fn try_from(delivery: NewDelivery) -> Result<Self, SqlError> {
        Ok(Self {
            id: Set(delivery.id.into()),
            digest: Set(delivery.digest.to_vec()),
            delivery_id: Set(delivery.delivery_id),
            received_at: Set(to_millis(delivery.received_at)),
            state: Set(DeliveryState::Pending.as_str().to_owned()),
            attempts: Set(0),
            reason: Set(None),
            size: Set(i64::try_from(delivery.body.len()).in_column("zammad_deliveries.size")?),
            claimed_by: Set(None),
            claimed_until: Set(None),
            settled_at: Set(None),
            body: Set(delivery.body),
        })
    }
}
