//! A protected API in every framework: which tokens it accepts, and what it answers.

mod answers;
mod callers;
mod key_rotation;
mod personal_tokens;
mod policies;
mod signatures;
mod tokens;
