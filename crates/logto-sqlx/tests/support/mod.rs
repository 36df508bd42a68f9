//! What must hold for both databases.

use std::sync::Arc;
use std::time::Duration;

use logto::storage::{Entry, Expect, Storage, Version};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

pub(crate) fn entry(version: i64) -> Entry {
    Entry::new("value", Version::from_number(version))
}

/// Races between instances, each with connections of its own.
pub(crate) async fn of_several_instances_one_wins<S: Storage>(instances: &[Arc<S>]) {
    for round in 0..20 {
        let key = format!("race-{round}");
        let known = Expect::Version(Version::from_number(0));
        for expect in [Expect::Absent, known] {
            let writers = (1..=24).map(|writer| {
                let storage = Arc::clone(&instances[writer % instances.len()]);
                let key = key.clone();
                tokio::spawn(async move {
                    let entry = entry(writer as i64);
                    storage.put(&key, entry, expect, HOUR).await.unwrap()
                })
            });
            let mut winners = Vec::new();
            for (writer, outcome) in (1..).zip(writers.collect::<Vec<_>>()) {
                if outcome.await.unwrap() {
                    winners.push(entry(writer));
                }
            }
            assert_eq!(winners.len(), 1, "{expect:?}");
            let found = instances[0].get(&[&key]).await.unwrap();
            assert_eq!(found, [winners.pop()]);
            assert!(instances[0].remove(&key, None).await.unwrap());
            let first = instances[0].put(&key, entry(0), Expect::Absent, HOUR);
            assert!(first.await.unwrap());
        }
    }
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
