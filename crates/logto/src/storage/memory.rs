//! `MemoryStorage`: a store in this process.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use tokio::sync::broadcast;

use super::{
    Entry, Expect, REVOCATION_MARKER, Storage, StorageError, Subscription, Version, async_trait,
};
use crate::cache;
use crate::clock::{Clock, Tick};

/// Locks are per shard, so that requests on several cores do not wait for each other.
const SHARDS: usize = 32;
/// Of a shard that is full, one entry in so many makes room at once.
const EVICTED: usize = 16;
const DEFAULT_CAPACITY: usize = 100_000;
const DEFAULT_BYTES: usize = 512 * 1024 * 1024;
/// Bytes of an entry beside its key and value.
const ENTRY: usize = 64;
/// Messages that a subscription may be behind.
const MESSAGES: usize = 256;

/// Sessions in this process: fast, bounded, and gone when the process ends.
///
/// One process only: two instances with a memory each do not know each other's sessions.
///
/// When it is full, the entries that would end first make room.
///
/// # Example
///
/// ```
/// use logto::LogtoConfig;
/// use logto::storage::MemoryStorage;
///
/// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret");
/// let storage = MemoryStorage::new().with_capacity(10_000);
/// let config = config.with_storage(storage);
/// ```
pub struct MemoryStorage {
    shards: Box<[RwLock<Shard>]>,
    /// Entries and bytes of one shard at most.
    capacity: usize,
    max_bytes: usize,
    /// Whether a revocation marker was ever put in.
    has_markers: AtomicBool,
    clock: Clock,
    announcements: broadcast::Sender<String>,
}

#[derive(Default)]
struct Shard {
    slots: HashMap<Box<str>, Slot, BuildHasherDefault<ByEnd>>,
    /// When there are so many, expired ones are looked for.
    sweep_at: usize,
    /// What all entries take.
    bytes: usize,
}

struct Slot {
    entry: Entry,
    ends_at: Tick,
}

/// Keys end at random, as hashes and ids do: the end needs no hashing.
#[derive(Default)]
struct ByEnd(u64);

impl Hasher for ByEnd {
    fn write(&mut self, key: &[u8]) {
        // The upper bits chose the shard.
        self.0 = cache::spread(key).rotate_left(u64::BITS / 2);
    }

    /// What ends a `str` for hashers that look at all of it.
    fn write_u8(&mut self, _: u8) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

impl MemoryStorage {
    /// A store of at most 100,000 entries and 512 MiB; a session takes one, about a kilobyte.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            capacity: DEFAULT_CAPACITY.div_ceil(SHARDS),
            max_bytes: DEFAULT_BYTES.div_ceil(SHARDS),
            has_markers: AtomicBool::new(false),
            clock: Clock::system(),
            announcements: broadcast::Sender::new(MESSAGES),
        }
    }

    /// Holds about so many entries at most.
    #[must_use]
    pub fn with_capacity(mut self, entries: usize) -> Self {
        self.capacity = entries.div_ceil(SHARDS).max(1);
        self
    }

    /// Takes about so many bytes at most. Default: 512 MiB.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::storage::MemoryStorage;
    ///
    /// // A small container.
    /// let storage = MemoryStorage::new().with_capacity(10_000).with_max_bytes(32 << 20);
    /// assert!(storage.is_empty());
    /// ```
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes.div_ceil(SHARDS);
        self
    }

    /// Measures time with this clock; for tests.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use logto::storage::{Entry, Expect, MemoryStorage, Storage, Version};
    /// use logto::Clock;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), logto::storage::StorageError> {
    /// let clock = Clock::system();
    /// let storage = MemoryStorage::new().with_clock(clock.clone());
    /// let entry = Entry::new("value", Version::from_number(1));
    /// storage.put("key", entry, Expect::Absent, Duration::from_secs(60)).await?;
    /// clock.advance(Duration::from_secs(61));
    /// assert_eq!(storage.get(&["key"]).await?, [None]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How many entries there are, expired ones that were not met since included.
    ///
    /// # Example
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use logto::storage::MemoryStorage;
    ///
    /// let storage = Arc::new(MemoryStorage::new());
    /// // The app keeps a clone, for its metrics.
    /// # fn gauge(_: &str, _: usize) {}
    /// gauge("sessions_in_memory", storage.len());
    /// assert!(storage.is_empty());
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        let shards = self.shards.iter();
        shards.map(|shard| read(shard).slots.len()).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry under a key.
    pub(crate) fn find(&self, key: &str) -> Option<Entry> {
        let shard = read(self.shard(key).ok()?);
        // Most keys have no entry, and then the time is not needed.
        let slot = shard.slots.get(key).filter(|slot| self.clock.tick() < slot.ends_at)?;
        Some(slot.entry.clone())
    }

    pub(crate) fn has_markers(&self) -> bool {
        self.has_markers.load(Ordering::Acquire)
    }

    fn shard(&self, key: &str) -> Result<&RwLock<Shard>, StorageError> {
        let shard = self.shards.get(cache::slot(key.as_bytes(), SHARDS));
        shard.ok_or_else(|| StorageError::new("the store has no shards"))
    }
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Storage for MemoryStorage {
    async fn get(&self, keys: &[&str]) -> Result<Vec<Option<Entry>>, StorageError> {
        Ok(keys.iter().map(|key| self.find(key)).collect())
    }

    async fn put(
        &self,
        key: &str,
        entry: Entry,
        expect: Expect,
        ttl: Duration,
    ) -> Result<bool, StorageError> {
        if key.starts_with(REVOCATION_MARKER) {
            // Before the marker is there: who does not look for one must not miss it.
            self.has_markers.store(true, Ordering::Release);
        }
        let now = self.clock.tick();
        let mut shard = write(self.shard(key)?);
        if Expect::after(shard.live(key, now)) != expect {
            return Ok(false);
        }
        let ends_at = now.after(ttl);
        let bytes = size(key, &entry);
        if bytes > self.max_bytes {
            return Err(StorageError::new("the entry is larger than the memory store may be"));
        }
        shard.take(key);
        shard.make_room(self.capacity, self.max_bytes - bytes, now);
        shard.bytes += bytes;
        shard.slots.insert(key.into(), Slot { entry, ends_at });
        Ok(true)
    }

    fn in_process(&self) -> Option<&MemoryStorage> {
        Some(self)
    }

    async fn remove(&self, key: &str, version: Option<Version>) -> Result<bool, StorageError> {
        let now = self.clock.tick();
        let mut shard = write(self.shard(key)?);
        let found = shard.live(key, now).map(|entry| entry.version);
        let removed = found.is_some() && (version.is_none() || version == found);
        if removed {
            shard.take(key);
        }
        Ok(removed)
    }

    async fn announce(&self, message: &str) -> Result<(), StorageError> {
        // Without a subscriber, sending is an error.
        let _: Result<usize, _> = self.announcements.send(message.to_owned());
        Ok(())
    }

    async fn subscribe(&self) -> Result<Option<Box<dyn Subscription>>, StorageError> {
        Ok(Some(Box::new(self.announcements.subscribe())))
    }
}

#[async_trait]
impl Subscription for broadcast::Receiver<String> {
    async fn next(&mut self) -> Result<String, StorageError> {
        self.recv().await.map_err(StorageError::new)
    }
}

impl Shard {
    fn live(&self, key: &str, now: Tick) -> Option<&Entry> {
        let slot = self.slots.get(key).filter(|slot| now < slot.ends_at)?;
        Some(&slot.entry)
    }

    fn take(&mut self, key: &str) {
        if let Some((key, slot)) = self.slots.remove_entry(key) {
            self.bytes -= size(&key, &slot.entry);
        }
    }

    fn retain(&mut self, mut stays: impl FnMut(&Slot) -> bool) {
        let bytes = &mut self.bytes;
        self.slots.retain(|key, slot| {
            let stays = stays(slot);
            if !stays {
                *bytes -= size(key, &slot.entry);
            }
            stays
        });
    }

    /// Makes room for one more entry, and for its bytes.
    fn make_room(&mut self, capacity: usize, max_bytes: usize, now: Tick) {
        if self.slots.len() < self.sweep_at.min(capacity) && self.bytes <= max_bytes {
            return;
        }
        self.retain(|slot| now < slot.ends_at);
        // Each round takes out a sixteenth of the entries, and one at least.
        while !self.slots.is_empty() && (self.slots.len() >= capacity || self.bytes > max_bytes) {
            let mut ends: Vec<Tick> = self.slots.values().map(|slot| slot.ends_at).collect();
            let evicted = ends.len() / EVICTED;
            let (_, last, _) = ends.select_nth_unstable(evicted);
            let last = *last;
            // Those that end together with the last one go only until there is room.
            let mut surplus = evicted + 1;
            self.retain(|slot| {
                let stays = slot.ends_at > last || surplus == 0;
                surplus -= usize::from(!stays);
                stays
            });
        }
        self.sweep_at = self.slots.len().saturating_mul(2).max(64);
    }
}

fn size(key: &str, entry: &Entry) -> usize {
    ENTRY + key.len() + entry.value.len()
}

fn read(shard: &RwLock<Shard>) -> RwLockReadGuard<'_, Shard> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shard: &RwLock<Shard>) -> RwLockWriteGuard<'_, Shard> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for MemoryStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStorage").field("entries", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn key(n: usize) -> String {
        format!("key:{n:08}")
    }

    fn entry() -> Entry {
        Entry::new("value", Version::random().unwrap())
    }

    #[tokio::test]
    async fn it_passes_the_test_kit() {
        super::super::test_kit::check(&MemoryStorage::new()).await.unwrap();
    }

    #[tokio::test]
    async fn it_is_bounded_and_keeps_what_lives_longest() {
        let store = MemoryStorage::new().with_capacity(SHARDS * 32);
        for n in 0..SHARDS * 64 {
            let ttl = if n % 4 == 0 { HOUR * 2 } else { HOUR };
            let stored = store.put(&key(n), entry(), Expect::Absent, ttl).await;
            assert!(stored.unwrap());
        }
        assert!(store.len() <= SHARDS * 32, "{} entries", store.len());
        let mut kept = 0;
        for n in (0..SHARDS * 64).step_by(4) {
            kept += usize::from(store.get(&[&key(n)]).await.unwrap()[0].is_some());
        }
        assert_eq!(kept, SHARDS * 64 / 4, "of those that live longer");
    }

    #[tokio::test]
    async fn it_is_bounded_by_bytes_too() {
        let most = SHARDS * 64 * 1024;
        let store = MemoryStorage::new().with_max_bytes(most);
        let put = async |key: &str, bytes: usize| {
            let entry = Entry::new(vec![0; bytes], Version::random().unwrap());
            store.put(key, entry, Expect::Absent, HOUR).await
        };
        for n in 0..SHARDS * 64 {
            assert!(put(&key(n), 10_000).await.unwrap());
        }
        let values = (store.len() * 10_000, most / 2);
        assert!(values.0 <= most && values.0 > values.1, "{values:?}");
        assert!(put("one that fits nowhere", 65 * 1024).await.is_err());
        for n in 0..SHARDS * 64 {
            store.remove(&key(n), None).await.unwrap();
        }
        let left: usize = store.shards.iter().map(|shard| read(shard).bytes).sum();
        assert_eq!((store.len(), left), (0, 0));
    }

    #[tokio::test]
    async fn what_is_over_makes_room_first() {
        let clock = Clock::system();
        let store = MemoryStorage::new().with_clock(clock.clone());
        for n in 0..5000 {
            let stored = store.put(&key(n), entry(), Expect::Absent, HOUR).await;
            assert!(stored.unwrap());
        }
        clock.advance(HOUR);
        for n in 5000..15_000 {
            let stored = store.put(&key(n), entry(), Expect::Absent, HOUR).await;
            assert!(stored.unwrap());
        }
        assert!(store.len() < 15_000, "{} entries", store.len());
    }
}
