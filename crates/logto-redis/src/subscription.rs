//! Messages of the other instances, on a connection of their own.

use logto::storage::{StorageError, Subscription, async_trait};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, RedisResult, from_redis_value};
use tokio::sync::broadcast;

use crate::connection::{CONNECT_TIMEOUT, RESPONSE_TIMEOUT};

/// Messages that may wait to be read.
const MESSAGES: usize = 1024;

pub(crate) struct RedisSubscription {
    /// It ends with this value.
    _connection: MultiplexedConnection,
    messages: broadcast::Receiver<PushInfo>,
}

impl RedisSubscription {
    pub(crate) async fn open(client: &Client, channel: &str) -> RedisResult<Self> {
        let (sender, messages) = broadcast::channel(MESSAGES);
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            .set_push_sender(sender);
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        connection.subscribe(channel).await?;
        Ok(Self { _connection: connection, messages })
    }
}

#[async_trait]
impl Subscription for RedisSubscription {
    async fn next(&mut self) -> Result<String, StorageError> {
        loop {
            let PushInfo { kind, mut data } =
                self.messages.recv().await.map_err(StorageError::new)?;
            match (kind, data.pop()) {
                (PushKind::Message, Some(message)) => {
                    return from_redis_value(message).map_err(StorageError::new);
                }
                (PushKind::Disconnection, _) => {
                    return Err(StorageError::new("the connection is lost"));
                }
                _ => {}
            }
        }
    }
}
