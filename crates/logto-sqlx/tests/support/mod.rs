//! What must hold for both databases.

use std::time::Duration;

use logto::storage::{Entry, Expect, Storage, Version};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

pub(crate) fn entry(version: i64) -> Entry {
    Entry::new("value", Version::from_number(version))
}

/// Times that no date can have.
pub(crate) async fn extreme_times_are_taken(storage: &dyn Storage) {
    let forever = storage.put("forever", entry(1), Expect::Absent, Duration::MAX);
    assert!(forever.await.unwrap());
    let over = storage.put("over", entry(1), Expect::Absent, Duration::ZERO);
    assert!(over.await.unwrap());
    let found = storage.get(&["forever", "over"]).await.unwrap();
    assert_eq!(found, [Some(entry(1)), None]);
}
