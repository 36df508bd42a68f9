//! The storage, bounded in time, with everything in it sealed, and the keys of its entries.

use std::future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tracing::{Instrument, debug_span};

use super::outages::Outages;
use super::store_keys::StoreKeys;
use crate::config::Settings;
use crate::crypto::seal::{KeyRing, Purpose};
use crate::error::{Error, ErrorKind};
use crate::log_limit::limited;
use crate::metrics;
use crate::storage::{Entry, Expect, MemoryStorage, Storage, StorageError, Subscription, Version};

#[derive(Debug)]
pub(crate) struct Store {
    storage: Arc<dyn Storage>,
    timeout: Duration,
    keys: Arc<KeyRing>,
    /// The keys of its entries.
    pub(super) entry_keys: StoreKeys,
    outages: Outages,
}

impl Store {
    /// The configured store; without one, the memory of this process.
    pub(crate) fn new(settings: &Settings, keys: Arc<KeyRing>) -> Self {
        let (storage, entry_keys) = match &settings.storage {
            Some(storage) => (Arc::clone(storage), StoreKeys::hashed(keys.context())),
            None => {
                let memory = MemoryStorage::new().with_clock(settings.clock.clone());
                let memory: Arc<dyn Storage> = Arc::new(memory);
                (memory, StoreKeys::plain())
            }
        };
        let timeout = settings.storage_timeout;
        Self { storage, timeout, keys, entry_keys, outages: Outages::new() }
    }

    /// The memory of this process, if that is the store: it answers at once.
    pub(crate) fn in_process(&self) -> Option<&MemoryStorage> {
        self.storage.in_process()
    }

    pub(crate) async fn get<const N: usize>(
        &self,
        keys: [&str; N],
    ) -> Result<[Option<Entry>; N], Error> {
        let found = self.get_all(&keys).await?;
        found.try_into().map_err(|_| miscounted())
    }

    pub(crate) async fn get_all(&self, keys: &[&str]) -> Result<Vec<Option<Entry>>, Error> {
        let found = self.in_time("get", self.storage.get(keys)).await?;
        if found.len() == keys.len() { Ok(found) } else { Err(miscounted()) }
    }

    /// Seals and stores a value for `ttl`; the version that it got, or `None` if what is there is
    /// not what was expected.
    pub(crate) async fn put(
        &self,
        key: &str,
        value: Vec<u8>,
        expect: Expect,
        ttl: Duration,
    ) -> Result<Option<Version>, Error> {
        let version = Version::random()?;
        let sealed = self.keys.seal_bytes(Purpose::Record, key, value)?;
        let entry = Entry::new(sealed, version);
        let put = self.storage.put(key, entry, expect, ttl);
        Ok(self.in_time("put", put).await?.then_some(version))
    }

    /// Seals and stores a value, and removes this version of another entry in any case.
    pub(crate) async fn put_and_remove(
        &self,
        key: &str,
        value: Vec<u8>,
        expect: Expect,
        ttl: Duration,
        removed: (&str, Version),
    ) -> Result<bool, Error> {
        let sealed = self.keys.seal_bytes(Purpose::Record, key, value)?;
        let entry = Entry::new(sealed, Version::random()?);
        self.in_time("put", self.storage.put_and_remove(key, entry, expect, ttl, removed)).await
    }

    /// Lets those come first who have something for the store, if it did not answer until now.
    pub(super) async fn settle(&self) {
        let pause = self.outages.pause();
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }

    pub(super) fn has_to_settle(&self) -> bool {
        !self.outages.pause().is_zero()
    }

    pub(crate) async fn remove(&self, key: &str, version: Option<Version>) -> Result<bool, Error> {
        self.in_time("remove", self.storage.remove(key, version)).await
    }

    pub(crate) async fn ping(&self) -> Result<(), Error> {
        self.in_time("ping", self.storage.ping()).await
    }

    pub(crate) async fn announce(&self, message: &str) -> Result<(), Error> {
        self.in_time("announce", self.storage.announce(message)).await
    }

    /// Tells the other instances that what is under a key ended something.
    pub(super) async fn announce_end(&self, key: &str) {
        if let Err(error) = self.announce(key).await {
            limited!(
                warn,
                %error,
                "failed to announce the end of a session: open streams on other instances end later"
            );
        }
    }

    pub(crate) async fn subscribe(&self) -> Result<Option<Box<dyn Subscription>>, Error> {
        self.in_time("subscribe", self.storage.subscribe()).await
    }

    /// What an entry holds, unless its secret is gone or it was damaged.
    pub(crate) fn open(&self, key: &str, entry: &Entry) -> Option<Vec<u8>> {
        self.keys.open_bytes(Purpose::Record, key, &entry.value)
    }

    async fn in_time<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, StorageError>>,
    ) -> Result<T, Error> {
        let mut work = pin!(work);
        // A store in this process answers at once; a timer would cost more than its answer.
        let at_once = future::poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
        let (outcome, took) = match at_once {
            Poll::Ready(outcome) => (outcome, Duration::ZERO),
            Poll::Pending => {
                let span = debug_span!("store", operation);
                let begun = Instant::now();
                let answer = tokio::time::timeout(self.timeout, work).instrument(span).await;
                let said = match &answer {
                    Ok(Ok(_)) => "ok",
                    Ok(Err(_)) => "error",
                    Err(_) => "timeout",
                };
                metrics::store(operation, said, begun.elapsed());
                let late = |_| Err(StorageError::new("it did not answer in time"));
                (answer.unwrap_or_else(late), begun.elapsed())
            }
        };
        self.outages.note(outcome.is_ok(), took);
        outcome.map_err(unavailable)
    }
}

fn miscounted() -> Error {
    unavailable(StorageError::new("the store returned another number of entries than requested"))
}

fn unavailable(error: StorageError) -> Error {
    let why = "the session store is unavailable";
    Error::with_source(ErrorKind::StoreUnavailable, format!("{why}: {error}"), error)
}
