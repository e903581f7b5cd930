//! `family-plan import`: what is in one database gets into another, whatever the engines.

use family_plan_zammad_simulator::{Config, Simulator};
use serde_json::{Value, json};

use crate::{
    backup::{Telling, admin_of},
    client::{Caller, claims, text},
    idempotency::{KEY, assert_again, first},
    program::{Ended, Serving, run},
    receiver::ENDPOINTS,
    waiting::eventually,
    world::{Database, Engine, settings},
};

/// All that administrators can see.
async fn everything(admin: &Caller) -> Vec<Value> {
    let mut all = vec![admin.get("/v1/settings").await.ok(200)];
    for path in ["/v1/events", "/v1/plans", ENDPOINTS] {
        all.extend(admin.all(path, 100).await);
    }
    for endpoint in admin.all(ENDPOINTS, 100).await {
        all.extend(admin.all(&format!("{ENDPOINTS}/{}/deliveries", text(&endpoint, "id")), 100).await);
    }
    for plan in admin.all("/v1/plans", 100).await {
        let plan = text(&plan, "id");
        for list in ["members", "invites", "events"] {
            all.extend(admin.all(&format!("/v1/plans/{plan}/{list}"), 100).await);
        }
    }
    all
}

async fn import(database: &Database, zammad: &Simulator, from: &str) -> Ended {
    run(&["import", "--from", from], &settings(&database.url, zammad)).await
}

async fn moved(from: Engine, to: Engine) {
    let (old, new) = (Database::create(from).await, Database::create(to).await);
    let Telling { server, mut environment, zammad, receiver, secret } = Telling::on(&old).await;
    let admin = admin_of(&server);
    let endpoint = text(&admin.all(ENDPOINTS, 100).await[0], "id");
    // For one that is disabled, all of it waits.
    let elsewhere = json!({"url": format!("{}/elsewhere", receiver.url)});
    let elsewhere = text(&admin.post_json(ENDPOINTS, &elsewhere).await.ok(201), "id");
    admin.patch(&format!("{ENDPOINTS}/{elsewhere}"), &json!({"enabled": false})).await.ok(200);
    let ann = admin.claiming(&claims("ann"));
    let plan = ann.opens("Die Hügel 🏡").await;
    let path = format!("/v1/plans/{plan}/invites");
    let issued = ann.post_once(KEY, &path).await;
    first(&issued);
    let open = ann.invites(&plan).await;
    let used = ann.invites(&plan).await;
    admin.claiming(&claims("bob")).accepts(&used.code).await.ok(200);
    admin.sets(&json!({"user_limit": 7})).await;
    admin.put("/v1/users/bob/zammad-user", &json!({"zammad_user_id": 4711})).await.ok(200);
    // More than what is taken at once, for either endpoint.
    for n in 0..260 {
        admin.claiming(&claims(&format!("user-{n}"))).opens("Others").await;
    }
    receiver.has(8 + 2 * 260).await;
    let pending = format!("{ENDPOINTS}/{endpoint}/deliveries?state=pending");
    eventually("all is noted as told", async || admin.all(&pending, 100).await.is_empty()).await;
    let before = everything(&admin).await;
    server.stop().await;

    let ended = import(&new, &zammad, &old.url).await;
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(
        ended.stdout.lines().any(|it| it.starts_with("plans ") && it.ends_with(" 261")),
        "{}",
        ended.stdout
    );
    let again = import(&new, &zammad, &old.url).await;
    assert!(!again.status.success() && again.stderr.contains("is not empty"), "{}", again.stderr);

    environment.insert("FAMILY_PLAN__DATABASE__URL".to_owned(), new.url.clone());
    let server = Serving::start(&environment).await;
    let admin = admin_of(&server);
    assert_eq!(everything(&admin).await, before);
    assert_again(&admin.claiming(&claims("ann")).post_once(KEY, &path).await, &issued);
    let n = receiver.received().len();
    admin.claiming(&claims("cleo")).accepts(&open.code).await.ok(200);
    let told = receiver.has(n + 2).await.split_off(n);
    assert!(told.iter().all(|it| it.is_signed_with(&secret)), "{told:?}");
    assert!(told.iter().all(|it| it.event()["plan_id"] == plan.as_str()), "nothing is told again: {told:?}");
    server.stop().await;
    new.dispose().await;
    old.dispose().await;
}

mod postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_in_sqlite_is_taken_over() {
        moved(Engine::Sqlite, Engine::Postgres).await;
    }
}

mod mariadb {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_in_sqlite_is_taken_over() {
        moved(Engine::Sqlite, Engine::Mariadb).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_in_postgresql_is_taken_over() {
        moved(Engine::Postgres, Engine::Mariadb).await;
    }
}

mod sqlite {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_in_mariadb_is_taken_over() {
        moved(Engine::Mariadb, Engine::Sqlite).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_older_or_not_there_is_not_taken_over() {
    let (old, new) = (Database::create(Engine::Sqlite).await, Database::create(Engine::Sqlite).await);
    let zammad = Simulator::start(&Config::default()).unwrap();
    let missing = import(&new, &zammad, &old.url).await;
    assert!(!missing.status.success() && missing.stderr.contains("cannot be read"), "{}", missing.stderr);
    old.execute("CREATE TABLE other (id INTEGER)").await;
    let empty = import(&new, &zammad, &old.url).await;
    assert!(!empty.status.success() && empty.stderr.contains("lacks"), "{}", empty.stderr);
    new.dispose().await;
    old.dispose().await;
}
