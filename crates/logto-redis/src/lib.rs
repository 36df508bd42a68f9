#![doc = include_str!("../README.md")]

mod connection;
mod storage;
mod subscription;

pub use storage::RedisStorage;

/// What an app holds across an `.await`, on any thread.
#[cfg(test)]
const _: fn() = || {
    fn check<T: Send + Sync + 'static>() {}
    check::<RedisStorage>();
};
