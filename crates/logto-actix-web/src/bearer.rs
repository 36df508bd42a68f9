//! The extractor `Authorized`: a verified access token.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{FromRequest, HttpRequest};
use logto::resource_server::{
    AccessTokenClaims, AnyToken, Api, OrganizationFrom, Permission, Policy,
};
use logto::web::MaybeReady;

use crate::Reply;

/// A verified access token that permits what `P` asks for; without `P`, any token for this API.
///
/// The app's data has to hold the [`Api`]. A request without such a token does not reach the
/// handler: 401, or 403 if the token is good and not good enough, with `WWW-Authenticate`.
///
/// # Example
///
/// ```
/// use actix_web::web::{Data, ServiceConfig, get};
/// use logto_actix_web::{Authorized, Api, Permission, Policy};
///
/// struct ReadThings;
///
/// impl Permission for ReadThings {
///     const POLICY: Policy = Policy::new().with_scopes(&["read:things"]);
/// }
///
/// async fn things(token: Authorized<ReadThings>) -> String {
///     format!("the things of {}", token.sub())
/// }
///
/// fn configure(config: &mut ServiceConfig, api: Api) {
///     config.app_data(Data::new(api)).route("/things", get().to(things));
/// }
/// ```
pub struct Authorized<P = AnyToken>(pub AccessTokenClaims, PhantomData<fn() -> P>);

impl<P: Permission> FromRequest for Authorized<P> {
    type Error = Reply;
    type Future = AuthorizedFuture<P>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> AuthorizedFuture<P> {
        let authorization = request.app_data::<Data<Api>>().map(|api| {
            let authorization = request.headers().get_all(AUTHORIZATION);
            let organization = organization(request, &P::POLICY);
            api.authorize(&P::POLICY, authorization, organization)
        });
        AuthorizedFuture(authorization, PhantomData)
    }
}

/// An [`Authorized`] being verified; one that was seen before is ready at once.
pub struct AuthorizedFuture<P>(
    Option<MaybeReady<Result<AccessTokenClaims, logto::Error>>>,
    PhantomData<fn() -> P>,
);

impl<P> Future for AuthorizedFuture<P> {
    type Output = Result<Authorized<P>, Reply>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(authorization) = &mut self.0 else {
            return Poll::Ready(Err(logto::web::Reply::no_api().into()));
        };
        let outcome = Pin::new(authorization).poll(context);
        outcome.map(|outcome| Ok(Authorized(outcome?, PhantomData)))
    }
}

/// The organization that the request is about, if the policy asks.
pub(crate) fn organization<'a>(request: &'a HttpRequest, policy: &Policy) -> Option<&'a str> {
    match policy.organization_from()? {
        OrganizationFrom::Path(name) => request.match_info().get(name),
        OrganizationFrom::Header(name) => OrganizationFrom::sole(request.headers().get_all(name)),
        _ => None,
    }
}

/// The route of the API's [metadata](logto::resource_server::ApiConfig::with_resource_metadata),
/// for [`App::configure`](actix_web::App::configure); no route if the configuration does not ask
/// for it.
///
/// # Example
///
/// ```
/// use actix_web::web::{Data, ServiceConfig};
/// use logto_actix_web::Api;
///
/// fn configure(config: &mut ServiceConfig, api: Api) {
///     config.configure(logto_actix_web::metadata_routes(&api)).app_data(Data::new(api));
/// }
/// ```
pub fn metadata_routes(api: &Api) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let api = api.clone();
    move |config| {
        let (Some(path), Some(metadata), Some(preflight)) =
            (api.metadata_path(), api.metadata(), api.metadata_preflight())
        else {
            return;
        };
        let handler = |reply: logto::web::Reply| {
            let reply = Reply::from(reply);
            move || {
                let reply = reply.clone();
                async move { reply }
            }
        };
        let resource = web::resource(path)
            .route(web::get().to(handler(metadata.clone())))
            .route(web::head().to(handler(metadata)))
            .route(web::method(Method::OPTIONS).to(handler(preflight)));
        config.service(resource);
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

impl<P> fmt::Debug for AuthorizedFuture<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AuthorizedFuture").field(&self.0).finish()
    }
}
