//! The extractor `Caller`: an access token, or the session of a user.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use logto::resource_server::{AnyToken, Api, Permission};
use logto::web;

use crate::Reply;
use crate::bearer::organization;
use crate::extract::context;

/// The caller of an API that serves its own pages as well as other programs: by an access token in
/// the request, or by the session, whose access token for the API is judged like one that was sent.
///
/// A session counts for a request that changes something only if it comes from a page of the app.
/// A user who opens a page and is not signed in is redirected to sign-in, as with `User`;
/// everything else gets 401.
///
/// It needs the [`middleware`](crate::middleware()) and the [`Api`] in the app's data.
///
/// # Example
///
/// ```
/// use logto_actix_web::{Caller, Permission, Policy};
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

impl<P: Permission> FromRequest for Caller<P> {
    type Error = Reply;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Reply>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (context, api) = (context(request), request.app_data::<Data<Api>>().cloned());
        let authorization = request.headers().get_all(AUTHORIZATION);
        let authorization: Vec<HeaderValue> = authorization.cloned().collect();
        let organization = organization(request, &P::POLICY).map(str::to_owned);
        Box::pin(async move {
            let (context, api) = (context?, api.ok_or_else(web::Reply::no_api)?);
            let organization = organization.as_deref();
            let caller = context.caller(&api, &P::POLICY, authorization, organization);
            Ok(Self(caller.await?, PhantomData))
        })
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
