//! Telling endpoints of events, where the endpoints are mocks.

use std::sync::{Arc, Mutex};

use family_plan_application::{
    AdministerEndpoints, DeliverEvents, DeliveryPorts, EndpointChanges, EndpointSecrets, SecretKey,
};
use family_plan_domain::{
    EndpointId, EndpointUrl, Event, Outgoing, OutgoingState, PlanId,
    ports::{Answer, Clock, Endpoints, EventSender, MockEventSender, Outbox, Plans},
};
use secrecy::ExposeSecret;
use time::Duration;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::scene::{Scene, admin, caller};

const KEY: &str = "5f1d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";
const OTHER_KEY: &str = "a01d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";

fn secrets(key: &str, previous: &[&str]) -> Arc<EndpointSecrets> {
    let parse = |key: &str| SecretKey::parse(&key.into()).unwrap();
    let previous: Vec<SecretKey> = previous.iter().map(|it| parse(it)).collect();
    Arc::new(EndpointSecrets::new(&parse(key), &previous))
}

/// A sender, and what was sent.
fn sender(
    answer: impl Fn(&Event) -> Answer + Send + Sync + 'static,
) -> (MockEventSender, Arc<Mutex<Vec<Event>>>) {
    let sent = Arc::<Mutex<Vec<Event>>>::default();
    let keeping = Arc::clone(&sent);
    let mut sender = MockEventSender::new();
    sender.expect_send().returning(move |_, event, _, _| {
        let answer = answer(&event);
        keeping.lock().unwrap().push(event);
        answer
    });
    (sender, sent)
}

struct Telling {
    scene: Scene,
    endpoint: EndpointId,
    secret: String,
    stop: CancellationToken,
}

impl Telling {
    async fn new() -> Self {
        let scene = Scene::new();
        let mut sender = MockEventSender::new();
        sender.expect_check().returning(|_| Ok(()));
        let administer = AdministerEndpoints {
            endpoints: scene.store.clone(),
            outbox: scene.store.clone(),
            sender: Arc::new(sender),
            secrets: secrets(KEY, &[]),
            clock: scene.clock.clone(),
            ids: scene.ids.clone(),
        };
        let url = EndpointUrl::new("https://hooks.example.com").unwrap();
        let added = administer.add(&admin("ada"), url, &EndpointChanges::default()).await.unwrap();
        let secret = added.1.expose_secret().to_owned();
        Self { scene, endpoint: added.0.id, secret, stop: CancellationToken::new() }
    }

    /// Tells what is due now; answers whether anybody is told anything.
    async fn tell(&self, sender: impl EventSender + 'static, secrets: Arc<EndpointSecrets>) -> bool {
        let store = &self.scene.store;
        let tasks = TaskTracker::new();
        let deliver = DeliverEvents::new(DeliveryPorts {
            feed: store.clone(),
            endpoints: store.clone(),
            outbox: store.clone(),
            sender: Arc::new(sender),
            secrets,
            clock: self.scene.clock.clone(),
            ids: self.scene.ids.clone(),
            tasks: tasks.clone(),
            done: Arc::default(),
            stop: self.stop.clone(),
        });
        let has_endpoints = deliver.run().await.unwrap();
        tasks.close();
        tasks.wait().await;
        has_endpoints
    }

    async fn outgoing(&self, state: OutgoingState) -> Vec<Outgoing> {
        Outbox::list(&*self.scene.store, self.endpoint, Some(state), None, 100).await.unwrap()
    }

    async fn history(&self, plan: PlanId) -> Vec<Event> {
        self.scene.store.history(plan, None, 100).await.unwrap()
    }
}

#[tokio::test]
async fn a_plan_is_told_in_order_and_the_success_is_noted() {
    let telling = Telling::new().await;
    let plan = telling.scene.open("ann").await;
    let (sender, sent) = sender(|_| Answer::Taken { status: 200 });
    assert!(telling.tell(sender, secrets(KEY, &[])).await);
    let history = telling.history(plan).await;
    assert_eq!(*sent.lock().unwrap(), history);
    let endpoint = Endpoints::find(&*telling.scene.store, telling.endpoint).await.unwrap().unwrap();
    assert_eq!(endpoint.last_success_at, Some(telling.scene.clock.now()));
}

#[tokio::test]
async fn a_few_plans_are_told_at_once() {
    let telling = Telling::new().await;
    for n in 0..20 {
        telling.scene.open(&format!("owner{n}")).await;
    }
    let (sender, sent) = sender(|_| Answer::Refused { status: 500 });
    telling.tell(sender, secrets(KEY, &[])).await;
    assert_eq!(sent.lock().unwrap().len(), 8);
}

#[tokio::test]
async fn nothing_is_begun_once_it_is_to_stop() {
    let telling = Telling::new().await;
    telling.scene.open("ann").await;
    telling.stop.cancel();
    telling.tell(MockEventSender::new(), secrets(KEY, &[])).await;
    telling.scene.open("bob").await;
    // Somebody else gets it at once.
    let telling = Telling { stop: CancellationToken::new(), ..telling };
    let (sender, sent) = sender(|_| Answer::Taken { status: 200 });
    telling.tell(sender, secrets(KEY, &[])).await;
    assert_eq!(sent.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn what_cannot_be_signed_waits() {
    let telling = Telling::new().await;
    telling.scene.open("ann").await;
    telling.tell(MockEventSender::new(), secrets(OTHER_KEY, &[])).await;
    let pending = telling.outgoing(OutgoingState::Pending).await;
    let failure = pending.iter().find_map(|it| it.last_attempt.clone()?.failure).unwrap();
    assert!(failure.contains("PREVIOUS_SECRET_KEYS"), "{failure}");
}

#[tokio::test]
async fn a_secret_is_sealed_anew_when_it_is_used() {
    let telling = Telling::new().await;
    for (key, previous) in [(OTHER_KEY, &[KEY][..]), (OTHER_KEY, &[])] {
        telling.scene.open(&format!("owner{}", previous.len())).await;
        let expected = telling.secret.clone();
        let mut sender = MockEventSender::new();
        sender
            .expect_send()
            .withf(move |_, _, secrets, _| secrets.iter().map(ExposeSecret::expose_secret).eq([&expected]))
            .times(2)
            .returning(|_, _, _, _| Answer::Taken { status: 200 });
        telling.tell(sender, secrets(key, previous)).await;
    }
    assert!(telling.outgoing(OutgoingState::Pending).await.is_empty());
}

#[tokio::test]
async fn a_failure_is_told_with_its_causes_and_the_rest_waits() {
    let telling = Telling::new().await;
    let plan = telling.scene.open("ann").await;
    let (failing, sent) = sender(|_| Answer::Nothing(std::io::Error::other("no route").into()));
    telling.tell(failing, secrets(KEY, &[])).await;
    assert_eq!(sent.lock().unwrap().len(), 1);
    telling.scene.clock.advance(Duration::seconds(5) - Duration::MILLISECOND);
    telling.tell(MockEventSender::new(), secrets(KEY, &[])).await;
    telling.scene.clock.advance(Duration::seconds(2));
    let (taking, sent) = sender(|_| Answer::Taken { status: 200 });
    telling.tell(taking, secrets(KEY, &[])).await;
    let history = telling.history(plan).await;
    assert_eq!(*sent.lock().unwrap(), history);
    let delivered = telling.outgoing(OutgoingState::Delivered).await;
    assert_eq!(delivered.iter().map(|it| it.attempts).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn only_administrators_deal_with_endpoints() {
    assert!(AdministerEndpoints::check(&admin("ada")).is_ok());
    assert!(AdministerEndpoints::check(&caller("ann")).is_err());
}
