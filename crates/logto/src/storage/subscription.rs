//! What instances tell each other through their store.

use super::{StorageError, async_trait};

/// What instances [announce](super::Storage::announce), as one of them hears it.
///
/// # Example
///
/// ```
/// use logto::storage::{MemoryStorage, Storage, StorageError};
///
/// async fn hear(storage: &MemoryStorage) -> Result<(), StorageError> {
///     if let Some(mut subscription) = storage.subscribe().await? {
///         storage.announce("session:an-id").await?;
///         assert_eq!(subscription.next().await?, "session:an-id");
///     }
///     Ok(())
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// hear(&MemoryStorage::new()).await.unwrap();
/// # }
/// ```
#[async_trait]
pub trait Subscription: Send {
    /// The next message, in the order in which one instance announced them. The SDK does not drop
    /// this future before it is ready, except with the subscription.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if messages may have been missed, as when the connection is lost. That ends
    /// the subscription: the SDK subscribes again, and asks the store what it missed.
    async fn next(&mut self) -> Result<String, StorageError>;
}
