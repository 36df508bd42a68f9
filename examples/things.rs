//! This app's own API of things: its permission, and how a page asks it. The same in all four
//! examples.

use std::error::Error;

use crate::deployment;
use crate::logto::Logto;
use crate::logto::resource_server::{Permission, Policy};
use crate::logto::web::User;
use reqwest::StatusCode;
use serde_json::Value;

/// The API identifier of `/api/things` in Logto, with the permission `read:things`. Sign-in works
/// without it too; `/things` then says that it is not set up.
pub(crate) const RESOURCE: &str = "https://api.example.test";
pub(crate) const READ: &str = "read:things";

/// May read things.
pub(crate) struct ReadThings;

impl Permission for ReadThings {
    const POLICY: Policy = Policy::new().with_scopes(&[READ]);
}

const NOT_SET_UP: &str = "This site is not set up to show things yet.";
const NOT_ALLOWED: &str =
    "You do not have access to things. If you should have, ask the administrator of this site.";
const NOT_AVAILABLE: &str = "Your things are not available right now. Try again in a moment.";

/// The things of the user in a sentence, or why there are none.
///
/// # Errors
///
/// If the user has to sign in again, or Logto does not respond: the SDK has a page for these.
pub(crate) async fn sentence(user: &User, logto: &Logto) -> Result<String, crate::logto::Error> {
    let token = match user.access_token(RESOURCE).await {
        Ok(token) => token,
        Err(error) if error.needs_sign_in() || error.is_retryable() => return Err(error),
        // The SDK has logged it. It may be that the API resource is not set up in Logto.
        Err(_) => return Ok(NOT_SET_UP.to_owned()),
    };
    Ok(ask(logto, token.as_str()).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "request to the API of this app failed");
        NOT_AVAILABLE.to_owned()
    }))
}

async fn ask(logto: &Logto, token: &str) -> Result<String, Box<dyn Error>> {
    let api = format!("{}/api/things", deployment::own_url(logto)?);
    let response = reqwest::Client::new().get(api).bearer_auth(token).send().await?;
    if response.status() == StatusCode::FORBIDDEN {
        tracing::info!(
            "the API of this app refused the user: is the permission assigned to a role?"
        );
        return Ok(NOT_ALLOWED.to_owned());
    }
    let response: Value = response.error_for_status()?.json().await?;
    let things = response.get("things").and_then(Value::as_array);
    let names: Vec<&str> = things.into_iter().flatten().filter_map(Value::as_str).collect();
    Ok(format!("You have {}.", names.join(" and ")))
}
