//! The cases, by theme.

use super::Case;

mod back_channel;
mod bare;
mod caches;
mod callbacks;
mod frames;
mod freshness;
mod headers;
mod kinds;
mod locations;
mod methods;
mod outages;
mod passing;
mod pending_cookies;
mod places;
mod sign_in;
mod sign_out;
mod unfinished;
mod webhooks;

pub use back_channel::back_channel;
pub use bare::{without_middleware, without_routes};
pub use caches::{caches, leaving};
pub use callbacks::callbacks;
pub use frames::frames;
pub use freshness::freshness;
pub use headers::headers;
pub use kinds::kinds_of_request;
pub use locations::locations;
pub use methods::methods;
pub use outages::outages;
pub use passing::passing_through;
pub use pending_cookies::pending_cookies;
pub use places::places;
pub use sign_in::signing_in;
pub use sign_out::signing_out;
pub use unfinished::unfinished;
pub use webhooks::webhooks;

/// Every case of every theme.
#[must_use]
pub fn all() -> Vec<Case> {
    let themes = [
        methods(),
        unfinished(),
        kinds_of_request(),
        locations(),
        caches(),
        leaving(),
        signing_in(),
        callbacks(),
        freshness(),
        frames(),
        pending_cookies(),
        signing_out(),
        back_channel(),
        webhooks(),
        outages(),
        headers(),
        places(),
        passing_through(),
        without_middleware(),
        without_routes(),
    ];
    themes.into_iter().flatten().collect()
}
