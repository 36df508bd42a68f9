//! `Storage` on PostgreSQL.

use std::sync::Arc;
use std::time::Duration;

use logto::storage::{Entry, Expect, Storage, StorageError, Subscription, Version, async_trait};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgQueryResult, Postgres};
use sqlx::{PgPool, query, query_as, query_scalar, raw_sql};

use crate::postgres_connections::Connections;
use crate::postgres_subscription::{NOTIFY, PostgresSubscription};
use crate::sweeps::{BATCH, Sweeps};

/// In the schema where they would be created. PostgreSQL asks a role for the right to create even if
/// there is nothing to do, and the role of an app need not have it.
const IS_THERE: &str = "
select to_regclass(quote_ident(current_schema()) || '.logto_entries_ends_at') is not null";
/// Taken while tables are created: PostgreSQL fails when several do so at once. It is held by the
/// transaction alone.
const LOCK: &str = "select pg_advisory_xact_lock(hashtext('logto_entries'))";
/// Without a notice if another instance was faster.
const QUIET: &str = "set local client_min_messages = warning";
const GET: &str = "
select key, version, value from logto_entries where key = any($1) and ends_at > now()";
const CREATE: &str = "
insert into logto_entries as found (key, version, value, ends_at)
values ($1, $2, $3, now() + make_interval(secs => $4))
on conflict (key) do update
set version = excluded.version, value = excluded.value, ends_at = excluded.ends_at
where found.ends_at <= now()";
const REPLACE: &str = "
update logto_entries set version = $2, value = $3, ends_at = now() + make_interval(secs => $4)
where key = $1 and version = $5 and ends_at > now()";
const REMOVE: &str = "
delete from logto_entries
where key = $1 and ($2::bigint is null or version = $2) and ends_at > now()";
/// `CREATE` and `REPLACE`, each with a removal; then whether anything was stored.
const CREATE_AND_REMOVE: &str = "
with removed as (delete from logto_entries where key = $5 and version = $6 and ends_at > now()),
stored as (
    insert into logto_entries as found (key, version, value, ends_at)
    values ($1, $2, $3, now() + make_interval(secs => $4))
    on conflict (key) do update
    set version = excluded.version, value = excluded.value, ends_at = excluded.ends_at
    where found.ends_at <= now()
    returning 1)
select exists (select from stored)";
const REPLACE_AND_REMOVE: &str = "
with removed as (delete from logto_entries where key = $5 and version = $6 and ends_at > now()),
stored as (
    update logto_entries set version = $2, value = $3, ends_at = now() + make_interval(secs => $4)
    where key = $1 and version = $7 and ends_at > now()
    returning 1)
select exists (select from stored)";
const STORED: &str = "select exists (select from logto_entries where key = $1 and version = $2)";
/// Rows that are being written are left alone.
const SWEEP: &str = "
delete from logto_entries where key in (
    select key from logto_entries where ends_at <= now() limit $1 for update skip locked)";
/// PostgreSQL cannot add more years to a date than it can name.
const LONGEST: Duration = Duration::from_secs(1000 * 365 * 24 * 3600);

/// Sessions in a table of PostgreSQL 12 or later.
///
/// Time is that of the database, so the clocks of the instances do not matter. Every operation is
/// one statement, and nothing is kept in the database session. While streams are open, one
/// connection of the pool listens for sessions that ended on other instances, if the pool may have
/// three or more; where that cannot work, the database is asked every second instead. It works
/// behind PgBouncer with session pooling. With transaction pooling it needs what every use of
/// prepared statements needs there: version 1.21 and `max_prepared_statements`.
///
/// Beside the pool there is one connection of its own, opened with the first write: what Logto
/// answered must be stored soon, also while the app takes all connections of the pool or the
/// database has no more.
///
/// sqlx asks each connection whether it is alive before it is used: a second round trip. Turn that
/// off with `PgPoolOptions::test_before_acquire(false)`; a statement that meets a dead connection,
/// or one that is read-only although the database takes writes again, is sent once more on another.
/// It also asks after each use, which no request waits for.
///
/// # Example
///
/// ```no_run
/// use logto::LogtoConfig;
/// use logto_sqlx::PostgresStorage;
/// use sqlx::PgPool;
///
/// # async fn example(config: LogtoConfig) -> Result<LogtoConfig, Box<dyn std::error::Error>> {
/// let pool = PgPool::connect("postgres://app@db.internal/app").await?;
/// let storage = PostgresStorage::new(pool);
/// storage.create_schema().await?;
/// let config = config.with_storage(storage);
/// # Ok(config)
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PostgresStorage {
    connections: Connections,
    sweeps: Arc<Sweeps>,
}

impl PostgresStorage {
    /// The table, for your own migrations.
    ///
    /// With `alter table logto_entries set unlogged` writing is faster, and a crash of PostgreSQL,
    /// or a switch to a replica, signs everyone out.
    pub const SCHEMA: &str = include_str!("postgres.sql");

    /// Stores in the app's own pool. Where that has no free connection, requests take turns with
    /// the one beside it, for as long as the pool's `acquire_timeout` lets them, or until the
    /// SDK gives up. A database that takes no connections for two seconds is asked why, and the
    /// request fails with its answer.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use logto_sqlx::PostgresStorage;
    /// use sqlx::postgres::PgPoolOptions;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), sqlx::Error> {
    /// // The pool that the app has for its own tables. Nothing is connected to yet.
    /// let pool = PgPoolOptions::new()
    ///     .acquire_timeout(Duration::from_secs(3))
    ///     .connect_lazy("postgres://app@db.internal/app")?;
    /// let storage = PostgresStorage::new(pool);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { connections: Connections::new(pool), sweeps: Arc::default() }
    }

    /// Creates the table if there is none. Several instances may do so at the same time. If it is
    /// there, the role of the app needs no right to create one.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the database cannot be asked, or refuses.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::storage::StorageError;
    /// use logto_sqlx::PostgresStorage;
    /// use sqlx::PgPool;
    ///
    /// /// When the app starts; without it, put `PostgresStorage::SCHEMA` into your own migrations.
    /// async fn storage(pool: PgPool) -> Result<PostgresStorage, StorageError> {
    ///     let storage = PostgresStorage::new(pool);
    ///     storage.create_schema().await?;
    ///     Ok(storage)
    /// }
    /// ```
    pub async fn create_schema(&self) -> Result<(), StorageError> {
        let create = async {
            if query_scalar(IS_THERE).fetch_one(self.connections.pool()).await? {
                return Ok(());
            }
            let mut transaction = self.connections.pool().begin().await?;
            query(LOCK).execute(&mut *transaction).await?;
            query(QUIET).execute(&mut *transaction).await?;
            raw_sql(Self::SCHEMA).execute(&mut *transaction).await?;
            transaction.commit().await
        };
        let created = create.await;
        self.connections.explained(created).await.map_err(StorageError::new)
    }

    async fn acquire(&self) -> Result<PoolConnection<Postgres>, StorageError> {
        self.connections.acquire().await.map_err(StorageError::new)
    }

    async fn after_failure(
        &self,
        failed: PoolConnection<Postgres>,
        error: sqlx::Error,
    ) -> Result<PoolConnection<Postgres>, StorageError> {
        self.connections.after_failure(failed, error).await.map_err(StorageError::new)
    }

    /// Deletes expired entries, a thousand at a time, and returns how many there were. A storage
    /// that is written to does so every five minutes by itself.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the database cannot be asked.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::storage::StorageError;
    /// use logto_sqlx::PostgresStorage;
    ///
    /// /// For a job of your own, where the app itself has not run for a while.
    /// async fn tidy(storage: &PostgresStorage) -> Result<(), StorageError> {
    ///     println!("{} entries had expired", storage.sweep().await?);
    ///     Ok(())
    /// }
    /// ```
    pub async fn sweep(&self) -> Result<u64, StorageError> {
        let mut swept = 0;
        loop {
            let sweep = query(SWEEP).bind(i64::from(BATCH)).execute(self.connections.pool());
            let outcome = self.connections.explained(sweep.await).await;
            let rows = outcome.map_err(StorageError::new)?.rows_affected();
            swept += rows;
            if rows < u64::from(BATCH) {
                return Ok(swept);
            }
        }
    }
}

#[async_trait]
impl Storage for PostgresStorage {
    async fn get(&self, keys: &[&str]) -> Result<Vec<Option<Entry>>, StorageError> {
        let mut connection = self.acquire().await?;
        let rows = match query_as(GET).bind(keys).fetch_all(&mut *connection).await {
            Err(error) => {
                let mut connection = self.after_failure(connection, error).await?;
                query_as(GET).bind(keys).fetch_all(&mut *connection).await
            }
            rows => rows,
        };
        let rows: Vec<(String, i64, Vec<u8>)> = rows.map_err(StorageError::new)?;
        let rows: Vec<(String, Entry)> = rows
            .into_iter()
            .map(|(key, version, value)| (key, Entry::new(value, Version::from_number(version))))
            .collect();
        let entry = |key: &&str| {
            let row = rows.iter().find(|(found, _)| found == key);
            row.map(|(_, entry)| entry.clone())
        };
        Ok(keys.iter().map(entry).collect())
    }

    async fn put(
        &self,
        key: &str,
        entry: Entry,
        expect: Expect,
        ttl: Duration,
    ) -> Result<bool, StorageError> {
        let statement = match expect {
            Expect::Absent => CREATE,
            Expect::Version(_) => REPLACE,
        };
        let put = || {
            let put = query(statement)
                .bind(key)
                .bind(entry.version.number())
                .bind(&entry.value[..])
                .bind(ttl.min(LONGEST).as_secs_f64());
            match expect {
                Expect::Version(version) => put.bind(version.number()),
                Expect::Absent => put,
            }
        };
        self.connections.open_reserve();
        let mut connection = self.acquire().await?;
        let stored = match put().execute(&mut *connection).await {
            Err(error) => {
                let mut connection = self.after_failure(connection, error).await?;
                // The answer may be all that was lost: each entry has a version of its own.
                one_row(put().execute(&mut *connection).await)?
                    || query_scalar(STORED)
                        .bind(key)
                        .bind(entry.version.number())
                        .fetch_one(&mut *connection)
                        .await
                        .map_err(StorageError::new)?
            }
            outcome => one_row(outcome)?,
        };
        let storage = self.clone();
        self.sweeps.when_due(|| async move { storage.sweep().await });
        Ok(stored)
    }

    async fn remove(&self, key: &str, version: Option<Version>) -> Result<bool, StorageError> {
        let remove = || query(REMOVE).bind(key).bind(version.map(Version::number));
        let mut connection = self.acquire().await?;
        match remove().execute(&mut *connection).await {
            Err(error) => {
                let mut connection = self.after_failure(connection, error).await?;
                one_row(remove().execute(&mut *connection).await)
            }
            outcome => one_row(outcome),
        }
    }

    async fn put_and_remove(
        &self,
        key: &str,
        entry: Entry,
        expect: Expect,
        ttl: Duration,
        (other, other_version): (&str, Version),
    ) -> Result<bool, StorageError> {
        let statement = match expect {
            Expect::Absent => CREATE_AND_REMOVE,
            Expect::Version(_) => REPLACE_AND_REMOVE,
        };
        let statement = query_scalar(statement)
            .bind(key)
            .bind(entry.version.number())
            .bind(&entry.value[..])
            .bind(ttl.min(LONGEST).as_secs_f64())
            .bind(other)
            .bind(other_version.number());
        let statement = match expect {
            Expect::Version(version) => statement.bind(version.number()),
            Expect::Absent => statement,
        };
        let mut connection = self.acquire().await?;
        match statement.fetch_one(&mut *connection).await {
            // In two steps, which know what to do if the answer is all that was lost.
            Err(error) => {
                drop(self.after_failure(connection, error).await?);
                let stored = self.put(key, entry, expect, ttl).await?;
                self.remove(other, Some(other_version)).await?;
                Ok(stored)
            }
            stored => stored.map_err(StorageError::new),
        }
    }

    async fn announce(&self, message: &str) -> Result<(), StorageError> {
        let mut connection = self.acquire().await?;
        let outcome = match query(NOTIFY).bind(message).execute(&mut *connection).await {
            Err(error) => {
                let mut connection = self.after_failure(connection, error).await?;
                query(NOTIFY).bind(message).execute(&mut *connection).await
            }
            outcome => outcome,
        };
        outcome.map(drop).map_err(StorageError::new)
    }

    async fn subscribe(&self) -> Result<Option<Box<dyn Subscription>>, StorageError> {
        // It would take the last connection of such a pool.
        if self.connections.pool().options().get_max_connections() < 3 {
            return Ok(None);
        }
        let subscription = PostgresSubscription::open(self.connections.pool()).await;
        let subscription = self.connections.explained(subscription).await;
        Ok(Some(Box::new(subscription.map_err(StorageError::new)?)))
    }
}

fn one_row(outcome: sqlx::Result<PgQueryResult>) -> Result<bool, StorageError> {
    let result = outcome.map_err(StorageError::new)?;
    Ok(result.rows_affected() == 1)
}
