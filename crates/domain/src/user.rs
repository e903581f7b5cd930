//! Users, the plan they have alone, and the plan in force.

use crate::{Email, IndividualPlan, PersonName, PlanId, PlanName, Role, UserId, ZammadUserId};

/// A user as the service knows them: what the identity provider or another service told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The subject of the user's tokens.
    pub id: UserId,
    /// The address last heard of.
    pub email: Option<Email>,
    /// The address that the identity provider last said to have verified, [in lower case](Email::in_lower_case).
    pub verified_email: Option<Email>,
    /// The name last heard of.
    pub name: Option<PersonName>,
    /// What the user has alone, also while a family's plan is in force.
    pub individual_plan: Option<IndividualPlan>,
    /// The helpdesk's user that stands for the same person.
    pub zammad_user_id: Option<ZammadUserId>,
}

impl User {
    /// A user of whom nothing but the id is known.
    #[must_use]
    pub fn new(id: UserId) -> Self {
        Self {
            id,
            email: None,
            verified_email: None,
            name: None,
            individual_plan: None,
            zammad_user_id: None,
        }
    }

    /// The plan in force for this user: the family's while in one, else the individual one. Derived each time,
    /// so that nothing has to be restored when a family is left.
    #[must_use]
    pub fn plan_in_force(&self, family: Option<PlanId>) -> Option<PlanInForce> {
        family.map(PlanInForce::Family).or_else(|| self.individual_plan.clone().map(PlanInForce::Individual))
    }

    /// Whether `edit` would change anything.
    #[must_use]
    pub fn differs_from(&self, edit: &UserEdit) -> bool {
        edit.email.changes(self.email.as_ref())
            || edit.verified_email.changes(self.verified_email.as_ref())
            || edit.name.changes(self.name.as_ref())
            || edit.individual_plan.changes(self.individual_plan.as_ref())
    }

    /// Takes over what `edit` sets.
    pub fn apply(&mut self, edit: &UserEdit) {
        edit.email.apply_to(&mut self.email);
        edit.verified_email.apply_to(&mut self.verified_email);
        edit.name.apply_to(&mut self.name);
        edit.individual_plan.apply_to(&mut self.individual_plan);
    }
}

/// Which plan counts for a user now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanInForce {
    /// The family's.
    Family(PlanId),
    /// The user's own.
    Individual(IndividualPlan),
}

/// A user together with the family they are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who it is.
    pub user: User,
    /// The one family, if any.
    pub family: Option<Family>,
}

impl Person {
    /// The plan in force for this person.
    #[must_use]
    pub fn plan_in_force(&self) -> Option<PlanInForce> {
        self.user.plan_in_force(self.family.as_ref().map(|it| it.plan))
    }
}

/// A user's place in a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// The plan.
    pub plan: PlanId,
    /// Its name.
    pub name: PlanName,
    /// Owner or member.
    pub role: Role,
}

/// What becomes of one field of a record.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Edit<T> {
    /// It stays.
    #[default]
    Keep,
    /// It is replaced; `None` clears it.
    Set(Option<T>),
}

impl<T: PartialEq + Clone> Edit<T> {
    /// Sets a value that is there, keeps what was when there is none.
    #[must_use]
    pub fn from_known(value: Option<T>) -> Self {
        value.map_or(Self::Keep, |it| Self::Set(Some(it)))
    }

    fn changes(&self, current: Option<&T>) -> bool {
        match self {
            Self::Keep => false,
            Self::Set(value) => value.as_ref() != current,
        }
    }

    fn apply_to(&self, current: &mut Option<T>) {
        if let Self::Set(value) = self {
            current.clone_from(value);
        }
    }
}

/// What is newly known about a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserEdit {
    /// Whom it is about.
    pub id: UserId,
    /// The address.
    pub email: Edit<Email>,
    /// The address that the identity provider says to have verified, [in lower case](Email::in_lower_case).
    pub verified_email: Edit<Email>,
    /// The name.
    pub name: Edit<PersonName>,
    /// The plan the user has alone.
    pub individual_plan: Edit<IndividualPlan>,
}

impl UserEdit {
    /// Mentions a user without telling anything about them.
    #[must_use]
    pub fn mention(id: UserId) -> Self {
        Self {
            id,
            email: Edit::Keep,
            verified_email: Edit::Keep,
            name: Edit::Keep,
            individual_plan: Edit::Keep,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn ann() -> User {
        User {
            email: Some(Email::new("ann@example.com").unwrap()),
            individual_plan: Some(IndividualPlan::new("free").unwrap()),
            ..User::new(UserId::new("ann").unwrap())
        }
    }

    #[test]
    fn the_familys_plan_is_in_force_while_a_member_and_the_own_one_otherwise() {
        let family = PlanId::from(Uuid::from_u128(1));
        let own = PlanInForce::Individual(IndividualPlan::new("free").unwrap());
        assert_eq!(ann().plan_in_force(Some(family)), Some(PlanInForce::Family(family)));
        assert_eq!(ann().plan_in_force(None), Some(own));
        assert_eq!(User::new(UserId::new("bob").unwrap()).plan_in_force(None), None);
    }

    #[test]
    fn a_mention_changes_nothing() {
        let edit = UserEdit::mention(ann().id);
        assert!(!ann().differs_from(&edit));
        let mut user = ann();
        user.apply(&edit);
        assert_eq!(user, ann());
    }

    #[test]
    fn an_edit_sets_clears_and_keeps_each_field_by_itself() {
        let edit = UserEdit {
            email: Edit::Set(None),
            name: Edit::from_known(PersonName::new("Ann").ok()),
            individual_plan: Edit::from_known(None),
            ..UserEdit::mention(ann().id)
        };
        assert!(ann().differs_from(&edit));

        let mut user = ann();
        user.apply(&edit);

        assert_eq!(user.email, None);
        assert_eq!(user.name, PersonName::new("Ann").ok());
        assert_eq!(user.individual_plan, ann().individual_plan);
        assert!(!user.differs_from(&edit), "the same edit again changes nothing");
    }
}
