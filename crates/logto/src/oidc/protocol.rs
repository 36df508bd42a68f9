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
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
};
use openidconnect::{
    AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RefreshToken, Scope, StandardErrorResponse, TokenUrl,
};
use secrecy::ExposeSecret;
use url::Url;

use super::token_response::{
    TokenEndpointResponse, TokenRequestFailure, Tokens, Unread, check_body,
};
use crate::config::{Prompt, Settings};
use crate::error::{Error, ErrorKind};
use crate::http::{Dispatch, Http};
use crate::oidc::Target;
use crate::oidc::provider::Metadata;

/// Requests to one tenant for one application.
pub(crate) struct Protocol {
    client: LogtoClient,
    http: Arc<Http>,
}

/// What a sign-in asks Logto for.
pub(crate) struct AuthorizationRequest<'a> {
    pub(crate) state: String,
    pub(crate) nonce: String,
    /// The PKCE verifier.
    pub(crate) verifier: String,
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
    TokenEndpointResponse,
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
impl Protocol {
    pub(crate) fn new(
        settings: &Settings,
        metadata: &Metadata,
        http: &Arc<Http>,
    ) -> Result<Self, Error> {
        let no_url = |e| Error::with_source(ErrorKind::Internal, "the issuer is not a URL", e);
        let client = Client::new(
            ClientId::new(settings.app_id.clone()),
            IssuerUrl::new(settings.issuer.clone()).map_err(no_url)?,
            CoreJsonWebKeySet::new(Vec::new()),
        )
        .set_client_secret(ClientSecret::new(settings.app_secret.expose_secret().to_owned()))
        .set_auth_uri(AuthUrl::from_url(metadata.authorization_endpoint.clone()))
        .set_token_uri(TokenUrl::from_url(metadata.token_endpoint.clone()))
        // The scopes are all ours, `openid` included.
        .disable_openid_scope();
        Ok(Self { client, http: Arc::clone(http) })
    }

    /// The address that the browser is sent to.
    pub(crate) fn authorization_url(
        &self,
        request: AuthorizationRequest<'_>,
    ) -> Result<Url, Error> {
        let (state, nonce) = (request.state, request.nonce);
        let verifier = PkceCodeVerifier::new(request.verifier);
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
            .add_scopes(request.scopes.into_iter().map(|scope| Scope::new(scope.to_owned())));
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
        verifier: String,
        redirect_uri: &str,
    ) -> Result<Tokens, Error> {
        self.client
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .set_redirect_uri(Cow::Owned(redirect_url(redirect_uri)?))
            .request_async(&self.sender(&Dispatch::default()))
            .await
            .map_err(TokenRequestFailure::new)
            .and_then(TokenEndpointResponse::check)
            .map_err(|none| none.error)
    }

    /// Redeems a refresh token for an access token of this target.
    pub(crate) async fn refresh(
        &self,
        refresh_token: &str,
        target: &Target,
        dispatch: &Dispatch,
    ) -> Result<Tokens, TokenRequestFailure> {
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
            .request_async(&self.sender(dispatch))
            .await
            .map_err(TokenRequestFailure::new)
            .and_then(TokenEndpointResponse::check)
    }

    /// Sends what `openidconnect` prepared. It owns the client, so that a refresh can outlive the
    /// request that asked for it.
    fn sender(
        &self,
        dispatch: &Dispatch,
    ) -> impl Fn(HttpRequest) -> Pin<Box<dyn Future<Output = Result<HttpResponse, Error>> + Send>> + use<>
    {
        let (http, dispatch) = (Arc::clone(&self.http), dispatch.clone());
        move |request| {
            let (http, dispatch) = (Arc::clone(&http), dispatch.clone());
            Box::pin(async move {
                let response = http.call(request, &dispatch).await?;
                check_body(response.body()).map(|()| response)
            })
        }
    }
}

fn redirect_url(uri: &str) -> Result<RedirectUrl, Error> {
    RedirectUrl::new(uri.to_owned())
        .map_err(|e| Error::with_source(ErrorKind::Internal, "the redirect URI is not a URL", e))
}
