//! Extractors.

use std::ops::Deref;

use logto::web::{self, Context};
use poem::{FromRequest, Request, RequestBody, Result};

use crate::Reply;

/// A signed-in person.
///
/// Whoever is not signed in does not reach the handler: a person who opens a page is sent to
/// sign-in and comes back afterwards, anything else gets 401.
#[derive(Clone, Debug)]
pub struct User(pub web::User);

/// A signed-in person, if somebody is signed in.
///
/// "Nobody" means exactly that: where it cannot be known, the request is refused instead. poem's
/// `Option<User>` and `Result<User>` would also take a refusal for "nobody".
#[derive(Clone, Debug)]
pub struct MaybeUser(pub Option<web::User>);

/// The request as the SDK sees it: begins sign-ins with [options](logto::SignInOptions), signs out,
/// and tells why nobody is signed in.
///
/// ```
/// use logto_poem::{Auth, DirectSignIn, Reply, SignInOptions};
/// use poem::handler;
///
/// #[handler]
/// async fn sign_in_with_hugging_face(auth: Auth) -> Result<Reply, Reply> {
///     let options = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
///     Ok(auth.sign_in(options).await?.into())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Auth(pub Context);

impl<'a> FromRequest<'a> for Auth {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        context(request).map(Self).map_err(Into::into)
    }
}

impl<'a> FromRequest<'a> for User {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let user = context(request)?.user().await.map_err(Reply::from)?;
        Ok(Self(user))
    }
}

impl<'a> FromRequest<'a> for MaybeUser {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let user = context(request)?.maybe_user().await.map_err(Reply::from)?;
        Ok(Self(user))
    }
}

fn context(request: &Request) -> Result<Context, Reply> {
    let context = request.extensions().get::<Context>().cloned();
    context.ok_or_else(|| {
        let fix = "add `.with(logto_poem::middleware(&logto))` to the route";
        web::Reply::not_mounted(request.uri().path(), fix).into()
    })
}

impl Deref for User {
    type Target = web::User;

    fn deref(&self) -> &web::User {
        &self.0
    }
}

impl Deref for Auth {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.0
    }
}
