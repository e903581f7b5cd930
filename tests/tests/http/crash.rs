//! A server whose plug is pulled in the middle of a storm: all that it acknowledged is there, and nothing by halves.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use family_plan_zammad_simulator::{Config, Simulator};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::sync::watch;

use crate::{
    client::{ADMIN, Answer, Caller, claims, http_client},
    invariants,
    program::Serving,
    world::{Database, Engine, settings},
};

const N_PLANS: usize = 6;
/// The plug is pulled after so many acknowledged changes.
const N_ACKNOWLEDGED: usize = 60;

/// What somebody knows of one plan who saw every answer, and went home when there was none.
struct Witness {
    plan: String,
    owner: Caller,
    members: Vec<String>,
    /// Who was on their way in or out when the plug was pulled.
    in_doubt: Option<String>,
}

/// Counts acknowledged changes, and tells when there are enough.
struct Meter {
    n_acknowledged: AtomicUsize,
    enough: watch::Sender<bool>,
}

impl Meter {
    fn acknowledge(&self) {
        if N_ACKNOWLEDGED <= self.n_acknowledged.fetch_add(1, Ordering::SeqCst) + 1 {
            self.enough.send_replace(true);
        }
    }
}

async fn send(caller: &Caller, method: Method, path: &str) -> Option<Answer> {
    Answer::if_any(caller.request(method, path)).await
}

/// Invites, accepts, detaches, until there is no answer any more.
async fn storm(witness: &mut Witness, at: usize, meter: &Meter) -> Option<()> {
    for n in 0.. {
        let path = format!("/v1/plans/{}", witness.plan);
        let user = format!("user{at}x{n}");
        let caller = witness.owner.claiming(&claims(&user));
        let invite = send(&witness.owner, Method::POST, &format!("{path}/invites")).await?.ok(201);
        let code = invite["code"].as_str().unwrap();
        witness.in_doubt = Some(user.clone());
        send(&caller, Method::POST, &format!("/v1/invites/{code}/accept")).await?.ok(200);
        witness.members.push(user);
        witness.in_doubt = None;
        meter.acknowledge();
        if 3 < witness.members.len() {
            let leaving = witness.members.remove(n % 3);
            witness.in_doubt = Some(leaving.clone());
            send(&witness.owner, Method::DELETE, &format!("{path}/members/{leaving}")).await?.ok(200);
            witness.in_doubt = None;
            meter.acknowledge();
        }
    }
    None
}

async fn survives_a_crash(engine: Engine) {
    let database = Database::create(engine).await;
    let zammad = Simulator::start(&Config::default()).unwrap();
    let mut environment: HashMap<String, String> = settings(&database.url, &zammad);
    environment.insert("FAMILY_PLAN__LOG__FORMAT".to_owned(), "json".to_owned());

    for round in 0..2 {
        let server = Serving::start(&environment).await;
        let anonymous = Caller::anonymous(http_client(), server.base.clone());
        let mut witnesses = Vec::new();
        for at in 0..N_PLANS {
            let owner = anonymous.claiming(&claims(&format!("owner{round}x{at}")));
            let plan = owner.opens("The Hills").await;
            witnesses.push(Witness { plan, owner, members: Vec::new(), in_doubt: None });
        }
        let (enough, mut told) = watch::channel(false);
        let meter = Arc::new(Meter { n_acknowledged: AtomicUsize::new(0), enough });
        let storms = witnesses.into_iter().enumerate().map(|(at, mut witness)| {
            let meter = Arc::clone(&meter);
            tokio::spawn(async move {
                storm(&mut witness, round * N_PLANS + at, &meter).await;
                witness
            })
        });
        let storms: Vec<_> = storms.collect();
        told.wait_for(|it| *it).await.unwrap();
        server.kill().await;
        let witnesses = join_all(storms).await;

        let server = Serving::start(&environment).await;
        let mut ada = claims("ada");
        ada["roles"] = json!([ADMIN]);
        let ada = Caller::anonymous(http_client(), server.base.clone()).claiming(&ada);
        for witness in witnesses {
            let witness = witness.unwrap();
            let found = invariants::check(&ada, &witness.plan).await;
            assert!(found.members.len() as u64 <= found.limit, "{found:?}");
            let mut found = found.members;
            let owner = format!("owner{round}x");
            found.retain(|it| !it.starts_with(&owner) && Some(it) != witness.in_doubt.as_ref());
            let mut acknowledged = witness.members;
            acknowledged.sort_unstable();
            assert_eq!(
                found.into_iter().collect::<Vec<_>>(),
                acknowledged,
                "in doubt: {:?}",
                witness.in_doubt
            );
            let owner = witness.owner.at(&server.base);
            // The plan goes on living.
            let user = format!("late-{}", witness.plan);
            if owner.seats(&witness.plan).await.1 < 5 {
                let held = owner.get(&format!("/v1/plans/{}/invites?state=open", witness.plan)).await.ok(200);
                for invite in held["items"].as_array().unwrap() {
                    let path =
                        format!("/v1/plans/{}/invites/{}", witness.plan, invite["id"].as_str().unwrap());
                    owner.delete(&path).await.ok(204);
                }
                let invite = owner.invites(&witness.plan).await;
                owner.claiming(&claims(&user)).accepts(&invite.code).await.ok(200);
            }
        }
        server.stop().await;
    }
    database.dispose().await;
}

mod sqlite {
    #[tokio::test(flavor = "multi_thread")]
    async fn all_that_was_acknowledged_survives_a_crash() {
        super::survives_a_crash(super::Engine::Sqlite).await;
    }
}

mod postgres {
    #[tokio::test(flavor = "multi_thread")]
    async fn all_that_was_acknowledged_survives_a_crash() {
        super::survives_a_crash(super::Engine::Postgres).await;
    }
}

mod mariadb {
    #[tokio::test(flavor = "multi_thread")]
    async fn all_that_was_acknowledged_survives_a_crash() {
        super::survives_a_crash(super::Engine::Mariadb).await;
    }
}
