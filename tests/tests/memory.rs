//! What sign-ins and sign-outs leave in memory is bounded. A program of its own, as its allocator
//! counts.

use std::alloc::System;

use cap::Cap;
use logto::LogtoConfig;
use logto::storage::MemoryStorage;
use logto_fuzz_targets::SignIns;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// More than fill what is bounded.
const USERS: usize = 250;
/// What maps make of it that grow and shrink, and caches that drop the larger for the smaller.
const NOISE: usize = 8 * 1024;

/// The bytes that are allocated after so many users, twice as many, and so on. The bounds are
/// smaller than by default, which is reached after 50,000 users.
fn live(configure: impl FnOnce(LogtoConfig) -> LogtoConfig) -> Vec<usize> {
    let storage = MemoryStorage::new().with_capacity(320);
    let sign_ins = SignIns::start(|config| {
        configure(config.with_session_cache_bytes(64 * 1024).with_storage(storage))
    });
    let counted = |_| {
        sign_ins.come_and_go(USERS);
        ALLOCATOR.allocated()
    };
    (0..4).map(counted).collect()
}

fn assert_level(name: &str, live: &[usize]) {
    // The first ones fill what is bounded.
    let (full, later) = live.get(1..).and_then(<[_]>::split_first).unwrap();
    for bytes in later {
        assert!(*bytes <= full + NOISE, "{name}: {live:?} bytes");
    }
}

/// One test, because the other's memory would be counted too.
#[test]
fn memory_reaches_a_plateau() {
    assert_level("a store", &live(|config| config));
    assert_level("cookies", &live(LogtoConfig::with_sessions_in_cookies));
}
