//! The stores that instances share, and instances that share one.

mod instances;
mod postgres;
mod redis;
