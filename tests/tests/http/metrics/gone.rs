//! A database that is gone shows: there is an alert on what is left out then.

use super::Scrape;
use crate::world::World;

mod postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn what_the_database_knew_is_left_out_once_it_is_gone() {
        let (world, way_there) = World::counted().await;
        let shows = async || {
            let scrape = Scrape::anew(&world).await;
            [
                "seats{state=\"used\"}",
                "inbox_depth{state=\"pending\"}",
                "database_connections{state=\"idle\"}",
            ]
            .map(|it| scrape.get(it).is_some())
        };
        assert_eq!(shows().await, [true, true, true]);
        drop(way_there);
        assert_eq!(shows().await, [false, false, true]);
        assert_eq!(shows().await, [false, false, true]);
        world.end().await;
    }
}
