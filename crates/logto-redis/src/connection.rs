//! One connection for all requests, made when it is needed and again when it is lost.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use logto::storage::StorageError;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{
    Client, ErrorKind, IntoConnectionInfo, ProtocolVersion, RedisError, RedisResult,
    ServerErrorKind,
};
use tokio::time::Instant;

pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A last resort. The SDK gives up earlier, as `with_storage_timeout` says.
pub(crate) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
/// A peer that acknowledges nothing for so long is taken for lost.
#[cfg(target_os = "linux")]
const ACKNOWLEDGE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a manager is kept at least.
const MANAGER_LIFE: Duration = Duration::from_secs(1);
/// An error that comes so soon may be an old one.
const AT_ONCE: Duration = Duration::from_millis(100);

pub(crate) enum Connection {
    /// The manager spawns a task, for which there need be no runtime yet when the app is set up.
    Lazy { client: Client, made: Mutex<Option<Made>> },
    Given {
        made: Made,
        /// Makes the connection for messages.
        client: Option<Client>,
    },
}

/// A manager, and since when there is one.
#[derive(Clone)]
pub(crate) struct Made {
    manager: ConnectionManager,
    at: Instant,
}

impl Connection {
    pub(crate) fn given(manager: ConnectionManager) -> Self {
        Self::Given { made: Made { manager, at: Instant::now() }, client: None }
    }

    pub(crate) fn open(url: &str) -> RedisResult<Self> {
        let info = url.into_connection_info()?;
        // With RESP3 the manager notices a lost connection before the next request does.
        let settings = info.redis_settings().clone();
        let info = info
            .set_redis_settings(settings.set_protocol(ProtocolVersion::RESP3))
            .set_tcp_settings(tcp_settings());
        Ok(Self::Lazy { client: Client::open(info)?, made: Mutex::default() })
    }

    /// Runs an operation, and once more if the connection turns out to be lost, or the error may be
    /// that of a server which the address led to before. An operation that was done without an
    /// answer must do no harm when it is done again.
    pub(crate) async fn run<T, F>(
        &self,
        operation: impl Fn(ConnectionManager) -> F,
    ) -> Result<T, StorageError>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let Made { manager, at } = self.made().map_err(StorageError::new)?;
        let begun = Instant::now();
        let outcome = match operation(manager.clone()).await {
            Err(error) if error.is_connection_dropped() => operation(manager).await,
            outcome => outcome,
        };
        let outcome = match outcome {
            Err(error) if !is_of_any_connection(&error) => match self.other_than(at) {
                // What could not be reached just now takes its time again.
                Some(other) if !error.is_io_error() || begun.elapsed() < AT_ONCE => {
                    operation(other).await
                }
                _ => Err(error),
            },
            outcome => outcome,
        };
        outcome.map_err(explained)
    }

    /// Another manager than the one that was made then. A manager makes a lost connection anew, but
    /// tells a failure of that to the next operation, however much later, repeats for ever what the
    /// server answered to its greeting, and keeps the connection to a server that became a replica.
    /// Not at once, because errors have other reasons too.
    fn other_than(&self, at: Instant) -> Option<ConnectionManager> {
        if let Self::Lazy { made, .. } = self {
            let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
            made.take_if(|made| made.at.elapsed() >= MANAGER_LIFE);
        }
        self.made().ok().filter(|made| made.at != at).map(|made| made.manager)
    }

    /// What makes a connection for messages.
    pub(crate) fn client(&self) -> Option<&Client> {
        match self {
            Self::Lazy { client, .. } => Some(client),
            Self::Given { client, .. } => client.as_ref(),
        }
    }

    fn made(&self) -> RedisResult<Made> {
        match self {
            Self::Given { made, .. } => Ok(made.clone()),
            Self::Lazy { client, made } => {
                let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(made) = &*made {
                    return Ok(made.clone());
                }
                let manager = ConnectionManager::new_lazy_with_config(client.clone(), config())?;
                let new = Made { manager, at: Instant::now() };
                *made = Some(new.clone());
                Ok(new)
            }
        }
    }
}

/// Whether the server would answer the same on a new connection: it has no memory left, or waits for
/// a replica or a disk.
fn is_of_any_connection(error: &RedisError) -> bool {
    matches!(error.code(), Some("OOM" | "NOREPLICAS" | "MISCONF"))
}

/// The error for a server that cannot be the store, with what it is.
fn explained(error: RedisError) -> StorageError {
    use ServerErrorKind::{Ask, ClusterDown, CrossSlot, Moved, ReadOnly};
    let why = match error.kind() {
        ErrorKind::Server(Moved | Ask | ClusterDown | CrossSlot) => {
            "Redis Cluster is not supported: use the address of a server outside a cluster"
        }
        ErrorKind::Server(ReadOnly) => {
            "the server is a replica, use the address of the server that it follows"
        }
        _ if error.detail().is_some_and(|detail| detail.contains("unknown command")) => {
            "the server does not know the commands of a store, use the address of Redis itself and not \
             that of Redis Sentinel"
        }
        _ => return StorageError::new(error),
    };
    StorageError::new(format!("{why} ({error})"))
}

fn config() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        // The next request tries again: no request waits for several attempts.
        .set_number_of_retries(0)
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
}

fn tcp_settings() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(ACKNOWLEDGE_TIMEOUT);
    settings
}
