//! The guard `Caller`: an access token, or the session of a user.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use logto::resource_server::{AnyToken, Permission, Policy};
use logto::web;
use rocket::request::{FromRequest, Outcome};
use rocket::{Ignite, Request, Rocket, Sentinel};

use crate::bearer::{Authorized, organization, protected};
use crate::catcher::outcome;
use crate::request::context;
use crate::{Auth, Reply};

/// The caller of an API that serves its own pages as well as other programs: by an access token in
/// the request, or by the session, whose access token for the API is judged like one that was sent.
///
/// A session counts for a request that changes something only if it comes from a page of the app.
/// A user who opens a page and is not signed in is redirected to sign-in, as with `User`;
/// everything else gets 401.
///
/// It needs both fairings, [`fairing`](crate::fairing()) and [`api_fairing`](crate::api_fairing()).
///
/// # Example
///
/// ```
/// use logto_rocket::{Caller, Permission, Policy};
/// use rocket::get;
///
/// struct ReadThings;
///
/// impl Permission for ReadThings {
///     const POLICY: Policy = Policy::new().with_scopes(&["read:things"]);
/// }
///
/// #[get("/")]
/// async fn things(caller: Caller<ReadThings>) -> String {
///     format!("The things of {}", caller.sub())
/// }
/// ```
pub struct Caller<P = AnyToken>(pub web::Caller, PhantomData<fn() -> P>);

#[rocket::async_trait]
impl<'r, P: Permission> FromRequest<'r> for Caller<P> {
    type Error = Reply;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Reply> {
        let caller = caller(request, &P::POLICY).await;
        outcome(request, caller.map(|caller| Self(caller, PhantomData)))
    }
}

async fn caller(request: &Request<'_>, policy: &Policy) -> Result<web::Caller, web::Reply> {
    let context = context(request)?;
    let api = protected(request)?;
    let authorization = request.headers().get("authorization");
    let organization = organization(request, policy);
    let caller = context.caller(api, policy, authorization, organization);
    Ok(caller.await?)
}

/// A launch without both fairings fails.
impl<P> Sentinel for Caller<P> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        Auth::abort(rocket) || Authorized::<P>::abort(rocket)
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
