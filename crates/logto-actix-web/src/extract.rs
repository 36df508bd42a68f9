//! The extractors `User`, `MaybeUser`, `FreshUser`, and `Auth`.

use std::future::{Future, Ready, ready};
use std::ops::Deref;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use logto::web::{self, Context};

use crate::Reply;
use crate::middleware::{Lazy, view};

/// A signed-in user.
///
/// A request without a signed-in user does not reach the handler: a user who opens a page is sent
/// to sign-in and comes back afterwards, anything else gets 401.
///
/// # Example
///
/// ```
/// use logto_actix_web::User;
///
/// async fn profile(user: User) -> String {
///     format!("Hello {}", user.name().unwrap_or(user.sub()))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct User(pub web::User);

/// The signed-in user, if there is one.
///
/// `None` means that no user is signed in. Where that cannot be known, the request is refused.
/// Actix Web's `Option<User>` would also be `None` for a refusal.
///
/// # Example
///
/// ```
/// use logto_actix_web::MaybeUser;
///
/// async fn home(MaybeUser(user): MaybeUser) -> String {
///     match user {
///         Some(user) => format!("Hello {}", user.sub()),
///         None => "Hello. Please sign in.".to_owned(),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct MaybeUser(pub Option<web::User>);

/// A signed-in user who signed in at Logto at most `MAX_AGE` seconds ago
/// ([`Context::fresh_user`](web::Context::fresh_user)).
///
/// Others do not reach the handler: a user who opens a page signs in again and comes
/// back, one who posts a form sees a page that says so, and anything else gets 401 with a challenge
/// (RFC 9470) and the address of the sign-in.
///
/// # Example
///
/// ```
/// use logto_actix_web::{FreshUser, Reply};
///
/// async fn delete_account(user: FreshUser<300>) -> Result<String, Reply> {
///     user.context().require_own_page()?;
///     Ok(format!("{} is deleted", user.sub()))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct FreshUser<const MAX_AGE: u64>(pub web::User);

/// The request as the SDK sees it: begins sign-ins with [options](logto::SignInOptions), signs out,
/// and tells why no user is signed in.
///
/// # Example
///
/// ```
/// use logto_actix_web::{Auth, DirectSignIn, Reply, SignInOptions};
///
/// async fn sign_in_with_hugging_face(auth: Auth) -> Result<Reply, Reply> {
///     let options = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
///     Ok(auth.sign_in(options).await?.into())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Auth(pub Context);

impl FromRequest for Auth {
    type Error = Reply;
    type Future = Ready<Result<Self, Reply>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(context(request).map(Self))
    }
}

impl FromRequest for User {
    type Error = Reply;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Reply>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let context = context(request);
        Box::pin(async { Ok(Self(context?.user().await?)) })
    }
}

impl FromRequest for MaybeUser {
    type Error = Reply;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Reply>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let context = context(request);
        Box::pin(async { Ok(Self(context?.maybe_user().await?)) })
    }
}

impl<const MAX_AGE: u64> FromRequest for FreshUser<MAX_AGE> {
    type Error = Reply;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Reply>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let context = context(request);
        Box::pin(async { Ok(Self(context?.fresh_user(Duration::from_secs(MAX_AGE)).await?)) })
    }
}

/// A clone, so that nothing of the request is held while a handler waits.
pub(crate) fn context(request: &HttpRequest) -> Result<Context, Reply> {
    let context = request.extensions().get::<Lazy>().cloned();
    let context = context.map(|Lazy(context)| context.with_request(|| view(request)).clone());
    context.ok_or_else(|| {
        let fix = "add `.wrap(logto_actix_web::middleware(&logto))` to the app or the scope";
        web::Reply::not_mounted(request.path(), fix).into()
    })
}

impl Deref for User {
    type Target = web::User;

    fn deref(&self) -> &web::User {
        &self.0
    }
}

impl<const MAX_AGE: u64> Deref for FreshUser<MAX_AGE> {
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
