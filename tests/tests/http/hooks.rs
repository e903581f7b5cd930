//! Deliveries of Zammad's webhooks, made by hand: also those that no Zammad would send.

use std::{collections::BTreeMap, time::Duration};

use family_plan_zammad_simulator::hub_signature;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};

use crate::{
    client::{Answer, Caller, text},
    world::World,
};

/// What the servers under test share with Zammad.
pub(crate) const SECRET: &str = "s3cr3t-t0k3n";

/// Where webhooks are sent to.
pub(crate) const WEBHOOK: &str = "/v1/zammad/webhook";

/// Where what became of them is listed.
pub(crate) const DELIVERIES: &str = "/v1/zammad/deliveries";

/// When something was changed in Zammad, before any test begins.
pub(crate) const NOON: OffsetDateTime = datetime!(2026-01-10 12:00 UTC);

/// How long a test waits for what must happen in the end. Nothing is timed by it.
const PATIENCE: Duration = Duration::from_mins(2);

/// Between two looks, so that those who are waited for get the processor.
const PULSE: Duration = Duration::from_millis(10);

/// A delivery, byte for byte.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) body: Vec<u8>,
    headers: Vec<(&'static str, String)>,
}

impl Hook {
    /// Signed with [`SECRET`].
    pub(crate) fn signed(body: impl Into<Vec<u8>>) -> Self {
        Self::signed_with(SECRET, body)
    }

    /// Signed with any secret.
    pub(crate) fn signed_with(secret: &str, body: impl Into<Vec<u8>>) -> Self {
        let unsigned = Self::unsigned(body);
        let signature = hub_signature(secret, &unsigned.body);
        unsigned.with("X-Hub-Signature", signature)
    }

    /// Without a signature.
    pub(crate) fn unsigned(body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), headers: Vec::new() }
    }

    /// A signed one of a ticket of this customer.
    pub(crate) fn of(customer: &Value) -> Self {
        Self::signed(json!({"ticket": {"id": 81, "customer": customer}, "article": {}}).to_string())
    }

    /// The same, with a header, besides those that are there.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same, under this id.
    pub(crate) fn named(self, delivery: impl Into<String>) -> Self {
        self.with("X-Zammad-Delivery", delivery)
    }

    /// What it says it is signed with, if it says so.
    pub(crate) fn signature(&self) -> Option<&str> {
        self.headers.iter().find(|(name, _)| *name == "X-Hub-Signature").map(|(_, value)| value.as_str())
    }

    /// The request to the server of `caller`, as `method`.
    pub(crate) fn request(&self, caller: &Caller, method: Method) -> RequestBuilder {
        let request = caller.request(method, WEBHOOK).body(self.body.clone());
        self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value))
    }

    /// Posts it.
    pub(crate) async fn to(&self, caller: &Caller) -> Answer {
        Answer::to(self.request(caller, Method::POST)).await
    }
}

/// A user of Zammad as payloads show them; `at` is when they last changed.
pub(crate) fn zammad_user(id: u64, firstname: &str, at: OffsetDateTime) -> Value {
    json!({
        "id": id, "login": format!("zammad{id}@example.com"), "email": format!("zammad{id}@example.com"),
        "firstname": firstname, "lastname": "Hill", "active": true, "roles": ["Customer"], "role_ids": [3],
        "updated_at": at.format(&Rfc3339).unwrap(),
    })
}

/// Looks again and again until there is something to see.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(look: impl Fn() -> F) -> T {
    let looking = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            tokio::time::sleep(PULSE).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("nothing to be seen")
}

/// Waits until no delivery is pending; all of them then, the latest first.
pub(crate) async fn settled(admin: &Caller) -> Vec<Value> {
    let pending = format!("{DELIVERIES}?state=pending&limit=1");
    eventually(|| async {
        admin.get(&pending).await.ok(200)["items"].as_array().unwrap().is_empty().then_some(())
    })
    .await;
    admin.all(DELIVERIES, 100).await
}

/// Sends a delivery, and waits for what becomes of it: the state, and why.
pub(crate) async fn sent(world: &World, hook: &Hook) -> (String, Value) {
    hook.to(&world.anonymous()).await.ok(202);
    let delivery = settled(&world.admin()).await.remove(0);
    (text(&delivery, "state"), delivery["reason"].clone())
}

/// Has a delivery applied again.
pub(crate) async fn replay(admin: &Caller, delivery: &Value) {
    let answer = admin.post(&format!("{DELIVERIES}/{}/replay", text(delivery, "id"))).await;
    assert_eq!((answer.status, answer.body.as_str()), (202, ""));
}

/// What the history of a plan tells of associations.
pub(crate) async fn links(caller: &Caller, plan: &str) -> Vec<Value> {
    let mut events = caller.events(plan).await;
    events.retain(|it| text(it, "type").starts_with("zammad_user."));
    events
}

/// How many deliveries there are in each state, once none is pending.
pub(crate) async fn outcomes(admin: &Caller) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for delivery in settled(admin).await {
        *outcomes.entry(text(&delivery, "state")).or_default() += 1;
    }
    outcomes
}

/// What is known of a user of Zammad: the given name, if anything is.
pub(crate) async fn known(admin: &Caller, zammad_user: u64) -> Option<String> {
    let answer = admin.get(&format!("/v1/zammad/users/{zammad_user}")).await;
    match answer.status {
        404 => None,
        _ => answer.ok(200)["firstname"].as_str().map(ToOwned::to_owned),
    }
}
