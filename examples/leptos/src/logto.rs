//! How server functions ask who calls them, and how they answer those who may not. On the server only.

use axum::extract::FromRequestParts;
use axum::http::{HeaderName, StatusCode};
use axum::response::IntoResponse;
use leptos::prelude::*;
use leptos_axum::{ResponseOptions, extract_with_state};
use logto_axum::{Api, Auth, DirectSignIn, Reply, SignInOptions};

use crate::server_functions::Refused;

/// Extracts `User`, `MaybeUser`, `Caller<…>` and the others of `logto_axum`.
///
/// `leptos_axum::extract` turns each rejection into status 500. This one leaves it what it is: a redirect to
/// sign-in while a page is rendered, 401 or 403 where a script calls.
pub async fn extract<T>() -> Result<T, Refused>
where
    T: FromRequestParts<Api, Rejection = Reply>,
{
    let api = use_context::<Api>().ok_or(Refused::Failed)?;
    let extracted = extract_with_state::<Result<T, Reply>, Api>(&api).await;
    extracted.map_err(|_| Refused::Failed)?.map_err(refuse)
}

/// Answers as the SDK would, as long as the headers have not left.
pub fn refuse(reply: impl Into<Reply>) -> Refused {
    let reply = reply.into().into_response();
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(reply.status());
        // What is about the SDK's own page, such as its type and its policy, does not fit this one.
        let is_about_page = |name: &HeaderName| name.as_str().starts_with("content-");
        for (name, value) in reply.headers().iter().filter(|(name, _)| !is_about_page(name)) {
            response.append_header(name.clone(), value.clone());
        }
    }
    match reply.status() {
        StatusCode::SEE_OTHER | StatusCode::UNAUTHORIZED => Refused::SignIn,
        StatusCode::FORBIDDEN => Refused::NotAllowed,
        _ => Refused::Failed,
    }
}

/// Skips Logto's own page and goes straight to Hugging Face.
pub async fn sign_in_with_hugging_face(auth: Auth) -> Result<Reply, Reply> {
    let options = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
    Ok(auth.sign_in(options).await?.into())
}
