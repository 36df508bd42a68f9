//! Sign-in with Hugging Face: the profile page, and the user's token.

mod account;
mod page;
mod token;
