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

        // Whether a code was ever one is not to be told by what it costs either.
        let gone = world.user("zoe");
        let closed = gone.opens("The Dales").await;
        let code = gone.invites(&closed).await.code;
        gone.delete(&format!("/v1/plans/{closed}")).await.ok(204);
        let never = "A".repeat(43);
        let _ = counter.take();
        for code in [&never, &code] {
            let mut costs = Vec::new();
            world.anonymous().get(&format!("/v1/invites/{code}")).await.problem(404, "invite_not_found");
            costs.push(counter.take());
            bob.get(&format!("/v1/invites/{code}")).await.problem(404, "invite_not_found");
            costs.push(counter.take());
            bob.accepts(code).await.problem(404, "invite_not_found");
            costs.push(counter.take());
            bob.in_browser().get(&format!("/join/{code}")).await.page(404);
            costs.push(counter.take());
            assert_eq!(costs, [1, 1, 1, 1]);
        }

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
