//! Memory of a stored session: so many of them in a process of their own, by its resident size.

use std::fs;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use logto::Logto;
use logto::storage::{Entry, Expect, MemoryStorage, Storage, StorageError, Version, async_trait};
use tokio::runtime::Runtime;
use tower_sessions::session::{Id, Record};
use tower_sessions::{MemoryStore, SessionStore};

use crate::fixture::Fixture;
use crate::kept::{Kept, NAME};
use crate::report::{Report, Unit};

const SESSIONS: usize = 100_000;
/// Entries that end sooner are not of a session.
const LONG: Duration = Duration::from_secs(24 * 3600);

pub fn run(report: &mut Report) {
    let [ours, theirs] = ["ours", "theirs"].map(|which| {
        let program = std::env::current_exe().expect("this program");
        let output = Command::new(program).args(["fill", which]).output();
        let output = String::from_utf8(output.expect("an answer").stdout).expect("text");
        output.trim().parse::<f64>().expect("a number")
    });
    println!("\n### Memory of a stored session\n\n| store | bytes |\n|---|---:|");
    println!("| logto, with its entry in the user's list of sessions | {ours:.0} |");
    println!("| tower-sessions' memory store | {theirs:.0} |");
    report.at_most("G6", "memory of a stored session", ours, 950.0, Unit::Bytes);
    let what = "times less than tower-sessions";
    report.at_least("G6", what, theirs / ours, 5.3, Unit::Times);
}

/// Fills a store and prints the bytes of one session.
pub fn fill(runtime: &Runtime, which: &str) {
    let fixture = runtime.block_on(Fixture::new([]));
    let recorder = Arc::new(Recorder::default());
    let config = fixture.config().with_storage(Arc::clone(&recorder));
    let logto = Logto::new(config).expect("a valid configuration");
    let cookies = runtime.block_on(fixture.sign_in(&logto, "alice", &Fixture::usual_tokens()));
    let kept = runtime.block_on(Kept::of(&logto, &cookies));
    let entries = recorder.lasting.lock().expect("entries").clone();
    let before = resident();
    let bytes = match which {
        "ours" => {
            let store = MemoryStorage::new().with_capacity(4 * SESSIONS);
            runtime.block_on(fill_ours(&store, &entries));
            resident() - before
        }
        _ => {
            let store = MemoryStore::default();
            runtime.block_on(fill_theirs(&store, &kept));
            resident() - before
        }
    };
    println!("{}", bytes / SESSIONS);
}

async fn fill_ours(store: &MemoryStorage, entries: &[(String, Entry)]) {
    for at in 0..SESSIONS {
        for (key, entry) in entries {
            // Of the same length, and another one.
            let key = format!("{}{at:08}", &key[..key.len() - 8]);
            let entry = Entry::new(entry.value.to_vec(), entry.version);
            let stored = store.put(&key, entry, Expect::Absent, LONG).await;
            assert!(stored.expect("a store"), "two keys are equal");
        }
    }
}

async fn fill_theirs(store: &MemoryStore, kept: &Kept) {
    let value = serde_json::to_value(kept).expect("JSON");
    for _ in 0..SESSIONS {
        let mut record = Record {
            id: Id::default(),
            data: [(NAME.to_owned(), value.clone())].into(),
            expiry_date: time::OffsetDateTime::now_utc() + LONG,
        };
        store.create(&mut record).await.expect("a store");
    }
}

/// Bytes of memory that this process has.
pub fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    1024 * number.and_then(|number| number.parse::<usize>().ok()).expect("kilobytes")
}

/// Remembers what a sign-in leaves in its store.
#[derive(Debug, Default)]
struct Recorder {
    inner: MemoryStorage,
    lasting: Mutex<Vec<(String, Entry)>>,
}

#[async_trait]
impl Storage for Recorder {
    async fn get(&self, keys: &[&str]) -> Result<Vec<Option<Entry>>, StorageError> {
        self.inner.get(keys).await
    }

    async fn put(
        &self,
        key: &str,
        entry: Entry,
        expect: Expect,
        ttl: Duration,
    ) -> Result<bool, StorageError> {
        let stored = self.inner.put(key, entry.clone(), expect, ttl).await?;
        if stored && ttl >= LONG {
            let mut lasting = self.lasting.lock().expect("entries");
            lasting.retain(|(kept, _)| kept != key);
            lasting.push((key.to_owned(), entry));
        }
        Ok(stored)
    }

    async fn remove(&self, key: &str, version: Option<Version>) -> Result<bool, StorageError> {
        self.inner.remove(key, version).await
    }
}
