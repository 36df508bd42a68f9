//! Sign-in, callback, token requests and sign-out (OpenID Connect Core; RFC 6749, 7636, 9207).
//!
//! Each flow returns an outcome, which `web` turns into a response. One exception: a sign-in hook
//! that refuses with a page attaches its redirect to the error.

mod back_channel_logout;
mod backoff;
mod browser;
mod browser_secret;
mod callback;
mod callback_failure;
mod callback_parameters;
mod end_sessions;
mod engine;
mod exchange;
mod expected_user;
mod frame;
mod frame_session;
mod freshness;
mod leased_refresh;
mod options;
mod refresh;
mod resources;
mod revocation;
mod session_watch;
mod sign_in;
mod sign_in_again;
mod sign_in_hook;
mod sign_in_loop;
mod sign_out;
mod tokens;
mod transaction;
mod webhooks;

pub use options::{DirectSignIn, FirstScreen, Identifier, InteractionMode, SignInOptions};
pub use session_watch::SessionEnded;
pub use sign_in_hook::{PendingSignIn, SignInDecision};

pub(crate) use back_channel_logout::LogoutRefusal;
pub(crate) use browser::Browser;
pub(crate) use callback::CallbackRequest;
pub(crate) use callback_failure::CallbackFailure;
pub(crate) use callback_parameters::CallbackParameters;
pub(crate) use end_sessions::{EndRecord, Ended};
pub(crate) use engine::Engine;
pub(crate) use expected_user::ExpectedUser;
pub(crate) use frame::{FrameRequest, Frames};
pub(crate) use freshness::{Freshness, is_fresh};
pub(crate) use options::Resources;
pub(crate) use sign_in::{Previous, SignInStart};
pub(crate) use sign_in_loop::SignInLoop;
pub(crate) use sign_out::AtLogto;
pub(crate) use transaction::{Begun, Intent, Returning, Transaction, Transactions};
pub(crate) use webhooks::WebhookRefusal;
