//! What the browser can ask the server for. The extractors behind the path are evaluated on the server only.

use dioxus::prelude::*;

#[cfg(feature = "server")]
use logto_axum::{
    Auth, Caller, DirectSignIn, FromExtension, MaybeUser, Permission, Policy, Reply, SignInOptions,
    User,
};

/// The API identifier in Logto.
#[cfg(feature = "server")]
pub const RESOURCE: &str = "https://api.example.test";
/// The permission to read things.
#[cfg(feature = "server")]
pub const READ: &str = "read:things";

/// May read things.
#[cfg(feature = "server")]
pub struct ReadThings;

#[cfg(feature = "server")]
impl Permission for ReadThings {
    const POLICY: Policy = Policy::new().with_scopes(&[READ]);
}

/// The name of the user, if one is signed in. What a server function returns is in the HTML of the page, for the
/// browser to take over: never return a token.
#[post("/api/name", user: MaybeUser)]
pub async fn name() -> ServerFnResult<Option<String>> {
    Ok(user.0.map(|user| user.name().unwrap_or(user.sub()).to_owned()))
}

/// For signed-in users.
#[post("/api/profile", user: User)]
pub async fn profile() -> ServerFnResult<String> {
    Ok(format!("The profile of {}", user.name().unwrap_or(user.sub())))
}

/// For those who may read things, by an access token or by the session.
#[post("/api/things", _caller: FromExtension<Caller<ReadThings>>)]
pub async fn things() -> ServerFnResult<Vec<String>> {
    Ok(vec!["a lamp".to_owned(), "a chair".to_owned()])
}

/// Skips Logto's own page and goes straight to Hugging Face.
#[cfg(feature = "server")]
pub async fn sign_in_with_hugging_face(auth: Auth) -> Result<Reply, Reply> {
    let options = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
    Ok(auth.sign_in(options).await?.into())
}
