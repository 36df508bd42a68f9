#![doc = include_str!("../README.md")]

mod connection;
mod storage;

pub use storage::RedisStorage;
