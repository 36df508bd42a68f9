//! The guard `Authorized`: a verified access token.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use logto::resource_server::{
    AccessTokenClaims, AnyToken, Api, OrganizationFrom, Permission, Policy,
};
use logto::web;
use rocket::fairing::{self, Fairing, Info, Kind};
use rocket::http::Method;
use rocket::request::{FromRequest, Outcome};
use rocket::route::{Handler, Route};
use rocket::{Build, Data, Ignite, Request, Rocket, Sentinel, route};

use crate::Reply;
use crate::catcher::{catcher, outcome};

/// A verified access token that permits what `P` asks for; without `P`, any token for this API.
///
/// The [`api_fairing`] has to be attached. A request without such a token does not reach the
/// handler: 401, or 403 if the token is good and not good enough, with `WWW-Authenticate`. As with
/// [`User`](crate::User), 401 goes to the next route by rank first, and to the app's catchers.
///
/// # Example
///
/// ```
/// use logto_rocket::{Authorized, Api, Permission, Policy, api_fairing};
/// use rocket::{Build, Rocket, get, routes};
///
/// struct ReadThings;
///
/// impl Permission for ReadThings {
///     const POLICY: Policy = Policy::new().with_scopes(&["read:things"]);
/// }
///
/// #[get("/things")]
/// fn things(token: Authorized<ReadThings>) -> String {
///     format!("the things of {}", token.sub())
/// }
///
/// fn app(api: &Api) -> Rocket<Build> {
///     rocket::build().attach(api_fairing(api)).mount("/", routes![things])
/// }
/// ```
pub struct Authorized<P = AnyToken>(pub AccessTokenClaims, PhantomData<fn() -> P>);

/// Rocket's state, in a type that no app can manage.
struct Protected(Api);

#[rocket::async_trait]
impl<'r, P: Permission> FromRequest<'r> for Authorized<P> {
    type Error = Reply;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Reply> {
        let claims = claims(request, &P::POLICY).await;
        outcome(request, claims.map(|claims| Self(claims, PhantomData)))
    }
}

async fn claims(request: &Request<'_>, policy: &Policy) -> Result<AccessTokenClaims, web::Reply> {
    let api = protected(request)?;
    let authorization = request.headers().get("authorization");
    let organization = organization(request, policy);
    Ok(api.authorize(policy, authorization, organization).await?)
}

pub(crate) fn protected<'r>(request: &'r Request<'_>) -> Result<&'r Api, web::Reply> {
    let state = request.rocket().state();
    let Protected(api) = state.ok_or_else(web::Reply::no_api)?;
    Ok(api)
}

/// The organization that the request is about, if the policy asks.
pub(crate) fn organization<'r>(request: &'r Request<'_>, policy: &Policy) -> Option<&'r str> {
    match policy.organization_from()? {
        OrganizationFrom::Path(name) => {
            let uri = &request.route()?.uri;
            let own = uri.path().strip_prefix(uri.base().trim_end_matches('/'))?;
            let mut segments = own.split('/').filter(|segment| !segment.is_empty());
            let is_named = |segment: &str| {
                let inner = segment.strip_prefix('<').and_then(|s| s.strip_suffix('>'));
                inner == Some(name)
            };
            request.param(segments.position(is_named)?)?.ok()
        }
        OrganizationFrom::Header(name) => OrganizationFrom::sole(request.headers().get(name)),
        _ => None,
    }
}

/// The fairing that [`Authorized`] needs. It serves the API's
/// [metadata](logto::resource_server::ApiConfig::with_resource_metadata) if the configuration asks
/// for it.
///
/// It answers a refused request only where neither a route nor a catcher of the app does, like the
/// [`fairing`](crate::fairing()) of sign-in.
///
/// # Example
///
/// ```
/// use logto_rocket::{Api, Authorized, api_fairing};
/// use rocket::{Build, Rocket, get, routes};
///
/// #[get("/things")]
/// fn things(token: Authorized) -> String {
///     format!("the things of {}", token.sub())
/// }
///
/// fn app(api: &Api) -> Rocket<Build> {
///     rocket::build().attach(api_fairing(api)).mount("/", routes![things])
/// }
/// ```
#[must_use]
pub fn api_fairing(api: &Api) -> ApiFairing {
    ApiFairing(api.clone())
}

/// What [`api_fairing`] makes, which has an example.
#[derive(Clone, Debug)]
pub struct ApiFairing(Api);

#[rocket::async_trait]
impl Fairing for ApiFairing {
    fn info(&self) -> Info {
        Info { name: "Logto API", kind: Kind::Ignite | Kind::Singleton }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        let Self(api) = self;
        let rocket = match (api.metadata_path(), api.metadata(), api.metadata_preflight()) {
            (Some(path), Some(metadata), Some(preflight)) => {
                let routes = [(Method::Get, metadata), (Method::Options, preflight)];
                let route = |(method, reply): (_, web::Reply)| {
                    Route::new(method, path, Metadata(reply.into()))
                };
                rocket.mount("/", routes.map(route))
            }
            _ => rocket,
        };
        Ok(rocket.attach(catcher()).manage(Protected(api.clone())))
    }
}

#[derive(Clone)]
struct Metadata(Reply);

#[rocket::async_trait]
impl Handler for Metadata {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> route::Outcome<'r> {
        route::Outcome::from(request, self.0.clone())
    }
}

impl<P> Sentinel for Authorized<P> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        rocket.state::<Protected>().is_none()
    }
}

impl<P> Clone for Authorized<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<P> Deref for Authorized<P> {
    type Target = AccessTokenClaims;

    fn deref(&self) -> &AccessTokenClaims {
        &self.0
    }
}

impl<P> fmt::Debug for Authorized<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Authorized").field(&self.0).finish()
    }
}
