//! `FromExtension`: the API from an extension, where the router's state is not the app's own type.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use logto::resource_server::Api;
use logto::web;

use crate::Reply;

/// [`Authorized`](crate::Authorized) or [`Caller`](crate::Caller) in a framework whose state is a
/// type of its own, as in Loco and Dioxus: the [`Api`] comes from an extension instead.
///
/// Where the router's state is yours, implement `FromRef` for it: a forgotten `Api` is a compiler
/// error then, and here a response with status 500.
///
/// # Example
///
/// ```
/// use axum::{Extension, Router, routing::get};
/// use logto_axum::{Api, Authorized, FromExtension, Permission, Policy};
///
/// struct ReadThings;
///
/// impl Permission for ReadThings {
///     const POLICY: Policy = Policy::new().with_scopes(&["read:things"]);
/// }
///
/// async fn things(token: FromExtension<Authorized<ReadThings>>) -> String {
///     format!("the things of {}", token.sub())
/// }
///
/// fn app<S: Clone + Send + Sync + 'static>(api: Api) -> Router<S> {
///     Router::new().route("/things", get(things)).layer(Extension(api))
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FromExtension<T>(pub T);

impl<S, T> FromRequestParts<S> for FromExtension<T>
where
    S: Send + Sync,
    T: FromRequestParts<Api, Rejection = Reply>,
{
    type Rejection = Reply;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Reply> {
        let api = parts.extensions.get::<Api>().cloned().ok_or_else(web::Reply::no_api)?;
        T::from_request_parts(parts, &api).await.map(Self)
    }
}

impl<T> Deref for FromExtension<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
