//! [`SqliteStorage`] over a file that several pools share.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a helper of a test fails like the test itself"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use logto::storage::{Entry, Expect, Storage, Version, test_kit};
use logto_servers::{eventually, extreme_times_are_taken, one_of_many_wins, soon};
use logto_sqlx::SqliteStorage;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{SqlitePool, query, query_scalar};

const HOUR: Duration = Duration::from_secs(3600);

fn entry(version: i64) -> Entry {
    Entry::new("value", Version::from_number(version))
}

fn pool(folder: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("sessions.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    SqlitePoolOptions::new().connect_lazy_with(options)
}

async fn storage(folder: &Path) -> SqliteStorage {
    let storage = SqliteStorage::new(pool(folder));
    storage.create_schema().await.unwrap();
    storage
}

#[tokio::test]
async fn it_meets_the_requirements() {
    let folder = tempfile::tempdir().unwrap();
    let storage = storage(folder.path()).await;
    test_kit::check(&storage).await.unwrap();
    extreme_times_are_taken(&storage).await;
}

#[tokio::test]
async fn it_meets_the_requirements_in_memory() {
    let pool = SqlitePoolOptions::new().max_connections(1);
    let storage = SqliteStorage::new(pool.connect_lazy("sqlite::memory:").unwrap());
    storage.create_schema().await.unwrap();
    test_kit::check(&storage).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_instances_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let mut instances = Vec::new();
    for _ in 0..4 {
        instances.push(Arc::new(storage(folder.path()).await));
    }
    one_of_many_wins(&instances).await;
}

#[tokio::test]
async fn what_is_over_is_swept_away() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(folder.path());
    let storage = storage(folder.path()).await;
    let over = async || {
        let insert = "insert into logto_entries
            with recursive n (n) as (select 1 union all select n + 1 from n where n < 2500)
            select n, 1, '', 1 from n";
        query(insert).execute(&pool).await.unwrap();
    };
    over().await;
    let stored = storage.put("here", entry(1), Expect::Absent, HOUR).await;
    assert!(stored.unwrap());
    eventually("the storage to sweep by itself", async || {
        let rows = query_scalar("select count(*) from logto_entries");
        let rows: i64 = rows.fetch_one(&pool).await.unwrap();
        (rows == 1).then_some(())
    })
    .await;

    over().await;
    assert_eq!(storage.sweep().await.unwrap(), 2500);
    assert_eq!(storage.sweep().await.unwrap(), 0);
    assert_eq!(storage.get(&["here"]).await.unwrap(), [Some(entry(1))]);
}

#[tokio::test]
async fn it_outlives_its_process() {
    let folder = tempfile::tempdir().unwrap();
    let before = storage(folder.path()).await;
    let stored = before.put("key", entry(1), Expect::Absent, HOUR).await;
    assert!(stored.unwrap());
    drop(before);
    let after = storage(folder.path()).await;
    assert_eq!(after.get(&["key"]).await.unwrap(), [Some(entry(1))]);
}

#[tokio::test]
async fn without_a_free_connection_there_is_an_error() {
    let pool =
        SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_millis(200));
    let pool = pool.connect_lazy("sqlite::memory:").unwrap();
    let storage = SqliteStorage::new(pool.clone());
    storage.create_schema().await.unwrap();

    let taken = pool.acquire().await.unwrap();
    soon("an error", storage.ping()).await.unwrap_err();
    drop(taken);
    storage.ping().await.unwrap();
}
