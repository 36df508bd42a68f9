//! The test app in every framework.

mod axum;

use super::Driver;

/// Every adapter that the suite knows.
#[must_use]
pub fn all() -> Vec<Driver> {
    vec![Driver::of::<axum::Axum>()]
}
