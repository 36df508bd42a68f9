//! Sign-in, callback, token requests and sign-out (OpenID Connect Core; RFC 6749, 7636, 9207).
//!
//! Each flow returns an outcome, which `web` turns into a response. One exception: a sign-in hook that refuses with
//! a page attaches its redirect to the error.

mod backoff;
mod browser_secret;
mod callback;
mod ends;
mod engine;
mod exchange;
mod expected_user;
mod frame;
mod freshness;
mod logout;
mod options;
mod parameters;
mod refresh;
mod resources;
mod session_end;
mod sign_in_hook;
mod tokens;
mod transaction;
mod webhooks;

pub use options::SignInOptions;
pub use parameters::{DirectSignIn, FirstScreen, Identifier, InteractionMode};
pub use session_end::SessionEnded;
pub use sign_in_hook::{PendingSignIn, SignInDecision};

pub(crate) use callback::{CallbackFailure, CallbackParameters};
pub(crate) use ends::Ended;
pub(crate) use engine::Engine;
pub(crate) use exchange::{Callback, Completed};
pub(crate) use expected_user::ExpectedUser;
pub(crate) use frame::{FrameKey, Frames, Ticket};
pub(crate) use freshness::{Freshness, is_fresh};
pub(crate) use options::Resources;
pub(crate) use transaction::{Begun, Intent, Returning, Transaction, Transactions};
pub(crate) use webhooks::WebhookRefusal;
