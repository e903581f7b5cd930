//! The history of a plan.

use std::collections::BTreeSet;

use family_plan_domain::{
    Capacity, DetachReason, Edit, Event, EventKind, Fact, IndividualPlan, Origin, PlanInForce, PlanName,
    UserEdit, ports::LoadedPlan,
};
use time::Duration;
use uuid::Uuid;

use super::{Stores, world::World};

pub async fn every_change_is_told_in_order(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let (bob, _) = world.join(plan, "bob").await;
    let open = world.issue(plan).await.id;
    world.revoke(plan, open).await;
    world
        .decide(plan, |plan, _| {
            plan.rename(PlanName::new("Elsewhere").unwrap());
            plan.limit_to(Some(Capacity::new(3).unwrap()));
        })
        .await;
    world.detach(plan, &bob.id).await.unwrap();

    let history = world.history(plan).await;
    let told: Vec<_> =
        history.iter().map(|it| (it.kind.as_str(), it.cursor.revision, it.cursor.position)).collect();
    assert_eq!(
        told,
        [
            ("plan.created", 1, 0),
            ("member.joined", 1, 1),
            ("invite.created", 2, 0),
            ("invite.accepted", 3, 0),
            ("member.joined", 3, 1),
            ("invite.created", 4, 0),
            ("invite.revoked", 5, 0),
            ("plan.renamed", 6, 0),
            ("plan.limit_changed", 6, 1),
            ("member.detached", 7, 0),
        ]
    );
    assert!(history.iter().all(|it| it.plan == Some(plan)));
    let ids: BTreeSet<_> = history.iter().map(|it| Uuid::from(it.id)).collect();
    assert_eq!(ids.len(), history.len());
}

pub async fn history_is_read_page_by_page(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    world.join(plan, "bob").await;
    world.plan_of("zoe").await;
    let all = world.history(plan).await;
    // Also where a page ends in the middle of a save.
    for limit in 1..=all.len() {
        let mut read: Vec<Event> = Vec::new();
        loop {
            let after = read.last().map(|it| it.cursor);
            let page = world.stores.plans.history(plan, after, limit).await.unwrap();
            if page.is_empty() {
                break;
            }
            assert!(page.len() <= limit);
            read.extend(page);
        }
        assert_eq!(read, all);
    }
}

pub async fn an_event_tells_who_when_and_why(stores: Stores) {
    let world = World::new(stores);
    let id = world.plan_of("ann").await;
    let (bob, invite) = world.join(id, "bob").await;
    let free = IndividualPlan::new("free").unwrap();
    world
        .record(UserEdit {
            individual_plan: Edit::Set(Some(free.clone())),
            ..UserEdit::mention(bob.id.clone())
        })
        .await;
    world.clock.advance(Duration::milliseconds(1));
    let LoadedPlan { mut plan, settings } = world.load(id).await;
    plan.detach(&bob.id, DetachReason::Removed, world.now(), &settings).unwrap();
    let origin = Origin { actor: None, request_id: Some("req-7".to_owned()), at: world.now() };
    world.stores.plans.save(&plan, &origin).await.unwrap();

    let event = world.history(id).await.pop().unwrap();
    assert_eq!(event.kind, EventKind::MemberDetached);
    assert_eq!(event.at, world.now());
    assert_eq!(event.actor, None);
    assert_eq!(event.reason.as_deref(), Some("removed"));
    assert_eq!(event.request_id.as_deref(), Some("req-7"));
    let facts: Vec<_> = event.facts.iter().collect();
    assert_eq!(
        facts,
        [
            ("user_id", &Fact::from("bob")),
            ("zammad_user_id", &Fact::Nothing),
            ("invite_id", &Fact::from(invite.to_string())),
            ("plan_in_force_before", &Fact::from(PlanInForce::Family(id))),
            ("plan_in_force_after", &Fact::from(PlanInForce::Individual(free))),
            ("invite_state", &Fact::from("open")),
        ]
    );
}
