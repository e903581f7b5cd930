//! What a look costs.

use futures_util::future::join_all;
use serde_json::json;
use time::Duration;

use super::Scrape;
use crate::world::World;

mod postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_look_costs_two_statements_at_most_and_the_plans_are_not_counted_twice() {
        let (world, counter) = World::counted().await;
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        // Workers ask now and then, too, which makes some rounds look dearer.
        let mut least = [usize::MAX; 5];
        for n in 0..8 {
            let name = json!({"name": format!("The Hills {n}")});
            ann.patch(&format!("/v1/plans/{plan}"), &name).await.ok(200);
            let _ = counter.take();
            Scrape::anew(&world).await;
            let after_a_save = counter.take();
            Scrape::of(&ann).await;
            let again = counter.take();
            Scrape::anew(&world).await;
            let a_second_later = counter.take();
            world.advance(Duration::SECOND);
            join_all((0..20).map(|_| Scrape::of(&ann))).await;
            let twenty_at_once = counter.take();
            world.advance(Duration::seconds(15));
            Scrape::of(&ann).await;
            let found = [after_a_save, again, a_second_later, twenty_at_once, counter.take()];
            least = std::array::from_fn(|at| least[at].min(found[at]));
        }
        assert_eq!(least, [2, 0, 1, 1, 2]);
        world.end().await;
    }
}
