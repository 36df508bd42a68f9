//! Request guards.

use std::ops::Deref;

use logto::web::{self, Context};
use rocket::http::Status;
use rocket::outcome::try_outcome;
use rocket::request::{FromRequest, Outcome};
use rocket::{Ignite, Request, Rocket, Sentinel};

use crate::Reply;
use crate::asked::{Asked, Client};

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

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Auth {
    type Error = Reply;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Reply> {
        asked(request).map(|asked| Self(asked.context.clone()))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for MaybeUser {
    type Error = Reply;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Reply> {
        let asked = try_outcome!(asked(request));
        match asked.context.maybe_user().await {
            Ok(user) => Outcome::Success(Self(user)),
            Err(reply) => {
                let reply = Reply::from(reply);
                Outcome::Error((asked.refuse(reply.status(), reply.clone()), reply))
            }
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for User {
    type Error = Reply;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Reply> {
        let asked = try_outcome!(asked(request));
        match try_outcome!(MaybeUser::from_request(request).await) {
            MaybeUser(Some(user)) => Outcome::Success(Self(user)),
            MaybeUser(None) => {
                let reply = asked.context.refuse();
                Outcome::Forward(asked.refuse(Status::Unauthorized, reply.into()))
            }
        }
    }
}

/// A launch with guards and without the fairing fails, see [`Sentinel`]; a guard that Rocket did
/// not see then still lets nobody in.
fn asked<'r>(request: &'r Request<'_>) -> Outcome<&'r Asked, Reply> {
    match Asked::of(request) {
        Some(asked) => Outcome::Success(asked),
        None => {
            let reply = Reply::from(web::Reply::not_mounted());
            Outcome::Error((reply.status(), reply))
        }
    }
}

fn no_fairing(rocket: &Rocket<Ignite>) -> bool {
    rocket.state::<Client>().is_none()
}

impl Sentinel for Auth {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        no_fairing(rocket)
    }
}

impl Sentinel for MaybeUser {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        no_fairing(rocket)
    }
}

impl Sentinel for User {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        no_fairing(rocket)
    }
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
