//! Rows of `idempotency_keys`.

use family_plan_domain::{KeyedRequest, Lease};
use sea_orm::{ActiveValue::Set, entity::prelude::*};

use crate::instant::to_millis;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) digest: Vec<u8>,
    pub(crate) body: Vec<u8>,
    pub(crate) holder: Uuid,
    #[sea_orm(column_type = "Text", nullable)]
    pub(crate) answer: Option<String>,
    pub(crate) expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The row of a request that somebody begins to carry out.
pub(crate) fn claimed(request: &KeyedRequest, lease: Lease) -> ActiveModel {
    ActiveModel {
        digest: Set(request.key.as_ref().to_vec()),
        body: Set(request.body.as_ref().to_vec()),
        holder: Set(lease.holder),
        answer: Set(None),
        expires_at: Set(to_millis(lease.until)),
    }
}
