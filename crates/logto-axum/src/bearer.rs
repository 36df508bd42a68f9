//! The extractor `Authorized`: a verified access token.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use axum::Router;
use axum::extract::{FromRef, FromRequestParts, RawPathParams};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::routing::get;
use logto::resource_server::{
    AccessTokenClaims, AnyToken, Api, OrganizationFrom, Permission, Policy,
};

use crate::Reply;
use crate::layer::Lazy;

/// A verified access token that permits what `P` asks for; without `P`, any token for this API.
///
/// The router's state has to be the [`Api`], or to hold it ([`FromRef`]). A request without such a
/// token does not reach the handler: 401, or 403 if the token is good and not good enough, with
/// `WWW-Authenticate`.
///
/// # Example
///
/// ```
/// use axum::{Router, routing::get};
/// use logto_axum::{Authorized, Api, Permission, Policy};
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
/// fn app(api: Api) -> Router {
///     Router::new().route("/things", get(things)).with_state(api)
/// }
/// ```
pub struct Authorized<P = AnyToken>(pub AccessTokenClaims, PhantomData<fn() -> P>);

impl<S, P> FromRequestParts<S> for Authorized<P>
where
    S: Send + Sync,
    Api: FromRef<S>,
    P: Permission,
{
    type Rejection = Reply;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Reply> {
        let organization = organization(parts, state, &P::POLICY).await;
        let authorization = parts.headers.get_all(AUTHORIZATION);
        let api = Api::from_ref(state);
        let token = api.authorize(&P::POLICY, authorization, organization.as_deref());
        let token = token.await.inspect_err(|_| {
            if let Some(Lazy(context)) = parts.extensions.get() {
                context.note_refusal();
            }
        });
        Ok(Self(token?, PhantomData))
    }
}

/// The organization that the request is about, if the policy asks.
pub(crate) async fn organization<S>(parts: &mut Parts, state: &S, policy: &Policy) -> Option<String>
where
    S: Send + Sync,
{
    match policy.organization_from()? {
        OrganizationFrom::Path(name) => {
            let parameters = RawPathParams::from_request_parts(parts, state).await.ok()?;
            let mut named = parameters.iter().filter(|(known, _)| *known == name);
            named.next().map(|(_, value)| value.to_owned())
        }
        OrganizationFrom::Header(name) => {
            OrganizationFrom::sole(parts.headers.get_all(name)).map(str::to_owned)
        }
        _ => None,
    }
}

/// The route of the API's [metadata](logto::resource_server::ApiConfig::with_resource_metadata), to
/// merge into the app's router; no route if the configuration does not ask for it.
///
/// # Example
///
/// ```
/// use axum::{Router, routing::get};
/// use logto_axum::{Api, Authorized};
///
/// async fn things(token: Authorized) -> String {
///     format!("the things of {}", token.sub())
/// }
///
/// fn app(api: Api) -> Router {
///     let metadata = logto_axum::metadata_routes(&api);
///     Router::new().route("/things", get(things)).merge(metadata).with_state(api)
/// }
/// ```
pub fn metadata_routes<S: Clone + Send + Sync + 'static>(api: &Api) -> Router<S> {
    let (Some(path), Some(metadata), Some(preflight)) =
        (api.metadata_path(), api.metadata(), api.metadata_preflight())
    else {
        return Router::new();
    };
    let (metadata, preflight) = (Reply::from(metadata), Reply::from(preflight));
    Router::new().route(path, get(async move || metadata).options(async move || preflight))
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
