//! Pulls of what changed, by every way that a helpdesk has to tell.

use family_plan_zammad_simulator::{Config, NewUser, Operation, SearchBackend, ZammadVersion};
use serde_json::json;
use time::Duration;

use super::{
    HOUR, N_SEEDED, counts, ended, forget_requests, hold_page, known, n_searches, pages, pull, pull_all,
    rename,
};
use crate::world::{Engine, World, clock_and_zammad, on_sqlite};

/// One server, in front of a Zammad of which everybody was read an hour ago; what was asked until then is forgotten.
async fn pulled(config: Config) -> World {
    let (clock, zammad) = clock_and_zammad(config);
    zammad.refresh_search_index();
    clock.advance(HOUR);
    let world = World::with_zammad(Engine::Sqlite, &[], clock, zammad).await;
    pull_all(&world).await;
    world.advance(HOUR);
    forget_requests(&world.zammad).await;
    world
}

fn old(search_backend: SearchBackend) -> Config {
    Config::default().version(ZammadVersion::V6_4).search_backend(search_backend)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_tells_what_changed_in_the_database_or_in_elasticsearch() {
    for config in [
        Config::default(),
        Config::default().search_backend(SearchBackend::Database),
        Config::default().search_backend(SearchBackend::BrokenElasticsearch),
        Config::default().version(ZammadVersion::V7_0),
        old(SearchBackend::Elasticsearch),
        Config::default().version(ZammadVersion::V5_4),
    ] {
        let name = format!("{config:?}");
        let world = pulled(config).await;
        for id in [7, 11] {
            rename(&world.zammad, id, "Changed");
        }
        let new = world.zammad.add_user(NewUser::customer("new@example.org")).id;
        let sync = pull(&world, &json!({})).await;
        assert_eq!((sync["kind"].as_str(), counts(&sync)), (Some("incremental"), (3, 3, 0)), "{name}");
        assert_eq!(pages(&world.zammad), [] as [u32; 0], "{name}");
        assert!(0 < n_searches(&world.zammad), "{name}");
        for id in [7, 11] {
            assert_eq!(known(&world, id).await["lastname"], "Changed", "{name}");
        }
        assert_eq!(known(&world, new).await["email"], "new@example.org", "{name}");

        world.advance(HOUR);
        let sync = pull(&world, &json!({})).await;
        assert_eq!(counts(&sync), (3, 0, 0), "those of the last minutes once more: {name}");
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_read_where_nothing_tells_what_changed() {
    for backend in [SearchBackend::Database, SearchBackend::BrokenElasticsearch] {
        let world = pulled(old(backend)).await;
        rename(&world.zammad, 7, "Changed");
        world.zammad.delete_user(8);
        let sync = pull(&world, &json!({})).await;
        assert_eq!(
            (sync["kind"].as_str(), counts(&sync)),
            (Some("full"), (N_SEEDED - 1, 1, 1)),
            "it says so"
        );
        assert_eq!(pages(&world.zammad), [1, 2]);
        assert_eq!(known(&world, 7).await["lastname"], "Changed");
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_lags_behind_hides_nobody_in_the_end() {
    let world = pulled(old(SearchBackend::LaggingElasticsearch)).await;
    rename(&world.zammad, 7, "First");
    assert_eq!(counts(&pull(&world, &json!({})).await).1, 0, "the index has not heard of it");
    world.zammad.refresh_search_index();
    world.advance(Duration::MINUTE);
    rename(&world.zammad, 11, "Second");
    let sync = pull(&world, &json!({})).await;
    assert_eq!((sync["kind"].as_str(), counts(&sync).1), (Some("incremental"), 1));
    assert_eq!(known(&world, 7).await["lastname"], "First");
    world.zammad.refresh_search_index();
    world.advance(Duration::MINUTE);
    assert_eq!(counts(&pull(&world, &json!({})).await).1, 1);
    assert_eq!(known(&world, 11).await["lastname"], "Second");
    world.end().await;
}

on_sqlite!(
    many_changes_are_read_page_by_page,
    who_changes_while_everybody_is_read_is_as_they_are_in_the_end,
    who_is_dated_ahead_of_time_hides_nobody,
);

async fn many_changes_are_read_page_by_page(world: &World) {
    let ids = world.zammad.seed_users(700);
    world.advance(HOUR);
    pull_all(world).await;
    world.advance(HOUR);
    for (n, id) in ids.clone().enumerate() {
        rename(&world.zammad, id, "Changed");
        // Some change at one instant, more than fit onto a page.
        if !(100..400).contains(&n) {
            world.advance(Duration::MILLISECOND);
        }
    }
    forget_requests(&world.zammad).await;
    let sync = pull(world, &json!({})).await;
    assert_eq!((sync["kind"].as_str(), counts(&sync)), (Some("incremental"), (700, 700, 0)));
    assert_eq!(pages(&world.zammad), [] as [u32; 0]);
    for id in ids {
        assert_eq!(known(world, id).await["lastname"], "Changed");
    }
}

async fn who_changes_while_everybody_is_read_is_as_they_are_in_the_end(world: &World) {
    let ids = world.zammad.seed_users(2_500);
    world.advance(HOUR);
    forget_requests(&world.zammad).await;
    hold_page(&world.zammad, 3);
    world.admin().post_json("/v1/zammad/sync", &json!({"full": true})).await.ok(202);
    world.zammad.wait_for_requests(Operation::ListUsers, 3).await;
    world.advance(Duration::SECOND);
    for id in [ids.start, ids.end - 1] {
        rename(&world.zammad, id, "Renamed");
    }
    world.zammad.recover();
    let sync = ended(&world.admin()).await;
    assert_eq!(counts(&sync).0, N_SEEDED + 2_500, "nobody is counted twice");
    for id in [ids.start, ids.end - 1] {
        assert_eq!(known(world, id).await["lastname"], "Renamed", "{id}");
    }
}

async fn who_is_dated_ahead_of_time_hides_nobody(world: &World) {
    pull_all(world).await;
    world.zammad.edit_user(7, |it| it.updated_at += Duration::weeks(520));
    pull(world, &json!({})).await;
    world.advance(HOUR);
    rename(&world.zammad, 11, "Later");
    pull(world, &json!({})).await;
    assert_eq!(known(world, 11).await["lastname"], "Later");
}
