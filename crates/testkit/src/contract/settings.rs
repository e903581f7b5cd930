//! The settings.

use std::sync::Arc;

use family_plan_domain::{
    Capacity, DetachedInvites, InviteTtl, LinkReason, SettingsChange, SettingsRevision, SettingsValues,
    ZammadUserId, ports::SaveError,
};
use time::Duration;

use super::{
    Stores,
    world::{World, at_once},
};
use crate::fixtures::{origin, user_id};

pub async fn the_settings_start_with_the_defaults(stores: Stores) {
    let settings = stores.settings.load().await.unwrap();
    assert_eq!(settings.values, SettingsValues::default());
    assert_eq!(settings.revision, SettingsRevision(1));
    assert_eq!(settings.updated_by, None);
}

pub async fn settings_are_replaced(stores: Stores) {
    let world = World::new(stores);
    world.clock.advance(Duration::milliseconds(1));
    let values = SettingsValues {
        user_limit: Capacity::new(100).unwrap(),
        invite_ttl: InviteTtl::new(2_592_000).unwrap(),
        pending_invites_hold_seats: false,
        detached_invites: DetachedInvites::Revoke,
    };
    let origin = origin(&user_id("admin"), world.now());
    let settings = &world.stores.settings;
    let replaced = settings.replace(SettingsRevision(1), values, &origin).await.unwrap();
    assert_eq!(replaced.values, values);
    assert_eq!(replaced.revision, SettingsRevision(2));
    assert_eq!(replaced.updated_at, world.now());
    assert_eq!(replaced.updated_by, Some(user_id("admin")));
    assert_eq!(settings.load().await.unwrap(), replaced);

    let plan = world.plan_of("ann").await;
    assert_eq!(world.load(plan).await.settings, replaced);
}

pub async fn the_same_settings_change_nothing(stores: Stores) {
    let before = stores.settings.load().await.unwrap();
    let origin = origin(&user_id("admin"), crate::START + Duration::hours(1));
    let replaced = stores.settings.replace(before.revision, before.values, &origin).await;
    assert_eq!(replaced.unwrap(), before);
    assert_eq!(stores.settings.load().await.unwrap(), before);
}

pub async fn settings_of_an_old_revision_are_stale(stores: Stores) {
    let world = World::new(stores);
    let changed = world.change_settings(|it| it.user_limit = Capacity::new(9).unwrap()).await;
    let origin = origin(&user_id("admin"), world.now());
    for values in [SettingsValues::default(), changed.values] {
        let replaced = world.stores.settings.replace(SettingsRevision(1), values, &origin).await;
        assert!(matches!(replaced, Err(SaveError::Stale)));
    }
    assert_eq!(world.stores.settings.load().await.unwrap(), changed);
}

pub async fn one_of_many_replaces_the_settings(stores: Stores) {
    let world = Arc::new(World::new(stores));
    let replaced = at_once((2..18).map(|limit| {
        let world = Arc::clone(&world);
        async move {
            let values = SettingsValues {
                user_limit: Capacity::new(limit + 10).unwrap(),
                ..SettingsValues::default()
            };
            let origin = origin(&user_id("admin"), world.now());
            world.stores.settings.replace(SettingsRevision(1), values, &origin).await
        }
    }))
    .await;
    let winners: Vec<_> = replaced.iter().filter_map(|it| it.as_ref().ok()).collect();
    assert_eq!(winners, [&world.stores.settings.load().await.unwrap()]);
    assert!(replaced.iter().all(|it| matches!(it, Ok(_) | Err(SaveError::Stale))));
}

pub async fn the_history_of_the_settings_tells_each_change(stores: Stores) {
    let world = World::new(stores);
    let history = async || world.stores.settings.history(None, 10).await.unwrap();
    assert!(history().await.is_empty());
    let first = world.stores.settings.load().await.unwrap();
    let second = world
        .change_settings(|it| {
            it.user_limit = Capacity::new(9).unwrap();
            it.detached_invites = DetachedInvites::Revoke;
        })
        .await;
    world.clock.advance(Duration::milliseconds(1));
    let third = world
        .change_settings(|it| {
            it.invite_ttl = InviteTtl::new(60).unwrap();
            it.pending_invites_hold_seats = false;
        })
        .await;
    // What is no change is not told.
    world.change_settings(|_| ()).await;
    // What else happens is not told either, neither in a plan nor outside of any.
    world.plan_of("ann").await;
    let bob = world.person("bob").await;
    let origin = origin(&bob.id, world.now());
    let link = world.stores.users.link(bob.id, ZammadUserId(7), LinkReason::Requested, &origin);
    assert!(link.await.unwrap());
    assert_eq!(
        history().await,
        [
            SettingsChange { replaced: second.values, settings: third },
            SettingsChange { replaced: first.values, settings: second },
        ]
    );
}

pub async fn the_history_of_the_settings_is_read_page_by_page(stores: Stores) {
    let world = World::new(stores);
    for limit in 11..18 {
        world.change_settings(|it| it.user_limit = Capacity::new(limit).unwrap()).await;
    }
    let mut read = Vec::new();
    let mut before = None;
    loop {
        let page = world.stores.settings.history(before, 3).await.unwrap();
        let Some(last) = page.last() else {
            break;
        };
        assert!(page.len() <= 3);
        before = Some(last.settings.revision);
        read.extend(page.into_iter().map(|it| it.settings.revision.0));
    }
    assert_eq!(read, [8, 7, 6, 5, 4, 3, 2]);
}
