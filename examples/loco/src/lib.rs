//! Sign in with Hugging Face through Logto, on Loco.

pub mod app;
pub mod controllers;
pub mod initializers;
