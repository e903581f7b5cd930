//! A server that ends while deliveries come in: each that it took is applied in the end, and has its effect once.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use family_plan_zammad_simulator::{Config, Simulator};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use time::Duration;
use tokio::sync::watch;

use crate::{
    client::{ADMIN, Answer, Caller, claims, http_client, number, text},
    hooks::{DELIVERIES, Hook, NOON, known, links, outcomes, settled, zammad_user},
    program::Serving,
    world::{Database, Engine, settings},
};

const N_ROUNDS: usize = 3;
const N_SENDERS: usize = 12;
/// The plug is pulled after so many deliveries were taken.
const N_TAKEN: usize = 100;

/// What one sender knows, who tells of one user, newer and newer, until there is no answer.
struct Witness {
    zammad_user: u64,
    owner: Caller,
    plan: String,
    n_taken: usize,
}

impl Witness {
    fn name(&self, n: usize) -> String {
        format!("{} {n}", self.zammad_user)
    }

    fn hook(&self, n: usize) -> Hook {
        let at = NOON + Duration::seconds(n.try_into().unwrap());
        let mut customer = zammad_user(self.zammad_user, &self.name(n), at);
        customer["email"] = json!(format!("user{}@example.com", self.zammad_user));
        Hook::of(&customer).named(self.name(n))
    }
}

/// Counts what was taken, and tells when it is enough.
struct Meter {
    n_taken: AtomicUsize,
    enough: watch::Sender<bool>,
}

async fn storm(mut witness: Witness, meter: Arc<Meter>) -> Witness {
    loop {
        let request = witness.hook(witness.n_taken).request(&witness.owner, Method::POST);
        let Some(answer) = Answer::if_any(request).await else {
            return witness;
        };
        answer.ok(202);
        witness.n_taken += 1;
        if N_TAKEN <= meter.n_taken.fetch_add(1, Ordering::SeqCst) + 1 {
            meter.enough.send_replace(true);
        }
    }
}

fn admin_at(server: &Serving) -> Caller {
    let mut ada = claims("ada");
    ada["roles"] = json!([ADMIN]);
    Caller::anonymous(http_client(), server.base.clone()).claiming(&ada)
}

/// How a server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Somebody pulls the plug.
    Crash,
    /// An operator ends it.
    Stop,
}

async fn survives(engine: Engine, end: End) {
    let database = Database::create(engine).await;
    let zammad = Simulator::start(&Config::default()).unwrap();
    let mut environment: HashMap<String, String> = settings(&database.url, &zammad);
    environment.insert("FAMILY_PLAN__LOG__FORMAT".to_owned(), "json".to_owned());

    for round in 0..N_ROUNDS {
        let server = Serving::start(&environment).await;
        let anonymous = Caller::anonymous(http_client(), server.base.clone());
        let mut witnesses = Vec::new();
        for sender in 0..N_SENDERS {
            let zammad_user = (100 * (round + 1) + sender) as u64;
            let owner = anonymous.claiming(&claims(&format!("user{zammad_user}")));
            let plan = owner.opens("The Hills").await;
            witnesses.push(Witness { zammad_user, owner, plan, n_taken: 0 });
        }
        let (enough, mut told) = watch::channel(false);
        let meter = Arc::new(Meter { n_taken: AtomicUsize::new(0), enough });
        let storms = witnesses.into_iter().map(|witness| tokio::spawn(storm(witness, Arc::clone(&meter))));
        let storms: Vec<_> = storms.collect();
        told.wait_for(|it| *it).await.unwrap();
        match end {
            End::Crash => server.kill().await,
            End::Stop => drop(server.stop().await),
        }
        let witnesses = join_all(storms).await;

        let server = Serving::start(&environment).await;
        let admin = admin_at(&server);
        let mut found = BTreeSet::new();
        for delivery in settled(&admin).await {
            assert_eq!(delivery["state"], "applied", "{delivery}");
            // One more when somebody was killed who had taken it on.
            let most = if end == End::Crash { 2 } else { 1 };
            assert!((1..=most).contains(&number(&delivery, "attempts")), "{delivery}");
            let name = text(&delivery, "delivery_id");
            assert!(found.insert(name), "it is there twice: {delivery}");
        }
        for witness in witnesses {
            let witness = witness.unwrap();
            for n in 0..witness.n_taken {
                assert!(found.contains(&witness.name(n)), "{} was taken, and is lost", witness.name(n));
            }
            // The last one had no answer, so it may be there or not.
            let is_last_there = found.contains(&witness.name(witness.n_taken));
            let newest = if is_last_there { Some(witness.n_taken) } else { witness.n_taken.checked_sub(1) };
            let expected = newest.map(|it| witness.name(it));
            assert_eq!(known(&admin, witness.zammad_user).await, expected);
            assert_eq!(links(&admin, &witness.plan).await.len(), usize::from(newest.is_some()));
        }
        server.stop().await;
    }
    database.dispose().await;
}

/// Nothing was applied when the plug was pulled.
async fn survives_a_crash_before_anything_is_applied(engine: Engine) {
    let database = Database::create(engine).await;
    let zammad = Simulator::start(&Config::default()).unwrap();
    let mut environment: HashMap<String, String> = settings(&database.url, &zammad);
    environment.insert("FAMILY_PLAN__LOG__FORMAT".to_owned(), "json".to_owned());
    let server = Serving::start(&environment).await;
    let admin = admin_at(&server);
    let mut witnesses = Vec::new();
    for zammad_user in 100..108 {
        let owner = admin.claiming(&claims(&format!("user{zammad_user}")));
        let plan = owner.opens("The Hills").await;
        witnesses.push(Witness { zammad_user, owner, plan, n_taken: 0 });
    }
    database.execute("ALTER TABLE zammad_users RENAME TO zammad_users_away").await;
    for witness in &mut witnesses {
        for n in 0..20 {
            witness.hook(n).to(&witness.owner).await.ok(202);
            witness.n_taken += 1;
        }
    }
    let taken = admin.all(DELIVERIES, 100).await;
    assert!(taken.len() == 160 && taken.iter().all(|it| it["state"] == "pending"), "{taken:?}");
    server.kill().await;
    database.execute("ALTER TABLE zammad_users_away RENAME TO zammad_users").await;

    let server = Serving::start(&environment).await;
    let admin = admin_at(&server);
    assert_eq!(outcomes(&admin).await, [("applied".to_owned(), 160)].into());
    for witness in witnesses {
        assert_eq!(known(&admin, witness.zammad_user).await, Some(witness.name(19)));
        assert_eq!(links(&admin, &witness.plan).await.len(), 1);
    }
    server.stop().await;
    database.dispose().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_was_taken_is_applied_after_a_stop_and_nothing_was_begun_in_vain() {
    survives(Engine::Sqlite, End::Stop).await;
}

macro_rules! on_each_engine {
    ($($module:ident $engine:ident),+) => {
        $(
            mod $module {
                use super::Engine::$engine;

                #[tokio::test(flavor = "multi_thread")]
                async fn all_that_was_taken_is_applied_after_a_crash() {
                    super::survives($engine, super::End::Crash).await;
                }

                #[tokio::test(flavor = "multi_thread")]
                async fn what_was_taken_while_nothing_could_be_applied_is_applied_after_a_crash() {
                    super::survives_a_crash_before_anything_is_applied($engine).await;
                }
            }
        )+
    };
}

on_each_engine!(sqlite Sqlite, postgres Postgres, mariadb Mariadb);
