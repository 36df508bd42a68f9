//! Session stores: sessions outside of cookies, and coordination between instances.
//!
//! [`MemoryStorage`] is for one process. `logto-redis` and `logto-sqlx` are for several. A storage
//! of your own implements [`Storage`] and shows with [`test_kit::check`] that it meets the
//! requirements which the rest of the SDK relies on.
//!
//! What the SDK stores is opaque: keys are hashes, values are sealed with the cookie secrets. A
//! dump of the store is no credential.

mod error;
mod memory;
mod shared;
mod subscription;
pub mod test_kit;

use std::fmt;
use std::time::Duration;

pub use async_trait::async_trait;
pub use bytes::Bytes;

pub use error::StorageError;
pub use memory::MemoryStorage;
pub use subscription::Subscription;

use crate::crypto::encoding;
use crate::error::Error;

/// What the keys of revocation markers begin with.
pub(crate) const REVOCATION_MARKER: &str = "end-of-";

/// How long the entry of a [`ping`](Storage::ping) stays that could not be removed.
const PING_KEPT: Duration = Duration::from_secs(10);

/// A store of short values with compare-and-swap and a time to live.
///
/// Every write says what it expects to find. A sign-out therefore wins over a refresh that is under
/// way: the refresh expects the version that it read, and finds it gone. There is no write that
/// expects nothing, on purpose.
///
/// Time-outs are the SDK's: it gives up on a call after
/// [`with_storage_timeout`](crate::LogtoConfig::with_storage_timeout). An error means that the
/// store could not be asked, never that there is no entry; no one is signed out by one.
///
/// # Example
///
/// A storage that counts, around any other:
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::time::Duration;
///
/// use logto::storage::{
///     Entry, Expect, MemoryStorage, Storage, StorageError, Version, async_trait, test_kit,
/// };
///
/// #[derive(Debug, Default)]
/// struct Counting {
///     inner: MemoryStorage,
///     reads: AtomicU64,
/// }
///
/// #[async_trait]
/// impl Storage for Counting {
///     async fn get(&self, keys: &[&str]) -> Result<Vec<Option<Entry>>, StorageError> {
///         self.reads.fetch_add(1, Ordering::Relaxed);
///         self.inner.get(keys).await
///     }
///
///     async fn put(
///         &self,
///         key: &str,
///         entry: Entry,
///         expect: Expect,
///         ttl: Duration,
///     ) -> Result<bool, StorageError> {
///         self.inner.put(key, entry, expect, ttl).await
///     }
///
///     async fn remove(&self, key: &str, version: Option<Version>) -> Result<bool, StorageError> {
///         self.inner.remove(key, version).await
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// test_kit::check(&Counting::default()).await.unwrap();
/// # }
/// ```
#[async_trait]
pub trait Storage: fmt::Debug + Send + Sync + 'static {
    /// The entries under these keys, in the order of the keys; `None` where there is none or its
    /// time has ended. One round trip, however many keys.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the store cannot be asked.
    async fn get(&self, keys: &[&str]) -> Result<Vec<Option<Entry>>, StorageError>;

    /// Stores an entry for `ttl` from now, if what is there is what is expected, in one atomic
    /// step. An entry that has expired counts as absent. `false` means that it was not as
    /// expected and nothing was stored.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the store cannot be asked. The entry may have been stored all the same.
    async fn put(
        &self,
        key: &str,
        entry: Entry,
        expect: Expect,
        ttl: Duration,
    ) -> Result<bool, StorageError>;

    /// Removes an entry: whatever is there, or only this version of it, in one atomic step. `false`
    /// means that there was nothing to remove.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the store cannot be asked.
    async fn remove(&self, key: &str, version: Option<Version>) -> Result<bool, StorageError>;

    /// [Stores](Self::put) an entry, and in any case [removes](Self::remove) this version of
    /// another one: what was done under a lease, and the lease. The answer is that of the
    /// first. By default these are two steps, which is always right; a storage that can do both
    /// in one round trip spares one.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the store cannot be asked. The entry may have been stored all the same.
    async fn put_and_remove(
        &self,
        key: &str,
        entry: Entry,
        expect: Expect,
        ttl: Duration,
        removed: (&str, Version),
    ) -> Result<bool, StorageError> {
        let stored = self.put(key, entry, expect, ttl).await?;
        self.remove(removed.0, Some(removed.1)).await?;
        Ok(stored)
    }

    /// The memory that this is, which answers without a future and tells whether a session can have
    /// been revoked at all. A storage around one is another storage.
    #[doc(hidden)]
    fn in_process(&self) -> Option<&MemoryStorage> {
        None
    }

    /// Tells every instance that [subscribes](Self::subscribe) to this store, this one included. A
    /// message is a key of the store or as short as one. It may be lost: the SDK asks the store
    /// too, now and then.
    ///
    /// Where the store has no means for that, this does nothing, as by default.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the store cannot be asked.
    async fn announce(&self, message: &str) -> Result<(), StorageError> {
        let _ = message;
        Ok(())
    }

    /// Hears what instances [announce](Self::announce) from now on. `None`, as by default, if the
    /// store has no means for that: the SDK then asks it every second about the sessions that
    /// [wait](crate::web::User::session_ended) for their end.
    ///
    /// The SDK subscribes once in a process, and only while something waits.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the store cannot be asked.
    async fn subscribe(&self) -> Result<Option<Box<dyn Subscription>>, StorageError> {
        Ok(None)
    }

    /// Whether the store can be written, for a readiness probe: a replica or a full disk answers
    /// reads and loses every sign-in.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if it cannot.
    async fn ping(&self) -> Result<(), StorageError> {
        let version = Version::random().map_err(StorageError::new)?;
        // A key of its own, so that probes at the same time do not meet.
        let key = format!("ping:{}", version.number());
        let entry = Entry::new(&b"ping"[..], version);
        if !self.put(&key, entry, Expect::Absent, PING_KEPT).await? {
            return Err(StorageError::new("a new entry was not stored"));
        }
        self.remove(&key, Some(version)).await.map(drop)
    }
}

/// What is stored under a key.
///
/// # Example
///
/// ```
/// use std::collections::HashMap;
///
/// use logto::storage::{Entry, Expect};
///
/// /// How a storage with a map of its own stores an entry, apart from the time to live.
/// fn put(map: &mut HashMap<String, Entry>, key: &str, entry: Entry, expect: Expect) -> bool {
///     let found = map.get(key).map(|entry| entry.version);
///     let is_as_expected = match expect {
///         Expect::Absent => found.is_none(),
///         Expect::Version(version) => found == Some(version),
///     };
///     if is_as_expected {
///         map.insert(key.to_owned(), entry);
///     }
///     is_as_expected
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The content. Any bytes, usually less than a kilobyte.
    pub value: Bytes,
    /// The version: a random number that the SDK chooses for each write.
    pub version: Version,
}

impl Entry {
    /// What a storage found: a value and the version that it was stored with.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::storage::{Entry, Version};
    ///
    /// /// A row of a database, as `Storage::get` returns it.
    /// fn entry(value: Vec<u8>, version: i64) -> Entry {
    ///     Entry::new(value, Version::from_number(version))
    /// }
    /// let entry = entry(vec![1, 2, 3], 42);
    /// assert_eq!((&entry.value[..], entry.version.number()), (&[1, 2, 3][..], 42));
    /// ```
    #[must_use]
    pub fn new(value: impl Into<Bytes>, version: Version) -> Self {
        Self { value: value.into(), version }
    }
}

/// What tells one writing of an entry from every other.
///
/// The SDK makes one for every write, at random. A storage keeps it beside the value and compares
/// it, and never makes one itself: a counter would begin anew after a removal, and a late writer
/// would take the new entry for the one that it knew.
///
/// # Example
///
/// ```
/// use logto::storage::Version;
///
/// /// The column of a database is a signed number of 64 bits.
/// fn column(version: Version) -> i64 {
///     version.number()
/// }
/// assert_eq!(Version::from_number(column(Version::from_number(42))), Version::from_number(42));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version(i64);

impl Version {
    pub(crate) fn random() -> Result<Self, Error> {
        let bits = i64::from_be_bytes(encoding::random()?);
        Ok(Self(bits & i64::MAX))
    }

    /// A version as a storage has kept it.
    #[must_use]
    pub fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// The version as a storage keeps it: a number that is not negative.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0
    }
}

/// What a [`put`](Storage::put) expects to find under its key.
///
/// # Example
///
/// ```
/// use logto::storage::Expect;
///
/// /// The statement of a `put` in SQL.
/// fn statement(expect: Expect) -> &'static str {
///     match expect {
///         Expect::Absent => "insert … on conflict (key) do update … where expires_at <= now()",
///         Expect::Version(_) => "update … where key = $1 and version = $2 and expires_at > now()",
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a storage that ignores one is wrong")]
pub enum Expect {
    /// Nothing, or an entry that has expired.
    Absent,
    /// This version.
    Version(Version),
}

impl Expect {
    /// What a writer expects that found this.
    pub(crate) fn after(found: Option<&Entry>) -> Self {
        match found {
            Some(entry) => Self::Version(entry.version),
            None => Self::Absent,
        }
    }
}
