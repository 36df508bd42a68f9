//! The test kit, held to its own requirements: storages that miss one fail by its name.

use std::time::Duration;

use logto::storage::{
    Entry, Expect, MemoryStorage, Storage, StorageError, Subscription, Version, async_trait,
    test_kit,
};

/// What a storage does wrong.
#[derive(Debug)]
enum Fault {
    LastWriteWins,
    BringsBack,
    NeverEnds,
    ForgetsKeys,
    LosesAnnouncements,
}

/// A storage in memory with a fault.
#[derive(Debug)]
struct Faulty {
    inner: MemoryStorage,
    fault: Fault,
}

impl Faulty {
    async fn overwrite(
        &self,
        key: &str,
        entry: Entry,
        ttl: Duration,
    ) -> Result<bool, StorageError> {
        self.inner.remove(key, None).await?;
        self.inner.put(key, entry, Expect::Absent, ttl).await
    }
}

#[async_trait]
impl Storage for Faulty {
    async fn get(&self, keys: &[&str]) -> Result<Vec<Option<Entry>>, StorageError> {
        let mut found = self.inner.get(keys).await?;
        if matches!(self.fault, Fault::ForgetsKeys) {
            found.retain(Option::is_some);
        }
        Ok(found)
    }

    async fn put(
        &self,
        key: &str,
        entry: Entry,
        expect: Expect,
        ttl: Duration,
    ) -> Result<bool, StorageError> {
        match (&self.fault, expect) {
            (Fault::LastWriteWins, _) => self.overwrite(key, entry, ttl).await,
            (Fault::BringsBack, Expect::Version(_)) => {
                let stored = self.inner.put(key, entry.clone(), expect, ttl).await?;
                Ok(stored || self.inner.put(key, entry, Expect::Absent, ttl).await?)
            }
            (Fault::NeverEnds, _) => {
                let for_ever = Duration::from_secs(1 << 32);
                self.inner.put(key, entry, expect, for_ever).await
            }
            _ => self.inner.put(key, entry, expect, ttl).await,
        }
    }

    async fn remove(&self, key: &str, version: Option<Version>) -> Result<bool, StorageError> {
        self.inner.remove(key, version).await
    }

    async fn announce(&self, message: &str) -> Result<(), StorageError> {
        match self.fault {
            Fault::LosesAnnouncements => Ok(()),
            _ => self.inner.announce(message).await,
        }
    }

    async fn subscribe(&self) -> Result<Option<Box<dyn Subscription>>, StorageError> {
        self.inner.subscribe().await
    }
}

async fn unmet_requirements(fault: Fault) -> Vec<&'static str> {
    let inner = MemoryStorage::new();
    let failures = test_kit::check(&Faulty { inner, fault }).await.unwrap_err();
    let broken: Vec<_> = failures.all().iter().map(|failure| failure.requirement).collect();
    for requirement in &broken {
        assert!(failures.to_string().contains(requirement), "{failures}");
    }
    broken
}

#[tokio::test]
async fn a_storage_where_the_last_write_wins_fails_by_name() {
    let broken = unmet_requirements(Fault::LastWriteWins).await;
    for requirement in [
        "an entry that is there is not taken for absent",
        "a stale version stores nothing",
        "what was removed does not come back",
        "of many writers one wins",
    ] {
        assert!(broken.contains(&requirement), "{broken:?}");
    }
}

#[tokio::test]
async fn a_storage_that_brings_back_what_was_removed_fails_by_name() {
    let broken = unmet_requirements(Fault::BringsBack).await;
    assert!(broken.contains(&"what was removed does not come back"), "{broken:?}");
}

#[tokio::test]
async fn a_storage_whose_entries_never_end_fails_by_name() {
    let broken = unmet_requirements(Fault::NeverEnds).await;
    assert!(broken.contains(&"an entry ends with its time to live"), "{broken:?}");
}

#[tokio::test]
async fn a_storage_that_leaves_missing_entries_out_fails_by_name() {
    let broken = unmet_requirements(Fault::ForgetsKeys).await;
    assert!(broken.contains(&"entries come in the order of the keys"), "{broken:?}");
}

#[tokio::test(start_paused = true)]
async fn a_storage_that_loses_announcements_fails_by_name() {
    let broken = unmet_requirements(Fault::LosesAnnouncements).await;
    assert!(broken.contains(&"what is announced reaches every subscription"), "{broken:?}");
}
