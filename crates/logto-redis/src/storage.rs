//! `Storage` on Redis.

use std::fmt;
use std::time::Duration;

use logto::storage::{
    Bytes, Entry, Expect, Storage, StorageError, Subscription, Version, async_trait,
};
use redis::aio::ConnectionManager;
use redis::{Client, Pipeline, Script, cmd};

use crate::connection::Connection;
use crate::subscription::RedisSubscription;

const DEFAULT_PREFIX: &str = "logto:";
/// A value begins with its version.
const VERSION_BYTES: usize = size_of::<i64>();
/// What is there already may come from this very write, whose answer was lost.
const PUT: &str = "
local found = redis.call('GETRANGE', KEYS[1], 0, 7)
if found == string.sub(ARGV[2], 1, 8) then return 1 end
if found ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
";
const REMOVE: &str = "
if ARGV[1] ~= '' and redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
";

/// Sessions in Redis or Valkey.
///
/// # Example
///
/// ```
/// use logto::LogtoConfig;
/// use logto_redis::RedisStorage;
///
/// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret");
/// let storage = RedisStorage::open("redis://redis.internal:6379/0")?;
/// let config = config.with_storage(storage);
/// # Ok::<(), logto::storage::StorageError>(())
/// ```
pub struct RedisStorage {
    connection: Connection,
    prefix: String,
    put: Script,
    remove: Script,
}

impl RedisStorage {
    /// The store at an address such as `redis://:password@redis.internal:6379/0`. It is connected
    /// to when it is first needed, in at most two seconds.
    ///
    /// # Errors
    ///
    /// If the address cannot be understood. The error does not show it.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_redis::RedisStorage;
    ///
    /// // With TLS: `rediss://`, and a feature of the crate `redis`. With a user: `redis://app:password@…`.
    /// let storage = RedisStorage::open("redis://:password@redis.internal:6379/0")?;
    /// assert!(RedisStorage::open("redis.internal").is_err());
    /// # Ok::<(), logto::storage::StorageError>(())
    /// ```
    pub fn open(url: &str) -> Result<Self, StorageError> {
        Ok(Self::over(Connection::open(url).map_err(StorageError::new)?))
    }

    /// The store that the app is connected to already. How long connecting and answering may take
    /// is as the app has set it. A server that became a replica after a failover is left only by a
    /// store that [connects by itself](Self::open).
    ///
    /// Without [`with_subscriber`](Self::with_subscriber) open streams are asked about every
    /// second.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use logto_redis::RedisStorage;
    /// use redis::Client;
    /// use redis::aio::ConnectionManager;
    ///
    /// # async fn example() -> redis::RedisResult<()> {
    /// let client = Client::open("redis://redis.internal:6379/0?protocol=resp3")?;
    /// let manager = ConnectionManager::new(client.clone()).await?;
    /// // The app goes on using its own clone of the manager.
    /// let storage = RedisStorage::from_manager(manager.clone()).with_subscriber(client);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn from_manager(manager: ConnectionManager) -> Self {
        Self::over(Connection::given(manager))
    }

    /// Hears of the other instances on a connection that this client makes while there are open
    /// streams, for a store [from a manager](Self::from_manager). It has to speak RESP3
    /// (`redis://…?protocol=resp3`).
    #[must_use]
    pub fn with_subscriber(mut self, client: Client) -> Self {
        if let Connection::Given { client: subscriber, .. } = &mut self.connection {
            *subscriber = Some(client);
        }
        self
    }

    fn over(connection: Connection) -> Self {
        Self {
            connection,
            prefix: DEFAULT_PREFIX.to_owned(),
            put: Script::new(PUT),
            remove: Script::new(REMOVE),
        }
    }

    /// What all keys begin with, for several apps in one Redis. Default: `logto:`.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_redis::RedisStorage;
    ///
    /// let shop = RedisStorage::open("redis://redis.internal:6379/0")?.with_prefix("shop:");
    /// let blog = RedisStorage::open("redis://redis.internal:6379/0")?.with_prefix("blog:");
    /// # Ok::<(), logto::storage::StorageError>(())
    /// ```
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    fn channel(&self) -> String {
        self.key("announcements")
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

#[async_trait]
impl Storage for RedisStorage {
    async fn get(&self, keys: &[&str]) -> Result<Vec<Option<Entry>>, StorageError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        // One key for each command, as a cluster would need it. The SDK refuses clusters today.
        let mut pipeline = Pipeline::with_capacity(keys.len());
        for key in keys {
            pipeline.get(self.key(key));
        }
        let pipeline = &pipeline;
        let found: Vec<Option<Vec<u8>>> = self
            .connection
            .run(|mut redis| async move { pipeline.query_async(&mut redis).await })
            .await?;
        found.into_iter().map(|bytes| bytes.map(unpack).transpose()).collect()
    }

    async fn put(
        &self,
        key: &str,
        entry: Entry,
        expect: Expect,
        ttl: Duration,
    ) -> Result<bool, StorageError> {
        let mut script = self.put.key(self.key(key));
        script.arg(expected(expect).as_slice()).arg(pack(&entry)).arg(milliseconds(ttl));
        let script = &script;
        self.connection.run(|mut redis| async move { script.invoke_async(&mut redis).await }).await
    }

    async fn remove(&self, key: &str, version: Option<Version>) -> Result<bool, StorageError> {
        let mut script = self.remove.key(self.key(key));
        script.arg(version.map_or_else(Vec::new, |version| prefix_of(version).to_vec()).as_slice());
        let script = &script;
        self.connection.run(|mut redis| async move { script.invoke_async(&mut redis).await }).await
    }

    async fn put_and_remove(
        &self,
        key: &str,
        entry: Entry,
        expect: Expect,
        ttl: Duration,
        (other, version): (&str, Version),
    ) -> Result<bool, StorageError> {
        // Not one script over two keys, which a cluster refuses where they live on different
        // servers.
        let mut put = cmd("EVAL");
        put.arg(PUT).arg(1).arg(self.key(key)).arg(expected(expect).as_slice());
        put.arg(pack(&entry)).arg(milliseconds(ttl));
        let mut remove = cmd("EVAL");
        remove.arg(REMOVE).arg(1).arg(self.key(other)).arg(&prefix_of(version)[..]);
        let mut pipeline = Pipeline::with_capacity(2);
        pipeline.add_command(put).add_command(remove);
        let pipeline = &pipeline;
        let (stored, _): (bool, bool) = self
            .connection
            .run(|mut redis| async move { pipeline.query_async(&mut redis).await })
            .await?;
        Ok(stored)
    }

    async fn announce(&self, message: &str) -> Result<(), StorageError> {
        let mut publish = cmd("PUBLISH");
        publish.arg(self.channel()).arg(message);
        let publish = &publish;
        self.connection.run(|mut redis| async move { publish.query_async(&mut redis).await }).await
    }

    async fn subscribe(&self) -> Result<Option<Box<dyn Subscription>>, StorageError> {
        let Some(client) = self.connection.client() else {
            return Ok(None);
        };
        let subscription = RedisSubscription::open(client, &self.channel()).await;
        Ok(Some(Box::new(subscription.map_err(StorageError::new)?)))
    }
}

/// What `GETRANGE` tells of a key as it is expected.
fn expected(expect: Expect) -> Vec<u8> {
    match expect {
        Expect::Absent => Vec::new(),
        Expect::Version(version) => prefix_of(version).to_vec(),
    }
}

fn prefix_of(version: Version) -> [u8; VERSION_BYTES] {
    version.number().to_be_bytes()
}

fn pack(entry: &Entry) -> Vec<u8> {
    [&prefix_of(entry.version)[..], &entry.value].concat()
}

fn unpack(bytes: Vec<u8>) -> Result<Entry, StorageError> {
    let foreign = || StorageError::new("a key of the store holds something else");
    let mut bytes = Bytes::from(bytes);
    let version = *bytes.first_chunk().ok_or_else(foreign)?;
    let version = Version::from_number(i64::from_be_bytes(version));
    Ok(Entry::new(bytes.split_off(VERSION_BYTES), version))
}

/// Within what Redis takes for a time.
fn milliseconds(ttl: Duration) -> i64 {
    i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX).clamp(1, i64::MAX / 2)
}

impl fmt::Debug for RedisStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStorage").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
