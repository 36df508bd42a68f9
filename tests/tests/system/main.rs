//! The system tests that need no other program.

mod api;
mod back_channel;
mod conformance;
mod examples;
mod fuzz_seeds;
mod hostile;
mod hugging_face;
mod refresh_model;
mod sessions;
