//! An OpenID provider that can lie, a browser that can misbehave, and an app between them.
//!
//! Everything runs on one thread: the provider on loopback, the SDK through its neutral seam, the
//! browser as a cookie jar. A case takes milliseconds.

mod answer;
mod backend;
mod browser;
mod ends;
mod fixture;
mod gate;
mod keys;
mod local;
mod logs;
mod provider;
mod storage;
mod table;
mod token;

pub use answer::Answer;
pub use backend::Backend;
pub use browser::{Browser, NAVIGATION, Seen};
pub use ends::{Ends, assert_ends};
pub use fixture::{Fixture, state_of};
pub use gate::Gate;
pub use keys::{Key, encode};
pub use local::{API, LocalFixture, ORGANIZATIONS};
pub use logs::Logs;
pub use provider::{Call, Endpoint, Provider};
pub use storage::{Trouble, TroubledStorage};
pub use table::{
    DocumentRow, LATER, NO, Then, TokenAnswerRow, TokenRow, YES, check, each, each_document,
    each_token, each_token_answer, refused, sign_in_twice,
};
pub use token::IdToken;

/// The application's id at the provider.
pub const APP_ID: &str = "8s6wye3gb7dq9a4n54lsn";
/// Its secret.
pub const APP_SECRET: &str = "HostileProviderAppSecret-0123456789";
/// Where browsers reach the app.
pub const BASE_URL: &str = "http://localhost:3000";
/// The secret that its cookies are sealed with.
pub const COOKIE_SECRET: &str = "a cookie secret for hostile tests, long enough";
