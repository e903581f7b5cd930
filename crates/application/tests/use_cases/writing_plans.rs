//! Telling the helpdesk plans: the right line in the end, whatever happened on the way.

use family_plan_application::{ChangePlan, ClosePlan, EditUser, PlanChanges, WritePlans};
use family_plan_domain::{
    Edit, IndividualPlan, Person, PlanId, PlanName, UserEdit, ZammadUserId, plan_line,
    ports::{Clock, HelpDeskError, PlanWrites, Users},
};
use family_plan_testkit::{HelpDeskCall::WritePlanLine, START, fixtures::user_id, fixtures::zammad_user};
use proptest::prelude::*;
use time::Duration;

use crate::scene::{Scene, admin, caller, killed};

const EIGHT: ZammadUserId = ZammadUserId(8);
const NINE: ZammadUserId = ZammadUserId(9);

fn writing(scene: &Scene) -> WritePlans {
    WritePlans {
        plan_writes: scene.store.clone(),
        help_desk: scene.help_desk.clone(),
        users: scene.store.clone(),
        clock: scene.clock.clone(),
        claimed_for: Duration::seconds(20),
    }
}

/// Tells everybody who is due.
async fn tell(scene: &Scene) {
    while 0 < writing(scene).run().await.unwrap() {}
}

/// The line that the helpdesk shows once everybody who is due was told.
async fn shown(scene: &Scene, zammad_user: ZammadUserId) -> Option<String> {
    tell(scene).await;
    scene.help_desk.plan_line(zammad_user)
}

/// A helpdesk where bob is user 8, and there is a user 9.
async fn scene_with_bob() -> Scene {
    let scene = Scene::telling_plans();
    for id in [8, 9] {
        scene.help_desk.put(zammad_user(id, START));
    }
    scene.linking().link(&admin("ada"), user_id("bob"), EIGHT).await.unwrap();
    tell(&scene).await;
    scene
}

async fn rename(scene: &Scene, plan: PlanId, name: &str) {
    let changes = PlanChanges { name: PlanName::new(name).ok(), ..PlanChanges::default() };
    ChangePlan { access: scene.access() }.run(&caller("ann"), plan, changes).await.unwrap();
}

async fn give_own_plan(scene: &Scene, user: &str, plan: &str) {
    let own = Edit::Set(IndividualPlan::new(plan).ok());
    let edit = UserEdit { individual_plan: own, ..UserEdit::mention(user_id(user)) };
    EditUser { people: scene.people() }.run(&admin("ada"), &edit).await.unwrap();
}

fn rejected() -> HelpDeskError {
    HelpDeskError::Rejected("there is no such attribute".into())
}

fn n_writes(scene: &Scene) -> usize {
    scene.help_desk.calls().iter().filter(|it| matches!(it, WritePlanLine(..))).count()
}

#[tokio::test]
async fn whatever_changes_somebodys_plan_is_shown_in_the_end() {
    let scene = scene_with_bob().await;
    assert_eq!(shown(&scene, EIGHT).await.as_deref(), Some(""), "no plan at first");
    give_own_plan(&scene, "bob", "free").await;
    assert_eq!(shown(&scene, EIGHT).await.as_deref(), Some("individual: free"));

    let plan = scene.open("ann").await;
    scene.join(plan, "ann", "bob").await;
    assert_eq!(shown(&scene, EIGHT).await, Some(format!("family: The Hills ({plan})")));
    rename(&scene, plan, "The Dales").await;
    assert_eq!(shown(&scene, EIGHT).await, Some(format!("family: The Dales ({plan})")));

    scene.detach().run(&caller("bob"), plan, &user_id("bob")).await.unwrap();
    assert_eq!(shown(&scene, EIGHT).await.as_deref(), Some("individual: free"));
    let other = scene.open("zoe").await;
    scene.join(other, "zoe", "bob").await;
    assert_eq!(shown(&scene, EIGHT).await, Some(format!("family: The Hills ({other})")));
    ClosePlan { access: scene.access() }.run(&caller("zoe"), other).await.unwrap();
    assert_eq!(shown(&scene, EIGHT).await.as_deref(), Some("individual: free"));
}

#[tokio::test]
async fn whoever_stands_for_nobody_any_more_shows_no_plan() {
    let scene = scene_with_bob().await;
    give_own_plan(&scene, "bob", "free").await;
    scene.linking().link(&admin("ada"), user_id("bob"), NINE).await.unwrap();
    assert_eq!(shown(&scene, EIGHT).await.as_deref(), Some(""));
    assert_eq!(shown(&scene, NINE).await.as_deref(), Some("individual: free"));
    scene.linking().unlink(&admin("ada"), user_id("bob")).await.unwrap();
    assert_eq!(shown(&scene, NINE).await.as_deref(), Some(""));
}

#[tokio::test]
async fn nobody_is_told_what_they_show_already() {
    let scene = scene_with_bob().await;
    let before = n_writes(&scene);
    give_own_plan(&scene, "cid", "free").await;
    scene.me(&caller("bob")).await;
    tell(&scene).await;
    assert_eq!(n_writes(&scene), before);
}

#[tokio::test]
async fn what_is_refused_is_tried_again_after_ever_longer_pauses_of_an_hour_at_most() {
    let scene = scene_with_bob().await;
    give_own_plan(&scene, "bob", "free").await;
    for seconds in [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600, 3_600] {
        scene.help_desk.fail_next(rejected());
        assert_eq!(writing(&scene).run().await.unwrap(), 1);
        scene.clock.advance(Duration::seconds(seconds) - Duration::MILLISECOND);
        assert_eq!(writing(&scene).run().await.unwrap(), 0, "{seconds} seconds");
        scene.clock.advance(Duration::MILLISECOND);
    }
    assert_eq!(shown(&scene, EIGHT).await.as_deref(), Some("individual: free"));
}

#[tokio::test]
async fn an_outage_is_waited_for_as_long_as_the_helpdesk_asks_but_a_minute_at_most() {
    let scene = scene_with_bob().await;
    give_own_plan(&scene, "bob", "free").await;
    for (asked_for, seconds) in [(None, 5), (None, 5), (Some(1), 5), (Some(30), 30), (Some(3_600), 60)] {
        let retry_after = asked_for.map(std::time::Duration::from_secs);
        scene.help_desk.fail_next(HelpDeskError::Unavailable { retry_after, cause: "no".into() });
        assert_eq!(writing(&scene).run().await.unwrap(), 1);
        scene.clock.advance(Duration::seconds(seconds) - Duration::MILLISECOND);
        assert_eq!(writing(&scene).run().await.unwrap(), 0, "{asked_for:?}");
        scene.clock.advance(Duration::MILLISECOND);
    }
    assert_eq!(shown(&scene, EIGHT).await.as_deref(), Some("individual: free"));
}

#[tokio::test]
async fn what_overtook_a_newer_plan_is_written_over() {
    let scene = scene_with_bob().await;
    give_own_plan(&scene, "bob", "old").await;
    let meanwhile = scene.clone();
    let n_calls = scene.help_desk.calls().len();
    // While the old plan is on its way, somebody else learns of the new one, and is done with it.
    scene.help_desk.before_call(n_calls + 1, async move || {
        give_own_plan(&meanwhile, "bob", "new").await;
        meanwhile.clock.advance(Duration::MINUTE);
        tell(&meanwhile).await;
    });
    tell(&scene).await;
    assert_eq!(shown(&scene, EIGHT).await.as_deref(), Some("individual: new"));
}

#[tokio::test]
async fn one_that_is_refused_keeps_none_of_the_others() {
    let scene = Scene::telling_plans();
    for id in 2..=9 {
        scene.help_desk.put(zammad_user(id, START));
        scene.linking().link(&admin("ada"), user_id(&format!("user{id}")), ZammadUserId(id)).await.unwrap();
    }
    scene.help_desk.fail_next(rejected());
    tell(&scene).await;
    let untold: Vec<i64> =
        (2..=9).filter(|it| scene.help_desk.plan_line(ZammadUserId(*it)).is_none()).collect();
    assert_eq!(untold.len(), 1, "{untold:?}");
    scene.clock.advance(Duration::seconds(5));
    assert_eq!(shown(&scene, ZammadUserId(untold[0])).await.as_deref(), Some(""));
}

#[tokio::test]
async fn of_whom_is_gone_nobody_is_told() {
    let scene = scene_with_bob().await;
    scene.help_desk.remove(EIGHT);
    give_own_plan(&scene, "bob", "free").await;
    assert_eq!(writing(&scene).run().await.unwrap(), 1);
    scene.clock.advance(Duration::DAY);
    assert_eq!(writing(&scene).run().await.unwrap(), 0);
}

#[tokio::test]
async fn what_changes_while_it_is_told_is_told_again() {
    let scene = scene_with_bob().await;
    give_own_plan(&scene, "bob", "free").await;
    let meanwhile = scene.clone();
    let n_calls = scene.help_desk.calls().len();
    scene.help_desk.before_call(n_calls + 1, async move || give_own_plan(&meanwhile, "bob", "gold").await);
    assert_eq!(writing(&scene).run().await.unwrap(), 1);
    assert_eq!(scene.help_desk.plan_line(EIGHT).as_deref(), Some("individual: free"));
    assert_eq!(shown(&scene, EIGHT).await.as_deref(), Some("individual: gold"));
}

#[tokio::test]
async fn what_changes_while_telling_fails_is_told_at_once() {
    let scene = scene_with_bob().await;
    give_own_plan(&scene, "bob", "free").await;
    let meanwhile = scene.clone();
    let n_calls = scene.help_desk.calls().len();
    scene.help_desk.before_call(n_calls + 1, async move || {
        give_own_plan(&meanwhile, "bob", "gold").await;
        meanwhile.help_desk.fail_next(rejected());
    });
    assert_eq!(shown(&scene, EIGHT).await.as_deref(), Some("individual: gold"));
}

#[tokio::test]
async fn what_a_killed_process_had_taken_on_is_told_by_another() {
    let scene = scene_with_bob().await;
    give_own_plan(&scene, "bob", "free").await;
    let n_calls = scene.help_desk.calls().len();
    scene.help_desk.before_call(n_calls + 1, std::future::pending);
    killed(writing(&scene).run()).await;
    assert_eq!(writing(&scene).run().await.unwrap(), 0);
    scene.clock.advance(Duration::seconds(20));
    assert_eq!(shown(&scene, EIGHT).await.as_deref(), Some("individual: free"));
}

/// What may happen to a few users, of whom the first owns a plan.
#[derive(Clone, Debug)]
enum Step {
    Join(usize),
    Leave(usize),
    Rename(u8),
    OwnPlan(usize, u8),
    Link(usize, i64),
    Unlink(usize),
    /// The helpdesk does not answer the next time.
    Fail,
    Tell,
    Wait,
}

const USERS: [&str; 4] = ["ann", "bob", "cid", "dan"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let guest = 1..USERS.len();
    let anybody = 0..USERS.len();
    let step = prop_oneof![
        guest.clone().prop_map(Step::Join),
        guest.prop_map(Step::Leave),
        any::<u8>().prop_map(Step::Rename),
        (anybody.clone(), any::<u8>()).prop_map(|(user, code)| Step::OwnPlan(user, code)),
        (anybody.clone(), 2_i64..7).prop_map(|(user, id)| Step::Link(user, id)),
        anybody.prop_map(Step::Unlink),
        Just(Step::Fail),
        Just(Step::Tell),
        Just(Step::Wait),
    ];
    prop::collection::vec(step, 1..40)
}

async fn take(scene: &Scene, plan: PlanId, step: Step) {
    match step {
        Step::Join(user) => {
            if let Ok(invite) = scene.issue(plan, caller("ann")).await {
                let _refused = scene.accept(&invite, &caller(USERS[user])).await;
            }
        }
        Step::Leave(user) => {
            let _not_a_member = scene.detach().run(&caller(USERS[user]), plan, &user_id(USERS[user])).await;
        }
        Step::Rename(code) => rename(scene, plan, &format!("Family {code}")).await,
        Step::OwnPlan(user, code) => give_own_plan(scene, USERS[user], &format!("own{code}")).await,
        Step::Link(user, id) => {
            let _taken = scene.linking().link(&admin("ada"), user_id(USERS[user]), ZammadUserId(id)).await;
        }
        Step::Unlink(user) => scene.linking().unlink(&admin("ada"), user_id(USERS[user])).await.unwrap(),
        Step::Fail => scene.help_desk.fail_next(rejected()),
        Step::Tell => {
            writing(scene).run().await.unwrap();
        }
        Step::Wait => scene.clock.advance(Duration::seconds(7)),
    }
}

proptest! {
    #[test]
    fn whatever_happens_everybody_shows_their_plan_in_the_end(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let scene = Scene::telling_plans();
            for id in 2..7 {
                scene.help_desk.put(zammad_user(id, START));
            }
            let plan = scene.open("ann").await;
            for step in steps {
                take(&scene, plan, step).await;
            }
            for _ in 0..60 {
                tell(&scene).await;
                scene.clock.advance(Duration::HOUR);
            }
            for id in (2..7).map(ZammadUserId) {
                let person: Option<Person> = scene.store.of_zammad_users(vec![id]).await.unwrap().pop();
                let line = scene.help_desk.plan_line(id).unwrap_or_default();
                assert_eq!(line, plan_line(person.as_ref()), "{id:?}");
            }
            let now = scene.clock.now();
            assert_eq!(scene.store.claim(1, now, now).await.unwrap(), [], "nothing is left to tell");
        });
    }
}
