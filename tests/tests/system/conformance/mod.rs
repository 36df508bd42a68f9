//! The conformance suite: the same cases on every adapter.

mod adapters;
mod itself;
