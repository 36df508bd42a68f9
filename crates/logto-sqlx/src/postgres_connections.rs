//! The connections of a `PostgresStorage`: those of the app's pool, and one beside it.

use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgDatabaseError, PgPoolOptions, PgSeverity, Postgres};
use sqlx::{Connection, PgConnection, PgPool, query_scalar};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// How long the app's pool is waited for before the connection beside it is taken, too.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long a connection is waited for before the database is asked whether it takes any. sqlx goes
/// on trying and does not say why it has to. The SDK gives up after 3 s unless it is told otherwise.
const WAIT: Duration = Duration::from_secs(2);
/// How long the database may take to refuse a connection.
const ASK: Duration = Duration::from_millis(500);
/// How long one of the pool's own connections is waited for after that: with the two above less than
/// the SDK waits.
const REST: Duration = Duration::from_millis(400);
/// For how long a database that took a connection is not asked again: all connections of a pool may
/// be in use for long, and many wait for one.
const BELIEVED: Duration = Duration::from_secs(1);

#[derive(Clone, Debug)]
pub(crate) struct Connections {
    pool: PgPool,
    reserve: Arc<OnceLock<PgPool>>,
    /// When the database last took a connection that was made to see whether it does.
    welcomed: Arc<Mutex<Option<Instant>>>,
}

impl Connections {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool, reserve: Arc::default(), welcomed: Arc::default() }
    }

    /// The app's.
    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// A connection of the app's pool, or the one beside it.
    ///
    /// # Errors
    ///
    /// Why the database takes no connections, if it takes none for two seconds.
    pub(crate) async fn acquire(&self) -> sqlx::Result<PoolConnection<Postgres>> {
        let mut free = pin!(self.free());
        if let Ok(outcome) = timeout(WAIT, &mut free).await {
            return self.explained(outcome).await;
        }
        let outcome = tokio::select! {
            biased;
            outcome = &mut free => outcome,
            refusal = self.refusal() => match refusal {
                // It may still have some that are in use.
                Some(reason) => timeout(REST, free).await.unwrap_or(Err(reason)),
                // All are in use, and one of them becomes free.
                None => free.await,
            },
        };
        self.explained(outcome).await
    }

    /// The first connection that becomes free.
    async fn free(&self) -> sqlx::Result<PoolConnection<Postgres>> {
        let mut own = pin!(self.pool.acquire());
        let Some(reserve) = self.reserve.get() else {
            return own.await;
        };
        match timeout(PATIENCE, &mut own).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(_)) => return reserve.acquire().await,
            Err(_) => {}
        }
        let mut beside = pin!(reserve.acquire());
        tokio::select! {
            outcome = &mut own => match outcome {
                Err(_) => beside.await,
                connection => connection,
            },
            outcome = &mut beside => match outcome {
                Err(_) => own.await,
                connection => connection,
            },
        }
    }

    /// The outcome, with the reason why no connection came in time, if the database has one.
    pub(crate) async fn explained<T>(&self, outcome: sqlx::Result<T>) -> sqlx::Result<T> {
        match outcome {
            Err(sqlx::Error::PoolTimedOut) => {
                Err(self.refusal().await.unwrap_or(sqlx::Error::PoolTimedOut))
            }
            outcome => outcome,
        }
    }

    /// Why the database takes no connection; `None` if it takes one, or does not say.
    async fn refusal(&self) -> Option<sqlx::Error> {
        timeout(ASK, self.ask()).await.ok().flatten()
    }

    /// One at a time, so that no one else loses a place to those who ask.
    async fn ask(&self) -> Option<sqlx::Error> {
        let mut welcomed = self.welcomed.lock().await;
        if welcomed.is_some_and(|at| at.elapsed() < BELIEVED) {
            return None;
        }
        match PgConnection::connect_with(&self.pool.connect_options()).await {
            Ok(connection) => {
                *welcomed = Some(Instant::now());
                // The answer to the farewell is of no use.
                let _ = connection.close().await;
                None
            }
            Err(reason) => Some(reason),
        }
    }

    /// Opens the connection beside the pool, once.
    pub(crate) fn open_reserve(&self) {
        self.reserve.get_or_init(|| {
            PgPoolOptions::new()
                .max_connections(1)
                .min_connections(1)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
                .acquire_timeout(self.pool.options().get_acquire_timeout())
                .connect_lazy_with(self.pool.connect_options().as_ref().clone())
        });
    }

    /// A connection for the same statement after it failed on `failed`.
    ///
    /// # Errors
    ///
    /// `error`, if it is not the connection's fault.
    pub(crate) async fn after_failure(
        &self,
        mut failed: PoolConnection<Postgres>,
        error: sqlx::Error,
    ) -> sqlx::Result<PoolConnection<Postgres>> {
        if is_of_an_old_plan(&error) {
            failed.clear_cached_statements().await?;
            return Ok(failed);
        }
        drop(failed);
        if is_dead(&error) {
            self.alive().await
        } else if is_read_only(&error) && self.can_be_written().await? {
            self.writable().await
        } else {
            Err(error)
        }
    }

    /// A connection that is alive. Those that are not leave the pool.
    async fn alive(&self) -> sqlx::Result<PoolConnection<Postgres>> {
        for _ in 0..=self.pool.size() {
            let mut connection = self.acquire().await?;
            if connection.ping().await.is_ok() {
                return Ok(connection);
            }
            drop(connection.detach());
        }
        self.acquire().await
    }

    /// A connection that takes writes. Those that were opened while the database took none, or lead
    /// to a replica by now, leave the pool.
    async fn writable(&self) -> sqlx::Result<PoolConnection<Postgres>> {
        for _ in 0..=self.pool.size() {
            let mut connection = self.acquire().await?;
            if takes_writes(&mut connection).await? {
                return Ok(connection);
            }
            drop(connection.detach());
        }
        self.acquire().await
    }

    /// Whether the database itself takes writes, as a connection of now sees it.
    async fn can_be_written(&self) -> sqlx::Result<bool> {
        let mut connection = PgConnection::connect_with(&self.pool.connect_options()).await?;
        let takes_writes = takes_writes(&mut connection).await;
        connection.close().await?;
        takes_writes
    }
}

async fn takes_writes(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let read_only: String =
        query_scalar("show transaction_read_only").fetch_one(connection).await?;
    Ok(read_only == "off")
}

/// Whether the connection was dead, or the server ended it: it shut down, or the connection was idle
/// for too long. A server says so in an error that ends the session, and so does a proxy before it.
fn is_dead(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => {
            let error = error.try_downcast_ref::<PgDatabaseError>();
            error.is_some_and(|error| {
                matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic)
                    // `connection_exception`: an older PgBouncer calls it an error like any other.
                    || error.code().starts_with("08")
                    // `admin_shutdown` and `crash_shutdown`, whatever a proxy makes of them.
                    || matches!(error.code(), "57P01" | "57P02")
            })
        }
        _ => false,
    }
}

/// `read_only_sql_transaction`.
fn is_read_only(error: &sqlx::Error) -> bool {
    has_code(error, "25006")
}

/// `feature_not_supported`: what a statement returns has another type since it was prepared,
/// because a column of the table was altered. It would fail on this connection for ever.
fn is_of_an_old_plan(error: &sqlx::Error) -> bool {
    has_code(error, "0A000")
}

fn has_code(error: &sqlx::Error, code: &str) -> bool {
    let error = error.as_database_error();
    error.and_then(|error| error.code()).is_some_and(|found| found == code)
}
