//! A store that fails when it is told to, and remembers all it was given.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use logto::Clock;
use logto::storage::{
    Bytes, Entry, Expect, MemoryStorage, Storage, StorageError, Subscription, Version, async_trait,
};

use super::gate::Gate;

/// What a store does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// Nothing.
    None,
    /// It cannot be asked.
    Down,
    /// It never answers.
    Hangs,
    /// It refuses what would change it.
    ReadOnly,
    /// It does what it is asked to, and says that it did not.
    LosesAnswers,
    /// It gives fewer entries than it was asked for.
    Miscounts,
    /// Every value has a wrong byte.
    Damages,
    /// Every value is empty.
    Empties,
}

/// A store in memory with troubles.
pub struct TroubledStorage {
    inner: MemoryStorage,
    state: Mutex<State>,
}

struct State {
    trouble: Trouble,
    /// How many calls it spares at first.
    well: u32,
    /// How many calls it hits, if not all.
    left: Option<u32>,
    hits: u32,
    /// What the next write of a session waits for.
    hold: Option<Gate>,
    is_holding: bool,
    written: Vec<(String, Bytes)>,
    reads: usize,
    subscriptions: usize,
    is_mute: bool,
}

impl TroubledStorage {
    /// Without troubles.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            inner: MemoryStorage::new().with_clock(clock),
            state: Mutex::new(State {
                trouble: Trouble::None,
                well: 0,
                left: None,
                hits: 0,
                hold: None,
                is_holding: false,
                written: Vec::new(),
                reads: 0,
                subscriptions: 0,
                is_mute: false,
            }),
        }
    }

    /// Gets into trouble from now on.
    pub fn fail_with(&self, trouble: Trouble) {
        let mut state = self.state();
        (state.trouble, state.left, state.hits) = (trouble, None, 0);
    }

    /// Gets into trouble for so many calls.
    pub fn fail_for(&self, trouble: Trouble, calls: u32) {
        let mut state = self.state();
        (state.trouble, state.left, state.hits) = (trouble, Some(calls), 0);
    }

    /// Gets into trouble after so many calls that go well.
    pub fn fail_after(&self, trouble: Trouble, calls: u32) {
        self.fail_with(trouble);
        self.state().well = calls;
    }

    /// Keeps the next write of a session back.
    #[must_use]
    pub fn hold_write(&self) -> Gate {
        let gate = Gate::default();
        self.state().hold = Some(gate.clone());
        gate
    }

    /// Whether a write is being kept back.
    #[must_use]
    pub fn is_holding(&self) -> bool {
        self.state().is_holding
    }

    /// Is well again.
    pub fn recover(&self) {
        self.fail_with(Trouble::None);
    }

    /// How many calls the trouble has hit.
    #[must_use]
    pub fn hits(&self) -> u32 {
        self.state().hits
    }

    /// Announces nothing, as stores that have no means for it.
    pub fn be_mute(&self) {
        self.state().is_mute = true;
    }

    /// How often it was asked for entries.
    #[must_use]
    pub fn reads(&self) -> usize {
        self.state().reads
    }

    /// How often someone subscribed.
    #[must_use]
    pub fn subscriptions(&self) -> usize {
        self.state().subscriptions
    }

    /// How many entries were written so far, leases aside.
    #[must_use]
    pub fn writes(&self) -> usize {
        let state = self.state();
        let written = state.written.iter();
        written.filter(|(key, _)| !key.starts_with("lease")).count()
    }

    /// All keys and values that were ever written.
    #[must_use]
    pub fn dump(&self) -> Vec<(String, Bytes)> {
        self.state().written.clone()
    }

    fn take_hold(&self, key: &str) -> Option<Gate> {
        let mut state = self.state();
        let gate = state.hold.take_if(|_| key.starts_with("session:"));
        state.is_holding |= gate.is_some();
        gate
    }

    fn strike(&self) -> Trouble {
        let mut state = self.state();
        if let Some(rest) = state.well.checked_sub(1) {
            state.well = rest;
            return Trouble::None;
        }
        if let Some(left) = &mut state.left {
            match left.checked_sub(1) {
                Some(rest) => *left = rest,
                None => return Trouble::None,
            }
        }
        state.hits += u32::from(state.trouble != Trouble::None);
        state.trouble
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn fall_over(trouble: Trouble, writes: bool) -> Result<(), StorageError> {
    match trouble {
        Trouble::Hangs => std::future::pending().await,
        Trouble::Down => Err(StorageError::new("the connection is closed")),
        Trouble::ReadOnly if writes => Err(StorageError::new("it is read-only")),
        _ => Ok(()),
    }
}

fn lost(trouble: Trouble, done: bool) -> Result<bool, StorageError> {
    match trouble {
        Trouble::LosesAnswers => Err(StorageError::new("the connection broke")),
        _ => Ok(done),
    }
}

#[async_trait]
impl Storage for TroubledStorage {
    async fn get(&self, keys: &[&str]) -> Result<Vec<Option<Entry>>, StorageError> {
        self.state().reads += 1;
        let trouble = self.strike();
        fall_over(trouble, false).await?;
        let mut entries = self.inner.get(keys).await?;
        if trouble == Trouble::Miscounts {
            entries.pop();
        }
        for entry in entries.iter_mut().flatten() {
            let value = match trouble {
                Trouble::Damages => entry.value.iter().map(|byte| byte ^ 1).collect(),
                Trouble::Empties => Bytes::new(),
                _ => continue,
            };
            *entry = Entry::new(value, entry.version);
        }
        Ok(entries)
    }

    async fn put(
        &self,
        key: &str,
        entry: Entry,
        expect: Expect,
        ttl: Duration,
    ) -> Result<bool, StorageError> {
        let trouble = self.strike();
        fall_over(trouble, true).await?;
        if let Some(gate) = self.take_hold(key) {
            gate.passed().await;
        }
        let value = entry.value.clone();
        let stored = self.inner.put(key, entry, expect, ttl).await?;
        if stored {
            self.state().written.push((key.to_owned(), value));
        }
        lost(trouble, stored)
    }

    async fn remove(&self, key: &str, version: Option<Version>) -> Result<bool, StorageError> {
        let trouble = self.strike();
        fall_over(trouble, true).await?;
        lost(trouble, self.inner.remove(key, version).await?)
    }

    /// Troubles are not counted here: what is lost must not matter.
    async fn announce(&self, message: &str) -> Result<(), StorageError> {
        let trouble = self.state().trouble;
        fall_over(trouble, true).await?;
        self.inner.announce(message).await
    }

    async fn subscribe(&self) -> Result<Option<Box<dyn Subscription>>, StorageError> {
        if self.state().is_mute {
            return Ok(None);
        }
        self.state().subscriptions += 1;
        self.inner.subscribe().await
    }
}

impl fmt::Debug for TroubledStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TroubledStorage").finish_non_exhaustive()
    }
}
