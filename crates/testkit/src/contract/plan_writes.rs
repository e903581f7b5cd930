//! Which of the helpdesk's users are to be told their plan.

use family_plan_domain::{ZammadUserId, ports::PlanWrite};
use time::{Duration, OffsetDateTime};

use super::Stores;
use crate::START;

fn after(seconds: i64) -> OffsetDateTime {
    START + Duration::seconds(seconds)
}

async fn enqueue(stores: &Stores, zammad_users: &[i64], at: OffsetDateTime) {
    let zammad_users = zammad_users.iter().copied().map(ZammadUserId).collect();
    stores.plan_writes.enqueue(zammad_users, at).await.unwrap();
}

/// Claims for a minute.
async fn claim(stores: &Stores, limit: usize, now: OffsetDateTime) -> Vec<PlanWrite> {
    let claimed = stores.plan_writes.claim(limit, now, now + Duration::MINUTE).await.unwrap();
    assert!(claimed.iter().all(|it| it.until == now + Duration::MINUTE));
    claimed
}

async fn claim_one(stores: &Stores, now: OffsetDateTime) -> PlanWrite {
    let mut claimed = claim(stores, 10, now).await;
    assert_eq!(claimed.len(), 1, "{claimed:?}");
    claimed.remove(0)
}

fn ids(writes: &[PlanWrite]) -> Vec<i64> {
    writes.iter().map(|it| it.zammad_user.0).collect()
}

pub async fn whoever_is_due_the_longest_is_claimed_first(stores: Stores) {
    assert_eq!(claim(&stores, 10, after(0)).await, []);
    enqueue(&stores, &[], after(0)).await;
    enqueue(&stores, &[1, 5], after(3)).await;
    enqueue(&stores, &[4], after(1)).await;
    enqueue(&stores, &[2], after(2)).await;
    enqueue(&stores, &[3], after(9)).await;
    assert_eq!(claim(&stores, 10, after(0)).await, []);
    assert_eq!(ids(&claim(&stores, 2, after(3)).await), [4, 2]);
    assert_eq!(ids(&claim(&stores, 10, after(3)).await), [1, 5], "what is due at that very moment is due");
    assert_eq!(ids(&claim(&stores, 10, after(9)).await), [3]);
    assert_eq!(claim(&stores, 10, after(9)).await, []);
}

pub async fn whoever_is_claimed_is_left_alone_until_then(stores: Stores) {
    enqueue(&stores, &[1], after(0)).await;
    let write = claim_one(&stores, after(5)).await;
    assert_eq!(write, PlanWrite { zammad_user: ZammadUserId(1), attempts: 0, until: after(65) });
    assert_eq!(claim(&stores, 10, after(64)).await, []);
    let again = claim_one(&stores, after(65)).await;
    assert_eq!(again, PlanWrite { attempts: 1, until: after(125), ..write.clone() });
    // Whoever took too long has lost it.
    stores.plan_writes.finish(write.clone()).await.unwrap();
    stores.plan_writes.postpone(write, after(70)).await.unwrap();
    assert_eq!(claim(&stores, 10, after(124)).await, []);
    assert_eq!(claim_one(&stores, after(125)).await.attempts, 2);
}

pub async fn what_is_done_is_done(stores: Stores) {
    enqueue(&stores, &[1, 2], after(0)).await;
    let writes = claim(&stores, 10, after(0)).await;
    stores.plan_writes.finish(writes[0].clone()).await.unwrap();
    stores.plan_writes.finish(writes[0].clone()).await.unwrap();
    assert_eq!(ids(&claim(&stores, 10, after(100)).await), [2]);
}

pub async fn what_failed_is_due_again_later(stores: Stores) {
    enqueue(&stores, &[1], after(0)).await;
    for attempts in 0..3 {
        let now = after(i64::from(attempts) * 1_000);
        let write = claim_one(&stores, now).await;
        assert_eq!(write.attempts, attempts);
        stores.plan_writes.postpone(write.clone(), now + Duration::seconds(900)).await.unwrap();
        assert_eq!(claim(&stores, 10, now + Duration::seconds(899)).await, []);
        // It was given back.
        stores.plan_writes.finish(write).await.unwrap();
    }
    enqueue(&stores, &[1], after(5)).await;
    assert_eq!(claim_one(&stores, after(5)).await.attempts, 0, "who is due anew was never tried");
}

pub async fn what_is_due_anew_while_claimed_is_not_lost(stores: Stores) {
    enqueue(&stores, &[1, 2], after(0)).await;
    let writes = claim(&stores, 10, after(0)).await;
    enqueue(&stores, &[1, 2], after(1)).await;
    stores.plan_writes.finish(writes[0].clone()).await.unwrap();
    stores.plan_writes.postpone(writes[1].clone(), after(900)).await.unwrap();
    let writes = claim(&stores, 10, after(1)).await;
    assert_eq!(ids(&writes), [1, 2]);
    assert!(writes.iter().all(|it| it.attempts == 0));
}

pub async fn what_is_due_anew_at_the_very_end_of_a_claim_is_not_lost(stores: Stores) {
    enqueue(&stores, &[1, 2], after(0)).await;
    let writes = claim(&stores, 10, after(0)).await;
    enqueue(&stores, &[1, 2], after(60)).await;
    stores.plan_writes.finish(writes[0].clone()).await.unwrap();
    stores.plan_writes.postpone(writes[1].clone(), after(900)).await.unwrap();
    assert_eq!(ids(&claim(&stores, 10, after(60)).await), [1, 2]);
}

pub async fn somebody_is_due_once_however_often_they_are_made_due(stores: Stores) {
    enqueue(&stores, &[2, 1, 2], after(0)).await;
    enqueue(&stores, &[1], after(0)).await;
    assert_eq!(ids(&claim(&stores, 10, after(0)).await), [1, 2]);
}

pub async fn very_many_can_be_due_at_once(stores: Stores) {
    let all: Vec<i64> = (1..=2_500).collect();
    enqueue(&stores, &all, after(0)).await;
    let mut claimed = Vec::new();
    loop {
        let writes = claim(&stores, 900, after(0)).await;
        if writes.is_empty() {
            break;
        }
        assert!(writes.len() <= 900);
        claimed.extend(ids(&writes));
    }
    assert_eq!(claimed, all);
}
