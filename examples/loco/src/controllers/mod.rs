//! The routes.

pub mod home;
