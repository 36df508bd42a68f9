//! What the fuzzer runs: one function for each target, over the public surface of the SDK.
//!
//! `fuzz/` gives them to cargo-fuzz; `fuzz_seeds` among the system tests runs them on the committed
//! seeds with the ordinary toolchain. An input is bytes of the fuzzer; words in braces such as
//! `{state}` stand for values that only this process can know, so that seeds neither grow old nor
//! stop at the first check.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a target fails by panicking: that is how the fuzzer learns of it"
)]

mod answers;
mod app;
mod checks;
mod environment;
mod key;
mod notices;
mod provider;
mod seal;
mod seam;
mod session;
mod sign_ins;
mod text;

pub use answers::Answers;
pub use environment::Environment;
pub use notices::Notices;
pub use seam::Seam;
pub use session::Session;
pub use sign_ins::SignIns;

/// One target. What it keeps between two inputs is bounded.
pub trait Target {
    /// The name of the target, of its program and of its folder of seeds.
    const NAME: &str;

    /// Starts what the inputs are given to.
    fn start() -> Self;

    /// Runs one input, and says how far it came: what a test asks of the seeds.
    ///
    /// # Panics
    ///
    /// If the SDK panics, or answers as it must not.
    fn run(&mut self, input: &[u8]) -> Outcome;
}

/// How far an input came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was taken: a user is signed in, a token or a configuration is accepted.
    Accepted,
    /// It was refused, or nothing was decided.
    Refused,
}

impl Outcome {
    fn of(is_accepted: bool) -> Self {
        if is_accepted { Self::Accepted } else { Self::Refused }
    }
}
