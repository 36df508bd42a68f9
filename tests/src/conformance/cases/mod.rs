//! The cases, by theme.

mod bare;
mod callbacks;
mod headers;
mod kinds;
mod locations;
mod methods;
mod outages;
mod owed;
mod passing;
mod places;
mod sign_in;
mod sign_out;

pub use bare::without_middleware;
pub use callbacks::callbacks;
pub use headers::headers;
pub use kinds::kinds_of_request;
pub use locations::locations;
pub use methods::methods;
pub use outages::outages;
pub use owed::cookies_owed;
pub use passing::passing_through;
pub use places::places;
pub use sign_in::signing_in;
pub use sign_out::signing_out;
