//! What the browser can ask the server for.

use leptos::prelude::*;
use leptos::server_fn::codec::JsonEncoding;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::logto::extract;
#[cfg(feature = "ssr")]
use logto_axum::{Caller, MaybeUser, Permission, Policy, User};

/// The API identifier in Logto.
pub const RESOURCE: &str = "https://api.example.test";
/// The permission to read things.
pub const READ: &str = "read:things";

/// May read things.
#[cfg(feature = "ssr")]
struct ReadThings;

#[cfg(feature = "ssr")]
impl Permission for ReadThings {
    const POLICY: Policy = Policy::new().with_scopes(&[READ]);
}

/// Why there is nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Refused {
    /// No user is signed in.
    SignIn,
    /// The user may not, or another site asked.
    NotAllowed,
    /// Try again later.
    Failed,
}

impl FromServerFnError for Refused {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(_: ServerFnErrorErr) -> Self {
        Self::Failed
    }
}

/// The name of the user, if one is signed in. What a server function returns is in the HTML of the page, for the
/// browser to take over: never return a token.
#[server(endpoint = "name")]
pub async fn name() -> Result<Option<String>, Refused> {
    let MaybeUser(user) = extract().await?;
    Ok(user.map(|user| user.name().unwrap_or(user.sub()).to_owned()))
}

/// For signed-in users.
#[server(endpoint = "profile")]
pub async fn profile() -> Result<String, Refused> {
    let user: User = extract().await?;
    Ok(format!("The profile of {}", user.name().unwrap_or(user.sub())))
}

/// For those who may read things, by an access token or by the session.
#[server(endpoint = "things")]
pub async fn things() -> Result<Vec<String>, Refused> {
    let _caller: Caller<ReadThings> = extract().await?;
    Ok(vec!["a lamp".to_owned(), "a chair".to_owned()])
}
