//! The requests of the protocol, as `openidconnect` makes them.
//!
//! ID tokens are taken from the answer as text and verified by this crate: access tokens and
//! logout tokens need the same verification, and on aws-lc it costs a quarter.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EndpointNotSet, EndpointSet, ExtraTokenFields, HttpRequest, HttpResponse, IdToken, IssuerUrl,
    Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, StandardErrorResponse, StandardTokenResponse, TokenResponse,
    TokenUrl,
};
use secrecy::ExposeSecret;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use url::Url;

use super::Transaction;
use crate::config::{Prompt, Settings};
use crate::error::{Error, ErrorKind};
use crate::http::Http;
use crate::provider::Metadata;
use crate::session::Target;

/// Requests to one tenant for one application.
pub(crate) struct Protocol {
    client: LogtoClient,
    http: Arc<Http>,
}

/// What the token endpoint answered.
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    pub(crate) expires_in: Option<u64>,
    /// The scopes that were granted, separated by spaces.
    pub(crate) scope: String,
    pub(crate) id_token: Option<String>,
    pub(crate) refresh_token: Option<String>,
}

/// What a sign-in asks Logto for.
pub(crate) struct AuthorizationRequest<'a> {
    pub(crate) transaction: &'a Transaction,
    pub(crate) redirect_uri: &'a str,
    pub(crate) scopes: Vec<&'a str>,
    pub(crate) resources: Vec<&'a str>,
    pub(crate) prompt: Prompt,
    pub(crate) parameters: &'a [(String, String)],
}

type LogtoClient = Client<
    Unread,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    LogtoTokenResponse,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
    EndpointNotSet,
>;
type LogtoTokenResponse = StandardTokenResponse<RawIdToken, CoreTokenType>;

/// The ID token as text.
#[derive(Debug, Deserialize, Serialize)]
struct RawIdToken {
    id_token: Option<String>,
}

impl ExtraTokenFields for RawIdToken {}

/// Claims that `openidconnect` is not asked to read.
#[derive(Debug, Deserialize, Serialize)]
struct Unread {}

impl AdditionalClaims for Unread {}

impl
    TokenResponse<
        Unread,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    > for LogtoTokenResponse
{
    fn id_token(
        &self,
    ) -> Option<
        &IdToken<
            Unread,
            CoreGenderClaim,
            CoreJweContentEncryptionAlgorithm,
            CoreJwsSigningAlgorithm,
        >,
    > {
        None
    }
}

impl Protocol {
    pub(crate) fn new(
        settings: &Settings,
        metadata: &Metadata,
        http: &Arc<Http>,
    ) -> Result<Self, Error> {
        let no_url = |e| Error::with_source(ErrorKind::InvalidRequest, "the issuer is no URL", e);
        let client = Client::new(
            ClientId::new(settings.app_id.clone()),
            IssuerUrl::new(settings.issuer.clone()).map_err(no_url)?,
            CoreJsonWebKeySet::new(Vec::new()),
        )
        .set_client_secret(ClientSecret::new(
            settings.app_secret.expose_secret().to_owned(),
        ))
        .set_auth_uri(AuthUrl::from_url(metadata.authorization_endpoint.clone()))
        .set_token_uri(TokenUrl::from_url(metadata.token_endpoint.clone()))
        // The scopes are all ours, `openid` included.
        .disable_openid_scope();
        Ok(Self {
            client,
            http: Arc::clone(http),
        })
    }

    /// The address that the browser is sent to.
    pub(crate) fn authorization_url(
        &self,
        request: AuthorizationRequest<'_>,
    ) -> Result<Url, Error> {
        let transaction = request.transaction;
        let (state, nonce) = (transaction.state.clone(), transaction.nonce());
        let verifier = PkceCodeVerifier::new(transaction.verifier());
        let prompts: &[CoreAuthPrompt] = match request.prompt {
            Prompt::Consent => &[CoreAuthPrompt::Consent],
            Prompt::LoginConsent => &[CoreAuthPrompt::Login, CoreAuthPrompt::Consent],
            Prompt::Login => &[CoreAuthPrompt::Login],
            Prompt::None => &[CoreAuthPrompt::None],
        };
        let mut url = self
            .client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(state),
                || Nonce::new(nonce),
            )
            .set_redirect_uri(Cow::Owned(redirect_url(request.redirect_uri)?))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scopes(
                request
                    .scopes
                    .into_iter()
                    .map(|scope| Scope::new(scope.to_owned())),
            );
        for prompt in prompts {
            url = url.add_prompt(prompt.clone());
        }
        for resource in request.resources {
            url = url.add_extra_param("resource", resource);
        }
        for (name, value) in request.parameters {
            url = url.add_extra_param(name, value);
        }
        Ok(url.url().0)
    }

    /// Redeems the code of a callback.
    pub(crate) async fn exchange_code(
        &self,
        code: String,
        transaction: &Transaction,
        redirect_uri: &str,
    ) -> Result<Tokens, Error> {
        self.client
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(PkceCodeVerifier::new(transaction.verifier()))
            .set_redirect_uri(Cow::Owned(redirect_url(redirect_uri)?))
            .request_async(&self.sender())
            .await
            .map_err(token_error)
            .and_then(|response| Tokens::read(&response))
    }

    /// Redeems a refresh token for an access token of this target.
    pub(crate) async fn refresh(
        &self,
        refresh_token: &str,
        target: &Target,
    ) -> Result<Tokens, Error> {
        let refresh_token = RefreshToken::new(refresh_token.to_owned());
        let mut request = self.client.exchange_refresh_token(&refresh_token);
        if let Some(resource) = &target.resource {
            request = request.add_extra_param("resource", resource);
        }
        if let Some(organization) = &target.organization {
            request = request.add_extra_param("organization_id", organization);
        }
        request
            .add_scopes(target.scopes.iter().cloned().map(Scope::new))
            .request_async(&self.sender())
            .await
            .map_err(token_error)
            .and_then(|response| Tokens::read(&response))
    }

    /// Sends what `openidconnect` prepared. It owns the client, so that a refresh can outlive the
    /// request that asked for it.
    fn sender(
        &self,
    ) -> impl Fn(HttpRequest) -> Pin<Box<dyn Future<Output = Result<HttpResponse, Error>> + Send>> + use<>
    {
        let http = Arc::clone(&self.http);
        move |request| {
            let http = Arc::clone(&http);
            Box::pin(async move {
                let response = http.call(request).await?;
                check_answer(response.body()).map(|()| response)
            })
        }
    }
}

/// What `openidconnect` passes over: more behind the answer, and an error that comes as a success.
fn check_answer(body: &[u8]) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Answer {
        error: Option<IgnoredAny>,
    }
    let what = "the token endpoint's answer";
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|e| Error::malformed(ErrorKind::InvalidResponse, what, &e))?;
    match answer.error {
        Some(_) => Err(Error::new(
            ErrorKind::InvalidResponse,
            "the token endpoint sent an error with status 200",
        )),
        None => Ok(()),
    }
}

impl Tokens {
    /// A token of a type that is not understood must not be used (RFC 6749, section 7.1), and one
    /// that is no visible ASCII (appendix A.12) cannot be sent.
    fn read(response: &LogtoTokenResponse) -> Result<Self, Error> {
        let refuse = |why: &'static str| Err(Error::new(ErrorKind::InvalidResponse, why));
        if !response
            .token_type()
            .as_ref()
            .eq_ignore_ascii_case("bearer")
        {
            return refuse("the token endpoint sent an access token that is no bearer token");
        }
        let access_token = response.access_token().secret();
        if access_token.is_empty() || !access_token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return refuse("the token endpoint sent an access token that cannot be used");
        }
        Ok(Self {
            access_token: access_token.clone(),
            expires_in: response.expires_in().map(|duration| duration.as_secs()),
            scope: response
                .scopes()
                .map(|scopes| joined(scopes))
                .unwrap_or_default(),
            id_token: response.extra_fields().id_token.clone(),
            // An empty one is none: it must not take the place of one that works.
            refresh_token: response
                .refresh_token()
                .map(|token| token.secret().clone())
                .filter(|token| !token.is_empty()),
        })
    }
}

fn joined(scopes: &[Scope]) -> String {
    let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    scopes.join(" ")
}

fn redirect_url(uri: &str) -> Result<RedirectUrl, Error> {
    RedirectUrl::new(uri.to_owned())
        .map_err(|e| Error::with_source(ErrorKind::InvalidRequest, "the redirect URI is no URL", e))
}

/// Refusals and outages come from [`Http`]; what is left is an answer that cannot be read. The
/// parser's message is left out: it may quote a token.
fn token_error(
    error: RequestTokenError<Error, StandardErrorResponse<CoreErrorResponseType>>,
) -> Error {
    match error {
        RequestTokenError::Request(error) => error,
        _ => Error::new(
            ErrorKind::InvalidResponse,
            "the token endpoint's answer cannot be read: a member is missing or of another type",
        ),
    }
}
