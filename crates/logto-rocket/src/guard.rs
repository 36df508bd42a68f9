//! The request guards `User`, `MaybeUser`, `FreshUser`, and `Auth`.

use std::ops::Deref;
use std::time::Duration;

use logto::web::{self, Context};
use rocket::request::{FromRequest, Outcome};
use rocket::{Ignite, Request, Rocket, Sentinel};

use crate::catcher::outcome;
use crate::request::context;
use crate::{LogtoFairing, Reply};

/// A signed-in user.
///
/// If no user is signed in, the request is forwarded with 401, to the next route by rank, then to
/// the app's catchers. If the app has none for it, the fairing answers: a user who opens a page
/// is sent to sign-in and comes back afterwards, anything else gets 401.
///
/// # Example
///
/// ```
/// use logto_rocket::User;
/// use rocket::get;
///
/// #[get("/")]
/// async fn profile(user: User) -> String {
///     format!("Hello {}", user.name().unwrap_or(user.sub()))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct User(pub web::User);

/// The signed-in user, if there is one.
///
/// `None` means that no user is signed in. Where that cannot be known, the request fails. Rocket's
/// `Option<User>` would also be `None` for a failure.
///
/// # Example
///
/// ```
/// use logto_rocket::MaybeUser;
/// use rocket::get;
///
/// #[get("/")]
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
/// As with [`User`], the request is forwarded with 401 before the fairing answers.
///
/// # Example
///
/// ```
/// use logto_rocket::{FreshUser, Reply};
/// use rocket::post;
///
/// #[post("/delete-account")]
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
/// use logto_rocket::{Auth, DirectSignIn, Reply, SignInOptions};
/// use rocket::get;
///
/// #[get("/sign-in/hugging-face")]
/// async fn sign_in_with_hugging_face(auth: Auth) -> Result<Reply, Reply> {
///     let options = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
///     Ok(auth.sign_in(options).await?.into())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Auth(pub Context);

macro_rules! guard {
    ($guard:ty $(, $age:ident)?; $context:ident => $answer:expr) => {
        #[rocket::async_trait]
        impl<'r $(, const $age: u64)?> FromRequest<'r> for $guard {
            type Error = Reply;

            async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Reply> {
                // Rocket may not have seen the guard when it launched; it still lets no one in.
                let answer = async {
                    let $context = context(request)?;
                    $answer
                };
                outcome(request, answer.await.map(Self))
            }
        }

        /// A launch with this guard and without the fairing fails.
        impl<$(const $age: u64)?> Sentinel for $guard {
            fn abort(rocket: &Rocket<Ignite>) -> bool {
                rocket.state::<LogtoFairing>().is_none()
            }
        }
    };
}

guard!(User; context => context.user().await);
guard!(MaybeUser; context => context.maybe_user().await);
guard!(FreshUser<MAX_AGE>, MAX_AGE; context => {
    context.fresh_user(Duration::from_secs(MAX_AGE)).await
});
guard!(Auth; context => Ok(context.clone()));

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
