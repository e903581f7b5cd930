//! What a look costs.

use family_plan_testkit::StatementCounter;
use family_plan_zammad_simulator::Config;
use futures_util::future::join_all;
use serde_json::json;
use time::Duration;
use url::Url;

use super::Scrape;
use crate::world::{Database, Engine, World, clock_and_zammad};

mod postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_look_costs_two_statements_at_most_and_the_plans_are_not_counted_twice() {
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
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        // Workers ask now and then, too, which makes some rounds look dearer.
        let mut least = [usize::MAX; 4];
        for n in 0..8 {
            let name = json!({"name": format!("The Hills {n}")});
            ann.patch(&format!("/v1/plans/{plan}"), &name).await.ok(200);
            let _ = counter.take();
            Scrape::of(&ann).await;
            let after_a_save = counter.take();
            Scrape::of(&ann).await;
            let again = counter.take();
            join_all((0..20).map(|_| Scrape::of(&ann))).await;
            let twenty_at_once = counter.take();
            world.advance(Duration::seconds(15));
            Scrape::of(&ann).await;
            let found = [after_a_save, again, twenty_at_once, counter.take()];
            least = std::array::from_fn(|at| least[at].min(found[at]));
        }
        let [after_a_save, again, twenty_at_once, later] = least;
        assert_eq!((after_a_save, again, later), (2, 1, 2));
        // Those who ask while a look is being taken share it.
        assert!(twenty_at_once < 20, "{twenty_at_once}");
        world.end().await;
    }
}
