//! The extractor `Caller`: an access token, or the session of a user.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use logto::resource_server::{AnyToken, Api, Permission};
use logto::web;

use crate::bearer::organization;
use crate::{Auth, Reply};

/// The caller of an API that serves its own pages as well as other programs: by an access token in
/// the request, or by the session, whose access token for the API is judged like one that was sent.
///
/// A session counts for a request that changes something only if it comes from a page of the app.
/// A user who opens a page and is not signed in is redirected to sign-in, as with `User`;
/// everything else gets 401.
///
/// It needs the [`layer`](crate::layer()) and the [`Api`] in the router's state.
///
/// # Example
///
/// ```
/// use logto_axum::{Caller, Permission, Policy};
///
/// struct ReadThings;
///
/// impl Permission for ReadThings {
///     const POLICY: Policy = Policy::new().with_scopes(&["read:things"]);
/// }
///
/// async fn things(caller: Caller<ReadThings>) -> String {
///     format!("The things of {}", caller.sub())
/// }
/// ```
pub struct Caller<P = AnyToken>(pub web::Caller, PhantomData<fn() -> P>);

impl<S, P> FromRequestParts<S> for Caller<P>
where
    S: Send + Sync,
    Api: FromRef<S>,
    P: Permission,
{
    type Rejection = Reply;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Reply> {
        let Auth(context) = Auth::from_request_parts(parts, state).await?;
        let organization = organization(parts, state, &P::POLICY).await;
        let authorization = parts.headers.get_all(AUTHORIZATION);
        let api = Api::from_ref(state);
        let caller = context.caller(&api, &P::POLICY, authorization, organization.as_deref());
        Ok(Self(caller.await?, PhantomData))
    }
}

impl<P> Clone for Caller<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<P> Deref for Caller<P> {
    type Target = web::Caller;

    fn deref(&self) -> &web::Caller {
        &self.0
    }
}

impl<P> fmt::Debug for Caller<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Caller").field(&self.0).finish()
    }
}
