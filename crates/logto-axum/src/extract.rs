//! The extractors `User`, `MaybeUser`, `FreshUser`, and `Auth`.

use std::ops::Deref;
use std::time::Duration;

use axum::extract::{FromRequestParts, OptionalFromRequestParts, OriginalUri};
use axum::http::request::Parts;
use logto::web::{self, Context};

use crate::Reply;
use crate::layer::{Lazy, view};

/// A signed-in user.
///
/// A request without a signed-in user does not reach the handler: a user who opens a page is sent
/// to sign-in and comes back afterwards, anything else gets 401. `Option<User>` lets everyone
/// through, as [`MaybeUser`] does.
///
/// # Example
///
/// ```
/// use logto_axum::User;
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
///
/// # Example
///
/// ```
/// use logto_axum::MaybeUser;
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
/// use logto_axum::{FreshUser, Reply};
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
/// use logto_axum::{Auth, DirectSignIn, Reply, SignInOptions};
///
/// async fn sign_in_with_hugging_face(auth: Auth) -> Result<Reply, Reply> {
///     let options = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
///     Ok(auth.sign_in(options).await?.into())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Auth(pub Context);

impl<S: Send + Sync> FromRequestParts<S> for Auth {
    type Rejection = Reply;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Reply> {
        let context = parts.extensions.get::<Lazy>();
        let context = context.map(|Lazy(context)| context.with_request(|| view(parts)).clone());
        context.map(Self).ok_or_else(|| {
            let fix = "add `.layer(logto_axum::layer(&logto))` to the router, after its routes";
            // Nesting takes a prefix off the URI.
            let original = parts.extensions.get::<OriginalUri>();
            let uri = original.map_or(&parts.uri, |OriginalUri(uri)| uri);
            web::Reply::not_mounted(uri.path(), fix).into()
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for User {
    type Rejection = Reply;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Reply> {
        let Auth(context) = Auth::from_request_parts(parts, state).await?;
        Ok(Self(context.user().await?))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for User {
    type Rejection = Reply;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Reply> {
        let MaybeUser(user) = MaybeUser::from_request_parts(parts, state).await?;
        Ok(user.map(Self))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for MaybeUser {
    type Rejection = Reply;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Reply> {
        let Auth(context) = Auth::from_request_parts(parts, state).await?;
        Ok(Self(context.maybe_user().await?))
    }
}

impl<S: Send + Sync, const MAX_AGE: u64> FromRequestParts<S> for FreshUser<MAX_AGE> {
    type Rejection = Reply;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Reply> {
        let Auth(context) = Auth::from_request_parts(parts, state).await?;
        Ok(Self(context.fresh_user(Duration::from_secs(MAX_AGE)).await?))
    }
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
