//! Requests that are sent again.

use std::sync::Arc;

use family_plan_application::{
    Idempotency, IdempotencyKey, InviteReport, InviteRequest, IssueInvite, IssueInviteError, IssuedInvite,
    LinkKey, Once, OnceError, PlanReport, RecallCode, RecallCodeError, SaveFailure, SecretKey,
};
use family_plan_domain::{
    KeyedRequest, PlanId, PlanName,
    ports::{
        Clock, HelpDeskError, IdempotencyKeys, MockIdempotencyKeys, MockPlans, Plans, SaveError, StoreError,
    },
};
use futures_util::FutureExt;
use time::Duration;
use tokio::task::JoinHandle;

use crate::scene::{Scene, caller};

const LEASE: Duration = Duration::seconds(30);
const OLD_KEY: &str = "a01d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";

impl Scene {
    fn idempotency(&self) -> Idempotency {
        self.idempotency_with(self.store.clone())
    }

    fn idempotency_with(&self, keys: Arc<dyn IdempotencyKeys>) -> Idempotency {
        let (clock, ids) = (self.clock.clone(), self.ids.clone());
        Idempotency { keys, clock, ids, lease: LEASE, background: self.background.clone() }
    }

    async fn issues_once(&self, plan: PlanId, key: &str) -> Result<Once<IssuedInvite>, Failure> {
        self.issues_once_with(self.issuing(self.store.clone(), self.tokens.clone()), plan, key).await
    }

    async fn issues_once_with(
        &self,
        issue: IssueInvite,
        plan: PlanId,
        key: &str,
    ) -> Result<Once<IssuedInvite>, Failure> {
        let work = move |saving| async move {
            issue.run_once(caller("ann"), plan, InviteRequest::default(), saving).await
        };
        self.idempotency().once(request(key), named, work).await
    }
}

type Failure = OnceError<IssueInviteError>;

fn request(key: &str) -> KeyedRequest {
    IdempotencyKey::new(key).unwrap().of(&caller("ann"), "POST /invites", b"{}")
}

/// In these words the answer is kept.
fn named(report: &InviteReport) -> String {
    report.invite.id.to_string()
}

fn again<T>(once: Once<T>) -> String {
    match once {
        Once::First(_) => panic!("it was carried out"),
        Once::Again(text) => text,
    }
}

fn first<T>(once: Once<T>) -> T {
    match once {
        Once::First(done) => done,
        Once::Again(text) => panic!("it was answered {text}"),
    }
}

#[test]
fn a_key_is_1_to_255_visible_ascii_characters() {
    for text in ["x", "8e03978e-40d5-43e8-bc93-6894a57f9324", "!~", &"k".repeat(255)] {
        assert!(IdempotencyKey::new(text).is_some(), "{text}");
    }
    for text in ["", " ", "a b", "a\tb", "schlüssel", "a\0", &"k".repeat(256)] {
        assert!(IdempotencyKey::new(text).is_none(), "{text}");
    }
    assert!(!format!("{:?}", IdempotencyKey::new("s3cret")).contains("s3cret"));
}

#[test]
fn a_request_is_told_from_others_by_caller_route_and_key_and_must_have_the_same_body() {
    let key = |text| IdempotencyKey::new(text).unwrap();
    let request = key("k").of(&caller("ann"), "POST /a", b"body");
    assert_eq!(request, key("k").of(&caller("ann"), "POST /a", b"body"));
    for other in [
        key("K").of(&caller("ann"), "POST /a", b"body"),
        key("k").of(&caller("bob"), "POST /a", b"body"),
        key("k").of(&caller("Ann"), "POST /a", b"body"),
        key("k").of(&caller("ann"), "POST /b", b"body"),
        // The same characters, divided differently.
        key("ak").of(&caller("ann"), "POST /", b"body"),
        key("k").of(&caller("an"), "nPOST /a", b"body"),
    ] {
        assert_ne!(request.key, other.key);
        assert_eq!(request.body, other.body);
    }
    let other_body = key("k").of(&caller("ann"), "POST /a", b"body ");
    assert_eq!(request.key, other_body.key);
    assert_ne!(request.body, other_body.body);
}

#[tokio::test]
async fn an_invite_is_issued_once_and_told_again() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let issued = first(scene.issues_once(plan, "k").await.unwrap());
    assert_eq!(again(scene.issues_once(plan, "k").await.unwrap()), named(&issued.report));
    assert_eq!(scene.tokens.minted().len(), 1);
    assert_eq!(scene.loaded(plan).await.invites().len(), 1);

    let other = first(scene.issues_once(plan, "other").await.unwrap());
    assert_ne!(named(&other.report), named(&issued.report));
}

#[tokio::test]
async fn a_plan_is_opened_once_and_told_again() {
    let scene = Scene::new();
    for is_first in [true, false] {
        let open = scene.opening();
        let encode = |it: &PlanReport| it.id.to_string();
        let work = move |saving| async move {
            open.run_once(&caller("ann"), PlanName::new("The Hills").unwrap(), None, saving).await
        };
        match scene.idempotency().once(request("k"), encode, work).await.unwrap() {
            Once::First(report) => assert!(is_first && report.owner == caller("ann").user),
            Once::Again(_) => assert!(!is_first),
        }
    }
}

#[tokio::test]
async fn an_answer_is_told_for_a_day() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let issued = first(scene.issues_once(plan, "k").await.unwrap());
    scene.clock.advance(Duration::DAY - Duration::MILLISECOND);
    assert_eq!(again(scene.issues_once(plan, "k").await.unwrap()), named(&issued.report));
    scene.idempotency().forget().await.unwrap();
    assert_eq!(again(scene.issues_once(plan, "k").await.unwrap()), named(&issued.report));
    scene.clock.advance(Duration::MILLISECOND);
    first(scene.issues_once(plan, "k").await.unwrap());
}

#[tokio::test]
async fn what_failed_may_be_tried_again_at_once() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    scene.tokens.fail_next(HelpDeskError::Rejected("no".into()));
    let err = scene.issues_once(plan, "k").await.unwrap_err();
    assert!(matches!(err, OnceError::Work(IssueInviteError::HelpDesk(_))), "{err:?}");
    first(scene.issues_once(plan, "k").await.unwrap());
}

#[tokio::test]
async fn a_key_that_was_used_for_another_body_is_refused() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    first(scene.issues_once(plan, "k").await.unwrap());
    let other = IdempotencyKey::new("k").unwrap().of(&caller("ann"), "POST /invites", b"{ }");
    let work = async |_| -> Result<(), ()> { panic!("twice") };
    let refused = scene.idempotency().once(other, named, work).await;
    assert!(matches!(refused, Err(OnceError::Reused)));
}

#[tokio::test]
async fn whoever_was_overtaken_saves_nothing_and_discards_the_token() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let (slow, issue) = (scene.clone(), scene.issuing(scene.store.clone(), scene.tokens.clone()));
    let work = move |saving| async move {
        // It takes longer than it may, and the client does not wait for it.
        slow.clock.advance(LEASE);
        first(slow.issues_once(plan, "k").await.unwrap());
        issue.run_once(caller("ann"), plan, InviteRequest::default(), saving).await
    };
    let err = scene.idempotency().once(request("k"), named, work).await.unwrap_err();
    let superseded = IssueInviteError::Save(SaveFailure::Superseded);
    assert!(matches!(&err, OnceError::Work(it) if it.to_string() == superseded.to_string()), "{err:?}");
    scene.settle().await;
    assert_eq!(scene.loaded(plan).await.invites().len(), 1);
    assert_eq!(scene.tokens.discarded(), [scene.tokens.minted()[1].0]);
    again(scene.issues_once(plan, "k").await.unwrap());
}

#[tokio::test]
async fn the_same_request_is_in_progress_until_whoever_was_killed_loses_it() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let killed = scene.clone();
    let work = move |_| async move {
        let meanwhile = killed.issues_once(plan, "k").await;
        assert!(matches!(meanwhile, Err(OnceError::InProgress)));
        panic!("killed")
    };
    let idempotency = scene.idempotency();
    let done: JoinHandle<Result<Once<()>, OnceError<()>>> =
        tokio::spawn(async move { idempotency.once(request("k"), named, work).await });
    assert!(done.await.is_err());
    scene.clock.advance(LEASE - Duration::MILLISECOND);
    assert!(matches!(scene.issues_once(plan, "k").await, Err(OnceError::InProgress)));
    scene.clock.advance(Duration::MILLISECOND);
    first(scene.issues_once(plan, "k").await.unwrap());
}

#[tokio::test]
async fn a_request_is_carried_out_even_if_the_caller_goes_away() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    tokio::select! {
        biased;
        _ = scene.issues_once(plan, "k") => panic!("it cannot be done at the first poll"),
        () = std::future::ready(()) => (),
    }
    scene.settle().await;
    let invites = scene.loaded(plan).await.invites().to_vec();
    assert_eq!(again(scene.issues_once(plan, "k").await.unwrap()), invites[0].id.to_string());
    assert_eq!(invites.len(), 1);
}

#[tokio::test]
async fn nothing_is_done_when_nobody_can_tell_whether_it_was() {
    let scene = Scene::new();
    let mut keys = MockIdempotencyKeys::new();
    keys.expect_claim().returning(|_, _, _| Err(StoreError::new("no connection")));
    let work = async |_| -> Result<(), ()> { panic!("it was not claimed") };
    let done = scene.idempotency_with(Arc::new(keys)).once(request("k"), named, work).await;
    assert!(matches!(done, Err(OnceError::Store(_))));
}

#[tokio::test]
async fn a_request_that_was_saved_after_all_is_told_again() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let store = scene.store.clone();
    let loaded = store.load(plan, scene.clock.now()).await.unwrap();
    let mut plans = MockPlans::new();
    plans.expect_load().returning(move |_, _| Ok(loaded.clone()));
    plans.expect_load_with_invite().returning(|_, _, _| Err(StoreError::new("the connection broke")));
    plans.expect_save_once().returning(move |plan, origin, answer| {
        // Carried out, but the connection broke before anybody was told.
        store.save_once(plan, origin, answer).now_or_never().unwrap().unwrap();
        Err(SaveError::Store(StoreError::new("the connection broke")).into())
    });
    let issue = scene.issuing(Arc::new(plans), scene.tokens.clone());
    let err = scene.issues_once_with(issue, plan, "k").await.unwrap_err();
    assert!(matches!(err, OnceError::Work(IssueInviteError::Save(SaveFailure::Store(_)))), "{err:?}");
    let told = again(scene.issues_once(plan, "k").await.unwrap());
    assert_eq!(told, scene.tokens.minted()[0].0.to_string());
    scene.settle().await;
    assert_eq!(scene.tokens.discarded(), []);
}

#[tokio::test]
async fn a_code_is_told_again_as_long_as_its_key_is_known() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let issued = scene.issue(plan, caller("ann")).await.unwrap();
    let mint = scene.issuing(scene.store.clone(), scene.tokens.clone()).mint;
    let other = Arc::new(LinkKey::new(&SecretKey::parse(&OLD_KEY.into()).unwrap()));
    let recall = |keys| RecallCode { register: scene.store.clone(), keys };

    for keys in [vec![mint.key.clone()], vec![other.clone(), mint.key.clone()]] {
        let code = recall(keys).run(issued.report.invite.id).await.unwrap();
        assert_eq!(code.expose(), issued.code.expose());
    }
    let err = recall(vec![other]).run(issued.report.invite.id).await.unwrap_err();
    assert!(matches!(err, RecallCodeError::KeyRotated));
    let unknown = scene.ids.next_invite();
    let err = recall(vec![mint.key]).run(unknown).await.unwrap_err();
    assert!(matches!(err, RecallCodeError::Store(_)));
}
