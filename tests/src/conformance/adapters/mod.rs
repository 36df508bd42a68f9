//! The test app in every framework.

mod actix_web;
mod axum;
mod fifth;
mod poem;
mod salvo;

use super::Driver;

/// Every adapter that the suite knows.
#[must_use]
pub fn all() -> Vec<Driver> {
    vec![
        Driver::of::<axum::Axum>(),
        Driver::of::<actix_web::ActixWeb>(),
        Driver::of::<poem::Poem>(),
        Driver::of::<salvo::Salvo>(),
    ]
}
