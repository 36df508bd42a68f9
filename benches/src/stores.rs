//! Opening a session that a server keeps: one round trip for each request.

use std::sync::Arc;

use logto::storage::{MemoryStorage, Storage};
use logto_redis::RedisStorage;
use logto_servers::{Postgres, Redis};
use logto_sqlx::{PostgresStorage, SqliteStorage};
use sqlx::{PgPool, SqlitePool};
use tokio::runtime::Runtime;

use crate::fixture::{Fixture, open};
use crate::harness::{Case, measure};
use crate::report::Report;

pub fn run(runtime: &Runtime, report: &mut Report) {
    let (redis, postgres) =
        runtime.block_on(async { (Redis::start().await, Postgres::start().await) });
    let stores = runtime.block_on(async {
        let of_redis = RedisStorage::open(&redis.url()).expect("an address of Redis");
        let of_postgres = PgPool::connect(&postgres.url()).await.expect("PostgreSQL");
        let of_postgres = PostgresStorage::new(of_postgres);
        of_postgres.create_schema().await.expect("a schema");
        let of_sqlite = SqlitePool::connect("sqlite::memory:").await.expect("SQLite");
        let of_sqlite = SqliteStorage::new(of_sqlite);
        of_sqlite.create_schema().await.expect("a schema");
        let stores: [(&'static str, Arc<dyn Storage>); 4] = [
            ("memory", Arc::new(MemoryStorage::new())),
            ("Redis", Arc::new(of_redis)),
            ("PostgreSQL", Arc::new(of_postgres)),
            ("SQLite, without its own thread", Arc::new(of_sqlite)),
        ];
        stores
    });
    let fixture = runtime.block_on(Fixture::new([]));
    let signed_in = stores.map(|(name, store)| {
        let logto = fixture.stored_in(store);
        let pointer = runtime.block_on(fixture.sign_in(&logto, "alice", &Fixture::usual_tokens()));
        (name, logto, pointer.header())
    });
    let cases = signed_in.iter().map(|(name, logto, pointer)| {
        Case::asynchronous(name, runtime, async || open(logto, pointer).await)
    });
    let measured = measure(cases.collect());
    report.table(
        "Opening a session in each store (CPU time of this process, without the server's)",
        &measured,
    );
}
