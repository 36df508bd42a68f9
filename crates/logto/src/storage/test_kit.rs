//! Shows that a [`Storage`] keeps its promises.
//!
//! One line in the tests of a storage:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! # let storage = logto::storage::MemoryStorage::new();
//! logto::storage::test_kit::check(&storage).await.unwrap();
//! # }
//! ```
//!
//! It runs for about two seconds, because times to live have to end, and uses keys of its own, so
//! that it may run against a store that others use.

use std::fmt;
use std::time::{Duration, Instant};

use super::{Bytes, Entry, Expect, Storage, StorageError, Version};
use crate::encoding;
use crate::error::Error;

const LONG: Duration = Duration::from_secs(300);
const SHORT: Duration = Duration::from_secs(1);
/// An entry that is still there so long after its time is one too many.
const PATIENCE: Duration = Duration::from_secs(5);
/// Writers that race for one entry.
const WRITERS: usize = 16;

/// The promises that were not kept.
pub struct Failures(Vec<Failure>);

/// A promise that was not kept.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The promise.
    pub promise: &'static str,
    /// What happened instead.
    pub what: String,
}

/// Checks every promise, whatever became of the others.
///
/// # Errors
///
/// [`Failures`] with each promise that was not kept, by name.
pub async fn check(storage: &dyn Storage) -> Result<(), Failures> {
    let mut failures = Vec::new();
    let mut note = |promise, outcome: Result<(), Broken>| {
        if let Err(Broken(what)) = outcome {
            failures.push(Failure { promise, what });
        }
    };
    let kit = Kit(storage);
    note("what was stored comes back", kit.comes_back().await);
    note("entries come in the order of the keys", kit.order().await);
    note("a key is compared to the letter", kit.to_the_letter().await);
    note(
        "an entry that is there is not taken for absent",
        kit.absent().await,
    );
    note("a stale version stores nothing", kit.stale_version().await);
    note("what was removed does not come back", kit.removed().await);
    note(
        "only the version that is meant is removed",
        kit.version_removed().await,
    );
    note("of many writers one wins", kit.one_wins().await);
    note("an entry ends with its time to live", kit.ends().await);
    note("a write renews the time to live", kit.renews().await);
    note("it answers a ping", kit.ping().await);
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Failures(failures))
    }
}

struct Kit<'a>(&'a dyn Storage);

/// What went wrong with a promise.
struct Broken(String);

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
    async fn comes_back(&self) -> Result<(), Broken> {
        let all_bytes: Vec<u8> = (0..=u8::MAX).collect();
        for value in [Vec::new(), all_bytes, vec![7; 64 * 1024]] {
            let (key, written) = (key()?, entry_of(value)?);
            self.create(&key, &written, LONG).await?;
            let found = self.get(&key).await?;
            ensure(found.as_ref() == Some(&written), "another value or version")?;
        }
        ensure(
            self.get(&key()?).await?.is_none(),
            "something was found that nobody stored",
        )
    }

    async fn order(&self) -> Result<(), Broken> {
        let keys = [key()?, key()?, key()?];
        let [first, missing, last] = keys.each_ref();
        let (one, two) = (entry()?, entry()?);
        self.create(first, &one, LONG).await?;
        self.create(last, &two, LONG).await?;
        let asked = [last.as_str(), missing, first, last];
        let found = self.0.get(&asked).await?;
        let expected = vec![Some(two.clone()), None, Some(one), Some(two)];
        ensure(found == expected, "the entries are not those of the keys")?;
        let none = self.0.get(&[]).await?;
        ensure(none.is_empty(), "no keys brought entries")
    }

    async fn to_the_letter(&self) -> Result<(), Broken> {
        let key = key()?;
        self.create(&key, &entry()?, LONG).await?;
        for other in [
            key.to_uppercase(),
            format!("{key} "),
            format!("{key}_"),
            key.replace('-', "_"),
        ] {
            ensure(
                self.get(&other).await?.is_none(),
                "another key brought the entry",
            )?;
        }
        Ok(())
    }

    async fn absent(&self) -> Result<(), Broken> {
        let (key, first) = (key()?, entry()?);
        self.create(&key, &first, LONG).await?;
        let stored = self.put(&key, &entry()?, Expect::Absent).await?;
        ensure(!stored, "a second entry was stored as if there were none")?;
        ensure(
            self.get(&key).await? == Some(first),
            "the first entry is gone",
        )
    }

    async fn stale_version(&self) -> Result<(), Broken> {
        let (key, first, second) = (key()?, entry()?, entry()?);
        self.create(&key, &first, LONG).await?;
        let known = Expect::Version(first.version);
        ensure(
            self.put(&key, &second, known).await?,
            "the version that is there was refused",
        )?;
        let stored = self.put(&key, &entry()?, known).await?;
        ensure(
            !stored,
            "a writer who knew an older version overwrote a newer one",
        )?;
        ensure(
            self.get(&key).await? == Some(second),
            "the newer entry is gone",
        )
    }

    async fn removed(&self) -> Result<(), Broken> {
        let (key, first) = (key()?, entry()?);
        self.create(&key, &first, LONG).await?;
        ensure(
            self.0.remove(&key, None).await?,
            "there was nothing to remove",
        )?;
        ensure(
            self.get(&key).await?.is_none(),
            "it is there after its removal",
        )?;
        let stored = self
            .put(&key, &entry()?, Expect::Version(first.version))
            .await?;
        ensure(
            !stored && self.get(&key).await?.is_none(),
            "a late writer brought it back",
        )?;
        ensure(
            !self.0.remove(&key, None).await?,
            "it could be removed twice",
        )
    }

    async fn version_removed(&self) -> Result<(), Broken> {
        let (key, first) = (key()?, entry()?);
        self.create(&key, &first, LONG).await?;
        let removed = self.0.remove(&key, Some(Version::random()?)).await?;
        ensure(
            !removed && self.get(&key).await?.is_some(),
            "another version was removed",
        )?;
        let removed = self.0.remove(&key, Some(first.version)).await?;
        ensure(
            removed && self.get(&key).await?.is_none(),
            "the version that is there was not removed",
        )
    }

    async fn one_wins(&self) -> Result<(), Broken> {
        let (key, first) = (key()?, entry()?);
        ensure(
            self.race(&key, Expect::Absent).await? == 1,
            "not exactly one created the entry",
        )?;
        self.0.remove(&key, None).await?;
        self.create(&key, &first, LONG).await?;
        let winners = self.race(&key, Expect::Version(first.version)).await?;
        ensure(winners == 1, "not exactly one replaced the entry")
    }

    async fn ends(&self) -> Result<(), Broken> {
        let (key, short) = (key()?, entry()?);
        self.create(&key, &short, SHORT).await?;
        self.until_gone(&key).await?;
        let known = Expect::Version(short.version);
        ensure(
            !self.put(&key, &entry()?, known).await?,
            "an entry was renewed after its time",
        )?;
        ensure(
            !self.0.remove(&key, None).await?,
            "an entry could be removed after its time",
        )?;
        ensure(
            self.put(&key, &entry()?, Expect::Absent).await?,
            "after its time the entry is not taken for absent",
        )
    }

    async fn renews(&self) -> Result<(), Broken> {
        let (key, first, second) = (key()?, entry()?, entry()?);
        self.create(&key, &first, SHORT).await?;
        let known = Expect::Version(first.version);
        ensure(
            self.put(&key, &second, known).await?,
            "the version that is there was refused",
        )?;
        // Stored last and for as long as the first: when this one is gone, that time is over.
        let measure = self::key()?;
        self.create(&measure, &entry()?, SHORT).await?;
        self.until_gone(&measure).await?;
        ensure(
            self.get(&key).await? == Some(second),
            "the entry ended with the time of an older write",
        )
    }

    async fn ping(&self) -> Result<(), Broken> {
        Ok(self.0.ping().await?)
    }

    async fn get(&self, key: &str) -> Result<Option<Entry>, Broken> {
        let mut found = self.0.get(&[key]).await?;
        ensure(found.len() == 1, "one key brought not one answer")?;
        Ok(found.pop().flatten())
    }

    async fn put(&self, key: &str, entry: &Entry, expect: Expect) -> Result<bool, Broken> {
        Ok(self.0.put(key, entry.clone(), expect, LONG).await?)
    }

    async fn create(&self, key: &str, entry: &Entry, ttl: Duration) -> Result<(), Broken> {
        let stored = self.0.put(key, entry.clone(), Expect::Absent, ttl).await?;
        ensure(stored, "a new entry was refused")
    }

    /// How many of the writers were told that they stored their entry.
    async fn race(&self, key: &str, expect: Expect) -> Result<usize, Broken> {
        let mut entries = Vec::new();
        for _ in 0..WRITERS {
            entries.push(entry()?);
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

    async fn until_gone(&self, key: &str) -> Result<(), Broken> {
        let since = Instant::now();
        while self.get(key).await?.is_some() {
            ensure(
                since.elapsed() < PATIENCE,
                "an entry is there long after its time",
            )?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

/// Runs futures at the same time in this task.
async fn together<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        let mut pending = false;
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(ready) => *output = Some(ready),
                    std::task::Poll::Pending => pending = true,
                }
            }
        }
        match pending {
            true => std::task::Poll::Pending,
            false => std::task::Poll::Ready(()),
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

fn ensure(kept: bool, otherwise: &str) -> Result<(), Broken> {
    if kept {
        Ok(())
    } else {
        Err(Broken(otherwise.to_owned()))
    }
}

fn key() -> Result<String, Error> {
    Ok(format!(
        "test-kit-{}",
        encoding::encode(encoding::random::<16>()?)
    ))
}

fn entry() -> Result<Entry, Error> {
    entry_of(encoding::random::<32>()?.to_vec())
}

fn entry_of(value: impl Into<Bytes>) -> Result<Entry, Error> {
    Ok(Entry::new(value, Version::random()?))
}

impl Failures {
    /// Each promise that was not kept.
    #[must_use]
    pub fn all(&self) -> &[Failure] {
        &self.0
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the storage does not keep its promises:")?;
        for Failure { promise, what } in &self.0 {
            write!(f, "\n- {promise}: {what}")?;
        }
        Ok(())
    }
}

/// As [`Display`](fmt::Display): this is what `unwrap` prints.
impl fmt::Debug for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failures {}
