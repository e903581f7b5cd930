//! How many statements an operation costs on PostgreSQL, where each is a round trip.

use crate::{client::Invite, world::World};

mod postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn an_operation_costs_a_handful_of_statements() {
        let (world, counter) = World::counted().await;
        let (ann, bob) = (world.user("ann"), world.user("bob"));
        let plan = ann.opens("The Hills").await;
        // Everybody is known.
        world.joins("bob", &ann, &plan).await;
        ann.detaches(&plan, "bob").await.ok(200);

        // Whether a code was ever one is not to be told by what it costs either.
        let zoe = world.user("zoe");
        let closed = zoe.opens("The Dales").await;
        let gone = zoe.invites(&closed).await.code;
        zoe.delete(&format!("/v1/plans/{closed}")).await.ok(204);
        let never = "A".repeat(43);

        // Workers ask now and then, too, which makes some rounds look dearer.
        let mut least_of_unknown = [[usize::MAX; 4]; 2];
        // Fewer guesses than an address has in a minute.
        for _ in 0..7 {
            for (least, code) in least_of_unknown.iter_mut().zip([&never, &gone]) {
                let _ = counter.take();
                world.anonymous().get(&format!("/v1/invites/{code}")).await.problem(404, "invite_not_found");
                let stranger = counter.take();
                bob.get(&format!("/v1/invites/{code}")).await.problem(404, "invite_not_found");
                let preview = counter.take();
                bob.accepts(code).await.problem(404, "invite_not_found");
                let accept = counter.take();
                bob.in_browser().get(&format!("/join/{code}")).await.page(404);
                let found = [stranger, preview, accept, counter.take()];
                *least = std::array::from_fn(|at| least[at].min(found[at]));
            }
        }
        assert_eq!(least_of_unknown, [[1; 4]; 2]);

        let path = format!("/v1/plans/{plan}/invites");
        let mut least = [usize::MAX; 5];
        for round in 0..8 {
            let key = format!("round{round}");
            let _ = counter.take();
            let invite = ann.invites(&plan).await;
            let issue = counter.take();
            bob.accepts(&invite.code).await.ok(200);
            let accept = counter.take();
            ann.detaches(&plan, "bob").await.ok(200);
            let detach = counter.take();
            let invite = Invite::of(&ann.post_once(&key, &path).await.ok(201));
            let once = counter.take();
            ann.post_once(&key, &path).await.ok(201);
            let again = counter.take();
            ann.delete(&format!("{path}/{}", invite.id)).await.ok(204);
            let found = [issue, accept, detach, once, again];
            least = std::array::from_fn(|at| least[at].min(found[at]));
        }
        let [issue, accept, detach, once, again] = least;
        // Loads, one more to issue: before and after minting; and the save.
        assert_eq!((issue, accept, detach), (3, 2, 2));
        // The claim, the loads, and the transaction in which the answer is kept; what is known of the key, and of the
        // code.
        assert_eq!((once, again), (9, 3));
        world.end().await;
    }
}
