//! How many statements an operation costs on PostgreSQL, where each is a round trip.

use family_plan_testkit::StatementCounter;
use family_plan_zammad_simulator::Config;
use url::Url;

use crate::world::{Database, Engine, World, clock_and_zammad};

mod postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn an_operation_costs_a_handful_of_statements() {
        let database = Database::create(Engine::Postgres).await;
        let mut url: Url = database.url.parse().unwrap();
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
        let counter = StatementCounter::in_front_of(server).await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(counter.address().port())).unwrap();
        url.set_query(Some("sslmode=disable"));
        let (clock, zammad) = clock_and_zammad(Config::default());
        let changes = [("DATABASE__URL", url.as_str()), ("DATABASE__MAX_CONNECTIONS", "1")];
        let world = World::start(database, &changes, clock, zammad).await;
        let (ann, bob) = (world.user("ann"), world.user("bob"));
        let plan = ann.opens("The Hills").await;
        // Everybody is known.
        world.joins("bob", &ann, &plan).await;
        ann.detaches(&plan, "bob").await.ok(200);

        let _ = counter.take();
        let invite = ann.invites(&plan).await;
        let issue = counter.take();
        bob.accepts(&invite.code).await.ok(200);
        let accept = counter.take();
        ann.detaches(&plan, "bob").await.ok(200);
        let detach = counter.take();
        assert!(issue <= 9 && accept <= 10 && detach <= 9, "{issue} {accept} {detach}");
        // The numbers reached: whoever changes them shall know it.
        assert_eq!((issue, accept, detach), (7, 7, 7));
        world.end().await;
    }
}
