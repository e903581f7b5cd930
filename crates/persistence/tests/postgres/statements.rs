//! How many statements a business step costs on PostgreSQL, where each is a round trip to the server.

use family_plan_domain::{
    Edit, LinkReason, UserEdit, ZammadUserId,
    ports::{Users, ZammadUsers},
};
use family_plan_testkit::{
    START,
    fixtures::{introduction, origin, sighting, user, user_id, zammad_user},
};
use time::Duration;

use crate::{counted::Counted, steps::Steps};

/// `BEGIN`, the revision, and `COMMIT`: what a save costs that cannot be one statement, whatever it writes.
const FRAME: usize = 3;
/// A load, and a save.
const STEP: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn a_business_step_costs_a_handful_of_statements() {
    let scene = Counted::new().await;
    let counter = &scene.counter;
    let [ann, bob, cid] = ["ann", "bob", "cid"].map(user);
    scene.introduce(&[&ann, &bob, &cid]).await;
    let steps = Steps::over(&scene.database);

    let _ = counter.take();
    let plan = steps.open(ann.clone()).await;
    // The plan, its member, the events.
    assert_eq!(counter.take(), FRAME + 3, "open");

    steps.save(&steps.load(plan).await.plan).await;
    assert_eq!(counter.take(), 1, "nothing, once it is loaded");

    let invite = steps.issue(plan).await;
    assert_eq!(counter.take(), STEP, "issue");

    steps.accept(&invite, &bob).await;
    assert_eq!(counter.take(), STEP, "accept");

    steps.detach(plan, &bob).await;
    assert_eq!(counter.take(), STEP, "detach");

    for _ in 0..3 {
        steps.issue(plan).await;
    }
    steps.accept(&invite, &cid).await;
    let _ = counter.take();
    steps.close(plan).await;
    assert_eq!(counter.take(), STEP, "close");

    let large = steps.open(ann).await;
    steps.widen(large).await;
    for _ in 0..20 {
        steps.issue(large).await;
    }
    let _ = counter.take();
    steps.close(large).await;
    // The load; all invites, the owner, the events.
    assert_eq!(counter.take(), 1 + FRAME + 3, "close a large one");

    scene.dispose().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn to_note_whom_to_tell_their_plan_costs_one_statement_where_there_is_somebody() {
    let scene = Counted::new().await;
    let counter = &scene.counter;
    let [ann, bob, cid] = ["ann", "bob", "cid"].map(user);
    scene.introduce(&[&ann, &bob, &cid]).await;
    let origin = origin(&user_id("ann"), START);
    let linked = scene.users().link(bob.id.clone(), ZammadUserId(7), LinkReason::Requested, &origin).await;
    assert!(linked.unwrap());
    let steps = Steps::over(&scene.database.clone().noting_plan_writes());
    let plan = steps.open(ann).await;
    let [for_bob, for_cid] = [steps.issue(plan).await, steps.issue(plan).await];
    let _ = counter.take();

    for (user, invite, n_notes) in [(&bob, &for_bob, 1), (&cid, &for_cid, 0)] {
        steps.accept(invite, user).await;
        assert_eq!(counter.take(), 1 + FRAME + 3 + n_notes, "accept");
    }
    for (user, n_notes) in [(&bob, 1), (&cid, 0)] {
        steps.detach(plan, user).await;
        assert_eq!(counter.take(), 1 + FRAME + 3 + n_notes, "detach");
    }
    scene.dispose().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_users_of_the_helpdesk_cost_as_much_as_one() {
    let scene = Counted::new().await;
    let counter = &scene.counter;
    let zammad_users = scene.database.zammad_users();
    // Those in the middle are new, older, and newer.
    for (ids, seconds) in [(1..=1_000, 1), (1..=1_000, 0), (501..=1_500, 2)] {
        let at = START + Duration::seconds(seconds);
        let sightings = ids.map(|id| sighting(zammad_user(id, at))).collect();
        let _ = counter.take();
        zammad_users.record(sightings).await.unwrap();
        // What is known, and all that is newer.
        assert_eq!(counter.take(), 2, "record");
    }
    for id in 11..=30 {
        let user = user(&format!("zammad{id}"));
        let verified_email = Edit::Set(user.email.clone());
        scene.users().record(UserEdit { verified_email, ..introduction(&user) }).await.unwrap();
    }
    let _ = counter.take();
    let matches = zammad_users.matches((1..=1_000).map(ZammadUserId).collect()).await.unwrap();
    assert_eq!(matches.len(), 20);
    assert_eq!(counter.take(), 1, "matches");
    scene.dispose().await;
}
