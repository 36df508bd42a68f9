//! The test app in every framework.

mod actix_web;
pub mod axum;
mod careless;
mod fifth;
mod poem;
mod rocket;
mod salvo;

pub use careless::careless;

use super::Driver;

/// Every adapter that the suite knows.
#[must_use]
pub fn all() -> Vec<Driver> {
    vec![
        Driver::of::<axum::Axum>(),
        Driver::of::<actix_web::ActixWeb>(),
        Driver::of::<poem::Poem>(),
        Driver::of::<rocket::Rocketeer>(),
        Driver::of::<salvo::Salvo>(),
    ]
}
