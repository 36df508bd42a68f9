//! Sign-in, callback, token requests and sign-out (OpenID Connect Core; RFC 6749, 7636, 9207).
//!
//! Each flow returns an outcome; what a browser is answered is decided in `web`.

mod browser_secret;
mod callback;
mod ends;
mod engine;
mod exchange;
mod options;
mod parameters;
mod refresh;
mod resources;
mod tokens;
mod transaction;

pub use options::SignInOptions;
pub use parameters::{DirectSignIn, FirstScreen, Identifier, InteractionMode};

pub(crate) use callback::{CallbackFailure, CallbackParameters};
pub(crate) use ends::Ended;
pub(crate) use engine::Engine;
pub(crate) use exchange::Callback;
pub(crate) use options::Resources;
pub(crate) use transaction::{Begun, Intent, Returning, Transaction, Transactions};
