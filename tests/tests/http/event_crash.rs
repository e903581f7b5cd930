//! Servers that are killed while they tell endpoints of events: everything arrives, plan by plan in order.

use std::collections::{BTreeSet, HashMap};

use family_plan_zammad_simulator::{Config, Simulator};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    client::{ADMIN, Answer, Caller, claims, http_client, text},
    hooks::eventually,
    program::Serving,
    receiver::{Reaction, Receiver},
    world::{Database, Engine, settings},
};

const N_OWNERS: usize = 6;
/// The plug is pulled after so many events have arrived.
const N_ARRIVED: usize = 30;

fn at(server: &Serving, id: &str, roles: &[&str]) -> Caller {
    let mut claims = claims(id);
    claims["roles"] = json!(roles);
    Caller::anonymous(http_client(), server.base.clone()).claiming(&claims)
}

/// Goes on changing a plan until there is no answer.
async fn storm(owner: Caller, plan: String) {
    for n in 0.. {
        let request = owner.request(reqwest::Method::PATCH, &format!("/v1/plans/{plan}"));
        if Answer::if_any(request.json(&json!({"name": n.to_string()}))).await.is_none() {
            return;
        }
    }
}

/// What the receiver learned, if one looks only at the first time each event came.
fn first_times(told: &[Value], plan: &str) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let of_plan = told.iter().filter(|it| it["plan_id"] == plan);
    of_plan.filter(|it| seen.insert(text(it, "id"))).cloned().collect()
}

async fn survives(engine: Engine) {
    let database = Database::create(engine).await;
    let zammad = Simulator::start(&Config::default()).unwrap();
    let mut environment: HashMap<String, String> = settings(&database.url, &zammad);
    for (name, value) in [("LOG__FORMAT", "json"), ("EVENTS__ALLOW_PRIVATE_TARGETS", "true")] {
        environment.insert(format!("FAMILY_PLAN__{name}"), value.to_owned());
    }
    let receiver = Receiver::start().await;
    let (arrived, mut n_arrived) = watch::channel(0);
    receiver.reacts(move |_| {
        arrived.send_modify(|it| *it += 1);
        Reaction::Answer(200)
    });

    // Two servers share the work; both are killed.
    let servers = [Serving::start(&environment).await, Serving::start(&environment).await];
    receiver.registered(&at(&servers[0], "ada", &[ADMIN])).await;
    let mut plans = Vec::new();
    let mut storms = Vec::new();
    for n in 0..N_OWNERS {
        let owner = at(&servers[n % 2], &format!("owner{n}"), &[]);
        let plan = owner.opens("The Hills").await;
        plans.push(plan.clone());
        storms.push(tokio::spawn(storm(owner, plan)));
    }
    n_arrived.wait_for(|it| N_ARRIVED <= *it).await.unwrap();
    for server in servers {
        server.kill().await;
    }
    join_all(storms).await;

    let server = Serving::start(&environment).await;
    let admin = at(&server, "ada", &[ADMIN]);
    for plan in &plans {
        let history = admin.events(plan).await;
        // Lanes that a killed server had taken on are due again when its claims end.
        eventually(|| async {
            let told = first_times(&receiver.events(), plan);
            (told.len() == history.len()).then_some(())
        })
        .await;
        assert_eq!(first_times(&receiver.events(), plan), history, "all, in order");
    }
    let n_events = admin.all("/v1/events", 100).await.len();
    let n_again = receiver.received().len() - n_events;
    // Only what was under way may come once more.
    assert!(n_again <= N_OWNERS, "{n_again} came again");
    server.stop().await;
    database.dispose().await;
}

macro_rules! on_each_engine {
    ($($module:ident $engine:ident),+) => {
        $(
            mod $module {
                #[tokio::test(flavor = "multi_thread")]
                async fn everything_arrives_in_order_after_a_crash() {
                    super::survives(super::Engine::$engine).await;
                }
            }
        )+
    };
}

on_each_engine!(sqlite Sqlite, postgres Postgres, mariadb Mariadb);
