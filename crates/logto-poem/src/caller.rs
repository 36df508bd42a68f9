//! The extractor `Caller`: an access token, or the session of a user.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use logto::resource_server::{AnyToken, Api, Permission};
use logto::web;
use poem::http::header::AUTHORIZATION;
use poem::{FromRequest, Request, RequestBody, Result};

use crate::bearer::organization;
use crate::{Auth, Reply};

/// The caller of an API that serves its own pages as well as other programs: by an access token in
/// the request, or by the session, whose access token for the API is judged like one that was sent.
///
/// A session counts for a request that changes something only if it comes from a page of the app.
/// A user who opens a page and is not signed in is redirected to sign-in, as with `User`;
/// everything else gets 401.
///
/// It needs the [`middleware`](crate::middleware()) and the [`Api`] in the endpoint's data.
///
/// # Example
///
/// ```
/// use logto_poem::{Caller, Permission, Policy};
/// use poem::handler;
///
/// struct ReadThings;
///
/// impl Permission for ReadThings {
///     const POLICY: Policy = Policy::new().with_scopes(&["read:things"]);
/// }
///
/// #[handler]
/// async fn things(caller: Caller<ReadThings>) -> String {
///     format!("The things of {}", caller.sub())
/// }
/// ```
pub struct Caller<P = AnyToken>(pub web::Caller, PhantomData<fn() -> P>);

impl<'a, P: Permission> FromRequest<'a> for Caller<P> {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        let Auth(context) = Auth::from_request(request, body).await?;
        let Some(api) = request.data::<Api>() else {
            return Err(Reply::from(web::Reply::no_api()).into());
        };
        let authorization = request.headers().get_all(AUTHORIZATION);
        let organization = organization(request, &P::POLICY);
        let caller = context.caller(api, &P::POLICY, authorization, organization);
        Ok(Self(caller.await.map_err(Reply::from)?, PhantomData))
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
