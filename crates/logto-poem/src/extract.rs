//! The extractors `User`, `MaybeUser`, `FreshUser`, and `Auth`.

use std::ops::Deref;
use std::time::Duration;

use logto::web::{self, Context};
use poem::{FromRequest, Request, RequestBody, Result};

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
/// use logto_poem::User;
/// use poem::handler;
///
/// #[handler]
/// async fn profile(user: User) -> String {
///     format!("Hello {}", user.name().unwrap_or(user.sub()))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct User(pub web::User);

/// The signed-in user, if there is one.
///
/// `None` means that no user is signed in. Where that cannot be known, the request is refused.
/// poem's `Option<User>` and `Result<User>` would also be `None` for a refusal.
///
/// # Example
///
/// ```
/// use logto_poem::MaybeUser;
/// use poem::handler;
///
/// #[handler]
/// async fn home(user: MaybeUser) -> String {
///     match user.0 {
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
/// use logto_poem::{FreshUser, Reply};
/// use poem::handler;
///
/// #[handler]
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

impl<'a, const MAX_AGE: u64> FromRequest<'a> for FreshUser<MAX_AGE> {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let user = context(request)?.fresh_user(Duration::from_secs(MAX_AGE)).await;
        Ok(Self(user.map_err(Reply::from)?))
    }
}

fn context(request: &Request) -> Result<Context, Reply> {
    let context = request.extensions().get::<Lazy>();
    let context = context.map(|Lazy(context)| context.with_request(|| view(request)).clone());
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
