//! Users, and the plan in force for them.

use family_plan_application::UserReport;
use family_plan_domain::{Email, IndividualPlan, Person, PersonName, PlanInForce};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use super::{Role, ZammadUserState};
use crate::api::nullable::Nullable;

/// Whose plan it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum PlanKind {
    /// A family's.
    Family,
    /// The user's own.
    Individual,
}

/// The plan that counts for a user now: the family's while in one, else the individual one.
#[derive(Debug, Object)]
#[oai(rename = "PlanInForce", skip_serializing_if_is_none)]
pub(crate) struct PlanInForceView {
    /// Whose plan it is.
    kind: PlanKind,
    /// The family plan's id.
    plan_id: Option<Uuid>,
    /// The individual plan's code.
    code: Option<String>,
}

impl From<PlanInForce> for PlanInForceView {
    fn from(plan: PlanInForce) -> Self {
        match plan {
            PlanInForce::Family(plan) => {
                Self { kind: PlanKind::Family, plan_id: Some(plan.into()), code: None }
            }
            PlanInForce::Individual(code) => {
                Self { kind: PlanKind::Individual, plan_id: None, code: Some(code.to_string()) }
            }
        }
    }
}

/// A user's place in a family.
#[derive(Debug, Object)]
pub(crate) struct FamilyPlan {
    /// The plan.
    plan_id: Uuid,
    /// Its name.
    name: String,
    /// What the user is in it.
    role: Role,
}

/// The caller.
#[derive(Debug, Object)]
#[oai(rename = "Me")]
pub(crate) struct MeView {
    /// The caller's id.
    user_id: String,
    /// Their address.
    email: Nullable<String>,
    /// Their name.
    name: Nullable<String>,
    /// The plan that they have alone.
    individual_plan: Nullable<String>,
    /// The plan that counts for them now.
    plan_in_force: Nullable<PlanInForceView>,
    /// The family they are in.
    family_plan: Nullable<FamilyPlan>,
    /// The helpdesk's user that stands for them.
    zammad_user_id: Nullable<i64>,
}

impl From<Person> for MeView {
    fn from(person: Person) -> Self {
        let plan_in_force = Nullable(person.plan_in_force().map(Into::into));
        let Person { user, family } = person;
        Self {
            user_id: user.id.to_string(),
            email: user.email.as_ref().map(Email::to_string).into(),
            name: user.name.as_ref().map(PersonName::to_string).into(),
            individual_plan: user.individual_plan.as_ref().map(IndividualPlan::to_string).into(),
            plan_in_force,
            family_plan: Nullable(family.map(|it| FamilyPlan {
                plan_id: it.plan.into(),
                name: it.name.to_string(),
                role: it.role.into(),
            })),
            zammad_user_id: user.zammad_user_id.map(|it| it.0).into(),
        }
    }
}

/// A user as other services see them.
#[derive(Debug, Object)]
#[oai(rename = "User")]
pub(crate) struct UserView {
    /// The user's id.
    user_id: String,
    /// Their address.
    email: Nullable<String>,
    /// Their name.
    name: Nullable<String>,
    /// The plan that they have alone.
    individual_plan: Nullable<String>,
    /// The plan that counts for them now.
    plan_in_force: Nullable<PlanInForceView>,
    /// The helpdesk's user that stands for them.
    zammad_user_id: Nullable<i64>,
    /// What is known of that user; `null` when there is none.
    zammad_user_state: Nullable<ZammadUserState>,
}

impl From<UserReport> for UserView {
    fn from(UserReport { person, zammad_user }: UserReport) -> Self {
        let is_linked = person.user.zammad_user_id.is_some();
        let zammad_user_state = is_linked.then(|| zammad_user.as_ref().into()).into();
        let MeView { user_id, email, name, individual_plan, plan_in_force, zammad_user_id, .. } =
            person.into();
        Self { user_id, email, name, individual_plan, plan_in_force, zammad_user_id, zammad_user_state }
    }
}
