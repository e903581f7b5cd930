//! The same request many times at once.

use std::sync::Arc;

use family_plan_domain::{Claimed, ports::SaveOnceError};
use time::Duration;

use super::{
    Stores,
    idempotency::{ANN, UNTIL, answer, answered, lease, request},
    world::{World, at_once},
};
use crate::{
    START,
    fixtures::{origin, user_id},
};

const N_REQUESTS: u8 = 8;

pub async fn one_of_many_carries_a_request_out(stores: Stores) {
    let world = Arc::new(World::new(stores));
    for key in 0..N_REQUESTS {
        let tasks = (0..20).map(|holder| {
            let world = Arc::clone(&world);
            async move {
                let claimed = world.claims(holder, request(key, 1), START).await;
                if claimed == Claimed::Fresh {
                    let plan = world.unsaved(&format!("owner{key}")).await;
                    let text = plan.id().to_string();
                    world.save_once(&plan, &answer(key, holder, &text)).await.unwrap();
                }
                claimed
            }
        });
        let claimed = at_once(tasks).await;
        let plans = world.stores.plans.list(Some(user_id(&format!("owner{key}"))), None, 10, START).await;
        let [plan] = &plans.unwrap()[..] else { panic!("one of them opens a plan") };
        let text = plan.id.to_string();
        assert_eq!(claimed.iter().filter(|it| **it == Claimed::Fresh).count(), 1);
        let all_else = claimed.iter().filter(|it| **it != Claimed::Fresh);
        for claimed in all_else {
            assert!(*claimed == Claimed::Running || *claimed == answered(&text), "{claimed:?}");
        }
        assert_eq!(world.claims(ANN, request(key, 1), START).await, answered(&text));
    }
}

pub async fn one_of_many_takes_over_what_was_left_behind(stores: Stores) {
    let world = Arc::new(World::new(stores));
    for key in 0..N_REQUESTS {
        assert_eq!(world.claims(ANN, request(key, 1), START).await, Claimed::Fresh);
        let claimed = at_once((0x10..0x24).map(|holder| {
            let world = Arc::clone(&world);
            async move { world.claims(holder, request(key, 1), UNTIL).await }
        }))
        .await;
        assert_eq!(claimed.iter().filter(|it| **it == Claimed::Fresh).count(), 1);
        assert_eq!(claimed.iter().filter(|it| **it == Claimed::Running).count(), 19);
    }
}

pub async fn whoever_comes_late_and_whoever_takes_over_save_once(stores: Stores) {
    let world = Arc::new(World::new(stores));
    for key in 0..N_REQUESTS {
        assert_eq!(world.claims(ANN, request(key, 1), START).await, Claimed::Fresh);
        let tasks = (ANN..ANN + 6).map(|holder| {
            let world = Arc::clone(&world);
            async move {
                let plan = world.unsaved(&format!("owner{key}x{holder}")).await;
                // Ann has been at it all the time; the others come when her lease is over.
                let is_anns = holder == ANN;
                if !is_anns && world.claims(holder, request(key, 1), UNTIL).await != Claimed::Fresh {
                    return None;
                }
                let text = plan.id().to_string();
                let answer = answer(key, holder, &text);
                let saved = loop {
                    match world.save_once(&plan, &answer).await {
                        // Taken back by the engine.
                        Err(SaveOnceError::Save(_)) => (),
                        saved => break saved,
                    }
                };
                saved.ok().map(|()| text)
            }
        });
        let saved: Vec<String> = at_once(tasks).await.into_iter().flatten().collect();
        let [text] = &saved[..] else { panic!("one of them saves: {saved:?}") };
        assert_eq!(world.claims(0xff, request(key, 1), UNTIL).await, answered(text));
        let plans = world.stores.plans.list(None, None, 100, START).await.unwrap();
        assert_eq!(plans.len(), usize::from(key) + 1, "one plan a request");
    }
}

pub async fn keys_are_dropped_while_they_are_claimed_anew(stores: Stores) {
    let world = Arc::new(World::new(stores));
    for key in 0..N_REQUESTS {
        assert_eq!(world.claims(ANN, request(key, 1), START).await, Claimed::Fresh);
    }
    let claims = (0..N_REQUESTS).flat_map(|key| (0..4).map(move |holder| (key, 0x10 + holder)));
    let tasks = claims.enumerate().map(|(n, (key, holder))| {
        let world = Arc::clone(&world);
        async move {
            let keys = Arc::clone(&world.stores.idempotency_keys);
            if n % 4 == 0 {
                keys.forget(UNTIL, 3).await.unwrap();
            }
            let lease = lease(holder, UNTIL + Duration::MINUTE);
            let claimed = keys.claim(request(key, 1), lease, UNTIL).await.unwrap();
            (claimed == Claimed::Fresh).then_some((key, holder))
        }
    });
    let fresh: Vec<_> = at_once(tasks).await.into_iter().flatten().collect();
    let mut keys: Vec<u8> = fresh.iter().map(|(key, _)| *key).collect();
    keys.sort_unstable();
    assert_eq!(keys, (0..N_REQUESTS).collect::<Vec<_>>(), "each by one");
    // Nobody who has one loses it.
    for (key, holder) in fresh {
        let plan = world.unsaved(&format!("owner{key}")).await;
        let origin = origin(plan.owner(), START);
        world.stores.plans.save_once(&plan, &origin, &answer(key, holder, "kept")).await.unwrap();
    }
}
