//! What differs from one deployment to the next, the same in all four examples: where sessions are
//! kept (`STORAGE`), and the port behind a proxy (`PORT`).

use std::env;
use std::error::Error;
use std::str::FromStr;
use std::sync::Arc;

use crate::logto::storage::{MemoryStorage, Storage};
use crate::logto::{Logto, LogtoConfig};
use logto_redis::RedisStorage;
use logto_sqlx::{PostgresStorage, SqliteStorage};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{PgPool, SqlitePool};

/// Keeps sessions where `STORAGE` says: `cookie` (the default), `memory`, `redis://…`, `postgres://…`
/// or `sqlite://…`.
pub(crate) async fn with_storage(config: LogtoConfig) -> Result<LogtoConfig, Box<dyn Error>> {
    let place = env::var("STORAGE").unwrap_or_default();
    let storage: Arc<dyn Storage> = match place.split(':').next().unwrap_or_default() {
        "" | "cookie" => return Ok(config),
        "memory" => Arc::new(MemoryStorage::new()),
        "redis" | "rediss" => Arc::new(RedisStorage::open(&place)?),
        "postgres" | "postgresql" => {
            let storage = PostgresStorage::new(PgPool::connect(&place).await?);
            storage.create_schema().await?;
            Arc::new(storage)
        }
        "sqlite" => {
            let options = SqliteConnectOptions::from_str(&place)?.create_if_missing(true);
            let storage = SqliteStorage::new(SqlitePool::connect_with(options).await?);
            storage.create_schema().await?;
            Arc::new(storage)
        }
        _ => {
            let known = "cookie, memory, redis://…, postgres://… or sqlite://…";
            return Err(format!("STORAGE has to be {known}").into());
        }
    };
    Ok(config.with_storage(storage))
}

/// The port to listen on: `PORT` if a proxy stands before this instance, else that of `BASE_URL`.
pub(crate) fn port(logto: &Logto) -> Result<u16, Box<dyn Error>> {
    match env::var("PORT") {
        Ok(port) => Ok(port.parse().map_err(|_| "PORT has to be a port number")?),
        Err(_) => Ok(logto.port()),
    }
}
