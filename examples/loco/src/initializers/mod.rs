//! What is added to the router.

pub mod logto;
pub mod view_engine;
