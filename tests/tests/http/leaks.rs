//! One run of everything, failures included, with all that gets out of it: no secret is where it does not belong.

mod belonging;
mod captures;
mod course;
mod dump;
mod operations;
mod proxy;
mod search;
mod secrets;
mod stage;

use self::{
    belonging::{belongs, unused},
    search::Search,
    stage::{Format, Stage},
};
use crate::world::Engine;

async fn no_secret_is_where_it_does_not_belong(engine: Engine, format: Format, signs_in: bool) {
    let mut stage = Stage::set(engine, format, signs_in).await;
    course::run(&mut stage).await;
    let (secrets, captures, missing) = stage.strike().await;

    assert!(
        missing.is_empty(),
        "these were never carried out, so that nobody knows what they tell: {missing:?}"
    );
    let found = Search::of(&secrets.all()).run(&captures);
    let leaks: Vec<String> = found.iter().filter(|it| !belongs(it)).map(ToString::to_string).collect();
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
    let unused = unused(&found, engine == Engine::Sqlite, signs_in);
    assert!(unused.is_empty(), "nobody looked there, or nothing has to be allowed there: {unused:?}");
}

mod sqlite {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn no_secret_is_where_it_does_not_belong() {
        super::no_secret_is_where_it_does_not_belong(Engine::Sqlite, Format::Json, false).await;
    }
}

mod postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn no_secret_is_where_it_does_not_belong() {
        super::no_secret_is_where_it_does_not_belong(Engine::Postgres, Format::Text, false).await;
    }
}

mod mariadb {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn no_secret_is_where_it_does_not_belong() {
        super::no_secret_is_where_it_does_not_belong(Engine::Mariadb, Format::Json, false).await;
    }
}

mod signing_in {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn no_secret_is_where_it_does_not_belong() {
        super::no_secret_is_where_it_does_not_belong(Engine::Sqlite, Format::Text, true).await;
    }
}
