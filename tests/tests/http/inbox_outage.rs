//! Deliveries are taken while nothing can be applied, and wait.

use serde_json::Value;
use sqlx::{Connection, Executor, MySqlConnection, PgConnection};
use time::Duration;

use crate::{
    hooks::{DELIVERIES, Hook, NOON, eventually, known, outcomes, zammad_user},
    world::{World, engines},
};

engines!(replicated: what_cannot_be_applied_waits_until_it_can);

const N_DELIVERIES: usize = 30;
/// As long as nobody else gets what a worker has taken on.
const CLAIM: Duration = Duration::seconds(10);

/// Sends so many deliveries, each of another user; all of them are taken.
async fn send(world: &World) {
    for n in 0..N_DELIVERIES {
        let hook = Hook::of(&zammad_user(100 + n as u64, "Ann", NOON));
        hook.to(&world.anonymous().at(world.base(n))).await.ok(202);
    }
}

async fn pending(world: &World) -> Vec<Value> {
    world.admin().all(&format!("{DELIVERIES}?state=pending"), 100).await
}

async fn assert_applied(world: &World) {
    let admin = world.admin();
    assert_eq!(outcomes(&admin).await, [("applied".to_owned(), N_DELIVERIES)].into());
    for n in 0..N_DELIVERIES {
        assert_eq!(known(&admin, 100 + n as u64).await.as_deref(), Some("Ann"));
    }
}

async fn what_cannot_be_applied_waits_until_it_can(world: &World) {
    // Known from now on, so that nobody asks whom of the helpdesk's users she is.
    world.admin().get("/v1/me").await.ok(200);
    world.database.execute("ALTER TABLE zammad_users RENAME TO zammad_users_away").await;
    send(world).await;
    // Somebody has tried.
    let tried = async || pending(world).await.iter().any(|it| it["attempts"] == 1).then_some(());
    eventually(tried).await;
    assert_eq!(pending(world).await.len(), N_DELIVERIES);
    world.database.execute("ALTER TABLE zammad_users_away RENAME TO zammad_users").await;
    world.advance(CLAIM);
    assert_applied(world).await;
}

mod while_it_hangs {
    use super::*;
    use crate::world::Engine;

    /// Nobody writes the helpdesk's users as long as this `connection` has them; they can be read. SQLite has no such
    /// lock: whoever writes anything has all.
    async fn taken_while_locked<C: Connection>(engine: Engine, lock: &'static str)
    where
        for<'a> &'a mut C: Executor<'a>,
    {
        let world = World::replicated(engine).await;
        world.admin().get("/v1/me").await.ok(200);
        let mut connection = C::connect(&world.database.url).await.unwrap();
        connection.execute(lock).await.unwrap();
        send(&world).await;
        let tried = async || pending(&world).await.iter().any(|it| it["attempts"] == 1).then_some(());
        eventually(tried).await;
        // Not even a server whose worker hangs keeps anybody waiting.
        assert_eq!(pending(&world).await.len(), N_DELIVERIES);
        connection.close().await.unwrap();
        assert_applied(&world).await;
        world.end().await;
    }

    mod postgres {
        use super::*;

        #[tokio::test(flavor = "multi_thread")]
        async fn deliveries_are_taken_however_long_it_takes_to_apply_them() {
            let lock = "BEGIN; LOCK TABLE zammad_users IN EXCLUSIVE MODE";
            taken_while_locked::<PgConnection>(Engine::Postgres, lock).await;
        }
    }

    mod mariadb {
        use super::*;

        #[tokio::test(flavor = "multi_thread")]
        async fn deliveries_are_taken_however_long_it_takes_to_apply_them() {
            taken_while_locked::<MySqlConnection>(Engine::Mariadb, "LOCK TABLES zammad_users READ").await;
        }
    }
}
