//! The stores that instances can share.

use logto_servers::{Postgres, Redis};

/// The store that the instances share.
#[derive(Debug)]
#[non_exhaustive]
pub enum Database {
    /// Redis, with persistence.
    Redis(Redis),
    /// PostgreSQL.
    Postgres(Postgres),
}

impl Database {
    /// What the example app is given as `STORAGE`.
    pub fn url(&self) -> String {
        match self {
            Self::Redis(redis) => redis.url(),
            Self::Postgres(postgres) => postgres.url(),
        }
    }

    /// Ends it without a warning. The data stay.
    pub fn kill(&mut self) {
        match self {
            Self::Redis(redis) => redis.kill(),
            Self::Postgres(postgres) => postgres.kill(),
        }
    }

    /// Stops it where it is: connections stay open, and nothing is answered.
    pub fn pause(&self) {
        match self {
            Self::Redis(redis) => redis.pause(),
            Self::Postgres(postgres) => postgres.pause(),
        }
    }

    /// Lets it go on.
    pub fn resume(&self) {
        match self {
            Self::Redis(redis) => redis.resume(),
            Self::Postgres(postgres) => postgres.resume(),
        }
    }

    /// Cuts all connections. New ones are welcome.
    pub fn drop_connections(&self) {
        match self {
            Self::Redis(redis) => redis.drop_connections(),
            Self::Postgres(postgres) => postgres.drop_connections(),
        }
    }

    /// Cuts all connections, and has no room for new ones until [`welcome`](Self::welcome).
    pub fn refuse(&mut self) {
        match self {
            Self::Redis(redis) => redis.refuse(),
            Self::Postgres(postgres) => postgres.refuse(),
        }
    }

    /// Has room for connections again.
    pub fn welcome(&mut self) {
        match self {
            Self::Redis(redis) => redis.welcome(),
            Self::Postgres(postgres) => postgres.welcome(),
        }
    }

    /// Starts it again with its data, and returns when it answers.
    pub async fn start_again(&mut self) {
        match self {
            Self::Redis(redis) => redis.start_again().await,
            Self::Postgres(postgres) => postgres.start_again().await,
        }
    }
}

/// A test with Redis and then with PostgreSQL. When one fails, the last line that was printed says
/// which.
pub async fn with_each_database(test: impl AsyncFn(Database)) {
    test(Database::Redis(named("Redis", Redis::start()).await)).await;
    test(Database::Postgres(named("PostgreSQL", Postgres::start()).await)).await;
}

#[expect(clippy::print_stdout, reason = "shown only with a failure")]
async fn named<T>(name: &str, starting: impl Future<Output = T>) -> T {
    println!("{name}");
    starting.await
}
