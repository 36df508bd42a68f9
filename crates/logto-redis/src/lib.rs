#![doc = include_str!("../README.md")]

mod connection;
mod storage;
mod subscription;

pub use storage::RedisStorage;

/// The public types are `Send + Sync`.
const _: fn() = || {
    fn check<T: Send + Sync + 'static>() {}
    check::<RedisStorage>();
};
