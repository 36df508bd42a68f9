//! `Storage` on SQLite.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use logto::storage::{Entry, Expect, Storage, StorageError, Version, async_trait};
use sqlx::sqlite::SqliteQueryResult;
use sqlx::{SqlitePool, query, query_as, raw_sql};

use crate::sweeps::{BATCH, Sweeps};

const GET: &str = "
select version, value from logto_entries where key = ?1 and ends_at > ?2";
const CREATE: &str = "
insert into logto_entries as found (key, version, value, ends_at) values (?1, ?2, ?3, ?4)
on conflict (key) do update
set version = excluded.version, value = excluded.value, ends_at = excluded.ends_at
where found.ends_at <= ?5";
const REPLACE: &str = "
update logto_entries set version = ?2, value = ?3, ends_at = ?4
where key = ?1 and ends_at > ?5 and version = ?6";
const REMOVE: &str = "
delete from logto_entries where key = ?1 and (?2 is null or version = ?2) and ends_at > ?3";
const SWEEP: &str = "
delete from logto_entries where key in (
    select key from logto_entries where ends_at <= ?1 limit ?2)";

/// Sessions in a table of SQLite, for one machine: they outlive a restart of the app, and several
/// processes may share the file.
///
/// A write waits for other writers as long as the pool's `busy_timeout` lets it; turn on
/// `SqliteJournalMode::Wal`, so that readers wait for none. A pool over `sqlite::memory:` must have
/// one connection only, because each has a database of its own, and must not replace it after a while:
/// `max_connections(1)`, `idle_timeout(None)`, `max_lifetime(None)`.
///
/// # Example
///
/// ```no_run
/// use logto::LogtoConfig;
/// use logto_sqlx::SqliteStorage;
/// use sqlx::SqlitePool;
///
/// # async fn example(config: LogtoConfig) -> Result<LogtoConfig, Box<dyn std::error::Error>> {
/// let storage = SqliteStorage::new(SqlitePool::connect("sqlite:sessions.db").await?);
/// storage.create_schema().await?;
/// let config = config.with_storage(storage);
/// # Ok(config)
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SqliteStorage {
    pool: SqlitePool,
    sweeps: Arc<Sweeps>,
}

impl SqliteStorage {
    /// The table, for your own migrations.
    pub const SCHEMA: &str = include_str!("sqlite.sql");

    /// Stores in the app's own pool.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_sqlx::SqliteStorage;
    /// use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
    ///
    /// fn storage() -> SqliteStorage {
    ///     let file = SqliteConnectOptions::new().filename("sessions.db").create_if_missing(true);
    ///     let file = file.journal_mode(SqliteJournalMode::Wal);
    ///     SqliteStorage::new(SqlitePoolOptions::new().connect_lazy_with(file))
    /// }
    /// ```
    #[must_use]
    pub fn new(pool: SqlitePool) -> Self {
        Self { pool, sweeps: Arc::default() }
    }

    /// Creates the table if there is none.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the file cannot be written to.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::storage::Storage;
    /// use logto_sqlx::SqliteStorage;
    /// use sqlx::sqlite::SqlitePoolOptions;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // For a test: a database in memory, which needs a pool of one connection.
    /// let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
    /// let storage = SqliteStorage::new(pool);
    /// storage.create_schema().await?;
    /// storage.ping().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_schema(&self) -> Result<(), StorageError> {
        let create = raw_sql(Self::SCHEMA).execute(&self.pool);
        create.await.map(drop).map_err(StorageError::new)
    }

    /// Deletes expired entries, a thousand at a time, and returns how many there were. A
    /// storage that is written to does so every five minutes by itself.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the file cannot be written to.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::storage::StorageError;
    /// use logto_sqlx::SqliteStorage;
    ///
    /// /// For a command that tidies up, where the app itself has not run for a while.
    /// async fn tidy(storage: &SqliteStorage) -> Result<(), StorageError> {
    ///     println!("{} entries had expired", storage.sweep().await?);
    ///     Ok(())
    /// }
    /// ```
    pub async fn sweep(&self) -> Result<u64, StorageError> {
        let mut swept = 0;
        loop {
            let sweep = query(SWEEP).bind(now()).bind(BATCH).execute(&self.pool);
            let rows = sweep.await.map_err(StorageError::new)?.rows_affected();
            swept += rows;
            if rows < u64::from(BATCH) {
                return Ok(swept);
            }
        }
    }
}

#[async_trait]
impl Storage for SqliteStorage {
    async fn get(&self, keys: &[&str]) -> Result<Vec<Option<Entry>>, StorageError> {
        // The database is in this process: a statement for each key is no round trip.
        let mut connection = self.pool.acquire().await.map_err(StorageError::new)?;
        let mut entries = Vec::with_capacity(keys.len());
        for key in keys {
            let get = query_as(GET).bind(*key).bind(now());
            let row: Option<(i64, Vec<u8>)> =
                get.fetch_optional(&mut *connection).await.map_err(StorageError::new)?;
            entries
                .push(row.map(|(version, value)| Entry::new(value, Version::from_number(version))));
        }
        Ok(entries)
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
        let now = now();
        let mut put = query(statement)
            .bind(key)
            .bind(entry.version.number())
            .bind(&entry.value[..])
            .bind(now.saturating_add(milliseconds(ttl)))
            .bind(now);
        if let Expect::Version(version) = expect {
            put = put.bind(version.number());
        }
        let stored = one_row(put.execute(&self.pool).await)?;
        let storage = self.clone();
        self.sweeps.when_due(|| async move { storage.sweep().await });
        Ok(stored)
    }

    async fn remove(&self, key: &str, version: Option<Version>) -> Result<bool, StorageError> {
        let remove = query(REMOVE).bind(key).bind(version.map(Version::number)).bind(now());
        one_row(remove.execute(&self.pool).await)
    }
}

/// SQLite has no clock but that of its process.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    milliseconds(since.unwrap_or_default())
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn one_row(outcome: sqlx::Result<SqliteQueryResult>) -> Result<bool, StorageError> {
    let result = outcome.map_err(StorageError::new)?;
    Ok(result.rows_affected() == 1)
}
