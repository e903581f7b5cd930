//! Events that were saved before there was a feed get their places in it.

use std::sync::Arc;

use family_plan_domain::{
    EventKind, FeedPlace, Plan, PlanName,
    ports::{EventFeed, Plans, Users},
};
use family_plan_persistence::Database;
use family_plan_testkit::{
    START, SequentialIds,
    fixtures::{introduction, origin, user, user_id},
};
use sqlx::{AssertSqlSafe, Connection, Executor};
use time::{Duration, OffsetDateTime};

/// What there was before.
const UNDO: [&str; 6] = [
    "DROP TABLE outgoing_lanes",
    "DROP TABLE outgoing_events",
    "DROP TABLE webhook_endpoints",
    "DROP TABLE event_feed",
    "ALTER TABLE events DROP COLUMN sequence",
    "DELETE FROM seaql_migrations WHERE version LIKE 'm20261125%'",
];

/// Brings the schema back to what it was before.
async fn undo<C: Connection>(url: &str, drop_index: impl Fn(&str) -> String)
where
    for<'a> &'a mut C: Executor<'a>,
{
    let mut connection = C::connect(url).await.unwrap();
    let indexes = ["ix_events_at", "uk_events_sequence"].map(drop_index);
    for sql in indexes.iter().map(String::as_str).chain(UNDO) {
        connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    }
    connection.close().await.unwrap();
}

/// Two plans, the first of which was opened later, and then changed by a replica whose clock is behind.
async fn save_some(database: &Database) {
    let ids = Arc::new(SequentialIds::default());
    let (plans, users) = (database.plans(ids.clone()), database.users(ids.clone()));
    let by_ann = |at: OffsetDateTime| origin(&user_id("ann"), at);
    for (owner, hours) in [("ann", 2), ("bob", 1)] {
        users.record(introduction(&user(owner))).await.unwrap();
        let at = START + Duration::hours(hours);
        let plan = Plan::open(ids.next_plan(), PlanName::new(owner).unwrap(), user(owner), at);
        plans.save(&plan, &by_ann(at)).await.unwrap();
        if owner == "ann" {
            let mut plan = plans.load(plan.id(), at).await.unwrap().unwrap().plan;
            plan.rename(PlanName::new("Elsewhere").unwrap());
            plans.save(&plan, &by_ann(START)).await.unwrap();
        }
    }
}

async fn are_numbered(database: &Database) {
    database.migrate().await.unwrap();
    let feed = database.feed();
    let told = async || {
        let read = feed.read(FeedPlace::START, 100).await.unwrap();
        read.into_iter().map(|it| (it.place.0, it.event.kind, it.event.at)).collect::<Vec<_>>()
    };
    let [one, two] = [1, 2].map(|it| START + Duration::hours(it));
    let mut expected = vec![
        (1, EventKind::PlanCreated, one),
        (2, EventKind::MemberJoined, one),
        (3, EventKind::PlanCreated, two),
        (4, EventKind::MemberJoined, two),
        (5, EventKind::PlanRenamed, START),
    ];
    assert_eq!(told().await, expected);
    // What is saved from then on comes after it, and in its order, also by a replica whose ids are behind.
    let [behind, ahead] = [500, 1000].map(|n_taken| {
        let ids = Arc::new(SequentialIds::default());
        for _ in 0..n_taken {
            ids.next_plan();
        }
        ids
    });
    database.users(ahead.clone()).record(introduction(&user("cid"))).await.unwrap();
    let plan = Plan::open(ahead.next_plan(), PlanName::new("cid").unwrap(), user("cid"), START);
    let by_cid = origin(&user_id("cid"), START);
    database.plans(ahead).save(&plan, &by_cid).await.unwrap();
    let plans = database.plans(behind);
    let mut plan = plans.load(plan.id(), START).await.unwrap().unwrap().plan;
    plan.rename(PlanName::new("Elsewhere").unwrap());
    plans.save(&plan, &by_cid).await.unwrap();
    for n_placed in [2, 1] {
        assert_eq!(feed.extend(2).await.unwrap(), n_placed);
    }
    expected.extend([
        (6, EventKind::PlanCreated, START),
        (7, EventKind::MemberJoined, START),
        (8, EventKind::PlanRenamed, START),
    ]);
    assert_eq!(told().await, expected);
}

/// Saves events, takes the feed away, and brings the schema up to date again; `drop_index` is how the engine drops one.
pub(crate) async fn numbers<C: Connection>(
    database: &Database,
    url: &str,
    drop_index: impl Fn(&str) -> String,
) where
    for<'a> &'a mut C: Executor<'a>,
{
    save_some(database).await;
    undo::<C>(url, drop_index).await;
    are_numbered(database).await;
}
