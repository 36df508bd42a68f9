//! The conformance suite: one set of cases for every adapter, over real sockets.
//!
//! An adapter takes part by serving the [test app](Adapter). Every [`Case`] is run against every
//! adapter and fails in two ways: an adapter does not do what the case asks for, or two adapters
//! do different things. The second compares whole answers, so it also sees what no case asks for.
//!
//! `docs/writing-an-adapter.md` shows how to add one.

mod adapter;
pub mod adapters;
mod answer;
mod case;
pub mod cases;
mod check;
mod running_app;
mod visitor;
mod wire;

pub use adapter::{Adapter, Driver, Server, TestApp};
pub use answer::{Answer, SetCookie};
pub use case::Case;
pub use check::{check, complaints};
pub use running_app::{RunningApp, Setup};
pub use visitor::{Ask, Visitor};
pub use wire::{Connection, Wire};
