//! What differs between deployments, the same in all four examples: where sessions are
//! stored (`STORAGE`), and the port behind a proxy (`PORT`).

use std::env;
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use crate::logto::storage::MemoryStorage;
use crate::logto::{Logto, LogtoConfig};
use logto_redis::RedisStorage;
use logto_sqlx::{PostgresStorage, SqliteStorage};
use sqlx::SqlitePool;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::SqliteConnectOptions;

/// Stores sessions where `STORAGE` says: `cookie` (the default), `memory`, `redis://…`,
/// `postgres://…` or `sqlite://…`.
pub(crate) async fn with_storage(config: LogtoConfig) -> Result<LogtoConfig, Box<dyn Error>> {
    let place = env::var("STORAGE").unwrap_or_default();
    Ok(match place.split(':').next().unwrap_or_default() {
        "" | "cookie" => config,
        "memory" => config.with_storage(MemoryStorage::new()),
        "redis" | "rediss" => config.with_storage(RedisStorage::open(&place).map_err(unusable)?),
        "postgres" | "postgresql" => {
            // A statement that meets a dead connection is sent again: no need to test each before
            // its use.
            let pool = PgPoolOptions::new().test_before_acquire(false);
            // Where nothing answers, say so soon: the pool goes on trying until then.
            let pool = pool.acquire_timeout(Duration::from_secs(5));
            let storage = PostgresStorage::new(pool.connect(&place).await.map_err(unusable)?);
            storage.create_schema().await.map_err(unusable)?;
            config.with_storage(storage)
        }
        "sqlite" => {
            let options = SqliteConnectOptions::from_str(&place).map_err(unusable)?;
            let pool = SqlitePool::connect_with(options.create_if_missing(true));
            let storage = SqliteStorage::new(pool.await.map_err(unusable)?);
            storage.create_schema().await.map_err(unusable)?;
            config.with_storage(storage)
        }
        _ => {
            let known = "cookie, memory, redis://…, postgres://… or sqlite://…";
            return Err(format!("STORAGE has to be {known}").into());
        }
    })
}

/// The address may hold a password, so only the error is shown.
fn unusable(error: impl Error) -> String {
    format!("the store that STORAGE names cannot be used: {error}")
}

/// Where to listen: at `BASE_URL` if that is on this machine, else on all interfaces, for a proxy
/// in front of this instance. `PORT` is the port that the proxy connects to.
pub(crate) fn address(logto: &Logto) -> Result<SocketAddr, Box<dyn Error>> {
    let host = logto.base_url().host_str().unwrap_or_default();
    let everywhere = match host.starts_with('[') {
        true => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        false => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    };
    if let Some(port) = env::var("PORT").ok().filter(|port| !port.is_empty()) {
        let port: u16 = port.parse().map_err(|_| "PORT has to be a port number")?;
        return Ok(SocketAddr::new(everywhere, port));
    }
    let own = match host {
        "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        _ => host.trim_matches(['[', ']']).parse::<IpAddr>().ok().filter(IpAddr::is_loopback),
    };
    Ok(SocketAddr::new(own.unwrap_or(everywhere), logto.port()))
}

/// The URL at which this instance reaches itself.
pub(crate) fn own_url(logto: &Logto) -> Result<String, Box<dyn Error>> {
    let mut address = address(logto)?;
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    Ok(format!("http://{address}"))
}
