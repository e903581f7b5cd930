//! Settings: seen, replaced, and binding at once.

use family_plan_application::{IssueInviteError, PageSize, Precondition, ReplaceSettingsError};
use family_plan_domain::{
    Capacity, IssueRefusal, Occupancy, ResendRefusal, SettingsRevision, SettingsValues,
};
use family_plan_testkit::fixtures::user_id;

use crate::scene::{Scene, admin, caller, service};

fn limit(seats: i64) -> SettingsValues {
    SettingsValues { user_limit: Capacity::new(seats).unwrap(), ..SettingsValues::default() }
}

#[tokio::test]
async fn a_lowered_limit_binds_the_very_next_invite() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    scene.settings().replace(&admin("ada"), &Precondition::Any, limit(1)).await.unwrap();
    let err = scene.issue(plan, caller("ann")).await.unwrap_err();
    assert!(matches!(err, IssueInviteError::Refused(ResendRefusal::New(IssueRefusal::Full(_)))));
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
    for caller in [caller("ann"), service("billing")] {
        let settings = scene.settings();
        let refusals = [
            settings.read(&caller).await.unwrap_err(),
            settings.replace(&caller, &Precondition::Any, limit(2)).await.unwrap_err(),
            settings.preview(&caller, limit(2)).await.unwrap_err(),
            settings.history(&caller, None, PageSize::default()).await.unwrap_err(),
        ];
        for err in refusals {
            assert!(matches!(err, ReplaceSettingsError::Forbidden));
        }
    }
}

#[tokio::test]
async fn a_preview_counts_who_would_be_over_the_limit_and_changes_nothing() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    scene.join(plan, "ann", "bob").await;
    scene.join(plan, "ann", "cid").await;
    scene.open("zoe").await;
    let before = scene.settings().read(&admin("ada")).await.unwrap();
    let preview = scene.settings().preview(&admin("ada"), limit(1)).await.unwrap();
    assert_eq!(preview, Occupancy { plans: 2, plans_at_limit: 1, plans_over_limit: 1, people_over_limit: 2 });
    assert_eq!(scene.settings().read(&admin("ada")).await.unwrap(), before);
}

#[tokio::test]
async fn the_history_leads_from_page_to_page() {
    let scene = Scene::new();
    let settings = scene.settings();
    for (by, seats) in [("ada", 6), ("eve", 7), ("ada", 8)] {
        settings.replace(&admin(by), &Precondition::Any, limit(seats)).await.unwrap();
    }
    let size = PageSize::new(2).unwrap();
    let page = settings.history(&admin("ada"), None, size).await.unwrap();
    let told: Vec<_> = page.items.iter().map(|it| (it.replaced, it.settings.values)).collect();
    assert_eq!(told, [(limit(7), limit(8)), (limit(6), limit(7))]);
    assert_eq!(page.items[1].settings.updated_by, Some(user_id("eve")));
    let rest = settings.history(&admin("ada"), page.next, size).await.unwrap();
    assert_eq!(rest.items[0].replaced, SettingsValues::default());
    assert_eq!((rest.items.len(), rest.next), (1, None));
}
