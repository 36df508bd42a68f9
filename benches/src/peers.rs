//! Sessions in other crates, each in the framework that it is for: a page that reads the whole
//! session, and one that reads nothing.

pub mod actix;
pub mod axum;
pub mod poem;
pub mod rocket;
