//! Request guards.

use std::ops::Deref;

use logto::web::{self, Context};
use rocket::request::{FromRequest, Outcome};
use rocket::{Ignite, Request, Rocket, Sentinel};

use crate::catcher::outcome;
use crate::request::context;
use crate::{LogtoFairing, Reply};

/// A signed-in person.
///
/// If nobody is signed in the request is forwarded with 401, to the next route by rank, then to the
/// app's catchers. If the app has none for it, the fairing answers: a person who opens a page is
/// sent to sign-in and comes back afterwards, anything else gets 401.
#[derive(Clone, Debug)]
pub struct User(pub web::User);

/// A signed-in person, if somebody is signed in.
///
/// "Nobody" means exactly that: where it cannot be known, the request fails instead. Rocket's
/// `Option<User>` would also take a failure for "nobody".
#[derive(Clone, Debug)]
pub struct MaybeUser(pub Option<web::User>);

/// The request as the SDK sees it: begins sign-ins with [options](logto::SignInOptions), signs out,
/// and tells why nobody is signed in.
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
    ($guard:ident, $context:ident => $answer:expr) => {
        #[rocket::async_trait]
        impl<'r> FromRequest<'r> for $guard {
            type Error = Reply;

            async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Reply> {
                // Rocket may not have seen the guard when it launched; it still lets nobody in.
                let answer = async {
                    let $context = context(request)?;
                    $answer
                };
                outcome(request, answer.await.map(Self))
            }
        }

        /// A launch with this guard and without the fairing fails.
        impl Sentinel for $guard {
            fn abort(rocket: &Rocket<Ignite>) -> bool {
                rocket.state::<LogtoFairing>().is_none()
            }
        }
    };
}

guard!(User, context => context.user().await);
guard!(MaybeUser, context => context.maybe_user().await);
guard!(Auth, context => Ok(context.clone()));

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
