//! Users together with the family they are in.

use family_plan_domain::{Family, Person, PlanName, Role, User};
use sea_orm::{
    QueryResult,
    sea_query::{Expr, ExprTrait, JoinType, SelectStatement},
};

use crate::{
    entity::{membership, plan, user},
    error::{InColumn, SqlError},
    rows,
};

/// What a statement calls the table `users` where it looks for a person.
pub(crate) const PERSON: &str = "users";
/// What it calls the table `plans` for their family.
pub(crate) const FAMILY: &str = "plans";
const PLACE: &str = "place";

/// Selects the [person](PERSON), and joins and selects their family.
pub(crate) fn select(query: &mut SelectStatement) {
    use membership::Column::{ActiveUserId, PlanId};

    rows::select::<user::Entity>(query, PERSON);
    rows::select::<plan::Entity>(query, FAMILY);
    query
        .join_as(
            JoinType::LeftJoin,
            membership::Entity,
            PLACE,
            Expr::col((PLACE, ActiveUserId)).equals((PERSON, user::Column::Id)),
        )
        .join_as(
            JoinType::LeftJoin,
            plan::Entity,
            FAMILY,
            Expr::col((FAMILY, plan::Column::Id)).equals((PLACE, PlanId)),
        );
}

/// Reads what was [selected](select); `None` when there is no such person.
pub(crate) fn read(row: &QueryResult) -> Result<Option<Person>, SqlError> {
    let Some(user) = rows::read::<Option<user::Model>>(row, PERSON)? else {
        return Ok(None);
    };
    let family =
        rows::read::<Option<plan::Model>>(row, FAMILY)?.map(|plan| family(&user, &plan)).transpose()?;
    Ok(Some(Person { user: User::try_from(user)?, family }))
}

fn family(user: &user::Model, plan: &plan::Model) -> Result<Family, SqlError> {
    Ok(Family {
        plan: plan.id.into(),
        name: PlanName::new(&plan.name).in_column("plans.name")?,
        role: if plan.owner_id == user.id { Role::Owner } else { Role::Member },
    })
}
