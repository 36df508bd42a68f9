//! Lives of entries that no date can express.

use std::time::Duration;

use logto::storage::{Entry, Expect, Storage, Version};

/// Checks that a store takes the longest life and the shortest.
///
/// # Panics
///
/// If it does not.
pub async fn extreme_times_are_taken(storage: &dyn Storage) {
    let entry = || Entry::new("value", Version::from_number(1));
    let forever = storage.put("forever", entry(), Expect::Absent, Duration::MAX);
    assert!(forever.await.expect("an answer"));
    let over = storage.put("over", entry(), Expect::Absent, Duration::ZERO);
    assert!(over.await.expect("an answer"));
    let found = storage.get(&["forever", "over"]).await.expect("an answer");
    assert_eq!(found, [Some(entry()), None]);
}
