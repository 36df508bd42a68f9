//! The requests to Logto, as `oauth2` makes them.

use std::pin::Pin;
use std::time::Duration;

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AuthorizationCode, Client, ClientId, CsrfToken, DeviceCodeErrorResponseType, EndpointNotSet,
    EndpointSet, ErrorResponse, ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardDeviceAuthorizationResponse,
    StandardRevocableToken, StandardTokenResponse, TokenResponse,
};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use url::Url;

use crate::access_token::AccessToken;
use crate::config::NativeConfig;
use crate::error::{Error, ErrorKind};
use crate::metadata::{self, Metadata};

pub(crate) const USER_AGENT: &str = concat!("logto-rust/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// What a token lives if the answer does not say; Logto always says.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);

pub(crate) type DeviceCodes = StandardDeviceAuthorizationResponse;

type LogtoClient = Client<
    BasicErrorResponse,
    StandardTokenResponse<IdTokenField, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

type Sent = Pin<Box<dyn Future<Output = Result<HttpResponse, Error>> + Send>>;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct IdTokenField {
    id_token: Option<String>,
}

impl ExtraTokenFields for IdTokenField {}

/// What Logto gives for a code or a refresh token.
pub(crate) struct Tokens {
    pub(crate) access: AccessToken,
    pub(crate) refresh: Option<String>,
    pub(crate) id_token: Option<String>,
}

/// An authorization request that waits for its browser.
pub(crate) struct Authorization {
    pub(crate) url: Url,
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) redirect_uri: String,
    verifier: PkceCodeVerifier,
}

/// Requests to one tenant for one app.
pub(crate) struct Protocol {
    pub(crate) http: reqwest::Client,
    pub(crate) issuer: String,
    pub(crate) app_id: String,
    scopes: Vec<String>,
    resources: Vec<String>,
    metadata: OnceCell<Metadata>,
    pub(crate) request_timeout: Duration,
}

impl Protocol {
    pub(crate) fn new(config: &NativeConfig) -> Result<Self, Error> {
        let invalid = |why| Error::new(ErrorKind::InvalidRequest, why);
        let endpoint = config.endpoint.trim_end_matches('/');
        let url = Url::parse(endpoint).map_err(|_| invalid("the endpoint is not a URL"))?;
        match url.scheme() {
            "https" => {}
            "http" if logto_http::is_private(&url) => {}
            _ => return Err(invalid("the endpoint is not an HTTPS URL")),
        }
        if config.app_id.is_empty() {
            return Err(invalid("the app's id is empty"));
        }
        let client =
            logto_http::client(&url, USER_AGENT, CONNECT_TIMEOUT, config.request_timeout).build();
        Ok(Self {
            http: client.map_err(no_client)?,
            issuer: format!("{endpoint}/oidc"),
            app_id: config.app_id.clone(),
            scopes: config.scopes.clone(),
            resources: config.resources.clone(),
            metadata: OnceCell::new(),
            request_timeout: config.request_timeout,
        })
    }

    /// Fails for a resource that the sign-in did not ask for: Logto would answer `invalid_target`.
    pub(crate) fn check_resource(&self, resource: &str) -> Result<(), Error> {
        if self.resources.iter().any(|known| known == resource) {
            return Ok(());
        }
        let why = format!("{resource} is none of the configured resources");
        Err(Error::new(ErrorKind::InvalidRequest, why))
    }

    pub(crate) async fn metadata(&self) -> Result<&Metadata, Error> {
        let fetch = async {
            let url = format!("{}/.well-known/openid-configuration", self.issuer);
            let answer = self.http.get(url).send().await.map_err(unreachable)?;
            let answer = read(answer).await?;
            if answer.status() != 200 {
                return Err(metadata::invalid(format_args!("status {}", answer.status())));
            }
            Metadata::parse(answer.body(), &self.issuer)
        };
        self.metadata.get_or_try_init(|| fetch).await
    }

    pub(crate) fn client(&self, metadata: &Metadata) -> LogtoClient {
        Client::new(ClientId::new(self.app_id.clone()))
            .set_auth_uri(metadata.authorization_endpoint.clone())
            .set_token_uri(metadata.token_endpoint.clone())
    }

    fn scopes(&self) -> impl Iterator<Item = Scope> {
        self.scopes.iter().cloned().map(Scope::new)
    }

    /// Asks for the codes of a device (RFC 8628, section 3.1).
    pub(crate) async fn device_codes(&self) -> Result<DeviceCodes, Error> {
        let metadata = self.metadata().await?;
        let endpoint = metadata.device_authorization_endpoint.clone().ok_or_else(|| {
            let why = "this Logto has no device flow: it came with version 1.38";
            Error::new(ErrorKind::InvalidResponse, why)
        })?;
        let client = self.client(metadata).set_device_authorization_url(endpoint);
        let mut request = client.exchange_device_code().add_scopes(self.scopes());
        for resource in &self.resources {
            request = request.add_extra_param("resource", resource);
        }
        let answer = request.request_async(&self.sender()).await;
        answer.map_err(|error| failed("the device flow", error))
    }

    /// Polls until the user has answered (RFC 8628, section 3.4).
    pub(crate) async fn device_tokens(&self, codes: &DeviceCodes) -> Result<Tokens, Error> {
        let client = self.client(self.metadata().await?);
        let sender = self.sender();
        let polling = client.exchange_device_access_token(codes);
        match polling.request_async(&sender, tokio::time::sleep, None).await {
            Ok(answer) => Ok(Tokens::new(&answer, None)),
            Err(RequestTokenError::ServerResponse(answer)) => Err(match answer.error() {
                DeviceCodeErrorResponseType::AccessDenied => {
                    Error::new(ErrorKind::Cancelled, "the sign-in was not allowed")
                }
                DeviceCodeErrorResponseType::ExpiredToken => {
                    Error::new(ErrorKind::Expired, "the code has expired: begin again")
                }
                code => {
                    Error::refused("Logto ended the device flow: begin again", code.to_string())
                }
            }),
            Err(error) => Err(failed("the device flow", error)),
        }
    }

    /// The address to open in a browser.
    pub(crate) async fn authorization(&self, redirect_uri: String) -> Result<Authorization, Error> {
        let client = self.client(self.metadata().await?);
        let client = client.set_redirect_uri(redirect_url(&redirect_uri)?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let nonce = CsrfToken::new_random().into_secret();
        let mut request = client
            .authorize_url(CsrfToken::new_random)
            .set_pkce_challenge(challenge)
            .add_scopes(self.scopes())
            // Without it Logto gives no refresh token.
            .add_extra_param("prompt", "consent")
            .add_extra_param("nonce", &nonce);
        for resource in &self.resources {
            request = request.add_extra_param("resource", resource);
        }
        let (url, state) = request.url();
        Ok(Authorization { url, state: state.into_secret(), nonce, redirect_uri, verifier })
    }

    /// Redeems the code of a redirect. `iss` is what the redirect says of its issuer (RFC 9207).
    pub(crate) async fn redeem(
        &self,
        authorization: Authorization,
        code: String,
        iss: Option<&str>,
    ) -> Result<Tokens, Error> {
        let metadata = self.metadata().await?;
        let is_missing = iss.is_none() && metadata.authorization_response_iss_parameter_supported;
        if is_missing || iss.is_some_and(|iss| iss != self.issuer) {
            let why = "the redirect came from another issuer";
            return Err(Error::new(ErrorKind::InvalidResponse, why));
        }
        let client = self.client(metadata);
        let client = client.set_redirect_uri(redirect_url(&authorization.redirect_uri)?);
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(authorization.verifier)
            .request_async(&self.sender())
            .await;
        let answer = answer.map_err(|error| failed("the sign-in", error))?;
        Ok(Tokens::new(&answer, None))
    }

    /// Revokes a refresh token and with it everything that was issued for the sign-in (RFC 7009).
    /// By hand: `oauth2` takes no plain http here, which a Logto in a private network may have.
    pub(crate) async fn revoke(&self, refresh_token: &str) -> Result<(), Error> {
        let form = [("token", refresh_token), ("client_id", &self.app_id)];
        let endpoint = self.metadata().await?.revocation_endpoint.clone();
        let request = self.http.post(endpoint).form(&form);
        let answer = read(request.send().await.map_err(unreachable)?).await?;
        match answer.status().as_u16() {
            200 => Ok(()),
            status => Err(Error::refused("Logto refused the revocation", status.to_string())),
        }
    }

    /// Sends what `oauth2` prepared. It owns the client, as a task of its own has to.
    fn sender(&self) -> impl Fn(HttpRequest) -> Sent + use<> {
        sent_by(&self.http)
    }
}

/// Sends what `oauth2` prepared. It owns the client.
pub(crate) fn sent_by(http: &reqwest::Client) -> impl Fn(HttpRequest) -> Sent + use<> {
    let http = http.clone();
    move |request| {
        let http = http.clone();
        Box::pin(async move {
            let request = reqwest::Request::try_from(request).map_err(|error| {
                Error::with_source(ErrorKind::Internal, "the request cannot be sent", error)
            })?;
            read(http.execute(request).await.map_err(unreachable)?).await
        })
    }
}

pub(crate) fn no_client(error: reqwest::Error) -> Error {
    Error::with_source(ErrorKind::Internal, "the HTTP client cannot be set up", error)
}

impl Tokens {
    pub(crate) fn new(
        answer: &StandardTokenResponse<IdTokenField, BasicTokenType>,
        resource: Option<&str>,
    ) -> Self {
        let scopes = answer.scopes().into_iter().flatten();
        let lifetime = answer.expires_in().unwrap_or(DEFAULT_LIFETIME);
        Self {
            access: AccessToken {
                resource: resource.map(str::to_owned),
                token: answer.access_token().secret().clone(),
                scope: scopes.map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "),
                expires_at: crate::app::now().saturating_add(lifetime.as_secs()),
            },
            refresh: answer.refresh_token().map(|token| token.secret().clone()),
            id_token: answer.extra_fields().id_token.clone(),
        }
    }
}

fn redirect_url(uri: &str) -> Result<RedirectUrl, Error> {
    RedirectUrl::new(uri.to_owned()).map_err(|error| {
        Error::with_source(ErrorKind::InvalidRequest, "the redirect URI is not a URL", error)
    })
}

async fn read(answer: reqwest::Response) -> Result<HttpResponse, Error> {
    let status = answer.status();
    let body = logto_http::body(answer, MAX_ANSWER_BYTES).await.map_err(unreachable)?;
    let body = body.ok_or_else(|| {
        let why = "Logto's answer is too long";
        Error::new(ErrorKind::InvalidResponse, why).with_lost_answer(true)
    })?;
    if logto_http::cannot_serve(status.as_u16()) {
        let why = format!("Logto cannot serve now: status {status}");
        // These are said before anything is done.
        let is_lost = !matches!(status.as_u16(), 408 | 429 | 503);
        return Err(Error::new(ErrorKind::Unreachable, why).with_lost_answer(is_lost));
    }
    let mut response = HttpResponse::new(body);
    *response.status_mut() = status;
    Ok(response)
}

fn unreachable(error: reqwest::Error) -> Error {
    let is_lost = !error.is_connect();
    let (why, cause, error) = logto_http::failure(error);
    let cause = cause.map(|cause| format!(" ({cause})")).unwrap_or_default();
    let why = format!("Logto is unreachable: {why}{cause}");
    Error::with_source(ErrorKind::Unreachable, why, error).with_lost_answer(is_lost)
}

pub(crate) fn failed<T: ErrorResponse + 'static>(
    what: &str,
    error: RequestTokenError<Error, T>,
) -> Error {
    match error {
        RequestTokenError::Request(error) => error,
        RequestTokenError::ServerResponse(answer) => {
            let text = serde_json::to_value(&answer).unwrap_or_default();
            let code = text.get("error").and_then(serde_json::Value::as_str).unwrap_or_default();
            let code = logto_http::printable(code, ' ', 100);
            Error::refused(format!("Logto refused {what}"), code)
        }
        // The message could repeat what Logto said, tokens included.
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => Error::new(
            ErrorKind::InvalidResponse,
            format!("Logto's answer to {what} cannot be read"),
        )
        .with_lost_answer(true),
    }
}
