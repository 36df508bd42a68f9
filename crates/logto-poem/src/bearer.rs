//! The extractor `Authorized`: a verified access token.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use logto::resource_server::{
    AccessTokenClaims, AnyToken, Api, OrganizationFrom, Permission, Policy,
};
use poem::endpoint::make_sync;
use poem::http::header::AUTHORIZATION;
use poem::{FromRequest, Request, RequestBody, Result, Route, get};

use crate::Reply;
use crate::middleware::Lazy;

/// A verified access token that permits what `P` asks for; without `P`, any token for this API.
///
/// The endpoint's data has to hold the [`Api`]. A request without such a token does not reach the
/// handler: 401, or 403 if the token is good and not good enough, with `WWW-Authenticate`.
///
/// # Example
///
/// ```
/// use logto_poem::{Authorized, Api, Permission, Policy};
/// use poem::{Endpoint, EndpointExt, Route, get, handler};
///
/// struct ReadThings;
///
/// impl Permission for ReadThings {
///     const POLICY: Policy = Policy::new().with_scopes(&["read:things"]);
/// }
///
/// #[handler]
/// fn things(token: Authorized<ReadThings>) -> String {
///     format!("the things of {}", token.sub())
/// }
///
/// fn app(api: Api) -> impl Endpoint {
///     Route::new().at("/things", get(things)).data(api)
/// }
/// ```
pub struct Authorized<P = AnyToken>(pub AccessTokenClaims, PhantomData<fn() -> P>);

impl<'a, P: Permission> FromRequest<'a> for Authorized<P> {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let Some(api) = request.data::<Api>() else {
            return Err(Reply::from(logto::web::Reply::no_api()).into());
        };
        let authorization = request.headers().get_all(AUTHORIZATION);
        let organization = organization(request, &P::POLICY);
        let token = api.authorize(&P::POLICY, authorization, organization);
        let token = token.await.inspect_err(|_| {
            if let Some(Lazy(context)) = request.extensions().get() {
                context.note_refusal();
            }
        });
        Ok(Self(token.map_err(Reply::from)?, PhantomData))
    }
}

/// The organization that the request is about, if the policy asks.
pub(crate) fn organization<'a>(request: &'a Request, policy: &Policy) -> Option<&'a str> {
    match policy.organization_from()? {
        OrganizationFrom::Path(name) => request.raw_path_param(name),
        OrganizationFrom::Header(name) => OrganizationFrom::sole(request.headers().get_all(name)),
        _ => None,
    }
}

/// The route of the API's [metadata](logto::resource_server::ApiConfig::with_resource_metadata), to
/// add the app's own routes to or to nest at `/`; no route if the configuration does not ask for
/// it.
///
/// # Example
///
/// ```
/// use logto_poem::Api;
/// use poem::{Endpoint, EndpointExt, get, handler};
///
/// #[handler]
/// fn health() -> &'static str {
///     "ok"
/// }
///
/// fn app(api: Api) -> impl Endpoint {
///     logto_poem::metadata_routes(&api).at("/health", get(health)).data(api)
/// }
/// ```
pub fn metadata_routes(api: &Api) -> Route {
    let (Some(path), Some(metadata), Some(preflight)) =
        (api.metadata_path(), api.metadata(), api.metadata_preflight())
    else {
        return Route::new();
    };
    let (metadata, preflight) = (Reply::from(metadata), Reply::from(preflight));
    let metadata = get(make_sync(move |_| metadata.clone()));
    Route::new().at(path, metadata.options(make_sync(move |_| preflight.clone())))
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
