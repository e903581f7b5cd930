//! What one would write by hand: the plan's row is locked, the seats are counted, and nothing is remembered.

use async_trait::async_trait;
use sqlx::{Executor, PgPool, Postgres, Row, Transaction, postgres::PgPoolOptions};
use uuid::Uuid;

use crate::{Contender, N_PLANS};

const SCHEMA: &str = "
    CREATE TABLE plans (id BIGINT PRIMARY KEY, owner_id TEXT NOT NULL, user_limit INT NOT NULL);
    CREATE TABLE invites (
        id UUID PRIMARY KEY, plan_id BIGINT NOT NULL REFERENCES plans, code TEXT NOT NULL UNIQUE,
        expires_at TIMESTAMPTZ NOT NULL, used_by TEXT
    );
    CREATE INDEX ON invites (plan_id) WHERE used_by IS NULL;
    CREATE TABLE members (
        user_id TEXT PRIMARY KEY, plan_id BIGINT NOT NULL REFERENCES plans, invite_id UUID REFERENCES invites,
        joined_at TIMESTAMPTZ NOT NULL
    );
    CREATE INDEX ON members (plan_id);";

const SEATS: &str = "
    SELECT user_limit::BIGINT AS user_limit,
        (SELECT count(*) FROM members WHERE plan_id = $1) AS used,
        (SELECT count(*) FROM invites WHERE plan_id = $1 AND used_by IS NULL AND now() < expires_at) AS held
    FROM plans WHERE id = $1";

pub(crate) struct PlainSql(PgPool);

impl PlainSql {
    pub(crate) async fn open(url: &str) -> Self {
        let connections = u32::try_from(N_PLANS).expect("they are few");
        let pool = PgPoolOptions::new().max_connections(connections).test_before_acquire(false);
        let pool = pool.connect(url).await.expect("there is a database");
        pool.execute(SCHEMA).await.expect("the schema can be made");
        for plan in 0..N_PLANS {
            sqlx::query("INSERT INTO plans VALUES ($1, $2, 5)")
                .bind(key(plan))
                .bind(format!("owner-{plan}"))
                .execute(&pool)
                .await
                .expect("a plan can be opened");
            sqlx::query("INSERT INTO members VALUES ($1, $2, NULL, now())")
                .bind(format!("owner-{plan}"))
                .bind(key(plan))
                .execute(&pool)
                .await
                .expect("its owner is in it");
        }
        Self(pool)
    }

    async fn issue(&self, plan: i64) -> sqlx::Result<String> {
        let mut transaction = self.0.begin().await?;
        lock(&mut transaction, plan).await?;
        let (limit, used, held) = seats(&mut transaction, plan).await?;
        assert!(used + held < limit);
        let (id, code) = (Uuid::from_u128(rand::random()), Uuid::from_u128(rand::random()).to_string());
        sqlx::query("INSERT INTO invites VALUES ($1, $2, $3, now() + INTERVAL '2 days', NULL)")
            .bind(id)
            .bind(plan)
            .bind(&code)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(code)
    }

    async fn accept(&self, code: &str, member: &str) -> sqlx::Result<()> {
        let mut transaction = self.0.begin().await?;
        let found =
            "SELECT id, plan_id FROM invites WHERE code = $1 AND used_by IS NULL AND now() < expires_at";
        let invite = sqlx::query(found).bind(code).fetch_one(&mut *transaction).await?;
        let (id, plan): (Uuid, i64) = (invite.get(0), invite.get(1));
        lock(&mut transaction, plan).await?;
        let (limit, n_members, _) = seats(&mut transaction, plan).await?;
        assert!(n_members < limit);
        let accepted = "UPDATE invites SET used_by = $1 WHERE id = $2 AND used_by IS NULL";
        sqlx::query(accepted).bind(member).bind(id).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO members VALUES ($1, $2, $3, now())")
            .bind(member)
            .bind(plan)
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    async fn detach(&self, plan: i64, user: &str) -> sqlx::Result<()> {
        let mut transaction = self.0.begin().await?;
        lock(&mut transaction, plan).await?;
        let left = "DELETE FROM members WHERE plan_id = $1 AND user_id = $2 RETURNING invite_id";
        let member = sqlx::query(left).bind(plan).bind(user).fetch_one(&mut *transaction).await?;
        let invite: Uuid = member.get(0);
        // Ours would open it again; here it would go on to hold a seat.
        sqlx::query("UPDATE invites SET expires_at = now() WHERE id = $1")
            .bind(invite)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }
}

async fn lock(transaction: &mut Transaction<'_, Postgres>, plan: i64) -> sqlx::Result<()> {
    sqlx::query("SELECT 1 FROM plans WHERE id = $1 FOR UPDATE")
        .bind(plan)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// A statement of its own: one that waits for the lock would count what was there before.
async fn seats(transaction: &mut Transaction<'_, Postgres>, plan: i64) -> sqlx::Result<(i64, i64, i64)> {
    let row = sqlx::query(SEATS).bind(plan).fetch_one(&mut **transaction).await?;
    Ok((row.get(0), row.get(1), row.get(2)))
}

#[async_trait]
impl Contender for PlainSql {
    async fn cycle(&self, plan: usize) {
        let user = format!("member-{plan}");
        let code = self.issue(key(plan)).await.expect("an invite is issued");
        self.accept(&code, &user).await.expect("it is accepted");
        self.detach(key(plan), &user).await.expect("the member is detached");
    }
}

fn key(plan: usize) -> i64 {
    i64::try_from(plan).expect("they are few")
}
