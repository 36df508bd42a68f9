//! Implements `Storage` for `Arc`, for apps that use their storage too.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Entry, Expect, MemoryStorage, Storage, StorageError, Subscription, Version};

#[async_trait]
impl<S: Storage + ?Sized> Storage for Arc<S> {
    async fn get(&self, keys: &[&str]) -> Result<Vec<Option<Entry>>, StorageError> {
        (**self).get(keys).await
    }

    async fn put(
        &self,
        key: &str,
        entry: Entry,
        expect: Expect,
        ttl: Duration,
    ) -> Result<bool, StorageError> {
        (**self).put(key, entry, expect, ttl).await
    }

    async fn remove(&self, key: &str, version: Option<Version>) -> Result<bool, StorageError> {
        (**self).remove(key, version).await
    }

    async fn put_and_remove(
        &self,
        key: &str,
        entry: Entry,
        expect: Expect,
        ttl: Duration,
        removed: (&str, Version),
    ) -> Result<bool, StorageError> {
        (**self).put_and_remove(key, entry, expect, ttl, removed).await
    }

    fn in_process(&self) -> Option<&MemoryStorage> {
        (**self).in_process()
    }

    async fn announce(&self, message: &str) -> Result<(), StorageError> {
        (**self).announce(message).await
    }

    async fn subscribe(&self) -> Result<Option<Box<dyn Subscription>>, StorageError> {
        (**self).subscribe().await
    }

    async fn ping(&self) -> Result<(), StorageError> {
        (**self).ping().await
    }
}
