//! The layer that verifies access tokens.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response};
use logto::resource_server::{Api, OrganizationFrom, Policy};
use tower::{Layer, Service};

use crate::refusal::refusal;

/// The layer that lets tokens pass that permit what `policy` asks for.
///
/// The service behind it finds the [`AccessTokenClaims`](crate::AccessTokenClaims) in the request's
/// extensions. A request without such a token does not reach it.
///
/// # Example
///
/// ```
/// use logto_tower::{AccessTokenClaims, Api, Policy};
/// use tower::{BoxError, ServiceBuilder};
///
/// # fn main() -> Result<(), logto_tower::logto::ConfigError> {
/// let api = Api::new("https://my-tenant.logto.app", "https://api.example.test")?;
/// let service = ServiceBuilder::new()
///     .layer(logto_tower::bearer_layer(&api, Policy::new().machines_only()))
///     .service_fn(async |request: http::Request<String>| {
///         let token = request.extensions().get::<AccessTokenClaims>();
///         let name = token.map_or("anonymous", |token| token.client_id());
///         Ok::<_, BoxError>(http::Response::new(name.to_owned()))
///     });
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn bearer_layer(api: &Api, policy: Policy) -> BearerLayer {
    BearerLayer { api: api.clone(), policy }
}

/// What [`bearer_layer`] makes, which has an example.
#[derive(Clone, Debug)]
pub struct BearerLayer {
    api: Api,
    policy: Policy,
}

impl<S> Layer<S> for BearerLayer {
    type Service = BearerService<S>;

    fn layer(&self, inner: S) -> BearerService<S> {
        BearerService { inner, layer: self.clone() }
    }
}

/// The service that [`bearer_layer`] makes.
#[derive(Clone, Debug)]
pub struct BearerService<S> {
    inner: S,
    layer: BearerLayer,
}

impl<S, B, R> Service<Request<B>> for BearerService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The clone that was polled ready is the one to call.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let BearerLayer { api, policy } = &self.layer;
        let headers = request.headers();
        let organization = organization(headers, policy);
        let token = api.authorize(policy, headers.get_all(AUTHORIZATION), organization);
        Box::pin(async move {
            match token.await {
                Ok(claims) => {
                    request.extensions_mut().insert(claims);
                    inner.call(request).await
                }
                Err(error) => Ok(refusal(error.into(), request.headers())),
            }
        })
    }
}

/// The organization that the request is about, if the policy asks. There are no path parameters.
fn organization<'a>(headers: &'a HeaderMap, policy: &Policy) -> Option<&'a str> {
    match policy.organization_from()? {
        OrganizationFrom::Header(name) => OrganizationFrom::sole(headers.get_all(name)),
        _ => None,
    }
}
