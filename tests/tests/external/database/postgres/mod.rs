//! [`PostgresStorage`] and a real PostgreSQL, which is killed and started as needed.

mod round_trips;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use logto::storage::{Entry, Expect, Storage, Version, test_kit};
use logto_servers::{
    PgBouncer, Postgres, eventually, extreme_times_are_taken, one_of_many_wins, soon,
};
use logto_sqlx::PostgresStorage;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{Connection, PgConnection, PgPool, query, query_scalar};

const HOUR: Duration = Duration::from_secs(3600);

fn entry(version: i64) -> Entry {
    Entry::new("value", Version::from_number(version))
}

fn pool(postgres: &Postgres) -> PgPool {
    PgPool::connect_lazy(&postgres.url()).unwrap()
}

async fn storage(postgres: &Postgres) -> PostgresStorage {
    let storage = PostgresStorage::new(pool(postgres));
    storage.create_schema().await.unwrap();
    storage
}

async fn rows(pool: &PgPool) -> i64 {
    let count = query_scalar("select count(*) from logto_entries");
    count.fetch_one(pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_meets_the_requirements() {
    let postgres = Postgres::start().await;
    let creating: Vec<_> = (0..8)
        .map(|_| {
            let storage = PostgresStorage::new(pool(&postgres));
            tokio::spawn(async move { storage.create_schema().await.unwrap() })
        })
        .collect();
    for instance in creating {
        instance.await.expect("several instances start at once");
    }
    let storage = storage(&postgres).await;
    test_kit::check(&storage).await.unwrap();
    extreme_times_are_taken(&storage).await;

    let unlogged = query("alter table logto_entries set unlogged");
    unlogged.execute(&pool(&postgres)).await.unwrap();
    test_kit::check(&storage).await.unwrap();
}

/// PostgreSQL asks for the right to create before it looks whether a table is there already.
#[tokio::test]
async fn a_role_that_may_create_nothing_uses_the_table_that_is_there() {
    let postgres = Postgres::start().await;
    let owner = pool(&postgres);
    for statement in ["create role app login", "revoke create on schema public from public"] {
        query(statement).execute(&owner).await.unwrap();
    }
    let options: PgConnectOptions = postgres.url().parse().unwrap();
    let app = PostgresStorage::new(PgPool::connect_lazy_with(options.username("app")));
    let error = app.create_schema().await.unwrap_err().to_string();
    assert!(error.contains("permission denied for schema public"), "{error}");

    storage(&postgres).await;
    let grant = "grant select, insert, update, delete on logto_entries to app";
    query(grant).execute(&owner).await.unwrap();
    app.create_schema().await.unwrap();
    test_kit::check(&app).await.unwrap();
}

#[tokio::test]
async fn it_meets_the_requirements_behind_pgbouncer_with_session_pooling() {
    let postgres = Postgres::start().await;
    storage(&postgres).await;
    let pgbouncer = PgBouncer::start(&postgres, "session", 20).await;
    let storage = PostgresStorage::new(PgPool::connect_lazy(&pgbouncer.url()).unwrap());
    test_kit::check(&storage).await.unwrap();
    let mut subscription = storage.subscribe().await.unwrap().unwrap();
    storage.announce("ours").await.unwrap();
    assert_eq!(soon("a message", subscription.next()).await.unwrap(), "ours");
}

/// Older ones mix up the prepared statements of their clients, whatever the pool's settings.
#[tokio::test]
async fn transaction_pooling_needs_a_pgbouncer_that_knows_prepared_statements() {
    let postgres = Postgres::start().await;
    storage(&postgres).await;
    let pgbouncer = PgBouncer::start(&postgres, "transaction", 1).await;
    for statements in [100, 0] {
        let options: PgConnectOptions = pgbouncer.url().parse().unwrap();
        let options = options.statement_cache_capacity(statements);
        let client = || PgPoolOptions::new().max_connections(1).connect_lazy_with(options.clone());
        let (one, other) = (PostgresStorage::new(client()), PostgresStorage::new(client()));
        let outcome = async {
            one.get(&["key"]).await?;
            other.get(&["key"]).await
        };
        match soon("an answer", outcome).await {
            Ok(found) => {
                assert!(pgbouncer.knows_prepared_statements());
                assert_eq!(found, [None]);
            }
            Err(error) => {
                assert!(!pgbouncer.knows_prepared_statements(), "{error}");
                assert!(error.to_string().contains("prepared statement"), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_lost_subscription_says_so() {
    let mut postgres = Postgres::start().await;
    let storage = storage(&postgres).await;
    let mut subscription = storage.subscribe().await.unwrap().unwrap();
    postgres.kill();
    soon("an error", subscription.next()).await.unwrap_err();
    postgres.start_again().await;
    let mut subscription = storage.subscribe().await.unwrap().unwrap();
    storage.announce("ours").await.unwrap();
    assert_eq!(soon("a message", subscription.next()).await.unwrap(), "ours");
}

#[tokio::test]
async fn a_small_pool_is_left_its_connections() {
    let postgres = Postgres::start().await;
    for (connections, listens) in [(2, false), (3, true)] {
        let pool = PgPoolOptions::new().max_connections(connections);
        let storage = PostgresStorage::new(pool.connect_lazy(&postgres.url()).unwrap());
        assert_eq!(storage.subscribe().await.unwrap().is_some(), listens);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_instances_one_wins() {
    let postgres = Postgres::start().await;
    let mut instances = Vec::new();
    for _ in 0..4 {
        instances.push(Arc::new(storage(&postgres).await));
    }
    one_of_many_wins(&instances).await;
}

#[tokio::test]
async fn what_is_over_is_swept_away() {
    let postgres = Postgres::start().await;
    let pool = pool(&postgres);
    let storage = storage(&postgres).await;
    let over = async || {
        let insert = "insert into logto_entries select n::text, 1, '', now() - interval '1 second'
            from generate_series(1, 2500) n";
        query(insert).execute(&pool).await.unwrap();
    };
    over().await;
    let stored = storage.put("here", entry(1), Expect::Absent, HOUR).await;
    assert!(stored.unwrap());
    eventually("the storage to sweep by itself", async || (rows(&pool).await == 1).then_some(()))
        .await;

    over().await;
    assert_eq!(storage.sweep().await.unwrap(), 2500);
    assert_eq!(storage.sweep().await.unwrap(), 0);
    assert_eq!(storage.get(&["here"]).await.unwrap(), [Some(entry(1))]);
}

#[tokio::test]
async fn the_store_recovers_after_an_outage() {
    let mut postgres = Postgres::start().await;
    let patience = Duration::from_millis(500);
    let pool = PgPoolOptions::new().acquire_timeout(patience);
    let storage = PostgresStorage::new(pool.connect_lazy(&postgres.url()).unwrap());
    storage.create_schema().await.unwrap();
    let stored = storage.put("key", entry(1), Expect::Absent, HOUR).await;
    assert!(stored.unwrap());

    postgres.kill();
    soon("an error", storage.ping()).await.unwrap_err();
    let put = storage.put("other", entry(1), Expect::Absent, HOUR);
    soon("an error", put).await.unwrap_err();
    soon("an error", storage.remove("key", None)).await.unwrap_err();

    postgres.start_again().await;
    let found = storage.get(&["key"]).await;
    assert_eq!(found.unwrap(), [Some(entry(1))], "the first call after it");
}

#[tokio::test]
async fn a_lost_connection_is_replaced_unnoticed() {
    let postgres = Postgres::start().await;
    let admin = pool(&postgres);
    let untested = PgPoolOptions::new().test_before_acquire(false).min_connections(4);
    let untested = untested.connect(&postgres.url()).await.unwrap();
    let untested = PostgresStorage::new(untested);
    let tested = storage(&postgres).await;
    for (version, storage) in (1..20).zip([&tested, &untested].into_iter().cycle()) {
        let kill = "select pg_terminate_backend(pid, 10000) from pg_stat_activity
            where pid <> pg_backend_pid() and backend_type = 'client backend'";
        let killed = query(kill).execute(&admin).await.unwrap();
        assert!(killed.rows_affected() > 0, "there was no connection");
        let key = version.to_string();
        let stored = storage.put(&key, entry(version), Expect::Absent, HOUR);
        assert!(stored.await.unwrap());
        query(kill).execute(&admin).await.unwrap();
        assert_eq!(storage.get(&[&key]).await.unwrap(), [Some(entry(version))]);
        query(kill).execute(&admin).await.unwrap();
        assert!(storage.remove(&key, None).await.unwrap());
    }
}

/// The server ends it with an error, which is read as the answer to the next statement. So does
/// PgBouncer.
#[tokio::test]
async fn a_connection_that_the_server_ended_is_replaced_unnoticed() {
    let postgres = Postgres::start().await;
    storage(&postgres).await;
    let admin = pool(&postgres);
    let options: PgConnectOptions = postgres.url().parse().unwrap();
    let options = options.options([("idle_session_timeout", "50")]);
    let pool = PgPoolOptions::new().max_connections(1).test_before_acquire(false);
    let pool = pool.connect_with(options).await.unwrap();
    let storage = PostgresStorage::new(pool.clone());
    let pid: i32 = query_scalar("select pg_backend_pid()").fetch_one(&pool).await.unwrap();
    eventually("an idle connection to be ended", async || {
        let alive = query_scalar("select exists (select from pg_stat_activity where pid = $1)");
        let alive: bool = alive.bind(pid).fetch_one(&admin).await.unwrap();
        (!alive).then_some(())
    })
    .await;
    assert_eq!(storage.get(&["key"]).await.unwrap(), [None]);
}

/// As after a full disk, or where a name led to a replica for a while.
#[tokio::test]
async fn connections_from_a_read_only_time_are_replaced_when_it_is_over() {
    let postgres = Postgres::start().await;
    storage(&postgres).await;
    let admin = pool(&postgres);
    let database: String =
        query_scalar("select current_database()").fetch_one(&admin).await.unwrap();
    let read_only = async |value: &str| {
        let set = format!("alter database {database} set default_transaction_read_only = {value}");
        query(sqlx::AssertSqlSafe(set)).execute(&admin).await.unwrap();
    };
    read_only("on").await;
    let options = PgPoolOptions::new().max_connections(4).test_before_acquire(false);
    let connections = options.connect(&postgres.url()).await.unwrap();
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(connections.acquire().await.unwrap());
    }
    drop(all);
    let storage = PostgresStorage::new(connections);
    // This opens the connection beside the pool as well.
    assert!(storage.put("key", entry(1), Expect::Absent, HOUR).await.is_err());

    read_only("off").await;
    assert!(storage.put("key", entry(1), Expect::Absent, HOUR).await.unwrap());
    assert!(storage.remove("key", None).await.unwrap());
    for version in 1..=20 {
        let key = version.to_string();
        assert!(storage.put(&key, entry(version), Expect::Absent, HOUR).await.unwrap());
    }
}

#[tokio::test]
async fn one_request_is_one_round_trip_if_connections_are_not_tested_before() {
    let postgres = Postgres::start().await;
    storage(&postgres).await;
    for (tested, expected) in [(true, 2), (false, 1)] {
        let (port, answers) = round_trips::count(&postgres.url()).await;
        let options: PgConnectOptions = postgres.url().parse().unwrap();
        let options = options.port(port).ssl_mode(PgSslMode::Disable);
        let pool = PgPoolOptions::new().max_connections(1).test_before_acquire(tested);
        let pool = pool.connect_with(options).await.unwrap();
        let storage = PostgresStorage::new(pool.clone());
        // The first time the statement is prepared.
        for first in [true, false] {
            let idle = async || (pool.num_idle() == 1).then_some(());
            eventually("the connection to be free", idle).await;
            let before = answers.load(Ordering::SeqCst);
            storage.get(&["a", "b", "c"]).await.unwrap();
            let trips = answers.load(Ordering::SeqCst) - before;
            assert!(first || trips == expected, "{trips} round trips, not {expected}");
        }
    }
}

#[tokio::test]
async fn an_app_that_takes_all_connections_leaves_one_for_what_has_to_be_stored() {
    let postgres = Postgres::start().await;
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(2));
    let pool = pool.connect_lazy(&postgres.url()).unwrap();
    let storage = PostgresStorage::new(pool.clone());
    storage.create_schema().await.unwrap();
    assert!(storage.put("key", entry(1), Expect::Absent, HOUR).await.unwrap());

    let _taken = pool.acquire().await.unwrap();
    for version in 1..5 {
        let expect = Expect::Version(Version::from_number(version));
        let stored = storage.put("key", entry(version + 1), expect, HOUR);
        assert!(soon("a connection", stored).await.unwrap());
        assert_eq!(storage.get(&["key"]).await.unwrap(), [Some(entry(version + 1))]);
    }
    // It is lost, and made again.
    let kill = "select pg_terminate_backend(pid, 10000) from pg_stat_activity
        where pid <> pg_backend_pid() and backend_type = 'client backend'";
    query(kill).execute(&self::pool(&postgres)).await.unwrap();
    assert!(storage.remove("key", None).await.unwrap());
}

/// Each connection has prepared its statements with the types of before.
#[tokio::test]
async fn a_column_that_is_altered_costs_no_request() {
    let postgres = Postgres::start().await;
    storage(&postgres).await;
    let admin = pool(&postgres);
    let storage = PostgresStorage::new(patient().connect_lazy(&postgres.url()).unwrap());
    assert!(storage.put("key", entry(1), Expect::Absent, HOUR).await.unwrap());
    for kind in ["varchar(300)", "text"] {
        assert_eq!(storage.get(&["key"]).await.unwrap(), [Some(entry(1))]);
        let alter = format!("alter table logto_entries alter column key type {kind}");
        query(sqlx::AssertSqlSafe(alter)).execute(&admin).await.unwrap();
        for _ in 0..3 {
            assert_eq!(storage.get(&["key"]).await.unwrap(), [Some(entry(1))], "{kind}");
        }
    }
    assert!(storage.remove("key", Some(Version::from_number(1))).await.unwrap());
}

/// The usual pool, whose own patience is longer than the SDK's.
fn patient() -> PgPoolOptions {
    PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(60))
}

#[tokio::test]
async fn a_server_that_is_down_is_told_from_one_that_is_slow() {
    let pool = patient().connect_lazy("postgres://logto@127.0.0.1:1/postgres").unwrap();
    let storage = PostgresStorage::new(pool);
    // The first without the connection beside the pool, the others with it.
    for error in [
        soon("an error", storage.ping()).await.unwrap_err(),
        soon("an error", storage.put("key", entry(1), Expect::Absent, HOUR)).await.unwrap_err(),
        soon("an error", storage.remove("key", None)).await.unwrap_err(),
    ] {
        assert!(error.to_string().contains("Connection refused"), "{error}");
        assert!(std::error::Error::source(&error).is_some(), "{error:?}");
    }

    let hasty = PgPoolOptions::new().acquire_timeout(Duration::from_millis(20));
    let hasty = hasty.connect_lazy("postgres://logto@127.0.0.1:1/postgres").unwrap();
    let error = PostgresStorage::new(hasty).create_schema().await.unwrap_err();
    assert!(error.to_string().contains("Connection refused"), "{error}");
}

#[tokio::test]
async fn a_server_without_room_says_so_and_is_used_when_it_has_some() {
    let postgres = Postgres::start().await;
    let admin = pool(&postgres);
    storage(&postgres).await;
    for statement in
        ["create role app login connection limit 1", "grant all on logto_entries to app"]
    {
        query(statement).execute(&admin).await.unwrap();
    }
    let options: PgConnectOptions = postgres.url().parse().unwrap();
    let options = options.username("app");
    let storage = PostgresStorage::new(patient().connect_lazy_with(options.clone()));
    let taken = PgConnection::connect_with(&options).await.unwrap();

    let put = storage.put("key", entry(1), Expect::Absent, HOUR);
    let error = soon("an error", put).await.unwrap_err();
    assert!(error.to_string().contains("too many connections"), "{error}");

    taken.close().await.unwrap();
    let put = storage.put("key", entry(1), Expect::Absent, HOUR);
    assert!(soon("a connection", put).await.unwrap());
}

/// They were asked for by others, and become free.
#[tokio::test]
async fn connections_that_are_in_use_are_waited_for() {
    let postgres = Postgres::start().await;
    storage(&postgres).await;
    let (port, answers) = round_trips::count(&postgres.url()).await;
    let options: PgConnectOptions = postgres.url().parse().unwrap();
    let options = options.port(port).ssl_mode(PgSslMode::Disable);
    let pool = patient().connect_with(options).await.unwrap();
    let storage = PostgresStorage::new(pool.clone());
    let taken = pool.acquire().await.unwrap();
    let before = answers.load(Ordering::SeqCst);
    let waiting = tokio::spawn(async move { storage.get(&["key"]).await });
    // Nothing else can speak to the database: it was asked whether it takes connections.
    let asked = async || (answers.load(Ordering::SeqCst) > before).then_some(());
    eventually("the database to be asked", asked).await;
    assert!(!waiting.is_finished());
    drop(taken);
    assert_eq!(soon("an answer", waiting).await.unwrap().unwrap(), [None]);
}

#[tokio::test]
async fn the_password_is_for_the_database_alone() {
    let password = "correct-horse-battery-staple";
    let pool = PgPoolOptions::new().acquire_timeout(Duration::from_millis(200));
    let url = format!("postgres://logto:{password}@127.0.0.1:1/postgres");
    let storage = PostgresStorage::new(pool.connect_lazy(&url).unwrap());
    let error = soon("an error", storage.ping()).await.unwrap_err();
    for text in [format!("{storage:?}"), format!("{error} {error:?}")] {
        assert!(!text.contains(password), "{text}");
    }
}
