//! Messages of the other instances, by `LISTEN` and `NOTIFY`.

use logto::storage::{StorageError, Subscription, async_trait};
use sqlx::PgPool;
use sqlx::postgres::PgListener;

const CHANNEL: &str = "logto_entries";
pub(crate) const NOTIFY: &str = "select pg_notify('logto_entries', $1)";

/// It keeps a connection of the pool.
pub(crate) struct PostgresSubscription(PgListener);

impl PostgresSubscription {
    pub(crate) async fn open(pool: &PgPool) -> sqlx::Result<Self> {
        let mut listener = PgListener::connect_with(pool).await?;
        // What is announced while it connects again would be missed without a word.
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        Ok(Self(listener))
    }
}

#[async_trait]
impl Subscription for PostgresSubscription {
    async fn next(&mut self) -> Result<String, StorageError> {
        match self.0.try_recv().await.map_err(StorageError::new)? {
            Some(notification) => Ok(notification.payload().to_owned()),
            None => Err(StorageError::new("the connection is lost")),
        }
    }
}
