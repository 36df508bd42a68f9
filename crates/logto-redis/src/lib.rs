#![doc = include_str!("../README.md")]

mod connection;
mod storage;
mod subscription;

pub use storage::RedisStorage;
