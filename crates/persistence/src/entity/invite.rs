//! Rows of `invites`.

use family_plan_domain::{CodeHash, Email, Invite, InviteState, JoinedBy, PlanId, TokenHash, UserId};
use sea_orm::{ActiveValue::Set, entity::prelude::*};

use crate::{
    error::{InColumn, SqlError},
    instant::{from_millis, to_millis},
};

pub(crate) const OPEN: &str = "open";
pub(crate) const USED: &str = "used";
pub(crate) const REVOKED: &str = "revoked";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invites")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) plan_id: Uuid,
    pub(crate) state: String,
    pub(crate) reopened: bool,
    pub(crate) recipient_email: Option<String>,
    pub(crate) issued_by: String,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) used_by: Option<String>,
    pub(crate) used_at: Option<i64>,
    pub(crate) code_hash: Vec<u8>,
    pub(crate) token_hash: Vec<u8>,
    pub(crate) token_given_up_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Invite {
    type Error = SqlError;

    fn try_from(row: Model) -> Result<Self, SqlError> {
        let state = match row.state.as_str() {
            OPEN => Ok(InviteState::Open),
            USED => {
                let by = row.used_by.as_deref().ok_or("it is null").in_column("invites.used_by")?;
                let at = row.used_at.ok_or("it is null").in_column("invites.used_at")?;
                Ok(InviteState::Used {
                    by: UserId::new(by).in_column("invites.used_by")?,
                    at: from_millis(at).in_column("invites.used_at")?,
                })
            }
            REVOKED => Ok(InviteState::Revoked),
            _ => Err("it is no state"),
        };
        let recipient = row.recipient_email.as_deref().map(Email::new).transpose();
        Ok(Self {
            id: row.id.into(),
            state: state.in_column("invites.state")?,
            reopened: row.reopened,
            recipient: recipient.in_column("invites.recipient_email")?,
            issued_by: UserId::new(&row.issued_by).in_column("invites.issued_by")?,
            created_at: from_millis(row.created_at).in_column("invites.created_at")?,
            expires_at: from_millis(row.expires_at).in_column("invites.expires_at")?,
        })
    }
}

impl TryFrom<Model> for JoinedBy {
    type Error = SqlError;

    fn try_from(row: Model) -> Result<Self, SqlError> {
        Ok(Self {
            invite: row.id.into(),
            bound_to_recipient: row.recipient_email.is_some(),
            expires_at: from_millis(row.expires_at).in_column("invites.expires_at")?,
        })
    }
}

/// The row of an invite that was just issued.
pub(crate) fn issued(plan: PlanId, invite: &Invite, code: &CodeHash, token: &TokenHash) -> ActiveModel {
    ActiveModel {
        id: Set(invite.id.into()),
        plan_id: Set(plan.into()),
        state: Set(OPEN.to_owned()),
        reopened: Set(invite.reopened),
        recipient_email: Set(invite.recipient.as_ref().map(ToString::to_string)),
        issued_by: Set(invite.issued_by.to_string()),
        created_at: Set(to_millis(invite.created_at)),
        expires_at: Set(to_millis(invite.expires_at)),
        used_by: Set(None),
        used_at: Set(None),
        code_hash: Set(code.as_ref().to_vec()),
        token_hash: Set(token.as_ref().to_vec()),
        token_given_up_at: Set(None),
    }
}
