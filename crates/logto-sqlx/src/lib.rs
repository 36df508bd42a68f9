#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    all(feature = "postgres", feature = "sqlite"),
    doc = include_str!("../README.md")
)]
#![cfg_attr(
    not(all(feature = "postgres", feature = "sqlite")),
    doc = "Logto sessions in PostgreSQL (feature `postgres`) or SQLite (feature `sqlite`)."
)]

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
mod postgres_connections;
#[cfg(feature = "postgres")]
mod postgres_subscription;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sweeps;

#[cfg(feature = "postgres")]
pub use postgres::PostgresStorage;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStorage;

/// The public types are `Send + Sync`.
#[cfg(all(feature = "postgres", feature = "sqlite"))]
const _: fn() = || {
    fn check<T: Send + Sync + 'static>() {}
    check::<(PostgresStorage, SqliteStorage)>();
};
