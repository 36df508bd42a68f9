//! Other crates, each in the framework that it is for. Sessions: a page that reads the whole
//! session, and one that reads nothing. Access tokens: a page that reads the claims.

pub mod actix;
pub mod axum;
pub mod poem;
pub mod protected;
pub mod rocket;
