//! Sign-in, callback, token requests and sign-out (OpenID Connect Core; RFC 6749, 7636, 9207).
//!
//! `openidconnect` builds the requests and reads the token answers here and nowhere else.

mod callback;
mod options;
mod parameters;
mod protocol;
mod token_answer;
mod transaction;

pub use options::SignInOptions;
pub use parameters::{DirectSignIn, FirstScreen, Identifier, InteractionMode};

pub(crate) use callback::{CallbackFailure, CallbackParameters};
pub(crate) use protocol::{AuthorizationRequest, Protocol};
pub(crate) use token_answer::{Tokens, lifetime};
pub(crate) use transaction::{Transaction, Transactions};
