//! An app that runs while the doctor looks at it.

use std::future::ready;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use logto_axum::{Logto, LogtoConfig};
use logto_local::LocalTenant;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A port that is listened on until an app runs there.
pub(crate) struct ReservedPort {
    listener: TcpListener,
    pub(crate) base_url: String,
}

impl ReservedPort {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { listener, base_url: format!("http://localhost:{port}") }
    }

    /// An app with a certificate that no one else has issued.
    pub(crate) fn run_self_signed(self) -> String {
        let certificate = CertificateDer::from_pem_slice(include_bytes!("self_signed/cert.pem"));
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("self_signed/key.pem"));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.unwrap()], key.unwrap())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((connection, _)) = self.listener.accept().await {
                // The client hangs up as soon as it sees the certificate.
                let _ = acceptor.accept(connection).await;
            }
        });
        self.base_url.replace("http:", "https:")
    }

    /// Closes it: nothing listens at the address.
    pub(crate) fn release(self) -> String {
        self.base_url
    }

    /// The SDK's routes.
    pub(crate) fn run_app(self, tenant: &LocalTenant) {
        let config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret())
            .with_base_url(&self.base_url)
            .with_cookie_secret("a cookie secret that is long enough");
        self.serve(logto_axum::routes(&Logto::new(config).unwrap()));
    }

    /// The same behind a proxy that lets few headers through.
    pub(crate) fn run_app_behind_small_proxy(self, tenant: &LocalTenant) {
        let config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret())
            .with_base_url(&self.base_url)
            .with_cookie_secret("a cookie secret that is long enough");
        let routes = logto_axum::routes(&Logto::new(config).unwrap());
        self.serve(routes.layer(from_fn(async |request: Request, next: Next| {
            if size(request.headers()) > 4096 {
                return StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response();
            }
            let response = next.run(request).await;
            match size(response.headers()) > 1536 {
                true => StatusCode::BAD_GATEWAY.into_response(),
                false => response,
            }
        })));
    }

    /// The same behind a proxy that replaces a part of each cookie.
    pub(crate) fn run_app_behind_cookie_proxy(
        self,
        tenant: &LocalTenant,
        from: &'static str,
        to: &'static str,
    ) {
        let config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret())
            .with_base_url(&self.base_url)
            .with_cookie_secret("a cookie secret that is long enough");
        let routes = logto_axum::routes(&Logto::new(config).unwrap());
        self.serve(routes.layer(map_response(move |mut response: Response| {
            for (name, value) in response.headers_mut() {
                if name == SET_COOKIE {
                    *value = value.to_str().unwrap().replace(from, to).parse().unwrap();
                }
            }
            ready(response)
        })));
    }

    /// An app that was made without the SDK: its sign-in goes to `address`.
    pub(crate) fn run_other_app(self, address: String) {
        let redirect = async move || Redirect::to(&address);
        self.serve(Router::new().route("/sign-in", get(redirect)));
    }

    fn serve(self, app: Router) {
        tokio::spawn(axum::serve(self.listener, app).into_future());
    }
}

fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// The address that an app sends browsers to, with these changes.
pub(crate) fn sign_in_of(
    tenant: &LocalTenant,
    base_url: &str,
    prompt: &str,
    app_id: &str,
) -> String {
    format!(
        "{}/oidc/auth?client_id={app_id}&redirect_uri={base_url}/callback&response_type=code\
         &scope=openid+offline_access+profile&state=s&prompt={prompt}",
        tenant.endpoint()
    )
}
