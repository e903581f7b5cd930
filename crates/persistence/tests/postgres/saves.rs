//! Saves in one statement: all of them or nothing, also where somebody else touches the same rows.

use std::sync::Arc;

use family_plan_domain::{
    DetachReason, Invite, InviteState, PlanId,
    ports::{LoadedPlan, Plans, SaveError, Users},
};
use family_plan_persistence::Database;
use family_plan_testkit::{
    START, SequentialIds,
    fixtures::{introduction, origin, user, user_id},
    server_url,
};
use sqlx::{Connection, Executor, PgConnection, Postgres};

use crate::{server::OwnDatabase, steps::Steps};

/// The statements that wait for a lock.
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity \
     WHERE datname = current_database() AND wait_event_type = 'Lock'";

/// A plan that bob has joined, and somebody who knows its database from within.
struct Scene {
    own: OwnDatabase,
    database: Database,
    steps: Arc<Steps>,
    plan: PlanId,
    invite: Invite,
    insider: PgConnection,
}

impl Scene {
    async fn new() -> Self {
        let own = OwnDatabase::create::<Postgres>(&server_url("FAMILY_PLAN_TEST_POSTGRES_URL")).await;
        let database = own.open().await;
        let users = database.users(Arc::new(SequentialIds::default()));
        let [ann, bob] = ["ann", "bob"].map(user);
        for user in [&ann, &bob] {
            users.record(introduction(user)).await.unwrap();
        }
        let steps = Steps::over(&database);
        let plan = steps.open(ann).await;
        let invite = steps.issue(plan).await;
        steps.accept(&invite, &bob).await;
        let insider = PgConnection::connect(own.url.as_str()).await.unwrap();
        Self { own, database, steps: Arc::new(steps), plan, invite, insider }
    }

    async fn dispose(self) {
        self.insider.close().await.unwrap();
        self.database.close().await.unwrap();
        self.own.dispose::<Postgres>().await;
    }
}

#[tokio::test]
async fn what_cannot_be_saved_as_a_whole_is_not_saved_at_all() {
    let mut scene = Scene::new().await;
    let LoadedPlan { mut plan, settings } = scene.steps.load(scene.plan).await;
    plan.detach(&user_id("bob"), DetachReason::Left, START, &settings).unwrap();
    // Behind the back of the plan's revision, which would tell.
    scene
        .insider
        .execute("UPDATE memberships SET left_at = 0, active_user_id = NULL WHERE user_id = 'bob'")
        .await
        .unwrap();

    let saved = scene.steps.plans.save(&plan, &origin(&user_id("ann"), START)).await;

    assert!(matches!(saved, Err(SaveError::Store(_))), "{saved:?}");
    let loaded =
        scene.steps.plans.load_with_invite(scene.plan, scene.invite.id, START).await.unwrap().unwrap();
    assert_eq!(loaded.plan.revision(), plan.revision());
    assert!(matches!(loaded.plan.invite(scene.invite.id).unwrap().state, InviteState::Used { .. }));
    let history = scene.steps.plans.history(scene.plan, None, 100).await.unwrap();
    assert_eq!(history.last().unwrap().cursor.revision, plan.revision());
    scene.dispose().await;
}

#[tokio::test]
async fn a_row_that_is_locked_is_waited_for_and_written() {
    let mut scene = Scene::new().await;
    let LoadedPlan { mut plan, settings } = scene.steps.load(scene.plan).await;
    plan.detach(&user_id("bob"), DetachReason::Left, START, &settings).unwrap();
    let mut sweeper = PgConnection::connect(scene.own.url.as_str()).await.unwrap();
    sweeper.execute("BEGIN; UPDATE invites SET token_given_up_at = 0").await.unwrap();

    let steps = Arc::clone(&scene.steps);
    let saving = tokio::spawn(async move { steps.save(&plan).await });
    while sqlx::query_scalar::<_, i64>(WAITING).fetch_one(&mut scene.insider).await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    sweeper.execute("COMMIT").await.unwrap();
    saving.await.unwrap();

    let loaded =
        scene.steps.plans.load_with_invite(scene.plan, scene.invite.id, START).await.unwrap().unwrap();
    assert_eq!(loaded.plan.members().len(), 1);
    assert_eq!(loaded.plan.invite(scene.invite.id).unwrap().state, InviteState::Open);
    sweeper.close().await.unwrap();
    scene.dispose().await;
}
