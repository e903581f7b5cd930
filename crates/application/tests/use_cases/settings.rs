//! Settings: seen, replaced, and binding at once.

use family_plan_application::{IssueInviteError, Precondition, ReplaceSettingsError};
use family_plan_domain::{Capacity, ResendRefusal, SettingsRevision, SettingsValues};

use crate::scene::{Scene, admin, caller};

fn limit(seats: i64) -> SettingsValues {
    SettingsValues { user_limit: Capacity::new(seats).unwrap(), ..SettingsValues::default() }
}

#[tokio::test]
async fn a_lowered_limit_binds_the_very_next_invite() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    scene.settings().replace(&admin("ada"), &Precondition::Any, limit(1)).await.unwrap();
    let err = scene.issue(plan, caller("ann")).await.unwrap_err();
    assert!(matches!(err, IssueInviteError::Refused(ResendRefusal::Full(_))));
}

#[tokio::test]
async fn only_those_who_saw_the_settings_in_force_replace_them() {
    let scene = Scene::new();
    let settings = scene.settings();
    let seen = Precondition::OneOf(vec![SettingsRevision(1)]);
    let replaced = settings.replace(&admin("ada"), &seen, limit(7)).await.unwrap();
    assert_eq!(replaced.revision, SettingsRevision(2));
    assert_eq!(replaced.updated_by, Some(admin("ada").user));
    let err = settings.replace(&admin("eve"), &seen, limit(9)).await.unwrap_err();
    assert!(matches!(err, ReplaceSettingsError::PreconditionFailed));
    assert_eq!(settings.read(&admin("ada")).await.unwrap().values, limit(7));
}

#[tokio::test]
async fn nobody_but_administrators_deals_with_settings() {
    let scene = Scene::new();
    let err = scene.settings().read(&caller("ann")).await.unwrap_err();
    assert!(matches!(err, ReplaceSettingsError::Forbidden));
    let err = scene.settings().replace(&caller("ann"), &Precondition::Any, limit(2)).await.unwrap_err();
    assert!(matches!(err, ReplaceSettingsError::Forbidden));
}
