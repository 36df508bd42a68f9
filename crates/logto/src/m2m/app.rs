//! `MachineApp`, the handle of a machine-to-machine application.

use std::fmt;
use std::sync::Arc;

use super::cache::TokenCache;
use super::request::Form;
use super::token::Issued;
use super::{Introspection, MachineConfig, SubjectToken};
use crate::access_token::AccessToken;
use crate::clock::Clock;
use crate::config::{ConfigError, issuer_of};
use crate::error::{Error, ErrorKind, ErrorResponse};
use crate::http::{CredentialNames, Endpoint, Http};
use crate::oidc::TokenRequest;
use crate::oidc::provider::Provider;

/// An application of the tenant that gets tokens without a browser. Cheap to clone; make one when
/// the program starts and share it: tokens are kept in it until a minute before they end, and asked
/// for once however many callers wait.
///
/// # Example
///
/// ```no_run
/// use logto::m2m::{MachineApp, MachineConfig};
///
/// # async fn demo() -> Result<(), Box<dyn std::error::Error>> {
/// let config = MachineConfig::new("https://my-tenant.logto.app", "machine app id", "secret");
/// let app = MachineApp::new(config)?;
/// let token = app.token("https://api.example.test", "read:things").await?;
/// let authorization = format!("Bearer {}", token.as_str());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MachineApp(Arc<Inner>);

struct Inner {
    app_id: String,
    http: Arc<Http>,
    provider: Provider,
    clock: Clock,
    tokens: TokenCache,
}

impl MachineApp {
    /// Checks the configuration. Logto is not asked yet.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every problem that was found.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::m2m::{MachineApp, MachineConfig};
    ///
    /// let config = MachineConfig::new("https://my-tenant.logto.app", "machine app id", "");
    /// let error = MachineApp::new(config).err();
    /// assert!(error.is_some_and(|error| error.to_string().contains("machine app secret is empty")));
    /// ```
    pub fn new(config: MachineConfig) -> Result<Self, ConfigError> {
        let (endpoint, internal) = config.check()?;
        let MachineConfig { app_id, app_secret, clock, limits, .. } = config;
        let http = Http::new(&endpoint, internal.as_ref(), &app_id, &app_secret, limits)
            .map_err(|error| ConfigError::from_initialization(&error))?;
        let names = CredentialNames { app_id: "machine app id", app_secret: "machine app secret" };
        let http = Arc::new(http.with_names(names));
        Ok(Self(Arc::new(Inner {
            app_id,
            provider: Provider::new(Arc::clone(&http), &issuer_of(&endpoint), &clock),
            tokens: TokenCache::new(clock.clone()),
            clock,
            http,
        })))
    }

    /// A token of the app itself for an API resource, with permissions separated by spaces. Logto
    /// gives none that are not asked for, and silently drops those that the app does not have: see
    /// [`AccessToken::scopes`].
    ///
    /// For Logto's Management API the resource is `https://<tenant id>.logto.app/api` in the cloud
    /// and `https://default.logto.app/api` everywhere else, and the permission is `all`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] if Logto refuses, for example an unknown resource;
    /// [`ErrorKind::InvalidClient`] if it does not accept the app's id or secret;
    /// [`ErrorKind::Unreachable`] if it does not answer.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::m2m::{MachineApp, MachineConfig};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let machine = tenant.machine_app();
    /// # let config = MachineConfig::new(tenant.endpoint(), &machine.app_id, &machine.app_secret);
    /// # let app = MachineApp::new(config)?;
    /// let token = app.token("https://api.example.test", "read:things write:things").await?;
    /// // The app's role has only one of the two: Logto leaves the other one out.
    /// assert_eq!(token.scopes().collect::<Vec<_>>(), ["read:things"]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn token(&self, resource: &str, scope: &str) -> Result<AccessToken, Error> {
        let scopes = scope.split_ascii_whitespace();
        self.token_for(&TokenRequest::resource(resource).with_scopes(scopes)).await
    }

    /// A token of the app itself (`client_credentials`, RFC 6749, section 4.4).
    ///
    /// # Errors
    ///
    /// As [`token`](Self::token); the app not being in the organization is a refusal too.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::m2m::{MachineApp, MachineConfig};
    /// use logto::TokenRequest;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let machine = tenant.machine_app();
    /// # let config = MachineConfig::new(tenant.endpoint(), &machine.app_id, &machine.app_secret);
    /// # let app = MachineApp::new(config)?;
    /// // The app was added to the organization, with a role that has the permission.
    /// let members = TokenRequest::organization("wpmklpcc20gc").with_scopes(["read:members"]);
    /// let token = app.token_for(&members).await?;
    /// assert_eq!(token.scopes().collect::<Vec<_>>(), ["read:members"]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn token_for(&self, request: &TokenRequest) -> Result<AccessToken, Error> {
        self.issued(&Form::client_credentials(request), request).await
    }

    /// A token for the user whom `subject` belongs to (RFC 8693). The app must be allowed to
    /// exchange tokens: a switch in Logto's console. The outcome is kept like any other token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] if the subject's token is not accepted or the app may not exchange
    /// it; [`ErrorKind::Unreachable`] if Logto does not answer.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::m2m::{MachineApp, MachineConfig};
    /// use logto::TokenRequest;
    /// use logto::m2m::SubjectToken;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().token_exchange(true).start().await?;
    /// # let machine = tenant.machine_app();
    /// # let config = MachineConfig::new(tenant.endpoint(), &machine.app_id, &machine.app_secret);
    /// # let app = MachineApp::new(config)?;
    /// # let personal_token = tenant.create_personal_access_token("alice")?;
    /// // A command-line tool was given a personal access token.
    /// let things = TokenRequest::resource("https://api.example.test").with_scopes(["read:things"]);
    /// let token = app.exchange(SubjectToken::PersonalAccessToken(&personal_token), &things).await?;
    /// assert_eq!(token.scopes().collect::<Vec<_>>(), ["read:things"]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn exchange(
        &self,
        subject: SubjectToken<'_>,
        request: &TokenRequest,
    ) -> Result<AccessToken, Error> {
        let issued = self.issued(&Form::exchange(subject, None, request), request).await;
        issued.map_err(|error| explained(error, subject))
    }

    /// A token for the user whom `subject` belongs to, for someone who acts for that user, such as
    /// support staff (RFC 8693): the token gets the claim `act`, and an API accepts it only if its
    /// [policy](crate::resource_server::Policy::with_delegation) allows delegation.
    ///
    /// `actor` is the opaque access token of the one who acts, with the scope `openid`: what
    /// [`TokenRequest::opaque`] gets from their session.
    ///
    /// # Errors
    ///
    /// As [`exchange`](Self::exchange); Logto refuses an actor's token that is a JWT.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::m2m::{MachineApp, SubjectToken};
    /// use logto::web::User;
    /// use logto::{AccessToken, Error, TokenRequest};
    ///
    /// // `subject_token` comes from the Management API: `POST /api/subject-tokens`.
    /// async fn as_customer(
    ///     app: &MachineApp,
    ///     support: &User,
    ///     subject_token: &str,
    /// ) -> Result<AccessToken, Error> {
    ///     let actor = support.access_token(TokenRequest::opaque()).await?;
    ///     let things = TokenRequest::resource("https://api.example.test").with_scopes(["read:things"]);
    ///     app.exchange_as(SubjectToken::Impersonation(subject_token), actor.as_str(), &things).await
    /// }
    /// ```
    pub async fn exchange_as(
        &self,
        subject: SubjectToken<'_>,
        actor: &str,
        request: &TokenRequest,
    ) -> Result<AccessToken, Error> {
        let issued = self.issued(&Form::exchange(subject, Some(actor), request), request).await;
        issued.map_err(|error| explained(error, subject))
    }

    /// What [`exchange`](Self::exchange) would answer without asking Logto.
    pub(crate) fn kept(
        &self,
        subject: SubjectToken<'_>,
        request: &TokenRequest,
    ) -> Option<AccessToken> {
        self.0.tokens.kept(&Form::exchange(subject, None, request).key())
    }

    /// Asks Logto about an opaque token (RFC 7662); `None` if it is not active. Every call asks:
    /// only Logto knows whether the token was revoked. Logto refuses JWTs here; an
    /// [`Api`](crate::resource_server::Api) verifies them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] if the token is a JWT; [`ErrorKind::InvalidClient`] if Logto does not
    /// accept the app's id or secret;
    /// [`ErrorKind::Unreachable`] if Logto does not answer.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::Error;
    /// use logto::m2m::MachineApp;
    ///
    /// /// Who the bearer of an opaque token is, if it was issued to the app that is expected.
    /// async fn bearer(app: &MachineApp, token: &str, client: &str) -> Result<Option<String>, Error> {
    ///     let token = app.introspect(token).await?;
    ///     Ok(token.filter(|it| it.client_id.as_deref() == Some(client)).and_then(|it| it.sub))
    /// }
    /// ```
    pub async fn introspect(&self, token: &str) -> Result<Option<Introspection>, Error> {
        let metadata = self.0.provider.metadata().await?;
        let endpoint = metadata.introspection_endpoint.as_ref().ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidResponse,
                "the discovery document names no introspection endpoint",
            )
        })?;
        let body =
            self.0.http.post_form(Endpoint::Introspection, endpoint, &[("token", token)]).await?;
        Introspection::parse(&body, self.0.clock.now())
    }

    /// Forgets a token, so that the next call gets another one: for when an API refused it before
    /// its end.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::m2m::MachineApp;
    ///
    /// # async fn call(_token: &str) -> Result<u16, logto::Error> { Ok(200) }
    /// /// Tries once more if the API has not heard of the token's key or does not take it any more.
    /// async fn call_api(app: &MachineApp) -> Result<u16, logto::Error> {
    ///     let token = app.token("https://api.example.test", "read:things").await?;
    ///     let status = call(token.as_str()).await?;
    ///     if status != 401 {
    ///         return Ok(status);
    ///     }
    ///     app.forget(&token);
    ///     let token = app.token("https://api.example.test", "read:things").await?;
    ///     call(token.as_str()).await
    /// }
    /// ```
    pub fn forget(&self, token: &AccessToken) {
        self.0.tokens.forget(token);
    }

    async fn issued(&self, form: &Form, request: &TokenRequest) -> Result<AccessToken, Error> {
        request.target.check()?;
        if request.in_current_organization {
            // Without an organization, a token may carry the permissions of all of them.
            let why = "a machine app has no current organization: use in_organization";
            return Err(Error::new(ErrorKind::InvalidRequest, why));
        }
        let fetch = || async {
            let now = self.0.clock.now();
            let metadata = self.0.provider.metadata().await?;
            let endpoint = &metadata.token_endpoint;
            let body = self.0.http.post_form(Endpoint::Token, endpoint, &form.pairs()).await?;
            Issued::parse(&body, now)
        };
        self.0.tokens.get(form.key(), request.must_refresh, fetch).await
    }
}

/// Logto says `invalid_grant` to every token that it does not accept, and not why.
fn explained(error: Error, subject: SubjectToken<'_>) -> Error {
    let code = error.response().and_then(ErrorResponse::error);
    match (subject, code) {
        (SubjectToken::AccessToken(_), Some("invalid_grant")) => error.explained(
            "Logto did not accept the access token: it has to be unexpired, and from version 1.43 issued to an \
             application of your own, not to a third-party one or a client with a metadata document",
        ),
        _ => error,
    }
}

impl fmt::Debug for MachineApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MachineApp").field("app_id", &self.0.app_id).finish_non_exhaustive()
    }
}
