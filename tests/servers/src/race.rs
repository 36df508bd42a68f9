//! Instances of an app that write to one store at the same time.

use std::sync::Arc;
use std::time::Duration;

use logto::storage::{Entry, Expect, Storage, Version};
use tokio::task::JoinSet;

const ROUNDS: usize = 20;
const WRITERS: i64 = 24;
const HOUR: Duration = Duration::from_secs(3600);

/// Checks that of many writers to an entry exactly one is told that it won, and that its entry is
/// there: one that creates it, and one that replaces it. Each instance has connections of its own.
///
/// # Panics
///
/// If that is not so.
pub async fn one_of_many_wins<S: Storage>(instances: &[Arc<S>]) {
    let entry = |version| Entry::new("value", Version::from_number(version));
    let first = instances.first().expect("an instance");
    for round in 0..ROUNDS {
        let key = format!("race-{round}");
        let known = Expect::Version(Version::from_number(0));
        for expect in [Expect::Absent, known] {
            let mut writers = JoinSet::new();
            for (version, storage) in (1..=WRITERS).zip(instances.iter().cycle()) {
                let (storage, key) = (Arc::clone(storage), key.clone());
                writers.spawn(async move {
                    let stored = storage.put(&key, entry(version), expect, HOUR).await;
                    stored.expect("an answer").then(|| entry(version))
                });
            }
            let winners: Vec<Entry> = writers.join_all().await.into_iter().flatten().collect();
            assert_eq!(winners.len(), 1, "{expect:?}");
            let found = first.get(&[&key]).await.expect("an answer");
            assert_eq!(found, winners.into_iter().map(Some).collect::<Vec<_>>());
            assert!(first.remove(&key, None).await.expect("an answer"));
            let again = first.put(&key, entry(0), Expect::Absent, HOUR);
            assert!(again.await.expect("an answer"));
        }
    }
}
