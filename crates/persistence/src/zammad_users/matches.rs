//! Whom addresses call to be associated.

use family_plan_domain::{UserId, ZammadUserId};
use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, JoinType, Query, SelectStatement},
};

use crate::{
    entity::{user, zammad_user},
    error::{InColumn, SqlError},
};

const OURS: &str = "ours";
const THEIRS: &str = "theirs";
const OTHER: &str = "other";

pub(super) async fn among(
    connection: &impl ConnectionTrait,
    users: &[ZammadUserId],
) -> Result<Vec<(UserId, ZammadUserId)>, SqlError> {
    let theirs = Expr::col((THEIRS, zammad_user::Column::ZammadUserId));
    read(connection, theirs.is_in(users.iter().map(|it| it.0))).await
}

pub(crate) async fn of(
    connection: &impl ConnectionTrait,
    user: &UserId,
) -> Result<Option<ZammadUserId>, SqlError> {
    let matches = read(connection, Expr::col((OURS, user::Column::Id)).eq(user.as_str())).await?;
    Ok(matches.into_iter().next().map(|(_, zammad_user)| zammad_user))
}

async fn read(
    connection: &impl ConnectionTrait,
    which: Expr,
) -> Result<Vec<(UserId, ZammadUserId)>, SqlError> {
    let rows = connection.query_all(&select().and_where(which).take()).await?;
    rows.iter()
        .map(|row| {
            let user: String = row.try_get("", "id")?;
            let zammad_user = row.try_get("", "zammad_user_id")?;
            Ok((UserId::new(&user).in_column("users.id")?, ZammadUserId(zammad_user)))
        })
        .collect()
}

/// Both columns hold addresses in lower case.
fn select() -> SelectStatement {
    use user::Column::{Id, VerifiedEmail, ZammadUnlinkedAt, ZammadUserId};
    use zammad_user::Column as Zammad;

    let same_of_ours = Query::select()
        .column((OTHER, Id))
        .from_as(user::Entity, OTHER)
        .and_where(Expr::col((OTHER, VerifiedEmail)).equals((THEIRS, Zammad::Email)))
        .and_where(Expr::col((OTHER, Id)).not_equals((OURS, Id)))
        .take();
    let same_of_theirs = Query::select()
        .column((OTHER, Zammad::ZammadUserId))
        .from_as(zammad_user::Entity, OTHER)
        .and_where(Expr::col((OTHER, Zammad::Email)).equals((THEIRS, Zammad::Email)))
        .and_where(Expr::col((OTHER, Zammad::ZammadUserId)).not_equals((THEIRS, Zammad::ZammadUserId)))
        .and_where(stands_for_somebody(OTHER))
        .take();
    let associated = Query::select()
        .column((OTHER, Id))
        .from_as(user::Entity, OTHER)
        .and_where(Expr::col((OTHER, ZammadUserId)).equals((THEIRS, Zammad::ZammadUserId)))
        .take();
    Query::select()
        .column((OURS, Id))
        .column((THEIRS, Zammad::ZammadUserId))
        .from_as(zammad_user::Entity, THEIRS)
        .join_as(
            JoinType::InnerJoin,
            user::Entity,
            OURS,
            Expr::col((OURS, VerifiedEmail)).equals((THEIRS, Zammad::Email)),
        )
        .and_where(stands_for_somebody(THEIRS))
        .and_where(Expr::col((OURS, ZammadUserId)).is_null())
        .and_where(Expr::col((OURS, ZammadUnlinkedAt)).is_null())
        .and_where(Expr::not_exists(same_of_ours))
        .and_where(Expr::not_exists(same_of_theirs))
        .and_where(Expr::not_exists(associated))
        .take()
}

fn stands_for_somebody(table: &'static str) -> Expr {
    use zammad_user::Column;

    Expr::col((table, Column::ZammadUserId))
        .ne(ZammadUserId::SYSTEM.0)
        .and(Expr::col((table, Column::VanishedAt)).is_null())
}
