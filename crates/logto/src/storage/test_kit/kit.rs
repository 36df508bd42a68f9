//! The helpers of the test kit.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use crate::crypto::encoding;
use crate::error::Error;
use crate::storage::{Bytes, Entry, Expect, Storage, StorageError, Subscription, Version};

/// For an entry whose end is not waited for.
pub(super) const LONG: Duration = Duration::from_secs(300);
/// An entry that is still there so long after its time is one too many.
const PATIENCE: Duration = Duration::from_secs(5);
/// Writers that race for one entry.
const WRITERS: usize = 16;

/// A storage on trial: its failures are requirements not met.
pub(super) struct Kit<'a>(pub(super) &'a dyn Storage);

/// What happened instead of what is required.
pub(super) struct Broken(pub(super) String);

impl From<StorageError> for Broken {
    fn from(error: StorageError) -> Self {
        Self(format!("the store failed: {error}"))
    }
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

impl Kit<'_> {
    pub(super) async fn get(&self, key: &str) -> Result<Option<Entry>, Broken> {
        let mut found = self.0.get(&[key]).await?;
        ensure(found.len() == 1, "one key brought not one answer")?;
        Ok(found.pop().flatten())
    }

    pub(super) async fn put(
        &self,
        key: &str,
        entry: &Entry,
        expect: Expect,
    ) -> Result<bool, Broken> {
        Ok(self.0.put(key, entry.clone(), expect, LONG).await?)
    }

    pub(super) async fn create(
        &self,
        key: &str,
        entry: &Entry,
        ttl: Duration,
    ) -> Result<(), Broken> {
        let stored = self.0.put(key, entry.clone(), Expect::Absent, ttl).await?;
        ensure(stored, "a new entry was refused")
    }

    /// How many of the writers were told that they stored their entry.
    pub(super) async fn race(&self, key: &str, expect: Expect) -> Result<usize, Broken> {
        let mut entries = Vec::new();
        for _ in 0..WRITERS {
            entries.push(new_entry()?);
        }
        let writers = entries.iter().map(|entry| self.put(key, entry, expect));
        let mut winners = Vec::new();
        for (outcome, entry) in together(writers).await.into_iter().zip(&entries) {
            if outcome? {
                winners.push(entry.clone());
            }
        }
        let found = self.get(key).await?;
        let last = found.is_some_and(|found| winners.contains(&found));
        ensure(last, "what is there is of no writer who won")?;
        Ok(winners.len())
    }

    /// Hears `message` before `later`, and whatever others say.
    pub(super) async fn hears(
        subscription: &mut dyn Subscription,
        message: &str,
        later: &str,
    ) -> Result<(), Broken> {
        let hearing = async {
            loop {
                let heard = subscription.next().await?;
                ensure(heard != later, "messages come in another order, or twice")?;
                if heard == message {
                    return Ok(());
                }
            }
        };
        let late = |_| Err(Broken("a message did not arrive".to_owned()));
        tokio::time::timeout(PATIENCE, hearing).await.unwrap_or_else(late)
    }

    pub(super) async fn until_gone(&self, key: &str) -> Result<(), Broken> {
        let since = Instant::now();
        while self.get(key).await?.is_some() {
            ensure(since.elapsed() < PATIENCE, "an entry is there long after its time")?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

/// Runs futures at the same time in this task.
async fn together<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        let mut pending = false;
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(ready) => *output = Some(ready),
                    Poll::Pending => pending = true,
                }
            }
        }
        match pending {
            true => Poll::Pending,
            false => Poll::Ready(()),
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

pub(super) fn ensure(kept: bool, otherwise: &str) -> Result<(), Broken> {
    if kept { Ok(()) } else { Err(Broken(otherwise.to_owned())) }
}

pub(super) fn new_key() -> Result<String, Error> {
    Ok(format!("test-kit-{}", encoding::encode(encoding::random::<16>()?)))
}

pub(super) fn new_entry() -> Result<Entry, Error> {
    entry_of(encoding::random::<32>()?.to_vec())
}

pub(super) fn entry_of(value: impl Into<Bytes>) -> Result<Entry, Error> {
    Ok(Entry::new(value, Version::random()?))
}
